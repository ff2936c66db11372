//! What looks wrong in texts, as `plan` shows it: what it is, where it comes from, how often, and an example.

use serde::Serialize;

use super::layout::{Table, count};
use super::mask::Mask;
use crate::units::thousands;
use crate::unseen::{Unseen, is_picture, unseen};

/// So many lines are shown to people.
const SHOWN: usize = 10;

/// Flaws of one kind from one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlawLine {
    /// What it is: `placeholder`, `direction`, `zero-width`, `invisible`, `lost-character`, `spaces`, `link` or `no-value`.
    pub kind: &'static str,
    /// The same in people's words.
    #[serde(skip)]
    pub words: &'static str,
    /// The column it comes from; `null` where it is not from one alone.
    pub column: Option<String>,
    /// Messages that have it.
    pub messages: u64,
    /// The line of the first.
    pub first_line: u64,
    /// The file of the first; absent where there is but one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_file: Option<String>,
    /// Where in the text of the first, in characters from 1.
    pub character: usize,
    /// That text around it, between `«` and `»` what is wrong; what is not seen is written as its code, and long numbers
    /// are masked.
    pub example: String,
}

/// The section of people; nothing where there is nothing. `messages` have any.
pub fn human(lines: &[FlawLine], messages: u64) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[2]);
    for line in lines.iter().take(SHOWN) {
        let place = line.column.as_ref().map_or_else(String::new, |name| format!("from `{name}`"));
        let first = match &line.first_file {
            Some(file) => format!("first in {file} line {}", thousands(line.first_line)),
            None => format!("first in line {}", thousands(line.first_line)),
        };
        table.row([line.words, &place, &thousands(line.messages), &first, &line.example]);
    }
    let more = match lines.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("  and {more} more\n"),
    };
    format!("\nWorth a look in the texts: {}\n\n{}{more}", count(messages, "message"), table.show())
}

/// A flaw with what stands around it, between `«` and `»`: numbers and e-mail addresses are masked first, for one may reach
/// from the one into the other.
pub fn excerpt(before: &str, flaw: &str, behind: &str) -> String {
    let masked: Vec<char> = Mask::Masked.cell(&format!("{before}{flaw}{behind}")).chars().collect();
    let (from, length) = (before.chars().count(), flaw.chars().count());
    let part = |from: usize, to: usize| seen(&masked.iter().take(to).skip(from).collect::<String>());
    let own = match flaw.chars().any(char::is_numeric) {
        true => part(from, from + length),
        false => seen(flaw),
    };
    format!("{}«{own}»{}", part(0, from), part(from + length, masked.len()))
}

/// A stretch of text as it can be shown: what is not seen as its code, a line break as `↵`.
pub fn seen(text: &str) -> String {
    let mut out = String::new();
    let mut follows_picture = false;
    for character in text.chars() {
        let what = unseen(character);
        // What says how a picture is drawn stays behind it; a lost character has a sign of its own.
        let is_drawn = follows_picture && what.is_some_and(Unseen::is_drawn);
        follows_picture = is_picture(character) || is_drawn;
        match (character, what) {
            ('\n', _) => out.push('↵'),
            ('\r', _) => {}
            (_, None | Some(Unseen::Lost)) => out.push(character),
            _ if is_drawn => out.push(character),
            _ => out.push_str(&format!("U+{:04X}", u32::from(character))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_tells_nobodys_number() {
        assert_eq!(excerpt("call 0712", "\u{200b}", "345678 now"), "call 0712«U+200B»•••678 now");
        assert_eq!(excerpt("call 0712 ", "  ", " 345 678"), "call 0712 «  »•••••678");
        assert_eq!(excerpt("", "{name}", " zoe@example.org"), "«{name}» z••@•••••••.org");
        assert_eq!(excerpt("Hi", " ", ", 10% off"), "Hi« », 10% off");
    }

    #[test]
    fn each_flaw_is_told_with_its_column_its_number_and_an_example() {
        let line = |words, column: Option<&str>, messages, example: &str| FlawLine {
            kind: "x",
            words,
            column: column.map(str::to_owned),
            messages,
            first_line: 1_200,
            first_file: None,
            character: 3,
            example: example.to_owned(),
        };
        let lines = [
            line("a space too many", Some("name"), 1_200, "Hi« », our sale…"),
            line("a broken link", None, 3, "…see «https://»"),
        ];
        assert_eq!(
            human(&lines, 1_203),
            "\nWorth a look in the texts: 1,203 messages\n\n  \
             a space too many  from `name`  1,200  first in line 1,200  Hi« », our sale…\n  \
             a broken link                      3  first in line 1,200  …see «https://»\n"
        );
        assert_eq!(human(&[], 0), "");
        let many = vec![line("a space too many", None, 1, ""); 12];
        assert!(human(&many, 12).ends_with("  and 2 more\n"));
    }

    #[test]
    fn what_is_not_seen_is_shown_as_its_code() {
        assert_eq!(
            seen("a\u{fe0f} ❤\u{fe0f} \u{3164}\u{fffe}\u{fffd}"),
            "aU+FE0F ❤\u{fe0f} U+3164U+FFFE\u{fffd}"
        );
        assert_eq!(seen("a\u{200b}b\nc\u{7}\u{202e}é"), "aU+200Bb↵cU+0007U+202Eé");
    }
}
