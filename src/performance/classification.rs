//! How good a model of two classes is.

use serde::{Deserialize, Serialize};

use super::confusion::Confusion;
use super::figure::{Figure, Undefined};
use super::named;
use super::ranking::{Lift, Operating, Ranking};
use super::reliability::{Binning, Reliability, log_losses, reliability, squared_errors};

/// Bins of the reliability diagram.
const BINS: usize = 10;
/// Points of a curve that is shown.
const POINTS: usize = 101;
/// The shares of highest scores whose lift is said.
const LIFTS: [f64; 4] = [0.01, 0.05, 0.1, 0.2];

/// The figures of merit of a two-class model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BinaryPerformance {
    /// Rows whose truth is known.
    pub n_rows: u64,
    /// Of them, those that belong to the positive class.
    pub n_positive: u64,
    /// Truth against word.
    pub confusion: Confusion,
    /// See [`Confusion::accuracy`].
    pub accuracy: Figure,
    /// See [`Confusion::balanced_accuracy`].
    pub balanced_accuracy: Figure,
    /// See [`Confusion::precision`].
    pub precision: Figure,
    /// See [`Confusion::recall`].
    pub recall: Figure,
    /// See [`Confusion::specificity`].
    pub specificity: Figure,
    /// See [`Confusion::f1`].
    pub f1: Figure,
    /// See [`Ranking::roc_auc`].
    pub roc_auc: Figure,
    /// See [`Ranking::average_precision`].
    pub average_precision: Figure,
    /// The mean of [`squared_errors`].
    pub brier: Figure,
    /// The mean of [`log_losses`].
    pub log_loss: Figure,
    /// In ten bins of one width; `None` without rows, or where scores are no probabilities.
    pub reliability: Option<Reliability>,
    /// Of the highest 1, 5, 10 and 20% of scores.
    pub lift: Vec<Lift>,
    /// At most 101 points of the ROC and precision-recall curves.
    pub curve: Vec<Operating>,
}

impl BinaryPerformance {
    /// Computes all of them. `said` is what was predicted, `scores` what stood beside it: probabilities of the positive class, or
    /// other numbers, of which then only the order means something. Nothing is missing.
    ///
    /// ```
    /// use tidemark::performance::{BinaryPerformance, Figure};
    /// let truths = [true, true, false, true, false];
    /// let found = BinaryPerformance::of(&truths, &[true, true, true, false, false], &[0.9, 0.6, 0.7, 0.5, 0.2]);
    /// assert_eq!(found.accuracy.value(), Some(0.6));
    /// // Five rows are too few to decide by.
    /// assert!(matches!(found.accuracy, Figure::TooFew(_)));
    /// ```
    ///
    /// Source: `sklearn.metrics` 1.9.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn of(truths: &[bool], said: &[bool], scores: &[f64]) -> Self {
        let confusion = Confusion::of(truths, said);
        let ranking = Ranking::of(truths, scores);
        let mean = |terms: fn(&[bool], &[f64]) -> Vec<f64>| {
            if ranking.is_probable() {
                Figure::mean(&terms(truths, scores))
            } else {
                Figure::undefined(Undefined::NotProbabilities)
            }
        };
        Self {
            n_rows: confusion.n_rows(),
            n_positive: confusion.n_positive(),
            confusion,
            accuracy: confusion.accuracy(),
            balanced_accuracy: confusion.balanced_accuracy(),
            precision: confusion.precision(),
            recall: confusion.recall(),
            specificity: confusion.specificity(),
            f1: confusion.f1(),
            roc_auc: ranking.roc_auc(),
            average_precision: ranking.average_precision(),
            brier: mean(squared_errors),
            log_loss: mean(log_losses),
            reliability: reliability(truths, scores, BINS, Binning::Uniform),
            lift: LIFTS.map(|share| ranking.lift(share)).to_vec(),
            curve: ranking.curve(POINTS),
        }
    }

    /// The figures with their names, in the order in which they are shown.
    pub fn figures(&self) -> [(&'static str, Figure); 10] {
        [
            ("accuracy", self.accuracy),
            ("balanced_accuracy", self.balanced_accuracy),
            ("precision", self.precision),
            ("recall", self.recall),
            ("specificity", self.specificity),
            ("f1", self.f1),
            ("roc_auc", self.roc_auc),
            ("average_precision", self.average_precision),
            ("brier", self.brier),
            ("log_loss", self.log_loss),
        ]
    }

    /// The values that a model is stored with, undefined ones left out.
    pub fn named(&self) -> Vec<(String, f64)> {
        named(&[
            ("n_test", Some(self.n_rows as f64)),
            ("n_positive", Some(self.n_positive as f64)),
            ("accuracy", self.accuracy.value()),
            ("precision", self.precision.value()),
            ("recall", self.recall.value()),
            ("f1", self.f1.value()),
            ("roc_auc", self.roc_auc.value()),
            ("average_precision", self.average_precision.value()),
            ("brier", self.brier.value()),
            ("log_loss", self.log_loss.value()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_undefined_is_left_out() {
        let names = |truths: &[bool], said: &[bool], scores: &[f64]| {
            let named = BinaryPerformance::of(truths, said, scores).named();
            named.into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(&[], &[], &[]), "n_test n_positive");
        assert_eq!(names(&[false], &[false], &[0.1]), "n_test n_positive accuracy brier log_loss");
        assert_eq!(
            names(&[true], &[false], &[0.1]),
            "n_test n_positive accuracy recall f1 average_precision brier log_loss"
        );
        // A margin is no probability.
        assert_eq!(names(&[true], &[true], &[3.0]), "n_test n_positive accuracy precision recall f1 average_precision");
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let found = BinaryPerformance::of(&[true, false, true], &[true, true, false], &[0.9, 0.6, 0.3]);
        let text = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<BinaryPerformance>(&text).unwrap(), found);
        assert!(text.contains(r#""accuracy":{"kind":"too_few","value":0.3333333333333333"#), "{text}");
    }
}
