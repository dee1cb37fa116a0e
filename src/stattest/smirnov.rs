//! Smirnov's test with a direction, and with a say in how its p-value is worked out.

use super::steps::{Step, steps};
use super::{Alternative, Current, NotTested, Reference, ks};
use crate::num::gcd;

/// What the test found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smirnov {
    /// The largest gap in the direction asked for, 0 to 1.
    pub d: f64,
    /// The smallest value at which it is reached.
    pub at: f64,
    /// Whether the reference's distribution function is the upper one there.
    pub reference_is_above: bool,
    /// `P(gap at least d)` if both samples come from one continuous distribution.
    pub p_value: f64,
}

/// How the p-value is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PValue {
    /// By counting every order of the values: exact for any sizes, in time `n m` (one-sided and of equal sizes: `d n`).
    Exact,
    /// By the limit for large samples: Kolmogorov's distribution two-sided, Hodges' expansion one-sided.
    Limit,
    /// As `scipy.stats.ks_2samp` does for `method="auto"`: see [`PValue::scipy`].
    Scipy,
}

impl PValue {
    /// What scipy takes: exact while no sample is larger than [`ks::SCIPY_MAX_EXACT`], and one-sided with unequal sizes only
    /// while the number of orders, `C(n + m, n)`, can be written as a double; the limit elsewhere.
    pub fn scipy(alternative: Alternative, n: u64, m: u64) -> Self {
        let is_small = n <= ks::SCIPY_MAX_EXACT && m <= ks::SCIPY_MAX_EXACT;
        if is_small { Self::scipy_exact(alternative, n, m) } else { Self::Limit }
    }

    /// What scipy takes when it is asked for the exact value, however large the samples are.
    pub fn scipy_exact(alternative: Alternative, n: u64, m: u64) -> Self {
        if alternative == Alternative::TwoSided || n == m || orders_are_finite(n, m) {
            Self::Exact
        } else {
            Self::Limit
        }
    }
}

/// Whether `C(n + m, n)` is below the largest double.
fn orders_are_finite(n: u64, m: u64) -> bool {
    let (n, m) = (n as f64, m as f64);
    let log_orders = libm::lgamma(n + m + 1.0) - libm::lgamma(n + 1.0) - libm::lgamma(m + 1.0);
    log_orders < libm::log(f64::MAX)
}

/// Whether the distribution function of the reference lies elsewhere than the current one's, on the side asked for.
///
/// ```text
/// D+ = max over x of F(x) - G(x),  D- = max over x of G(x) - F(x),  D = max(D+, D-)
/// ```
/// where `F(x)` and `G(x)` are the shares of reference and current values at most `x`. [`Alternative::Greater`] takes `D+`
/// (`F` lies above: reference values tend to be *smaller*), [`Alternative::Less`] takes `D-`, and [`Alternative::TwoSided`]
/// takes `D`.
///
/// Inputs: two ascending slices of finite numbers; ties are welcome, and make the p-value too large rather than too small.
/// Score: a p-value, 0 to 1; small speaks for drift. Declines when a slice is empty.
///
/// ```
/// use tidemark::stattest::smirnov::{PValue, test};
/// use tidemark::stattest::{Alternative, Current, Reference};
/// let (a, b) = ([1.0, 2.0, 3.0, 4.0], [3.0, 4.0, 5.0, 6.0, 7.0]);
/// // scipy 1.17: ks_2samp([1, 2, 3, 4], [3, 4, 5, 6, 7], alternative="greater")
/// let found = test(Reference(&a), Current(&b), Alternative::Greater, PValue::Exact).unwrap();
/// assert_eq!((found.d, found.at), (0.6, 4.0));
/// assert!((found.p_value - 0.14285714285714285).abs() < 1e-14, "{}", found.p_value);
/// ```
///
/// Source: Hodges, "The Significance Probability of the Smirnov Two-Sample Test", Arkiv för Matematik 3 (1958), eq. 5.3 for
/// the one-sided limit; agrees with `scipy.stats.ks_2samp` of scipy 1.17.
///
/// # Errors
/// A slice is empty.
pub fn test(
    reference: Reference<&[f64]>,
    current: Current<&[f64]>,
    alternative: Alternative,
    p_value: PValue,
) -> Result<Smirnov, NotTested> {
    let (a, b) = (reference.0, current.0);
    let (n, m) = (a.len() as u64, b.len() as u64);
    if n == 0 || m == 0 {
        return Err(NotTested::Empty { n_reference: n, n_current: m });
    }
    let (above, below) = gaps(a, b);
    let reference_is_above = match alternative {
        Alternative::Greater => true,
        Alternative::Less => false,
        Alternative::TwoSided => above.size >= below.size,
    };
    let gap = if reference_is_above { above } else { below };
    let p_value = match p_value {
        PValue::Scipy => PValue::scipy(alternative, n, m),
        chosen => chosen,
    };
    let d = gap.size as f64 / (n as f64 * m as f64);
    let p_value = match (alternative, p_value) {
        _ if gap.size == 0 => 1.0,
        (Alternative::TwoSided, PValue::Limit) => ks::test(reference, current, ks::PValue::Limit)?.p_value,
        (Alternative::TwoSided, _) => ks::test(reference, current, ks::PValue::Exact)?.p_value,
        (_, PValue::Limit) => limit_p(n, m, d),
        _ => exact_p(n, m, gap.size),
    };
    Ok(Smirnov { d, at: gap.at, reference_is_above, p_value: p_value.clamp(0.0, 1.0) })
}

/// The largest gap in one direction.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Gap {
    /// In units of `1 / (n m)`.
    size: u128,
    at: f64,
}

/// The largest gap with the reference's distribution function above, and with it below.
fn gaps(a: &[f64], b: &[f64]) -> (Gap, Gap) {
    let (n, m) = (a.len() as i128, b.len() as i128);
    // Signed, and each at least 0 in the end: behind the largest value there is no gap.
    let (mut above, mut below) = ((i128::MIN, f64::NAN), (i128::MIN, f64::NAN));
    for Step { below: [i, j], equal: [equal_a, equal_b] } in steps(a, b) {
        let value = if equal_a > 0 { a[i] } else { b[j] };
        let gap = (i + equal_a) as i128 * m - (j + equal_b) as i128 * n;
        if gap > above.0 {
            above = (gap, value);
        }
        if -gap > below.0 {
            below = (-gap, value);
        }
    }
    let gap = |(size, at): (i128, f64)| Gap { size: size.unsigned_abs(), at };
    (gap(above), gap(below))
}

/// Hodges' expansion of the one-sided tail.
fn limit_p(n: u64, m: u64, d: f64) -> f64 {
    let (large, small) = (n.max(m) as f64, n.min(m) as f64);
    let z = (large * small / (large + small)).sqrt() * d;
    let correction = 2.0 * z * (large + 2.0 * small) / (large * small * (large + small)).sqrt() / 3.0;
    libm::exp(-2.0 * z * z - correction)
}

/// The share of all orders of `n` and `m` values in which the one-sided gap reaches `gap`, in units of `1 / (n m)`. Both
/// directions have the same.
fn exact_p(n: u64, m: u64, gap: u128) -> f64 {
    let divisor = gcd(n, m);
    let h = (gap / u128::from(divisor)) as u64;
    if n == m {
        // Reflection: C(2n, n - h) / C(2n, n).
        return (0..h).map(|i| (n - i) as f64 / (n + i + 1) as f64).product();
    }
    // The gap at (i, j) is i m - j n, in units of the divisor; by symmetry the longer side may go first.
    let (n, m) = (n.max(m), n.min(m));
    let (up, down) = ((m / divisor) as i64, (n / divisor) as i64);
    let (m, h) = (m as i64, h as i64);
    // row[j]: the share of orders of i and j values that have reached the gap. A last value of the longer side comes from (i - 1, j)
    // with probability i / (i + j), one of the shorter from (i, j - 1). Only sums of positive numbers occur.
    let mut row = vec![0.0; m as usize + 1];
    for i in 0..=n as i64 {
        // From this j on the gap is not reached here.
        let inside = ((i * up - h).div_euclid(down) + 1).max(0);
        if inside > m {
            return 1.0;
        }
        let mut left = 1.0;
        for j in inside..=m {
            let here = if i + j == 0 {
                0.0
            } else {
                let (i, j) = (i as f64, j as f64);
                (row[j as usize] * i + left * j) / (i + j)
            };
            row[j as usize] = here;
            left = here;
        }
        row[..inside as usize].fill(1.0);
    }
    row[m as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(a: &[f64], b: &[f64], alternative: Alternative, p_value: PValue) -> Smirnov {
        test(Reference(a), Current(b), alternative, p_value).unwrap()
    }

    fn range(n: u32, shift: f64) -> Vec<f64> {
        (0..n).map(|i| f64::from(i) + shift).collect()
    }

    #[test]
    fn every_order_counted_by_hand() {
        // Of the C(5, 2) = 10 orders of aabbb, D+ = 1 in aabbb alone.
        let found = run(&[1.0, 2.0], &[3.0, 4.0, 5.0], Alternative::Greater, PValue::Exact);
        assert!((found.p_value - 0.1).abs() < 1e-15 && found.d == 1.0 && found.at == 2.0, "{found:?}");
        // The other way there is no gap at all.
        let found = run(&[1.0, 2.0], &[3.0, 4.0, 5.0], Alternative::Less, PValue::Exact);
        assert_eq!((found.d, found.p_value), (0.0, 1.0));
    }

    #[test]
    fn sides_swapped_are_alternatives_swapped() {
        let (a, b) = (range(40, 0.0), range(31, 7.5));
        for p_value in [PValue::Exact, PValue::Limit, PValue::Scipy] {
            let there = run(&a, &b, Alternative::Greater, p_value);
            let back = run(&b, &a, Alternative::Less, p_value);
            assert_eq!((there.d, there.p_value), (back.d, back.p_value));
        }
    }

    #[test]
    fn equal_sizes_take_a_short_cut_to_the_same_number() {
        // The count by rows, made to run on equal sizes.
        let by_rows = |n: u64, h: u64| {
            let mut row = vec![0.0; n as usize + 1];
            for i in 0..=n {
                for j in 0..=n {
                    row[j as usize] = if i >= j + h {
                        1.0
                    } else if i + j == 0 {
                        0.0
                    } else {
                        let left = if j == 0 { 0.0 } else { row[j as usize - 1] };
                        (row[j as usize] * i as f64 + left * j as f64) / (i + j) as f64
                    };
                }
            }
            row[n as usize]
        };
        for (n, h) in [(1, 1), (5, 2), (30, 11), (200, 60)] {
            let found = exact_p(n, n, u128::from(n * h));
            assert!((found / by_rows(n, h) - 1.0).abs() < 1e-12, "{n} {h}: {found}");
        }
    }

    #[test]
    fn scipy_gives_up_counting_where_the_orders_overflow() {
        assert_eq!(PValue::scipy(Alternative::Less, 500, 510), PValue::Exact);
        assert_eq!(PValue::scipy(Alternative::Less, 520, 530), PValue::Limit);
        assert_eq!(PValue::scipy(Alternative::TwoSided, 520, 530), PValue::Exact);
        assert_eq!(PValue::scipy(Alternative::TwoSided, 10_001, 5), PValue::Limit);
    }

    #[test]
    fn an_empty_side_is_not_tested() {
        let empty = NotTested::Empty { n_reference: 1, n_current: 0 };
        assert_eq!(test(Reference(&[1.0]), Current(&[]), Alternative::Less, PValue::Exact), Err(empty));
    }
}
