//! Fisher's exact test of a table of two by two.

use super::special::binomial_probability;
use super::{Alternative, Current, Reference, TestStatistic};
use crate::num::Sum;

/// Tables whose probabilities differ by less than this share are equally likely: what differs is rounding.
const ROUNDING: f64 = 1e-11;

/// Whether an event is equally frequent on both sides, given how often it happened in all.
///
/// ```text
/// P(i) = C(n, i) C(m, k - i) / C(n + m, k)
/// ```
/// is the probability that `i` of the `k = k_r + k_c` events are among the `n` reference rows and the others among the `m` current
/// ones. [`Alternative::Less`] sums it over `i <= k_r`, [`Alternative::Greater`] over `i >= k_r`, and
/// [`Alternative::TwoSided`] over all tables at most as likely as the one found.
///
/// Inputs: (events, rows) of each side, events at most rows. Score: a p-value, at full relative precision however small it is;
/// the statistic is the sample odds ratio, reference over current, infinite when there is nothing to divide by. An empty side, and
/// an event that happened never or always, have p = 1 (and an odds ratio of 1): the margins leave only one table.
///
/// ```
/// use tidemark::stattest::{Alternative, Current, Reference, fisher};
/// // scipy 1.17: fisher_exact([[8, 2], [1, 5]])
/// let found = fisher::test(Reference((8, 10)), Current((1, 6)), Alternative::TwoSided);
/// assert_eq!(found.statistic, 20.0);
/// assert!((found.p_value - 0.034965034965034975).abs() < 1e-15, "{}", found.p_value);
/// ```
///
/// Source: Fisher, "The Logic of Inductive Inference", J. Royal Stat. Soc. 98 (1935); agrees with `scipy.stats.fisher_exact` of
/// scipy 1.17.
///
/// # Panics
/// When a side has more events than rows.
pub fn test(reference: Reference<(u64, u64)>, current: Current<(u64, u64)>, alternative: Alternative) -> TestStatistic {
    let table = Table::new(reference.0, current.0);
    let p_value = match alternative {
        Alternative::Less => table.at_most(table.observed),
        Alternative::Greater => table.at_least(table.observed),
        Alternative::TwoSided => table.at_most_as_likely(),
    };
    TestStatistic { statistic: odds_ratio(reference.0, current.0), p_value: p_value.min(1.0) }
}

fn odds_ratio((k_r, n): (u64, u64), (k_c, m): (u64, u64)) -> f64 {
    let (top, bottom) = (k_r as f64 * (m - k_c) as f64, k_c as f64 * (n - k_r) as f64);
    let is_only_table = k_r + k_c == 0 || k_r + k_c == n + m || n == 0 || m == 0;
    if is_only_table { 1.0 } else { top / bottom }
}

/// The tables with these margins, numbered by the events among the reference rows.
struct Table {
    observed: u64,
    smallest: u64,
    largest: u64,
    /// Events, other rows, reference rows, current rows.
    margins: [u64; 4],
}

impl Table {
    fn new((k_r, n): (u64, u64), (k_c, m): (u64, u64)) -> Self {
        assert!(k_r <= n && k_c <= m, "an event happens in a row, so there are at most as many");
        let k = k_r + k_c;
        Self { observed: k_r, smallest: k.saturating_sub(m), largest: k.min(n), margins: [k, n + m - k, n, m] }
    }

    /// The probability of `i` events among the reference rows, by three binomial ones: the digits hold for any size.
    fn probability(&self, i: u64) -> f64 {
        let [k, others, n, m] = self.margins;
        let total = (k + others) as f64;
        let (p, q) = (k as f64 / total, others as f64 / total);
        let binomial = |j: u64, n: u64| binomial_probability(j as f64, (n - j) as f64, p, q);
        binomial(i, n) * (binomial(k - i, m) / binomial(k, k + others))
    }

    /// `P(i + 1) / P(i)`.
    fn ratio_up(&self, i: u64) -> f64 {
        let [k, _, n, m] = self.margins;
        (n - i) as f64 * (k - i) as f64 / ((i + 1) as f64 * (m + i + 1 - k) as f64)
    }

    /// The probability of at most `i`.
    fn at_most(&self, i: u64) -> f64 {
        if i < self.mode() { self.sum_down(i) } else { 1.0 - self.sum_up(i + 1) }
    }

    /// The probability of at least `i`.
    fn at_least(&self, i: u64) -> f64 {
        if i > self.mode() {
            self.sum_up(i)
        } else if i > self.smallest {
            1.0 - self.sum_down(i - 1)
        } else {
            1.0
        }
    }

    /// The probability of all tables at most as likely as the one found: its tail, and what is as unlikely beyond the mode.
    fn at_most_as_likely(&self) -> f64 {
        let (observed, mode) = (self.observed, self.mode());
        let limit = self.probability(observed) * (1.0 + ROUNDING);
        if self.probability(mode) <= limit {
            return 1.0;
        }
        if observed < mode {
            // Falling from the mode upwards: the first table that is no likelier.
            let first = first_that(mode, self.largest + 1, |i| i > self.largest || self.probability(i) <= limit);
            self.sum_down(observed) + self.sum_up(first)
        } else {
            let first = first_that(self.smallest, mode, |i| self.probability(i) > limit);
            let below = if first > self.smallest { self.sum_down(first - 1) } else { 0.0 };
            self.sum_up(observed) + below
        }
    }

    /// The probabilities from `i` upwards, above the mode.
    fn sum_up(&self, i: u64) -> f64 {
        if i > self.largest {
            return 0.0;
        }
        let ratios = (i..self.largest).map(|i| self.ratio_up(i));
        self.probability(i) * falling_sum(ratios)
    }

    /// The probabilities from `i` downwards, below the mode.
    fn sum_down(&self, i: u64) -> f64 {
        if i < self.smallest {
            return 0.0;
        }
        let ratios = (self.smallest..i).rev().map(|i| 1.0 / self.ratio_up(i));
        self.probability(i) * falling_sum(ratios)
    }

    fn mode(&self) -> u64 {
        let [k, others, n, _] = self.margins;
        ((u128::from(k) + 1) * (u128::from(n) + 1) / (u128::from(k) + u128::from(others) + 2)) as u64
    }
}

/// `1 + r1 + r1 r2 + …` for ratios below 1, until a term no longer counts.
fn falling_sum(ratios: impl Iterator<Item = f64>) -> f64 {
    let (mut term, mut sum) = (1.0, Sum::default());
    sum.add(term);
    for ratio in ratios {
        term *= ratio;
        sum.add(term);
        if term < 1e-20 * sum.value() {
            break;
        }
    }
    sum.value()
}

/// The first number from `low` on of which `is_true`, which stays true once it is; `high` if there is none below it.
fn first_that(mut low: u64, mut high: u64, is_true: impl Fn(u64) -> bool) -> u64 {
    while low < high {
        let middle = low + (high - low) / 2;
        if is_true(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every table counted in whole numbers.
    fn by_counting((k_r, n): (u64, u64), (k_c, m): (u64, u64)) -> [f64; 3] {
        let choose = |n: u64, k: u64| (0..k).fold(1_u128, |product, i| product * u128::from(n - i) / u128::from(i + 1));
        let k = k_r + k_c;
        let ways = |i: u64| choose(n, i) * choose(m, k - i);
        let tables = k.saturating_sub(m)..=k.min(n);
        let sum = |keep: &dyn Fn(u64) -> bool| tables.clone().filter(|i| keep(*i)).map(ways).sum::<u128>() as f64;
        let all = choose(n + m, k) as f64;
        [sum(&|i| ways(i) <= ways(k_r)) / all, sum(&|i| i <= k_r) / all, sum(&|i| i >= k_r) / all]
    }

    #[test]
    fn equals_the_count_of_every_table() {
        for (n, m) in [(5, 5), (7, 12), (20, 3), (1, 1), (30, 30)] {
            for k_r in 0..=n {
                for k_c in 0..=m {
                    let expected = by_counting((k_r, n), (k_c, m));
                    let found = Alternative::ALL.map(|side| test(Reference((k_r, n)), Current((k_c, m)), side).p_value);
                    for (found, expected) in found.into_iter().zip(expected) {
                        assert!((found / expected - 1.0).abs() < 1e-12, "{k_r}/{n} {k_c}/{m}: {found} not {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn sides_swapped_are_alternatives_swapped() {
        let there = test(Reference((3, 4000)), Current((41, 5000)), Alternative::Less);
        let back = test(Reference((41, 5000)), Current((3, 4000)), Alternative::Greater);
        assert!((there.p_value / back.p_value - 1.0).abs() < 1e-12);
        assert!((there.statistic * back.statistic - 1.0).abs() < 1e-15);
    }

    #[test]
    fn one_table_only_has_p_one() {
        for (reference, current) in [((0, 5), (0, 7)), ((5, 5), (7, 7)), ((0, 0), (3, 7)), ((2, 4), (0, 0))] {
            for side in Alternative::ALL {
                let found = test(Reference(reference), Current(current), side);
                assert_eq!((found.p_value, found.statistic), (1.0, 1.0), "{reference:?} {current:?}");
            }
        }
    }
}
