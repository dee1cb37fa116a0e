//! Both sides' distribution functions, as far as a histogram of both tells them.
//!
//! Where in its bin a value lies a histogram does not say. But how many values lie below an edge between two bins it says
//! exactly, even where the outer bins reach far beyond the picture; and below the smallest value lies nothing.

use super::{Bin, SideSummary};

/// The shares of both sides' values that are smaller than a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Below {
    /// The number.
    pub at: f64,
    /// Share of the reference's values below it, 0 to 1.
    pub reference: f64,
    /// Share of the current values below it, 0 to 1.
    pub current: f64,
}

impl Below {
    /// How far the two functions lie apart here, 0 to 1.
    pub fn gap(&self) -> f64 {
        (self.current - self.reference).abs()
    }
}

/// Both sides' value at the same rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuantilePair {
    /// The rank: the share of values that are smaller, 0 to 1.
    pub p: f64,
    /// The reference's value there.
    pub reference: f64,
    /// The current value there.
    pub current: f64,
}

/// Both functions at the edges between the bins, from left to right. Empty where a side has no values, or where all lie
/// in one bin.
pub fn below_edges(bins: &[Bin]) -> Vec<Below> {
    let total = |side: fn(&Bin) -> f64| bins.iter().map(side).sum::<f64>();
    if total(|bin| bin.reference) == 0.0 || total(|bin| bin.current) == 0.0 {
        return Vec::new();
    }
    let (mut reference, mut current) = (0.0_f64, 0.0_f64);
    let below = bins.iter().map(|bin| {
        reference += bin.reference;
        current += bin.current;
        // Sums of shares end a rounding error away from one.
        Below { at: bin.high, reference: reference.min(1.0), current: current.min(1.0) }
    });
    below.take(bins.len().saturating_sub(1)).collect()
}

/// Where the functions lie farthest apart: the leftmost of equals, and nothing where they do not differ. The largest gap
/// of all, which the Kolmogorov-Smirnov test goes by, lies at a value and is never smaller.
pub fn largest_gap(edges: &[Below]) -> Option<Below> {
    let farther = |best: Below, edge: &Below| if edge.gap() > best.gap() { *edge } else { best };
    let (first, rest) = edges.split_first()?;
    Some(rest.iter().fold(*first, farther)).filter(|edge| edge.gap() > 0.0)
}

/// One side's function as the points it is known at, value and share below: the edges, and its own ends where they lie
/// in the picture.
pub fn known_points(bins: &[Bin], side: &SideSummary, share: fn(&Below) -> f64) -> Vec<(f64, f64)> {
    let edges = below_edges(bins);
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else { return Vec::new() };
    if edges.is_empty() {
        return Vec::new();
    }
    let start = side.min.filter(|min| *min >= first.low).map(|min| (min, 0.0));
    let end = side.max.filter(|max| *max <= last.high).map(|max| (max, 1.0));
    let between = edges.iter().map(|edge| (edge.at, share(edge)));
    // What lies beyond the ends is flat, and drawn by them.
    let inside =
        between.filter(|(at, _)| start.is_none_or(|(min, _)| *at > min) && end.is_none_or(|(max, _)| *at < max));
    start.into_iter().chain(inside).chain(end).collect()
}

/// Both sides' values at 5, 10, … 95 per cent. The quartiles are the values themselves, the others lie on the straight
/// line between two known points: right to within a bin. Whole numbers that have a bin each are exact. Ranks of which a
/// side does not say where they lie, in the tails beyond the picture, are left out.
pub fn quantile_pairs(bins: &[Bin], reference: &SideSummary, current: &SideSummary) -> Vec<QuantilePair> {
    let is_whole = has_whole_numbers(bins);
    let value = |side: &SideSummary, points: &[(f64, f64)], p: f64, twentieth: u32| match (is_whole, twentieth) {
        (true, _) => whole_at(bins, points, p),
        (false, 5) => side.q25,
        (false, 10) => side.median,
        (false, 15) => side.q75,
        (false, _) => value_at(points, p),
    };
    let reference_points = known_points(bins, reference, |edge| edge.reference);
    let current_points = known_points(bins, current, |edge| edge.current);
    let pair = |twentieth: u32| {
        let p = f64::from(twentieth) / 20.0;
        Some(QuantilePair {
            p,
            reference: value(reference, &reference_points, p, twentieth)?,
            current: value(current, &current_points, p, twentieth)?,
        })
    };
    if reference_points.is_empty() { Vec::new() } else { (1..20).filter_map(pair).collect() }
}

/// Whether every bin is one whole number, from a half below it to a half above.
pub fn has_whole_numbers(bins: &[Bin]) -> bool {
    bins.iter().all(|bin| bin.high - bin.low == 1.0 && bin.low.fract().abs() == 0.5)
}

/// The smallest whole number that at least the share `p` does not exceed.
fn whole_at(bins: &[Bin], points: &[(f64, f64)], p: f64) -> Option<f64> {
    let not_below = |bin: &&Bin| points.iter().any(|(at, share)| *at <= bin.high && *share >= p - 1e-12);
    bins.iter().find(not_below).map(|bin| bin.low.midpoint(bin.high))
}

/// Where the line through the points first reaches the height `p`.
fn value_at(points: &[(f64, f64)], p: f64) -> Option<f64> {
    let after = points.iter().position(|(_, share)| *share >= p)?;
    let (right, above) = points[after];
    let (left, below) = *points.get(after.checked_sub(1)?)?;
    let part = if above > below { (p - below) / (above - below) } else { 1.0 };
    Some(left + part * (right - left))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bins of width 1 from zero.
    fn bins(shares: &[(f64, f64)]) -> Vec<Bin> {
        let bin = |(i, (reference, current)): (usize, &(f64, f64))| Bin {
            low: i as f64,
            high: i as f64 + 1.0,
            reference: *reference,
            current: *current,
        };
        shares.iter().enumerate().map(bin).collect()
    }

    fn side(min: f64, quartiles: [f64; 3], max: f64) -> SideSummary {
        let [q25, median, q75] = quartiles.map(Some);
        SideSummary { min: Some(min), q25, median, q75, max: Some(max), ..SideSummary::default() }
    }

    #[test]
    fn the_largest_gap_is_the_leftmost_of_equals_and_none_where_nothing_differs() {
        let edges = below_edges(&bins(&[(0.5, 0.25), (0.25, 0.25), (0.0, 0.25), (0.25, 0.25)]));
        assert_eq!(edges.len(), 3);
        assert_eq!(largest_gap(&edges), Some(Below { at: 1.0, reference: 0.5, current: 0.25 }));
        assert_eq!(largest_gap(&below_edges(&bins(&[(0.5, 0.5), (0.5, 0.5)]))), None);
    }

    #[test]
    fn a_side_without_values_and_a_single_bin_have_no_functions() {
        assert!(below_edges(&bins(&[(0.5, 0.0), (0.5, 0.0)])).is_empty());
        assert!(below_edges(&bins(&[(1.0, 1.0)])).is_empty());
        assert!(below_edges(&[]).is_empty());
        let none = SideSummary::default();
        assert!(quantile_pairs(&bins(&[(1.0, 1.0)]), &none, &none).is_empty());
    }

    #[test]
    fn a_function_starts_at_its_smallest_value_unless_that_lies_outside() {
        let bins = bins(&[(0.5, 0.5), (0.25, 0.5), (0.25, 0.0)]);
        let inside = known_points(&bins, &side(0.5, [0.6, 1.0, 2.0], 2.5), |edge| edge.reference);
        assert_eq!(inside, [(0.5, 0.0), (1.0, 0.5), (2.0, 0.75), (2.5, 1.0)]);
        let outside = known_points(&bins, &side(-9.0, [0.1, 1.0, 1.5], 1.5), |edge| edge.current);
        assert_eq!(outside, [(1.0, 0.5), (1.5, 1.0)]);
    }

    #[test]
    fn two_equal_sides_lie_on_the_diagonal_and_a_shift_is_seen_at_every_rank() {
        let even = bins(&[(0.25, 0.0), (0.25, 0.25), (0.25, 0.25), (0.25, 0.25), (0.0, 0.25)]);
        let pairs = quantile_pairs(&even, &side(0.0, [1.0, 2.0, 3.0], 4.0), &side(1.0, [2.0, 3.0, 4.0], 5.0));
        assert_eq!(pairs.len(), 19);
        for pair in pairs {
            assert!((pair.reference - 4.0 * pair.p).abs() < 1e-12, "{pair:?}");
            assert!((pair.current - pair.reference - 1.0).abs() < 1e-12, "{pair:?}");
        }
    }

    #[test]
    fn whole_numbers_stay_whole() {
        let bin = |low: f64, reference, current| Bin { low, high: low + 1.0, reference, current };
        let dice = [bin(0.5, 0.5, 0.1), bin(1.5, 0.25, 0.1), bin(2.5, 0.25, 0.8)];
        let pairs = quantile_pairs(&dice, &side(1.0, [1.0, 1.5, 2.25], 3.0), &side(1.0, [3.0, 3.0, 3.0], 3.0));
        assert_eq!(pairs.len(), 19);
        let at = |twentieth: usize| (pairs[twentieth - 1].reference, pairs[twentieth - 1].current);
        assert_eq!((at(1), at(10), at(11), at(19)), ((1.0, 1.0), (1.0, 3.0), (2.0, 3.0), (3.0, 3.0)));
    }
}
