//! A campaign before it goes, as a page: what people will read, who gets it and who does not, when, and what it costs.
//! Complete without its script, which finds recipients and shows some of the samples.

mod audience;
mod notices;

use super::book::{Book, MOST_PEOPLE};
use super::cards::{card, filters};
use super::{Sample, Unread};
use crate::report::html::{Extras, Node, facts, lead, page_with, section};
use crate::report::layout::{count, duration};
use crate::report::plan::{Aside, PlanReport};
use crate::report::rehearsal::{Hour, ZoneLine, forecast};
use crate::units::thousands;

const STYLE: &str = include_str!("../html/preview.css");
const SCRIPT: &str = include_str!("../html/preview.js");

/// Everything that the page tells.
#[derive(Debug)]
pub struct Preview<'a> {
    /// The plan.
    pub report: &'a PlanReport,
    /// What people are told beside it.
    pub aside: &'a Aside,
    /// Who sends, as phones show it.
    pub sender: &'a str,
    /// The messages that are shown.
    pub samples: &'a [Sample],
    /// Branches that nobody's message takes.
    pub unread: &'a [Unread],
    /// Who can be looked for; nothing where one recipient was asked for.
    pub book: Option<&'a Book>,
    /// Why the plan is refused.
    pub refusals: &'a [String],
    /// Where rows stand that are left out, by reason.
    pub examples: &'a [Example],
    /// When it goes.
    pub times: &'a Times,
}

/// Rows that are left out for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The reason.
    pub reason: String,
    /// How many.
    pub rows: u64,
    /// The first of them: where they stand, and what is wrong with them where that may be told.
    pub places: Vec<String>,
}

/// When it goes, as far as that is known before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Times {
    /// How many may leave in which hour.
    pub hours: Vec<Hour>,
    /// The same by where people are.
    pub zones: Vec<ZoneLine>,
    /// By whose clock.
    pub zone: String,
    /// What kind of a forecast it is, in words.
    pub words: Vec<String>,
}

impl Preview<'_> {
    /// The page. The same audience and time give the same bytes.
    pub fn page(&self) -> String {
        let title = format!("Preview of {}", self.report.campaign);
        let written = self.book.map(|book| book.written(self.sender, self.samples));
        let mut body = vec![self.head(&title), self.contents()];
        body.push(self.stands_out());
        body.push(self.messages());
        body.extend(written.as_ref().map(|written| self.search(written.people)));
        body.push(self.audience());
        body.push(self.when());
        body.push(self.facts());
        let data = written.map_or_else(|| "{}".to_owned(), |written| written.json);
        page_with(&title, Extras { style: STYLE, script: SCRIPT, data: &data }, body)
    }

    fn head(&self, title: &str) -> Node {
        let report = self.report;
        let mut tiles = vec![("messages", thousands(report.messages), self.makeup())];
        let left_out = report.rejected + report.suppressed + report.filtered + report.duplicates;
        let rows = format!("of {} in {}", count(report.recipients, "row"), self.aside.file);
        tiles.push(("left out", thousands(left_out), rows));
        if let Some(segments) = report.segments {
            let encodings = report.encodings.map_or_else(String::new, |all| {
                format!("{} in GSM-7, {} in UCS-2", count(all.gsm7, "message"), thousands(all.ucs2))
            });
            tiles.push(("segments", thousands(segments), encodings));
        }
        if let Some(cost) = &report.cost {
            let unpriced = match self.aside.unpriced {
                0 => "by the gateway's prices".to_owned(),
                some => format!("and {} whose price is not known", count(some, "message")),
            };
            tiles.push(("cost", cost.clone(), unpriced));
        }
        let tile = |(name, value, more): (&str, String, String)| {
            let value = Node::new("dd", &[("class", "value")], [Node::text(value)]);
            let more = Node::new("dd", &[("class", "more")], [Node::text(more)]);
            Node::new("div", &[], [Node::with("dt", name), value, more])
        };
        let lead = lead(&format!("Nothing is sent. It comes from {}; {}.", self.sender, self.starts()));
        let tiles = Node::new("dl", &[("class", "tiles")], tiles.into_iter().map(tile));
        Node::new("header", &[], [Node::with("h1", title), lead, tiles])
    }

    fn makeup(&self) -> String {
        match &self.aside.longest {
            Some((longest, _)) => {
                format!("one each; the longest has {}", count(u64::from(*longest), "segment"))
            }
            None => "one each".to_owned(),
        }
    }

    fn starts(&self) -> String {
        let words = &self.aside.starts;
        words.as_ref().map_or_else(|| "it goes when it is sent".to_owned(), |at| format!("it goes {at}"))
    }

    fn contents(&self) -> Node {
        let mut links = vec![("#notice", "Worth a look"), ("#messages", "Messages")];
        links.extend(self.book.map(|_| ("#search", "Find a recipient")));
        links.extend([("#audience", "Who gets it"), ("#when", "When it goes"), ("#facts", "Facts")]);
        let link = |(to, name): (&str, &str)| {
            let link = Node::new("a", &[("href", to)], [Node::text(name)]);
            match to {
                "#search" => Node::new("li", &[("hidden", ""), ("class", "scripted")], [link]),
                _ => Node::new("li", &[], [link]),
            }
        };
        let list = Node::new("ul", &[], links.into_iter().map(link));
        Node::new("nav", &[("aria-label", "On this page")], [list])
    }

    fn messages(&self) -> Node {
        let number = self.samples.len();
        let told = match self.book {
            None => "The message that was asked for.".to_owned(),
            Some(_) => format!(
                "{} of {}: one of each text and of each branch in it, the extremes, then the next ones.",
                thousands(number as u64),
                count(self.report.messages, "message")
            ),
        };
        let lead = lead(&told);
        let cards = self.samples.iter().map(|sample| card(self.sender, sample));
        let status = Node::new("p", &[("role", "status"), ("id", "shown"), ("class", "lead")], []);
        let cards = Node::new("div", &[("class", "cards"), ("id", "samples")], cards);
        anchored(
            "messages",
            section("Messages", [lead].into_iter().chain(filters(self.samples)).chain([status, cards])),
        )
    }

    fn search(&self, people: usize) -> Node {
        let (people, all) = (people as u64, self.report.messages);
        let covers = match people < all {
            true => format!(
                " Search covers the first {} of {}: a page holds {} at most, and 4 MB of them.",
                thousands(people),
                count(all, "recipient"),
                thousands(MOST_PEOPLE as u64)
            ),
            false => format!(" Search covers all {}.", count(all, "recipient")),
        };
        let label =
            Node::new("label", &[("for", "query")], [Node::text("Id, address, or words of the message")]);
        let input = Node::new(
            "input",
            &[
                ("type", "search"),
                ("id", "query"),
                ("autocomplete", "off"),
                ("spellcheck", "false"),
                ("aria-describedby", "covers"),
            ],
            [],
        );
        let covers = Node::new("p", &[("class", "lead"), ("id", "covers")], [Node::text(covers.trim())]);
        let status = Node::new("p", &[("role", "status"), ("id", "found")], []);
        let cards = Node::new("div", &[("class", "cards"), ("id", "results")], []);
        let inside = Node::new("div", &[("role", "search")], [label, input, covers, status, cards]);
        let heading = "Find a recipient";
        let attributes = [("id", "search"), ("class", "scripted"), ("hidden", "")];
        Node::new("section", &attributes, [Node::with("h2", heading), inside])
    }

    fn when(&self) -> Node {
        let mut rows: Vec<(&str, String)> = vec![("starts", self.starts_at())];
        rows.extend(self.aside.window.clone().map(|window| ("window", window)));
        let takes = self.aside.takes.as_ref();
        rows.extend(takes.map(|(takes, rate)| ("takes", format!("{} at {rate}", duration(*takes)))));
        rows.extend(self.aside.ends.clone().map(|ends| ("through", ends)));
        let rows = facts(rows.iter().map(|(name, value)| (*name, value.as_str())));
        let lines = self.times.words.iter();
        let words = lines.map(|line| lead(line));
        let picture = forecast::picture(&self.times.hours, &self.times.zones, &self.times.zone);
        anchored("when", section("When it goes", std::iter::once(rows).chain(words).chain(picture)))
    }

    fn starts_at(&self) -> String {
        let none = "when it is sent: the manifest names no time";
        self.aside.starts.clone().unwrap_or_else(|| none.to_owned())
    }

    fn facts(&self) -> Node {
        let rows = [
            ("campaign", self.report.campaign.as_str()),
            ("from", self.sender),
            ("gateway", self.aside.gateway.as_str()),
            ("recipients", self.aside.file.as_str()),
            ("digest", self.report.digest.as_str()),
            ("zones", &format!("tzdb {}", self.aside.tz_version)),
        ]
        .map(|(name, value)| (name, value.to_owned()));
        let facts = facts(rows.iter().map(|(name, value)| (*name, value.as_str())));
        anchored("facts", section("Facts", [facts]))
    }
}

/// A part of the page that links lead to.
fn anchored(id: &str, inside: Node) -> Node {
    Node::new("div", &[("id", id)], [inside])
}
