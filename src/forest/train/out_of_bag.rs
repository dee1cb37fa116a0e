//! What the forest says about rows it was grown on, without the trees that know them.

use crate::forest::Forest;

/// Per row: the probability of the positive class, averaged over the trees that have not seen the row; `None` when all
/// have. `bags` says per tree and row whether the tree has seen it.
///
/// Breiman, "Out-of-bag estimation", 1996: an honest estimate without rows held back.
pub fn probabilities(forest: &Forest, features: &[&[f64]], bags: &[&[bool]]) -> Vec<Option<f64>> {
    forest.map_blocks(features, |first_row, n_rows, block| {
        let mut sums = vec![(0.0, 0_u32); n_rows];
        forest.each_tree_of_block(block, n_rows, |tree, row, share| {
            if !bags[tree][first_row + row] {
                sums[row].0 += share;
                sums[row].1 += 1;
            }
        });
        sums.into_iter().map(|(sum, n_trees)| (n_trees > 0).then(|| sum / f64::from(n_trees))).collect()
    })
}
