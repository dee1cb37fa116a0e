//! Moments of a sample: where it lies, how far it spreads, how it leans and how heavy its tails are.

use crate::num::Sum;

/// Mean, spread, lean and tails of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// The arithmetic mean.
    pub mean: f64,
    /// Standard deviation, the squares divided by `n`.
    pub std: f64,
    /// Standard deviation, the squares divided by `n - 1`; `None` for a single value.
    pub sample_std: Option<f64>,
    /// Third standardized moment: above 0 where the right tail is the longer one. `None` for a constant.
    pub skewness: Option<f64>,
    /// Fourth standardized moment less 3, which is the normal distribution's. `None` for a constant.
    pub excess_kurtosis: Option<f64>,
}

/// A spread below this share of the largest value is rounding, not spread.
const ROUNDING: f64 = f64::EPSILON;

/// What values are divided by whose distance from the mean is larger than the largest number: a power of two, and so exact.
const SCALE: f64 = 4.0;

impl Moments {
    /// Those of all values times a positive number.
    fn times(self, factor: f64) -> Self {
        let (mean, std) = (self.mean * factor, self.std * factor);
        Self { mean, std, sample_std: self.sample_std.map(|std| std * factor), ..self }
    }
}

/// The first four moments of a sample.
///
/// ```text
/// std = sqrt(m2),  skewness = m3 / m2^(3/2),  excess kurtosis = m4 / m2^2 - 3,  m_k = 1/n * sum of (x - mean)^k
/// ```
///
/// Inputs: finite numbers in any order. Skewness and kurtosis are the biased estimates, scipy's default. They are worked out in
/// units of the largest distance from the mean, so that values near the largest number do not overflow. `None` when there
/// are no values. Where all values are one, up to rounding, skewness and kurtosis are `None`.
///
/// ```
/// use tidemark::stattest::moments::moments;
/// // scipy 1.17: skew([1, 2, 2, 9]), kurtosis([1, 2, 2, 9])
/// let found = moments(&[1.0, 2.0, 2.0, 9.0]).unwrap();
/// assert_eq!((found.mean, found.std), (3.5, 10.25_f64.sqrt()));
/// assert!((found.skewness.unwrap() - 1.097025449363867).abs() < 1e-15);
/// assert!((found.excess_kurtosis.unwrap() - -0.7055324211778702).abs() < 1e-15);
/// ```
///
/// Source: Fisher, Proc. London Math. Soc. 30 (1930); agrees with `scipy.stats.skew` and `kurtosis` of scipy 1.17.
pub fn moments(values: &[f64]) -> Option<Moments> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let mean = mean(values);
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max((value - mean).abs()));
    if largest.is_infinite() {
        return Some(moments(&values.iter().map(|value| value / SCALE).collect::<Vec<_>>())?.times(SCALE));
    }
    let power = |k: i32| -> f64 {
        let powers: Sum = values
            .iter()
            .map(|value| {
                let distance = (value - mean) / largest;
                (0..k).map(|_| distance).product::<f64>()
            })
            .collect();
        powers.value() / n
    };
    if largest <= ROUNDING * mean.abs() {
        let std = if values.iter().all(|value| *value == values[0]) { 0.0 } else { largest * power(2).sqrt() };
        let sample_std = (n > 1.0).then(|| std * (n / (n - 1.0)).sqrt());
        return Some(Moments { mean, std, sample_std, skewness: None, excess_kurtosis: None });
    }
    let m2 = power(2);
    Some(Moments {
        mean,
        std: largest * m2.sqrt(),
        sample_std: (n > 1.0).then(|| largest * (m2 * n / (n - 1.0)).sqrt()),
        skewness: Some(power(3) / (m2 * m2.sqrt())),
        excess_kurtosis: Some(power(4) / (m2 * m2) - 3.0),
    })
}

/// The mean; in halves of halves where the plain sum would overflow.
fn mean(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().copied().collect::<Sum>().value() / n;
    if mean.is_finite() {
        return mean;
    }
    values.iter().map(|value| value / n).collect::<Sum>().value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_turns_the_lean_and_keeps_the_tails() {
        let values = [0.0, 1.0, 1.0, 2.0, 7.0, 30.0];
        let mirrored = values.map(|x| -x);
        let (there, back) = (moments(&values).unwrap(), moments(&mirrored).unwrap());
        assert_eq!(there.skewness.map(|x| -x), back.skewness);
        assert_eq!(there.excess_kurtosis, back.excess_kurtosis);
    }

    #[test]
    fn no_number_is_too_large() {
        let found = moments(&[f64::MAX, f64::MAX, -f64::MAX, 0.0]).unwrap();
        let small = moments(&[1.0, 1.0, -1.0, 0.0]).unwrap();
        assert!((found.skewness.unwrap() - small.skewness.unwrap()).abs() < 1e-14, "{found:?}");
        assert!((found.mean / f64::MAX - 0.25).abs() < 1e-15);
    }

    #[test]
    fn one_value_has_no_shape() {
        let one = Moments { mean: 0.1, std: 0.0, sample_std: None, skewness: None, excess_kurtosis: None };
        assert_eq!(moments(&[0.1]), Some(one));
        assert_eq!(moments(&[0.1; 3]).unwrap().skewness, None);
        assert_eq!(moments(&[]), None);
    }
}
