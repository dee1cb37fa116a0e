use serde::{Deserialize, Serialize};

use crate::stattest::tails::clopper_pearson;

/// What bets are placed on: the odds of the mean have changed by these factors.
const ODDS: [f64; 7] = [1.1, 1.2, 1.35, 1.6, 2.0, 3.0, 6.0];

/// Which way a mean went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It rose.
    Up,
    /// It fell.
    Down,
}

/// Watches a rate, or a mean of numbers from 0 to 1, for ever: whether it leaves the range in which it should lie.
///
/// ```text
/// M_t = 1/2 Σ over directions of (cash_t + mean over odds o of S_t(o)),   alarm: M ≥ 1/α
/// S_t = (S_{t-1} + w_t) (1 + λ (x_t - m)),   cash_t = 1 - Σ w_i,   w_t = 1/(t + 1) cash_{t-1} / ln(t + e)
/// ```
/// m the end of the range, λ the bet that grows fastest if the odds of the mean become o times those of m: λ = (r - m) / (m (1 - m)), r the
/// mean of those odds. While the mean lies within its range, no bet can be expected to win, so that M is a supermartingale that starts at 1,
/// and P(M ≥ 1/α ever) ≤ α whatever the distribution and the number of looks. Every event brings fresh money w_t to the bets, so that a
/// change after years does not find them broke.
///
/// Inputs: numbers from 0 to 1, in their order; others are passed over. The mean may hang on all that came before, as long as it stays in
/// its range: nothing is assumed independent. After an alarm the watch stands still.
///
/// ```
/// use tidemark::anytime::{Change, Watch};
/// // One in ten of 20,000 rows of the reference was an error.
/// let mut watch = Watch::of_rate(2_000, 20_000, 0.01);
/// assert!((0..5_000).all(|i| watch.update(f64::from(u8::from(i % 10 == 0))).is_none()));
/// let delay = (0..).position(|i| watch.update(f64::from(u8::from(i % 5 == 0))).is_some()).unwrap();
/// assert!(delay < 1_000, "{delay}");
/// ```
///
/// Source: Waudby-Smith and Ramdas, "Estimating Means of Bounded Random Variables by Betting", JRSS B 86(1), 2024; the mixture over starts
/// after Shin, Ramdas and Rinaldo, "E-detectors", 2024, with weights that sum to 1, which holds the probability over a lifetime rather than
/// the mean time between alarms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    alpha: f64,
    up: Option<Bets>,
    down: Option<Bets>,
    n: u64,
    cash: f64,
    alarm: Option<Change>,
}

/// The bets on one direction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Bets {
    /// The end of the range.
    mean: f64,
    lambdas: [f64; ODDS.len()],
    stakes: [f64; ODDS.len()],
}

impl Bets {
    /// `None` where nothing can lie beyond.
    fn new(mean: f64, change: Change) -> Option<Self> {
        if mean <= 0.0 || mean >= 1.0 {
            return None;
        }
        let lambdas = ODDS.map(|factor| {
            let odds = if change == Change::Up { factor } else { 1.0 / factor };
            let other = odds * mean / (1.0 - mean + odds * mean);
            (other - mean) / (mean * (1.0 - mean))
        });
        Some(Self { mean, lambdas, stakes: [0.0; ODDS.len()] })
    }

    fn update(&mut self, x: f64, fresh: f64) {
        for (stake, lambda) in self.stakes.iter_mut().zip(self.lambdas) {
            *stake = (*stake + fresh) * (1.0 + lambda * (x - self.mean));
        }
    }

    fn worth(&self) -> f64 {
        self.stakes.iter().sum::<f64>() / ODDS.len() as f64
    }
}

impl Watch {
    /// Watches a mean that should lie from `lower` to `upper`, with a probability of at most `alpha` of ever raising an alarm while it does.
    pub fn new(lower: f64, upper: f64, alpha: f64) -> Self {
        Self {
            alpha,
            up: Bets::new(upper, Change::Up),
            down: Bets::new(lower, Change::Down),
            n: 0,
            cash: 1.0,
            alarm: None,
        }
    }

    /// Watches a rate that was `part` of `whole` in the reference. Half of `alpha` pays for what the reference does not know: its exact
    /// interval with that certainty is the range.
    ///
    /// # Panics
    /// When `part` is more than `whole`.
    pub fn of_rate(part: u64, whole: u64, alpha: f64) -> Self {
        assert!(part <= whole, "a part is no more than the whole");
        let (lower, upper) = if whole == 0 { (0.0, 1.0) } else { clopper_pearson(part, whole, alpha / 2.0) };
        Self::new(lower, upper, alpha / 2.0)
    }

    /// Takes an event in. The answer is `Some` from the event of the alarm on.
    pub fn update(&mut self, x: f64) -> Option<Change> {
        if self.alarm.is_some() || !(0.0..=1.0).contains(&x) {
            return self.alarm;
        }
        self.n += 1;
        let t = self.n as f64;
        let fresh = self.cash / ((t + 1.0) * libm::log(t + std::f64::consts::E));
        self.cash -= fresh;
        for bets in [&mut self.up, &mut self.down].into_iter().flatten() {
            bets.update(x, fresh);
        }
        if self.capital() >= 1.0 / self.alpha {
            let worth = |bets: &Option<Bets>| bets.as_ref().map_or(0.0, Bets::worth);
            self.alarm = Some(if worth(&self.up) >= worth(&self.down) { Change::Up } else { Change::Down });
        }
        self.alarm
    }

    /// What became of a capital of 1: the evidence so far, an e-value at any time that does not hang on the future.
    pub fn capital(&self) -> f64 {
        // A direction in which nothing can lie keeps its half.
        let of = |bets: &Option<Bets>| bets.as_ref().map_or(1.0, |bets| self.cash + bets.worth());
        f64::midpoint(of(&self.up), of(&self.down))
    }

    /// Events taken in.
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// Which way the mean went, once the alarm is raised.
    pub const fn alarm(&self) -> Option<Change> {
        self.alarm
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;
    use crate::stattest::tails::{binomial_at_least, binomial_at_most};

    const RATE: f64 = 0.1;
    const RUNS: usize = 400;
    const LOOKS: usize = 100;
    const EVENTS_PER_LOOK: usize = 100;

    fn event(rng: &mut Rng, rate: f64) -> f64 {
        f64::from(u8::from(rng.uniform() < rate))
    }

    #[test]
    fn a_hundred_looks_raise_false_alarms_classically_and_not_here() {
        let mut rng = Rng::new(31);
        let (mut classical, mut anytime) = (0, 0);
        for _ in 0..RUNS {
            let mut watch = Watch::new(RATE, RATE, 0.05);
            let (mut n, mut errors, mut was_significant) = (0, 0, false);
            for _ in 0..LOOKS {
                for _ in 0..EVENTS_PER_LOOK {
                    let x = event(&mut rng, RATE);
                    n += 1;
                    errors += u64::from(x == 1.0);
                    watch.update(x);
                }
                let tail = binomial_at_least(errors, n, RATE).min(binomial_at_most(errors, n, RATE));
                was_significant |= 2.0 * tail <= 0.05;
            }
            classical += usize::from(was_significant);
            anytime += usize::from(watch.alarm().is_some());
        }
        let share = |count: usize| count as f64 / RUNS as f64;
        println!("false alarms in {LOOKS} looks: classical {}, anytime {}", share(classical), share(anytime));
        assert!(share(classical) > 0.28, "{}", share(classical));
        // Three standard errors of 400 runs at 5% are 0.033; the bound is far from reached.
        assert!(share(anytime) <= 0.05, "{}", share(anytime));
    }

    #[test]
    fn a_late_change_is_seen_about_as_soon_as_an_early_one() {
        let delay = |before: usize, rate: f64| {
            let mut rng = Rng::new(17);
            let mut total = 0;
            for _ in 0..50 {
                let mut watch = Watch::new(RATE, RATE, 0.05);
                for _ in 0..before {
                    watch.update(event(&mut rng, RATE));
                }
                if watch.alarm().is_none() {
                    total += (1..).find(|_| watch.update(event(&mut rng, rate)).is_some()).unwrap();
                }
            }
            f64::from(total) / 50.0
        };
        let (early, late, down) = (delay(100, 0.2), delay(100_000, 0.2), delay(10_000, 0.05));
        println!(
            "delay of 0.1 to 0.2 after 100 events {early}, after 100,000 {late}; of 0.1 to 0.05 after 10,000 {down}"
        );
        assert!(early < 250.0 && late < 3.0 * early, "{early} {late}");
        assert!(down < 1500.0, "{down}");
    }

    #[test]
    fn the_direction_is_told_and_the_capital_is_an_e_value() {
        let mut watch = Watch::new(0.4, 0.6, 0.01);
        (0..100).for_each(|_| assert!(watch.update(0.9).is_none_or(|change| change == Change::Up)));
        assert_eq!(watch.alarm(), Some(Change::Up));
        let mut watch = Watch::new(0.4, 0.6, 0.01);
        (0..100).for_each(|_| assert!(watch.update(0.1).is_none_or(|change| change == Change::Down)));
        assert_eq!(watch.alarm(), Some(Change::Down));
        // The mean capital of many short runs is 1 at most, and bets that are fair lose little.
        let mut rng = Rng::new(2);
        let mean = (0..4000)
            .map(|_| {
                let mut watch = Watch::new(RATE, RATE, 1e-9);
                for _ in 0..50 {
                    watch.update(event(&mut rng, RATE));
                }
                watch.capital()
            })
            .sum::<f64>()
            / 4000.0;
        // Most of it lies with few, so that a sample's mean falls short of 1 rather than going beyond.
        assert!((0.8..1.05).contains(&mean), "{mean}");
    }

    #[test]
    fn what_cannot_be_left_is_not_watched_and_what_is_no_share_is_passed_over() {
        let mut watch = Watch::new(0.0, 1.0, 0.05);
        assert!((0..1000).all(|_| watch.update(1.0).is_none()));
        assert_eq!(watch.capital(), 1.0);
        let before = watch.clone();
        watch.update(f64::NAN);
        watch.update(2.0);
        assert_eq!(watch, before);
        let text = serde_json::to_string(&watch).unwrap();
        assert_eq!(serde_json::from_str::<Watch>(&text).unwrap(), watch);
        assert!(Watch::of_rate(0, 0, 0.05).update(1.0).is_none());
    }
}
