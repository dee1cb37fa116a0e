//! Rows for a model: numbers in the order of its features, whatever order and shape they came in.

use std::collections::HashMap;

use super::MAX_ROWS;
use super::error::{BodyError, FieldErrors};
use super::json::{Kind, Malformed, Reader};

/// Rows one after the other, each with a number per feature; NaN is a missing one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    n_features: usize,
    values: Vec<f64>,
}

impl Rows {
    /// Takes values that lie row by row.
    ///
    /// # Panics
    /// When they are no whole number of rows.
    pub fn new(n_features: usize, values: Vec<f64>) -> Self {
        assert!(n_features > 0 && values.len().is_multiple_of(n_features), "every row has a value per feature");
        Self { n_features, values }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.n_features.max(1)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// A row, counted from 0.
    ///
    /// # Panics
    /// When there are not so many rows.
    pub fn row(&self, place: usize) -> &[f64] {
        &self.values[place * self.n_features..(place + 1) * self.n_features]
    }

    /// The rows, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> {
        self.values.chunks_exact(self.n_features.max(1))
    }
}

/// The names of a model's features, in order, and how to find them.
#[derive(Debug, Clone)]
pub struct RowFormat {
    names: Vec<String>,
    places: HashMap<String, usize>,
}

/// Stands in a row for "not given": a NaN that no arithmetic makes and no body can hold. A value that was given and is missing
/// is the usual NaN.
const UNSET: u64 = 0x7ff8_0000_7469_6465;

impl RowFormat {
    /// Takes the features' names in the model's order.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let places = names.iter().enumerate().map(|(place, name)| (name.clone(), place)).collect();
        Self { names, places }
    }

    /// Features.
    pub const fn n_features(&self) -> usize {
        self.names.len()
    }

    /// Their names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of a feature.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// Reads an object with the features by name and appends it to `values`. Every field that is unknown, repeated, absent
    /// or no number becomes an error below the pointer `at`.
    ///
    /// # Errors
    /// There is no object.
    pub fn read_object(
        &self,
        reader: &mut Reader<'_>,
        values: &mut Vec<f64>,
        at: &dyn Fn() -> String,
        errors: &mut FieldErrors,
    ) -> Result<(), Malformed> {
        let start = values.len();
        values.resize(start + self.n_features(), f64::from_bits(UNSET));
        let row = &mut values[start..];
        // Most clients send the fields in the model's order: the next one is guessed before it is looked up.
        let mut guess = 0;
        let mut n_given = 0;
        reader.object(|reader, name| {
            let is_guessed = self.names.get(guess).is_some_and(|expected| *expected == *name);
            let Some(place) = (if is_guessed { Some(guess) } else { self.place(&name) }) else {
                errors.push(&at(), &name, "the model has no such feature");
                return reader.skip().map(|_| ());
            };
            guess = place + 1;
            let value = number(reader)?;
            if row[place].to_bits() != UNSET {
                errors.push(&at(), &name, "given twice");
                return Ok(());
            }
            n_given += 1;
            row[place] = value.unwrap_or_else(|detail| {
                errors.push(&at(), &name, detail);
                f64::NAN
            });
            Ok::<_, Malformed>(())
        })?;
        if n_given < self.n_features() {
            let absent = self.names.iter().zip(row.iter()).filter(|(_, value)| value.to_bits() == UNSET);
            absent.for_each(|(name, _)| errors.push(&at(), name, "missing"));
        }
        Ok(())
    }

    /// Reads an array with a number per place in `order` and appends it to `values`, in the model's order.
    ///
    /// # Errors
    /// There is no array.
    pub fn read_array(
        &self,
        reader: &mut Reader<'_>,
        order: &[usize],
        values: &mut Vec<f64>,
        at: &dyn Fn() -> String,
        errors: &mut FieldErrors,
    ) -> Result<(), Malformed> {
        let start = values.len();
        values.resize(start + self.n_features(), f64::NAN);
        let mut found = 0;
        reader.array(|reader| {
            let value = number(reader)?;
            if let Some(&place) = order.get(found) {
                values[start + place] = value.unwrap_or_else(|detail| {
                    errors.push_at(format!("{}/{found}", at()), detail);
                    f64::NAN
                });
            }
            found += 1;
            Ok::<_, Malformed>(())
        })?;
        if found != order.len() {
            errors.push_at(at(), format!("expected {} numbers, found {found}", order.len()));
        }
        Ok(())
    }

    /// The places of all features, in the model's order.
    pub fn own_order(&self) -> Vec<usize> {
        (0..self.n_features()).collect()
    }

    /// The places of named columns; every feature has to be among them once, and nothing else.
    ///
    /// # Errors
    /// A name is unknown, repeated or absent; each is named.
    pub fn order_of<T: AsRef<str>>(&self, columns: &[T], at: &str) -> Result<Vec<usize>, BodyError> {
        let mut errors = FieldErrors::default();
        let mut is_given = vec![false; self.n_features()];
        let mut order = Vec::with_capacity(columns.len());
        for (index, name) in columns.iter().map(AsRef::as_ref).enumerate() {
            let Some(place) = self.place(name) else {
                errors.push_at(format!("{at}/{index}"), format!("the model has no feature {name:?}"));
                continue;
            };
            if std::mem::replace(&mut is_given[place], true) {
                errors.push_at(format!("{at}/{index}"), format!("{name:?} is given twice"));
            }
            order.push(place);
        }
        for (name, _) in self.names.iter().zip(is_given).filter(|(_, is_given)| !is_given) {
            errors.push_at(at.to_owned(), format!("the feature {name:?} is missing"));
        }
        errors.into_result().map(|()| order)
    }

    /// Rows of appended values.
    pub fn rows(&self, values: Vec<f64>) -> Rows {
        Rows::new(self.n_features(), values)
    }
}

/// Fails once a request holds more than [`MAX_ROWS`] rows.
///
/// # Errors
/// It does.
pub(super) const fn check_count(n_rows: usize) -> Result<(), BodyError> {
    check_count_of(n_rows, MAX_ROWS)
}

/// Fails once a request holds more than `most` rows.
///
/// # Errors
/// It does.
pub(super) const fn check_count_of(n_rows: usize, most: usize) -> Result<(), BodyError> {
    if n_rows > most { Err(BodyError::TooManyRows { most }) } else { Ok(()) }
}

/// Reads a value that should be a number or `null`, which is a missing one (NaN). What it is instead is the inner error.
pub(super) fn number(reader: &mut Reader<'_>) -> Result<Result<f64, String>, Malformed> {
    match reader.kind()? {
        Kind::Number => {
            let value = reader.number()?;
            Ok(if value.is_finite() { Ok(value) } else { Err("the number is too large".to_owned()) })
        }
        Kind::Null => reader.null().map(|()| Ok(f64::NAN)),
        other => {
            reader.skip()?;
            Ok(Err(format!("expected a number, found {}", other.with_article())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_another_order_find_their_places() {
        let format = RowFormat::new(["a", "b", "c"]);
        assert_eq!(format.order_of(&["c", "a", "b"], "/columns"), Ok(vec![2, 0, 1]));
        let error = format.order_of(&["a", "d", "a"], "/columns").unwrap_err().sentence();
        for part in ["/columns/1: the model has no feature \"d\"", "\"a\" is given twice", "\"c\" is missing"] {
            assert!(error.contains(part), "{error}");
        }
        assert!(!error.contains("\"a\" is missing"), "{error}");
    }

    #[test]
    fn an_array_of_another_length_is_refused() {
        let format = RowFormat::new(["a", "b"]);
        for (body, is_sound) in [("[1,2]", true), ("[1]", false), ("[1,2,3]", false), ("[1,\"2\"]", false)] {
            let (mut values, mut errors) = (Vec::new(), FieldErrors::default());
            let mut reader = Reader::new(body.as_bytes()).unwrap();
            let at = || "/0".to_owned();
            format.read_array(&mut reader, &[1, 0], &mut values, &at, &mut errors).unwrap();
            assert_eq!(errors.into_result().is_ok(), is_sound, "{body}");
            assert_eq!(values.len(), 2);
            assert_eq!(values[1], 1.0);
        }
    }
}
