//! What the service tells the pages about the model it watches. These types are what crosses the wire.

use serde::{Deserialize, Serialize};
use tidemark::judge::Verdict;
use tidemark::performance::Summary;
use tidemark::performance::estimated::Estimated;
use tidemark::report::DriftReport;

use crate::format::{date, time_of_day};
use crate::timeline::Event;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// Everything the overview page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The model that answers.
    pub model: ModelCard,
    /// The names of all models there are.
    #[serde(default)]
    pub models: Vec<String>,
    /// What it was asked lately.
    pub traffic: Traffic,
    /// The stored comparisons, oldest first; the last one is the latest.
    pub history: Vec<SnapshotHead>,
    /// Since when they have come to the verdict of the latest; `None` where nothing older was looked at.
    pub since: Option<Millis>,
    /// The figure by which the model is judged: "ROC AUC 0.971"; a dash without one.
    pub performance: String,
    /// How it stands by that, in a word or two.
    pub performance_label: String,
    /// What else happened since the first of them, oldest first.
    #[serde(default)]
    pub events: Vec<Event>,
    /// Seconds between two comparisons.
    pub interval_seconds: u64,
    /// The share of drifted columns from which on the data count as drifted, 0 to 1.
    pub share_threshold: f64,
    /// Rows a window needs at least before it is compared.
    pub min_window_rows: u64,
    /// The service's clock when this was put together.
    pub now: Millis,
}

/// A model on one card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// What people call it.
    pub name: String,
    /// First characters of the model file's hash.
    pub version: String,
    /// What it is: "random forest, 100 trees, classification".
    pub kind: String,
    /// The column it predicts.
    pub target: String,
    /// How many features go in.
    pub n_features: u64,
    /// Rows of the reference that came with it; 0 without one.
    pub n_reference: u64,
    /// Figures from the rows that were held out in training: name and value, in order.
    pub metrics: Vec<(String, f64)>,
}

/// What the model was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Traffic {
    /// Predictions in the log.
    pub total: u64,
    /// Predictions per second over the last ten seconds.
    pub per_second: f64,
    /// Predictions in each of the last sixty seconds, oldest first.
    pub last_minute: Vec<u64>,
    /// Of a model of two classes: share of the positive class in the latest window, 0 to 1.
    pub share_positive: Option<f64>,
    /// When the latest prediction was made.
    pub latest: Option<Millis>,
}

/// A stored comparison without its columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotHead {
    /// The address of its page is `/reports/{id}`.
    pub id: String,
    /// When it was made.
    pub created: Millis,
    /// The rows of the log that were compared.
    pub window: Window,
    /// Data drift: share of drifted columns, how many of how many, and whether that is drift.
    pub share_drifted: f64,
    /// Drifted columns.
    pub n_drifted: u64,
    /// Compared columns.
    pub n_columns: u64,
    /// Whether the data drifted as a whole.
    pub data_drifted: bool,
    /// Whether the predictions drifted; `None` without prediction columns.
    pub predictions_drifted: Option<bool>,
    /// The report's sentence.
    pub sentence: String,
}

/// A half-open run of the log, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Position of the first row; the log counts from 1.
    pub first: u64,
    /// Position after the last row.
    pub end: u64,
    /// When the first row was predicted.
    pub from: Millis,
    /// When the last row was predicted.
    pub to: Millis,
}

impl Window {
    /// Rows in the window.
    pub const fn rows(&self) -> u64 {
        self.end - self.first
    }
}

/// A stored comparison, whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What the lists show of it.
    pub head: SnapshotHead,
    /// The report.
    pub report: DriftReport,
    /// The monitor that made it; empty where a person asked.
    #[serde(default)]
    pub monitor: String,
    /// The report of the same monitor before it.
    #[serde(default)]
    pub earlier: Option<String>,
    /// How the model did in its window, by the labels that have come so far.
    #[serde(default)]
    pub performance: Option<Summary>,
    /// What the scores of its window let expect, where that can be said.
    #[serde(default)]
    pub estimated: Vec<Estimated<String>>,
    /// The model.
    #[serde(default)]
    pub model: String,
}

impl SnapshotHead {
    /// When it was made and what it found, in a line: where a moment cannot be shown in the reader's zone.
    pub fn in_words(&self) -> String {
        let (_, verdict) = self.verdict();
        format!("{} {} UTC, {}", date(self.created, 0), time_of_day(self.created, 0), verdict.to_lowercase())
    }

    /// The comparison as a badge says it. Columns that drifted without tipping the whole are not passed over.
    pub fn verdict(&self) -> (Verdict, &'static str) {
        overall(self.data_drifted || self.predictions_drifted == Some(true), self.n_drifted)
    }
}

/// A whole comparison as a badge says it, from whether it drifted and in how many columns.
pub const fn overall(drifted: bool, n_drifted: u64) -> (Verdict, &'static str) {
    match (drifted, n_drifted) {
        (true, _) => (Verdict::Drifted, "Drifted"),
        (false, 0) => (Verdict::Stable, "No drift"),
        (false, _) => (Verdict::Minor, "Some drift"),
    }
}
