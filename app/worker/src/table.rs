//! A file that was read: CSV, plain or gzipped, or Parquet, told from each other by how they begin.

use std::io::{Read, Seek};
use tidemark::data::Dataset;
use tidemark::data::csv::{self, ReadProgress, Reading};
use tidemark::report::Source;
use web_sys::Blob;

use crate::blob::BlobReader;

/// A table, and where it came from.
#[derive(Debug)]
pub struct Table {
    /// The file's name.
    pub name: String,
    /// Its rows.
    pub data: Dataset,
    /// The file's digest in lower-case hex.
    pub sha256: String,
}

impl Table {
    /// The table as one side of a comparison.
    pub fn source(&self) -> Source<'_> {
        Source { label: &self.name, data: &self.data, sha256: Some(self.sha256.clone()) }
    }
}

/// Bytes of a CSV file that its preview looks at.
const HEAD_BYTES: usize = 256 << 10;
/// Rows of a Parquet file that its preview looks at.
#[cfg(feature = "parquet")]
const HEAD_ROWS: usize = 1000;

/// What a file is.
enum Kind {
    Csv,
    Parquet,
}

/// Says what a file is, or what it is instead of a table.
fn kind(file: &mut BlobReader) -> Result<Kind, String> {
    let mut sign = Vec::new();
    file.take(8).read_to_end(&mut sign).map_err(|error| error.to_string())?;
    file.rewind().map_err(|error| error.to_string())?;
    match sign.as_slice() {
        [] => Err("the file is empty".to_owned()),
        sign if sign.starts_with(b"PAR1") => Ok(Kind::Parquet),
        sign if sign.starts_with(b"PARE") => {
            Err("the Parquet file is encrypted, and can only be read with its key".to_owned())
        }
        sign if sign.starts_with(b"PK\x03\x04") => {
            Err("this is a ZIP archive or a spreadsheet. Unpack it, or save it as CSV".to_owned())
        }
        sign if sign.starts_with(b"ARROW1") || sign.starts_with(&[0xff; 4]) => {
            Err("this is an Arrow file. The command line reads it; this page reads CSV and Parquet".to_owned())
        }
        [b'B', b'Z', b'h', ..] | [0xfd, b'7', b'z', ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            Err("this file is packed with something else than gzip. Unpack it first".to_owned())
        }
        _ => Ok(Kind::Csv),
    }
}

/// Reads a whole file. The digest is taken on the way unless it is known.
pub fn read(file: &Blob, sha256: Option<String>, on_progress: &mut dyn FnMut(ReadProgress)) -> Result<Table, String> {
    let mut file = BlobReader::new(file);
    let Reading { data, sha256 } = match kind(&mut file)? {
        Kind::Csv => csv::read_watched(file, sha256, on_progress).map_err(|error| error.to_string())?,
        Kind::Parquet => read_parquet(file, sha256, on_progress)?,
    };
    if data.n_rows() == 0 {
        return Err("there is a header, and no row below it".to_owned());
    }
    Ok(Table { name: String::new(), data, sha256 })
}

/// Reads the first rows of a file.
pub fn read_head(file: &Blob) -> Result<Dataset, String> {
    let mut file = BlobReader::new(file);
    match kind(&mut file)? {
        Kind::Csv => csv::read_head(file, HEAD_BYTES).map_err(|error| error.to_string()),
        Kind::Parquet => read_parquet_head(file),
    }
}

#[cfg(feature = "parquet")]
fn read_parquet(
    mut file: BlobReader,
    sha256: Option<String>,
    on_progress: &mut dyn FnMut(ReadProgress),
) -> Result<Reading, String> {
    let sha256 = match sha256 {
        Some(sha256) => sha256,
        None => csv::sha256_of(&mut file).map_err(|error| error.to_string())?,
    };
    let data = crate::parquet::read(file, on_progress)?;
    Ok(Reading { data, sha256 })
}

#[cfg(feature = "parquet")]
fn read_parquet_head(file: BlobReader) -> Result<Dataset, String> {
    crate::parquet::read_head(file, HEAD_ROWS)
}

/// The page asks the module that can.
#[cfg(not(feature = "parquet"))]
const NOT_HERE: &str = "Parquet is read by another part of this page, which is not there. Reload the page";

#[cfg(not(feature = "parquet"))]
fn read_parquet(
    _file: BlobReader,
    _sha256: Option<String>,
    _on_progress: &mut dyn FnMut(ReadProgress),
) -> Result<Reading, String> {
    Err(NOT_HERE.to_owned())
}

#[cfg(not(feature = "parquet"))]
fn read_parquet_head(_file: BlobReader) -> Result<Dataset, String> {
    Err(NOT_HERE.to_owned())
}
