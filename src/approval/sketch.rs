//! What is kept of a set of people so that another set can be held against it later, and nobody can be told from it.
//!
//! Each member is a number x; of all of them only the products Π (z − x) at some fixed points z are kept. The quotient of two
//! sets' products is that of two small polynomials whose zeros are those who came and those who went; by as many points
//! as there are differences, and one to prove it, they are found (Minsky, Trachtenberg, Zippel: "Set reconciliation with
//! nearly optimal communication complexity", IEEE Transactions on Information Theory 49(9), 2003). Here only their
//! number is wanted. With fewer points than members the members cannot be reckoned back.

use super::field::{P, add, mul, reduce, solve, sub};

/// Members are numbers from here on: none of them is a point.
const LEAST_MEMBER: u64 = 1024;

/// The product over all members at each of the first points, which are 1, 2, 3, …
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sketch(Vec<u64>);

/// How many came and how many went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Exchange {
    /// Only in the second set.
    pub(super) came: u64,
    /// Only in the first set.
    pub(super) went: u64,
}

impl Sketch {
    /// Of nobody, at so many points: [`LEAST_MEMBER`] - 1 at most.
    pub(super) fn new(points: usize) -> Self {
        Self(vec![1; points])
    }

    /// From what [`Sketch::products`] gave; nothing where one is no remainder of a product.
    pub(super) fn from_products(products: Vec<u64>) -> Option<Self> {
        products.iter().all(|product| (1..P).contains(product)).then_some(Self(products))
    }

    /// The products.
    pub(super) fn products(&self) -> &[u64] {
        &self.0
    }

    /// Adds somebody.
    pub(super) fn add(&mut self, place: u64) {
        let member = reduce(place).max(LEAST_MEMBER);
        for (product, point) in self.0.iter_mut().zip(1..) {
            *product = mul(*product, sub(point, member));
        }
    }

    /// Adds all of another set that has nobody in common with this one.
    pub(super) fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(product, other)| *product = mul(*product, *other));
    }

    /// The same at the first points only.
    pub(super) fn shorten(&mut self, points: usize) {
        self.0.truncate(points);
    }

    /// How many came and went between this set and `later`, which has so many members more than this one. Nothing where
    /// those are more than there are points to find and prove it.
    pub(super) fn exchange(&self, later: &Self, more: i64) -> Option<Exchange> {
        if self == later {
            return (more == 0).then(Exchange::default);
        }
        let points = self.0.len().min(later.0.len());
        let least = usize::try_from(more.unsigned_abs()).ok()?;
        (least..points).step_by(2).find_map(|differences| {
            let (larger, smaller) = ((differences + least) / 2, (differences - least) / 2);
            let (came, went) = if more < 0 { (smaller, larger) } else { (larger, smaller) };
            self.is_explained(later, came, went).then_some(Exchange { came: came as u64, went: went as u64 })
        })
    }

    /// Whether polynomials of these degrees lead from this set's products to those of `later`.
    fn is_explained(&self, later: &Self, came: usize, went: usize) -> bool {
        let equations = (1..).zip(&self.0).zip(&later.0).map(|((point, before), after)| {
            // before · came(z) = after · went(z), and the highest coefficient of both is 1.
            let (came, top_came) = powers(*before, point, came);
            let (went, top_went) = powers(*after, point, went);
            let right = sub(top_went, top_came);
            came.into_iter().chain(went.into_iter().map(|one| sub(0, one))).chain([right]).collect()
        });
        let equations: Vec<Vec<u64>> = equations.collect();
        let (found, proof) = equations.split_at(came + went);
        let Some(solution) = solve(found.to_vec()) else { return false };
        proof.iter().all(|row| {
            let left = row.iter().zip(&solution).fold(0, |sum, (factor, one)| add(sum, mul(*factor, *one)));
            row.last() == Some(&left)
        })
    }
}

/// `factor`, times each power of the point below `degree`; and times that of `degree`.
fn powers(factor: u64, point: u64, degree: usize) -> (Vec<u64>, u64) {
    let mut all: Vec<u64> =
        std::iter::successors(Some(factor), |power| Some(mul(*power, point))).take(degree + 1).collect();
    let top = all.pop().unwrap_or(factor);
    (all, top)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch(members: impl IntoIterator<Item = u64>, points: usize) -> Sketch {
        let mut sketch = Sketch::new(points);
        members.into_iter().for_each(|member| sketch.add(member));
        sketch
    }

    proptest! {
        #[test]
        fn who_came_and_went_is_counted_as_long_as_there_are_points(
            both in prop::collection::btree_set(LEAST_MEMBER..P / 2, 0..40),
            came in prop::collection::btree_set(P / 2..P / 4 * 3, 0..12),
            went in prop::collection::btree_set(P / 4 * 3..P, 0..12),
            points in 1_usize..30,
        ) {
            let before = sketch(both.iter().chain(&went).copied(), points);
            let after = sketch(both.iter().chain(&came).copied(), points);
            let [came, went] = [came.len(), went.len()].map(|many| many as u64);
            let found = before.exchange(&after, came as i64 - went as i64);
            let known = ((came + went) < points as u64).then_some(Exchange { came, went });
            prop_assert_eq!(found, known);
        }

        #[test]
        fn groups_together_are_one_group(
            left in prop::collection::vec(any::<u64>(), 0..20),
            right in prop::collection::vec(any::<u64>(), 0..20),
        ) {
            let mut joined = sketch(left.clone(), 9);
            joined.join(&sketch(right.clone(), 9));
            prop_assert_eq!(&joined, &sketch(left.iter().chain(&right).copied(), 9));
            joined.shorten(4);
            prop_assert_eq!(joined, sketch(left.into_iter().chain(right), 4));
        }
    }

    #[test]
    fn who_is_the_same_in_number_only_is_not_the_same() {
        let (before, after) = (sketch([5000, 6000], 3), sketch([5000, 7000], 3));
        assert_eq!(before.exchange(&after, 0), Some(Exchange { came: 1, went: 1 }));
        assert_eq!(before.exchange(&before, 1), None, "as many as the numbers say, or nobody knows");
    }

    #[test]
    fn what_is_no_product_is_refused() {
        assert_eq!(Sketch::from_products(vec![1, 0]), None);
        assert_eq!(Sketch::from_products(vec![P]), None);
        assert!(Sketch::from_products(vec![1, P - 1]).is_some());
    }
}
