//! How good a model of several classes is, by rows whose class is known.

use super::{mean_log_loss, ratio, roc_auc};

/// The figures of merit of a model of any number of classes. They agree with scikit-learn 1.9.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MulticlassMetrics {
    /// Rows.
    pub n_rows: usize,
    /// Share of rows whose class is predicted right.
    pub accuracy: Option<f64>,
    /// The mean, over the classes that occur or are predicted, of each one's harmonic mean of precision and recall:
    /// `f1_score(average="macro")`.
    pub f1_macro: Option<f64>,
    /// The mean of every class's area under the ROC curve against all others: `roc_auc_score(multi_class="ovr")`. `None`
    /// unless every class occurs.
    pub roc_auc: Option<f64>,
    /// The mean of -ln(score of the true class), see [`log_loss`](super::log_loss).
    pub log_loss: Option<f64>,
}

impl MulticlassMetrics {
    /// Computes all of them. `truths` and `said` hold classes below `n_classes`, and `scores` one number per row and class, row
    /// after row.
    ///
    /// # Panics
    /// When the slices do not fit each other, or a class is `n_classes` or more.
    pub fn of(truths: &[u32], said: &[u32], scores: &[f64], n_classes: usize) -> Self {
        assert_eq!(truths.len(), said.len(), "one prediction per truth");
        assert_eq!(truths.len() * n_classes, scores.len(), "one score per row and class");
        let n_right = truths.iter().zip(said).filter(|(truth, said)| truth == said).count();
        let of_truth = truths.iter().zip(scores.chunks_exact(n_classes)).map(|(&truth, scores)| scores[truth as usize]);
        Self {
            n_rows: truths.len(),
            accuracy: ratio(n_right, truths.len()),
            f1_macro: f1_macro(truths, said, n_classes),
            roc_auc: one_against_rest(truths, scores, n_classes),
            log_loss: mean_log_loss(of_truth),
        }
    }

    /// The figures by name, undefined ones left out.
    pub fn named(&self) -> Vec<(String, f64)> {
        super::named(&[
            ("n_test", Some(self.n_rows as f64)),
            ("accuracy", self.accuracy),
            ("f1_macro", self.f1_macro),
            ("roc_auc", self.roc_auc),
            ("log_loss", self.log_loss),
        ])
    }
}

fn f1_macro(truths: &[u32], said: &[u32], n_classes: usize) -> Option<f64> {
    // Per class: rows in which it is both, and how often it is either.
    let (mut n_hit, mut n_either) = (vec![0_usize; n_classes], vec![0_usize; n_classes]);
    for (&truth, &said) in truths.iter().zip(said) {
        n_either[truth as usize] += 1;
        n_either[said as usize] += 1;
        n_hit[truth as usize] += usize::from(truth == said);
    }
    let f1: Vec<f64> = n_hit.iter().zip(n_either).filter_map(|(&hit, either)| ratio(2 * hit, either)).collect();
    (!f1.is_empty()).then(|| f1.iter().sum::<f64>() / f1.len() as f64)
}

fn one_against_rest(truths: &[u32], scores: &[f64], n_classes: usize) -> Option<f64> {
    let of_class = |class: usize| {
        let is_it: Vec<bool> = truths.iter().map(|&truth| truth as usize == class).collect();
        let its_scores: Vec<f64> = scores.iter().skip(class).step_by(n_classes).copied().collect();
        roc_auc(&is_it, &its_scores)
    };
    let areas: Option<Vec<f64>> = (0..n_classes).map(of_class).collect();
    areas.map(|areas| areas.iter().sum::<f64>() / n_classes as f64)
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
        let found = MulticlassMetrics::of(&TRUTHS, &SAID, &SCORES, 3);
        close(found.accuracy, 5.0 / 7.0);
        close(found.f1_macro, 0.7);
        close(found.roc_auc, 0.883_333_333_333_333_3);
        close(found.log_loss, 0.774_840_084_217_626_1);
        assert_eq!(found.named().len(), 5);
    }

    #[test]
    fn a_class_that_does_not_occur_has_no_area() {
        let found = MulticlassMetrics::of(&[0, 1], &[0, 1], &SCORES[..6], 3);
        assert_eq!((found.roc_auc, found.accuracy, found.f1_macro), (None, Some(1.0), Some(1.0)));
        assert_eq!(MulticlassMetrics::of(&[], &[], &[], 3).named(), [("n_test".to_owned(), 0.0)]);
    }
}
