//! The attributes of the tree operators, as a forest.
//!
//! What an attribute means where the standard leaves it open is read from onnxruntime 1.32
//! (`tree_ensemble_common.h`, `tree_ensemble_aggregator.h`, `ml_common.h`) and held against it by the tests.

use super::OnnxError;
use super::build::{self, Child, Mode, Question};
use super::graph::{Plan, attribute};
use super::proto::{self, Attribute};
use crate::forest::{
    Aggregate, Decision, ForestError, ForestParts, MAX_FEATURES, MAX_LEAF_NUMBERS, MAX_OUTPUTS, MAX_TREES, Precision,
    Scoring, Task, Transform,
};

fn unsupported<T>(what: impl Into<String>) -> Result<T, OnnxError> {
    Err(OnnxError::Unsupported { what: what.into() })
}

/// The forest's parts, and the names of its classes.
pub fn parts(plan: &Plan<'_>) -> Result<(ForestParts, Vec<String>), OnnxError> {
    match plan.node.op_type {
        "TreeEnsembleClassifier" => classifier(plan),
        "TreeEnsembleRegressor" => regressor(plan),
        _ => ensemble(plan),
    }
}

/// A list of whole numbers.
fn ints(plan: &Plan<'_>, name: &'static str) -> Result<Vec<i64>, OnnxError> {
    Ok(attribute(plan.node, name)?.ints)
}

/// A list of floats, or the tensor that may stand in its place.
fn numbers(plan: &Plan<'_>, floats: &'static str, tensor: &'static str) -> Result<Vec<f64>, OnnxError> {
    let Attribute { floats, .. } = attribute(plan.node, floats)?;
    if !floats.is_empty() {
        return Ok(floats.into_iter().map(f64::from).collect());
    }
    match attribute(plan.node, tensor)?.tensor {
        Some(tensor) => Ok(proto::tensor(tensor)?.0),
        None => Ok(Vec::new()),
    }
}

fn check_length(attribute: &'static str, found: usize, expected: usize) -> Result<(), OnnxError> {
    if found == expected { Ok(()) } else { Err(OnnxError::Length { attribute, expected, found }) }
}

/// Before anything is done for each tree.
fn check_trees(found: usize) -> Result<(), OnnxError> {
    let error = ForestError::Size { what: "trees", min: 1, max: MAX_TREES, found };
    if (1..=MAX_TREES).contains(&found) { Ok(()) } else { Err(OnnxError::Forest(error)) }
}

fn transform(name: &str) -> Result<Transform, OnnxError> {
    match name {
        "NONE" | "" => Ok(Transform::None),
        "LOGISTIC" => Ok(Transform::Logistic),
        "SOFTMAX" => Ok(Transform::Softmax),
        "SOFTMAX_ZERO" => Ok(Transform::SoftmaxZero),
        "PROBIT" => Ok(Transform::Probit),
        other => unsupported(format!("the post_transform {other:?}")),
    }
}

/// The nodes of the operators of ai.onnx.ml 1 and 3, as they stand in the file.
struct Nodes<'a> {
    trees: Vec<i64>,
    ids: Vec<i64>,
    features: Vec<i64>,
    modes: Vec<&'a str>,
    thresholds: Vec<f64>,
    if_true: Vec<i64>,
    if_false: Vec<i64>,
    missing_is_true: Vec<i64>,
}

impl<'a> Nodes<'a> {
    fn read(plan: &Plan<'a>) -> Result<Self, OnnxError> {
        let nodes = Self {
            trees: ints(plan, "nodes_treeids")?,
            ids: ints(plan, "nodes_nodeids")?,
            features: ints(plan, "nodes_featureids")?,
            modes: attribute(plan.node, "nodes_modes")?.texts,
            thresholds: numbers(plan, "nodes_values", "nodes_values_as_tensor")?,
            if_true: ints(plan, "nodes_truenodeids")?,
            if_false: ints(plan, "nodes_falsenodeids")?,
            missing_is_true: ints(plan, "nodes_missing_value_tracks_true")?,
        };
        let n = nodes.trees.len();
        check_length("nodes_nodeids", nodes.ids.len(), n)?;
        check_length("nodes_featureids", nodes.features.len(), n)?;
        check_length("nodes_modes", nodes.modes.len(), n)?;
        check_length("nodes_values", nodes.thresholds.len(), n)?;
        check_length("nodes_truenodeids", nodes.if_true.len(), n)?;
        check_length("nodes_falsenodeids", nodes.if_false.len(), n)?;
        Ok(nodes)
    }

    /// Features there are: as many columns as the input says, or as the nodes ask about.
    fn n_features(&self, plan: &Plan<'_>) -> Result<usize, OnnxError> {
        let inner = self.features.iter().zip(&self.modes).enumerate().filter(|(_, (_, mode))| **mode != "LEAF");
        n_features(plan, inner.map(|(entry, (feature, _))| (entry, *feature)))
    }

    /// Where each tree's nodes lie. They stand together.
    fn trees(&self) -> Result<Vec<std::ops::Range<usize>>, OnnxError> {
        let mut ranges: Vec<std::ops::Range<usize>> = Vec::new();
        for (place, tree) in self.trees.iter().enumerate() {
            match ranges.last_mut() {
                Some(last) if self.trees[last.start] == *tree => last.end = place + 1,
                _ => ranges.push(place..place + 1),
            }
        }
        check_trees(ranges.len())?;
        let mut seen: Vec<i64> = ranges.iter().map(|range| self.trees[range.start]).collect();
        seen.sort_unstable();
        if seen.windows(2).any(|pair| pair[0] == pair[1]) {
            return unsupported("a tree whose nodes do not stand together");
        }
        Ok(ranges)
    }

    fn question(
        &self,
        place: usize,
        child: impl Fn(&'static str, usize, i64) -> Result<Child, OnnxError>,
    ) -> Result<Question, OnnxError> {
        let mode = match self.modes[place] {
            "BRANCH_LEQ" => Mode::AtMost,
            "BRANCH_LT" => Mode::Below,
            "BRANCH_GTE" => Mode::AtLeast,
            "BRANCH_GT" => Mode::Above,
            other => {
                return unsupported(format!("the mode {other:?} of node {place}; thresholds are compared by order"));
            }
        };
        Ok(Question {
            // In range: the features were counted.
            feature: self.features[place] as u16,
            mode,
            threshold: self.thresholds[place],
            missing_is_true: self.missing_is_true.get(place) == Some(&1),
            if_true: child("nodes_truenodeids", place, self.if_true[place])?,
            if_false: child("nodes_falsenodeids", place, self.if_false[place])?,
        })
    }

    /// Writes all trees down; `weights` are those of the leaves.
    fn write(&self, parts: &mut ForestParts, weights: &Weights) -> Result<(), OnnxError> {
        for range in self.trees()? {
            let mut places: Vec<(i64, usize)> = range.clone().map(|place| (self.ids[place], place)).collect();
            places.sort_unstable();
            if let Some(pair) = places.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err(OnnxError::Reference { attribute: "nodes_nodeids", entry: pair[1].1, found: pair[1].0 });
            }
            let at = |place: usize| match self.modes[place] {
                "LEAF" => Child::Leaf(place),
                _ => Child::Node(place - range.start),
            };
            let child = |attribute, entry, found: i64| {
                let index = places.binary_search_by_key(&found, |(id, _)| *id);
                index.map(|index| at(places[index].1)).map_err(|_absent| OnnxError::Reference {
                    attribute,
                    entry,
                    found,
                })
            };
            let question = |node: usize| self.question(range.start + node, child);
            let leaf =
                |place: usize, to: &mut Vec<f64>| weights.append((self.trees[place], self.ids[place]), place, to);
            build::tree(parts, at(range.start), &mut vec![false; range.len()], question, leaf)?;
        }
        Ok(())
    }
}

fn n_features(plan: &Plan<'_>, asked: impl Iterator<Item = (usize, i64)>) -> Result<usize, OnnxError> {
    let most = plan.n_columns.unwrap_or(MAX_FEATURES).min(MAX_FEATURES);
    let mut needed = 1;
    for (entry, found) in asked {
        match usize::try_from(found) {
            Ok(feature) if feature < most => needed = needed.max(feature + 1),
            _ => return Err(OnnxError::Reference { attribute: "nodes_featureids", entry, found }),
        }
    }
    Ok(plan.n_columns.unwrap_or(needed))
}

/// The numbers of the leaves, in the order of their trees and nodes.
struct Weights {
    /// Tree, node, output and number.
    entries: Vec<((i64, i64), usize, f64)>,
    n_outputs: usize,
    /// Whether no number is below zero.
    are_all_positive: bool,
}

impl Weights {
    fn read(plan: &Plan<'_>, of: [&'static str; 5], n_outputs: usize) -> Result<Self, OnnxError> {
        let [trees, nodes, outputs, floats, tensor] = of;
        let (tree_ids, node_ids, output_ids) = (ints(plan, trees)?, ints(plan, nodes)?, ints(plan, outputs)?);
        let numbers = numbers(plan, floats, tensor)?;
        let n = tree_ids.len();
        check_length(nodes, node_ids.len(), n)?;
        check_length(outputs, output_ids.len(), n)?;
        check_length(floats, numbers.len(), n)?;
        let mut entries = Vec::with_capacity(n);
        for entry in 0..n {
            let found = output_ids[entry];
            let output = usize::try_from(found).ok().filter(|output| *output < n_outputs);
            let output = output.ok_or(OnnxError::Reference { attribute: outputs, entry, found })?;
            entries.push(((tree_ids[entry], node_ids[entry]), output, numbers[entry]));
        }
        entries.sort_by_key(|(leaf, output, _)| (*leaf, *output));
        if entries.windows(2).any(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1)) {
            return unsupported("a leaf that has two numbers for one class or target");
        }
        Ok(Self { entries, n_outputs, are_all_positive: numbers.iter().all(|number| *number >= 0.0) })
    }

    /// Appends the numbers of a leaf, 0 where it has none.
    fn append(&self, leaf: (i64, i64), place: usize, to: &mut Vec<f64>) -> Result<(), OnnxError> {
        let first = self.entries.partition_point(|(found, _, _)| *found < leaf);
        let entries = self.entries[first..].iter().take_while(|(found, _, _)| *found == leaf);
        let start = to.len();
        let found = start + self.n_outputs;
        if found > MAX_LEAF_NUMBERS {
            let what = "numbers in all leaves";
            return Err(OnnxError::Forest(ForestError::Size { what, min: 0, max: MAX_LEAF_NUMBERS, found }));
        }
        to.resize(start + self.n_outputs, 0.0);
        let mut n_found = 0;
        for (_, output, number) in entries {
            to[start + output] = *number;
            n_found += 1;
        }
        if n_found > 0 {
            Ok(())
        } else {
            Err(OnnxError::Reference { attribute: "leaves without a number", entry: place, found: leaf.1 })
        }
    }

    /// Whether each output gets a number whatever the row: some tree has one for it in all of its leaves.
    fn are_all_scored(&self, nodes: &Nodes<'_>) -> Result<bool, OnnxError> {
        let mut is_scored = vec![false; self.n_outputs];
        for range in nodes.trees()? {
            let n_leaves = range.clone().filter(|place| nodes.modes[*place] == "LEAF").count();
            let tree = nodes.trees[range.start];
            let first = self.entries.partition_point(|(leaf, _, _)| leaf.0 < tree);
            let mut counts = vec![0; self.n_outputs];
            self.entries[first..]
                .iter()
                .take_while(|(leaf, _, _)| leaf.0 == tree)
                .for_each(|(_, output, _)| counts[*output] += 1);
            is_scored.iter_mut().zip(counts).for_each(|(is_scored, count)| *is_scored |= count == n_leaves);
        }
        Ok(is_scored.into_iter().all(|is_scored| is_scored))
    }
}

/// `TreeEnsembleClassifier`.
fn classifier(plan: &Plan<'_>) -> Result<(ForestParts, Vec<String>), OnnxError> {
    let nodes = Nodes::read(plan)?;
    let texts = attribute(plan.node, "classlabels_strings")?.texts;
    let labels = attribute(plan.node, "classlabels_int64s")?.ints;
    let is_numbered_from_0 = texts.is_empty() && labels.iter().zip(0..).all(|(label, class)| *label == class);
    let classes: Vec<String> = match texts[..] {
        [] => labels.iter().map(i64::to_string).collect(),
        _ => texts.iter().map(|text| (*text).to_owned()).collect(),
    };
    if !(2..=MAX_OUTPUTS).contains(&classes.len()) {
        return unsupported(format!("a classification with {} classes", classes.len()));
    }
    let names = ["class_treeids", "class_nodeids", "class_ids", "class_weights", "class_weights_as_tensor"];
    let mut weights = Weights::read(plan, names, classes.len())?;
    let given = transform(attribute(plan.node, "post_transform")?.text.unwrap_or_default())?;
    let base = numbers(plan, "base_values", "base_values_as_tensor")?;

    let is_binary = classes.len() == 2;
    let one_output = weights.entries.first().map(|(_, output, _)| *output);
    let has_one_output = is_binary && weights.entries.iter().all(|(_, output, _)| Some(*output) == one_output);
    let (decision, transform) = if has_one_output {
        // What is written for the first class is the second one's number.
        if one_output != Some(0) {
            return unsupported("two classes with numbers for the second alone");
        }
        weights.n_outputs = 1;
        match given {
            Transform::Probit => return unsupported("the post_transform PROBIT of two classes with one number"),
            _ => {
                // Numbers that are never below zero are taken for shares when the class is decided.
                let threshold = if weights.are_all_positive { 0.5 } else { 0.0 };
                let is_logistic = given == Transform::Logistic;
                (Decision::LastAbove(threshold), if is_logistic { given } else { Transform::None })
            }
        }
    } else if is_binary {
        if !base.is_empty() {
            return unsupported("base values for two classes with a number each");
        }
        if texts.is_empty() && !is_numbered_from_0 {
            return unsupported("two classes with a number each that are not called 0 and 1");
        }
        (Decision::LastAbove(0.0), given)
    } else {
        (Decision::Largest, given)
    };
    if !base.is_empty() {
        check_length("base_values", base.len(), weights.n_outputs)?;
    } else if weights.n_outputs > 1 && !weights.are_all_positive && !weights.are_all_scored(&nodes)? {
        return unsupported("classes that get no number from some rows");
    }
    let scoring = Scoring {
        task: Task::Classification,
        precision: plan.precision,
        aggregate: Aggregate::Sum,
        base,
        transform,
        decision,
    };
    let n_features = nodes.n_features(plan)?;
    let mut parts = ForestParts { n_features, n_outputs: weights.n_outputs, scoring, ..ForestParts::default() };
    nodes.write(&mut parts, &weights)?;
    Ok((parts, classes))
}

/// How a regression with one target is scored.
fn regression(
    plan: &Plan<'_>,
    n_targets: Option<i64>,
    aggregate: Aggregate,
    given: Transform,
    base: Vec<f64>,
) -> Result<Scoring, OnnxError> {
    if n_targets != Some(1) {
        return unsupported(format!("{} targets instead of one", n_targets.unwrap_or(0)));
    }
    if !base.is_empty() {
        check_length("base_values", base.len(), 1)?;
    }
    let transform = match (given, plan.is_exp) {
        (Transform::None, true) => Transform::Exp,
        (Transform::None | Transform::Probit, false) => given,
        // onnxruntime leaves the others out where there is one target.
        _ => return unsupported(format!("the post_transform {given:?} of one target")),
    };
    Ok(Scoring { task: Task::Regression, precision: plan.precision, aggregate, base, transform, ..Scoring::default() })
}

/// `TreeEnsembleRegressor`.
fn regressor(plan: &Plan<'_>) -> Result<(ForestParts, Vec<String>), OnnxError> {
    let nodes = Nodes::read(plan)?;
    let aggregate = match attribute(plan.node, "aggregate_function")?.text.unwrap_or("SUM") {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Min,
        "MAX" => Aggregate::Max,
        other => return unsupported(format!("the aggregate_function {other:?}")),
    };
    let given = transform(attribute(plan.node, "post_transform")?.text.unwrap_or_default())?;
    let base = numbers(plan, "base_values", "base_values_as_tensor")?;
    let scoring = regression(plan, attribute(plan.node, "n_targets")?.int, aggregate, given, base)?;
    let names = ["target_treeids", "target_nodeids", "target_ids", "target_weights", "target_weights_as_tensor"];
    let weights = Weights::read(plan, names, 1)?;
    let n_features = nodes.n_features(plan)?;
    let mut parts = ForestParts { n_features, n_outputs: 1, scoring, ..ForestParts::default() };
    nodes.write(&mut parts, &weights)?;
    Ok((parts, Vec::new()))
}

/// `TreeEnsemble` of ai.onnx.ml 5, with one target.
fn ensemble(plan: &Plan<'_>) -> Result<(ForestParts, Vec<String>), OnnxError> {
    let tensor = |name| attribute(plan.node, name)?.tensor.ok_or(OnnxError::Absent { what: name });
    let (thresholds, are_doubles) = proto::tensor(tensor("nodes_splits")?)?;
    let (modes, _) = proto::tensor(tensor("nodes_modes")?)?;
    let (weights, _) = proto::tensor(tensor("leaf_weights")?)?;
    if are_doubles != (plan.precision == Precision::Double) {
        return unsupported("thresholds of another type than the input");
    }
    let features = ints(plan, "nodes_featureids")?;
    let (if_true, is_true_leaf) = (ints(plan, "nodes_truenodeids")?, ints(plan, "nodes_trueleafs")?);
    let (if_false, is_false_leaf) = (ints(plan, "nodes_falsenodeids")?, ints(plan, "nodes_falseleafs")?);
    let missing_is_true = ints(plan, "nodes_missing_value_tracks_true")?;
    let targets = ints(plan, "leaf_targetids")?;
    let n = thresholds.len();
    check_length("nodes_modes", modes.len(), n)?;
    check_length("nodes_featureids", features.len(), n)?;
    check_length("nodes_truenodeids", if_true.len(), n)?;
    check_length("nodes_trueleafs", is_true_leaf.len(), n)?;
    check_length("nodes_falsenodeids", if_false.len(), n)?;
    check_length("nodes_falseleafs", is_false_leaf.len(), n)?;
    check_length("leaf_targetids", targets.len(), weights.len())?;

    let aggregate = match attribute(plan.node, "aggregate_function")?.int.unwrap_or(1) {
        0 => Aggregate::Average,
        1 => Aggregate::Sum,
        2 => Aggregate::Min,
        3 => Aggregate::Max,
        other => return unsupported(format!("the aggregate_function {other}")),
    };
    let given = match attribute(plan.node, "post_transform")?.int.unwrap_or(0) {
        0 => Transform::None,
        1 => Transform::Softmax,
        2 => Transform::Logistic,
        3 => Transform::SoftmaxZero,
        4 => Transform::Probit,
        other => return unsupported(format!("the post_transform {other}")),
    };
    let scoring = regression(plan, attribute(plan.node, "n_targets")?.int, aggregate, given, Vec::new())?;
    if let Some((entry, found)) = targets.iter().enumerate().find(|(_, target)| **target != 0) {
        return Err(OnnxError::Reference { attribute: "leaf_targetids", entry, found: *found });
    }

    let child = |attribute, entry: usize, found: i64, is_leaf: bool| {
        let place = usize::try_from(found).ok().filter(|place| *place < if is_leaf { weights.len() } else { n });
        let place = place.ok_or(OnnxError::Reference { attribute, entry, found })?;
        Ok::<_, OnnxError>(if is_leaf { Child::Leaf(place) } else { Child::Node(place) })
    };
    let question = |place: usize| {
        let mode = match modes[place] as u8 {
            0 => Mode::AtMost,
            1 => Mode::Below,
            2 => Mode::AtLeast,
            3 => Mode::Above,
            other => return unsupported(format!("the mode {other} of node {place}; thresholds are compared by order")),
        };
        Ok(Question {
            feature: features[place] as u16,
            mode,
            threshold: thresholds[place],
            missing_is_true: missing_is_true.get(place) == Some(&1),
            if_true: child("nodes_truenodeids", place, if_true[place], is_true_leaf[place] == 1)?,
            if_false: child("nodes_falsenodeids", place, if_false[place], is_false_leaf[place] == 1)?,
        })
    };
    let leaf = |place: usize, to: &mut Vec<f64>| {
        to.push(weights[place]);
        Ok(())
    };
    let n_features = n_features(plan, features.iter().copied().enumerate())?;
    let mut parts = ForestParts { n_features, n_outputs: 1, scoring, ..ForestParts::default() };
    let roots = ints(plan, "tree_roots")?;
    check_trees(roots.len())?;
    // A node is part of one tree.
    let mut is_reached = vec![false; n];
    for (entry, root) in roots.into_iter().enumerate() {
        let root = child("tree_roots", entry, root, false)?;
        build::tree(&mut parts, root, &mut is_reached, question, leaf)?;
    }
    Ok((parts, Vec::new()))
}
