//! The states of one message and the only function that changes them. What is not written in
//! [`next`] cannot happen: an illegal transition is an error, here and in the state on disk.

use std::fmt;

/// Where a message stands. Every planned message is in exactly one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Planned, and free to be sent.
    Pending,
    /// About to be sent, or being sent: durable before the first byte of its request leaves.
    Intent,
    /// The provider took it.
    Accepted,
    /// The provider refused it for good.
    Rejected,
    /// It may have been sent. Only a person, or an answer of the provider, takes it out of here.
    Unknown,
    /// Never sent: the recipient had opted out, or was reached too often; the reason says which.
    Suppressed,
    /// Not sent until a person decides: by whose clock it goes is not known; the reason says why.
    Held,
    /// Never sent: its time is over, or the run was cancelled; the reason says which.
    Expired,
}

/// The states with their code and name, both frozen: codes are on disk, names in public output.
/// Codes begin at 2 because SQLite writes 0 and 1 without a byte: rows keep their size this way.
const TABLE: [(State, u8, &str); 8] = [
    (State::Pending, 2, "pending"),
    (State::Intent, 3, "intent"),
    (State::Accepted, 4, "accepted"),
    (State::Rejected, 5, "rejected"),
    (State::Unknown, 6, "unknown"),
    (State::Suppressed, 7, "suppressed"),
    (State::Held, 8, "held"),
    (State::Expired, 9, "expired"),
];

impl State {
    /// Every state, in the order of the codes.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Intent,
        Self::Accepted,
        Self::Rejected,
        Self::Unknown,
        Self::Suppressed,
        Self::Held,
        Self::Expired,
    ];

    /// The number that stands for it on disk, 2 to 9; frozen.
    pub const fn code(self) -> u8 {
        self as u8 + 2
    }

    /// The state of a code; `None` for a code that no version of ours wrote.
    pub fn from_code(code: u8) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == code).map(|row| row.0)
    }

    /// The word for it in public output; frozen.
    pub fn name(self) -> &'static str {
        TABLE.iter().find(|row| row.0 == self).map_or("", |row| row.2)
    }

    /// Whether this is the end: no event leads out of it, and its text is not needed any more.
    pub const fn is_definite(self) -> bool {
        matches!(self, Self::Accepted | Self::Rejected | Self::Suppressed | Self::Expired)
    }

    /// Whether a run that has such a message still has something to do by itself.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Intent)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What can happen to a message. Not on disk: only the states are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// It goes into the next request.
    Intend,
    /// The provider took it.
    Accept,
    /// The provider refused it for good, or the attempts are used up.
    Reject,
    /// It provably never reached the provider: free to be sent again, and the attempt counts.
    ProvenNotSent,
    /// Its request was never begun (a stop between intent and dispatch): the attempt does not count.
    Withdraw,
    /// No definite answer: it may have been sent.
    LoseTrack,
    /// The recipient has opted out, or was reached too often.
    Suppress,
    /// Somebody said where a held one is.
    Release,
    /// Its time is over, or its run was cancelled.
    Expire,
    /// A person (or the campaign) allows an unknown one to be sent again.
    Resend,
    /// One that waits to be sent a second time will not be: of the first copy nobody knows, as before.
    Forgo,
    /// A person says that an unknown one was sent.
    AssumeSent,
    /// The provider, asked, knows the unknown one and had accepted it.
    FoundAccepted,
    /// The provider, asked, knows the unknown one and had refused it.
    FoundRejected,
}

impl Event {
    /// Every event.
    pub const ALL: [Self; 14] = [
        Self::Intend,
        Self::Accept,
        Self::Reject,
        Self::ProvenNotSent,
        Self::Withdraw,
        Self::LoseTrack,
        Self::Suppress,
        Self::Release,
        Self::Expire,
        Self::Resend,
        Self::Forgo,
        Self::AssumeSent,
        Self::FoundAccepted,
        Self::FoundRejected,
    ];

    /// The word for it in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intend => "intend",
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::ProvenNotSent => "proven not sent",
            Self::Withdraw => "withdraw",
            Self::LoseTrack => "lose track",
            Self::Suppress => "suppress",
            Self::Release => "release",
            Self::Expire => "expire",
            Self::Resend => "resend",
            Self::Forgo => "forgo",
            Self::AssumeSent => "assume sent",
            Self::FoundAccepted => "found accepted",
            Self::FoundRejected => "found rejected",
        }
    }

    /// How many requests more the message was put into by this event; one fewer when its request was never begun.
    pub const fn attempt(self) -> i64 {
        match self {
            Self::Intend => 1,
            Self::Withdraw => -1,
            _ => 0,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An event that cannot happen in this state: always a fault of ours, never of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message that is {state} cannot take the event `{event}`")]
pub struct IllegalTransition {
    /// Where the message stood.
    pub state: State,
    /// What was said to have happened.
    pub event: Event,
}

/// The state after an event: the whole of what may happen to a message.
///
/// # Errors
/// [`IllegalTransition`] for everything that is not listed; a definite state takes no event at all.
pub const fn next(state: State, event: Event) -> Result<State, IllegalTransition> {
    use Event as E;
    use State as S;
    Ok(match (state, event) {
        (S::Pending, E::Intend) => S::Intent,
        (S::Intent, E::Accept) | (S::Unknown, E::AssumeSent | E::FoundAccepted) => S::Accepted,
        (S::Intent, E::Reject) | (S::Unknown, E::FoundRejected) => S::Rejected,
        (S::Intent, E::LoseTrack) | (S::Pending | S::Held, E::Forgo) => S::Unknown,
        (S::Intent, E::ProvenNotSent | E::Withdraw) => S::Pending,
        (S::Held, E::Release) | (S::Unknown, E::Resend) => S::Pending,
        (S::Pending | S::Held, E::Suppress) => S::Suppressed,
        (S::Pending | S::Held, E::Expire) => S::Expired,
        _ => return Err(IllegalTransition { state, event }),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_and_names_are_frozen() {
        let written: Vec<String> =
            State::ALL.iter().map(|state| format!("{}={}", state.code(), state.name())).collect();
        assert_eq!(
            written.join(" "),
            "2=pending 3=intent 4=accepted 5=rejected 6=unknown 7=suppressed 8=held 9=expired"
        );
        for (state, code, name) in TABLE {
            assert_eq!((state.code(), state.name()), (code, name));
            assert_eq!(State::from_code(code), Some(state));
        }
        assert_eq!([0, 1, 10, 255].map(State::from_code), [None; 4]);
    }

    #[test]
    fn the_whole_table_of_transitions() {
        let mut legal = Vec::new();
        for state in State::ALL {
            for event in Event::ALL {
                if let Ok(then) = next(state, event) {
                    legal.push(format!("{state} -{event}-> {then}"));
                }
            }
        }
        let expected = "pending -intend-> intent
            pending -suppress-> suppressed
            pending -expire-> expired
            pending -forgo-> unknown
            intent -accept-> accepted
            intent -reject-> rejected
            intent -proven not sent-> pending
            intent -withdraw-> pending
            intent -lose track-> unknown
            unknown -resend-> pending
            unknown -assume sent-> accepted
            unknown -found accepted-> accepted
            unknown -found rejected-> rejected
            held -suppress-> suppressed
            held -release-> pending
            held -expire-> expired
            held -forgo-> unknown";
        assert_eq!(legal, expected.lines().map(str::trim).collect::<Vec<_>>());
    }

    #[test]
    fn an_illegal_transition_names_both() {
        let error = next(State::Accepted, Event::Intend).unwrap_err();
        assert_eq!(error, IllegalTransition { state: State::Accepted, event: Event::Intend });
        assert_eq!(error.to_string(), "a message that is accepted cannot take the event `intend`");
    }

    #[test]
    fn an_attempt_is_counted_once_and_only_when_it_was_made() {
        assert_eq!((Event::Intend.attempt(), Event::ProvenNotSent.attempt()), (1, 0));
        assert_eq!(Event::Intend.attempt() + Event::Withdraw.attempt(), 0);
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        prop::collection::vec(prop::sample::select(Event::ALL.to_vec()), 0..200)
    }

    proptest! {
        #[test]
        fn whatever_happens_the_laws_hold(
            begins in prop::sample::select(vec![State::Pending, State::Held]),
            events in events(),
        ) {
            let (mut state, mut accepted, mut attempts) = (begins, 0, 0);
            let mut second_copy = false;
            for event in events {
                let Ok(then) = next(state, event) else { continue };
                if event == Event::Forgo && !second_copy {
                    continue;
                }
                second_copy |= event == Event::Resend;
                prop_assert!(!state.is_definite(), "{state} was left by {event}");
                if then == State::Intent {
                    prop_assert_eq!((state, event), (State::Pending, Event::Intend));
                }
                if then == State::Unknown {
                    prop_assert!(matches!(
                        (state, event),
                        (State::Intent, Event::LoseTrack) | (State::Pending | State::Held, Event::Forgo)
                    ));
                }
                if state == State::Unknown && then == State::Pending {
                    prop_assert_eq!(event, Event::Resend);
                }
                prop_assert!(!(then.is_definite() && then.is_open()));
                accepted += u32::from(then == State::Accepted);
                attempts += event.attempt();
                prop_assert!(attempts >= 0);
                if matches!(then, State::Accepted | State::Rejected | State::Intent | State::Unknown) {
                    prop_assert!(attempts >= 1, "{then} without an attempt");
                }
                state = then;
            }
            prop_assert!(accepted <= 1);
        }

        #[test]
        fn a_definite_state_takes_no_event(
            state in prop::sample::select(State::ALL.to_vec()),
            event in prop::sample::select(Event::ALL.to_vec()),
        ) {
            if state.is_definite() {
                prop_assert_eq!(next(state, event), Err(IllegalTransition { state, event }));
            }
        }
    }
}
