//! Equal-width bins as numpy makes them, and shares over bins or categories as Evidently takes them.

use super::{Current, Reference};
use crate::data::Category;
use crate::profile::{ColumnProfile, Shape, runs};

/// A numerical column with more distinct reference values than this is binned; with fewer, every value is a bin of
/// its own (Evidently, `get_binned_data`).
pub const MAX_DISTINCT_UNBINNED: u64 = 20;

/// Edges of equal-width bins over `[min, max]`, their number by Sturges' rule for `n` values together.
///
/// The width is `(max - min) / (log2(n) + 1)`, and for whole numbers at least 1; there are `ceil((max - min) / width)`
/// bins. If `min == max` there is one bin from `min - 0.5` to `max + 0.5`.
///
/// Source: Sturges, "The Choice of a Class Interval", JASA 21 (1926); agrees with
/// `numpy.histogram_bin_edges(x, "sturges")` of numpy 2.4.
///
/// ```
/// use tidemark::stattest::binning::sturges_edges;
/// // numpy 2.4: np.histogram_bin_edges(np.arange(9.), "sturges")
/// assert_eq!(sturges_edges(0.0, 8.0, 9, false), [0.0, 1.6, 3.2, 4.800000000000001, 6.4, 8.0]);
/// ```
pub fn sturges_edges(min: f64, max: f64, n: u64, is_integer: bool) -> Vec<f64> {
    if min == max {
        return vec![min - 0.5, max + 0.5];
    }
    let range = max - min;
    if range.is_infinite() {
        // Quarters are exact, and four times an edge is no larger than the largest value.
        let quarters = sturges_edges(min / 4.0, max / 4.0, n, is_integer);
        return quarters.into_iter().map(|edge| edge * 4.0).collect();
    }
    let width = range / (libm::log2(n as f64) + 1.0);
    let width = if is_integer { width.max(1.0) } else { width };
    // A range of a few of the smallest steps has no width left.
    let n_bins = if width > 0.0 { (range / width).ceil() as usize } else { 1 };
    equal_edges(min, max, n_bins)
}

/// Edges of `n_bins` bins of equal width, the first `min` and the last `max`: `numpy.linspace(min, max, n_bins + 1)`.
pub(crate) fn equal_edges(min: f64, max: f64, n_bins: usize) -> Vec<f64> {
    let step = (max - min) / n_bins as f64;
    let mut edges: Vec<f64> = (0..=n_bins).map(|i| i as f64 * step + min).collect();
    edges[n_bins] = max;
    edges
}

/// How many of the ascending values lie in each bin. A bin takes in its left edge and leaves out its right one, but
/// for the last bin, which takes in both.
///
/// ```
/// use tidemark::stattest::binning::count;
/// // numpy 2.4: np.histogram([0, 1, 1, 2, 3], [0, 1, 2, 3])[0]
/// assert_eq!(count(&[0.0, 1.0, 1.0, 2.0, 3.0], &[0.0, 1.0, 2.0, 3.0]), [1, 2, 2]);
/// ```
pub fn count(sorted: &[f64], edges: &[f64]) -> Vec<u64> {
    let last = edges.len() - 1;
    let below =
        |i: usize| sorted.partition_point(|&value| if i == last { value <= edges[i] } else { value < edges[i] });
    let positions: Vec<usize> = (0..=last).map(below).collect();
    positions.windows(2).map(|pair| (pair[1] - pair[0]) as u64).collect()
}

/// Counts of both sides over the same bins or categories, and the values each side has.
#[derive(Debug, Clone, PartialEq)]
pub struct Binned {
    /// Counts of the reference.
    pub reference: Vec<u64>,
    /// Counts of the current side.
    pub current: Vec<u64>,
}

impl Binned {
    /// Shares of the reference, in the order of the bins.
    pub fn reference_shares(&self) -> Vec<f64> {
        shares(&self.reference)
    }

    /// Shares of the current side.
    pub fn current_shares(&self) -> Vec<f64> {
        shares(&self.current)
    }
}

fn shares(counts: &[u64]) -> Vec<f64> {
    let total: u64 = counts.iter().sum();
    counts.iter().map(|&count| count as f64 / total as f64).collect()
}

/// What Sturges' rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// All values of both sides.
    Values,
    /// The distinct values of both sides together. Evidently's Hellinger distance does this, and bins every numerical
    /// column, however few values it has.
    DistinctValues,
}

fn distinct_together(a: &[f64], b: &[f64]) -> u64 {
    let mut distinct: Vec<f64> = runs(a).chain(runs(b)).map(|(value, _)| value).collect();
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    distinct.len() as u64
}

/// Bins both sides as Evidently 0.7 does for its distances: Sturges over both sides together where the column is
/// numerical and the reference has more than [`MAX_DISTINCT_UNBINNED`] distinct values, else one bin per value.
pub fn evidently_bins(
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
    is_numerical: bool,
    basis: Basis,
) -> Binned {
    if let (
        true,
        Shape::Numbers { sorted: reference_sorted, is_integer: reference_is_integer },
        Shape::Numbers { sorted: current_sorted, is_integer: current_is_integer },
    ) = (is_numerical, &reference.0.shape, &current.0.shape)
        && (basis == Basis::DistinctValues || reference.0.n_distinct() > MAX_DISTINCT_UNBINNED)
        && !current_sorted.is_empty()
    {
        let min = reference_sorted[0].min(current_sorted[0]);
        let max = reference_sorted[reference_sorted.len() - 1].max(current_sorted[current_sorted.len() - 1]);
        let n = match basis {
            Basis::Values => reference.0.n() + current.0.n(),
            Basis::DistinctValues => distinct_together(reference_sorted, current_sorted),
        };
        let edges = sturges_edges(min, max, n, *reference_is_integer && *current_is_integer);
        return Binned { reference: count(reference_sorted, &edges), current: count(current_sorted, &edges) };
    }
    let (reference, current) = (reference.0.counts(), current.0.counts());
    let (_, reference, current) = align(Reference(&reference), Current(&current));
    Binned { reference, current }
}

/// Puts both sides' counts on the union of their categories, ascending.
pub fn align<'a>(
    reference: Reference<&'a [(Category, u64)]>,
    current: Current<&'a [(Category, u64)]>,
) -> (Vec<&'a Category>, Vec<u64>, Vec<u64>) {
    let (a, b) = (reference.0, current.0);
    let (mut categories, mut reference, mut current) = (Vec::new(), Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let order = match (a.get(i), b.get(j)) {
            (Some((x, _)), Some((y, _))) => x.cmp(y),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        categories.push(if order.is_le() { &a[i].0 } else { &b[j].0 });
        reference.push(if order.is_le() { a[i].1 } else { 0 });
        current.push(if order.is_ge() { b[j].1 } else { 0 });
        i += usize::from(order.is_le());
        j += usize::from(order.is_ge());
    }
    (categories, reference, current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_bins_at_least_one_wide() {
        // numpy 2.4: len(np.histogram_bin_edges(np.repeat(np.arange(8), 100), "sturges")) - 1; the same as float
        assert_eq!(sturges_edges(0.0, 7.0, 800, true).len() - 1, 7);
        assert_eq!(sturges_edges(0.0, 7.0, 800, false).len() - 1, 11);
    }

    #[test]
    fn neither_the_widest_nor_the_narrowest_range_breaks_the_bins() {
        let edges = sturges_edges(-f64::MAX, f64::MAX, 64, false);
        assert_eq!((edges.len(), edges[0], edges[7]), (8, -f64::MAX, f64::MAX));
        assert!(edges.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(sturges_edges(0.0, f64::from_bits(1), 64, false), [0.0, f64::from_bits(1)]);
    }

    #[test]
    fn the_last_bin_is_closed() {
        // numpy 2.4: np.histogram([0, 1, 1, 2], [0, 1, 2])[0]
        assert_eq!(count(&[0.0, 1.0, 1.0, 2.0], &[0.0, 1.0, 2.0]), [1, 3]);
    }

    #[test]
    fn a_constant_gets_one_bin_around_it() {
        assert_eq!(sturges_edges(3.0, 3.0, 10, false), [2.5, 3.5]);
    }

    #[test]
    fn align_keeps_what_only_one_side_has() {
        let number = |value: f64, count| (Category::Number(value), count);
        let sides = [[number(1.0, 2), number(3.0, 4)], [number(2.0, 5), number(3.0, 6)]];
        let (categories, reference, current) = align(Reference(&sides[0]), Current(&sides[1]));
        assert_eq!(categories, [1.0, 2.0, 3.0].map(Category::Number).iter().collect::<Vec<_>>());
        assert_eq!((reference, current), (vec![2, 0, 4], vec![0, 5, 6]));
    }
}
