//! Finds the tree ensemble among the nodes, and makes sure that the others only hand things on.

use std::collections::BTreeMap;

use super::OnnxError;
use super::proto::{self, Attribute, Graph, Node};
use crate::forest::Precision;

/// `TensorProto.DataType`
const FLOAT: i64 = 1;
const INT32: i64 = 6;
const INT64: i64 = 7;
const STRING: i64 = 8;
const DOUBLE: i64 = 11;

/// What has to be done, in order.
pub struct Plan<'a> {
    /// The tree ensemble.
    pub node: &'a Node<'a>,
    /// Columns of the input, where the file says so.
    pub n_columns: Option<usize>,
    /// What the ensemble computes with.
    pub precision: Precision,
    /// Whether the exponential of the answer is taken at last.
    pub is_exp: bool,
}

/// What a name in the graph stands for.
#[derive(Clone, Copy, PartialEq)]
enum Tensor {
    /// The rows, in numbers of this type.
    Rows(i64),
    /// Something the ensemble gave.
    Answer,
}

/// Whether the node is a tree ensemble.
fn is_ensemble(node: &Node<'_>) -> bool {
    node.domain == "ai.onnx.ml"
        && ["TreeEnsembleClassifier", "TreeEnsembleRegressor", "TreeEnsemble"].contains(&node.op_type)
}

/// The operator's name for people.
fn name(node: &Node<'_>) -> String {
    let domain = if node.domain.is_empty() { "ai.onnx" } else { node.domain };
    format!("{domain}.{}", node.op_type)
}

/// An attribute of a node, if it is there.
pub fn attribute<'a>(node: &Node<'a>, name: &str) -> Result<Attribute<'a>, OnnxError> {
    let found = node.attributes.iter().find(|(found, _)| *found == name);
    found.map_or(Ok(Attribute::default()), |(_, message)| proto::attribute(*message))
}

fn unsupported<T>(what: impl Into<String>) -> Result<T, OnnxError> {
    Err(OnnxError::Unsupported { what: what.into() })
}

/// Looks the graph over.
pub fn plan<'a>(graph: &'a Graph<'a>) -> Result<Plan<'a>, OnnxError> {
    // First, so that whoever has another model reads what is in the way.
    if let Some(other) = graph.nodes.iter().find(|node| !is_ensemble(node) && !hands_on(node)) {
        return Err(OnnxError::Operator { name: name(other) });
    }
    let ensembles: Vec<&Node<'_>> = graph.nodes.iter().filter(|node| is_ensemble(node)).collect();
    let [node] = ensembles[..] else { return Err(OnnxError::Ensembles { found: ensembles.len() }) };
    let inputs: Vec<_> = graph.inputs.iter().filter(|input| !graph.constants.contains(&input.name)).collect();
    let [input] = inputs[..] else {
        return unsupported(format!("{} inputs instead of one matrix of all features", inputs.len()));
    };

    let mut known = BTreeMap::from([(input.name, Tensor::Rows(input.elem_type))]);
    let (mut precision, mut is_exp) = (None, false);
    for other in &graph.nodes {
        let [taken] = other.inputs[..] else {
            return unsupported(format!("{} of {} inputs", name(other), other.inputs.len()));
        };
        let Some(&tensor) = known.get(taken) else {
            return unsupported(format!("{} of {taken:?}, which no node before it gives", name(other)));
        };
        let given = match (tensor, other.op_type) {
            (Tensor::Rows(kind), _) if is_ensemble(other) => {
                precision = Some(precision_of(kind)?);
                Tensor::Answer
            }
            (tensor, "Identity") => tensor,
            (Tensor::Rows(from), "Cast") => Tensor::Rows(cast_rows(from, cast_to(other)?)?),
            (Tensor::Answer, "Cast") => {
                let to = cast_to(other)?;
                if ![FLOAT, DOUBLE, INT64, STRING].contains(&to) {
                    return unsupported(format!("a Cast of the answer to type {to}"));
                }
                Tensor::Answer
            }
            (Tensor::Answer, "ZipMap") => Tensor::Answer,
            (Tensor::Answer, "Exp") if node.op_type != "TreeEnsembleClassifier" && !is_exp => {
                is_exp = true;
                Tensor::Answer
            }
            _ => return unsupported(format!("{} at this place", name(other))),
        };
        known.extend(other.outputs.iter().map(|output| (*output, given)));
    }
    let precision = precision.ok_or(OnnxError::Absent { what: "tree ensemble that takes the input" })?;
    Ok(Plan { node, n_columns: input.n_columns, precision, is_exp })
}

fn hands_on(node: &Node<'_>) -> bool {
    match node.domain {
        "" | "ai.onnx" => ["Identity", "Cast", "Exp"].contains(&node.op_type),
        "ai.onnx.ml" => node.op_type == "ZipMap",
        _ => false,
    }
}

fn cast_to(node: &Node<'_>) -> Result<i64, OnnxError> {
    attribute(node, "to")?.int.ok_or(OnnxError::Absent { what: "type that a Cast casts to" })
}

/// The type after a cast. A row once rounded to 32 bits stays so; Tidemark rounds in the ensemble or not at all.
fn cast_rows(from: i64, to: i64) -> Result<i64, OnnxError> {
    match (from, to) {
        (FLOAT | DOUBLE | INT32 | INT64, FLOAT) | (DOUBLE | INT32 | INT64, DOUBLE) => Ok(to),
        _ => unsupported(format!("a Cast of the input from type {from} to {to}")),
    }
}

fn precision_of(kind: i64) -> Result<Precision, OnnxError> {
    match kind {
        // Whole numbers are compared as floats.
        FLOAT | INT32 | INT64 => Ok(Precision::Single),
        DOUBLE => Ok(Precision::Double),
        _ => unsupported(format!("an input of type {kind}, which is not numbers")),
    }
}
