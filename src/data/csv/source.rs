//! Where the bytes of a file come from: counted and hashed on their way, and unpacked where they are gzipped.

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use std::io::{self, BufReader, Read, Seek};

use super::{CsvError, GZIP, MAX_UNPACKED_BYTES};
use crate::data::hex;

/// Packed bytes that are unpacked in one go.
const PACKED_BYTES: usize = 256 << 10;

/// A file that is read from its start, once or more often. Gzip is known by its first bytes, and never lies in memory whole.
pub(super) enum Source<S> {
    Plain(Counted<S>),
    Gzip { decoder: Box<MultiGzDecoder<BufReader<Counted<S>>>>, unpacked: u64 },
}

impl<S: Read + Seek> Source<S> {
    /// Looks at the first bytes. With `hashed` the digest is taken of the file's bytes, packed or not.
    pub fn open(mut inner: S, hashed: bool) -> io::Result<Self> {
        let mut sign = Vec::new();
        inner.by_ref().take(GZIP.len() as u64).read_to_end(&mut sign)?;
        inner.rewind()?;
        let counted = Counted { inner, bytes: 0, hasher: hashed.then(Sha256::new) };
        Ok(if sign == GZIP { Self::gzip(counted) } else { Self::Plain(counted) })
    }

    /// The bytes as they lie, to be hashed alone.
    pub fn hashed(inner: S) -> Self {
        Self::Plain(Counted { inner, bytes: 0, hasher: Some(Sha256::new()) })
    }

    fn gzip(counted: Counted<S>) -> Self {
        let packed = BufReader::with_capacity(PACKED_BYTES, counted);
        Self::Gzip { decoder: Box::new(MultiGzDecoder::new(packed)), unpacked: 0 }
    }

    /// Bytes of the file that were taken since its start.
    pub fn bytes_read(&self) -> u64 {
        match self {
            Self::Plain(counted) => counted.bytes,
            Self::Gzip { decoder, .. } => decoder.get_ref().get_ref().bytes,
        }
    }

    /// Goes back to the start, and says what the digest of the whole file is, if it was to be taken and was not told before.
    pub fn restart(self) -> io::Result<(Self, Option<String>)> {
        let (mut counted, is_gzip) = match self {
            Self::Plain(counted) => (counted, false),
            Self::Gzip { decoder, .. } => (decoder.into_inner().into_inner(), true),
        };
        let sha256 = counted.digest()?;
        counted.inner.rewind()?;
        counted.bytes = 0;
        Ok((if is_gzip { Self::gzip(counted) } else { Self::Plain(counted) }, sha256))
    }
}

impl<S: Read> Read for Source<S> {
    /// What is wrong with gzip comes as a [`CsvError`] within the [`io::Error`].
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(counted) => counted.read(buffer),
            Self::Gzip { decoder, unpacked } => {
                let read = decoder.read(buffer).map_err(|error| match error.kind() {
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                        io::Error::other(CsvError::Gzip { reason: error.to_string() })
                    }
                    _ => error,
                })?;
                *unpacked += read as u64;
                if *unpacked > MAX_UNPACKED_BYTES {
                    return Err(io::Error::other(CsvError::TooLarge { limit: MAX_UNPACKED_BYTES }));
                }
                Ok(read)
            }
        }
    }
}

/// Bytes as they lie in the file.
pub(super) struct Counted<S> {
    inner: S,
    bytes: u64,
    hasher: Option<Sha256>,
}

impl<S: Read> Counted<S> {
    /// The digest of everything up to the end, told once.
    fn digest(&mut self) -> io::Result<Option<String>> {
        if self.hasher.is_some() {
            io::copy(self, &mut io::sink())?;
        }
        Ok(self.hasher.take().map(|hasher| hex(&hasher.finalize())))
    }
}

impl<S: Read> Read for Counted<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..read]);
        }
        Ok(read)
    }
}
