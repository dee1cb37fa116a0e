//! Mann-Whitney U test.

use super::steps::{Step, steps};
use super::tails::normal_sf;
use super::{Alternative, Current, NotTested, Reference, TestStatistic};

/// Up to this size of the smaller sample, and without ties, the p-value is exact (scipy's `method="auto"`).
const MAX_EXACT: usize = 8;

/// How the p-value is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PValue {
    /// By counting orders, as if there were no ties, in time and memory `n m` times the smaller size.
    Exact,
    /// By the normal distribution, with the correction for ties and for continuity.
    Normal,
    /// Exact while the smaller sample has at most 8 values and none are equal, normal elsewhere: scipy's `method="auto"`.
    Scipy,
}

/// Whether values of one side tend to be smaller than those of the other.
///
/// ```text
/// U = number of pairs with reference > current, ties counting half
/// ```
/// [`Alternative::Less`] asks whether reference values tend to be smaller (few such pairs), [`Alternative::Greater`] whether
/// they tend to be larger, and [`Alternative::TwoSided`] doubles the smaller of the two.
///
/// Inputs: two ascending slices of finite numbers; ties are welcome. Score: a p-value; small speaks for drift. Declines when a
/// slice is empty.
///
/// ```
/// use tidemark::stattest::mann_whitney::{PValue, test};
/// use tidemark::stattest::{Alternative, Current, Reference};
/// let (a, b) = ([1.0, 2.0, 3.0], [2.5, 4.0, 5.0, 6.0]);
/// // scipy 1.17: mannwhitneyu([1, 2, 3], [2.5, 4, 5, 6])
/// let found = test(Reference(&a), Current(&b), Alternative::TwoSided, PValue::Scipy).unwrap();
/// assert_eq!(found.statistic, 1.0);
/// assert!((found.p_value - 0.11428571428571428).abs() < 1e-15, "{}", found.p_value);
/// ```
///
/// Source: Mann and Whitney, Ann. Math. Stat. 18 (1947); agrees with `scipy.stats.mannwhitneyu` of scipy 1.17.
///
/// # Errors
/// A slice is empty.
pub fn test(
    reference: Reference<&[f64]>,
    current: Current<&[f64]>,
    alternative: Alternative,
    p_value: PValue,
) -> Result<TestStatistic, NotTested> {
    let (a, b) = (reference.0, current.0);
    if a.is_empty() || b.is_empty() {
        return Err(NotTested::Empty { n_reference: a.len() as u64, n_current: b.len() as u64 });
    }
    // Twice the pairs with the reference below, ties counting half, and with it above.
    let (twice_below, ties) = pairs(a, b);
    let twice_above = 2 * a.len() as u128 * b.len() as u128 - twice_below;
    let twice_u = match alternative {
        Alternative::Less => twice_below,
        Alternative::Greater => twice_above,
        Alternative::TwoSided => twice_below.max(twice_above),
    };
    let is_exact = match p_value {
        PValue::Exact => true,
        PValue::Normal => false,
        PValue::Scipy => ties == 0.0 && a.len().min(b.len()) <= MAX_EXACT,
    };
    let tail = if is_exact {
        exact(twice_u as usize / 2, a.len(), b.len())
    } else {
        normal(twice_u, ties, a.len() as f64, b.len() as f64)
    };
    let p_value = if alternative == Alternative::TwoSided { 2.0 * tail } else { tail };
    Ok(TestStatistic { statistic: twice_above as f64 / 2.0, p_value: p_value.min(1.0) })
}

/// Whether reference values tend to be smaller than current ones.
///
/// ```text
/// U = number of pairs with reference < current, ties counting half
/// ```
/// The p-value is that of so many pairs or more, exact for small samples without ties, else by the normal approximation
/// with the correction for ties and for continuity.
///
/// Inputs: two ascending, slices of finite numbers. Score: a p-value; small speaks for a shift upwards. A shift downwards
/// gives a p-value near 1: the test has one side only. Declines when a slice is empty.
///
/// ```
/// use tidemark::stattest::{Current, Reference, mann_whitney};
/// // scipy 1.17: mannwhitneyu([1, 2, 3], [2.5, 4, 5], alternative="less").pvalue
/// let p = mann_whitney::less(Reference(&[1.0, 2.0, 3.0]), Current(&[2.5, 4.0, 5.0])).unwrap();
/// assert!((p - 0.1).abs() < 1e-12, "{p}");
/// ```
///
/// Source: Mann and Whitney, Ann. Math. Stat. 18 (1947); agrees with `scipy.stats.mannwhitneyu(alternative="less")`.
///
/// # Errors
/// A slice is empty.
pub fn less(reference: Reference<&[f64]>, current: Current<&[f64]>) -> Result<f64, NotTested> {
    Ok(test(reference, current, Alternative::Less, PValue::Scipy)?.p_value)
}

/// `P(U >= u)` by the normal distribution.
fn normal(twice_u: u128, ties: f64, n: f64, m: f64) -> f64 {
    let total = n + m;
    let variance = n * m / 12.0 * ((total + 1.0) - ties / (total * (total - 1.0)));
    let z = (twice_u as f64 / 2.0 - n * m / 2.0 - 0.5) / variance.sqrt();
    // All values equal: no spread, and as many pairs one way as the other.
    if z.is_nan() || variance <= 0.0 { 1.0 } else { normal_sf(z) }
}

/// Twice the number of pairs with `a < b` (ties count one), and the sum of `t^3 - t` over runs of `t` equal values.
fn pairs(a: &[f64], b: &[f64]) -> (u128, f64) {
    let (mut twice_u, mut ties) = (0_u128, 0.0);
    for Step { below: [below_a, _], equal: [equal_a, equal_b], .. } in steps(a, b) {
        twice_u += equal_b as u128 * (2 * below_a + equal_a) as u128;
        let run = (equal_a + equal_b) as f64;
        ties += run * run * run - run;
    }
    (twice_u, ties)
}

/// `P(U >= u)` over all orders of `n` and `m` values.
fn exact(u: usize, n: usize, m: usize) -> f64 {
    let (n, m) = (n.min(m), n.max(m));
    // shares[v]: probability of v inversions. Adding the i-th value of the smaller side multiplies the generating
    // function by (1 - q^(m+i)) / (1 - q^i); dividing by C(m + i, i) / C(m + i - 1, i - 1) = (m + i) / i keeps it a
    // probability.
    let size = n * m + 1;
    let mut shares = vec![0.0; size];
    shares[0] = 1.0;
    for i in 1..=n {
        for v in (m + i..size).rev() {
            shares[v] -= shares[v - m - i];
        }
        for v in i..size {
            shares[v] += shares[v - i];
        }
        for share in &mut shares {
            *share *= i as f64 / (m + i) as f64;
        }
    }
    // By symmetry the sum may run over the smaller values, which come out most precisely.
    let p: f64 = if 2 * u > n * m { shares[..=n * m - u].iter().sum() } else { 1.0 - shares[..u].iter().sum::<f64>() };
    p.clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_downwards_is_not_seen() {
        let (low, high): (Vec<f64>, Vec<f64>) = ((0..50).map(f64::from).collect(), (100..150).map(f64::from).collect());
        assert!(less(Reference(&low), Current(&high)).unwrap() < 1e-10);
        assert!(less(Reference(&high), Current(&low)).unwrap() > 0.999);
    }

    #[test]
    fn a_constant_is_no_drift() {
        assert_eq!(less(Reference(&[1.0; 20]), Current(&[1.0; 30])), Ok(1.0));
    }
}
