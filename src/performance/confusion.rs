//! What was called positive, and rightly or not.

use serde::{Deserialize, Serialize};

use super::figure::{ALPHA, Figure, Undefined};
use super::ratio;
use crate::stattest::tails::clopper_pearson;

/// The rows of two classes by truth and by what was said.
///
/// ```
/// use tidemark::performance::Confusion;
/// let found = Confusion::of(&[true, true, false, true, false], &[true, true, true, false, false]);
/// assert_eq!((found.true_positive, found.false_positive), (2, 1));
/// assert_eq!(found.precision().value(), Some(2.0 / 3.0));
/// assert_eq!(found.f1().value(), Some(2.0 / 3.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Confusion {
    /// Positive rows that were called positive.
    pub true_positive: u64,
    /// Negative rows that were called positive.
    pub false_positive: u64,
    /// Positive rows that were called negative.
    pub false_negative: u64,
    /// Negative rows that were called negative.
    pub true_negative: u64,
}

impl Confusion {
    /// Counts rows, one truth and one prediction each.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn of(truths: &[bool], said: &[bool]) -> Self {
        assert_eq!(truths.len(), said.len(), "one prediction per truth");
        let mut found = Self::default();
        for (truth, said) in truths.iter().zip(said) {
            *match (truth, said) {
                (true, true) => &mut found.true_positive,
                (false, true) => &mut found.false_positive,
                (true, false) => &mut found.false_negative,
                (false, false) => &mut found.true_negative,
            } += 1;
        }
        found
    }

    /// All rows.
    pub const fn n_rows(&self) -> u64 {
        self.n_positive() + self.n_negative()
    }

    /// Rows that are truly positive.
    pub const fn n_positive(&self) -> u64 {
        self.true_positive + self.false_negative
    }

    /// Rows that are truly negative.
    pub const fn n_negative(&self) -> u64 {
        self.true_negative + self.false_positive
    }

    /// Rows that were called positive.
    pub const fn n_called(&self) -> u64 {
        self.true_positive + self.false_positive
    }

    /// The share of rows that were called right: (TP + TN) / N. `sklearn.metrics.accuracy_score`.
    pub fn accuracy(&self) -> Figure {
        Figure::share(self.true_positive + self.true_negative, self.n_rows(), Undefined::NoRows)
    }

    /// The share of truly positive rows among those called positive: TP / (TP + FP). `sklearn.metrics.precision_score`.
    pub fn precision(&self) -> Figure {
        Figure::share(self.true_positive, self.n_called(), Undefined::NothingCalledPositive)
    }

    /// The share of positive rows that were called so: TP / (TP + FN). `sklearn.metrics.recall_score`.
    pub fn recall(&self) -> Figure {
        Figure::share(self.true_positive, self.n_positive(), Undefined::NoPositives)
    }

    /// The share of negative rows that were called so: TN / (TN + FP). `sklearn.metrics.recall_score(pos_label=0)`.
    pub fn specificity(&self) -> Figure {
        Figure::share(self.true_negative, self.n_negative(), Undefined::NoNegatives)
    }

    /// The harmonic mean of precision and recall: F1 = 2 TP / (2 TP + FP + FN). `sklearn.metrics.f1_score`.
    ///
    /// F1 = 2J / (1 + J) with J = TP / (TP + FP + FN), which is a share of the rows that are positive by truth or by word; its
    /// exact interval, put on the scale of F1, is the exact interval of F1.
    pub fn f1(&self) -> Figure {
        let either = self.true_positive + self.false_positive + self.false_negative;
        Figure::share(self.true_positive, either, Undefined::NoPositives).map(|share| 2.0 * share / (1.0 + share))
    }

    /// The mean of recall and specificity. `sklearn.metrics.balanced_accuracy_score`.
    ///
    /// Its interval puts together the exact ones of both shares, l and u their ends:
    /// mean - sqrt((r - l_r)² + (s - l_s)²) / 2 and mean + sqrt((u_r - r)² + (u_s - s)²) / 2 (Zou and Donner, Statistics in
    /// Medicine 27(10), 2008, "MOVER").
    pub fn balanced_accuracy(&self) -> Figure {
        let (n_positive, n_negative) = (self.n_positive(), self.n_negative());
        let (Some(recall), Some(specificity)) =
            (ratio(self.true_positive, n_positive), ratio(self.true_negative, n_negative))
        else {
            return Figure::undefined(self.absent_class());
        };
        let of_recall = clopper_pearson(self.true_positive, n_positive, ALPHA);
        let of_specificity = clopper_pearson(self.true_negative, n_negative, ALPHA);
        let mean = f64::midpoint(recall, specificity);
        let below = libm::hypot(recall - of_recall.0, specificity - of_specificity.0) / 2.0;
        let above = libm::hypot(of_recall.1 - recall, of_specificity.1 - specificity) / 2.0;
        Figure::new(mean, Some((mean - below, mean + above)), n_positive.min(n_negative))
    }

    /// Why a figure of both classes has no value.
    pub(super) const fn absent_class(&self) -> Undefined {
        if self.n_rows() == 0 {
            Undefined::NoRows
        } else if self.n_positive() == 0 {
            Undefined::NoPositives
        } else {
            Undefined::NoNegatives
        }
    }

    /// The weighted harmonic mean of precision and recall, recall counting `beta` times as much:
    /// (1 + β²) TP / ((1 + β²) TP + β² FN + FP). `sklearn.metrics.fbeta_score`. `None` where nothing is positive by truth or by word.
    pub fn f_beta(&self, beta: f64) -> Option<f64> {
        let weighted = (1.0 + beta * beta) * self.true_positive as f64;
        let all = weighted + beta * beta * self.false_negative as f64 + self.false_positive as f64;
        (all > 0.0).then(|| weighted / all)
    }

    /// The correlation of truth and word, -1 to 1: Matthews, Biochimica et Biophysica Acta 405(2), 1975. `None` where either is
    /// constant. `sklearn.metrics.matthews_corrcoef`, which then says 0.
    pub fn matthews_correlation(&self) -> Option<f64> {
        super::multiclass::matthews_correlation(&self.matrix())
    }

    /// The agreement of truth and word beyond what chance gives, up to 1: Cohen, Educational and Psychological Measurement
    /// 20(1), 1960. `None` where chance agrees always. `sklearn.metrics.cohen_kappa_score`.
    pub fn cohen_kappa(&self) -> Option<f64> {
        super::multiclass::cohen_kappa(&self.matrix())
    }

    /// Truths down, words across, the negative class first, as scikit-learn writes it.
    pub fn matrix(&self) -> Vec<Vec<u64>> {
        vec![vec![self.true_negative, self.false_positive], vec![self.false_negative, self.true_positive]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_f1_is_that_of_its_share() {
        let found = Confusion { true_positive: 30, false_positive: 10, false_negative: 20, true_negative: 5 };
        // 30 of 60. scipy 1.17: binomtest(30, 60).proportion_ci(method="exact") = (0.3680624, 0.6319376)
        let interval = found.f1().interval().unwrap();
        assert!((found.f1().value().unwrap() - 2.0 / 3.0).abs() < 1e-15);
        assert!((interval.lower - 2.0 * 0.368_062_37 / 1.368_062_37).abs() < 1e-6, "{interval:?}");
        assert!((interval.upper - 2.0 * 0.631_937_63 / 1.631_937_63).abs() < 1e-6, "{interval:?}");
    }

    #[test]
    fn what_has_no_rows_says_which() {
        let none = Confusion::default();
        assert_eq!(none.balanced_accuracy(), Figure::undefined(Undefined::NoRows));
        let negatives = Confusion { true_negative: 3, ..none };
        assert_eq!(negatives.recall(), Figure::undefined(Undefined::NoPositives));
        assert_eq!(negatives.precision(), Figure::undefined(Undefined::NothingCalledPositive));
        assert_eq!(negatives.balanced_accuracy(), Figure::undefined(Undefined::NoPositives));
        let positives = Confusion { true_positive: 3, ..none };
        assert_eq!(positives.balanced_accuracy(), Figure::undefined(Undefined::NoNegatives));
        assert_eq!((positives.matthews_correlation(), positives.cohen_kappa()), (None, None));
    }

    #[test]
    fn the_balanced_interval_is_as_wide_as_its_rarer_class_makes_it() {
        let width = |figure: Figure| figure.interval().map(|interval| interval.upper - interval.lower).unwrap();
        let rare = Confusion { true_positive: 4, false_negative: 1, false_positive: 100, true_negative: 900 };
        let common = Confusion { true_positive: 400, false_negative: 100, ..rare };
        assert!(width(rare.balanced_accuracy()) > 5.0 * width(common.balanced_accuracy()));
        assert!(matches!(rare.balanced_accuracy(), Figure::TooFew(_)));
    }
}
