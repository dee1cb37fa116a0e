//! Thresholds that the reference's own chunks set.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::present;
use crate::profile::quantile;

/// How the thresholds of a measure follow from its values on the reference's chunks.
///
/// ```text
/// standard deviation:  lower = a - l s,  upper = a + u s
/// ```
/// where `a` is the values' mean (or what [`OffsetFrom`] says), `s` their standard deviation divided by n, and `l` and `u`
/// the multipliers, 3 by default. A constant threshold does not look at the values. `None` stands for no threshold.
///
/// Inputs: one value per reference chunk; chunks without a value (NaN) are left out. Without any value there is no
/// threshold.
///
/// ```
/// use tidemark::judge::nannyml::{OffsetFrom, Threshold};
/// let threshold = Threshold::standard_deviations(None, Some(2.0), OffsetFrom::Mean).unwrap();
/// assert_eq!(threshold.bounds(&[1.0, 3.0]), (None, Some(4.0)));
/// ```
///
/// Agrees with NannyML 0.13.1, `StandardDeviationThreshold` and `ConstantThreshold`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(!try_from))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields, try_from = "Unchecked")]
pub enum Threshold {
    /// So many standard deviations away from the middle of the reference's chunks.
    StandardDeviation {
        /// Standard deviations below the middle; `None` for no lower threshold.
        lower: Option<f64>,
        /// Standard deviations above it.
        upper: Option<f64>,
        /// Where the middle is.
        offset_from: OffsetFrom,
    },
    /// The same for all data.
    Constant {
        /// The lower threshold.
        lower: Option<f64>,
        /// The upper threshold.
        upper: Option<f64>,
    },
}

/// What a standard deviation threshold is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OffsetFrom {
    /// The mean.
    #[default]
    Mean,
    /// The median.
    Median,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
}

/// Why numbers do not make a threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ThresholdError {
    /// The lower threshold is not below the upper one.
    Crossed {
        /// The lower one.
        lower: f64,
        /// The upper one.
        upper: f64,
    },
    /// A number of standard deviations is negative, or not a number at all.
    Negative(f64),
}

impl fmt::Display for ThresholdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crossed { lower, upper } => {
                write!(f, "the lower threshold {lower} is not below the upper one {upper}")
            }
            Self::Negative(found) => write!(f, "expected a number of standard deviations from 0 on, and found {found}"),
        }
    }
}

impl std::error::Error for ThresholdError {}

/// A threshold as it is written down, before it has been looked at.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Unchecked {
    StandardDeviation {
        lower: Option<f64>,
        upper: Option<f64>,
        #[serde(default)]
        offset_from: OffsetFrom,
    },
    Constant {
        lower: Option<f64>,
        upper: Option<f64>,
    },
}

impl TryFrom<Unchecked> for Threshold {
    type Error = ThresholdError;

    fn try_from(unchecked: Unchecked) -> Result<Self, ThresholdError> {
        match unchecked {
            Unchecked::StandardDeviation { lower, upper, offset_from } => {
                Self::standard_deviations(lower, upper, offset_from)
            }
            Unchecked::Constant { lower, upper } => Self::constant(lower, upper),
        }
    }
}

impl Threshold {
    /// Three standard deviations above the mean, and nothing below: the default of the drift methods.
    pub(super) const ABOVE: Self =
        Self::StandardDeviation { lower: None, upper: Some(3.0), offset_from: OffsetFrom::Mean };
    /// Three standard deviations on either side of the mean.
    pub(super) const AROUND: Self =
        Self::StandardDeviation { lower: Some(3.0), upper: Some(3.0), offset_from: OffsetFrom::Mean };
    /// Anything above nothing.
    pub(super) const NONE_ALLOWED: Self = Self::Constant { lower: None, upper: Some(0.0) };

    /// So many standard deviations below and above the middle of the reference's chunks.
    ///
    /// # Errors
    /// A number is negative or NaN.
    pub fn standard_deviations(
        lower: Option<f64>,
        upper: Option<f64>,
        offset_from: OffsetFrom,
    ) -> Result<Self, ThresholdError> {
        match [lower, upper].into_iter().flatten().find(|multiplier| multiplier.is_nan() || *multiplier < 0.0) {
            Some(found) => Err(ThresholdError::Negative(found)),
            None => Ok(Self::StandardDeviation { lower, upper, offset_from }),
        }
    }

    /// Constant thresholds.
    ///
    /// # Errors
    /// The lower one is not below the upper one.
    pub fn constant(lower: Option<f64>, upper: Option<f64>) -> Result<Self, ThresholdError> {
        match (lower, upper) {
            (Some(lower), Some(upper)) if lower >= upper || lower.is_nan() || upper.is_nan() => {
                Err(ThresholdError::Crossed { lower, upper })
            }
            _ => Ok(Self::Constant { lower, upper }),
        }
    }

    /// The lower and the upper threshold for a measure that had these values on the reference's chunks.
    pub fn bounds(self, reference_values: &[f64]) -> (Option<f64>, Option<f64>) {
        let (lower, upper) = self.raw_bounds(reference_values);
        (lower.filter(|bound| bound.is_finite()), upper.filter(|bound| bound.is_finite()))
    }

    /// The same, where no value at all makes NaN.
    fn raw_bounds(self, reference_values: &[f64]) -> (Option<f64>, Option<f64>) {
        match self {
            Self::Constant { lower, upper } => (lower, upper),
            Self::StandardDeviation { lower, upper, offset_from } => {
                let middle = offset_from.of(reference_values);
                let std = present::std(reference_values, 0);
                (lower.map(|multiplier| middle - std * multiplier), upper.map(|multiplier| middle + std * multiplier))
            }
        }
    }
}

impl OffsetFrom {
    fn of(self, values: &[f64]) -> f64 {
        let mut present: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        present.sort_unstable_by(f64::total_cmp);
        let found = match self {
            Self::Mean => Some(present::mean(values)),
            Self::Median => quantile(&present, 0.5),
            Self::Min => present.first().copied(),
            Self::Max => present.last().copied(),
        };
        found.unwrap_or(f64::NAN)
    }
}

/// The range a measure cannot leave, and what becomes of a threshold beyond it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limits {
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    pub beyond: Beyond,
}

/// What becomes of a threshold at or beyond a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// It is moved to the limit: drift and data quality.
    Moved,
    /// There is none: summary statistics.
    Dropped,
}

impl Limits {
    /// No limit on either side.
    pub(super) const NONE: Self = Self { lower: None, upper: None, beyond: Beyond::Dropped };
}

/// Thresholds after their limits. NaN stands for a threshold that no value on the reference could set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub lower: Option<f64>,
    pub upper: Option<f64>,
}

impl Bounds {
    pub(super) fn new(threshold: Threshold, reference_values: &[f64], limits: Limits) -> Self {
        let (lower, upper) = threshold.raw_bounds(reference_values);
        let kept = |bound: Option<f64>, limit: Option<f64>, is_beyond: fn(f64, f64) -> bool| match (bound, limit) {
            (Some(bound), Some(limit)) if is_beyond(bound, limit) => (limits.beyond == Beyond::Moved).then_some(limit),
            _ => bound,
        };
        Self {
            lower: kept(lower, limits.lower, |bound, limit| bound <= limit),
            upper: kept(upper, limits.upper, |bound, limit| bound >= limit),
        }
    }

    /// Outside the bounds: a value on one is not, and neither is a missing one.
    pub(super) fn are_left_by(self, value: f64) -> bool {
        self.lower.is_some_and(|lower| value < lower) || self.upper.is_some_and(|upper| value > upper)
    }

    /// Within the bounds: a value on one is not, and neither is a missing one.
    pub(super) fn hold(self, value: f64) -> bool {
        self.lower.unwrap_or(f64::NEG_INFINITY) < value && value < self.upper.unwrap_or(f64::INFINITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_equal_nannymls() {
        // nannyml 0.13.1: StandardDeviationThreshold(2, 3).thresholds(np.array([1., 2., 4., np.nan]))
        let values = [1.0, 2.0, 4.0, f64::NAN];
        let threshold = Threshold::standard_deviations(Some(2.0), Some(3.0), OffsetFrom::Mean).unwrap();
        assert_eq!(threshold.bounds(&values), (Some(-0.161_104_924_515_960_6), Some(6.074_990_720_107_275)));
        // StandardDeviationThreshold(2, None, offset_from=np.nanmedian)
        let threshold = Threshold::standard_deviations(Some(2.0), None, OffsetFrom::Median).unwrap();
        assert_eq!(threshold.bounds(&values), (Some(-0.494_438_257_849_294_07), None));
    }

    #[test]
    fn without_a_value_there_is_no_threshold() {
        assert_eq!(Threshold::AROUND.bounds(&[f64::NAN]), (None, None));
        assert_eq!(Threshold::AROUND.bounds(&[]), (None, None));
    }

    #[test]
    fn a_bound_beyond_its_limit_is_moved_or_dropped() {
        let limits = |beyond| Limits { lower: Some(0.0), upper: Some(1.0), beyond };
        let wide = [0.0, 1.0];
        let moved = Bounds::new(Threshold::AROUND, &wide, limits(Beyond::Moved));
        assert_eq!(moved, Bounds { lower: Some(0.0), upper: Some(1.0) });
        let dropped = Bounds::new(Threshold::AROUND, &wide, limits(Beyond::Dropped));
        assert_eq!(dropped, Bounds { lower: None, upper: None });
        let narrow = Bounds::new(Threshold::AROUND, &[0.4, 0.6], limits(Beyond::Dropped));
        assert!(narrow.lower.is_some() && narrow.upper.is_some());
    }

    #[test]
    fn a_value_on_a_bound_neither_leaves_it_nor_is_held() {
        let bounds = Bounds { lower: None, upper: Some(1.0) };
        assert!(!bounds.are_left_by(1.0) && !bounds.hold(1.0));
        assert!(bounds.are_left_by(1.1) && bounds.hold(0.9));
        assert!(!bounds.are_left_by(f64::NAN) && !bounds.hold(f64::NAN));
    }

    #[test]
    fn settings_are_looked_at() {
        assert!(Threshold::constant(Some(1.0), Some(1.0)).is_err());
        assert!(Threshold::standard_deviations(Some(-1.0), None, OffsetFrom::Mean).is_err());
        let read = |text: &str| serde_json::from_str::<Threshold>(text);
        assert!(read(r#"{"kind":"constant","lower":2.0,"upper":1.0}"#).is_err());
        assert_eq!(read(r#"{"kind":"standard_deviation","lower":null,"upper":3.0}"#).unwrap(), Threshold::ABOVE);
    }
}
