//! Messages as a recipient would read them, in a terminal.

use std::fmt::Write as _;

use super::layout::count;
use crate::message::segments::{Encoding, Measure, culprits};
use crate::unseen::unseen;

/// The widest line of a bubble, in characters.
const WIDTH: usize = 60;

/// One message to show.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The recipient: identity and address, masked or not.
    pub recipient: String,
    /// Which text it is, such as `variant a, sw`; empty where there is one for all.
    pub wording: String,
    /// Why it was chosen: `first`, `longest`, …
    pub why: &'static str,
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
    let mut out = format!("{}  ({wording}{})\n", sample.recipient, sample.why);
    let lines = wrap(&sample.text);
    let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    let _ = writeln!(out, "╭{}╮", "─".repeat(width + 2));
    for line in &lines {
        let _ = writeln!(out, "│ {line}{} │", " ".repeat(width - line.chars().count()));
    }
    let _ = writeln!(out, "╰{}╯", "─".repeat(width + 2));
    if let Some(measure) = &sample.measure {
        let _ = writeln!(out, "{}", takes(&sample.text, measure));
    }
    for flaw in &sample.flaws {
        let _ = writeln!(out, "  worth a look: {flaw}");
    }
    out
}

fn takes(text: &str, measure: &Measure) -> String {
    let name = match measure.encoding {
        Encoding::Gsm7 => "GSM-7",
        Encoding::Ucs2 => "UCS-2",
    };
    let mut line = format!(
        "  {}, {} of {name}",
        count(u64::from(measure.parts), "segment"),
        count(u64::from(measure.units), "unit")
    );
    if measure.encoding == Encoding::Ucs2 {
        let mut odd: Vec<char> = Vec::new();
        culprits(text).for_each(|(_, character)| {
            if !odd.contains(&character) {
                odd.push(character);
            }
        });
        let shown: Vec<String> = odd
            .iter()
            .take(8)
            .map(|one| format!("`{}` (U+{:04X})", visible(*one), u32::from(*one)))
            .collect();
        let _ = write!(line, ", because of {}", shown.join(", "));
        if odd.len() > shown.len() {
            let _ = write!(line, " and {} more", odd.len() - shown.len());
        }
    }
    line
}

/// Lines no wider than a bubble; control characters are shown, not obeyed.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let line: String = line.chars().map(visible).collect();
        let mut current = String::new();
        for word in line.split_inclusive(' ') {
            if !current.is_empty() && current.chars().count() + word.trim_end().chars().count() > WIDTH {
                lines.push(std::mem::take(&mut current).trim_end().to_owned());
            }
            current.push_str(word);
            while current.chars().count() > WIDTH {
                let rest = current.chars().skip(WIDTH).collect();
                lines.push(current.chars().take(WIDTH).collect());
                current = rest;
            }
        }
        lines.push(current.trim_end().to_owned());
    }
    lines
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
            wording: String::new(),
            recipient: "C-17".to_owned(),
            why: "first",
            text: text.to_owned(),
            measure: Some(measure(text)),
            flaws: vec!["a space too many at character 3".to_owned()],
        };
        assert_eq!(
            bubble(&sample),
            "C-17  (first)\n\
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
        let sample = Sample {
            wording: String::new(),
            recipient: "x".to_owned(),
            why: "first",
            text: "a\u{1b}[2Jb\u{202e}c".to_owned(),
            measure: None,
            flaws: Vec::new(),
        };
        assert!(bubble(&sample).contains("a\u{fffd}[2Jb\u{fffd}c"));
    }

    #[test]
    fn long_words_are_broken_and_nothing_is_lost() {
        let text = format!("{} end", "x".repeat(150));
        let joined: String = wrap(&text).concat();
        assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
        assert!(wrap(&text).iter().all(|line| line.chars().count() <= WIDTH));
    }
}
