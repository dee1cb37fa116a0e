//! Rows of a result, which comes as Arrow, as text.

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_ipc::reader::StreamReader;
use arrow_schema::DataType;
use tidemark_engine::{EngineError, TakeRow};

/// Hands over every row of one message: an Arrow stream of texts and whole numbers, which is all that is ever asked for. What is
/// missing is an empty text.
pub(crate) fn rows(stream: &[u8], take: TakeRow<'_>) -> Result<(), EngineError> {
    if stream.is_empty() {
        return Ok(());
    }
    let lost =
        |error: &dyn std::fmt::Display| EngineError::Lost { reason: format!("the result can't be read: {error}") };
    let reader = StreamReader::try_new(stream, None).map_err(|error| lost(&error))?;
    for batch in reader {
        let batch = batch.map_err(|error| lost(&error))?;
        let columns = batch.columns().iter().map(|column| cells(column).map_err(|error| lost(&error)));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let mut row: Vec<&str> = Vec::with_capacity(columns.len());
        for at in 0..batch.num_rows() {
            row.clear();
            row.extend(columns.iter().map(|column| column.text(at)));
            take(&row)?;
        }
    }
    Ok(())
}

/// A column of texts, or of numbers that were written as texts.
enum Cells<'a> {
    Texts(&'a arrow_array::StringArray),
    LargeTexts(&'a arrow_array::LargeStringArray),
    Written(Vec<String>),
}

impl Cells<'_> {
    fn text(&self, row: usize) -> &str {
        match self {
            Self::Texts(texts) if texts.is_null(row) => "",
            Self::Texts(texts) => texts.value(row),
            Self::LargeTexts(texts) if texts.is_null(row) => "",
            Self::LargeTexts(texts) => texts.value(row),
            Self::Written(texts) => &texts[row],
        }
    }
}

fn cells(column: &ArrayRef) -> Result<Cells<'_>, String> {
    fn written<T: ToString>(values: impl Iterator<Item = Option<T>>) -> Vec<String> {
        values.map(|value| value.map_or_else(String::new, |value| value.to_string())).collect()
    }
    Ok(match column.data_type() {
        DataType::Utf8 => Cells::Texts(column.as_string()),
        DataType::LargeUtf8 => Cells::LargeTexts(column.as_string()),
        DataType::Int32 => Cells::Written(written(column.as_primitive::<Int32Type>().iter())),
        DataType::Int64 => Cells::Written(written(column.as_primitive::<Int64Type>().iter())),
        other => return Err(format!("a column of type {other}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{Float64Array, Int32Array, Int64Array, RecordBatch, StringArray};
    use arrow_ipc::writer::StreamWriter;
    use std::sync::Arc;

    fn stream(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        bytes
    }

    #[test]
    fn rows_are_texts_and_what_is_cut_off_is_lost() {
        let texts = StringArray::from(vec![Some("reference"), None]);
        let bytes = stream(vec![
            ("side", Arc::new(texts) as ArrayRef),
            ("place", Arc::new(Int32Array::from(vec![0, -1]))),
            ("n", Arc::new(Int64Array::from(vec![i64::MAX, 2]))),
        ]);
        let mut taken = Vec::new();
        let mut take = |cells: &[&str]| {
            taken.push(cells.join("|"));
            Ok(())
        };
        rows(&bytes, &mut take).unwrap();
        rows(&[], &mut take).unwrap();
        let cut_off = rows(&bytes[..bytes.len() / 2], &mut take);
        assert!(matches!(cut_off, Err(EngineError::Lost { .. })), "{cut_off:?}");
        assert_eq!(taken, ["reference|0|9223372036854775807", "|-1|2"]);
        let other = rows(&stream(vec![("x", Arc::new(Float64Array::from(vec![0.5])) as ArrayRef)]), &mut |_| Ok(()));
        assert!(matches!(&other, Err(EngineError::Lost { reason }) if reason.contains("Float64")), "{other:?}");
    }
}
