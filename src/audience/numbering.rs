//! Which numbers are valid in which country: one pass over the digits by a table of states, made of libphonenumber's own
//! patterns. It only ever says yes, and for sure; whatever it does not know goes the long way through the library.

use std::str::FromStr;
use std::sync::{LazyLock, OnceLock};

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};

/// Plans by calling code. A test holds them against what the library says.
const PLANS: &str = include_str!("numbering/plans.txt");

/// What a table of states may take, in bytes: the largest country needs a part of it.
const MOST_BYTES: usize = 1 << 20;

/// Where each calling code below 1000 stands among the plans.
static BY_CODE: LazyLock<Vec<Option<Plan>>> = LazyLock::new(|| {
    let mut by_code: Vec<Option<Plan>> = (0..1000).map(|_| None).collect();
    for text in PLANS.split("\n+").skip(1) {
        let code = text.lines().next().and_then(|code| code.parse::<usize>().ok());
        if let Some(place) = code.and_then(|code| by_code.get_mut(code)) {
            *place = Some(Plan { text, countries: OnceLock::new() });
        }
    }
    by_code
});

/// A calling code's numbers.
struct Plan {
    text: &'static str,
    /// Made when the first number of the code is asked about; nothing where a pattern cannot be read, or would take too
    /// much: such a code goes the long way.
    countries: OnceLock<Option<Vec<Country>>>,
}

/// The patterns of a country as a table of states.
struct Country {
    states: dense::DFA<Vec<u32>>,
    start: StateID,
    /// For each pattern a bit for each length that its numbers have.
    lengths: Vec<u32>,
    /// Whether the last pattern is about the first digits.
    leads: bool,
}

/// What a country says of a number.
enum Answer {
    Valid,
    /// It begins with digits of this country alone, and is of no type here.
    Nobodys,
    Others,
}

/// Splits digits behind `+` into calling code and the rest.
pub(super) fn split(digits: &str) -> Option<(i32, &str)> {
    (1..=3).find_map(|length| {
        let (code, national) = digits.split_at_checked(length)?;
        let code: i32 = code.parse().ok()?;
        plan(code).map(|_| (code, national))
    })
}

/// Whether these digits are surely a valid number behind this calling code.
pub(super) fn is_valid(code: i32, national: &str) -> bool {
    let countries = plan(code).and_then(|plan| plan.countries.get_or_init(|| plan.read()).as_ref());
    for country in countries.into_iter().flatten() {
        match country.answer(national.as_bytes()) {
            Answer::Valid => return true,
            Answer::Nobodys => return false,
            Answer::Others => {}
        }
    }
    false
}

fn plan(code: i32) -> Option<&'static Plan> {
    BY_CODE.get(usize::try_from(code).ok()?)?.as_ref()
}

impl Plan {
    fn read(&self) -> Option<Vec<Country>> {
        let lines: Vec<&str> = self.text.lines().skip(1).collect();
        let is_pattern = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit());
        let mut rest = lines.as_slice();
        let mut countries = Vec::new();
        while let Some((head, below)) = rest.split_first() {
            let end = below.iter().position(|line| !is_pattern(line)).unwrap_or(below.len());
            let (own, others) = below.split_at(end);
            let (_, leading) = head.split_once(' ')?;
            countries.push(Country::new(leading, own)?);
            rest = others;
        }
        Some(countries)
    }
}

impl Country {
    fn new(leading: &str, lines: &[&str]) -> Option<Self> {
        let lines: Vec<Line<'_>> = lines.iter().map(|line| Line::read(line)).collect::<Option<_>>()?;
        let leads = (!leading.is_empty()).then(|| format!("(?:{leading})[0-9]*"));
        let patterns: Vec<&str> = lines.iter().map(|line| line.pattern).chain(leads.as_deref()).collect();
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .match_kind(MatchKind::All)
            .dfa_size_limit(Some(MOST_BYTES))
            .determinize_size_limit(Some(4 * MOST_BYTES));
        let states = dense::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build_many(&patterns)
            .ok()?;
        let start = states.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        let lengths = lines.iter().map(|line| line.lengths).collect();
        Some(Self { states, start, lengths, leads: leads.is_some() })
    }

    /// A country that has first digits of its own has no other numbers. One is of a type that looks like any of the
    /// country's, and like those of the type.
    fn answer(&self, digits: &[u8]) -> Answer {
        let mut state = self.start;
        for digit in digits {
            state = self.states.next_state(state, *digit);
            if self.states.is_dead_state(state) {
                return Answer::Others;
            }
        }
        let end = self.states.next_eoi_state(state);
        if !self.states.is_match_state(end) {
            return Answer::Others;
        }
        let length =
            u32::try_from(digits.len()).ok().and_then(|length| 1_u32.checked_shl(length)).unwrap_or(0);
        let (mut general, mut typed, mut own) = (false, false, !self.leads);
        for at in 0..self.states.match_len(end) {
            let pattern = self.states.match_pattern(end, at).as_usize();
            match self.lengths.get(pattern) {
                Some(lengths) if lengths & length == 0 => {}
                Some(_) if pattern == 0 => general = true,
                Some(_) => typed = true,
                None => own = true,
            }
        }
        match (own, general && typed) {
            (true, true) => Answer::Valid,
            (true, false) if self.leads => Answer::Nobodys,
            _ => Answer::Others,
        }
    }
}

/// Lengths and a pattern.
struct Line<'t> {
    lengths: u32,
    pattern: &'t str,
}

impl<'t> Line<'t> {
    fn read(line: &'t str) -> Option<Self> {
        let (lengths, pattern) = line.split_once(' ')?;
        let bit = |length: &str| 1_u32.checked_shl(u32::from_str(length).ok()?);
        let bits: Option<Vec<u32>> = lengths.split(',').map(bit).collect();
        Some(Self { lengths: bits?.into_iter().fold(0, |all, bit| all | bit), pattern })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_becomes_tables() {
        let mut codes = 0;
        for (code, plan) in BY_CODE.iter().enumerate().filter_map(|(code, plan)| Some((code, plan.as_ref()?)))
        {
            codes += 1;
            let countries = plan.read().unwrap_or_else(|| panic!("+{code} has no tables"));
            for country in &countries {
                let bytes = country.states.memory_usage();
                assert!(bytes < MOST_BYTES / 2, "+{code}: {bytes}");
                assert!(!matches!(country.answer(b""), Answer::Valid), "+{code}");
                assert!(!matches!(country.answer(&[b'9'; 40]), Answer::Valid), "+{code}");
            }
        }
        assert!(codes > 200, "{codes}");
    }

    #[test]
    fn a_number_is_valid_as_a_whole() {
        assert_eq!(split("254712345678"), Some((254, "712345678")));
        assert_eq!(split("12015550123"), Some((1, "2015550123")));
        assert_eq!(split("999"), None);
        assert!(is_valid(254, "712345678"));
        for wrong in ["71234567", "7123456789", "012345678", "71234567x", "612345678901", ""] {
            assert!(!is_valid(254, wrong), "{wrong}");
        }
        assert!(!is_valid(-1, "1") && !is_valid(999, "1"));
    }
}
