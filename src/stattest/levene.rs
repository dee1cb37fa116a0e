//! Levene's test of equal spread, around the medians.

use super::tails::f_sf;
use super::{Current, NotTested, Reference, TestStatistic};
use crate::num::Sum;
use crate::profile::quantile;

/// Whether two samples spread equally far around their medians.
///
/// ```text
/// W = (N - 2) * sum over sides of n_i (mean z_i - mean z)^2 / sum over sides and values of (z_ij - mean z_i)^2
/// ```
/// where `z_ij` is the distance of value `j` of side `i` from the side's median, and `N = n + m`. `W` follows Fisher's F with 1
/// and `N - 2` degrees of freedom.
///
/// Inputs: two ascending slices of finite numbers; ties are welcome. Score: a p-value; small speaks for drift in spread. A
/// shift alone is not seen. Declines when a side is empty, when there are fewer than three values in all, and when all
/// distances from the median are alike on either side.
///
/// ```
/// use tidemark::stattest::{Current, Reference, levene};
/// // scipy 1.17: levene([1, 2, 3, 4], [0, 3, 6, 9, 12])
/// let found = levene::test(Reference(&[1.0, 2.0, 3.0, 4.0]), Current(&[0.0, 3.0, 6.0, 9.0, 12.0])).unwrap();
/// assert!((found.statistic - 4.013570822731127).abs() < 1e-14);
/// assert!((found.p_value - 0.08519234575271813).abs() < 1e-13, "{}", found.p_value);
/// ```
///
/// Source: Brown and Forsythe, "Robust Tests for the Equality of Variances", JASA 69 (1974); agrees with
/// `scipy.stats.levene(center="median")` of scipy 1.17.
///
/// # Errors
/// A side is empty, or there is too little to compare.
pub fn test(reference: Reference<&[f64]>, current: Current<&[f64]>) -> Result<TestStatistic, NotTested> {
    let (a, b) = (reference.0, current.0);
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (Some(a), Some(b)) = (distances(a), distances(b)) else {
        return Err(NotTested::Empty { n_reference: a.len() as u64, n_current: b.len() as u64 });
    };
    let df = n + m - 2.0;
    if df <= 0.0 {
        return Err(NotTested::TooFew { n_reference: 1, n_current: 1, needed: 2 });
    }
    let (mean_a, within_a) = mean_and_squares(&a);
    let (mean_b, within_b) = mean_and_squares(&b);
    // With two sides, the squares between them are n m / N times the squared difference of their means.
    let between = n * m / (n + m) * (mean_a - mean_b) * (mean_a - mean_b);
    let statistic = df * between / (within_a + within_b);
    if statistic.is_nan() {
        let is_lost = !between.is_finite();
        return Err(if is_lost { NotTested::NotFinite } else { NotTested::Constant });
    }
    Ok(TestStatistic { statistic, p_value: f_sf(statistic, 1.0, df) })
}

/// Distances from the median of an ascending slice; `None` if it is empty.
fn distances(sorted: &[f64]) -> Option<Vec<f64>> {
    let median = quantile(sorted, 0.5)?;
    Some(sorted.iter().map(|value| (value - median).abs()).collect())
}

/// The mean, and the sum of squares around it.
fn mean_and_squares(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().copied().collect::<Sum>().value() / values.len() as f64;
    let squares: Sum = values.iter().map(|value| (value - mean) * (value - mean)).collect();
    (mean, squares.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_is_not_seen_and_a_scale_is() {
        let a: Vec<f64> = (0..60).map(f64::from).collect();
        let shifted: Vec<f64> = a.iter().map(|x| x + 1000.0).collect();
        let wide: Vec<f64> = a.iter().map(|x| x * 3.0).collect();
        assert_eq!(test(Reference(&a), Current(&shifted)).unwrap().p_value, 1.0);
        assert!(test(Reference(&a), Current(&wide)).unwrap().p_value < 1e-9);
    }

    #[test]
    fn nothing_to_compare_is_not_tested() {
        assert_eq!(test(Reference(&[1.0; 4]), Current(&[2.0; 4])), Err(NotTested::Constant));
        let too_few = NotTested::TooFew { n_reference: 1, n_current: 1, needed: 2 };
        assert_eq!(test(Reference(&[1.0]), Current(&[2.0])), Err(too_few));
        let empty = NotTested::Empty { n_reference: 0, n_current: 1 };
        assert_eq!(test(Reference(&[]), Current(&[2.0])), Err(empty));
    }
}
