//! What should not be in a text that goes out: hidden characters, placeholders that nothing was put into, traces of
//! empty cells. Clean texts cost one pass over their bytes; only what that pass points at is looked at again.

mod hidden;
mod links;
mod places;
mod source;
mod spaces;

use std::ops::Range;

pub use hidden::Hidden;
pub use source::{linked, literals};

/// Of one kind so many are told in one text.
const MOST_OF_A_KIND: usize = 4;

/// What is wrong with a stretch of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A control character other than a line break or a tab.
    Control,
    /// `{{` or `{%`: a template's tag that was never one.
    Braces,
    /// `{name}`, `[[name]]`, `%NAME%`, `<name>`: another program's place for a value; or the end of one, `}}` or `%}`.
    Placeholder,
    /// A mark that turns the direction of reading, where nothing is read from right to left, or one that overrides it.
    Direction,
    /// A character without width that joins or parts nothing here.
    ZeroWidth,
    /// A character that is not seen and that nobody writes: a filler, a separator of lines, a tag, a noncharacter, a
    /// selector of what is not there.
    Invisible,
    /// `U+FFFD`, which stands for a character that was lost.
    Lost,
    /// Spaces beside each other, at the beginning, or before a full stop or comma.
    Spaces,
    /// A link that ends too early.
    Link,
    /// A cell that says that it has no value: `NULL`, `NaN`, `#N/A`.
    NoValue,
}

/// A flaw of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// What is wrong.
    pub kind: Kind,
    /// Where, in bytes of the text; empty where something is missing.
    pub span: Range<usize>,
}

impl Kind {
    /// All of them, the worst first.
    pub const ALL: [Self; 10] = [
        Self::Control,
        Self::Braces,
        Self::Placeholder,
        Self::Direction,
        Self::ZeroWidth,
        Self::Invisible,
        Self::Lost,
        Self::Spaces,
        Self::Link,
        Self::NoValue,
    ];

    /// The stable name for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Control => "control-character",
            Self::Braces => "unresolved-braces",
            Self::Placeholder => "placeholder",
            Self::Direction => "direction",
            Self::ZeroWidth => "zero-width",
            Self::Invisible => "invisible",
            Self::Lost => "lost-character",
            Self::Spaces => "spaces",
            Self::Link => "link",
            Self::NoValue => "no-value",
        }
    }

    /// The name in people's words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Control => "a control character",
            Self::Braces => "unresolved braces",
            Self::Placeholder => "a placeholder",
            Self::Direction => "a mark of direction",
            Self::ZeroWidth => "a character without width",
            Self::Invisible => "an invisible character",
            Self::Lost => "a lost character",
            Self::Spaces => "a space too many",
            Self::Link => "a broken link",
            Self::NoValue => "a cell without a value",
        }
    }

    /// Whether a text with it is not sent: nobody ever means it.
    pub fn refuses(self) -> bool {
        matches!(self, Self::Control | Self::Braces)
    }
}

/// Which kinds a text may have, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hints(u8);

impl Hints {
    const CONTROL: u8 = 1;
    const HIDDEN: u8 = 2;
    const PLACES: u8 = 4;
    const SPACES: u8 = 8;
    const LINKS: u8 = 16;

    /// Short passes without a branch, which compilers turn into wide instructions; more of them only beyond ASCII.
    fn of(bytes: &[u8]) -> Self {
        let control = any(bytes, |byte| {
            (byte < b' ') & (byte != b'\n') & (byte != b'\r') & (byte != b'\t') | (byte == 0x7f)
        });
        let place = any(bytes, |byte| (byte == b'{') | (byte == b'}') | (byte == b'[') | (byte == b'<'));
        let percent = any_pair(bytes, |one, next| (one == b'%') & ((next | b' ').wrapping_sub(b'a') < 26));
        let link = any_pair(bytes, |one, next| (one == b'/') & (next == b'/'));
        let space = any_pair(bytes, |one, next| {
            let point = (next == b' ') | (next == b',') | (next == b'.') | (next == b'!');
            (one == b' ') & (point | (next == b'?') | (next == b':') | (next == b';'))
        });
        let begins = bytes.first() == Some(&b' ');
        let hidden = !bytes.is_ascii() && hides(bytes);
        let bits = [
            (control, Self::CONTROL),
            (hidden, Self::HIDDEN),
            (place | percent, Self::PLACES),
            (space | begins, Self::SPACES),
            (link, Self::LINKS),
        ];
        Self(bits.into_iter().map(|(is_there, bit)| if is_there { bit } else { 0 }).sum())
    }

    fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}

fn any(bytes: &[u8], is_one: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(false, |all, &byte| all | is_one(byte))
}

fn any_pair(bytes: &[u8], is_one: impl Fn(u8, u8) -> bool) -> bool {
    let behind = bytes.get(1..).unwrap_or_default();
    bytes.iter().zip(behind).fold(false, |all, (&one, &next)| all | is_one(one, next))
}

/// Whether there are the first bytes, in UTF-8, of characters that are not seen.
fn hides(bytes: &[u8]) -> bool {
    let pair = any_pair(bytes, |one, two| {
        let latin = (one == 0xc2) & ((two < 0xa0) | (two == 0xad)) | (one == 0xcd) & (two == 0x8f);
        let east = (one == 0xe1) & ((two == 0x85) | (two == 0x9e) | (two == 0xa0));
        // Forms of Arabic and selectors, the mark of byte order, forms of half a width.
        let forms = (two.wrapping_sub(0xb7) < 2) | (two == 0xbb) | (two.wrapping_sub(0xbe) < 2);
        let far = (one == 0xf0) & ((two == 0x9b) | (two == 0x9d)) | (one == 0xf3) & (two == 0xa0);
        latin | (one == 0xd8) & (two == 0x9c) | east | (one == 0xef) & forms | far
    });
    // The last two bytes: of marks of punctuation, which stand beside quotes and dashes; of a filler among letters of
    // Korean; of the empty cell of Braille; of the last two characters of a plane.
    let behind = bytes.get(1..).unwrap_or_default();
    pair | any_pair(behind, |two, three| {
        let marks = (three.wrapping_sub(0x8b) < 5) | (three.wrapping_sub(0xa8) < 7);
        let last = (two == 0x85) & (three == 0xa4) | (two == 0xbf) & (three >= 0xbe);
        let braille = (two == 0xa0) & (three == 0x80);
        braille | (two == 0x80) & marks | (two == 0x81) & (three.wrapping_sub(0xa0) < 16) | last
    })
}

/// Looks at a text and adds its flaws to `found`, some of each kind, in no order. Nothing is allocated for a clean one.
/// `has_gaps` says that something in it is empty: a space before a `!`, which the French write, is one too many then.
pub fn look(text: &str, has_gaps: bool, found: &mut Vec<Flaw>) {
    let hints = Hints::of(text.as_bytes());
    if hints.0 == 0 {
        return;
    }
    if hints.has(Hints::CONTROL | Hints::HIDDEN) {
        hidden::look(text, found);
    }
    if hints.has(Hints::PLACES) {
        places::look(text, found);
    }
    if hints.has(Hints::SPACES) {
        spaces::look(text, has_gaps, found);
    }
    if hints.has(Hints::LINKS) {
        links::look(text, found);
    }
}

/// Whether nothing in a text has to be looked at again.
pub fn is_clean(text: &str) -> bool {
    Hints::of(text.as_bytes()).0 == 0
}

/// Whether a cell is such that no text has a flaw for it that is clean with a letter in its place: words and numbers of
/// ASCII, as most cells are. Told of a few bytes, where a look at the whole text takes ten times as long.
pub fn is_tame(cell: &str) -> bool {
    let mut before = Class::Space;
    let mut is_tame = !cell.is_empty();
    for &byte in cell.as_bytes() {
        let class = CLASSES[usize::from(byte)];
        is_tame &= class != Class::Other && (before != Class::Space || class == Class::Word);
        before = class;
    }
    is_tame && before == Class::Word && !is_no_value(cell)
}

/// What [`is_tame`] makes of a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    /// A hyphen or a point, which stand between words and numbers.
    Joint,
    Space,
    Other,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < classes.len() {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => Class::Word,
            b'-' | b'.' => Class::Joint,
            b' ' => Class::Space,
            _ => Class::Other,
        };
        byte += 1;
    }
    classes
};

/// Whether a cell says that it has no value, as databases and spreadsheets write that.
pub fn is_no_value(cell: &str) -> bool {
    let cell = cell.trim_ascii();
    let may_be = matches!(cell.as_bytes().first(), Some(b'n' | b'N' | b'u' | b'#' | b'(' | b'<'));
    may_be
        && matches!(
            cell,
            "null"
                | "NULL"
                | "None"
                | "NaN"
                | "nan"
                | "NaT"
                | "undefined"
                | "(null)"
                | "<NA>"
                | "#N/A"
                | "#REF!"
                | "#VALUE!"
                | "#NAME?"
                | "#DIV/0!"
                | "#NUM!"
                | "#NULL!"
                | "N/A"
                | "nil"
        )
}

/// Adds a flaw, unless there are enough of its kind.
fn add(found: &mut Vec<Flaw>, from: usize, kind: Kind, span: Range<usize>) {
    let same = found.iter().skip(from).filter(|flaw| flaw.kind == kind).count();
    if same < MOST_OF_A_KIND {
        found.push(Flaw { kind, span });
    }
}

#[cfg(test)]
mod tests;
