use serde::{Deserialize, Serialize};

use super::Watch;
use crate::stattest::NotTested;

/// Cuts through the reference: at its twentieths.
const CUTS: usize = 19;

/// Watches a distribution for ever: whether numbers still come from that of a reference.
///
/// ```text
/// M = mean over cuts q of the capital of a watch of [x ≤ q],   alarm: M ≥ 2/α,
/// each rate allowed to lie in F(q) ± sqrt(ln(4/α) / (2n))
/// ```
/// q the twentieths of the reference, F(q) the share of its n values at most q. Half of α pays for what the reference does not know: with
/// probability 1 - α/2 its distribution function is nowhere off by more than that (Dvoretzky, Kiefer and Wolfowitz, with Massart's constant).
/// A mean of capitals is a capital, so that the probability of a false alarm ever is α at most.
///
/// Inputs: numbers; what is not finite is passed over. Sees changes of location, spread and shape; the smaller the reference, the larger the
/// change has to be: 10,000 values leave 0.015 of play at α = 0.05.
///
/// ```
/// use tidemark::anytime::DistributionWatch;
/// let reference: Vec<f64> = (0..10_000).map(|i| f64::from(i * 7919 % 10_000)).collect();
/// let mut watch = DistributionWatch::new(&reference, 0.05).unwrap();
/// assert!((0..5_000).all(|i| !watch.update(f64::from(i * 7907 % 10_000))));
/// assert!((0..2_000).any(|i| watch.update(f64::from(i * 7907 % 10_000) + 1_500.0)));
/// ```
///
/// Source: as [`Watch`]; Massart, Annals of Probability 18(3), 1990.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DistributionWatch {
    alpha: f64,
    cuts: Vec<Cut>,
    is_raised: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Cut {
    at: f64,
    watch: Watch,
}

impl DistributionWatch {
    /// Watches numbers that should come from the reference's distribution, with a probability of at most `alpha` of ever raising an alarm while
    /// they do.
    ///
    /// # Errors
    /// The reference holds no finite number.
    pub fn new(reference: &[f64], alpha: f64) -> Result<Self, NotTested> {
        let mut sorted: Vec<f64> = reference.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let n = sorted.len();
        if n == 0 {
            return Err(NotTested::Empty { n_reference: 0, n_current: 0 });
        }
        let play = (libm::log(4.0 / alpha) / (2.0 * n as f64)).sqrt();
        let mut at: Vec<f64> = (1..=CUTS).map(|cut| sorted[(cut * n / (CUTS + 1)).min(n - 1)]).collect();
        at.dedup();
        let cut = |at: f64| {
            let share = sorted.partition_point(|value| *value <= at) as f64 / n as f64;
            // Each watch alone never raises an alarm: their mean does.
            Cut { at, watch: Watch::new((share - play).max(0.0), (share + play).min(1.0), 0.0) }
        };
        Ok(Self { alpha, cuts: at.into_iter().map(cut).collect(), is_raised: false })
    }

    /// Takes an event in. The answer is `true` from the event of the alarm on.
    pub fn update(&mut self, x: f64) -> bool {
        if !self.is_raised && x.is_finite() {
            for cut in &mut self.cuts {
                cut.watch.update(f64::from(u8::from(x <= cut.at)));
            }
            self.is_raised = self.capital() >= 2.0 / self.alpha;
        }
        self.is_raised
    }

    /// Whether the alarm was raised.
    pub const fn is_raised(&self) -> bool {
        self.is_raised
    }

    /// What became of a capital of 1: the evidence so far.
    pub fn capital(&self) -> f64 {
        self.cuts.iter().map(|cut| cut.watch.capital()).sum::<f64>() / self.cuts.len() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    /// After how many of at most `n` events an alarm comes, drawn by `draw`, with a fresh reference of 5,000 normals.
    fn alarm(rng: &mut Rng, n: usize, draw: impl Fn(&mut Rng) -> f64) -> Option<usize> {
        let reference: Vec<f64> = (0..5000).map(|_| rng.normal()).collect();
        let mut watch = DistributionWatch::new(&reference, 0.05).unwrap();
        (0..n).position(|_| watch.update(draw(rng)))
    }

    #[test]
    fn the_same_distribution_raises_no_alarm_and_another_does() {
        let mut rng = Rng::new(13);
        let n_false = (0..60).filter(|_| alarm(&mut rng, 5000, Rng::normal).is_some()).count();
        assert!(n_false <= 3, "{n_false} of 60");
        let shifted = alarm(&mut rng, 5000, |rng| rng.normal() + 0.5);
        let wider = alarm(&mut rng, 5000, |rng| rng.normal() * 1.8);
        println!("alarms after {shifted:?} and {wider:?} events");
        assert!(shifted.is_some_and(|n| n < 400), "{shifted:?}");
        assert!(wider.is_some_and(|n| n < 1000), "{wider:?}");
    }

    #[test]
    fn a_reference_of_one_value_is_watched_too() {
        assert!(DistributionWatch::new(&[f64::NAN], 0.05).is_err());
        let mut watch = DistributionWatch::new(&[3.0; 1000], 0.05).unwrap();
        assert!((0..1000).all(|_| !watch.update(3.0)));
        assert!((0..1000).any(|_| watch.update(4.0)));
    }
}
