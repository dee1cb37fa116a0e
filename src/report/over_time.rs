//! How the values of a numerical column lie in one period after the other: what a ridgeline needs.

use serde::{Deserialize, Serialize};

use crate::data::datetime::{Timestamp, parse};
use crate::data::{Column, Values};
use crate::profile::quantile;
use crate::render::format;
use crate::stattest::{Current, Reference};

/// Periods that a side is cut into, of equal length in time.
pub const PERIODS: usize = 8;
/// Bins of each period's curve.
const N_BINS: usize = 48;

/// Both sides in periods, over common bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OverTime {
    /// Left edge of the first bin.
    pub low: f64,
    /// Right edge of the last bin.
    pub high: f64,
    /// The reference's periods, in time order.
    pub reference: Vec<Period>,
    /// The current side's periods, in time order.
    pub current: Vec<Period>,
}

/// The values of one period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Period {
    /// When it begins, for a person.
    pub begins: String,
    /// Values in it.
    pub n: u64,
    /// Their median; `None` where there are none.
    pub median: Option<f64>,
    /// Share of them in each bin, 0 to 1. The outer bins take in everything beyond their edge.
    pub shares: Vec<f64>,
}

impl OverTime {
    /// Cuts both sides into periods by the column of times: moments as text, Unix times, or any number that grows with time.
    /// `None` where `values` are no numbers, or a side has no row with both a time and a value.
    pub fn of(reference: Reference<(&Column, &Column)>, current: Current<(&Column, &Column)>) -> Option<Self> {
        let rows = |(times, values): (&Column, &Column)| {
            let Values::Numbers(values) = &values.values else { return None };
            let rows: Vec<(f64, f64)> = positions(times)
                .zip(values.as_slice())
                .filter_map(|(time, value)| Some((time?, *value)))
                .filter(|(_, value)| value.is_finite())
                .collect();
            (!rows.is_empty()).then_some(rows)
        };
        let are_moments = is_time(reference.0.0) && is_time(current.0.0);
        let (a, b) = (rows(reference.0)?, rows(current.0)?);
        let (low, high) = range(&a, &b);
        let periods = |rows: &[(f64, f64)]| periods(rows, (low, high), are_moments);
        Some(Self { low, high, reference: periods(&a), current: periods(&b) })
    }
}

/// When each row was, in microseconds for texts and in the column's own unit for numbers.
fn positions(times: &Column) -> Box<dyn Iterator<Item = Option<f64>> + '_> {
    match &times.values {
        Values::Numbers(numbers) => {
            Box::new(numbers.as_slice().iter().map(|time| Some(*time).filter(|time| time.is_finite())))
        }
        Values::Booleans(values) => Box::new(values.iter().map(|_| None)),
        Values::Strings(strings) => {
            Box::new(strings.map_distinct(|text| parse(text).map(|moment| moment.micros() as f64)).map(Option::flatten))
        }
    }
}

/// Whether a column holds moments and not, say, seconds since a recording began: texts do, numbers from the year 2000 on.
fn is_time(times: &Column) -> bool {
    const YEAR_2000: f64 = 946_684_800.0;
    match &times.values {
        Values::Numbers(numbers) => numbers.as_slice().iter().all(|time| time.is_nan() || *time >= YEAR_2000),
        _ => true,
    }
}

/// Where the curves begin and end: all but a hundredth of the values on each end.
fn range(a: &[(f64, f64)], b: &[(f64, f64)]) -> (f64, f64) {
    let mut values: Vec<f64> = a.iter().chain(b).map(|(_, value)| value + 0.0).collect();
    values.sort_unstable_by(f64::total_cmp);
    let at = |q| quantile(&values, q).unwrap_or_default();
    let (low, high) = (at(0.01), at(0.99));
    if low < high && (high - low).is_finite() { (low, high) } else { (low - 0.5, low + 0.5) }
}

fn periods(rows: &[(f64, f64)], (low, high): (f64, f64), are_moments: bool) -> Vec<Period> {
    let times = || rows.iter().map(|(time, _)| *time);
    let (first, last) = (times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max));
    let n_periods = if first < last { PERIODS } else { 1 };
    let length = (last - first) / n_periods as f64;
    let mut parts: Vec<Vec<f64>> = vec![Vec::new(); n_periods];
    for (time, value) in rows {
        let place = if length > 0.0 { ((time - first) / length) as usize } else { 0 };
        parts[place.min(n_periods - 1)].push(*value);
    }
    let width = (high - low) / N_BINS as f64;
    let period = |(place, mut values): (usize, Vec<f64>)| {
        values.sort_unstable_by(f64::total_cmp);
        let below = |i: usize| match i {
            0 => 0,
            N_BINS => values.len(),
            i => values.partition_point(|value| *value < low + width * i as f64),
        };
        let n = values.len();
        let shares = (0..N_BINS).map(|i| (below(i + 1) - below(i)) as f64 / n.max(1) as f64).collect();
        let begins = words(first + length * place as f64, are_moments);
        Period { begins, n: n as u64, median: quantile(&values, 0.5), shares }
    };
    parts.into_iter().enumerate().map(period).collect()
}

fn words(time: f64, is_moment: bool) -> String {
    let moment = if is_moment { Timestamp::from_unix(time) } else { None };
    moment.map_or_else(|| format::number(time), Timestamp::short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: Vec<f64>) -> Column {
        Column::fractions("x", values)
    }

    #[test]
    fn periods_are_of_equal_length_and_every_value_is_in_one() {
        let times = column((0..80).map(f64::from).collect());
        let values = column((0..80).map(|i| f64::from(i / 10)).collect());
        let found = OverTime::of(Reference((&times, &values)), Current((&times, &values))).unwrap();
        assert_eq!(found.reference.len(), PERIODS);
        assert_eq!(found.reference.iter().map(|period| period.n).sum::<u64>(), 80);
        assert!(found.reference.is_sorted_by_key(|period| period.median.unwrap()));
        assert!(found.reference.iter().all(|period| (period.shares.iter().sum::<f64>() - 1.0).abs() < 1e-12));
        assert_eq!(found.reference[0].begins, "0", "seconds since something are no moments");
        assert_eq!(found.reference, found.current);
    }

    #[test]
    fn moments_are_named_as_such_whether_they_are_text_or_unix_time() {
        let texts = Column::strings("t", [Some("2024-03-01"), None, Some("2024-03-09")]);
        let unix = column(vec![1_709_251_200.0, 1_709_300_000.0, 1_709_942_400.0]);
        let values = column(vec![1.0, 2.0, 3.0]);
        let found = OverTime::of(Reference((&texts, &values)), Current((&unix, &values))).unwrap();
        assert_eq!(found.reference[1].begins, "2024-03-02");
        assert_eq!(found.reference.iter().map(|period| period.n).sum::<u64>(), 2, "a row without a time is left out");
        assert_eq!(found.current[0].begins, "2024-03-01");
    }

    #[test]
    fn one_moment_is_one_period_and_no_values_are_none() {
        let (times, values) = (column(vec![5.0, 5.0]), column(vec![1.0, 1.0]));
        let found = OverTime::of(Reference((&times, &values)), Current((&times, &values))).unwrap();
        assert_eq!((found.reference.len(), found.reference[0].n), (1, 2));
        let missing = column(vec![f64::NAN, f64::NAN]);
        assert_eq!(OverTime::of(Reference((&times, &values)), Current((&times, &missing))), None);
        let names = Column::strings("x", [Some("a"), Some("b")]);
        assert_eq!(OverTime::of(Reference((&times, &names)), Current((&times, &values))), None);
    }
}
