//! Walking rows through the trees. One row or many, the trees are summed in the same order: the digits are the same.

use super::{Forest, LEAF, Node};

/// Walks that are under way at once. A single walk waits for memory at every node; several wait together.
const LANES: usize = 8;

/// Rows that go through one tree before the next tree's turn: tree and rows stay in the fastest cache.
const BLOCK: usize = 64;

impl Forest {
    /// The share of every class, averaged over the trees.
    ///
    /// A value at or below a node's threshold goes left. A missing value (NaN) is not, and goes right, at every node.
    ///
    /// # Panics
    /// When `row` does not have `n_features` values.
    pub fn probabilities(&self, row: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_classes];
        self.each_leaf(row, |leaf| {
            let first = leaf.child as usize * self.n_classes;
            for (sum, share) in sums.iter_mut().zip(&self.shares[first..]) {
                *sum += share;
            }
        });
        for sum in &mut sums {
            *sum /= self.n_trees() as f64;
        }
        sums
    }

    /// The share of the positive (last) class, averaged over the trees: the last of [`Forest::probabilities`], faster.
    ///
    /// # Panics
    /// When `row` does not have `n_features` values.
    pub fn probability(&self, row: &[f64]) -> f64 {
        let mut sum = 0.0;
        self.each_leaf(row, |leaf| sum += leaf.value);
        sum / self.n_trees() as f64
    }

    /// [`Forest::probability`] of many rows that lie in columns, to the same digit.
    ///
    /// With the feature `parallel` on all cores.
    ///
    /// # Panics
    /// When there are not `n_features` columns of equal length.
    pub fn probability_of_columns(&self, columns: &[&[f64]]) -> Vec<f64> {
        self.map_blocks(columns, |_, n_rows, block| {
            let mut sums = vec![0.0; n_rows];
            self.each_tree_of_block(block, n_rows, |_, row, share| sums[row] += share);
            sums.into_iter().map(|sum| sum / self.n_trees() as f64).collect()
        })
    }

    /// Cuts columns into blocks of rows, turns each into rows (one after the other, `n_features` values each) and
    /// collects what `work(first row, number of rows, rows)` makes of it, in order.
    pub(super) fn map_blocks<T: Send>(
        &self,
        columns: &[&[f64]],
        work: impl Fn(usize, usize, &[f64]) -> Vec<T> + Sync + Send,
    ) -> Vec<T> {
        assert_eq!(columns.len(), self.n_features, "there is one column per feature");
        let n_rows = columns.first().map_or(0, |column| column.len());
        assert!(columns.iter().all(|column| column.len() == n_rows), "columns have equal lengths");

        let of_block = |block: usize| {
            let rows = block * BLOCK..n_rows.min((block + 1) * BLOCK);
            let mut values = vec![0.0; rows.len() * self.n_features];
            for (feature, column) in columns.iter().enumerate() {
                for (row, value) in column[rows.clone()].iter().enumerate() {
                    values[row * self.n_features + feature] = *value;
                }
            }
            work(rows.start, rows.len(), &values)
        };
        #[cfg(feature = "parallel")]
        {
            use rayon::prelude::*;
            let blocks: Vec<Vec<T>> = (0..n_rows.div_ceil(BLOCK)).into_par_iter().map(of_block).collect();
            blocks.into_iter().flatten().collect()
        }
        #[cfg(not(feature = "parallel"))]
        (0..n_rows.div_ceil(BLOCK)).flat_map(of_block).collect()
    }

    /// Calls `visit(tree, row, share of the positive class)` for every tree and row of a block, tree by tree.
    pub(super) fn each_tree_of_block(&self, block: &[f64], n_rows: usize, mut visit: impl FnMut(usize, usize, f64)) {
        let row = |row: usize| &block[row * self.n_features..(row + 1) * self.n_features];
        let in_lanes = n_rows - n_rows % LANES;
        for (tree, &root) in self.roots.iter().enumerate() {
            for first in (0..in_lanes).step_by(LANES) {
                let mut lanes = [root; LANES];
                walk(&self.nodes, &mut lanes, std::array::from_fn(|lane| row(first + lane)));
                for (lane, leaf) in lanes.into_iter().enumerate() {
                    visit(tree, first + lane, self.nodes[leaf as usize].value);
                }
            }
            for last in in_lanes..n_rows {
                visit(tree, last, self.leaf(root, row(last)).value);
            }
        }
    }

    /// Calls `visit` with the leaf `row` falls into, for every tree in order: sums of floats depend on it.
    fn each_leaf(&self, row: &[f64], mut visit: impl FnMut(&Node)) {
        assert_eq!(row.len(), self.n_features, "a row has one value per feature");
        let mut groups = self.roots.chunks_exact(LANES);
        for group in &mut groups {
            let mut lanes: [u32; LANES] = group.try_into().expect("chunks_exact gives chunks of this length");
            walk(&self.nodes, &mut lanes, [row; LANES]);
            lanes.into_iter().for_each(|leaf| visit(&self.nodes[leaf as usize]));
        }
        groups.remainder().iter().for_each(|&root| visit(self.leaf(root, row)));
    }

    /// The leaf `row` falls into, from `root` on.
    fn leaf(&self, root: u32, row: &[f64]) -> &Node {
        let mut lane = [root];
        walk(&self.nodes, &mut lane, [row]);
        &self.nodes[lane[0] as usize]
    }
}

/// Leads every lane from its node to a leaf, by its row.
fn walk<const N: usize>(nodes: &[Node], lanes: &mut [u32; N], rows: [&[f64]; N]) {
    loop {
        let mut under_way = false;
        for (lane, row) in lanes.iter_mut().zip(rows) {
            let node = nodes[*lane as usize];
            if node.feature != LEAF {
                // "Not at or below" rather than "above": a missing value is neither and goes right.
                #[allow(clippy::neg_cmp_op_on_partial_ord)]
                let goes_right = !(row[usize::from(node.feature)] <= node.value);
                *lane = node.child + u32::from(goes_right);
                under_way = true;
            }
        }
        if !under_way {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forest::ForestParts;
    use crate::random::Rng;

    /// Full trees of this depth with random questions and shares of three classes.
    fn forest(n_trees: usize, depth: u32, n_features: usize) -> Forest {
        let mut rng = Rng::new(9);
        let mut parts = ForestParts { n_features, n_classes: 3, ..ForestParts::default() };
        let (n_inner, n_nodes) = (2_u32.pow(depth) - 1, 2_u32.pow(depth + 1) - 1);
        for _ in 0..n_trees {
            parts.tree_lengths.push(n_nodes);
            for node in 0..n_nodes {
                let is_leaf = node >= n_inner;
                parts.features.push(if is_leaf { LEAF } else { rng.below(n_features as u64) as u16 });
                parts.thresholds.push(rng.normal());
                parts.lefts.push(2 * node + 1);
                parts.rights.push(2 * node + 2);
                if is_leaf {
                    let (a, b) = (rng.uniform() / 2.0, rng.uniform() / 2.0);
                    parts.shares.extend([a, b, 1.0 - a - b]);
                }
            }
        }
        Forest::new(&parts).expect("full trees are sound")
    }

    /// The obvious walk, by the written parts.
    fn probabilities_by_parts(parts: &ForestParts, row: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; parts.n_classes];
        let (mut root, mut leaves_before) = (0, 0);
        for &length in &parts.tree_lengths {
            let mut node = root;
            while parts.features[node] != LEAF {
                let goes_left = row[usize::from(parts.features[node])] <= parts.thresholds[node];
                node = root + if goes_left { parts.lefts[node] } else { parts.rights[node] } as usize;
            }
            let is_leaf = |place: &usize| parts.features[*place] == LEAF;
            let leaf = leaves_before + (root..node).filter(is_leaf).count();
            for (sum, share) in sums.iter_mut().zip(&parts.shares[leaf * parts.n_classes..]) {
                *sum += share;
            }
            leaves_before += (root..root + length as usize).filter(is_leaf).count();
            root += length as usize;
        }
        sums.iter().map(|sum| sum / parts.tree_lengths.len() as f64).collect()
    }

    #[test]
    fn every_way_of_walking_gives_the_same_digits() {
        // Numbers of trees and rows that leave remainders of the lanes and of the blocks.
        let forest = forest(2 * LANES + 3, 6, 5);
        let parts = forest.to_parts();
        let n_rows = 2 * BLOCK + LANES + 3;
        let mut rng = Rng::new(10);
        let missing_at_times = |rng: &mut Rng| if rng.below(10) == 0 { f64::NAN } else { rng.normal() };
        let columns: Vec<Vec<f64>> =
            (0..5).map(|_| (0..n_rows).map(|_| missing_at_times(&mut rng)).collect()).collect();
        let batch = forest.probability_of_columns(&columns.iter().map(Vec::as_slice).collect::<Vec<_>>());
        assert_eq!(batch.len(), n_rows);
        for (row, probability) in batch.into_iter().enumerate() {
            let values: Vec<f64> = columns.iter().map(|column| column[row]).collect();
            let probabilities = forest.probabilities(&values);
            assert_eq!(probabilities, probabilities_by_parts(&parts, &values));
            assert_eq!(probabilities[2].to_bits(), probability.to_bits());
            assert_eq!(forest.probability(&values).to_bits(), probability.to_bits());
        }
    }

    #[test]
    fn the_threshold_itself_goes_left_and_a_missing_value_right() {
        let parts = ForestParts {
            n_features: 1,
            n_classes: 2,
            tree_lengths: vec![3],
            features: vec![0, LEAF, LEAF],
            thresholds: vec![2.0, 0.0, 0.0],
            lefts: vec![1, 0, 0],
            rights: vec![2, 0, 0],
            shares: vec![1.0, 0.0, 0.0, 1.0],
        };
        let forest = Forest::new(&parts).expect("one question, two leaves");
        let found =
            [2.0, 2.0_f64.next_up(), f64::NAN, f64::INFINITY, f64::NEG_INFINITY].map(|x| forest.probability(&[x]));
        assert_eq!(found, [0.0, 1.0, 1.0, 1.0, 0.0]);
        assert_eq!(forest.probability_of_columns(&[&[]]), [0.0; 0]);
    }

    #[test]
    fn the_first_of_the_largest_is_the_class() {
        let forest = forest(1, 1, 1);
        assert_eq!(forest.class_of(&[0.4, 0.2, 0.4]), 0);
        assert_eq!(forest.class_of(&[0.2, 0.4, 0.4]), 1);
        assert_eq!(forest.class_of(&[0.5, 0.5]), 0);
        assert_eq!(forest.class_of(&[0.499, 0.501]), 1);
    }

    #[test]
    #[should_panic(expected = "a row has one value per feature")]
    fn a_row_of_another_length_is_a_mistake_of_the_caller() {
        forest(1, 1, 2).probability(&[1.0]);
    }
}
