//! Where the bytes of a Parquet file come from.

use bytes::{Buf, Bytes, buf::Reader};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use tidemark_bucket::Object;

/// A file that several threads read at once, each from a place of its own.
#[derive(Clone)]
pub(super) struct OnDisk {
    file: Arc<File>,
    length: u64,
}

impl OnDisk {
    pub(super) fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self { length: file.metadata()?.len(), file: Arc::new(file) })
    }
}

impl Length for OnDisk {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for OnDisk {
    type T = BufReader<From>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(From { file: Arc::clone(&self.file), next: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        within(start, length, self.length)?;
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// A file from a place on.
pub(super) struct From {
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

/// So much of a file's end is read at first: what it says about itself, if that is not long.
const END: u64 = 256 << 10;

/// A file in an object store, of which some bytes are here.
#[derive(Clone)]
pub(super) struct Remote {
    object: Object,
    /// Where they begin.
    start: u64,
    here: Bytes,
}

impl Remote {
    /// The file with its end.
    pub(super) fn open(object: Object) -> Result<Self, tidemark_bucket::Error> {
        let whole = 0..object.length();
        let end = Self { object, start: 0, here: Bytes::new() };
        end.with(&(whole.end.saturating_sub(END)..whole.end))
    }

    /// The file with these bytes of it, which are waited for.
    pub(super) fn with(&self, range: &Range<u64>) -> Result<Self, tidemark_bucket::Error> {
        // A damaged file may say that a column lies behind its end.
        let range = range.start..range.end.min(self.object.length());
        let here = if range.is_empty() { Bytes::new() } else { self.object.read(range.clone())? };
        Ok(Self { object: self.object.clone(), start: range.start, here })
    }

    /// Those of `length` bytes from `start` on, if they are here.
    fn slice(&self, start: u64, length: usize) -> Option<Bytes> {
        let from = usize::try_from(start.checked_sub(self.start)?).ok()?;
        let end = from.checked_add(length).filter(|end| *end <= self.here.len())?;
        Some(self.here.slice(from..end))
    }
}

impl Length for Remote {
    fn len(&self) -> u64 {
        self.object.length()
    }
}

impl ChunkReader for Remote {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        // To the end of what is here: heads of pages are read so, and a column is here as a whole.
        let end = self.start + self.here.len() as u64;
        let length = end.checked_sub(start).unwrap_or_else(|| END.min(self.len().saturating_sub(start)));
        Ok(self.get_bytes(start, length as usize)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        within(start, length, self.len())?;
        match self.slice(start, length) {
            Some(bytes) => Ok(bytes),
            None if length == 0 => Ok(Bytes::new()),
            None => {
                let read = self.object.read(start..start + length as u64);
                read.map_err(|error| ParquetError::External(error.into()))
            }
        }
    }
}

/// A damaged file may ask for more than there is.
fn within(start: u64, length: usize, most: u64) -> Result<(), ParquetError> {
    if start.checked_add(length as u64).is_none_or(|end| end > most) {
        return Err(ParquetError::EOF(format!("{length} bytes from {start} on are more than the file has")));
    }
    Ok(())
}
