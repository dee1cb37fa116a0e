//! Takes counts, texts and choices out of bytes, and never more than there are.

use super::{StoredError, invalid};

/// What is left to read.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    left: &'a [u8],
    most_values: u64,
    /// Values that may still be unpacked.
    room: u64,
}

const TOO_SHORT: &str = "an end in the middle";

impl<'a> Reader<'a> {
    pub const fn new(bytes: &'a [u8], most_values: u64) -> Self {
        Self { left: bytes, most_values, room: most_values }
    }

    pub fn byte(&mut self) -> Result<u8, StoredError> {
        let (&byte, left) = self.left.split_first().ok_or(invalid(TOO_SHORT))?;
        self.left = left;
        Ok(byte)
    }

    pub fn bytes(&mut self, n: usize) -> Result<&'a [u8], StoredError> {
        let (bytes, left) = self.left.split_at_checked(n).ok_or(invalid(TOO_SHORT))?;
        self.left = left;
        Ok(bytes)
    }

    pub fn count(&mut self) -> Result<u64, StoredError> {
        let mut count = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            count |= bits << shift;
            if byte < 0x80 {
                // One way to write a number: no empty byte at the end.
                return if bits == 0 && shift > 0 {
                    Err(invalid("a count with nothing at its end"))
                } else {
                    Ok(count)
                };
            }
        }
        Err(invalid("a count beyond 64 bits"))
    }

    pub fn count_up_to(&mut self, most: u64, otherwise: &'static str) -> Result<u64, StoredError> {
        self.count().and_then(|count| if count <= most { Ok(count) } else { Err(invalid(otherwise)) })
    }

    pub fn text(&mut self) -> Result<&'a [u8], StoredError> {
        let length = self.count()?;
        self.bytes(usize::try_from(length).unwrap_or(usize::MAX))
    }

    pub fn flag(&mut self) -> Result<bool, StoredError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(invalid("neither yes nor no")),
        }
    }

    pub fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, StoredError>,
    ) -> Result<Option<T>, StoredError> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    /// Says that so many values are about to be unpacked: what is allocated for them stays below the limit.
    pub fn make_room(&mut self, n: u64) -> Result<usize, StoredError> {
        let too_large = StoredError::TooLarge { most_values: self.most_values };
        self.room = self.room.checked_sub(n).ok_or(too_large)?;
        usize::try_from(n).or(Err(too_large))
    }

    pub const fn is_at_end(&self) -> bool {
        self.left.is_empty()
    }
}
