//! Learning expectations from a reference.

use serde::{Deserialize, Serialize};

use super::{
    Between, Categories, ColumnExpectations, DatasetExpectations, Expectations, FORMAT, MeanBetween, Origin, QUARTILES,
    QuantileBetween, Range, ValueKind,
};
use crate::data::{Category, Column, Dataset, Values};
use crate::profile::{ColumnProfile, Shape, quantile, runs};
use crate::quality::{ColumnFacts, duplicate_rows, empty_rows, twins};
use crate::report::Source;
use crate::schema::{ColumnRole, ColumnSpec, ColumnType, Schema};
use crate::stattest::Reference;
use crate::stattest::tails::{binomial_at_least, binomial_at_most, clopper_pearson};

/// How close to the reference current data are expected to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Style {
    /// Bounds that data from the same source keep with a stated probability, however few or many rows there are.
    #[default]
    Calibrated,
    /// Evidently's: every number within a tenth of the reference's, no value outside its range or its list. Unchanged
    /// data break many of these bounds.
    Evidently,
}

impl Style {
    /// Every style.
    pub const ALL: [Self; 2] = [Self::Calibrated, Self::Evidently];

    /// The name, as it is typed on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calibrated => "calibrated",
            Self::Evidently => "evidently",
        }
    }
}

/// How to learn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InferOptions {
    /// Whose rules.
    pub style: Style,
    /// The calibrated style: how likely unchanged data may fail anywhere.
    pub false_alarms: f64,
}

impl Default for InferOptions {
    fn default() -> Self {
        Self { style: Style::Calibrated, false_alarms: 0.01 }
    }
}

/// A quantile is expected between the reference's quantiles this much below and above: the current median between the
/// reference's 45% and 55% quantiles.
pub const QUANTILE_TOLERANCE: f64 = 0.05;
/// A mean is expected within this many of the reference's standard deviations.
const MEAN_TOLERANCE: f64 = 0.1;
/// Categorical columns with more categories than this get no list: nobody reads or edits it.
pub const MAX_CATEGORIES: usize = 200;
/// From so many whole numbers on, all without a fraction, a fraction is a fault rather than a rarity.
const MIN_WHOLE: u64 = 1000;
/// From so many values on, all different, a column may be one of identifiers.
const MIN_UNIQUE: u64 = 100;
/// Identifiers among whole numbers lie so close that, were they drawn at random, this many repeats would be expected:
/// none at all has then a probability of e^-20.
const EXPECTED_REPEATS: f64 = 20.0;
/// Evidently's tolerance, relative to the reference's number.
const EVIDENTLY_TOLERANCE: f64 = 0.1;

impl Expectations {
    /// Learns from a reference what current data should be like.
    ///
    /// *Calibrated.* Each expectation is a bound that takes the chance in the reference into account, and is checked with
    /// the chance in the current rows taken into account; all of them together fail on unchanged rows with at most the
    /// probability `false_alarms` (Bonferroni). Shares (missing values, values outside the range or the list, the most common
    /// value) are bounded by Clopper and Pearson's upper limit; values beyond the range are counted as if one had been
    /// outside already, and values off the list as if the reference's categories with one row had been. Quartiles are
    /// bounded by order statistics, free of any distribution, [`QUANTILE_TOLERANCE`] apart. The mean may move by a tenth of
    /// a standard deviation. Rows are taken as independent.
    ///
    /// *Evidently.* The default tests of Evidently 0.7.23 with a reference (`DataSummaryPreset(include_tests=True)`):
    /// within a tenth of the reference's number, not more constant, empty or duplicate columns; and 0.4's range and list.
    /// What has no number in the reference (the mean of an empty column) is not expected, where Evidently always fails.
    ///
    /// Columns that the schema ignores are allowed and not looked at.
    ///
    /// ```
    /// use tidemark::data::csv;
    /// use tidemark::expectations::{CheckStatus, Expectations, InferOptions};
    /// use tidemark::report::Source;
    /// use tidemark::schema::{Schema, SchemaOverrides};
    /// use tidemark::stattest::Reference;
    ///
    /// let rows = |high: u32| (0..800).fold("age\n".to_owned(), |csv, i| format!("{csv}{}\n", 18 + i * 37 % high));
    /// let reference = csv::read(rows(60).as_bytes()).unwrap();
    /// let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
    /// let source = Reference(Source { label: "training", data: &reference, sha256: None });
    /// let expectations = Expectations::infer(source, &schema, &InferOptions::default());
    /// assert_eq!(expectations.check(&reference).failed, 0);
    /// let current = csv::read(rows(90).as_bytes()).unwrap();
    /// let report = expectations.check(&current);
    /// assert!(report.checks.iter().any(|check| check.expectation == "range" && check.status == CheckStatus::Fail));
    /// ```
    pub fn infer(reference: Reference<Source<'_>>, schema: &Schema, options: &InferOptions) -> Self {
        let source = reference.0;
        let specs: Vec<&ColumnSpec> = schema.columns.iter().filter(|spec| spec.role != ColumnRole::Ignored).collect();
        let has_ignored = specs.len() < schema.columns.len();
        let is_calibrated = options.style == Style::Calibrated;
        // Every rule that a column can have, twice: once for the chance in the reference, once for that in the current rows.
        let error = options.false_alarms / (8 * specs.len().max(1)) as f64 / 2.0;
        let columns = crate::parallel::map(&specs, |spec| {
            let Some(column) = source.data.column(&spec.name) else { return ColumnExpectations::new(&*spec.name) };
            let profile = ColumnProfile::of(column);
            let facts = ColumnFacts::of(&profile);
            if is_calibrated {
                calibrated(spec, column, &profile, &facts, error)
            } else {
                evidently(spec, &profile, &facts)
            }
        });
        Self {
            format: FORMAT.to_owned(),
            made_from: Some(Origin {
                label: source.label.to_owned(),
                rows: source.data.n_rows() as u64,
                sha256: source.sha256,
                tidemark_version: crate::VERSION.to_owned(),
            }),
            false_alarms: is_calibrated.then_some(options.false_alarms),
            other_columns: has_ignored,
            dataset: if is_calibrated { at_least_one_row() } else { evidently_dataset(source.data, &specs) },
            columns,
        }
    }
}

fn at_least_one_row() -> DatasetExpectations {
    DatasetExpectations { rows: Some(Between { at_least: Some(1.0), at_most: None }), ..Default::default() }
}

fn up_to(at_most: f64) -> Between {
    Between { at_least: None, at_most: Some(at_most) }
}

/// The largest share that so many of so many leave possible.
fn largest_share(count: u64, of: u64, error: f64) -> f64 {
    clopper_pearson(count.min(of), of, 2.0 * error).1
}

fn calibrated(
    spec: &ColumnSpec,
    column: &Column,
    profile: &ColumnProfile,
    facts: &ColumnFacts,
    error: f64,
) -> ColumnExpectations {
    let mut expected = ColumnExpectations::new(&*spec.name);
    let present = facts.present();
    if facts.rows > 0 {
        expected.missing_share = Some(up_to(largest_share(facts.missing, facts.rows, error)));
    }
    if present == 0 {
        return expected;
    }
    expected.kind = Some(kind_of(column, profile));
    expected.unique = is_identifier(profile, facts);
    expected.not_constant = !facts.is_constant();
    if !facts.is_constant() {
        let count = facts.most_common.as_ref().map_or(1, |found| found.count);
        expected.most_common_share = Some(up_to(largest_share(count, present, error)));
    }
    match spec.column_type {
        ColumnType::Numerical => {
            numerical(&mut expected, profile, facts, error);
        }
        ColumnType::Categorical => {
            let n_once = if let Shape::Categories { counts } = &profile.shape {
                counts.iter().filter(|(_, count)| *count == 1).count()
            } else {
                runs(profile.sorted().unwrap_or(&[])).filter(|(_, count)| *count == 1).count()
            };
            let others_share_at_most = largest_share(n_once as u64, present, error);
            expected.categories = categories(profile).map(|allowed| Categories { allowed, others_share_at_most });
        }
        _ => {}
    }
    expected
}

fn numerical(expected: &mut ColumnExpectations, profile: &ColumnProfile, facts: &ColumnFacts, error: f64) {
    let (Some(sorted), Some(numbers)) = (profile.sorted(), &facts.numbers) else { return };
    let n = sorted.len() as u64;
    // The next value of all n + 1 is as likely as any to be the smallest, or the largest.
    let outside_share_at_most = largest_share(1 + facts.infinite, facts.present(), error);
    expected.range = Some(Range { low: numbers.min, high: numbers.max, outside_share_at_most });
    if let (Some(mean), Some(std)) = (numbers.mean, numbers.std) {
        let tolerance = MEAN_TOLERANCE * std;
        expected.mean = Some(MeanBetween {
            at_least: Some(mean - tolerance),
            at_most: Some(mean + tolerance),
            reference_std: Some(std),
            reference_values: Some(n),
        });
    }
    expected.quantiles = QUARTILES
        .iter()
        .map(|&at| QuantileBetween {
            at,
            at_least: lower_limit(sorted, at - QUANTILE_TOLERANCE, error / 2.0),
            at_most: upper_limit(sorted, at + QUANTILE_TOLERANCE, error / 2.0),
        })
        .filter(|quantile| quantile.at_least.is_some() || quantile.at_most.is_some())
        .collect();
}

/// A value that lies above the population's `q`-quantile with at most the probability `error`: the largest such order
/// statistic. `None` where the sample is too small for any.
fn lower_limit(sorted: &[f64], q: f64, error: f64) -> Option<f64> {
    let n = sorted.len() as u64;
    // The i-th smallest of n lies above the quantile where fewer than i values lie at or below it.
    let is_safe = |i: u64| binomial_at_most(i - 1, n, q) <= error;
    let n_safe = partition_point(n, |i| is_safe(i + 1));
    n_safe.checked_sub(1).map(|i| sorted[i as usize])
}

/// The same from above.
fn upper_limit(sorted: &[f64], q: f64, error: f64) -> Option<f64> {
    let n = sorted.len() as u64;
    // The i-th smallest of n lies below the quantile where at least i values do.
    let n_unsafe = partition_point(n, |i| binomial_at_least(i + 1, n, q) > error);
    (n_unsafe < n).then(|| sorted[n_unsafe as usize])
}

/// How many of 0, 1 … `n` - 1 have a property that the first ones have and the others have not.
fn partition_point(n: u64, has: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, n);
    while low < high {
        let middle = low + (high - low) / 2;
        if has(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

/// What the values are written as; whole numbers from [`MIN_WHOLE`] of them on.
pub(crate) fn kind_of(column: &Column, profile: &ColumnProfile) -> ValueKind {
    match &column.values {
        Values::Numbers(_) => {
            let sorted = profile.sorted().unwrap_or(&[]);
            let is_whole = profile.infinite == 0 && sorted.iter().all(|value| value.fract() == 0.0);
            if is_whole && sorted.len() as u64 >= MIN_WHOLE { ValueKind::WholeNumbers } else { ValueKind::Numbers }
        }
        Values::Booleans(_) => ValueKind::TruthValues,
        _ => ValueKind::Names,
    }
}

/// Whether no value occurs twice, and not by chance: whole numbers in a range so narrow that random ones would have
/// met, or strings of one length.
fn is_identifier(profile: &ColumnProfile, facts: &ColumnFacts) -> bool {
    let n = facts.present();
    if n < MIN_UNIQUE || facts.distinct != n {
        return false;
    }
    if let Shape::Categories { counts } = &profile.shape {
        let length = |category: &Category| match category {
            Category::Name(name) => Some(name.chars().count()),
            _ => None,
        };
        let first = counts.first().and_then(|(category, _)| length(category));
        return first.is_some() && counts.iter().all(|(category, _)| length(category) == first);
    }
    let sorted = profile.sorted().unwrap_or(&[]);
    let (Some(low), Some(high)) = (sorted.first(), sorted.last()) else { return false };
    let expected_repeats = n as f64 * (n as f64 - 1.0) / 2.0 / (high - low + 1.0);
    sorted.iter().all(|value| value.fract() == 0.0) && expected_repeats >= EXPECTED_REPEATS
}

/// The categories, or `None` if there are too many for a list.
pub(crate) fn categories_of(profile: &ColumnProfile) -> Option<Vec<Category>> {
    if profile.n_distinct() as usize > MAX_CATEGORIES {
        return None;
    }
    Some(profile.counts().iter().map(|(category, _)| category.clone()).collect())
}

/// The same, as they are written.
fn categories(profile: &ColumnProfile) -> Option<Vec<String>> {
    Some(categories_of(profile)?.iter().map(Category::to_string).collect())
}

fn within_a_tenth(value: f64) -> Option<Between> {
    let tolerance = EVIDENTLY_TOLERANCE * value.abs();
    let (low, high) = (value - tolerance, value + tolerance);
    (low.is_finite() && high.is_finite()).then_some(Between { at_least: Some(low), at_most: Some(high) })
}

fn evidently(spec: &ColumnSpec, profile: &ColumnProfile, facts: &ColumnFacts) -> ColumnExpectations {
    let mut expected = ColumnExpectations::new(&*spec.name);
    expected.missing = within_a_tenth(facts.missing as f64);
    // No share is larger than 1, nor may its bound be.
    expected.missing_share = within_a_tenth(facts.missing_share())
        .map(|between| Between { at_most: between.at_most.map(|high| high.min(1.0)), ..between });
    if spec.column_type == ColumnType::Categorical {
        expected.categories = categories(profile).map(|allowed| Categories { allowed, others_share_at_most: 0.0 });
    }
    let (Some(sorted), Some(numbers), ColumnType::Numerical) = (profile.sorted(), &facts.numbers, spec.column_type)
    else {
        return expected;
    };
    expected.range = Some(Range { low: numbers.min, high: numbers.max, outside_share_at_most: 0.0 });
    expected.min = within_a_tenth(numbers.min);
    expected.max = within_a_tenth(numbers.max);
    expected.mean = numbers.mean.and_then(within_a_tenth).map(|between| MeanBetween {
        at_least: between.at_least,
        at_most: between.at_most,
        reference_std: None,
        reference_values: None,
    });
    expected.std = numbers.std.and_then(within_a_tenth);
    expected.quantiles = QUARTILES
        .iter()
        .filter_map(|&at| {
            let Between { at_least, at_most } = within_a_tenth(quantile(sorted, at)?)?;
            Some(QuantileBetween { at, at_least, at_most })
        })
        .collect();
    expected
}

fn evidently_dataset(data: &Dataset, specs: &[&ColumnSpec]) -> DatasetExpectations {
    let columns: Vec<&Column> = specs.iter().filter_map(|spec| data.column(&spec.name)).collect();
    let counts = TableCounts::of(&columns, data.n_rows() as u64);
    DatasetExpectations {
        rows: within_a_tenth(counts.rows),
        columns: Some(Between { at_least: Some(counts.columns), at_most: Some(counts.columns) }),
        missing: within_a_tenth(counts.missing),
        constant_columns: Some(up_to(counts.constant_columns)),
        almost_constant_columns: Some(up_to(counts.almost_constant_columns)),
        empty_columns: Some(up_to(counts.empty_columns)),
        empty_rows: within_a_tenth(empty_rows(&columns) as f64),
        duplicate_rows: within_a_tenth(duplicate_rows(&columns) as f64),
        duplicate_columns: Some(up_to(twins(&columns).iter().filter(|twins| twins.is_duplicate).count() as f64)),
    }
}

/// What the columns' profiles say about a table.
pub(super) struct TableCounts {
    pub(super) rows: f64,
    pub(super) columns: f64,
    pub(super) missing: f64,
    pub(super) constant_columns: f64,
    pub(super) almost_constant_columns: f64,
    pub(super) empty_columns: f64,
}

impl TableCounts {
    pub(super) fn of(columns: &[&Column], rows: u64) -> Self {
        let facts = crate::parallel::map(columns, |column| ColumnFacts::of(&ColumnProfile::of(column)));
        let count = |is: fn(&ColumnFacts) -> bool| facts.iter().filter(|facts| is(facts)).count() as f64;
        Self {
            rows: rows as f64,
            columns: columns.len() as f64,
            missing: facts.iter().map(|facts| facts.missing).sum::<u64>() as f64,
            constant_columns: count(ColumnFacts::is_constant),
            almost_constant_columns: count(ColumnFacts::is_almost_constant),
            empty_columns: count(ColumnFacts::is_empty),
        }
    }
}
