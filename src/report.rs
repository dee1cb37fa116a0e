//! The drift report: what a comparison found, in the order of the schema, ready to store, send and show.
//!
//! Every type here is the wire type too. Numbers are finite, counts are fixed-width, and nothing has an order that
//! depends on a hash: the same inputs, settings and version give the same bytes.

use serde::{Deserialize, Serialize};

use crate::judge::nannyml::{ColumnChunks, ReportChunks};
use crate::judge::{Calibrated, Judge, Settings, Verdict};
use crate::multivariate::MultivariateReport;
use crate::schema::{ColumnRole, ColumnSpec, ColumnType, Schema};
use crate::stattest::{TestOutcome, Tested};

mod by_column;
mod compare;
pub mod cumulative;
mod datetime;
mod difference;
mod distribution;
mod embeddings;
mod from_counts;
mod group;
#[cfg(test)]
mod json_schema;
pub mod over_time;
mod sentence;
pub mod what_if;

pub use by_column::{ByColumn, ByColumnError, ColumnSource, compare_by_column};
pub use compare::{
    FittedReference, OnProgress, Profiled, Progress, Source, compare, compare_profiles, compare_with_progress,
};
pub use datetime::{DatetimeReport, DatetimeSide, Gap, RateBlocks, Reading};
pub use difference::{ColumnDifference, Difference};
pub use distribution::{Bin, CategoryShare, Distribution};
pub use embeddings::{EmbeddingOutcome, EmbeddingReport};
pub use from_counts::{Counted, NeedsRows, compare_counts};

/// Version of the report's JSON. It grows when a field changes its meaning or goes; new fields do not change it.
pub const SCHEMA_VERSION: u32 = 1;

/// The JSON Schema of [`DriftReport`], draft 2020-12: the text of `docs/report.schema.json`.
pub const JSON_SCHEMA: &str = include_str!("../docs/report.schema.json");

/// What one comparison of a reference with current data found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct DriftReport {
    /// Version of this JSON ([`SCHEMA_VERSION`]).
    pub schema_version: u32,
    /// Version of Tidemark that made the report.
    pub tidemark_version: String,
    /// The settings that led to the verdicts, the leading judge among them.
    pub settings: Settings,
    /// The data that the current data were held against.
    pub reference: Input,
    /// The data under examination.
    pub current: Input,
    /// The verdict over the features (and the target where it is known): data drift.
    pub data: GroupVerdict,
    /// The verdict over the model's outputs: prediction drift. `None` without prediction columns.
    pub predictions: Option<GroupVerdict>,
    /// The whole in one plain English sentence.
    pub sentence: String,
    /// One entry per compared column, in schema order.
    pub columns: Vec<ColumnReport>,
    /// One entry per embedding of the settings, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub embeddings: Vec<EmbeddingReport>,
    /// What all columns taken together say, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multivariate: Option<MultivariateReport>,
    /// Both sides' data in numbers, as far as the settings ask for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<crate::quality::QualityReport>,
    /// What came of a file of expectations that the current data were checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expectations: Option<crate::expectations::CheckReport>,
    /// The chunks that the nannyml judge looked at; `None` where it was not asked, or could not split the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunks: Option<ReportChunks>,
}

impl DriftReport {
    /// The columns of one side of the report: features and targets, or (with `predictions`) the model's outputs.
    pub fn group(&self, predictions: bool) -> impl Iterator<Item = &ColumnReport> {
        self.columns.iter().filter(move |column| (column.role == ColumnRole::Prediction) == predictions)
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnReport> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The schema that the report was made by: its columns, their types and what they are for.
    pub fn schema(&self) -> Schema {
        let spec = |column: &ColumnReport| ColumnSpec {
            name: column.name.clone(),
            column_type: column.column_type,
            role: column.role,
            is_declared: false,
        };
        Schema { columns: self.columns.iter().map(spec).collect() }
    }

    /// The verdict of `column` under the judge that leads this report.
    pub fn verdict(&self, column: &ColumnReport) -> Verdict {
        column.verdict(self.settings.judge)
    }

    /// The verdict over the predictions, or over everything else, under either judge.
    pub fn group_verdict(&self, predictions: bool, judge: Judge) -> GroupVerdict {
        GroupVerdict::of(&self.columns, &self.settings, judge, predictions)
    }

    /// Whether data or predictions drifted as a whole, under the leading judge, or the columns taken together did.
    pub fn is_drifted(&self) -> bool {
        self.data.drifted
            || self.predictions.as_ref().is_some_and(|group| group.drifted)
            || self.multivariate.as_ref().is_some_and(|multivariate| multivariate.drifted)
    }
}

/// One of the two data sets that were compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Input {
    /// What a person calls it: a file name, or a window of the log.
    pub label: String,
    /// Rows, before anything was dropped.
    pub rows: u64,
    /// SHA-256 of the bytes that were read, in lower-case hex, where there was a file.
    pub sha256: Option<String>,
}

/// The verdict over several columns, under the report's leading judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct GroupVerdict {
    /// Columns in the group.
    pub n_columns: u64,
    /// Columns that could be tested.
    pub n_tested: u64,
    /// Columns with the verdict `drifted`.
    pub n_drifted: u64,
    /// `n_drifted / n_columns`, 0 to 1; 0 for an empty group.
    pub share_drifted: f64,
    /// The share from which on the group counts as drifted.
    pub share_threshold: f64,
    /// Whether the group drifted as a whole: the share of importance that drifted, where it is known and the calibrated judge
    /// leads, else `share_drifted`, is at least `share_threshold`.
    pub drifted: bool,
    /// The drifted features' share of the importance of all features in the group, 0 to 1, where the model's importance of
    /// every one of them is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance_drifted: Option<f64>,
}

/// What was found about one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ColumnReport {
    /// The column's name, as in the header.
    pub name: String,
    /// What the column is for.
    pub role: ColumnRole,
    /// What the values are, decided by the schema (which the reference taught).
    pub column_type: ColumnType,
    /// The reference side in numbers.
    pub reference: SideSummary,
    /// The current side in numbers.
    pub current: SideSummary,
    /// What Evidently 0.7 decides, digit for digit.
    pub evidently: Tested<TestOutcome>,
    /// What the calibrated judge decides.
    pub calibrated: Calibrated,
    /// A sentence, where the two judges disagree.
    pub why_they_differ: Option<String>,
    /// How much the model relies on the column, 0 to 1 over all features, where a model is known.
    pub importance: Option<f64>,
    /// Both sides' distributions over common bins or categories.
    pub distribution: Distribution,
    /// Span, gaps, hours and weekdays, where the column holds moments and both sides have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datetime: Option<Box<DatetimeReport>>,
    /// What NannyML 0.13 decides, chunk by chunk; `None` where nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nannyml: Option<ColumnChunks>,
}

impl ColumnReport {
    /// The effect of the leading test under the calibrated judge, where there was one.
    pub fn effect(&self) -> Option<f64> {
        self.calibrated.leading().ok().map(|test| test.effect.value)
    }

    /// The verdict under `judge`. Evidently and NannyML know only `drifted`, `stable` and `not_tested`; NannyML, which was
    /// not asked, has tested nothing.
    pub fn verdict(&self, judge: Judge) -> Verdict {
        match judge {
            Judge::Calibrated => self.calibrated.verdict,
            Judge::Evidently => match &self.evidently {
                Tested::Tested(outcome) if outcome.drifted => Verdict::Drifted,
                Tested::Tested(_) => Verdict::Stable,
                Tested::NotTested(_) => Verdict::NotTested,
            },
            Judge::Nannyml => self.nannyml.as_ref().map_or(Verdict::NotTested, ColumnChunks::verdict),
        }
    }
}

/// One side of one column in numbers. Moments and quantiles are of the finite values of a numerical column.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct SideSummary {
    /// Rows, missing ones included.
    pub rows: u64,
    /// Missing values.
    pub missing: u64,
    /// Values that are plus or minus infinity; they are left out of every test.
    pub infinite: u64,
    /// Distinct values among those present.
    pub distinct: u64,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Standard deviation, divided by n.
    pub std: Option<f64>,
    /// Smallest value.
    pub min: Option<f64>,
    /// First quartile (Hyndman and Fan's type 7, as numpy's default).
    pub q25: Option<f64>,
    /// Median.
    pub median: Option<f64>,
    /// Third quartile.
    pub q75: Option<f64>,
    /// Largest value.
    pub max: Option<f64>,
}
