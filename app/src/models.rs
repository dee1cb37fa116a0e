//! All models at a glance: how each of them is doing, in a line and a sentence. These types are what crosses the wire.

use serde::{Deserialize, Serialize};
use tidemark::judge::Verdict;

use crate::monitor::{Millis, Traffic};

#[cfg(feature = "ssr")]
pub mod standing;

/// All models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Models {
    /// A line each, the worst first; those that are alike by name.
    pub lines: Vec<ModelLine>,
    /// How the worst of them stands.
    pub verdict: Verdict,
    /// How many are how: "1 of 3 models is not fine".
    pub label: String,
    /// What is wrong with the worst.
    pub sentence: String,
}

/// How a model is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelLine {
    /// Its name.
    pub name: String,
    /// What it is: "random forest, 100 trees, classification".
    pub kind: String,
    /// Data and performance together.
    pub verdict: Verdict,
    /// That in a word or two.
    pub label: String,
    /// That in a sentence.
    pub sentence: String,
    /// Since when it is so.
    pub since: Option<Since>,
    /// What it was asked lately.
    pub traffic: Traffic,
    /// What its comparisons found.
    pub drift: Drift,
    /// How well it does.
    pub performance: Told,
    /// Alerts that go on.
    pub n_alerts: u64,
}

/// The beginning of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The first moment that is known of it.
    pub at: Millis,
    /// It may have begun before: nothing older was looked at.
    pub is_open: bool,
}

/// What a model's comparisons found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The latest: "8 of 30 columns"; a dash without one.
    pub words: String,
    /// The id of its report.
    pub report: Option<String>,
    /// The share of drifted columns and the verdict of every comparison, oldest first.
    pub history: Vec<(f64, Verdict)>,
}

/// How well a model does, in a few words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// How it stands.
    pub verdict: Verdict,
    /// That in a word or two.
    pub label: String,
    /// The figure by which it is judged: "ROC AUC 0.971"; a dash without one.
    pub figure: String,
}
