//! Whole numbers modulo 2^61 − 1, a prime: what sketches are reckoned in.

/// The modulus.
pub(super) const P: u64 = (1 << 61) - 1;

/// The remainder of any number.
pub(super) fn reduce(number: u64) -> u64 {
    let folded = (number & P) + (number >> 61);
    if folded >= P { folded - P } else { folded }
}

/// The sum of two remainders.
pub(super) fn add(a: u64, b: u64) -> u64 {
    reduce(a + b)
}

/// The difference of two remainders.
pub(super) fn sub(a: u64, b: u64) -> u64 {
    reduce(a + (P - b))
}

/// The product of two remainders.
pub(super) fn mul(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    // Two remainders have 122 bits together: both halves fit.
    let [low, high] = [product & u128::from(P), product >> 61].map(|half| u64::try_from(half).unwrap_or(0));
    add(low, high)
}

/// What a remainder other than 0 must be multiplied with to become 1: its power by P − 2 (Fermat).
pub(super) fn inverse(number: u64) -> u64 {
    let (mut result, mut square, mut exponent) = (1, number, P - 2);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = mul(result, square);
        }
        square = mul(square, square);
        exponent >>= 1;
    }
    result
}

/// The only solution of as many linear equations as unknowns: each row has the factors, and what they come to last.
/// Nothing where there is none, or more than one.
pub(super) fn solve(mut rows: Vec<Vec<u64>>) -> Option<Vec<u64>> {
    let unknowns = rows.len();
    for column in 0..unknowns {
        let pivot = (column..unknowns).find(|row| rows[*row][column] != 0)?;
        rows.swap(column, pivot);
        let factor = inverse(rows[column][column]);
        rows[column].iter_mut().for_each(|cell| *cell = mul(*cell, factor));
        let lead = rows[column].clone();
        for (at, row) in rows.iter_mut().enumerate() {
            let factor = row[column];
            if at != column && factor != 0 {
                row.iter_mut().zip(&lead).for_each(|(cell, lead)| *cell = sub(*cell, mul(factor, *lead)));
            }
        }
    }
    rows.iter().map(|row| row.last().copied()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slow(product: u128) -> u64 {
        u64::try_from(product % u128::from(P)).unwrap()
    }

    proptest! {
        #[test]
        fn it_is_arithmetic_modulo_the_prime(a in 0..P, b in 0..P, any: u64) {
            prop_assert_eq!(reduce(any), any % P);
            prop_assert_eq!(add(a, b), slow(u128::from(a) + u128::from(b)));
            prop_assert_eq!(add(sub(a, b), b), a);
            prop_assert_eq!(mul(a, b), slow(u128::from(a) * u128::from(b)));
            prop_assert!(a == 0 || mul(a, inverse(a)) == 1);
        }

        #[test]
        fn what_is_solved_solves(rows in prop::collection::vec(prop::collection::vec(0..P, 5), 4)) {
            if let Some(solution) = solve(rows.clone()) {
                for row in rows {
                    let sum = row.iter().zip(&solution).fold(0, |sum, (a, b)| add(sum, mul(*a, *b)));
                    prop_assert_eq!(sum, row[4]);
                }
            }
        }
    }

    #[test]
    fn borders() {
        assert_eq!([reduce(P), reduce(P + 1), reduce(u64::MAX)], [0, 1, 7]);
        assert_eq!((add(P - 1, P - 1), sub(0, P - 1), mul(P - 1, P - 1)), (P - 2, 1, 1));
        assert_eq!(solve(vec![vec![1, 1, 2], vec![2, 2, 4]]), None);
        assert_eq!(solve(Vec::new()), Some(Vec::new()));
    }
}
