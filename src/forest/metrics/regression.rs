//! How good a model that predicts a number is, by rows whose number is known.

/// The figures of merit of a regression. They agree with scikit-learn 1.9.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegressionMetrics {
    /// Rows.
    pub n_rows: usize,
    /// The mean distance of prediction and truth, in the target's unit.
    pub mae: Option<f64>,
    /// The square root of the mean squared distance, in the target's unit.
    pub rmse: Option<f64>,
    /// 1 - Σ (truth - prediction)² / Σ (truth - mean truth)²: the share of the target's variance that the model explains. 1 is perfect,
    /// 0 what always saying the mean would give. `None` where the target does not vary; scikit-learn then says 0 or 1.
    pub r2: Option<f64>,
}

impl RegressionMetrics {
    /// Computes all of them, from one truth and one prediction per row, without missing ones.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn of(truths: &[f64], predictions: &[f64]) -> Self {
        assert_eq!(truths.len(), predictions.len(), "one prediction per truth");
        let n = truths.len() as f64;
        let mean = |sum: f64| (!truths.is_empty()).then(|| sum / n);
        let errors = || truths.iter().zip(predictions).map(|(truth, prediction)| truth - prediction);
        let squares: f64 = errors().map(|error| error * error).sum();
        let centre = truths.iter().sum::<f64>() / n;
        let spread: f64 = truths.iter().map(|truth| (truth - centre) * (truth - centre)).sum();
        Self {
            n_rows: truths.len(),
            mae: mean(errors().map(f64::abs).sum()),
            rmse: mean(squares).map(libm::sqrt),
            r2: (spread > 0.0).then(|| 1.0 - squares / spread),
        }
    }

    /// The figures by name, undefined ones left out.
    pub fn named(&self) -> Vec<(String, f64)> {
        super::named(&[("n_test", Some(self.n_rows as f64)), ("mae", self.mae), ("rmse", self.rmse), ("r2", self.r2)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_scikit_learns() {
        // sklearn 1.9.1: mean_absolute_error, root_mean_squared_error, r2_score of ([3, -0.5, 2, 7], [2.5, 0, 2, 8])
        let found = RegressionMetrics::of(&[3.0, -0.5, 2.0, 7.0], &[2.5, 0.0, 2.0, 8.0]);
        assert_eq!(found.mae, Some(0.5));
        assert!((found.rmse.expect("defined") - 0.612_372_435_695_794_5).abs() < 1e-15);
        assert!((found.r2.expect("defined") - 0.948_608_137_044_967_9).abs() < 1e-15);
    }

    #[test]
    fn what_is_undefined_is_left_out() {
        assert_eq!(RegressionMetrics::of(&[], &[]).named(), [("n_test".to_owned(), 0.0)]);
        assert_eq!(RegressionMetrics::of(&[2.0, 2.0], &[2.0, 3.0]).r2, None);
    }
}
