use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

use super::Signal;
use crate::profile::moments;
use crate::stattest::{NotTested, wasserstein};

/// A cell may take in so many events before cells are drawn anew.
const MOST_PER_CELL: usize = 32;

/// The Wasserstein distance of the newest events from a fixed reference: that of the batch after every event, in time that grows with the
/// logarithm of reference and window, and with how often the two distribution functions cross.
///
/// ```text
/// W = ∫ |F(x) - G(x)| dx
/// ```
/// F(x) the share of the n reference values at most x, G(x) that of the last w events. The line is cut into cells at the reference's values
/// and at the events of some earlier moment; events that came since are kept within their cells, and when a cell holds many, cells are
/// drawn anew. An event that comes and one that goes change `n w (G - F)` between the two by n: a tree over the cells adds that to whole
/// branches at once, whose sum of |height| · width grows or falls by n times the width of what lies above or below zero. A branch is
/// entered only where a height changes its sign. Heights are whole numbers, and every sum is made of its parts anew when a part changes, so
/// that rounding does not pile up: within 1e-12 of the batch's distance.
///
/// ```
/// use tidemark::stream::SlidingWasserstein;
/// let reference: Vec<f64> = (0..100).map(f64::from).collect();
/// let mut window = SlidingWasserstein::new(&reference, 50, 0.1).unwrap();
/// assert!((0..50).all(|i| !window.update(f64::from(i * 2)).drift));
/// assert_eq!(window.distance(), Some(0.5));
/// assert!((0..50).any(|i| window.update(f64::from(i) + 60.0).drift));
/// ```
///
/// The batch: [`wasserstein::distance`](crate::stattest::wasserstein::distance).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct SlidingWasserstein {
    threshold: f64,
    window: usize,
    /// Ascending.
    reference: Vec<f64>,
    /// Of the reference.
    std: f64,
    events: VecDeque<f64>,
    /// Where cells begin, ascending: cell i reaches from the point before to the i-th; the last one has no end.
    points: Vec<f64>,
    cells: Vec<Cell>,
    /// A node's children are at twice its place and one behind it; the leaves are the cells. Empty until the window is full.
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Default)]
struct Cell {
    /// n w (G - F) where it begins, but for what the nodes above have not handed down.
    height: i64,
    /// Events that came since cells were drawn and lie within it, but not at its beginning; ascending.
    within: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// Σ |height| · width, before `lift`.
    pulled: f64,
    /// Σ width of what is at zero or above, less that of what is below.
    slope: f64,
    /// What was added to all heights, and has not been handed to the children.
    lift: i64,
    /// The least height from zero on, `lift` included.
    least: i64,
    /// The largest height below zero, `lift` included.
    most: i64,
}

const NOTHING: Node = Node { pulled: 0.0, slope: 0.0, lift: 0, least: i64::MAX, most: i64::MIN };

impl Node {
    fn work(&self) -> f64 {
        self.pulled + self.lift as f64 * self.slope
    }

    fn of(left: Self, right: Self) -> Self {
        Self {
            pulled: left.work() + right.work(),
            slope: left.slope + right.slope,
            lift: 0,
            least: left.least.min(right.least),
            most: left.most.max(right.most),
        }
    }

    /// Whether a height would change its sign.
    const fn crosses(&self, by: i64) -> bool {
        if by > 0 { self.most.saturating_add(by) >= 0 } else { self.least.saturating_add(by) < 0 }
    }

    const fn lift(&mut self, by: i64) {
        self.lift += by;
        self.least = self.least.saturating_add(by);
        self.most = self.most.saturating_add(by);
    }
}

/// What is written down: all else is worked out again.
#[derive(Serialize, Deserialize)]
struct Stored {
    threshold: f64,
    window: usize,
    reference: Vec<f64>,
    events: Vec<f64>,
}

impl From<SlidingWasserstein> for Stored {
    fn from(window: SlidingWasserstein) -> Self {
        let events = window.events.into();
        Self { threshold: window.threshold, window: window.window, reference: window.reference, events }
    }
}

impl TryFrom<Stored> for SlidingWasserstein {
    type Error = NotTested;

    fn try_from(stored: Stored) -> Result<Self, NotTested> {
        let mut window = Self::new(&stored.reference, stored.window, stored.threshold)?;
        for event in stored.events {
            window.update(event);
        }
        Ok(window)
    }
}

/// How cells were drawn is no part of what is known.
impl PartialEq for SlidingWasserstein {
    fn eq(&self, other: &Self) -> bool {
        self.threshold == other.threshold
            && self.window == other.window
            && self.reference == other.reference
            && self.events == other.events
    }
}

impl SlidingWasserstein {
    /// A window of so many events, held against a reference; drift is signalled while the distance of the full window, in standard
    /// deviations of the reference, is at least `threshold` (Evidently takes 0.1).
    ///
    /// # Errors
    /// The reference holds no finite number, or the window no event.
    pub fn new(reference: &[f64], window: usize, threshold: f64) -> Result<Self, NotTested> {
        let mut reference: Vec<f64> = reference.iter().copied().filter(|value| value.is_finite()).collect();
        reference.sort_unstable_by(f64::total_cmp);
        if reference.is_empty() || window == 0 {
            return Err(NotTested::Empty { n_reference: reference.len() as u64, n_current: window as u64 });
        }
        let std = moments(&reference).1;
        Ok(Self {
            threshold,
            window,
            reference,
            std,
            events: VecDeque::with_capacity(window),
            points: Vec::new(),
            cells: Vec::new(),
            nodes: Vec::new(),
        })
    }

    /// Takes an event in, and lets the oldest go once the window is full. One that is not finite changes nothing.
    pub fn update(&mut self, x: f64) -> Signal {
        if !x.is_finite() {
            return Signal::QUIET;
        }
        if self.events.len() < self.window {
            self.events.push_back(x);
            if self.events.len() == self.window {
                self.draw_cells();
            }
        } else if let Some(oldest) = self.events.pop_front() {
            self.events.push_back(x);
            if oldest != x {
                self.exchange(oldest, x);
            }
        }
        Signal::drift_if(self.normed().is_some_and(|distance| distance >= self.threshold))
    }

    /// The distance, in the unit of the values; `None` until the window is full.
    pub fn distance(&self) -> Option<f64> {
        let unit = self.reference.len() as f64 * self.window as f64;
        self.nodes.get(1).map(|root| root.work().max(0.0) / unit)
    }

    /// The distance in standard deviations of the reference: see [`wasserstein::normed`].
    pub fn normed(&self) -> Option<f64> {
        self.distance().map(|distance| wasserstein::normed_by(distance, self.std))
    }

    /// Cuts the line at all values of the reference and all events of the window.
    fn draw_cells(&mut self) {
        let mut events: Vec<f64> = self.events.iter().copied().collect();
        events.sort_unstable_by(f64::total_cmp);
        let mut points: Vec<f64> = self.reference.iter().chain(&events).copied().collect();
        points.sort_unstable_by(f64::total_cmp);
        points.dedup();
        let (n, w) = (self.reference.len() as i64, self.window as i64);
        let mut cells = vec![Cell::default(); points.len() + 1];
        let (mut height, mut of_reference, mut of_events) = (0, 0, 0);
        for (cell, point) in cells[1..].iter_mut().zip(&points) {
            while self.reference.get(of_reference).is_some_and(|value| value <= point) {
                height -= w;
                of_reference += 1;
            }
            while events.get(of_events).is_some_and(|value| value <= point) {
                height += n;
                of_events += 1;
            }
            cell.height = height;
        }
        let n_leaves = cells.len().next_power_of_two();
        (self.points, self.cells, self.nodes) = (points, cells, vec![NOTHING; 2 * n_leaves]);
        for cell in 0..self.cells.len() {
            self.nodes[n_leaves + cell] = self.leaf(cell);
        }
        for place in (1..n_leaves).rev() {
            self.nodes[place] = Node::of(self.nodes[2 * place], self.nodes[2 * place + 1]);
        }
    }

    /// The cell that a value lies in, and whether at its very beginning.
    fn cell_of(&self, value: f64) -> (usize, bool) {
        let cell = self.points.partition_point(|point| *point <= value);
        (cell, cell > 0 && self.points[cell - 1] == value)
    }

    fn exchange(&mut self, old: f64, new: f64) {
        let (from, is_point) = self.cell_of(old);
        // Heights change from the event on: at its cell's beginning, or from the next cell on and within its own.
        let old_from = from + usize::from(!is_point);
        if !is_point {
            let within = &mut self.cells[from].within;
            let place = within.partition_point(|event| *event < old);
            within.remove(place);
        }
        let (to, is_point_too) = self.cell_of(new);
        let new_from = to + usize::from(!is_point_too);
        if !is_point_too {
            let within = &mut self.cells[to].within;
            let place = within.partition_point(|event| *event < new);
            within.insert(place, new);
            if within.len() > MOST_PER_CELL {
                return self.draw_cells();
            }
        }
        let (n, n_leaves) = (self.reference.len() as i64, self.nodes.len() / 2);
        if old_from < new_from {
            self.add(1, 0..n_leaves, old_from, new_from, -n);
        } else if new_from < old_from {
            self.add(1, 0..n_leaves, new_from, old_from, n);
        }
        for (cell, is_point) in [(from, is_point), (to, is_point_too)] {
            if !is_point {
                self.refresh(cell);
            }
        }
    }

    /// Adds to the heights of the cells from..to, below the node at `place`, whose leaves are `below`.
    fn add(&mut self, place: usize, below: std::ops::Range<usize>, from: usize, to: usize, by: i64) {
        if to <= below.start || below.end <= from {
            return;
        }
        if from <= below.start && below.end <= to {
            return self.lift(place, by);
        }
        self.hand_down(place);
        let middle = usize::midpoint(below.start, below.end);
        self.add(2 * place, below.start..middle, from, to, by);
        self.add(2 * place + 1, middle..below.end, from, to, by);
        self.nodes[place] = Node::of(self.nodes[2 * place], self.nodes[2 * place + 1]);
    }

    fn lift(&mut self, place: usize, by: i64) {
        let n_leaves = self.nodes.len() / 2;
        if place >= n_leaves {
            if let Some(cell) = self.cells.get_mut(place - n_leaves) {
                cell.height += by;
                self.nodes[place] = self.leaf(place - n_leaves);
            }
        } else if self.nodes[place].crosses(by) {
            self.hand_down(place);
            self.lift(2 * place, by);
            self.lift(2 * place + 1, by);
            self.nodes[place] = Node::of(self.nodes[2 * place], self.nodes[2 * place + 1]);
        } else {
            self.nodes[place].lift(by);
        }
    }

    fn hand_down(&mut self, place: usize) {
        let by = self.nodes[place].lift;
        if by != 0 {
            self.lift(2 * place, by);
            self.lift(2 * place + 1, by);
            self.nodes[place].lift = 0;
        }
    }

    /// Works a cell out anew, and all that it is part of.
    fn refresh(&mut self, cell: usize) {
        let n_leaves = self.nodes.len() / 2;
        let leaf = n_leaves + cell;
        for level in (1..=n_leaves.ilog2()).rev() {
            self.hand_down(leaf >> level);
        }
        self.nodes[leaf] = self.leaf(cell);
        let mut place = leaf / 2;
        while place > 0 {
            self.nodes[place] = Node::of(self.nodes[2 * place], self.nodes[2 * place + 1]);
            place /= 2;
        }
    }

    fn leaf(&self, place: usize) -> Node {
        let mut node = NOTHING;
        let cell = &self.cells[place];
        let (n, mut height) = (self.reference.len() as i64, cell.height);
        // Before the first value and after the last both functions stand still together.
        let start = if place > 0 { Some(self.points[place - 1]) } else { cell.within.first().copied() };
        let Some(mut start) = start else { return node };
        let last = self.points.get(place).copied();
        for (is_event, end) in cell.within.iter().map(|event| (true, *event)).chain(last.map(|end| (false, end))) {
            let width = end - start;
            if width > 0.0 {
                if height >= 0 {
                    node.least = node.least.min(height);
                    node.slope += width;
                    node.pulled += height as f64 * width;
                } else {
                    node.most = node.most.max(height);
                    node.slope -= width;
                    node.pulled -= height as f64 * width;
                }
            }
            start = end;
            height += n * i64::from(is_event);
        }
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;
    use crate::stattest::{Current, Reference};

    /// The largest distance from the batch's, in units of the batch's.
    fn worst(reference: &[f64], events: &[f64], window: usize, every: usize) -> f64 {
        let mut sorted = reference.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let mut sliding = SlidingWasserstein::new(reference, window, 0.1).unwrap();
        let mut worst: f64 = 0.0;
        for i in 0..events.len() {
            let drift = sliding.update(events[i]).drift;
            if i + 1 < window {
                assert_eq!((sliding.distance(), drift), (None, false));
                continue;
            }
            if i % every == 0 || i + 1 == window {
                let mut newest = events[i + 1 - window..=i].to_vec();
                newest.sort_unstable_by(f64::total_cmp);
                let batch = wasserstein::distance(Reference(&sorted), Current(&newest));
                let found = sliding.distance().unwrap();
                worst = worst.max((found - batch).abs() / batch);
                let normed = wasserstein::normed(Reference(&sorted), Current(&newest));
                assert!(drift == (normed >= 0.1) || (normed - 0.1).abs() < 1e-12, "{i}: {normed}");
            }
        }
        worst
    }

    #[test]
    fn every_window_is_that_of_the_batch() {
        let mut rng = Rng::new(12);
        // Ties within and across, values between and beyond those of the reference, and a drift.
        let mut draw = |scale: f64| (rng.normal() * scale).round() / 2.0;
        let reference: Vec<f64> = (0..83).map(|_| draw(5.0)).collect();
        let events: Vec<f64> = (0..600).map(|i| draw(9.0) + if i > 350 { 2.25 } else { 0.0 }).collect();
        let found = worst(&reference, &events, 40, 1);
        assert!(found < 1e-12, "{found}");
        // No ties at all; a window larger than the reference, and one much smaller.
        let reference: Vec<f64> = (0..300).map(|_| rng.normal()).collect();
        let events: Vec<f64> = (0..3000).map(|i| rng.normal() * if i > 1500 { 1.0 } else { 3.0 }).collect();
        for window in [1, 7, 500] {
            let found = worst(&reference, &events, window, 3);
            assert!(found < 1e-12, "{window}: {found}");
        }
    }

    #[test]
    fn a_long_stream_that_leaves_the_reference_and_comes_back_loses_no_digit() {
        let mut rng = Rng::new(5);
        let reference: Vec<f64> = (0..2000).map(|_| rng.uniform()).collect();
        // Far away all events lie in one cell, which is drawn anew again and again.
        let far = |i: usize| if (20_000..40_000).contains(&i) { 1000.0 } else { 0.0 };
        let events: Vec<f64> = (0..60_000).map(|i| rng.uniform() + far(i)).collect();
        let found = worst(&reference, &events, 1000, 997);
        assert!(found < 1e-12, "{found}");
    }

    #[test]
    fn what_is_written_down_goes_on() {
        let reference: Vec<f64> = (0..50).map(f64::from).collect();
        let mut window = SlidingWasserstein::new(&reference, 10, 0.2).unwrap();
        for i in 0..17 {
            window.update(f64::from(i * 3) + 0.5);
        }
        let text = serde_json::to_string(&window).unwrap();
        let mut restarted: SlidingWasserstein = serde_json::from_str(&text).unwrap();
        assert_eq!(restarted, window);
        for i in 0..30 {
            assert_eq!(restarted.update(f64::from(i)), window.update(f64::from(i)));
            let (a, b) = (restarted.distance().unwrap(), window.distance().unwrap());
            assert!((a - b).abs() <= 1e-13 * a, "{a} {b}");
        }
    }

    #[test]
    fn nothing_to_compare_with_is_said_and_what_is_equal_is_at_zero() {
        assert!(SlidingWasserstein::new(&[f64::NAN], 10, 0.1).is_err());
        assert!(SlidingWasserstein::new(&[1.0], 0, 0.1).is_err());
        let mut window = SlidingWasserstein::new(&[1.0, 2.0], 2, 0.1).unwrap();
        assert_eq!(window.update(f64::NAN), Signal::QUIET);
        for (event, distance) in [(2.0, None), (1.0, Some(0.0)), (2.0, Some(0.0)), (2.0, Some(0.5)), (4.0, Some(1.5))] {
            window.update(event);
            assert_eq!(window.distance(), distance, "{event}");
        }
        assert_eq!(window.normed(), Some(3.0));
    }
}
