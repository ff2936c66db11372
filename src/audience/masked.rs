//! Cells of a file as they may be shown: what may be somebody's number or e-mail address is masked. Too much rather than
//! too little, for nobody has said what the column holds.

use crate::audience::address::Address;

/// Runs of digits from this length on are numbers of people, not codes.
pub const NUMBER_DIGITS: usize = 7;
/// No number has more digits (E.164), the zeros before a country code counted.
const MOST_DIGITS: usize = 18;

/// What may stand between the digits of one number.
const BETWEEN: &str = " \u{a0}\u{202f}+-.()/\u{2010}\u{2011}\u{2012}\u{2013}\u{ad}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{202a}\u{202c}\u{202d}\u{2060}\u{2066}\u{2068}\u{2069}\u{feff}";

/// The cell with every number and e-mail address in it masked.
pub fn masked(cell: &str) -> String {
    contacts(cell, &mail, &|number| Address::Opaque(number.into()).masked())
}

/// The same with a sign in the place of each, so that what is said of many people is said alike.
pub fn without_contacts(words: &str) -> String {
    contacts(words, &no_mail, &|_| "…".to_owned())
}

/// The same of many cells, such as the names of columns, where a row may stand in their place.
pub fn masked_all(cells: &[String]) -> Vec<String> {
    cells.iter().map(|cell| masked(cell)).collect()
}

/// Whether all of a cell is a number or an e-mail address of somebody, as far as can be told by looking.
pub fn is_contact(cell: &str) -> bool {
    let cell = cell.trim();
    if let Some((name, host)) = cell.split_once('@') {
        return !name.is_empty() && host.contains('.') && !cell.contains(char::is_whitespace);
    }
    let digits = cell.chars().filter(|c| c.is_numeric()).count();
    let is_number = cell.chars().all(|c| c.is_numeric() || BETWEEN.contains(c));
    is_number && (NUMBER_DIGITS..=MOST_DIGITS).contains(&digits) && !is_date(cell)
}

/// With every word that may be an e-mail address, and then every number, shown otherwise: nobody gets one without the other.
fn contacts(text: &str, mail: &dyn Fn(&str) -> String, number: &dyn Fn(&str) -> String) -> String {
    let words = text.split_inclusive(char::is_whitespace);
    let without_mail: String =
        words.map(|word| if word.contains('@') { mail(word) } else { word.to_owned() }).collect();
    numbers(&without_mail, number)
}

/// `<…>,`: the marks around it are left.
fn no_mail(word: &str) -> String {
    let is_mark = |c: char| c != '@' && (c.is_ascii_punctuation() || c.is_whitespace());
    let from = word.len() - word.trim_start_matches(is_mark).len();
    let to = word.trim_end_matches(is_mark).len();
    format!("{}…{}", word.get(..from).unwrap_or_default(), word.get(to..).unwrap_or_default())
}

/// `z••@•••••••.org`: where it begins and how it ends.
fn mail(word: &str) -> String {
    let host = word.rfind('@').unwrap_or_default();
    let last_label = word.rfind('.').filter(|at| *at > host).unwrap_or(word.len());
    let masked = |(at, c): (usize, char)| match c {
        '@' => c,
        _ if at == 0 || at >= last_label || c.is_whitespace() => c,
        _ => '•',
    };
    word.char_indices().map(masked).collect()
}

/// With every stretch of digits that has as many of them as somebody's number shown otherwise, whatever stands between.
fn numbers(text: &str, shown: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(digit) = rest.find(char::is_numeric) {
        let has_plus = rest.get(..digit).is_some_and(|before| before.ends_with('+'));
        let from = digit - usize::from(has_plus);
        let (before, number) = rest.split_at(from);
        let end = number.find(|c: char| !c.is_numeric() && !BETWEEN.contains(c)).unwrap_or(number.len());
        let number = number.get(..end).unwrap_or_default();
        let number = number.trim_end_matches(|c: char| !c.is_numeric());
        // A day may stand before a time.
        let number = day_before(number).unwrap_or(number);
        out.push_str(before);
        let digits = number.chars().filter(|c| c.is_numeric()).count();
        if digits < NUMBER_DIGITS || is_date(number) {
            out.push_str(number);
        } else {
            out.push_str(&shown(number));
        }
        rest = rest.get(from + number.len()..).unwrap_or_default();
    }
    out + rest
}

/// The day with which a stretch of digits begins, where it ends with it, or something else begins behind it.
fn day_before(number: &str) -> Option<&str> {
    let (day, rest) = number.split_at_checked(date_bytes(number)?)?;
    let next = rest.trim_start_matches(|c: char| !c.is_numeric());
    let is_apart = rest.is_empty() || rest.starts_with(char::is_whitespace) || date_bytes(next).is_some();
    is_apart.then_some(day)
}

/// Whether it is a day as people and ISO 8601 write it: `2026-12-15`, `15.12.2026`, `12/15/2026`.
fn is_date(text: &str) -> bool {
    date_bytes(text) == Some(text.len())
}

/// How long the day is with which a text begins, in bytes: no digit comes behind it. Of other signs between three numbers,
/// and of years that nobody writes of, too many are in telephone numbers.
fn date_bytes(text: &str) -> Option<usize> {
    let end_of = |from: usize| {
        let rest = text.get(from..)?;
        Some(from + rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()))
    };
    let first = end_of(0)?;
    let sign = text.get(first..)?.chars().next().filter(|sign| "-./".contains(*sign))?;
    let second = end_of(first + 1)?;
    let goes_on = text.get(second..)?.starts_with(sign);
    let third = goes_on.then(|| end_of(second + 1)).flatten()?;
    if text.get(third..)?.starts_with(char::is_numeric) {
        return None;
    }
    let part = |from: usize, to: usize| {
        let part = text.get(from..to)?;
        Some((part.len(), part.parse::<u16>().ok()?))
    };
    let is_year = |(digits, year): (usize, u16)| digits == 4 && (1900..=2100).contains(&year);
    let is_day =
        |(digits, day): (usize, u16), most: u16| matches!(digits, 1 | 2) && (1..=most).contains(&day);
    let of = (part(0, first)?, part(first + 1, second)?, part(second + 1, third)?);
    let is_date = match of {
        (year, month, day) if is_year(year) => is_day(month, 12) && is_day(day, 31),
        (day, month, year) if sign != '-' && is_year(year) => {
            is_day(day, 31) && is_day(month, 12) || is_day(day, 12) && is_day(month, 31)
        }
        _ => false,
    };
    is_date.then_some(third)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    #[test]
    fn numbers_and_mail_addresses_are_masked_wherever_they_stand() {
        for (cell, shown) in [
            ("+254712345678", "+2547•••••678"),
            ("0712 345 678", "0712 ••••678"),
            ("call 0712-345-678, or 12", "call 0712-••••678, or 12"),
            ("(020) 123.4567", "(020) •••••567"),
            ("٠٧١٢٣٤٥٦٧٨", "٠٧١٢٣••٦٧٨"),
            ("zoe@example.org", "z••@•••••••.org"),
            ("john.smith@intranet", "j•••••••••@••••••••"),
            ("Zoë <zoe.k@mail.example.org> 17", "Zoë <•••••@••••••••••••.org> 17"),
            ("@acme", "@••••"),
        ] {
            assert_eq!(masked(cell), shown, "{cell}");
        }
    }

    #[test]
    fn what_is_said_of_many_people_is_said_alike_and_names_none_of_them() {
        for (words, shown) in [
            ("blocked: +254712345678", "blocked: …"),
            ("Jane Doe <jane@example.org> has left", "Jane Doe <…> has left"),
            ("jane.doe+17@mail.example.org, 0712 345 678", "…, …"),
            ("john.smith@intranet", "…"),
            ("a@b.org\tc@d.org;", "…\t…;"),
            ("(…@example.org)\n", "(…)\n"),
            ("@", "…"),
            ("error 17 of 2026-03-20", "error 17 of 2026-03-20"),
        ] {
            assert_eq!(without_contacts(words), shown, "{words}");
        }
    }

    #[test]
    fn what_is_neither_is_left() {
        for cell in [
            "Amina",
            "C-10021",
            "KES 1,204.50",
            "2026-03-20",
            "2026-03-20T09:00:00",
            "2026-12-15",
            "15.12.2026",
            "1.2.2026",
            "15/12/2026",
            "12/15/2026",
            "2026/12/15",
            "from 15.12.2026, 09:00, to 2026-12-17",
            "15.12.2026 09:00",
            "01.12.2026 - 15.12.2026",
            "2026-12-01/2026-12-15",
            "(15.12.2026)",
            "17.5 %",
            "",
            "Lake 12 34",
        ] {
            assert_eq!(masked(cell), cell);
        }
    }

    #[test]
    fn who_can_be_reached_by_a_cell_is_seen() {
        for cell in ["+254712345678", " 0712 345 678", "zoe@example.org", "254712345678"] {
            assert!(is_contact(cell), "{cell}");
        }
        for cell in [
            "phone",
            "phone 1",
            "2026-03-20",
            "15.12.2026",
            "15/12/2026",
            "@acme",
            "a@b",
            "123456",
            "e-mail",
            "1234567890123456789",
            "",
        ] {
            assert!(!is_contact(cell), "{cell}");
        }
    }

    #[test]
    fn a_number_that_only_looks_like_a_date_is_masked() {
        for cell in [
            "0712-34-56",
            "2026-13-20",
            "2026-03-2077",
            "+15.12.2026",
            "15.12.20267",
            "15.12.2026.55",
            "15.12/2026",
            "12-15-2026",
            "32.12.2026",
            "15.13.1026",
            "115.12.2026",
            "0.12.2026",
            "15.12.2026 0712345678",
            "15.12.٢٠٢٦",
        ] {
            assert_ne!(masked(cell), cell);
        }
        assert_eq!(masked("15.12.2026 0712345678"), "15.12.2026 07123••678");
    }

    proptest! {
        #[test]
        fn as_many_digits_as_a_number_has_are_seen_of_days_only(
            pieces in prop::collection::vec(
                prop_oneof![
                    "[0-9 ./+()-]{0,12}",
                    "[0-9]{7,14}",
                    "(1|15|31)[./-](1|12)[./-](2026|1999|1200)",
                    "(2026|1850)[./-](12|13)[./-](15|40)",
                    "[a٠\u{2013}\u{200b}]",
                ],
                0..6,
            ),
        ) {
            let text = pieces.concat();
            let day = r"(19|20|21)[0-9]{2}([-./])[0-9]{1,2}[-./][0-9]{1,2}|[0-9]{1,2}[./][0-9]{1,2}[./](19|20|21)[0-9]{2}";
            let shown = masked(&text);
            let others = Regex::new(day).unwrap().replace_all(&shown, "D");
            for stretch in others.split(|c: char| !c.is_numeric() && !BETWEEN.contains(c)) {
                let digits = stretch.chars().filter(|c| c.is_numeric()).count();
                prop_assert!(digits < NUMBER_DIGITS, "{text}: {shown}: {stretch}");
            }
        }
    }
}
