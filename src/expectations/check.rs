//! Holding current data against expectations.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::infer::TableCounts;
use super::{
    Between, Categories, ColumnExpectations, DatasetExpectations, Expectations, MeanBetween, Origin, QuantileBetween,
    Range, ValueKind,
};
use crate::data::{Column, Dataset, Values};
use crate::profile::{ColumnProfile, quantile};
use crate::quality::{ColumnFacts, duplicate_rows, empty_rows, twins};
use crate::stattest::tails::{binomial_at_least, binomial_at_most, normal_sf};

/// How many violating rows a check names.
pub const MAX_ROWS_NAMED: usize = 5;

/// With fewer values, what chance does to a mean cannot be told well enough, and the mean is not checked.
pub const MIN_VALUES_FOR_A_MEAN: u64 = 30;

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// The data are not what was expected.
    Fail,
    /// The data do not tell; the reason stands beside it.
    NotChecked,
    /// The data are as expected, or chance explains why they are not.
    Pass,
}

impl CheckStatus {
    /// The words on a badge.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::NotChecked => "not checked",
            Self::Pass => "pass",
        }
    }
}

/// One expectation, held against the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Check {
    /// The column; `None` for the table as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The field of the file: `missing_share`, `range`, `quantile 0.5` …
    pub expectation: String,
    /// What came of it.
    pub status: CheckStatus,
    /// What was expected, in words.
    pub expected: String,
    /// What was found, in words.
    pub observed: String,
    /// What was found, as a number where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Rows that break the expectation by themselves, where single rows can.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violating_rows: Option<u64>,
    /// The first of them, at most [`MAX_ROWS_NAMED`]; row 1 is the first after the header.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first_violating_rows: Vec<u64>,
    /// Why there was no check, or why it passed beyond its bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What came of all expectations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CheckReport {
    /// Where the expectations come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_from: Option<Origin>,
    /// Rows of the data.
    pub rows: u64,
    /// Expectations that were met.
    pub passed: u64,
    /// Expectations that were not.
    pub failed: u64,
    /// Expectations that could not be checked.
    pub not_checked: u64,
    /// The table first, then column by column, in the order of the file.
    pub checks: Vec<Check>,
}

impl CheckReport {
    /// The whole in one sentence.
    pub fn sentence(&self) -> String {
        use crate::render::format::plural;
        let n = self.checks.len() as u64;
        let open = match self.not_checked {
            0 => String::new(),
            open => format!("; {open} could not be checked"),
        };
        if self.failed > 0 {
            let columns: BTreeSet<&str> = self.failures().filter_map(|check| check.column.as_deref()).collect();
            let names: Vec<&str> = columns.iter().take(3).copied().collect();
            let rest = if columns.len() > 3 { " …" } else { "" };
            let of = if names.is_empty() { String::new() } else { format!(": {}{rest}", names.join(", ")) };
            format!("{} of {} failed{of}{open}.", self.failed, plural(n, "expectation"))
        } else {
            format!("{} of {} met{open}.", self.passed, plural(n, "expectation"))
        }
    }

    /// The checks that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.status == CheckStatus::Fail)
    }
}

impl Expectations {
    /// Holds data against the expectations: one [`Check`] for each, whatever the others found.
    ///
    /// Without [`Expectations::false_alarms`] a number fails when it lies outside its bounds. With it, a share, quantile
    /// or mean outside its bounds fails only if a source that just keeps to them would go as far with less than half of
    /// its part of `false_alarms` (the other half belongs to the chance in the reference): by the binomial distribution of
    /// the rows outside (exact), and for the mean by the normal distribution with the larger of both sides' standard
    /// deviations. Whatever holds for every single row, and every count of the table, is taken as it stands.
    ///
    /// Declines (`not_checked`) when the column has no value, or too few to tell.
    pub fn check(&self, current: &Dataset) -> CheckReport {
        let error = self.false_alarms.map(|all| all / self.n_left_to_chance().max(1) as f64 / 2.0);
        let mut checks = self.check_dataset(current);
        let by_column = crate::parallel::map(&self.columns, |expected| check_column(expected, current, error));
        checks.extend(by_column.into_iter().flatten());
        let count = |status: CheckStatus| checks.iter().filter(|check| check.status == status).count() as u64;
        CheckReport {
            made_from: self.made_from.clone(),
            rows: current.n_rows() as u64,
            passed: count(CheckStatus::Pass),
            failed: count(CheckStatus::Fail),
            not_checked: count(CheckStatus::NotChecked),
            checks,
        }
    }

    fn check_dataset(&self, current: &Dataset) -> Vec<Check> {
        let mut checks = Vec::new();
        let known: BTreeSet<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        let is_known = |column: &&Column| known.contains(column.name.as_str());
        if !self.other_columns {
            let others: Vec<&str> = current
                .columns()
                .iter()
                .filter(|column| !is_known(column))
                .map(|column| column.name.as_str())
                .collect();
            let observed = if others.is_empty() { "none".to_owned() } else { others.join(", ") };
            checks.push(Check::new(None, "other_columns", others.is_empty(), "no other columns", observed));
        }
        let columns: Vec<&Column> =
            current.columns().iter().filter(|column| !self.other_columns || is_known(column)).collect();
        checks.extend(self.dataset.check(&columns, current.n_rows() as u64));
        checks
    }
}

impl DatasetExpectations {
    /// The bounds by name, those that are there.
    pub(super) fn fields(&self) -> Vec<(&'static str, Between)> {
        let all = [
            ("rows", self.rows),
            ("columns", self.columns),
            ("missing", self.missing),
            ("constant_columns", self.constant_columns),
            ("almost_constant_columns", self.almost_constant_columns),
            ("empty_columns", self.empty_columns),
            ("empty_rows", self.empty_rows),
            ("duplicate_rows", self.duplicate_rows),
            ("duplicate_columns", self.duplicate_columns),
        ];
        all.into_iter().filter_map(|(name, between)| Some((name, between?))).collect()
    }

    fn check(&self, columns: &[&Column], rows: u64) -> Vec<Check> {
        let fields = self.fields();
        // Counting rows needs no look at the values.
        let needs_profiles = fields.iter().any(|(name, _)| !matches!(*name, "rows" | "columns"));
        let counts = TableCounts::of(if needs_profiles { columns } else { &[] }, rows);
        let observed = |name: &str| match name {
            "rows" => counts.rows,
            "columns" => columns.len() as f64,
            "missing" => counts.missing,
            "constant_columns" => counts.constant_columns,
            "almost_constant_columns" => counts.almost_constant_columns,
            "empty_columns" => counts.empty_columns,
            "empty_rows" => empty_rows(columns) as f64,
            "duplicate_rows" => duplicate_rows(columns) as f64,
            _ => twins(columns).iter().filter(|twins| twins.is_duplicate).count() as f64,
        };
        fields.into_iter().map(|(name, between)| Check::of_number(None, name, between, Some(observed(name)))).collect()
    }
}

impl Between {
    /// Evidently's slack for bounds that are met but for rounding.
    const ROUNDING: f64 = 1e-12;

    fn holds(self, value: f64) -> bool {
        self.at_least.is_none_or(|low| value >= low - Self::ROUNDING)
            && self.at_most.is_none_or(|high| value <= high + Self::ROUNDING)
    }

    fn words(self) -> String {
        match (self.at_least, self.at_most) {
            (Some(low), Some(high)) if low == high => format!("{low}"),
            (Some(low), Some(high)) => format!("{low} to {high}"),
            (Some(low), None) => format!("at least {low}"),
            (None, Some(high)) => format!("at most {high}"),
            (None, None) => "anything".to_owned(),
        }
    }
}

impl Check {
    fn new(
        column: Option<&str>,
        expectation: &str,
        passed: bool,
        expected: impl Into<String>,
        observed: impl Into<String>,
    ) -> Self {
        Self {
            column: column.map(str::to_owned),
            expectation: expectation.to_owned(),
            status: if passed { CheckStatus::Pass } else { CheckStatus::Fail },
            expected: expected.into(),
            observed: observed.into(),
            value: None,
            violating_rows: None,
            first_violating_rows: Vec::new(),
            reason: None,
        }
    }

    fn of_number(column: Option<&str>, expectation: &str, between: Between, value: Option<f64>) -> Self {
        let Some(value) = value else {
            return Self::new(column, expectation, true, between.words(), "none")
                .not_checked("there is no such number");
        };
        let check = Self::new(column, expectation, between.holds(value), between.words(), format!("{value}"));
        Self { value: Some(value), ..check }
    }

    fn not_checked(self, reason: impl Into<String>) -> Self {
        Self { status: CheckStatus::NotChecked, reason: Some(reason.into()), ..self }
    }

    /// Names the rows in which `violates` holds.
    fn with_rows(self, rows: usize, violates: impl Fn(usize) -> bool) -> Self {
        let mut count = 0;
        let mut first = Vec::new();
        for row in (0..rows).filter(|row| violates(*row)) {
            count += 1;
            if first.len() < MAX_ROWS_NAMED {
                first.push(row as u64 + 1);
            }
        }
        Self { violating_rows: Some(count), first_violating_rows: first, ..self }
    }

    /// A failed check passes where chance explains the distance.
    fn unless_chance(self, explains: impl FnOnce() -> bool) -> Self {
        if self.status == CheckStatus::Fail && explains() {
            let reason = "beyond its bound, but not by more than chance explains".to_owned();
            return Self { status: CheckStatus::Pass, reason: Some(reason), ..self };
        }
        self
    }
}

/// One column on its way through its checks.
struct Current<'a> {
    column: &'a Column,
    profile: ColumnProfile,
    facts: ColumnFacts,
    /// The part of `false_alarms` that each check has for the chance in the current rows.
    error: Option<f64>,
}

fn check_column(expected: &ColumnExpectations, data: &Dataset, error: Option<f64>) -> Vec<Check> {
    let name = Some(expected.name.as_str());
    let Some(column) = data.column(&expected.name) else {
        return vec![Check::new(name, "present", expected.optional, "the column", "no such column")];
    };
    let profile = ColumnProfile::of(column);
    let facts = ColumnFacts::of(&profile);
    Current { column, profile, facts, error }.check(expected)
}

impl ColumnExpectations {
    /// The plain bounds by name, those that are there.
    pub(super) fn bounds(&self) -> Vec<(&'static str, Between)> {
        let all = [
            ("missing", self.missing),
            ("missing_share", self.missing_share),
            ("distinct", self.distinct),
            ("most_common_share", self.most_common_share),
            ("min", self.min),
            ("max", self.max),
            ("std", self.std),
        ];
        all.into_iter().filter_map(|(name, between)| Some((name, between?))).collect()
    }
}

impl Current<'_> {
    fn check(&self, expected: &ColumnExpectations) -> Vec<Check> {
        let mut checks = vec![Check::new(self.name(), "present", true, "the column", "there")];
        checks.extend(expected.kind.map(|kind| self.kind(kind)));
        checks.extend(expected.bounds().into_iter().map(|(name, between)| self.bound(name, between)));
        if expected.unique {
            checks.push(self.unique());
        }
        if expected.not_constant {
            checks.push(self.not_constant(expected.most_common_share));
        }
        checks.extend(expected.range.map(|range| self.range(range)));
        checks.extend(
            expected
                .categories
                .as_ref()
                .map(|categories| self.categories(categories, expected.kind == Some(ValueKind::TruthValues))),
        );
        checks.extend(expected.mean.map(|mean| self.mean(mean)));
        checks.extend(expected.quantiles.iter().map(|quantile| self.quantile(*quantile)));
        checks
    }

    fn name(&self) -> Option<&str> {
        Some(&self.column.name)
    }

    fn number(&self, read: impl Fn(&crate::quality::NumberFacts) -> Option<f64>) -> Option<f64> {
        self.facts.numbers.as_ref().and_then(read)
    }

    /// How a cell reads, as in the file; `None` if it is missing.
    fn text(&self, row: usize) -> Option<String> {
        match &self.column.values {
            Values::Numbers(numbers) => {
                let value = numbers.as_slice()[row];
                (!value.is_nan()).then(|| format!("{}", value + 0.0))
            }
            Values::Booleans(values) => Some(values[row].to_string()),
            Values::Strings(strings) => strings.get(row).map(str::to_owned),
        }
    }

    fn is_missing(&self, row: usize) -> bool {
        match &self.column.values {
            Values::Numbers(numbers) => numbers.as_slice()[row].is_nan(),
            Values::Booleans(_) => false,
            Values::Strings(strings) => strings.is_missing(row),
        }
    }

    /// Whether so many of so many are no more than chance explains under a share of `bound`.
    fn is_explained(&self, count: u64, of: u64, bound: f64) -> bool {
        self.error.is_some_and(|error| binomial_at_least(count, of, bound) > error)
    }

    fn kind(&self, kind: ValueKind) -> Check {
        let check = |observed: &str| Check::new(self.name(), "kind", true, kind.label(), observed);
        if self.facts.present() == 0 {
            return check("no value").not_checked("there is no value");
        }
        let found = match &self.column.values {
            Values::Numbers(_) => "numbers",
            Values::Booleans(_) => ValueKind::TruthValues.label(),
            Values::Strings(_) => ValueKind::Names.label(),
        };
        let is_number =
            |row: usize| self.text(row).is_some_and(|text| fast_float2::parse::<f64, _>(text.trim()).is_ok());
        let rows = self.column.len();
        let with_rows = match (kind, &self.column.values) {
            (ValueKind::Numbers | ValueKind::WholeNumbers, Values::Strings(_) | Values::Booleans(_)) => {
                check(found).with_rows(rows, |row| !self.is_missing(row) && !is_number(row))
            }
            (ValueKind::WholeNumbers, Values::Numbers(numbers)) => {
                let values = numbers.as_slice();
                // Infinity has no fraction, and is no whole number either.
                check(found).with_rows(rows, |row| values[row].is_infinite() || values[row].fract().abs() > 0.0)
            }
            (ValueKind::TruthValues, Values::Numbers(_) | Values::Strings(_)) => {
                let is_truth = |row: usize| self.text(row).is_some_and(|text| truth_value(&text).is_some());
                check(found).with_rows(rows, |row| !self.is_missing(row) && !is_truth(row))
            }
            _ => check(found),
        };
        let passed = with_rows.violating_rows.unwrap_or(0) == 0;
        Check { status: if passed { CheckStatus::Pass } else { CheckStatus::Fail }, ..with_rows }
    }

    fn bound(&self, field: &'static str, between: Between) -> Check {
        let facts = &self.facts;
        let value = match field {
            "missing" => Some(facts.missing as f64),
            "missing_share" => (facts.rows > 0).then(|| facts.missing_share()),
            "distinct" => Some(facts.distinct as f64),
            "most_common_share" => (facts.present() > 0).then(|| self.n_most_common() as f64 / facts.present() as f64),
            "min" => self.number(|numbers| Some(numbers.min)),
            "max" => self.number(|numbers| Some(numbers.max)),
            _ => self.number(|numbers| numbers.std),
        };
        let check = Check::of_number(self.name(), field, between, value);
        match field {
            "missing" => check.with_rows(self.column.len(), |row| self.is_missing(row)),
            "missing_share" => check
                .unless_chance(|| self.explains_share(facts.missing, facts.rows, between, 1.0))
                .with_rows(self.column.len(), |row| self.is_missing(row)),
            "most_common_share" => {
                // Any value might have been the most common one, and at most so many can be as frequent.
                let rivals = between.at_most.map_or(1.0, |bound| 1.0 / bound.max(f64::MIN_POSITIVE));
                check.unless_chance(|| self.explains_share(self.n_most_common(), facts.present(), between, rivals))
            }
            _ => check,
        }
    }

    fn n_most_common(&self) -> u64 {
        self.facts.most_common.as_ref().map_or(1, |found| found.count)
    }

    fn explains_share(&self, count: u64, of: u64, between: Between, rivals: f64) -> bool {
        let Some(error) = self.error else { return false };
        let from_above = |bound: f64| binomial_at_least(count, of, bound) * rivals > error;
        let from_below = |bound: f64| binomial_at_most(count, of, bound) > error;
        let share = count as f64 / of as f64;
        match (between.at_least, between.at_most) {
            (_, Some(high)) if share > high => from_above(high),
            (Some(low), _) => from_below(low),
            _ => false,
        }
    }

    fn unique(&self) -> Check {
        let repeated = self.facts.present() - self.facts.infinite - self.facts.distinct;
        let observed = format!("{repeated} repeated");
        let check = Check::new(self.name(), "unique", repeated == 0, "no value twice", observed);
        let mut seen = BTreeSet::new();
        let mut is_first = vec![true; self.column.len()];
        if repeated > 0 {
            for (row, code) in crate::quality::correlation::codes(self.column).into_iter().enumerate() {
                is_first[row] = code.is_none_or(|code| seen.insert(code));
            }
        }
        check.with_rows(self.column.len(), |row| !is_first[row])
    }

    fn not_constant(&self, most_common_share: Option<Between>) -> Check {
        let is_constant = self.facts.is_constant();
        let observed = if is_constant { "one value" } else { "several values" };
        let check = Check::new(self.name(), "not_constant", !is_constant, "two values at least", observed);
        let present = self.facts.present();
        if present < 2 {
            return check.not_checked("there are fewer than two values");
        }
        let bound = most_common_share.and_then(|between| between.at_most);
        check.unless_chance(|| {
            let bound = bound.unwrap_or(0.0);
            self.error
                .is_some_and(|error| binomial_at_least(present, present, bound) / bound.max(f64::MIN_POSITIVE) > error)
        })
    }

    fn range(&self, range: Range) -> Check {
        let words = format!("{} to {}", range.low, range.high);
        let values = match &self.column.values {
            Values::Numbers(numbers) => numbers.as_slice(),
            _ => &[],
        };
        let present = self.facts.present();
        let check = Check::new(self.name(), "range", true, with_allowance(words, range.outside_share_at_most), "");
        if values.is_empty() || present == 0 {
            return Check { observed: "no number".to_owned(), ..check }.not_checked("there is no number");
        }
        let is_outside = |row: usize| !values[row].is_nan() && !(range.low..=range.high).contains(&values[row]);
        let check = check.with_rows(values.len(), is_outside);
        let observed = self.number(|numbers| Some(numbers.min)).zip(self.number(|numbers| Some(numbers.max)));
        let observed = observed.map_or_else(|| "no finite number".to_owned(), |(min, max)| format!("{min} to {max}"));
        self.share_of_rows(Check { observed, ..check }, present, range.outside_share_at_most)
    }

    fn categories(&self, categories: &Categories, are_truth_values: bool) -> Check {
        let allowed: BTreeSet<&str> = categories.allowed.iter().map(String::as_str).collect();
        let words = shortened(categories.allowed.iter().map(String::as_str));
        let expected = with_allowance(words, categories.others_share_at_most);
        let check = Check::new(self.name(), "categories", true, expected, "");
        let present = self.facts.present();
        if present == 0 {
            return Check { observed: "no value".to_owned(), ..check }.not_checked("there is no value");
        }
        let is_other = |text: &str| {
            let as_truth = are_truth_values.then(|| truth_value(text)).flatten();
            !allowed.contains(as_truth.unwrap_or(text))
        };
        let others: Vec<String> =
            self.profile.counts().iter().map(|(name, _)| name.to_string()).filter(|name| is_other(name)).collect();
        let observed = if others.is_empty() {
            "none but these".to_owned()
        } else {
            format!("also {}", shortened(others.iter().map(String::as_str)))
        };
        let nothing_new = others.is_empty() && self.facts.infinite == 0;
        let is_violation = |row: usize| !nothing_new && self.text(row).is_some_and(|text| is_other(&text));
        let check = Check { observed, ..check }.with_rows(self.column.len(), is_violation);
        self.share_of_rows(check, present, categories.others_share_at_most)
    }

    /// Fails a check if the share of its violating rows is too large.
    fn share_of_rows(&self, check: Check, of: u64, at_most: f64) -> Check {
        let count = check.violating_rows.unwrap_or(0);
        let share = count as f64 / of as f64;
        let status = if share <= at_most { CheckStatus::Pass } else { CheckStatus::Fail };
        let check = Check { status, value: Some(share), ..check };
        check.unless_chance(|| self.is_explained(count, of, at_most))
    }

    fn mean(&self, expected: MeanBetween) -> Check {
        let between = Between { at_least: expected.at_least, at_most: expected.at_most };
        let mean = self.number(|numbers| numbers.mean);
        let check = Check::of_number(self.name(), "mean", between, mean);
        let (Some(error), Some(mean)) = (self.error, mean) else { return check };
        let n = self.profile.n();
        if n < MIN_VALUES_FOR_A_MEAN {
            return check.not_checked(format!("fewer than {MIN_VALUES_FOR_A_MEAN} values"));
        }
        check.unless_chance(|| {
            let distance = (mean
                - mean
                    .clamp(expected.at_least.unwrap_or(f64::NEG_INFINITY), expected.at_most.unwrap_or(f64::INFINITY)))
            .abs();
            let std = self.number(|numbers| numbers.std).unwrap_or(0.0).max(expected.reference_std.unwrap_or(0.0));
            let of_reference = expected.reference_values.map_or(0.0, |values| 1.0 / values as f64);
            let standard_error = std * (of_reference + 1.0 / n as f64).sqrt();
            // Both halves of the error: the reference's chance is in the standard error.
            standard_error > 0.0 && 2.0 * normal_sf(distance / standard_error) > 2.0 * error
        })
    }

    fn quantile(&self, expected: QuantileBetween) -> Check {
        let name = format!("quantile {}", expected.at);
        let between = Between { at_least: expected.at_least, at_most: expected.at_most };
        let sorted = self.profile.sorted().unwrap_or(&[]);
        let check = Check::of_number(self.name(), &name, between, quantile(sorted, expected.at));
        let Some(error) = self.error else { return check };
        let n = sorted.len() as u64;
        check.unless_chance(|| {
            let below = expected.at_least.map_or(0, |low| sorted.partition_point(|value| *value < low) as u64);
            let above = expected.at_most.map_or(0, |high| n - sorted.partition_point(|value| *value <= high) as u64);
            // Too many values lie below the smallest quantile, or above the largest.
            let p_below = binomial_at_least(below, n, expected.at);
            let p_above = binomial_at_least(above, n, 1.0 - expected.at);
            2.0 * p_below.min(p_above) > error
        })
    }
}

/// `true` or `false`, however it is written.
fn truth_value(text: &str) -> Option<&'static str> {
    match text {
        "True" | "TRUE" | "true" => Some("true"),
        "False" | "FALSE" | "false" => Some("false"),
        _ => None,
    }
}

fn with_allowance(words: String, share: f64) -> String {
    if share == 0.0 { words } else { format!("{words}, but for a share of {share}") }
}

/// The first few of a list.
fn shortened<'a>(mut names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 6;
    let all = names.len();
    let shown: Vec<&str> = names.by_ref().take(SHOWN).collect();
    if all > SHOWN { format!("{} and {} more", shown.join(", "), all - SHOWN) } else { shown.join(", ") }
}
