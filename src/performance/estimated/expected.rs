//! The confusion matrix and the order of rows that probabilities let expect.

use serde::{Deserialize, Serialize};

use super::Metric;
use crate::num::Sum;
use crate::performance::value::Values;

/// How many rows of each kind there will be once the labels come.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Expected {
    /// Positive rows that were called positive.
    pub true_positive: f64,
    /// Negative rows that were called positive.
    pub false_positive: f64,
    /// Positive rows that were called negative.
    pub false_negative: f64,
    /// Negative rows that were called negative.
    pub true_negative: f64,
}

impl Expected {
    /// Sums up rows: whether each was called positive, and how probably it is.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn of(said: &[bool], probabilities: &[f64]) -> Self {
        assert_eq!(said.len(), probabilities.len(), "one probability per prediction");
        // Positive and negative rows among those called negative, and among those called positive.
        let (mut positive, mut negative) = ([Sum::default(); 2], [Sum::default(); 2]);
        for (&said, &probability) in said.iter().zip(probabilities) {
            positive[usize::from(said)].add(probability);
            negative[usize::from(said)].add(1.0 - probability);
        }
        Self {
            true_positive: positive[1].value(),
            false_positive: negative[1].value(),
            false_negative: positive[0].value(),
            true_negative: negative[0].value(),
        }
    }

    /// All rows.
    pub fn n_rows(&self) -> f64 {
        self.true_positive + self.false_positive + self.false_negative + self.true_negative
    }

    /// A metric that follows from the matrix; a share of nothing is 0, as NannyML has it. `None` without rows, and for metrics of order.
    pub fn value(&self, metric: Metric) -> Option<f64> {
        let Self { true_positive, false_positive, false_negative, true_negative } = *self;
        let n = self.n_rows();
        let share = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
        if n == 0.0 {
            return None;
        }
        Some(match metric {
            Metric::F1 => share(true_positive, true_positive + 0.5 * (false_positive + false_negative)),
            Metric::Precision => share(true_positive, true_positive + false_positive),
            Metric::Recall => share(true_positive, true_positive + false_negative),
            Metric::Specificity => share(true_negative, true_negative + false_positive),
            Metric::Accuracy => (true_positive + true_negative) / n,
            Metric::TruePositive => true_positive / n,
            Metric::TrueNegative => true_negative / n,
            Metric::FalsePositive => false_positive / n,
            Metric::FalseNegative => false_negative / n,
            Metric::RocAuc | Metric::AveragePrecision => return None,
        })
    }

    /// What these rows will be worth together.
    pub fn worth(&self, values: &Values) -> f64 {
        self.true_positive * values.true_positive
            + self.false_positive * values.false_positive
            + self.false_negative * values.false_negative
            + self.true_negative * values.true_negative
    }
}

/// Counts are held to this, as NannyML rounds them: to five decimal places.
const PLACES: f64 = 1e5;

/// Expected positive and negative rows, row by row of falling score.
pub(super) struct Ranked {
    positive: Vec<f64>,
    negative: Vec<f64>,
}

impl Ranked {
    pub fn of(scores: &[f64], probabilities: &[f64]) -> Self {
        let mut rows: Vec<(f64, f64)> = scores.iter().copied().zip(probabilities.iter().copied()).collect();
        rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
        let rounded = |count: f64| (count * PLACES).round_ties_even() / PLACES;
        let mut sum = 0.0;
        let (mut positive, mut negative) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        for (place, (_, probability)) in rows.into_iter().enumerate() {
            sum += probability;
            positive.push(rounded(sum));
            negative.push(rounded((place + 1) as f64 - sum));
        }
        Self { positive, negative }
    }

    /// The area under the curve of expected rates.
    pub fn roc_auc(&self) -> Option<f64> {
        let (all_positive, all_negative) = (*self.positive.last()?, *self.negative.last()?);
        if all_positive <= 0.0 || all_negative <= 0.0 {
            return None;
        }
        let (mut area, mut before) = (Sum::default(), (0.0, 0.0));
        for (&positive, &negative) in self.positive.iter().zip(&self.negative) {
            let (hits, alarms) = (positive / all_positive, negative / all_negative);
            area.add((alarms - before.1) * (hits + before.0) / 2.0);
            before = (hits, alarms);
        }
        Some(area.value())
    }

    /// The expected precision, averaged over the expected positive rows.
    pub fn average_precision(&self) -> Option<f64> {
        let all_positive = *self.positive.last()?;
        if all_positive <= 0.0 {
            return None;
        }
        let (mut sum, mut before) = (Sum::default(), 0.0);
        for (place, &positive) in self.positive.iter().enumerate() {
            let recall = positive / all_positive;
            sum.add((recall - before) * (positive / (place + 1) as f64));
            before = recall;
        }
        Some(sum.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::performance::Ranking;

    #[test]
    fn sure_probabilities_give_the_realised_figures() {
        let truths = [true, false, true, true, false, false];
        let scores = [0.9, 0.8, 0.7, 0.4, 0.3, 0.1];
        let sure: Vec<f64> = truths.iter().map(|&truth| f64::from(u8::from(truth))).collect();
        let ranked = Ranked::of(&scores, &sure);
        let realised = Ranking::of(&truths, &scores);
        assert!((ranked.roc_auc().unwrap() - realised.roc_auc().value().unwrap()).abs() < 1e-12);
        assert!((ranked.average_precision().unwrap() - realised.average_precision().value().unwrap()).abs() < 1e-12);
        let expected = Expected::of(&[true, true, true, false, false, false], &sure);
        assert_eq!((expected.true_positive, expected.false_positive), (2.0, 1.0));
        assert_eq!(expected.value(Metric::Precision), Some(2.0 / 3.0));
        let values = Values { true_positive: 5.0, false_positive: -1.0, false_negative: -2.0, true_negative: 0.0 };
        assert_eq!(expected.worth(&values), 7.0);
    }

    #[test]
    fn nothing_expected_has_no_value() {
        assert_eq!(Expected::default().value(Metric::Accuracy), None);
        assert_eq!(Ranked::of(&[], &[]).roc_auc(), None);
        assert_eq!(Ranked::of(&[0.2, 0.3], &[0.0, 0.0]).roc_auc(), None);
        assert_eq!(Expected::of(&[false], &[0.0]).value(Metric::Precision), Some(0.0));
    }
}
