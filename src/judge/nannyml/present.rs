//! Moments of the values that are there, NaN being one that is not, with numpy's and pandas' rounding.

use crate::num::pairwise_sum;

/// Values that are there.
pub(super) fn count(values: &[f64]) -> usize {
    values.iter().filter(|value| !value.is_nan()).count()
}

/// Their sum; 0 for none.
pub(super) fn sum(values: &[f64]) -> f64 {
    pairwise_sum(&map(values, |value| value))
}

/// Their mean; NaN for none.
pub(super) fn mean(values: &[f64]) -> f64 {
    sum(values) / count(values) as f64
}

/// Their standard deviation, divided by n - `less`; NaN where that is not above 0.
pub(super) fn std(values: &[f64], less: usize) -> f64 {
    let n = count(values);
    if n <= less {
        return f64::NAN;
    }
    let mean = mean(values);
    (pairwise_sum(&map(values, |value| (value - mean) * (value - mean))) / (n - less) as f64).sqrt()
}

/// Their fourth central moment, divided by n.
pub(super) fn fourth_moment(values: &[f64]) -> f64 {
    let mean = mean(values);
    let fourth_power = |value: f64| {
        let square = (value - mean) * (value - mean);
        square * square
    };
    pairwise_sum(&map(values, fourth_power)) / count(values) as f64
}

/// A missing value adds nothing and keeps its place, which decides with which others it is added first.
fn map(values: &[f64], term: impl Fn(f64) -> f64) -> Vec<f64> {
    values.iter().map(|value| if value.is_nan() { 0.0 } else { term(*value) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_equal_pandas_to_the_last_bit() {
        // pandas 2.3: s = pd.Series(1 / np.sqrt(np.arange(1., 301))); s[::7] = np.nan; s.sum(), s.mean(), s.std()
        let values: Vec<f64> =
            (0..300).map(|i| if i % 7 == 0 { f64::NAN } else { 1.0 / f64::from(i + 1).sqrt() }).collect();
        let expected = (27.892_120_447_951_15, 0.108_529_651_548_448_06, 0.080_705_349_747_737_69);
        assert_eq!((sum(&values), mean(&values), std(&values, 1)), expected);
        assert!(mean(&[f64::NAN]).is_nan() && std(&[1.0], 1).is_nan());
        assert_eq!(sum(&[f64::NAN]), 0.0);
    }
}
