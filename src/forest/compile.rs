//! Checks a forest's parts and lays its nodes out for walking.

use std::ops::Range;

use super::layout::{Narrow, Node, Spine, Spines};
use super::walk::Number;
use super::{
    Decision, Forest, ForestError, ForestParts, LEAF, Layout, MAX_DEPTH, MAX_FEATURES, MAX_LEAF_NUMBERS, MAX_NODES,
    MAX_OUTPUTS, MAX_TREES, Precision, Scoring, Task, Trees, with_trees,
};

/// How far from 1 the sum of a leaf's shares may lie: they come from many tools, some of which compute in `f32`.
const SHARE_TOLERANCE: f64 = 1e-6;

impl Forest {
    /// Checks `parts` and compiles them.
    ///
    /// Afterwards nothing can go wrong: children lie behind their parents and have one parent each, so every walk ends
    /// at a leaf after at most [`MAX_DEPTH`] questions; features and thresholds are usable; shares are shares.
    ///
    /// With [`Precision::Single`] thresholds become the largest 32-bit number that is not above them, which no 32-bit value
    /// can tell from the threshold itself, and the numbers in the leaves the nearest.
    ///
    /// # Errors
    /// The first thing found that is not so, with its place.
    pub fn new(parts: &ForestParts) -> Result<Self, ForestError> {
        check_sizes(parts)?;
        check_scoring(parts)?;
        let (mut start, mut first_leaf) = (0, 0);
        let mut trees = Vec::with_capacity(parts.tree_lengths.len());
        for (number, &length) in parts.tree_lengths.iter().enumerate() {
            let tree = TreeParts { number, nodes: start..start + length as usize, first_leaf, parts };
            first_leaf += tree.check()?;
            start += length as usize;
            trees.push(tree);
        }
        let trees = match parts.scoring.precision {
            Precision::Single if fits_narrow(parts) => Layout::Narrow32(compile(parts, &trees)),
            Precision::Single => Layout::Wide32(compile(parts, &trees)),
            Precision::Double if fits_narrow(parts) => Layout::Narrow64(compile(parts, &trees)),
            Precision::Double => Layout::Wide64(compile(parts, &trees)),
        };
        let Scoring { base, .. } = &parts.scoring;
        let rounded = |number: &f64| match parts.scoring.precision {
            Precision::Single => f64::from(*number as f32),
            Precision::Double => *number,
        };
        let scoring = Scoring { base: base.iter().map(rounded).collect(), ..parts.scoring.clone() };
        Ok(Self { n_features: parts.n_features, n_outputs: parts.n_outputs, scoring, trees })
    }

    /// Writes the forest down again. `Forest::new` of the result is the same forest.
    pub fn to_parts(&self) -> ForestParts {
        let parts = ForestParts {
            n_features: self.n_features,
            n_outputs: self.n_outputs,
            scoring: self.scoring.clone(),
            ..ForestParts::default()
        };
        with_trees!(self, trees => trees.write(parts))
    }
}

fn check_sizes(parts: &ForestParts) -> Result<(), ForestError> {
    let within = |what, found, min, max| {
        if (min..=max).contains(&found) { Ok(()) } else { Err(ForestError::Size { what, min, max, found }) }
    };
    within("features", parts.n_features, 1, MAX_FEATURES)?;
    within("numbers per leaf", parts.n_outputs, 1, MAX_OUTPUTS)?;
    within("trees", parts.tree_lengths.len(), 1, MAX_TREES)?;
    let n_nodes = parts.features.len();
    within("nodes", n_nodes, 1, MAX_NODES)?;

    let equals = |array, found, expected| {
        if found == expected { Ok(()) } else { Err(ForestError::Length { array, expected, found }) }
    };
    equals("thresholds", parts.thresholds.len(), n_nodes)?;
    equals("left children", parts.lefts.len(), n_nodes)?;
    equals("right children", parts.rights.len(), n_nodes)?;
    if !parts.missing_left.is_empty() {
        equals("ways of missing values", parts.missing_left.len(), n_nodes)?;
    }
    let n_leaves = parts.features.iter().filter(|&&feature| feature == LEAF).count();
    // Saturating: a browser counts in 32 bits.
    let n_numbers = n_leaves.saturating_mul(parts.n_outputs);
    within("numbers in all leaves", n_numbers, 0, MAX_LEAF_NUMBERS)?;
    equals("numbers in the leaves", parts.leaves.len(), n_numbers)?;
    for &length in &parts.tree_lengths {
        within("nodes of a tree", length as usize, 1, MAX_NODES)?;
    }
    let total = parts.tree_lengths.iter().fold(0_usize, |sum, &length| sum.saturating_add(length as usize));
    equals("nodes", n_nodes, total)
}

fn check_scoring(parts: &ForestParts) -> Result<(), ForestError> {
    let ForestParts { scoring, n_outputs, leaves, .. } = parts;
    if !scoring.base.is_empty() && scoring.base.len() != *n_outputs {
        return Err(ForestError::Length { array: "base values", expected: *n_outputs, found: scoring.base.len() });
    }
    let finite = |array, numbers: &[f64]| {
        let place = numbers.iter().position(|number| match scoring.precision {
            Precision::Single => !(*number as f32).is_finite(),
            Precision::Double => !number.is_finite(),
        });
        place.map_or(Ok(()), |place| Err(ForestError::NotFinite { array, place }))
    };
    finite("base values", &scoring.base)?;
    // Of shares it is said which leaf they stand in.
    if *scoring == Scoring::class_shares() {
        leaves.chunks_exact(*n_outputs).enumerate().try_for_each(|(leaf, shares)| check_shares(leaf, shares))?;
    }
    finite("numbers in the leaves", leaves)?;
    let fits = match scoring.decision {
        _ if scoring.task == Task::Regression => true,
        Decision::Largest => *n_outputs > 1,
        Decision::LastAbove(threshold) => *n_outputs <= 2 && threshold.is_finite(),
    };
    let (decision, n_outputs) = (scoring.decision, *n_outputs);
    if fits { Ok(()) } else { Err(ForestError::Decision { decision, n_outputs }) }
}

fn check_shares(leaf: usize, shares: &[f64]) -> Result<(), ForestError> {
    let sum: f64 = shares.iter().sum();
    let are_shares = shares.iter().all(|share| (0.0..=1.0).contains(share));
    // Negated, so that a sum that is no number is refused too.
    if are_shares && (sum - 1.0).abs() <= SHARE_TOLERANCE { Ok(()) } else { Err(ForestError::Shares { leaf, sum }) }
}

/// Whether some node sends missing values left.
fn has_missing_left(parts: &ForestParts) -> bool {
    let inner = parts.missing_left.iter().zip(&parts.features).filter(|(_, feature)| **feature != LEAF);
    inner.into_iter().any(|(goes_left, _)| *goes_left)
}

/// Slots a row is laid out in.
pub const fn n_slots(n_features: usize, has_missing_left: bool) -> usize {
    n_features * (1 + has_missing_left as usize)
}

fn fits_narrow(parts: &ForestParts) -> bool {
    n_slots(parts.n_features, has_missing_left(parts)) <= Narrow::MAX_SLOTS
        && parts.tree_lengths.iter().all(|length| *length <= Narrow::MAX_STEP)
}

/// One tree of the parts.
struct TreeParts<'a> {
    number: usize,
    /// Its nodes among all nodes.
    nodes: Range<usize>,
    /// Leaves of the trees before it.
    first_leaf: usize,
    parts: &'a ForestParts,
}

impl TreeParts<'_> {
    /// Children point forward and into the tree, every node but the root is a child exactly once, no leaf is too deep.
    /// Returns the number of leaves.
    fn check(&self) -> Result<usize, ForestError> {
        let (tree, n_nodes) = (self.number, self.nodes.len());
        let mut parents = vec![0_u32; n_nodes];
        let mut depths = vec![0_u16; n_nodes];
        let mut n_leaves = 0;
        for (node, place) in self.nodes.clone().enumerate() {
            let feature = self.parts.features[place];
            if feature == LEAF {
                n_leaves += 1;
                continue;
            }
            if usize::from(feature) >= self.parts.n_features {
                let (found, n_features) = (feature, self.parts.n_features);
                return Err(ForestError::Feature { tree, node, found, n_features });
            }
            if self.parts.thresholds[place].is_nan() {
                return Err(ForestError::Threshold { tree, node });
            }
            if depths[node] == MAX_DEPTH {
                return Err(ForestError::Depth { tree });
            }
            for found in [self.parts.lefts[place], self.parts.rights[place]] {
                let child = found as usize;
                if child <= node || child >= n_nodes {
                    return Err(ForestError::Child { tree, node, found, n_nodes });
                }
                parents[child] += 1;
                // All parents come before their children, so a depth is final before it is read.
                depths[child] = depths[node] + 1;
            }
        }
        let orphan_or_shared = (1..n_nodes).find(|&node| parents[node] != 1);
        orphan_or_shared.map_or(Ok(n_leaves), |node| Err(ForestError::Parents { tree, node, found: parents[node] }))
    }

    /// The number of each leaf of the parts, by its node within the tree.
    fn leaf_numbers(&self) -> Vec<usize> {
        let mut next = self.first_leaf;
        let number = |place: usize| {
            let number = next;
            next += usize::from(self.parts.features[place] == LEAF);
            number
        };
        self.nodes.clone().map(number).collect()
    }

    /// The nodes in the order in which they will lie: children side by side, and behind them first all that is under the one
    /// with more leaves. Most rows go that way, and find what they are asked next close by.
    fn in_order(&self) -> Vec<Placed> {
        let (from, n_nodes) = (self.nodes.start, self.nodes.len());
        let is_leaf = |node: usize| self.parts.features[from + node] == LEAF;
        let children = |node: usize| [self.parts.lefts[from + node] as usize, self.parts.rights[from + node] as usize];
        let mut n_leaves = vec![1_u32; n_nodes];
        for node in (0..n_nodes).rev().filter(|node| !is_leaf(*node)) {
            n_leaves[node] = children(node).map(|child| n_leaves[child]).into_iter().sum();
        }
        let mut order = Vec::with_capacity(n_nodes);
        order.push(Placed { node: 0, step: 0 });
        let mut waiting = vec![0];
        while let Some(place) = waiting.pop() {
            let node: usize = order[place].node;
            if !is_leaf(node) {
                let first = order.len();
                order[place].step = (first - place) as u32;
                let [left, right] = children(node);
                order.extend([left, right].map(|node| Placed { node, step: 0 }));
                let larger = usize::from(n_leaves[left] < n_leaves[right]);
                waiting.extend([first + 1 - larger, first + larger]);
            }
        }
        order
    }
}

/// A node where it will lie.
struct Placed {
    /// Its number in the parts.
    node: usize,
    /// How far behind it its left child lies; 0 for a leaf.
    step: u32,
}

/// Lays the trees out. Single precision keeps thresholds that 32 bits can tell apart, in either layout.
fn compile<N: Node, T: Number>(parts: &ForestParts, from: &[TreeParts<'_>]) -> Trees<N, T> {
    let has_missing_left = has_missing_left(parts);
    let mut trees = Trees {
        roots: Vec::with_capacity(from.len()),
        nodes: Vec::with_capacity(parts.features.len()),
        leaves: Vec::with_capacity(parts.leaves.len()),
        n_outputs: parts.n_outputs,
        has_missing_left,
        keys: T::keys(parts),
        spines: Vec::new(),
        spines_by_slot: Spines::of::<N>(&[], &[]),
    };
    for tree in from {
        let leaf_numbers = tree.leaf_numbers();
        trees.roots.push(trees.nodes.len() as u32);
        for Placed { node, step } in tree.in_order() {
            let place = tree.nodes.start + node;
            let feature = parts.features[place];
            trees.nodes.push(if feature == LEAF {
                let leaf = trees.leaves.len() / parts.n_outputs;
                let numbers = &parts.leaves[leaf_numbers[node] * parts.n_outputs..][..parts.n_outputs];
                trees.leaves.extend(numbers.iter().map(|number| T::of(*number)));
                N::new(leaf as i32, 0, 0)
            } else {
                let missing_left = parts.missing_left.get(place).is_some_and(|goes_left| *goes_left);
                let slot = usize::from(feature) + if missing_left { parts.n_features } else { 0 };
                N::new(
                    trees.keys.of_threshold(usize::from(feature), T::at_most(parts.thresholds[place])),
                    step,
                    slot as u16,
                )
            });
        }
    }
    trees.spines = trees.roots.iter().map(|&root| Spine::of(&trees.nodes, root)).collect();
    trees.spines_by_slot = Spines::of(&trees.nodes, &trees.roots);
    trees
}

impl<N: Node, T: Number> Trees<N, T> {
    /// Fills `parts`, which has its counts.
    fn write(&self, mut parts: ForestParts) -> ForestParts {
        let ends = self.roots.iter().skip(1).copied().chain([self.nodes.len() as u32]);
        for (&root, end) in self.roots.iter().zip(ends) {
            parts.tree_lengths.push(end - root);
            for (place, node) in self.nodes[root as usize..end as usize].iter().enumerate() {
                let slot = node.slot();
                let is_leaf = node.is_leaf();
                let left = place as u32 + node.step();
                let feature = slot % parts.n_features;
                parts.features.push(if is_leaf { LEAF } else { feature as u16 });
                parts.thresholds.push(if is_leaf { 0.0 } else { self.keys.threshold(feature, node.key()) });
                parts.lefts.push(if is_leaf { 0 } else { left });
                parts.rights.push(if is_leaf { 0 } else { left + 1 });
                if self.has_missing_left {
                    parts.missing_left.push(!is_leaf && slot >= parts.n_features);
                }
            }
        }
        // Leaves are numbered in node order.
        parts.leaves = self.leaves.iter().map(|number| number.value()).collect();
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forest::layout::Wide;

    /// x0 <= 1 ? (x1 <= 5 ? A : B) : C, and a second tree that is one leaf.
    fn parts() -> ForestParts {
        ForestParts {
            n_features: 2,
            n_outputs: 2,
            tree_lengths: vec![5, 1],
            features: vec![0, LEAF, 1, LEAF, LEAF, LEAF],
            thresholds: vec![1.0, 0.0, 5.0, 0.0, 0.0, 0.0],
            lefts: vec![2, 0, 3, 0, 0, 0],
            rights: vec![1, 0, 4, 0, 0, 0],
            leaves: vec![0.0, 1.0, 0.75, 0.25, 0.5, 0.5, 0.9, 0.1],
            ..ForestParts::default()
        }
    }

    #[test]
    fn parts_come_back_siblings_side_by_side() {
        let forest = Forest::new(&parts()).expect("these parts are sound");
        let written = forest.to_parts();
        assert_eq!(written.features, [0, 1, LEAF, LEAF, LEAF, LEAF]);
        assert_eq!(written.lefts, [1, 3, 0, 0, 0, 0]);
        assert_eq!(written.rights, [2, 4, 0, 0, 0, 0]);
        assert_eq!(written.leaves, [0.0, 1.0, 0.75, 0.25, 0.5, 0.5, 0.9, 0.1]);
        assert_eq!(Forest::new(&written), Ok(forest));
    }

    #[test]
    fn nodes_take_eight_bytes_and_twelve() {
        assert_eq!((size_of::<Narrow>(), size_of::<Wide>()), (8, 12));
    }

    /// The error after one change.
    fn refused(change: impl FnOnce(&mut ForestParts)) -> ForestError {
        let mut parts = parts();
        change(&mut parts);
        Forest::new(&parts).expect_err("the change breaks a rule")
    }

    #[test]
    fn children_that_could_hang_or_escape_are_refused() {
        let child = |node, found| ForestError::Child { tree: 0, node, found, n_nodes: 5 };
        assert_eq!(refused(|parts| parts.lefts[0] = 0), child(0, 0));
        assert_eq!(refused(|parts| parts.lefts[2] = 1), child(2, 1));
        assert_eq!(refused(|parts| parts.rights[2] = 5), child(2, 5));
        assert_eq!(refused(|parts| parts.rights[2] = u32::MAX), child(2, u32::MAX));
        assert_eq!(refused(|parts| parts.rights[2] = 3), ForestError::Parents { tree: 0, node: 3, found: 2 });
        assert_eq!(refused(|parts| parts.features[2] = LEAF), {
            // One leaf more than there are shares for.
            ForestError::Length { array: "numbers in the leaves", expected: 10, found: 8 }
        });
    }

    #[test]
    fn a_node_no_parent_leads_to_is_refused() {
        let mut parts = parts();
        parts.features[2] = LEAF;
        parts.leaves.extend([0.5, 0.5]);
        assert_eq!(Forest::new(&parts), Err(ForestError::Parents { tree: 0, node: 3, found: 0 }));
    }

    #[test]
    fn a_chain_is_accepted_up_to_the_greatest_depth() {
        let chain = |depth: u32| {
            let mut parts = ForestParts { n_features: 1, n_outputs: 2, ..ForestParts::default() };
            for level in 0..depth {
                parts.features.extend([0, LEAF]);
                parts.lefts.extend([2 * level + 1, 0]);
                parts.rights.extend([2 * level + 2, 0]);
            }
            parts.features.push(LEAF);
            parts.lefts.push(0);
            parts.rights.push(0);
            parts.thresholds = vec![0.0; parts.features.len()];
            parts.leaves = [0.5, 0.5].repeat(depth as usize + 1);
            parts.tree_lengths = vec![parts.features.len() as u32];
            Forest::new(&parts)
        };
        assert!(chain(u32::from(MAX_DEPTH)).is_ok());
        assert_eq!(chain(u32::from(MAX_DEPTH) + 1), Err(ForestError::Depth { tree: 0 }));
    }

    #[test]
    fn unusable_numbers_are_refused() {
        let threshold = ForestError::Threshold { tree: 0, node: 2 };
        assert_eq!(refused(|parts| parts.thresholds[2] = f64::NAN), threshold);
        let feature = ForestError::Feature { tree: 0, node: 2, found: 2, n_features: 2 };
        assert_eq!(refused(|parts| parts.features[2] = 2), feature);
        assert_eq!(refused(|parts| parts.leaves[7] = 0.2), ForestError::Shares { leaf: 3, sum: 0.9 + 0.2 });
        assert!(matches!(refused(|parts| parts.leaves[0] = f64::NAN), ForestError::Shares { leaf: 0, .. }));
        assert!(matches!(
            refused(|parts| parts.leaves[..2].copy_from_slice(&[-0.5, 1.5])),
            ForestError::Shares { leaf: 0, .. }
        ));
    }

    #[test]
    fn sizes_are_held() {
        assert_eq!(
            refused(|parts| parts.tree_lengths.clear()),
            ForestError::Size { what: "trees", min: 1, max: MAX_TREES, found: 0 }
        );
        assert_eq!(
            refused(|parts| parts.tree_lengths[1] = 0),
            ForestError::Size { what: "nodes of a tree", min: 1, max: MAX_NODES, found: 0 }
        );
        assert_eq!(
            refused(|parts| parts.tree_lengths[1] = 7),
            ForestError::Length { array: "nodes", expected: 12, found: 6 }
        );
        assert_eq!(
            refused(|parts| parts.n_outputs = 0),
            ForestError::Size { what: "numbers per leaf", min: 1, max: MAX_OUTPUTS, found: 0 }
        );
        assert_eq!(
            refused(|parts| parts.n_features = MAX_FEATURES + 1),
            ForestError::Size { what: "features", min: 1, max: MAX_FEATURES, found: MAX_FEATURES + 1 }
        );
    }
}
