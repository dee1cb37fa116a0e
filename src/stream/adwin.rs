use serde::{Deserialize, Serialize};

use super::Signal;

/// ADWIN: whether an adaptive window falls into an older and a newer part whose means differ; the window keeps the newer part.
///
/// ```text
/// drift: |mean of W₀ - mean of W₁| > ε,  ε = sqrt(2 m σ² L) + 2/3 m L,
/// L = ln(2 ln(n) / δ),  m = 1 / (n₀ - w + 1) + 1 / (n₁ - w + 1)
/// ```
/// W₀ and W₁ the n₀ older and n₁ newer of the window's n events, tried at every edge between two buckets; σ² the variance of the window, w
/// the fewest events of a part, δ the confidence asked for. The window is kept as buckets of 1, 2, 4, … events, at most so many of each
/// size, so that memory and time grow with the logarithm of its length. It is looked at once in `clock` events. Inputs: numbers.
///
/// ```
/// use tidemark::stream::Adwin;
/// let mut detector = Adwin::default();
/// let alarm = (0..2000).position(|i| detector.update(f64::from(i % 3) + if i < 1000 { 0.0 } else { 1.0 }).drift).unwrap();
/// assert!((1000..1100).contains(&alarm), "{alarm}");
/// assert!(detector.mean().unwrap() > 1.0);
/// ```
///
/// Source: Bifet and Gavaldà, "Learning from Time-Changing Data with Adaptive Windowing", SDM 2007; variances of buckets after Babcock,
/// Datar, Motwani and O'Callaghan, PODS 2003; alarms where River 0.26 has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adwin {
    delta: f64,
    clock: u32,
    max_buckets: usize,
    min_window: f64,
    grace_period: f64,
    state: State,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct State {
    /// Buckets of 2^i events in row i, the oldest of a row first.
    rows: Vec<Vec<Bucket>>,
    n: f64,
    sum: f64,
    /// The sum of the squared distances from the mean.
    squares: f64,
    ticks: u32,
    drift: bool,
}

/// Events that are no longer told apart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Bucket {
    sum: f64,
    /// The sum of the squared distances from the mean.
    squares: f64,
}

impl Default for Adwin {
    /// River's settings: δ = 0.002, a look at every 32nd event, 5 buckets of a size, parts of 5 events or more, the first look after 10.
    fn default() -> Self {
        Self::new(0.002, 32, 5, 5, 10)
    }
}

impl Adwin {
    /// The settings of the formula; `grace_period` events must have come before the first look. A clock of 0 counts as 1, as do
    /// buckets.
    pub fn new(delta: f64, clock: u32, max_buckets: u32, min_window: u32, grace_period: u32) -> Self {
        Self {
            delta,
            clock: clock.max(1),
            max_buckets: max_buckets.max(1) as usize,
            min_window: f64::from(min_window),
            grace_period: f64::from(grace_period),
            state: State::default(),
        }
    }

    /// The mean of the window; `None` before the first event.
    pub fn mean(&self) -> Option<f64> {
        (self.state.n > 0.0).then(|| self.state.sum / self.state.n)
    }

    /// Events in the window.
    pub const fn width(&self) -> u64 {
        self.state.n as u64
    }

    /// Takes an event in.
    pub fn update(&mut self, x: f64) -> Signal {
        if self.state.drift {
            self.state = State::default();
        }
        self.state.add(x, self.max_buckets);
        self.state.ticks += 1;
        if self.state.ticks == self.clock {
            self.state.ticks = 0;
            if self.state.n > self.grace_period {
                while self.has_cut() {
                    self.state.drift = true;
                    self.state.drop_oldest();
                }
            }
        }
        Signal::drift_if(self.state.drift)
    }

    /// Whether the window falls into two parts somewhere.
    fn has_cut(&self) -> bool {
        let state = &self.state;
        let l = libm::log(2.0 * libm::log(state.n) / self.delta);
        let variance = state.squares / state.n;
        let (mut n_old, mut n_new, mut sum_old, mut sum_new) = (0.0, state.n, 0.0, state.sum);
        for (row, buckets) in state.rows.iter().enumerate().rev() {
            let size = events_of(row);
            for bucket in buckets {
                n_old += size;
                n_new -= size;
                sum_old += bucket.sum;
                sum_new -= bucket.sum;
                if n_old < self.min_window {
                    continue;
                }
                if n_new < self.min_window || n_new == 0.0 {
                    return false;
                }
                let gap = sum_old / n_old - sum_new / n_new;
                let m = 1.0 / (n_old - self.min_window + 1.0) + 1.0 / (n_new - self.min_window + 1.0);
                if gap.abs() > (2.0 * m * variance * l).sqrt() + 2.0 / 3.0 * l * m {
                    return true;
                }
            }
        }
        false
    }
}

/// Events of a bucket of this row.
fn events_of(row: usize) -> f64 {
    (1_u64 << row) as f64
}

impl State {
    fn add(&mut self, x: f64, max_buckets: usize) {
        if self.n > 0.0 {
            let distance = x - self.sum / self.n;
            self.squares += self.n * distance * distance / (self.n + 1.0);
        }
        self.n += 1.0;
        self.sum += x;
        let mut bucket = Bucket { sum: x, squares: 0.0 };
        // A full row gives its two oldest buckets to the next one, as one.
        for row in 0.. {
            if row == self.rows.len() {
                self.rows.push(Vec::with_capacity(max_buckets + 1));
            }
            let buckets = &mut self.rows[row];
            buckets.push(bucket);
            if buckets.len() <= max_buckets {
                return;
            }
            let size = events_of(row);
            let (a, b) = (buckets[0], buckets[1]);
            let distance = a.sum / size - b.sum / size;
            bucket = Bucket { sum: a.sum + b.sum, squares: a.squares + b.squares + size * 0.5 * distance * distance };
            buckets.copy_within(2.., 0);
            buckets.truncate(max_buckets - 1);
        }
    }

    fn drop_oldest(&mut self) {
        let Some(last) = self.rows.len().checked_sub(1) else { return };
        let size = events_of(last);
        let bucket = self.rows[last].remove(0);
        if self.rows[last].is_empty() {
            self.rows.pop();
        }
        self.n -= size;
        self.sum -= bucket.sum;
        let distance = bucket.sum / size - self.sum / self.n;
        self.squares -= bucket.squares + size * self.n * distance * distance / (size + self.n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn the_window_knows_its_sum_and_spread() {
        let mut rng = Rng::new(6);
        let events: Vec<f64> = (0..1000).map(|_| rng.normal()).collect();
        let mut detector = Adwin::default();
        assert!(events.iter().all(|&x| !detector.update(x).drift));
        let mean = events.iter().sum::<f64>() / 1000.0;
        let squares: f64 = events.iter().map(|x| (x - mean) * (x - mean)).sum();
        assert_eq!(detector.width(), 1000);
        assert!((detector.mean().unwrap() - mean).abs() < 1e-12);
        assert!((detector.state.squares - squares).abs() < 1e-9);
        // A thousand events lie in a few dozen buckets.
        assert!(detector.state.rows.iter().map(Vec::len).sum::<usize>() <= 50);
    }

    #[test]
    fn after_a_change_the_window_holds_what_came_since() {
        let mut rng = Rng::new(7);
        let mut detector = Adwin::default();
        let alarm = (0..4000).position(|i| detector.update(rng.normal() + if i < 3000 { 0.0 } else { 2.0 }).drift);
        assert!(alarm.is_some_and(|at| (3000..3064).contains(&at)), "{alarm:?}");
        for _ in 0..500 {
            detector.update(rng.normal() + 2.0);
        }
        assert!((detector.mean().unwrap() - 2.0).abs() < 0.2, "{:?}", detector.mean());
    }

    #[test]
    fn a_constant_never_drifts() {
        let mut detector = Adwin::new(0.5, 1, 5, 5, 10);
        assert!((0..10_000).all(|_| !detector.update(3.0).drift));
    }
}
