//! How good a model that predicts a number is.

use serde::{Deserialize, Serialize};

use super::figure::{Figure, Undefined, half_width};
use super::named;
use crate::num::sum_of;

/// What scikit-learn holds the truth away from 0 by, before it divides by it.
const LEAST_TRUTH: f64 = f64::EPSILON;

/// The figures of merit of a regression. An error is prediction - truth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RegressionPerformance {
    /// Rows whose truth is known.
    pub n_rows: u64,
    /// The mean error, in the target's unit: above 0 where predictions are too high.
    pub mean_error: Figure,
    /// The mean absolute error, in the target's unit.
    pub mae: Figure,
    /// The mean squared error, in the target's unit squared.
    pub mse: Figure,
    /// The square root of `mse`, in the target's unit.
    pub rmse: Figure,
    /// The mean of |error / truth|. Undefined where a truth is 0; scikit-learn then divides by the machine's epsilon.
    pub mape: Figure,
    /// The mean squared difference of ln(1 + prediction) and ln(1 + truth). Undefined where one of them is -1 or less.
    pub msle: Figure,
    /// The square root of `msle`.
    pub rmsle: Figure,
    /// The median of the absolute errors, in the target's unit.
    pub median_absolute_error: Option<f64>,
    /// The largest absolute error.
    pub max_error: Option<f64>,
    /// 1 - Σ error² / Σ (truth - mean truth)²: the share of the target's variance that the model explains. 1 is perfect,
    /// 0 what always saying the mean would give. Undefined where the target does not vary; scikit-learn then says 0 or 1.
    pub r2: Figure,
}

/// The errors of rows, and what scikit-learn makes of them.
#[derive(Debug, Clone)]
pub struct Errors<'a> {
    truths: &'a [f64],
    predictions: &'a [f64],
    errors: Vec<f64>,
}

impl<'a> Errors<'a> {
    /// One truth and one prediction per row, without missing ones.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn of(truths: &'a [f64], predictions: &'a [f64]) -> Self {
        assert_eq!(truths.len(), predictions.len(), "one prediction per truth");
        let errors = predictions.iter().zip(truths).map(|(prediction, truth)| prediction - truth).collect();
        Self { truths, predictions, errors }
    }

    fn mean(&self, term: impl Fn(f64) -> f64) -> f64 {
        sum_of(&self.errors, term) / self.errors.len() as f64
    }

    /// The absolute errors divided by the size of the truth: `mean_absolute_percentage_error` is their mean.
    pub fn relative(&self) -> Vec<f64> {
        self.errors.iter().zip(self.truths).map(|(error, truth)| error.abs() / truth.abs().max(LEAST_TRUTH)).collect()
    }

    /// (ln(1 + prediction) - ln(1 + truth))²: `mean_squared_log_error` is their mean. `None` where one of the numbers has no
    /// logarithm.
    pub fn logarithmic(&self) -> Option<Vec<f64>> {
        let rows = self.predictions.iter().zip(self.truths);
        rows.map(|(&prediction, &truth)| {
            let distance = libm::log1p(prediction) - libm::log1p(truth);
            (prediction > -1.0 && truth > -1.0).then_some(distance * distance)
        })
        .collect()
    }

    /// `explained_variance_score`: 1 - variance of the errors / variance of the truths. `None` where the target does not vary.
    pub fn explained_variance(&self) -> Option<f64> {
        let mean = self.mean(|error| error);
        let left = self.mean(|error| (error - mean) * (error - mean));
        let spread = self.spread();
        (spread > 0.0).then(|| 1.0 - left / (spread / self.truths.len() as f64))
    }

    /// `mean_pinball_loss`: the mean of q |error| where the prediction is too low and of (1 - q) |error| where it is too high.
    pub fn pinball(&self, q: f64) -> f64 {
        self.mean(|error| if error < 0.0 { -q * error } else { (1.0 - q) * error })
    }

    /// The standard deviation of the errors, the squares divided by n - 1. `None` for fewer than two rows.
    pub fn std(&self) -> Option<f64> {
        let n = self.errors.len() as f64;
        let mean = self.mean(|error| error);
        let squares = sum_of(&self.errors, |error| (error - mean) * (error - mean));
        (self.errors.len() > 1).then(|| (squares / (n - 1.0)).sqrt())
    }

    /// Σ (truth - mean truth)².
    fn spread(&self) -> f64 {
        let n = self.truths.len() as f64;
        let centre = sum_of(self.truths, |truth| truth) / n;
        sum_of(self.truths, |truth| (truth - centre) * (truth - centre))
    }

    /// See [`RegressionPerformance::r2`]. The interval is that of a ratio of means, by the delta method: R² ± t s / (√n v), s the
    /// standard deviation of error² - (1 - R²) (truth - mean)² and v the variance of the truths.
    fn r2(&self) -> Figure {
        let (n, spread) = (self.truths.len() as f64, self.spread());
        if self.truths.is_empty() {
            return Figure::undefined(Undefined::NoRows);
        }
        if spread <= 0.0 || self.truths.len() < 2 {
            return Figure::undefined(Undefined::ConstantTruth);
        }
        let r2 = 1.0 - sum_of(&self.errors, |error| error * error) / spread;
        let centre = sum_of(self.truths, |truth| truth) / n;
        let rows = self.errors.iter().zip(self.truths);
        let terms: Vec<f64> =
            rows.map(|(error, truth)| error * error - (1.0 - r2) * (truth - centre) * (truth - centre)).collect();
        let half = half_width(&terms, 0.0) * n / spread;
        Figure::new(r2, Some((r2 - half, r2 + half)), self.truths.len() as u64)
    }
}

impl RegressionPerformance {
    /// Computes all of them, from one truth and one prediction per row, without missing ones.
    ///
    /// Means have Student's intervals; those of `rmse` and `rmsle` are the square roots of the ends of what they are the root of.
    ///
    /// ```
    /// use tidemark::performance::RegressionPerformance;
    /// let found = RegressionPerformance::of(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0]);
    /// assert_eq!((found.mae.value(), found.mean_error.value()), (Some(0.5), Some(0.25)));
    /// ```
    ///
    /// Source: `sklearn.metrics` 1.9.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn of(truths: &[f64], predictions: &[f64]) -> Self {
        let errors = Errors::of(truths, predictions);
        let absolute: Vec<f64> = errors.errors.iter().map(|error| error.abs()).collect();
        let squares: Vec<f64> = errors.errors.iter().map(|error| error * error).collect();
        let mut sorted = absolute.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let (mse, msle) = (Figure::mean(&squares), errors.logarithmic());
        let msle = msle.map_or(Figure::undefined(Undefined::NoLogarithm), |terms| Figure::mean(&terms));
        let root = |square: f64| square.max(0.0).sqrt();
        Self {
            n_rows: truths.len() as u64,
            mean_error: Figure::mean(&errors.errors),
            mae: Figure::mean(&absolute),
            mse,
            rmse: mse.map(root),
            mape: if truths.contains(&0.0) {
                Figure::undefined(Undefined::ZeroTruth)
            } else {
                Figure::mean(&errors.relative())
            },
            msle,
            rmsle: msle.map(root),
            median_absolute_error: crate::profile::quantile(&sorted, 0.5),
            max_error: sorted.last().copied(),
            r2: errors.r2(),
        }
    }

    /// The figures with their names, in the order in which they are shown.
    pub fn figures(&self) -> [(&'static str, Figure); 7] {
        [
            ("mean_error", self.mean_error),
            ("mae", self.mae),
            ("rmse", self.rmse),
            ("mape", self.mape),
            ("msle", self.msle),
            ("rmsle", self.rmsle),
            ("r2", self.r2),
        ]
    }

    /// The values that a model is stored with, undefined ones left out.
    pub fn named(&self) -> Vec<(String, f64)> {
        named(&[
            ("n_test", Some(self.n_rows as f64)),
            ("mae", self.mae.value()),
            ("rmse", self.rmse.value()),
            ("r2", self.r2.value()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn figures_are_scikit_learns() {
        // sklearn 1.9.1: mean_absolute_error, root_mean_squared_error, r2_score of ([3, -0.5, 2, 7], [2.5, 0, 2, 8])
        let found = RegressionPerformance::of(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0]);
        assert_eq!(found.mae.value(), Some(0.5));
        assert!((found.rmse.value().unwrap() - 0.612_372_435_695_794_5).abs() < 1e-15);
        assert!((found.r2.value().unwrap() - 0.948_608_137_044_967_9).abs() < 1e-15);
    }

    #[test]
    fn what_is_undefined_says_why() {
        assert_eq!(RegressionPerformance::of(&[], &[]).named(), [("n_test".to_owned(), 0.0)]);
        let constant = RegressionPerformance::of(&[2.0, 2.0], &[2.0, 3.0]);
        assert_eq!(constant.r2, Figure::undefined(Undefined::ConstantTruth));
        let found = RegressionPerformance::of(&[0.0, -2.0], &[1.0, 1.0]);
        assert_eq!(found.mape, Figure::undefined(Undefined::ZeroTruth));
        assert_eq!(found.rmsle, Figure::undefined(Undefined::NoLogarithm));
        let huge = RegressionPerformance::of(&[1e200, -1e200], &[0.0, 0.0]);
        assert_eq!(huge.mse, Figure::undefined(Undefined::Overflow));
    }

    #[test]
    fn the_interval_of_r2_holds_the_truth() {
        // Truth = signal + noise of as much variance: a model that says the signal explains half.
        let mut rng = Rng::new(9);
        let held = (0..1000)
            .filter(|_| {
                let signal: Vec<f64> = (0..100).map(|_| rng.normal()).collect();
                let truths: Vec<f64> = signal.iter().map(|signal| signal + rng.normal()).collect();
                let interval = RegressionPerformance::of(&truths, &signal).r2.interval().unwrap();
                interval.lower <= 0.5 && 0.5 <= interval.upper
            })
            .count();
        assert!(held > 920, "{held} of 1000");
    }
}
