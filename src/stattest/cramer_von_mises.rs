//! Two-sample Cramér-von Mises test.

use std::collections::BTreeMap;
use std::f64::consts::PI;

use super::steps::{Step, steps};
use super::{Current, NotTested, Reference, TestStatistic};
use crate::num::{Sum, gcd};

/// Up to this size of the larger sample the p-value is exact.
pub const MAX_EXACT: usize = 20;

/// A normalized statistic below this has p-value 1: the limit's distribution function is 0 there within its precision.
const SMALLEST_STATISTIC: f64 = 0.003;

/// The series of the limit's distribution function ends with the first term below this (scipy's rule).
const SMALLEST_TERM: f64 = 1e-7;

/// How the p-value is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PValue {
    /// By counting every order of the values. Sizes beyond about 30 each take long.
    Exact,
    /// By the limit for large samples.
    Limit,
    /// Exact while no side has more than [`MAX_EXACT`] values: scipy's `method="auto"`.
    Scipy,
}

/// Whether two samples come from one distribution, by the squared gap of their distribution functions.
///
/// ```text
/// T = U / (n m N) - (4 n m - 1) / (6 N),  U = n * sum of (rank of x_i - i)^2 + m * sum of (rank of y_j - j)^2
/// ```
/// where `x` are the `n` reference and `y` the `m` current values in ascending order, ranks are taken among all `N`, and
/// equal values share their mean rank.
///
/// Inputs: two ascending slices of finite numbers. Score: a p-value, exact while no side has more than [`MAX_EXACT`]
/// values; small speaks for drift. Ties are taken for evidence: two equal constants have p about 0.08. Declines when a side has
/// fewer than two values.
///
/// ```
/// use tidemark::stattest::{Current, Reference, cramer_von_mises};
/// // scipy 1.17: cramervonmises_2samp([1, 2, 3, 4], [3.5, 5, 6]).pvalue
/// let p = cramer_von_mises::test(Reference(&[1.0, 2.0, 3.0, 4.0]), Current(&[3.5, 5.0, 6.0])).unwrap();
/// assert!((p - 0.11428571428571428).abs() < 1e-12, "{p}");
/// ```
///
/// Source: Anderson, Ann. Math. Stat. 33 (1962); exact: Xiao, Gordon and Yakovlev, J. Stat. Software 17(8) (2006); limit:
/// Csörgő and Faraway, J. Royal Stat. Soc. B 58 (1996), eq. 1.3. Agrees with `scipy.stats.cramervonmises_2samp`.
///
/// # Errors
/// A side has fewer than two values.
pub fn test(reference: Reference<&[f64]>, current: Current<&[f64]>) -> Result<f64, NotTested> {
    Ok(two_sample(reference, current, PValue::Scipy)?.p_value)
}

/// [`test`] with its statistic `T`, and with a say in how the p-value is worked out. Declines as it does.
///
/// ```
/// use tidemark::stattest::cramer_von_mises::{PValue, two_sample};
/// use tidemark::stattest::{Current, Reference};
/// // scipy 1.17: cramervonmises_2samp([1, 2, 3, 4], [3.5, 5, 6], method="asymptotic")
/// let found = two_sample(Reference(&[1.0, 2.0, 3.0, 4.0]), Current(&[3.5, 5.0, 6.0]), PValue::Limit).unwrap();
/// assert!((found.statistic - 0.3928571428571428).abs() < 1e-15, "{found:?}");
/// assert!((found.p_value - 0.07582212096499696).abs() < 1e-12, "{found:?}");
/// ```
///
/// # Errors
/// A side has fewer than two values.
pub fn two_sample(
    reference: Reference<&[f64]>,
    current: Current<&[f64]>,
    p_value: PValue,
) -> Result<TestStatistic, NotTested> {
    let (a, b) = (reference.0, current.0);
    if a.len() < 2 || b.len() < 2 {
        return Err(NotTested::TooFew { n_reference: a.len() as u64, n_current: b.len() as u64, needed: 2 });
    }
    let u = rank_statistic(a, b);
    let is_exact = match p_value {
        PValue::Exact => true,
        PValue::Limit => false,
        PValue::Scipy => a.len().max(b.len()) <= MAX_EXACT,
    };
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (k, total) = (n * m, n + m);
    let t = u / (k * total) - (4.0 * k - 1.0) / (6.0 * total);
    let p_value = if is_exact { exact_p(u, a.len() as u64, b.len() as u64) } else { limit_p(t, n, m) };
    Ok(TestStatistic { statistic: t, p_value })
}

/// `P(T >= t)` by the limit, shifted and scaled to the mean and variance that `T` has at these sizes.
fn limit_p(t: f64, n: f64, m: f64) -> f64 {
    let (k, total) = (n * m, n + m);
    let mean = (1.0 + 1.0 / total) / 6.0;
    let variance =
        (total + 1.0) * (4.0 * k * total - 3.0 * (n * n + m * m) - 2.0 * k) / (45.0 * total * total * 4.0 * k);
    let normalized = 1.0 / 6.0 + (t - mean) / (45.0 * variance).sqrt();
    if normalized < SMALLEST_STATISTIC { 1.0 } else { (1.0 - limit_cdf(normalized)).max(0.0) }
}

fn rank_statistic(a: &[f64], b: &[f64]) -> f64 {
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (mut of_a, mut of_b) = (Sum::default(), Sum::default());
    for Step { below: [i, j], equal: [equal_a, equal_b], .. } in steps(a, b) {
        let rank = (i + j) as f64 + (equal_a + equal_b + 1) as f64 / 2.0;
        for (sum, places) in [(&mut of_a, i..i + equal_a), (&mut of_b, j..j + equal_b)] {
            for place in places {
                let gap = rank - (place + 1) as f64;
                sum.add(gap * gap);
            }
        }
    }
    n * of_a.value() + m * of_b.value()
}

/// The share of all orders of `n` and `m` values whose statistic is at least `u`.
fn exact_p(u: f64, n: u64, m: u64) -> f64 {
    let lcm = n / gcd(n, m) * m;
    let (a, b) = (lcm / n, lcm / m);
    let nm = (n * m) as f64;
    let zeta = ((lcm * lcm * (n + m)) as f64 * (6.0 * u - nm * (4.0 * nm - 1.0)) / (6.0 * nm * nm)).floor();
    // counts[v]: how many paths to (v, w) have which sum of squared distances from the diagonal, in units of 1 / lcm.
    let mut counts: Vec<BTreeMap<u64, u64>> = vec![BTreeMap::new(); n as usize + 1];
    counts[0].insert(0, 1);
    for w in 0..=m {
        let mut arriving: BTreeMap<u64, u64> = BTreeMap::new();
        for (v, here) in (0..=n).zip(&mut counts) {
            for (sum, count) in &*here {
                *arriving.entry(*sum).or_insert(0) += count;
            }
            let distance = (a * v).abs_diff(b * w);
            arriving = arriving.into_iter().map(|(sum, count)| (sum + distance * distance, count)).collect();
            here.clone_from(&arriving);
        }
    }
    let all: u64 = counts[n as usize].values().sum();
    let as_far: u64 = counts[n as usize].iter().filter(|(sum, _)| **sum as f64 >= zeta).map(|(_, count)| count).sum();
    as_far as f64 / all as f64
}

/// The limit's distribution function.
fn limit_cdf(x: f64) -> f64 {
    let mut cdf = 0.0;
    for k in 0..1000 {
        let k = f64::from(k);
        let y = 4.0 * k + 1.0;
        let factor = libm::exp(libm::lgamma(k + 0.5) - libm::lgamma(k + 1.0)) / (PI * PI.sqrt() * x.sqrt());
        let term = factor * y.sqrt() * bessel_k_quarter(y * y / (16.0 * x));
        cdf += term;
        if term.abs() < SMALLEST_TERM {
            break;
        }
    }
    cdf
}

/// `exp(-q) K_{1/4}(q)`, by the integral of `exp(-q cosh t - q) cosh(t / 4)` over `t >= 0`. The trapezoidal rule is as good as
/// exact for it: the error falls like `exp(-pi^2 / step)`.
fn bessel_k_quarter(q: f64) -> f64 {
    const STEP: f64 = 0.125;
    let mut sum = 0.5 * libm::exp(-2.0 * q);
    for i in 1..1000 {
        let t = STEP * f64::from(i);
        let term = libm::exp(-q * (libm::cosh(t) + 1.0)) * libm::cosh(t / 4.0);
        sum += term;
        if term < 1e-20 * sum || term == 0.0 {
            break;
        }
    }
    sum * STEP
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symmetric_and_sure_of_what_lies_apart() {
        let (a, b): (Vec<f64>, Vec<f64>) =
            ((0..30).map(f64::from).collect(), (0..40).map(|i| f64::from(i) + 15.5).collect());
        let there = test(Reference(&a), Current(&b)).unwrap();
        assert!((there - test(Reference(&b), Current(&a)).unwrap()).abs() < 1e-15);
        assert!(there < 0.01 && test(Reference(&a), Current(&a)).unwrap() > 0.9);
    }

    #[test]
    fn one_value_is_too_few() {
        let too_few = NotTested::TooFew { n_reference: 1, n_current: 3, needed: 2 };
        assert_eq!(test(Reference(&[1.0]), Current(&[1.0, 2.0, 3.0])), Err(too_few));
    }
}
