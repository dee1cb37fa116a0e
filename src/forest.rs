//! A compiled random forest: flat arrays that are checked once and then walked without surprises.
//!
//! A leaf holds the share of every class among the training rows that fell into it; a forest's probability is the
//! average of these shares over its trees, as in scikit-learn. [`Forest::new`] accepts nothing that could run long or
//! reach outside its arrays, whoever wrote it.

use std::fmt;

mod compile;
pub mod metrics;
#[cfg(feature = "train")]
pub mod train;
mod walk;

/// The most trees a forest may have.
pub const MAX_TREES: usize = 10_000;
/// The most nodes all trees together may have: half a gigabyte of them.
pub const MAX_NODES: usize = 1 << 25;
/// The most questions on the way from a root to a leaf. Bounds the time of one prediction.
pub const MAX_DEPTH: u16 = 1_000;
/// The most features.
pub const MAX_FEATURES: usize = 10_000;
/// The most classes.
pub const MAX_CLASSES: usize = 1_000;
/// Stands in [`ForestParts::features`] for "this node is a leaf".
pub const LEAF: u16 = u16::MAX;

/// A forest as it is written down: one entry per node, the trees one after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ForestParts {
    /// Features of a row.
    pub n_features: usize,
    /// Classes; the last one is the positive class.
    pub n_classes: usize,
    /// Nodes of each tree. The first node of a tree is its root.
    pub tree_lengths: Vec<u32>,
    /// Per node: the feature it asks about, or [`LEAF`].
    pub features: Vec<u16>,
    /// Per node: rows with a value at or below this go left. Unused at leaves.
    pub thresholds: Vec<f64>,
    /// Per node: the left child, counted within its tree. Unused at leaves.
    pub lefts: Vec<u32>,
    /// Per node: the right child, counted within its tree. Unused at leaves.
    pub rights: Vec<u32>,
    /// Per leaf, in node order: the share of each class, `n_classes` numbers that sum to 1.
    pub shares: Vec<f64>,
}

/// A random forest, ready to predict.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    n_features: usize,
    n_classes: usize,
    roots: Vec<u32>,
    nodes: Vec<Node>,
    shares: Vec<f64>,
}

/// One node, 16 bytes, so that a cache line holds four.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    /// Inner node: the threshold. Leaf: the share of the positive class, so that the usual walk ends here.
    value: f64,
    /// Inner node: the left child; the right one is next to it, so that one index does for both. Leaf: its number.
    child: u32,
    /// The feature asked about, or [`LEAF`].
    feature: u16,
}

/// Why parts do not make a forest. Trees, nodes and leaves are counted from 0, nodes within their tree.
#[derive(Debug, Clone, PartialEq)]
pub enum ForestError {
    /// A count is zero or above its cap.
    Size {
        /// What is counted.
        what: &'static str,
        /// The smallest count allowed.
        min: usize,
        /// The largest count allowed.
        max: usize,
        /// The count found.
        found: usize,
    },
    /// An array is shorter or longer than the others say.
    Length {
        /// The array.
        array: &'static str,
        /// Entries it should have.
        expected: usize,
        /// Entries it has.
        found: usize,
    },
    /// A node asks about a feature there is not.
    Feature {
        /// The tree.
        tree: usize,
        /// The node.
        node: usize,
        /// The feature found.
        found: u16,
        /// Features there are.
        n_features: usize,
    },
    /// A threshold is infinite or no number.
    Threshold {
        /// The tree.
        tree: usize,
        /// The node.
        node: usize,
    },
    /// A child does not lie behind its parent, or outside the tree.
    Child {
        /// The tree.
        tree: usize,
        /// The parent.
        node: usize,
        /// The child found.
        found: u32,
        /// Nodes of the tree.
        n_nodes: usize,
    },
    /// A node has two parents, or none though it is not the root.
    Parents {
        /// The tree.
        tree: usize,
        /// The node.
        node: usize,
        /// Parents found.
        found: u32,
    },
    /// A leaf lies more than [`MAX_DEPTH`] questions deep.
    Depth {
        /// The tree.
        tree: usize,
    },
    /// A leaf's shares leave [0, 1] or do not sum to 1.
    Shares {
        /// The leaf, counted over all trees.
        leaf: usize,
        /// Their sum.
        sum: f64,
    },
}

impl fmt::Display for ForestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size { what, min, max, found } => write!(f, "{found} {what}, expected {min} to {max}"),
            Self::Length { array, expected, found } => {
                write!(f, "the array of {array} has {found} entries, expected {expected}")
            }
            Self::Feature { tree, node, found, n_features } => {
                write!(f, "tree {tree}, node {node} asks about feature {found} of {n_features}")
            }
            Self::Threshold { tree, node } => write!(f, "tree {tree}, node {node} has a threshold that is not finite"),
            Self::Child { tree, node, found, n_nodes } => write!(
                f,
                "tree {tree}, node {node} has the child {found}, expected one from {} to {}",
                node + 1,
                n_nodes.saturating_sub(1)
            ),
            Self::Parents { tree, node, found } => write!(f, "tree {tree}, node {node} has {found} parents"),
            Self::Depth { tree } => write!(f, "tree {tree} is more than {MAX_DEPTH} questions deep"),
            Self::Shares { leaf, sum } => {
                write!(f, "leaf {leaf} has class shares outside 0 to 1, or their sum {sum} is not 1")
            }
        }
    }
}

impl std::error::Error for ForestError {}

impl Forest {
    /// Features of a row.
    pub const fn n_features(&self) -> usize {
        self.n_features
    }

    /// Classes; the last one is the positive class.
    pub const fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// Trees.
    pub const fn n_trees(&self) -> usize {
        self.roots.len()
    }

    /// Nodes of all trees, leaves included.
    pub const fn n_nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The class that goes with [`Forest::probabilities`]: the one with the largest, the first of them when several have
    /// it (numpy's `argmax`). With two classes: the positive one when its probability is above 0.5.
    ///
    /// # Panics
    /// When `probabilities` is empty.
    pub fn class_of(&self, probabilities: &[f64]) -> usize {
        let mut best = 0;
        for (class, &probability) in probabilities.iter().enumerate() {
            if probability > probabilities[best] {
                best = class;
            }
        }
        best
    }
}
