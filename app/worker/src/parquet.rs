//! Parquet: the footer first, then column after column of each group of rows, page by page. What a column becomes is what
//! the server makes of it, so that the report is the same.

use bytes::Bytes;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use std::fmt::Display;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};
use tidemark::data::csv::ReadProgress;
use tidemark::data::{Column, Dataset, Numbers, StringsBuilder, Values};

use crate::blob::BlobReader;
use meaning::{Cell, Meaning};
use pages::Pages;

mod meaning;
mod pages;

/// What a Parquet file begins and ends with.
const SIGN: &[u8; 4] = b"PAR1";
/// The same where the footer is encrypted.
const ENCRYPTED_SIGN: &[u8; 4] = b"PARE";

/// Values of a column that are unpacked in one go.
const BATCH: usize = 8192;

/// The file, in the shape that the `parquet` crate asks for.
pub struct Chunks {
    file: Arc<Mutex<BlobReader>>,
    size: u64,
}

impl Length for Chunks {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for Chunks {
    type T = BufReader<From>;

    /// Asked for headers of pages, which are short.
    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        const HEADER_BYTES: usize = 1 << 10;
        Ok(BufReader::with_capacity(HEADER_BYTES, From { file: Arc::clone(&self.file), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.size) {
            return Err(ParquetError::EOF("the file ends too early".to_owned()));
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.range(start, length).map(Bytes::from).map_err(|error| ParquetError::External(Box::new(error)))
    }
}

/// The bytes of the file from somewhere on.
pub struct From {
    file: Arc<Mutex<BlobReader>>,
    at: u64,
}

impl Read for From {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Reads a whole file.
pub fn read(file: BlobReader, on_progress: &mut dyn FnMut(ReadProgress)) -> Result<Dataset, String> {
    read_rows(file, usize::MAX, on_progress)
}

/// Reads the first rows of a file.
pub fn read_head(file: BlobReader, rows: usize) -> Result<Dataset, String> {
    read_rows(file, rows, &mut |_| {})
}

fn read_rows(mut file: BlobReader, most: usize, on_progress: &mut dyn FnMut(ReadProgress)) -> Result<Dataset, String> {
    let size = file.size();
    let end = file.range(size.saturating_sub(4), size.min(4) as usize).map_err(no_parquet)?;
    if end == ENCRYPTED_SIGN {
        return Err(
            "the file is encrypted, and can only be read with its key, which this page does not take".to_owned()
        );
    }
    if end != SIGN {
        return Err("this is no whole Parquet file: its end is missing. Was it cut while it was copied?".to_owned());
    }
    let file = Arc::new(Chunks { file: Arc::new(Mutex::new(file)), size });
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&*file).map_err(no_parquet)?;
    let mut columns = growing(&metadata)?;
    let (n_columns, mut rows, mut bytes) = (columns.len().max(1) as u64, 0_u64, 0_u64);
    for group in metadata.row_groups() {
        let wanted = most.saturating_sub(rows as usize).min(group.num_rows() as usize);
        if wanted == 0 {
            break;
        }
        for (place, column) in columns.iter_mut().enumerate() {
            let what_failed = |error: String| format!("column {:?}: {error}", column.name);
            let found = chunk(&file, group, place, wanted, &mut column.values, column.meaning);
            found.map_err(what_failed)?;
            bytes += group.column(place).compressed_size().max(0) as u64;
            let so_far = rows + wanted as u64 * (place as u64 + 1) / n_columns;
            on_progress(ReadProgress { bytes, rows: so_far, is_again: false });
        }
        rows += wanted as u64;
    }
    Dataset::new(columns.into_iter().map(Growing::finish).collect()).map_err(|error| error.to_string())
}

fn no_parquet(error: impl Display) -> String {
    format!("this Parquet file cannot be read: {error}")
}

/// A column in the making.
struct Growing {
    name: String,
    meaning: Meaning,
    values: GrowingValues,
}

enum GrowingValues {
    Numbers(Vec<f64>),
    Texts(StringsBuilder),
}

fn growing(metadata: &ParquetMetaData) -> Result<Vec<Growing>, String> {
    let schema = metadata.file_metadata().schema_descr();
    let column = |place: usize| {
        let column = schema.column(place);
        let meaning = Meaning::of(&column)?;
        let values = match meaning.numbers() {
            Some(_) => GrowingValues::Numbers(Vec::new()),
            None => GrowingValues::Texts(StringsBuilder::default()),
        };
        Ok(Growing { name: column.name().to_owned(), meaning, values })
    };
    (0..schema.num_columns()).map(column).collect()
}

impl Growing {
    fn finish(self) -> Column {
        let values = match self.values {
            GrowingValues::Numbers(values) => {
                Values::Numbers(Numbers::new(values, self.meaning.numbers() == Some(true)))
            }
            GrowingValues::Texts(texts) => Values::Strings(texts.finish()),
        };
        Column { name: self.name, values }
    }
}

/// Appends the first `wanted` rows of one column of one group.
fn chunk(
    file: &Arc<Chunks>,
    group: &RowGroupMetaData,
    place: usize,
    wanted: usize,
    values: &mut GrowingValues,
    meaning: Meaning,
) -> Result<(), String> {
    let chunk = group.column(place);
    let pages = Pages::of(Arc::clone(file), chunk, group.num_rows() as usize).map_err(plain)?;
    match get_column_reader(chunk.column_descr_ptr(), Box::new(pages)) {
        ColumnReader::BoolColumnReader(reader) => cells(reader, wanted, values, meaning),
        ColumnReader::Int32ColumnReader(reader) => cells(reader, wanted, values, meaning),
        ColumnReader::Int64ColumnReader(reader) => cells(reader, wanted, values, meaning),
        ColumnReader::Int96ColumnReader(reader) => cells(reader, wanted, values, meaning),
        ColumnReader::FloatColumnReader(reader) => cells(reader, wanted, values, meaning),
        ColumnReader::DoubleColumnReader(reader) => cells(reader, wanted, values, meaning),
        ColumnReader::ByteArrayColumnReader(reader) => cells(reader, wanted, values, meaning),
        ColumnReader::FixedLenByteArrayColumnReader(mut reader) => {
            each(&mut reader, wanted, |value| push(value.map(|value| &**value), values, meaning))
        }
    }
}

/// The `parquet` crate's words without what only a programmer wants to know.
fn plain(error: ParquetError) -> String {
    match error {
        ParquetError::General(reason) | ParquetError::NYI(reason) | ParquetError::EOF(reason) => reason,
        other => other.to_string(),
    }
}

fn cells<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    wanted: usize,
    values: &mut GrowingValues,
    meaning: Meaning,
) -> Result<(), String>
where
    T::T: Cell,
{
    each(&mut reader, wanted, |value| push(value, values, meaning))
}

fn push(value: Option<&impl Cell>, values: &mut GrowingValues, meaning: Meaning) -> Result<(), String> {
    match values {
        GrowingValues::Numbers(numbers) => numbers.push(value.map_or(f64::NAN, |value| value.number(meaning))),
        GrowingValues::Texts(texts) => {
            texts.push(value.map(|value| value.text(meaning)).transpose()?.as_deref());
        }
    }
    Ok(())
}

/// Hands on the first `wanted` values in row order; `None` for a missing one.
fn each<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    wanted: usize,
    mut take: impl FnMut(Option<&T::T>) -> Result<(), String>,
) -> Result<(), String> {
    let (mut levels, mut present) = (Vec::new(), Vec::new());
    let mut left = wanted;
    while left > 0 {
        levels.clear();
        present.clear();
        let batch = left.min(BATCH);
        let (rows, n_present, _) = reader.read_records(batch, Some(&mut levels), None, &mut present).map_err(plain)?;
        if rows == 0 {
            return Err("it has fewer values than the file says".to_owned());
        }
        let mut values = present[..n_present].iter();
        if levels.is_empty() {
            // A column that may not miss a value has no levels.
            values.try_for_each(|value| take(Some(value)))?;
        } else {
            for level in &levels[..rows] {
                take(if *level > 0 { values.next() } else { None })?;
            }
        }
        left -= rows;
    }
    Ok(())
}
