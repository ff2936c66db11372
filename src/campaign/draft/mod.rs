//! A campaign that is begun: what its files say, made of a few answers. Pure text; `check` accepts it as it is.

mod manifest;

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::Value;

use crate::audience::{Region, invented};
use crate::provider::Profile;
use crate::provider::wire::AddressKind;

/// What was answered.
#[derive(Debug, Clone)]
pub struct Draft<'a> {
    /// The campaign's name.
    pub name: String,
    /// The gateway, as the manifest names it.
    pub provider: String,
    /// The same, read.
    pub profile: &'a Profile,
    /// Who the messages are from.
    pub sender: Value,
    /// Who gets them.
    pub people: People,
    /// The country of numbers that are written without one.
    pub region: Option<Region>,
    /// The list of people who get nothing, as the manifest names it.
    pub list: String,
    /// When it goes out.
    pub when: When,
    /// The zone of its times.
    pub timezone: String,
    /// Today: times that stand there as an example lie ahead of it.
    pub today: NaiveDate,
}

/// Who gets the messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum People {
    /// People who do not exist.
    Invented,
    /// Those in a file.
    Theirs {
        /// The file, as the manifest names it.
        file: String,
        /// The column of addresses.
        address: String,
        /// The column that tells people apart besides.
        id: Option<String>,
        /// A column that is called like one, where not every row has a value of its own.
        vague_id: Option<String>,
        /// The column of languages that people read.
        locale: Option<String>,
    },
}

/// When a campaign goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// Whenever `send` is called.
    Whenever,
    /// Once, at a local time.
    At(NaiveDateTime),
    /// Again and again, by a line of crontab's.
    Cron(String),
}

/// The text that a campaign begins with. `name` is the column of people's names, where there is one, and `some_nameless` says
/// that it has empty cells.
pub fn text(profile: &Profile, name: Option<&str>, some_nameless: bool) -> String {
    let hello = match (name, some_nameless) {
        (None, _) => "Hello".to_owned(),
        (Some(name), false) => format!("Hi {{{{ {name} }}}}"),
        (Some(name), true) => format!("Hi {{{{ {name} | default(value=\"there\") }}}}"),
    };
    match profile.address_kind() {
        AddressKind::Phone => format!("{hello}, your order is ready. Reply STOP to opt out."),
        AddressKind::Opaque => format!("{hello}, this is a test."),
    }
}

impl Draft<'_> {
    /// The manifest, with comments that teach. What stands behind a `#` without a space can be switched on as it is.
    pub fn manifest(&self) -> String {
        manifest::manifest(self)
    }

    /// A file of people who do not exist.
    pub fn recipients(&self) -> String {
        let mut csv = format!("{},name\n", self.column());
        for (address, name) in self.addresses().iter().zip(invented::NAMES) {
            csv.push_str(&format!("{address},{name}\n"));
        }
        csv
    }

    /// A list of people who get nothing, with the last of those who do not exist.
    pub fn opt_outs(&self) -> String {
        let column = match &self.people {
            People::Theirs { address, .. } if self.is_opaque() => address,
            _ => self.column(),
        };
        let last = self.addresses().pop().unwrap_or_default();
        format!("{},since,how\n{last},{},an invented example\n", cell(column), self.today)
    }

    fn is_opaque(&self) -> bool {
        self.profile.address_kind() == AddressKind::Opaque
    }

    /// The column of addresses among people who do not exist.
    fn column(&self) -> &'static str {
        if self.is_opaque() { "id" } else { "phone" }
    }

    /// The addresses of people who do not exist: for ids of a gateway's, those of its profile's examples and their like.
    fn addresses(&self) -> Vec<String> {
        if !self.is_opaque() {
            return invented::numbers(self.region);
        }
        let messages = self.profile.examples().iter().filter_map(|example| example.message.as_ref());
        let shown = messages.flat_map(|message| &message.recipients).next();
        let stem = shown.map_or("example", |one| one.trim_end_matches(|c: char| c.is_ascii_digit()));
        let number: u64 = shown.and_then(|one| one.get(stem.len()..)?.parse().ok()).unwrap_or(1);
        (0..).zip(invented::NAMES).map(|(at, _)| format!("{stem}{}", number + at)).collect()
    }
}

/// A cell as CSV has it.
fn cell(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r', ';', '\t']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
