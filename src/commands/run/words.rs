//! What is said about campaigns, and when they go on.

use chrono::{DateTime, Utc};

use crate::commands::ending::Delivered;
use crate::delivery::control::HoldKind;
use crate::delivery::engine::End;
use crate::delivery::roster::{Ended, Notice, Waiting};
use crate::executor::Driven;
use crate::report::events::{What, standing};
use crate::report::layout::duration;
use crate::report::mask::Mask;

/// What a campaign waits for.
pub fn waits(waiting: Option<Waiting>, now: DateTime<Utc>) -> String {
    let time = |at: DateTime<Utc>| {
        let wait = duration((at - now).to_std().unwrap_or_default());
        format!("{} in {wait}", at.format("%Y-%m-%d %H:%M:%S UTC,"))
    };
    match waiting {
        Some(Waiting::Busy) => "it is being sent".to_owned(),
        Some(Waiting::Held { kind: HoldKind::Paused, .. }) => "it is paused".to_owned(),
        Some(Waiting::Held { kind: HoldKind::Cancelled, .. }) => "it is cancelled".to_owned(),
        Some(Waiting::Retry(at)) if at == DateTime::<Utc>::MAX_UTC => "it is not tried again".to_owned(),
        Some(Waiting::Retry(at)) => format!("tried again at {}", time(at)),
        Some(Waiting::Until(at)) => format!("goes on at {}", time(at)),
        Some(Waiting::Next(at, comes)) => {
            let wait = duration((comes - now).to_std().unwrap_or_default());
            format!("next at {}, in {wait}", at.zone.show(at.instant()))
        }
        Some(Waiting::Others) => "it is its turn next".to_owned(),
        Some(Waiting::Person(at)) => format!("missed at {}", at.zone.show(at.instant())),
        Some(Waiting::Hand) => "has no schedule; `sendplan send` begins it".to_owned(),
        Some(Waiting::Nothing) => "nothing more is due".to_owned(),
        None => "nothing of it is begun".to_owned(),
    }
}

/// The same in one frozen word, and until when.
pub fn doing(waiting: Waiting) -> (&'static str, Option<DateTime<Utc>>) {
    match waiting {
        Waiting::Busy => ("sending", None),
        Waiting::Held { kind, .. } => (kind.name(), None),
        Waiting::Retry(at) => ("retrying", Some(at)),
        Waiting::Until(at) => ("waiting", Some(at)),
        Waiting::Next(..) => ("scheduled", None),
        Waiting::Others => ("queued", None),
        Waiting::Person(_) => ("missed", None),
        Waiting::Hand => ("by-hand", None),
        Waiting::Nothing => ("over", None),
    }
}

/// An occurrence that nobody began in time.
pub fn notice(notice: &Notice, now: DateTime<Utc>) -> (What, String, String) {
    let (Notice::LeftOut { campaign, at } | Notice::Missed { campaign, at }) = notice;
    let ago = duration((now - at.instant()).to_std().unwrap_or_default());
    let was = format!("was to go out at {}, {ago} ago", at.zone.show(at.instant()));
    let (what, text) = match notice {
        Notice::LeftOut { .. } => {
            (What::LeftOut, format!("{was}: missed, and left out (`schedule.missed: skip`)"))
        }
        Notice::Missed { .. } => {
            let then = "say `schedule.missed: send` to send it late, or `skip` to leave it out";
            (What::Missed, format!("{was}: too late to send it by itself; {then}"))
        }
    };
    (what, campaign.clone(), text)
}

/// What a gateway says may name somebody.
fn told(why: &str) -> String {
    Mask::Masked.cell(why)
}

/// How a run ended.
pub fn ended(sent: &Delivered, how: Ended, next: &str) -> (What, String) {
    let (run, occurrence) = (standing(&sent.run), &sent.run.occurrence);
    match (&sent.driven, how) {
        (Driven::Ended(End::Paused(why)), Ended::Asked) => (What::Paused, format!("is {why}; {run}")),
        (Driven::Ended(End::Waits { .. }), _) => (What::Waits, format!("{occurrence} waits, {run}; {next}")),
        (Driven::Ended(End::Finished), _) => (What::Ended, format!("{occurrence} is done, {run}; {next}")),
        (Driven::Ended(End::Refused(why)), _) => {
            (What::Refused, format!("refused: {}; {run}; {next}", told(why)))
        }
        (Driven::Ended(End::Paused(why)), _) => {
            (What::Failed, format!("stopped: {}; {run}; {next}", told(why)))
        }
        (Driven::Ended(End::Cancelled(why)), _) => (What::Stopped, format!("was {why}; {run}")),
        (Driven::Ended(End::Interrupted), _) => (What::Stopped, format!("stopped as asked, in order; {run}")),
        (Driven::Cut, _) => (What::Stopped, format!("stopped at once; {run}")),
    }
}

/// The process was asked to end.
pub fn stopping(left: usize) -> String {
    match left {
        0 => "asked to end".to_owned(),
        1 => "asked to end: nothing new goes out, what is under way of one campaign is heard out".to_owned(),
        many => {
            format!("asked to end: nothing new goes out, what is under way of {many} campaigns is heard out")
        }
    }
}
