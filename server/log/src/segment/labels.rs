//! Labels as columns.

use arrow_array::Array;
use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

use super::Segment;
use super::columns::{Columns, ID, POSITION, RECEIVED, Row, Stored, signed, typed};
use crate::error::ReadError;
use crate::id::Id;
use crate::record::{Label, LabelRecord, Millis, Value};
use crate::rows::RowsBuilder;
use crate::state::{self, HotRow, Streams};
use crate::stream::Stream;

/// The truth as text.
const LABEL: &str = "_label";
/// The truth as a number, where it is one.
const NUMBER: &str = "_number";

pub(crate) struct LabelColumns(SchemaRef);

impl Stored for LabelRecord {
    fn from_hot(row: &HotRow, position: u64, _streams: &Streams) -> Result<Self, ReadError> {
        state::decode_label(row, position)
    }

    fn from_batch(batch: &RecordBatch, _segment: &Segment) -> Option<Vec<Self>> {
        let positions: &Int64Array = typed(batch, POSITION)?;
        let names: &StringArray = typed(batch, ID)?;
        let received: &TimestampMillisecondArray = typed(batch, RECEIVED)?;
        let labels: &StringArray = typed(batch, LABEL)?;
        let numbers: &Float64Array = typed(batch, NUMBER)?;
        (0..batch.num_rows())
            .map(|row| {
                let value = match (numbers.is_valid(row), labels.is_valid(row)) {
                    (true, _) => Value::Number(numbers.value(row)),
                    (false, true) => Value::Text(labels.value(row).into()),
                    (false, false) => Value::Missing,
                };
                Some(Self {
                    position: positions.value(row).try_into().ok()?,
                    received: received.value(row),
                    label: Label { id: Id::given(names.value(row)).ok()?, value },
                })
            })
            .collect()
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn time(&self) -> Millis {
        self.received
    }
}

impl Row for LabelRecord {
    type Columns = LabelColumns;

    fn received(&self) -> Millis {
        self.received
    }

    fn columns(_streams: &[Arc<Stream>]) -> LabelColumns {
        let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        LabelColumns(Arc::new(Schema::new(vec![
            Field::new(POSITION, DataType::Int64, false),
            Field::new(ID, DataType::Utf8, false),
            Field::new(RECEIVED, time, false),
            Field::new(LABEL, DataType::Utf8, true),
            Field::new(NUMBER, DataType::Float64, true),
        ])))
    }

    fn gather(_rows: Vec<Self>, _into: &mut RowsBuilder) {}
}

impl Columns<LabelRecord> for LabelColumns {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.0)
    }

    fn batch(&self, rows: &[LabelRecord]) -> RecordBatch {
        let text = |value: &Value| match value {
            Value::Number(number) => Some(number.to_string()),
            Value::Text(text) => Some(text.to_string()),
            Value::Missing => None,
        };
        let number = |value: &Value| match value {
            Value::Number(number) => Some(*number),
            _ => None,
        };
        let received: TimestampMillisecondArray = rows.iter().map(|row| Some(row.received)).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| signed(row.position)))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.label.id.to_string()))),
            Arc::new(received.with_timezone("UTC")),
            Arc::new(rows.iter().map(|row| text(&row.label.value)).collect::<StringArray>()),
            Arc::new(rows.iter().map(|row| number(&row.label.value)).collect::<Float64Array>()),
        ];
        RecordBatch::try_new(self.schema(), columns).expect("the columns are those of the schema, a value per row each")
    }
}
