//! The gateway of a run, over the real network: builds requests as the profile says, sends them, and reads
//! what comes back. All of it runs beside the engine, on whatever thread is free.

use std::sync::Arc;

use chrono::Utc;

use super::clock::Clock;
use super::gauges::Gauges;
use super::http::Http;
use crate::delivery::access::Credential;
use crate::delivery::answer::Answer;
use crate::delivery::message::{Batch, Claimed};
use crate::message::part::Part;
use crate::message::segments::{Encoding, measure};
use crate::provider::key::key;
use crate::provider::{
    self, AuthError, BuildError, Class, Fault, Member, Profile, Reading, Secrets, Token, Verdict,
};

/// A gateway with what it needs to be spoken to.
#[derive(Debug)]
pub struct Gateway {
    /// How it speaks.
    pub profile: Arc<Profile>,
    /// What tells the run from every other one: keys of messages come from it.
    pub run: String,
    /// The sender as it wants it.
    pub sender: serde_json::Value,
    /// Credentials.
    pub secrets: Secrets,
    /// The client.
    pub http: Http,
    /// What time it is.
    pub clock: Clock,
    /// Where it is counted how long answers take, if anybody wants to know.
    pub gauges: Option<Arc<Gauges>>,
}

impl Gateway {
    /// Sends a batch and reads the answer.
    pub async fn send(&self, batch: &Batch, token: Option<&Token>) -> Answer {
        let keys = keys(&self.profile, &self.run, batch);
        let members = members(&self.profile, batch, &keys);
        let now = self.clock.now().utc;
        // What cannot be delivered before its hours are over should not be at all.
        let expires_at = batch.closes;
        let outgoing = provider::Batch { members: &members, sender: &self.sender, now, expires_at };
        let exchanged = match self.profile.build_send(&outgoing, &self.secrets, token) {
            Ok(request) => {
                let begun = self.gauges.is_some().then(|| self.clock.now().elapsed);
                let exchanged = self.http.execute(request).await;
                if let (Some(gauges), Some(begun)) = (&self.gauges, begun) {
                    gauges.answered(self.clock.now().elapsed.saturating_sub(begun));
                }
                exchanged
            }
            Err(error) => {
                return Answer { number: batch.number, reading: unbuilt(&members, &error), unreached: false };
            }
        };
        let reading = self.profile.read_send(&outgoing, &self.secrets, exchanged.as_ref());
        Answer { number: batch.number, reading, unreached: matches!(exchanged, Err(Fault::NotSent(_))) }
    }

    /// Logs in, or renews.
    ///
    /// # Errors
    /// [`AuthError`].
    pub async fn authenticate(
        &self,
        credential: Credential,
        token: Option<&Token>,
    ) -> Result<Token, AuthError> {
        let request = match (credential, token) {
            (Credential::Refresh, Some(token)) => self.profile.build_refresh(&self.secrets, token),
            _ => self.profile.build_login(&self.secrets),
        };
        let request = request.map_err(|error| AuthError::Refused(error.to_string()))?;
        if let Some(gauges) = &self.gauges {
            gauges.credential();
        }
        let exchanged = self.http.execute(request).await;
        let now: chrono::DateTime<Utc> = self.clock.now().utc;
        self.profile.read_token(&self.secrets, exchanged.as_ref(), now)
    }
}

/// The messages' keys, where somebody wants them: they cost a digest each. `run` is what tells the run from others.
pub fn keys(profile: &Profile, run: &str, batch: &Batch) -> Vec<String> {
    let one = |message: &Claimed| {
        if !profile.uses_key() {
            return String::new();
        }
        key(run, &message.recipient, message.part.map_or(0, Part::number))
    };
    batch.parcels.iter().map(|parcel| one(&parcel.message)).collect()
}

/// The messages of a batch as the profile is told them, with their keys.
pub fn members<'b>(profile: &Profile, batch: &'b Batch, keys: &'b [String]) -> Vec<Member<'b>> {
    let one = |(message, key): (&'b Claimed, &'b String)| Member {
        id: &message.recipient,
        address: &message.address,
        text: &message.text,
        key,
        encoding: encoding(profile, message),
        part: message.part.map(|part| provider::Part {
            number: part.number(),
            count: part.count(),
            reference: part.reference(),
        }),
    };
    batch.parcels.iter().map(|parcel| &parcel.message).zip(keys).map(one).collect()
}

/// How the text is written on the air; a part as the whole text is.
fn encoding(profile: &Profile, message: &Claimed) -> &'static str {
    if !profile.uses_encoding() {
        return "";
    }
    match message.part.map_or_else(|| measure(&message.text).encoding, Part::encoding) {
        Encoding::Gsm7 => "gsm7",
        Encoding::Ucs2 => "ucs2",
    }
}

/// What a request that cannot be made means: nothing went out. An address that cannot be written is that
/// recipient's trouble alone; anything else would stop every request, so it stops the run.
pub fn unbuilt(members: &[Member<'_>], error: &BuildError) -> Reading {
    let BuildError::Address { id, .. } = error else {
        return Reading::all(members.len(), &Verdict::new(Class::Config, error.to_string()));
    };
    let verdict = |member: &Member<'_>| {
        let class = if member.id == id { Class::Rejected } else { Class::Transient };
        Verdict::new(class, error.to_string())
    };
    Reading {
        verdicts: members.iter().map(verdict).collect(),
        ..Reading::all(0, &Verdict::new(Class::Unknown, ""))
    }
}
