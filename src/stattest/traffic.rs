//! Made-up traffic for tests: moments whose rate goes up and down as real ones do.

use crate::data::datetime::{DAY, HOUR, MINUTE};
use crate::profile::datetime::hour_of_week;
use crate::random::Rng;

/// How rows arrive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traffic {
    /// Rows an hour, on average over the hours of a plain day.
    pub per_hour: f64,
    /// Nights are quiet and so are weekends: a tenth of the noon's rate at midnight, 40% of it on a Saturday.
    pub has_seasons: bool,
    /// Standard deviation of the logarithm of a day's own factor.
    pub day_spread: f64,
    /// Correlation of that factor from day to day.
    pub day_memory: f64,
    /// Rows that one arrival brings with it within five minutes, on average; 1 for single rows.
    pub burst: f64,
}

impl Traffic {
    pub(crate) const PLAIN: Self =
        Self { per_hour: 20.0, has_seasons: false, day_spread: 0.0, day_memory: 0.0, burst: 1.0 };
    pub(crate) const USUAL: Self = Self { has_seasons: true, day_spread: 0.3, ..Self::PLAIN };

    /// The moments of `days` from `start` (a number of days since 1970), ascending. `factor` multiplies the rate at a
    /// moment.
    pub(crate) fn moments(&self, rng: &mut Rng, start: f64, days: f64, factor: impl Fn(i64) -> f64) -> Vec<i64> {
        let (start, end) = ((start * DAY as f64) as i64, ((start + days) * DAY as f64) as i64);
        let of_day = self.day_factors(rng, (end - 1).div_euclid(DAY) - start.div_euclid(DAY) + 1);
        let mut moments = Vec::new();
        let mut minute = start;
        while minute < end {
            let of_day = of_day[(minute.div_euclid(DAY) - start.div_euclid(DAY)) as usize];
            let mean = self.per_hour / 60.0 * self.season(minute) * of_day * factor(minute) / self.burst;
            for _ in 0..poisson(rng, mean) {
                let moment = minute + (rng.uniform() * MINUTE as f64) as i64;
                moments.push(moment);
                if self.burst > 1.0 {
                    let n = (-libm::log(1.0 - rng.uniform()) * (self.burst - 0.5)).floor() as u64;
                    moments.extend((0..n).map(|_| moment + (rng.uniform() * 5.0 * MINUTE as f64) as i64));
                }
            }
            minute += MINUTE;
        }
        moments.retain(|moment| *moment < end);
        moments.sort_unstable();
        moments
    }

    fn season(&self, moment: i64) -> f64 {
        if !self.has_seasons {
            return 1.0;
        }
        let hour = hour_of_week(moment);
        let of_hour = 1.0 - 0.82 * libm::cos((hour % 24) as f64 / 24.0 * std::f64::consts::TAU);
        if hour / 24 >= 5 { 0.4 * of_hour } else { of_hour }
    }

    fn day_factors(&self, rng: &mut Rng, n: i64) -> Vec<f64> {
        let (spread, memory) = (self.day_spread, self.day_memory);
        let mut state = rng.normal();
        let factor = |_| {
            state = memory * state + (1.0 - memory * memory).sqrt() * rng.normal();
            libm::exp(spread * state - spread * spread / 2.0)
        };
        (0..n).map(factor).collect()
    }
}

fn poisson(rng: &mut Rng, mean: f64) -> u64 {
    let mut n = 0;
    let mut left = mean + libm::log(1.0 - rng.uniform());
    while left > 0.0 {
        n += 1;
        left += libm::log(1.0 - rng.uniform());
    }
    n
}

/// Days between the samples, so that the two sides do not touch.
pub(crate) const LATER: f64 = 70.0;

/// The share of `n` made-up pairs of samples for which `is_alarm`. HOUR-long offsets of the start go through the week.
pub(crate) fn share_of_alarms(n: u64, seed: u64, is_alarm: impl Fn(&mut Rng, f64) -> bool) -> f64 {
    let alarms = (0..n).filter(|i| {
        let mut rng = Rng::new(crate::random::derive_seed(seed, *i));
        let start = 19_000.0 + (rng.below(168) * HOUR as u64) as f64 / DAY as f64;
        is_alarm(&mut rng, start)
    });
    alarms.count() as f64 / n as f64
}
