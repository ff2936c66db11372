//! How a file is written, found out from its first bytes, as far as the manifest does not say it. What is found is
//! told, with something to look at, for a guess that nobody sees would be a garbled name in somebody's message.

use std::fmt::{self, Write as _};
use std::io::{Chain, Cursor, Read};

use crate::audience::address::Address;
use crate::audience::decode::{Decoded, read_up_to};
use crate::audience::dialect::{DELIMITERS, Dialect, Encoding, Named, NamedEncoding, shown};
use crate::audience::read::ReadError;
use crate::audience::record;

/// How much of a file is looked at.
pub const HEAD_BYTES: usize = 64 * 1024;

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What was found out about a file of text, or named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Findings {
    /// How it is read.
    pub dialect: Dialect,
    /// Whether the manifest names the encoding.
    pub encoding_named: bool,
    /// Whether the manifest names what stands between cells.
    pub delimiter_named: bool,
    /// Whether the first line says what stands between cells, as Excel writes it.
    pub announced: bool,
    /// A word of the file that is not plain ASCII, with its line; masked where it may be an address.
    pub example: Option<(String, u64)>,
}

impl Findings {
    /// Whether there is nothing to tell: UTF-8 with commas.
    pub fn is_plain(&self) -> bool {
        self.dialect == Dialect::PLAIN && !self.announced
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = |named: bool| if named { "as named" } else { "found out" };
        if self.dialect.encoding != Encoding::UTF_8 {
            write!(f, "{}, {}", self.dialect.encoding, how(self.encoding_named))?;
            if let Some((word, line)) = &self.example {
                write!(f, " (line {line} has `{word}`)")?;
            }
            if self.dialect.delimiter != b',' || self.announced {
                f.write_str("; ")?;
            }
        }
        if self.dialect.delimiter != b',' || self.announced {
            let says = if self.announced { "as its first line says" } else { how(self.delimiter_named) };
            write!(f, "{} between cells, {says}", shown(self.dialect.delimiter))?;
        }
        Ok(())
    }
}

/// A file whose first bytes were read already, from the front.
pub type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// Looks at the beginning of a file of text and gives it back whole.
///
/// # Errors
/// Nobody can tell how it is written, or it contradicts what is named.
pub fn look<R: Read>(mut input: R, named: &Named) -> Result<(Whole<R>, Findings), ReadError> {
    let mut head = Vec::new();
    let whole = read_up_to(&mut input, &mut head, HEAD_BYTES)?;
    let findings = findings(&head, whole, named)?;
    Ok((Cursor::new(head).chain(input), findings))
}

/// What the first bytes of a file say; `whole` says that there are no others.
///
/// # Errors
/// As [`look`].
pub fn findings(head: &[u8], whole: bool, named: &Named) -> Result<Findings, ReadError> {
    let encoding = encoding(head, whole, named)?;
    let mut decoded = Vec::new();
    // What cannot be decoded is told with its place by whoever reads the file from the front.
    let _ = Decoded::new(head, encoding).fill(&mut decoded, head.len() * 4 + 1);
    let text = match std::str::from_utf8(&decoded) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&decoded[..error.valid_up_to()]).unwrap_or_default(),
    };
    let text = text.trim_start_matches('\u{feff}');
    let announced = match announced(text) {
        Err(_) if named.delimiter.is_some() => None,
        announced => announced?,
    };
    let header = &text[announced.map_or(0, |(_, length)| length)..];
    let delimiter = match (named.delimiter, announced) {
        (Some(named), _) => named,
        (None, Some((delimiter, _))) => delimiter,
        (None, None) => most_frequent(header)?,
    };
    Ok(Findings {
        dialect: Dialect { encoding, delimiter, ..Dialect::PLAIN },
        encoding_named: named.encoding.is_some(),
        delimiter_named: named.delimiter.is_some(),
        announced: announced.is_some() && named.delimiter.is_none(),
        example: example(text),
    })
}

fn encoding(head: &[u8], whole: bool, named: &Named) -> Result<Encoding, ReadError> {
    let mark = match head {
        [0xEF, 0xBB, 0xBF, ..] => Some(Encoding::UTF_8),
        [0xFF, 0xFE, ..] => Some(Encoding::UTF_16LE),
        [0xFE, 0xFF, ..] => Some(Encoding::UTF_16BE),
        _ => None,
    };
    let named = match named.encoding {
        None => None,
        Some(NamedEncoding::Utf16) => Some(match mark {
            Some(found) if found == Encoding::UTF_8 => return Err(other_mark("UTF-16", found)),
            Some(found) => found,
            None => Encoding::UTF_16LE,
        }),
        Some(NamedEncoding::Exactly(encoding)) => Some(encoding),
    };
    match (named, mark) {
        // The marks are letters of other encodings, but no export begins with `ÿþ` or `ï»¿`.
        (Some(named), Some(found)) if named != found => Err(other_mark(&named.to_string(), found)),
        (Some(found), _) | (None, Some(found)) => Ok(found),
        (None, None) => unmarked(head, whole),
    }
}

fn other_mark(named: &str, found: Encoding) -> ReadError {
    ReadError::OtherMark { named: named.to_owned(), found }
}

/// The encoding of bytes without a mark.
fn unmarked(head: &[u8], whole: bool) -> Result<Encoding, ReadError> {
    if let Some(encoding) = by_zeros(head) {
        return Ok(encoding);
    }
    match std::str::from_utf8(head) {
        Ok(_) => return Ok(Encoding::UTF_8),
        // A character that the end of the look has cut.
        Err(error) if error.error_len().is_none() && !whole => return Ok(Encoding::UTF_8),
        // One odd byte among much that only UTF-8 looks like is damage, not another encoding: it is told with its place.
        Err(_) if is_mostly_utf8(head) => return Ok(Encoding::UTF_8),
        Err(_) => {}
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(head, whole);
    let guess = detector.guess(None, chardetng::Utf8Detection::Deny);
    if guess == encoding_rs::WINDOWS_1252 {
        return Ok(Encoding::WINDOWS_1252);
    }
    Err(ReadError::Uncertain { guess: guess.name().to_ascii_lowercase(), lines: lines(head) })
}

/// Whether more bytes are characters of UTF-8 beyond ASCII than are not.
fn is_mostly_utf8(head: &[u8]) -> bool {
    let (mut good, mut bad) = (0_usize, 0_usize);
    for chunk in head.utf8_chunks() {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    good > bad
}

/// UTF-16 without a mark: digits, separators and line breaks have a zero byte each, always on the same side. Text in
/// another encoding has no zeros at all, and a stray one is told with its place.
fn by_zeros(head: &[u8]) -> Option<Encoding> {
    let zeros = |side: usize| head.iter().skip(side).step_by(2).filter(|byte| **byte == 0).count();
    let (first, second, units) = (zeros(0), zeros(1), head.len() / 2);
    match (first, second) {
        (0, second) if second * 5 > units => Some(Encoding::UTF_16LE),
        (first, 0) if first * 5 > units => Some(Encoding::UTF_16BE),
        _ => None,
    }
}

/// The first lines that hold a byte beyond ASCII.
fn lines(head: &[u8]) -> Vec<u64> {
    const SHOWN: usize = 3;
    let mut lines: Vec<u64> = Vec::new();
    let mut from = 0;
    let mut line = 1;
    for (at, _) in head.iter().enumerate().filter(|(_, byte)| **byte >= 0x80) {
        line += record::line_breaks(&head[from..at]);
        from = at;
        if lines.last() != Some(&line) {
            lines.push(line);
        }
        if lines.len() == SHOWN {
            break;
        }
    }
    lines
}

/// The separator that Excel's first line names (`sep=;`), and how long that line is, with its end.
fn announced(text: &str) -> Result<Option<(u8, usize)>, ReadError> {
    let line = text.split(['\r', '\n']).next().unwrap_or_default();
    let Some(said) = separator_line(line) else { return Ok(None) };
    let delimiter = DELIMITERS.iter().find(|(one, _)| said.as_bytes() == [*one]);
    let Some((delimiter, _)) = delimiter else { return Err(ReadError::Announced { said: said.to_owned() }) };
    Ok(Some((*delimiter, line.len())))
}

/// What stands behind `sep=`, where a line is Excel's word about separators.
pub(super) fn separator_line(line: &str) -> Option<&str> {
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let (word, said) = line.split_at_checked(4)?;
    (word.eq_ignore_ascii_case("sep=") && said.chars().count() == 1).then_some(said)
}

/// The separator that stands most often in the header, outside quotes; a comma where there is none.
fn most_frequent(text: &str) -> Result<u8, ReadError> {
    let counts = counted(text.trim_start_matches(['\r', '\n']));
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let mut first = counts.iter().filter(|(_, count)| *count == most);
    match (most, first.next(), first.next()) {
        (0, ..) | (_, None, _) => Ok(b','),
        (_, Some((only, _)), None) => Ok(*only),
        (_, Some((one, _)), Some((other, _))) => {
            Err(ReadError::Ambiguous { one: shown(*one), other: shown(*other), count: most })
        }
    }
}

fn counted(header: &str) -> [(u8, usize); 4] {
    let mut counts = DELIMITERS.map(|(delimiter, _)| (delimiter, 0));
    let bytes = header.as_bytes();
    let is_delimiter = |byte: u8| DELIMITERS.iter().any(|(one, _)| *one == byte);
    let mut at = 0;
    let mut opens = true;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' if opens => {
                at = closing(bytes, at + 1);
                opens = false;
                continue;
            }
            b'\r' | b'\n' => break,
            byte => counts.iter_mut().filter(|(one, _)| *one == byte).for_each(|(_, count)| *count += 1),
        }
        opens = is_delimiter(byte);
        at += 1;
    }
    counts
}

/// Behind the quote that closes a cell whose text begins at `at`.
fn closing(bytes: &[u8], mut at: usize) -> usize {
    while let Some(&byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'"', Some(b'"')) => at += 2,
            (b'"', _) => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// A word that is not plain ASCII, by which a person sees whether the text is read rightly.
fn example(text: &str) -> Option<(String, u64)> {
    const LONGEST: usize = 24;
    let at = text.find(|c: char| !c.is_ascii() && c.is_alphabetic())?;
    let is_border = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '"');
    let start = text[..at]
        .rfind(is_border)
        .map_or(0, |border| border + text[border..].chars().next().map_or(1, char::len_utf8));
    let word = text[start..].split(is_border).next().unwrap_or_default();
    let may_be_address = word.chars().any(|c| c.is_numeric() || c == '@');
    let mut shown = if may_be_address {
        Address::Opaque(word.into()).masked()
    } else {
        word.chars().filter(|c| !c.is_control()).collect()
    };
    if shown.chars().count() > LONGEST {
        shown = shown.chars().take(LONGEST).collect();
        let _ = write!(shown, "…");
    }
    Some((shown, 1 + record::line_breaks(&text.as_bytes()[..at])))
}

/// Whether bytes begin with the mark of UTF-8.
pub(super) fn is_marked(bytes: &[u8]) -> bool {
    bytes.starts_with(UTF8_MARK)
}

/// How long it is.
pub(super) const MARK_BYTES: usize = UTF8_MARK.len();

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> Result<Findings, ReadError> {
        findings(bytes, true, &Named::default())
    }

    fn delimiter(text: &str) -> u8 {
        found(text.as_bytes()).unwrap().dialect.delimiter
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn encodings_are_told_apart() {
        let text = "phone;name\r\n+254712345678;José\r\n+254712345679;Zoë Müller\r\n";
        let cases = [
            (text.as_bytes().to_vec(), Encoding::UTF_8),
            ([UTF8_MARK, text.as_bytes()].concat(), Encoding::UTF_8),
            (utf16(&format!("\u{feff}{text}"), false), Encoding::UTF_16LE),
            (utf16(&format!("\u{feff}{text}"), true), Encoding::UTF_16BE),
            (utf16(text, false), Encoding::UTF_16LE),
            (utf16(text, true), Encoding::UTF_16BE),
            (utf16("номер;имя\r\n+254712345678;Иван\r\n", false), Encoding::UTF_16LE),
            (encoding_rs::WINDOWS_1252.encode(text).0.into_owned(), Encoding::WINDOWS_1252),
        ];
        for (bytes, encoding) in cases {
            let found = found(&bytes).unwrap();
            assert_eq!((found.dialect.encoding, found.dialect.delimiter), (encoding, b';'));
        }
    }

    #[test]
    fn another_encoding_is_never_taken_for_windows_1252() {
        let rows = [
            (
                "windows-1251",
                "телефон,имя\n0712345678,Иван\n0712345679,Наталья\n0712345670,Дмитрий Сергеевич\n",
            ),
            ("koi8-r", "телефон,имя\n0712345678,Иван\n0712345679,Наталья\n0712345670,Дмитрий Сергеевич\n"),
            ("shift_jis", "電話,名前\n0712345678,田中さくら\n0712345679,山田太郎\n"),
            ("gbk", "电话,姓名\n0712345678,王小明\n0712345679,李华\n0712345670,欧阳娜娜\n"),
            ("euc-kr", "전화,이름\n0712345678,김철수\n0712345679,이영희\n"),
            ("windows-1253", "τηλέφωνο,όνομα\n0712345678,Γιώργος Παπαδόπουλος\n0712345679,Ελένη\n"),
        ];
        for (label, text) in rows {
            let codec = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap();
            let error = found(&codec.encode(text).0).unwrap_err();
            assert!(matches!(error, ReadError::Uncertain { .. }), "{label}: {error}");
        }
    }

    #[test]
    fn western_names_are_windows_1252() {
        for text in [
            "phone,name\n0712345678,José\n",
            "phone,name\n0712345678,Müller\n0712345679,Jörg Straßer\n",
            "phone,name,city\n0712345678,François Lefèvre,Orléans\n",
            "phone,name\n0712345678,Søren Ærø\n0712345679,Åse\n",
            "phone,name\n0712345678,Nuñez\n",
            "phone,text\n0712345678,it’s – “here” €5\n",
            "phone,name\n0712345678,João Conceição\n",
            "telefon,straße\n0712345678,x\n",
            "PHONE;NAME\n0712345678;JOSÉ MUÑOZ\n0712345679;MÜLLER\n",
            "phone,name\n0712345678,Þórður Guðmundsson\n",
            "phone,name\n0712345678,Niccolò\n0712345679,Chloë\n",
            "téléphone;prénom\n0712345678;Élodie\n0712345679;Anaïs\n",
            "phone,name\n0712345678,ÅKE ÖBERG\n",
        ] {
            let bytes = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
            let found = found(&bytes).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(found.dialect.encoding, Encoding::WINDOWS_1252, "{text}");
        }
    }

    #[test]
    fn damage_in_utf8_is_no_other_encoding() {
        let mut bytes = "phone,name\n1,José\n2,Łucja\n".as_bytes().to_vec();
        bytes.extend(b"3,Jos\xe9\n");
        assert_eq!(found(&bytes).unwrap().dialect.encoding, Encoding::UTF_8);
        // Cut in the middle of a letter by the end of the look.
        let cut = &"name\nJosé".as_bytes()[..9];
        assert_eq!(findings(cut, false, &Named::default()).unwrap().dialect.encoding, Encoding::UTF_8);
    }

    #[test]
    fn a_mark_that_contradicts_the_manifest_is_refused() {
        let named = |name: &str| Named { encoding: Some(name.parse().unwrap()), ..Named::default() };
        let bytes = utf16("\u{feff}a,b\n", true);
        let refused = |name: &str| findings(&bytes, true, &named(name)).is_err();
        assert!(refused("utf-8") && refused("windows-1252") && refused("utf-16le"));
        assert!(!refused("utf-16") && !refused("utf-16be"));
        let found = findings(b"a,\xe9\n", true, &named("windows-1252")).unwrap();
        assert_eq!(found.to_string(), "Windows-1252, as named (line 1 has `é`)");
    }

    #[test]
    fn the_most_frequent_separator_of_the_header_wins() {
        assert_eq!(delimiter("phone,name\n1;2;3;4\n"), b',');
        assert_eq!(delimiter("phone;name, first;city\n"), b';');
        assert_eq!(delimiter("a\tb\tc,d\n"), b'\t');
        assert_eq!(delimiter("\n\r\na|b\n"), b'|');
        assert_eq!(delimiter("\"a,b,c\";\"say \"\"x\"\", y\";z\n"), b';');
        assert_eq!(delimiter("phone\n1;2\n"), b',');
        assert_eq!(delimiter(""), b',');
    }

    #[test]
    fn a_tie_is_refused() {
        let error = found(b"phone;name, first\n").map(|found| found.dialect.delimiter);
        assert!(matches!(error, Err(ReadError::Ambiguous { count: 1, .. })), "{error:?}");
        let named = Named { delimiter: Some(b';'), ..Named::default() };
        assert_eq!(findings(b"phone;name, first\n", true, &named).unwrap().dialect.delimiter, b';');
    }

    #[test]
    fn excels_first_line_is_heeded_and_said() {
        let found = found(b"\xef\xbb\xbfsep=;\r\na;b\r\n").unwrap();
        assert_eq!((found.dialect.delimiter, found.announced), (b';', true));
        assert_eq!(found.to_string(), "`;` between cells, as its first line says");
        assert!(matches!(super::findings(b"sep=^\na^b\n", true, &Named::default()),
            Err(ReadError::Announced { said }) if said == "^"));
    }

    #[test]
    fn the_example_is_a_name_or_hidden() {
        let example = |text: &str| found(text.as_bytes()).unwrap().example;
        assert_eq!(example("a,b\n1,x José y\n"), Some(("José".to_owned(), 2)));
        assert_eq!(example("a,b\n1,josé@example.org\n"), Some(("josé@••••••••org".to_owned(), 2)));
        assert_eq!(example("a,b\n"), None);
    }
}
