//! Both sides of a column over common bins or categories: what a picture of it needs.

use serde::{Deserialize, Serialize};

use crate::profile::{ColumnProfile, Shape, quantile, runs};
use crate::stattest::binning::align;
use crate::stattest::{Current, Reference};

/// Both sides' shares over the same bins or categories. Shares are of the values present on that side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Distribution {
    /// A numerical column, in bins from left to right. The outer bins take in everything beyond their edge.
    Histogram {
        /// The bins, at most 30.
        bins: Vec<Bin>,
    },
    /// A categorical column: the most frequent categories, then all others together.
    Categories {
        /// At most 12, by the larger of both shares.
        categories: Vec<CategoryShare>,
        /// How many further categories there are.
        n_others: u64,
        /// What the further categories add up to, reference then current.
        others: [f64; 2],
    },
    /// Nothing to draw.
    Empty,
}

/// One bin of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Bin {
    /// Left edge.
    pub low: f64,
    /// Right edge.
    pub high: f64,
    /// Share of the reference in the bin, 0 to 1.
    pub reference: f64,
    /// Share of the current values in the bin, 0 to 1.
    pub current: f64,
}

/// One category's share on both sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct CategoryShare {
    /// The category, as it is written in the data.
    pub name: String,
    /// Share of the reference, 0 to 1.
    pub reference: f64,
    /// Share of the current values, 0 to 1.
    pub current: f64,
}

/// Bins of a picture.
const N_BINS: usize = 30;
/// Categories that a picture names.
const N_CATEGORIES: usize = 12;
/// A picture leaves this share of the pooled values on each end to the outer bins, so that one outlier cannot
/// squeeze everything else into one bin.
const TAIL_SHARE: f64 = 0.005;
/// Nor does a picture reach further beyond the quartiles than this many times their distance: amounts of money have
/// tails that would leave all but one bin empty.
const MAX_REACH: f64 = 6.0;

impl Distribution {
    /// Both sides over common bins (numbers of a numerical column) or categories (everything else).
    pub(super) fn of(reference: &ColumnProfile, current: &ColumnProfile, is_numerical: bool) -> Self {
        if reference.n() + current.n() == 0 {
            return Self::Empty;
        }
        match (&reference.shape, &current.shape) {
            (Shape::Numbers { sorted: a, .. }, Shape::Numbers { sorted: b, .. }) if is_numerical => {
                histogram(a, b, None).map_or(Self::Empty, |bins| Self::Histogram { bins })
            }
            _ => categories(reference, current),
        }
    }

    /// Both sides of a numerical column over `n_bins` common bins, as many as asked whatever the values are.
    pub(super) fn in_bins(reference: &ColumnProfile, current: &ColumnProfile, n_bins: usize) -> Self {
        match (reference.sorted(), current.sorted()) {
            (Some(a), Some(b)) => histogram(a, b, Some(n_bins)).map_or(Self::Empty, |bins| Self::Histogram { bins }),
            _ => Self::of(reference, current, true),
        }
    }
}

/// Bins between the outer quantiles of both sides, `asked` or as many as fit; `None` if the range is no finite number.
fn histogram(a: &[f64], b: &[f64], asked: Option<usize>) -> Option<Vec<Bin>> {
    let ends = |q: f64, pick: fn(f64, f64) -> f64| {
        let sides = [quantile(a, q), quantile(b, q)];
        sides.into_iter().flatten().reduce(pick)
    };
    let (mut low, mut high) = (ends(TAIL_SHARE, f64::min)?, ends(1.0 - TAIL_SHARE, f64::max)?);
    let (q25, q75) = (ends(0.25, f64::min)?, ends(0.75, f64::max)?);
    if q25 < q75 {
        let reach = MAX_REACH * (q75 - q25);
        (low, high) = (low.max(q25 - reach), high.min(q75 + reach));
    }
    let distinct = if asked.is_none() { distinct_up_to(a, b, N_BINS) } else { None };
    let mut n_bins = asked.unwrap_or(N_BINS);
    if low == high {
        (low, high, n_bins) = (low - 0.5, high + 0.5, 1);
    } else if let Some(values) = distinct.filter(|values| is_evenly_spaced_by_one(values)) {
        // Few whole numbers: a bin for each, or combs appear that are not in the data.
        (low, high) = (values[0] - 0.5, values[values.len() - 1] + 0.5);
        n_bins = (high - low) as usize;
    }
    let width = (high - low) / n_bins as f64;
    if !width.is_finite() || width <= 0.0 {
        return None;
    }
    let edge = |i: usize| if i == n_bins { high } else { low + width * i as f64 };
    let shares = |sorted: &[f64]| -> Vec<f64> {
        // Outer bins reach to infinity.
        let below = |i: usize| match i {
            0 => 0,
            i if i == n_bins => sorted.len(),
            i => sorted.partition_point(|value| *value < edge(i)),
        };
        let total = sorted.len().max(1) as f64;
        (0..n_bins).map(|i| (below(i + 1) - below(i)) as f64 / total).collect()
    };
    let (reference, current) = (shares(a), shares(b));
    let bin = |i: usize| Bin { low: edge(i), high: edge(i + 1), reference: reference[i], current: current[i] };
    Some((0..n_bins).map(bin).collect())
}

/// The distinct values of both sides, ascending, if there are at most `limit`.
fn distinct_up_to(a: &[f64], b: &[f64], limit: usize) -> Option<Vec<f64>> {
    let mut values: Vec<f64> = Vec::new();
    for side in [a, b] {
        let distinct: Vec<f64> = runs(side).map(|(value, _)| value).take(limit + 1).collect();
        if distinct.len() > limit {
            return None;
        }
        values.extend(distinct);
    }
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    Some(values)
}

fn is_evenly_spaced_by_one(values: &[f64]) -> bool {
    let range = values[values.len() - 1] - values[0];
    values.iter().all(|value| value.fract() == 0.0) && range < N_BINS as f64
}

fn categories(reference: &ColumnProfile, current: &ColumnProfile) -> Distribution {
    let (reference_counts, current_counts) = (reference.counts(), current.counts());
    let (names, r, c) = align(Reference(&reference_counts), Current(&current_counts));
    let (n, m) = (reference.n().max(1) as f64, current.n().max(1) as f64);
    let mut shares: Vec<(usize, f64, f64)> =
        r.iter().zip(&c).enumerate().map(|(i, (&r, &c))| (i, r as f64 / n, c as f64 / m)).collect();
    let mut rest = Vec::new();
    if shares.len() > N_CATEGORIES {
        let by_share =
            |a: &(usize, f64, f64), b: &(usize, f64, f64)| b.1.max(b.2).total_cmp(&a.1.max(a.2)).then(a.0.cmp(&b.0));
        shares.select_nth_unstable_by(N_CATEGORIES, by_share);
        rest = shares.split_off(N_CATEGORIES);
        // Added up from the largest share, or the last digit would hang on how they were picked.
        rest.sort_unstable_by(by_share);
    }
    // Few categories read best in their own order.
    shares.sort_by_key(|(i, ..)| *i);
    let others = rest.iter().fold([0.0, 0.0], |[r, c], (_, dr, dc)| [r + dr, c + dc]);
    let categories = shares
        .into_iter()
        .map(|(i, reference, current)| CategoryShare { name: names[i].to_string(), reference, current })
        .collect();
    Distribution::Categories { categories, n_others: rest.len() as u64, others }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Column;

    fn numbers(values: Vec<f64>) -> ColumnProfile {
        ColumnProfile::of(&Column::fractions("x", values))
    }

    #[test]
    fn shares_of_each_side_add_up_to_one_though_an_outlier_lies_far_out() {
        let a: Vec<f64> = (0..1000).map(|i| f64::from(i) / 10.0).collect();
        let mut b = a.clone();
        b[0] = 1e9;
        let Distribution::Histogram { bins } = Distribution::of(&numbers(a), &numbers(b), true) else { panic!() };
        assert!(bins[bins.len() - 1].high < 101.0, "one outlier does not stretch the picture");
        for side in [|bin: &Bin| bin.reference, |bin: &Bin| bin.current] {
            assert!((bins.iter().map(side).sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn few_whole_numbers_have_a_bin_each() {
        let values = numbers(vec![1.0, 2.0, 2.0, 4.0]);
        let Distribution::Histogram { bins } = Distribution::of(&values, &values, true) else { panic!() };
        assert_eq!(bins.iter().map(|bin| bin.reference).collect::<Vec<_>>(), [0.25, 0.5, 0.0, 0.25]);
    }

    #[test]
    fn what_is_beyond_the_named_categories_is_kept_together() {
        let names: Vec<String> = (0..20).map(|i| format!("c{i:02}")).collect();
        let side = ColumnProfile::of(&Column::strings("x", names.iter().map(|name| Some(name.as_str()))));
        let Distribution::Categories { categories, n_others, others } = Distribution::of(&side, &side, false) else {
            panic!()
        };
        assert_eq!((categories.len(), n_others), (N_CATEGORIES, 8));
        assert!((others[0] - 0.4).abs() < 1e-12);
    }

    #[test]
    fn degenerate_sides_draw_something_or_nothing_but_never_fail() {
        let (empty, constant) = (numbers(vec![]), numbers(vec![3.0; 5]));
        assert_eq!(Distribution::of(&empty, &empty, true), Distribution::Empty);
        assert!(matches!(Distribution::of(&empty, &constant, true), Distribution::Histogram { .. }));
        let huge = numbers(vec![-f64::MAX, f64::MAX]);
        assert_eq!(Distribution::of(&huge, &huge, true), Distribution::Empty);
    }
}
