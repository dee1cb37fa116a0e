//! A table's profile as bytes: to be kept beside the data that it was taken from, or sent from one node to another.

use sha2::{Digest, Sha256};
use std::fmt;

use super::{ColumnSide, TableProfile};
use crate::schema::{ColumnRole, ColumnSpec};

mod bits;
mod column;
mod reader;
mod values;
mod writer;

use reader::Reader;
use writer::Writer;

/// What the bytes begin with.
const MAGIC: [u8; 4] = *b"TMKP";
/// The only version so far.
const VERSION: u8 = 1;
/// Bytes of the SHA-256 at the end.
const CHECKSUM: usize = 32;
/// More rows than these are no count that a reader of JSON keeps.
const MOST_ROWS: u64 = 1 << 53;

/// Why bytes are not the profile of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredError {
    /// They do not begin as a profile does.
    NoProfile,
    /// They were written by another version of the format.
    Version {
        /// Which one.
        found: u8,
    },
    /// Some bytes are missing, or were changed on the way.
    Damaged,
    /// They hold more values than were asked for.
    TooLarge {
        /// How many were asked for.
        most_values: u64,
    },
    /// They are whole, and hold something that no profile does.
    Invalid {
        /// What.
        problem: &'static str,
    },
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoProfile => write!(f, "not the profile of a table"),
            Self::Version { found } => write!(f, "a profile of format {found}, where {VERSION} was expected"),
            Self::Damaged => write!(f, "the profile is damaged: its checksum does not fit"),
            Self::TooLarge { most_values } => write!(f, "the profile holds more than {most_values} values"),
            Self::Invalid { problem } => write!(f, "no profile holds this: {problem}"),
        }
    }
}

impl std::error::Error for StoredError {}

/// What went wrong while reading: `problem` is said where nothing else is.
const fn invalid(problem: &'static str) -> StoredError {
    StoredError::Invalid { problem }
}

impl TableProfile {
    /// The profile as bytes; the same profile gives the same bytes on every machine.
    ///
    /// ```text
    /// "TMKP" | version | rows | empty rows | columns of the schema, as JSON | every column | SHA-256 of all before
    /// ```
    /// Counts take seven bits to a byte. Numbers and moments are written ascending, as differences of whole numbers that have the
    /// same order, shifted by the zeros at their end that all have in common, equal ones as a count; names without what
    /// they have in common with the name before. The rows from which the dependence of neighbours is taken are places
    /// among the distinct values, of as many bits as it takes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::default();
        to.bytes(&MAGIC);
        to.byte(VERSION);
        to.count(self.rows);
        to.optional(self.empty_rows, Writer::count);
        let specs: Vec<&ColumnSpec> = self.specs().collect();
        to.text(serde_json::to_string(&specs).expect("specs are names and enums").as_bytes());
        for (_, column) in &self.columns {
            to.optional(column.as_ref(), column::write);
        }
        let checksum = Sha256::digest(&to.written);
        to.bytes(&checksum);
        to.written
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. Equal values take no bytes, so that a few bytes can stand for any
    /// number of them: `most_values` are unpacked at most, in all columns together, 8 bytes each. A table of `r` rows and `c` columns
    /// has no more than `2 r c`.
    ///
    /// ```
    /// use tidemark::data::csv;
    /// use tidemark::profile::{StoredError, TableProfile};
    /// use tidemark::schema::{Schema, SchemaOverrides};
    ///
    /// let data = csv::read(b"x,city\n1.5,Oslo\n2.5,Rome\n").unwrap();
    /// let schema = Schema::infer(&data, &SchemaOverrides::default()).unwrap();
    /// let mut bytes = TableProfile::of(&data, &schema).to_bytes();
    /// assert_eq!(TableProfile::from_bytes(&bytes, 1000).unwrap().rows(), 2);
    /// bytes[10] ^= 1;
    /// assert_eq!(TableProfile::from_bytes(&bytes, 1000).unwrap_err(), StoredError::Damaged);
    /// ```
    ///
    /// # Errors
    /// They are no such bytes, or hold more values. Whatever the bytes, the answer is a sound profile or an error.
    pub fn from_bytes(bytes: &[u8], most_values: u64) -> Result<Self, StoredError> {
        let body = bytes.strip_prefix(&MAGIC).ok_or(StoredError::NoProfile)?;
        let (&version, body) = body.split_first().ok_or(StoredError::NoProfile)?;
        if version != VERSION {
            return Err(StoredError::Version { found: version });
        }
        let (_, checksum) = bytes.split_at(bytes.len().saturating_sub(CHECKSUM));
        let body = body.len().checked_sub(CHECKSUM).map(|end| &body[..end]).ok_or(StoredError::Damaged)?;
        if Sha256::digest(&bytes[..bytes.len() - CHECKSUM])[..] != *checksum {
            return Err(StoredError::Damaged);
        }
        read(&mut Reader::new(body, most_values))
    }
}

fn read(from: &mut Reader<'_>) -> Result<TableProfile, StoredError> {
    let rows = from.count_up_to(MOST_ROWS, "more rows than can be counted")?;
    let empty_rows = from.optional(|from| from.count_up_to(rows, "more empty rows than rows"))?;
    let specs = from.text()?;
    let specs: Vec<ColumnSpec> = serde_json::from_slice(specs).or(Err(invalid("columns that cannot be read")))?;
    let mut names: Vec<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(invalid("two columns of one name"));
    }
    if specs.iter().any(|spec| spec.role == ColumnRole::Ignored) {
        return Err(invalid("a column that is ignored"));
    }
    let read = |spec: ColumnSpec| {
        let side: Option<ColumnSide> = from.optional(|from| column::read(from, &spec))?;
        let own = side.as_ref().map_or(0, |side| side.values().rows);
        if own > rows || (empty_rows.is_some() && side.is_some() && own != rows) {
            return Err(invalid("a column with other rows than the table"));
        }
        Ok((spec, side))
    };
    let columns = specs.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if !from.is_at_end() {
        return Err(invalid("bytes after the last column"));
    }
    Ok(TableProfile { rows, empty_rows, columns })
}

#[cfg(test)]
mod tests;
