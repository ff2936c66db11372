//! What a page shows beside what came out: equal but for what is different each time.

use regex::Regex;
use similar::TextDiff;

/// What differs from one run to the next, and what stands for it on both sides.
const VARIES: &[(&str, &str)] = &[
    (r"http://127\.0\.0\.1:[0-9]+", "http://127.0.0.1:PORT"),
    (r"(?m)^(  [0-9,]+ requests?) in .*$", "$1 in TIME"),
    // Ids are given in the order in which requests come in.
    (r"(?m)^([^ ,]+,[^ ,]+,(?:accepted|delivered)),[0-9]+,", "$1,ID,"),
    (r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} UTC", "SECOND"),
];

/// A line that stands for any number of lines.
const ANYTHING: &str = "...";

fn levelled(text: &str) -> Vec<String> {
    let mut text = text.trim_end().to_owned();
    for (pattern, name) in VARIES {
        text = Regex::new(pattern).unwrap().replace_all(&text, *name).into_owned();
    }
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The difference, if there is one.
pub fn difference(shown: &str, printed: &str) -> Option<String> {
    let (wanted, found) = (levelled(shown), levelled(printed));
    if fits(&wanted, &found) {
        return None;
    }
    let (wanted, found) = (wanted.join("\n") + "\n", found.join("\n") + "\n");
    let diff = TextDiff::from_lines(&wanted, &found);
    Some(diff.unified_diff().context_radius(3).header("the page", "the program").to_string())
}

fn fits(wanted: &[String], found: &[String]) -> bool {
    match wanted.split_first() {
        None => found.is_empty(),
        Some((first, rest)) if first.trim() == ANYTHING => {
            (0..=found.len()).any(|skipped| fits(rest, &found[skipped..]))
        }
        Some((first, rest)) => {
            found.split_first().is_some_and(|(line, more)| line == first && fits(rest, more))
        }
    }
}
