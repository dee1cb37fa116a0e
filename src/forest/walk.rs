//! Walking rows through the trees. One row or many, the trees are summed in the same order: the digits are the same.

use smallvec::{SmallVec, smallvec};
use std::ops::Range;

use super::compile::n_slots;
use super::layout::{AT_ONCE, Keys, LOWEST, MISSING, Node};
use super::{Aggregate, Forest, ForestParts, MAX_NODES, Scoring, Transform, Trees, with_trees};

/// Slots, and trees, for which a single row takes no memory from the heap.
const ROOM: usize = 256;

/// Outputs for which it takes none.
const FEW: usize = 16;

/// What the trees sum in.
pub trait Number:
    Copy + PartialOrd + Send + Sync + std::ops::Add<Output = Self> + std::ops::Div<Output = Self>
{
    const ZERO: Self;

    /// The nearest of these numbers.
    fn of(number: f64) -> Self;

    /// The largest of these numbers that is not above `threshold`.
    fn at_most(threshold: f64) -> f64;

    fn value(self) -> f64;

    /// What these numbers are compared by in trees of these parts.
    fn keys(parts: &ForestParts) -> Keys;
}

impl Number for f32 {
    const ZERO: Self = 0.0;

    #[inline]
    fn of(number: f64) -> Self {
        number as Self
    }

    fn at_most(threshold: f64) -> f64 {
        let rounded = threshold as Self;
        f64::from(if f64::from(rounded) > threshold { rounded.next_down() } else { rounded })
    }

    #[inline]
    fn value(self) -> f64 {
        f64::from(self)
    }

    fn keys(_parts: &ForestParts) -> Keys {
        Keys::Bits
    }
}

impl Number for f64 {
    const ZERO: Self = 0.0;

    #[inline]
    fn of(number: f64) -> Self {
        number
    }

    fn at_most(threshold: f64) -> f64 {
        threshold
    }

    #[inline]
    fn value(self) -> f64 {
        self
    }

    fn keys(parts: &ForestParts) -> Keys {
        Keys::ranks(parts)
    }
}

/// The answers to many rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answers {
    /// Per row: its class (0 for a regression).
    pub classes: Vec<u32>,
    /// Per row: the numbers of [`Forest::predict`], one row after the other.
    pub scores: Vec<f64>,
}

impl Forest {
    /// Predicts one row: writes the score of every class, or the values of a regression, and returns the class (0 for a
    /// regression). Takes no memory from the heap, unless the forest has more than 256 features, or half as many where missing values go left,
    /// more than 256 trees, or more than 16 outputs.
    ///
    /// A value at or below a node's threshold goes left. A missing value (NaN) is not, and goes right, at every node but
    /// those that want it left.
    ///
    /// # Panics
    /// When `row` does not have `n_features` values, or `scores` not room for `n_scores`.
    pub fn predict(&self, row: &[f64], scores: &mut [f64]) -> usize {
        assert_eq!(row.len(), self.n_features, "a row has one value per feature");
        assert_eq!(scores.len(), self.n_scores(), "there is room for one number per score");
        let first = scores.len() - self.n_outputs;
        with_trees!(self, trees => trees.sum_row(&self.scoring, row, &mut scores[first..]));
        self.scoring.finish(self.n_outputs, scores)
    }

    /// The scores of [`Forest::predict`].
    ///
    /// # Panics
    /// When `row` does not have `n_features` values.
    pub fn scores(&self, row: &[f64]) -> Vec<f64> {
        let mut scores = vec![0.0; self.n_scores()];
        self.predict(row, &mut scores);
        scores
    }

    /// The probability of the positive (last) class; of a regression the (last) value.
    ///
    /// # Panics
    /// When `row` does not have `n_features` values.
    pub fn probability(&self, row: &[f64]) -> f64 {
        self.scores(row)[self.n_scores() - 1]
    }

    /// [`Forest::probability`] of many rows that lie in columns, to the same digit.
    ///
    /// With the feature `parallel` on all cores.
    ///
    /// # Panics
    /// When there are not `n_features` columns of equal length.
    pub fn probability_of_columns(&self, columns: &[&[f64]]) -> Vec<f64> {
        let n_rows = self.check_columns(columns);
        if self.scoring.transform == Transform::None && self.n_outputs > 1 {
            // Nothing is asked of the other classes.
            let last = self.n_outputs - 1..self.n_outputs;
            let sums = |sums: &[f64], _| sums.to_vec();
            return self.sum_all(n_rows, last, |row, feature| columns[feature][row], sums).concat();
        }
        let answers = self.predict_columns(columns);
        answers.scores.chunks_exact(self.n_scores()).map(|scores| scores[scores.len() - 1]).collect()
    }

    /// [`Forest::predict`] of many rows that lie in columns, to the same digit.
    ///
    /// With the feature `parallel` on all cores.
    ///
    /// # Panics
    /// When there are not `n_features` columns of equal length.
    pub fn predict_columns(&self, columns: &[&[f64]]) -> Answers {
        let n_rows = self.check_columns(columns);
        self.predict_all(n_rows, |row, feature| columns[feature][row])
    }

    /// Rows in `columns`.
    fn check_columns(&self, columns: &[&[f64]]) -> usize {
        assert_eq!(columns.len(), self.n_features, "there is one column per feature");
        let n_rows = columns.first().map_or(0, |column| column.len());
        assert!(columns.iter().all(|column| column.len() == n_rows), "columns have equal lengths");
        n_rows
    }

    /// [`Forest::predict`] of many rows that lie one after the other, to the same digit.
    ///
    /// With the feature `parallel` on all cores.
    ///
    /// # Panics
    /// When `rows` is no multiple of `n_features` long.
    pub fn predict_rows(&self, rows: &[f64]) -> Answers {
        assert_eq!(rows.len() % self.n_features, 0, "rows have one value per feature");
        let n_features = self.n_features;
        self.predict_all(rows.len() / n_features, |row, feature| rows[row * n_features + feature])
    }
}

/// Runs `work` on blocks of rows, each thread with a `scratch` of its own, and collects what it gives in order.
fn each_block<S, R: Send>(
    n_rows: usize,
    scratch: impl Fn() -> S + Sync + Send,
    work: impl Fn(&mut S, Range<usize>) -> R + Sync + Send,
) -> Vec<R> {
    let rows = |block: usize| block * AT_ONCE..n_rows.min((block + 1) * AT_ONCE);
    #[cfg(feature = "parallel")]
    {
        use rayon::prelude::*;
        let blocks = (0..n_rows.div_ceil(AT_ONCE)).into_par_iter();
        blocks.map_init(scratch, |scratch, block| work(scratch, rows(block))).collect()
    }
    #[cfg(not(feature = "parallel"))]
    {
        let mut scratch = scratch();
        (0..n_rows.div_ceil(AT_ONCE)).map(|block| work(&mut scratch, rows(block))).collect()
    }
}

impl Forest {
    fn predict_all(&self, n_rows: usize, value: impl Fn(usize, usize) -> f64 + Sync + Send) -> Answers {
        let n_scores = self.n_scores();
        let blocks = self.sum_all(n_rows, 0..self.n_outputs, value, |sums, n_rows| {
            let mut answers = Answers { classes: Vec::with_capacity(n_rows), scores: vec![0.0; n_rows * n_scores] };
            let rows = answers.scores.chunks_exact_mut(n_scores).zip(sums.chunks_exact(self.n_outputs));
            for (scores, sums) in rows {
                scores[n_scores - self.n_outputs..].copy_from_slice(sums);
                answers.classes.push(self.scoring.finish(self.n_outputs, scores) as u32);
            }
            answers
        });
        let mut all = Answers { classes: Vec::with_capacity(n_rows), scores: Vec::with_capacity(n_rows * n_scores) };
        for block in blocks {
            all.classes.extend(block.classes);
            all.scores.extend(block.scores);
        }
        all
    }

    /// Sums `outputs` of the leaves for all rows, and collects what `finish(sums, number of rows)` makes of every block:
    /// one number per row and output, the base included.
    fn sum_all<R: Send>(
        &self,
        n_rows: usize,
        outputs: Range<usize>,
        value: impl Fn(usize, usize) -> f64 + Sync + Send,
        finish: impl Fn(&[f64], usize) -> R + Sync + Send,
    ) -> Vec<R> {
        with_trees!(self, trees => {
            let n_slots = n_slots(self.n_features, trees.has_missing_left);
            let scratch = || Scratch::new(n_slots, outputs.len());
            each_block(n_rows, scratch, |scratch, rows| {
                trees.fill(&mut scratch.slots, self.n_features, |row, feature| {
                    if row < rows.len() { value(rows.start + row, feature) } else { f64::NAN }
                });
                trees.sum_block(&self.scoring, scratch, rows.len(), outputs.clone());
                finish(&scratch.finished[..rows.len() * outputs.len()], rows.len())
            })
        })
    }
}

/// What one thread needs to sum a block.
struct Scratch<T> {
    /// Per slot and row.
    slots: Vec<[i32; AT_ONCE]>,
    /// Per row and output.
    sums: Vec<T>,
    /// The same, divided and with the base.
    finished: Vec<f64>,
}

impl<T: Number> Scratch<T> {
    fn new(n_slots: usize, n_outputs: usize) -> Self {
        Self {
            slots: vec![[0; AT_ONCE]; n_slots],
            sums: vec![T::ZERO; AT_ONCE * n_outputs],
            finished: vec![0.0; AT_ONCE * n_outputs],
        }
    }
}

impl<N: Node, T: Number> Trees<N, T> {
    /// Lays rows out; `value(lane, feature)` gives their values.
    #[inline]
    fn fill<const L: usize>(&self, slots: &mut [[i32; L]], n_features: usize, value: impl Fn(usize, usize) -> f64) {
        self.keys.fill(&mut slots[..n_features], |lane, feature| T::of(value(lane, feature)).value());
        if self.has_missing_left {
            for feature in 0..n_features {
                let missing_low = |key| if key == MISSING { LOWEST } else { key };
                slots[n_features + feature] = slots[feature].map(missing_low);
            }
        }
    }

    /// Aggregates the leaves that `row` falls into, the base included.
    fn sum_row(&self, scoring: &Scoring, row: &[f64], sums: &mut [f64]) {
        let n_slots = n_slots(row.len(), self.has_missing_left);
        let mut slots: SmallVec<[_; ROOM]> = smallvec![[0]; n_slots];
        self.fill(&mut slots, row.len(), |_, feature| row[feature]);
        let mut left_at: SmallVec<[_; ROOM]> = smallvec![0; self.roots.len()];
        let mut exits = self.spines_by_slot.leave(&slots, &mut left_at);
        let mut own: SmallVec<[_; FEW]> = smallvec![T::of(start(scoring.aggregate)); sums.len()];
        let (mut places, mut under_way) = ([0; AT_ONCE], [0; AT_ONCE]);
        for roots in self.roots.chunks(AT_ONCE) {
            let places = &mut places[..roots.len()];
            places.iter_mut().zip(&mut exits).for_each(|(place, exit)| *place = exit);
            walk(&self.nodes, &slots, &mut under_way, places);
            for place in places {
                self.join(scoring.aggregate, *place, 0, &mut own);
            }
        }
        for (output, (sum, own)) in sums.iter_mut().zip(own).enumerate() {
            *sum = self.finished(scoring, output, own);
        }
    }

    /// Aggregates some outputs of the leaves that a block of rows falls into.
    fn sum_block(&self, scoring: &Scoring, scratch: &mut Scratch<T>, n_rows: usize, outputs: Range<usize>) {
        let sums = &mut scratch.sums[..n_rows * outputs.len()];
        sums.fill(T::of(start(scoring.aggregate)));
        let (mut places, mut under_way) = ([0; AT_ONCE], [0; AT_ONCE]);
        for spine in &self.spines {
            spine.leave(&scratch.slots, n_rows, &mut places);
            walk(&self.nodes, &scratch.slots, &mut under_way, &mut places[..n_rows]);
            match outputs.len() {
                1 => self.add::<1>(scoring.aggregate, &places, outputs.start, sums.as_chunks_mut().0),
                2 => self.add::<2>(scoring.aggregate, &places, outputs.start, sums.as_chunks_mut().0),
                n => {
                    for (place, sums) in places.iter().zip(sums.chunks_exact_mut(n)) {
                        self.join(scoring.aggregate, *place, outputs.start, sums);
                    }
                }
            }
        }
        for (place, (finished, sum)) in scratch.finished.iter_mut().zip(sums).enumerate() {
            *finished = self.finished(scoring, outputs.start + place % outputs.len(), *sum);
        }
    }

    /// Aggregates so few outputs that the compiler should know how many there are.
    fn add<const O: usize>(&self, aggregate: Aggregate, places: &[u32], first: usize, sums: &mut [[T; O]]) {
        for (place, sums) in places.iter().zip(sums) {
            self.join(aggregate, *place, first, sums);
        }
    }

    /// Joins to `sums` the numbers of the leaf at `place`, from its `first` on.
    #[inline]
    fn join(&self, aggregate: Aggregate, place: u32, first: usize, sums: &mut [T]) {
        let (leaf, n) = (self.nodes[place as usize].leaf() * self.n_outputs, sums.len());
        for (sum, number) in sums.iter_mut().zip(&self.leaves[leaf + first..][..n]) {
            *sum = joined(aggregate, *sum, *number);
        }
    }

    /// The last step of aggregating one output.
    fn finished(&self, scoring: &Scoring, output: usize, sum: T) -> f64 {
        let aggregated = match scoring.aggregate {
            Aggregate::Average => sum / T::of(self.roots.len() as f64),
            Aggregate::Sum | Aggregate::Min | Aggregate::Max => sum,
        };
        scoring.base.get(output).map_or(aggregated, |base| aggregated + T::of(*base)).value()
    }
}

/// What an aggregate is before the first tree.
const fn start(aggregate: Aggregate) -> f64 {
    match aggregate {
        Aggregate::Average | Aggregate::Sum => 0.0,
        Aggregate::Min => f64::INFINITY,
        Aggregate::Max => f64::NEG_INFINITY,
    }
}

#[inline]
fn joined<T: Number>(aggregate: Aggregate, sum: T, number: T) -> T {
    match aggregate {
        Aggregate::Average | Aggregate::Sum => sum + number,
        Aggregate::Min => {
            if number < sum {
                number
            } else {
                sum
            }
        }
        Aggregate::Max => {
            if number > sum {
                number
            } else {
                sum
            }
        }
    }
}

/// Leads walkers from their places to leaves, a step each in turn; those that have arrived step aside. With one lane in the slots
/// they are in many trees with one row, else each has a row of its own.
fn walk<N: Node, const L: usize>(nodes: &[N], slots: &[[i32; L]], under_way: &mut [u32; AT_ONCE], places: &mut [u32]) {
    const { assert!(MAX_NODES as u64 * AT_ONCE as u64 <= 1 << u32::BITS, "a place and a walker share 32 bits") };
    /// A walker and its place.
    const fn at(walker: usize, place: u32) -> u32 {
        place * AT_ONCE as u32 + walker as u32
    }
    let mut n_under_way = 0;
    for (walker, place) in places.iter().enumerate() {
        under_way[n_under_way % AT_ONCE] = at(walker, *place);
        n_under_way += usize::from(!nodes[*place as usize].is_leaf());
    }
    while n_under_way > 0 {
        let mut n_left = 0;
        for turn in 0..n_under_way.min(AT_ONCE) {
            let (walker, place) = (under_way[turn] as usize % AT_ONCE, under_way[turn] / AT_ONCE as u32);
            let node = nodes[place as usize];
            let place = place + node.step() + u32::from(slots[node.slot()][walker % L] > node.key());
            places[walker] = place;
            under_way[n_left % AT_ONCE] = at(walker, place);
            n_left += usize::from(!nodes[place as usize].is_leaf());
        }
        n_under_way = n_left;
    }
}

#[cfg(test)]
mod tests;
