//! Messages as a recipient would read them: in a terminal, and on a page.

pub mod book;
mod cards;
pub mod page;
mod phone;

use std::fmt::Write as _;
use std::ops::Range;

use super::layout::count;
use crate::audience::Place;
use crate::message::hygiene::Hidden;
use crate::message::segments::{Encoding, Measure, culprits};
use crate::unseen::{Unseen, unseen};

/// The widest line of a bubble, in characters.
const WIDTH: usize = 60;

/// One message to show.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// The identity, masked where it is a number; empty where the address is the identity.
    pub id: String,
    /// The address, masked or not.
    pub address: String,
    /// The row.
    pub place: Option<Place>,
    /// Which text it is, such as `variant a, sw`; empty where there is one for all.
    pub wording: String,
    /// Its variant, and its language; empty where there is but one.
    pub variant: String,
    /// See there.
    pub locale: String,
    /// The zones in which the recipient may be, where that matters.
    pub zone: String,
    /// What it costs, where that is known.
    pub price: Option<String>,
    /// Why it was chosen, the most important first: `first`, `longest`, …
    pub why: Vec<String>,
    /// The text.
    pub text: String,
    /// What it takes; none where the gateway has no segments.
    pub measure: Option<Measure>,
    /// What looks wrong in it, in words.
    pub flaws: Vec<String>,
}

/// A message in its bubble, with what it takes below.
pub fn bubble(sample: &Sample) -> String {
    let wording = if sample.wording.is_empty() { String::new() } else { format!("{}; ", sample.wording) };
    let why = sample.why.first().map_or("", String::as_str);
    let gap = if sample.id.is_empty() { "" } else { "  " };
    let mut out = format!("{}{gap}{}  ({wording}{why})\n", sample.id, sample.address);
    let lines = wrap(&sample.text);
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let _ = writeln!(out, "╭{}╮", "─".repeat(width + 2));
    for line in &lines {
        let _ = writeln!(out, "│ {line}{} │", " ".repeat(width - line.chars().count()));
    }
    let _ = writeln!(out, "╰{}╯", "─".repeat(width + 2));
    if let Some(measure) = &sample.measure {
        let because = match measure.encoding {
            Encoding::Gsm7 => String::new(),
            Encoding::Ucs2 => format!(", because of {}", odd_ones(&sample.text)),
        };
        let _ = writeln!(out, "  {}{because}", takes(measure));
    }
    for flaw in &sample.flaws {
        let _ = writeln!(out, "  worth a look: {flaw}");
    }
    out
}

/// A branch that no message takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The file and the line of its tag.
    pub place: Place,
    /// The tag.
    pub tag: String,
    /// Whether it is the way around the tag: all who come to it take its body.
    pub goes_around: bool,
    /// The texts of which that is true, where it is not of all that have it.
    pub texts: Vec<String>,
}

impl Unread {
    /// In words.
    pub fn words(&self) -> String {
        let of = |before: &str| match self.texts.as_slice() {
            [] => String::new(),
            texts => format!("{before} {}", texts.join("; ")),
        };
        match self.goes_around {
            true => format!("`{}` holds for everybody{}", self.tag, of(" in")),
            false => format!("`{}` is read by nobody{}", self.tag, of(" of")),
        }
    }
}

/// The branches that no message takes, a line each.
pub fn unread(all: &[Unread]) -> String {
    let line = |one: &Unread| format!("  {}: {}\n", one.place, one.words());
    format!("Of the branches in the texts:\n{}", all.iter().map(line).collect::<String>())
}

/// What a text takes: `2 segments, 130 units of UCS-2`.
fn takes(measure: &Measure) -> String {
    let name = match measure.encoding {
        Encoding::Gsm7 => "GSM-7",
        Encoding::Ucs2 => "UCS-2",
    };
    format!(
        "{}, {} of {name}",
        count(u64::from(measure.parts), "segment"),
        count(u64::from(measure.units), "unit")
    )
}

/// The characters that GSM-7 lacks, each once: `Ł` (U+0141).
fn odd_ones(text: &str) -> String {
    let (odd, more) = odd_characters(text);
    let shown: Vec<String> = odd.iter().map(|(one, code)| format!("`{one}` ({code})")).collect();
    shown.join(", ") + &more
}

/// The first characters that GSM-7 lacks, each once, as they are shown and by their codes; and how many more there are,
/// in words.
fn odd_characters(text: &str) -> (Vec<(char, String)>, String) {
    let mut odd: Vec<char> = Vec::new();
    culprits(text).for_each(|(_, character)| {
        if !odd.contains(&character) {
            odd.push(character);
        }
    });
    let more = match odd.len().saturating_sub(8) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = odd.into_iter().take(8).map(|one| (visible(one), format!("U+{:04X}", u32::from(one))));
    (shown.collect(), more)
}

/// Lines no wider than a bubble; control characters are shown, not obeyed.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let line: String = drawn(line, 0..line.len()).map(|(_, seen)| seen).collect();
        let mut current = String::new();
        for word in line.split_inclusive(' ') {
            if !current.is_empty() && current.chars().count() + word.trim_end().chars().count() > WIDTH {
                lines.push(std::mem::take(&mut current).trim_end().to_owned());
            }
            current.push_str(word);
            // The space behind the last word is no reason to break it.
            while current.trim_end().chars().count() > WIDTH {
                let rest = current.chars().skip(WIDTH).collect();
                lines.push(current.chars().take(WIDTH).collect());
                current = rest;
            }
        }
        lines.push(current.trim_end().to_owned());
    }
    lines
}

/// A name with a sign in the place of each character that is not seen.
fn shown(name: &str) -> String {
    name.chars().map(visible).collect()
}

/// What stands in a range of a text: each character as it is, and as it is shown. What joins its neighbours, or says how a
/// text is read from right to left, does so on a page as on a phone.
fn drawn(text: &str, range: Range<usize>) -> impl Iterator<Item = (char, char)> {
    let (hidden, from) = (Hidden::of(text), range.start);
    let stretch = text.get(range).unwrap_or_default();
    stretch.char_indices().map(move |(at, c)| {
        let does_something = unseen(c).is_some_and(|what| {
            matches!(what, Unseen::NoWidth | Unseen::Direction) && hidden.fits(from + at, c, what)
        });
        (c, if c == '\n' || does_something { c } else { visible(c) })
    })
}

/// The character, or a sign for one that is not seen, or would move the cursor or reorder the line. What says how a
/// picture is drawn stays behind it.
fn visible(character: char) -> char {
    match unseen(character) {
        Some(what) if !what.is_drawn() => '\u{fffd}',
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::segments::measure;

    #[test]
    fn a_bubble_shows_text_segments_and_the_character_that_costs() {
        let text = "Hi Wanjirũ, our sale starts on Monday.\nSee you there!";
        let sample = Sample {
            id: "C-17".to_owned(),
            address: "+2547•••••001".to_owned(),
            why: vec!["first".to_owned(), "longest".to_owned()],
            text: text.to_owned(),
            measure: Some(measure(text)),
            flaws: vec!["a space too many at character 3".to_owned()],
            ..Sample::default()
        };
        assert_eq!(
            bubble(&sample),
            "C-17  +2547•••••001  (first)\n\
             ╭────────────────────────────────────────╮\n\
             │ Hi Wanjirũ, our sale starts on Monday. │\n\
             │ See you there!                         │\n\
             ╰────────────────────────────────────────╯\n  \
             1 segment, 53 units of UCS-2, because of `ũ` (U+0169)\n  \
             worth a look: a space too many at character 3\n"
        );
    }

    #[test]
    fn nothing_in_a_text_moves_the_cursor() {
        let sample = Sample { text: "a\u{1b}[2Jb\u{202e}c".to_owned(), ..Sample::default() };
        assert!(bubble(&sample).contains("a\u{fffd}[2Jb\u{fffd}c"));
    }

    #[test]
    fn what_joins_its_neighbours_is_shown_as_phones_show_it() {
        let text = "👩🏽\u{200d}🚀\nمی\u{200c}خواهم\u{200f}.";
        let seen = |text: &str| drawn(text, 0..text.len()).map(|(_, seen)| seen).collect::<String>();
        assert_eq!(seen(text), text);
        // Across a cut too.
        let at = text.find('\u{200d}').unwrap();
        assert!(drawn(text, at..at + 7).all(|(c, seen)| c == seen));
        assert_eq!(seen("a\u{200d}b\u{200f}\u{feff}\r"), "a\u{fffd}b\u{fffd}\u{fffd}\u{fffd}");
    }

    #[test]
    fn long_words_are_broken_and_nothing_is_lost() {
        let text = format!("{} end", "x".repeat(150));
        let joined: String = wrap(&text).concat();
        assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
        assert!(wrap(&text).iter().all(|line| line.chars().count() <= WIDTH));
    }
}
