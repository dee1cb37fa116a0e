//! A compiled tree ensemble: flat arrays that are checked once and then walked without surprises.
//!
//! Random forests and boosted trees alike. A leaf holds one number or several: the share of every class among the training
//! rows that fell into it, a summand of a score, a value; [`Scoring`] says how the numbers of all trees become an answer.
//! [`Forest::new`] accepts nothing that could run long or reach outside its arrays, whoever wrote it.

use std::fmt;

mod compile;
mod layout;
mod scoring;
#[cfg(feature = "train")]
pub mod train;
mod walk;

use layout::{Keys, Narrow, Node, Spine, Spines, Wide};
pub use scoring::{Aggregate, Decision, Precision, Scoring, Task, Transform};
pub use walk::Answers;

/// The most trees a forest may have.
pub const MAX_TREES: usize = 10_000;
/// The most nodes all trees together may have: half a gigabyte of them.
pub const MAX_NODES: usize = 1 << 25;
/// The most questions on the way from a root to a leaf. Bounds the time of one prediction.
pub const MAX_DEPTH: u16 = 1_000;
/// The most features.
pub const MAX_FEATURES: usize = 10_000;
/// The most classes, or numbers per leaf.
pub const MAX_OUTPUTS: usize = 1_000;
/// The most numbers in all leaves together: half a gigabyte of them.
pub const MAX_LEAF_NUMBERS: usize = 1 << 26;
/// Stands in [`ForestParts::features`] for "this node is a leaf".
pub const LEAF: u16 = u16::MAX;

/// A forest as it is written down: one entry per node, the trees one after the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ForestParts {
    /// Features of a row.
    pub n_features: usize,
    /// Numbers in a leaf. In a classification one per class, or 1 where there are two classes and the second one's number
    /// says it all; the last class is the positive one.
    pub n_outputs: usize,
    /// How the leaves become an answer.
    pub scoring: Scoring,
    /// Nodes of each tree. The first node of a tree is its root.
    pub tree_lengths: Vec<u32>,
    /// Per node: the feature it asks about, or [`LEAF`].
    pub features: Vec<u16>,
    /// Per node: rows with a value at or below this go left. Unused at leaves.
    pub thresholds: Vec<f64>,
    /// Per node: whether a missing value (NaN) goes left. Unused at leaves. May be empty: then it always goes right.
    pub missing_left: Vec<bool>,
    /// Per node: the left child, counted within its tree. Unused at leaves.
    pub lefts: Vec<u32>,
    /// Per node: the right child, counted within its tree. Unused at leaves.
    pub rights: Vec<u32>,
    /// Per leaf, in node order: its `n_outputs` numbers.
    pub leaves: Vec<f64>,
}

/// A tree ensemble, ready to predict.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    n_features: usize,
    n_outputs: usize,
    scoring: Scoring,
    trees: Layout,
}

/// The trees in the smallest layout that holds them. All give the same answers.
#[derive(Debug, Clone, PartialEq)]
enum Layout {
    /// [`Precision::Single`], small enough for eight-byte nodes.
    Narrow32(Trees<Narrow, f32>),
    /// [`Precision::Single`].
    Wide32(Trees<Wide, f32>),
    /// [`Precision::Double`], small enough for eight-byte nodes.
    Narrow64(Trees<Narrow, f64>),
    /// [`Precision::Double`].
    Wide64(Trees<Wide, f64>),
}

/// Trees of nodes `N` that sum in `T`.
#[derive(Debug, Clone, PartialEq)]
struct Trees<N: Node, T> {
    roots: Vec<u32>,
    /// Siblings side by side, and behind them first all that is under the one with more leaves.
    nodes: Vec<N>,
    /// Per leaf, in node order.
    leaves: Vec<T>,
    /// Numbers in a leaf.
    n_outputs: usize,
    /// Some node sends missing values left: the values stand in a second set of slots, too.
    has_missing_left: bool,
    /// What values and thresholds are compared by.
    keys: Keys,
    /// Per tree its spine.
    spines: Vec<Spine<N>>,
    /// The same for a single row.
    spines_by_slot: Spines,
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
    /// A threshold is no number.
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
    /// A leaf's shares of the classes leave [0, 1] or do not sum to 1.
    Shares {
        /// The leaf, counted over all trees.
        leaf: usize,
        /// Their sum.
        sum: f64,
    },
    /// A number in a leaf, or one that is added to the leaves', is infinite or none.
    NotFinite {
        /// Where it stands.
        array: &'static str,
        /// Its place there.
        place: usize,
    },
    /// One number per leaf can't say which class is largest; more than two classes, or a regression, have no last one to
    /// be above a threshold.
    Decision {
        /// The decision asked for.
        decision: Decision,
        /// Numbers in a leaf.
        n_outputs: usize,
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
            Self::Threshold { tree, node } => write!(f, "tree {tree}, node {node} has a threshold that is no number"),
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
            Self::NotFinite { array, place } => write!(f, "number {place} of the {array} is not finite"),
            Self::Decision { decision, n_outputs } => {
                write!(f, "a class can't be decided by {decision:?} from {n_outputs} numbers per leaf")
            }
        }
    }
}

impl std::error::Error for ForestError {}

/// Runs the same code on whichever layout a forest has.
macro_rules! with_trees {
    ($forest:expr, $trees:ident => $work:expr) => {
        match &$forest.trees {
            $crate::forest::Layout::Narrow32($trees) => $work,
            $crate::forest::Layout::Wide32($trees) => $work,
            $crate::forest::Layout::Narrow64($trees) => $work,
            $crate::forest::Layout::Wide64($trees) => $work,
        }
    };
}
use with_trees;

impl Forest {
    /// Features of a row.
    pub const fn n_features(&self) -> usize {
        self.n_features
    }

    /// What it answers with.
    pub const fn task(&self) -> Task {
        self.scoring.task
    }

    /// How its leaves become an answer.
    pub const fn scoring(&self) -> &Scoring {
        &self.scoring
    }

    /// Classes, the last of which is the positive one; 0 for a regression.
    pub const fn n_classes(&self) -> usize {
        match self.scoring.task {
            Task::Classification => self.n_scores(),
            Task::Regression => 0,
        }
    }

    /// Numbers in an answer: one per class, or the values of a regression.
    pub const fn n_scores(&self) -> usize {
        self.scoring.n_scores(self.n_outputs)
    }

    /// Trees.
    pub const fn n_trees(&self) -> usize {
        with_trees!(self, trees => trees.roots.len())
    }

    /// Nodes of all trees, leaves included.
    pub const fn n_nodes(&self) -> usize {
        with_trees!(self, trees => trees.nodes.len())
    }
}
