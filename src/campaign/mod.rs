//! A campaign: the manifest made whole. [`read`] takes the manifest's text, [`References`] says which files
//! it names, and [`resolve`] joins what was found there into a [`Campaign`] that cannot be invalid.

pub mod draft;
mod frequency;
mod name;
mod raw;
mod references;
mod resolve;
mod secrets;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::audience::{Keep, Rules};
use crate::diagnostic::{Diagnostics, Source};
use crate::message::Wordings;
use crate::provider::Profile;
use crate::schedule::{Hours, Moment, Preset, Recipients, Timetable, Window, Zone};
use crate::units::{Amount, Percent, Rate};

pub use frequency::{Cap, Frequency, OncePer};
pub use name::{is_name, suggested};
pub use raw::{Campaign as Manifest, Unknown};
pub use references::{Reference, References, texts};
pub use resolve::{Materials, announced, named, resolve};

/// The occurrence of a campaign without a moment: there is only one.
pub const ONCE: &str = "once";

/// What names an occurrence, and together with the campaign's name its run.
pub fn occurrence(at: Option<Moment>) -> String {
    at.map_or_else(|| ONCE.to_owned(), |at| at.to_string())
}

/// A campaign that can be planned: every name in it has been looked up.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// Its key in the state.
    pub name: String,
    /// The gateway.
    pub profile: Arc<Profile>,
    /// The sender as the gateway wants it: text or a whole number.
    pub sender: serde_json::Value,
    /// Who receives it.
    pub audience: Audience,
    /// What they receive.
    pub wordings: Wordings,
    /// When it goes out.
    pub timetable: Timetable,
    /// The hours that we carry and it keeps to, where it names some.
    pub preset: Option<&'static Preset>,
    /// Pace and patience.
    pub delivery: Delivery,
    /// Caps on the plan.
    pub limits: Limits,
}

/// What of a campaign says when it goes out. Known without a look at its recipients.
#[derive(Debug, Clone)]
pub struct Announced {
    /// Its key in the state.
    pub name: String,
    /// When it goes out.
    pub timetable: Timetable,
    /// Whom other campaigns of the state have reached too often.
    pub frequency: Frequency,
}

impl Campaign {
    /// Whether its texts are SMS and have segments: those sent to phones are, and those that we cut into parts.
    pub fn counts_segments(&self) -> bool {
        self.profile.counts_segments()
    }
}

/// The recipients' side of a campaign.
#[derive(Debug, Clone)]
pub struct Audience {
    /// The column of the address, by name: suppression lists are read by it too.
    pub address_column: String,
    /// How a row becomes a recipient.
    pub rules: Rules,
    /// Which of several rows for one person gets the message.
    pub keep: Keep,
    /// Suppression lists, as the manifest names them.
    pub suppress: Vec<String>,
    /// Whom other campaigns of the state have reached too often.
    pub frequency: Frequency,
}

/// Pace and patience.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Delivery {
    /// The most messages in a time; none is as fast as the gateway answers.
    pub rate: Option<Rate>,
    /// The most SMS segments in a time.
    pub segments: Option<Rate>,
    /// The most requests under way at once, at least 1.
    pub concurrency: u16,
    /// Attempts and pauses.
    pub retry: Retry,
    /// What happens to a message whose outcome is not known.
    pub unknown: Unknown,
    /// The hours of the day in which messages may go out.
    pub window: Option<Window>,
    /// Nothing goes out from then on.
    pub until: Option<DateTime<Utc>>,
    /// What goes by recipients' clocks.
    pub recipients: Option<Recipients>,
}

impl Delivery {
    /// The same, to be carried out at any hour.
    pub fn at_any_hour(self) -> Self {
        Self { window: None, until: None, recipients: None, ..self }
    }

    /// When messages to recipients may go out who may be in these zones.
    pub fn hours_in(&self, moment: Option<Moment>, zones: &[Zone]) -> Hours {
        match &self.recipients {
            Some(recipients) => recipients.hours(moment, zones, &self.hours()),
            None => self.hours(),
        }
    }

    /// When messages may go out, as far as all go by one clock.
    pub fn hours(&self) -> Hours {
        Hours { starts: None, windows: self.window.into_iter().collect(), until: self.until }
    }
}

/// Attempts and the pauses between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The most attempts, the first included; at least 1.
    pub attempts: u16,
    /// The pause before the second attempt; it doubles from then on.
    pub backoff: Duration,
    /// The longest pause, and the longest that a gateway's own wish is heeded.
    pub max_backoff: Duration,
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            rate: None,
            segments: None,
            concurrency: 16,
            retry: Retry::default(),
            unknown: Unknown::Hold,
            window: None,
            until: None,
            recipients: None,
        }
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 5, backoff: Duration::from_secs(1), max_backoff: Duration::from_secs(300) }
    }
}

/// Caps beyond which a plan is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limits {
    /// The most messages.
    pub recipients: Option<u64>,
    /// The most segments, all messages together.
    pub segments: Option<u64>,
    /// The most that all messages together may cost, in the currency of the gateway's prices.
    pub cost: Option<Amount>,
    /// The most segments of one message.
    pub max_segments: Option<u16>,
    /// The share of unusable rows.
    pub max_rejected: Option<Percent>,
    /// Whether no row at all is fine.
    pub allow_empty: bool,
}

/// The manifest's text as its mirror, with every structural error.
pub fn read(source: &Arc<Source>) -> (Option<Manifest>, Diagnostics) {
    crate::yaml::read(source)
}

/// The published JSON Schema of manifests.
pub fn schema() -> serde_json::Value {
    crate::yaml::document::<Manifest>("campaign.schema.json", "sendplan campaign")
}
