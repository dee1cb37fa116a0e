//! Scores that become probabilities by the steps that fit best among all that never fall.

use serde::{Deserialize, Serialize};

use crate::num::sum_of;
use crate::performance::ranking::roc_auc;
use crate::random::{Rng, derive_seed};

/// A function that never falls, given at some scores and straight between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Isotonic {
    /// Ascending scores.
    scores: Vec<f64>,
    /// The share of positive rows at each of them.
    shares: Vec<f64>,
}

impl Isotonic {
    /// Fits to rows: the function that never falls whose squared distance from the truths is least, by pooling adjacent violators. `None`
    /// without rows.
    ///
    /// ```
    /// use tidemark::performance::estimated::isotonic::Isotonic;
    /// // sklearn 1.9.1: IsotonicRegression(out_of_bounds="clip").fit([1, 2, 3, 4], [0, 1, 0, 1]).predict([0, 2.5, 3.5, 9])
    /// let fitted = Isotonic::fit(&[1.0, 2.0, 3.0, 4.0], &[false, true, false, true]).unwrap();
    /// assert_eq!([0.0, 2.5, 3.5, 9.0].map(|score| fitted.at(score)), [0.0, 0.5, 0.75, 1.0]);
    /// ```
    ///
    /// Source: Ayer and others, Annals of Mathematical Statistics 26(4), 1955; `sklearn.isotonic.IsotonicRegression` 1.9.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn fit(scores: &[f64], truths: &[bool]) -> Option<Self> {
        assert_eq!(scores.len(), truths.len(), "one truth per score");
        let mut rows: Vec<(f64, bool)> = scores.iter().copied().zip(truths.iter().copied()).collect();
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        // Blocks of neighbouring distinct scores that share one value.
        let mut blocks: Vec<Block> = Vec::new();
        for rows in rows.chunk_by(|a, b| a.0 == b.0) {
            let n_positive = rows.iter().filter(|(_, truth)| *truth).count() as u64;
            let mut block = Block { first: rows[0].0, last: rows[0].0, n: rows.len() as u64, n_positive };
            while let Some(before) = blocks.pop_if(|before| !before.is_below(block)) {
                block = Block {
                    first: before.first,
                    last: block.last,
                    n: before.n + block.n,
                    n_positive: before.n_positive + block.n_positive,
                };
            }
            blocks.push(block);
        }
        let mut fitted = Self { scores: Vec::new(), shares: Vec::new() };
        for block in &blocks {
            let share = block.n_positive as f64 / block.n as f64;
            fitted.scores.push(block.first);
            fitted.shares.push(share);
            if block.last > block.first {
                fitted.scores.push(block.last);
                fitted.shares.push(share);
            }
        }
        (!blocks.is_empty()).then_some(fitted)
    }

    /// The probability that a score means. Outside of the scores it was fitted to, that of the nearest.
    pub fn at(&self, score: f64) -> f64 {
        let above = self.scores.partition_point(|known| *known < score);
        let last = self.scores.len() - 1;
        if above == 0 {
            return self.shares[0];
        }
        if above > last {
            return self.shares[last];
        }
        let (from, to) = (self.scores[above - 1], self.scores[above]);
        let (low, high) = (self.shares[above - 1], self.shares[above]);
        low + (high - low) / (to - from) * (score - from)
    }
}

#[derive(Debug, Clone, Copy)]
struct Block {
    first: f64,
    last: f64,
    n: u64,
    n_positive: u64,
}

impl Block {
    /// Whether its share is smaller than that of the other: in whole numbers, so that equal shares are equal.
    fn is_below(&self, other: Self) -> bool {
        u128::from(self.n_positive) * u128::from(other.n) < u128::from(other.n_positive) * u128::from(self.n)
    }
}

/// Splits whose held-out rows decide.
const SPLITS: u64 = 10;
/// Bins of the calibration error.
const BINS: usize = 10;
/// Scores that separate the classes so well are left alone.
const PERFECT_AREA: f64 = 0.999;
/// Of ten rows one is held out.
const HELD_OUT: usize = 10;

/// Whether calibrated scores have a smaller calibration error than the scores themselves: on the held-out tenths of ten random splits, which
/// keep the share of positive rows, in ten bins of as many rows each. Never where a class is absent, or the scores separate the classes
/// already.
///
/// NannyML 0.13, `needs_calibration`, which draws other splits.
pub fn helps(truths: &[bool], scores: &[f64], seed: u64) -> bool {
    if roc_auc(truths, scores).is_none_or(|area| area > PERFECT_AREA) {
        return false;
    }
    let of_class = |class: bool| (0..truths.len()).filter(|&row| truths[row] == class).collect::<Vec<usize>>();
    let classes = [of_class(false), of_class(true)];
    let mut plain: Vec<(f64, bool)> = Vec::new();
    let mut calibrated: Vec<(f64, bool)> = Vec::new();
    for split in 0..SPLITS {
        let mut rng = Rng::new(derive_seed(seed, split));
        let mut is_held_out = vec![false; truths.len()];
        for rows in &classes {
            for place in rng.choose(rows.len(), rows.len().div_ceil(HELD_OUT)) {
                is_held_out[rows[place]] = true;
            }
        }
        let (held_out, kept): (Vec<usize>, Vec<usize>) = (0..truths.len()).partition(|&row| is_held_out[row]);
        let (kept_scores, kept_truths): (Vec<f64>, Vec<bool>) =
            kept.into_iter().map(|row| (scores[row], truths[row])).unzip();
        let Some(fitted) = Isotonic::fit(&kept_scores, &kept_truths) else {
            return false;
        };
        for row in held_out {
            plain.push((scores[row], truths[row]));
            calibrated.push((fitted.at(scores[row]), truths[row]));
        }
    }
    match (calibration_error(plain), calibration_error(calibrated)) {
        (Some(before), Some(after)) => before > after,
        _ => false,
    }
}

/// Σ n_b / n |mean score - share of positives| over bins of as many rows each. `None` for fewer rows than make two bins.
fn calibration_error(mut rows: Vec<(f64, bool)>) -> Option<f64> {
    let n = rows.len();
    let bins = if n <= 2 * BINS { n / 2 } else { BINS };
    if bins < 2 {
        return None;
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let width = n / bins;
    // The last bin takes what is left over.
    let terms: Vec<f64> = (0..bins)
        .map(|bin| {
            let rows = &rows[bin * width..if bin + 1 == bins { n } else { (bin + 1) * width }];
            let distances: Vec<f64> = rows.iter().map(|(score, truth)| score - f64::from(u8::from(*truth))).collect();
            sum_of(&distances, |distance| distance).abs() / n as f64
        })
        .collect();
    Some(terms.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_scikit_learns() {
        // sklearn 1.9.1: IsotonicRegression(out_of_bounds="clip").fit([1,1,2,3,3,4,5], [0,1,0,1,0,1,1]).predict([1,1.5,2,3,3.4,4])
        let truths = [false, true, false, true, false, true, true];
        let fitted = Isotonic::fit(&[1.0, 1.0, 2.0, 3.0, 3.0, 4.0, 5.0], &truths).unwrap();
        let third = 1.0 / 3.0;
        let found = [1.0, 1.5, 2.0, 3.0, 3.4, 4.0].map(|score| fitted.at(score));
        for (found, expected) in found.into_iter().zip([third, third, third, 0.5, 0.7, 1.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
        assert!(Isotonic::fit(&[], &[]).is_none());
    }

    #[test]
    fn calibration_helps_bold_scores_and_not_those_that_leave_nothing_to_do() {
        let mut rng = Rng::new(5);
        let probabilities: Vec<f64> = (0..4000).map(|_| rng.uniform()).collect();
        let truths: Vec<bool> = probabilities.iter().map(|&p| rng.uniform() < p).collect();
        let bold: Vec<f64> = probabilities.iter().map(|p| p * p).collect();
        assert!(helps(&truths, &bold, 1));
        // One class, or classes that the scores separate.
        assert!(!helps(&[true; 100], &bold[..100], 1));
        let apart: Vec<f64> = truths.iter().map(|&truth| if truth { 0.6 } else { 0.4 }).collect();
        assert!(!helps(&truths, &apart, 1));
    }
}
