//! Tables in Arrow's stream format and in Parquet.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType, Float32Type,
    Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrowPrimitiveType, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels, parquet_to_arrow_schema};
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tidemark::data::{Column, Dataset, Numbers, StringsBuilder, Values};

use crate::wire::error::BodyError;

// With its path, as fuzz targets take this file on its own.
#[path = "parquet_pages.rs"]
mod parquet_pages;

use parquet_pages::{CheckedFile, headers};

/// Rows that are unpacked at once.
const ROWS_AT_ONCE: usize = 1024;

/// The most values a body may bring: what it unfolds to is not bounded by its own size.
pub const MAX_VALUES: usize = 64_000_000;

/// The media type of Arrow's stream format.
pub const ARROW_STREAM: &str = "application/vnd.apache.arrow.stream";
/// The media type of Parquet.
pub const PARQUET: &str = "application/vnd.apache.parquet";

/// Reads a table in Arrow's stream format, of at most `most_values` values.
///
/// # Errors
/// It is none, holds more values, or has columns of other types than numbers, truth values, texts, dates and times.
pub fn read_arrow(body: &[u8], most_values: usize) -> Result<Dataset, BodyError> {
    guarded("Arrow stream", || collect(arrow_ipc::reader::StreamReader::try_new(body, None)?, most_values))
}

/// Reads a table in Arrow's file format, which Feather is too; as [`read_arrow`].
///
/// # Errors
/// As [`read_arrow`].
pub fn read_arrow_file(file: &[u8], most_values: usize) -> Result<Dataset, BodyError> {
    guarded("Arrow file", || {
        check_blocks(file)?;
        collect(arrow_ipc::reader::FileReader::try_new(std::io::Cursor::new(file), None)?, most_values)
    })
}

/// The reader makes room for a block before it reads it, however long the footer says that it is.
fn check_blocks(file: &[u8]) -> Result<(), Failure> {
    let (rest, end) = file.split_last_chunk().ok_or("it is too short")?;
    let footer = rest.len().checked_sub(arrow_ipc::reader::read_footer_length(*end)?).ok_or("its footer is cut off")?;
    let footer = arrow_ipc::root_as_footer(&rest[footer..]).map_err(|error| error.to_string())?;
    let mut blocks = footer.dictionaries().into_iter().chain(footer.recordBatches()).flatten();
    let is_inside = |parts: [i64; 3]| {
        let end = parts.into_iter().try_fold(0_usize, |end, part| end.checked_add(usize::try_from(part).ok()?));
        end.is_some_and(|end| end <= file.len())
    };
    if blocks.all(|block| is_inside([block.offset(), block.metaDataLength().into(), block.bodyLength()])) {
        Ok(())
    } else {
        Err("a block of it lies beyond its end".into())
    }
}

/// Reads a Parquet file; as [`read_arrow`].
///
/// # Errors
/// As [`read_arrow`].
pub fn read_parquet(body: Bytes, most_values: usize) -> Result<Dataset, BodyError> {
    guarded("Parquet file", || {
        let bytes = body.clone();
        if !headers::footer_is_sound(&bytes) {
            return Err("its footer is damaged".into());
        }
        let file = SerializedFileReader::new(body)?;
        let about = file.metadata().file_metadata();
        let rows = usize::try_from(about.num_rows()).unwrap_or(usize::MAX);
        if rows.saturating_mul(about.schema_descr().num_columns()) > most_values {
            return Err(too_large(most_values));
        }
        if !headers::pages_are_sound(&bytes, file.metadata()) {
            return Err("the header of a page is damaged".into());
        }
        let schema = parquet_to_arrow_schema(about.schema_descr(), about.key_value_metadata())?;
        for field in schema.fields() {
            // Refused before it is read, if it is: what holds lists may hold any number of values.
            Growing::new(field.name(), field.data_type())?;
        }
        let levels = parquet_to_arrow_field_levels(about.schema_descr(), ProjectionMask::all(), Some(schema.fields()))?;
        let file = CheckedFile(Arc::new(file));
        collect(ParquetRecordBatchReader::try_new_with_row_groups(&levels, &file, ROWS_AT_ONCE, None)?, most_values)
    })
}

pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;

fn too_large(most_values: usize) -> Failure {
    format!("more than {most_values} values").into()
}

/// The readers are other people's and hold out against most damage by an error, against some by a panic.
pub(super) fn guarded<T>(what: &str, read: impl FnOnce() -> Result<T, Failure>) -> Result<T, BodyError> {
    let malformed =
        |reason: String| BodyError::Malformed { reason: format!("this is no {what} that can be read: {reason}") };
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(data)) => Ok(data),
        Ok(Err(error)) => Err(malformed(error.to_string())),
        Err(_panic) => Err(malformed("it is damaged".to_owned())),
    }
}

fn collect<E: Into<Failure>>(
    batches: impl Iterator<Item = Result<RecordBatch, E>>,
    most_values: usize,
) -> Result<Dataset, Failure> {
    let mut columns: Vec<Growing> = Vec::new();
    let mut n_values = 0;
    for batch in batches {
        let batch = batch.map_err(Into::into)?;
        n_values += batch.num_rows() * batch.num_columns();
        if n_values > most_values {
            return Err(too_large(most_values));
        }
        for (place, field) in batch.schema().fields().iter().enumerate() {
            if columns.len() == place {
                columns.push(Growing::new(field.name(), field.data_type())?);
            }
            columns[place].append(batch.column(place))?;
        }
    }
    Ok(Dataset::new(columns.into_iter().map(Growing::finish).collect())?)
}

/// A column in the making.
pub(super) struct Growing {
    name: String,
    values: GrowingValues,
}

enum GrowingValues {
    Numbers { values: Vec<f64>, is_integer: bool },
    Texts(StringsBuilder),
}

/// The type of the values, of dictionaries that of what they list.
fn value_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values,
        other => other,
    }
}

impl Growing {
    fn new(name: &str, data_type: &DataType) -> Result<Self, Failure> {
        Self::with_room(name, data_type, 0)
    }

    /// With room for so many numbers.
    pub(super) fn with_room(name: &str, data_type: &DataType, rows: usize) -> Result<Self, Failure> {
        let values = match value_type(data_type) {
            data_type if data_type.is_integer() => {
                GrowingValues::Numbers { values: Vec::with_capacity(rows), is_integer: true }
            }
            data_type if data_type.is_decimal() => {
                GrowingValues::Numbers { values: Vec::with_capacity(rows), is_integer: false }
            }
            DataType::Float32 | DataType::Float64 | DataType::Null => {
                GrowingValues::Numbers { values: Vec::with_capacity(rows), is_integer: false }
            }
            DataType::Boolean
            | DataType::Utf8
            | DataType::LargeUtf8
            | DataType::Utf8View
            | DataType::Timestamp(..)
            | DataType::Date32
            | DataType::Date64 => GrowingValues::Texts(StringsBuilder::default()),
            other => return Err(format!("column {name:?} has the type {other}, which is not taken").into()),
        };
        Ok(Self { name: name.to_owned(), values })
    }

    pub(super) fn append(&mut self, array: &dyn Array) -> Result<(), Failure> {
        if let Some(dictionary) = array.as_any_dictionary_opt() {
            // A dictionary's list is short beside its rows.
            let mut listed = Self::new(&self.name, dictionary.values().data_type())?;
            listed.append(dictionary.values())?;
            let keys = if dictionary.values().is_empty() { Vec::new() } else { dictionary.normalized_keys() };
            let key = |row: usize| keys.get(row).copied().filter(|_| !array.is_null(row));
            let listed = listed.finish();
            match (&mut self.values, &listed.values) {
                (GrowingValues::Numbers { values, .. }, Values::Numbers(listed)) => {
                    let value = |row| key(row).map_or(f64::NAN, |key| listed.as_slice()[key]);
                    values.extend((0..array.len()).map(value));
                }
                (GrowingValues::Texts(texts), Values::Strings(listed)) => {
                    texts.push_listed(&listed.iter().collect::<Vec<_>>(), (0..array.len()).map(key));
                }
                _ => return Err(format!("column {:?} changes its type", self.name).into()),
            }
            return Ok(());
        }
        match &mut self.values {
            GrowingValues::Numbers { values, .. } => numbers(array, values)?,
            GrowingValues::Texts(texts) => push_texts(array, texts)?,
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Column {
        let values = match self.values {
            GrowingValues::Numbers { values, is_integer } => Values::Numbers(Numbers::new(values, is_integer)),
            GrowingValues::Texts(texts) => Values::Strings(texts.finish()),
        };
        Column { name: self.name, values }
    }
}

fn numbers(array: &dyn Array, values: &mut Vec<f64>) -> Result<(), Failure> {
    fn push<T: ArrowPrimitiveType>(array: &dyn Array, values: &mut Vec<f64>, wide: impl Fn(T::Native) -> f64) {
        let array = array.as_primitive::<T>();
        if array.null_count() == 0 {
            values.extend(array.values().iter().map(|value| wide(*value)));
        } else {
            values.extend(array.iter().map(|value| value.map_or(f64::NAN, &wide)));
        }
    }
    match array.data_type() {
        DataType::Float64 => push::<Float64Type>(array, values, |value| value),
        DataType::Float32 => push::<Float32Type>(array, values, f64::from),
        DataType::Int8 => push::<Int8Type>(array, values, f64::from),
        DataType::Int16 => push::<Int16Type>(array, values, f64::from),
        DataType::Int32 => push::<Int32Type>(array, values, f64::from),
        DataType::Int64 => push::<Int64Type>(array, values, |value| value as f64),
        DataType::UInt8 => push::<UInt8Type>(array, values, f64::from),
        DataType::UInt16 => push::<UInt16Type>(array, values, f64::from),
        DataType::UInt32 => push::<UInt32Type>(array, values, f64::from),
        DataType::UInt64 => push::<UInt64Type>(array, values, |value| value as f64),
        DataType::Decimal32(_, scale) => decimals::<Decimal32Type>(array, *scale, values),
        DataType::Decimal64(_, scale) => decimals::<Decimal64Type>(array, *scale, values),
        DataType::Decimal128(_, scale) => decimals::<Decimal128Type>(array, *scale, values),
        DataType::Decimal256(_, scale) => decimals::<Decimal256Type>(array, *scale, values),
        DataType::Null => values.extend(std::iter::repeat_n(f64::NAN, array.len())),
        other => return Err(format!("a column changes its type to {other}").into()),
    }
    Ok(())
}

fn push_texts(array: &dyn Array, texts: &mut StringsBuilder) -> Result<(), Failure> {
    match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().iter().for_each(|text| texts.push(text)),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().for_each(|text| texts.push(text)),
        DataType::Utf8View => array.as_string_view().iter().for_each(|text| texts.push(text)),
        DataType::Boolean => {
            let name = |truth: bool| if truth { "true" } else { "false" };
            array.as_boolean().iter().for_each(|truth| texts.push(truth.map(name)));
        }
        DataType::Timestamp(unit, _) => {
            let nanoseconds: Vec<Option<i128>> = match unit {
                TimeUnit::Second => times::<TimestampSecondType>(array, 1_000_000_000),
                TimeUnit::Millisecond => times::<TimestampMillisecondType>(array, 1_000_000),
                TimeUnit::Microsecond => times::<TimestampMicrosecondType>(array, 1_000),
                TimeUnit::Nanosecond => times::<TimestampNanosecondType>(array, 1),
            };
            for time in nanoseconds {
                let time = time.map(jiff::Timestamp::from_nanosecond).transpose()?;
                texts.push(time.map(|time| time.to_string()).as_deref());
            }
        }
        DataType::Date32 => {
            for day in array.as_primitive::<Date32Type>() {
                texts.push(day.map(|day| date(day.into())).transpose()?.as_deref());
            }
        }
        DataType::Date64 => {
            const DAY: i64 = 86_400_000;
            for time in array.as_primitive::<Date64Type>() {
                texts.push(time.map(|time| date(time.div_euclid(DAY))).transpose()?.as_deref());
            }
        }
        other => return Err(format!("a column changes its type to {other}").into()),
    }
    Ok(())
}

/// The double that is nearest to each decimal number, as reading its digits gives it.
fn decimals<T: DecimalType>(array: &dyn Array, scale: i8, values: &mut Vec<f64>)
where
    T::Native: std::fmt::Display,
{
    let value = |digits: T::Native| {
        let text = format!("{digits}e{}", -i32::from(scale));
        fast_float2::parse(text).expect("whole digits with an exponent are a number")
    };
    values.extend(array.as_primitive::<T>().iter().map(|digits| digits.map_or(f64::NAN, value)));
}

/// The day that is so many days after 1970-01-01, as a database's date is counted.
fn date(days: i64) -> Result<String, jiff::Error> {
    let seconds = days.saturating_mul(86_400);
    let moment = jiff::Timestamp::from_second(seconds)?.to_string();
    Ok(moment.split_once('T').map_or_else(|| moment.clone(), |(day, _)| day.to_owned()))
}

fn times<T: ArrowPrimitiveType<Native = i64>>(array: &dyn Array, nanoseconds: i128) -> Vec<Option<i128>> {
    array.as_primitive::<T>().iter().map(|time| time.map(|time| i128::from(time) * nanoseconds)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Date32Array, Date64Array, Decimal128Array, Decimal256Array, StringArray};

    type Wide = <Decimal256Type as ArrowPrimitiveType>::Native;

    fn read(columns: Vec<(&str, ArrayRef)>) -> Dataset {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let mut bytes = Vec::new();
        let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
        drop(writer);
        read_arrow(&bytes, 1_000).unwrap()
    }

    #[test]
    fn a_decimal_is_the_nearest_double_as_its_digits_are_read() {
        let narrow = Decimal128Array::from(vec![Some(12_345), Some(-1), None, Some(9_007_199_254_740_993)]);
        let wide = Decimal256Array::from(vec![Some(Wide::from(3)), None, Some(Wide::MAX), Some(Wide::MIN)]);
        let data = read(vec![
            ("narrow", Arc::new(narrow.with_precision_and_scale(20, 2).unwrap()) as ArrayRef),
            ("wide", Arc::new(wide.with_precision_and_scale(76, 1).unwrap())),
        ]);
        let Values::Numbers(narrow) = &data.column("narrow").unwrap().values else { panic!("numbers") };
        assert!(!narrow.is_integer());
        let expected = [123.45, -0.01, f64::NAN, 90_071_992_547_409.93];
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(narrow.as_slice()), bits(&expected));
        let Values::Numbers(wide) = &data.column("wide").unwrap().values else { panic!("numbers") };
        let largest = "5789604461865809771178549250434395392663499233282028201972879200395656481996.7".parse().unwrap();
        assert_eq!((wide.as_slice()[0], wide.as_slice()[2]), (0.3, largest));
        assert_eq!(wide.as_slice()[3], -wide.as_slice()[2]);
    }

    #[test]
    fn a_date_is_the_text_of_its_day() {
        let days = Date32Array::from(vec![Some(0), Some(-1), None, Some(19_783)]);
        let times = Date64Array::from(vec![Some(86_400_000), Some(-1), None, Some(0)]);
        let data = read(vec![("days", Arc::new(days) as ArrayRef), ("times", Arc::new(times))]);
        let texts = |name: &str| data.column(name).unwrap().texts();
        let day = |text: &str| Some(text.to_owned());
        assert_eq!(texts("days"), [day("1970-01-01"), day("1969-12-31"), None, day("2024-03-01")]);
        assert_eq!(texts("times"), [day("1970-01-02"), day("1969-12-31"), None, day("1970-01-01")]);
    }

    #[test]
    fn what_says_that_it_is_larger_than_it_can_be_is_refused_before_room_is_made_for_it() {
        let block = read_arrow_file(include_bytes!("../../../fuzz/seeds/arrow/block_beyond_the_end.file"), 1_000);
        let block = block.unwrap_err().sentence();
        assert!(block.contains("a block of it lies beyond its end"), "{block}");
        for file in [
            include_bytes!("../../../fuzz/seeds/parquet/dictionary_of_too_many").as_slice(),
            include_bytes!("../../../fuzz/seeds/parquet/page_header_with_a_list_of_booleans"),
        ] {
            let header = read_parquet(file.into(), 1_000_000).unwrap_err().sentence();
            assert!(header.contains("the header of a page is damaged"), "{header}");
        }
        let group = include_bytes!("../../../fuzz/seeds/parquet/group_of_more_columns_than_there_are").as_slice();
        let group = read_parquet(group.into(), 1_000_000).unwrap_err().sentence();
        assert!(group.contains("its footer is damaged"), "{group}");
    }

    #[test]
    fn lengths_that_are_written_as_differences_are_counted_as_they_lie() {
        use parquet::basic::Encoding;
        use parquet::file::properties::{WriterProperties, WriterVersion};
        let texts: StringArray = (0..1_000_usize)
            .map(|row| (row % 7 != 0).then(|| format!("payment {}", "x".repeat(row * row % 90))))
            .collect();
        let batch = RecordBatch::try_from_iter([("texts", Arc::new(texts.clone()) as ArrayRef)]).unwrap();
        for (encoding, version) in [
            (Encoding::DELTA_BYTE_ARRAY, WriterVersion::PARQUET_1_0),
            (Encoding::DELTA_BYTE_ARRAY, WriterVersion::PARQUET_2_0),
            (Encoding::DELTA_LENGTH_BYTE_ARRAY, WriterVersion::PARQUET_1_0),
            (Encoding::DELTA_LENGTH_BYTE_ARRAY, WriterVersion::PARQUET_2_0),
        ] {
            let properties = WriterProperties::builder().set_dictionary_enabled(false).set_encoding(encoding);
            let properties = properties.set_writer_version(version).build();
            let mut file = Vec::new();
            let mut writer = parquet::arrow::ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            let data = read_parquet(file.into(), 1_000).unwrap();
            let read = data.column("texts").unwrap().texts();
            let expected: Vec<_> = texts.iter().map(|text| text.map(str::to_owned)).collect();
            assert_eq!(read, expected, "{encoding} {version:?}");
        }
    }
}
