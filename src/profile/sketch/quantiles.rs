//! A sketch of a column's distribution function: KLL, with coins that hang on a seed and a bound that is carried along.

use serde::{Deserialize, Serialize};

use super::{Bounded, MergeError};
use crate::profile::merge_sorted;
use crate::random::derive_seed;

/// No level is smaller than this, however far it lies below the top.
const MIN_LEVEL: usize = 8;

/// More levels than any count of values below 2^64 can fill.
const MAX_LEVELS: usize = 60;

/// The smallest and the largest `k` that are taken.
const K: std::ops::RangeInclusive<u32> = 8..=65_536;

/// The distribution of a stream of numbers, from a few thousand of them.
///
/// ```text
/// F^(x) = 1/n * sum over levels h of 2^h * (values of level h that are at most x)
/// ```
/// A level that is full is sorted, a coin says whether its odd or its even places go up to the next level with twice the
/// weight, and the others are dropped. A level that lies `d` below the top holds `k (2/3)^d` values, at least 8, so that
/// no more than `3 k + 8 * 60` are ever kept. While nothing was dropped the sketch is the sorted sample itself.
///
/// The bound: emptying level `h` moves the count of values at most `x` by `-2^h`, 0 or `2^h`, and by 0 on average. With
/// `m_h` such steps, Azuma's inequality gives, for one `x`,
///
/// ```text
/// P(|n F^(x) - n F(x)| >= t) <= 2 exp(-t^2 / (2 S)),   S = sum over h of m_h 4^h
/// ```
/// [`Quantiles::rank_error`] makes of it a bound for all `x` at once. `m_h` is kept and adds up under merging, so the
/// bound is that of what really happened and does not rest on how the parts were cut.
///
/// Coins come from the seed and the number of coins tossed before. Parts that are to be merged need different seeds.
///
/// Source: Karnin, Lang and Liberty, "Optimal Quantile Approximation in Streams", FOCS 2016 (section 3 without the
/// sampler); the order of emptying is that of Apache DataSketches' `kll_sketch`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Quantiles {
    k: u32,
    seed: u64,
    n: u64,
    /// Smallest and largest value.
    range: Option<(f64, f64)>,
    /// Values of weight `2^h`; all but the first ascend.
    levels: Vec<Vec<f64>>,
    /// How often each level was emptied.
    emptied: Vec<u64>,
    /// Values kept.
    retained: usize,
    /// How many values each level holds, and all together before one is emptied.
    room: Vec<usize>,
    capacity: usize,
}

/// What of [`Quantiles`] is stored; the rest follows.
#[derive(Serialize, Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct Stored {
    k: u32,
    seed: u64,
    n: u64,
    range: Option<(f64, f64)>,
    levels: Vec<Vec<f64>>,
    emptied: Vec<u64>,
}

impl Quantiles {
    /// A sketch of nothing yet. `k` is the size of the largest level, and is brought into 8 ..= 65,536.
    pub fn new(k: u32, seed: u64) -> Self {
        let k = k.clamp(*K.start(), *K.end());
        Self::with_room(Stored { k, seed, n: 0, range: None, levels: vec![Vec::new()], emptied: vec![0] })
    }

    /// Adds what follows from the rest.
    fn with_room(stored: Stored) -> Self {
        let Stored { k, seed, n, range, levels, emptied } = stored;
        let room = capacities(k, levels.len());
        let (retained, capacity) = (levels.iter().map(Vec::len).sum(), room.iter().sum());
        Self { k, seed, n, range, levels, emptied, retained, room, capacity }
    }

    /// Takes one finite number.
    pub fn push(&mut self, value: f64) {
        // Adding zero turns -0 into 0, as in the exact profile.
        let value = value + 0.0;
        let (low, high) = self.range.unwrap_or((value, value));
        self.range = Some((low.min(value), high.max(value)));
        self.n += 1;
        self.levels[0].push(value);
        self.retained += 1;
        if self.retained > self.capacity {
            self.empty_one_level();
        }
    }

    /// The sketch of both parts together. Which of the two is merged into which makes no difference.
    ///
    /// # Errors
    /// The parts have different `k`, or have tossed the same coins: then their errors would add up instead of
    /// cancelling out, and the bound would not hold.
    pub fn merge(&self, other: &Self) -> Result<Self, MergeError> {
        if self.k != other.k {
            return Err(MergeError::SettingsDiffer);
        }
        if self.seed == other.seed && !self.is_exact() && !other.is_exact() {
            return Err(MergeError::SameSeed { seed: self.seed });
        }
        let seed = derive_seed(self.seed.min(other.seed), self.seed.max(other.seed));
        let n_levels = self.levels.len().max(other.levels.len());
        let level = |h: usize| {
            let parts = [self, other].map(|part| part.levels.get(h).map_or(&[][..], Vec::as_slice));
            let mut together = parts.concat();
            together.sort_unstable_by(f64::total_cmp);
            together
        };
        let emptied = |part: &Self, h: usize| part.emptied.get(h).copied().unwrap_or(0);
        let mut merged = Self::with_room(Stored {
            k: self.k,
            seed,
            n: self.n + other.n,
            range: match (self.range, other.range) {
                (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
                (a, b) => a.or(b),
            },
            levels: (0..n_levels).map(level).collect(),
            emptied: (0..n_levels).map(|h| emptied(self, h) + emptied(other, h)).collect(),
        });
        while merged.retained > merged.capacity {
            merged.empty_one_level();
        }
        Ok(merged)
    }

    /// How many numbers were taken.
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// The smallest and the largest, which are exact.
    pub const fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    /// Whether every number is still there.
    pub fn is_exact(&self) -> bool {
        self.emptied.iter().all(|&times| times == 0)
    }

    /// Every number, ascending, while all are still there.
    pub fn sorted(&self) -> Option<Vec<f64>> {
        self.is_exact().then(|| {
            let mut sorted = self.levels.concat();
            sorted.sort_unstable_by(f64::total_cmp);
            sorted
        })
    }

    /// Numbers kept.
    pub const fn n_retained(&self) -> usize {
        self.retained
    }

    /// The largest distance, 0 to 1, between the sketched and the true distribution function, at all values at once;
    /// exceeded with a probability of at most `1 - confidence`. 0 while every number is still there.
    ///
    /// ```text
    /// e = min over g of (t_g / n + 1 / g),   t_g = sqrt(2 S ln(4 (g - 1) / (1 - confidence)))
    /// ```
    /// At the `g - 1` values that cut the data into `g` equal parts both `F(x)` and `F(x-)` are within `t_g / n` (a union
    /// of `2 (g - 1)` events), and between two of them `F` moves by no more than `1 / g`. Never more than
    /// `sum over h of m_h 2^h / n`, which no coins can exceed.
    pub fn rank_error(&self, confidence: f64) -> f64 {
        if self.is_exact() {
            return 0.0;
        }
        let n = self.n as f64;
        let weights = self.emptied.iter().zip(0..).map(|(&times, h)| (times as f64, (1_u64 << h) as f64));
        let (mut certain, mut squares) = (0.0, 0.0);
        for (times, weight) in weights {
            certain += times * weight;
            squares += times * weight * weight;
        }
        let miss = (1.0 - confidence).clamp(1e-300, 1.0);
        let of_parts = |log2: u32| {
            let parts = (1_u64 << log2) as f64;
            (2.0 * squares * libm::log(4.0 * (parts - 1.0) / miss)).sqrt() / n + 1.0 / parts
        };
        (1..40).map(of_parts).fold(certain / n, f64::min).min(1.0)
    }

    /// The values kept, ascending and each once, with how many values they stand for. The weights add up to `n`.
    pub fn weighted(&self) -> Vec<(f64, u64)> {
        let with_weight = |(level, h): (&Vec<f64>, u32)| level.iter().map(move |&value| (value, 1_u64 << h)).collect();
        let mut values: Vec<(f64, u64)> = self.levels.iter().zip(0..).flat_map::<Vec<_>, _>(with_weight).collect();
        values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        values.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            kept.1 += if is_same { next.1 } else { 0 };
            is_same
        });
        values
    }

    /// The `q`-quantile (Hyndman and Fan's type 7, as everywhere) of the numbers, with bounds that hold for all `q`
    /// together at this confidence; `None` of nothing.
    pub fn quantile(&self, q: f64, confidence: f64) -> Option<Bounded> {
        let range = self.range?;
        let error = self.rank_error(confidence) * self.n as f64;
        let weighted = self.weighted();
        let position = q.clamp(0.0, 1.0) * (self.n - 1) as f64;
        let (below, above) = (position.floor(), position.ceil());
        let at = |rank: f64| value_at(&weighted, rank);
        let estimate = at(below) * (1.0 - (position - below)) + at(above) * (position - below);
        if error == 0.0 {
            return Some(Bounded { estimate, low: estimate, high: estimate });
        }
        let (low, high) = (at_least(&weighted, below, error), at_most(&weighted, above, error));
        let (low, high) = (low.unwrap_or(range.0), high.unwrap_or(range.1));
        Some(Bounded { estimate: estimate.clamp(low, high), low, high })
    }

    /// Empties the lowest level that is full.
    fn empty_one_level(&mut self) {
        let full = self.room.iter().zip(&self.levels).position(|(&most, level)| level.len() >= most);
        let h = full.expect("more values than all levels hold together fill at least one");
        if h + 1 == self.levels.len() {
            self.levels.push(Vec::new());
            self.emptied.push(0);
            self.room = capacities(self.k, self.levels.len());
            self.capacity = self.room.iter().sum();
        }
        let mut level = std::mem::take(&mut self.levels[h]);
        if h == 0 {
            level.sort_unstable_by(f64::total_cmp);
        }
        // Pairs are made from the top; of an odd number the smallest value stays.
        let left_over = level.len() % 2;
        let n_coins: u64 = self.emptied.iter().sum();
        let coin = (derive_seed(self.seed, n_coins) >> 63) as usize;
        let raised: Vec<f64> = level[left_over..].iter().skip(coin).step_by(2).copied().collect();
        self.retained -= raised.len();
        self.levels[h + 1] = merge_sorted(&self.levels[h + 1], &raised);
        level.truncate(left_over);
        self.levels[h] = level;
        self.emptied[h] += 1;
    }
}

/// How many values each of `n_levels` levels holds, the lowest first.
fn capacities(k: u32, n_levels: usize) -> Vec<usize> {
    let below = |size: &usize| Some((size * 2 / 3).max(MIN_LEVEL));
    let mut sizes: Vec<usize> = std::iter::successors(Some(k as usize), below).take(n_levels).collect();
    sizes.reverse();
    sizes
}

/// The value with `rank` values before it.
fn value_at(weighted: &[(f64, u64)], rank: f64) -> f64 {
    let mut before = 0_u64;
    for &(value, weight) in weighted {
        before += weight;
        if before as f64 > rank {
            return value;
        }
    }
    weighted.last().map_or(f64::NAN, |last| last.0)
}

/// The largest value kept of which it is sure that it does not exceed the value with `rank` values before it: no more
/// than `rank` values lie below it even if `error` were missed.
fn at_least(weighted: &[(f64, u64)], rank: f64, error: f64) -> Option<f64> {
    let mut before = 0_u64;
    let mut sure = None;
    for &(value, weight) in weighted {
        if before as f64 + error > rank {
            break;
        }
        sure = Some(value);
        before += weight;
    }
    sure
}

/// The smallest value kept that is sure to be no smaller than the value with `rank` values before it.
fn at_most(weighted: &[(f64, u64)], rank: f64, error: f64) -> Option<f64> {
    let mut up_to = 0_u64;
    weighted.iter().find_map(|&(value, weight)| {
        up_to += weight;
        (up_to as f64 - error >= rank + 1.0).then_some(value)
    })
}

impl From<Quantiles> for Stored {
    fn from(sketch: Quantiles) -> Self {
        let Quantiles { k, seed, n, range, levels, emptied, .. } = sketch;
        Self { k, seed, n, range, levels, emptied }
    }
}

impl TryFrom<Stored> for Quantiles {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { k, seed, n, range, levels, emptied } = stored;
        let sound = |is_so: bool, otherwise: &'static str| if is_so { Ok(()) } else { Err(otherwise) };
        sound(K.contains(&k), "k is out of range")?;
        sound((1..=MAX_LEVELS).contains(&levels.len()), "not a number of levels that can be")?;
        sound(levels.len() == emptied.len(), "levels and how often they were emptied differ in number")?;
        let (low, high) = range.unwrap_or((f64::INFINITY, f64::NEG_INFINITY));
        let lies_inside = |value: &f64| value.is_finite() && low <= *value && *value <= high;
        sound(levels.iter().flatten().all(lies_inside), "a value outside the range")?;
        sound(range.is_none() == (n == 0), "a range without values, or values without a range")?;
        sound(range.is_none_or(|(low, high)| low.is_finite() && low <= high && high.is_finite()), "no range")?;
        sound(levels[1..].iter().all(|level| level.is_sorted()), "a level that does not ascend")?;
        let weight = levels.iter().zip(0..).try_fold(0_u64, |sum, (level, h)| {
            (level.len() as u64).checked_mul(1 << h).and_then(|weight| sum.checked_add(weight))
        });
        sound(weight == Some(n), "weights that do not add up to n")?;
        sound(emptied.iter().all(|&times| times <= n), "a level that was emptied more often than there are values")?;
        sound(n <= super::MOST_ROWS, "more values than can be counted")?;
        let sketch = Self::with_room(Stored { k, seed, n, range, levels, emptied });
        sound(sketch.retained <= sketch.capacity, "more values than there is room for")?;
        Ok(sketch)
    }
}
