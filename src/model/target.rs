//! What is to be predicted, row by row.

use std::collections::BTreeMap;
use std::fmt;

use crate::data::{Category, Column, Values};
use crate::schema::ColumnType;

/// The truth about every row.
#[derive(Debug, Clone, PartialEq)]
pub enum Truths {
    /// Its class, by the class's place in the model's list.
    Classes(Vec<u32>),
    /// Its number.
    Numbers(Vec<f64>),
}

/// Why a target column does not say what the truth is.
#[derive(Debug, Clone, PartialEq)]
pub enum TargetError {
    /// It has no value in a row.
    Missing {
        /// The row, counted from 0.
        row: usize,
    },
    /// A number is to be predicted, and it holds none in a row.
    NotANumber {
        /// The column.
        name: String,
        /// Its type.
        found: ColumnType,
    },
    /// A row is of no class that the model knows.
    UnknownClass {
        /// The row, counted from 0.
        row: usize,
        /// Its value.
        found: String,
        /// The model's classes.
        known: Vec<String>,
    },
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { row } => write!(f, "the target has no value in row {}", row + 1),
            Self::NotANumber { name, found } => {
                write!(f, "the target {name:?} is {found}; a regression predicts finite numbers")
            }
            Self::UnknownClass { row, found, known } => {
                write!(f, "the target is {found:?} in row {}; the model's classes are {}", row + 1, known.join(", "))
            }
        }
    }
}

impl std::error::Error for TargetError {}

impl Truths {
    /// The classes of a column, and their names in order: by number, else by text.
    pub(super) fn classes(target: &Column) -> Result<(Vec<u32>, Vec<String>), TargetError> {
        let categories = categories(target)?;
        let mut codes: BTreeMap<&Category, u32> = categories.iter().map(|category| (category, 0)).collect();
        for (code, place) in (0..).zip(codes.values_mut()) {
            *place = code;
        }
        let classes = categories.iter().map(|category| codes[category]).collect();
        Ok((classes, codes.keys().map(|category| category.to_string()).collect()))
    }

    /// The classes of a column among those `known`.
    pub(super) fn known_classes(target: &Column, known: &[String]) -> Result<Self, TargetError> {
        let (classes, names) = Self::classes(target)?;
        let places: Vec<Option<usize>> =
            names.iter().map(|name| known.iter().position(|known| known == name)).collect();
        let place = |(row, class): (usize, &u32)| {
            let class = *class as usize;
            let unknown = || TargetError::UnknownClass { row, found: names[class].clone(), known: known.to_vec() };
            places[class].map(|place| place as u32).ok_or_else(unknown)
        };
        classes.iter().enumerate().map(place).collect::<Result<_, _>>().map(Self::Classes)
    }

    /// The numbers of a column.
    pub(super) fn numbers(target: &Column) -> Result<Self, TargetError> {
        let found = || crate::schema::infer_type(target);
        let Values::Numbers(numbers) = &target.values else {
            return Err(TargetError::NotANumber { name: target.name.clone(), found: found() });
        };
        for (row, value) in numbers.as_slice().iter().enumerate() {
            if value.is_nan() {
                return Err(TargetError::Missing { row });
            }
            if value.is_infinite() {
                return Err(TargetError::NotANumber { name: target.name.clone(), found: found() });
            }
        }
        Ok(Self::Numbers(numbers.as_slice().to_vec()))
    }

    /// The truths of some rows, in their order.
    #[cfg(feature = "train")]
    pub(super) fn of_rows(&self, rows: &[usize]) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(rows.iter().map(|&row| classes[row]).collect()),
            Self::Numbers(numbers) => Self::Numbers(rows.iter().map(|&row| numbers[row]).collect()),
        }
    }
}

fn categories(target: &Column) -> Result<Vec<Category>, TargetError> {
    let missing = |row| TargetError::Missing { row };
    match &target.values {
        Values::Numbers(numbers) => {
            // Adding zero makes -0 and 0 one class.
            let category = |(row, &value): (usize, &f64)| {
                if value.is_nan() { Err(missing(row)) } else { Ok(Category::Number(value + 0.0)) }
            };
            numbers.as_slice().iter().enumerate().map(category).collect()
        }
        Values::Booleans(values) => Ok(values.iter().map(|&value| Category::Boolean(value)).collect()),
        Values::Strings(strings) => {
            let category = |(row, text): (usize, Option<&str>)| {
                text.map(|text| Category::Name(text.to_owned())).ok_or_else(|| missing(row))
            };
            strings.iter().enumerate().map(category).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_by_their_names_in_any_order() {
        let known = ["2", "0", "1"].map(str::to_owned);
        let target = Column::numbers("y", vec![0.0, 2.0, 1.0, -0.0]);
        assert_eq!(Truths::known_classes(&target, &known), Ok(Truths::Classes(vec![1, 0, 2, 1])));
        let words = Column::strings("y", [Some("no"), Some("yes"), Some("no")]);
        assert_eq!(Truths::classes(&words), Ok((vec![0, 1, 0], vec!["no".to_owned(), "yes".to_owned()])));
        let error = Truths::known_classes(&words, &known).unwrap_err();
        assert_eq!(error.to_string(), "the target is \"no\" in row 1; the model's classes are 2, 0, 1");
    }

    #[test]
    fn a_regression_needs_a_number_in_every_row() {
        let numbers = |values: &[f64]| Truths::numbers(&Column::fractions("y", values.to_vec()));
        assert_eq!(numbers(&[1.5, -2.0]), Ok(Truths::Numbers(vec![1.5, -2.0])));
        assert_eq!(numbers(&[1.5, f64::NAN]), Err(TargetError::Missing { row: 1 }));
        assert!(matches!(numbers(&[f64::INFINITY]), Err(TargetError::NotANumber { .. })));
        let words = Truths::numbers(&Column::strings("y", [Some("a"), Some("a")])).unwrap_err();
        assert_eq!(words.to_string(), "the target \"y\" is categorical; a regression predicts finite numbers");
    }
}
