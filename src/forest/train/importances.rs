//! Which features the trees found useful.

use super::GrownTree;
use crate::forest::Task;

/// The mean decrease in impurity per feature, summing to 1.
///
/// A node's decrease is its impurity less that of its children, each weighted with its share of the rows; a tree's
/// decreases are summed per feature and divided by their total; the forest's importance is the mean over the trees that
/// asked anything. All 0 when none did. As scikit-learn's `feature_importances_` (Breiman, "Random Forests", Machine
/// Learning 45, 2001). Features with many distinct values are favoured, as is known of this measure.
pub fn average(trees: &[GrownTree], n_features: usize) -> Vec<f64> {
    let mut sums = vec![0.0; n_features];
    for tree in trees {
        add_normalised(&mut sums, &of_tree(tree, n_features));
    }
    let mut importances = vec![0.0; n_features];
    add_normalised(&mut importances, &sums);
    importances
}

fn add_normalised(sums: &mut [f64], terms: &[f64]) {
    let total: f64 = terms.iter().sum();
    if total > 0.0 {
        for (sum, term) in sums.iter_mut().zip(terms) {
            *sum += term / total;
        }
    }
}

fn of_tree(tree: &GrownTree, n_features: usize) -> Vec<f64> {
    let weighted = |node: usize| {
        let node = &tree.nodes[node];
        node.n_node_samples as f64 * node.impurity.unwrap_or(0.0)
    };
    let mut decreases = vec![0.0; n_features];
    for (number, node) in tree.nodes.iter().enumerate() {
        if let Some((feature, _, left, right)) = node.split() {
            let decrease = match tree.task {
                Task::Classification => weighted(number) - weighted(left as usize) - weighted(right as usize),
                Task::Regression => node.split_score.unwrap_or(0.0),
            };
            // Rounding can leave a split that gained nothing a trace below zero.
            decreases[feature] += decrease.max(0.0);
        }
    }
    decreases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forest::train::tree::GrownNode;

    #[test]
    fn decreases_are_weighted_and_sum_to_one() {
        let node = |rows, impurity, split: Option<(usize, u32)>| GrownNode {
            n_node_samples: rows,
            split_feature: split.map_or(0, |(feature, _)| feature),
            split_value: split.map(|_| 0.0),
            true_child: split.map(|(_, child)| child),
            false_child: split.map(|(_, child)| child + 1),
            impurity: Some(impurity),
            split_score: None,
        };
        // 8 rows, half and half: feature 1 sends 2 pure rows left; feature 0 parts the other 6 (4 to 2) cleanly.
        let nodes = vec![
            node(8, 0.5, Some((1, 1))),
            node(2, 0.0, None),
            node(6, 4.0 / 9.0, Some((0, 3))),
            node(4, 0.0, None),
            node(2, 0.0, None),
        ];
        let tree = GrownTree { nodes, leaves: Vec::new(), task: Task::Classification };
        // Feature 1: 8/2 - 6*4/9 = 4/3; feature 0: 6*4/9 = 8/3.
        let found = average(&[tree], 3);
        assert!((found[0] - 2.0 / 3.0).abs() < 1e-15 && (found[1] - 1.0 / 3.0).abs() < 1e-15, "{found:?}");
        assert_eq!(found[2], 0.0);
        let asks_nothing =
            GrownTree { nodes: vec![node(8, 0.5, None)], leaves: Vec::new(), task: Task::Classification };
        assert_eq!(average(&[asks_nothing], 2), [0.0, 0.0]);
    }
}
