//! Bands that learn from their own record: where they held less often than they should, they grow wider.

use serde::{Deserialize, Serialize};

use super::bands::{Bands, WANTED, miss};
use crate::performance::figure::{Figure, Undefined};
use crate::stattest::tails::binomial_at_least;

/// So improbable has a record to be, if bands held as often as wanted, before the few windows of a young model widen anything.
const DOUBT: f64 = 0.02;

/// A band that was right so often stays as it is.
const AS_IT_IS: Widening = Widening { factor: 1.0, is_provisional: false };

/// By how much bands are widened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Widening {
    /// How many times as wide they become, at least 1.
    pub factor: f64,
    /// There are too few windows to promise anything with the factor: it is the least that would have held all of them.
    pub is_provisional: bool,
}

/// The record of the bands of one metric of one model, from its first window whose labels came to the latest.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Record {
    /// |realised - estimate| / half the band, window after window, in the order in which labels came; large where the band has no width.
    misses: Vec<f64>,
}

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Lifetime {
    /// Windows whose labels came.
    pub n_windows: u64,
    /// Windows whose band, as it was estimated, held what came.
    pub n_held: u64,
    /// Windows whose band held what came after it had been widened by what was known before them.
    pub n_held_widened: u64,
    /// The share of windows in which the band held, with its interval.
    pub coverage: Figure,
    /// How the next band is widened.
    pub widening: Widening,
}

impl Record {
    /// Puts a window down whose labels have come.
    pub fn add(&mut self, estimate: f64, sampling_error: f64, realised: f64) {
        self.misses.push(miss(estimate, sampling_error, realised));
    }

    /// How often the bands held, and how wide they should have been.
    pub fn bands(&self) -> Bands {
        Bands::of_misses(&self.misses)
    }

    /// How the next band is to be widened.
    ///
    /// From 19 windows on, by the factor of [`Bands::widen`]: the next band then holds with 95% certainty, if windows come as those did.
    /// Before, bands are left alone unless they missed so often that chance would do as much in one of fifty records at most; then the
    /// factor is the least with which all of them would have held, and it is called provisional.
    pub fn widening(&self) -> Widening {
        let bands = self.bands();
        if let Some(factor) = bands.widen {
            return Widening { factor, is_provisional: false };
        }
        let n_missed = bands.n_windows - bands.n_held;
        let largest = self.misses.iter().copied().fold(1.0, f64::max);
        let is_doubtful = n_missed > 0 && binomial_at_least(n_missed, bands.n_windows, 1.0 - WANTED) <= DOUBT;
        // A band without any width cannot be widened.
        if is_doubtful && largest < f64::MAX { Widening { factor: largest, is_provisional: true } } else { AS_IT_IS }
    }

    /// What the record says, and how often the band of each window would have held if it had been widened by the windows before it.
    ///
    /// ```
    /// use tidemark::performance::estimated::lifetime::Record;
    /// // Bands about half as wide as they should be.
    /// let mut record = Record::default();
    /// (0..40).for_each(|i| record.add(0.8, 0.01, 0.8 + 0.055 * f64::from(i % 10 + 1) / 10.0));
    /// let found = record.lifetime();
    /// assert_eq!((found.n_windows, found.n_held), (40, 20));
    /// assert!(found.n_held_widened >= 35 && (found.widening.factor - 5.5 / 3.0).abs() < 1e-9);
    /// ```
    pub fn lifetime(&self) -> Lifetime {
        let bands = self.bands();
        let mut before = Self::default();
        let mut n_held_widened = 0;
        for miss in &self.misses {
            n_held_widened += u64::from(*miss <= before.widening().factor);
            before.misses.push(*miss);
        }
        Lifetime {
            n_windows: bands.n_windows,
            n_held: bands.n_held,
            n_held_widened,
            coverage: Figure::share(bands.n_held, bands.n_windows, Undefined::NoRows),
            widening: self.widening(),
        }
    }
}

impl Widening {
    /// A band, widened, and held to `least` and `most`.
    pub fn band(self, estimate: f64, sampling_error: f64, least: f64, most: f64) -> (f64, f64) {
        let half = super::BAND * sampling_error * self.factor;
        ((estimate - half).max(least), (estimate + half).min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    fn record(misses: &[f64]) -> Record {
        let mut record = Record::default();
        misses.iter().for_each(|miss| record.add(0.5, 0.01, 0.5 + 0.03 * miss));
        record
    }

    #[test]
    fn a_young_model_is_not_doubted_for_one_miss_but_for_two_of_three() {
        assert_eq!(Record::default().widening(), AS_IT_IS);
        assert_eq!(record(&[1.5]).widening(), AS_IT_IS);
        assert_eq!(record(&[0.2, 0.3, 1.5]).widening(), AS_IT_IS);
        let found = record(&[0.2, 1.5, 2.5]).widening();
        assert!(found.is_provisional && (found.factor - 2.5).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn bands_that_are_right_stay_and_those_too_narrow_hold_as_promised_once_known() {
        let right = record(&[0.3; 50]);
        assert_eq!(right.widening(), AS_IT_IS);
        assert_eq!(right.lifetime().n_held_widened, 50);
        // A band of three sampling errors that are a third of what they should be.
        let (mut rng, mut held, mut widened, mut n) = (Rng::new(3), 0, 0, 0);
        for _ in 0..200 {
            let misses: Vec<f64> = (0..60).map(|_| rng.normal().abs()).collect();
            let found = record(&misses).lifetime();
            held += found.n_held;
            widened += found.n_held_widened;
            n += found.n_windows;
        }
        // |normal| is below 1 in 68 of 100, below the learnt factor in 95.
        assert!((held as f64 / n as f64 - 0.683).abs() < 0.02, "{held} of {n}");
        assert!(widened as f64 / n as f64 > 0.9, "{widened} of {n}");
    }

    #[test]
    fn a_band_is_widened_within_what_a_metric_can_be() {
        let twice = Widening { factor: 2.0, is_provisional: false };
        let (lower, upper) = twice.band(0.9, 0.02, 0.0, 1.0);
        assert!((lower - 0.78).abs() < 1e-12 && upper == 1.0);
        // No width, and yet a miss: nothing can be widened, and no number is lost.
        let mut record = Record::default();
        (0..3).for_each(|_| record.add(0.5, 0.0, 0.6));
        assert_eq!(record.widening(), AS_IT_IS);
        assert_eq!(record.lifetime().n_held, 0);
    }
}
