//! What a run needs to go on without the campaign's files: its gateway, sender and pace as they were when
//! it began. Kept in the state as JSON; later edits of the manifest change nothing in it.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::forecast::Volume;
use super::paces::limits;
use crate::audience::{AddressKind, region as region_of};
use crate::campaign::{Campaign, Cap, Delivery, Frequency, OncePer, Retry, Unknown};
use crate::diagnostic::{Diagnostics, Source};
use crate::message::Wording;
use crate::provider::{Limits, Profile};
use crate::schedule::{Days, MomentError, Recipients, Window, WindowError, Zone};
use crate::units::{Rate, UnitError};

/// The version of this form.
const VERSION: u32 = 1;

/// A run's terms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pinned {
    version: u32,
    /// Whether the run is a sandbox's: it never mixes with real ones.
    pub sandbox: bool,
    /// Where the manifest lay in its repository: two campaigns cannot share a name.
    pub manifest: String,
    /// The suppression lists it named: they must still be named when the run is taken up.
    pub suppress: Vec<String>,
    /// How many entries each of them had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    suppress_entries: Vec<u64>,
    profile_name: String,
    profile: String,
    base_url: String,
    batch_max: u32,
    vars: serde_json::Map<String, serde_json::Value>,
    /// The sender as the gateway wants it.
    pub sender: serde_json::Value,
    /// The column by which suppression lists are read.
    pub address_column: String,
    phones: bool,
    region: Option<String>,
    rate: Option<String>,
    #[serde(default)]
    segments: Option<String>,
    #[serde(default)]
    limits: PinnedLimits,
    #[serde(default)]
    window: Option<PinnedWindow>,
    /// Nothing goes out from then on: Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recipients: Option<PinnedRecipients>,
    concurrency: u16,
    attempts: u16,
    backoff_ms: u64,
    max_backoff_ms: u64,
    resend_unknown: bool,
    #[serde(default)]
    once_per: Option<String>,
    #[serde(default)]
    cap: Option<PinnedCap>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    exclude_campaign: Vec<String>,
    /// The campaign's texts, by their numbers, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wordings: Vec<PinnedWording>,
    /// The digest of the plan file that it was begun by, where it was begun by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<String>,
}

/// What a text is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedWording {
    /// Its variant, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// Its language, where that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// The gateway's limits, as rates.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct PinnedLimits {
    requests: Option<String>,
    messages: Option<String>,
    segments: Option<String>,
}

/// The hours of the day in which messages may go out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PinnedWindow {
    from: String,
    to: String,
    zone: String,
    /// The days on which it opens; every day where it says nothing, as older ones do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    days: Option<String>,
}

/// What goes by recipients' clocks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PinnedRecipients {
    moment: bool,
    window: Option<PinnedWindow>,
    /// A day.
    until: Option<String>,
    late_after_ms: Option<i64>,
}

/// The most messages that one person gets in a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct PinnedCap {
    messages: u16,
    per: String,
}

/// What is pinned cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum PinnedError {
    /// No JSON of ours.
    #[error("the terms of the run are not readable: {0}")]
    Unreadable(String),
    /// A newer sendplan wrote it.
    #[error("the run was begun by a newer sendplan (its terms have version {0}): use that one")]
    Newer(u32),
    /// The profile is not accepted any more.
    #[error("the profile that the run was begun with is refused by this sendplan:\n{}", .0.render(false))]
    Profile(Diagnostics),
}

impl Pinned {
    /// The same, with how many entries each of its suppression lists has.
    #[must_use]
    pub fn with_entries(self, entries: &[u64]) -> Self {
        Self { suppress_entries: entries.to_vec(), ..self }
    }

    /// The suppression lists that it named, with how many entries each had; 0 where that is not known.
    pub fn lists(&self) -> Vec<(&str, u64)> {
        let entries = self.suppress_entries.iter().copied().chain(std::iter::repeat(0));
        self.suppress.iter().map(String::as_str).zip(entries).collect()
    }

    /// The terms of a campaign. `manifest` is where it lies, `profile` the text its profile was read from.
    pub fn of(campaign: &Campaign, manifest: &str, profile: &Source, sandbox: bool) -> Self {
        let (delivery, limits) = (&campaign.delivery, campaign.profile.limits());
        let frequency = &campaign.audience.frequency;
        let millis = |length: Duration| u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
        let (phones, region) = match campaign.audience.rules.kind {
            AddressKind::Phone { region } => (true, region.map(|region| region.to_string())),
            AddressKind::Opaque => (false, None),
        };
        Self {
            version: VERSION,
            sandbox,
            manifest: manifest.to_owned(),
            suppress: campaign.audience.suppress.clone(),
            suppress_entries: Vec::new(),
            profile_name: profile.name.clone(),
            profile: profile.text.clone(),
            base_url: campaign.profile.base_url().to_owned(),
            batch_max: u32::try_from(campaign.profile.batch_max()).unwrap_or(u32::MAX),
            vars: campaign.profile.vars().clone(),
            sender: campaign.sender.clone(),
            address_column: campaign.audience.address_column.clone(),
            phones,
            region,
            rate: delivery.rate.map(|rate| rate.to_string()),
            segments: delivery.segments.map(|rate| rate.to_string()),
            limits: PinnedLimits {
                requests: limits.requests.map(|rate| rate.to_string()),
                messages: limits.messages.map(|rate| rate.to_string()),
                segments: limits.segments.map(|rate| rate.to_string()),
            },
            window: delivery.window.map(PinnedWindow::of),
            until_ms: delivery.until.map(|until| until.timestamp_millis()),
            recipients: delivery.recipients.map(PinnedRecipients::of),
            concurrency: delivery.concurrency,
            attempts: delivery.retry.attempts,
            backoff_ms: millis(delivery.retry.backoff),
            max_backoff_ms: millis(delivery.retry.max_backoff),
            resend_unknown: delivery.unknown == Unknown::Resend,
            once_per: frequency.once_per.as_ref().map(OncePer::to_string),
            cap: frequency.cap.map(|cap| PinnedCap { messages: cap.messages, per: cap.per.to_string() }),
            exclude_campaign: frequency.exclude.clone(),
            wordings: match campaign.wordings.are_several() {
                true => campaign.wordings.all().iter().map(PinnedWording::of).collect(),
                false => Vec::new(),
            },
            approved: None,
        }
    }

    /// The same, begun by a plan file with this digest.
    #[must_use]
    pub fn approved_by(self, plan: Option<String>) -> Self {
        Self { approved: plan, ..self }
    }

    /// As it is kept.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether what was kept says that the run is a sandbox's; readable in every version of the form.
    pub fn says_sandbox(text: &str) -> Option<bool> {
        serde_json::from_str::<serde_json::Value>(text).ok()?.get("sandbox")?.as_bool()
    }

    /// The word of `once_per` in what was kept; readable in every version of the form.
    pub fn says_once_per(text: &str) -> Option<String> {
        let value: serde_json::Value = serde_json::from_str(text).ok()?;
        Some(value.get("once_per")?.as_str()?.to_owned())
    }

    /// The names of texts in what was kept; readable in every version of the form.
    pub fn says_wordings(text: &str) -> Vec<PinnedWording> {
        let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
        let said = value.and_then(|mut value| value.get_mut("wordings").map(serde_json::Value::take));
        said.and_then(|said| serde_json::from_value(said).ok()).unwrap_or_default()
    }

    /// From what was kept.
    ///
    /// # Errors
    /// [`PinnedError`].
    pub fn from_json(text: &str) -> Result<Self, PinnedError> {
        let unreadable = |error: serde_json::Error| PinnedError::Unreadable(error.to_string());
        let value: serde_json::Value = serde_json::from_str(text).map_err(unreadable)?;
        let version = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
        match u32::try_from(version) {
            Ok(version) if version > VERSION => Err(PinnedError::Newer(version)),
            _ => serde_json::from_value(value).map_err(unreadable),
        }
    }

    /// The gateway's profile.
    ///
    /// # Errors
    /// [`PinnedError::Profile`].
    pub fn profile(&self) -> Result<Profile, PinnedError> {
        let limits = self.gateway_limits()?;
        let source = Source::new(self.profile_name.as_str(), self.profile.as_str());
        let profile = Profile::from_source(&source).map_err(PinnedError::Profile)?;
        profile
            .with(Some(&self.base_url), &self.vars)
            .and_then(|profile| profile.with_batch_max(self.batch_max))
            .map(|profile| profile.with_limits(limits))
            .map_err(|error| PinnedError::Unreadable(error.to_string()))
    }

    fn gateway_limits(&self) -> Result<Limits, PinnedError> {
        Ok(Limits {
            requests: read_rate(self.limits.requests.as_deref())?,
            messages: read_rate(self.limits.messages.as_deref())?,
            segments: read_rate(self.limits.segments.as_deref())?,
        })
    }

    /// The rates that hold for it: the campaign's and the gateway's, of each kind the slower one.
    ///
    /// # Errors
    /// [`PinnedError::Unreadable`].
    pub fn limits(&self) -> Result<Limits, PinnedError> {
        Ok(limits(&self.delivery()?, self.gateway_limits()?))
    }

    /// What is to go out where so many messages are left.
    pub fn volume(&self, messages: u64) -> Volume {
        Volume::of(messages, usize::try_from(self.batch_max).unwrap_or(usize::MAX))
    }

    /// Pace and patience.
    ///
    /// # Errors
    /// [`PinnedError::Unreadable`]: what limits a run must not quietly be no limit.
    pub fn delivery(&self) -> Result<Delivery, PinnedError> {
        Ok(Delivery {
            rate: read_rate(self.rate.as_deref())?,
            segments: read_rate(self.segments.as_deref())?,
            concurrency: self.concurrency.max(1),
            retry: Retry {
                attempts: self.attempts.max(1),
                backoff: Duration::from_millis(self.backoff_ms),
                max_backoff: Duration::from_millis(self.max_backoff_ms),
            },
            unknown: if self.resend_unknown { Unknown::Resend } else { Unknown::Hold },
            window: self.window.as_ref().map(PinnedWindow::read).transpose()?,
            until: self.until_ms.map(read_instant).transpose()?,
            recipients: self.recipients.as_ref().map(PinnedRecipients::read).transpose()?,
        })
    }

    /// Who is left out because of what was sent before.
    ///
    /// # Errors
    /// [`PinnedError::Unreadable`]: a rule must not quietly be none.
    pub fn frequency(&self) -> Result<Frequency, PinnedError> {
        let cap = self.cap.as_ref().map(|cap| {
            let per = cap.per.parse().map_err(unreadable_quantity)?;
            Ok(Cap { messages: cap.messages, per })
        });
        Ok(Frequency {
            once_per: self.once_per.clone().map(OncePer::of),
            cap: cap.transpose()?,
            exclude: self.exclude_campaign.clone(),
        })
    }

    /// How addresses of the run are read.
    ///
    /// # Errors
    /// [`PinnedError::Unreadable`].
    pub fn address_kind(&self) -> Result<AddressKind, PinnedError> {
        if !self.phones {
            return Ok(AddressKind::Opaque);
        }
        let region = self.region.as_ref().map(|text| region_of(text)).transpose();
        let region = region.map_err(|error| PinnedError::Unreadable(error.to_string()))?;
        Ok(AddressKind::Phone { region })
    }
}

impl PinnedWording {
    fn of(wording: &Wording) -> Self {
        let name = |name: &Option<Arc<str>>| name.as_deref().map(str::to_owned);
        Self { variant: name(&wording.variant), locale: name(&wording.locale) }
    }
}

impl PinnedRecipients {
    fn of(recipients: Recipients) -> Self {
        Self {
            moment: recipients.moment,
            window: recipients.window.map(PinnedWindow::of),
            until: recipients.until.map(|until| until.to_string()),
            late_after_ms: recipients.late_after.map(|late| late.num_milliseconds()),
        }
    }

    fn read(&self) -> Result<Recipients, PinnedError> {
        let until = self.until.as_deref().map(str::parse::<NaiveDate>).transpose();
        Ok(Recipients {
            moment: self.moment,
            window: self.window.as_ref().map(PinnedWindow::read).transpose()?,
            until: until.map_err(|error| PinnedError::Unreadable(error.to_string()))?,
            late_after: self.late_after_ms.map(TimeDelta::milliseconds),
        })
    }
}

impl PinnedWindow {
    fn of(window: Window) -> Self {
        Self {
            from: window.from().to_string(),
            to: window.to().to_string(),
            zone: window.zone().to_string(),
            days: (window.days() != Days::ALL).then(|| window.days().to_string()),
        }
    }

    /// What keeps messages out of the night must not quietly be nothing.
    fn read(&self) -> Result<Window, PinnedError> {
        let unreadable = |error: WindowError| PinnedError::Unreadable(error.to_string());
        let zone = match self.zone.as_str() {
            "recipient" => Ok(Zone::RECIPIENT),
            name => name.parse(),
        };
        let zone = zone.map_err(|error: MomentError| PinnedError::Unreadable(error.to_string()))?;
        let (from, to) = (self.from.parse().map_err(unreadable)?, self.to.parse().map_err(unreadable)?);
        let days = self.days.as_deref().map(str::parse::<Days>).transpose();
        let days = days.map_err(|error| PinnedError::Unreadable(error.to_string()))?;
        let window = Window::new(from, to, zone).and_then(|one| one.with_days(days.unwrap_or(Days::ALL)));
        window.map_err(unreadable)
    }
}

fn read_instant(ms: i64) -> Result<DateTime<Utc>, PinnedError> {
    DateTime::from_timestamp_millis(ms)
        .ok_or_else(|| PinnedError::Unreadable(format!("{ms} is no moment of the calendar")))
}

fn read_rate(text: Option<&str>) -> Result<Option<Rate>, PinnedError> {
    text.map(str::parse).transpose().map_err(unreadable_quantity)
}

fn unreadable_quantity(error: UnitError) -> PinnedError {
    PinnedError::Unreadable(error.to_string())
}
