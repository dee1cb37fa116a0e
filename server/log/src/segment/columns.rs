//! Rows as columns of Arrow, and back.

use arrow_array::{Array, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow_schema::SchemaRef;
use parquet::schema::types::SchemaDescriptor;
use std::sync::Arc;

use super::Segment;
use crate::error::ReadError;
use crate::record::Millis;
use crate::rows::RowsBuilder;
use crate::state::{HotRow, Streams};
use crate::stream::Stream;

/// The column of positions.
pub(crate) const POSITION: &str = "_position";
/// The column of names.
pub(crate) const ID: &str = "_id";
/// The column of classes by index, where the version lists its classes.
pub(super) const CLASS: &str = "_class";
/// The column of when the log took a row.
pub(super) const RECEIVED: &str = "_received";

/// What can be read of a row: all of it or a part.
pub(crate) trait Stored: Sized {
    /// The row that stands in memory.
    fn from_hot(row: &HotRow, position: u64, streams: &Streams) -> Result<Self, ReadError>;
    /// The rows in a batch; `None` if a column is missing or of another type.
    fn from_batch(batch: &RecordBatch, segment: &Segment) -> Option<Vec<Self>>;
    fn position(&self) -> u64;
    fn time(&self) -> Millis;
}

/// What a segment is made of: predictions or labels.
pub(crate) trait Row: Stored {
    /// How these rows become columns.
    type Columns: Columns<Self>;

    fn received(&self) -> Millis;
    /// The columns for rows of these streams.
    fn columns(streams: &[Arc<Stream>]) -> Self::Columns;
    /// Adds rows to those that a profile is made of.
    fn gather(rows: Vec<Self>, into: &mut RowsBuilder);
}

/// Columns that rows are put into.
pub(crate) trait Columns<R> {
    fn schema(&self) -> SchemaRef;
    fn batch(&self, rows: &[R]) -> RecordBatch;
}

/// A column of a batch as what it has to be.
pub(super) fn typed<'a, A: Array + 'static>(batch: &'a RecordBatch, name: &str) -> Option<&'a A> {
    batch.column_by_name(name)?.as_any().downcast_ref()
}

/// The position of the row of this name in a batch that has both columns; `None` if it has not.
#[expect(clippy::option_option, reason = "the outer one is about the columns, the inner one about the row")]
pub(super) fn find(batch: &RecordBatch, id: &str) -> Option<Option<u64>> {
    let names: &StringArray = typed(batch, ID)?;
    let positions: &Int64Array = typed(batch, POSITION)?;
    let row = (0..names.len()).find(|&row| names.value(row) == id);
    Some(row.and_then(|row| u64::try_from(positions.value(row)).ok()))
}

/// How many rows have class 0, and how many another; `None` if the batch has no classes.
pub(super) fn count_classes(batch: &RecordBatch) -> Option<[u64; 2]> {
    let classes: &Int32Array = typed(batch, CLASS)?;
    Some(classes.iter().flatten().fold([0; 2], |mut counts, class| {
        counts[usize::from(class > 0)] += 1;
        counts
    }))
}

/// The place of a plain column among the leaves of the schema.
pub(super) fn leaf_of(schema: &SchemaDescriptor, name: &str) -> Option<usize> {
    schema.columns().iter().position(|column| column.path().string() == name)
}

/// Position as Parquet's readers like it: signed.
pub(super) fn signed(position: u64) -> i64 {
    i64::try_from(position).expect("no log has 2^63 records")
}
