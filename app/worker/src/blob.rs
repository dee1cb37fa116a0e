//! A file that a person picked, read by slices: never more of it is in memory than was asked for.

use js_sys::Uint8Array;
use send_wrapper::SendWrapper;
use std::io::{self, Read, Seek, SeekFrom};
use web_sys::{Blob, FileReaderSync};

/// Bytes that are fetched from the browser in one go.
const SLICE_BYTES: u64 = 4 << 20;

/// The bytes of a [`Blob`]. A worker has one thread, which is what [`SendWrapper`] vouches for.
#[derive(Debug)]
pub struct BlobReader {
    blob: SendWrapper<Blob>,
    reader: SendWrapper<FileReaderSync>,
    size: u64,
    at: u64,
    /// The slice that was fetched last, and where it begins.
    slice: SendWrapper<Uint8Array>,
    slice_begin: u64,
}

impl BlobReader {
    /// At the start of `blob`.
    pub fn new(blob: &Blob) -> Self {
        let reader = FileReaderSync::new().expect("a worker may read files");
        Self {
            blob: SendWrapper::new(blob.clone()),
            reader: SendWrapper::new(reader),
            size: blob.size() as u64,
            at: 0,
            slice: SendWrapper::new(Uint8Array::new_with_length(0)),
            slice_begin: 0,
        }
    }

    /// The file's size in bytes.
    #[cfg(feature = "parquet")]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The bytes from `begin` on, `length` of them.
    #[cfg(feature = "parquet")]
    pub fn range(&mut self, begin: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.at = begin;
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn fetch(&mut self, begin: u64) -> io::Result<()> {
        let end = self.size.min(begin + SLICE_BYTES);
        let gone = |_| io::Error::other("the file could not be read. Was it moved or changed?");
        let part = self.blob.slice_with_f64_and_f64(begin as f64, end as f64).map_err(gone)?;
        let buffer = self.reader.read_as_array_buffer(&part).map_err(gone)?;
        self.slice = SendWrapper::new(Uint8Array::new(&buffer));
        self.slice_begin = begin;
        Ok(())
    }
}

impl Read for BlobReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        if !(self.slice_begin..self.slice_begin + u64::from(self.slice.length())).contains(&self.at) {
            self.fetch(self.at)?;
        }
        let from = (self.at - self.slice_begin) as u32;
        let length = buffer.len().min((self.slice.length() - from) as usize);
        self.slice.subarray(from, from + length as u32).copy_to(&mut buffer[..length]);
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for BlobReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => i128::from(at),
            SeekFrom::Current(by) => i128::from(self.at) + i128::from(by),
            SeekFrom::End(by) => i128::from(self.size) + i128::from(by),
        };
        self.at = u64::try_from(target).map_err(|_before| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
