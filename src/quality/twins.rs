//! Columns that say the same as another.

use super::column::{ALMOST_CONSTANT, share};
use super::keys::keys;
use crate::data::{Column, Values};
use crate::random::split_mix;

/// From this share of equal rows on two columns are almost duplicates (Evidently's threshold).
pub const ALMOST_DUPLICATE: f64 = ALMOST_CONSTANT;

/// Two columns that hold the same values, or nearly.
#[derive(Debug, Clone, PartialEq)]
pub struct Twins<'a> {
    /// The name of the one further left.
    pub first: &'a str,
    /// The other's.
    pub second: &'a str,
    /// Every row holds the same in both, or nothing in both.
    pub is_duplicate: bool,
    /// The share of all rows in which both hold the same value; a missing value equals nothing here.
    pub share_equal: f64,
}

impl Twins<'_> {
    /// Whether the share of equal rows reaches [`ALMOST_DUPLICATE`].
    pub fn is_almost_duplicate(&self) -> bool {
        self.share_equal >= ALMOST_DUPLICATE
    }
}

/// Every pair of columns that are duplicates or almost duplicates, in the order of the columns.
///
/// Inputs: columns of equal length. Whole numbers, fractions, truth values and strings never equal each other, though
/// they may look alike. Two columns differ as soon as too many rows do, so that most pairs are told apart by their
/// first rows. The numbers of pairs agree with Evidently 0.7.23 (`DuplicatedColumnsCount`, in which two missing values
/// are equal, and `AlmostDuplicatedColumnsCount`, in which they are not).
///
/// ```
/// use tidemark::data::csv;
/// let data = csv::read(b"a,b,c\n1,1,1\n2,2,9\n").unwrap();
/// let columns: Vec<_> = data.columns().iter().collect();
/// let found = tidemark::quality::twins(&columns);
/// assert_eq!(found.len(), 1);
/// assert_eq!((found[0].first, found[0].second), ("a", "b"));
/// ```
pub fn twins<'a>(columns: &[&'a Column]) -> Vec<Twins<'a>> {
    let read: Vec<Read> = crate::parallel::map(columns, |column| Read::of(column));
    let places: Vec<usize> = (0..columns.len()).collect();
    let of_first = crate::parallel::map(&places, |&first| {
        let pair = |second: usize| {
            let (is_duplicate, share_equal) = compare(&read[first], &read[second])?;
            let (first, second) = (columns[first].name.as_str(), columns[second].name.as_str());
            Some(Twins { first, second, is_duplicate, share_equal })
        };
        (first + 1..columns.len()).filter_map(pair).collect::<Vec<_>>()
    });
    of_first.into_iter().flatten().collect()
}

/// What two columns are held against each other by.
struct Read {
    kind: Kind,
    /// A key per row; equal keys of columns of one kind are equal values.
    keys: Vec<u64>,
    missing: u64,
    is_missing: fn(u64) -> bool,
    hash: u64,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Kind {
    Whole,
    Fractions,
    Booleans,
    Strings,
}

impl Read {
    fn of(column: &Column) -> Self {
        let (kind, is_missing): (Kind, fn(u64) -> bool) = match &column.values {
            Values::Numbers(numbers) if numbers.is_integer() => (Kind::Whole, |_| false),
            Values::Numbers(_) => (Kind::Fractions, |key| f64::from_bits(key).is_nan()),
            Values::Booleans(_) => (Kind::Booleans, |_| false),
            Values::Strings(_) => (Kind::Strings, |key| key == 0),
        };
        let keys = match &column.values {
            // Codes mean something within their column only.
            Values::Strings(strings) => strings.iter().map(|text| text.map_or(0, string_key)).collect(),
            _ => keys(column),
        };
        let missing = keys.iter().filter(|key| is_missing(**key)).count() as u64;
        let hash = keys.iter().fold(0, |hash, key| {
            let mut counter = hash ^ key;
            split_mix(&mut counter)
        });
        Self { kind, keys, missing, is_missing, hash }
    }
}

/// 64 bits of a string. No string has the key 0, which stands for a missing one. Two different strings share a key once in
/// 2^64 pairs, and a pair of columns is judged by many rows.
fn string_key(text: &str) -> u64 {
    let mut hash = text.len() as u64;
    for part in text.as_bytes().chunks(8) {
        let mut word = [0; 8];
        word[..part.len()].copy_from_slice(part);
        let mut counter = hash ^ u64::from_le_bytes(word);
        hash = split_mix(&mut counter);
    }
    hash.max(1)
}

/// Whether two columns are duplicates, and the share of rows in which they are equal; `None` if they are neither
/// duplicates nor almost.
fn compare(a: &Read, b: &Read) -> Option<(bool, f64)> {
    if a.kind != b.kind {
        return None;
    }
    let rows = a.keys.len() as u64;
    if a.hash == b.hash && a.keys == b.keys {
        return Some((true, share(rows - a.missing, rows)));
    }
    // One more row that differs, and the share cannot be reached.
    let allowed = (rows as f64 * (1.0 - ALMOST_DUPLICATE)) as u64 + 1;
    let mut unequal = 0;
    for (x, y) in a.keys.iter().zip(&b.keys) {
        unequal += u64::from(x != y || (a.is_missing)(*x));
        if unequal > allowed {
            return None;
        }
    }
    let share_equal = share(rows - unequal, rows);
    (share_equal >= ALMOST_DUPLICATE).then_some((false, share_equal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(columns: &[Column]) -> Vec<(String, bool, f64)> {
        let columns: Vec<&Column> = columns.iter().collect();
        twins(&columns).iter().map(|t| (format!("{}{}", t.first, t.second), t.is_duplicate, t.share_equal)).collect()
    }

    #[test]
    fn a_missing_value_is_equal_in_duplicates_only() {
        let gap = |name: &str| Column::fractions(name, vec![1.0, f64::NAN]);
        assert_eq!(found(&[gap("a"), gap("b")]), [("ab".to_owned(), true, 0.5)]);
        let names = |name: &str| Column::strings(name, [Some("x"), None]);
        assert_eq!(found(&[names("a"), names("b")]), [("ab".to_owned(), true, 0.5)]);
    }

    #[test]
    fn almost_begins_at_95_per_cent() {
        let base: Vec<f64> = (0..100).map(|i| f64::from(i) + 0.5).collect();
        let with_changes = |n: usize| {
            let mut values = base.clone();
            values[..n].fill(-1.0);
            Column::fractions("b", values)
        };
        assert_eq!(found(&[Column::fractions("a", base.clone()), with_changes(5)]), [("ab".to_owned(), false, 0.95)]);
        assert!(found(&[Column::fractions("a", base.clone()), with_changes(6)]).is_empty());
    }

    #[test]
    fn strings_are_compared_by_what_they_say() {
        let a = Column::strings("a", [Some("x"), Some("y"), Some("x")]);
        let b = Column::strings("b", [Some("y"), Some("x"), Some("y")]);
        assert!(found(&[a.clone(), b]).is_empty(), "the same codes, other strings");
        let c = Column::strings("c", [Some("x"), Some("y"), Some("x")]);
        assert_eq!(found(&[a, c]), [("ac".to_owned(), true, 1.0)]);
    }

    #[test]
    fn kinds_are_kept_apart() {
        let whole = Column::numbers("a", vec![1.0, 2.0]);
        let fractions = Column::fractions("b", vec![1.0, 2.0]);
        assert!(found(&[whole, fractions]).is_empty());
    }
}
