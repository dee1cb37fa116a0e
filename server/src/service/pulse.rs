//! Predictions per second over the last minute. It starts at nothing with the process; the log knows the rest.

use std::sync::{Mutex, PoisonError};
use tidemark_app::monitor::Millis;

const SECONDS: i64 = 60;
/// The rate shown is the mean over this many full seconds.
const RATE_SECONDS: i64 = 10;

/// Counts beats by the second in a ring.
#[derive(Debug, Default)]
pub struct Pulse {
    ring: Mutex<Ring>,
}

#[derive(Debug)]
struct Ring {
    counts: [u64; SECONDS as usize],
    /// The second up to which the ring is valid.
    latest: i64,
}

impl Default for Ring {
    fn default() -> Self {
        Self { counts: [0; SECONDS as usize], latest: 0 }
    }
}

impl Ring {
    /// Empties the places of seconds that passed without a beat.
    fn advance(&mut self, second: i64) {
        for passed in (self.latest + 1).max(second - SECONDS + 1)..=second {
            self.counts[place(passed)] = 0;
        }
        self.latest = self.latest.max(second);
    }
}

fn place(second: i64) -> usize {
    usize::try_from(second.rem_euclid(SECONDS)).expect("a remainder of 60 is from 0 to 59")
}

impl Pulse {
    pub(super) fn beat(&self, at: Millis) {
        self.beats(at, 1);
    }

    /// Several beats at once.
    pub fn beats(&self, at: Millis, n: u64) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let second = at.div_euclid(1000);
        ring.advance(second);
        // A clock that was set back counts into the present.
        let latest = ring.latest;
        ring.counts[place(latest)] += n;
    }

    /// The counts of the sixty seconds up to now, oldest first, and the rate over the last ten full seconds.
    pub(super) fn last_minute(&self, now: Millis) -> (Vec<u64>, f64) {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let second = now.div_euclid(1000);
        ring.advance(second);
        let second = ring.latest;
        let counts: Vec<u64> = (second - SECONDS + 1..=second).map(|second| ring.counts[place(second)]).collect();
        let full = (second - RATE_SECONDS..second).map(|second| ring.counts[place(second)]).sum::<u64>();
        (counts, full as f64 / RATE_SECONDS as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_the_second_and_forgets_after_a_minute() {
        let pulse = Pulse::default();
        for at in [100_000, 100_500, 101_000] {
            pulse.beat(at);
        }
        let (counts, rate) = pulse.last_minute(102_000);
        assert_eq!(counts[57..], [2, 1, 0]);
        assert_eq!(rate, 0.3);
        assert_eq!(pulse.last_minute(170_000).0.iter().sum::<u64>(), 0);
    }

    #[test]
    fn a_clock_set_back_loses_nothing() {
        let pulse = Pulse::default();
        pulse.beat(100_000);
        pulse.beat(50_000);
        assert_eq!(pulse.last_minute(100_000).0[59], 2);
    }
}
