//! Where the writer of Parquet writes to.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use crate::disk::DiskFile;

/// The disk is waited for whenever this many bytes are written: much at once would hold up the write-ahead log, whose callers
/// wait for the same disk.
const STEP: u64 = 1 << 20;

/// A file that is written from front to back, and its checksum.
struct Progress {
    file: Box<dyn DiskFile>,
    length: u64,
    synced: u64,
    crc: u32,
}

/// What is written goes into the file.
pub(super) struct Sink(Arc<Mutex<Progress>>);

/// The file once all is written.
pub(super) struct Total(Arc<Mutex<Progress>>);

impl Sink {
    pub(super) fn new(file: Box<dyn DiskFile>) -> (Self, Total) {
        let progress = Arc::new(Mutex::new(Progress { file, length: 0, synced: 0, crc: 0 }));
        (Self(Arc::clone(&progress)), Total(progress))
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let length = progress.length;
        progress.file.write_at(bytes, length)?;
        progress.crc = crc32c::crc32c_append(progress.crc, bytes);
        progress.length += bytes.len() as u64;
        if progress.length - progress.synced >= STEP {
            progress.file.sync()?;
            progress.synced = progress.length;
        }
        drop(progress);
        tidemark::part_done();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Total {
    /// Waits until the file is on disk, and returns its length and its CRC-32C.
    pub(super) fn finish(self) -> io::Result<(u64, u32)> {
        let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        progress.file.sync()?;
        Ok((progress.length, progress.crc))
    }
}
