//! What data are expected to be like: learnt from a reference, edited by a person, checked against current data.
//!
//! A file of [`Expectations`] is JSON (or anything that maps onto it: no field is ever null). A field that is not there is
//! not expected. Most expectations are bounds; with [`Expectations::false_alarms`] a bound is overstepped only where
//! chance does not explain it, without it the bound is meant as it stands.

use serde::{Deserialize, Serialize};

use crate::quality::QUANTILES;

mod check;
mod infer;
mod parse;

pub use check::{Check, CheckReport, CheckStatus, MAX_ROWS_NAMED, MIN_VALUES_FOR_A_MEAN};
pub use infer::{InferOptions, MAX_CATEGORIES, QUANTILE_TOLERANCE, Style};
pub(crate) use infer::{categories_of, kind_of};
pub use parse::ExpectationsError;

/// The format that this version reads and writes.
pub const FORMAT: &str = "tidemark-expectations/1";

/// What a table is expected to be like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectations {
    /// [`FORMAT`].
    pub format: String,
    /// Where the numbers come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_from: Option<Origin>,
    /// How likely data that did not change may fail anywhere in the file, 0 to 1. With it, a share, a mean or a quantile
    /// fails only if it lies beyond its bound by more than chance explains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub false_alarms: Option<f64>,
    /// Whether columns that are not named below are welcome.
    #[serde(default = "yes")]
    pub other_columns: bool,
    /// The table as a whole.
    #[serde(default, skip_serializing_if = "DatasetExpectations::is_empty")]
    pub dataset: DatasetExpectations,
    /// Column by column.
    #[serde(default)]
    pub columns: Vec<ColumnExpectations>,
}

const fn yes() -> bool {
    true
}

/// Where expectations come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// What a person calls the data.
    pub label: String,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of the file, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Version of Tidemark that learnt them.
    pub tidemark_version: String,
}

/// Bounds, both of which belong to what is expected. One of them may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Between {
    /// The smallest expected number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The largest expected number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

/// Counts of the table as a whole; every one is compared as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatasetExpectations {
    /// Rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Between>,
    /// Columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Between>,
    /// Missing values in all columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Between>,
    /// Columns in which no two rows differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant_columns: Option<Between>,
    /// Columns of which one value fills at least 95% of the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub almost_constant_columns: Option<Between>,
    /// Columns without any value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_columns: Option<Between>,
    /// Rows without any value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub empty_rows: Option<Between>,
    /// Rows that repeat an earlier one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_rows: Option<Between>,
    /// Pairs of columns that hold the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_columns: Option<Between>,
}

impl DatasetExpectations {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a column's values are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// Numbers.
    Numbers,
    /// Numbers without a fraction.
    WholeNumbers,
    /// `true` and `false`.
    TruthValues,
    /// Anything.
    Names,
}

impl ValueKind {
    /// The words a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::WholeNumbers => "whole numbers",
            Self::TruthValues => "true or false",
            Self::Names => "names",
        }
    }
}

/// What a column is expected to be like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnExpectations {
    /// The column's name.
    pub name: String,
    /// Whether the data may lack the column.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// What the values are written as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ValueKind>,
    /// Missing values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Between>,
    /// Missing values as a share of the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_share: Option<Between>,
    /// No value occurs twice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// Two rows differ at least.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub not_constant: bool,
    /// Distinct values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<Between>,
    /// The most common value's share of the values present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_common_share: Option<Between>,
    /// Where numbers lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// Which values there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Categories>,
    /// Smallest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Between>,
    /// Largest number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Between>,
    /// Arithmetic mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<MeanBetween>,
    /// Standard deviation, divided by n - 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std: Option<Between>,
    /// Quantiles, by linear interpolation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quantiles: Vec<QuantileBetween>,
}

impl ColumnExpectations {
    /// A column that is expected to be there, and nothing else.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            optional: false,
            kind: None,
            missing: None,
            missing_share: None,
            unique: false,
            not_constant: false,
            distinct: None,
            most_common_share: None,
            range: None,
            categories: None,
            min: None,
            max: None,
            mean: None,
            std: None,
            quantiles: Vec::new(),
        }
    }

    /// How many of these expectations leave room for chance.
    fn n_left_to_chance(&self) -> usize {
        let single = [
            self.missing_share.is_some(),
            self.most_common_share.is_some(),
            self.range.is_some(),
            self.categories.is_some(),
            self.mean.is_some(),
        ];
        single.into_iter().filter(|is_there| *is_there).count() + self.quantiles.len()
    }
}

/// Where numbers are expected to lie.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The smallest expected number.
    pub low: f64,
    /// The largest expected number.
    pub high: f64,
    /// The share of the values present that may lie outside.
    #[serde(default)]
    pub outside_share_at_most: f64,
}

/// Which values are expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Categories {
    /// The values, as they are written in the data.
    pub allowed: Vec<String>,
    /// The share of the values present that may be others.
    #[serde(default)]
    pub others_share_at_most: f64,
}

/// Bounds of a mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeanBetween {
    /// The smallest expected mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The largest expected mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Standard deviation of the reference, to know what chance does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_std: Option<f64>,
    /// Values of the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_values: Option<u64>,
}

/// Bounds of a quantile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantileBetween {
    /// Which quantile, 0 to 1.
    pub at: f64,
    /// The smallest expected quantile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<f64>,
    /// The largest expected quantile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
}

/// The quartiles, which are expected of every numerical column.
const QUARTILES: [f64; 3] = [QUANTILES[2], QUANTILES[3], QUANTILES[4]];

impl Expectations {
    /// How many expectations leave room for chance: they share [`Expectations::false_alarms`].
    fn n_left_to_chance(&self) -> usize {
        self.columns.iter().map(ColumnExpectations::n_left_to_chance).sum()
    }

    /// The file, for a person to edit.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain numbers and strings, all of them finite") + "\n"
    }
}

#[cfg(test)]
mod tests;
