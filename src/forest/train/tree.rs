//! One tree: its rows are drawn, smartcore grows it, its nodes are taken over, its leaves are counted.

use serde::Deserialize;
use smartcore::ensemble::random_forest_classifier::{RandomForestClassifier, RandomForestClassifierParameters};
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::{GrowError, GrowOptions};
use crate::forest::{ForestParts, LEAF, Scoring, Task};
use crate::random::{Rng, derive_seed};

/// What the trees are to say of a row.
pub enum Goal<'a> {
    /// Its class.
    Classes {
        /// Per row.
        classes: &'a [u32],
        /// Per class, in order.
        rows_of_class: &'a [Vec<u32>],
    },
    /// Its number.
    Numbers(&'a [f64]),
}

impl Goal<'_> {
    const fn task(&self) -> Task {
        match self {
            Self::Classes { .. } => Task::Classification,
            Self::Numbers(_) => Task::Regression,
        }
    }

    /// Numbers in a leaf.
    const fn n_outputs(&self) -> usize {
        match self {
            Self::Classes { rows_of_class, .. } => rows_of_class.len(),
            Self::Numbers(_) => 1,
        }
    }
}

/// All that the trees of a forest have in common.
pub struct TreeTask<'a> {
    pub features: &'a [&'a [f64]],
    pub goal: &'a Goal<'a>,
    pub options: &'a GrowOptions,
}

/// A tree as smartcore grew it, and what was counted afterwards.
pub struct GrownTree {
    /// smartcore's nodes. Children lie behind their parents.
    pub nodes: Vec<GrownNode>,
    /// Per node: the class shares, or the mean. Empty at inner nodes.
    pub leaves: Vec<Vec<f64>>,
    /// What the leaves say.
    pub task: Task,
}

/// One node, by the names smartcore 0.7.0 serialises. Its fields are private; its serialised form is the way to them.
#[derive(Deserialize)]
pub struct GrownNode {
    /// Of a classification: the rows that fell in.
    #[serde(default)]
    pub n_node_samples: usize,
    pub split_feature: usize,
    pub split_value: Option<f64>,
    pub true_child: Option<u32>,
    pub false_child: Option<u32>,
    /// Of a classification: the Gini impurity of the rows that fell in.
    #[serde(default)]
    pub impurity: Option<f64>,
    /// Of a regression: by how much the split lowered the variance, times the rows that fell in.
    #[serde(default)]
    pub split_score: Option<f64>,
}

impl GrownNode {
    /// Feature, threshold, left and right child of an inner node.
    pub fn split(&self) -> Option<(usize, f64, u32, u32)> {
        // smartcore keeps the feature and threshold it considered in nodes it then did not split, but gives them no child.
        Some((self.split_feature, self.split_value?, self.true_child?, self.false_child?))
    }
}

/// smartcore's forest of one tree.
#[derive(Deserialize)]
struct GrownForest {
    trees: Vec<GrownNodes>,
}

/// The same of a regression, which has it one level deeper.
#[derive(Deserialize)]
struct GrownRegression {
    forest_regressor: GrownForest,
}

#[derive(Deserialize)]
struct GrownNodes {
    nodes: Vec<GrownNode>,
}

impl TreeTask<'_> {
    /// Grows the tree of this number.
    pub fn grow(&self, number: usize) -> Result<GrownTree, GrowError> {
        let seed = derive_seed(self.options.seed, number as u64);
        let rows = self.draw_rows(seed);
        let mut grown = self.fit(&rows, derive_seed(seed, 0))?;
        let nodes = grown.trees.pop().map(|tree| tree.nodes).unwrap_or_default();
        let leaves = self.count_leaves(&nodes);
        Ok(GrownTree { nodes, leaves, task: self.goal.task() })
    }

    /// The rows smartcore may bootstrap from, in order: all of a class, or `max_rows_per_class` drawn without replacement.
    fn draw_rows(&self, seed: u64) -> Vec<u32> {
        let mut rng = Rng::new(seed);
        let mut drawn = Vec::new();
        let all: [Vec<u32>; 1];
        let groups: &[Vec<u32>] = match self.goal {
            Goal::Classes { rows_of_class, .. } => rows_of_class,
            Goal::Numbers(numbers) => {
                all = [(0..numbers.len() as u32).collect()];
                &all
            }
        };
        for rows in groups {
            if rows.len() <= self.options.max_rows_per_class {
                drawn.extend(rows);
            } else {
                let mut rows = rows.clone();
                rng.shuffle(&mut rows);
                drawn.extend(&rows[..self.options.max_rows_per_class]);
            }
        }
        drawn.sort_unstable();
        drawn
    }

    fn fit(&self, rows: &[u32], seed: u64) -> Result<GrownForest, GrowError> {
        let smartcore = |error: smartcore::error::Failed| GrowError::Smartcore { message: error.to_string() };
        let unreadable = |error: serde_json::Error| GrowError::Smartcore { message: error.to_string() };
        let mut values = Vec::with_capacity(rows.len() * self.features.len());
        for column in self.features {
            values.extend(rows.iter().map(|&row| column[row as usize]));
        }
        let x = DenseMatrix::new(rows.len(), self.features.len(), values, true).map_err(smartcore)?;
        let mtry = self.options.mtry_of(self.features.len(), self.goal.task());
        // smartcore counts levels, of which there is one more than questions.
        let max_depth = self.options.max_depth.map(|questions| questions + 1);
        match self.goal {
            Goal::Classes { classes, .. } => {
                let y: Vec<u32> = rows.iter().map(|&row| classes[row as usize]).collect();
                let mut parameters = RandomForestClassifierParameters::default()
                    .with_n_trees(1)
                    .with_m(mtry)
                    .with_min_samples_leaf(self.options.min_samples_leaf)
                    .with_seed(seed);
                parameters.max_depth = max_depth;
                let forest = RandomForestClassifier::fit(&x, &y, parameters).map_err(smartcore)?;
                let written = serde_json::to_vec(&forest).map_err(unreadable)?;
                serde_json::from_slice(&written).map_err(unreadable)
            }
            Goal::Numbers(numbers) => {
                let y: Vec<f64> = rows.iter().map(|&row| numbers[row as usize]).collect();
                let mut parameters = RandomForestRegressorParameters::default()
                    .with_n_trees(1)
                    .with_m(mtry)
                    .with_min_samples_leaf(self.options.min_samples_leaf)
                    .with_seed(seed);
                parameters.max_depth = max_depth;
                let forest = RandomForestRegressor::fit(&x, &y, parameters).map_err(smartcore)?;
                let written = serde_json::to_vec(&forest).map_err(unreadable)?;
                let read: GrownRegression = serde_json::from_slice(&written).map_err(unreadable)?;
                Ok(read.forest_regressor)
            }
        }
    }

    /// The class shares or the mean in every leaf, by all training rows, each counted once.
    fn count_leaves(&self, nodes: &[GrownNode]) -> Vec<Vec<f64>> {
        let mut leaves = vec![Vec::new(); nodes.len()];
        for (sums, node) in leaves.iter_mut().zip(nodes) {
            if node.split().is_none() {
                *sums = vec![0.0; self.goal.n_outputs()];
            }
        }
        // Never 0 at a leaf in the end: smartcore makes no child without a row.
        let mut n_rows = vec![0_u32; nodes.len()];
        for row in 0..self.n_rows() {
            let leaf = self.leaf(nodes, row);
            n_rows[leaf] += 1;
            match self.goal {
                Goal::Classes { classes, .. } => leaves[leaf][classes[row] as usize] += 1.0,
                Goal::Numbers(numbers) => leaves[leaf][0] += numbers[row],
            }
        }
        for (sums, n_rows) in leaves.iter_mut().zip(n_rows) {
            for sum in sums {
                *sum /= f64::from(n_rows);
            }
        }
        leaves
    }

    fn n_rows(&self) -> usize {
        match self.goal {
            Goal::Classes { classes, .. } => classes.len(),
            Goal::Numbers(numbers) => numbers.len(),
        }
    }

    fn leaf(&self, nodes: &[GrownNode], row: usize) -> usize {
        let mut node = 0;
        while let Some((feature, threshold, left, right)) = nodes[node].split() {
            let goes_left = self.features[feature][row] <= threshold;
            node = if goes_left { left as usize } else { right as usize };
        }
        node
    }
}

/// Writes grown trees down as a forest's parts.
pub fn parts(trees: &[GrownTree], n_features: usize, goal: &Goal<'_>) -> ForestParts {
    let scoring = match goal.task() {
        Task::Classification => Scoring::class_shares(),
        Task::Regression => Scoring::mean(),
    };
    let mut parts = ForestParts { n_features, n_outputs: goal.n_outputs(), scoring, ..ForestParts::default() };
    for tree in trees {
        parts.tree_lengths.push(tree.nodes.len() as u32);
        for (node, numbers) in tree.nodes.iter().zip(&tree.leaves) {
            let (feature, threshold, left, right) = node.split().unwrap_or((usize::from(LEAF), 0.0, 0, 0));
            parts.features.push(feature as u16);
            parts.thresholds.push(threshold);
            parts.lefts.push(left);
            parts.rights.push(right);
            parts.leaves.extend(numbers);
        }
    }
    parts
}
