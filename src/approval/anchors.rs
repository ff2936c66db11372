//! What only who knows nearly all the people of a plan can say: in each of many orders by lot, who comes first. Lists that
//! differ in a few people have most of their firsts in common; a list in which every second one is somebody else has none.

use std::collections::BinaryHeap;

use crate::lot::Lot;

/// So many orders.
pub(super) const ORDERS: usize = 64;
/// So many of each are kept at most.
pub(super) const MOST: usize = 96;
/// Where there are fewer people than this, they say nothing.
pub(super) const FEWEST: u64 = 128;

/// The first of each order.
#[derive(Debug, Clone)]
pub(super) struct Anchors {
    /// What a place is multiplied with: an odd number, so that every place has one of its own in each order.
    factors: [u64; ORDERS],
    /// The last place that is kept, where there are enough already.
    limits: [u64; ORDERS],
    firsts: Vec<BinaryHeap<u64>>,
}

impl Anchors {
    /// Of nobody. The orders are those of the campaign, in all of its plans: each further order would be one more to try.
    pub(super) fn new(campaign: &str) -> Self {
        let lot = Lot::new("approval order", campaign);
        let factors = std::array::from_fn(|order| lot.place(&order.to_string()) | 1);
        Self { factors, limits: [u64::MAX; ORDERS], firsts: vec![BinaryHeap::new(); ORDERS] }
    }

    /// Adds somebody by their place among all people. Nearly always they are among the first of no order.
    pub(super) fn add(&mut self, place: u64) {
        let mut orders = self.factors.iter().zip(&self.limits);
        if orders.any(|(factor, limit)| place.wrapping_mul(*factor) <= *limit) {
            self.put(place);
        }
    }

    #[cold]
    fn put(&mut self, place: u64) {
        for ((factor, limit), firsts) in self.factors.iter().zip(&mut self.limits).zip(&mut self.firsts) {
            let place = place.wrapping_mul(*factor);
            if place > *limit {
                continue;
            }
            firsts.push(place);
            if firsts.len() > MOST {
                firsts.pop();
            }
            if let Some(last) = firsts.peek().filter(|_| firsts.len() == MOST) {
                *limit = *last;
            }
        }
    }

    /// How many firsts are asked for where there are so many people; nothing where there are too few. With half of them it
    /// takes more than knowing half of the people.
    pub(super) fn asked(people: u64) -> Option<usize> {
        let half = usize::try_from(people / 2).unwrap_or(MOST);
        (people >= FEWEST).then_some(half.min(MOST))
    }

    /// The first so many of each order, as bytes; nothing where there are not so many.
    pub(super) fn secrets(self, asked: usize) -> Option<Vec<Vec<u8>>> {
        let first = |firsts: BinaryHeap<u64>| -> Option<Vec<u8>> {
            Some(
                firsts.into_sorted_vec().get(..asked)?.iter().flat_map(|place| place.to_le_bytes()).collect(),
            )
        };
        self.firsts.into_iter().map(first).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn anchors(places: impl IntoIterator<Item = u64>) -> Anchors {
        let mut anchors = Anchors::new("c");
        places.into_iter().for_each(|place| anchors.add(place));
        anchors
    }

    proptest! {
        #[test]
        fn they_are_the_first_of_each_order_whoever_came_first(
            mut places in prop::collection::vec(any::<u64>(), 0..300),
            asked in 0_usize..=MOST,
        ) {
            let found = anchors(places.iter().copied()).secrets(asked);
            let expected: Option<Vec<Vec<u8>>> = Anchors::new("c").factors.iter().map(|factor| {
                let mut order: Vec<u64> = places.iter().map(|place| place.wrapping_mul(*factor)).collect();
                order.sort_unstable();
                Some(order.get(..asked)?.iter().flat_map(|place| place.to_le_bytes()).collect())
            }).collect();
            prop_assert_eq!(&found, &expected);
            places.reverse();
            prop_assert_eq!(anchors(places).secrets(asked), expected);
        }
    }

    #[test]
    fn of_few_people_none_are_asked_for() {
        let asked = [0, 127, 128, 190, 191, 192, 1_000_000].map(Anchors::asked);
        assert_eq!(asked, [None, None, Some(64), Some(95), Some(95), Some(96), Some(96)]);
    }
}
