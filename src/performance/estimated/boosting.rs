//! Gradient boosting of a number: trees that each learn what the ones before left over.
//!
//! It asks about bins, best leaf first, with the settings that LightGBM has by default, draws nothing at random, and adds in one order:
//! the same rows give the same trees on every machine.

use serde::{Deserialize, Serialize};

/// Trees.
const TREES: usize = 100;
/// Leaves of a tree, at most.
const LEAVES: usize = 31;
/// Rows of a leaf, at least.
const MIN_LEAF: u32 = 20;
/// The share of what is left over that a tree takes away.
const RATE: f64 = 0.1;
/// Bins of a feature: as many as a byte has numbers.
pub(super) const BINS: usize = 256;

/// A sum of trees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Boosted {
    /// The mean of the targets.
    base: f64,
    trees: Vec<Tree>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Tree {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Node {
    /// Rows of bins up to this one go to the first child, all others to the second.
    Question {
        feature: u32,
        bin: u8,
        children: [u32; 2],
    },
    Leaf {
        value: f64,
    },
}

/// How many rows a bin holds, and what is left over of them together.
#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    sum: f64,
    n: u32,
}

#[derive(Debug, Clone, Copy)]
struct Split {
    feature: usize,
    bin: u8,
    gain: f64,
}

/// A leaf that may still be split.
struct Open {
    node: usize,
    rows: std::ops::Range<usize>,
    /// [`BINS`] per feature.
    histogram: Vec<Bin>,
    best: Option<Split>,
}

impl Boosted {
    /// Learns targets from binned features: `features[f][row]` is the bin of a row.
    ///
    /// Source: Friedman, "Greedy Function Approximation: A Gradient Boosting Machine", Annals of Statistics 29(5), 2001; Ke and others,
    /// "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NeurIPS 2017 (bins, best leaf first, subtracted histograms).
    ///
    /// # Panics
    /// When there is no row, or a feature has another number of rows.
    pub fn fit(features: &[Vec<u8>], targets: &[f64]) -> Self {
        assert!(!targets.is_empty(), "there are rows");
        assert!(features.iter().all(|bins| bins.len() == targets.len()), "one bin per row and feature");
        let base = crate::num::sum_of(targets, |target| target) / targets.len() as f64;
        let mut left: Vec<f64> = targets.iter().map(|target| target - base).collect();
        let mut trees = Vec::new();
        for _ in 0..TREES {
            let tree = grow(features, &mut left);
            // Where nothing can be asked, nothing can be asked next time.
            let is_last = tree.nodes.len() == 1;
            trees.push(tree);
            if is_last {
                break;
            }
        }
        Self { base, trees }
    }

    /// The number that a row's bins let expect.
    pub fn predict(&self, features: &[Vec<u8>], row: usize) -> f64 {
        self.trees.iter().fold(self.base, |sum, tree| sum + tree.value(features, row))
    }
}

impl Tree {
    fn value(&self, features: &[Vec<u8>], row: usize) -> f64 {
        let mut place = 0;
        loop {
            match self.nodes[place] {
                Node::Leaf { value } => return value,
                Node::Question { feature, bin, children } => {
                    place = children[usize::from(features[feature as usize][row] > bin)] as usize;
                }
            }
        }
    }
}

/// Grows one tree, and takes what it says off what is left over.
fn grow(features: &[Vec<u8>], left: &mut [f64]) -> Tree {
    let mut rows: Vec<u32> = (0..left.len() as u32).collect();
    let mut nodes = vec![Node::Leaf { value: 0.0 }];
    let histogram = histogram_of(features, left, &rows);
    let best = best_split(&histogram, features.len());
    let mut open = vec![Open { node: 0, rows: 0..rows.len(), histogram, best }];
    while open.len() < LEAVES {
        // The first of equals.
        let mut chosen: Option<(usize, Split)> = None;
        for (place, leaf) in open.iter().enumerate() {
            if let Some(split) = leaf.best
                && chosen.is_none_or(|(_, best)| split.gain > best.gain)
            {
                chosen = Some((place, split));
            }
        }
        let Some((place, split)) = chosen else { break };
        let Open { node, rows: range, histogram: mut all, .. } = open.swap_remove(place);
        let bins = &features[split.feature];
        let middle = range.start + partition(&mut rows[range.clone()], |row| bins[row as usize] <= split.bin);
        let (first, second) = (range.start..middle, middle..range.end);
        let is_first_smaller = first.len() <= second.len();
        let smaller = if is_first_smaller { &first } else { &second };
        let of_smaller = histogram_of(features, left, &rows[smaller.clone()]);
        for (all, part) in all.iter_mut().zip(&of_smaller) {
            all.sum -= part.sum;
            all.n -= part.n;
        }
        let (of_first, of_second) = if is_first_smaller { (of_smaller, all) } else { (all, of_smaller) };
        let children = [nodes.len() as u32, nodes.len() as u32 + 1];
        nodes[node] = Node::Question { feature: split.feature as u32, bin: split.bin, children };
        for (child, (rows, histogram)) in children.into_iter().zip([(first, of_first), (second, of_second)]) {
            nodes.push(Node::Leaf { value: 0.0 });
            let best = best_split(&histogram, features.len());
            open.push(Open { node: child as usize, rows, histogram, best });
        }
    }
    for leaf in open {
        let rows = &rows[leaf.rows];
        let sum: f64 = rows.iter().map(|&row| left[row as usize]).sum();
        let value = RATE * sum / rows.len() as f64;
        nodes[leaf.node] = Node::Leaf { value };
        for &row in rows {
            left[row as usize] -= value;
        }
    }
    Tree { nodes }
}

fn histogram_of(features: &[Vec<u8>], left: &[f64], rows: &[u32]) -> Vec<Bin> {
    let mut histogram = vec![Bin::default(); features.len() * BINS];
    for (bins, histogram) in features.iter().zip(histogram.as_chunks_mut::<BINS>().0) {
        for &row in rows {
            let bin = &mut histogram[usize::from(bins[row as usize])];
            bin.sum += left[row as usize];
            bin.n += 1;
        }
    }
    histogram
}

/// The question after which the squares that are left are fewest: the first of equals, and none that gains nothing.
fn best_split(histogram: &[Bin], n_features: usize) -> Option<Split> {
    let mut best: Option<Split> = None;
    for feature in 0..n_features {
        let bins = &histogram[feature * BINS..(feature + 1) * BINS];
        let (sum, n) = bins.iter().fold((0.0, 0), |(sum, n), bin| (sum + bin.sum, n + bin.n));
        let of_all = sum * sum / f64::from(n);
        let (mut below, mut n_below) = (0.0, 0);
        for (number, bin) in bins.iter().enumerate() {
            below += bin.sum;
            n_below += bin.n;
            if n - n_below < MIN_LEAF {
                break;
            }
            if bin.n == 0 || n_below < MIN_LEAF {
                continue;
            }
            let above = sum - below;
            let gain = below * below / f64::from(n_below) + above * above / f64::from(n - n_below) - of_all;
            // What rounding leaves of equal sums is no gain.
            if gain > 1e-12 * of_all.abs() && best.is_none_or(|best| gain > best.gain) {
                best = Some(Split { feature, bin: number as u8, gain });
            }
        }
    }
    best
}

/// Puts the rows that are asked for first, and says how many they are; both kinds keep their order.
fn partition(rows: &mut [u32], is_first: impl Fn(u32) -> bool) -> usize {
    let (first, second): (Vec<u32>, Vec<u32>) = rows.iter().copied().partition(|row| is_first(*row));
    rows[..first.len()].copy_from_slice(&first);
    rows[first.len()..].copy_from_slice(&second);
    first.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn a_product_of_two_features_is_learnt_and_a_third_one_ignored() {
        let mut rng = Rng::new(2);
        let features: Vec<Vec<u8>> = (0..3).map(|_| (0..6000).map(|_| rng.below(200) as u8).collect()).collect();
        let truth = |row: usize| f64::from(features[0][row]) * f64::from(features[1][row]) / 1e4;
        let targets: Vec<f64> = (0..6000).map(|row| truth(row) + 0.1 * rng.normal()).collect();
        let (fitting, later): (Vec<usize>, Vec<usize>) = ((0..5000).collect(), (5000..6000).collect());
        let part: Vec<Vec<u8>> = features.iter().map(|bins| fitting.iter().map(|&row| bins[row]).collect()).collect();
        let boosted = Boosted::fit(&part, &targets[..5000]);
        let error: f64 = later.iter().map(|&row| (boosted.predict(&features, row) - truth(row)).powi(2)).sum();
        assert!((error / 1000.0).sqrt() < 0.08, "{}", (error / 1000.0).sqrt());
        assert_eq!(boosted, Boosted::fit(&part, &targets[..5000]));
    }

    #[test]
    fn what_cannot_be_told_apart_gets_the_mean() {
        let targets: Vec<f64> = (0..100).map(f64::from).collect();
        let boosted = Boosted::fit(&[vec![7; 100]], &targets);
        assert_eq!((boosted.trees.len(), boosted.predict(&[vec![9]], 0)), (1, 49.5));
        // Too few rows to ask anything.
        let boosted = Boosted::fit(&[(0..30).collect()], &targets[..30]);
        assert_eq!(boosted.predict(&[vec![0]], 0), 14.5);
    }
}
