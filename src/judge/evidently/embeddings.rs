//! Evidently's drift of embeddings (`EmbeddingsDriftMetric`): methods, defaults and comparison signs.

use serde::{Deserialize, Serialize};

use super::{InvalidSetting, check_share, check_threshold, is_drifted, score};
use crate::data::Column;
use crate::profile::ColumnProfile;
use crate::render::format;
use crate::report::EmbeddingOutcome;
use crate::schema::ColumnType;
use crate::stattest::embedding::{self, Embedding, Scored, mean_distance};
use crate::stattest::{Current, Method, NotTested, Reference};

/// One embedding: its columns, and how it is compared.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct EmbeddingSettings {
    /// The numerical columns that make up the embedding, in order. They are judged one by one, too, unless ignored.
    pub columns: Vec<String>,
    /// The method; a classifier if not given, held against chance when the reference has fewer than 1000 rows.
    pub method: Option<EmbeddingMethod>,
}

/// How embeddings are compared. All of them see drift above their threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum EmbeddingMethod {
    /// How well a classifier tells the sides apart ([`embedding::classifier`]).
    Model {
        /// Drift above this area under the curve.
        #[serde(default = "model_threshold")]
        threshold: f64,
        /// Instead of the threshold: the share of guessing classifiers that has to be beaten.
        #[serde(default)]
        quantile: Option<f64>,
    },
    /// How far the mean embedding moved ([`mean_distance`]).
    Distance {
        /// The measure of distance.
        #[serde(default)]
        metric: mean_distance::Metric,
        /// Drift above this distance.
        #[serde(default = "share_threshold")]
        threshold: f64,
        /// Instead of the threshold: the share of distances between random samples of the reference that has to be
        /// exceeded.
        #[serde(default)]
        quantile: Option<f64>,
    },
    /// The share of components that drifted.
    Ratio {
        /// How a component is tested.
        #[serde(default = "component_method")]
        component_method: Method,
        /// The threshold of a component.
        #[serde(default = "component_threshold")]
        component_threshold: f64,
        /// Drift above this share of drifted components.
        #[serde(default = "share_threshold")]
        threshold: f64,
    },
    /// Maximum mean discrepancy ([`embedding::mmd`]).
    Mmd {
        /// Drift above this.
        #[serde(default = "mmd_threshold")]
        threshold: f64,
        /// Instead of the threshold: the share of discrepancies between random samples of the reference that has to be
        /// exceeded. Evidently's own default is 0.05, by which nearly all unchanged embeddings drift; 0.95 was meant.
        #[serde(default)]
        quantile: Option<f64>,
    },
}

const fn model_threshold() -> f64 {
    0.55
}
const fn share_threshold() -> f64 {
    0.2
}
const fn component_threshold() -> f64 {
    0.1
}
const fn component_method() -> Method {
    Method::Wasserstein
}
const fn mmd_threshold() -> f64 {
    0.015
}

/// A reference of fewer rows than this is compared with chance by default.
const MIN_ROWS_OF_THRESHOLD: usize = 1000;

/// A quantile of random discrepancies below this lets chance pass as drift more often than not.
const LOW_QUANTILE: f64 = 0.5;

impl EmbeddingMethod {
    /// What Evidently takes by itself, by the number of reference rows.
    pub const fn default_for(n_reference: usize) -> Self {
        let quantile = if n_reference < MIN_ROWS_OF_THRESHOLD { Some(0.95) } else { None };
        Self::Model { threshold: model_threshold(), quantile }
    }

    /// Evidently's name.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Model { .. } => "model",
            Self::Distance { .. } => "distance",
            Self::Ratio { .. } => "ratio",
            Self::Mmd { .. } => "mmd",
        }
    }

    /// Drift above this, unless a quantile of random scores takes its place.
    pub const fn threshold(&self) -> f64 {
        match self {
            Self::Model { threshold, .. }
            | Self::Distance { threshold, .. }
            | Self::Ratio { threshold, .. }
            | Self::Mmd { threshold, .. } => *threshold,
        }
    }

    const fn quantile(&self) -> Option<f64> {
        match self {
            Self::Model { quantile, .. } | Self::Distance { quantile, .. } | Self::Mmd { quantile, .. } => *quantile,
            Self::Ratio { .. } => None,
        }
    }
}

impl EmbeddingSettings {
    /// Whether thresholds and quantiles are what a score can be held against.
    pub(super) fn check(&self, name: &str) -> Result<(), InvalidSetting> {
        let Some(method) = &self.method else { return Ok(()) };
        check_threshold(&format!("embeddings[{name}].threshold"), method.threshold())?;
        if let Some(quantile) = method.quantile() {
            check_share(&format!("embeddings[{name}].quantile"), quantile)?;
        }
        match method {
            EmbeddingMethod::Ratio { component_threshold, .. } => {
                check_threshold(&format!("embeddings[{name}].component_threshold"), *component_threshold)
            }
            _ => Ok(()),
        }
    }
}

/// Judges one embedding.
pub(crate) fn judge(
    method: Option<EmbeddingMethod>,
    reference: Reference<&Embedding>,
    current: Current<&Embedding>,
) -> Result<EmbeddingOutcome, NotTested> {
    let (n_reference, n_current) = (reference.0.n() as u64, current.0.n() as u64);
    let method = method.unwrap_or_else(|| EmbeddingMethod::default_for(reference.0.n()));
    let scored = match method {
        EmbeddingMethod::Model { quantile, .. } => embedding::classifier::score(reference, current, quantile)?,
        EmbeddingMethod::Distance { metric, quantile, .. } => {
            mean_distance::score(reference, current, metric, quantile)?
        }
        EmbeddingMethod::Ratio { component_method, component_threshold, .. } => {
            drifted_components(component_method, component_threshold, reference, current)?
        }
        EmbeddingMethod::Mmd { quantile, .. } => embedding::mmd::score(reference, current, quantile)?,
    };
    let threshold = scored.random_quantile.unwrap_or(method.threshold());
    Ok(EmbeddingOutcome {
        method,
        score: scored.score,
        threshold,
        drifted: scored.score > threshold,
        n_reference: scored.n.0,
        n_current: scored.n.1,
        seed: scored.seed,
        note: note(&method, &scored, n_reference, n_current),
    })
}

/// The share of components that drift, each as a numerical column by itself. One that cannot be tested did not drift.
fn drifted_components(
    method: Method,
    threshold: f64,
    reference: Reference<&Embedding>,
    current: Current<&Embedding>,
) -> Result<Scored, NotTested> {
    let (n, m) = (reference.0.n() as u64, current.0.n() as u64);
    if n == 0 || m == 0 {
        return Err(NotTested::Empty { n_reference: n, n_current: m });
    }
    let width = reference.0.width();
    let profile = |side: &Embedding, component| ColumnProfile::of(&Column::fractions("", side.column(component)));
    let n_drifted = (0..width).filter(|&component| {
        let (reference, current) = (profile(reference.0, component), profile(current.0, component));
        let score = score(method, ColumnType::Numerical, Reference(&reference), Current(&current));
        score.is_ok_and(|score| is_drifted(method, score, threshold))
    });
    let score = n_drifted.count() as f64 / width as f64;
    Ok(Scored { score, random_quantile: None, seed: None, n: (n, m) })
}

fn note(method: &EmbeddingMethod, scored: &Scored, n_reference: u64, n_current: u64) -> Option<String> {
    let mut notes = Vec::new();
    if let EmbeddingMethod::Mmd { quantile: Some(quantile), .. } = method
        && *quantile < LOW_QUANTILE
    {
        notes.push(format!(
            "Held against the {} quantile of chance, which most unchanged embeddings exceed.",
            format::number(*quantile)
        ));
    }
    if scored.n.0 < n_reference || scored.n.1 < n_current {
        let [a, b, c, d] = [scored.n.0, n_reference, scored.n.1, n_current].map(format::count);
        notes.push(format!("Looked at {a} of {b} reference and {c} of {d} current rows, drawn at random."));
    }
    (!notes.is_empty()).then(|| notes.join(" "))
}
