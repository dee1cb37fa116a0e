//! A column as small numbers, which is all that a forest needs to ask its questions.

use std::collections::BTreeMap;

use super::categories::{CategoryKey, categories};
use crate::data::{Column, Values};
use crate::schema::ColumnType;

/// Bins for values; one more is for missing ones, so that a bin's number fits into a byte.
const MAX_BINS: usize = 255;

/// One column of the rows under examination, reference rows first.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BinnedColumn {
    /// The bin of every row.
    pub(super) bins: Vec<u8>,
    /// Bins there are. The last one holds the missing values, if any is missing.
    pub(super) n_bins: usize,
}

/// Bins the rows of both sides together. Which side a row comes from plays no part, so that under the hypothesis
/// "nothing changed" the binned rows remain exchangeable.
///
/// Numbers go into bins of equally many rows, one for each distinct value where these are few; their order is kept.
/// Categories go into one bin each, the most frequent first, the rarest together into the last. So the result stays the
/// same when numbers are put through any increasing function, or categories are renamed.
pub(super) fn bin(column_type: ColumnType, reference: &Column, current: &Column) -> BinnedColumn {
    match (&reference.values, &current.values) {
        (Values::Numbers(a), Values::Numbers(b)) if column_type == ColumnType::Numerical => {
            bin_numbers(&[a.as_slice(), b.as_slice()].concat())
        }
        (a, b) => bin_categories(&categories(a).chain(categories(b)).collect::<Vec<_>>()),
    }
}

fn bin_numbers(values: &[f64]) -> BinnedColumn {
    // Adding zero turns -0 into 0, which total_cmp would tell apart.
    let mut sorted: Vec<f64> = values.iter().filter(|value| !value.is_nan()).map(|value| value + 0.0).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut starts = sorted.clone();
    starts.dedup();
    if starts.len() > MAX_BINS {
        starts = (0..MAX_BINS).map(|bin| sorted[bin * sorted.len() / MAX_BINS]).collect();
        starts.dedup();
    }
    let n_bins = starts.len();
    // The first bin starts where the values do, so that every value has a start at or below it.
    let bin_of = |value: f64| if value.is_nan() { n_bins } else { starts.partition_point(|&start| start <= value) - 1 };
    finish(values.iter().map(|&value| bin_of(value)), n_bins)
}

fn bin_categories(keys: &[Option<CategoryKey<'_>>]) -> BinnedColumn {
    let mut counts = BTreeMap::new();
    for key in keys.iter().flatten() {
        *counts.entry(*key).or_insert(0_u64) += 1;
    }
    let mut by_count: Vec<_> = counts.into_iter().collect();
    by_count.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let n_bins = by_count.len().min(MAX_BINS);
    let bin_of: BTreeMap<_, _> =
        by_count.iter().enumerate().map(|(rank, (key, _))| (*key, rank.min(MAX_BINS - 1))).collect();
    finish(keys.iter().map(|key| key.map_or(n_bins, |key| bin_of[&key])), n_bins)
}

fn finish(bins: impl Iterator<Item = usize>, n_value_bins: usize) -> BinnedColumn {
    let bins: Vec<u8> = bins.map(|bin| bin as u8).collect();
    let has_missing = bins.iter().any(|&bin| usize::from(bin) == n_value_bins);
    BinnedColumn { bins, n_bins: n_value_bins + usize::from(has_missing) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_numbers_get_a_bin_each_and_missing_ones_their_own() {
        let found = bin_numbers(&[3.0, -0.0, f64::NAN, 0.0, f64::INFINITY, f64::NEG_INFINITY]);
        assert_eq!(found, BinnedColumn { bins: vec![2, 1, 4, 1, 3, 0], n_bins: 5 });
        assert_eq!(bin_numbers(&[f64::NAN; 2]), BinnedColumn { bins: vec![0, 0], n_bins: 1 });
    }

    #[test]
    fn many_numbers_get_bins_of_equal_weight_in_their_order() {
        let values: Vec<f64> = (0..5_100).map(|i| f64::from(i * 37 % 5_100)).collect();
        let found = bin_numbers(&values);
        assert_eq!(found.n_bins, MAX_BINS);
        for bin in 0..MAX_BINS {
            assert_eq!(found.bins.iter().filter(|&&other| usize::from(other) == bin).count(), 20);
        }
        // Any increasing function leaves the bins as they are.
        let curved: Vec<f64> = values.iter().map(|value| value * value * value - 7.0).collect();
        assert_eq!(bin_numbers(&curved), found);
        // Half of the rows on one value take one bin, not half of the bins.
        let tied: Vec<f64> = values.iter().map(|value| (value - 2_550.0).max(0.0)).collect();
        assert!((125..=130).contains(&bin_numbers(&tied).n_bins), "{}", bin_numbers(&tied).n_bins);
    }

    #[test]
    fn categories_are_ranked_by_frequency_whichever_side_they_come_from() {
        let a = Column::strings("x", [Some("rare"), Some("often"), None, Some("often")]);
        let b = Column::strings("x", [Some("often"), Some("some"), Some("some")]);
        let found = bin(ColumnType::Categorical, &a, &b);
        assert_eq!(found, BinnedColumn { bins: vec![2, 0, 3, 0, 0, 1, 1], n_bins: 4 });
        assert_eq!(bin(ColumnType::Categorical, &b, &a).bins, [0, 1, 1, 2, 0, 3, 0]);
    }

    #[test]
    fn a_million_categories_fit_into_a_byte() {
        let names: Vec<String> = (0..3_000).map(|i| i.to_string()).collect();
        let many = Column::strings("x", names.iter().map(|name| Some(name.as_str())).chain([None]));
        let found = bin(ColumnType::Categorical, &many, &many);
        assert_eq!(found.n_bins, 256);
        assert_eq!(found.bins.iter().filter(|&&bin| bin == 255).count(), 2);
    }
}
