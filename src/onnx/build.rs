//! Puts a tree together from nodes that may stand in any order.

use super::OnnxError;
use crate::forest::{ForestParts, LEAF, MAX_NODES, Precision};

/// What a comparison holds the value against the threshold by.
#[derive(Clone, Copy)]
pub enum Mode {
    AtMost,
    Below,
    AtLeast,
    Above,
}

/// A child: an inner node, or the numbers of a leaf.
#[derive(Clone, Copy)]
pub enum Child {
    Node(usize),
    Leaf(usize),
}

/// An inner node.
#[derive(Clone, Copy)]
pub struct Question {
    pub feature: u16,
    pub mode: Mode,
    pub threshold: f64,
    /// Whether a missing value goes where a true answer goes.
    pub missing_is_true: bool,
    pub if_true: Child,
    pub if_false: Child,
}

/// Writes the tree at `root` down, parents before their children.
///
/// `question` looks an inner node up, `leaf` appends a leaf's numbers. `is_reached` has a place for each inner node there
/// is; one that is reached a second time is refused, so that this ends.
pub fn tree(
    parts: &mut ForestParts,
    root: Child,
    is_reached: &mut [bool],
    question: impl Fn(usize) -> Result<Question, OnnxError>,
    leaf: impl Fn(usize, &mut Vec<f64>) -> Result<(), OnnxError>,
) -> Result<(), OnnxError> {
    let number = parts.tree_lengths.len();
    let start = parts.features.len();
    // Nodes in the order they are written; it grows while it is read.
    let mut order = vec![root];
    let mut next = 0;
    while let Some(&child) = order.get(next) {
        next += 1;
        match child {
            Child::Leaf(of) => {
                write(parts, LEAF, 0.0, false, 0);
                leaf(of, &mut parts.leaves)?;
            }
            Child::Node(of) => {
                if std::mem::replace(&mut is_reached[of], true) || start + order.len() > MAX_NODES {
                    return Err(OnnxError::Circle { tree: number });
                }
                let Question { feature, mode, threshold, missing_is_true, if_true, if_false } = question(of)?;
                let below = |threshold: f64| match parts.scoring.precision {
                    Precision::Single => f64::from((threshold as f32).next_down()),
                    Precision::Double => threshold.next_down(),
                };
                // Left is "at or below": x < t is x <= the number before t, x > t is not x <= t, and so on.
                let (threshold, left, right, missing_left) = match mode {
                    Mode::AtMost => (threshold, if_true, if_false, missing_is_true),
                    Mode::Below => (below(threshold), if_true, if_false, missing_is_true),
                    Mode::AtLeast => (below(threshold), if_false, if_true, !missing_is_true),
                    Mode::Above => (threshold, if_false, if_true, !missing_is_true),
                };
                let left_place = order.len() as u32;
                order.extend([left, right]);
                write(parts, feature, threshold, missing_left, left_place);
            }
        }
    }
    parts.tree_lengths.push(order.len() as u32);
    Ok(())
}

fn write(parts: &mut ForestParts, feature: u16, threshold: f64, missing_left: bool, left: u32) {
    parts.features.push(feature);
    parts.thresholds.push(threshold);
    parts.missing_left.push(missing_left);
    parts.lefts.push(left);
    parts.rights.push(left + 1);
}
