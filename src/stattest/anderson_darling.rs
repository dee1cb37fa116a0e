//! Two-sample Anderson-Darling test.

use super::steps::{Step, steps};
use super::{Current, NotTested, Reference, TestStatistic};
use crate::num::Sum;

/// The p-value is read off a table that ends here; larger ones are all this one.
pub const LARGEST_P: f64 = 0.25;
/// The other end of the table.
pub const SMALLEST_P: f64 = 0.001;

/// Significance levels of the table, and the critical values of the standardized statistic for two samples: Scholz and
/// Stephens, table 1, `b0 + b1 + b2` for `m = 1`.
const TABLE: [(f64, f64); 7] = [
    (0.25, 0.675 - 0.245 - 0.105),
    (0.1, 1.281 + 0.25 - 0.305),
    (0.05, 1.645 + 0.678 - 0.362),
    (0.025, 1.96 + 1.149 - 0.391),
    (0.01, 2.326 + 1.822 - 0.396),
    (0.005, 2.573 + 2.364 - 0.345),
    (0.001, 3.085 + 3.615 - 0.154),
];

/// Whether two samples come from one distribution, with more weight on the tails than Kolmogorov-Smirnov.
///
/// ```text
/// A2 = (N-1)/N * sum over sides i of 1/n_i * sum over values z of l/N * (N M_i - B n_i)^2 / (B (N - B) - N l/4)
/// ```
/// where `z` runs over the distinct pooled values, `l` of the `N` pooled values equal `z`, and `B` and `M_i` count the pooled
/// values and those of side `i` below `z`, with half of those that equal it. The statistic is standardized by its mean 1
/// and its variance, and the p-value is interpolated between tabled ones by a parabola through their logarithms.
///
/// Inputs: two ascending slices of finite numbers; ties are welcome. Score: a p-value held inside [`SMALLEST_P`] and
/// [`LARGEST_P`], the table's ends; small speaks for drift. Declines when a side is empty or all values are equal.
///
/// ```
/// use tidemark::stattest::{Current, Reference, anderson_darling};
/// // scipy 1.17: anderson_ksamp([[1, 2, 3, 4, 5], [3, 4, 5, 6, 7, 8]]).pvalue
/// let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0], [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
/// let p = anderson_darling::test(Reference(&a), Current(&b)).unwrap();
/// assert!((p - 0.04632213573484101).abs() < 1e-12, "{p}");
/// ```
///
/// Source: Scholz and Stephens, "K-Sample Anderson-Darling Tests", JASA 82 (1987), eq. 7; agrees with
/// `scipy.stats.anderson_ksamp(midrank=True)`.
///
/// # Errors
/// A side is empty, or there is one distinct value only.
pub fn test(reference: Reference<&[f64]>, current: Current<&[f64]>) -> Result<f64, NotTested> {
    Ok(two_sample(reference, current)?.p_value)
}

/// [`test`] with its standardized statistic. Declines as it does.
///
/// ```
/// use tidemark::stattest::{Current, Reference, anderson_darling};
/// // scipy 1.17: anderson_ksamp([[1, 2, 3, 4, 5], [3, 4, 5, 6, 7, 8]]).statistic
/// let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0], [3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
/// let found = anderson_darling::two_sample(Reference(&a), Current(&b)).unwrap();
/// assert!((found.statistic - 2.05426131446075).abs() < 1e-12, "{found:?}");
/// ```
///
/// # Errors
/// A side is empty, there is one distinct value only, or one value on each side.
pub fn two_sample(reference: Reference<&[f64]>, current: Current<&[f64]>) -> Result<TestStatistic, NotTested> {
    let (a, b) = (reference.0, current.0);
    if a.is_empty() || b.is_empty() {
        return Err(NotTested::Empty { n_reference: a.len() as u64, n_current: b.len() as u64 });
    }
    if a[0].min(b[0]) == a[a.len() - 1].max(b[b.len() - 1]) {
        return Err(NotTested::Constant);
    }
    let standardized = (statistic(a, b) - 1.0) / variance(a.len(), b.len()).sqrt();
    if standardized.is_nan() {
        return Err(NotTested::NotFinite);
    }
    Ok(TestStatistic { statistic: standardized, p_value: interpolate(standardized) })
}

fn statistic(a: &[f64], b: &[f64]) -> f64 {
    let (n, m) = (a.len() as f64, b.len() as f64);
    let total = n + m;
    let (mut of_a, mut of_b) = (Sum::default(), Sum::default());
    for Step { below: [i, j], equal: [equal_a, equal_b], .. } in steps(a, b) {
        let l = (equal_a + equal_b) as f64;
        let below = (i + j) as f64 + l / 2.0;
        let weight = l / total / (below * (total - below) - total * l / 4.0);
        let term = |below_here: f64, size: f64| {
            let gap = total * below_here - below * size;
            weight * gap * gap
        };
        of_a.add(term(i as f64 + equal_a as f64 / 2.0, n));
        of_b.add(term(j as f64 + equal_b as f64 / 2.0, m));
    }
    (of_a.value() / n + of_b.value() / m) * (total - 1.0) / total
}

/// The statistic's variance for `k = 2` samples of these sizes (Scholz and Stephens, eq. 4).
fn variance(n: usize, m: usize) -> f64 {
    let total = n + m;
    let big = total as f64;
    let (mut harmonic, mut g) = (Sum::default(), Sum::default());
    // g sums 1/((N-i) j) over i < j: running sums of 1/(N-1), 1/(N-2), … divided by 2, 3, ….
    for i in 1..total.saturating_sub(1) {
        harmonic.add(1.0 / (total - i) as f64);
        g.add(harmonic.value() / (i + 1) as f64);
    }
    let (h, g) = (harmonic.value() + 1.0, g.value());
    let (k, sizes) = (2.0, 1.0 / n as f64 + 1.0 / m as f64);
    let a = (4.0 * g - 6.0) * (k - 1.0) + (10.0 - 6.0 * g) * sizes;
    let b = (2.0 * g - 4.0) * k * k + 8.0 * h * k + (2.0 * g - 14.0 * h - 4.0) * sizes - 8.0 * h + 4.0 * g - 6.0;
    let c = (6.0 * h + 2.0 * g - 2.0) * k * k + (4.0 * h - 4.0 * g + 6.0) * k + (2.0 * h - 6.0) * sizes + 4.0 * h;
    let d = (2.0 * h + 6.0) * k * k - 4.0 * h * k;
    (((a * big + b) * big + c) * big + d) / ((big - 1.0) * (big - 2.0) * (big - 3.0))
}

/// The p-value that belongs to a standardized statistic: the parabola of least squares through the table.
fn interpolate(statistic: f64) -> f64 {
    if statistic < TABLE[0].1 {
        return LARGEST_P;
    }
    if statistic > TABLE[TABLE.len() - 1].1 {
        return SMALLEST_P;
    }
    // Orthogonal polynomials over the critical values need no matrix and lose no digits.
    let n = TABLE.len() as f64;
    let mean = TABLE.iter().map(|(_, x)| x).sum::<f64>() / n;
    let spread: f64 = TABLE.iter().map(|(_, x)| (x - mean) * (x - mean)).sum();
    let skew = TABLE.iter().map(|(_, x)| (x - mean) * (x - mean) * (x - mean)).sum::<f64>() / spread;
    let linear = |x: f64| x - mean;
    let quadratic = |x: f64| linear(x) * linear(x) - skew * linear(x) - spread / n;
    let fit = |basis: &dyn Fn(f64) -> f64| {
        let (mut top, mut bottom) = (0.0, 0.0);
        for (p, x) in TABLE {
            top += libm::log(p) * basis(x);
            bottom += basis(x) * basis(x);
        }
        top / bottom
    };
    let log_p = fit(&|_| 1.0) + fit(&linear) * linear(statistic) + fit(&quadratic) * quadratic(statistic);
    libm::exp(log_p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_values_stay_inside_the_table() {
        let a: Vec<f64> = (0..100).map(f64::from).collect();
        let far: Vec<f64> = (1000..1100).map(f64::from).collect();
        assert_eq!(test(Reference(&a), Current(&a)), Ok(LARGEST_P));
        assert_eq!(test(Reference(&a), Current(&far)), Ok(SMALLEST_P));
    }

    #[test]
    fn one_distinct_value_is_not_tested() {
        assert_eq!(test(Reference(&[1.0; 5]), Current(&[1.0; 7])), Err(NotTested::Constant));
    }
}
