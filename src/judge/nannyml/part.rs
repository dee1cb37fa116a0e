//! What is looked at of one chunk of one column.

use super::Kind;
use crate::chunking::Chunks;
use crate::data::{Category, Column, Values};
use crate::profile::runs;

/// One chunk of one column.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// Rows, missing ones included.
    pub rows: u64,
    /// Missing values.
    pub missing: u64,
    pub values: PartValues,
}

/// The values present.
#[derive(Debug, Clone)]
pub(super) enum PartValues {
    Numbers {
        /// The values in the order of the rows; NaN for a missing or an infinite one.
        in_order: Vec<f64>,
        /// The finite values, ascending; zero is always positive.
        sorted: Vec<f64>,
        /// Infinite values: below, above.
        infinite: [u64; 2],
    },
    /// How often each occurs, ascending by category; no count is zero.
    Categories(Vec<(Category, u64)>),
    /// Numbers were expected, and there are none.
    OtherThanNumbers,
}

/// The chunks of a column that is taken for `kind`.
pub(super) fn parts(column: &Column, kind: Kind, chunks: &Chunks) -> Vec<Part> {
    match (kind, &column.values) {
        (Kind::Continuous, Values::Numbers(numbers)) => {
            chunks.of(numbers.as_slice()).into_iter().map(Part::of_numbers).collect()
        }
        (Kind::Continuous, _) => {
            let categories = parts(column, Kind::Categorical, chunks).into_iter();
            categories.map(|part| Part { values: PartValues::OtherThanNumbers, ..part }).collect()
        }
        (Kind::Categorical, _) => {
            let (codes, categories) = coded(column);
            chunks.of(&codes).iter().map(|codes| Part::of_codes(codes, &categories)).collect()
        }
    }
}

/// The column as one part.
pub(super) fn whole(column: &Column, kind: Kind) -> Part {
    match (kind, &column.values) {
        (Kind::Continuous, Values::Numbers(numbers)) => Part::of_numbers(numbers.as_slice().to_vec()),
        _ => {
            let (codes, categories) = coded(column);
            Part::of_codes(&codes, &categories)
        }
    }
}

impl Part {
    fn of_numbers(values: Vec<f64>) -> Self {
        let rows = values.len() as u64;
        let missing = values.iter().filter(|value| value.is_nan()).count() as u64;
        let infinite = [f64::NEG_INFINITY, f64::INFINITY]
            .map(|infinity| values.iter().filter(|value| **value == infinity).count() as u64);
        let in_order: Vec<f64> =
            values.into_iter().map(|value| if value.is_finite() { value } else { f64::NAN }).collect();
        let mut sorted: Vec<f64> = in_order.iter().filter(|value| !value.is_nan()).map(|value| value + 0.0).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        Self { rows, missing, values: PartValues::Numbers { in_order, sorted, infinite } }
    }

    fn of_codes(codes: &[u32], categories: &[Category]) -> Self {
        let mut counts = vec![0_u64; categories.len()];
        let mut missing = 0;
        for code in codes {
            match counts.get_mut(*code as usize) {
                Some(count) => *count += 1,
                None => missing += 1,
            }
        }
        let present = categories.iter().zip(counts).filter(|(_, count)| *count > 0);
        let present = present.map(|(category, count)| (category.clone(), count)).collect();
        Self { rows: codes.len() as u64, missing, values: PartValues::Categories(present) }
    }

    /// Values that a drift method sees.
    pub(super) fn n(&self) -> u64 {
        match &self.values {
            PartValues::Numbers { sorted, .. } => sorted.len() as u64,
            PartValues::Categories(counts) => counts.iter().map(|(_, count)| count).sum(),
            PartValues::OtherThanNumbers => 0,
        }
    }
}

/// The code of a missing value.
const MISSING: u32 = u32::MAX;

/// Each row's category, as its place among the column's categories, which ascend.
///
/// Truth values go by the names that pandas gives them: a column of them becomes one of strings as soon as one is missing.
fn coded(column: &Column) -> (Vec<u32>, Vec<Category>) {
    let code = |place: usize| u32::try_from(place).expect("fewer than 2^32 rows are held in memory");
    match &column.values {
        Values::Booleans(values) => {
            let names = ["False", "True"].map(|name| Category::Name(name.to_owned())).to_vec();
            (values.iter().map(|value| u32::from(*value)).collect(), names)
        }
        Values::Numbers(numbers) => {
            let present = |value: f64| value.is_finite().then_some(value + 0.0);
            let mut sorted: Vec<f64> = numbers.as_slice().iter().filter_map(|value| present(*value)).collect();
            sorted.sort_unstable_by(f64::total_cmp);
            let distinct: Vec<f64> = runs(&sorted).map(|(value, _)| value).collect();
            let place = |value: f64| distinct.binary_search_by(|other| other.total_cmp(&value)).map_or(MISSING, code);
            let codes = numbers.as_slice().iter().map(|value| present(*value).map_or(MISSING, place)).collect();
            (codes, distinct.into_iter().map(Category::Number).collect())
        }
        Values::Strings(strings) => {
            let counts = strings.counts();
            let places: std::collections::BTreeMap<&str, u32> =
                counts.iter().enumerate().map(|(place, (name, _))| (*name, code(place))).collect();
            let codes = strings.iter().map(|value| value.map_or(MISSING, |value| places[value])).collect();
            (codes, counts.iter().map(|(name, _)| Category::Name((*name).to_owned())).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunking::{Chunking, Incomplete};
    use crate::data::Dataset;

    fn two_rows_each(column: Column, kind: Kind) -> Vec<Part> {
        let data = Dataset::new(vec![column]).unwrap();
        let chunks = Chunks::split(&data, Chunking::Size { rows: 2, incomplete: Incomplete::Keep }, None).unwrap();
        parts(&data.columns()[0], kind, &chunks)
    }

    #[test]
    fn missing_and_infinite_values_are_counted_and_left_out() {
        let values = vec![2.0, -0.0, f64::NAN, f64::NEG_INFINITY, 5.0];
        let found = two_rows_each(Column::numbers("x", values.clone()), Kind::Continuous);
        assert_eq!(
            found.iter().map(|part| (part.rows, part.missing, part.n())).collect::<Vec<_>>(),
            [(2, 0, 2), (2, 1, 0), (1, 0, 1)]
        );
        let PartValues::Numbers { in_order, sorted, .. } = &found[1].values else { panic!("numbers") };
        assert!(in_order.iter().all(|value| value.is_nan()) && in_order.len() == 2 && sorted.is_empty());
        let found = two_rows_each(Column::numbers("x", values), Kind::Categorical);
        assert_eq!(found.iter().map(Part::n).collect::<Vec<_>>(), [2, 0, 1]);
    }

    #[test]
    fn truth_values_are_the_same_categories_with_and_without_missing_ones() {
        let truth = Column { name: "x".to_owned(), values: Values::Booleans(vec![true, false]) };
        let names = Column::strings("x", [Some("True"), Some("False"), None]);
        let counts = |column| match whole(&column, Kind::Categorical).values {
            PartValues::Categories(counts) => counts,
            other => panic!("{other:?}"),
        };
        assert_eq!(counts(truth), counts(names));
    }

    #[test]
    fn strings_where_numbers_were_expected_have_no_values() {
        let found = two_rows_each(Column::strings("x", [Some("a"), None]), Kind::Continuous);
        assert_eq!((found[0].rows, found[0].missing, found[0].n()), (2, 1, 0));
    }
}
