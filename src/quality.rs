//! What the data are like, whatever a model makes of them: gaps, constants, repeats, ranges, correlations, on both
//! sides and with the change.
//!
//! The measures are those of Evidently's `DataSummaryPreset` and of its single metrics, with the same definitions.
//! What a sorted profile tells costs next to nothing and is on by default; what needs whole rows or pairs of columns is
//! asked for with [`Quality::Full`].

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::profile::{ColumnProfile, Shape};
use crate::report::SideSummary;
use crate::schema::{ColumnSpec, ColumnType};
use crate::stattest::binning::align;
use crate::stattest::{Current, Reference};

mod column;
pub mod correlation;
mod keys;
mod rows;
mod table;
mod twins;

pub use column::{
    ALMOST_CONSTANT, ColumnFacts, CountShare, MostCommon, NumberFacts, QUANTILES, inside, listed, outside,
};
pub use correlation::{CorrelationKind, CorrelationMatrix};
pub(crate) use rows::EmptyRows;
pub use rows::{duplicate_rows, empty_rows};
pub use table::{FullFacts, TableFacts};
pub use twins::{ALMOST_DUPLICATE, Twins, twins};

/// How much a report says about the quality of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// Nothing.
    Off,
    /// What the columns' profiles tell, and empty rows.
    #[default]
    Columns,
    /// Repeated rows, repeated columns and correlations too. Correlations take time with the square of the columns.
    Full,
}

impl Quality {
    /// Every level, from the least.
    pub const ALL: [Self; 3] = [Self::Off, Self::Columns, Self::Full];

    /// The name, as it is stored and typed on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Columns => "columns",
            Self::Full => "full",
        }
    }
}

/// The quality of both sides' data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct QualityReport {
    /// How much was looked at.
    pub level: Quality,
    /// The tables as a whole.
    pub dataset: Vec<Measure>,
    /// One entry per compared column, in schema order.
    pub columns: Vec<ColumnQuality>,
    /// Columns that hold the same as another, or nearly; the first [`MAX_TWINS`] pairs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub twins: Vec<TwinColumns>,
    /// How columns go together, on both sides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub correlations: Vec<CorrelationChange>,
}

/// Pairs of like columns that a report names. All of them are counted.
pub const MAX_TWINS: usize = 100;

/// One number of both sides, and how much larger it is in the current data. `None` where a side has no such number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Measure {
    /// What is measured.
    pub name: MeasureName,
    /// In the reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<f64>,
    /// In the current data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<f64>,
    /// Current less reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<f64>,
}

impl Measure {
    fn new(name: MeasureName, reference: Option<f64>, current: Option<f64>) -> Self {
        let change = reference.zip(current).map(|(reference, current)| current - reference);
        Self { name, reference, current, change: change.filter(|change| change.is_finite()) }
    }
}

/// What a [`Measure`] measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum MeasureName {
    /// Rows.
    Rows,
    /// Columns that are compared and present.
    Columns,
    /// Numerical columns among them.
    NumericalColumns,
    /// Categorical columns among them.
    CategoricalColumns,
    /// Columns of text among them.
    TextColumns,
    /// Missing values; of a table, in all its columns.
    Missing,
    /// Missing values as a share of all values. (Evidently divides a table's by its rows.)
    MissingShare,
    /// Columns in which no two rows differ; empty ones are constant.
    ConstantColumns,
    /// Columns of which one value fills at least 95% of the rows.
    AlmostConstantColumns,
    /// Columns without any value.
    EmptyColumns,
    /// Rows without any value.
    EmptyRows,
    /// Rows that repeat an earlier one.
    DuplicateRows,
    /// Pairs of columns that hold the same.
    DuplicateColumns,
    /// Pairs of columns that are equal in at least 95% of the rows.
    AlmostDuplicateColumns,
    /// Values that are plus or minus infinity.
    Infinite,
    /// Distinct values.
    Distinct,
    /// Distinct values as a share of the values present.
    DistinctShare,
    /// Rows that hold the most common value.
    MostCommon,
    /// The most common value's share of all rows.
    MostCommonShare,
    /// Values outside the reference's range, infinite ones among them.
    OutsideRange,
    /// The same as a share of the values present.
    OutsideRangeShare,
    /// Values that are none of the reference's categories.
    NewCategories,
    /// The same as a share of the values present.
    NewCategoriesShare,
    /// Smallest value.
    Min,
    /// 1% quantile.
    Q01,
    /// 5% quantile.
    Q05,
    /// First quartile.
    Q25,
    /// Median.
    Median,
    /// Third quartile.
    Q75,
    /// 95% quantile.
    Q95,
    /// 99% quantile.
    Q99,
    /// Largest value.
    Max,
    /// Arithmetic mean.
    Mean,
    /// Standard deviation, divided by n - 1.
    Std,
    /// Sum.
    Sum,
}

impl MeasureName {
    /// The words a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Columns => "columns",
            Self::NumericalColumns => "numerical columns",
            Self::CategoricalColumns => "categorical columns",
            Self::TextColumns => "text columns",
            Self::Missing => "missing values",
            Self::MissingShare => "missing, share",
            Self::ConstantColumns => "constant columns",
            Self::AlmostConstantColumns => "almost constant columns",
            Self::EmptyColumns => "empty columns",
            Self::EmptyRows => "empty rows",
            Self::DuplicateRows => "duplicate rows",
            Self::DuplicateColumns => "duplicate columns",
            Self::AlmostDuplicateColumns => "almost duplicate columns",
            Self::Infinite => "infinite values",
            Self::Distinct => "distinct values",
            Self::DistinctShare => "distinct, share",
            Self::MostCommon => "most common value",
            Self::MostCommonShare => "most common value, share",
            Self::OutsideRange => "outside the reference's range",
            Self::OutsideRangeShare => "outside the range, share",
            Self::NewCategories => "in new categories",
            Self::NewCategoriesShare => "in new categories, share",
            Self::Min => "minimum",
            Self::Q01 => "1% quantile",
            Self::Q05 => "5% quantile",
            Self::Q25 => "first quartile",
            Self::Median => "median",
            Self::Q75 => "third quartile",
            Self::Q95 => "95% quantile",
            Self::Q99 => "99% quantile",
            Self::Max => "maximum",
            Self::Mean => "mean",
            Self::Std => "standard deviation",
            Self::Sum => "sum",
        }
    }

    /// Whether the number is a share, 0 to 1.
    pub const fn is_share(self) -> bool {
        matches!(
            self,
            Self::MissingShare
                | Self::DistinctShare
                | Self::MostCommonShare
                | Self::OutsideRangeShare
                | Self::NewCategoriesShare
        )
    }
}

/// The quality of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct ColumnQuality {
    /// The column's name.
    pub name: String,
    /// What its values are.
    pub column_type: ColumnType,
    /// The numbers, in a fixed order; those that neither side has are left out.
    pub measures: Vec<Measure>,
    /// The reference's most frequent value, as it is written in the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_common_in_reference: Option<String>,
    /// The current data's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_common_in_current: Option<String>,
}

/// Two columns that hold the same, or nearly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TwinColumns {
    /// The column further left.
    pub first: String,
    /// The other one.
    pub second: String,
    /// Share of the reference's rows in which both hold the same value. `None` if less than 95% do and they are no
    /// duplicates.
    pub reference: Option<f64>,
    /// Share of the current rows.
    pub current: Option<f64>,
}

/// How columns go together, and how that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CorrelationChange {
    /// What is measured.
    pub kind: CorrelationKind,
    /// The columns, in order.
    pub columns: Vec<String>,
    /// The reference's matrix, row by row.
    pub reference: Vec<Vec<Option<f64>>>,
    /// The current data's.
    pub current: Vec<Vec<Option<f64>>>,
    /// Current less reference.
    pub change: Vec<Vec<Option<f64>>>,
}

impl CorrelationChange {
    /// The columns that both sides have, with both matrices and their difference.
    pub fn of(reference: Reference<&CorrelationMatrix>, current: Current<&CorrelationMatrix>) -> Self {
        let place = |matrix: &CorrelationMatrix| -> BTreeMap<String, usize> {
            matrix.columns.iter().cloned().enumerate().map(|(at, name)| (name, at)).collect()
        };
        let in_current = place(current.0);
        let common: Vec<(usize, usize)> = (0..reference.0.columns.len())
            .filter_map(|at| in_current.get(&reference.0.columns[at]).map(|current| (at, *current)))
            .collect();
        let pick = |matrix: &CorrelationMatrix, side: fn(&(usize, usize)) -> usize| -> Vec<Vec<Option<f64>>> {
            common.iter().map(|i| common.iter().map(|j| matrix.values[side(i)][side(j)]).collect()).collect()
        };
        let (reference_values, current_values) = (pick(reference.0, |at| at.0), pick(current.0, |at| at.1));
        let minus = |(r, c): (&Option<f64>, &Option<f64>)| r.zip(*c).map(|(r, c)| c - r);
        let change = reference_values.iter().zip(&current_values);
        Self {
            kind: reference.0.kind,
            columns: common.iter().map(|at| reference.0.columns[at.0].clone()).collect(),
            change: change.map(|(r, c)| r.iter().zip(c).map(minus).collect()).collect(),
            reference: reference_values,
            current: current_values,
        }
    }

    /// The pairs of columns whose correlation changed most: names, reference, current, the largest change first.
    pub fn largest(&self, limit: usize) -> Vec<(&str, &str, f64, f64)> {
        let mut pairs = Vec::new();
        for i in 0..self.columns.len() {
            for j in 0..i {
                if let Some((reference, current)) = self.reference[i][j].zip(self.current[i][j]) {
                    pairs.push((self.columns[j].as_str(), self.columns[i].as_str(), reference, current));
                }
            }
        }
        let size = |pair: &(&str, &str, f64, f64)| (pair.3 - pair.2).abs();
        pairs.sort_by(|a, b| size(b).total_cmp(&size(a)));
        pairs.truncate(limit);
        pairs
    }
}

impl ColumnQuality {
    /// One column of both sides; a side that lacks it is `None`.
    pub(crate) fn of(
        spec: &ColumnSpec,
        reference: Reference<Option<(&ColumnProfile, &SideSummary)>>,
        current: Current<Option<(&ColumnProfile, &SideSummary)>>,
    ) -> Self {
        let facts = |(profile, summary): (&ColumnProfile, &SideSummary)| ColumnFacts::with_summary(profile, summary);
        let outside = reference.0.zip(current.0).map(|((reference, _), (current, _))| (reference, current));
        let (reference, current) = (reference.0.map(facts), current.0.map(facts));
        let mut measures = column_measures(spec.column_type, reference.as_ref(), current.as_ref());
        if let Some((reference, current)) = outside {
            let at = measures.iter().position(|m| m.name >= MeasureName::Min).unwrap_or(measures.len());
            let beyond = beyond_reference(spec.column_type, reference, current);
            measures.splice(at..at, beyond.into_iter().flatten());
        }
        let name = |facts: Option<&ColumnFacts>| facts?.most_common.as_ref().map(|found| found.value.to_string());
        Self {
            name: spec.name.clone(),
            column_type: spec.column_type,
            measures,
            most_common_in_reference: name(reference.as_ref()),
            most_common_in_current: name(current.as_ref()),
        }
    }

    /// The measure of this name, if either side has it.
    pub fn measure(&self, name: MeasureName) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.name == name)
    }
}

fn column_measures(
    column_type: ColumnType,
    reference: Option<&ColumnFacts>,
    current: Option<&ColumnFacts>,
) -> Vec<Measure> {
    use MeasureName as M;
    type Read = fn(&ColumnFacts) -> Option<f64>;
    let mut all: Vec<(MeasureName, Read)> = vec![
        (M::Rows, |facts| Some(facts.rows as f64)),
        (M::Missing, |facts| Some(facts.missing as f64)),
        (M::MissingShare, |facts| Some(facts.missing_share())),
        (M::Infinite, |facts| (facts.infinite > 0 || facts.numbers.is_some()).then_some(facts.infinite as f64)),
        (M::Distinct, |facts| Some(facts.distinct as f64)),
        (M::DistinctShare, |facts| Some(column::share(facts.distinct, facts.present()))),
        (M::MostCommon, |facts| facts.most_common.as_ref().map(|found| found.count as f64)),
        (M::MostCommonShare, ColumnFacts::most_common_share),
    ];
    // The mean of numbers that stand for kinds says nothing.
    if column_type == ColumnType::Numerical {
        let numbers: [(MeasureName, Read); 12] = [
            (M::Min, |facts| facts.numbers.as_ref().map(|numbers| numbers.min)),
            (M::Q01, |facts| facts.numbers.as_ref().map(|numbers| numbers.quantiles[0])),
            (M::Q05, |facts| facts.numbers.as_ref().map(|numbers| numbers.quantiles[1])),
            (M::Q25, |facts| facts.numbers.as_ref().map(|numbers| numbers.quantiles[2])),
            (M::Median, |facts| facts.numbers.as_ref().map(|numbers| numbers.quantiles[3])),
            (M::Q75, |facts| facts.numbers.as_ref().map(|numbers| numbers.quantiles[4])),
            (M::Q95, |facts| facts.numbers.as_ref().map(|numbers| numbers.quantiles[5])),
            (M::Q99, |facts| facts.numbers.as_ref().map(|numbers| numbers.quantiles[6])),
            (M::Max, |facts| facts.numbers.as_ref().map(|numbers| numbers.max)),
            (M::Mean, |facts| facts.numbers.as_ref().and_then(|numbers| numbers.mean)),
            (M::Std, |facts| facts.numbers.as_ref().and_then(|numbers| numbers.std)),
            (M::Sum, |facts| facts.numbers.as_ref().and_then(|numbers| numbers.sum)),
        ];
        all.extend(numbers);
    }
    let measured =
        all.into_iter().map(|(name, read)| Measure::new(name, reference.and_then(read), current.and_then(read)));
    measured.filter(|measure| measure.reference.is_some() || measure.current.is_some()).collect()
}

/// How much of the current data lies where the reference has nothing.
fn beyond_reference(
    column_type: ColumnType,
    reference: &ColumnProfile,
    current: &ColumnProfile,
) -> Option<[Measure; 2]> {
    let both = |names: [MeasureName; 2], found: CountShare| {
        [
            Measure::new(names[0], Some(0.0), Some(found.count as f64)),
            Measure::new(names[1], Some(0.0), Some(found.share)),
        ]
    };
    if column_type == ColumnType::Numerical {
        let range = reference.sorted()?;
        let found = outside(current, *range.first()?, *range.last()?);
        current.sorted().is_some().then(|| both([MeasureName::OutsideRange, MeasureName::OutsideRangeShare], found))
    } else if column_type == ColumnType::Categorical {
        let found = new_categories(reference, current)?;
        Some(both([MeasureName::NewCategories, MeasureName::NewCategoriesShare], found))
    } else {
        None
    }
}

/// Current values that are none of the reference's; `None` where the reference has no value, or another kind of them.
fn new_categories(reference: &ColumnProfile, current: &ColumnProfile) -> Option<CountShare> {
    let count = match (&reference.shape, &current.shape) {
        (Shape::Numbers { sorted: known, .. }, Shape::Numbers { sorted, .. }) if !known.is_empty() => {
            let is_known = |value: &f64| known.binary_search_by(|other| other.total_cmp(value)).is_ok();
            let new = crate::profile::runs(sorted).filter(|(value, _)| !is_known(value));
            new.map(|(_, count)| count).sum::<u64>() + current.infinite
        }
        (Shape::Categories { counts: known }, Shape::Categories { counts }) if !known.is_empty() => {
            let (_, known, counts) = align(Reference(known), Current(counts));
            known.iter().zip(counts).filter(|(known, _)| **known == 0).map(|(_, count)| count).sum()
        }
        _ => return None,
    };
    Some(CountShare { count, share: column::share(count, current.rows - current.missing) })
}

impl QualityReport {
    /// Puts together what was found in the columns and in the tables.
    pub(crate) fn of(
        level: Quality,
        columns: Vec<ColumnQuality>,
        reference: Reference<Option<&TableFacts>>,
        current: Current<Option<&TableFacts>>,
    ) -> Self {
        let dataset = dataset_measures(&columns, reference.0, current.0);
        let full = (reference.0.and_then(|side| side.full.as_ref()), current.0.and_then(|side| side.full.as_ref()));
        let correlations = match full {
            (Some(reference), Some(current)) => {
                let both = reference.correlations.iter().zip(&current.correlations);
                both.map(|(reference, current)| CorrelationChange::of(Reference(reference), Current(current)))
                    .filter(|change| change.columns.len() > 1)
                    .collect()
            }
            _ => Vec::new(),
        };
        Self { level, dataset, twins: twin_columns(full.0, full.1), correlations, columns }
    }

    /// The table's measure of this name, if either side has it.
    pub fn measure(&self, name: MeasureName) -> Option<&Measure> {
        self.dataset.iter().find(|measure| measure.name == name)
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnQuality> {
        self.columns.iter().find(|column| column.name == name)
    }
}

fn dataset_measures(
    columns: &[ColumnQuality],
    reference: Option<&TableFacts>,
    current: Option<&TableFacts>,
) -> Vec<Measure> {
    use MeasureName as M;
    type Side = fn(&Measure) -> Option<f64>;
    let sides: [Side; 2] = [|measure| measure.reference, |measure| measure.current];
    let value = |column: &ColumnQuality, name: MeasureName, side: Side| column.measure(name).and_then(side);
    // A side that has the column has its rows.
    let there = |side: Side| columns.iter().filter(move |column| value(column, M::Rows, side).is_some());
    let count = |side: Side, is: &dyn Fn(&ColumnQuality) -> bool| Some(there(side).filter(|c| is(c)).count() as f64);
    let both = |read: &dyn Fn(Side) -> Option<f64>| sides.map(read);
    let of_type = |wanted: ColumnType| both(&|side| count(side, &|column| column.column_type == wanted));
    let sum = |side: Side, name: MeasureName| there(side).filter_map(|column| value(column, name, side)).sum::<f64>();
    let rows = |side: Side| there(side).filter_map(|column| value(column, M::Rows, side)).reduce(f64::max);
    let is_constant = |column: &ColumnQuality, side: Side| {
        value(column, M::Distinct, side).is_some_and(|distinct| distinct <= 1.0)
            && value(column, M::Infinite, side).unwrap_or(0.0) == 0.0
    };
    let is_almost = |column: &ColumnQuality, side: Side| {
        value(column, M::MostCommonShare, side).is_some_and(|share| share >= ALMOST_CONSTANT)
    };
    let is_empty = |column: &ColumnQuality, side: Side| value(column, M::Missing, side) == value(column, M::Rows, side);
    let missing_share = |side: Side| {
        let cells = sum(side, M::Rows);
        Some(if cells == 0.0 { 0.0 } else { sum(side, M::Missing) / cells })
    };
    let tables = [reference, current];
    let table = |read: &dyn Fn(&TableFacts) -> Option<u64>| tables.map(|side| side.and_then(read).map(|n| n as f64));
    let full = |read: fn(&FullFacts) -> u64| table(&|side| side.full.as_ref().map(read));
    let all = [
        (M::Rows, both(&rows)),
        (M::Columns, both(&|side| count(side, &|_| true))),
        (M::NumericalColumns, of_type(ColumnType::Numerical)),
        (M::CategoricalColumns, of_type(ColumnType::Categorical)),
        (M::TextColumns, of_type(ColumnType::Text)),
        (M::Missing, both(&|side| Some(sum(side, M::Missing)))),
        (M::MissingShare, both(&missing_share)),
        (M::ConstantColumns, both(&|side| count(side, &|column| is_constant(column, side)))),
        (M::AlmostConstantColumns, both(&|side| count(side, &|column| is_almost(column, side)))),
        (M::EmptyColumns, both(&|side| count(side, &|column| is_empty(column, side)))),
        (M::EmptyRows, table(&|side| Some(side.empty_rows))),
        (M::DuplicateRows, full(|full| full.duplicate_rows)),
        (M::DuplicateColumns, full(|full| full.duplicate_columns)),
        (M::AlmostDuplicateColumns, full(|full| full.almost_duplicate_columns)),
    ];
    all.into_iter()
        .filter(|(_, sides)| sides.iter().any(Option::is_some))
        .map(|(name, [reference, current])| Measure::new(name, reference, current))
        .collect()
}

fn twin_columns(reference: Option<&FullFacts>, current: Option<&FullFacts>) -> Vec<TwinColumns> {
    let mut found: BTreeMap<(&str, &str), [Option<f64>; 2]> = BTreeMap::new();
    for (place, side) in [reference, current].into_iter().enumerate() {
        for (first, second, share) in side.map_or(&[][..], |side| &side.twins) {
            found.entry((first, second)).or_default()[place] = Some(*share);
        }
    }
    let named = found.into_iter().map(|((first, second), [reference, current])| TwinColumns {
        first: first.to_owned(),
        second: second.to_owned(),
        reference,
        current,
    });
    named.take(MAX_TWINS).collect()
}

#[cfg(test)]
mod tests;
