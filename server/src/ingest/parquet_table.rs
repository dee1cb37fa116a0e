//! Parquet files whose columns are read one by one: of a table larger than memory, those that are compared lie there.

use arrow_schema::{DataType, Field, Schema};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tidemark::data::Column;
use tidemark::report::ColumnSource;

use super::columnar::{Failure, Growing, guarded};
use crate::wire::error::BodyError;

/// Rows that are decoded at a time.
const BATCH_ROWS: usize = 1 << 16;

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for ReadError {}

/// A Parquet file, or several with the rows of one table.
pub struct ParquetTable {
    parts: Vec<Part>,
    names: Vec<String>,
}

struct Part {
    path: PathBuf,
    file: Shared,
    metadata: ArrowReaderMetadata,
}

impl ParquetTable {
    /// Opens a file, or all files of a folder whose names end with `.parquet`, in the order of their names, and reads what they
    /// say about themselves.
    ///
    /// # Errors
    /// There is no file, one is no Parquet file, or its columns are not those of the first.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let failed = |reason: String| ReadError { path: path.to_owned(), reason };
        let paths = if path.is_dir() {
            files_in(path).map_err(|error| failed(error.to_string()))?
        } else {
            vec![path.to_owned()]
        };
        let parts: Vec<Part> = paths.iter().map(|path| Part::open(path)).collect::<Result<_, _>>()?;
        let first = parts.first().ok_or_else(|| failed("there is no .parquet file in the folder".to_owned()))?;
        let names = first.names();
        if let Some(twice) = (1..names.len()).find(|&place| names[..place].contains(&names[place])) {
            return Err(failed(format!("there are two columns called {:?}", names[twice])));
        }
        if let Some(other) = parts.iter().find(|part| part.names() != names) {
            let reason = format!("its columns are not those of {}", first.path.display());
            return Err(ReadError { path: other.path.clone(), reason });
        }
        Ok(Self { parts, names })
    }

    fn append(&self, place: usize, column: &mut Option<Growing>, part: &Part) -> Result<(), Failure> {
        let field = &part.metadata.schema().fields()[place];
        let rows = usize::try_from(self.rows()).unwrap_or(0);
        let column = match column {
            Some(column) => column,
            None => column.insert(Growing::with_room(field.name(), field.data_type(), rows)?),
        };
        let mask = ProjectionMask::roots(part.metadata.parquet_schema(), [place]);
        let mut batches = ParquetRecordBatchReaderBuilder::new_with_metadata(part.file.clone(), part.metadata.clone())
            .with_projection(mask)
            .with_batch_size(BATCH_ROWS)
            .build()?;
        batches.try_for_each(|batch| column.append(batch?.column(0)))
    }
}

fn files_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in folder.read_dir()? {
        paths.push(entry?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet")));
    paths.sort();
    Ok(paths)
}

impl Part {
    fn open(path: &Path) -> Result<Self, ReadError> {
        let opened = guarded("Parquet file", || {
            let file = File::open(path)?;
            let file = Shared { length: file.metadata()?.len(), file: Arc::new(file) };
            let told = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
            // Texts come with what they have in common listed once, as they are written.
            let fields: Vec<Field> = told.schema().fields().iter().map(|field| listed(field)).collect();
            let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
            let metadata = ArrowReaderMetadata::try_new(Arc::clone(told.metadata()), options)?;
            Ok(Self { path: path.to_owned(), file, metadata })
        });
        opened.map_err(|error| error_in(path, &error))
    }

    fn names(&self) -> Vec<String> {
        self.metadata.schema().fields().iter().map(|field| field.name().clone()).collect()
    }
}

impl ColumnSource for ParquetTable {
    type Error = ReadError;

    fn rows(&self) -> u64 {
        let rows = |part: &Part| part.metadata.metadata().file_metadata().num_rows().unsigned_abs();
        self.parts.iter().map(rows).sum()
    }

    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&self, place: usize) -> Result<Column, ReadError> {
        let mut column = None;
        for part in &self.parts {
            let appended = guarded("Parquet file", || self.append(place, &mut column, part));
            appended.map_err(|error| error_in(&part.path, &error))?;
        }
        Ok(column.expect("a table has a part").finish())
    }
}

fn error_in(path: &Path, error: &BodyError) -> ReadError {
    ReadError { path: path.to_owned(), reason: error.sentence() }
}

fn listed(field: &Field) -> Field {
    match field.data_type() {
        text @ (DataType::Utf8 | DataType::LargeUtf8) => {
            let listed = DataType::Dictionary(Box::new(DataType::Int32), Box::new(text.clone()));
            field.clone().with_data_type(listed)
        }
        _ => field.clone(),
    }
}

/// A file that several threads read at once, each from a place of its own.
#[derive(Clone)]
struct Shared {
    file: Arc<File>,
    length: u64,
}

impl Length for Shared {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Shared {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(From { file: Arc::clone(&self.file), next: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        // A damaged file may ask for more than there is.
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF(format!("{length} bytes from {start} on are more than the file has")));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// A file from a place on.
struct From {
    file: Arc<File>,
    next: u64,
}

impl Read for From {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read_at(into, self.next)?;
        self.next += n as u64;
        Ok(n)
    }
}
