//! Splitting a table's rows into chunks: by number of rows, by number of chunks, or by period of time.
//!
//! What is looked at chunk by chunk shows *since when* something changed. The rules, and the names of the chunks, are those
//! of NannyML 0.13.1 (`nannyml.chunk`), held against it in `tests/golden`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

use crate::data::datetime::{self, Timestamp};
use crate::data::{Dataset, Values};

mod period;

pub use period::Period;

/// How rows are split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "by", rename_all = "snake_case", deny_unknown_fields)]
pub enum Chunking {
    /// Chunks of so many rows.
    Size {
        /// Rows of a chunk, at least 1.
        rows: u64,
        /// What becomes of the rows that are left over.
        #[serde(default)]
        incomplete: Incomplete,
    },
    /// So many chunks of equal size. Where rows are left over and kept, they make one chunk more.
    Number {
        /// Chunks, at least 1.
        chunks: u64,
        /// What becomes of the rows that are left over.
        #[serde(default)]
        incomplete: Incomplete,
    },
    /// One chunk for each period in which there are rows. Rows without a timestamp are left out.
    Period {
        /// The period.
        period: Period,
    },
}

impl Default for Chunking {
    fn default() -> Self {
        Self::Number { chunks: 10, incomplete: Incomplete::Keep }
    }
}

/// What becomes of the rows that do not fill the last chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Incomplete {
    /// They make a chunk of their own.
    #[default]
    Keep,
    /// They join the last full chunk, or make one if there is none.
    Append,
    /// They are left out.
    Drop,
}

impl Incomplete {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Keep, Self::Append, Self::Drop];

    /// The name, as it is stored and typed on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Append => "append",
            Self::Drop => "drop",
        }
    }
}

/// One chunk of a table's rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Chunk {
    /// `[0:4999]`, first and last row, or the period: `2024-03`.
    pub key: String,
    /// The first row, counted from 0 in the order of time where there are timestamps, else as the rows lie.
    pub first_row: u64,
    /// Rows.
    pub rows: u64,
    /// The earliest timestamp, or the first moment of the period.
    pub start: Option<Timestamp>,
    /// The latest timestamp, or the last moment of the period.
    pub end: Option<Timestamp>,
}

impl Chunk {
    fn range(&self) -> Range<usize> {
        // Rows lie in memory: their number fits.
        let start = self.first_row as usize;
        start..start + self.rows as usize
    }
}

/// A table's rows in chunks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunks {
    chunks: Vec<Chunk>,
    /// The rows in the order of time; `None` where they stay as they lie.
    order: Option<Vec<u32>>,
}

/// Why a table's rows were not split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChunkError {
    /// There is no row.
    NoRows,
    /// Fewer rows than chunks asked for.
    TooFewRows {
        /// Rows there are.
        rows: u64,
        /// Chunks asked for.
        chunks: u64,
    },
    /// Chunks of no rows, or no chunks, were asked for.
    Zero,
    /// Periods need a column of timestamps, and none was named.
    NoTimestampNamed,
    /// The table lacks the column of timestamps.
    TimestampAbsent {
        /// The column.
        column: String,
    },
    /// A value of the column is no timestamp.
    TimestampUnreadable {
        /// The column.
        column: String,
        /// The row, counted from 0.
        row: u64,
        /// What was found.
        found: String,
    },
    /// The reference was taken column by column, without its rows.
    RowsNotKept,
    /// This is the column of timestamps itself.
    OrdersTheRows,
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRows => write!(f, "there are no rows"),
            Self::TooFewRows { rows, chunks } => write!(f, "{rows} rows do not fill {chunks} chunks"),
            Self::Zero => write!(f, "expected at least one chunk of at least one row"),
            Self::NoTimestampNamed => write!(f, "chunks by period need a column of timestamps, and none was named"),
            Self::TimestampAbsent { column } => write!(f, "there is no column {column:?} to take timestamps from"),
            Self::TimestampUnreadable { column, row, found } => {
                write!(f, "expected a timestamp in row {row} of column {column:?}, and found {found:?}")
            }
            Self::RowsNotKept => write!(f, "profiles hold no rows"),
            Self::OrdersTheRows => write!(f, "it is what the rows are ordered by"),
        }
    }
}

impl std::error::Error for ChunkError {}

impl Chunks {
    /// Splits the rows of `data`. Where a column of timestamps is named, its order is the rows': those of one moment stay
    /// as they lie, those without a timestamp come last.
    ///
    /// A timestamp is text that [`datetime::parse`] reads, or a number of seconds since 1970 that [`Timestamp::from_unix`]
    /// takes.
    ///
    /// ```
    /// use tidemark::chunking::{Chunking, Chunks, Incomplete};
    /// use tidemark::data::csv;
    /// let data = csv::read(b"x\n1\n2\n3\n4\n5\n").unwrap();
    /// let chunks = Chunks::split(&data, Chunking::Size { rows: 2, incomplete: Incomplete::Keep }, None).unwrap();
    /// assert_eq!(chunks.chunks().iter().map(|chunk| chunk.key.as_str()).collect::<Vec<_>>(), ["[0:1]", "[2:3]", "[4:4]"]);
    /// ```
    ///
    /// # Errors
    /// There are too few rows, or the timestamps cannot be read.
    pub fn split(data: &Dataset, chunking: Chunking, timestamp: Option<&str>) -> Result<Self, ChunkError> {
        if data.n_rows() == 0 {
            return Err(ChunkError::NoRows);
        }
        let timestamps = timestamp.map(|name| timestamps(data, name)).transpose()?;
        let order = timestamps.as_deref().map(in_time);
        let moment = |position: usize| {
            let (timestamps, order) = (timestamps.as_ref()?, order.as_ref()?);
            timestamps[order[position] as usize]
        };
        let n = data.n_rows();
        let chunks = match chunking {
            Chunking::Period { period } => {
                if timestamps.is_none() {
                    return Err(ChunkError::NoTimestampNamed);
                }
                by_period(n, period, moment)
            }
            Chunking::Size { rows, incomplete } => by_size(n, rows, incomplete, moment)?,
            Chunking::Number { chunks: 0, .. } => return Err(ChunkError::Zero),
            Chunking::Number { chunks, .. } if chunks > n as u64 => {
                return Err(ChunkError::TooFewRows { rows: n as u64, chunks });
            }
            Chunking::Number { chunks, incomplete } => by_size(n, n as u64 / chunks, incomplete, moment)?,
        };
        if chunks.is_empty() { Err(ChunkError::NoRows) } else { Ok(Self { chunks, order }) }
    }

    /// The chunks, in order.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// The values of each chunk, of a column whose values lie as the table's rows did.
    pub(crate) fn of<T: Copy>(&self, values: &[T]) -> Vec<Vec<T>> {
        let in_chunk = |chunk: &Chunk| match &self.order {
            Some(order) => order[chunk.range()].iter().map(|&row| values[row as usize]).collect(),
            None => values[chunk.range()].to_vec(),
        };
        self.chunks.iter().map(in_chunk).collect()
    }
}

/// The column's moments; a missing one is `None`.
fn timestamps(data: &Dataset, name: &str) -> Result<Vec<Option<Timestamp>>, ChunkError> {
    let column = data.column(name).ok_or_else(|| ChunkError::TimestampAbsent { column: name.to_owned() })?;
    let unreadable =
        |row: usize, found: String| ChunkError::TimestampUnreadable { column: name.to_owned(), row: row as u64, found };
    let read = |(row, text): (usize, Option<&str>)| {
        text.map(|text| datetime::parse(text).ok_or_else(|| unreadable(row, text.to_owned()))).transpose()
    };
    let from_number = |(row, number): (usize, &f64)| {
        let moment = || Timestamp::from_unix(*number).ok_or_else(|| unreadable(row, number.to_string()));
        (!number.is_nan()).then(moment).transpose()
    };
    match &column.values {
        Values::Strings(strings) => strings.iter().enumerate().map(read).collect(),
        Values::Numbers(numbers) => numbers.as_slice().iter().enumerate().map(from_number).collect(),
        Values::Booleans(booleans) => match booleans.first() {
            Some(first) => Err(unreadable(0, first.to_string())),
            None => Ok(Vec::new()),
        },
    }
}

/// The rows in the order of time, those without one last.
fn in_time(timestamps: &[Option<Timestamp>]) -> Vec<u32> {
    let n = u32::try_from(timestamps.len()).expect("fewer than 2^32 rows are held in memory");
    let mut order: Vec<u32> = (0..n).collect();
    order.sort_by_key(|&row| {
        let moment = timestamps[row as usize];
        (moment.is_none(), moment)
    });
    order
}

fn by_size(
    n: usize,
    rows: u64,
    incomplete: Incomplete,
    moment: impl Fn(usize) -> Option<Timestamp>,
) -> Result<Vec<Chunk>, ChunkError> {
    let size = usize::try_from(rows).unwrap_or(usize::MAX);
    if size == 0 {
        return Err(ChunkError::Zero);
    }
    let mut ends: Vec<usize> = (1..=n / size).map(|i| i * size).collect();
    let is_uneven = !n.is_multiple_of(size);
    match incomplete {
        Incomplete::Keep if is_uneven => ends.push(n),
        Incomplete::Append if is_uneven => {
            ends.pop();
            ends.push(n);
        }
        _ => {}
    }
    let starts = std::iter::once(0).chain(ends.clone());
    let chunk = |(start, end): (usize, usize)| {
        // The last ones may lack a timestamp.
        let last = (start..end).rev().find_map(&moment);
        let key = format!("[{start}:{}]", end - 1);
        Chunk { key, first_row: start as u64, rows: (end - start) as u64, start: moment(start), end: last }
    };
    Ok(starts.zip(ends).map(chunk).collect())
}

fn by_period(n: usize, period: Period, moment: impl Fn(usize) -> Option<Timestamp>) -> Vec<Chunk> {
    let mut chunks: Vec<Chunk> = Vec::new();
    for (row, moment) in (0..n).map_while(|row| Some((row, moment(row)?))) {
        // The rows lie in the order of time, so that one beyond the last period opens the next.
        if let Some(last) = chunks.last_mut()
            && last.end.is_some_and(|end| moment <= end)
        {
            last.rows += 1;
            continue;
        }
        let (start, end) = period.around(moment);
        let key = period.key(start, end);
        chunks.push(Chunk { key, first_row: row as u64, rows: 1, start: Some(start), end: Some(end) });
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, csv};

    fn keys(n: usize, chunking: Chunking) -> Result<Vec<String>, ChunkError> {
        let data = Dataset::new(vec![Column::numbers("x", vec![0.0; n])]).unwrap();
        let chunks = Chunks::split(&data, chunking, None)?;
        Ok(chunks.chunks().iter().map(|chunk| chunk.key.clone()).collect())
    }

    fn size(rows: u64, incomplete: Incomplete) -> Chunking {
        Chunking::Size { rows, incomplete }
    }

    fn number(chunks: u64, incomplete: Incomplete) -> Chunking {
        Chunking::Number { chunks, incomplete }
    }

    #[test]
    fn what_is_left_over_is_kept_appended_or_dropped() {
        // nannyml 0.13.1: [c.key for c in SizeBasedChunker(3, incomplete).split(pd.DataFrame({"x": range(7)}))]
        assert_eq!(keys(7, size(3, Incomplete::Keep)).unwrap(), ["[0:2]", "[3:5]", "[6:6]"]);
        assert_eq!(keys(7, size(3, Incomplete::Append)).unwrap(), ["[0:2]", "[3:6]"]);
        assert_eq!(keys(7, size(3, Incomplete::Drop)).unwrap(), ["[0:2]", "[3:5]"]);
        assert_eq!(keys(6, size(3, Incomplete::Append)).unwrap(), ["[0:2]", "[3:5]"]);
        // CountBasedChunker(3, incomplete)
        assert_eq!(keys(7, number(3, Incomplete::Keep)).unwrap(), ["[0:1]", "[2:3]", "[4:5]", "[6:6]"]);
        assert_eq!(keys(7, number(3, Incomplete::Append)).unwrap(), ["[0:1]", "[2:3]", "[4:6]"]);
    }

    #[test]
    fn rows_that_fill_no_chunk_have_a_defined_result() {
        assert_eq!(keys(2, size(3, Incomplete::Keep)).unwrap(), ["[0:1]"]);
        // NannyML fails with an index out of range here.
        assert_eq!(keys(2, size(3, Incomplete::Append)).unwrap(), ["[0:1]"]);
        assert_eq!(keys(2, size(3, Incomplete::Drop)), Err(ChunkError::NoRows));
        assert_eq!(keys(2, number(3, Incomplete::Keep)), Err(ChunkError::TooFewRows { rows: 2, chunks: 3 }));
        assert_eq!(keys(0, Chunking::default()), Err(ChunkError::NoRows));
        assert_eq!(keys(2, size(0, Incomplete::Keep)), Err(ChunkError::Zero));
        assert_eq!(keys(2, number(0, Incomplete::Keep)), Err(ChunkError::Zero));
    }

    #[test]
    fn rows_go_by_their_time_and_those_without_one_come_last() {
        let text = "t,x\n2024-02-01,1\n,2\n2024-01-01 10:00,3\n2024-01-31,4\n2024-01-01 10:00,5\n";
        let data = csv::read(text.as_bytes()).unwrap();
        let values: Vec<f64> = vec![1.0, 2.0, 3.0, 4.0, 5.0];
        let chunks = Chunks::split(&data, size(2, Incomplete::Keep), Some("t")).unwrap();
        assert_eq!(chunks.of(&values), [vec![3.0, 5.0], vec![4.0, 1.0], vec![2.0]]);
        assert_eq!(chunks.chunks()[1].end, datetime::parse("2024-02-01"));
        assert_eq!(chunks.chunks()[2].start, None);
        let months = Chunks::split(&data, Chunking::Period { period: Period::Month }, Some("t")).unwrap();
        assert_eq!(months.of(&values), [vec![3.0, 5.0, 4.0], vec![1.0]]);
        assert_eq!(months.chunks()[0].key, "2024-01");
    }

    #[test]
    fn errors_say_where() {
        let data = csv::read(b"t,x\n2024-02-01,1\nyesterday,2\n").unwrap();
        let month = Chunking::Period { period: Period::Month };
        let unreadable =
            ChunkError::TimestampUnreadable { column: "t".to_owned(), row: 1, found: "yesterday".to_owned() };
        assert_eq!(Chunks::split(&data, month, Some("t")), Err(unreadable));
        assert_eq!(Chunks::split(&data, month, None), Err(ChunkError::NoTimestampNamed));
        let absent = ChunkError::TimestampAbsent { column: "when".to_owned() };
        assert_eq!(Chunks::split(&data, Chunking::default(), Some("when")), Err(absent));
    }
}
