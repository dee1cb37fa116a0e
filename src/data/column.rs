//! One column of values, as they were read: numbers, truth values or strings, each of which may be missing.

mod strings;

use foldhash::fast::RandomState;
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// A named column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The name in the header.
    pub name: String,
    /// The values, one per row.
    pub values: Values,
}

/// The values of a column, by what could be read from the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Every value present is a number.
    Numbers(Numbers),
    /// Every value is `true` or `false`, and none is missing.
    Booleans(Vec<bool>),
    /// Anything else.
    Strings(Strings),
}

/// Numbers; a missing one is NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    values: Vec<f64>,
    is_integer: bool,
}

impl Numbers {
    /// Takes the values as they are. `is_integer` says that all of them were written as whole numbers and none is
    /// missing (pandas' `int64`), which decides between numerical and categorical.
    pub fn new(values: Vec<f64>, is_integer: bool) -> Self {
        let is_integer = is_integer && values.iter().all(|value| value.is_finite());
        Self { values, is_integer }
    }

    /// The values, in row order; NaN is a missing one.
    pub fn as_slice(&self) -> &[f64] {
        &self.values
    }

    /// The values, in row order; NaN is a missing one.
    pub fn into_vec(self) -> Vec<f64> {
        self.values
    }

    /// Whether all values were written as whole numbers and none is missing.
    pub const fn is_integer(&self) -> bool {
        self.is_integer
    }

    /// Whether more than `limit` distinct finite values occur; looks no further than needed.
    pub fn has_more_distinct_than(&self, limit: usize) -> bool {
        let mut seen = BTreeSet::new();
        for value in self.values.iter().filter(|value| value.is_finite()) {
            // Adding zero makes -0 and 0 one value.
            seen.insert((value + 0.0).to_bits());
            if seen.len() > limit {
                return true;
            }
        }
        false
    }
}

/// Strings, each distinct one kept once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Strings {
    codes: Vec<u32>,
    dictionary: Vec<String>,
}

/// The code of a missing string.
const MISSING: u32 = u32::MAX;

impl Strings {
    /// Collects strings in row order; `None` is a missing one.
    pub fn from_options<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut builder = StringsBuilder::default();
        for value in values {
            builder.push(value);
        }
        builder.finish()
    }

    /// The strings in row order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        self.codes.iter().map(|&code| self.dictionary.get(code as usize).map(String::as_str))
    }

    /// What `read` makes of each string, in row order; `None` for a missing one. It is asked once about each distinct
    /// string, and not before its first row comes up.
    pub fn map_distinct<T: Copy>(&self, mut read: impl FnMut(&str) -> T) -> impl Iterator<Item = Option<T>> {
        let mut known: Vec<Option<T>> = vec![None; self.dictionary.len()];
        self.codes.iter().map(move |&code| {
            let string = self.dictionary.get(code as usize)?;
            Some(*known[code as usize].get_or_insert_with(|| read(string)))
        })
    }

    /// In row order, a number per string: equal numbers are equal strings within this column.
    pub(crate) fn codes(&self) -> impl Iterator<Item = Option<u32>> {
        self.codes.iter().map(|&code| (code != MISSING).then_some(code))
    }

    /// The string in this row, unless it is missing.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        self.dictionary.get(self.codes[row] as usize).map(String::as_str)
    }

    /// Whether the string in this row is missing.
    pub(crate) fn is_missing(&self, row: usize) -> bool {
        self.codes[row] == MISSING
    }

    /// Rows, missing ones included.
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Strings that are not missing.
    pub fn n_present(&self) -> usize {
        self.codes.iter().filter(|&&code| code != MISSING).count()
    }

    /// Distinct strings among those present.
    pub fn n_distinct(&self) -> usize {
        self.count_by_code().iter().filter(|count| **count > 0).count()
    }

    fn count_by_code(&self) -> Vec<u64> {
        let mut by_code = vec![0_u64; self.dictionary.len()];
        for &code in &self.codes {
            if code != MISSING {
                by_code[code as usize] += 1;
            }
        }
        by_code
    }

    /// How often each string occurs, in byte order of the strings.
    pub fn counts(&self) -> Vec<(&str, u64)> {
        // A slice of rows keeps the whole dictionary, so a string may occur no more.
        let present = self.dictionary.iter().zip(self.count_by_code()).filter(|(_, count)| *count > 0);
        let mut counts: Vec<(&str, u64)> = present.map(|(string, count)| (string.as_str(), count)).collect();
        strings::sort(&mut counts);
        counts
    }

    fn slice(&self, rows: std::ops::Range<usize>) -> Self {
        Self { codes: self.codes[rows].to_vec(), dictionary: self.dictionary.clone() }
    }
}

/// Collects [`Strings`] one by one. Each distinct string is kept once: it is looked for by its hash alone.
#[derive(Debug, Default)]
pub struct StringsBuilder {
    strings: Strings,
    state: RandomState,
    /// The code of the first string with a hash.
    code_of: HashMap<u64, u32, BuildHasherDefault<Hashed>>,
    /// Those of strings that have another's hash.
    further: HashMap<String, u32, RandomState>,
}

/// What is a hash needs none.
#[derive(Debug, Default, Clone, Copy)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl StringsBuilder {
    /// Appends a string, or a missing one.
    pub fn push(&mut self, value: Option<&str>) {
        let code = value.map_or(MISSING, |value| self.code(self.state.hash_one(value), value, str::to_owned));
        self.strings.codes.push(code);
    }

    /// Appends rows by where their string stands in a list; `None` is a missing one. The list may hold missing ones, and one string several
    /// times.
    ///
    /// # Panics
    /// When a row's string stands behind the list's end.
    pub fn push_listed(&mut self, list: &[Option<&str>], rows: impl Iterator<Item = Option<usize>>) {
        // What no row has is not to stand in the column's own list.
        let mut codes = vec![None; list.len()];
        for place in rows {
            let code = match place.and_then(|place| Some((place, list[place]?))) {
                None => MISSING,
                Some((place, string)) => match codes[place] {
                    Some(code) => code,
                    None => *codes[place].insert(self.code(self.state.hash_one(string), string, str::to_owned)),
                },
            };
            self.strings.codes.push(code);
        }
    }

    /// The code of a string, which is taken up if it is new.
    fn code<T: AsRef<str>>(&mut self, hash: u64, string: T, own: impl FnOnce(T) -> String) -> u32 {
        let dictionary = &mut self.strings.dictionary;
        let next = u32::try_from(dictionary.len()).expect("fewer than 2^32 distinct strings");
        let code = *self.code_of.entry(hash).or_insert(next);
        if code != next {
            if dictionary[code as usize] == string.as_ref() {
                return code;
            }
            if let Some(&code) = self.further.get(string.as_ref()) {
                return code;
            }
            self.further.insert(string.as_ref().to_owned(), next);
        }
        dictionary.push(own(string));
        next
    }

    /// Forgets all rows but the first `rows`.
    pub fn truncate(&mut self, rows: usize) {
        self.strings.codes.truncate(rows);
    }

    /// Appends the rows below.
    pub fn append(&mut self, below: Self) {
        let codes = below.strings.dictionary.into_iter();
        let codes: Vec<u32> = codes.map(|string| self.code(self.state.hash_one(&*string), string, |own| own)).collect();
        let code = |code: u32| codes.get(code as usize).copied().unwrap_or(MISSING);
        self.strings.codes.extend(below.strings.codes.into_iter().map(code));
    }

    /// The collected strings.
    pub fn finish(self) -> Strings {
        self.strings
    }
}

/// A category, ordered as a person would order it: numbers by size, then truth values, then strings by bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Category {
    /// A number that stands for a kind.
    Number(f64),
    /// A truth value.
    Boolean(bool),
    /// A name.
    Name(String),
}

impl Eq for Category {}

impl PartialOrd for Category {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Category {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Name(a), Self::Name(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl Category {
    const fn rank(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::Boolean(_) => 1,
            Self::Name(_) => 2,
        }
    }
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(value) => write!(f, "{value}"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl Column {
    /// A column of numbers; NaN is a missing one. Whole numbers are found by looking.
    pub fn numbers(name: impl Into<String>, values: Vec<f64>) -> Self {
        let is_integer = values.iter().all(|value| value.is_finite() && value.fract() == 0.0);
        Self { name: name.into(), values: Values::Numbers(Numbers::new(values, is_integer)) }
    }

    /// A column of numbers that count as fractions even if all happen to be whole; NaN is a missing one.
    pub fn fractions(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self { name: name.into(), values: Values::Numbers(Numbers::new(values, false)) }
    }

    /// A column of strings; `None` is a missing one.
    pub fn strings<'a>(name: impl Into<String>, values: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        Self { name: name.into(), values: Values::Strings(Strings::from_options(values)) }
    }

    /// Rows, missing ones included.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(numbers) => numbers.values.len(),
            Values::Booleans(values) => values.len(),
            Values::Strings(strings) => strings.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of some rows. Whole numbers stay whole numbers: the kind was decided by the whole column.
    ///
    /// # Panics
    /// When `rows` reaches past the end.
    pub fn slice(&self, rows: std::ops::Range<usize>) -> Self {
        let values = match &self.values {
            Values::Numbers(numbers) => {
                Values::Numbers(Numbers { values: numbers.values[rows].to_vec(), is_integer: numbers.is_integer })
            }
            Values::Booleans(values) => Values::Booleans(values[rows].to_vec()),
            Values::Strings(strings) => Values::Strings(strings.slice(rows)),
        };
        Self { name: self.name.clone(), values }
    }

    /// Every row's value as a category; `None` where it is missing.
    pub fn categories(&self) -> Vec<Option<Category>> {
        match &self.values {
            Values::Numbers(numbers) => {
                let category = |value: &f64| (!value.is_nan()).then(|| Category::Number(value + 0.0));
                numbers.values.iter().map(category).collect()
            }
            Values::Booleans(values) => values.iter().map(|value| Some(Category::Boolean(*value))).collect(),
            Values::Strings(strings) => {
                strings.iter().map(|name| name.map(|name| Category::Name(name.to_owned()))).collect()
            }
        }
    }

    /// Every row's value as it is written; `None` where it is missing.
    pub fn texts(&self) -> Vec<Option<String>> {
        match &self.values {
            Values::Numbers(numbers) => {
                numbers.values.iter().map(|value| (!value.is_nan()).then(|| value.to_string())).collect()
            }
            Values::Booleans(values) => values.iter().map(|value| Some(value.to_string())).collect(),
            Values::Strings(strings) => strings.iter().map(|text| text.map(str::to_owned)).collect(),
        }
    }

    /// A copy of these rows, in this order.
    ///
    /// # Panics
    /// When a row is past the end.
    pub fn pick(&self, rows: &[usize]) -> Self {
        let values = match &self.values {
            Values::Numbers(numbers) => {
                let picked = rows.iter().map(|&row| numbers.values[row]).collect();
                Values::Numbers(Numbers::new(picked, numbers.is_integer))
            }
            Values::Booleans(values) => Values::Booleans(rows.iter().map(|&row| values[row]).collect()),
            Values::Strings(strings) => {
                Values::Strings(Strings::from_options(rows.iter().map(|&row| strings.get(row))))
            }
        };
        Self { name: self.name.clone(), values }
    }

    /// A copy of the rows that are to be kept.
    ///
    /// # Panics
    /// When `keep` has another length than the column.
    pub fn keep(&self, keep: &[bool]) -> Self {
        fn kept<T: Copy>(values: &[T], keep: &[bool]) -> Vec<T> {
            assert_eq!(values.len(), keep.len(), "a word for every row");
            values.iter().zip(keep).filter(|(_, keep)| **keep).map(|(value, _)| *value).collect()
        }
        let values = match &self.values {
            Values::Numbers(numbers) => {
                Values::Numbers(Numbers { values: kept(&numbers.values, keep), is_integer: numbers.is_integer })
            }
            Values::Booleans(values) => Values::Booleans(kept(values, keep)),
            Values::Strings(strings) => {
                let (codes, dictionary) = (kept(&strings.codes, keep), strings.dictionary.clone());
                Values::Strings(Strings { codes, dictionary })
            }
        };
        Self { name: self.name.clone(), values }
    }

    /// Of each row whether its value is one of these, as a CSV would have it: `1`, `0.5`, `true`, `DE`.
    pub fn is_any_of(&self, values: &[String]) -> Vec<bool> {
        match &self.values {
            Values::Numbers(numbers) => {
                let wanted: Vec<f64> = values.iter().filter_map(|value| value.parse().ok()).collect();
                numbers.as_slice().iter().map(|value| wanted.contains(value)).collect()
            }
            Values::Booleans(booleans) => {
                let is_wanted = |value: bool| values.iter().any(|text| text.parse() == Ok(value));
                booleans.iter().map(|value| is_wanted(*value)).collect()
            }
            Values::Strings(strings) => strings
                .map_distinct(|text| values.iter().any(|value| value == text))
                .map(|is| is == Some(true))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_one_hash_stay_apart() {
        let mut builder = StringsBuilder::default();
        let mut code = |string: &str| builder.code(7, string, str::to_owned);
        assert_eq!(["a", "b", "a", "c", "b", "c", "a"].map(&mut code), [0, 1, 0, 2, 1, 2, 0]);
        assert_eq!(builder.strings.dictionary, ["a", "b", "c"]);
    }

    #[test]
    fn listed_rows_are_those_that_were_pushed_one_by_one() {
        let (mut listed, mut pushed) = (StringsBuilder::default(), StringsBuilder::default());
        let list = [Some("b"), None, Some("never"), Some("a"), Some("b")];
        for rows in [[Some(3), None, Some(0)], [Some(4), Some(1), Some(3)]] {
            listed.push_listed(&list, rows.into_iter());
            rows.iter().for_each(|row| pushed.push(row.and_then(|place| list[place])));
        }
        assert_eq!(listed.finish(), pushed.finish());
    }

    #[test]
    fn rows_below_are_those_that_were_pushed_one_by_one() {
        let rows = [Some("a"), None, Some("b"), Some("a"), Some("c"), Some("b"), None, Some("d")];
        for cut in 0..=rows.len() {
            let part = |rows: &[Option<&str>]| {
                let mut builder = StringsBuilder::default();
                rows.iter().for_each(|row| builder.push(*row));
                builder
            };
            let mut whole = part(&rows[..cut]);
            whole.append(part(&rows[cut..]));
            assert_eq!(whole.finish(), Strings::from_options(rows), "{cut}");
        }
    }
}
