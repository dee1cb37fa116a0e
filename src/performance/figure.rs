//! A figure of merit: its value, the interval around it, and the rows that it rests on.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::num::sum_of;
use crate::stattest::tails::{clopper_pearson, student_95};

/// How often an interval misses what it is about, at most or about.
pub const ALPHA: f64 = 0.05;

/// The two-sided normal quantile of [`ALPHA`]. scipy 1.17: norm.ppf(0.975)
pub(super) const Z: f64 = 1.959_963_984_540_054;

/// A figure that rests on fewer rows is said, but marked: below ten cases an interval is so wide that no decision hangs on it.
pub const FEWEST: u64 = 10;

/// A value with its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// What was found.
    pub value: f64,
    /// Where the value lies that endless data would give. `None` where a single row says nothing of spread.
    pub interval: Option<Interval>,
    /// The rows that it rests on: those among which it is a share, or the rows of the rarer class.
    pub n: u64,
}

/// From where to where.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

/// A figure of merit, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Figure {
    /// It rests on [`FEWEST`] rows or more.
    Measured(Estimate),
    /// It rests on fewer, and nothing should be decided by it.
    TooFew(Estimate),
    /// It has no value.
    Undefined {
        /// Why.
        reason: Undefined,
    },
}

/// Why a figure has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undefined {
    /// There is no row.
    NoRows,
    /// No row is truly positive.
    NoPositives,
    /// No row is truly negative.
    NoNegatives,
    /// No row was called positive.
    NothingCalledPositive,
    /// No row of one of the classes is there.
    ClassAbsent,
    /// Scores are there that are no probabilities.
    NotProbabilities,
    /// All truths are one number.
    ConstantTruth,
    /// A truth is 0, and errors should be divided by it.
    ZeroTruth,
    /// A number is -1 or less, or a truth is negative, and it has no logarithm.
    NoLogarithm,
    /// The number is larger than any that can be written.
    Overflow,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoRows => "there is no row",
            Self::NoPositives => "no row is truly positive",
            Self::NoNegatives => "no row is truly negative",
            Self::NothingCalledPositive => "no row was called positive",
            Self::ClassAbsent => "a class does not occur",
            Self::NotProbabilities => "the scores are not probabilities",
            Self::ConstantTruth => "all truths are one number",
            Self::ZeroTruth => "a truth is 0",
            Self::NoLogarithm => "a number has no logarithm",
            Self::Overflow => "the number is too large",
        })
    }
}

impl Figure {
    /// The value, where there is one.
    pub const fn value(&self) -> Option<f64> {
        match self {
            Self::Measured(estimate) | Self::TooFew(estimate) => Some(estimate.value),
            Self::Undefined { .. } => None,
        }
    }

    /// The interval, where there is one.
    pub const fn interval(&self) -> Option<Interval> {
        match self {
            Self::Measured(estimate) | Self::TooFew(estimate) => estimate.interval,
            Self::Undefined { .. } => None,
        }
    }

    /// The standard deviation that chance gives it in as many rows, by its interval; `None` where it has none.
    pub fn standard_error(&self) -> Option<f64> {
        self.interval().map(|Interval { lower, upper }| (upper - lower) / (2.0 * Z))
    }

    pub(super) const fn undefined(reason: Undefined) -> Self {
        Self::Undefined { reason }
    }

    pub(super) fn new(value: f64, interval: Option<(f64, f64)>, n: u64) -> Self {
        if !value.is_finite() {
            return Self::undefined(Undefined::Overflow);
        }
        let interval = interval.filter(|(lower, upper)| lower.is_finite() && upper.is_finite());
        let estimate = Estimate { value, interval: interval.map(|(lower, upper)| Interval { lower, upper }), n };
        if n < FEWEST { Self::TooFew(estimate) } else { Self::Measured(estimate) }
    }

    /// `part` of `whole` rows, with the exact interval of Clopper and Pearson (Biometrika 26, 1934), which holds the true share
    /// with at least 95% certainty however rare it is. `reason` is why there may be no rows.
    pub fn share(part: u64, whole: u64, reason: Undefined) -> Self {
        if whole == 0 {
            return Self::undefined(reason);
        }
        Self::new(part as f64 / whole as f64, Some(clopper_pearson(part, whole, ALPHA)), whole)
    }

    /// The mean of one term per row, with Student's interval.
    pub fn mean(terms: &[f64]) -> Self {
        if terms.is_empty() {
            return Self::undefined(Undefined::NoRows);
        }
        let n = terms.len() as f64;
        let mean = sum_of(terms, |term| term) / n;
        let half = (terms.len() > 1).then(|| half_width(terms, mean));
        Self::new(mean, half.map(|half| (mean - half, mean + half)), terms.len() as u64)
    }

    /// The same figure on another scale, on which it rises.
    pub(super) fn map(self, scale: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Measured(estimate) | Self::TooFew(estimate) => {
                let interval = estimate.interval.map(|interval| (scale(interval.lower), scale(interval.upper)));
                Self::new(scale(estimate.value), interval, estimate.n)
            }
            Self::Undefined { .. } => self,
        }
    }
}

/// Half of the width of Student's interval around the mean of terms.
pub(super) fn half_width(terms: &[f64], mean: f64) -> f64 {
    let n = terms.len() as f64;
    let squares = sum_of(terms, |term| (term - mean) * (term - mean));
    student_95(n - 1.0) * (squares / (n - 1.0) / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_have_students_interval() {
        // scipy 1.17: t.interval(0.95, 4, loc=3, scale=sem([1, 2, 3, 4, 5]))
        let interval = Figure::mean(&[1.0, 2.0, 3.0, 4.0, 5.0]).interval().unwrap();
        assert!((interval.lower - 1.036_756_838_522_439).abs() < 1e-9, "{interval:?}");
        assert!((interval.upper - 4.963_243_161_477_561).abs() < 1e-9, "{interval:?}");
        assert!((student_95(1.0) - 12.706_204_736_432_095).abs() < 1e-9);
    }

    #[test]
    fn few_rows_say_so_and_none_have_no_figure() {
        assert!(matches!(Figure::share(1, 9, Undefined::NoRows), Figure::TooFew(_)));
        assert!(matches!(Figure::share(1, 10, Undefined::NoRows), Figure::Measured(_)));
        assert_eq!(Figure::share(0, 0, Undefined::NoPositives), Figure::undefined(Undefined::NoPositives));
        assert_eq!(Figure::mean(&[]), Figure::undefined(Undefined::NoRows));
        assert_eq!(Figure::mean(&[2.0]), Figure::TooFew(Estimate { value: 2.0, interval: None, n: 1 }));
        assert_eq!(Figure::mean(&[f64::MAX; 3]), Figure::undefined(Undefined::Overflow));
    }
}
