//! What the columns are and what they are for.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

use crate::data::{Category, Column, Dataset, Strings, Values, datetime};
use crate::profile::{ColumnProfile, Shape};

pub mod preview;

/// What a column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Numbers whose order and distance mean something.
    Numerical,
    /// Names of kinds, or few whole numbers that stand for kinds.
    Categorical,
    /// Moments in time.
    Datetime,
    /// Free text: nearly every value differs.
    Text,
}

impl ColumnType {
    /// Every type, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Numerical, Self::Categorical, Self::Datetime, Self::Text];

    /// The type's name, as it is stored and typed on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Numerical => "numerical",
            Self::Categorical => "categorical",
            Self::Datetime => "datetime",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a column is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ColumnRole {
    /// Goes into the model.
    Feature,
    /// What the model is to find out.
    Target,
    /// What the model said: its class or its probability.
    Prediction,
    /// Known and left out of every comparison.
    Ignored,
}

impl ColumnRole {
    /// The name, as it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Target => "target",
            Self::Prediction => "prediction",
            Self::Ignored => "ignored",
        }
    }
}

/// One column's place in a [`Schema`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnSpec {
    /// The column's name, as in the header.
    pub name: String,
    /// What its values are.
    pub column_type: ColumnType,
    /// What it is for.
    pub role: ColumnRole,
    /// The type is a person's word, not inferred: then both judges follow it in every window.
    #[serde(default)]
    pub is_declared: bool,
}

/// The columns of a data set, in order, with type and role.
///
/// A schema is learnt from the reference and then frozen: the same column has the same type in every window.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Schema {
    /// One entry per column, in the reference's order.
    pub columns: Vec<ColumnSpec>,
}

/// A person's word on single columns, which goes before inference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchemaOverrides {
    /// Types by column name.
    pub types: BTreeMap<String, ColumnType>,
    /// Roles by column name.
    pub roles: BTreeMap<String, ColumnRole>,
}

impl SchemaOverrides {
    /// Whether every name is one of these.
    pub(crate) fn check<'a>(&self, known: impl Iterator<Item = &'a str> + Clone) -> Result<(), UnknownColumn> {
        let mut named = self.types.keys().chain(self.roles.keys());
        let unknown = named.find(|name| !known.clone().any(|known| known == *name));
        let known = || known.clone().map(str::to_owned).collect();
        unknown.map_or(Ok(()), |name| Err(UnknownColumn { name: name.clone(), known: known() }))
    }

    /// The entry of a column, of which `learn` tells the type where nobody has said it.
    pub(crate) fn spec(&self, name: &str, learn: impl FnOnce() -> ColumnType) -> ColumnSpec {
        let declared = self.types.get(name).copied();
        ColumnSpec {
            name: name.to_owned(),
            column_type: declared.unwrap_or_else(learn),
            role: self.role(name),
            is_declared: declared.is_some(),
        }
    }

    /// What a column is for: a feature, where nobody has said otherwise.
    pub(crate) fn role(&self, name: &str) -> ColumnRole {
        self.roles.get(name).copied().unwrap_or(ColumnRole::Feature)
    }
}

/// An override that names no column of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownColumn {
    /// The name that was not found.
    pub name: String,
    /// The names there are.
    pub known: Vec<String>,
}

impl fmt::Display for UnknownColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no column is called {:?}; there are {}", self.name, self.known.join(", "))
    }
}

impl std::error::Error for UnknownColumn {}

/// Whole-number columns with at most this many distinct values stand for kinds (Evidently 0.7's rule).
pub const MAX_CATEGORICAL_INTEGERS: usize = 10;

impl Schema {
    /// Learns types from `reference` and applies `overrides`. A column of strings that are all moments, as
    /// [`datetime::parse`] reads them, is a datetime column; every other type is that of [`infer_type`]. Every column is a feature unless told
    /// otherwise.
    ///
    /// # Errors
    /// An override names a column that `reference` does not have.
    pub fn infer(reference: &Dataset, overrides: &SchemaOverrides) -> Result<Self, UnknownColumn> {
        overrides.check(reference.columns().iter().map(|column| &*column.name))?;
        let spec = |column: &Column| overrides.spec(&column.name, || learn_type(column));
        Ok(Self { columns: reference.columns().iter().map(spec).collect() })
    }

    /// The entry of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnSpec> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Names of the columns that go into the model, in order.
    pub fn features(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter(|column| column.role == ColumnRole::Feature).map(|column| column.name.as_str())
    }
}

pub(crate) fn learn_type(column: &Column) -> ColumnType {
    match &column.values {
        Values::Strings(strings) if is_all_moments(strings) => ColumnType::Datetime,
        _ => infer_type(column),
    }
}

/// Most columns of strings are decided by their first row.
fn is_all_moments(strings: &Strings) -> bool {
    let mut is_moment = strings.map_distinct(|text| datetime::parse(text).is_some()).flatten().peekable();
    is_moment.peek().is_some() && is_moment.all(|is_moment| is_moment)
}

/// The type Evidently 0.7 gives a column, `infer_column_type` in `core/datasets.py`.
///
/// Fractions are numerical; whole numbers are categorical up to [`MAX_CATEGORICAL_INTEGERS`] distinct values and
/// numerical above; truth values are categorical; strings are text when more than half of those present differ,
/// else categorical: moments, too, unless they are declared, as `pandas.read_csv` leaves them strings. As in pandas, whole numbers with missing ones among them count as fractions.
pub fn infer_type(column: &Column) -> ColumnType {
    match &column.values {
        Values::Numbers(numbers) if numbers.is_integer() => {
            if numbers.has_more_distinct_than(MAX_CATEGORICAL_INTEGERS) {
                ColumnType::Numerical
            } else {
                ColumnType::Categorical
            }
        }
        Values::Numbers(_) => ColumnType::Numerical,
        Values::Booleans(_) => ColumnType::Categorical,
        Values::Strings(strings) => {
            if 2 * strings.n_distinct() > strings.n_present() {
                ColumnType::Text
            } else {
                ColumnType::Categorical
            }
        }
    }
}

/// [`infer_type`] of a column of which only the profile is left.
pub(crate) fn infer_type_of_profile(profile: &ColumnProfile) -> ColumnType {
    match &profile.shape {
        Shape::Numbers { is_integer: true, .. } if profile.n_distinct() <= MAX_CATEGORICAL_INTEGERS as u64 => {
            ColumnType::Categorical
        }
        Shape::Numbers { .. } => ColumnType::Numerical,
        Shape::Categories { counts } => match counts.first() {
            Some((Category::Name(_), _)) if 2 * profile.n_distinct() > profile.n() => ColumnType::Text,
            _ => ColumnType::Categorical,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_tells_the_type_that_its_column_has() {
        let booleans = |values: &[bool]| Column { name: "x".to_owned(), values: Values::Booleans(values.to_vec()) };
        let numbers = |n: u32| Column::numbers("x", (0..n).map(f64::from).collect());
        let columns = [
            numbers(0),
            numbers(10),
            numbers(11),
            Column::numbers("x", vec![1.0, f64::NAN]),
            Column::fractions("x", vec![1.0]),
            booleans(&[]),
            booleans(&[true]),
            booleans(&[true, false, true, true]),
            Column::strings("x", [None, None]),
            Column::strings("x", [Some("a"), None]),
            Column::strings("x", [Some("a"), Some("a")]),
            Column::strings("x", [Some("a"), Some("a"), Some("b")]),
        ];
        for column in columns {
            assert_eq!(infer_type_of_profile(&ColumnProfile::of(&column)), infer_type(&column), "{column:?}");
        }
    }

    fn types(values: &[Option<&'static str>]) -> (ColumnType, ColumnType) {
        let column = Column::strings("x", values.iter().copied());
        (learn_type(&column), infer_type(&column))
    }

    #[test]
    fn strings_that_are_all_moments_are_a_datetime_column_to_us_and_strings_to_evidently() {
        use ColumnType::{Categorical, Datetime, Text};
        assert_eq!(types(&[Some("2024-03-01"), None, Some("2024-03-02 10:00")]), (Datetime, Text));
        assert_eq!(types(&[Some("2024-03-01"); 3]), (Datetime, Categorical));
        assert_eq!(types(&[Some("2024-03-01"), Some("2024-03-01"), Some("soon")]), (Text, Text));
        assert_eq!(types(&[Some("2024"), Some("2024")]), (Categorical, Categorical));
        assert_eq!(types(&[None, None]).0, types(&[None, None]).1, "nothing is no moment");
    }

    #[test]
    fn a_persons_word_goes_before_inference() {
        let column = Column::strings("at", [Some("2024-03-01"), Some("2024-03-01")]);
        let data = Dataset::new(vec![column]).unwrap();
        let declared = SchemaOverrides {
            types: [("at".to_owned(), ColumnType::Categorical)].into(),
            ..SchemaOverrides::default()
        };
        assert_eq!(Schema::infer(&data, &declared).unwrap().columns[0].column_type, ColumnType::Categorical);
    }

    #[test]
    fn names_are_read_back() {
        for column_type in ColumnType::ALL {
            let json = serde_json::to_string(&column_type).unwrap();
            assert_eq!(json, format!("\"{}\"", column_type.name()));
        }
    }
}
