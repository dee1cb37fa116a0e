//! Whether rows arrive as often as they did: rates that go up and down by themselves, compared.

use super::coverage::{Coverage, length, resolution, within};
use super::special::{beta_i, beta_inverse};
use super::tails::{student_95, student_two_sided};
use super::{Current, NotTested, Reference, TimeUnit};
use crate::data::datetime::{DAY, HOUR, MINUTE, SECOND, WEEK};
use crate::num::Sum;
use crate::profile::datetime::hour_of_week;

mod days;

use days::Days;

/// Two rates of arrival, compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ArrivalRates {
    /// How many times as many rows arrive in the same time, at the same hours and on the same days of the week.
    pub ratio: f64,
    /// Lower 95% limit.
    pub low: f64,
    /// Upper 95% limit; infinite if the reference has no row in the hours that are compared.
    pub high: f64,
    /// Two-sided p-value of equal rates.
    pub p_value: f64,
    /// Length of the blocks that were counted, in microseconds.
    pub block_micros: i64,
    /// Whole blocks of the reference.
    pub n_blocks_reference: u64,
    /// Whole blocks of the current side.
    pub n_blocks_current: u64,
    /// How many times as uncertain the ratio is (as a variance) as it would be if rows arrived independently.
    pub overdispersion: f64,
}

/// Lengths of blocks, the longest first.
const BLOCKS: [i64; 7] = [DAY, 6 * HOUR, HOUR, 10 * MINUTE, MINUTE, 10 * SECOND, SECOND];
/// The block is the longest of which both sides hold this many: long ones leave less to the ups and downs within.
const MIN_BLOCKS: u64 = 8;
/// Where even the shortest block is too long for that, the longer side has to make up for it.
const MIN_BLOCKS_TOGETHER: u64 = 16;
/// A side of more blocks is cut to its latest ones: three days of seconds.
const MAX_BLOCKS: u64 = 250_000;
/// Hours of the week are told apart from this length of the longer side on, weekends from a week on, hours of the day from two
/// days on.
const MIN_SPAN_FOR_WEEKDAYS: i64 = 2 * WEEK;
const MIN_SPAN_FOR_WEEKENDS: i64 = WEEK;
const MIN_SPAN_FOR_HOURS: i64 = 2 * DAY;
/// From this many times as many blocks on, the longer side shows by itself how long its ups and downs last.
const MUCH_LONGER: u64 = 10;
/// Of the ups and downs at least this share counts as seen, however many parameters there are.
const MIN_FREE_SHARE: f64 = 0.25;

/// Whether rows arrive at another rate, beyond what the rate does by itself.
///
/// Both sides are cut into blocks, the longest of a day, 6 h, 1 h, 10 min, 1 min, 10 s and 1 s of which each side holds at
/// least 8 whole ones. The count `y` of block `t` is taken to be Poisson with mean `mu(t) G(t)`: `mu(t) = a(s)` in the
/// reference and `R a(s)` now, where `s` is the block's hour of the week (or of the day, as far as the spans allow; from a week to
/// two, hours of weekends are told from others), and
/// `G` is whatever makes a busy day busy, with mean 1 and autocovariance `g(k)` at lag `k`.
///
/// ```text
/// R = sum over s of c(s) E_r(s) / E(s)  /  sum over s of r(s) E_c(s) / E(s)                    (Mantel and Haenszel)
/// g(0) = max(0, sum of (y - mu)^2 - mu / sum of mu^2),  g(k) = sum of e(t) e(t+k) / sum of mu(t) mu(t+k),  e = y - mu
/// Var(ln R) = sum of l^2 mu + g(0) sum of (l mu)^2 + 2 sum over k of w(k) g(k) sum of l(t) mu(t) l(t+k) mu(t+k)
/// ```
/// `r`, `c` are the rows and `E_r`, `E_c` the blocks of each side in hour `s`, `E` their sum; `l` is the derivative of
/// `ln R` by a count, `E_r / E` (now) or `-E_c / E` (reference) over the sum that it stands in; `w` falls from 1 to 0 over
/// the blocks of the shorter side (Bartlett), and is 1 where the other is ten times as long. Autocorrelation is never
/// taken to help. What whole days add, where there are two or more, is worked out beside it as an autoregressive factor of
/// first order, with its memory and its degrees of freedom corrected for few days, and the larger variance counts. `ln R` is held
/// against Student's distribution. The p-value is not below the exact one for independent arrivals, and the limits are not within
/// its (Przyborowski and Wilenski), so that small counts are safe, too.
///
/// Made-up traffic with nights, weekends and days whose own factors (30% of spread) remember those before them by 0 to 0.6 is
/// called changed in 1 to 8 of 100 comparisons at 5%, by 0.8 in up to 13 of 100 where neither side has a month: spells that long
/// are not told from a change within a few weeks.
///
/// Inputs: ascending moments in microseconds. Repeated ones count each; order of rows plays no part. Which hours are
/// covered is known from the moments alone, so incomplete blocks at the ends do not count.
///
/// Score: a p-value; small speaks for drift. Declines when a side has fewer than two moments, when it spans fewer than 8
/// seconds (or 8 of the unit that the moments are written in, unless both sides together have 16), and when a side's
/// blocks are empty.
///
/// ```
/// use tidemark::stattest::{Current, Reference, arrivals};
/// let every = |seconds: i64, n: i64| (0..n).map(|i| i * seconds * 1_000_000).collect::<Vec<i64>>();
/// let found = arrivals::compare(Reference(&every(60, 10_000)), Current(&every(30, 10_000))).unwrap();
/// assert!((found.ratio - 2.0).abs() < 0.01 && found.p_value < 1e-9);
/// ```
///
/// Source: Mantel and Haenszel, J. Nat. Cancer Inst. 22 (1959); Greenland and Robins, Biometrics 41 (1985), whose
/// variance this is where `g` is 0; Cox, J. Royal Stat. Soc. B 17 (1955), for random rates; Newey and West, Econometrica
/// 55 (1987); Przyborowski and Wilenski, Biometrika 31 (1940).
///
/// # Errors
/// As above.
pub fn compare(reference: Reference<&[i64]>, current: Current<&[i64]>) -> Result<ArrivalRates, NotTested> {
    let sides = [reference.0, current.0];
    let [n_reference, n_current] = sides.map(|side| side.len() as u64);
    let unit = resolution(sides);
    let [Some(reference), Some(current)] = sides.map(|side| Coverage::of(side, unit)) else {
        return Err(NotTested::TooFew { n_reference, n_current, needed: 2 });
    };
    let block = block_length([reference, current], unit)?;
    let series = [(sides[0], reference), (sides[1], current)].map(|(side, coverage)| Series::of(side, coverage, block));
    let longer = series[0].counts.len().max(series[1].counts.len()) as i64 * block;
    let strata = if longer >= MIN_SPAN_FOR_WEEKDAYS {
        Strata::HourOfWeek
    } else if longer >= MIN_SPAN_FOR_WEEKENDS {
        Strata::HourOfDayAndWeekend
    } else if longer >= MIN_SPAN_FOR_HOURS && block < DAY {
        Strata::HourOfDay
    } else {
        Strata::None
    };
    // Hours in which one side has no row at all say nothing about a ratio of the others.
    let found = Fit::of(&series, strata).or_else(|| Fit::of(&series, Strata::None));
    let [n_reference, n_current] = series.each_ref().map(|series| series.counts.iter().sum::<f64>() as u64);
    found.map(|fit| fit.rates(&series)).ok_or(NotTested::Empty { n_reference, n_current })
}

fn block_length(coverages: [Coverage; 2], unit: i64) -> Result<i64, NotTested> {
    let n = |block: i64| coverages.map(|coverage| length(&coverage.whole(block)));
    let possible = || BLOCKS.into_iter().filter(move |block| *block >= unit);
    if let Some(block) = possible().find(|block| n(*block).into_iter().min() >= Some(MIN_BLOCKS)) {
        return Ok(block);
    }
    let shortest = possible().next_back().unwrap_or(DAY);
    let [n_reference, n_current] = n(shortest);
    if n_reference.min(n_current) >= 1 && n_reference + n_current >= MIN_BLOCKS_TOGETHER {
        return Ok(shortest);
    }
    let unit = TimeUnit::of(shortest);
    Err(NotTested::SpanTooShort { unit, n_reference, n_current, needed: MIN_BLOCKS })
}

/// The counts of one side's whole blocks, in time order.
struct Series {
    /// The first block, numbered from 1970.
    first: i64,
    block: i64,
    counts: Vec<f64>,
}

impl Series {
    fn of(sorted: &[i64], coverage: Coverage, block: i64) -> Self {
        let mut whole = coverage.whole(block);
        whole.start = whole.start.max(whole.end - MAX_BLOCKS as i64);
        let first = whole.start;
        let mut counts = vec![0.0; length(&whole) as usize];
        for moment in within(sorted, whole, block) {
            counts[(moment.div_euclid(block) - first) as usize] += 1.0;
        }
        Self { first, block, counts }
    }

    /// Each block's stratum and count.
    fn blocks(&self, strata: Strata) -> impl Iterator<Item = (usize, f64)> + '_ {
        let start = move |i: usize| (self.first + i as i64) * self.block;
        self.counts.iter().enumerate().map(move |(i, count)| (strata.of(start(i)), *count))
    }
}

/// Saturday, 0 to 1 UTC.
const FIRST_HOUR_OF_WEEKEND: usize = 5 * 24;

/// Blocks that are compared with each other.
#[derive(Debug, Clone, Copy)]
enum Strata {
    None,
    HourOfDay,
    HourOfDayAndWeekend,
    HourOfWeek,
}

impl Strata {
    const MAX: usize = 168;

    const fn of(self, moment: i64) -> usize {
        match self {
            Self::None => 0,
            Self::HourOfDay => hour_of_week(moment) % 24,
            Self::HourOfDayAndWeekend => {
                let hour = hour_of_week(moment);
                hour % 24 + if hour >= FIRST_HOUR_OF_WEEKEND { 24 } else { 0 }
            }
            Self::HourOfWeek => hour_of_week(moment),
        }
    }
}

/// The rows and blocks of both sides in one stratum.
#[derive(Debug, Clone, Copy, Default)]
struct Stratum {
    rows: [f64; 2],
    blocks: [f64; 2],
}

impl Stratum {
    /// The share of the blocks that the other side has.
    fn share_of_other(&self, side: usize) -> f64 {
        self.blocks[1 - side] / (self.blocks[0] + self.blocks[1])
    }

    const fn is_shared(&self) -> bool {
        self.blocks[0] > 0.0 && self.blocks[1] > 0.0
    }
}

/// The model of [`compare`], fitted.
struct Fit {
    strata: Strata,
    table: Vec<Stratum>,
    /// Both sides' rows in shared strata, each block weighted by the other side's share of blocks: reference, current.
    weighted: [f64; 2],
}

impl Fit {
    /// `None` if a side has no row in the blocks that are compared.
    fn of(series: &[Series; 2], strata: Strata) -> Option<Self> {
        let mut table = vec![Stratum::default(); Strata::MAX];
        for (side, series) in series.iter().enumerate() {
            for (stratum, count) in series.blocks(strata) {
                table[stratum].rows[side] += count;
                table[stratum].blocks[side] += 1.0;
            }
        }
        let shared = || table.iter().filter(|stratum| stratum.is_shared());
        let weighted = [0, 1].map(|side| {
            shared().map(|stratum| stratum.rows[side] * stratum.share_of_other(side)).collect::<Sum>().value()
        });
        (weighted[0] > 0.0 && weighted[1] > 0.0).then_some(Self { strata, table, weighted })
    }

    fn ratio(&self) -> f64 {
        self.weighted[1] / self.weighted[0]
    }

    /// Expected rows of a block.
    fn mean(&self, side: usize, stratum: usize) -> f64 {
        let Stratum { rows, blocks } = self.table[stratum];
        let per_reference_block = (rows[0] + rows[1]) / (blocks[0] + self.ratio() * blocks[1]);
        if side == 0 { per_reference_block } else { self.ratio() * per_reference_block }
    }

    /// Derivative of `ln R` by the count of a block.
    fn slope(&self, side: usize, stratum: usize) -> f64 {
        let stratum = &self.table[stratum];
        if !stratum.is_shared() {
            return 0.0;
        }
        let sign = if side == 0 { -1.0 } else { 1.0 };
        sign * stratum.share_of_other(side) / self.weighted[side]
    }

    fn rates(&self, series: &[Series; 2]) -> ArrivalRates {
        let blocks = [0, 1].map(|side| Blocks::of(self, side, &series[side]));
        let [n_reference, n_current] = series.each_ref().map(|series| series.counts.len() as u64);
        let variance = Variance::of(&blocks, series, self.free_share(series));
        let exact = self.independent();
        let ratio = self.ratio();
        let standard_error = variance.total().sqrt();
        let t = libm::log(ratio) / standard_error;
        let reach = libm::exp(student_95(variance.df) * standard_error);
        ArrivalRates {
            ratio,
            low: exact.low.min(ratio / reach),
            high: exact.high.max(ratio * reach),
            p_value: student_two_sided(t, variance.df).max(exact.p_value),
            block_micros: series[0].block,
            n_blocks_reference: n_reference,
            n_blocks_current: n_current,
            overdispersion: variance.total() / variance.independent,
        }
    }

    /// The share of the ups and downs that the fit has left in the residuals. All blocks of one hour of one day go up and
    /// down together, so it is such visits of an hour that are counted, and not blocks.
    fn free_share(&self, series: &[Series; 2]) -> f64 {
        let n_strata = self.table.iter().filter(|stratum| stratum.blocks != [0.0, 0.0]).count() as f64;
        let n_blocks: f64 = self.table.iter().map(|stratum| stratum.blocks[0] + stratum.blocks[1]).sum();
        let n_visits = match self.strata {
            Strata::None => n_blocks,
            Strata::HourOfDay | Strata::HourOfDayAndWeekend | Strata::HourOfWeek => {
                n_blocks * (series[0].block as f64 / HOUR as f64).min(1.0)
            }
        };
        (1.0 - (n_strata + 1.0) / n_visits).max(MIN_FREE_SHARE)
    }

    /// What would hold if rows arrived independently: of the rows in shared strata the current ones are binomial, in one
    /// stratum exactly, in several about so, and then a little less spread.
    fn independent(&self) -> Independent {
        let shared = || self.table.iter().filter(|stratum| stratum.is_shared());
        let sum = |of: fn(&Stratum) -> f64| shared().map(of).collect::<Sum>().value();
        let (k_r, k_c) = (sum(|stratum| stratum.rows[0]), sum(|stratum| stratum.rows[1]));
        let k = k_r + k_c;
        let share = sum(|stratum| (stratum.rows[0] + stratum.rows[1]) * stratum.share_of_other(0)) / k;
        let at_least = beta_i(k_c, k_r + 1.0, share, 1.0 - share);
        let at_most = beta_i(k_r, k_c + 1.0, 1.0 - share, share);
        let odds = |p: f64| p / (1.0 - p);
        Independent {
            low: odds(beta_inverse(k_c, k_r + 1.0, 0.025)) / odds(share),
            high: odds(beta_inverse(k_c + 1.0, k_r, 0.975)) / odds(share),
            p_value: (2.0 * at_least.min(at_most)).min(1.0),
        }
    }
}

/// Limits and p-value for independent arrivals.
struct Independent {
    low: f64,
    high: f64,
    p_value: f64,
}

/// One side's blocks under the fitted model.
struct Blocks {
    means: Vec<f64>,
    residuals: Vec<f64>,
    /// Slope times mean.
    weights: Vec<f64>,
    /// Sum of slope squared times mean.
    independent: f64,
}

impl Blocks {
    fn of(fit: &Fit, side: usize, series: &Series) -> Self {
        let of_stratum: Vec<(f64, f64)> =
            (0..Strata::MAX).map(|stratum| (fit.mean(side, stratum), fit.slope(side, stratum))).collect();
        let n = series.counts.len();
        let (mut means, mut residuals, mut weights) =
            (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
        let mut independent = Sum::default();
        for (stratum, count) in series.blocks(fit.strata) {
            let (mean, slope) = of_stratum[stratum];
            means.push(mean);
            residuals.push(count - mean);
            weights.push(slope * mean);
            independent.add(slope * slope * mean);
        }
        Self { means, residuals, weights, independent: independent.value() }
    }
}

/// The variance of `ln R`, in its two parts.
struct Variance {
    /// From counting alone.
    independent: f64,
    /// From what makes busy days busy.
    excess: f64,
    /// Degrees of freedom that the excess is known with.
    df: f64,
}

impl Variance {
    fn of(sides: &[Blocks; 2], series: &[Series; 2], free_share: f64) -> Self {
        let [n, m] = sides.each_ref().map(|side| side.means.len() as u64);
        let (shorter, longer, all) = (n.min(m), n.max(m), n + m);
        let n_lags = (shorter - 1).min(2 * (all as f64).sqrt() as u64);
        let weight = |lag: u64| {
            if longer >= MUCH_LONGER * shorter { 1.0 } else { 1.0 - lag as f64 / (n_lags + 1) as f64 }
        };
        let independent = sides[0].independent + sides[1].independent;
        let counting = sides.iter().flat_map(|side| &side.means).copied().collect::<Sum>().value();
        let scatter = lagged(sides, 0, |side| &side.residuals) / free_share - counting;
        let variance = scatter.max(0.0) / lagged(sides, 0, |side| &side.means);
        let alone = variance * lagged(sides, 0, |side| &side.weights);
        let mut excess = Sum::default();
        excess.add(alone);
        if alone > 0.0 {
            for lag in 1..=n_lags {
                let lagged = |of: fn(&Blocks) -> &Vec<f64>| lagged(sides, lag as usize, of);
                let means = lagged(|side| &side.means);
                if means > 0.0 {
                    let autocovariance = lagged(|side| &side.residuals) / free_share / means;
                    excess.add(2.0 * weight(lag) * autocovariance * lagged(|side| &side.weights));
                }
            }
        }
        let excess = excess.value().max(alone);
        // Residuals are taken from a mean that is their own, so every autocovariance comes out too small.
        let taken: f64 = (1.0 + 2.0 * (1..=n_lags).map(weight).sum::<f64>()) / all as f64;
        let n_free = all as f64 * free_share;
        let mut df = n_free;
        if excess > alone {
            // What a sum over that many lags is known with (Lazarus and others, J. Bus. Econ. Stat. 36 (2018), section 3).
            let squares: f64 = 1.0 + 2.0 * (1..=n_lags).map(|lag| weight(lag) * weight(lag)).sum::<f64>();
            df = (n_free * alone / excess).min(all as f64 / squares);
        }
        let mut excess = excess / (1.0 - taken).max(MIN_FREE_SHARE);
        if days(series) >= 2.0 {
            let days = Days::of(sides, series, free_share);
            df = if days.excess > excess { days.df } else { df.min(days.df) };
            excess = excess.max(days.excess);
        }
        Self { independent, excess, df: df.max(1.0) }
    }

    fn total(&self) -> f64 {
        self.independent + self.excess
    }
}

/// Days that both sides cover together.
fn days(series: &[Series; 2]) -> f64 {
    series.iter().map(|series| series.counts.len() as f64 * (series.block as f64 / DAY as f64)).sum()
}

/// The sum of the products of what lies `lag` blocks apart, within each side.
fn lagged(sides: &[Blocks; 2], lag: usize, of: fn(&Blocks) -> &Vec<f64>) -> f64 {
    let products = sides.iter().flat_map(|side| {
        let values = of(side);
        values.iter().zip(values.iter().skip(lag)).map(|(a, b)| a * b)
    });
    products.collect::<Sum>().value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stattest::traffic::{LATER, Traffic, share_of_alarms};

    fn alarms(n: u64, traffic: Traffic, days: [f64; 2], factor: f64) -> f64 {
        share_of_alarms(n, 1, |rng, start| {
            let reference = traffic.moments(rng, start, days[0], |_| 1.0);
            let current = traffic.moments(rng, start + LATER + 0.3, days[1], |_| factor);
            compare(Reference(&reference), Current(&current)).is_ok_and(|found| found.p_value <= 0.05)
        })
    }

    /// Bounds lie three standard errors above 0.05, but for days that remember those before them by 0.8: from a few weeks that is
    /// not fully told from a change.
    #[test]
    fn rates_that_go_up_and_down_by_themselves_raise_no_alarm() {
        let hour = 1.0 / 24.0;
        let usual = Traffic::USUAL;
        let memory = |day_memory| Traffic { day_memory, ..usual };
        let bursts = Traffic { burst: 20.0, ..usual };
        let cases = [
            ("independent rows", Traffic::PLAIN, [20.0, 10.0], 0.104),
            ("few rows", Traffic { per_hour: 0.2, ..Traffic::PLAIN }, [20.0, 10.0], 0.104),
            ("an hour each", Traffic { per_hour: 300.0, ..Traffic::PLAIN }, [hour, hour], 0.104),
            ("seasons, three days of the week", Traffic { day_spread: 0.0, ..usual }, [28.0, 3.0], 0.104),
            ("busy days", usual, [28.0, 9.0], 0.104),
            ("busy days, a quarter of one", usual, [28.0, 0.25], 0.104),
            ("busy days, the longer side now", usual, [7.0, 28.0], 0.104),
            ("days that remember a little", memory(0.3), [28.0, 9.0], 0.104),
            ("busy spells", memory(0.6), [28.0, 9.0], 0.104),
            ("busy spells, the longer side now", memory(0.6), [7.0, 28.0], 0.104),
            ("busy spells, months", memory(0.6), [56.0, 28.0], 0.104),
            ("busy spells, one week", memory(0.6), [28.0, 7.0], 0.104),
            ("busy spells, one day", memory(0.6), [28.0, 1.0], 0.104),
            ("busy spells, a few days", memory(0.6), [3.0, 3.0], 0.104),
            ("busy weeks", memory(0.8), [56.0, 28.0], 0.15),
            ("bursts", bursts, [28.0, 7.0], 0.104),
        ];
        for (name, traffic, days, bound) in cases {
            let share = alarms(150, traffic, days, 1.0);
            assert!(share <= bound, "{name}: {share}");
        }
    }

    #[test]
    fn twice_as_many_rows_are_seen() {
        for (name, traffic, days, bound) in [
            ("independent rows", Traffic::PLAIN, [20.0, 10.0], 1.0),
            ("busy days", Traffic::USUAL, [28.0, 9.0], 0.95),
            ("a day", Traffic { day_spread: 0.1, ..Traffic::USUAL }, [28.0, 1.0], 0.95),
        ] {
            let share = alarms(100, traffic, days, 2.0);
            assert!(share >= bound, "{name}: {share}");
        }
    }

    /// `n` moments, evenly over as many `seconds`, from midnight on.
    fn even(n: i64, seconds: i64) -> Vec<i64> {
        (0..n).map(|i| i * seconds * SECOND / n).collect()
    }

    #[test]
    fn evenly_spaced_rows_are_as_uncertain_as_independent_ones() {
        // 200 and 150 rows in 10 and 20 blocks of 10 minutes. scipy 1.17, with r = 150 / 400 and
        // s = sqrt(1/150 + 1/200): 2 * t.sf(-log(r) / s, 28), r * exp(t.ppf([0.025, 0.975], 28) * s)
        let found = compare(Reference(&even(200, 6_000)), Current(&even(150, 12_000))).unwrap();
        assert_eq!((found.n_blocks_reference, found.n_blocks_current, found.block_micros), (10, 20, 10 * MINUTE));
        assert!((found.ratio - 0.375).abs() < 1e-12, "{found:?}");
        assert!((found.p_value / 7.73658036436425e-10 - 1.0).abs() < 1e-9, "{:e}", found.p_value);
        assert!((found.low - 0.3005676240592764).abs() < 1e-9, "{found:?}");
        assert!((found.high - 0.4678647623480121).abs() < 1e-9, "{found:?}");
        assert_eq!(found.overdispersion, 1.0);
    }

    #[test]
    fn independent_rows_have_exact_limits() {
        // 2 and 9 rows in 10 blocks each. scipy 1.17: 2 * binom.sf(8, 11, 0.5); binomtest(9, 11).proportion_ci() as odds
        let table = vec![Stratum { rows: [2.0, 9.0], blocks: [10.0, 10.0] }];
        let found = Fit { strata: Strata::None, table, weighted: [1.0, 4.5] }.independent();
        assert!((found.p_value - 0.0654296875).abs() < 1e-12, "{}", found.p_value);
        assert!((found.low - 0.931412258193947).abs() < 1e-9, "{}", found.low);
        assert!((found.high - 42.79971593526865).abs() < 1e-8, "{}", found.high);
    }

    #[test]
    fn a_weekend_is_compared_with_weekends() {
        // Ten rows an hour from Monday to Friday, two on Saturdays and Sundays; 1970-01-05 was a Monday.
        let rows = |days: std::ops::Range<i64>| -> Vec<i64> {
            let n = |hour: i64| if (hour / 24 - 4) % 7 >= 5 { 2 } else { 10 };
            let hours = days.start * 24..days.end * 24;
            hours.flat_map(|hour| (0..n(hour)).map(move |i| hour * HOUR + i * 6 * MINUTE)).collect()
        };
        let found = compare(Reference(&rows(4..60)), Current(&rows(65..67))).unwrap();
        assert!((found.ratio - 1.0).abs() < 1e-12 && found.p_value > 0.9, "{found:?}");
        let found = compare(Reference(&rows(4..60)), Current(&rows(67..69))).unwrap();
        assert!((found.ratio - 1.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn both_sides_swapped_give_the_inverse_ratio() {
        let mut rng = crate::random::Rng::new(3);
        let a = Traffic::USUAL.moments(&mut rng, 19_000.2, 20.0, |_| 1.0);
        let b = Traffic::USUAL.moments(&mut rng, 19_100.7, 12.0, |_| 1.4);
        let (ab, ba) = (compare(Reference(&a), Current(&b)).unwrap(), compare(Reference(&b), Current(&a)).unwrap());
        assert!((ab.ratio * ba.ratio - 1.0).abs() < 1e-12 && (ab.low * ba.high - 1.0).abs() < 1e-9, "{ab:?} {ba:?}");
        assert!((ab.p_value - ba.p_value).abs() < 1e-9);
    }

    #[test]
    fn too_little_time_is_named() {
        let too_few = NotTested::TooFew { n_reference: 1, n_current: 60, needed: 2 };
        assert_eq!(compare(Reference(&[5]), Current(&even(60, 60))), Err(too_few));
        let short = compare(Reference(&even(60, 60)), Current(&even(500, 3)));
        let reason = NotTested::SpanTooShort { unit: TimeUnit::Second, n_reference: 60, n_current: 3, needed: 8 };
        // Together they have more than 16.
        assert!(short.is_ok(), "{short:?}");
        assert_eq!(compare(Reference(&even(60, 6)), Current(&even(500, 3))).unwrap_err().to_string(), {
            let NotTested::SpanTooShort { unit, needed, .. } = reason else { unreachable!() };
            NotTested::SpanTooShort { unit, n_reference: 6, n_current: 3, needed }.to_string()
        });
        // Dates: three days against thirty will do, three against three will not.
        let dates = |n: i64| (0..n).flat_map(|day| [day * DAY; 50]).collect::<Vec<i64>>();
        assert!(compare(Reference(&dates(30)), Current(&dates(3))).is_ok());
        let reason = compare(Reference(&dates(3)), Current(&dates(3))).unwrap_err();
        assert_eq!(reason.to_string(), "takes 8 whole days on each side, and there are 3 and 3");
    }

    #[test]
    fn students_points_are_those_of_tables() {
        // scipy 1.17: t.ppf(0.975, [1, 6.5, 1e6])
        for (df, point) in [(1.0, 12.706_204_736_174_694), (6.5, 2.402_002_007_910_276_4), (1e6, 1.959_966_356_814_107)]
        {
            assert!((student_95(df) - point).abs() < 1e-9, "{df}: {}", student_95(df));
        }
    }
}
