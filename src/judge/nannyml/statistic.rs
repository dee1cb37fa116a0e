//! NannyML's data quality and summary statistics of a chunk.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

use super::part::{Part, PartValues};
use super::present;
use super::threshold::{Beyond, Bounds, Limits, Threshold};
use super::{ChunkValue, Kind};
use crate::data::Category;
use crate::num::Sum;
use crate::profile::quantile;

/// A statistic of a chunk, by NannyML's name for it.
///
/// | statistic | what | thresholds unless told otherwise | error |
/// |---|---|---|---|
/// | `missing_values_rate` | missing values / rows | mean ± 3 standard deviations, within 0 to 1 | `sqrt(p (1 - p) / rows)`, `p` the reference's rate |
/// | `unseen_values_rate` | categories that the reference lacks / rows; missing counts as a category | above 0 | |
/// | `out_of_range_values_rate` | values outside the reference's smallest and largest / rows | above 0 | |
/// | `values_avg` | mean | mean ± 3 standard deviations | `s / sqrt(rows)`, `s` the reference's standard deviation |
/// | `values_std` | standard deviation, divided by n - 1 | the same, none at or below 0 | `sqrt((m - (rows - 3) s^4 / (rows - 1)) / rows) / (2 s)`, `m` the reference's fourth moment |
/// | `values_median` | median | the same | `1 / (2 f sqrt(rows))`, `f` the reference's density at its median by a Gaussian kernel |
/// | `values_sum` | sum | the same | `s sqrt(rows)` |
/// | `rows_count` | rows of the chunk | the same, none at or below 0 | |
///
/// Missing values are left out of the lower half of the table, and so are infinite ones. The first three alert beyond a
/// threshold, the others on it as well, and where there is no value. Each is worked out in numpy's order of addition,
/// because of equal chunks the last digit decides.
///
/// Source: for the error of the standard deviation Rao, *Linear Statistical Inference and its Applications* (1973); for
/// that of the median its asymptotic variance, with the kernel's width by Scott, *Multivariate Density Estimation* (1992);
/// agrees with NannyML 0.13.1, `nannyml.data_quality` and `nannyml.stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "NannymlStatistic"))]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Share of missing values.
    MissingValuesRate,
    /// Share of values that the reference never showed, of a categorical column.
    UnseenValuesRate,
    /// Share of values outside the reference's range, of a continuous column.
    OutOfRangeValuesRate,
    /// Mean.
    ValuesAvg,
    /// Standard deviation.
    ValuesStd,
    /// Median.
    ValuesMedian,
    /// Sum.
    ValuesSum,
    /// Rows.
    RowsCount,
}

impl Statistic {
    /// Data quality.
    pub const QUALITY: [Self; 3] = [Self::MissingValuesRate, Self::UnseenValuesRate, Self::OutOfRangeValuesRate];
    /// Summary statistics of a column.
    pub const SUMMARY: [Self; 4] = [Self::ValuesAvg, Self::ValuesStd, Self::ValuesMedian, Self::ValuesSum];

    /// NannyML's name string.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MissingValuesRate => "missing_values_rate",
            Self::UnseenValuesRate => "unseen_values_rate",
            Self::OutOfRangeValuesRate => "out_of_range_values_rate",
            Self::ValuesAvg => "values_avg",
            Self::ValuesStd => "values_std",
            Self::ValuesMedian => "values_median",
            Self::ValuesSum => "values_sum",
            Self::RowsCount => "rows_count",
        }
    }

    /// The name a person reads.
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::MissingValuesRate => "Missing values",
            Self::UnseenValuesRate => "Unseen values",
            Self::OutOfRangeValuesRate => "Values out of range",
            Self::ValuesAvg => "Mean",
            Self::ValuesStd => "Standard deviation",
            Self::ValuesMedian => "Median",
            Self::ValuesSum => "Sum",
            Self::RowsCount => "Rows",
        }
    }

    /// Whether columns of this kind have the statistic.
    pub const fn applies_to(self, kind: Kind) -> bool {
        match self {
            Self::MissingValuesRate => true,
            Self::UnseenValuesRate => matches!(kind, Kind::Categorical),
            Self::OutOfRangeValuesRate | Self::ValuesAvg | Self::ValuesStd | Self::ValuesMedian | Self::ValuesSum => {
                matches!(kind, Kind::Continuous)
            }
            Self::RowsCount => false,
        }
    }

    /// The threshold unless told otherwise.
    pub const fn default_threshold(self) -> Threshold {
        match self {
            Self::UnseenValuesRate | Self::OutOfRangeValuesRate => Threshold::NONE_ALLOWED,
            _ => Threshold::AROUND,
        }
    }

    /// The range thresholds are held to.
    pub(super) const fn limits(self) -> Limits {
        match self {
            Self::MissingValuesRate | Self::UnseenValuesRate | Self::OutOfRangeValuesRate => {
                Limits { lower: Some(0.0), upper: Some(1.0), beyond: Beyond::Moved }
            }
            Self::ValuesStd | Self::RowsCount => Limits { lower: Some(0.0), upper: None, beyond: Beyond::Dropped },
            Self::ValuesAvg | Self::ValuesMedian | Self::ValuesSum => Limits::NONE,
        }
    }

    /// Whether a chunk with this value (NaN for none) alerts.
    pub(super) fn alerts(self, value: f64, bounds: Bounds) -> bool {
        match self {
            Self::MissingValuesRate | Self::UnseenValuesRate | Self::OutOfRangeValuesRate => bounds.are_left_by(value),
            _ => !bounds.hold(value),
        }
    }
}

/// A statistic with what it needs to know of the whole reference.
#[derive(Debug, Clone)]
pub(super) struct FittedStatistic {
    pub statistic: Statistic,
    known: Known,
}

#[derive(Debug, Clone)]
enum Known {
    /// The share of missing values.
    MissingRate(f64),
    /// The categories, ascending, and whether values are missing.
    Categories { seen: Vec<Category>, some_missing: bool },
    /// Smallest and largest value.
    Range(f64, f64),
    /// Standard deviation, divided by n - 1.
    Std(f64),
    /// The same with the fourth central moment; NaN if a value is missing, as upstream.
    StdAndFourthMoment(f64, f64),
    /// Density at the median.
    Density(f64),
    /// Nothing.
    Nothing,
}

impl FittedStatistic {
    /// `None` where the column is not of the kind that has the statistic.
    pub(super) fn fit(statistic: Statistic, reference: &Part) -> Option<Self> {
        let known = match (statistic, &reference.values) {
            (Statistic::MissingValuesRate, _) => Known::MissingRate(share(reference.missing, reference.rows)),
            (Statistic::UnseenValuesRate, PartValues::Categories(counts)) => Known::Categories {
                seen: counts.iter().map(|(category, _)| category.clone()).collect(),
                some_missing: reference.missing > 0,
            },
            (Statistic::RowsCount, _) => Known::Nothing,
            (statistic, PartValues::Numbers { in_order, sorted, infinite }) => match statistic {
                Statistic::OutOfRangeValuesRate => range(sorted, *infinite),
                Statistic::ValuesAvg | Statistic::ValuesSum => Known::Std(present::std(in_order, 1)),
                Statistic::ValuesStd if reference.missing > 0 => Known::StdAndFourthMoment(f64::NAN, f64::NAN),
                Statistic::ValuesStd => {
                    Known::StdAndFourthMoment(present::std(in_order, 1), present::fourth_moment(in_order))
                }
                Statistic::ValuesMedian => Known::Density(density_at_median(sorted)),
                _ => return None,
            },
            _ => return None,
        };
        Some(Self { statistic, known })
    }

    /// The value of a chunk, NaN for none, and its sampling error.
    pub(super) fn measure(&self, part: &Part) -> (f64, Option<f64>) {
        let rows = part.rows as f64;
        let (value, error) = match (&self.known, &part.values) {
            (Known::MissingRate(p), _) => (share(part.missing, part.rows), (p * (1.0 - p)).sqrt() / rows.sqrt()),
            (Known::Categories { seen, some_missing }, PartValues::Categories(counts)) => {
                let unseen = counts.iter().filter(|(category, _)| seen.binary_search(category).is_err());
                let missing = if *some_missing { 0 } else { part.missing };
                (share(unseen.map(|(_, count)| count).sum::<u64>() + missing, part.rows), f64::NAN)
            }
            (Known::Range(min, max), PartValues::Numbers { sorted, infinite: [below, above], .. }) => {
                let below = if *min == f64::NEG_INFINITY { 0 } else { *below };
                let above = if *max == f64::INFINITY { 0 } else { *above };
                let outside = sorted.iter().filter(|value| *value < min || *value > max).count() as u64;
                (share(outside + below + above, part.rows), f64::NAN)
            }
            (Known::Std(std), PartValues::Numbers { in_order, .. }) if self.statistic == Statistic::ValuesSum => {
                (present::sum(in_order), std * rows.sqrt())
            }
            (Known::Std(std), PartValues::Numbers { in_order, .. }) => (present::mean(in_order), std / rows.sqrt()),
            (Known::StdAndFourthMoment(s, moment), PartValues::Numbers { in_order, .. }) => {
                let squared = s * s;
                let inner = moment - (rows - 3.0) * (squared * squared) / (rows - 1.0);
                (present::std(in_order, 1), (1.0 / rows * inner).sqrt() / (2.0 * s))
            }
            (Known::Density(density), PartValues::Numbers { sorted, .. }) => {
                (quantile(sorted, 0.5).unwrap_or(f64::NAN), (1.0 / (4.0 * rows * density * density)).sqrt())
            }
            (Known::Nothing, _) => (rows, f64::NAN),
            _ => (f64::NAN, f64::NAN),
        };
        (value, Some(error).filter(|error| error.is_finite()))
    }

    /// What a chunk shows, and whether it alerts.
    pub(super) fn look(&self, part: &Part, bounds: Bounds) -> ChunkValue {
        let (value, sampling_error) = self.measure(part);
        ChunkValue {
            value: Some(value).filter(|value| value.is_finite()),
            alert: self.statistic.alerts(value, bounds),
            p_value: None,
            sampling_error,
        }
    }
}

fn share(count: u64, rows: u64) -> f64 {
    count as f64 / rows as f64
}

/// Smallest and largest value; empty, so that nothing lies outside, where there is none.
fn range(sorted: &[f64], infinite: [u64; 2]) -> Known {
    let [below, above] = infinite.map(|count| count > 0);
    let first = sorted.first().copied().unwrap_or(f64::NAN);
    let last = sorted.last().copied().unwrap_or(f64::NAN);
    let min = match (below, above) {
        (true, _) => f64::NEG_INFINITY,
        (false, true) if first.is_nan() => f64::INFINITY,
        _ => first,
    };
    let max = match (below, above) {
        (_, true) => f64::INFINITY,
        (true, false) if last.is_nan() => f64::NEG_INFINITY,
        _ => last,
    };
    Known::Range(min, max)
}

/// The density at the median by a Gaussian kernel whose width is `n^(-1/5)` standard deviations (Scott's rule). Infinite
/// for a column of one value only.
fn density_at_median(sorted: &[f64]) -> f64 {
    let std = present::std(sorted, 1);
    let Some(median) = quantile(sorted, 0.5) else { return f64::NAN };
    if std == 0.0 {
        return f64::INFINITY;
    }
    let n = sorted.len() as f64;
    let width = std * libm::pow(n, -0.2);
    let kernels = sorted.iter().map(|value| {
        let distance = (value - median) / width;
        libm::exp(-0.5 * distance * distance)
    });
    kernels.collect::<Sum>().value() / (n * width * (2.0 * PI).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Column;
    use crate::judge::nannyml::part::whole;

    fn numbers(values: &[f64]) -> Part {
        whole(&Column::fractions("x", values.to_vec()), Kind::Continuous)
    }

    fn measure(statistic: Statistic, reference: &[f64], chunk: &[f64]) -> (f64, Option<f64>) {
        FittedStatistic::fit(statistic, &numbers(reference)).unwrap().measure(&numbers(chunk))
    }

    #[test]
    fn infinite_values_lie_out_of_a_finite_range() {
        let out = |reference: &[f64], chunk: &[f64]| measure(Statistic::OutOfRangeValuesRate, reference, chunk).0;
        assert_eq!(out(&[0.0, 1.0], &[f64::INFINITY, 0.5, 1.5, f64::NAN]), 0.5);
        assert_eq!(out(&[0.0, f64::INFINITY], &[f64::INFINITY, 0.5, 1.5, -1.0]), 0.25);
        // pandas: with a range of NaN no comparison holds.
        assert_eq!(out(&[f64::NAN], &[1.0]), 0.0);
    }

    #[test]
    fn a_missing_value_is_unseen_unless_the_reference_has_one() {
        // nannyml 0.13.1: UnseenValuesCalculator(["x"], chunk_number=1).fit(pd.DataFrame({"x": ["a", "b"]}))
        //     .calculate(pd.DataFrame({"x": ["a", None]})) gives 0.5, and 0.0 with None in the reference
        let part = |values: &[Option<&'static str>]| whole(&Column::strings("x", values.to_vec()), Kind::Categorical);
        let chunk = part(&[Some("a"), None]);
        let unseen =
            |reference: &Part| FittedStatistic::fit(Statistic::UnseenValuesRate, reference).unwrap().measure(&chunk).0;
        assert_eq!(unseen(&part(&[Some("a"), Some("b")])), 0.5);
        assert_eq!(unseen(&part(&[Some("a"), None])), 0.0);
    }

    #[test]
    fn one_row_and_no_row_have_a_defined_result() {
        let two = [1.0, 2.0];
        assert!(measure(Statistic::ValuesStd, &two, &[1.0]).0.is_nan());
        assert!(measure(Statistic::ValuesAvg, &two, &[f64::NAN]).0.is_nan());
        assert_eq!(measure(Statistic::ValuesSum, &two, &[f64::NAN]).0, 0.0);
        assert_eq!(measure(Statistic::ValuesMedian, &[3.0, 3.0], &two), (1.5, Some(0.0)));
        let look = |chunk: &[f64]| {
            let fitted = FittedStatistic::fit(Statistic::ValuesAvg, &numbers(&two)).unwrap();
            fitted.look(&numbers(chunk), Bounds { lower: Some(0.0), upper: Some(2.0) })
        };
        assert!(look(&[f64::NAN]).alert && !look(&[1.0]).alert && look(&[2.0]).alert);
    }
}
