//! Checks a forest's parts and lays its nodes out for walking.

use std::ops::Range;

use super::{Forest, ForestError, ForestParts, LEAF, MAX_CLASSES, MAX_DEPTH, MAX_FEATURES, MAX_NODES, MAX_TREES, Node};

/// How far from 1 the sum of a leaf's shares may lie: they come from many tools, some of which compute in `f32`.
const SHARE_TOLERANCE: f64 = 1e-6;

impl Forest {
    /// Checks `parts` and compiles them.
    ///
    /// Afterwards nothing can go wrong: children lie behind their parents and have one parent each, so every walk ends
    /// at a leaf after at most [`MAX_DEPTH`] questions; features and thresholds are usable; shares are shares.
    ///
    /// # Errors
    /// The first thing found that is not so, with its place.
    pub fn new(parts: &ForestParts) -> Result<Self, ForestError> {
        check_sizes(parts)?;
        let mut forest = Self {
            n_features: parts.n_features,
            n_classes: parts.n_classes,
            roots: Vec::with_capacity(parts.tree_lengths.len()),
            nodes: Vec::with_capacity(parts.features.len()),
            shares: Vec::with_capacity(parts.shares.len()),
        };
        let (mut start, mut first_leaf) = (0, 0);
        for (tree, &length) in parts.tree_lengths.iter().enumerate() {
            let tree = TreeParts { number: tree, nodes: start..start + length as usize, first_leaf, parts };
            tree.check_structure()?;
            first_leaf += tree.compile(&mut forest)?;
            start += length as usize;
        }
        Ok(forest)
    }

    /// Writes the forest down again. `Forest::new` of the result is the same forest.
    pub fn to_parts(&self) -> ForestParts {
        let mut parts =
            ForestParts { n_features: self.n_features, n_classes: self.n_classes, ..ForestParts::default() };
        let ends = self.roots.iter().skip(1).copied().chain([self.nodes.len() as u32]);
        for (&root, end) in self.roots.iter().zip(ends) {
            parts.tree_lengths.push(end - root);
            for node in &self.nodes[root as usize..end as usize] {
                let is_leaf = node.feature == LEAF;
                parts.features.push(node.feature);
                parts.thresholds.push(if is_leaf { 0.0 } else { node.value });
                parts.lefts.push(if is_leaf { 0 } else { node.child - root });
                parts.rights.push(if is_leaf { 0 } else { node.child + 1 - root });
            }
        }
        // Leaves are numbered in node order.
        parts.shares.clone_from(&self.shares);
        parts
    }
}

fn check_sizes(parts: &ForestParts) -> Result<(), ForestError> {
    let within = |what, found, min, max| {
        if (min..=max).contains(&found) { Ok(()) } else { Err(ForestError::Size { what, min, max, found }) }
    };
    within("features", parts.n_features, 1, MAX_FEATURES)?;
    within("classes", parts.n_classes, 2, MAX_CLASSES)?;
    within("trees", parts.tree_lengths.len(), 1, MAX_TREES)?;
    let n_nodes = parts.features.len();
    within("nodes", n_nodes, 1, MAX_NODES)?;

    let equals = |array, found, expected| {
        if found == expected { Ok(()) } else { Err(ForestError::Length { array, expected, found }) }
    };
    equals("thresholds", parts.thresholds.len(), n_nodes)?;
    equals("left children", parts.lefts.len(), n_nodes)?;
    equals("right children", parts.rights.len(), n_nodes)?;
    let n_leaves = parts.features.iter().filter(|&&feature| feature == LEAF).count();
    // Saturating: a browser counts in 32 bits.
    equals("class shares", parts.shares.len(), n_leaves.saturating_mul(parts.n_classes))?;
    for &length in &parts.tree_lengths {
        within("nodes of a tree", length as usize, 1, MAX_NODES)?;
    }
    let total = parts.tree_lengths.iter().fold(0_usize, |sum, &length| sum.saturating_add(length as usize));
    equals("nodes", n_nodes, total)
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
    fn check_structure(&self) -> Result<(), ForestError> {
        let (tree, n_nodes) = (self.number, self.nodes.len());
        let mut parents = vec![0_u32; n_nodes];
        let mut depths = vec![0_u16; n_nodes];
        for (node, place) in self.nodes.clone().enumerate() {
            let feature = self.parts.features[place];
            if feature == LEAF {
                continue;
            }
            if usize::from(feature) >= self.parts.n_features {
                let (found, n_features) = (feature, self.parts.n_features);
                return Err(ForestError::Feature { tree, node, found, n_features });
            }
            if !self.parts.thresholds[place].is_finite() {
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
        orphan_or_shared.map_or(Ok(()), |node| Err(ForestError::Parents { tree, node, found: parents[node] }))
    }

    /// Appends the tree to `forest`, level by level with siblings side by side, and returns the number of its leaves.
    fn compile(&self, forest: &mut Forest) -> Result<usize, ForestError> {
        let n_classes = self.parts.n_classes;
        // Where each leaf of the parts has its shares.
        let mut leaf_numbers = vec![0; self.nodes.len()];
        let mut n_leaves = 0;
        for (number, place) in leaf_numbers.iter_mut().zip(self.nodes.clone()) {
            if self.parts.features[place] == LEAF {
                *number = self.first_leaf + n_leaves;
                n_leaves += 1;
            }
        }
        let root = forest.nodes.len();
        forest.roots.push(root as u32);
        // Nodes of the parts in the new order; it grows while it is read.
        let mut order = Vec::with_capacity(self.nodes.len());
        order.push(0_usize);
        let mut next = 0;
        while let Some(&node) = order.get(next) {
            next += 1;
            let place = self.nodes.start + node;
            let feature = self.parts.features[place];
            if feature == LEAF {
                let leaf = leaf_numbers[node];
                let shares = &self.parts.shares[leaf * n_classes..][..n_classes];
                check_shares(leaf, shares)?;
                let child = (forest.shares.len() / n_classes) as u32;
                forest.shares.extend_from_slice(shares);
                forest.nodes.push(Node { value: shares[n_classes - 1], child, feature });
            } else {
                let child = (root + order.len()) as u32;
                order.extend([self.parts.lefts[place] as usize, self.parts.rights[place] as usize]);
                forest.nodes.push(Node { value: self.parts.thresholds[place], child, feature });
            }
        }
        Ok(n_leaves)
    }
}

fn check_shares(leaf: usize, shares: &[f64]) -> Result<(), ForestError> {
    let sum: f64 = shares.iter().sum();
    let are_shares = shares.iter().all(|share| (0.0..=1.0).contains(share));
    // Negated, so that a sum that is no number is refused too.
    if are_shares && (sum - 1.0).abs() <= SHARE_TOLERANCE { Ok(()) } else { Err(ForestError::Shares { leaf, sum }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x0 <= 1 ? (x1 <= 5 ? A : B) : C, and a second tree that is one leaf.
    fn parts() -> ForestParts {
        ForestParts {
            n_features: 2,
            n_classes: 2,
            tree_lengths: vec![5, 1],
            features: vec![0, LEAF, 1, LEAF, LEAF, LEAF],
            thresholds: vec![1.0, 0.0, 5.0, 0.0, 0.0, 0.0],
            lefts: vec![2, 0, 3, 0, 0, 0],
            rights: vec![1, 0, 4, 0, 0, 0],
            shares: vec![0.0, 1.0, 0.75, 0.25, 0.5, 0.5, 0.9, 0.1],
        }
    }

    #[test]
    fn parts_come_back_siblings_side_by_side() {
        let forest = Forest::new(&parts()).expect("these parts are sound");
        let written = forest.to_parts();
        assert_eq!(written.features, [0, 1, LEAF, LEAF, LEAF, LEAF]);
        assert_eq!(written.lefts, [1, 3, 0, 0, 0, 0]);
        assert_eq!(written.rights, [2, 4, 0, 0, 0, 0]);
        assert_eq!(written.shares, [0.0, 1.0, 0.75, 0.25, 0.5, 0.5, 0.9, 0.1]);
        assert_eq!(Forest::new(&written), Ok(forest));
    }

    #[test]
    fn a_node_takes_sixteen_bytes() {
        assert_eq!(size_of::<Node>(), 16);
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
            ForestError::Length { array: "class shares", expected: 10, found: 8 }
        });
    }

    #[test]
    fn a_node_no_parent_leads_to_is_refused() {
        let mut parts = parts();
        parts.features[2] = LEAF;
        parts.shares.extend([0.5, 0.5]);
        assert_eq!(Forest::new(&parts), Err(ForestError::Parents { tree: 0, node: 3, found: 0 }));
    }

    #[test]
    fn a_chain_is_accepted_up_to_the_greatest_depth() {
        let chain = |depth: u32| {
            let mut parts = ForestParts { n_features: 1, n_classes: 2, ..ForestParts::default() };
            for level in 0..depth {
                parts.features.extend([0, LEAF]);
                parts.lefts.extend([2 * level + 1, 0]);
                parts.rights.extend([2 * level + 2, 0]);
            }
            parts.features.push(LEAF);
            parts.lefts.push(0);
            parts.rights.push(0);
            parts.thresholds = vec![0.0; parts.features.len()];
            parts.shares = [0.5, 0.5].repeat(depth as usize + 1);
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
        assert_eq!(refused(|parts| parts.thresholds[2] = f64::INFINITY), threshold);
        let feature = ForestError::Feature { tree: 0, node: 2, found: 2, n_features: 2 };
        assert_eq!(refused(|parts| parts.features[2] = 2), feature);
        assert_eq!(refused(|parts| parts.shares[7] = 0.2), ForestError::Shares { leaf: 3, sum: 0.9 + 0.2 });
        assert!(matches!(refused(|parts| parts.shares[0] = f64::NAN), ForestError::Shares { leaf: 0, .. }));
        assert!(matches!(
            refused(|parts| parts.shares[..2].copy_from_slice(&[-0.5, 1.5])),
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
            refused(|parts| parts.n_classes = 1),
            ForestError::Size { what: "classes", min: 2, max: MAX_CLASSES, found: 1 }
        );
        assert_eq!(
            refused(|parts| parts.n_features = MAX_FEATURES + 1),
            ForestError::Size { what: "features", min: 1, max: MAX_FEATURES, found: MAX_FEATURES + 1 }
        );
    }
}
