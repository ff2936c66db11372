//! What a plan may come to at most. Every limit that is passed is named, not only the first.

use std::fmt;

use crate::audience::exclusion::{Class, Exclusion};
use crate::audience::place::Place;
use crate::campaign::Limits;
use crate::plan::totals::{PartCount, Totals};
use crate::units::{Amount, Percent, thousands};

/// A limit that a plan passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// More messages than `recipients`.
    Recipients {
        /// How many there are.
        found: u64,
        /// How many may be.
        limit: u64,
    },
    /// More parts than `segments`.
    Segments {
        /// How many there are.
        found: u64,
        /// How many may be.
        limit: u64,
    },
    /// Messages of more parts than `max_segments`.
    MaxSegments {
        /// Messages that are too long.
        messages: u64,
        /// The longest.
        longest: PartCount,
        /// Where the first of them stands.
        first: Place,
        /// Parts that may be.
        limit: u16,
    },
    /// A greater share of rejected rows than `max_rejected`.
    MaxRejected {
        /// Rejected rows.
        rejected: u64,
        /// All rows.
        rows: u64,
        /// The share that may be.
        limit: Percent,
    },
    /// More than `cost`.
    Cost {
        /// What it comes to.
        found: Amount,
        /// What it may come to.
        limit: Amount,
    },
    /// A cap on the cost, and messages whose price nobody knows.
    Unpriced {
        /// How many.
        messages: u64,
    },
    /// Messages that do not say how to opt out, although the campaign asks that each does.
    OptOut {
        /// How many.
        messages: u64,
        /// Where the first of them stands.
        first: Place,
    },
    /// Nobody would get anything.
    Empty {
        /// Rows of the file.
        rows: u64,
        /// The reason that leaves out most of them, by its kind, and how many.
        most: Option<(&'static str, u64)>,
    },
}

/// Holds a plan against its limits.
pub fn check(limits: &Limits, totals: &Totals) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    if totals.messages == 0 && !limits.allow_empty {
        refusals.push(Refusal::Empty { rows: totals.rows, most: most(totals) });
    }
    if let Some(lacking) = totals.lacking {
        let first = totals.place(lacking.first_line);
        refusals.push(Refusal::OptOut { messages: lacking.messages, first });
    }
    if let Some(limit) = limits.recipients.filter(|limit| totals.recipients() > *limit) {
        refusals.push(Refusal::Recipients { found: totals.recipients(), limit });
    }
    if let Some(limit) = limits.segments.filter(|limit| totals.segments > *limit) {
        refusals.push(Refusal::Segments { found: totals.segments, limit });
    }
    if let (Some(limit), Some(bill)) = (limits.cost, totals.cost) {
        if bill.total > limit {
            refusals.push(Refusal::Cost { found: bill.total, limit });
        }
        if bill.unpriced > 0 {
            refusals.push(Refusal::Unpriced { messages: bill.unpriced });
        }
    }
    if let (Some(limit), Some(longest)) = (limits.max_segments, totals.longest())
        && longest.parts > limit
    {
        let over = totals.by_parts().iter().filter(|count| count.parts > limit);
        let messages = over.map(|count| count.messages).sum();
        let first = totals.place(longest.first_line);
        refusals.push(Refusal::MaxSegments { messages, longest, first, limit });
    }
    if let Some(limit) = limits.max_rejected
        && limit.is_exceeded_by(totals.rejected(), totals.rows)
    {
        refusals.push(Refusal::MaxRejected { rejected: totals.rejected(), rows: totals.rows, limit });
    }
    refusals
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipients { found, limit } => {
                write!(f, "{} recipients; `recipients` allows {}", thousands(*found), thousands(*limit))
            }
            Self::Segments { found, limit } => {
                write!(f, "{} segments in all; `segments` allows {}", thousands(*found), thousands(*limit))
            }
            Self::MaxSegments { messages, longest, first, limit } => write!(
                f,
                "{} {} longer than {limit} segment{}, which is what `max_segments` allows; the longest, on \
                 {first}, takes {}",
                thousands(*messages),
                if *messages == 1 { "message is" } else { "messages are" },
                if *limit == 1 { "" } else { "s" },
                longest.parts,
            ),
            Self::MaxRejected { rejected, rows, limit } => write!(
                f,
                "{} of {} rows {} rejected, `max_rejected` allows {limit}",
                share(*rejected, *rows),
                thousands(*rows),
                if *rows == 1 { "is" } else { "are" },
            ),
            Self::Cost { found, limit } => write!(f, "it costs {found}; `cost` allows {limit}"),
            Self::Unpriced { messages } => write!(
                f,
                "{} no price; `cost` cannot be held against what is not known",
                if *messages == 1 {
                    "1 message has".to_owned()
                } else {
                    format!("{} messages have", thousands(*messages))
                },
            ),
            Self::OptOut { messages, first } => write!(
                f,
                "{} not say how to opt out, which `opt_out_text` asks for; the first is that of {first}",
                if *messages == 1 {
                    "1 text does".to_owned()
                } else {
                    format!("{} texts do", thousands(*messages))
                },
            ),
            Self::Empty { rows: 0, .. } => {
                f.write_str("the audience has no rows; `allow_empty` would permit that")
            }
            Self::Empty { rows, most } => {
                write!(f, "none of {} rows becomes a message", thousands(*rows))?;
                let Some((kind, count)) = most else { return Ok(()) };
                write!(f, ": {}, {}", Exclusion::words(kind), thousands(*count))?;
                match is_wrong(kind) {
                    // To permit it would hide what is wrong.
                    true => f.write_str("; `plan --rejects FILE` says why, row by row"),
                    false => f.write_str("; `allow_empty` would permit that"),
                }
            }
        }
    }
}

/// The reason that leaves out most rows; the first of several.
fn most(totals: &Totals) -> Option<(&'static str, u64)> {
    let counted = totals.excluded().filter(|(_, count)| *count > 0);
    counted.reduce(|most, one| if one.1 > most.1 { one } else { most })
}

/// Whether something is wrong with rows that are left out for this reason.
fn is_wrong(kind: &str) -> bool {
    Exclusion::KINDS.iter().any(|(name, class)| *name == kind && *class == Class::Rejected)
}

/// A share in percent, with as many places as it takes not to look like nothing.
fn share(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part) * 10_000 / u128::from(whole.max(1));
    match (hundredths / 100, hundredths % 100) {
        (0, 0) if part > 0 => "less than 0.01%".to_owned(),
        (0, rest) => format!("0.{rest:02}%"),
        (percent, rest) if rest / 10 == 0 => format!("{percent}%"),
        (percent, rest) => format!("{percent}.{}%", rest / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audience::address::Address;
    use crate::message::segments::measure;

    fn totals(messages: u64, rejected: u64) -> Totals {
        let mut totals = Totals::default();
        (0..rejected).for_each(|_| totals.exclude(&Exclusion::EmptyId));
        (0..messages).for_each(|at| {
            totals.include(
                at + 2,
                &Address::Phone(254_700_000_000 + at),
                &measure(&"x".repeat(1 + at as usize)),
            )
        });
        totals
    }

    fn told(limits: Limits, totals: &Totals) -> Vec<String> {
        check(&limits, totals).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_segment_is_one() {
        let limits = Limits { max_segments: Some(1), ..Limits::default() };
        assert!(told(limits, &totals(161, 0))[0].contains(" longer than 1 segment, which is"));
    }

    #[test]
    fn every_limit_that_is_passed_is_told() {
        let totals = totals(969, 31);
        let limits = Limits {
            recipients: Some(968),
            segments: Some(1000),
            cost: None,
            max_segments: Some(6),
            max_rejected: Some("2%".parse().unwrap()),
            allow_empty: false,
        };
        assert_eq!(
            told(limits, &totals),
            [
                "969 recipients; `recipients` allows 968".to_owned(),
                format!("{} segments in all; `segments` allows 1,000", thousands(totals.segments)),
                "51 messages are longer than 6 segments, which is what `max_segments` allows; the longest, on \
                 line 920, takes 7"
                    .to_owned(),
                "3.1% of 1,000 rows are rejected, `max_rejected` allows 2%".to_owned(),
            ]
        );
    }

    #[test]
    fn a_limit_that_is_just_met_is_kept() {
        let totals = totals(98, 2);
        let limits = Limits {
            recipients: Some(98),
            segments: Some(98),
            cost: None,
            max_segments: Some(1),
            max_rejected: Some("2%".parse().unwrap()),
            allow_empty: false,
        };
        assert_eq!(told(limits, &totals), Vec::<String>::new());
    }

    #[test]
    fn fault_49_an_empty_plan_is_refused_unless_allowed() {
        assert_eq!(told(Limits::default(), &totals(0, 0)).len(), 1);
        assert_eq!(
            told(Limits::default(), &totals(0, 3)),
            ["none of 3 rows becomes a message: no id, 3; `plan --rejects FILE` says why, row by row"]
        );
        let mut filtered = Totals::default();
        filtered.exclude(&Exclusion::Filtered);
        let told_of_filter = told(Limits::default(), &filtered).remove(0);
        assert!(told_of_filter.ends_with("left out by `where`, 1; `allow_empty` would permit that"));
        assert_eq!(told(Limits { allow_empty: true, ..Limits::default() }, &totals(0, 3)).len(), 0);
    }

    #[test]
    fn shares_are_short_and_never_nothing() {
        assert_eq!(share(31, 1000), "3.1%");
        assert_eq!(share(1, 3), "33.3%");
        assert_eq!(share(1, 1000), "0.10%");
        assert_eq!(share(1, 1_000_000), "less than 0.01%");
        assert_eq!(share(5, 5), "100%");
    }
}
