//! Correction for many tests.

use serde::{Deserialize, Serialize};
use std::f64::consts::LN_10;

use super::significance::Significance;

/// How the p-values of a report are corrected for their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    /// Benjamini and Hochberg's: holds for independent columns, and for columns that rise and fall together.
    #[default]
    BenjaminiHochberg,
    /// Benjamini and Yekutieli's: holds however the columns hang together, at the price of a factor of about `ln m`.
    BenjaminiYekutieli,
}

impl Correction {
    /// The name, as it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BenjaminiHochberg => "benjamini_hochberg",
            Self::BenjaminiYekutieli => "benjamini_yekutieli",
        }
    }

    /// What every p-value is multiplied by besides `m / rank`.
    fn factor(self, m: usize) -> f64 {
        match self {
            Self::BenjaminiHochberg => 1.0,
            Self::BenjaminiYekutieli => (1..=m).map(|i| 1.0 / i as f64).sum(),
        }
    }
}

/// Benjamini and Hochberg's adjusted p-values, in the order given.
///
/// ```text
/// adjusted(i) = min over j >= i of p(j) * m / j
/// ```
/// where `p(1) <= … <= p(m)`. Calling a change real when its adjusted p-value is at most `q` keeps the expected share of
/// false ones among those called real at `q` or below, when the tests are independent or positively dependent.
///
/// Inputs: p-values, 0 to 1, in any order; none gives none. Score: p-values, none smaller than the one it came from.
///
/// ```
/// use tidemark::judge::calibrated::benjamini_hochberg;
/// // scipy 1.17: false_discovery_control([0.01, 0.02, 0.03, 0.5])
/// assert_eq!(benjamini_hochberg(&[0.01, 0.02, 0.03, 0.5]), [0.04, 0.04, 0.04, 0.5]);
/// ```
///
/// Source: Benjamini and Hochberg, J. Royal Stat. Soc. B 57 (1995); agrees with R's `p.adjust(p, "BH")` and
/// `scipy.stats.false_discovery_control` of scipy 1.17.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    adjusted(p_values, Correction::BenjaminiHochberg)
}

/// Benjamini and Yekutieli's adjusted p-values, in the order given.
///
/// ```text
/// adjusted(i) = min over j >= i of min(1, p(j) * m / j * c(m)),  c(m) = 1 + 1/2 + … + 1/m
/// ```
/// where `p(1) <= … <= p(m)`. As [`benjamini_hochberg`], but whatever the dependence of the tests.
///
/// Inputs and score: as there.
///
/// ```
/// use tidemark::judge::calibrated::benjamini_yekutieli;
/// // scipy 1.17: false_discovery_control([0.01, 0.02, 0.03, 0.5], method="by")
/// for (found, expected) in benjamini_yekutieli(&[0.01, 0.02, 0.03, 0.5]).into_iter().zip([1.0, 1.0, 1.0, 12.0]) {
///     assert!((found - expected / 12.0).abs() < 1e-15 || found == 1.0, "{found}");
/// }
/// ```
///
/// Source: Benjamini and Yekutieli, Annals of Statistics 29 (2001), theorem 1.3; agrees with R's `p.adjust(p, "BY")` and
/// `scipy.stats.false_discovery_control(method="by")` of scipy 1.17.
pub fn benjamini_yekutieli(p_values: &[f64]) -> Vec<f64> {
    adjusted(p_values, Correction::BenjaminiYekutieli)
}

fn adjusted(p_values: &[f64], correction: Correction) -> Vec<f64> {
    let found: Vec<Significance> = p_values.iter().map(|&p| Significance::of(p)).collect();
    adjust(&found, correction).into_iter().map(|adjusted| adjusted.p_value).collect()
}

/// Corrects p-values together, those that are too small for a number by their logarithms.
pub(super) fn adjust(found: &[Significance], correction: Correction) -> Vec<Significance> {
    let m = found.len();
    let factor = correction.factor(m);
    let mut order: Vec<usize> = (0..m).collect();
    let log10 = |found: &Significance| found.log10_p.unwrap_or(f64::INFINITY);
    order.sort_by(|&a, &b| {
        found[a].p_value.total_cmp(&found[b].p_value).then(log10(&found[a]).total_cmp(&log10(&found[b])))
    });
    let mut adjusted = vec![Significance::of(1.0); m];
    let (mut smallest, mut smallest_log10) = (1.0_f64, 0.0_f64);
    for (rank, &index) in order.iter().enumerate().rev() {
        let times = m as f64 * factor;
        smallest = smallest.min(found[index].p_value * times / (rank + 1) as f64);
        let log10_p = found[index].log10_p.map(|log10_p| {
            smallest_log10 = smallest_log10.min(log10_p + libm::log(times / (rank + 1) as f64) / LN_10);
            smallest_log10
        });
        adjusted[index] = Significance { p_value: smallest, log10_p };
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_one_test_is_left_alone() {
        for adjust in [benjamini_hochberg, benjamini_yekutieli] {
            assert_eq!(adjust(&[]), [0.0; 0]);
            assert_eq!(adjust(&[0.3]), [0.3]);
        }
        assert_eq!(benjamini_hochberg(&[0.9, 0.01]), [0.9, 0.02]);
        assert_eq!(benjamini_yekutieli(&[0.9, 0.01]), [1.0, 0.03]);
    }

    #[test]
    fn ties_and_small_ones_equal_scipy() {
        let p_values = [1e-8, 0.04, 0.001, 0.04, 0.9, 0.2];
        // scipy 1.17: false_discovery_control(p_values, method="bh"), method="by"
        let hochberg = [6.000000000000001e-08, 0.06, 0.003, 0.06, 0.9, 0.24];
        let yekutieli = [1.47e-07, 0.147, 0.00735, 0.147, 1.0, 0.588];
        for (found, expected) in
            [(benjamini_hochberg(&p_values), hochberg), (benjamini_yekutieli(&p_values), yekutieli)]
        {
            for (found, expected) in found.into_iter().zip(expected) {
                assert!((found / expected - 1.0).abs() < 1e-14, "{found} is not {expected}");
            }
        }
    }

    #[test]
    fn what_is_too_small_for_a_number_is_corrected_all_the_same() {
        let far = |log10_p| Significance { p_value: 0.0, log10_p: Some(log10_p) };
        let found = [far(-400.0), Significance::of(0.5), far(-900.0), far(-400.5)];
        let adjusted = adjust(&found, Correction::BenjaminiHochberg);
        let log10: Vec<Option<f64>> = adjusted.iter().map(|adjusted| adjusted.log10_p).collect();
        // Ranks 3, 4, 1 and 2 of 4.
        let expected = [-400.0 + libm::log10(4.0 / 3.0), 0.0, -900.0 + libm::log10(4.0), -400.5 + libm::log10(2.0)];
        assert_eq!(log10[1], None);
        for i in [0, 2, 3] {
            assert!((log10[i].unwrap() - expected[i]).abs() < 1e-12, "{i}: {:?}", log10[i]);
        }
        assert_eq!((adjusted[0].p_value, adjusted[1].p_value), (0.0, 0.5));
    }
}
