//! When going on does harm: a run of answers nobody understands, or of refusals without a single
//! acceptance, stops the run before it has used up its audience.

/// Requests in a row without a definite answer.
const UNKNOWN_RUN: u32 = 5;
/// Recipients in a row who were refused, in requests that accepted nobody.
const REFUSED_RUN: usize = 50;

/// Counts runs of bad answers.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    unknown: u32,
    refused: usize,
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
    /// Notes the answer to a request for so many recipients; a text when the run should stop, saying why.
    pub fn note(&mut self, upshot: Upshot, recipients: usize, reason: &str) -> Option<String> {
        match upshot {
            Upshot::Accepted => *self = Self::default(),
            Upshot::Refused => {
                self.refused += recipients;
                self.unknown = 0;
            }
            Upshot::Unknown => self.unknown += 1,
            Upshot::Neutral => {}
        }
        if self.unknown >= UNKNOWN_RUN {
            return Some(format!(
                "{UNKNOWN_RUN} requests in a row had no definite answer; the last: {reason}"
            ));
        }
        if self.refused >= REFUSED_RUN {
            return Some(format!("{} recipients in a row were refused; the last: {reason}", self.refused));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_unknown_in_a_row_stop_the_run() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            assert_eq!(breaker.note(Upshot::Unknown, 1, "time-out"), None);
        }
        assert_eq!(breaker.note(Upshot::Accepted, 1, ""), None);
        for _ in 0..4 {
            assert_eq!(breaker.note(Upshot::Unknown, 1, "time-out"), None);
        }
        assert!(breaker.note(Upshot::Unknown, 1, "HTML").is_some_and(|text| text.contains("HTML")));
    }

    #[test]
    fn fifty_refusals_in_a_row_stop_the_run() {
        let mut breaker = Breaker::default();
        let stops = (0..50).filter(|_| breaker.note(Upshot::Refused, 1, "404").is_some()).count();
        assert_eq!(stops, 1);
        let mut healthy = Breaker::default();
        let stops = (0..500)
            .filter(|at| {
                healthy.note(if at % 49 == 0 { Upshot::Accepted } else { Upshot::Refused }, 1, "").is_some()
            })
            .count();
        assert_eq!(stops, 0);
        assert!(Breaker::default().note(Upshot::Refused, 100, "a whole batch").is_some());
    }
}
