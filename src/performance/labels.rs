//! Labels that come later than the rows they belong to, in another table.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

use crate::data::{Column, Dataset, Values};

/// What became of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Joined {
    /// Rows whose label was found.
    pub n_labelled: u64,
    /// Labels of rows that are not there.
    pub n_unknown: u64,
    /// Labels that came again: the last one counts.
    pub n_corrected: u64,
}

/// Why labels could not be joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinError {
    /// A table has no such column.
    NoColumn {
        /// Its name.
        name: String,
        /// In the table of labels, rather than in the rows.
        is_labels: bool,
    },
    /// Two rows have the same id.
    Repeated {
        /// The id.
        id: String,
        /// The later row, from 0.
        row: usize,
    },
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColumn { name, is_labels: true } => write!(f, "the labels have no column {name:?}"),
            Self::NoColumn { name, is_labels: false } => write!(f, "the rows have no column {name:?}"),
            Self::Repeated { id, row } => write!(f, "row {} has the id {id:?} of an earlier one", row + 1),
        }
    }
}

impl std::error::Error for JoinError {}

/// Puts labels beside the rows of the same id, in any order; rows whose label is not there keep what the target column held before, if it
/// was there at all.
///
/// ```
/// use tidemark::data::csv;
/// use tidemark::performance::labels::join;
/// let rows = csv::read(b"id,score\na,0.1\nb,0.9\nc,0.4\n").unwrap();
/// let labels = csv::read(b"id,y\nc,1\na,1\na,0\nz,1\n").unwrap();
/// let (rows, joined) = join(rows, "id", &labels, "y").unwrap();
/// assert_eq!((joined.n_labelled, joined.n_unknown, joined.n_corrected), (2, 1, 1));
/// assert_eq!(rows.column("y").unwrap().len(), 3);
/// ```
///
/// # Errors
/// A column is not there, or two rows have the same id.
pub fn join(rows: Dataset, id: &str, labels: &Dataset, target: &str) -> Result<(Dataset, Joined), JoinError> {
    let no_column = |name: &str, is_labels| JoinError::NoColumn { name: name.to_owned(), is_labels };
    let ids = rows.column(id).ok_or_else(|| no_column(id, false))?.texts();
    let label_ids = labels.column(id).ok_or_else(|| no_column(id, true))?.texts();
    let found = labels.column(target).ok_or_else(|| no_column(target, true))?;
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (row, name) in ids.iter().enumerate() {
        if let Some(name) = name
            && places.insert(name, row).is_some()
        {
            return Err(JoinError::Repeated { id: name.clone(), row });
        }
    }
    let mut joined = Joined::default();
    let mut from = vec![None; ids.len()];
    for (label, name) in label_ids.iter().enumerate() {
        let Some(place) = name.as_deref().and_then(|name| places.get(name)) else {
            joined.n_unknown += 1;
            continue;
        };
        joined.n_corrected += u64::from(from[*place].replace(label).is_some());
    }
    joined.n_labelled = from.iter().flatten().count() as u64;
    let before = rows.column(target);
    let column = match (&found.values, before.map(|column| &column.values)) {
        (Values::Numbers(numbers), None | Some(Values::Numbers(_))) => {
            let before = match before.map(|column| &column.values) {
                Some(Values::Numbers(numbers)) => Some(numbers.as_slice()),
                _ => None,
            };
            let value = |(row, label): (usize, &Option<usize>)| match label {
                Some(label) => numbers.as_slice()[*label],
                None => before.map_or(f64::NAN, |before| before[row]),
            };
            Column::numbers(target, from.iter().enumerate().map(value).collect())
        }
        _ => {
            let (labels, before) = (found.texts(), before.map(Column::texts));
            let value = |(row, label): (usize, &Option<usize>)| match label {
                Some(label) => labels[*label].as_deref(),
                None => before.as_ref().and_then(|before| before[row].as_deref()),
            };
            Column::strings(target, from.iter().enumerate().map(value).collect::<Vec<_>>())
        }
    };
    let mut columns: Vec<Column> = rows.columns().iter().filter(|column| column.name != target).cloned().collect();
    columns.push(column);
    Ok((Dataset::new(columns).expect("each name stands once and each column has a value per row"), joined))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv;

    #[test]
    fn labels_of_both_kinds_find_their_rows_and_others_stay() {
        let rows = csv::read(b"id,y,s\n1,0,0.5\n2,,0.6\n3,,0.7\n").unwrap();
        let labels = csv::read(b"id,y\n3,1\n").unwrap();
        let (found, joined) = join(rows, "id", &labels, "y").unwrap();
        let Values::Numbers(numbers) = &found.column("y").unwrap().values else { panic!("numbers") };
        assert_eq!((numbers.as_slice()[0], numbers.as_slice()[2], joined.n_labelled), (0.0, 1.0, 1));
        assert!(numbers.as_slice()[1].is_nan());
        let rows = csv::read(b"id,s\na,0.5\nb,0.6\n").unwrap();
        let labels = csv::read(b"id,y\nb,good\nb,bad\n").unwrap();
        let (found, joined) = join(rows, "id", &labels, "y").unwrap();
        assert_eq!(found.column("y").unwrap().texts(), [None, Some("bad".to_owned())]);
        assert_eq!(joined.n_corrected, 1);
    }

    #[test]
    fn what_cannot_be_joined_is_named() {
        let rows = csv::read(b"id,s\na,0.5\na,0.6\n").unwrap();
        let labels = csv::read(b"id,y\na,1\n").unwrap();
        let error = |id: &str, target: &str| join(rows.clone(), id, &labels, target).unwrap_err().to_string();
        assert_eq!(error("id", "y"), "row 2 has the id \"a\" of an earlier one");
        assert_eq!(error("key", "y"), "the rows have no column \"key\"");
        assert_eq!(error("s", "y"), "the labels have no column \"s\"");
        assert_eq!(error("id", "z"), "the labels have no column \"z\"");
    }
}
