//! Profiles of bounded size: what a comparison needs from a stream that is too large, or too far away, to keep.
//!
//! An exact [`ColumnProfile`] keeps every value. A [`SketchedProfile`] of numbers takes some 40 kB however many rows it has
//! seen, merges as the exact one does, can be stored and sent, and knows how wrong it can be: [`compare`] gives every
//! quantity with the bounds that follow, and a verdict only where the whole interval has the same one.
//!
//! Two nodes sketch the rows they see, and their sketches together are compared with a reference:
//!
//! ```
//! use tidemark::data::Column;
//! use tidemark::profile::sketch::{self, SketchSettings, SketchedProfile};
//! use tidemark::stattest::{Current, Reference};
//!
//! let settings = SketchSettings::default();
//! let values = |from: u32, to: u32| Column::fractions("amount", (from..to).map(f64::from).collect());
//! let reference = SketchedProfile::of(&values(0, 50_000), &settings, 0);
//! // Every part has a number of its own: the coins that it tosses hang on it.
//! let first = SketchedProfile::of(&values(10_000, 40_000), &settings, 1);
//! let second = SketchedProfile::of(&values(40_000, 60_000), &settings, 2);
//! // What travels from a node is text.
//! let second: SketchedProfile = serde_json::from_str(&serde_json::to_string(&second).unwrap()).unwrap();
//! let current = first.merge(&second).unwrap();
//!
//! let found = sketch::compare(Reference(&reference), Current(&current), &sketch::Options::default());
//! // The true gap is 0.2: 10,000 of 50,000 values lie below the current ones.
//! let gap = found.gap.unwrap();
//! assert!(gap.low <= 0.2 && 0.2 <= gap.high && gap.high - gap.low < 0.05, "{gap:?}");
//! assert_eq!(found.verdict, sketch::SketchVerdict::Reached(tidemark::judge::Verdict::Drifted));
//! ```

use serde::{Deserialize, Serialize};
use std::fmt;

use super::{ColumnProfile, Shape};
use crate::data::{Category, Column, Values};
use crate::random::derive_seed;

mod compare;
mod distinct;
mod frequent;
mod hex;
mod moments;
mod quantiles;
mod table;
#[cfg(test)]
mod tests;

pub use compare::{Options, QuantileBounds, SketchVerdict, SketchedComparison, compare};
pub use distinct::Distinct;
pub use frequent::{Frequent, LONGEST_NAME};
pub use moments::Moments;
pub use quantiles::Quantiles;
pub use table::{REPORT_VERSION, SketchedColumn, SketchedReport, SketchedTable, report};

use frequent::Kind;

/// More rows than this are not taken: beyond, readers of JSON lose digits.
pub const MOST_ROWS: u64 = 1 << 53;

/// A number that is known up to a bound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounded {
    /// The best guess, between the two.
    pub estimate: f64,
    /// The true number is at least this.
    pub low: f64,
    /// The true number is at most this.
    pub high: f64,
}

impl Bounded {
    /// A number that is known.
    const fn exactly(value: f64) -> Self {
        Self { estimate: value, low: value, high: value }
    }
}

/// Whether a profile holds every value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Exactness {
    /// It does.
    Exact,
    /// It holds a sketch.
    Sketched {
        /// By how much, at most, its distribution function is wrong at any value, 0 to 1, at the stated confidence. 0
        /// for categories.
        rank_error: f64,
        /// By how much, at most, the share of a category is wrong, 0 to 1, for certain.
        share_error: f64,
    },
}

/// How large sketches may become, and their coins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SketchSettings {
    /// Size of the largest level of [`Quantiles`]: the error goes with its inverse, the size with it.
    pub k: u32,
    /// [`Frequent`] has room for three quarters of `2^lg_frequent` values.
    pub lg_frequent: u8,
    /// [`Distinct`] has `2^lg_distinct` registers of a byte.
    pub lg_distinct: u8,
    /// What all coins hang on.
    pub seed: u64,
}

impl Default for SketchSettings {
    /// The largest part, a column of numbers, stays below 45 kB; a column of names below 115 kB, and as a rule below 25.
    fn default() -> Self {
        Self { k: 1024, lg_frequent: 10, lg_distinct: 12, seed: 0 }
    }
}

/// One side of one column, in bounded memory.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct SketchedProfile {
    rows: u64,
    missing: u64,
    infinite: u64,
    distinct: Distinct,
    /// As categories.
    frequent: Frequent,
    /// As numbers, where they are.
    numbers: Option<Numbers>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    quantiles: Quantiles,
    moments: Moments,
    is_integer: bool,
}

/// Why two sketches do not merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeError {
    /// One holds numbers, truth values or strings, and the other something else of these.
    KindsDiffer,
    /// They were made with different sizes.
    SettingsDiffer,
    /// Both tossed the coins of the same seed: they were made as the same part. Their errors would not be independent.
    SameSeed {
        /// The seed.
        seed: u64,
    },
    /// More rows than can be counted.
    TooManyRows,
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KindsDiffer => write!(f, "the parts hold values of different kinds"),
            Self::SettingsDiffer => write!(f, "the parts were sketched in different sizes"),
            Self::SameSeed { seed } => write!(f, "both parts tossed the coins of seed {seed}: number them differently"),
            Self::TooManyRows => write!(f, "more rows than can be counted"),
        }
    }
}

impl std::error::Error for MergeError {}

impl SketchedProfile {
    /// The sketch of a column. `part` tells this part from all others that it may be merged with.
    pub fn of(column: &Column, settings: &SketchSettings, part: u64) -> Self {
        let mut profile = Self::empty(column, settings, part);
        profile.take(column).expect("a profile takes columns of the kind it was made for");
        profile
    }

    /// The sketch of a column of which an exact profile is left.
    pub fn of_exact(exact: &ColumnProfile, settings: &SketchSettings, part: u64) -> Self {
        let kind = match &exact.shape {
            Shape::Numbers { .. } => Kind::Numbers,
            Shape::Categories { counts } => match counts.first() {
                Some((Category::Boolean(_), _)) => Kind::Booleans,
                _ => Kind::Names,
            },
        };
        let mut profile = Self::of_kind(kind, settings, part);
        match &exact.shape {
            Shape::Numbers { sorted, is_integer } => profile.take_numbers(sorted, *is_integer),
            Shape::Categories { counts } => {
                for (category, count) in counts {
                    match category {
                        Category::Name(name) => profile.take_name(name, *count),
                        Category::Boolean(value) => profile.take_boolean(*value, *count),
                        Category::Number(_) => {}
                    }
                }
            }
        }
        Self { rows: exact.rows, missing: exact.missing, infinite: exact.infinite, ..profile }
    }

    /// A sketch of nothing yet, for values of the kind that `like` holds.
    pub fn empty(like: &Column, settings: &SketchSettings, part: u64) -> Self {
        Self::of_kind(kind_of(&like.values), settings, part)
    }

    fn of_kind(kind: Kind, settings: &SketchSettings, part: u64) -> Self {
        let seed = derive_seed(settings.seed, part);
        let numbers = (kind == Kind::Numbers).then(|| Numbers {
            quantiles: Quantiles::new(settings.k, seed),
            moments: Moments::default(),
            is_integer: true,
        });
        Self {
            rows: 0,
            missing: 0,
            infinite: 0,
            distinct: Distinct::new(settings.lg_distinct),
            frequent: Frequent::new(kind, settings.lg_frequent),
            numbers,
        }
    }

    /// Takes further rows.
    ///
    /// # Errors
    /// They hold another kind of values, or are more than can be counted; nothing was taken.
    pub fn take(&mut self, rows: &Column) -> Result<(), MergeError> {
        if kind_of(&rows.values) != self.frequent.kind() {
            return Err(MergeError::KindsDiffer);
        }
        self.rows = sum_of_rows(self.rows, rows.len() as u64)?;
        match &rows.values {
            Values::Numbers(numbers) => self.take_numbers(numbers.as_slice(), numbers.is_integer()),
            Values::Booleans(values) => {
                let n_true = values.iter().filter(|value| **value).count() as u64;
                self.take_boolean(false, values.len() as u64 - n_true);
                self.take_boolean(true, n_true);
            }
            Values::Strings(strings) => {
                self.missing += (strings.len() - strings.n_present()) as u64;
                for (name, count) in strings.counts() {
                    self.take_name(name, count);
                }
            }
        }
        Ok(())
    }

    fn take_boolean(&mut self, value: bool, count: u64) {
        self.frequent.push_boolean(value, count);
        if count > 0 {
            self.distinct.push_number(f64::from(u8::from(value)));
        }
    }

    fn take_name(&mut self, name: &str, count: u64) {
        self.frequent.push_name(name, count);
        self.distinct.push_name(name);
    }

    fn take_numbers(&mut self, values: &[f64], is_integer: bool) {
        /// Values looked at together, so that memory stays bounded.
        const BLOCK: usize = 4096;
        let Some(numbers) = &mut self.numbers else { return };
        numbers.is_integer &= is_integer;
        let mut finite = Vec::with_capacity(values.len().min(BLOCK));
        for block in values.chunks(BLOCK) {
            finite.clear();
            finite.extend(block.iter().copied().filter(|value| value.is_finite()));
            let missing = block.iter().filter(|value| value.is_nan()).count() as u64;
            self.missing += missing;
            self.infinite += (block.len() - finite.len()) as u64 - missing;
            numbers.moments = numbers.moments.merge(Moments::of(&finite));
            for &value in &finite {
                numbers.quantiles.push(value);
                self.frequent.push_number(value);
                self.distinct.push_number(value);
            }
        }
    }

    /// The sketch of both parts together.
    ///
    /// # Errors
    /// The parts do not fit, and why.
    pub fn merge(&self, other: &Self) -> Result<Self, MergeError> {
        let rows = sum_of_rows(self.rows, other.rows)?;
        let numbers = match (&self.numbers, &other.numbers) {
            (Some(a), Some(b)) => Some(Numbers {
                quantiles: a.quantiles.merge(&b.quantiles)?,
                moments: a.moments.merge(b.moments),
                is_integer: a.is_integer && b.is_integer,
            }),
            (None, None) => None,
            _ => return Err(MergeError::KindsDiffer),
        };
        Ok(Self {
            rows,
            missing: self.missing + other.missing,
            infinite: self.infinite + other.infinite,
            distinct: self.distinct.merge(&other.distinct)?,
            frequent: self.frequent.merge(&other.frequent)?,
            numbers,
        })
    }

    /// Rows, missing ones included.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Missing values.
    pub const fn missing(&self) -> u64 {
        self.missing
    }

    /// Infinite values, which no sketch takes.
    pub const fn infinite(&self) -> u64 {
        self.infinite
    }

    /// Values that went in: neither missing nor infinite.
    pub const fn n(&self) -> u64 {
        self.rows - self.missing - self.infinite
    }

    /// The distribution function of a column of numbers.
    pub fn quantiles(&self) -> Option<&Quantiles> {
        self.numbers.as_ref().map(|numbers| &numbers.quantiles)
    }

    /// Mean and spread of a column of numbers, exact up to rounding.
    pub fn moments(&self) -> Option<Moments> {
        self.numbers.as_ref().map(|numbers| numbers.moments)
    }

    /// The frequent values; numbers are taken as categories too.
    pub const fn frequent(&self) -> &Frequent {
        &self.frequent
    }

    /// The number of distinct values.
    pub const fn distinct(&self) -> &Distinct {
        &self.distinct
    }

    /// Whether every value is still there, and how wrong the sketch can be where not; the rank error at this confidence.
    pub fn exactness(&self, confidence: f64) -> Exactness {
        if self.holds_everything() {
            return Exactness::Exact;
        }
        Exactness::Sketched {
            rank_error: self.quantiles().map_or(0.0, |quantiles| quantiles.rank_error(confidence)),
            share_error: self.frequent.error() as f64 / self.n().max(1) as f64,
        }
    }

    /// The exact profile, while every value is still there: small data lose nothing by being sketched.
    pub fn to_exact(&self) -> Option<ColumnProfile> {
        let shape = match &self.numbers {
            Some(numbers) => Shape::Numbers { sorted: numbers.quantiles.sorted()?, is_integer: numbers.is_integer },
            None if self.frequent.error() > 0 => return None,
            None => Shape::Categories { counts: self.frequent.counts() },
        };
        Some(ColumnProfile { rows: self.rows, missing: self.missing, infinite: self.infinite, shape })
    }

    /// The size of what is kept, in bytes: 8 per number, and the other sketches as they are stored.
    pub fn size_in_bytes(&self) -> usize {
        let quantiles = self.quantiles().map_or(0, |quantiles| 8 * quantiles.n_retained());
        quantiles + self.frequent.to_bytes().len() + self.distinct.to_bytes().len()
    }

    fn holds_everything(&self) -> bool {
        match &self.numbers {
            Some(numbers) => numbers.quantiles.is_exact(),
            None => self.frequent.error() == 0,
        }
    }
}

fn sum_of_rows(a: u64, b: u64) -> Result<u64, MergeError> {
    a.checked_add(b).filter(|rows| *rows <= MOST_ROWS).ok_or(MergeError::TooManyRows)
}

const fn kind_of(values: &Values) -> Kind {
    match values {
        Values::Numbers(_) => Kind::Numbers,
        Values::Booleans(_) => Kind::Booleans,
        Values::Strings(_) => Kind::Names,
    }
}

/// A profile as it is read, before its parts were held against each other.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    rows: u64,
    missing: u64,
    infinite: u64,
    distinct: Distinct,
    frequent: Frequent,
    numbers: Option<Numbers>,
}

impl TryFrom<Stored> for SketchedProfile {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { rows, missing, infinite, distinct, frequent, numbers } = stored;
        if rows > MOST_ROWS {
            return Err("more rows than can be counted");
        }
        let left = rows.checked_sub(missing).and_then(|rows| rows.checked_sub(infinite));
        let n = left.ok_or("more missing and infinite values than rows")?;
        if numbers.is_some() != (frequent.kind() == Kind::Numbers) {
            return Err("parts that hold values of different kinds");
        }
        let counts = numbers.iter().flat_map(|numbers| [numbers.quantiles.n(), numbers.moments.n()]);
        if counts.chain([frequent.n()]).any(|count| count != n) {
            return Err("parts that hold different numbers of values");
        }
        let spread = numbers.as_ref().and_then(|numbers| numbers.moments.std());
        if spread.is_some_and(|std| std.is_nan()) {
            return Err("a spread below zero");
        }
        Ok(Self { rows, missing, infinite, distinct, frequent, numbers })
    }
}
