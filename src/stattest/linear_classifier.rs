//! A linear classifier of two classes, trained by stochastic gradient descent.

use super::NotTested;
use crate::random::Rng;

/// Rows of which only the entries that are not zero are kept.
#[derive(Debug, Clone, Default)]
pub(super) struct SparseRows {
    ends: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f64>,
}

impl SparseRows {
    /// Appends a row: its columns, each once, with their values.
    pub fn push(&mut self, entries: impl IntoIterator<Item = (u32, f64)>) {
        for (column, value) in entries {
            self.columns.push(column);
            self.values.push(value);
        }
        self.ends.push(self.columns.len());
    }

    fn row(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + Clone {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        let entries = start..self.ends[row];
        self.columns[entries.clone()].iter().map(|&column| column as usize).zip(self.values[entries].iter().copied())
    }
}

/// What a wrong or unsure answer costs, by the margin `z`: the decision, positive where it is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// `(1 - z)^2` up to a margin of 1 and 0 from there; below -1 a straight line, `-4 z`.
    ModifiedHuber,
    /// `ln(1 + exp(-z))`: logistic regression.
    Log,
}

impl Loss {
    fn value(self, z: f64) -> f64 {
        match self {
            Self::ModifiedHuber if z >= 1.0 => 0.0,
            Self::ModifiedHuber if z >= -1.0 => (1.0 - z) * (1.0 - z),
            Self::ModifiedHuber => -4.0 * z,
            Self::Log if z > 0.0 => libm::log1p(libm::exp(-z)),
            Self::Log => libm::log1p(libm::exp(z)) - z,
        }
    }

    /// The derivative by `z`.
    fn slope(self, z: f64) -> f64 {
        match self {
            Self::ModifiedHuber if z >= 1.0 => 0.0,
            Self::ModifiedHuber if z >= -1.0 => -2.0 * (1.0 - z),
            Self::ModifiedHuber => -4.0,
            Self::Log => -1.0 / (libm::exp(z) + 1.0),
        }
    }

    /// The probability of the positive class that belongs to a decision.
    pub fn probability(self, decision: f64) -> f64 {
        match self {
            Self::ModifiedHuber => (decision.clamp(-1.0, 1.0) + 1.0) / 2.0,
            Self::Log => 1.0 / (1.0 + libm::exp(-decision)),
        }
    }
}

/// What large weights cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Penalty {
    /// `alpha` times the sum of their sizes: weights that say little become exactly 0.
    L1,
    /// `alpha` times half the sum of their squares.
    L2,
}

/// How to train.
#[derive(Debug, Clone, Copy)]
pub(super) struct Training {
    pub loss: Loss,
    pub penalty: Penalty,
    /// The weight of the penalty, and the clock of the learning rate.
    pub alpha: f64,
    /// Rounds over all rows, unless the objective stops falling before.
    pub max_epochs: u32,
    /// The intercept moves by this share of what a weight of value 1 would. Below 1 for sparse rows, whose weights are
    /// seldom moved.
    pub intercept_rate: f64,
}

/// Training ends when the mean objective fell by less than [`TOLERANCE`] below its best for so many rounds.
const PATIENCE: u32 = 5;
const TOLERANCE: f64 = 1e-3;
/// Below this the common factor of the weights is multiplied into them.
const SMALLEST_SCALE: f64 = 1e-9;

/// A weight per column and an intercept.
#[derive(Debug, Clone)]
pub(super) struct LinearClassifier {
    loss: Loss,
    weights: Vec<f64>,
    intercept: f64,
}

impl LinearClassifier {
    /// Trains on `samples`: places in `rows`, and whether they are of the positive class. `n_columns` is larger than every
    /// column.
    ///
    /// For each sample in random order: `w -= eta * slope * y x`, then the penalty, with the learning rate
    /// `eta = 1 / (alpha * (t0 + t))`, `t` the samples seen and `t0` so that the first one is `alpha^(-1/4)` (Bottou).
    /// The L1 penalty is what a weight would have lost by now had it been touched by every sample, but does not carry it
    /// past 0 (Tsuruoka, Tsujii and Ananiadou, "Stochastic Gradient Descent Training for L1-regularized Log-linear Models
    /// with Cumulative Penalty", ACL 2009). Agrees with scikit-learn 1.9, `SGDClassifier`, but for the order of samples.
    pub fn train(
        rows: &SparseRows,
        n_columns: usize,
        samples: &[(u32, bool)],
        training: &Training,
        rng: &mut Rng,
    ) -> Result<Self, NotTested> {
        let mut state = Descent::new(n_columns, training);
        let mut order: Vec<(u32, bool)> = samples.to_vec();
        let (mut best, mut idle) = (f64::INFINITY, 0);
        for _ in 0..training.max_epochs {
            rng.shuffle(&mut order);
            let mut objective = 0.0;
            for &(row, is_positive) in &order {
                objective += state.step(rows.row(row as usize), is_positive);
            }
            let objective = objective / order.len() as f64;
            idle = if objective > best - TOLERANCE { idle + 1 } else { 0 };
            best = best.min(objective);
            if idle >= PATIENCE {
                break;
            }
        }
        state.finish()
    }

    /// The probability that a row is of the positive class.
    pub fn probability(&self, rows: &SparseRows, row: usize) -> f64 {
        let decision: f64 = rows.row(row).map(|(column, value)| self.weights[column] * value).sum();
        self.loss.probability(decision + self.intercept)
    }
}

/// Training under way.
struct Descent<'a> {
    training: &'a Training,
    /// The weights are these times `scale`.
    unscaled: Vec<f64>,
    scale: f64,
    intercept: f64,
    /// What the penalty adds to the objective, over `alpha`.
    penalty: f64,
    /// Samples seen, plus `t0`.
    clock: f64,
    /// L1: what every weight ought to have lost by now, and what each did lose.
    owed: f64,
    paid: Vec<f64>,
}

impl<'a> Descent<'a> {
    fn new(n_columns: usize, training: &'a Training) -> Self {
        let first_rate = (1.0 / training.alpha.sqrt()).sqrt();
        let paid = vec![0.0; if training.penalty == Penalty::L1 { n_columns } else { 0 }];
        Self {
            training,
            unscaled: vec![0.0; n_columns],
            scale: 1.0,
            intercept: 0.0,
            penalty: 0.0,
            clock: 1.0 / (first_rate * training.alpha),
            owed: 0.0,
            paid,
        }
    }

    /// Learns from one sample; the objective as it was before.
    fn step(&mut self, row: impl Iterator<Item = (usize, f64)> + Clone, is_positive: bool) -> f64 {
        let Training { loss, penalty, alpha, intercept_rate, .. } = *self.training;
        let y = if is_positive { 1.0 } else { -1.0 };
        let product: f64 = row.clone().map(|(column, value)| self.unscaled[column] * value).sum();
        let z = y * (product * self.scale + self.intercept);
        let objective = loss.value(z) + alpha * self.penalty;
        let rate = 1.0 / (alpha * self.clock);
        let step = -rate * loss.slope(z) * y;
        if penalty == Penalty::L2 {
            self.shrink((1.0 - rate * alpha).max(0.0));
        }
        if step != 0.0 {
            for (column, value) in row.clone() {
                let old = self.unscaled[column];
                self.set(column, old + step * value / self.scale);
            }
            self.intercept += step * intercept_rate;
        }
        if penalty == Penalty::L1 {
            self.owed += rate * alpha;
            for (column, _) in row {
                self.pay(column);
            }
        }
        self.clock += 1.0;
        objective
    }

    fn shrink(&mut self, factor: f64) {
        self.scale *= factor;
        self.penalty *= factor * factor;
        if self.scale < SMALLEST_SCALE {
            self.unscaled.iter_mut().for_each(|weight| *weight *= self.scale);
            self.scale = 1.0;
        }
    }

    fn set(&mut self, column: usize, unscaled: f64) {
        let old = std::mem::replace(&mut self.unscaled[column], unscaled);
        self.penalty += match self.training.penalty {
            Penalty::L1 => unscaled.abs() - old.abs(),
            Penalty::L2 => 0.5 * self.scale * self.scale * (unscaled * unscaled - old * old),
        };
    }

    /// Takes from a weight what it owes.
    fn pay(&mut self, column: usize) {
        let before = self.unscaled[column];
        let after = if before > 0.0 {
            (before - (self.owed + self.paid[column])).max(0.0)
        } else {
            (before + (self.owed - self.paid[column])).min(0.0)
        };
        if before != 0.0 {
            self.set(column, after);
            self.paid[column] += after - before;
        }
    }

    fn finish(self) -> Result<LinearClassifier, NotTested> {
        let scale = self.scale;
        let weights: Vec<f64> = self.unscaled.into_iter().map(|weight| weight * scale).collect();
        let is_finite = self.intercept.is_finite() && weights.iter().all(|weight| weight.is_finite());
        let classifier = LinearClassifier { loss: self.training.loss, weights, intercept: self.intercept };
        if is_finite { Ok(classifier) } else { Err(NotTested::NotFinite) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trained(loss: Loss, penalty: Penalty, alpha: f64) -> LinearClassifier {
        // Column 0 decides, column 1 is noise.
        let mut rng = Rng::new(6);
        let (mut rows, mut samples) = (SparseRows::default(), Vec::new());
        for row in 0..400 {
            let (decides, noise) = (rng.normal(), rng.normal());
            rows.push([(0, decides), (1, noise)]);
            samples.push((row, decides + 0.3 * rng.normal() > 0.0));
        }
        let training = Training { loss, penalty, alpha, max_epochs: 200, intercept_rate: 1.0 };
        LinearClassifier::train(&rows, 2, &samples, &training, &mut rng).unwrap()
    }

    #[test]
    fn what_decides_is_found_and_noise_weighs_little() {
        for (loss, penalty) in [(Loss::Log, Penalty::L2), (Loss::Log, Penalty::L1), (Loss::ModifiedHuber, Penalty::L1)]
        {
            let found = trained(loss, penalty, 1e-2);
            assert!(found.weights[0] > 0.5, "{found:?}");
            assert!(found.weights[1].abs() < 0.2 * found.weights[0], "{found:?}");
        }
    }

    #[test]
    fn l1_makes_useless_weights_zero_and_l2_does_not() {
        assert_eq!(trained(Loss::ModifiedHuber, Penalty::L1, 0.2).weights[1], 0.0);
        assert_ne!(trained(Loss::ModifiedHuber, Penalty::L2, 0.2).weights[1], 0.0);
    }

    #[test]
    fn logistic_regression_comes_close_to_its_optimum() {
        // scikit-learn 1.9.1: LogisticRegression(C=1/(4 * 0.1), tol=1e-12).fit([[2.], [1.], [-1.], [0.5]], [1, 1, 0, 0])
        // coef_ 1.364, intercept_ -0.922
        let mut rows = SparseRows::default();
        for value in [2.0, 1.0, -1.0, 0.5] {
            rows.push([(0, value)]);
        }
        let samples = [(0, true), (1, true), (2, false), (3, false)];
        let training =
            Training { loss: Loss::Log, penalty: Penalty::L2, alpha: 0.1, max_epochs: 20_000, intercept_rate: 1.0 };
        let mut state = Descent::new(1, &training);
        let mut rng = Rng::new(1);
        for _ in 0..200_000 {
            let (row, is_positive) = samples[rng.below(4) as usize];
            state.step(rows.row(row as usize), is_positive);
        }
        let found = state.finish().unwrap();
        assert!((found.weights[0] - 1.364).abs() < 0.02 && (found.intercept + 0.922).abs() < 0.02, "{found:?}");
    }

    #[test]
    fn slopes_are_those_of_the_values() {
        for loss in [Loss::ModifiedHuber, Loss::Log] {
            for z in [-3.0, -0.5, 0.2, 0.9, 1.5, 40.0] {
                let numeric = (loss.value(z + 1e-6) - loss.value(z - 1e-6)) / 2e-6;
                assert!((loss.slope(z) - numeric).abs() < 1e-5, "{loss:?} at {z}");
            }
        }
        assert_eq!(Loss::ModifiedHuber.probability(7.0), 1.0);
        assert_eq!(Loss::Log.probability(0.0), 0.5);
    }
}
