//! How much days differ beyond their hours, and how long a busy spell of days lasts.

use super::{Blocks, MIN_FREE_SHARE, Series};
use crate::data::datetime::DAY;
use crate::num::Sum;

/// Days are not taken to be more alike than this: from a few weeks, longer spells can't be told from a change.
const MAX_MEMORY: f64 = 0.9;

/// What the days of both sides add to the variance of `ln R`.
///
/// ```text
/// v = max(0, sum of E^2 / f - M) / sum of M^2,   c = sum of E(d) E(d+1) / f / sum of M(d) M(d+1)
/// r = c / v + (1 + 3 c / v) / (n / 2),           Var = v sum of W(d) W(e) r^|d - e|
/// 1 / df = (1 + r^2) / ((n - 2) (1 - r^2)) + 2 / (n (1 - r^2))
/// ```
/// `M`, `E` and `W` are a day's sums of means, residuals and weights, `f` the share of the ups and downs that the fit has left in
/// the residuals, `n` the number of days (fewer where some are incomplete or quiet), and `d`, `e` days of one side. So a
/// day's own factor is taken for an autoregressive one of first order. Its memory `r` is lifted by what it comes out too
/// small because each side's residuals are around its own mean (Marriott and Pope, Biometrika 41 (1954)), and so is `v`; the
/// degrees of freedom are what `v` is known with (Bartlett's formula) and what `(1 + r) / (1 - r)` is known with (the delta
/// method), together.
pub(super) struct Days {
    pub excess: f64,
    /// Degrees of freedom that it is known with.
    pub df: f64,
}

/// The sums of one day.
#[derive(Debug, Clone, Copy, Default)]
struct Day {
    mean: f64,
    residual: f64,
    weight: f64,
}

impl Days {
    pub(super) fn of(sides: &[Blocks; 2], series: &[Series; 2], free_share: f64) -> Self {
        let sides = [0, 1].map(|side| by_day(&sides[side], &series[side]));
        let means: [f64; 2] = sides.each_ref().map(|days| days.iter().map(|day| day.mean).collect::<Sum>().value());
        let squares = sides.each_ref().map(|days| lagged(days, 0, |day| day.mean));
        let n = (0..2).filter(|&side| squares[side] > 0.0).map(|side| means[side] * means[side] / squares[side]);
        let n: f64 = n.sum();
        let both = |lag: usize, of: fn(&Day) -> f64| lagged(&sides[0], lag, of) + lagged(&sides[1], lag, of);
        let scatter = both(0, |day| day.residual) / free_share - means[0] - means[1];
        let variance = scatter.max(0.0) / both(0, |day| day.mean);
        if variance <= 0.0 {
            return Self { excess: 0.0, df: n.max(1.0) };
        }
        let neighbours = both(1, |day| day.mean);
        let covariance = if neighbours > 0.0 { both(1, |day| day.residual) / free_share / neighbours } else { 0.0 };
        let memory = (covariance / variance).clamp(-1.0, 1.0);
        let memory = (memory + (1.0 + 3.0 * memory) / (n / 2.0)).clamp(0.0, MAX_MEMORY);
        // What remains of the variance around a mean that is the side's own, with this memory and without.
        let kept = |memory: f64| {
            let kept = (0..2).filter(|&side| means[side] > 0.0).map(|side| {
                let of_mean = together(&sides[side], memory, |day| day.mean) / (means[side] * means[side]);
                squares[side] * (1.0 - of_mean)
            });
            kept.sum::<f64>()
        };
        let lost = (kept(memory) / kept(0.0)).max(MIN_FREE_SHARE);
        let excess = variance / lost * sides.iter().map(|days| together(days, memory, |day| day.weight)).sum::<f64>();
        let square = memory * memory;
        let per_df = (1.0 + square) / (n - 2.0).max(1.0) + 2.0 / n;
        Self { excess, df: ((1.0 - square) / per_df).max(1.0) }
    }
}

fn by_day(blocks: &Blocks, series: &Series) -> Vec<Day> {
    let day = |block: usize| ((series.first + block as i64) * series.block).div_euclid(DAY);
    let n = series.counts.len();
    let mut days = vec![Day::default(); if n == 0 { 0 } else { (day(n - 1) - day(0) + 1) as usize }];
    for block in 0..n {
        let sums = &mut days[(day(block) - day(0)) as usize];
        sums.mean += blocks.means[block];
        sums.residual += blocks.residuals[block];
        sums.weight += blocks.weights[block];
    }
    days
}

/// The sum of the products of days `lag` apart.
fn lagged(days: &[Day], lag: usize, of: fn(&Day) -> f64) -> f64 {
    days.iter().zip(days.iter().skip(lag)).map(|(a, b)| of(a) * of(b)).collect::<Sum>().value()
}

/// The sum of the products of all pairs of days, each times the memory to the power of their distance.
fn together(days: &[Day], memory: f64, of: fn(&Day) -> f64) -> f64 {
    let (mut sum, mut before) = (Sum::default(), 0.0);
    for day in days {
        before *= memory;
        sum.add(of(day) * (of(day) + 2.0 * before));
        before += of(day);
    }
    sum.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(residuals: &[f64]) -> (Blocks, Series) {
        let n = residuals.len();
        let (means, weights) = (vec![100.0; n], vec![1.0 / n as f64; n]);
        let blocks = Blocks { means, residuals: residuals.to_vec(), weights, independent: 0.0 };
        (blocks, Series { first: 0, block: DAY, counts: vec![100.0; n] })
    }

    fn days(residuals: &[f64]) -> Days {
        let [(a, of_a), (b, of_b)] = [side(residuals), side(residuals)];
        Days::of(&[a, b], &[of_a, of_b], 1.0)
    }

    #[test]
    fn days_without_ups_and_downs_add_nothing() {
        let found = days(&[5.0, -5.0, 8.0, -8.0, 2.0, -2.0]);
        assert_eq!((found.excess, found.df), (0.0, 12.0));
    }

    #[test]
    fn spells_count_for_more_than_as_many_single_days() {
        let single: Vec<f64> = (0..24).map(|day| if day % 2 == 0 { 40.0 } else { -40.0 }).collect();
        let spells: Vec<f64> = (0..24).map(|day| if day / 6 % 2 == 0 { 40.0 } else { -40.0 }).collect();
        let (single, spells) = (days(&single), days(&spells));
        // (24 * 1600 - 24 * 100) / (24 * 10,000) is the variance of a day; two means of 24 days.
        assert!((single.excess / (0.15 / 24.0 * 2.0) - 1.0).abs() < 1e-9, "{}", single.excess);
        assert!(spells.excess > 5.0 * single.excess && spells.df < single.df / 2.0, "{} {}", spells.excess, spells.df);
    }

    #[test]
    fn pairs_of_days_are_those_of_the_double_sum() {
        let days: Vec<Day> = [3.0, 1.0, 4.0, 1.0, 5.0].map(|weight| Day { weight, ..Day::default() }).to_vec();
        let all = || days.iter().enumerate();
        let expected: f64 = all()
            .flat_map(|(i, a)| all().map(move |(j, b)| a.weight * b.weight * 0.6_f64.powi(i.abs_diff(j) as i32)))
            .sum();
        assert!((together(&days, 0.6, |day| day.weight) - expected).abs() < 1e-12);
    }
}
