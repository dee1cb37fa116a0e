//! Total variation distance of two samples of categories, with a permutation test.

use super::{Current, NotTested, Permuted, Reference, hypergeometric};
use crate::random::{Rng, seed_of};

/// How often the rows are dealt out anew to the two sides.
pub const PERMUTATIONS: u32 = 1000;

/// The share of the population that would have to move to turn one side into the other, and how often chance alone
/// moves as much.
///
/// ```text
/// TVD = 1/2 * sum of |r / n - c / m|,  p = share of permutations with a TVD at least this
/// ```
/// where `r` of `n` (reference) and `c` of `m` (current) rows are in a category. A permutation deals all rows out anew to
/// sides of the same sizes. Distances are compared as whole numbers, so that equal ones count as equal.
///
/// Inputs: equally long slices of counts. Score: a p-value, a multiple of 1 / [`PERMUTATIONS`]; small speaks for drift.
/// The seed is taken from the counts. Declines when a side is empty.
///
/// ```
/// use tidemark::stattest::{Current, Reference, total_variation};
/// let found = total_variation::permutation_test(Reference(&[40, 60]), Current(&[30, 70])).unwrap();
/// assert!((found.statistic - 0.1).abs() < 1e-15);
/// // scipy 1.17: fisher_exact([[40, 60], [30, 70]]).pvalue, which this test comes close to here: 0.1819
/// assert!((found.p_value - 0.1819).abs() < 0.05, "{}", found.p_value);
/// ```
///
/// Source: Good, "Permutation, Parametric, and Bootstrap Tests of Hypotheses" (2005), chapter 3; Evidently 0.7,
/// `_tvd_stattest`, has the same statistic and as many permutations, drawn by another generator.
///
/// # Errors
/// A side is empty.
pub fn permutation_test(reference: Reference<&[u64]>, current: Current<&[u64]>) -> Result<Permuted, NotTested> {
    let (n, m): (u64, u64) = (reference.0.iter().sum(), current.0.iter().sum());
    if n == 0 || m == 0 {
        return Err(NotTested::Empty { n_reference: n, n_current: m });
    }
    let together: Vec<u64> = reference.0.iter().zip(current.0).map(|(r, c)| r + c).collect();
    let observed = distance(&together, reference.0.iter().copied(), n);
    let seed = seed_of(reference.0.iter().chain(current.0).copied());
    let mut rng = Rng::new(seed);
    let mut dealt = vec![0; together.len()];
    let mut as_far = 0_u32;
    for _ in 0..PERMUTATIONS {
        deal(&mut rng, &together, n, &mut dealt);
        as_far += u32::from(distance(&together, dealt.iter().copied(), n) >= observed);
    }
    Ok(Permuted {
        statistic: observed as f64 / (2.0 * n as f64 * m as f64),
        p_value: f64::from(as_far) / f64::from(PERMUTATIONS),
        seed,
        n_reference: n,
        n_current: m,
    })
}

/// `2 n m` times the distance between `n` rows with these counts and the rest of `together`.
fn distance(together: &[u64], counts: impl Iterator<Item = u64>, n: u64) -> u128 {
    let all: u64 = together.iter().sum();
    // |r / n - (t - r) / m| = |r (n + m) - t n| / (n m)
    let terms = together.iter().zip(counts);
    terms.map(|(&t, r)| (u128::from(r) * u128::from(all)).abs_diff(u128::from(t) * u128::from(n))).sum()
}

/// The counts of `n` rows that are drawn from all.
fn deal(rng: &mut Rng, together: &[u64], n: u64, dealt: &mut [u64]) {
    let (mut total, mut left) = (together.iter().sum(), n);
    for (&t, r) in together.iter().zip(dealt) {
        *r = hypergeometric::draw(rng, t, total, left);
        total -= t;
        left -= *r;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(reference: &[u64], current: &[u64]) -> Permuted {
        permutation_test(Reference(reference), Current(current)).unwrap()
    }

    #[test]
    fn equal_shares_have_p_one_and_disjoint_ones_p_zero() {
        assert_eq!((test(&[10, 30], &[1, 3]).statistic, test(&[10, 30], &[1, 3]).p_value), (0.0, 1.0));
        assert_eq!((test(&[50, 0], &[0, 40]).statistic, test(&[50, 0], &[0, 40]).p_value), (1.0, 0.0));
        assert_eq!(test(&[5], &[7]).p_value, 1.0);
    }

    #[test]
    fn two_categories_have_the_p_value_of_fishers_exact_test() {
        // With two categories the distance grows with the unlikeliness of the table when both sides are equally large.
        // scipy 1.17: fisher_exact([[30, 70], [45, 55]]).pvalue = 0.0405; five standard errors of 1000 permutations.
        let p = test(&[30, 70], &[45, 55]).p_value;
        assert!((p - 0.0405).abs() < 0.031, "{p}");
    }

    #[test]
    fn unchanged_data_are_called_changed_as_often_as_the_threshold_says() {
        // 400 pairs of samples from the same six shares; at 0.1 that is 40, five standard deviations are 30.
        let mut rng = Rng::new(2);
        let mut sample = |n: u64| {
            let mut counts = [0_u64; 6];
            for _ in 0..n {
                counts[[0, 0, 0, 1, 1, 2, 3, 4, 5, 5][rng.below(10) as usize]] += 1;
            }
            counts
        };
        let flagged = (0..400).filter(|_| test(&sample(120), &sample(80)).p_value < 0.1).count();
        assert!(flagged.abs_diff(40) < 30, "{flagged}");
    }

    #[test]
    fn an_empty_side_is_not_tested() {
        let empty = NotTested::Empty { n_reference: 2, n_current: 0 };
        assert_eq!(permutation_test(Reference(&[1, 1]), Current(&[0, 0])), Err(empty));
    }
}
