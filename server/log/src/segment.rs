//! Segments: records in Parquet, as anyone can read them.
//!
//! A segment is `part-FIRST-END.parquet` in the folder of its line and day, and holds that line's records from position
//! FIRST up to but not including END, in order. The day is that of the log's clock when the record came in. Beside it, under names that readers of Parquet pass
//! over, lie its checksum (`.part-FIRST-END.crc32c`) and its profile, if the log was told how to make one (`.profile`).

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::KeyValue;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::disk::Disk;
use crate::error::{Damage, ReadError, WriteFailure};
use crate::id::Id;
use crate::profiler::Profiler;
use crate::record::Millis;
use crate::rows::RowsBuilder;
use crate::stream::{Line, Stream, StreamSpec};

mod columns;
mod encoding;
mod labels;
mod pages;
mod records;
mod sink;

use columns::Columns;
pub(crate) use columns::{Row, Stored};
use pages::PagesInBursts;
use sink::Sink;

/// Rows of a row group: what a reader has to hold of a column at once.
const ROW_GROUP_ROWS: usize = 32_768;

/// Rows that are read at once.
pub(crate) const CHUNK_ROWS: usize = 8192;

/// The footer's entry that says what the segment holds.
const META_KEY: &str = "tidemark";

/// What the footer says of a segment.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Meta {
    format: u32,
    line: Line,
    first: u64,
    end: u64,
    /// The earliest and latest time of a prediction.
    times: [Millis; 2],
    /// When the first and the last record came in.
    received: [Millis; 2],
    streams: Vec<StreamSpec>,
}

/// The format of segments that this version writes.
const FORMAT: u32 = 1;

/// A segment, without its records.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) path: PathBuf,
    pub(crate) line: Line,
    pub(crate) first: u64,
    pub(crate) end: u64,
    /// The earliest and latest time of a prediction.
    pub(crate) times: [Millis; 2],
    /// When the first and the last record came in.
    pub(crate) received: [Millis; 2],
    pub(crate) streams: Vec<Arc<Stream>>,
    /// Bytes of the file.
    pub(crate) bytes: u64,
    /// A filter of names for every row group, once somebody asked for a name.
    filters: OnceLock<Vec<Sbbf>>,
    /// Set once the file was found to have its checksum.
    is_checked: OnceLock<()>,
}

impl Segment {
    /// The same segment under another path.
    pub(crate) fn moved_to(&self, path: PathBuf) -> Self {
        Self {
            path,
            line: self.line.clone(),
            first: self.first,
            end: self.end,
            times: self.times,
            received: self.received,
            streams: self.streams.clone(),
            bytes: self.bytes,
            filters: OnceLock::new(),
            is_checked: OnceLock::new(),
        }
    }

    /// The stream of this number, if one of the segment's records is of it.
    pub(crate) fn stream(&self, number: u32) -> Option<&Arc<Stream>> {
        self.streams.iter().find(|stream| stream.number() == number)
    }

    /// The segment in this file.
    pub(crate) fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|error| ReadError::io(path, &error))?;
        let bytes = file.metadata().map_err(|error| ReadError::io(path, &error))?.len();
        let metadata = ArrowReaderMetadata::load(&file, options()).map_err(|error| damage(path, error))?;
        let pairs = metadata.metadata().file_metadata().key_value_metadata();
        let meta = pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == META_KEY)?.value.as_deref());
        let meta = meta.ok_or_else(|| damage(path, "the footer does not say what it holds"))?;
        let meta: Meta = serde_json::from_str(meta).map_err(|error| damage(path, error))?;
        if meta.format != FORMAT {
            return Err(damage(path, format!("format {} is not known to this version", meta.format)).into());
        }
        let n_rows = u64::try_from(metadata.metadata().file_metadata().num_rows()).unwrap_or(u64::MAX);
        if meta.end.checked_sub(meta.first) != Some(n_rows) || n_rows == 0 {
            let what = format!("it holds {n_rows} rows where the footer says positions {} to {}", meta.first, meta.end);
            return Err(damage(path, what).into());
        }
        Ok(Self {
            path: path.to_owned(),
            line: meta.line,
            first: meta.first,
            end: meta.end,
            times: meta.times,
            received: meta.received,
            streams: meta.streams.into_iter().map(|spec| Arc::new(Stream::from(spec))).collect(),
            bytes,
            filters: OnceLock::new(),
            is_checked: OnceLock::new(),
        })
    }

    /// Reads the rows from this position on, in chunks.
    pub(crate) fn read<R: Stored>(self: &Arc<Self>, from: u64) -> Result<Reader<R>, ReadError> {
        let builder = self.builder()?;
        let skip = usize::try_from(from.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let batches = builder.with_batch_size(CHUNK_ROWS).with_offset(skip).build();
        let batches = batches.map_err(|error| damage(&self.path, error))?;
        Ok(Reader { segment: Arc::clone(self), batches, _row: std::marker::PhantomData })
    }

    /// Reads the whole file and compares it with the checksum beside it.
    pub(crate) fn check(&self) -> Result<(), ReadError> {
        let path = sidecar(&self.path, "crc32c");
        let expected = std::fs::read_to_string(&path).map_err(|error| ReadError::io(&path, &error))?;
        let file = File::open(&self.path).map_err(|error| ReadError::io(&self.path, &error))?;
        let found = checksum(file).map_err(|error| ReadError::io(&self.path, &error))?;
        if found == expected { Ok(()) } else { Err(damage(&self.path, "it does not have its checksum").into()) }
    }

    /// Begins to read the file, once it was found to be what was written.
    fn builder(&self) -> Result<ParquetRecordBatchReaderBuilder<File>, ReadError> {
        if self.is_checked.get().is_none() {
            self.check()?;
            self.is_checked.get_or_init(|| ());
        }
        let file = File::open(&self.path).map_err(|error| ReadError::io(&self.path, &error))?;
        ParquetRecordBatchReaderBuilder::try_new_with_options(file, options())
            .map_err(|error| damage(&self.path, error).into())
    }

    /// Whether a record of this name may be in the segment, by its filters if they are in memory.
    pub(crate) fn may_hold(&self, name: &str) -> bool {
        self.filters.get().is_none_or(|filters| filters.iter().any(|filter| filter.check(name)))
    }

    /// The positions of the records of this name: more than one only in a line with several versions' records.
    pub(crate) fn find(&self, id: &Id) -> Result<Option<u64>, ReadError> {
        let groups = id.with_text(|text| {
            let filters = self.filters()?.iter().enumerate();
            Ok::<_, ReadError>(
                filters.filter(|(_, filter)| filter.check(text)).map(|(place, _)| place).collect::<Vec<_>>(),
            )
        })?;
        if groups.is_empty() {
            return Ok(None);
        }
        let builder = self.builder()?;
        let mask = parquet::arrow::ProjectionMask::columns(builder.parquet_schema(), [columns::POSITION, columns::ID]);
        let batches = builder.with_projection(mask).with_row_groups(groups).with_batch_size(CHUNK_ROWS).build();
        for batch in batches.map_err(|error| damage(&self.path, error))? {
            let batch = batch.map_err(|error| damage(&self.path, error))?;
            let found = id.with_text(|text| columns::find(&batch, text));
            match found.ok_or_else(|| damage(&self.path, "it has no columns of positions and names"))? {
                None => {}
                found => return Ok(found),
            }
        }
        Ok(None)
    }

    /// How many predictions from this position on have the first class, and how many another.
    pub(crate) fn count_classes(&self, from: u64) -> Result<[u64; 2], ReadError> {
        let builder = self.builder()?;
        let mask = parquet::arrow::ProjectionMask::columns(builder.parquet_schema(), [columns::CLASS]);
        let skip = usize::try_from(from.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let batches = builder.with_projection(mask).with_batch_size(CHUNK_ROWS).with_offset(skip).build();
        let mut counts = [0; 2];
        for batch in batches.map_err(|error| damage(&self.path, error))? {
            let batch = batch.map_err(|error| damage(&self.path, error))?;
            let found = columns::count_classes(&batch);
            let found = found.ok_or_else(|| damage(&self.path, "it has no column of classes"))?;
            counts = [counts[0] + found[0], counts[1] + found[1]];
        }
        Ok(counts)
    }

    fn filters(&self) -> Result<&[Sbbf], ReadError> {
        if let Some(filters) = self.filters.get() {
            return Ok(filters);
        }
        let builder = self.builder()?;
        let column = columns::leaf_of(builder.parquet_schema(), columns::ID);
        let column = column.ok_or_else(|| damage(&self.path, "it has no column of names"))?;
        let filters = (0..builder.metadata().num_row_groups())
            .map(|group| {
                let filter = builder.get_row_group_column_bloom_filter(group, column);
                let filter = filter.map_err(|error| damage(&self.path, error))?;
                filter.ok_or_else(|| ReadError::from(damage(&self.path, "it has no filter of names")))
            })
            .collect::<Result<_, _>>()?;
        Ok(self.filters.get_or_init(|| filters))
    }

    /// The file of the segment's profile.
    pub(crate) fn profile_path(&self) -> PathBuf {
        sidecar(&self.path, "profile")
    }
}

/// What stands in the file beside a segment: its CRC-32C and its length.
fn checksum_text(crc: u32, bytes: u64) -> String {
    format!("{crc:08x} {bytes}\n")
}

fn checksum(mut file: File) -> std::io::Result<String> {
    use std::io::Read;
    let mut buffer = vec![0; 1 << 18];
    let (mut crc, mut bytes) = (0, 0);
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            return Ok(checksum_text(crc, bytes));
        }
        crc = crc32c::crc32c_append(crc, &buffer[..n]);
        bytes += n as u64;
    }
}

/// A file beside a segment that readers of Parquet pass over.
pub(crate) fn sidecar(path: &Path, extension: &str) -> PathBuf {
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{extension}"))
}

/// The segment that this file lies beside, if its name is of that kind.
pub(crate) fn segment_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?.strip_prefix('.')?;
    let (name, extension) = name.rsplit_once('.')?;
    let is_beside = name.starts_with("part-") && matches!(extension, "crc32c" | "profile");
    is_beside.then(|| path.with_file_name(format!("{name}.parquet")))
}

fn options() -> ArrowReaderOptions {
    ArrowReaderOptions::new()
}

pub(crate) fn damage(path: &Path, what: impl std::fmt::Display) -> Damage {
    Damage { path: path.to_owned(), offset: None, what: what.to_string() }
}

/// Rows of a segment, a chunk at a time.
pub(crate) struct Reader<R> {
    segment: Arc<Segment>,
    batches: ParquetRecordBatchReader,
    _row: std::marker::PhantomData<R>,
}

impl<R: Stored> Iterator for Reader<R> {
    type Item = Result<Vec<R>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let path = &self.segment.path;
        let batch = match self.batches.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(damage(path, error).into())),
        };
        let rows = R::from_batch(&batch, &self.segment);
        Some(rows.ok_or_else(|| damage(path, "a column is missing or of another type").into()))
    }
}

/// A segment that could not be made.
#[derive(Debug)]
pub(crate) enum SealError {
    /// What it was to be made of cannot be read.
    Read(ReadError),
    /// It cannot be written.
    Write(WriteFailure),
}

impl From<ReadError> for SealError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<WriteFailure> for SealError {
    fn from(failure: WriteFailure) -> Self {
        Self::Write(failure)
    }
}

impl std::fmt::Display for SealError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Write(failure) => failure.fmt(f),
        }
    }
}

/// Where the profile of a new segment comes from.
pub(crate) enum ProfileFrom<'a> {
    /// The segment's rows, of which there are so many.
    Rows(&'a dyn Profiler, usize),
    /// The profiles of the segments that it takes the place of.
    Parts(Vec<u8>),
    /// It has none.
    Nothing,
}

impl<'a> ProfileFrom<'a> {
    /// The rows, where somebody makes profiles of this line.
    pub(crate) fn rows(profiler: Option<&'a Arc<dyn Profiler>>, line: &Line, n_rows: usize) -> Self {
        profiler
            .filter(|profiler| profiler.wants(line))
            .map_or(Self::Nothing, |profiler| Self::Rows(&**profiler, n_rows))
    }

    /// The profiles of these segments, where all of them have one and they go together.
    pub(crate) fn parts(profiler: Option<&'a Arc<dyn Profiler>>, line: &Line, segments: &[Arc<Segment>]) -> Self {
        let merged = profiler.filter(|profiler| profiler.wants(line)).and_then(|profiler| {
            let parts = segments.iter().map(|segment| std::fs::read(segment.profile_path()).ok());
            profiler.merge(line, &parts.collect::<Option<Vec<_>>>()?)
        });
        merged.map_or(Self::Nothing, Self::Parts)
    }
}

/// Writes a segment of rows that follow one another into `folder`, durably but for its name. `streams` are all that the
/// rows are of.
pub(crate) fn write<R: Row>(
    disk: &dyn Disk,
    folder: &Path,
    line: &Line,
    streams: &[Arc<Stream>],
    chunks: impl IntoIterator<Item = Result<Vec<R>, ReadError>>,
    profile: ProfileFrom<'_>,
) -> Result<Written, SealError> {
    let temporary = folder.join(format!(".{}.new", Id::fresh(0)));
    let failed = |error: std::io::Error| SealError::Write(WriteFailure::new(&temporary, &error));
    let (sink, total) = Sink::new(disk.create(&temporary).map_err(failed)?);
    let result = write_rows(sink, line, streams, chunks, profile, &temporary);
    let made = result.and_then(|(meta, profile)| {
        let meta = meta.expect("a segment is only begun with a row at hand");
        let (bytes, crc) = total.finish().map_err(failed)?;
        let path = folder.join(format!("part-{}-{}.parquet", meta.first, meta.end));
        write_small(disk, &sidecar(&path, "crc32c"), checksum_text(crc, bytes).as_bytes())?;
        if let Some(profile) = profile {
            write_small(disk, &sidecar(&path, "profile"), &profile)?;
        }
        Ok(Written { temporary: temporary.clone(), path })
    });
    if made.is_err() {
        drop(disk.remove(&temporary));
    }
    made
}

/// A segment that has to be given its name.
pub(crate) struct Written {
    temporary: PathBuf,
    pub(crate) path: PathBuf,
}

impl Written {
    /// Gives the segment its name, durably.
    pub(crate) fn publish(self, disk: &dyn Disk) -> Result<Segment, SealError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let renamed = disk.rename(&self.temporary, &self.path).and_then(|()| disk.sync_folder(folder));
        renamed.map_err(|error| {
            // Its records will be in another segment, and should not be read twice.
            drop(disk.remove(&self.temporary));
            drop(disk.remove(&self.path));
            SealError::Write(WriteFailure::new(&self.path, &error))
        })?;
        Ok(Segment::open(&self.path)?)
    }
}

fn write_small(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), SealError> {
    crate::disk::replace(disk, path, bytes).map_err(SealError::Write)
}

/// Writes rows as Parquet, without saying what they are; none at all is fine.
pub(crate) fn write_table<R: Row>(
    out: impl std::io::Write + Send,
    line: &Line,
    streams: &[Arc<Stream>],
    chunks: impl IntoIterator<Item = Result<Vec<R>, ReadError>>,
    path: &Path,
) -> Result<(), SealError> {
    write_rows(out, line, streams, chunks, ProfileFrom::Nothing, path).map(drop)
}

/// Writes rows as Parquet, and returns what they are, unless there is none, and the profile.
fn write_rows<R: Row>(
    out: impl std::io::Write + Send,
    line: &Line,
    streams: &[Arc<Stream>],
    chunks: impl IntoIterator<Item = Result<Vec<R>, ReadError>>,
    profile: ProfileFrom<'_>,
    path: &Path,
) -> Result<(Option<Meta>, Option<Vec<u8>>), SealError> {
    let columns = R::columns(streams);
    let failed = |error: parquet::errors::ParquetError| SealError::Write(write_failure(path, &error));
    let mut chunks = chunks.into_iter().peekable();
    let first = chunks.peek().and_then(|chunk| chunk.as_ref().ok()).map(|chunk| columns.batch(chunk));
    let properties = encoding::properties(first.as_ref());
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_page_store_factory(Arc::new(PagesInBursts));
    let mut writer = ArrowWriter::try_new_with_options(out, columns.schema(), options).map_err(failed)?;
    let mut meta: Option<Meta> = None;
    let mut profiled = match profile {
        ProfileFrom::Rows(_, n_rows) => Some(RowsBuilder::with_capacity(n_rows)),
        ProfileFrom::Parts(_) | ProfileFrom::Nothing => None,
    };
    for chunk in chunks {
        tidemark::part_done();
        let chunk = chunk?;
        let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { continue };
        let times = chunk.iter().map(Stored::time);
        let (earliest, latest) = (times.clone().min().unwrap_or_default(), times.max().unwrap_or_default());
        let meta = meta.get_or_insert_with(|| Meta {
            format: FORMAT,
            line: line.clone(),
            first: first.position(),
            end: first.position(),
            times: [earliest, latest],
            received: [first.received(), last.received()],
            streams: streams.iter().map(|stream| stream.spec().clone()).collect(),
        });
        meta.end = last.position() + 1;
        meta.times = [meta.times[0].min(earliest), meta.times[1].max(latest)];
        meta.received[1] = last.received();
        writer.write(&columns.batch(&chunk)).map_err(failed)?;
        tidemark::part_done();
        if let Some(profiled) = &mut profiled {
            R::gather(chunk, profiled);
        }
    }
    if let Some(meta) = &meta {
        let json = serde_json::to_string(meta).expect("names and numbers are JSON");
        writer.append_key_value_metadata(KeyValue::new(META_KEY.to_owned(), json));
    }
    writer.close().map_err(failed)?;
    let profile = match profile {
        ProfileFrom::Rows(profiler, _) => profiled.and_then(|rows| profiler.profile(line, rows.finish())),
        ProfileFrom::Parts(profile) => Some(profile),
        ProfileFrom::Nothing => None,
    };
    Ok((meta, profile))
}

fn write_failure(path: &Path, error: &parquet::errors::ParquetError) -> WriteFailure {
    if let parquet::errors::ParquetError::External(source) = error
        && let Some(error) = source.downcast_ref::<std::io::Error>()
    {
        return WriteFailure::new(path, error);
    }
    WriteFailure { cause: crate::error::Cause::Other, detail: format!("{}: {error}", path.display()) }
}
