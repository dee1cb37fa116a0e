//! How often the frequent values of a stream occur, by a sketch of frequent items.

use datasketches::frequencies::{ErrorType, FrequentItemValue, FrequentItemsSketch};
use serde::{Deserialize, Serialize};
use std::hash::Hash;

use super::{MergeError, hex};
use crate::data::{Category, sha256_hex};

/// A name longer than this many bytes is kept as its beginning and a hash of the whole, so that memory is bounded.
pub const LONGEST_NAME: usize = 128;

/// The most room that is taken: `2^16` values.
const LARGEST: u8 = 16;

/// The counts of the frequent values.
///
/// A table of `2^lg` places counts every value until three quarters of it are taken. Then the median of the counts is
/// taken off all of them, values that reach zero are dropped, and the median is added to the *error*. Every value's true
/// count is therefore at least what is kept and at most that and the error, for certain; a value that is not in the table
/// occurs at most as often as the error says. Nothing is random. Errors add up under merging.
///
/// The table and its stored form are Apache DataSketches' `FrequentItemsSketch`: numbers as the bits of a `double`, names
/// as strings.
///
/// Source: Misra and Gries, "Finding repeated elements", Science of Computer Programming 2 (1982); Anderson et al., "A
/// High-Performance Algorithm for Identifying Frequent Items in Data Streams", IMC 2017.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Frequent {
    table: Table,
}

#[derive(Debug, Clone)]
enum Table {
    Numbers(FrequentItemsSketch<u64>),
    Booleans(FrequentItemsSketch<u64>),
    Names(FrequentItemsSketch<String>),
}

/// What the values of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Numbers,
    Booleans,
    Names,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    kind: Kind,
    table: String,
}

impl Frequent {
    /// A sketch of nothing yet, with `2^lg` places; `lg` is brought into 3 ..= 16.
    pub(super) fn new(kind: Kind, lg: u8) -> Self {
        let size = 1 << lg.clamp(3, LARGEST);
        let fits = "a power of two, and at least 8";
        let table = match kind {
            Kind::Numbers => Table::Numbers(FrequentItemsSketch::new(size).expect(fits)),
            Kind::Booleans => Table::Booleans(FrequentItemsSketch::new(size).expect(fits)),
            Kind::Names => Table::Names(FrequentItemsSketch::new(size).expect(fits)),
        };
        Self { table }
    }

    /// Takes a number; one of another kind is not asked for.
    pub(super) fn push_number(&mut self, value: f64) {
        if let Table::Numbers(table) = &mut self.table {
            table.update((value + 0.0).to_bits());
        }
    }

    /// Takes a truth value that occurs `count` times.
    pub(super) fn push_boolean(&mut self, value: bool, count: u64) {
        if let Table::Booleans(table) = &mut self.table {
            table.update_with_count(u64::from(value), count);
        }
    }

    /// Takes a name that occurs `count` times.
    pub(super) fn push_name(&mut self, name: &str, count: u64) {
        if let Table::Names(table) = &mut self.table {
            table.update_with_count(bounded(name), count);
        }
    }

    /// The sketch of both parts together.
    ///
    /// # Errors
    /// The parts hold values of different kinds, or tables of different sizes.
    pub fn merge(&self, other: &Self) -> Result<Self, MergeError> {
        if self.lg() != other.lg() {
            return Err(MergeError::SettingsDiffer);
        }
        let table = match (&self.table, &other.table) {
            (Table::Numbers(a), Table::Numbers(b)) => Table::Numbers(merged(a, b)),
            (Table::Booleans(a), Table::Booleans(b)) => Table::Booleans(merged(a, b)),
            (Table::Names(a), Table::Names(b)) => Table::Names(merged(a, b)),
            _ => return Err(MergeError::KindsDiffer),
        };
        Ok(Self { table })
    }

    /// The values kept, ascending, each with a count that its true one does not fall below.
    pub fn counts(&self) -> Vec<(Category, u64)> {
        let mut counts = match &self.table {
            Table::Numbers(table) => rows(table, |&bits| Category::Number(f64::from_bits(bits))),
            Table::Booleans(table) => rows(table, |&value| Category::Boolean(value != 0)),
            Table::Names(table) => rows(table, |name| Category::Name(name.clone())),
        };
        counts.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        counts
    }

    /// By how much, at most, a true count exceeds the one kept, 0 for a value that is not. At 0 all counts are exact.
    pub fn error(&self) -> u64 {
        match &self.table {
            Table::Numbers(table) | Table::Booleans(table) => table.maximum_error(),
            Table::Names(table) => table.maximum_error(),
        }
    }

    /// How many values were taken.
    pub fn n(&self) -> u64 {
        match &self.table {
            Table::Numbers(table) | Table::Booleans(table) => table.total_weight(),
            Table::Names(table) => table.total_weight(),
        }
    }

    pub(super) const fn kind(&self) -> Kind {
        match &self.table {
            Table::Numbers(_) => Kind::Numbers,
            Table::Booleans(_) => Kind::Booleans,
            Table::Names(_) => Kind::Names,
        }
    }

    pub(super) fn lg(&self) -> u8 {
        match &self.table {
            Table::Numbers(table) | Table::Booleans(table) => table.lg_max_map_size(),
            Table::Names(table) => table.lg_max_map_size(),
        }
    }

    /// The stored form: Apache's.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match &self.table {
            Table::Numbers(table) | Table::Booleans(table) => table.serialize(),
            Table::Names(table) => table.serialize(),
        }
    }
}

fn merged<T: Eq + Hash + Clone>(a: &FrequentItemsSketch<T>, b: &FrequentItemsSketch<T>) -> FrequentItemsSketch<T> {
    let mut merged = a.clone();
    merged.merge(b);
    merged
}

fn rows<T: Eq + Hash + Clone>(
    table: &FrequentItemsSketch<T>,
    category: impl Fn(&T) -> Category,
) -> Vec<(Category, u64)> {
    // Every row's upper bound exceeds the error, so none is left out.
    let rows = table.frequent_items(ErrorType::NoFalseNegatives);
    rows.iter().map(|row| (category(row.item()), row.lower_bound())).collect()
}

/// The name itself, or what stands for it.
fn bounded(name: &str) -> String {
    if name.len() <= LONGEST_NAME {
        return name.to_owned();
    }
    let end = (0..=LONGEST_NAME - 65).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    format!("{}#{}", &name[..end], sha256_hex(name.as_bytes()))
}

impl From<Frequent> for Stored {
    fn from(frequent: Frequent) -> Self {
        Self { kind: frequent.kind(), table: hex::encode(&frequent.to_bytes()) }
    }
}

impl TryFrom<Stored> for Frequent {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        /// Where Apache's format says how large the table may become.
        const LG_BYTE: usize = 3;
        let bytes = hex::decode(&stored.table).ok_or("not hexadecimal digits")?;
        // Asked before anything is allocated.
        if bytes.get(LG_BYTE).is_none_or(|lg| *lg > LARGEST) {
            return Err(format!("a table of more than 2^{LARGEST} places, or none"));
        }
        let table = match stored.kind {
            Kind::Numbers => Table::Numbers(read(&bytes)?),
            Kind::Booleans => Table::Booleans(read(&bytes)?),
            Kind::Names => Table::Names(read(&bytes)?),
        };
        let frequent = Self { table };
        let kept: u64 = frequent.counts().iter().map(|(_, count)| count).sum();
        if frequent.error() > frequent.n() || (frequent.error() == 0 && kept != frequent.n()) {
            return Err("counts and error that do not fit the number of values".to_owned());
        }
        let is_sound = frequent.counts().iter().all(|(category, _)| match category {
            Category::Number(value) => value.is_finite(),
            Category::Boolean(_) => true,
            Category::Name(name) => name.len() <= LONGEST_NAME,
        });
        if is_sound { Ok(frequent) } else { Err("a value that no column holds".to_owned()) }
    }
}

fn read<T: FrequentItemValue + Clone>(bytes: &[u8]) -> Result<FrequentItemsSketch<T>, String> {
    let table = FrequentItemsSketch::<T>::deserialize(bytes).map_err(|problem| problem.to_string())?;
    // The sum of both is taken for every row.
    match table.maximum_error().checked_add(table.total_weight()) {
        Some(_) => Ok(table),
        None => Err("an error too large to add up".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;
    use std::collections::BTreeMap;

    /// Values of which the `i`-th is about `1 / i` as frequent as the first.
    fn skewed(n: usize, seed: u64) -> Vec<u64> {
        let mut rng = Rng::new(seed);
        (0..n).map(|_| libm::exp(rng.uniform() * 9.0) as u64).collect()
    }

    fn of(values: &[u64], lg: u8) -> Frequent {
        let mut frequent = Frequent::new(Kind::Names, lg);
        values.iter().for_each(|value| frequent.push_name(&format!("n{value}"), 1));
        frequent
    }

    fn true_counts(values: &[u64]) -> BTreeMap<Category, u64> {
        let mut counts = BTreeMap::new();
        values.iter().for_each(|value| *counts.entry(Category::Name(format!("n{value}"))).or_insert(0) += 1);
        counts
    }

    fn holds(frequent: &Frequent, values: &[u64]) {
        let kept: BTreeMap<Category, u64> = frequent.counts().into_iter().collect();
        for (category, count) in true_counts(values) {
            let low = kept.get(&category).copied().unwrap_or(0);
            assert!(low <= count && count <= low + frequent.error(), "{category}: {count} is not {low} and the error");
        }
        assert_eq!(frequent.n(), values.len() as u64);
    }

    #[test]
    fn every_true_count_lies_within_the_error_however_the_rows_are_cut() {
        let values = skewed(20_000, 5);
        let whole = of(&values, 8);
        holds(&whole, &values);
        // 256 places: 3.5/256 of the rows at most.
        assert!(whole.error() > 0 && whole.error() <= 20_000 * 7 / 512, "{}", whole.error());
        for parts in [2, 7, 64] {
            let chunks = values.chunks(20_000_usize.div_ceil(parts)).map(|chunk| of(chunk, 8));
            let merged = chunks.reduce(|a, b| a.merge(&b).unwrap()).unwrap();
            holds(&merged, &values);
            assert!(merged.error() <= 20_000 * 7 / 512, "{parts}: {}", merged.error());
        }
    }

    #[test]
    fn counts_are_exact_while_there_is_room() {
        let values = skewed(5_000, 6).into_iter().map(|value| value % 100).collect::<Vec<_>>();
        let frequent = of(&values, 8);
        assert_eq!(frequent.error(), 0);
        assert_eq!(frequent.counts(), true_counts(&values).into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn long_names_are_told_apart_and_take_bounded_room() {
        let mut frequent = Frequent::new(Kind::Names, 8);
        let long = "ö".repeat(10_000);
        frequent.push_name(&format!("{long}a"), 2);
        frequent.push_name(&format!("{long}b"), 1);
        let counts = frequent.counts();
        assert_eq!(counts.iter().map(|(_, count)| *count).sum::<u64>(), 3);
        assert_eq!(counts.len(), 2);
        assert!(counts.iter().all(|(name, _)| name.to_string().len() <= LONGEST_NAME));
    }

    #[test]
    fn the_stored_form_comes_back_and_a_broken_one_does_not() {
        let frequent = of(&skewed(20_000, 7), 8);
        let json = serde_json::to_string(&frequent).unwrap();
        let back: Frequent = serde_json::from_str(&json).unwrap();
        assert_eq!((back.counts(), back.error(), back.n()), (frequent.counts(), frequent.error(), frequent.n()));
        // An error larger than the number of values: bytes 24 to 31.
        let hex = String::from_utf8(json.into_bytes()).unwrap();
        let start = hex.find("\"table\":\"").unwrap() + 9;
        for (byte, digits) in [(24, "ffffffffffffffff"), (3, "1e")] {
            let mut broken = hex.clone();
            broken.replace_range(start + 2 * byte..start + 2 * byte + digits.len(), digits);
            assert!(serde_json::from_str::<Frequent>(&broken).is_err(), "{byte}");
        }
    }

    #[test]
    fn parts_of_different_kinds_or_sizes_do_not_merge() {
        let names = Frequent::new(Kind::Names, 8);
        assert_eq!(names.merge(&Frequent::new(Kind::Booleans, 8)).err(), Some(MergeError::KindsDiffer));
        assert_eq!(names.merge(&Frequent::new(Kind::Names, 9)).err(), Some(MergeError::SettingsDiffer));
    }
}
