//! How good a model is, by rows whose truth is known: of two classes here, of several ([`MulticlassMetrics`]), of a number
//! ([`RegressionMetrics`]).
//!
//! All functions of this file take one truth and one probability of the positive class per row, without missing ones, and agree with
//! scikit-learn 1.9 where it defines a value. Where a metric is undefined (no positive row, nothing predicted positive) the
//! answer is `None`; scikit-learn warns and gives 0 or NaN.

mod multiclass;
mod regression;

pub use multiclass::MulticlassMetrics;
pub use regression::RegressionMetrics;

/// The figures of merit of a two-class model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metrics {
    /// Rows.
    pub n_rows: usize,
    /// Rows that belong to the positive class.
    pub n_positive: usize,
    /// Share of rows whose class is predicted right.
    pub accuracy: Option<f64>,
    /// Share of truly positive rows among those predicted positive.
    pub precision: Option<f64>,
    /// Share of rows predicted positive among the truly positive.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall.
    pub f1: Option<f64>,
    /// See [`roc_auc`].
    pub roc_auc: Option<f64>,
    /// See [`average_precision`].
    pub average_precision: Option<f64>,
    /// See [`brier`].
    pub brier: Option<f64>,
    /// See [`log_loss`].
    pub log_loss: Option<f64>,
}

impl Metrics {
    /// Computes all of them. `said` is what was predicted, `probabilities` (or other scores, of which then only the order
    /// means something) what stood beside it.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn of(truths: &[bool], said: &[bool], probabilities: &[f64]) -> Self {
        assert_eq!(truths.len(), said.len(), "one prediction per truth");
        assert_eq!(truths.len(), probabilities.len(), "one probability per truth");
        let n_rows = truths.len();
        let count = |keep: fn(bool, bool) -> bool| {
            truths.iter().zip(said).filter(|(truth, said)| keep(**truth, **said)).count()
        };
        let n_positive = count(|truth, _| truth);
        let n_predicted = count(|_, predicted| predicted);
        let n_hit = count(|truth, predicted| truth && predicted);
        Self {
            n_rows,
            n_positive,
            accuracy: ratio(count(|truth, predicted| truth == predicted), n_rows),
            precision: ratio(n_hit, n_predicted),
            recall: ratio(n_hit, n_positive),
            f1: ratio(2 * n_hit, n_predicted + n_positive),
            roc_auc: roc_auc(truths, probabilities),
            average_precision: average_precision(truths, probabilities),
            brier: brier(truths, probabilities),
            log_loss: log_loss(truths, probabilities),
        }
    }

    /// The figures by name, undefined ones left out.
    pub fn named(&self) -> Vec<(String, f64)> {
        named(&[
            ("n_test", Some(self.n_rows as f64)),
            ("n_positive", Some(self.n_positive as f64)),
            ("accuracy", self.accuracy),
            ("precision", self.precision),
            ("recall", self.recall),
            ("f1", self.f1),
            ("roc_auc", self.roc_auc),
            ("average_precision", self.average_precision),
            ("brier", self.brier),
            ("log_loss", self.log_loss),
        ])
    }
}

fn named(figures: &[(&str, Option<f64>)]) -> Vec<(String, f64)> {
    figures.iter().filter_map(|&(name, value)| value.map(|value| (name.to_owned(), value))).collect()
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The probability that a random positive row has a larger probability than a random negative one, ties counting half:
/// the area under the receiver operating characteristic.
///
/// AUC = (R - p(p+1)/2) / (p n), R the sum of the positive rows' ranks (tied rows share their mean rank), p and n the
/// numbers of positive and negative rows. From 0 to 1; 0.5 is guessing. `None` unless both classes occur.
///
/// Hanley and McNeil, Radiology 143(1), 1982; `sklearn.metrics.roc_auc_score`.
pub fn roc_auc(truths: &[bool], probabilities: &[f64]) -> Option<f64> {
    let mut rank_sum = 0.0;
    let (mut n_positive, mut n_before) = (0_usize, 0_usize);
    let mut groups = tied_groups(truths, probabilities);
    groups.reverse();
    for group in groups {
        // Ranks n_before + 1 to n_before + n, so their mean is:
        let rank = n_before as f64 + (group.n_rows + 1) as f64 / 2.0;
        rank_sum += rank * group.n_positive as f64;
        n_before += group.n_rows;
        n_positive += group.n_positive;
    }
    let (p, n) = (n_positive as f64, (n_before - n_positive) as f64);
    (p > 0.0 && n > 0.0).then(|| (rank_sum - p * (p + 1.0) / 2.0) / (p * n))
}

/// The precision, averaged over the positive rows in order of falling probability: AP = Σ (Rᵢ - Rᵢ₋₁) Pᵢ, Pᵢ and Rᵢ the
/// precision and recall when everything at or above the i-th distinct probability is called positive.
///
/// From 0 to 1; guessing gives the share of positive rows. `None` without a positive row.
/// `sklearn.metrics.average_precision_score`.
pub fn average_precision(truths: &[bool], probabilities: &[f64]) -> Option<f64> {
    let groups = tied_groups(truths, probabilities);
    let all: usize = groups.iter().map(|group| group.n_positive).sum();
    let (mut n_called, mut n_hit, mut sum) = (0, 0, 0.0);
    for group in groups {
        n_called += group.n_rows;
        n_hit += group.n_positive;
        sum += group.n_positive as f64 / all as f64 * (n_hit as f64 / n_called as f64);
    }
    (all > 0).then_some(sum)
}

/// The mean squared distance of probability and truth (1 or 0). From 0, perfect, to 1. `None` without rows.
///
/// Brier, Monthly Weather Review 78(1), 1950, halved as usual for two classes; `sklearn.metrics.brier_score_loss`.
pub fn brier(truths: &[bool], probabilities: &[f64]) -> Option<f64> {
    mean(truths.iter().zip(probabilities).map(|(&truth, probability)| {
        let distance = probability - f64::from(u8::from(truth));
        distance * distance
    }))
}

/// The mean of -ln(probability of the true class), probabilities held [`f64::EPSILON`] away from 0 and 1, where one
/// sure error would cost everything. From 0, perfect, to about 36. `None` without rows. `sklearn.metrics.log_loss`.
pub fn log_loss(truths: &[bool], probabilities: &[f64]) -> Option<f64> {
    let rows = truths.iter().zip(probabilities);
    mean_log_loss(rows.map(|(&truth, &probability)| if truth { probability } else { 1.0 - probability }))
}

/// The log loss by the probabilities of the true classes.
fn mean_log_loss(of_truth: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    mean(of_truth.map(|probability| -libm::log(probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON))))
}

fn mean(losses: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let n = losses.len();
    let sum: f64 = losses.sum();
    (n > 0).then(|| sum / n as f64)
}

/// Rows that share one probability.
struct TiedGroup {
    n_rows: usize,
    n_positive: usize,
}

/// The rows by falling probability.
fn tied_groups(truths: &[bool], probabilities: &[f64]) -> Vec<TiedGroup> {
    let mut rows: Vec<(f64, bool)> = probabilities.iter().copied().zip(truths.iter().copied()).collect();
    rows.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let groups = rows.chunk_by(|a, b| a.0 == b.0);
    groups
        .map(|group| TiedGroup { n_rows: group.len(), n_positive: group.iter().filter(|(_, truth)| *truth).count() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: Option<f64>, expected: f64) {
        let found = found.expect("the metric is defined");
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
    }

    const TRUTHS: [bool; 4] = [false, false, true, true];

    #[test]
    fn ranks_are_scikit_learns() {
        // sklearn 1.9.1: roc_auc_score([0,0,1,1], [.1,.4,.35,.8]); average_precision_score(...)
        close(roc_auc(&TRUTHS, &[0.1, 0.4, 0.35, 0.8]), 0.75);
        close(average_precision(&TRUTHS, &[0.1, 0.4, 0.35, 0.8]), 5.0 / 6.0);
    }

    #[test]
    fn ties_count_half() {
        // Of the four pairs one is won, three are tied: (1 + 3/2) / 4.
        close(roc_auc(&TRUTHS, &[0.4, 0.4, 0.4, 0.4]), 0.5);
        close(roc_auc(&TRUTHS, &[0.3, 0.4, 0.4, 0.4]), 0.75);
        // Everything is called positive at once: half of it rightly.
        close(average_precision(&TRUTHS, &[0.4; 4]), 0.5);
        // At 0.4 all positives come, two of three rightly.
        close(average_precision(&TRUTHS, &[0.3, 0.4, 0.4, 0.4]), 2.0 / 3.0);
    }

    #[test]
    fn perfect_and_reversed_order() {
        close(roc_auc(&TRUTHS, &[0.1, 0.2, 0.3, 0.4]), 1.0);
        close(roc_auc(&TRUTHS, &[0.4, 0.3, 0.2, 0.1]), 0.0);
        close(average_precision(&TRUTHS, &[0.1, 0.2, 0.3, 0.4]), 1.0);
        // Called third and fourth: (1/3 + 2/4) / 2.
        close(average_precision(&TRUTHS, &[0.4, 0.3, 0.2, 0.1]), 5.0 / 12.0);
    }

    #[test]
    fn losses_are_scikit_learns() {
        // sklearn 1.9.1: brier_score_loss([0,1,1,0], [.1,.9,.8,.3])
        close(brier(&[false, true, true, false], &[0.1, 0.9, 0.8, 0.3]), 0.0375);
        // By hand: -(ln 0.9 + ln 0.9 + ln 0.8 + ln 0.65) / 4 = 0.21616187468057912
        close(log_loss(&[true, false, false, true], &[0.9, 0.1, 0.2, 0.65]), 0.216_161_874_680_579_12);
        // -ln(2^-52): a sure error is dear, not infinite.
        close(log_loss(&[true], &[0.0]), 52.0 * std::f64::consts::LN_2);
        close(log_loss(&[false], &[1.0]), 52.0 * std::f64::consts::LN_2);
    }

    #[test]
    fn classes_are_counted_by_what_was_said() {
        // Two hits, one false alarm, one miss, one true negative.
        let truths = [true, true, false, true, false];
        let metrics = Metrics::of(&truths, &[true, true, true, false, false], &[0.9, 0.6, 0.7, 0.5, 0.2]);
        assert_eq!((metrics.n_rows, metrics.n_positive), (5, 3));
        close(metrics.accuracy, 0.6);
        close(metrics.precision, 2.0 / 3.0);
        close(metrics.recall, 2.0 / 3.0);
        close(metrics.f1, 2.0 / 3.0);
        assert_eq!(metrics.named().len(), 10);
    }

    #[test]
    fn what_is_undefined_is_left_out() {
        let names = |metrics: Metrics| metrics.named().into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ");
        assert_eq!(names(Metrics::of(&[], &[], &[])), "n_test n_positive");
        assert_eq!(names(Metrics::of(&[false], &[false], &[0.1])), "n_test n_positive accuracy brier log_loss");
        assert_eq!(
            names(Metrics::of(&[true], &[false], &[0.1])),
            "n_test n_positive accuracy recall f1 average_precision brier log_loss"
        );
    }
}
