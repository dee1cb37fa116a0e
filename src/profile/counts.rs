//! One side of a whole table as grouped counts: what a database gives that was asked `GROUP BY value`.

use std::collections::BTreeMap;

use super::datetime::DatetimeProfile;
use super::{ColumnProfile, ColumnSide, Shape};
use crate::data::datetime::{Timestamp, parse};
use crate::data::{Category, Column, Dataset, Values};
use crate::quality::empty_rows;
use crate::schema::{ColumnSpec, ColumnType, Schema, SchemaOverrides, UnknownColumn, infer_type_of_profile};

/// How often each value of every column occurs. It is the multiset of each column's values, so every test that takes no order of
/// the rows and no two columns at once gives from it what it gives from the rows, to the last bit.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TableCounts {
    /// Rows.
    pub rows: u64,
    /// Rows without a value in any of `columns`.
    pub empty_rows: u64,
    /// The columns, in the table's order.
    pub columns: Vec<ColumnCounts>,
}

/// How often each value of a column occurs.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnCounts {
    /// The column's name.
    pub name: String,
    /// Missing values, those apart that are NaN among `values`.
    pub missing: u64,
    /// The values that are there, in any order; one may stand there several times, and then its counts are added.
    pub values: CountedValues,
}

/// Values with their counts.
#[derive(Debug, Clone, PartialEq)]
pub enum CountedValues {
    /// Numbers: NaN is a missing one, and -0 is 0.
    Numbers {
        /// Value and count.
        counts: Vec<(f64, u64)>,
        /// Whether the column's type has whole numbers only.
        is_integer: bool,
    },
    /// Truth values of a column in which none is missing.
    Booleans {
        /// How many are false, how many true.
        counts: [u64; 2],
    },
    /// Texts.
    Texts {
        /// Text and count.
        counts: Vec<(String, u64)>,
    },
}

impl TableCounts {
    /// Counts the values of a table that is at hand.
    pub fn of(data: &Dataset) -> Self {
        let columns: Vec<&Column> = data.columns().iter().collect();
        let counted = |column: &&Column| ColumnCounts::of(column);
        Self {
            rows: data.n_rows() as u64,
            empty_rows: empty_rows(&columns),
            columns: columns.iter().map(counted).collect(),
        }
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnCounts> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The schema that [`Schema::infer`] learns from the rows.
    ///
    /// # Errors
    /// An override names a column that is not there.
    pub fn schema(&self, overrides: &SchemaOverrides) -> Result<Schema, UnknownColumn> {
        overrides.check(self.columns.iter().map(|column| &*column.name))?;
        let spec = |column: &ColumnCounts| overrides.spec(&column.name, || column.learn_type());
        Ok(Schema { columns: self.columns.iter().map(spec).collect() })
    }

    /// The side of this column that the rows give, without what their order tells.
    pub(crate) fn side(&self, spec: &ColumnSpec) -> Option<ColumnSide> {
        self.column(&spec.name).map(|column| column.side(self.rows, spec))
    }
}

impl ColumnCounts {
    fn of(column: &Column) -> Self {
        let profile = ColumnProfile::of(column);
        let mut missing = profile.missing;
        let values = match (&column.values, profile.shape) {
            (Values::Numbers(numbers), _) => {
                let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
                for value in numbers.as_slice().iter().filter(|value| !value.is_nan()) {
                    *counts.entry((value + 0.0).to_bits()).or_default() += 1;
                }
                let counts = counts.into_iter().map(|(bits, count)| (f64::from_bits(bits), count)).collect();
                CountedValues::Numbers { counts, is_integer: numbers.is_integer() }
            }
            (Values::Booleans(values), _) => {
                let n_true = values.iter().filter(|value| **value).count() as u64;
                missing = 0;
                CountedValues::Booleans { counts: [values.len() as u64 - n_true, n_true] }
            }
            (Values::Strings(strings), _) => {
                let counts = strings.counts().into_iter().map(|(text, count)| (text.to_owned(), count)).collect();
                CountedValues::Texts { counts }
            }
        };
        Self { name: column.name.clone(), missing, values }
    }

    /// Rows: every count.
    pub fn rows(&self) -> u64 {
        let counted: u64 = match &self.values {
            CountedValues::Numbers { counts, .. } => counts.iter().map(|(_, count)| count).sum(),
            CountedValues::Booleans { counts } => counts.iter().sum(),
            CountedValues::Texts { counts } => counts.iter().map(|(_, count)| count).sum(),
        };
        counted + self.missing
    }

    fn learn_type(&self) -> ColumnType {
        match &self.values {
            CountedValues::Texts { counts }
                if !counts.is_empty() && counts.iter().all(|(text, _)| parse(text).is_some()) =>
            {
                ColumnType::Datetime
            }
            _ => infer_type_of_profile(&self.profile(self.rows())),
        }
    }

    fn profile(&self, rows: u64) -> ColumnProfile {
        match &self.values {
            CountedValues::Numbers { counts, is_integer } => {
                let is_finite = |(value, _): &&(f64, u64)| value.is_finite();
                let mut finite: Vec<(f64, u64)> =
                    counts.iter().filter(is_finite).map(|(value, count)| (value + 0.0, *count)).collect();
                finite.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
                let n: u64 = finite.iter().map(|(_, count)| count).sum();
                let mut sorted = Vec::with_capacity(n as usize);
                for (value, count) in finite {
                    sorted.extend(std::iter::repeat_n(value, count as usize));
                }
                let infinite = counts.iter().filter(|(value, _)| value.is_infinite()).map(|(_, count)| count).sum();
                let missing = rows - n - infinite;
                let is_integer = *is_integer && n == rows;
                ColumnProfile { rows, missing, infinite, shape: Shape::Numbers { sorted, is_integer } }
            }
            CountedValues::Booleans { counts } => {
                let counts = [(false, counts[0]), (true, counts[1])].into_iter().filter(|(_, count)| *count > 0);
                let counts = counts.map(|(value, count)| (Category::Boolean(value), count)).collect();
                ColumnProfile { rows, missing: 0, infinite: 0, shape: Shape::Categories { counts } }
            }
            CountedValues::Texts { counts } => {
                let mut by_text: Vec<(&str, u64)> =
                    counts.iter().map(|(text, count)| (text.as_str(), *count)).collect();
                by_text.sort_unstable();
                let mut merged: Vec<(Category, u64)> = Vec::with_capacity(by_text.len());
                for run in by_text.chunk_by(|a, b| a.0 == b.0) {
                    let count = run.iter().map(|(_, count)| count).sum();
                    if count > 0 {
                        merged.push((Category::Name(run[0].0.to_owned()), count));
                    }
                }
                let missing = rows - merged.iter().map(|(_, count)| count).sum::<u64>();
                ColumnProfile { rows, missing, infinite: 0, shape: Shape::Categories { counts: merged } }
            }
        }
    }

    fn side(&self, rows: u64, spec: &ColumnSpec) -> ColumnSide {
        let datetimes = (spec.column_type == ColumnType::Datetime).then(|| self.datetimes(spec.is_declared));
        ColumnSide::new(self.profile(rows), datetimes, None)
    }

    fn datetimes(&self, numbers_are_moments: bool) -> DatetimeProfile {
        let from_unix = |value: f64| numbers_are_moments.then(|| Timestamp::from_unix(value)).flatten();
        match &self.values {
            CountedValues::Numbers { counts, .. } => {
                let present = counts.iter().filter(|(value, _)| !value.is_nan());
                DatetimeProfile::of_counts(present.map(|(value, count)| (from_unix(*value), *count)))
            }
            CountedValues::Booleans { counts } => DatetimeProfile::of_counts([(None, counts.iter().sum())].into_iter()),
            CountedValues::Texts { counts } => {
                DatetimeProfile::of_counts(counts.iter().map(|(text, count)| (parse(text), *count)))
            }
        }
    }
}
