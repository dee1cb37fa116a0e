//! Everything a comparison needs from one side of one column.
//!
//! A profile is taken once per side and column; every test, effect and picture is worked out from it. Profiles merge:
//! the profile of a window is the merge of its parts'. These are exact, they keep every value.

use std::borrow::Cow;

use crate::data::{Category, Column, Values};
use crate::num::sum_of;
use crate::report::SideSummary;

pub mod counts;
pub mod datetime;
mod row_ends;
mod side;
pub mod sketch;
mod sort;
mod stored;
pub mod table;

pub(crate) use side::ColumnSide;
pub(crate) use sort::Buffers;
pub use stored::StoredError;
pub use table::TableProfile;

/// One side of one column: what is missing, and the values in an order that makes every test cheap.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnProfile {
    /// Rows, missing ones included.
    pub rows: u64,
    /// Missing values.
    pub missing: u64,
    /// Infinite values, left out of `shape`.
    pub infinite: u64,
    /// The values present.
    pub shape: Shape,
}

/// The values present, ordered.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Numbers.
    Numbers {
        /// The finite values, ascending; zero is always positive.
        sorted: Vec<f64>,
        /// Whether the column holds whole numbers only, none missing.
        is_integer: bool,
    },
    /// Truth values or strings.
    Categories {
        /// How often each occurs, ascending by category; no count is zero.
        counts: Vec<(Category, u64)>,
    },
}

impl ColumnProfile {
    /// Takes the profile of a column.
    pub fn of(column: &Column) -> Self {
        Self::within(column, &mut Buffers::default())
    }

    /// The same, in memory of earlier profiles.
    pub(crate) fn within(column: &Column, buffers: &mut Buffers) -> Self {
        let rows = column.len() as u64;
        match &column.values {
            Values::Numbers(numbers) => {
                let values = numbers.as_slice();
                let sorted = sort::finite_sorted(values, buffers);
                let others = rows - sorted.len() as u64;
                let missing = if others == 0 { 0 } else { values.iter().filter(|value| value.is_nan()).count() as u64 };
                let infinite = others - missing;
                Self { rows, missing, infinite, shape: Shape::Numbers { sorted, is_integer: numbers.is_integer() } }
            }
            Values::Booleans(values) => {
                let n_true = values.iter().filter(|value| **value).count() as u64;
                let counts = [(false, rows - n_true), (true, n_true)];
                let counts = counts.into_iter().filter(|(_, count)| *count > 0);
                let counts = counts.map(|(value, count)| (Category::Boolean(value), count)).collect();
                Self { rows, missing: 0, infinite: 0, shape: Shape::Categories { counts } }
            }
            Values::Strings(strings) => {
                let counts = strings.counts().into_iter();
                let counts = counts.map(|(name, count)| (Category::Name(name.to_owned()), count)).collect();
                let missing = rows - strings.n_present() as u64;
                Self { rows, missing, infinite: 0, shape: Shape::Categories { counts } }
            }
        }
    }

    /// The same of a column that is needed no more. Where it has many numbers, it takes no more memory than the column and as
    /// much again.
    pub(crate) fn of_owned(column: Column, buffers: &mut Buffers) -> Self {
        let Values::Numbers(numbers) = column.values else { return Self::within(&column, buffers) };
        let (is_integer, values) = (numbers.is_integer(), numbers.into_vec());
        let rows = values.len() as u64;
        let missing = values.iter().filter(|value| value.is_nan()).count() as u64;
        let sorted = sort::finite_sorted_of(values, buffers);
        let infinite = rows - missing - sorted.len() as u64;
        Self { rows, missing, infinite, shape: Shape::Numbers { sorted, is_integer } }
    }

    /// The profile of both parts together; `None` when they hold values of different kinds. A part without any value fits
    /// every kind.
    ///
    /// Numbers are whole where both parts' are. So the merge of slices of a column is the column's profile exactly; of parts
    /// that were read by themselves, too, unless truth values lie in one and only missing values in another: read
    /// together, those are strings.
    pub fn merge(&self, other: &Self) -> Option<Self> {
        let shape = match (&self.shape, &other.shape) {
            (
                Shape::Numbers { sorted: a, is_integer: a_is_integer },
                Shape::Numbers { sorted: b, is_integer: b_is_integer },
            ) => Shape::Numbers { sorted: merge_sorted(a, b), is_integer: *a_is_integer && *b_is_integer },
            (Shape::Categories { counts: a }, Shape::Categories { counts: b }) => {
                let is_boolean = |counts: &[(Category, u64)]| Some(matches!(counts.first()?.0, Category::Boolean(_)));
                if is_boolean(a).zip(is_boolean(b)).is_some_and(|(a, b)| a != b) {
                    return None;
                }
                Shape::Categories { counts: merge_counts(a, b) }
            }
            (shape, _) if other.has_no_value() => shape.with_missing(other.missing),
            (_, shape) if self.has_no_value() => shape.with_missing(self.missing),
            _ => return None,
        };
        Some(Self {
            rows: self.rows + other.rows,
            missing: self.missing + other.missing,
            infinite: self.infinite + other.infinite,
            shape,
        })
    }

    /// Leaves the memory of the values to later profiles.
    pub(crate) fn leave(self, buffers: &mut Buffers) {
        if let Shape::Numbers { sorted, .. } = self.shape {
            buffers.give(sorted);
        }
    }

    const fn has_no_value(&self) -> bool {
        self.rows == self.missing
    }

    /// Values that go into a test: neither missing nor infinite.
    pub const fn n(&self) -> u64 {
        self.rows - self.missing - self.infinite
    }

    /// The finite values in ascending order, of a column of numbers.
    pub fn sorted(&self) -> Option<&[f64]> {
        match &self.shape {
            Shape::Numbers { sorted, .. } => Some(sorted),
            Shape::Categories { .. } => None,
        }
    }

    /// How often each value occurs, ascending; numbers are taken as categories too. No name is copied: there may be a
    /// million.
    pub fn counts(&self) -> Cow<'_, [(Category, u64)]> {
        match &self.shape {
            Shape::Numbers { sorted, .. } => {
                runs(sorted).map(|(value, count)| (Category::Number(value), count)).collect()
            }
            Shape::Categories { counts } => Cow::Borrowed(counts),
        }
    }

    /// Distinct values among those present.
    pub fn n_distinct(&self) -> u64 {
        match &self.shape {
            Shape::Numbers { sorted, .. } => {
                sorted.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64 + u64::from(!sorted.is_empty())
            }
            Shape::Categories { counts } => counts.len() as u64,
        }
    }

    /// The side in numbers.
    pub fn summary(&self) -> SideSummary {
        let mut summary = SideSummary {
            rows: self.rows,
            missing: self.missing,
            infinite: self.infinite,
            distinct: self.n_distinct(),
            ..SideSummary::default()
        };
        if let Some(sorted) = self.sorted().filter(|sorted| !sorted.is_empty()) {
            let (mean, std) = moments(sorted);
            // Sums of values near the largest number overflow; a report holds finite numbers only.
            summary.mean = Some(mean).filter(|mean| mean.is_finite());
            summary.std = Some(std).filter(|std| std.is_finite());
            summary.min = sorted.first().copied();
            summary.q25 = quantile(sorted, 0.25);
            summary.median = quantile(sorted, 0.5);
            summary.q75 = quantile(sorted, 0.75);
            summary.max = sorted.last().copied();
        }
        summary
    }
}

impl Shape {
    /// The same with so many missing values beside: then numbers count as fractions.
    fn with_missing(&self, missing: u64) -> Self {
        match self {
            Self::Numbers { sorted, is_integer } => {
                Self::Numbers { sorted: sorted.clone(), is_integer: *is_integer && missing == 0 }
            }
            Self::Categories { .. } => self.clone(),
        }
    }
}

/// Each distinct value of an ascending slice with its number of occurrences.
pub(crate) fn runs(sorted: &[f64]) -> impl Iterator<Item = (f64, u64)> + '_ {
    sorted.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64))
}

fn merge_sorted(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut merged = Vec::with_capacity(a.len() + b.len());
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        if a[i] <= b[j] {
            merged.push(a[i]);
            i += 1;
        } else {
            merged.push(b[j]);
            j += 1;
        }
    }
    merged.extend_from_slice(&a[i..]);
    merged.extend_from_slice(&b[j..]);
    merged
}

fn merge_counts(a: &[(Category, u64)], b: &[(Category, u64)]) -> Vec<(Category, u64)> {
    let mut merged = Vec::with_capacity(a.len().max(b.len()));
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        let order = a[i].0.cmp(&b[j].0);
        let (category, count) = if order.is_le() { &a[i] } else { &b[j] };
        merged.push((category.clone(), if order.is_eq() { count + b[j].1 } else { *count }));
        i += usize::from(order.is_le());
        j += usize::from(order.is_ge());
    }
    merged.extend_from_slice(&a[i..]);
    merged.extend_from_slice(&b[j..]);
    merged
}

/// Mean and standard deviation (divided by n) of a non-empty slice, in two passes.
pub(crate) fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = sum_of(values, |value| value) / n;
    let squares = sum_of(values, |value| (value - mean) * (value - mean));
    (mean, (squares / n).sqrt())
}

/// The `q`-quantile of an ascending slice by linear interpolation (Hyndman and Fan's type 7); `None` if it is empty.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let position = q * last as f64;
    let below = (position.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let weight = position - below as f64;
    Some(sorted[below] * (1.0 - weight) + sorted[above] * weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(values: &[f64]) -> ColumnProfile {
        ColumnProfile::of(&Column::numbers("x", values.to_vec()))
    }

    #[test]
    fn missing_and_infinite_values_are_counted_and_left_out() {
        let profile = numbers(&[2.0, f64::NAN, f64::INFINITY, -0.0, 0.0]);
        assert_eq!((profile.rows, profile.missing, profile.infinite, profile.n()), (5, 1, 1, 3));
        assert_eq!(profile.sorted(), Some([0.0, 0.0, 2.0].as_slice()));
        assert_eq!(profile.n_distinct(), 2);
    }

    #[test]
    fn the_merge_of_parts_is_the_profile_of_the_whole() {
        let values = [3.0, 1.0, f64::NAN, 2.0, 1.0, 5.0, f64::NEG_INFINITY];
        for cut in 0..=values.len() {
            // Parts that are cut from a column of fractions are fractions, whatever they hold.
            let part = |values: &[f64]| ColumnProfile::of(&Column::fractions("x", values.to_vec()));
            assert_eq!(part(&values[..cut]).merge(&part(&values[cut..])), Some(part(&values)), "cut at {cut}");
        }
        let strings =
            |values: &[&'static str]| ColumnProfile::of(&Column::strings("x", values.iter().map(|value| Some(*value))));
        assert_eq!(strings(&["b", "a"]).merge(&strings(&["b"])), Some(strings(&["a", "b", "b"])));
        assert_eq!(strings(&["b"]).merge(&numbers(&[1.0])), None);
    }

    #[test]
    fn a_part_without_values_fits_every_kind() {
        let (gone, nothing) = (ColumnProfile::of(&Column::strings("x", [None, None])), numbers(&[]));
        let (whole, names) = (numbers(&[1.0, 2.0]), ColumnProfile::of(&Column::strings("x", [Some("a")])));
        let merged = numbers(&[1.0, 2.0, f64::NAN, f64::NAN]);
        assert_eq!((gone.merge(&whole), whole.merge(&gone)), (Some(merged.clone()), Some(merged)));
        assert_eq!((nothing.merge(&names), names.merge(&nothing)), (Some(names.clone()), Some(names.clone())));
        assert_eq!(whole.merge(&nothing), Some(whole), "no row was missing: whole numbers stay whole");
        let truth = ColumnProfile::of(&Column { name: "x".to_owned(), values: Values::Booleans(vec![true]) });
        assert_eq!(truth.merge(&names), None);
    }

    #[test]
    fn summary_equals_numpy() {
        // numpy 2.4: np.mean([1,2,4]), np.std([1,2,4]), np.percentile([1,2,4], [25,50,75])
        let summary = numbers(&[4.0, 1.0, 2.0]).summary();
        assert_eq!(summary.mean, Some(7.0 / 3.0));
        assert!((summary.std.unwrap() - 1.247_219_128_924_647).abs() < 1e-15);
        assert_eq!((summary.q25, summary.median, summary.q75), (Some(1.5), Some(2.0), Some(3.0)));
        assert_eq!(numbers(&[]).summary().mean, None);
    }
}
