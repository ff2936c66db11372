//! When going on does harm: a run of answers nobody understands, or of refusals without a single
//! acceptance, stops the run before it has used up its audience.
//!
//! Unknown outcomes are counted in the order in which the requests were sent, as far as they are answered. A time-out is
//! known half a minute after its request, and a gateway that answered those that were sent after it does answer. In the
//! order of the answers, the time-outs of a whole half minute come in a row as soon as nothing new is sent for a while, as
//! in a pause that the gateway asked for.

use std::collections::VecDeque;

/// Requests in a row without a definite answer.
const UNKNOWN_RUN: usize = 5;
/// Requests without one among [`MANY`] in a row: a gateway that loses every other request is no good either.
const UNKNOWN_AMONG: usize = 10;
/// See [`UNKNOWN_AMONG`].
const MANY: usize = 20;
/// Recipients in a row who were refused, in requests that accepted nobody.
const REFUSED_RUN: usize = 50;

/// The place of a request in the order of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ticket(u64);

/// Counts runs of bad answers.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    /// What became of requests, in the order of sending, from the first one on that is not answered.
    sent: VecDeque<Fate>,
    /// The ticket of the first of them.
    first: u64,
    /// Whether the last ones before it were unknown, of those that were definite or unknown.
    before: VecDeque<bool>,
    refused: usize,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    UnderWay,
    Definite,
    Unknown,
    Neutral,
}

/// What a whole request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upshot {
    /// Somebody was accepted.
    Accepted,
    /// Everybody was refused.
    Refused,
    /// Nobody got a definite answer.
    Unknown,
    /// Nothing that says anything: throttled, not sent.
    Neutral,
}

impl Breaker {
    /// A request is sent. It is to be answered, whatever becomes of it: all that is sent after it is remembered until
    /// then, a byte each.
    pub fn sends(&mut self) -> Ticket {
        self.sent.push_back(Fate::UnderWay);
        Ticket(self.first + self.sent.len() as u64 - 1)
    }

    /// Notes the answer to a request for so many recipients; a text when the run should stop, saying why.
    pub fn note(
        &mut self,
        ticket: Ticket,
        upshot: Upshot,
        recipients: usize,
        reason: &str,
    ) -> Option<String> {
        let at = usize::try_from(ticket.0.checked_sub(self.first)?).ok()?;
        *self.sent.get_mut(at)? = match upshot {
            Upshot::Accepted | Upshot::Refused => Fate::Definite,
            Upshot::Unknown => Fate::Unknown,
            Upshot::Neutral => Fate::Neutral,
        };
        let lost = if upshot == Upshot::Unknown { self.lost(at) } else { None };
        match upshot {
            Upshot::Accepted => self.refused = 0,
            Upshot::Refused => self.refused += recipients,
            Upshot::Unknown | Upshot::Neutral => {}
        }
        self.forget();
        if let Some(lost) = lost {
            return Some(format!("{lost} had no definite answer; the last: {reason}"));
        }
        if self.refused >= REFUSED_RUN {
            return Some(format!("{} recipients in a row were refused; the last: {reason}", self.refused));
        }
        None
    }

    /// How many of those around this one are too many, if they are. Those that are under way stand between nobody: a
    /// gateway that answers nothing but rubbish is found out while an old request still hangs.
    fn lost(&self, at: usize) -> Option<String> {
        let told = |fate: &Fate| match fate {
            Fate::Definite => Some(false),
            Fate::Unknown => Some(true),
            Fate::UnderWay | Fate::Neutral => None,
        };
        let older = self.sent.range(..at).rev().filter_map(told).chain(self.before.iter().rev().copied());
        let newer = self.sent.range(at + 1..).filter_map(told);
        let mut around: Vec<bool> = older.take(MANY - 1).collect();
        around.reverse();
        around.push(true);
        around.extend(newer.take(MANY - 1));
        if around.split(|unknown| !unknown).any(|run| run.len() >= UNKNOWN_RUN) {
            return Some(format!("{UNKNOWN_RUN} requests in a row"));
        }
        let too_many = |some: &[bool]| some.iter().filter(|unknown| **unknown).count() >= UNKNOWN_AMONG;
        let among = around.windows(MANY.min(around.len())).any(too_many);
        among.then(|| format!("{UNKNOWN_AMONG} of {MANY} requests in a row"))
    }

    /// What is answered, with nothing unanswered before it, is only remembered as far as it can matter.
    fn forget(&mut self) {
        while let Some(fate) = self.sent.pop_front_if(|fate| *fate != Fate::UnderWay) {
            self.first += 1;
            if matches!(fate, Fate::Definite | Fate::Unknown) {
                self.before.push_back(fate == Fate::Unknown);
            }
            if self.before.len() >= MANY {
                self.before.pop_front();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sends a request and has it answered at once.
    fn answered(breaker: &mut Breaker, upshot: Upshot, recipients: usize) -> Option<String> {
        let ticket = breaker.sends();
        breaker.note(ticket, upshot, recipients, "time-out")
    }

    #[test]
    fn five_unknown_in_a_row_stop_the_run() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            assert_eq!(answered(&mut breaker, Upshot::Unknown, 1), None);
        }
        assert_eq!(answered(&mut breaker, Upshot::Accepted, 1), None);
        for _ in 0..4 {
            assert_eq!(answered(&mut breaker, Upshot::Unknown, 1), None);
            assert_eq!(answered(&mut breaker, Upshot::Neutral, 1), None);
        }
        let ticket = breaker.sends();
        assert!(breaker.note(ticket, Upshot::Unknown, 1, "HTML").is_some_and(|text| text.contains("HTML")));
    }

    #[test]
    fn time_outs_of_requests_that_others_overtook_are_not_in_a_row() {
        let mut breaker = Breaker::default();
        // Half a minute of a gateway that loses one request in ten.
        let lost: Vec<Ticket> = (0..300)
            .filter_map(|number| {
                let ticket = breaker.sends();
                if number % 10 == 0 {
                    return Some(ticket);
                }
                assert_eq!(breaker.note(ticket, Upshot::Accepted, 1, ""), None);
                None
            })
            .collect();
        // It asks for a pause, and in that they all time out.
        assert_eq!(answered(&mut breaker, Upshot::Neutral, 1), None);
        for ticket in lost {
            assert_eq!(breaker.note(ticket, Upshot::Unknown, 1, "time-out"), None);
        }
        assert!(breaker.sent.is_empty(), "nothing is remembered that cannot matter any more");
    }

    #[test]
    fn a_gateway_that_answers_nothing_any_more_stops_the_run_with_its_first_time_outs() {
        let mut breaker = Breaker::default();
        for _ in 0..100 {
            assert_eq!(answered(&mut breaker, Upshot::Accepted, 1), None);
        }
        let silent: Vec<Ticket> = (0..16).map(|_| breaker.sends()).collect();
        let stops: Vec<bool> = silent[..5]
            .iter()
            .map(|one| breaker.note(*one, Upshot::Unknown, 1, "time-out").is_some())
            .collect();
        assert_eq!(stops, [false, false, false, false, true]);
    }

    #[test]
    fn a_gateway_that_loses_every_other_request_stops_the_run() {
        let mut breaker = Breaker::default();
        (0..100).for_each(|_| assert_eq!(answered(&mut breaker, Upshot::Accepted, 1), None));
        let upshot = |number| if number % 2 == 0 { Upshot::Unknown } else { Upshot::Accepted };
        let stops = (0..40).position(|number| answered(&mut breaker, upshot(number), 1).is_some());
        assert_eq!(stops, Some(18));
    }

    #[test]
    fn an_old_request_that_hangs_or_is_accepted_late_hides_nothing() {
        let mut breaker = Breaker::default();
        let (late, hanging) = (breaker.sends(), breaker.sends());
        for _ in 0..2 {
            assert_eq!(answered(&mut breaker, Upshot::Unknown, 1), None);
        }
        // It was sent before, and says nothing of those after it.
        assert_eq!(breaker.note(late, Upshot::Accepted, 1, ""), None);
        for _ in 0..2 {
            assert_eq!(answered(&mut breaker, Upshot::Unknown, 1), None);
        }
        assert!(breaker.note(hanging, Upshot::Unknown, 1, "time-out").is_some());
    }

    #[test]
    fn fifty_refusals_in_a_row_stop_the_run() {
        let mut breaker = Breaker::default();
        let stops = (0..50).filter(|_| answered(&mut breaker, Upshot::Refused, 1).is_some()).count();
        assert_eq!(stops, 1);
        let mut healthy = Breaker::default();
        let upshot = |at| if at % 49 == 0 { Upshot::Accepted } else { Upshot::Refused };
        let stops = (0..500).filter(|at| answered(&mut healthy, upshot(*at), 1).is_some()).count();
        assert_eq!(stops, 0);
        assert!(answered(&mut Breaker::default(), Upshot::Refused, 100).is_some());
    }

    proptest! {
        #[test]
        fn it_stops_at_five_in_a_row_or_ten_of_twenty_that_are_answered_in_whatever_order(
            sent in prop::collection::vec((0_u8..5, any::<u16>()), 1..60), odds in 1_u8..4, at_once in 1_usize..12,
        ) {
            let upshots: Vec<Upshot> = sent.iter().map(|(kind, _)| match kind {
                4 => Upshot::Neutral,
                kind if *kind < odds => Upshot::Accepted,
                _ => Upshot::Unknown,
            }).collect();
            let (mut breaker, mut answered) = (Breaker::default(), vec![None; sent.len()]);
            let mut under_way: Vec<(usize, Ticket)> = Vec::new();
            let mut next = 0;
            while next < sent.len() || !under_way.is_empty() {
                if next < sent.len() && under_way.len() < at_once {
                    under_way.push((next, breaker.sends()));
                    next += 1;
                    continue;
                }
                let pick = usize::from(sent[under_way[0].0].1) % under_way.len();
                let (number, ticket) = under_way.swap_remove(pick);
                answered[number] = Some(upshots[number]);
                let stops = breaker.note(ticket, upshots[number], 1, "").is_some();
                let known = answered.iter().flatten().filter(|one| **one != Upshot::Neutral);
                let known: Vec<bool> = known.map(|one| *one == Upshot::Unknown).collect();
                let five = known.windows(5).any(|five| !five.contains(&false));
                let ten = known.windows(20.min(known.len().max(1)));
                let ten = ten.map(|some| some.iter().filter(|unknown| **unknown).count()).any(|lost| lost >= 10);
                prop_assert_eq!(stops, five || ten);
                if stops {
                    break;
                }
            }
        }
    }
}
