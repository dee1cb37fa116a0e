//! Files in and out.

use std::fs::File;
use std::io::{Cursor, Read, Seek, Write};
use std::path::Path;
use tidemark::data::csv::{self, Reading};
use tidemark::data::{Dataset, sha256_hex, sha256_hex_of};
use tidemark::model::Model;
use tidemark::report::{DriftReport, Source};

use super::{Failure, check_folder, ndjson, progress};
use crate::ingest::{columnar, parquet_table};
use crate::registry::folder::MAX_MODEL_BYTES;

/// A table that was read.
pub(super) struct Table {
    /// The file's name without its folder.
    pub label: String,
    /// Its rows.
    pub data: Dataset,
    /// SHA-256 of the file.
    pub sha256: String,
}

impl Table {
    /// The table as one side of a comparison.
    pub(super) fn source(&self) -> Source<'_> {
        Source { label: &self.label, data: &self.data, sha256: Some(self.sha256.clone()) }
    }
}

/// Reads a table, from standard input where the path is `-`: CSV, plain or gzipped, Parquet, Arrow (stream or file) or
/// newline-delimited JSON, told from each other by how they begin.
pub(super) fn read_table(path: &Path) -> Result<Table, Failure> {
    let failure = |error: String| Failure::file(path, error);
    if is_parquet_alone(path) {
        let what =
            "a folder, or what lies in an object store, is read by `tidemark report`, beside another table in Parquet";
        return Err(failure(what.to_owned()));
    }
    let spinner = progress::spinner(format!("Reading {}", path.display()));
    let Reading { data, sha256 } = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(|error| Failure::new("standard input", error))?;
        read_any(Cursor::new(bytes)).map_err(failure)?
    } else {
        let file = File::open(path).map_err(|error| Failure::file(path, error))?;
        read_any(file).map_err(failure)?
    };
    spinner.finish_and_clear();
    Ok(Table { label: label(path), data, sha256 })
}

/// What a report calls the table at this path.
pub(super) fn label(path: &Path) -> String {
    if path == Path::new("-") {
        return "standard input".to_owned();
    }
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// How Parquet files begin.
const PARQUET_SIGN: &[u8] = b"PAR1";

/// Whether a table in Parquet is at this path: a file, told by how it begins, a folder, or what lies in an object store; a pipe
/// is none.
pub(super) fn is_parquet(path: &Path) -> Result<bool, Failure> {
    let failed = |error| Failure::file(path, error);
    if path == Path::new("-") {
        return Ok(false);
    }
    if parquet_table::bucket_address(path).is_some() {
        return Ok(true);
    }
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Ok(metadata.is_dir());
    }
    let mut sign = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(PARQUET_SIGN.len() as u64).read_to_end(&mut sign).map_err(failed)?;
    Ok(sign == PARQUET_SIGN)
}

/// Whether no rows are read at this path, but columns of Parquet: it is a folder, or in an object store.
pub(super) fn is_parquet_alone(path: &Path) -> bool {
    path.is_dir() || parquet_table::bucket_address(path).is_some()
}

/// SHA-256 of a file, which is never in memory as a whole.
pub(super) fn sha256(path: &Path) -> Result<String, Failure> {
    let hashed = File::open(path).and_then(sha256_hex_of);
    hashed.map_err(|error| Failure::file(path, error))
}

fn read_any(mut source: impl Read + Seek + Send) -> Result<Reading, String> {
    const LONGEST_SIGN: u64 = 16;
    let mut sign = Vec::new();
    source.by_ref().take(LONGEST_SIGN).read_to_end(&mut sign).map_err(|error| error.to_string())?;
    source.rewind().map_err(|error| error.to_string())?;
    let read: fn(Vec<u8>) -> Result<Dataset, String> = if sign.starts_with(PARQUET_SIGN) {
        |bytes| columnar::read_parquet(bytes.into(), usize::MAX).map_err(|error| error.sentence())
    } else if sign.starts_with(b"ARROW1") {
        |bytes| columnar::read_arrow_file(&bytes, usize::MAX).map_err(|error| error.sentence())
    } else if sign.starts_with(&[0xff; 4]) {
        |bytes| columnar::read_arrow(&bytes, usize::MAX).map_err(|error| error.sentence())
    } else if sign.trim_ascii_start().starts_with(b"{") {
        |bytes| ndjson::read(&bytes)
    } else {
        return csv::read_hashed(source).map_err(|error| error.to_string());
    };
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let sha256 = sha256_hex(&bytes);
    Ok(Reading { data: read(bytes)?, sha256 })
}

/// Reads a model file.
pub(super) fn read_model(path: &Path) -> Result<Model, Failure> {
    let bytes = read_at_most(path, MAX_MODEL_BYTES)?;
    Model::from_bytes(&bytes).map_err(|error| Failure::file(path, error))
}

/// A report may be so large: those of other tools carry their pictures along.
pub(super) const MAX_REPORT_BYTES: u64 = 256 << 20;

/// Reads a report that was written as JSON.
pub(super) fn read_report(path: &Path) -> Result<DriftReport, Failure> {
    serde_json::from_slice(&read_at_most(path, MAX_REPORT_BYTES)?).map_err(|error| Failure::file(path, error))
}

/// Reads a whole file, unless it is larger than `most` bytes.
pub(super) fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| Failure::file(path, error))?;
    // What has no length, such as a pipe, is not believed to be short.
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| Failure::file(path, error))?;
    if bytes.len() as u64 > most {
        return Err(Failure::file(path, format!("the file is larger than {most} bytes, the most that are read")));
    }
    Ok(bytes)
}

/// Writes text to a file, or to standard output where none is named.
pub(super) fn write_or_print(path: Option<&Path>, text: &str) -> Result<(), Failure> {
    match path {
        Some(path) => write_atomically(path, |file| file.write_all(text.as_bytes())),
        None => {
            let written = std::io::stdout().write_all(text.as_bytes());
            // A reader that has seen enough, such as head, is no failure.
            written.or_else(|error| match error.kind() {
                std::io::ErrorKind::BrokenPipe => Ok(()),
                _ => Err(Failure::new("standard output", error)),
            })
        }
    }
}

/// Writes a file so that readers see the old content or the new, never half of it.
pub(super) fn write_atomically(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let folder = check_folder(path)?;
    let name = path.file_name().ok_or_else(|| Failure::file(path, "that is no file name"))?;
    let temporary = folder.join(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let written = (|| {
        let mut file = std::io::BufWriter::new(std::fs::File::create(&temporary)?);
        write(&mut file)?;
        let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    })();
    written.map_err(|error| {
        // What is left of a failed attempt helps nobody.
        drop(std::fs::remove_file(&temporary));
        Failure::file(path, error)
    })
}
