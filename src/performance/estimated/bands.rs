//! How often the band around an estimate was right, and how wide it should have been.

use serde::{Deserialize, Serialize};

use super::Estimated;

/// How often a band should hold the realised metric.
pub(super) const WANTED: f64 = 0.95;

/// What became of the bands of windows whose labels came.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bands {
    /// Windows.
    pub n_windows: u64,
    /// Windows whose realised metric lay within the band.
    pub n_held: u64,
    /// How many times as wide a band has to be to hold the metric of a further window with 95% certainty, if windows come as those did; at
    /// least 1. `None` while there are fewer than 19 windows, of which no band holds that many.
    pub widen: Option<f64>,
}

impl Bands {
    /// Counts windows: each with its estimate and what came.
    ///
    /// The factor is the ⌈0.95 (n + 1)⌉-th smallest of |realised - estimate| / half the band: Vovk, Gammerman and Shafer, "Algorithmic
    /// Learning in a Random World", 2005 (split conformal prediction).
    ///
    /// ```
    /// use tidemark::performance::estimated::{Estimated, Metric, bands::Bands};
    /// let estimated = |value| Estimated {
    ///     metric: Metric::Accuracy, value: Some(value), sampling_error: 0.01, lower: Some(value - 0.03), upper: Some(value + 0.03), alert:
    /// false, };
    /// // One window in twenty was off by twice its band.
    /// let found = Bands::of((0..20).map(|i| (estimated(0.8), if i == 7 { 0.74 } else { 0.81 })));
    /// assert_eq!((found.n_windows, found.n_held), (20, 19));
    /// assert!((found.widen.unwrap() - 2.0).abs() < 1e-9);
    /// ```
    pub fn of(windows: impl IntoIterator<Item = (Estimated, f64)>) -> Self {
        let estimates = windows.into_iter().filter_map(|(found, realised)| Some((found.value?, found, realised)));
        let misses: Vec<f64> =
            estimates.map(|(value, found, realised)| miss(value, found.sampling_error, realised)).collect();
        Self::of_misses(&misses)
    }

    /// Counts windows by how far off each estimate was, in halves of its band.
    pub(super) fn of_misses(misses: &[f64]) -> Self {
        let n_held = misses.iter().filter(|miss| **miss <= 1.0).count() as u64;
        let mut misses = misses.to_vec();
        misses.sort_unstable_by(f64::total_cmp);
        let place = (WANTED * (misses.len() + 1) as f64).ceil() as usize;
        let widen = misses.get(place.saturating_sub(1)).copied().filter(|factor| *factor < f64::MAX);
        Self { n_windows: misses.len() as u64, n_held, widen: widen.map(|factor| factor.max(1.0)) }
    }
}

/// How far off an estimate was, in halves of its band: the largest number there is if the band had no width.
pub(super) fn miss(estimate: f64, sampling_error: f64, realised: f64) -> f64 {
    let (miss, half) = ((realised - estimate).abs(), super::BAND * sampling_error);
    if miss == 0.0 { 0.0 } else { (miss / half).min(f64::MAX) }
}

#[cfg(test)]
mod tests {
    use super::super::Metric;
    use super::*;

    #[test]
    fn few_windows_promise_nothing_and_good_bands_stay() {
        let estimated = Estimated {
            metric: Metric::F1,
            value: Some(0.5),
            sampling_error: 0.02,
            lower: Some(0.44),
            upper: Some(0.56),
            alert: false,
        };
        let few = Bands::of(vec![(estimated, 0.5); 18]);
        assert_eq!((few.n_windows, few.n_held, few.widen), (18, 18, None));
        let enough = Bands::of(vec![(estimated, 0.55); 19]);
        assert_eq!((enough.n_held, enough.widen), (19, Some(1.0)));
        let wrong = Bands::of(vec![(estimated, 0.32); 19]);
        assert_eq!(wrong.n_held, 0);
        assert!((wrong.widen.unwrap() - 3.0).abs() < 1e-9);
    }
}
