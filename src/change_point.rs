//! When a series changed: one change of its mean, whether it is real, and between which points it lies.

use serde::{Deserialize, Serialize};

use crate::random::{Rng, seed_of};

/// A change of a series' mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChangePoint {
    /// The first value of the new mean, by its place in the series, from 0.
    pub at: u64,
    /// The first and the last place that the change may as well have, with 95% confidence.
    pub between: (u64, u64),
    /// Probability of a change as clear as this, had nothing changed: `(b + 1) / (999 + 1)`, 0.001 to 1.
    pub p_value: f64,
    /// The mean before and the mean from then on.
    pub means: (f64, f64),
}

/// Values on either side of a change, at least.
const MIN_SIDE: usize = 2;
/// Shuffles that a change is held against.
const SHUFFLES: u32 = 999;
/// The 97.5% quantile of where a two-sided Brownian motion with drift -|r|/2 is largest.
const QUANTILE: f64 = 11.0;

/// Finds where a series changed its mean, had it changed once.
///
/// Of all ways to cut the series `x` of `n` values into the first `k` and the rest, the one with the largest standardised
/// difference `|S_k − k S_n / n| √(n / (k (n − k)))` of the sums `S` is taken, which is the one with the least squares left over. Its
/// p-value comes from 999 shuffles of the series (seeded by its values), which takes values for exchangeable: where windows overlap it is too
/// small. The interval is `k ± (⌊11 σ² / δ²⌋ + 1)` with the difference δ of the means and the variance σ² left over.
///
/// # Inputs
/// At least four finite values, of one unit, in the order of time.
///
/// # Declines
/// `None` for fewer than four values, for values that are not finite, and where all values are equal.
///
/// # Example
/// ```
/// use tidemark::change_point::change_point;
///
/// let series = [0.11, 0.09, 0.10, 0.12, 0.08, 0.10, 0.31, 0.29, 0.30, 0.32, 0.30, 0.28];
/// let change = change_point(&series).unwrap();
/// assert_eq!((change.at, change.between), (6, (5, 7)));
/// assert!(change.p_value < 0.01);
/// assert!(change_point(&[1.0, 1.0, 1.0, 1.0, 1.0]).is_none());
/// ```
///
/// # Source
/// Interval: J. Bai, "Estimation of a change point in multiple regression models", Review of Economics and Statistics 79 (1997),
/// equation 15. Test: J. Antoch and M. Hušková, "Permutation tests in change point analysis", Statistics & Probability Letters
/// 53 (2001).
pub fn change_point(series: &[f64]) -> Option<ChangePoint> {
    let n = series.len();
    if n < 2 * MIN_SIDE || !series.iter().all(|value| value.is_finite()) {
        return None;
    }
    let mean = series.iter().sum::<f64>() / n as f64;
    let mut centred: Vec<f64> = series.iter().map(|value| value - mean).collect();
    let (at, found) = clearest_cut(&centred);
    if found <= 0.0 {
        return None;
    }
    let mean_of = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    let (before, after) = series.split_at(at);
    let means = (mean_of(before), mean_of(after));
    let squares = |part: &[f64], mean: f64| part.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>();
    let variance = (squares(before, means.0) + squares(after, means.1)) / (n - 2) as f64;
    let difference = means.1 - means.0;
    let reach = (QUANTILE * variance / (difference * difference)).floor().min(n as f64) as usize + 1;
    let mut rng = Rng::new(seed_of(series.iter().map(|value| value.to_bits())));
    let mut as_clear = 0;
    for _ in 0..SHUFFLES {
        for last in (1..n).rev() {
            centred.swap(last, rng.below(last as u64 + 1) as usize);
        }
        // Equal but for the order of summation counts as equal.
        if clearest_cut(&centred).1 >= found * (1.0 - 1e-12) {
            as_clear += 1;
        }
    }
    Some(ChangePoint {
        at: at as u64,
        between: (at.saturating_sub(reach).max(1) as u64, (at + reach).min(n - 1) as u64),
        p_value: f64::from(as_clear + 1) / f64::from(SHUFFLES + 1),
        means,
    })
}

/// Where a series whose mean is 0 falls apart most clearly, and the square of how clearly.
fn clearest_cut(centred: &[f64]) -> (usize, f64) {
    let n = centred.len();
    let (mut sum, mut best) = (0.0, (MIN_SIDE, 0.0));
    for (nth, value) in centred.iter().enumerate() {
        sum += value;
        let k = nth + 1;
        if k < MIN_SIDE || n - k < MIN_SIDE {
            continue;
        }
        let clear = sum * sum * n as f64 / (k as f64 * (n - k) as f64);
        if clear > best.1 {
            best = (k, clear);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(rng: &mut Rng, n: usize, at: usize, difference: f64) -> Vec<f64> {
        (0..n).map(|nth| rng.normal() + if nth >= at { difference } else { 0.0 }).collect()
    }

    #[test]
    fn an_unchanged_series_is_called_changed_as_often_as_stated() {
        let mut rng = Rng::new(11);
        let n_false =
            (0..400).filter(|_| change_point(&series(&mut rng, 40, 40, 0.0)).unwrap().p_value <= 0.05).count();
        // 400 draws of 5%: 20, and outside of 8 to 35 once in 2,000 times.
        assert!((8..=35).contains(&n_false), "{n_false} of 400");
    }

    #[test]
    fn the_interval_covers_the_change_as_often_as_stated() {
        let mut rng = Rng::new(12);
        let mut covered = 0;
        for _ in 0..400 {
            let change = change_point(&series(&mut rng, 80, 50, 1.5)).unwrap();
            covered += usize::from((change.between.0..=change.between.1).contains(&50));
        }
        assert!(covered >= 366, "{covered} of 400, 380 expected");
    }

    #[test]
    fn a_clear_change_is_found_where_it_is() {
        let mut rng = Rng::new(13);
        let change = change_point(&series(&mut rng, 60, 20, 8.0)).unwrap();
        assert_eq!((change.at, change.between, change.p_value), (20, (19, 21), 0.001));
        assert!(change.means.1 - change.means.0 > 7.0);
    }

    #[test]
    fn what_cannot_change_has_no_change() {
        assert_eq!(change_point(&[]), None);
        assert_eq!(change_point(&[1.0, 2.0, 3.0]), None);
        assert_eq!(change_point(&[2.0; 10]), None);
        assert_eq!(change_point(&[1.0, 2.0, f64::NAN, 3.0, 4.0]), None);
    }
}
