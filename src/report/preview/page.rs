//! A campaign before it goes, as a page: what people will read, who gets it and who does not, when, and what it costs.
//! Complete without its script, which finds recipients and shows some of the samples.

use std::collections::BTreeSet;

use super::book::{Book, MOST_PEOPLE};
use super::phone::{footnotes, phone};
use super::{Sample, Unread};
use crate::report::html::{Extras, Node, facts, page_with, section, table};
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
                format!("{} messages in GSM-7, {} in UCS-2", thousands(all.gsm7), thousands(all.ucs2))
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
        let lead = format!("Nothing is sent. From {}; {}.", self.sender, self.starts());
        let lead = Node::new("p", &[("class", "lead")], [Node::text(lead)]);
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

    /// What somebody should read before they say yes.
    fn stands_out(&self) -> Node {
        let report = self.report;
        let mut lines: Vec<Node> = Vec::new();
        let line =
            |class: &'static str, text: String| Node::new("li", &[("class", class)], [Node::text(text)]);
        lines.extend(self.refusals.iter().map(|why| line("bad", format!("The plan is refused: {why}."))));
        lines.extend(report.warnings.iter().map(|warning| line("warning", warning.clone())));
        if let Some(lacking) = &report.without_opt_out {
            let (many, at) = (count(lacking.messages, "message"), thousands(lacking.first_line));
            lines.push(line("warning", format!("{many} do not say how to opt out, the first in line {at}.")));
        }
        lines.extend(report.flaws.iter().map(|flaw| {
            let of = flaw.column.as_ref().map_or_else(String::new, |column| format!(" from `{column}`"));
            let (many, at) = (count(flaw.messages, "message"), thousands(flaw.first_line));
            let text = format!("{many} with {}{of}, the first in line {at}: {}", flaw.words, flaw.example);
            line("warning", text)
        }));
        lines.extend(report.texts.iter().filter(|text| text.messages == 0).map(|text| {
            let names = [&text.variant, &text.locale].into_iter().flatten();
            let name = names.cloned().collect::<Vec<_>>().join(", ");
            line("warning", format!("Nobody reads the text {name}."))
        }));
        lines
            .extend(self.unread.iter().map(|one| line("branch", format!("{}: {}.", one.place, one.words()))));
        let told = match lines.is_empty() {
            true => Node::new("p", &[("class", "good")], [Node::text("Nothing stands out.")]),
            false => Node::new("ul", &[("class", "notices")], lines),
        };
        anchored("notice", section("Worth a look", [told]))
    }

    fn messages(&self) -> Node {
        let number = self.samples.len();
        let lead = match self.book {
            None => "The message that was asked for.".to_owned(),
            Some(_) => format!(
                "{} of {}: one of each text and of each branch in it, the extremes, then the next ones.",
                thousands(number as u64),
                count(self.report.messages, "message")
            ),
        };
        let lead = Node::new("p", &[("class", "lead")], [Node::text(lead)]);
        let cards = self.samples.iter().map(|sample| card(self.sender, sample));
        let status = Node::new("p", &[("role", "status"), ("id", "shown"), ("class", "lead")], []);
        let cards = Node::new("div", &[("class", "cards"), ("id", "samples")], cards);
        anchored(
            "messages",
            section("Messages", [lead].into_iter().chain(self.filters()).chain([status, cards])),
        )
    }

    /// What to choose among the samples by: groups of which there is but one are left out.
    fn filters(&self) -> Option<Node> {
        const MOST: usize = 12;
        let groups: [(&'static str, &'static str, fn(&Sample) -> &String); 3] = [
            ("variant", "Variant", |sample| &sample.variant),
            ("locale", "Language", |sample| &sample.locale),
            ("zone", "Zone", |sample| &sample.zone),
        ];
        let group = |(key, legend, of): (&'static str, &'static str, fn(&Sample) -> &String)| {
            let values: BTreeSet<&str> = self.samples.iter().map(|sample| of(sample).as_str()).collect();
            if values.len() < 2 {
                return None;
            }
            let radio = |value: &str, name: &str, at: usize| {
                let id = format!("{key}-{at}");
                let mut attributes =
                    vec![("type", "radio"), ("name", key), ("value", value), ("id", id.as_str())];
                attributes.extend((at == 0).then_some(("checked", "")));
                let label = Node::new("label", &[("for", &id)], [Node::text(name)]);
                Node::new("span", &[("class", "choice")], [Node::new("input", &attributes, []), label])
            };
            let none = |value: &&str| value.is_empty();
            let named = values.iter().filter(|value| !none(value)).take(MOST);
            let all = std::iter::once(radio("", "All", 0));
            let radios = all.chain((1..).zip(named).map(|(at, value)| radio(value, value, at)));
            let legend = Node::with("legend", legend);
            Some(Node::new("fieldset", &[], std::iter::once(legend).chain(radios)))
        };
        let groups: Vec<Node> = groups.into_iter().filter_map(group).collect();
        let attributes = [("class", "filters scripted"), ("id", "filters"), ("hidden", "")];
        (!groups.is_empty()).then(|| Node::new("div", &attributes, groups))
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

    fn audience(&self) -> Node {
        let report = self.report;
        let mut parts = Vec::new();
        let texts: Vec<Vec<String>> = report
            .texts
            .iter()
            .map(|text| {
                let names = [&text.variant, &text.locale].into_iter().flatten();
                let name = names.cloned().collect::<Vec<_>>().join(", ");
                let segments = text.segments.map_or_else(String::new, thousands);
                vec![name, thousands(text.messages), segments]
            })
            .collect();
        if !texts.is_empty() {
            let heads = ["text", "messages", "segments"];
            parts.push(table("Who reads which text", &heads, &[1, 2], &texts));
        }
        if self.aside.countries.len() > 1 {
            let countries = self.aside.countries.iter();
            let rows: Vec<Vec<String>> =
                countries.map(|(country, number)| vec![country.clone(), thousands(*number)]).collect();
            parts.push(table("By country", &["country", "messages"], &[1], &rows));
        }
        if self.examples.is_empty() {
            parts.push(Node::with("p", "Every row gets a message: nobody is left out."));
        } else {
            let rows: Vec<Vec<String>> = self
                .examples
                .iter()
                .map(|one| vec![one.reason.clone(), thousands(one.rows), one.places.join("; ")])
                .collect();
            let caption = format!(
                "Who is left out, and why: {} of {}",
                thousands(self.examples.iter().map(|one| one.rows).sum::<u64>()),
                count(report.recipients, "row")
            );
            parts.push(table(&caption, &["reason", "rows", "such as"], &[1], &rows));
        }
        if !self.aside.held.is_empty() {
            let held = self.aside.held.iter();
            let rows: Vec<Vec<String>> = held
                .map(|line| vec![line.why.to_owned(), thousands(line.messages), line.first.to_string()])
                .collect();
            let caption = "Who is held until somebody decides";
            parts.push(table(caption, &["why", "messages", "first in"], &[1], &rows));
        }
        anchored("audience", section("Who gets it", parts))
    }

    fn when(&self) -> Node {
        let mut rows: Vec<(&str, String)> = vec![("starts", self.starts_at())];
        rows.extend(self.aside.window.clone().map(|window| ("window", window)));
        let takes = self.aside.takes.as_ref();
        rows.extend(takes.map(|(takes, rate)| ("takes", format!("{} at {rate}", duration(*takes)))));
        rows.extend(self.aside.ends.clone().map(|ends| ("through", ends)));
        let rows = facts(rows.iter().map(|(name, value)| (*name, value.as_str())));
        let lines = self.times.words.iter();
        let words = lines.map(|line| Node::new("p", &[("class", "lead")], [Node::text(line)]));
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
            ("sender", self.sender),
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

/// A message with its recipient, and what is to be said of it.
fn card(sender: &str, sample: &Sample) -> Node {
    let name = if sample.id.is_empty() { &sample.address } else { &sample.id };
    let heading = Node::new("h3", &[("dir", "auto")], [Node::text(name)]);
    let address = (!sample.id.is_empty())
        .then(|| Node::new("p", &[("class", "address")], [Node::text(&sample.address)]));
    let why = sample.why.iter().map(|why| Node::with("li", why));
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
    let inside = [heading].into_iter().chain(address).chain([why, phone(sender, sample)]);
    Node::new("article", &attributes, inside.chain(footnotes(sample)).chain([whose]))
}
