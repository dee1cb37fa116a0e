//! A whole number for every cell: equal numbers in a column are equal values, missing ones included.

use crate::data::{Column, Values};

/// The key of a missing string; no code is as large.
const MISSING: u64 = u64::MAX;

/// One key per row. Two rows of the column have equal keys exactly if they hold the same value, or both none.
pub(super) fn keys(column: &Column) -> Vec<u64> {
    match &column.values {
        Values::Numbers(numbers) => numbers.as_slice().iter().map(|value| number_key(*value)).collect(),
        Values::Booleans(values) => values.iter().map(|value| u64::from(*value)).collect(),
        Values::Strings(strings) => strings.codes().map(|code| code.map_or(MISSING, u64::from)).collect(),
    }
}

/// The bits of a number; -0 is 0, and every missing value is the same.
fn number_key(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { (value + 0.0).to_bits() }
}
