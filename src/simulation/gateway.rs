//! A gateway in memory: whom it takes, what it says, and what goes wrong with it. It either hands over readings as
//! they are, or speaks a profile in bytes, which are then read as those of the real gateway are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret;

use crate::delivery::access::Credential;
use crate::delivery::answer::Answer;
use crate::delivery::message::{Batch, Claimed, MessageKey};
use crate::provider::{AuthError, Class, Profile, Reading, RetryAfter, Token, Verdict};
use crate::simulation::dice::Dice;
use crate::simulation::faults::{Fault, Faults, Happened};
use crate::simulation::speech::Speech;
use crate::simulation::talk::{Flight, Result, Said};

/// When a token ends by the gateway's own clock.
type Tokens = BTreeMap<String, Duration>;

/// What was taken, under which id.
#[derive(Debug)]
enum Ledger {
    /// By person and part, as a gateway knows them.
    ByPerson(BTreeMap<(String, u8), u64>),
    /// By the place in the plan, from 1; 0 for what was not taken. For runs whose people have one place each, and are
    /// many.
    InPlan(Vec<u64>),
}

impl Ledger {
    fn get(&self, message: &Claimed) -> Option<u64> {
        match self {
            Self::ByPerson(ids) => ids.get(&person(message)).copied(),
            Self::InPlan(ids) => ids.get(place(message)?).copied().filter(|id| *id > 0),
        }
    }

    fn set(&mut self, message: &Claimed, id: u64) {
        match self {
            Self::ByPerson(ids) => drop(ids.insert(person(message), id)),
            Self::InPlan(ids) => {
                if let Some(slot) = place(message).and_then(|place| ids.get_mut(place)) {
                    *slot = id;
                }
            }
        }
    }
}

fn person(message: &Claimed) -> (String, u8) {
    (message.recipient.to_string(), message.part.map_or(0, |part| part.number()))
}

fn place(message: &Claimed) -> Option<usize> {
    usize::try_from(message.key.seq.checked_sub(1)?).ok()
}

/// See the module.
#[derive(Debug)]
pub struct Gateway {
    profile: Arc<Profile>,
    /// Whether it carries a message out once however often it comes.
    honours_keys: bool,
    /// Speaks in bytes, where there is somebody to.
    speech: Option<Speech>,
    ledger: Ledger,
    /// The longest it asks anybody to wait, in seconds.
    longest_wish: u64,
    opted_out: BTreeSet<String>,
    tokens: Tokens,
    issued: u64,
}

impl Gateway {
    /// One that hands over readings.
    pub fn new(profile: Arc<Profile>, honours_keys: bool) -> Self {
        Self {
            profile,
            honours_keys,
            speech: None,
            ledger: Ledger::ByPerson(BTreeMap::new()),
            longest_wish: 400,
            opted_out: BTreeSet::new(),
            tokens: Tokens::new(),
            issued: 0,
        }
    }

    /// One that speaks in bytes.
    #[must_use]
    pub fn speaking(self, speech: Speech) -> Self {
        Self { speech: Some(speech), ..self }
    }

    /// One that keeps eight bytes a message, of so many in the run.
    #[must_use]
    pub fn compact(self, messages: usize) -> Self {
        Self { ledger: Ledger::InPlan(vec![0; messages]), ..self }
    }

    /// One that asks nobody to wait longer than so many seconds; 400 where nothing is said.
    #[must_use]
    pub fn wishing(self, seconds: u64) -> Self {
        Self { longest_wish: seconds, ..self }
    }

    /// Whether it speaks in bytes.
    pub fn speaks(&self) -> bool {
        self.speech.is_some()
    }

    /// A request arrives at `at`, by its own clock `utc`; what it takes it tells `take`, by message.
    pub fn receive(
        &mut self,
        flight: &Flight,
        at: Duration,
        utc: DateTime<Utc>,
        (faults, dice, happened): (&Faults, &mut Dice, &mut Happened),
        take: &mut dyn FnMut(MessageKey),
    ) -> Said {
        if !self.knows(flight.token.as_deref(), at) {
            return Said::Status(401, None);
        }
        let wish = Duration::from_secs(dice.between(0, self.longest_wish));
        let status = match flight.fault {
            Some(Fault::Unauthorised) => {
                let shown = flight.token.as_ref().map(|token| token.access.expose_secret().to_owned());
                self.tokens.remove(&shown.unwrap_or_default());
                Some((401, None))
            }
            Some(Fault::Forbidden) => Some((403, None)),
            Some(Fault::Throttled) => Some((429, None)),
            Some(Fault::ThrottledSeconds) => Some((429, Some(RetryAfter::Seconds(wish.as_secs())))),
            Some(Fault::ThrottledDate) => {
                let at = utc + TimeDelta::from_std(wish).unwrap_or_default();
                Some((429, Some(RetryAfter::At { at, server_now: dice.coin().then_some(utc) })))
            }
            Some(Fault::ServerError) => {
                Some((dice.pick(&[500, 502, 503, 504]).copied().unwrap_or(500), None))
            }
            Some(Fault::Transient) => Some((0, None)),
            Some(Fault::Page) if dice.coin() => return Said::Results(Vec::new(), flight.fault),
            _ => None,
        };
        if let Some((status, wish)) = status {
            return Said::Status(status, wish);
        }
        let results = self.take_all(&flight.batch, (faults, dice, happened), take);
        match flight.fault {
            Some(Fault::ResetTaken | Fault::TimeOutTaken) => Said::Lost,
            Some(Fault::ServerErrorTaken) => {
                Said::Status(dice.pick(&[500, 502, 503, 504]).copied().unwrap_or(500), None)
            }
            fault => Said::Results(results, fault),
        }
    }

    /// What happens to each member of a request that is let in.
    fn take_all(
        &mut self,
        batch: &Batch,
        (faults, dice, happened): (&Faults, &mut Dice, &mut Happened),
        take: &mut dyn FnMut(MessageKey),
    ) -> Vec<Result> {
        let mut results = Vec::with_capacity(batch.len());
        // A gateway that speaks does so by its examples, and those refuse nobody by himself.
        let choosy = self.speech.is_none();
        for parcel in &batch.parcels {
            let message = &parcel.message;
            if choosy && faults.befalls(Fault::OptedOut, dice) {
                happened.note(Fault::OptedOut);
                self.opted_out.insert(message.address.to_string());
            }
            if self.opted_out.contains(&*message.address) {
                results.push(Result::OptedOut);
                continue;
            }
            if choosy && faults.befalls(Fault::Rejected, dice) {
                happened.note(Fault::Rejected);
                results.push(Result::Rejected);
                continue;
            }
            let id = match self.ledger.get(message).filter(|_| self.honours_keys) {
                Some(id) => id,
                None => {
                    self.issued += 1;
                    self.ledger.set(message, self.issued);
                    take(message.key);
                    self.issued
                }
            };
            results.push(Result::Taken(id));
        }
        results
    }

    /// Whether a credential is good at `at`, by the gateway's clock.
    fn knows(&self, token: Option<&Token>, at: Duration) -> bool {
        if !self.profile.needs_token() {
            return true;
        }
        let end = token.and_then(|token| self.tokens.get(token.access.expose_secret()));
        end.is_some_and(|end| at < *end)
    }

    /// What the sender makes of what was said.
    pub fn answer(&mut self, flight: &Flight, said: &Said, dice: &mut Dice) -> Answer {
        let unreached = matches!(said, Said::Unreached);
        let reading = match &self.speech {
            Some(speech) => speech.read(flight, said, dice),
            None => plain(flight.batch.len(), said, dice),
        };
        Answer { number: flight.batch.number, reading, unreached }
    }

    /// Somebody logs in or renews at `at`; the sender's clock shows `utc`.
    ///
    /// # Errors
    /// As the fault says.
    pub fn log_in(
        &mut self,
        (credential, shown): (Credential, Option<&Token>),
        fault: Option<Fault>,
        (at, utc): (Duration, DateTime<Utc>),
        dice: &mut Dice,
    ) -> std::result::Result<Token, AuthError> {
        match fault {
            Some(Fault::LoginRefused) => return Err(AuthError::Refused("no".to_owned())),
            Some(Fault::LoginThrottled) => {
                let wish = dice.coin().then(|| RetryAfter::Seconds(dice.between(0, 100)));
                return Err(AuthError::Throttled(wish));
            }
            Some(Fault::LoginFailed) => {
                let (lost, odd) = (AuthError::Lost("reset".into()), AuthError::Unreadable("a page".into()));
                return Err(if dice.coin() { lost } else { odd });
            }
            _ => {}
        }
        let token = match &self.speech {
            Some(speech) => speech.log_in(credential, shown, utc)?,
            None => self.mint(utc, dice),
        };
        let life = (token.expires_at - utc).to_std().unwrap_or_default();
        self.tokens.insert(token.access.expose_secret().to_owned(), at + life);
        Ok(token)
    }

    fn mint(&mut self, utc: DateTime<Utc>, dice: &mut Dice) -> Token {
        self.issued += 1;
        let life = TimeDelta::seconds(i64::try_from(dice.between(60, 4000)).unwrap_or(60));
        Token {
            access: format!("token {}", self.issued).into(),
            refresh: dice.coin().then(|| "renewal".to_owned().into()),
            expires_at: utc + life,
            refresh_expires_at: dice.coin().then(|| utc + life / 2),
            renew_at: utc + life * 2 / 5,
        }
    }
}

/// What a reader makes of what was said, without any bytes.
fn plain(members: usize, said: &Said, dice: &mut Dice) -> Reading {
    let all = |class, reason: &str| Reading::all(members, &Verdict::new(class, reason));
    match said {
        Said::Unreached => all(Class::Transient, "connection refused"),
        Said::Lost => all(Class::Unknown, "no answer"),
        Said::Status(401, _) => all(Class::Auth, "401"),
        Said::Status(403, _) => all(Class::Config, "403"),
        Said::Status(429, wish) => Reading { retry_after: *wish, ..all(Class::Throttled, "429") },
        Said::Status(0, _) => all(Class::Transient, "not now"),
        Said::Status(status, _) => all(Class::Unknown, &format!("HTTP {status}")),
        Said::Results(_, Some(Fault::Truncated | Fault::Page)) => all(Class::Unknown, "unreadable"),
        Said::Results(results, fault) => listed(results, *fault, dice),
    }
}

fn listed(results: &[Result], fault: Option<Fault>, dice: &mut Dice) -> Reading {
    let verdict = |result: &Result| match result {
        Result::Taken(id) => {
            Verdict { class: Class::Accepted, provider_id: Some(id.to_string()), reason: None }
        }
        Result::Rejected => {
            let class = Class::Rejected;
            Verdict::new(class, "refused")
        }
        Result::OptedOut => Verdict::new(Class::OptedOut, "wants nothing"),
    };
    let mut verdicts: Vec<Verdict> = results.iter().map(verdict).collect();
    let last = verdicts.len().saturating_sub(1) as u64;
    if let Some(Fault::MissingResult | Fault::DoubleResult) = fault
        && let Some(one) = verdicts.get_mut(usize::try_from(dice.between(0, last)).unwrap_or(0))
    {
        *one = Verdict::new(Class::Unknown, "no result, or two");
    }
    Reading { verdicts, retry_after: None, stray: fault == Some(Fault::StrayResult), halt: None }
}
