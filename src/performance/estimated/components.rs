//! What chance alone does to a metric in a window of some size, as the reference shows it.

use serde::{Deserialize, Serialize};

use super::{Metric, Rows};
use crate::performance::{Confusion, Ranking};
use crate::random::Rng;

/// Resamples for the average precision, and the most rows of one.
const RESAMPLES: usize = 50;
const MOST_ROWS: usize = 50_000;

/// The spread of a metric's terms, and the share of rows that are terms: the error is std / sqrt(n share).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Components {
    std: f64,
    share: f64,
}

impl Components {
    /// Works both out on the reference. NannyML 0.13, `sampling_error/binary_classification.py`.
    pub fn of(metric: Metric, rows: Rows<'_>, truths: &[bool], seed: u64) -> Self {
        let confusion = Confusion::of(truths, rows.said);
        let n = confusion.n_rows();
        let of = |part: u64, terms: u64| Self { std: std_of_ones(part, terms), share: terms as f64 / n as f64 };
        match metric {
            Metric::Precision => of(confusion.true_positive, confusion.n_called()),
            Metric::Recall => of(confusion.true_positive, confusion.n_positive()),
            Metric::Specificity => of(confusion.true_negative, confusion.n_negative()),
            Metric::Accuracy => of(confusion.true_positive + confusion.true_negative, n),
            Metric::TruePositive => of(confusion.true_positive, n),
            Metric::TrueNegative => of(confusion.true_negative, n),
            Metric::FalsePositive => of(confusion.false_positive, n),
            Metric::FalseNegative => of(confusion.false_negative, n),
            Metric::F1 => {
                let wrong = confusion.false_positive + confusion.false_negative;
                let terms = confusion.true_positive + wrong;
                let Self { std, share } = of(confusion.true_positive, terms);
                let factor = terms as f64 / (wrong as f64 * 0.5 + confusion.true_positive as f64);
                Self { std: if terms > 0 { std * factor } else { std }, share }
            }
            Metric::RocAuc => placements(rows, truths),
            Metric::AveragePrecision => resampled(rows, truths, seed),
        }
    }

    /// The same of one class of several. NannyML 0.13, `sampling_error/multiclass_classification.py`, where the F1 of a class is the spread
    /// of its terms without the factor that two classes have.
    pub fn of_class(metric: Metric, rows: Rows<'_>, truths: &[bool], seed: u64) -> Self {
        if metric != Metric::F1 {
            return Self::of(metric, rows, truths, seed);
        }
        let confusion = Confusion::of(truths, rows.said);
        let terms = confusion.true_positive + confusion.false_positive + confusion.false_negative;
        Self { std: std_of_ones(confusion.true_positive, terms), share: terms as f64 / confusion.n_rows() as f64 }
    }

    /// Of a share of all rows.
    pub fn of_share(part: u64, n_rows: u64) -> Self {
        Self { std: std_of_ones(part, n_rows), share: 1.0 }
    }

    /// The standard error in a window of `n` rows; 0 where the reference holds no term.
    pub fn error(self, n: f64) -> f64 {
        let terms = n * self.share;
        if terms > 0.0 { self.std / terms.sqrt() } else { 0.0 }
    }
}

/// The standard deviation of so many ones among so many ones and zeros.
fn std_of_ones(ones: u64, n: u64) -> f64 {
    if n == 0 {
        return 0.0;
    }
    let share = ones as f64 / n as f64;
    (share * (1.0 - share)).sqrt()
}

/// The spread of the shares of the commoner class that lie on the wrong side of each row of the rarer one.
fn placements(rows: Rows<'_>, truths: &[bool]) -> Components {
    let n_positive = truths.iter().filter(|truth| **truth).count();
    let n_negative = truths.len() - n_positive;
    let positive_is_rarer = n_positive <= n_negative;
    let (rarer, commoner) = if positive_is_rarer { (n_positive, n_negative) } else { (n_negative, n_positive) };
    if rarer == 0 {
        return Components { std: 0.0, share: 0.0 };
    }
    let mut below = 0.0;
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut order: Vec<(f64, bool)> = rows.scores.iter().copied().zip(truths.iter().copied()).collect();
    order.sort_unstable_by(|a, b| if positive_is_rarer { a.0.total_cmp(&b.0) } else { b.0.total_cmp(&a.0) });
    for group in order.chunk_by(|a, b| a.0 == b.0) {
        let n_rarer = group.iter().filter(|(_, truth)| *truth == positive_is_rarer).count() as f64;
        let n_commoner = group.len() as f64 - n_rarer;
        let share = (below + n_commoner / 2.0) / commoner as f64;
        sum += n_rarer * share;
        squares += n_rarer * share * share;
        below += n_commoner;
    }
    let mean = sum / rarer as f64;
    let std = (squares / rarer as f64 - mean * mean).max(0.0).sqrt();
    Components { std, share: rarer as f64 / truths.len() as f64 }
}

/// The spread of the average precision over random halves of the reference, drawn with replacement.
fn resampled(rows: Rows<'_>, truths: &[bool], seed: u64) -> Components {
    let n_drawn = (truths.len() / 2).min(MOST_ROWS);
    let mut rng = Rng::new(seed);
    let found: Vec<f64> = (0..RESAMPLES)
        .filter_map(|_| {
            let (truths, scores): (Vec<bool>, Vec<f64>) = (0..n_drawn)
                .map(|_| {
                    let row = rng.below(truths.len() as u64) as usize;
                    (truths[row], rows.scores[row])
                })
                .unzip();
            Ranking::of(&truths, &scores).average_precision().value()
        })
        .collect();
    if found.is_empty() {
        return Components { std: 0.0, share: 0.0 };
    }
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    let variance = found.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / found.len() as f64;
    // The spread of a draw is that of a window of as many rows.
    Components { std: (variance * n_drawn as f64).sqrt(), share: 1.0 }
}
