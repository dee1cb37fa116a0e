//! Columns as standardised numbers, the way NannyML prepares them for principal components.

use std::collections::BTreeMap;

use super::categories::{CategoryKey, categories};
use crate::data::{Column, Values};
use crate::num::Sum;
use crate::stattest::NotTested;

/// How one column becomes numbers; learnt from the reference.
///
/// Numbers: a missing one becomes the reference's mean. Categories (truth values and strings): a missing one becomes
/// the reference's most frequent, the first by name among equals; then each becomes its share of the reference's rows,
/// those filled in counted, and 0 if the reference never had it. Then the mean is taken off and the rest divided by the
/// standard deviation (by n), by 1 for a constant column. Infinite numbers count as missing. A column that has no value
/// in the reference is 0 throughout: nothing can be said about it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Encoder {
    kind: Kind,
    mean: f64,
    scale: f64,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Numbers { fill: f64 },
    Categories { fill: f64, shares: BTreeMap<String, f64> },
    Nothing,
}

impl Encoder {
    /// Learns from the reference's column.
    ///
    /// # Errors
    /// The values are too large for a mean and a standard deviation.
    pub(super) fn fit(column: &Column) -> Result<Self, NotTested> {
        let kind = match &column.values {
            Values::Numbers(numbers) => {
                let (sum, n) = sum(numbers.as_slice().iter().copied().filter(|value| value.is_finite()));
                (n > 0).then(|| Kind::Numbers { fill: sum / n as f64 })
            }
            values => shares(values),
        };
        let raw = Self { kind: kind.unwrap_or(Kind::Nothing), mean: 0.0, scale: 1.0 };
        if column.is_empty() {
            return Ok(raw);
        }
        let values = raw.encode(column);
        let n = values.len() as f64;
        let mean = sum(values.iter().copied()).0 / n;
        let variance = sum(values.iter().map(|value| (value - mean) * (value - mean))).0 / n;
        if !mean.is_finite() || !variance.is_finite() {
            return Err(NotTested::NotFinite);
        }
        // scikit-learn's rule for "constant but for rounding".
        let rounding = n * f64::EPSILON * variance + (n * mean * f64::EPSILON) * (n * mean * f64::EPSILON);
        let scale = if variance <= rounding { 1.0 } else { variance.sqrt() };
        Ok(Self { mean, scale, ..raw })
    }

    /// The standardised numbers of a column of either side, in row order.
    pub(super) fn encode(&self, column: &Column) -> Vec<f64> {
        let standardised = |value: f64| (value - self.mean) / self.scale;
        match (&self.kind, &column.values) {
            (Kind::Numbers { fill }, Values::Numbers(numbers)) => {
                let filled = numbers.as_slice().iter().map(|&value| if value.is_finite() { value } else { *fill });
                filled.map(standardised).collect()
            }
            (Kind::Nothing, _) => vec![0.0; column.len()],
            // Names where the reference has numbers: all of them unknown.
            (Kind::Numbers { fill }, _) => vec![standardised(*fill); column.len()],
            (Kind::Categories { fill, shares }, values) => {
                let share = |key: Option<CategoryKey<'_>>| match key {
                    None => *fill,
                    Some(CategoryKey::Name(name)) => shares.get(name).copied().unwrap_or(0.0),
                    Some(CategoryKey::Number(_)) => 0.0,
                };
                categories(values).map(share).map(standardised).collect()
            }
        }
    }
}

/// Every category's share of the rows after filling; `None` if all are missing.
fn shares(values: &Values) -> Option<Kind> {
    let (mut counts, mut n, mut n_missing) = (BTreeMap::new(), 0_u64, 0_u64);
    for key in categories(values) {
        n += 1;
        match key {
            Some(CategoryKey::Name(name)) => *counts.entry(name).or_insert(0_u64) += 1,
            Some(CategoryKey::Number(_)) => {}
            None => n_missing += 1,
        }
    }
    let largest = counts.values().copied().max()?;
    let (most_frequent, count) = counts.iter_mut().find(|(_, count)| **count == largest)?;
    *count += n_missing;
    let most_frequent = (*most_frequent).to_owned();
    let shares: BTreeMap<String, f64> =
        counts.into_iter().map(|(name, count)| (name.to_owned(), count as f64 / n as f64)).collect();
    Some(Kind::Categories { fill: shares[&most_frequent], shares })
}

fn sum(values: impl Iterator<Item = f64>) -> (f64, usize) {
    let (mut sum, mut n) = (Sum::default(), 0);
    for value in values {
        sum.add(value);
        n += 1;
    }
    (sum.value(), n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-14, "{found} for {expected}");
        }
    }

    #[test]
    fn numbers_are_filled_and_standardised_as_scikit_learn_does() {
        // sklearn 1.9.1: StandardScaler().fit_transform(SimpleImputer().fit_transform([[1], [nan], [4], [7]])).ravel()
        let root_two = std::f64::consts::SQRT_2;
        let column = Column::numbers("x", vec![1.0, f64::NAN, 4.0, 7.0]);
        let encoder = Encoder::fit(&column).unwrap();
        close(&encoder.encode(&column), &[-root_two, 0.0, 0.0, root_two]);
        let current = Column::numbers("x", vec![10.0, f64::INFINITY]);
        close(&encoder.encode(&current), &[2.0 * root_two, 0.0]);
    }

    #[test]
    fn categories_become_their_share_of_the_reference() {
        // b and a are equally frequent; a comes first by name and takes the missing one: a 3/5, b 2/5. Mean 0.52,
        // standard deviation 0.2 sqrt(0.24).
        let reference = Column::strings("x", [Some("b"), Some("a"), None, Some("b"), Some("a")]);
        let encoder = Encoder::fit(&reference).unwrap();
        let current = Column::strings("x", [Some("a"), Some("b"), None, Some("new")]);
        let deviation = 0.2 * 0.24_f64.sqrt();
        close(&encoder.encode(&current), &[0.08 / deviation, -0.12 / deviation, 0.08 / deviation, -0.52 / deviation]);
    }

    #[test]
    fn constants_are_centred_only_and_unknown_columns_are_zero() {
        let encoder = Encoder::fit(&Column::numbers("x", vec![0.1; 7])).unwrap();
        close(&encoder.encode(&Column::fractions("x", vec![0.1, 1.1])), &[0.0, 1.0]);
        for unknown in [Column::numbers("x", vec![f64::NAN]), Column::strings("x", [None]), Column::strings("x", [])] {
            close(&Encoder::fit(&unknown).unwrap().encode(&Column::numbers("x", vec![3.0, f64::NAN])), &[0.0, 0.0]);
        }
        assert_eq!(Encoder::fit(&Column::numbers("x", vec![1e300, -1e300])), Err(NotTested::NotFinite));
    }
}
