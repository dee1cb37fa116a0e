use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

use super::Signal;
use crate::stattest::NotTested;
use crate::stattest::ks::{self, PValue};

/// The Kolmogorov-Smirnov distance of the newest events from a fixed reference: exact after every event, in time that grows with the
/// logarithm of the reference.
///
/// ```text
/// D = max over x of |F(x) - G(x)|
/// ```
/// F(x) the share of reference values at most x, G(x) that of the last w events. Between two neighbouring reference values F stands
/// still, so that the gap is largest at the end of one of 2k + 1 cells: at each of the k distinct reference values and on each side of
/// it. A tree over the cells holds the counts, and the largest and least running sum below every node; an event that comes and one that
/// goes change one path each. Counts are whole numbers, and D is that of the batch test to the last bit.
///
/// ```
/// use tidemark::stream::SlidingKs;
/// let reference: Vec<f64> = (0..100).map(f64::from).collect();
/// let mut window = SlidingKs::new(&reference, 50, 1e-6).unwrap();
/// assert!((0..50).all(|i| !window.update(f64::from(i * 2)).drift));
/// assert_eq!(window.d(), Some(0.01));
/// assert!((0..50).any(|i| window.update(f64::from(i) + 60.0).drift));
/// ```
///
/// Source: the walk of a tree with running sums after dos Reis, Flach, Matwin and Batista, "Fast Unsupervised Online Drift Detection Using
/// Incremental Kolmogorov-Smirnov Test", KDD 2016, who keep a treap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct SlidingKs {
    alpha: f64,
    window: usize,
    /// Ascending.
    reference: Vec<f64>,
    /// Ascending.
    distinct: Vec<f64>,
    /// The events of the window with their cells.
    events: VecDeque<(f64, u32)>,
    /// A node's children are at twice its place and one behind it; the leaves are the cells.
    nodes: Vec<Node>,
    least_gap: u64,
}

/// Running sums of `n g - w f` over the cells below a node, g events and f reference values of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Node {
    sum: i64,
    /// The largest running sum, 0 (that of no cell) among them.
    most: i64,
    /// The least.
    least: i64,
}

/// What is written down: all else is worked out again.
#[derive(Serialize, Deserialize)]
struct Stored {
    alpha: f64,
    window: usize,
    reference: Vec<f64>,
    events: Vec<f64>,
}

impl From<SlidingKs> for Stored {
    fn from(window: SlidingKs) -> Self {
        let events = window.events.iter().map(|(event, _)| *event).collect();
        Self { alpha: window.alpha, window: window.window, reference: window.reference, events }
    }
}

impl TryFrom<Stored> for SlidingKs {
    type Error = NotTested;

    fn try_from(stored: Stored) -> Result<Self, NotTested> {
        let mut window = Self::new(&stored.reference, stored.window, stored.alpha)?;
        for event in stored.events {
            window.update(event);
        }
        Ok(window)
    }
}

impl SlidingKs {
    /// A window of so many events, held against a reference; drift is signalled while the p-value of the full window is at most
    /// `alpha`. The p-value is that of a single look: a window that slides is looked at often, and wants a small one.
    ///
    /// # Errors
    /// The reference holds no finite number, or the window no event.
    pub fn new(reference: &[f64], window: usize, alpha: f64) -> Result<Self, NotTested> {
        let mut reference: Vec<f64> = reference.iter().copied().filter(|value| value.is_finite()).collect();
        reference.sort_unstable_by(f64::total_cmp);
        if reference.is_empty() || window == 0 {
            return Err(NotTested::Empty { n_reference: reference.len() as u64, n_current: window as u64 });
        }
        let mut distinct = reference.clone();
        distinct.dedup();
        let n_leaves = (2 * distinct.len() + 1).next_power_of_two();
        let least_gap = least_gap(reference.len() as u64, window as u64, alpha);
        let nodes = vec![Node::default(); 2 * n_leaves];
        let mut found = Self { alpha, window, distinct, events: VecDeque::new(), nodes, least_gap, reference };
        for value in &found.reference {
            let leaf = n_leaves + found.cell(*value) as usize;
            found.nodes[leaf].sum -= window as i64;
        }
        for place in (1..2 * n_leaves).rev() {
            found.nodes[place] = if place >= n_leaves { leaf(found.nodes[place].sum) } else { found.joined(place) };
        }
        Ok(found)
    }

    /// 2i + 1 for the i-th distinct reference value, 2i for what lies below it and above the one before.
    fn cell(&self, value: f64) -> u32 {
        let below = self.distinct.partition_point(|known| *known < value);
        let is_known = self.distinct.get(below).is_some_and(|known| *known == value);
        (2 * below + usize::from(is_known)) as u32
    }

    fn joined(&self, place: usize) -> Node {
        let (left, right) = (self.nodes[2 * place], self.nodes[2 * place + 1]);
        Node {
            sum: left.sum + right.sum,
            most: left.most.max(left.sum + right.most),
            least: left.least.min(left.sum + right.least),
        }
    }

    fn add(&mut self, cell: u32, count: i64) {
        let mut place = self.nodes.len() / 2 + cell as usize;
        self.nodes[place] = leaf(self.nodes[place].sum + count * self.reference.len() as i64);
        while place > 1 {
            place /= 2;
            self.nodes[place] = self.joined(place);
        }
    }

    /// Takes an event in, and lets the oldest go once the window is full. One that is not finite changes nothing.
    pub fn update(&mut self, x: f64) -> Signal {
        if !x.is_finite() {
            return Signal::QUIET;
        }
        let cell = self.cell(x);
        if self.events.len() == self.window
            && let Some((_, oldest)) = self.events.pop_front()
        {
            // What goes and comes in one cell changes nothing.
            if oldest != cell {
                self.add(oldest, -1);
                self.add(cell, 1);
            }
        } else {
            self.add(cell, 1);
        }
        self.events.push_back((x, cell));
        Signal::drift_if(self.gap().is_some_and(|gap| gap >= self.least_gap))
    }

    /// D, in units of 1 / (n w); `None` until the window is full.
    fn gap(&self) -> Option<u64> {
        let root = self.nodes[1];
        (self.events.len() == self.window).then(|| root.most.max(-root.least).unsigned_abs())
    }

    /// The distance, 0 to 1; `None` until the window is full.
    pub fn d(&self) -> Option<f64> {
        let unit = self.reference.len() as f64 * self.window as f64;
        self.gap().map(|gap| gap as f64 / unit)
    }
}

const fn leaf(sum: i64) -> Node {
    let (most, least) = if sum > 0 { (sum, 0) } else { (0, sum) };
    Node { sum, most, least }
}

/// The smallest gap, in units of 1 / (n w), whose p-value is at most alpha; one more than there can be if there is none.
fn least_gap(n: u64, w: u64, alpha: f64) -> u64 {
    let p = |gap: u64| ks::p_of_gap(n, w, u128::from(gap), PValue::Fast);
    let (mut above, mut enough) = (0, n * w + 1);
    while enough - above > 1 {
        let middle = above + (enough - above) / 2;
        if p(middle) <= alpha { enough = middle } else { above = middle }
    }
    enough
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;
    use crate::stattest::{Current, Reference};

    #[test]
    fn every_window_is_that_of_the_batch_test() {
        let mut rng = Rng::new(12);
        // Ties within and across, values between and beyond those of the reference.
        let mut draw = |scale: f64| (rng.normal() * scale).round() / 2.0;
        let reference: Vec<f64> = (0..83).map(|_| draw(5.0)).collect();
        let mut sorted = reference.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let events: Vec<f64> = (0..400).map(|i| draw(9.0) + if i > 250 { 2.25 } else { 0.0 }).collect();
        let mut window = SlidingKs::new(&reference, 40, 0.001).unwrap();
        let mut n_drifts = 0;
        for i in 0..events.len() {
            let drift = window.update(events[i]).drift;
            if i + 1 < 40 {
                assert_eq!((window.d(), drift), (None, false));
                continue;
            }
            let mut newest = events[i + 1 - 40..=i].to_vec();
            newest.sort_unstable_by(f64::total_cmp);
            let batch = ks::test(Reference(&sorted), Current(&newest), PValue::Fast).unwrap();
            assert_eq!(window.d(), Some(batch.d), "{i}");
            assert_eq!(drift, batch.p_value <= 0.001, "{i}: {batch:?}");
            n_drifts += usize::from(drift);
        }
        assert!(n_drifts > 50 && n_drifts < 300, "{n_drifts}");
    }

    #[test]
    fn what_is_written_down_goes_on() {
        let reference: Vec<f64> = (0..50).map(f64::from).collect();
        let mut window = SlidingKs::new(&reference, 10, 0.01).unwrap();
        for i in 0..17 {
            window.update(f64::from(i * 3));
        }
        let text = serde_json::to_string(&window).unwrap();
        let mut restarted: SlidingKs = serde_json::from_str(&text).unwrap();
        assert_eq!(restarted, window);
        assert_eq!(restarted.update(7.0), window.update(7.0));
        assert_eq!(restarted.d(), window.d());
    }

    #[test]
    fn nothing_to_compare_with_is_said() {
        assert!(SlidingKs::new(&[f64::NAN], 10, 0.01).is_err());
        assert!(SlidingKs::new(&[1.0], 0, 0.01).is_err());
        let mut window = SlidingKs::new(&[1.0], 1, 0.01).unwrap();
        assert_eq!(window.update(f64::NAN), Signal::QUIET);
        assert_eq!(window.d(), None);
        window.update(1.0);
        assert_eq!(window.d(), Some(0.0));
    }
}
