//! What an answer means for each message of its batch, and for the run.

use std::sync::Arc;
use std::time::Duration;

use super::breaker::{Ticket, Upshot};
use super::control::Teller;
use super::engine::{End, Engine, InAir, Now, change};
use super::message::{Change, Parcel};
use super::patience;
use super::state::Event;
use crate::campaign::Unknown;
use crate::provider::{Class, Reading, Verdict};

/// What came back for a batch.
#[derive(Debug)]
pub struct Answer {
    /// The batch's number.
    pub number: u64,
    /// What the profile makes of it.
    pub reading: Reading,
    /// Whether the gateway was not even reached.
    pub unreached: bool,
}

/// What is the same for all messages of one answer.
struct Circumstances {
    now: Now,
    sent_at: Duration,
    wish: Option<Duration>,
    newest_credential: bool,
    last_credential: bool,
    unreached: bool,
}

impl Engine {
    /// The answer to a batch.
    pub fn answered(&mut self, answer: Answer, now: Now) {
        let Some(InAir { batch, sent_at, generation, ticket }) = self.in_air.remove(&answer.number) else {
            return;
        };
        let refused = answer.reading.verdicts.iter().any(|verdict| verdict.class == Class::Auth);
        let last_credential = refused && self.access.is_second_try(generation);
        let circumstances = Circumstances {
            now,
            sent_at,
            wish: answer.reading.retry_after.map(|after| after.wait(now.utc)),
            newest_credential: refused && self.access.reject(generation),
            last_credential,
            unreached: answer.unreached,
        };
        self.watch(&answer.reading, generation, ticket);
        let parcels = Arc::unwrap_or_clone(batch).parcels;
        let mut verdicts = answer.reading.verdicts.into_iter();
        for parcel in parcels {
            let lost =
                || Verdict { class: Class::Unknown, provider_id: None, reason: Some("no result".to_owned()) };
            let verdict = verdicts.next().unwrap_or_else(lost);
            self.judge(parcel, verdict, &circumstances);
        }
        if let Some(why) = answer.reading.halt {
            self.end.get_or_insert(End::Refused(why));
        }
        if answer.reading.stray {
            self.end.get_or_insert(End::Paused(
                "the gateway answered for somebody who was not asked for".to_owned(),
            ));
        }
    }

    /// Lets the breaker and the provider's trouble know what the request came to.
    fn watch(&mut self, reading: &Reading, generation: u64, ticket: Ticket) {
        let has = |wanted: &[Class]| reading.verdicts.iter().any(|verdict| wanted.contains(&verdict.class));
        let upshot = if has(&[Class::Accepted]) {
            Upshot::Accepted
        } else if has(&[Class::Unknown]) {
            Upshot::Unknown
        } else if has(&[Class::Rejected, Class::InvalidRecipient, Class::OptedOut]) {
            Upshot::Refused
        } else {
            Upshot::Neutral
        };
        if matches!(upshot, Upshot::Accepted | Upshot::Refused) {
            self.trouble.over();
            self.access.prove(generation);
        }
        let reason = reading
            .verdicts
            .iter()
            .find_map(|verdict| verdict.reason.as_deref())
            .unwrap_or("no reason given");
        if let Some(stop) = self.breaker.note(ticket, upshot, reading.verdicts.len(), reason) {
            self.end.get_or_insert(End::Paused(stop));
        }
    }

    fn judge(&mut self, parcel: Parcel, verdict: Verdict, circumstances: &Circumstances) {
        let now = circumstances.now;
        let reason = verdict.reason;
        match verdict.class {
            Class::Accepted => {
                self.tally.accepted += 1;
                self.outbox.push(change(&parcel, Event::Accept, verdict.provider_id, None, now));
            }
            Class::Rejected | Class::InvalidRecipient | Class::OptedOut => {
                let word = match verdict.class {
                    Class::InvalidRecipient => "invalid recipient",
                    Class::OptedOut => "opted out",
                    _ => "rejected",
                };
                let reason = reason.map_or_else(|| word.to_owned(), |text| format!("{word}: {text}"));
                let opted_out = verdict.class == Class::OptedOut;
                if opted_out {
                    self.opt_outs.learn(&parcel.message.address, Teller::Gateway);
                }
                let refused = self.refused(&parcel, verdict.provider_id, reason, now);
                self.outbox.push(Change { opted_out, ..refused });
            }
            Class::Throttled => self.throttled(parcel, reason, circumstances),
            Class::Transient if circumstances.unreached => self.throttled(parcel, reason, circumstances),
            Class::Transient => self.try_again(parcel, reason, circumstances),
            Class::Auth => self.refused_credential(parcel, reason, circumstances),
            Class::Config | Class::Account => {
                let text = reason.clone().unwrap_or_else(|| "the gateway refuses the request".to_owned());
                let account = verdict.class == Class::Account;
                let text = if account { format!("the account cannot send: {text}") } else { text };
                self.give_back(parcel, reason, now.elapsed, now);
                self.end.get_or_insert(End::Refused(text));
            }
            Class::Unknown => self.lost(parcel, verdict.provider_id, reason, now),
        }
    }

    /// Refused for good. Of a message that is sent again because nobody knew, a refusal speaks of the second copy only.
    fn refused(&mut self, parcel: &Parcel, provider_id: Option<String>, reason: String, now: Now) -> Change {
        if !parcel.doubtful {
            self.tally.rejected += 1;
            return change(parcel, Event::Reject, provider_id, Some(reason), now);
        }
        let reason = reason.strip_prefix("rejected: ").unwrap_or(&reason);
        let reason = format!("refused when it was sent again: {reason}");
        self.tally.unknown += 1;
        change(parcel, Event::LoseTrack, provider_id, Some(reason), now)
    }

    /// Proven not sent: it goes back, to be sent again at `at`.
    fn return_to_queue(&mut self, parcel: Parcel, reason: Option<String>, at: Duration, now: Now) {
        if self.end.is_none() {
            self.tally.retried += 1;
        }
        self.give_back(parcel, reason, at, now);
    }

    fn give_back(&mut self, parcel: Parcel, reason: Option<String>, at: Duration, now: Now) {
        self.outbox.push(change(&parcel, Event::ProvenNotSent, None, reason, now));
        self.queue.push_later(parcel, at);
    }

    fn throttled(&mut self, parcel: Parcel, reason: Option<String>, circumstances: &Circumstances) {
        let text = reason.as_deref().unwrap_or("throttled");
        self.setback(circumstances.wish, text, circumstances.sent_at, circumstances.now);
        let until = self.trouble.until();
        self.return_to_queue(parcel, reason, until, circumstances.now);
    }

    /// Not processed, for a passing reason. Attempts that are used up while others were accepted are the
    /// message's own trouble; while nobody was, they are an outage, and it waits for better days.
    fn try_again(&mut self, mut parcel: Parcel, reason: Option<String>, circumstances: &Circumstances) {
        let now = circumstances.now;
        if parcel.failures == 0 {
            parcel.accepted_before = self.tally.accepted;
        }
        parcel.failures += 1;
        let used_up = parcel.failures >= self.delivery.retry.attempts;
        if used_up && parcel.accepted_before == self.tally.accepted {
            let why = reason.as_deref().unwrap_or("not processed");
            let text = format!("nobody was accepted in {} attempts; the last: {why}", parcel.failures);
            self.end.get_or_insert(End::Paused(text));
            self.return_to_queue(parcel, reason, now.elapsed, now);
            return;
        }
        if used_up {
            let why = reason.unwrap_or_else(|| "not processed".to_owned());
            let text = format!("given up after {} attempts: {why}", parcel.failures);
            let refused = self.refused(&parcel, None, text, now);
            self.outbox.push(refused);
            return;
        }
        let salt = parcel.message.key.seq.unsigned_abs();
        let pause = patience::pause(&self.delivery.retry, u32::from(parcel.failures), salt);
        let wait =
            circumstances.wish.map_or(pause, |asked| patience::wish(&self.delivery.retry, asked).max(pause));
        self.return_to_queue(parcel, reason, now.elapsed + wait, now);
    }

    /// A credential that was replaced meanwhile proves nothing; the newest one refused twice does, and one that took
    /// the place of a refused one and never was any better.
    fn refused_credential(
        &mut self,
        mut parcel: Parcel,
        reason: Option<String>,
        circumstances: &Circumstances,
    ) {
        let twice = parcel.refused_once && circumstances.newest_credential;
        if twice || circumstances.last_credential {
            let text = reason.as_deref().unwrap_or("unauthorised");
            self.end.get_or_insert(End::Refused(self.access.refusal(text)));
        }
        parcel.refused_once = true;
        let now = circumstances.now;
        self.return_to_queue(parcel, reason, now.elapsed, now);
    }

    fn lost(&mut self, mut parcel: Parcel, provider_id: Option<String>, reason: Option<String>, now: Now) {
        self.outbox.push(change(&parcel, Event::LoseTrack, provider_id, reason.clone(), now));
        parcel.failures += 1;
        parcel.doubtful = true;
        if self.delivery.unknown == Unknown::Resend && parcel.failures < self.delivery.retry.attempts {
            self.tally.retried += 1;
            self.outbox.push(change(&parcel, Event::Resend, None, reason, now));
            let salt = parcel.message.key.seq.unsigned_abs();
            let pause = patience::pause(&self.delivery.retry, u32::from(parcel.failures), salt);
            self.queue.push_later(parcel, now.elapsed + pause);
            return;
        }
        self.tally.unknown += 1;
    }
}
