//! The plan file: what `plan --out` writes and people commit. A frozen form of its own; the same inputs make the same bytes,
//! on every machine and at any time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use sha2::{Digest, Sha256};

use super::crowd::Everybody;
use super::input::InputFile;
use super::sealed::Sealed;
use super::seed::Seed;
use crate::unseen::is_unruly;

/// The version of the form.
const VERSION: u64 = 1;

/// A plan as it was looked at. There is nothing in it that says who anybody is: files are named by digests, people are
/// counted, and what tells two crowds apart is locked up: who has nearly the same people can open it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// The version of this form: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u64,
    /// The campaign's name.
    pub campaign: String,
    /// `sha256:…` over every recipient, address and text, in order: that of `sendplan plan`.
    #[schemars(regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub digest: String,
    /// Rows of the recipients' files.
    pub recipients: u64,
    /// Messages that will be sent, but for those who are left out at the last moment.
    pub messages: u64,
    /// SMS segments of all of them; absent where the gateway has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segments: Option<u64>,
    /// What it costs; absent where no prices are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<String>,
    /// How many rows each reason leaves out; reasons that leave out nobody are absent.
    pub left_out_by: Vec<LeftOutBy>,
    /// The files it was made of, in the order in which the manifest leads to them.
    pub files: Vec<InputFile>,
    /// What has made the texts.
    pub renderer: String,
    /// The version of the time zone data.
    pub tz_data: String,
    /// What tells how many people come, go, or read something else, locked up; absent where there are few. Not for reading.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<Sealed>,
}

/// A reason for which rows are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOutBy {
    /// Its name, as in the column `reason` of `plan --rejects`.
    pub reason: String,
    /// Rows that it leaves out.
    pub rows: u64,
}

/// Why a plan file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It is something else, or was edited or cut off.
    #[error("it is no plan file: {0}")]
    Other(String),
    /// A newer sendplan has written it.
    #[error(
        "it is a plan file of version {0}, and this sendplan reads version {VERSION}: make a new one, or use a newer sendplan"
    )]
    Version(u64),
    /// A name in it that none of our files has: what is told of it would not be read as it stands.
    #[error("it is none of ours: a name in it has a line break, or another character that is not seen")]
    Unruly,
    /// What stands in it for people is nothing that we have written.
    #[error("it is damaged: `people` was edited or cut off")]
    People,
}

/// The version alone, which is read before all else.
#[derive(Deserialize)]
struct Versioned {
    version: u64,
}

impl PlanFile {
    /// The version of this form.
    pub const VERSION: u64 = VERSION;

    /// How each of them begins.
    pub const BEGINS: &str = "{\n  \"version\": 1,\n  \"campaign\": ";

    /// What has made the texts of plans that are made now. Any other version may render otherwise.
    pub fn renderer() -> String {
        format!("sendplan {}", env!("CARGO_PKG_VERSION"))
    }

    /// From its text.
    ///
    /// # Errors
    /// [`PlanFileError`].
    pub fn read(text: &str) -> Result<Self, PlanFileError> {
        let other = |error: serde_json::Error| {
            PlanFileError::Other(match error.classify() {
                Category::Data => error.to_string(),
                _ => format!("line {}, column {} is not JSON", error.line(), error.column()),
            })
        };
        let Versioned { version } = serde_json::from_str(text).map_err(other)?;
        if version != VERSION {
            return Err(PlanFileError::Version(version));
        }
        let file: Self = serde_json::from_str(text).map_err(other)?;
        if file.words().any(|word| word.contains(is_unruly)) {
            return Err(PlanFileError::Unruly);
        }
        match file.people.as_ref().is_none_or(Sealed::is_sound) {
            true => Ok(file),
            false => Err(PlanFileError::People),
        }
    }

    /// Its text.
    pub fn text(&self) -> String {
        format!("{}\n", serde_json::to_string_pretty(self).unwrap_or_default())
    }

    /// What names it, whatever space stands in its text.
    pub fn sha256(&self) -> String {
        Sha256::digest(self.text()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// All that is told of it in words.
    fn words(&self) -> impl Iterator<Item = &str> {
        let own = [&self.campaign, &self.digest, &self.renderer, &self.tz_data];
        let files = self.files.iter().map(|file| &file.name);
        let reasons = self.left_out_by.iter().map(|one| &one.reason);
        own.into_iter().chain(&self.cost).chain(files).chain(reasons).map(String::as_str)
    }

    /// The same with what may be said of its people. All else must be there already.
    #[must_use]
    pub fn with_people(mut self, people: &Everybody) -> Self {
        self.people = people.sealed(&self.salt());
        self
    }

    /// What no plan has that differs from this one.
    pub(super) fn salt(&self) -> String {
        format!("{} {}", Seed::of(&self.files, &self.renderer, &self.tz_data), self.digest)
    }

    /// How many people get a message.
    pub(super) fn people(&self) -> u64 {
        let left_out = self.left_out_by.iter().fold(0_u64, |sum, one| sum.saturating_add(one.rows));
        self.recipients.saturating_sub(left_out)
    }
}
