//! A forest grower of our own, for telling rows of two kinds apart.
//!
//! It asks about bins instead of values, so that the best question about a column is found by counting, and it does
//! with one seed the same on every machine (the model's grower does not, see [`crate::forest`]). The trees become a
//! compiled [`Forest`].

use super::bins::BinnedColumn;
use crate::forest::{Forest, ForestParts, LEAF};
use crate::parallel;
use crate::random::{Rng, derive_seed};

/// Questions on the way from a root to a leaf, at most. Where only the relation of two columns changed, the first
/// questions gain nothing; deep trees get past them.
const MAX_DEPTH: usize = 12;

/// Rows a leaf has at least, counted as often as they were drawn.
const MIN_LEAF: u32 = 10;

/// Rows of each side that a tree is grown by, at most.
const MAX_DRAWS: usize = 5_000;

/// The rows that trees are grown by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Task<'a> {
    /// The columns, over all rows.
    pub(super) columns: &'a [BinnedColumn],
    /// Rows of the reference.
    pub(super) reference: &'a [u32],
    /// Rows of the current data.
    pub(super) current: &'a [u32],
}

/// A forest, and how much each column's questions told.
#[derive(Debug, Clone)]
pub(super) struct Grown {
    /// Its probability is that of a current row.
    pub(super) forest: Forest,
    /// Per column: the decrease in Gini impurity, summed over the trees.
    pub(super) decreases: Vec<f64>,
}

impl Task<'_> {
    /// Grows `n_trees` trees (at least one). Every tree draws equally many rows of both sides, with replacement, so
    /// that sides of unequal size weigh the same; tries the square root of the columns at every node; and takes the
    /// question after which the Gini impurity is lowest, the first of equals.
    ///
    /// Source: Breiman, "Random Forests", Machine Learning 45 (2001).
    pub(super) fn grow(&self, n_trees: usize, seed: u64) -> Grown {
        let numbers: Vec<u64> = (0..n_trees.max(1) as u64).collect();
        let trees = parallel::map(&numbers, |&number| self.grow_tree(derive_seed(seed, number)));
        let mut decreases = vec![0.0; self.columns.len()];
        let mut parts = ForestParts { n_features: self.columns.len(), n_outputs: 2, ..ForestParts::default() };
        for tree in &trees {
            tree.write(&mut parts);
            for (sum, decrease) in decreases.iter_mut().zip(&tree.decreases) {
                *sum += decrease;
            }
        }
        Grown { forest: Forest::new(&parts).expect("the grower keeps to the rules of a forest"), decreases }
    }

    fn grow_tree(&self, seed: u64) -> Tree {
        let mut rng = Rng::new(seed);
        let n_draws = self.reference.len().min(self.current.len()).min(MAX_DRAWS);
        let mut rows = Vec::with_capacity(2 * n_draws);
        for (side, is_current) in [(self.reference, false), (self.current, true)] {
            for _ in 0..n_draws {
                rows.push((side[rng.below(side.len() as u64) as usize], is_current));
            }
        }
        let mut tree = Tree::new(self.columns.len());
        let mut order: Vec<u32> = (0..self.columns.len() as u32).collect();
        let mut waiting = vec![(tree.add_node(), 0, 0..rows.len())];
        while let Some((node, depth, range)) = waiting.pop() {
            let rows = &mut rows[range.clone()];
            let counts = Counts::of(rows);
            let split = if depth < MAX_DEPTH && !counts.is_pure() && counts.n() >= 2 * MIN_LEAF {
                self.best_split(rows, counts, &mut order, &mut rng)
            } else {
                None
            };
            let Some(split) = split else {
                tree.shares[node] = f64::from(counts.current) / f64::from(counts.n()).max(1.0);
                continue;
            };
            let middle = range.start + partition(rows, &self.columns[split.column].bins, split.bin);
            let children = [tree.add_node(), tree.add_node()];
            tree.decreases[split.column] += split.purity - counts.purity();
            tree.splits[node] = Some((split.column, split.bin, children));
            waiting.push((children[1], depth + 1, middle..range.end));
            waiting.push((children[0], depth + 1, range.start..middle));
        }
        tree
    }

    /// The best question over randomly drawn columns; columns that are constant among `rows` do not count as drawn.
    fn best_split(&self, rows: &[(u32, bool)], all: Counts, order: &mut [u32], rng: &mut Rng) -> Option<Split> {
        let mut best: Option<Split> = None;
        let mut left_to_try = order.len().isqrt();
        for place in 0..order.len() {
            let other = place + rng.below((order.len() - place) as u64) as usize;
            order.swap(place, other);
            let column = order[place] as usize;
            let histogram = Histogram::of(rows, &self.columns[column]);
            if histogram.is_constant() {
                continue;
            }
            if let Some((bin, purity)) = histogram.best_question(all)
                && best.as_ref().is_none_or(|best| purity > best.purity)
            {
                best = Some(Split { column, bin, purity });
            }
            left_to_try -= 1;
            if left_to_try == 0 {
                break;
            }
        }
        best
    }
}

/// "Is the bin of this column at most this one?"
struct Split {
    column: usize,
    bin: u8,
    /// [`Counts::purity`] of both children together.
    purity: f64,
}

/// Rows of both sides.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    reference: u32,
    current: u32,
}

impl Counts {
    fn of(rows: &[(u32, bool)]) -> Self {
        let current = rows.iter().filter(|(_, is_current)| *is_current).count() as u32;
        Self { reference: rows.len() as u32 - current, current }
    }

    const fn n(self) -> u32 {
        self.reference + self.current
    }

    const fn is_pure(self) -> bool {
        self.reference == 0 || self.current == 0
    }

    const fn without(self, other: Self) -> Self {
        Self { reference: self.reference - other.reference, current: self.current - other.current }
    }

    /// `n (1 - Gini impurity)`: the rows times the probability that two of them come from the same side.
    fn purity(self) -> f64 {
        let (reference, current) = (f64::from(self.reference), f64::from(self.current));
        if self.n() == 0 { 0.0 } else { (reference * reference + current * current) / (reference + current) }
    }
}

/// Rows of both sides per bin.
struct Histogram {
    counts: [Counts; 256],
    first: usize,
    last: usize,
}

impl Histogram {
    fn of(rows: &[(u32, bool)], column: &BinnedColumn) -> Self {
        let mut counts = [Counts::default(); 256];
        for &(row, is_current) in rows {
            let count = &mut counts[usize::from(column.bins[row as usize])];
            count.reference += u32::from(!is_current);
            count.current += u32::from(is_current);
        }
        let is_taken = |counts: &Counts| counts.n() > 0;
        let first = counts[..column.n_bins].iter().position(is_taken).unwrap_or(0);
        let last = counts[..column.n_bins].iter().rposition(is_taken).unwrap_or(0);
        Self { counts, first, last }
    }

    const fn is_constant(&self) -> bool {
        self.first == self.last
    }

    /// The bin after which to cut, and the purity of both sides of the cut.
    fn best_question(&self, all: Counts) -> Option<(u8, f64)> {
        let mut best: Option<(u8, f64)> = None;
        let mut left = Counts::default();
        for (bin, counts) in self.counts.iter().enumerate().take(self.last).skip(self.first) {
            left = Counts { reference: left.reference + counts.reference, current: left.current + counts.current };
            let right = all.without(left);
            if counts.n() == 0 || left.n() < MIN_LEAF || right.n() < MIN_LEAF {
                continue;
            }
            let purity = left.purity() + right.purity();
            if best.is_none_or(|(_, best)| purity > best) {
                best = Some((bin as u8, purity));
            }
        }
        best
    }
}

/// Puts the rows up to `bin` first, and returns how many there are.
fn partition(rows: &mut [(u32, bool)], bins: &[u8], bin: u8) -> usize {
    let mut n_left = 0;
    for i in 0..rows.len() {
        if bins[rows[i].0 as usize] <= bin {
            rows.swap(i, n_left);
            n_left += 1;
        }
    }
    n_left
}

/// A tree under way.
struct Tree {
    /// Per node: column, bin and children, or nothing for a leaf.
    splits: Vec<Option<(usize, u8, [usize; 2])>>,
    /// Per node: the share of current rows, at leaves.
    shares: Vec<f64>,
    /// Per column: the decrease in impurity.
    decreases: Vec<f64>,
}

impl Tree {
    fn new(n_columns: usize) -> Self {
        Self { splits: Vec::new(), shares: Vec::new(), decreases: vec![0.0; n_columns] }
    }

    fn add_node(&mut self) -> usize {
        self.splits.push(None);
        self.shares.push(0.0);
        self.splits.len() - 1
    }

    fn write(&self, parts: &mut ForestParts) {
        parts.tree_lengths.push(self.splits.len() as u32);
        for (split, &share) in self.splits.iter().zip(&self.shares) {
            match split {
                Some((column, bin, [left, right])) => {
                    parts.features.push(*column as u16);
                    parts.thresholds.push(f64::from(*bin));
                    parts.lefts.push(*left as u32);
                    parts.rights.push(*right as u32);
                }
                None => {
                    parts.features.push(LEAF);
                    parts.thresholds.push(0.0);
                    parts.lefts.push(0);
                    parts.rights.push(0);
                    parts.leaves.extend([1.0 - share, share]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(bins: impl Iterator<Item = u8>) -> BinnedColumn {
        let bins: Vec<u8> = bins.collect();
        let n_bins = bins.iter().max().map_or(0, |&bin| usize::from(bin) + 1);
        BinnedColumn { bins, n_bins }
    }

    /// 400 rows, the second half current: the first column tells them apart at bin 4, the second not at all, the third
    /// is constant.
    fn columns() -> Vec<BinnedColumn> {
        vec![
            column((0..400).map(|row| (row % 5 + 5 * (row / 200)) as u8)),
            column((0..400).map(|row| (row * 7 % 11) as u8)),
            column((0..400).map(|_| 0)),
        ]
    }

    fn grow(columns: &[BinnedColumn], n_trees: usize, seed: u64) -> Grown {
        let rows: Vec<u32> = (0..400).collect();
        Task { columns, reference: &rows[..200], current: &rows[200..] }.grow(n_trees, seed)
    }

    #[test]
    fn the_column_that_tells_is_found() {
        let grown = grow(&columns(), 30, 1);
        assert!(grown.forest.probability(&[4.0, 0.0, 0.0]) < 0.1);
        assert!(grown.forest.probability(&[5.0, 0.0, 0.0]) > 0.9);
        assert!(grown.decreases[0] > 20.0 * grown.decreases[1], "{:?}", grown.decreases);
        assert_eq!(grown.decreases[2], 0.0);
    }

    #[test]
    fn a_seed_gives_one_forest_and_another_seed_another() {
        let columns = columns();
        assert_eq!(grow(&columns, 3, 1).forest, grow(&columns, 3, 1).forest);
        assert_ne!(grow(&columns, 3, 1).forest, grow(&columns, 3, 2).forest);
    }

    #[test]
    fn the_best_cut_is_the_one_that_counting_all_cuts_finds() {
        let column = column([0, 0, 1, 1, 3, 3, 3, 4, 4, 6].into_iter().cycle().take(100));
        let rows: Vec<(u32, bool)> = (0..100).map(|row| (row, row * row % 10 > 3)).collect();
        let all = Counts::of(&rows);
        let gini = |rows: &[&(u32, bool)]| {
            let share = rows.iter().filter(|(_, is_current)| *is_current).count() as f64 / rows.len() as f64;
            rows.len() as f64 * (1.0 - share * share - (1.0 - share) * (1.0 - share))
        };
        let impurity = |bin: u8| {
            let (left, right): (Vec<_>, Vec<_>) = rows.iter().partition(|(row, _)| column.bins[*row as usize] <= bin);
            gini(&left) + gini(&right)
        };
        let (bin, purity) = Histogram::of(&rows, &column).best_question(all).unwrap();
        let expected = [0, 1, 3, 4].into_iter().min_by(|&a, &b| impurity(a).total_cmp(&impurity(b))).unwrap();
        assert_eq!(bin, expected);
        assert!((100.0 - purity - impurity(bin)).abs() < 1e-9);
    }

    #[test]
    fn leaves_keep_their_size_and_constant_columns_make_a_stump() {
        let grown = grow(&columns()[2..], 2, 1);
        assert_eq!(grown.forest.n_nodes(), 2);
        assert_eq!(grown.forest.probability(&[0.0]), 0.5);
        // Nine rows of one bin cannot become a leaf.
        let nine = column((0..100).map(|row| u8::from(row < 9)));
        let rows: Vec<(u32, bool)> = (0..100).map(|row| (row, row < 9)).collect();
        assert!(Histogram::of(&rows, &nine).best_question(Counts::of(&rows)).is_none());
    }
}
