//! What was found about embeddings: groups of columns that are compared row by row.

use serde::{Deserialize, Serialize};

use crate::data::{Column, Dataset};
use crate::judge::evidently::{EmbeddingMethod, EmbeddingSettings, judge_embedding};
use crate::stattest::embedding::Embedding;
use crate::stattest::{Current, NotTested, Reference, Tested};

/// What was found about one embedding. It has no part in the share of drifted columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EmbeddingReport {
    /// The embedding's name in the settings.
    pub name: String,
    /// The columns that were compared: those of the settings that both sides have.
    pub columns: Vec<String>,
    /// What Evidently's method finds.
    pub evidently: Tested<EmbeddingOutcome>,
}

impl EmbeddingReport {
    /// What a comparison of profiles says about an embedding.
    pub(super) fn without_rows(name: &str) -> Self {
        let evidently = Tested::NotTested(NotTested::RowsNotKept);
        Self { name: name.to_owned(), columns: Vec::new(), evidently }
    }
}

/// What one of Evidently's methods found in one embedding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EmbeddingOutcome {
    /// The method that was used.
    pub method: EmbeddingMethod,
    /// Its score; large speaks for drift.
    pub score: f64,
    /// Drift above this: the method's threshold, or the quantile of random scores that takes its place.
    pub threshold: f64,
    /// Whether the score is above the threshold.
    pub drifted: bool,
    /// Reference rows that went in, after those with a missing or infinite value were dropped.
    pub n_reference: u64,
    /// Current rows that went in.
    pub n_current: u64,
    /// The seed of a method that draws random numbers, taken from the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What a reader has to know about this result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The reference's columns that embeddings are made of. Profiles sort each column by itself; embeddings need rows.
#[derive(Debug, Clone, Default)]
pub(super) struct ReferenceRows {
    columns: Vec<Column>,
}

impl ReferenceRows {
    /// Keeps the columns that the settings name.
    pub fn of<'a, 'b>(
        settings: impl Iterator<Item = &'b EmbeddingSettings>,
        column: impl Fn(&str) -> Option<&'a Column>,
    ) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        for name in settings.flat_map(|settings| &settings.columns) {
            if columns.iter().all(|kept| kept.name != *name) {
                columns.extend(column(name).cloned());
            }
        }
        Self { columns }
    }

    /// Compares one embedding.
    pub fn compare(&self, name: &str, settings: &EmbeddingSettings, current: &Dataset) -> EmbeddingReport {
        let reference = |name: &String| self.columns.iter().find(|column| column.name == *name);
        // As in Evidently, columns that a side lacks are left out.
        let present =
            settings.columns.iter().filter(|name| reference(name).is_some() && current.column(name).is_some());
        let columns: Vec<String> = present.cloned().collect();
        let both = || {
            let before: Vec<&Column> = columns.iter().filter_map(reference).collect();
            let now: Vec<&Column> = columns.iter().filter_map(|name| current.column(name)).collect();
            if columns.is_empty() {
                let is_known = settings.columns.iter().any(|name| reference(name).is_some());
                return Err(if is_known { NotTested::AbsentInCurrent } else { NotTested::AbsentInReference });
            }
            let (Some(before), Some(now)) = (Embedding::of(&before), Embedding::of(&now)) else {
                return Err(NotTested::NotNumbers);
            };
            judge_embedding(settings.method, Reference(&before), Current(&now))
        };
        EmbeddingReport { name: name.to_owned(), evidently: both().into(), columns }
    }
}
