//! The samples of a preview: a card each, and what to choose among them by.

use std::collections::BTreeSet;

use super::phone::{footnotes, phone};
use super::{Sample, shown};
use crate::report::html::{Node, prose};

/// So many choices of one kind are offered.
const MOST_CHOICES: usize = 24;

/// What to choose among samples by; of what there is but one, nothing is offered.
pub fn filters(samples: &[Sample]) -> Option<Node> {
    let of = |of: fn(&Sample) -> &str| samples.iter().map(of).collect::<BTreeSet<&str>>();
    let groups = [
        group("variant", "Variant", &of(|sample| &sample.variant)),
        group("locale", "Language", &of(|sample| &sample.locale)),
        group("zone", "Zone", &of(|sample| &sample.zone)),
    ];
    let groups: Vec<Node> = groups.into_iter().flatten().collect();
    let attributes = [("class", "filters scripted"), ("id", "filters"), ("hidden", "")];
    (!groups.is_empty()).then(|| Node::new("div", &attributes, groups))
}

/// Values of one kind, of which one is chosen, or all.
fn group(key: &'static str, legend: &str, values: &BTreeSet<&str>) -> Option<Node> {
    let named = || values.iter().filter(|value| !value.is_empty()).take(MOST_CHOICES);
    if named().count() < 2 {
        return None;
    }
    let choices = (1..).zip(named()).map(|(at, value)| choice(key, at, value, value));
    let all = choice(key, 0, "", "All");
    let legend = Node::with("legend", legend);
    Some(Node::new("fieldset", &[], [legend, all].into_iter().chain(choices)))
}

fn choice(key: &'static str, at: usize, value: &str, name: &str) -> Node {
    let id = format!("{key}-{at}");
    let mut attributes = vec![("type", "radio"), ("name", key), ("value", value), ("id", id.as_str())];
    attributes.extend((at == 0).then_some(("checked", "")));
    let label = Node::new("label", &[("for", &id)], [Node::text(name)]);
    Node::new("span", &[("class", "choice")], [Node::new("input", &attributes, []), label])
}

/// A message with its recipient, and what is to be said of it.
pub fn card(sender: &str, sample: &Sample) -> Node {
    let name = if sample.id.is_empty() { &sample.address } else { &sample.id };
    let heading = Node::new("h3", &[("dir", "auto")], [Node::text(shown(name))]);
    let address = (!sample.id.is_empty())
        .then(|| Node::new("p", &[("class", "address")], [Node::text(shown(&sample.address))]));
    let why = sample.why.iter().map(|why| Node::new("li", &[], prose(why)));
    let why = Node::new("ul", &[("class", "why")], why);
    let place = sample.place.as_ref().map(ToString::to_string).unwrap_or_default();
    let whose = [&sample.wording, &sample.zone, &place].into_iter().filter(|word| !word.is_empty());
    let whose = whose.cloned().collect::<Vec<_>>().join(" · ");
    let whose = Node::new("p", &[("class", "whose")], [Node::text(whose)]);
    let attributes = [
        ("class", "card"),
        ("data-variant", sample.variant.as_str()),
        ("data-locale", sample.locale.as_str()),
        ("data-zone", sample.zone.as_str()),
    ];
    let inside = [heading].into_iter().chain(address).chain([phone(sender, sample), why]);
    Node::new("article", &attributes, inside.chain(footnotes(sample)).chain([whose]))
}
