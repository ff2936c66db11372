//! How a plan differs from the one that was approved, for people and for machines.

use std::fmt::Write as _;

use serde::Serialize;

use super::layout::{Table, count};
use crate::approval::{Change, Difference, Fate, Figure, FileLine, Number, Role, Untold};
use crate::units::thousands;

/// The key `against` of `plan --format json`, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Against {
    /// The plan file, as it was named.
    pub plan: String,
    /// Whether everything is as it was approved.
    pub same: bool,
    /// All of it in a line.
    pub summary: String,
    /// Every file of either plan.
    pub files: Vec<FileFate>,
    /// People only this plan has; `null` where the campaigns are not the same.
    pub more: Option<Counted>,
    /// People only the approved plan has; `null` as above.
    pub fewer: Option<Counted>,
    /// People of both who read something else; `null` as above.
    pub texts: Option<Counted>,
    /// What else is another: figures, and what makes texts.
    pub figures: Vec<Figure>,
    #[serde(skip)]
    difference: Difference,
}

/// A file and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileFate {
    /// What it is for.
    pub role: Role,
    /// As the manifest names it.
    pub name: String,
    /// `unchanged`, `changed`, `added` or `gone`.
    pub fate: &'static str,
}

/// How many, as far as that can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// So many.
    pub number: u64,
    /// Whether it may be more.
    pub at_least: bool,
}

impl Against {
    /// Of a difference to the plan in a file.
    pub fn new(plan: String, difference: Difference) -> Self {
        let counted =
            |number: fn(Change) -> Number| difference.people.map(|people| Counted::of(number(people)));
        let file =
            |line: &FileLine| FileFate { role: line.role, name: line.name.clone(), fate: word(line.fate) };
        Self {
            plan,
            same: !difference.is_any,
            summary: summary(&difference),
            files: difference.files.iter().map(file).collect(),
            more: counted(|people| people.came),
            fewer: counted(|people| people.went),
            texts: counted(|people| people.texts),
            figures: difference.figures.clone(),
            difference,
        }
    }

    /// For people: a line that says it, what became of people and files, and the figures.
    pub fn human(&self) -> String {
        let messages = count(self.difference.messages, "message");
        if self.same {
            return format!("Just as it was approved in {}, with {messages}.\n", self.plan);
        }
        let mut out = format!("Not as it was approved in {}, with {messages}:\n\n", self.plan);
        let mut table = Table::new(&[]);
        for (name, what) in self.lines() {
            table.row([&name, &what]);
        }
        out.push_str(&table.show());
        if !self.figures.is_empty() {
            let mut table = Table::new(&[1, 2]);
            table.row(["", "approved", "now"]);
            for Figure { name, before, now } in &self.figures {
                table.row([name, &before.to_string(), &now.to_string()]);
            }
            let _ = write!(out, "\n{}", table.show());
        }
        out
    }

    /// People and texts first, then every file.
    pub fn lines(&self) -> Vec<(String, String)> {
        let people = self.difference.people.map(|people| {
            let told = exchange(people, "the same").unwrap_or_else(|| format!("not {}", untold(people)));
            ("people".to_owned(), told)
        });
        let texts = self.difference.people.map(|people| {
            let of = match (people.texts, self.difference.is_order_only()) {
                (_, true) => "the same, in another order".to_owned(),
                (Number::Exactly(0), false) => "the same".to_owned(),
                (Number::AtLeast(0), false) => format!("not {}", untold(people)),
                (Number::AtLeast(least), false) => {
                    format!("at least {} of those who are in both read another, maybe all", thousands(least))
                }
                (number, false) => format!("{} of those who are in both read another", words(number)),
            };
            ("texts".to_owned(), of)
        });
        let files = self.files.iter().map(|file| {
            let role = if file.role == Role::Recipients {
                String::new()
            } else {
                format!(" ({})", file.role.word())
            };
            (file.name.clone(), format!("{}{role}", file.fate))
        });
        people.into_iter().chain(texts).chain(files).collect()
    }
}

impl Counted {
    fn of(number: Number) -> Self {
        Self { number: number.least(), at_least: matches!(number, Number::AtLeast(_)) }
    }
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Unchanged => "unchanged",
        Fate::Changed => "changed",
        Fate::Added => "added",
        Fate::Gone => "gone",
    }
}

fn words(number: Number) -> String {
    match number {
        Number::Exactly(number) => thousands(number),
        Number::AtLeast(number) => format!("at least {}", thousands(number)),
    }
}

/// `12 more, 3 fewer`; nothing where nothing is known.
fn exchange(people: Change, none: &str) -> Option<String> {
    let sides = [(people.came, "more"), (people.went, "fewer")];
    let told = sides.into_iter().filter(|(number, _)| number.least() > 0);
    let parts: Vec<String> = told.map(|(number, word)| format!("{} {word}", words(number))).collect();
    match (parts.is_empty(), people.came.is_none() && people.went.is_none()) {
        (false, _) => Some(parts.join(", ")),
        (true, true) => Some(none.to_owned()),
        (true, false) => None,
    }
}

/// Why more is not told.
fn untold(people: Change) -> &'static str {
    match people.untold {
        Some(Untold::Few) => "told of fewer than 128",
        Some(Untold::Many) | None => "counted: too many came or went",
    }
}

/// `40 texts differ`.
fn differing(number: Number) -> String {
    let noun = if number.least() == 1 { "text differs" } else { "texts differ" };
    match number {
        Number::Exactly(_) => format!("{} {noun}", words(number)),
        Number::AtLeast(_) => format!("{} {noun}, maybe all", words(number)),
    }
}

/// All of it in a line: `recipients.csv: 12 more, 3 fewer; 40 texts differ; template unchanged`.
fn summary(difference: &Difference) -> String {
    if !difference.is_any {
        return "nothing has changed".to_owned();
    }
    let mut parts = Vec::new();
    let changed = |line: &&FileLine| line.fate != Fate::Unchanged;
    let of = |role: Role| difference.files.iter().filter(move |line| line.role == role);
    if let Some(people) = difference.people {
        // Whose coming and going it is, where only one file can be it.
        let mut sources = of(Role::Recipients).filter(changed);
        match (sources.next(), sources.next()) {
            (Some(one), None) => {
                let told = exchange(people, "the same people");
                let told =
                    told.unwrap_or_else(|| format!("changed, and by how many is not {}", untold(people)));
                parts.push(format!("{}: {told}", one.name));
            }
            _ if people.came.is_none() && people.went.is_none() => {}
            _ => parts.extend(exchange(people, "").map(|told| format!("people: {told}"))),
        }
        match people.texts {
            Number::Exactly(0) if difference.is_order_only() => parts.push("another order".to_owned()),
            Number::Exactly(0) | Number::AtLeast(0) => {}
            number => parts.push(differing(number)),
        }
    }
    let named = |line: &FileLine| format!("{} {}", line.name, word(line.fate));
    parts.extend(
        difference.files.iter().filter(|line| line.role != Role::Recipients).filter(changed).map(named),
    );
    let told = ["campaign", "renderer", "zones"];
    let others = difference.figures.iter().filter(|figure| told.contains(&figure.name));
    parts.extend(others.map(|figure| format!("{}: {}, was {}", figure.name, figure.now, figure.before)));
    if parts.is_empty() {
        // Files, people and texts are the same: somebody has edited it.
        parts.push("figures in the plan file were edited".to_owned());
    }
    if of(Role::Template).next().is_some() && of(Role::Template).all(|line| line.fate == Fate::Unchanged) {
        parts.push("template unchanged".to_owned());
    }
    parts.join("; ")
}
