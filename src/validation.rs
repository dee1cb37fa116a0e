//! What a single row may hold, as the reference taught it: the check at the door, before a model answers.
//!
//! [`Expectations`](crate::expectations::Expectations) judge a whole table and leave room for chance; a rule here judges one
//! value, as it stands. So the rules are wide: a number may lie [`RANGE_MARGIN`] of the reference's range beyond it, a category
//! has to be one of the reference's (or of the first
//! [`MAX_CATEGORIES`](crate::expectations::MAX_CATEGORIES), above which there is no list), whole numbers are asked for only where
//! a thousand of them had no fraction, and a value may be missing where one was missing in the reference.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::data::{Category, Column};
use crate::expectations::{ValueKind, categories_of, kind_of};
use crate::profile::ColumnProfile;
use crate::schema::{ColumnSpec, ColumnType};

/// How far beyond the reference's smallest and largest number a value may lie, as a share of their distance.
pub const RANGE_MARGIN: f64 = 0.1;

/// What becomes of a row that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It is answered, and logged with its violations.
    #[default]
    Flag,
    /// It is refused.
    Strict,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 2] = [Self::Flag, Self::Strict];

    /// The mode's name, as it is stored and typed on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Strict => "strict",
        }
    }
}

/// What the values of one column may be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allowed {
    /// Any value: the reference had none, or too many kinds for a list.
    Anything,
    /// Any number.
    Numbers,
    /// Numbers from `low` to `high`, both included.
    Range {
        /// The smallest number allowed.
        low: f64,
        /// The largest number allowed.
        high: f64,
        /// Whether a fraction is a violation.
        whole: bool,
    },
    /// These numbers, in ascending order.
    OneOf(Vec<f64>),
    /// These names, in byte order.
    Names(Vec<String>),
}

/// The rule for one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnRule {
    /// The column.
    pub name: String,
    /// Whether a value may be missing.
    pub may_be_missing: bool,
    /// What a value that is there may be.
    pub allowed: Allowed,
}

/// One value as it arrives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// There is none.
    Missing,
    /// A number.
    Number(f64),
    /// A name.
    Text(&'a str),
}

/// Which rule a value breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A value is missing where the reference missed none.
    Missing,
    /// A name where the reference has numbers, or the other way round.
    Type,
    /// A number outside the range.
    Range,
    /// A number with a fraction among whole ones.
    Whole,
    /// A category that the reference does not have.
    Category,
}

impl Rule {
    /// Every rule, in the order of their bits in a log.
    pub const ALL: [Self; 5] = [Self::Missing, Self::Type, Self::Range, Self::Whole, Self::Category];

    /// The rule's name, as it is stored and counted.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Type => "type",
            Self::Range => "range",
            Self::Whole => "whole",
            Self::Category => "category",
        }
    }
}

/// A value that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// The column's place among the rules.
    pub column: usize,
    /// The rule.
    pub rule: Rule,
}

/// The rules for a row, column by column.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct RowRules {
    columns: Vec<ColumnRule>,
}

impl RowRules {
    /// Takes rules as they are.
    ///
    /// ```
    /// use tidemark::validation::{Allowed, ColumnRule, Rule, RowRules};
    ///
    /// let allowed = Allowed::Range { low: 0.0, high: 120.0, whole: true };
    /// let rules = RowRules::new(vec![ColumnRule { name: "age".to_owned(), may_be_missing: false, allowed }]);
    /// assert!(rules.violations(&[45.0]).is_empty());
    /// assert_eq!(rules.violations(&[450.0])[0].rule, Rule::Range);
    /// ```
    pub const fn new(columns: Vec<ColumnRule>) -> Self {
        Self { columns }
    }

    /// Learns a rule for each of `specs` from its column of the reference. A column that the reference lacks may be anything.
    pub fn learn<'a>(
        specs: impl IntoIterator<Item = &'a ColumnSpec>,
        reference: impl Fn(&str) -> Option<&'a Column>,
    ) -> Self {
        let columns = specs.into_iter().map(|spec| learn_rule(spec, reference(&spec.name))).collect();
        Self { columns }
    }

    /// The rules, in the order of the columns.
    pub fn columns(&self) -> &[ColumnRule] {
        &self.columns
    }

    /// What a row of numbers breaks, in the order of the columns; a missing number is NaN. A row that breaks nothing costs one
    /// look at each value and no allocation.
    pub fn violations(&self, row: &[f64]) -> Vec<Violation> {
        let broken = |(column, (rule, &value)): (usize, (&ColumnRule, &f64))| {
            let value = if value.is_nan() { Value::Missing } else { Value::Number(value) };
            rule.broken_by(value).map(|rule| Violation { column, rule })
        };
        self.columns.iter().zip(row).enumerate().filter_map(broken).collect()
    }

    /// A violation in words: which value, and what was expected of it.
    pub fn describe(&self, violation: Violation, value: Value<'_>) -> String {
        let rule = &self.columns[violation.column];
        format!("expected {rule}, found {value}")
    }
}

impl ColumnRule {
    /// The first rule that the value breaks.
    pub fn broken_by(&self, value: Value<'_>) -> Option<Rule> {
        match (value, &self.allowed) {
            (Value::Missing, _) => (!self.may_be_missing).then_some(Rule::Missing),
            (_, Allowed::Anything) | (Value::Number(_), Allowed::Numbers) => None,
            (Value::Number(value), Allowed::Range { low, high, whole }) => {
                if value < *low || value > *high {
                    Some(Rule::Range)
                } else {
                    (*whole && value.fract() != 0.0).then_some(Rule::Whole)
                }
            }
            (Value::Number(value), Allowed::OneOf(numbers)) => {
                // Adding zero makes -0 and 0 one value.
                let found = numbers.binary_search_by(|number| number.total_cmp(&(value + 0.0)));
                found.is_err().then_some(Rule::Category)
            }
            (Value::Text(name), Allowed::Names(names)) => {
                let found = names.binary_search_by(|known| known.as_str().cmp(name));
                found.is_err().then_some(Rule::Category)
            }
            _ => Some(Rule::Type),
        }
    }
}

fn learn_rule(spec: &ColumnSpec, reference: Option<&Column>) -> ColumnRule {
    let anything = |may_be_missing| ColumnRule { name: spec.name.clone(), may_be_missing, allowed: Allowed::Anything };
    let Some(column) = reference else { return anything(true) };
    let profile = ColumnProfile::of(column);
    let may_be_missing = profile.missing > 0 || column.is_empty();
    let allowed = match (spec.column_type, kind_of(column, &profile)) {
        (ColumnType::Categorical, kind) => categories(&profile, kind),
        (ColumnType::Numerical, kind @ (ValueKind::Numbers | ValueKind::WholeNumbers)) => {
            range(&profile, kind == ValueKind::WholeNumbers)
        }
        _ => Allowed::Anything,
    };
    ColumnRule { allowed, ..anything(may_be_missing) }
}

/// The reference's finite numbers and [`RANGE_MARGIN`] on both sides; any number if there are none or one is infinite.
fn range(profile: &ColumnProfile, whole: bool) -> Allowed {
    let (Some(low), Some(high)) = (profile.sorted().and_then(<[f64]>::first), profile.sorted().and_then(<[f64]>::last))
    else {
        return Allowed::Numbers;
    };
    let margin = RANGE_MARGIN * (high - low);
    let (low, high) = (low - margin, high + margin);
    if profile.infinite > 0 || !low.is_finite() || !high.is_finite() {
        return Allowed::Numbers;
    }
    Allowed::Range { low, high, whole }
}

fn categories(profile: &ColumnProfile, kind: ValueKind) -> Allowed {
    let is_numeric = matches!(kind, ValueKind::Numbers | ValueKind::WholeNumbers);
    let Some(found) = categories_of(profile).filter(|found| !found.is_empty()) else {
        return if is_numeric { Allowed::Numbers } else { Allowed::Anything };
    };
    if is_numeric {
        let number = |category: Category| match category {
            Category::Number(value) => Some(value + 0.0),
            _ => None,
        };
        let mut numbers: Vec<f64> = found.into_iter().filter_map(number).collect();
        numbers.sort_by(f64::total_cmp);
        Allowed::OneOf(numbers)
    } else {
        let mut names: Vec<String> = found.iter().map(Category::to_string).collect();
        names.sort_unstable();
        Allowed::Names(names)
    }
}

/// So many categories are named where a rule is put into words.
const NAMED: usize = 5;

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, values: &[T]) -> fmt::Result {
    f.write_str("one of ")?;
    for (place, value) in values.iter().take(NAMED).enumerate() {
        write!(f, "{}{value}", if place == 0 { "" } else { ", " })?;
    }
    if values.len() > NAMED { write!(f, " and {} more", values.len() - NAMED) } else { Ok(()) }
}

impl fmt::Display for ColumnRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.allowed {
            Allowed::Anything => f.write_str("a value"),
            Allowed::Numbers => f.write_str("a number"),
            Allowed::Range { low, high, whole } => {
                write!(f, "a {} from {low} to {high}", if *whole { "whole number" } else { "number" })
            }
            Allowed::OneOf(numbers) => list(f, numbers),
            Allowed::Names(names) => list(f, names),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("nothing"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(text) => write!(f, "{text:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Dataset;
    use crate::schema::{Schema, SchemaOverrides};

    fn rule_of(column: Column) -> ColumnRule {
        let data = Dataset::new(vec![column]).expect("one column");
        let schema = Schema::infer(&data, &SchemaOverrides::default()).expect("no overrides");
        let mut rules = RowRules::learn(&schema.columns, |name| data.column(name));
        rules.columns.remove(0)
    }

    /// A thousand whole numbers from 0 to 100, so that a fraction is a fault.
    fn whole() -> Column {
        Column::numbers("x", (0..1010).map(|i| f64::from(i % 101)).collect())
    }

    #[test]
    fn a_range_is_the_references_and_a_tenth_of_it_on_both_sides() {
        let rule = rule_of(Column::fractions("x", (0..=100).map(f64::from).collect()));
        assert_eq!(rule.allowed, Allowed::Range { low: -10.0, high: 110.0, whole: false });
        for inside in [-10.0, 0.5, 110.0] {
            assert_eq!(rule.broken_by(Value::Number(inside)), None, "{inside}");
        }
        for outside in [-10.001, 110.001, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(rule.broken_by(Value::Number(outside)), Some(Rule::Range), "{outside}");
        }
    }

    #[test]
    fn fractions_break_a_rule_only_where_a_thousand_numbers_had_none() {
        assert_eq!(rule_of(whole()).broken_by(Value::Number(7.5)), Some(Rule::Whole));
        assert_eq!(rule_of(whole()).broken_by(Value::Number(7.0)), None);
        let few = rule_of(Column::numbers("x", (0..50).map(f64::from).collect()));
        assert_eq!(few.broken_by(Value::Number(7.5)), None);
    }

    #[test]
    fn a_value_may_be_missing_where_one_was() {
        let never = rule_of(Column::fractions("x", vec![0.5, 1.5]));
        assert_eq!(never.broken_by(Value::Missing), Some(Rule::Missing));
        let once = rule_of(Column::fractions("x", vec![0.5, f64::NAN, 1.5]));
        assert_eq!(once.broken_by(Value::Missing), None);
    }

    #[test]
    fn numbers_that_stand_for_kinds_are_listed() {
        let rule = rule_of(Column::numbers("x", vec![0.0, 1.0, 3.0, 1.0]));
        assert_eq!(rule.allowed, Allowed::OneOf(vec![0.0, 1.0, 3.0]));
        assert_eq!(rule.broken_by(Value::Number(3.0)), None);
        assert_eq!(rule.broken_by(Value::Number(-0.0)), None);
        assert_eq!(rule.broken_by(Value::Number(2.0)), Some(Rule::Category));
        assert_eq!(rule.broken_by(Value::Text("1")), Some(Rule::Type));
    }

    #[test]
    fn names_are_listed_unless_there_are_too_many() {
        let rule = rule_of(Column::strings("x", [Some("b"), Some("a"), Some("b"), Some("a")]));
        assert_eq!(rule.allowed, Allowed::Names(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(rule.broken_by(Value::Text("a")), None);
        assert_eq!(rule.broken_by(Value::Text("c")), Some(Rule::Category));
        assert_eq!(rule.broken_by(Value::Number(1.0)), Some(Rule::Type));

        let names: Vec<String> = (0..201).map(|i| format!("{:03}", i % 201)).collect();
        let thrice = names.iter().chain(&names).chain(&names).map(|name| Some(name.as_str()));
        let many = rule_of(Column::strings("x", thrice));
        assert_eq!(many.allowed, Allowed::Anything);
        assert_eq!(many.broken_by(Value::Text("another")), None);
    }

    #[test]
    fn a_reference_without_numbers_or_with_infinite_ones_draws_no_range() {
        for values in [vec![f64::NAN, f64::NAN], vec![0.5, f64::INFINITY], vec![-f64::MAX, f64::MAX]] {
            let rule = rule_of(Column::fractions("x", values));
            assert_eq!(rule.allowed, Allowed::Numbers);
            assert_eq!(rule.broken_by(Value::Number(1e300)), None);
        }
        let absent = RowRules::learn(&[spec("x")], |_| None);
        assert_eq!(absent.columns[0].broken_by(Value::Missing), None);
    }

    fn spec(name: &str) -> ColumnSpec {
        ColumnSpec {
            name: name.to_owned(),
            column_type: ColumnType::Numerical,
            role: crate::schema::ColumnRole::Feature,
            is_declared: false,
        }
    }

    #[test]
    fn every_violation_of_a_row_is_found_and_put_into_words() {
        let rules = RowRules::new(vec![rule_of(whole()), rule_of(whole()), rule_of(whole())]);
        assert_eq!(rules.violations(&[1.0, 2.0, 3.0]), []);
        let row = [1.0, 111.0, f64::NAN];
        let found = rules.violations(&row);
        assert_eq!(
            found.iter().map(|found| (found.column, found.rule)).collect::<Vec<_>>(),
            [(1, Rule::Range), (2, Rule::Missing)]
        );
        let words = rules.describe(found[0], Value::Number(111.0));
        assert_eq!(words, "expected a whole number from -10 to 110, found 111");
        assert_eq!(rules.describe(found[1], Value::Missing), "expected a whole number from -10 to 110, found nothing");
    }

    #[test]
    fn rules_are_stored_and_read_back() {
        let rules = RowRules::new(vec![rule_of(whole())]);
        let json = serde_json::to_string(&rules).expect("finite numbers");
        assert_eq!(serde_json::from_str::<RowRules>(&json).expect("its own JSON"), rules);
    }
}
