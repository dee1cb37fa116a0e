//! How good a model of several classes is.

use serde::{Deserialize, Serialize};

use super::confusion::Confusion;
use super::figure::{Figure, Undefined};
use super::ranking::roc_auc;
use super::reliability::log_loss_of;
use super::{named, ratio};

/// How far scores that are probabilities may sum from 1: what 32-bit sums lose.
const MAX_SUM_ERROR: f64 = 1e-4;

/// The figures of merit of a model of any number of classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MulticlassPerformance {
    /// Rows whose truth is known.
    pub n_rows: u64,
    /// Rows by truth (down) and word (across).
    pub confusion: Vec<Vec<u64>>,
    /// Share of rows that were called right.
    pub accuracy: Figure,
    /// The mean recall of the classes that occur: `sklearn.metrics.balanced_accuracy_score`.
    pub balanced_accuracy: Option<f64>,
    /// The mean, over the classes that occur or are predicted, of each one's harmonic mean of precision and recall:
    /// `f1_score(average="macro")`.
    pub f1_macro: Option<f64>,
    /// The mean of every class's area under the ROC curve against all others: `roc_auc_score(multi_class="ovr")`. `None`
    /// unless every class occurs.
    pub roc_auc: Option<f64>,
    /// The mean of -ln(score of the true class). Undefined where scores are no probabilities.
    pub log_loss: Figure,
    /// Every class against all others, in the order of the classes.
    pub classes: Vec<OneClass>,
}

/// One class against all others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OneClass {
    /// Rows of the class.
    pub n_rows: u64,
    /// See [`Confusion::precision`].
    pub precision: Figure,
    /// See [`Confusion::recall`].
    pub recall: Figure,
    /// See [`Confusion::f1`].
    pub f1: Figure,
    /// See [`super::Ranking::roc_auc`].
    pub roc_auc: Figure,
}

/// How the classes' areas are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// Every class counts the same.
    Macro,
    /// Every class counts as often as it occurs.
    Weighted,
}

impl MulticlassPerformance {
    /// Computes all of them. `truths` and `said` hold classes below `n_classes`, and `scores` one number per row and class, row
    /// after row.
    ///
    /// ```
    /// use tidemark::performance::MulticlassPerformance;
    /// let scores = [0.7, 0.2, 0.1, 0.3, 0.5, 0.2, 0.1, 0.2, 0.7];
    /// let found = MulticlassPerformance::of(&[0, 1, 2], &[0, 1, 1], &scores, 3);
    /// assert_eq!(found.accuracy.value(), Some(2.0 / 3.0));
    /// assert_eq!(found.confusion[2], [0, 1, 0]);
    /// ```
    ///
    /// Source: `sklearn.metrics` 1.9.
    ///
    /// # Panics
    /// When the slices do not fit each other, or a class is `n_classes` or more.
    pub fn of(truths: &[u32], said: &[u32], scores: &[f64], n_classes: usize) -> Self {
        assert_eq!(truths.len() * n_classes, scores.len(), "one score per row and class");
        let confusion = confusion_matrix(truths, said, n_classes);
        let n_right = (0..n_classes).map(|class| confusion[class][class]).sum();
        let classes: Vec<OneClass> = (0..n_classes)
            .map(|class| {
                let against = one_against_rest(&confusion, class);
                OneClass {
                    n_rows: against.n_positive(),
                    precision: against.precision(),
                    recall: against.recall(),
                    f1: against.f1(),
                    roc_auc: ranking(truths, scores, n_classes, class).roc_auc(),
                }
            })
            .collect();
        let is_shares = |scores: &[f64]| {
            scores.iter().all(|score| (0.0..=1.0).contains(score))
                && (scores.iter().sum::<f64>() - 1.0).abs() <= MAX_SUM_ERROR
        };
        let log_loss = if n_classes == 0 || scores.chunks_exact(n_classes).all(is_shares) {
            Figure::mean(&log_losses(truths, scores, n_classes))
        } else {
            Figure::undefined(Undefined::NotProbabilities)
        };
        Self {
            n_rows: truths.len() as u64,
            accuracy: Figure::share(n_right, truths.len() as u64, Undefined::NoRows),
            balanced_accuracy: mean(classes.iter().filter_map(|class| class.recall.value())),
            f1_macro: mean(classes.iter().filter_map(|class| class.f1.value())),
            roc_auc: one_against_rest_area(truths, scores, n_classes, Average::Macro),
            log_loss,
            classes,
            confusion,
        }
    }

    /// The mean precision of the classes that are predicted.
    pub fn precision_macro(&self) -> Option<f64> {
        mean(self.classes.iter().filter_map(|class| class.precision.value()))
    }

    /// The mean, over the classes, of the share of rows of all others that are not called it.
    pub fn specificity_macro(&self) -> Option<f64> {
        let of_class = |class| one_against_rest(&self.confusion, class).specificity().value();
        mean((0..self.classes.len()).filter_map(of_class))
    }

    /// The values that a model is stored with, undefined ones left out.
    pub fn named(&self) -> Vec<(String, f64)> {
        named(&[
            ("n_test", Some(self.n_rows as f64)),
            ("accuracy", self.accuracy.value()),
            ("f1_macro", self.f1_macro),
            ("roc_auc", self.roc_auc),
            ("log_loss", self.log_loss.value()),
        ])
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Rows by truth (down) and word (across).
///
/// # Panics
/// When the slices differ in length, or a class is `n_classes` or more.
pub fn confusion_matrix(truths: &[u32], said: &[u32], n_classes: usize) -> Vec<Vec<u64>> {
    assert_eq!(truths.len(), said.len(), "one prediction per truth");
    let mut matrix = vec![vec![0; n_classes]; n_classes];
    for (&truth, &said) in truths.iter().zip(said) {
        matrix[truth as usize][said as usize] += 1;
    }
    matrix
}

/// One class of a matrix against all others.
pub fn one_against_rest(matrix: &[Vec<u64>], class: usize) -> Confusion {
    let all: u64 = matrix.iter().flatten().sum();
    let of_class: u64 = matrix[class].iter().sum();
    let called: u64 = matrix.iter().map(|row| row[class]).sum();
    let hit = matrix[class][class];
    Confusion {
        true_positive: hit,
        false_positive: called - hit,
        false_negative: of_class - hit,
        true_negative: all - called - (of_class - hit),
    }
}

/// The correlation of truth and word, -1 to 1, by the rows of each truth (down) and word (across):
///
/// ```text
/// R = (c n - Σ t_k p_k) / sqrt((n² - Σ p_k²) (n² - Σ t_k²))
/// ```
/// n all rows, c those called right, t_k and p_k the rows of class k by truth and by word. `None` where either is constant.
/// Gorodkin, Computational Biology and Chemistry 28, 2004; `sklearn.metrics.matthews_corrcoef`, which then says 0.
pub fn matthews_correlation(matrix: &[Vec<u64>]) -> Option<f64> {
    let margins = Margins::of(matrix);
    let covariance =
        |a: &[f64], b: &[f64], same: f64| same * margins.n - a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let of_truth = covariance(&margins.truths, &margins.truths, margins.n);
    let of_word = covariance(&margins.words, &margins.words, margins.n);
    let together = covariance(&margins.truths, &margins.words, margins.n_right);
    (of_truth > 0.0 && of_word > 0.0).then(|| together / (of_truth * of_word).sqrt())
}

/// The agreement of truth and word beyond what chance gives: (p_o - p_e) / (1 - p_e), p_o the share called right and p_e the share
/// that words of the same frequencies would call right by chance. `None` where chance is always right.
///
/// Cohen, Educational and Psychological Measurement 20(1), 1960; `sklearn.metrics.cohen_kappa_score`.
pub fn cohen_kappa(matrix: &[Vec<u64>]) -> Option<f64> {
    let margins = Margins::of(matrix);
    let by_chance = margins.truths.iter().zip(&margins.words).map(|(a, b)| a * b).sum::<f64>() / margins.n;
    let beyond = margins.n - by_chance;
    (beyond > 0.0).then(|| (margins.n_right - by_chance) / beyond)
}

struct Margins {
    n: f64,
    n_right: f64,
    truths: Vec<f64>,
    words: Vec<f64>,
}

impl Margins {
    fn of(matrix: &[Vec<u64>]) -> Self {
        let classes = 0..matrix.len();
        let truths: Vec<f64> = matrix.iter().map(|row| row.iter().sum::<u64>() as f64).collect();
        let words = classes.clone().map(|class| matrix.iter().map(|row| row[class]).sum::<u64>() as f64).collect();
        let n_right = classes.map(|class| matrix[class][class]).sum::<u64>() as f64;
        Self { n: truths.iter().sum(), n_right, truths, words }
    }
}

/// -ln(score of the true class), row by row: see [`super::reliability::log_losses`].
pub fn log_losses(truths: &[u32], scores: &[f64], n_classes: usize) -> Vec<f64> {
    let rows = truths.iter().zip(scores.chunks_exact(n_classes.max(1)));
    rows.map(|(&truth, scores)| log_loss_of(scores[truth as usize])).collect()
}

fn ranking(truths: &[u32], scores: &[f64], n_classes: usize, class: usize) -> super::Ranking {
    let is_it: Vec<bool> = truths.iter().map(|&truth| truth as usize == class).collect();
    let its_scores: Vec<f64> = scores.iter().skip(class).step_by(n_classes).copied().collect();
    super::Ranking::of(&is_it, &its_scores)
}

/// The mean of every class's area under the ROC curve against all others: `roc_auc_score(multi_class="ovr")`. `None` unless every
/// class that counts occurs, and others beside it.
pub fn one_against_rest_area(truths: &[u32], scores: &[f64], n_classes: usize, average: Average) -> Option<f64> {
    let mut sum = 0.0;
    for class in 0..n_classes {
        let n_rows = truths.iter().filter(|&&truth| truth as usize == class).count() as u64;
        let weight = match average {
            Average::Macro => 1.0 / n_classes as f64,
            Average::Weighted if n_rows == 0 => continue,
            Average::Weighted => ratio(n_rows, truths.len() as u64)?,
        };
        sum += weight * ranking(truths, scores, n_classes, class).roc_auc().value()?;
    }
    (!truths.is_empty()).then_some(sum)
}

/// The mean over all pairs of classes of the area between the two, each way: `roc_auc_score(multi_class="ovo")`. Pairs of which
/// one is absent are left out; weighted, a pair counts as often as its rows occur. `None` where fewer than two classes occur.
///
/// Hand and Till, Machine Learning 45(2), 2001.
pub fn one_against_one_area(truths: &[u32], scores: &[f64], n_classes: usize, average: Average) -> Option<f64> {
    let (mut sum, mut weights) = (0.0, 0.0);
    for a in 0..n_classes {
        for b in a + 1..n_classes {
            let rows: Vec<usize> = (0..truths.len()).filter(|&row| [a, b].contains(&(truths[row] as usize))).collect();
            let area = |class: usize| {
                let is_it: Vec<bool> = rows.iter().map(|&row| truths[row] as usize == class).collect();
                let its_scores: Vec<f64> = rows.iter().map(|&row| scores[row * n_classes + class]).collect();
                roc_auc(&is_it, &its_scores)
            };
            let (Some(of_a), Some(of_b)) = (area(a), area(b)) else { continue };
            let weight = match average {
                Average::Macro => 1.0,
                Average::Weighted => rows.len() as f64,
            };
            sum += weight * f64::midpoint(of_a, of_b);
            weights += weight;
        }
    }
    (weights > 0.0).then(|| sum / weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTHS: [u32; 7] = [0, 1, 2, 2, 1, 0, 2];
    const SAID: [u32; 7] = [0, 1, 2, 1, 0, 0, 2];
    const SCORES: [f64; 21] =
        [0.7, 0.2, 0.1, 0.3, 0.5, 0.2, 0.1, 0.2, 0.7, 0.2, 0.5, 0.3, 0.6, 0.3, 0.1, 0.4, 0.4, 0.2, 0.25, 0.25, 0.5];

    fn close(found: Option<f64>, expected: f64) {
        let found = found.expect("the metric is defined");
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }

    #[test]
    fn figures_are_scikit_learns() {
        // sklearn 1.9.1: accuracy_score(t, p), f1_score(t, p, average="macro"), roc_auc_score(t, s, multi_class="ovr"),
        // log_loss(t, s)
        let found = MulticlassPerformance::of(&TRUTHS, &SAID, &SCORES, 3);
        close(found.accuracy.value(), 5.0 / 7.0);
        close(found.f1_macro, 0.7);
        close(found.roc_auc, 0.883_333_333_333_333_3);
        close(found.log_loss.value(), 0.774_840_084_217_626_1);
        assert_eq!(found.named().len(), 5);
    }

    #[test]
    fn a_class_that_does_not_occur_has_no_area() {
        let found = MulticlassPerformance::of(&[0, 1], &[0, 1], &SCORES[..6], 3);
        assert_eq!((found.roc_auc, found.accuracy.value(), found.f1_macro), (None, Some(1.0), Some(1.0)));
        assert_eq!(MulticlassPerformance::of(&[], &[], &[], 3).named(), [("n_test".to_owned(), 0.0)]);
    }

    #[test]
    fn scores_that_sum_to_anything_have_no_log_loss() {
        let found = MulticlassPerformance::of(&[0], &[0], &[0.9, 0.9], 2);
        assert_eq!(found.log_loss, Figure::undefined(Undefined::NotProbabilities));
    }
}
