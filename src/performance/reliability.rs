//! Whether a probability of 0.3 comes true three times of ten.

use serde::{Deserialize, Serialize};

use super::figure::{Figure, Undefined};
use crate::num::Sum;

/// How probabilities are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// Of one width.
    Uniform,
    /// Of as many rows each, as far as ties let.
    Quantile,
}

/// The rows whose probability lies in one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// The lower edge, which belongs to the bin below, but for the first bin.
    pub lower: f64,
    /// The upper edge, which belongs to this bin.
    pub upper: f64,
    /// What was said: the mean probability.
    pub mean_probability: f64,
    /// What came: the share of positive rows.
    pub share_positive: Figure,
    /// Rows.
    pub n: u64,
}

/// A reliability diagram and the distance from the diagonal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The bins that hold rows, by rising probability.
    pub bins: Vec<Bin>,
    /// Expected calibration error: Σ n_b / n |what was said - what came|. 0 is perfect.
    pub ece: f64,
    /// Maximum calibration error: the largest such distance.
    pub mce: f64,
    /// The expected calibration error that chance alone makes of perfect probabilities with so many rows in these bins: a model is
    /// no worse calibrated than can be seen while `ece` is not well above this.
    pub ece_of_chance: f64,
}

/// Puts rows into bins by their probability, and holds what was said against what came.
///
/// ```text
/// ECE = Σ n_b / n |mean p in b - share of positives in b|
/// ```
/// Inputs: one truth and one probability per row. Bins are (lower, upper], the first one with its lower edge. Bins without rows
/// are left out. `None` without rows, and where a probability is none.
///
/// The error that chance alone makes is Σ n_b / n sqrt(2/π Σ p (1 - p)) / n_b: the mean of |what came - what was said| where
/// every probability is right, each bin's count taken as normal.
///
/// ```
/// use tidemark::performance::reliability::{Binning, reliability};
/// let found = reliability(&[false, true, true, true], &[0.1, 0.3, 0.8, 0.9], 2, Binning::Uniform).unwrap();
/// assert_eq!(found.bins.len(), 2);
/// assert!((found.ece - (0.5 * 0.3 + 0.5 * 0.15)).abs() < 1e-12);
/// ```
///
/// Source: Naeini, Cooper and Hauskrecht, AAAI 2015; `sklearn.calibration.calibration_curve` 1.9, by both of its strategies.
///
/// # Panics
/// When the slices differ in length.
pub fn reliability(truths: &[bool], probabilities: &[f64], n_bins: usize, binning: Binning) -> Option<Reliability> {
    assert_eq!(truths.len(), probabilities.len(), "one probability per truth");
    let is_share = |probability: &f64| (0.0..=1.0).contains(probability);
    if truths.is_empty() || n_bins == 0 || !probabilities.iter().all(is_share) {
        return None;
    }
    let edges = edges(probabilities, n_bins, binning);
    let mut tallies = vec![Tally::default(); n_bins];
    for (&truth, &probability) in truths.iter().zip(probabilities) {
        let place = edges[1..n_bins].partition_point(|edge| *edge < probability);
        tallies[place].add(truth, probability);
    }
    let n = truths.len() as f64;
    let (mut bins, mut ece, mut mce, mut ece_of_chance) = (Vec::new(), Sum::default(), 0.0_f64, Sum::default());
    for (place, tally) in tallies.iter().enumerate().filter(|(_, tally)| tally.n > 0) {
        let in_bin = tally.n as f64;
        let mean_probability = tally.probability.value() / in_bin;
        let distance = (mean_probability - tally.n_positive as f64 / in_bin).abs();
        ece.add(in_bin / n * distance);
        mce = mce.max(distance);
        ece_of_chance.add((std::f64::consts::FRAC_2_PI * tally.variance.value()).sqrt() / n);
        bins.push(Bin {
            lower: edges[place],
            upper: edges[place + 1],
            mean_probability,
            share_positive: Figure::share(tally.n_positive, tally.n, Undefined::NoRows),
            n: tally.n,
        });
    }
    Some(Reliability { bins, ece: ece.value(), mce, ece_of_chance: ece_of_chance.value() })
}

#[derive(Debug, Clone, Default)]
struct Tally {
    n: u64,
    n_positive: u64,
    probability: Sum,
    /// Σ p (1 - p).
    variance: Sum,
}

impl Tally {
    fn add(&mut self, truth: bool, probability: f64) {
        self.n += 1;
        self.n_positive += u64::from(truth);
        self.probability.add(probability);
        self.variance.add(probability * (1.0 - probability));
    }
}

fn edges(probabilities: &[f64], n_bins: usize, binning: Binning) -> Vec<f64> {
    let step = 1.0 / n_bins as f64;
    let shares = (0..=n_bins).map(|edge| if edge == n_bins { 1.0 } else { edge as f64 * step });
    match binning {
        Binning::Uniform => shares.collect(),
        Binning::Quantile => {
            let mut sorted = probabilities.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            shares.map(|share| quantile(&sorted, share)).collect()
        }
    }
}

/// numpy's quantile of an ascending slice, to the last bit: an edge between two equal values is that value, so that rows stay in its bin.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len() - 1;
    let position = share * last as f64;
    let below = (position.floor() as usize).min(last);
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    let weight = position - below as f64;
    if weight < 0.5 { low + (high - low) * weight } else { high - (high - low) * (1.0 - weight) }
}

/// The squared distance of probability and truth (1 or 0), row by row. From 0, perfect, to 1.
///
/// Its mean is the Brier score (Monthly Weather Review 78(1), 1950), halved as usual for two classes: `sklearn.metrics.brier_score_loss`.
pub fn squared_errors(truths: &[bool], probabilities: &[f64]) -> Vec<f64> {
    let rows = truths.iter().zip(probabilities);
    rows.map(|(&truth, probability)| {
        let distance = probability - f64::from(u8::from(truth));
        distance * distance
    })
    .collect()
}

/// -ln(probability of the true class), row by row. From 0, perfect, to about 36. Its mean is the log loss: `sklearn.metrics.log_loss`.
pub fn log_losses(truths: &[bool], probabilities: &[f64]) -> Vec<f64> {
    let rows = truths.iter().zip(probabilities);
    rows.map(|(&truth, &probability)| log_loss_of(if truth { probability } else { 1.0 - probability })).collect()
}

/// The loss of a row by the probability of its true class, held [`f64::EPSILON`] away from 0 and 1, where one sure error would
/// cost everything.
pub(super) fn log_loss_of(probability: f64) -> f64 {
    -libm::log(probability.clamp(f64::EPSILON, 1.0 - f64::EPSILON))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn losses_are_scikit_learns() {
        // sklearn 1.9.1: brier_score_loss([0,1,1,0], [.1,.9,.8,.3])
        let mean = |terms: Vec<f64>| Figure::mean(&terms).value().unwrap();
        let brier = mean(squared_errors(&[false, true, true, false], &[0.1, 0.9, 0.8, 0.3]));
        assert!((brier - 0.0375).abs() < 1e-15);
        // By hand: -(ln 0.9 + ln 0.9 + ln 0.8 + ln 0.65) / 4 = 0.21616187468057912
        let loss = mean(log_losses(&[true, false, false, true], &[0.9, 0.1, 0.2, 0.65]));
        assert!((loss - 0.216_161_874_680_579_12).abs() < 1e-15);
        // -ln(2^-52): a sure error is dear, not infinite.
        assert!((log_losses(&[true], &[0.0])[0] - 52.0 * std::f64::consts::LN_2).abs() < 1e-12);
        assert!((log_losses(&[false], &[1.0])[0] - 52.0 * std::f64::consts::LN_2).abs() < 1e-12);
    }

    #[test]
    fn perfect_probabilities_err_by_what_chance_makes_and_false_ones_by_more() {
        let mut rng = Rng::new(2);
        let probabilities: Vec<f64> = (0..5000).map(|_| rng.uniform()).collect();
        let truths: Vec<bool> = probabilities.iter().map(|&p| rng.uniform() < p).collect();
        let right = reliability(&truths, &probabilities, 10, Binning::Uniform).unwrap();
        assert!(right.ece < 1.7 * right.ece_of_chance && right.ece > 0.4 * right.ece_of_chance, "{right:?}");
        let bold: Vec<f64> = probabilities.iter().map(|p| p * p).collect();
        let wrong = reliability(&truths, &bold, 10, Binning::Uniform).unwrap();
        assert!(wrong.ece > 5.0 * wrong.ece_of_chance, "{wrong:?}");
    }

    #[test]
    fn what_is_no_probability_has_no_diagram() {
        assert!(reliability(&[true], &[1.5], 10, Binning::Uniform).is_none());
        assert!(reliability(&[], &[], 10, Binning::Uniform).is_none());
        let edge = reliability(&[true, false], &[0.0, 1.0], 10, Binning::Quantile).unwrap();
        assert_eq!(edge.bins.len(), 2);
    }
}
