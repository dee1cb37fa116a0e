//! The header of format 1, which held forests of class shares, trained here.

use serde::Deserialize;

use super::{ForestHeader, Header, TableHeader};
use crate::forest::Scoring;
use crate::model::{Origin, TrainingRecord};
use crate::schema::Schema;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderV1 {
    name: String,
    target: String,
    classes: Vec<String>,
    schema: Schema,
    importances: Vec<(String, f64)>,
    metrics: Vec<(String, f64)>,
    training: TrainingRecord,
    forest: ForestHeaderV1,
    reference: TableHeader,
    held_out: TableHeader,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForestHeaderV1 {
    n_features: usize,
    n_classes: usize,
    n_trees: usize,
    n_nodes: usize,
    n_shares: usize,
}

/// Reads it as what it is called today.
pub fn header(json: &[u8]) -> serde_json::Result<Header> {
    let old: HeaderV1 = serde_json::from_slice(json)?;
    Ok(Header {
        name: old.name,
        target: old.target,
        classes: old.classes,
        schema: old.schema,
        importances: old.importances,
        metrics: old.metrics,
        origin: Origin::Trained(old.training),
        forest: ForestHeader {
            n_features: old.forest.n_features,
            n_outputs: old.forest.n_classes,
            scoring: Scoring::class_shares(),
            n_trees: old.forest.n_trees,
            n_nodes: old.forest.n_nodes,
            n_numbers: old.forest.n_shares,
            has_missing_left: false,
        },
        reference: old.reference,
        held_out: old.held_out,
    })
}
