//! Rows that hold nothing, and rows that occur more than once.

use super::keys::keys;
use crate::data::{Column, Values};
use crate::random::split_mix;

/// Rows without a value in any of the columns; none, if there is no column.
///
/// Columns are looked at one by one, and only while a row is left: data without gaps cost one look.
pub fn empty_rows(columns: &[&Column]) -> u64 {
    let mut rows = EmptyRows::default();
    columns.iter().for_each(|column| rows.look(column));
    rows.count()
}

fn is_missing(column: &Column, row: usize) -> bool {
    match &column.values {
        Values::Numbers(numbers) => numbers.as_slice()[row].is_nan(),
        Values::Booleans(_) => false,
        Values::Strings(strings) => strings.is_missing(row),
    }
}

/// [`empty_rows`] of columns that come one by one, in any order, and need not stay.
#[derive(Debug, Default)]
pub(crate) struct EmptyRows {
    /// A bit for each row, 1 while no column had a value there; `None` before the first column, nothing once no such row is left.
    empty: Option<Vec<u64>>,
}

impl EmptyRows {
    /// Takes a column into account.
    pub fn look(&mut self, column: &Column) {
        if self.empty.as_ref().is_some_and(Vec::is_empty) {
            return;
        }
        let word = |start: usize| {
            let rows = start..column.len().min(start + 64);
            rows.fold(0, |word, row| word | u64::from(is_missing(column, row)) << (row - start))
        };
        let missing = (0..column.len()).step_by(64).map(word);
        let empty: Vec<u64> = match &self.empty {
            None => missing.collect(),
            Some(empty) => empty.iter().zip(missing).map(|(empty, missing)| empty & missing).collect(),
        };
        self.empty = Some(if empty.iter().all(|word| *word == 0) { Vec::new() } else { empty });
    }

    /// Rows without a value in any of the columns.
    pub fn count(&self) -> u64 {
        self.empty.iter().flatten().map(|word| u64::from(word.count_ones())).sum()
    }
}

/// Rows that repeat an earlier row: rows less distinct rows.
///
/// Inputs: columns of equal length. Two rows are equal if every cell is: the same value, or both missing. A 64-bit hash per
/// row finds the candidates, and their cells decide: the count is exact, and the same on every machine. Agrees with
/// Evidently 0.7.23 (`DuplicatedRowCount`), which is `pandas.DataFrame.duplicated().sum()`.
///
/// ```
/// use tidemark::data::csv;
/// let data = csv::read(b"a,b\n1,x\n1,y\n1,x\n,\n,\n").unwrap();
/// let columns: Vec<_> = data.columns().iter().collect();
/// assert_eq!(tidemark::quality::duplicate_rows(&columns), 2);
/// ```
pub fn duplicate_rows(columns: &[&Column]) -> u64 {
    let n_rows = columns.first().map_or(0, |column| column.len());
    let keys: Vec<Vec<u64>> = crate::parallel::map(columns, |column| keys(column));
    let mut hashed: Vec<(u64, usize)> = (0..n_rows).map(|row| (hash(&keys, row), row)).collect();
    hashed.sort_unstable();
    hashed.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1).map(|run| repeated(&keys, run)).sum()
}

fn hash(keys: &[Vec<u64>], row: usize) -> u64 {
    keys.iter().fold(0, |hash, column| {
        let mut counter = hash ^ column[row];
        split_mix(&mut counter)
    })
}

/// Rows with one hash less the distinct ones among them.
fn repeated(keys: &[Vec<u64>], run: &[(u64, usize)]) -> u64 {
    let mut distinct: Vec<usize> = Vec::new();
    for &(_, row) in run {
        let is_known = |known: &usize| keys.iter().all(|column| column[*known] == column[row]);
        if !distinct.iter().any(is_known) {
            distinct.push(row);
        }
    }
    (run.len() - distinct.len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv;

    fn count(text: &str) -> (u64, u64) {
        let data = csv::read(text.as_bytes()).unwrap();
        let columns: Vec<&Column> = data.columns().iter().collect();
        (empty_rows(&columns), duplicate_rows(&columns))
    }

    #[test]
    fn rows_are_equal_when_every_cell_is() {
        assert_eq!(count("a,b\n1,x\n2,x\n1,y\n"), (0, 0));
        assert_eq!(count("a,b\n1,x\n1,x\n1,x\n"), (0, 2));
        assert_eq!(count("a,b\n0.0,x\n-0.0,x\n"), (0, 1));
        assert_eq!(count("a,b\n1,2\n2,1\n"), (0, 0), "the order of the cells counts");
    }

    #[test]
    fn missing_cells_are_equal_to_each_other() {
        assert_eq!(count("a,b\n,x\n,x\n,\n,\nNA,\n"), (3, 3));
        assert_eq!(count("a,b\n"), (0, 0));
    }

    #[test]
    fn rows_of_one_hash_are_told_apart_by_their_cells() {
        let keys = vec![vec![1, 2, 1, 2, 3]];
        let run: Vec<(u64, usize)> = (0..5).map(|row| (7, row)).collect();
        assert_eq!(repeated(&keys, &run), 2);
    }
}
