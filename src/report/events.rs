//! What a process that sends many campaigns says as things happen: a calm line each for people, or a frozen object of
//! JSON. Neither holds an address or a secret.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::layout::count;
use super::status::RunLine;
use crate::units::thousands;

/// What happened. The words are frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// The process is there.
    Started,
    /// A campaign was found.
    Found,
    /// Its files were changed.
    Changed,
    /// Its files are wrong.
    Broken,
    /// They are right again.
    Mended,
    /// It is not there any more.
    Removed,
    /// An occurrence is begun.
    Begins,
    /// A run goes on.
    GoesOn,
    /// A run is at its end.
    Ended,
    /// A run stopped before its end, in order.
    Stopped,
    /// A run waits for its time.
    Waits,
    /// A run stopped because it cannot go on.
    Failed,
    /// The gateway will have nothing of us.
    Refused,
    /// Somebody paused it.
    Paused,
    /// Somebody lets it go on.
    Resumed,
    /// Somebody cancelled it, and that is carried out.
    Cancelled,
    /// An occurrence was missed, and is left out.
    LeftOut,
    /// An occurrence was missed, and somebody has to decide.
    Missed,
    /// Something that people should know.
    Note,
    /// The process was asked to end.
    Stopping,
}

/// `run --log-format json`, version 1: an object a line.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// The version of this form: 1.
    pub version: u32,
    /// When, such as `2026-12-01T09:00:00Z`.
    pub time: String,
    /// What.
    pub event: What,
    /// The campaign, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// The same in words.
    pub text: String,
    /// Where the run stands, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunLine>,
}

impl Event {
    /// Something that happened at this time.
    pub fn new(at: DateTime<Utc>, event: What, campaign: Option<&str>, text: impl Into<String>) -> Self {
        let time = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        Self { version: 1, time, event, campaign: campaign.map(str::to_owned), text: text.into(), run: None }
    }

    /// The object of machines, without a line break.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The line of people; what has more lines stands below it.
    pub fn human(&self) -> String {
        let time = self.time.replace('T', " ").replace('Z', " UTC");
        let text = self.text.trim_end().replace('\n', "\n  ");
        match &self.campaign {
            Some(campaign) => format!("{time}  {campaign}  {text}"),
            None => format!("{time}  {text}"),
        }
    }
}

/// Where a run stands, in a few words: `932 messages: 930 accepted, 2 unknown`.
pub fn standing(run: &RunLine) -> String {
    let numbers = [
        (run.accepted, "accepted"),
        (run.rejected, "rejected"),
        (run.unknown, "unknown"),
        (run.suppressed, "left out"),
        (run.expired, "expired"),
        (run.held, "held"),
        (run.pending, "not sent yet"),
    ];
    let all = numbers.iter().filter(|(number, _)| *number > 0);
    let all: Vec<String> = all.map(|(number, word)| format!("{} {word}", thousands(*number))).collect();
    match all.is_empty() {
        true => count(run.planned, "message"),
        false => format!("{}: {}", count(run.planned, "message"), all.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reads_like_this() {
        let at = "2026-12-01T09:00:00Z".parse().unwrap();
        let event = Event::new(at, What::GoesOn, Some("spring-sale"), "goes on:\n3 left");
        assert_eq!(event.human(), "2026-12-01 09:00:00 UTC  spring-sale  goes on:\n  3 left");
        assert_eq!(
            event.json(),
            r#"{"version":1,"time":"2026-12-01T09:00:00Z","event":"goes-on","campaign":"spring-sale","text":"goes on:\n3 left"}"#
        );
    }
}
