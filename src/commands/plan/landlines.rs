//! Fixed lines among the numbers of a campaign that takes any: SMS seldom reach them, and nobody else says so. What type a
//! number is takes longer to find out than all else about its row, so that only the first ones are looked at.

use crate::audience::{Address, NumberType, phone};
use crate::campaign::Campaign;
use crate::units::thousands;

/// So many numbers are looked at: of a million rows that is a hundredth.
const MOST: u64 = 10_000;

/// What was found among the first numbers.
#[derive(Debug, Default)]
pub struct Landlines {
    looked: u64,
    found: u64,
    /// Numbers of countries in which the digits do not say.
    either: u64,
}

impl Landlines {
    /// For a campaign by SMS that does not say which types it is meant for.
    pub fn of(campaign: &Campaign) -> Option<Self> {
        let is_open = campaign.audience.rules.types.is_none() && campaign.counts_segments();
        is_open.then(Self::default)
    }

    /// Hears of somebody who gets a message.
    pub fn take(&mut self, address: &Address) {
        let Some(digits) = address.digits().filter(|_| self.looked < MOST) else { return };
        self.looked += 1;
        match phone::number_type(digits) {
            NumberType::FixedLine => self.found += 1,
            NumberType::FixedOrMobile => self.either += 1,
            _ => {}
        }
    }

    /// What people should know, where so many get a message.
    pub fn warning(&self, messages: u64) -> Option<String> {
        let types = if self.either > 0 { "[mobile, fixed_or_mobile]" } else { "[mobile]" };
        let leaves = format!("which SMS seldom reach: `audience.allow_types: {types}`");
        let found = thousands(self.found);
        let scope = match self.looked < messages {
            true => format!("of the first {} numbers ", thousands(self.looked)),
            false => String::new(),
        };
        match (self.found, scope.is_empty()) {
            (0, _) => None,
            (1, true) => Some(format!("1 number is a fixed line, {leaves} leaves it out")),
            (1, false) => Some(format!("{scope}1 is a fixed line, {leaves} leaves such out")),
            (_, true) => Some(format!("{found} numbers are fixed lines, {leaves} leaves them out")),
            (_, false) => Some(format!("{scope}{found} are fixed lines, {leaves} leaves such out")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(digits: impl Iterator<Item = u64>, messages: u64) -> Option<String> {
        let mut landlines = Landlines::default();
        digits.for_each(|digits| landlines.take(&Address::Phone(digits)));
        landlines.warning(messages)
    }

    #[test]
    fn fixed_lines_are_counted_and_nothing_else() {
        let (berlin, mobile, new_york) = (4_930_123_456, 4_915_112_345_678, 12_125_550_100);
        assert_eq!(of([mobile, new_york].into_iter(), 2), None);
        let one = of([berlin, mobile].into_iter(), 2).unwrap();
        assert!(
            one.starts_with("1 number is a fixed line, which SMS") && one.contains("[mobile]` leaves it")
        );
        // Where the digits do not say, nobody is told to leave all out.
        let two = of([berlin, berlin, new_york].into_iter(), 3).unwrap();
        assert!(
            two.starts_with("2 numbers are fixed") && two.contains("[mobile, fixed_or_mobile]`"),
            "{two}"
        );
    }

    #[test]
    fn of_many_the_first_ones_are_looked_at() {
        let many = of(std::iter::repeat_n(4_930_123_456, 12_000), 12_000).unwrap();
        assert!(many.starts_with("of the first 10,000 numbers 10,000 are fixed lines, "), "{many}");
    }
}
