use serde::{Deserialize, Serialize};

/// No bet is larger.
const LARGEST_BET: f64 = 0.5;

/// An interval for the mean of numbers from 0 to 1 that may be read after every event: with probability 1 - α it holds the mean at all times
/// at once.
///
/// ```text
/// Σ λ_i x_i / Σ λ_i ± (ln(2/α) + Σ 4 (x_i - m_{i-1})² ψ(λ_i)) / Σ λ_i,   ψ(λ) = (-ln(1 - λ) - λ) / 4,
/// λ_t = min(1/2, sqrt(2 ln(2/α) / (s²_{t-1} t ln(1 + t))))
/// ```
/// m_t = (1/2 + Σ x_i) / (t + 1) and s²_t = (1/4 + Σ (x_i - m_i)²) / (t + 1). The narrower, the smaller the spread is. Inputs: numbers from 0 to
/// 1, their mean the same whatever came before; others are passed over.
///
/// ```
/// use tidemark::anytime::MeanSequence;
/// let mut sequence = MeanSequence::new(0.05);
/// for i in 0..10_000 {
///     sequence.update(f64::from(u8::from(i % 4 == 0)));
/// }
/// let (lower, upper) = sequence.interval();
/// assert!(lower < 0.25 && 0.25 < upper && upper - lower < 0.06, "{lower} {upper}");
/// ```
///
/// Source: Waudby-Smith and Ramdas, "Estimating Means of Bounded Random Variables by Betting", JRSS B 86(1), 2024, theorem 2 (predictable
/// plug-in empirical Bernstein).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanSequence {
    alpha: f64,
    n: u64,
    sum: f64,
    squares: f64,
    bets: f64,
    weighted: f64,
    slack: f64,
    lower: f64,
    upper: f64,
}

impl MeanSequence {
    /// Nothing seen, and nothing said: 0 to 1.
    pub const fn new(alpha: f64) -> Self {
        Self { alpha, n: 0, sum: 0.0, squares: 0.0, bets: 0.0, weighted: 0.0, slack: 0.0, lower: 0.0, upper: 1.0 }
    }

    /// Takes an event in.
    pub fn update(&mut self, x: f64) {
        if !(0.0..=1.0).contains(&x) {
            return;
        }
        let before = self.n as f64;
        let mean_before = (0.5 + self.sum) / (before + 1.0);
        let variance_before = (0.25 + self.squares) / (before + 1.0);
        let t = before + 1.0;
        let certainty = libm::log(2.0 / self.alpha);
        let bet = (2.0 * certainty / (variance_before * t * libm::log1p(t))).sqrt().min(LARGEST_BET);
        self.bets += bet;
        self.weighted += bet * x;
        self.slack += (x - mean_before) * (x - mean_before) * (-libm::log1p(-bet) - bet);
        self.n += 1;
        self.sum += x;
        let mean = (0.5 + self.sum) / (t + 1.0);
        self.squares += (x - mean) * (x - mean);
        let (centre, half) = (self.weighted / self.bets, (certainty + self.slack) / self.bets);
        // What was ruled out once stays so.
        self.lower = self.lower.max(centre - half);
        self.upper = self.upper.min(centre + half);
    }

    /// From where to where the mean lies. Empty (the first above the second) where the events have no one mean, which is a change.
    pub const fn interval(&self) -> (f64, f64) {
        (self.lower, self.upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn the_mean_is_held_at_all_times_at_once() {
        let mut rng = Rng::new(23);
        let n_left = (0..300)
            .filter(|_| {
                let mut sequence = MeanSequence::new(0.05);
                (0..3000).any(|_| {
                    // Mean 1/3.
                    sequence.update(rng.uniform().min(rng.uniform()));
                    let (lower, upper) = sequence.interval();
                    lower > 1.0 / 3.0 || upper < 1.0 / 3.0
                })
            })
            .count();
        assert!(n_left <= 15, "{n_left} of 300");
    }

    #[test]
    fn the_interval_narrows_with_the_spread() {
        let width = |spread: f64| {
            let mut rng = Rng::new(1);
            let mut sequence = MeanSequence::new(0.05);
            (0..5000).for_each(|_| sequence.update(0.5 + spread * (rng.uniform() - 0.5)));
            let (lower, upper) = sequence.interval();
            assert!(lower < 0.5 && 0.5 < upper);
            upper - lower
        };
        assert!(width(0.05) < 0.3 * width(1.0), "{} {}", width(0.05), width(1.0));
    }
}
