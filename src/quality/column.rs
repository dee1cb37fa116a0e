//! One side of one column in numbers: what is there, what is missing, what occurs most.

use crate::data::Category;
use crate::profile::{ColumnProfile, Shape, quantile};
use crate::report::SideSummary;

/// The quantiles of a summary.
pub const QUANTILES: [f64; 7] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/// From this share of one value on, among all rows, a column counts as almost constant (Evidently's threshold).
pub const ALMOST_CONSTANT: f64 = 0.95;

/// One side of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnFacts {
    /// Rows, missing ones included.
    pub rows: u64,
    /// Missing values.
    pub missing: u64,
    /// Values that are plus or minus infinity. They are present, and go into no moment and no quantile.
    pub infinite: u64,
    /// Distinct finite values or categories.
    pub distinct: u64,
    /// The most frequent value; the smallest of several. `None` when no value occurs twice, and others do.
    pub most_common: Option<MostCommon>,
    /// Moments and quantiles of a column of numbers that has a finite one.
    pub numbers: Option<NumberFacts>,
}

/// The most frequent value of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct MostCommon {
    /// The value.
    pub value: Category,
    /// How often it occurs.
    pub count: u64,
}

/// Moments and quantiles of finite numbers. What leaves the finite numbers on the way is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberFacts {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Standard deviation, divided by n - 1; `None` of a single value.
    pub std: Option<f64>,
    /// Sum: exact for whole numbers below 2^53, within two roundings otherwise.
    pub sum: Option<f64>,
    /// At [`QUANTILES`], by linear interpolation (Hyndman and Fan's type 7).
    pub quantiles: [f64; 7],
}

impl ColumnFacts {
    /// Summarises one side of a column.
    ///
    /// Inputs: a profile, so that missing and infinite values are known and left out. Every number is defined for every
    /// column: what an empty or constant one lacks is `None`. Missing, distinct and most common values, minimum, maximum,
    /// mean, median, standard deviation, sum and quantiles agree with Evidently 0.7.23 (`DataSummaryPreset` and the
    /// single metrics) where no value is infinite; there, one infinity makes Evidently's mean, sum and deviation
    /// useless.
    ///
    /// ```
    /// use tidemark::data::Column;
    /// use tidemark::profile::ColumnProfile;
    /// use tidemark::quality::ColumnFacts;
    ///
    /// let facts = ColumnFacts::of(&ColumnProfile::of(&Column::fractions("x", vec![1.0, 4.0, 4.0, f64::NAN])));
    /// assert_eq!((facts.missing, facts.distinct, facts.most_common.unwrap().count), (1, 2, 2));
    /// assert_eq!(facts.numbers.unwrap().std, Some(f64::sqrt(3.0)));
    /// ```
    pub fn of(profile: &ColumnProfile) -> Self {
        Self::with_summary(profile, &profile.summary())
    }

    /// The same where the summary is known already.
    pub(crate) fn with_summary(profile: &ColumnProfile, summary: &SideSummary) -> Self {
        Self {
            rows: profile.rows,
            missing: profile.missing,
            infinite: profile.infinite,
            distinct: summary.distinct,
            most_common: most_common(profile, summary.distinct),
            numbers: profile.sorted().and_then(|sorted| numbers(sorted, is_whole(profile), summary)),
        }
    }

    /// Values that are there, infinite ones included.
    pub const fn present(&self) -> u64 {
        self.rows - self.missing
    }

    /// Missing values as a share of the rows; 0 without rows.
    pub fn missing_share(&self) -> f64 {
        share(self.missing, self.rows)
    }

    /// The share of the rows that hold the most common value.
    pub fn most_common_share(&self) -> Option<f64> {
        self.most_common.as_ref().map(|most_common| share(most_common.count, self.rows))
    }

    /// Whether no two rows hold different values. An empty column is constant too, as it is to Evidently.
    pub const fn is_constant(&self) -> bool {
        self.distinct <= 1 && self.infinite == 0
    }

    /// Whether one value fills at least [`ALMOST_CONSTANT`] of the rows, missing ones counted as rows.
    pub fn is_almost_constant(&self) -> bool {
        self.most_common_share().is_some_and(|share| share >= ALMOST_CONSTANT)
    }

    /// Whether there are rows, and no value in any of them.
    pub const fn is_empty(&self) -> bool {
        self.missing == self.rows
    }
}

fn is_whole(profile: &ColumnProfile) -> bool {
    matches!(&profile.shape, Shape::Numbers { is_integer: true, .. })
}

fn most_common(profile: &ColumnProfile, distinct: u64) -> Option<MostCommon> {
    let found = if let Shape::Categories { counts } = &profile.shape {
        let first_largest = |best: &(Category, u64), next: &(Category, u64)| next.1 > best.1;
        let best = counts.iter().reduce(|best, next| if first_largest(best, next) { next } else { best })?;
        MostCommon { value: best.0.clone(), count: best.1 }
    } else {
        longest_run(profile.sorted()?)?
    };
    (found.count > 1 || distinct == 1).then_some(found)
}

/// The first of the longest runs of an ascending slice. A run longer than the longest so far has to reach as far as that
/// one would, so that only there is looked.
fn longest_run(sorted: &[f64]) -> Option<MostCommon> {
    let mut value = *sorted.first()?;
    let (mut longest, mut start) = (1, 0);
    while start + longest < sorted.len() {
        let reach = start + longest;
        if sorted[reach] == sorted[start] {
            value = sorted[start];
            longest += sorted[reach..].iter().take_while(|next| **next == value).count();
            start += longest;
        } else {
            let same = sorted[start + 1..reach].iter().rev().take_while(|before| **before == sorted[reach]).count();
            start = reach - same;
        }
    }
    Some(MostCommon { value: Category::Number(value), count: longest as u64 })
}

fn numbers(sorted: &[f64], is_whole: bool, summary: &SideSummary) -> Option<NumberFacts> {
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let n = sorted.len() as f64;
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    // The mean is a sum that was rounded twice; of whole numbers the sum is whole.
    let sum = summary.mean.and_then(|mean| finite(mean * n));
    Some(NumberFacts {
        min,
        max,
        mean: summary.mean,
        std: summary.std.filter(|_| sorted.len() > 1).and_then(|std| finite(std * (n / (n - 1.0)).sqrt())),
        sum: if is_whole { sum.map(f64::round) } else { sum },
        quantiles: QUANTILES.map(|q| quantile(sorted, q).unwrap_or(min)),
    })
}

/// How many of a column's values have a property, and which share that is of those present.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountShare {
    /// Values.
    pub count: u64,
    /// Of the values present, infinite ones included; 0 if there are none.
    pub share: f64,
}

/// Values from `low` to `high`, both included.
///
/// Inputs: a profile; values that are no numbers, and infinite ones, lie in no range. Agrees with Evidently 0.7
/// (`InRangeValueCount`); `OutRangeValueCount` is [`outside`].
///
/// ```
/// use tidemark::data::Column;
/// use tidemark::profile::ColumnProfile;
/// use tidemark::quality::{inside, outside};
///
/// let profile = ColumnProfile::of(&Column::fractions("age", vec![17.0, 18.0, 40.0, f64::NAN]));
/// assert_eq!(inside(&profile, 18.0, 65.0).count, 2);
/// assert_eq!(outside(&profile, 18.0, 65.0).share, 1.0 / 3.0);
/// ```
pub fn inside(profile: &ColumnProfile, low: f64, high: f64) -> CountShare {
    let sorted = profile.sorted().unwrap_or(&[]);
    let below = sorted.partition_point(|value| *value < low);
    let up_to = sorted.partition_point(|value| *value <= high);
    counted(up_to.saturating_sub(below) as u64, profile)
}

/// Values below `low` or above `high`, and those that are no finite number.
pub fn outside(profile: &ColumnProfile, low: f64, high: f64) -> CountShare {
    counted(profile.rows - profile.missing - inside(profile, low, high).count, profile)
}

/// Values that are among `allowed`.
///
/// Inputs: a profile and categories in any order; a number is found in a column of numbers only, a name in one of names
/// only. Agrees with Evidently 0.7 (`InListValueCount`, and `CategoryCount` for several categories), but for fractions
/// in the list: Evidently cuts 7.5 down to 7 before it looks. `OutListValueCount` is the rest of those present.
///
/// ```
/// use tidemark::data::{Category, Column};
/// use tidemark::profile::ColumnProfile;
/// use tidemark::quality::listed;
///
/// let profile = ColumnProfile::of(&Column::strings("city", [Some("Oslo"), Some("Rome"), None]));
/// assert_eq!(listed(&profile, &[Category::Name("Oslo".to_owned())]).share, 0.5);
/// ```
pub fn listed(profile: &ColumnProfile, allowed: &[Category]) -> CountShare {
    let mut allowed: Vec<&Category> = allowed.iter().collect();
    allowed.sort();
    allowed.dedup();
    let count = if let Shape::Categories { counts } = &profile.shape {
        counts.iter().filter(|(category, _)| allowed.binary_search(&category).is_ok()).map(|(_, count)| count).sum()
    } else {
        let number = |category: &&Category| match category {
            Category::Number(value) => inside(profile, *value, *value).count,
            _ => 0,
        };
        allowed.iter().map(number).sum()
    };
    counted(count, profile)
}

fn counted(count: u64, profile: &ColumnProfile) -> CountShare {
    CountShare { count, share: share(count, profile.rows - profile.missing) }
}

pub(super) fn share(count: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { count as f64 / of as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Column;

    fn facts(values: &[f64]) -> ColumnFacts {
        ColumnFacts::of(&ColumnProfile::of(&Column::numbers("x", values.to_vec())))
    }

    #[test]
    fn numbers_equal_pandas() {
        // pandas 2.3: s = pd.Series([3, 1, 2, 2]); s.sum(), s.std(), s.quantile(0.05), s.value_counts()
        let found = facts(&[3.0, 1.0, 2.0, 2.0]);
        let numbers = found.numbers.unwrap();
        assert_eq!((numbers.sum, numbers.std), (Some(8.0), Some(0.816_496_580_927_726)));
        assert!((numbers.quantiles[1] - 1.15).abs() < 1e-15);
        assert_eq!(found.most_common, Some(MostCommon { value: Category::Number(2.0), count: 2 }));
    }

    #[test]
    fn the_longest_run_is_the_first_that_counting_finds() {
        let mut rng = crate::random::Rng::new(3);
        for distinct in [1_u32, 2, 5, 40, 1000] {
            for n in [1, 2, 3, 10, 300] {
                let mut sorted: Vec<f64> = (0..n).map(|_| (rng.uniform() * f64::from(distinct)).floor()).collect();
                sorted.sort_unstable_by(f64::total_cmp);
                let runs = crate::profile::runs(&sorted);
                let (value, count) = runs.reduce(|best, next| if next.1 > best.1 { next } else { best }).unwrap();
                assert_eq!(
                    longest_run(&sorted),
                    Some(MostCommon { value: Category::Number(value), count }),
                    "{sorted:?}"
                );
            }
        }
    }

    #[test]
    fn degenerate_columns_have_defined_facts() {
        let empty = facts(&[]);
        assert!(empty.is_constant() && empty.is_empty() && !empty.is_almost_constant());
        assert_eq!((empty.missing_share(), empty.most_common, empty.numbers), (0.0, None, None));
        let gone = facts(&[f64::NAN, f64::NAN]);
        assert!(gone.is_constant() && gone.is_empty() && !gone.is_almost_constant());
        let one = facts(&[4.0]);
        assert!(one.is_constant() && one.is_almost_constant() && one.most_common.is_some());
        assert_eq!(one.numbers.unwrap().std, None);
        let infinite = facts(&[1.0, f64::INFINITY]);
        assert!(!infinite.is_constant() && !infinite.is_empty());
        let huge = facts(&[f64::MAX, f64::MAX]).numbers.unwrap();
        assert_eq!((huge.mean, huge.sum, huge.max), (None, None, f64::MAX));
        assert_eq!(facts(&[1.0, 2.0]).most_common, None, "no value is common");
    }

    #[test]
    fn almost_constant_begins_at_95_per_cent_of_all_rows() {
        let column = |n_other: usize, n_missing: usize| {
            let mut values = vec![0.0; 100 - n_other - n_missing];
            values.extend((0..n_other).map(|i| 1.0 + i as f64));
            values.extend(vec![f64::NAN; n_missing]);
            facts(&values)
        };
        assert!(column(5, 0).is_almost_constant());
        assert!(!column(6, 0).is_almost_constant());
        assert!(!column(0, 6).is_almost_constant(), "missing values are rows");
    }

    #[test]
    fn ranges_and_lists_count_what_is_present() {
        let values = vec![1.0, 2.0, 2.0, 7.5, f64::INFINITY, f64::NAN];
        let profile = ColumnProfile::of(&Column::fractions("x", values));
        assert_eq!(inside(&profile, 2.0, 7.5), CountShare { count: 3, share: 0.6 });
        assert_eq!(outside(&profile, 2.0, 7.5), CountShare { count: 2, share: 0.4 });
        assert_eq!(inside(&profile, 5.0, 1.0).count, 0);
        let list = [7.5, 2.0, 2.0].map(Category::Number);
        assert_eq!(listed(&profile, &list).count, 3);
        assert_eq!(listed(&profile, &[Category::Name("2".to_owned())]).count, 0);
    }
}
