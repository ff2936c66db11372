//! Questions to a gateway about messages that were sent, as a machine without a clock or a network: which one goes
//! out next, at the gateway's pace, with one credential for all. None of them sends anything, so each may be asked
//! again.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::access::{Access, Credential};
use super::engine::{End, Now};
use super::pace::Pace;
use super::trouble::Trouble;
use crate::campaign::{Delivery, Retry};
use crate::provider::{AuthError, Profile, RetryAfter, Token};

/// Rounds in a row that lead nowhere, after which nothing more is asked.
const FRUITLESS_ROUNDS: u16 = 5;
/// How often a question that was lost on its way is asked: one that kills its connection must not hold up the others.
const LOST_TRIES: u16 = 3;
/// How often a question is asked that the gateway puts off while it answers others.
const THROTTLED_TRIES: u16 = 50;

/// Why a question was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// The credential was refused.
    Unauthorised,
    /// Too many questions: all of them wait.
    Throttled(Option<RetryAfter>),
    /// The gateway was not reached, did not answer in time, or is in trouble itself: all questions wait.
    Trouble(String),
    /// The gateway will not answer us: nothing more is asked.
    Refused(String),
    /// An answer that says nothing of this message.
    Silent(String),
}

/// What to do next.
#[derive(Debug)]
pub enum AskStep<T> {
    /// Get a credential, then report [`Asking::authenticated`].
    Authenticate(Credential),
    /// Ask this now, then report [`Asking::answered`] with the number.
    Ask(u64, T),
    /// Nothing before this time since the process began, or before something is reported.
    Wait(Option<Duration>),
    /// All is answered, or nothing more will be asked; [`Asking::end`] says which.
    Done,
}

#[derive(Debug)]
struct Query<T> {
    subject: T,
    lost: u16,
    throttled: u16,
    refused_once: bool,
}

#[derive(Debug)]
struct InAir<T> {
    query: Query<T>,
    asked_at: Duration,
    generation: u64,
}

/// See the module. `T` is what a question is about.
#[derive(Debug)]
pub struct Asking<T> {
    access: Access,
    trouble: Trouble,
    pace: Option<Pace>,
    concurrency: usize,
    queue: VecDeque<Query<T>>,
    in_air: HashMap<u64, InAir<T>>,
    end: Option<End>,
    next_number: u64,
}

impl<T: Clone> Asking<T> {
    /// Nothing to ask yet. At most as much at once as the run was pinned with, at most the gateway's requests.
    pub fn new(profile: Arc<Profile>, delivery: &Delivery, now: Now) -> Self {
        Self {
            pace: profile.limits().requests.map(|rate| Pace::new(rate, now.elapsed)),
            access: Access::new(profile),
            trouble: Trouble::new(Retry { attempts: FRUITLESS_ROUNDS, ..delivery.retry }),
            concurrency: usize::from(delivery.concurrency.max(1)),
            queue: VecDeque::new(),
            in_air: HashMap::new(),
            end: None,
            next_number: 0,
        }
    }

    /// More to ask.
    pub fn feed(&mut self, subjects: impl IntoIterator<Item = T>) {
        let query = |subject| Query { subject, lost: 0, throttled: 0, refused_once: false };
        self.queue.extend(subjects.into_iter().map(query));
    }

    /// Asks for an orderly end: nothing new is asked, what is under way is heard out.
    pub fn stop(&mut self) {
        self.end.get_or_insert(End::Interrupted);
    }

    /// Why nothing more is asked, if so.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// The credential that questions asked now carry.
    pub fn token(&self) -> Option<Arc<Token>> {
        self.access.token()
    }

    /// What all questions wait for, if they do.
    pub fn waiting_for(&self, now: Now) -> Option<&str> {
        self.trouble.reason(now.elapsed)
    }

    /// What to do next. To be called until it says wait or done.
    pub fn next(&mut self, now: Now) -> AskStep<T> {
        let has_work = self.end.is_none() && !self.queue.is_empty();
        if has_work && !self.trouble.holds(now.elapsed) {
            if let Some(credential) = self.access.wanted(now.utc) {
                return AskStep::Authenticate(credential);
            }
            if let Some((number, subject)) = self.dispatch(now) {
                return AskStep::Ask(number, subject);
            }
        }
        if !has_work && self.in_air.is_empty() && !self.access.is_busy() {
            return AskStep::Done;
        }
        AskStep::Wait(has_work.then(|| self.wake_at(now)).flatten())
    }

    fn dispatch(&mut self, now: Now) -> Option<(u64, T)> {
        let is_ready = self.in_air.len() < self.concurrency
            && self.access.is_usable(now.utc)
            && self.pace.as_ref().is_none_or(|pace| pace.is_ready(now.elapsed));
        let query = if is_ready { self.queue.pop_front() } else { None }?;
        if let Some(pace) = &mut self.pace {
            pace.take(1, now.elapsed);
        }
        self.next_number += 1;
        let subject = query.subject.clone();
        let generation = self.access.generation();
        self.in_air.insert(self.next_number, InAir { query, asked_at: now.elapsed, generation });
        Some((self.next_number, subject))
    }

    fn wake_at(&self, now: Now) -> Option<Duration> {
        let pace = self.pace.as_ref().map(Pace::ready_at);
        [pace, Some(self.trouble.until())].into_iter().flatten().filter(|at| *at > now.elapsed).max()
    }

    /// The credential asked for came, or did not.
    pub fn authenticated(&mut self, result: Result<Token, AuthError>, now: Now) {
        match self.access.settle(result) {
            Ok(()) => {}
            Err(error @ (AuthError::Refused(_) | AuthError::Unsafe(_))) => {
                self.end.get_or_insert(End::Refused(error.to_string()));
            }
            Err(error) => {
                let wish = match &error {
                    AuthError::Throttled(wish) => wish.map(|after| after.wait(now.utc)),
                    _ => None,
                };
                self.setback(wish, &error.to_string(), now.elapsed, now);
            }
        }
    }

    /// What came back for a question. The subject with its answer, or with the reason why there is none, when
    /// this is all that will be heard of it; nothing when it is asked again or never answered for all.
    pub fn answered<A>(
        &mut self,
        number: u64,
        heard: Result<A, Unanswered>,
        now: Now,
    ) -> Option<(T, Result<A, String>)> {
        let InAir { mut query, asked_at, generation } = self.in_air.remove(&number)?;
        match heard {
            Ok(answer) => {
                self.trouble.over();
                return Some((query.subject, Ok(answer)));
            }
            Err(Unanswered::Silent(reason)) => {
                self.trouble.over();
                return Some((query.subject, Err(reason)));
            }
            Err(Unanswered::Refused(reason)) => {
                self.end.get_or_insert(End::Refused(reason));
            }
            Err(Unanswered::Unauthorised) => {
                let newest = self.access.reject(generation);
                if query.refused_once && newest {
                    self.end.get_or_insert(End::Refused(self.access.refusal("unauthorised")));
                }
                query.refused_once = true;
            }
            Err(Unanswered::Throttled(wish)) => {
                let reason = "the gateway asks to wait";
                self.setback(wish.map(|after| after.wait(now.utc)), reason, asked_at, now);
                query.throttled += 1;
                if query.throttled >= THROTTLED_TRIES {
                    return Some((query.subject, Err(reason.to_owned())));
                }
            }
            Err(Unanswered::Trouble(reason)) => {
                self.setback(None, &reason, asked_at, now);
                query.lost += 1;
                if query.lost >= LOST_TRIES {
                    return Some((query.subject, Err(reason)));
                }
            }
        }
        self.queue.push_back(query);
        None
    }

    /// All questions wait. Enough of that in a row without any answer between, and nothing more is asked.
    fn setback(&mut self, wish: Option<Duration>, reason: &str, asked_at: Duration, now: Now) {
        if let Some(reason) = self.trouble.begin(wish, reason, asked_at, now.elapsed) {
            self.end.get_or_insert(End::Paused(reason));
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::diagnostic::Source;

    const SECOND: Duration = Duration::from_secs(1);

    fn profile(token: bool) -> Arc<Profile> {
        let auth = if token {
            "auth:\n  headers: { Authorization: \"Bearer {{ token.access }}\" }\n  token:\n    \
             login: { method: POST, path: /login, json: { key: \"{{ secrets.key }}\" } }\n    \
             read: { access: \"{{ response.json.token }}\", expires_in: \"{{ 3600 }}\" }\n"
        } else {
            "auth: { headers: { Key: \"{{ secrets.key }}\" } }\n"
        };
        let text = format!(
            "version: 1\nname: p\ntitle: P\nbase_url: https://p.example\nsecrets: {{ key: \"${{env:K}}\" }}\n\
             sender: {{ type: string, description: a name }}\naddress: {{ kind: phone, wire: e164 }}\n{auth}\
             limits: {{ requests: 10/s }}\nsend:\n  method: POST\n  path: /m\n  \
             json: {{ to: \"{{{{ recipient }}}}\", text: \"{{{{ text }}}}\" }}\n  batch: {{ mode: single }}\n\
             results: {{ id: \"{{{{ response.json.id }}}}\" }}\n"
        );
        let read = Profile::from_source(&Source::new("p.yaml", text.as_str()));
        Arc::new(read.unwrap_or_else(|problems| panic!("{}", problems.render(false))))
    }

    fn at(elapsed: Duration) -> Now {
        let utc = DateTime::UNIX_EPOCH + chrono::TimeDelta::from_std(elapsed).unwrap();
        Now { elapsed, utc }
    }

    fn asking(token: bool, subjects: std::ops::Range<u32>) -> Asking<u32> {
        let delivery = Delivery { concurrency: 2, ..Delivery::default() };
        let mut asking = Asking::new(profile(token), &delivery, at(Duration::ZERO));
        asking.feed(subjects);
        asking
    }

    fn asked(asking: &mut Asking<u32>, now: Duration) -> (u64, u32) {
        match asking.next(at(now)) {
            AskStep::Ask(number, subject) => (number, subject),
            other => panic!("{other:?}"),
        }
    }

    fn wait(asking: &mut Asking<u32>, now: Duration) -> Option<Duration> {
        match asking.next(at(now)) {
            AskStep::Wait(until) => until,
            other => panic!("{other:?}"),
        }
    }

    fn token() -> Token {
        Token {
            access: "a".into(),
            refresh: None,
            expires_at: DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1),
            refresh_expires_at: None,
            renew_at: DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1),
        }
    }

    #[test]
    fn no_more_at_once_than_allowed_and_no_faster_than_the_limit() {
        let mut asking = asking(false, 0..4);
        assert_eq!(asked(&mut asking, Duration::ZERO), (1, 0));
        assert_eq!(wait(&mut asking, Duration::ZERO), Some(SECOND / 10));
        assert_eq!(asked(&mut asking, SECOND / 10), (2, 1));
        assert_eq!(wait(&mut asking, SECOND), None, "two are under way");
        assert_eq!(asking.answered(1, Ok("yes"), at(SECOND)), Some((0, Ok("yes"))));
        assert_eq!(asked(&mut asking, SECOND), (3, 2));
        assert_eq!(asking.answered::<()>(1, Ok(()), at(SECOND)), None, "it is answered once");
    }

    #[test]
    fn a_throttle_is_everybodys_and_the_question_is_asked_again() {
        let mut asking = asking(false, 0..2);
        let (number, _) = asked(&mut asking, Duration::ZERO);
        let throttled = Err::<(), _>(Unanswered::Throttled(Some(RetryAfter::Seconds(7))));
        assert_eq!(asking.answered(number, throttled, at(SECOND)), None);
        assert_eq!(wait(&mut asking, SECOND * 2), Some(SECOND * 8));
        assert_eq!(asking.waiting_for(at(SECOND * 2)), Some("the gateway asks to wait"));
        assert_eq!(asked(&mut asking, SECOND * 8).1, 1);
        assert_eq!(asked(&mut asking, SECOND * 9).1, 0);
    }

    #[test]
    fn five_rounds_that_lead_nowhere_end_it_and_an_answer_between_does_not() {
        for (answers, ends) in [(false, true), (true, false)] {
            let mut asking = asking(false, 0..200);
            let mut now = Duration::ZERO;
            for _ in 0..10 {
                let AskStep::Ask(number, _) = asking.next(at(now)) else { break };
                asking.answered(number, Err::<(), _>(Unanswered::Throttled(None)), at(now));
                now += SECOND * 400;
                if answers {
                    let (number, _) = asked(&mut asking, now);
                    asking.answered(number, Err::<(), _>(Unanswered::Silent("404".to_owned())), at(now));
                    now += SECOND;
                }
            }
            assert_eq!(matches!(asking.end(), Some(End::Paused(_))), ends);
            assert_eq!(matches!(asking.next(at(now)), AskStep::Done), ends);
        }
    }

    #[test]
    fn a_question_that_is_always_lost_does_not_hold_up_the_others() {
        let mut asking = asking(false, 0..6);
        let (mut now, mut settled) = (Duration::ZERO, Vec::new());
        while let AskStep::Ask(number, subject) = asking.next(at(now)) {
            let heard = if subject == 2 { Err(Unanswered::Trouble("reset".to_owned())) } else { Ok(()) };
            settled.extend(asking.answered(number, heard, at(now)));
            now += SECOND * 400;
        }
        settled.sort_by_key(|(subject, _)| *subject);
        assert_eq!(settled.len(), 6);
        assert_eq!(settled[2], (2, Err("reset".to_owned())));
        assert_eq!(asking.end(), None);
    }

    #[test]
    fn one_log_in_and_one_renewal_for_all() {
        let mut asking = asking(true, 0..2);
        let now = at(Duration::ZERO);
        assert!(matches!(asking.next(now), AskStep::Authenticate(Credential::Login)));
        assert_eq!(wait(&mut asking, Duration::ZERO), None);
        asking.authenticated(Ok(token()), now);
        let (one, two) = (asked(&mut asking, Duration::ZERO), asked(&mut asking, SECOND));
        for (number, _) in [one, two] {
            assert_eq!(asking.answered(number, Err::<(), _>(Unanswered::Unauthorised), at(SECOND)), None);
        }
        assert!(matches!(asking.next(at(SECOND)), AskStep::Authenticate(Credential::Login)));
        // One renewal, not two.
        wait(&mut asking, SECOND);
        asking.authenticated(Ok(token()), at(SECOND));
        let (number, _) = asked(&mut asking, SECOND * 2);
        assert_eq!(asking.answered(number, Ok(()), at(SECOND * 2)).unwrap().0, 0);
        // Refused again with a fresh one: it is not the credential's age.
        let (number, _) = asked(&mut asking, SECOND * 3);
        asking.answered(number, Err::<(), _>(Unanswered::Unauthorised), at(SECOND * 3));
        assert!(matches!(asking.end(), Some(End::Refused(_))));
        assert!(matches!(asking.next(at(SECOND * 3)), AskStep::Done));
    }

    #[test]
    fn a_stop_hears_out_what_is_under_way() {
        let mut asking = asking(false, 0..3);
        let (number, _) = asked(&mut asking, Duration::ZERO);
        asking.stop();
        assert_eq!(wait(&mut asking, SECOND), None);
        assert!(asking.answered(number, Ok(()), at(SECOND)).is_some());
        assert!(matches!(asking.next(at(SECOND)), AskStep::Done));
        assert_eq!(asking.end(), Some(&End::Interrupted));
    }

    #[test]
    fn a_refusal_ends_it() {
        let mut asking = asking(false, 0..3);
        let (number, _) = asked(&mut asking, Duration::ZERO);
        asking.answered(number, Err::<(), _>(Unanswered::Refused("no rights".to_owned())), at(SECOND));
        assert!(matches!(asking.next(at(SECOND)), AskStep::Done));
        assert_eq!(asking.end(), Some(&End::Refused("no rights".to_owned())));
    }
}
