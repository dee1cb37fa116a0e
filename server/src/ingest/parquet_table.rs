//! Parquet files whose columns are read one by one: of a table larger than memory, those that are compared lie there. Files lie on
//! disk or in an object store.

use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::file::reader::ChunkReader;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use tidemark::data::Column;
use tidemark::report::ColumnSource;
use tidemark_bucket::{Address, Object};

use self::source::{OnDisk, Remote};
use super::columnar::{Failure, Growing, guarded};
use crate::wire::error::BodyError;

mod source;

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
    source: Source,
    metadata: ArrowReaderMetadata,
}

enum Source {
    OnDisk(OnDisk),
    Remote(Remote),
}

impl ParquetTable {
    /// Opens a file, or all files of a folder whose names end with `.parquet`, in the order of their names, and reads what they
    /// say about themselves. `s3://bucket/key` is a file or a folder in an object store.
    ///
    /// # Errors
    /// There is no file, one is no Parquet file, or its columns are not those of the first.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let failed = |reason: String| ReadError { path: path.to_owned(), reason };
        let parts: Vec<Part> = if let Some(address) = bucket_address(path) {
            let objects = tidemark_bucket::find(&address, ".parquet").map_err(|error| failed(error.to_string()))?;
            objects.into_iter().map(Part::remote).collect::<Result<_, _>>()?
        } else if path.is_dir() {
            let paths = files_in(path).map_err(|error| failed(error.to_string()))?;
            paths.iter().map(|path| Part::on_disk(path)).collect::<Result<_, _>>()?
        } else {
            vec![Part::on_disk(path)?]
        };
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

    fn append(&self, place: usize, column: &mut Option<Growing>, part: &Part) -> Result<(), ReadError> {
        let damaged = |error: BodyError| error_in(&part.path, &error);
        let field = &part.metadata.schema().fields()[place];
        let rows = usize::try_from(self.rows()).unwrap_or(0);
        let column = match column {
            Some(column) => column,
            None => {
                let made = guarded("Parquet file", || Growing::with_room(field.name(), field.data_type(), rows));
                column.insert(made.map_err(damaged)?)
            }
        };
        let mut decode = |file: Source, group| {
            guarded("Parquet file", || match file {
                Source::OnDisk(file) => part.decode(place, column, file, group),
                Source::Remote(file) => part.decode(place, column, file, group),
            })
        };
        match &part.source {
            Source::OnDisk(file) => decode(Source::OnDisk(file.clone()), None).map_err(damaged),
            Source::Remote(file) => {
                let ranges = part.column_ranges(place);
                // What is decoded next is on its way meanwhile.
                thread::scope(|scope| {
                    let mut coming = ranges.first().map(|range| scope.spawn(|| file.with(range)));
                    for group in 0..ranges.len() {
                        let here = coming.take().expect("it was sent for").join().expect("reading does not panic");
                        let here =
                            here.map_err(|error| ReadError { path: part.path.clone(), reason: error.to_string() })?;
                        coming = ranges.get(group + 1).map(|range| scope.spawn(|| file.with(range)));
                        decode(Source::Remote(here), Some(group)).map_err(damaged)?;
                    }
                    Ok(())
                })
            }
        }
    }
}

/// The address in an object store that stands for a path; `None` if it is one on disk.
pub fn bucket_address(path: &Path) -> Option<Address> {
    path.to_str().and_then(Address::of)
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
    fn on_disk(path: &Path) -> Result<Self, ReadError> {
        let opened = guarded("Parquet file", || {
            let file = OnDisk::open(path)?;
            Ok(Self { path: path.to_owned(), metadata: metadata(&file)?, source: Source::OnDisk(file) })
        });
        opened.map_err(|error| error_in(path, &error))
    }

    fn remote(object: Object) -> Result<Self, ReadError> {
        let path = PathBuf::from(object.to_string());
        let file = Remote::open(object).map_err(|error| ReadError { path: path.clone(), reason: error.to_string() })?;
        let metadata = guarded("Parquet file", || metadata(&file)).map_err(|error| error_in(&path, &error))?;
        Ok(Self { path, source: Source::Remote(file), metadata })
    }

    /// Appends a column of one group of rows, or of all.
    fn decode<F: ChunkReader + 'static>(
        &self,
        place: usize,
        column: &mut Growing,
        file: F,
        group: Option<usize>,
    ) -> Result<(), Failure> {
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), [place]);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let reader = match group {
            Some(group) => reader.with_row_groups(vec![group]),
            None => reader,
        };
        let mut batches = reader.with_projection(mask).with_batch_size(BATCH_ROWS).build()?;
        batches.try_for_each(|batch| column.append(batch?.column(0)))
    }

    /// Where a column lies in the file, group of rows by group of rows.
    fn column_ranges(&self, place: usize) -> Vec<Range<u64>> {
        let schema = self.metadata.parquet_schema();
        let leaves: Vec<usize> =
            (0..schema.num_columns()).filter(|leaf| schema.get_column_root_idx(*leaf) == place).collect();
        let groups = self.metadata.metadata().row_groups().iter();
        let range = |(start, length): (u64, u64)| start..start.saturating_add(length);
        groups
            .map(|group| {
                let ranges = leaves.iter().map(|leaf| range(group.column(*leaf).byte_range()));
                ranges.reduce(|one, other| one.start.min(other.start)..one.end.max(other.end)).unwrap_or(0..0)
            })
            .collect()
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
            self.append(place, &mut column, part)?;
        }
        Ok(column.expect("a table has a part").finish())
    }
}

/// What a file says about itself.
fn metadata<F: ChunkReader>(file: &F) -> Result<ArrowReaderMetadata, Failure> {
    let told = ArrowReaderMetadata::load(file, ArrowReaderOptions::new())?;
    // Texts come with what they have in common listed once, as they are written.
    let fields: Vec<Field> = told.schema().fields().iter().map(|field| listed(field)).collect();
    let options = ArrowReaderOptions::new().with_schema(Arc::new(Schema::new(fields)));
    Ok(ArrowReaderMetadata::try_new(Arc::clone(told.metadata()), options)?)
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
