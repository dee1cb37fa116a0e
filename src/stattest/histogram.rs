//! How many bins a histogram takes: the rules of numpy.

use crate::profile::quantile;
use crate::stattest::binning::equal_edges;
use crate::stattest::moments::moments;

/// A rule for the width of equal bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// `range / (log2 n + 1)`: Sturges, "The Choice of a Class Interval", JASA 21 (1926).
    Sturges,
    /// `range / (1 + log2 n + log2(1 + |skewness| / s))` with `s = sqrt(6 (n - 2) / ((n + 1) (n + 3)))`: Doane, "Aesthetic
    /// Frequency Classifications", The American Statistician 30 (1976).
    Doane,
    /// `2 IQR / n^(1/3)`: Freedman and Diaconis, Z. Wahrscheinlichkeitstheorie 57 (1981).
    FreedmanDiaconis,
    /// `std (24 sqrt(pi) / n)^(1/3)`: Scott, "On Optimal and Data-Based Histograms", Biometrika 66 (1979).
    Scott,
    /// The smaller of Sturges' width and Freedman and Diaconis', of which the latter is taken no narrower than
    /// `range / (2 sqrt n)`: what numpy calls `auto`.
    Auto,
}

impl Rule {
    /// numpy's name for it.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sturges" => Some(Self::Sturges),
            "doane" => Some(Self::Doane),
            "fd" => Some(Self::FreedmanDiaconis),
            "scott" => Some(Self::Scott),
            "auto" => Some(Self::Auto),
            _ => None,
        }
    }

    /// The width of a bin for these ascending values; 0 where the rule finds none, and there is one bin then.
    fn width(self, sorted: &[f64]) -> f64 {
        let n = sorted.len() as f64;
        let range = sorted[sorted.len() - 1] - sorted[0];
        let sturges = range / (libm::log2(n) + 1.0);
        match self {
            Self::Sturges => sturges,
            Self::Doane => doane_width(sorted, range),
            Self::FreedmanDiaconis => freedman_diaconis_width(sorted),
            Self::Scott => {
                let std = moments(sorted).map_or(0.0, |moments| moments.std);
                libm::cbrt(24.0 * std::f64::consts::PI.sqrt() / n) * std
            }
            Self::Auto => freedman_diaconis_width(sorted).max(range / n.sqrt() / 2.0).min(sturges),
        }
    }
}

fn doane_width(sorted: &[f64], range: f64) -> f64 {
    let n = sorted.len() as f64;
    let skewness = moments(sorted).and_then(|moments| moments.skewness);
    match skewness {
        Some(skewness) if n > 2.0 => {
            let error = (6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0))).sqrt();
            range / (1.0 + libm::log2(n) + libm::log2(1.0 + skewness.abs() / error))
        }
        _ => 0.0,
    }
}

fn freedman_diaconis_width(sorted: &[f64]) -> f64 {
    let quartile = |q| quantile(sorted, q).unwrap_or(0.0);
    2.0 * (quartile(0.75) - quartile(0.25)) / libm::cbrt(sorted.len() as f64)
}

/// More bins than this are no histogram: one far outlier among close values asks for millions, and numpy makes them.
pub const MAX_BINS: usize = 1 << 22;

/// Edges of equal bins from the smallest to the largest of the ascending values, their number by a rule.
///
/// ```text
/// number = ceil(range / width)
/// ```
/// where the width is the rule's, and at least 1 for whole numbers. A constant has one bin from `value - 0.5` to `value + 0.5`; so
/// has an empty slice around 0.5, as in numpy. Where the rule finds no width (no spread in the middle half, for Freedman and
/// Diaconis) there is one bin. At most [`MAX_BINS`] bins are made.
///
/// ```
/// use tidemark::stattest::histogram::{Rule, edges};
/// // numpy 2.4: np.histogram_bin_edges([0., 1, 1, 2, 3, 9], "fd")
/// let found = edges(&[0.0, 1.0, 1.0, 2.0, 3.0, 9.0], Rule::FreedmanDiaconis, false);
/// assert_eq!(found, [0.0, 1.8, 3.6, 5.4, 7.2, 9.0]);
/// ```
///
/// Agrees with `numpy.histogram_bin_edges` of numpy 2.4.
pub fn edges(sorted: &[f64], rule: Rule, is_integer: bool) -> Vec<f64> {
    let (Some(&min), Some(&max)) = (sorted.first(), sorted.last()) else {
        return vec![0.0, 1.0];
    };
    if min == max {
        return vec![min - 0.5, max + 0.5];
    }
    if (max - min).is_infinite() {
        // Quarters are exact, and four times an edge is no larger than the largest value.
        let quarters: Vec<f64> = sorted.iter().map(|value| value / 4.0).collect();
        return edges(&quarters, rule, is_integer).into_iter().map(|edge| edge * 4.0).collect();
    }
    let width = rule.width(sorted);
    let width = if is_integer { width.max(1.0) } else { width };
    let range = max - min;
    let n_bins = if width > 0.0 { (range / width).ceil().clamp(1.0, MAX_BINS as f64) } else { 1.0 };
    equal_edges(min, max, n_bins as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stattest::binning::sturges_edges;

    #[test]
    fn sturges_is_the_rule_of_the_evidently_judge() {
        let values: Vec<f64> = (0..137).map(|i| f64::from(i * i) / 7.0).collect();
        let max = values[136];
        assert_eq!(edges(&values, Rule::Sturges, false), sturges_edges(0.0, max, 137, false));
    }

    #[test]
    fn doane_bins_equal_numpys() {
        // numpy 2.4: np.histogram_bin_edges(np.array([0, 1, 2, 3, 4, 10, 40.]), "doane")
        let found = edges(&[0.0, 1.0, 2.0, 3.0, 4.0, 10.0, 40.0], Rule::Doane, false);
        let expected = [
            0.0,
            6.666_666_666_666_667,
            13.333_333_333_333_334,
            20.0,
            26.666_666_666_666_668,
            33.333_333_333_333_336,
            40.0,
        ];
        assert_eq!(found, expected);
        assert_eq!(edges(&[3.0, 3.0, 3.0], Rule::Doane, false), [2.5, 3.5]);
        assert_eq!(edges(&[1.0, 2.0], Rule::Doane, false), [1.0, 2.0]);
        // Their spread overflows when it is squared; the bins are those of smaller values of the same shape.
        let wide = edges(&[-1e200, 0.0, 1e200], Rule::Doane, false);
        assert_eq!(wide.len(), edges(&[-1.0, 0.0, 1.0], Rule::Doane, false).len());
    }

    #[test]
    fn every_rule_gives_ascending_edges_or_one_bin() {
        let outlier: Vec<f64> = (0..100).map(f64::from).chain([1e300]).collect();
        for rule in ["sturges", "doane", "fd", "scott", "auto"].map(|name| Rule::from_name(name).unwrap()) {
            let found = edges(&outlier, rule, false);
            assert!(found.windows(2).all(|pair| pair[0] < pair[1]) && found.len() <= MAX_BINS + 1, "{rule:?}");
            assert_eq!(edges(&[2.0, 2.0], rule, false), [1.5, 2.5]);
            assert_eq!(edges(&[], rule, false), [0.0, 1.0]);
            let widest = edges(&[-f64::MAX, -1.0, 0.0, f64::MAX], rule, false);
            assert!(widest.windows(2).all(|pair| pair[0] < pair[1]), "{rule:?} {widest:?}");
        }
    }
}
