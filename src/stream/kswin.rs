use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

use super::Signal;
use crate::random::{Rng, derive_seed};
use crate::stattest::ks::{self, PValue};

/// A smaller gap is no drift, however small its p-value: River's, too.
const LEAST_GAP: f64 = 0.1;

/// KSWIN: whether the newest events of a window come from the distribution of older ones.
///
/// ```text
/// drift: p(KS of a random choice of r older events and the r newest ones) ≤ α, and the gap is above 0.1
/// ```
/// Inputs: numbers. Nothing is said before the window is full, and after a drift it fills anew. p is exact, worked out once: it
/// hangs on r and the gap alone.
///
/// With an α of 0.005 at every event a false alarm comes soon, on any stream: lower it for streams that are watched long.
///
/// ```
/// use tidemark::stream::Kswin;
/// let mut detector = Kswin::new(1e-4, 100, 30, 1);
/// let alarm = (0..600).position(|i| detector.update(f64::from(i * 7 % 11) + if i < 300 { 0.0 } else { 9.0 }).drift).unwrap();
/// assert!((300..330).contains(&alarm), "{alarm}");
/// ```
///
/// Source: Raab, Heusinger and Schleif, "Reactive Soft Prototype Computing for Concept Drift Streams", Neurocomputing 416, 2020. River
/// 0.26 draws other older events: alarms come as often, not at the same places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kswin {
    window: usize,
    newest: usize,
    seed: u64,
    /// The fewest events of `newest` that a gap must come to.
    least_count: usize,
    /// All events ever, from which the next choice is drawn.
    n_events: u64,
    events: VecDeque<f64>,
    drift: bool,
}

impl Default for Kswin {
    /// River's settings: α = 0.005, 100 events, the newest 30.
    fn default() -> Self {
        Self::new(0.005, 100, 30, 0)
    }
}

impl Kswin {
    /// α, the events of the window and the newest among them that are compared, and the seed of the choices. At least one event is
    /// compared, and the window holds as many others.
    pub fn new(alpha: f64, window: usize, newest: usize, seed: u64) -> Self {
        let newest = newest.max(1);
        let least_count = least_count(alpha, newest);
        let window = window.max(2 * newest);
        Self { window, newest, seed, least_count, n_events: 0, events: VecDeque::new(), drift: false }
    }

    /// Takes an event in.
    pub fn update(&mut self, x: f64) -> Signal {
        self.drift = false;
        self.n_events += 1;
        if self.events.len() == self.window {
            self.events.pop_front();
        }
        self.events.push_back(x);
        if self.events.len() == self.window && self.gap() >= self.least_count {
            self.drift = true;
            self.events.clear();
        }
        Signal::drift_if(self.drift)
    }

    /// The gap between a random choice of older events and the newest, in events.
    fn gap(&self) -> usize {
        let n_older = self.window - self.newest;
        let mut rng = Rng::new(derive_seed(self.seed, self.n_events));
        let mut places: Vec<usize> = (0..n_older).collect();
        let mut older: Vec<f64> = (0..self.newest)
            .map(|drawn| {
                let place = drawn + rng.below((n_older - drawn) as u64) as usize;
                places.swap(drawn, place);
                self.events[places[drawn]]
            })
            .collect();
        let mut newest: Vec<f64> = self.events.range(n_older..).copied().collect();
        older.sort_unstable_by(f64::total_cmp);
        newest.sort_unstable_by(f64::total_cmp);
        largest_gap(&older, &newest)
    }
}

/// The largest difference of how many values of either sample, both ascending and of one size, lie at or below any number.
fn largest_gap(a: &[f64], b: &[f64]) -> usize {
    let (mut i, mut j, mut most) = (0, 0, 0_usize);
    while i < a.len() && j < b.len() {
        let value = a[i].min(b[j]);
        i += a[i..].iter().take_while(|x| **x <= value).count();
        j += b[j..].iter().take_while(|x| **x <= value).count();
        most = most.max(i.abs_diff(j));
    }
    most
}

/// The smallest gap, in events, whose exact p-value is at most alpha and whose size is above [`LEAST_GAP`]; one more than there can be
/// if there is none.
fn least_count(alpha: f64, r: usize) -> usize {
    let p = |count: usize| ks::p_of_gap(r as u64, r as u64, (count * r) as u128, PValue::Exact);
    let is_enough = |count: &usize| *count as f64 / r as f64 > LEAST_GAP && p(*count) <= alpha;
    (1..=r).find(is_enough).unwrap_or(r + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stattest::{Current, Reference};

    #[test]
    fn the_least_gap_is_where_scipys_p_value_crosses_alpha() {
        // scipy 1.17: ks_2samp with n = m = 30: p(13/30) = 0.006548, p(14/30) = 0.002530
        assert_eq!(least_count(0.005, 30), 14);
        assert_eq!(least_count(0.007, 30), 13);
        // Of five and five, even the largest gap has p = 0.0079: ks_2samp([0,1,2,3,4], [5,6,7,8,9]).
        assert_eq!((least_count(0.005, 5), least_count(0.01, 5)), (6, 5));
    }

    #[test]
    fn gaps_are_those_of_the_batch_test() {
        let (a, b) = ([1.0, 2.0, 2.0, 5.0], [2.0, 3.0, 4.0, 6.0]);
        let batch = ks::test(Reference(&a), Current(&b), PValue::Exact).unwrap();
        assert_eq!(largest_gap(&a, &b) as f64 / 4.0, batch.d);
    }
}
