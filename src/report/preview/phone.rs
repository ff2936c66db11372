//! A message on a phone, as its recipient would see it; with marks where it is cut into segments, and lines under the
//! characters that GSM-7 lacks.

use std::ops::Range;

use super::{Sample, drawn, odd_characters, takes};
use crate::message::gsm7;
use crate::message::segments::{Encoding, Measure, split};
use crate::report::html::Node;

/// A message in its phone.
pub fn phone(sender: &str, sample: &Sample) -> Node {
    let bar = Node::new("p", &[("class", "sender")], [Node::text(sender)]);
    let bubble = Node::new("p", &[("class", "bubble"), ("dir", "auto")], bubble(sample));
    Node::new("div", &[("class", "phone")], [bar, bubble])
}

/// What is said below a phone: what the message takes, and why.
pub fn footnotes(sample: &Sample) -> Vec<Node> {
    let price = sample.price.iter().cloned();
    let taken: Vec<String> = sample.measure.iter().map(takes).chain(price).collect();
    let line = |class: &'static str, text: String| Node::new("p", &[("class", class)], [Node::text(text)]);
    let mut lines: Vec<Node> = Vec::new();
    lines.extend((!taken.is_empty()).then(|| line("takes", taken.join(" · "))));
    let is_ucs2 = sample.measure.is_some_and(|measure| measure.encoding == Encoding::Ucs2);
    lines.extend(is_ucs2.then(|| because(&sample.text)));
    lines.extend(sample.flaws.iter().map(|flaw| line("flaw", format!("Worth a look: {flaw}"))));
    lines
}

/// The characters for which it is not GSM-7.
fn because(text: &str) -> Node {
    let (odd, more) = odd_characters(text);
    let mut words = vec![Node::text("UCS-2 because of ")];
    for (at, (character, code)) in odd.iter().enumerate() {
        let behind = if at + 1 < odd.len() { ", " } else { &more };
        words.push(Node::with("code", character.to_string()));
        words.push(Node::text(format!(" ({code}){behind}")));
    }
    Node::new("p", &[("class", "because")], words)
}

/// The text in its segments.
fn bubble(sample: &Sample) -> Vec<Node> {
    let parts: Vec<Range<usize>> = match &sample.measure {
        Some(measure) if measure.parts > 1 => split(&sample.text, measure).collect(),
        _ => std::iter::once(0..sample.text.len()).collect(),
    };
    let mut out = Vec::new();
    for (number, part) in (1..).zip(parts) {
        if number > 1 {
            out.push(cut(number));
        }
        runs(&sample.text, part, sample.measure.as_ref(), &mut out);
    }
    out
}

/// Where a segment begins.
fn cut(number: usize) -> Node {
    let (title, seen) = (format!("segment {number} begins here"), number.to_string());
    let seen = Node::new("span", &[("aria-hidden", "true")], [Node::text(seen)]);
    let told = Node::new("span", &[("class", "told")], [Node::text(format!(" (segment {number}) "))]);
    Node::new("span", &[("class", "cut"), ("title", &title)], [seen, told])
}

/// What stands beside each other and is drawn alike.
fn runs(text: &str, part: Range<usize>, measure: Option<&Measure>, out: &mut Vec<Node>) {
    let is_ucs2 = measure.is_some_and(|measure| measure.encoding == Encoding::Ucs2);
    let is_odd = |(c, _): &(char, char)| is_ucs2 && gsm7::septets(*c).is_none();
    let all: Vec<(char, char)> = drawn(text, part).collect();
    for run in all.chunk_by(|one, next| is_odd(one) == is_odd(next)) {
        let seen: String = run.iter().map(|(_, seen)| seen).collect();
        out.push(match run.first().is_some_and(is_odd) {
            true => Node::new("u", &[("title", "GSM-7 lacks it")], [Node::text(seen)]),
            false => Node::text(seen),
        });
    }
}
