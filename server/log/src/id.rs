//! What a prediction is called.

use std::cell::RefCell;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use tidemark::random::Rng;

/// The name of a record: a UUID, or whatever the client calls it.
///
/// A text that is a UUID as it is usually written (lower case, with hyphens) is kept as one, so that both ways of
/// writing it are the same name, and take 16 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(Name);

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Name {
    Uuid([u8; 16]),
    Text(Box<str>),
}

/// A text that cannot be a record's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadId {
    /// There is nothing in it.
    Empty,
    /// It is longer than [`Id::MAX_BYTES`].
    TooLong {
        /// Its length in bytes.
        found: usize,
    },
    /// It holds a line break or another control character.
    ControlCharacter {
        /// Where, in bytes.
        at: usize,
    },
}

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an id has at least one character"),
            Self::TooLong { found } => write!(f, "an id has at most {} bytes, this one {found}", Id::MAX_BYTES),
            Self::ControlCharacter { at } => {
                write!(f, "an id has no control characters, this one has one at byte {at}")
            }
        }
    }
}

impl std::error::Error for BadId {}

thread_local! {
    /// Seeded by the operating system through the standard library's hash keys.
    static RANDOM: RefCell<Rng> = RefCell::new(Rng::new(RandomState::new().hash_one("tidemark")));
}

impl Id {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 200;

    /// A new name that nobody has had: a UUID of version 7 (RFC 9562), which begins with the time in milliseconds
    /// since 1970, so that names sort by time. Its other 74 bits are random, though not secret.
    pub fn fresh(time: i64) -> Self {
        let (high, low) = RANDOM.with_borrow_mut(|random| (random.next(), random.next()));
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&time.to_be_bytes()[2..]);
        bytes[6..8].copy_from_slice(&(high as u16).to_be_bytes());
        bytes[8..].copy_from_slice(&low.to_be_bytes());
        bytes[6] = 0x70 | (bytes[6] & 0x0f);
        bytes[8] = 0x80 | (bytes[8] & 0x3f);
        Self(Name::Uuid(bytes))
    }

    /// The name that somebody else gave.
    ///
    /// # Errors
    /// The text is empty, too long, or has control characters.
    pub fn given(text: &str) -> Result<Self, BadId> {
        if let Some(bytes) = parse_uuid(text) {
            return Ok(Self(Name::Uuid(bytes)));
        }
        if text.is_empty() {
            return Err(BadId::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(BadId::TooLong { found: text.len() });
        }
        if let Some(at) = text.find(char::is_control) {
            return Err(BadId::ControlCharacter { at });
        }
        Ok(Self(Name::Text(text.into())))
    }

    pub(crate) const fn from_uuid(bytes: [u8; 16]) -> Self {
        Self(Name::Uuid(bytes))
    }

    pub(crate) const fn as_uuid(&self) -> Option<&[u8; 16]> {
        match &self.0 {
            Name::Uuid(bytes) => Some(bytes),
            Name::Text(_) => None,
        }
    }

    /// Calls `use_text` with the name as text, without making a string of it.
    pub fn with_text<T>(&self, use_text: impl FnOnce(&str) -> T) -> T {
        match &self.0 {
            Name::Text(text) => use_text(text),
            Name::Uuid(bytes) => {
                let text = write_uuid(bytes);
                use_text(std::str::from_utf8(&text).expect("hexadecimal digits and hyphens are ASCII"))
            }
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

const HYPHENS: [usize; 4] = [8, 13, 18, 23];

fn write_uuid(bytes: &[u8; 16]) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 36];
    let mut places = (0..36).filter(|place| !HYPHENS.contains(place));
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text[places.next().expect("36 characters but four are digits")] = DIGITS[usize::from(digit)];
        }
    }
    text
}

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0_u8; 16];
    let mut digits = 0;
    for (place, &character) in text.iter().enumerate() {
        if HYPHENS.contains(&place) {
            if character != b'-' {
                return None;
            }
            continue;
        }
        let digit = match character {
            b'0'..=b'9' => character - b'0',
            b'a'..=b'f' => character - b'a' + 10,
            _ => return None,
        };
        bytes[digits / 2] = (bytes[digits / 2] << 4) | digit;
        digits += 1;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_the_same_name_in_both_ways_of_writing_it() {
        // python3: uuid.UUID("019ab0c1-7c5e-7abc-8def-0123456789ab").bytes.hex()
        let text = "019ab0c1-7c5e-7abc-8def-0123456789ab";
        let id = Id::given(text).unwrap();
        assert_eq!(id.as_uuid().map(|bytes| bytes[..4].to_vec()), Some(vec![0x01, 0x9a, 0xb0, 0xc1]));
        assert_eq!(id.to_string(), text);
        let upper = Id::given(&text.to_uppercase()).unwrap();
        assert_eq!((upper.as_uuid(), upper.to_string()), (None, text.to_uppercase()));
    }

    #[test]
    fn fresh_names_begin_with_their_time_and_differ() {
        let time = 0x0123_4567_89ab;
        let ids: std::collections::BTreeSet<Id> = (0..10_000).map(|_| Id::fresh(time)).collect();
        assert_eq!(ids.len(), 10_000);
        for id in &ids {
            let text = id.to_string();
            assert!(text.starts_with("01234567-89ab-7"), "{text}");
            assert!(text[19..20].contains(['8', '9', 'a', 'b']), "{text}");
            assert_eq!(Id::given(&text).as_ref(), Ok(id));
        }
        assert!(ids.last() < Some(&Id::fresh(time + 1)));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        assert_eq!(Id::given(""), Err(BadId::Empty));
        assert_eq!(Id::given("a\nb"), Err(BadId::ControlCharacter { at: 1 }));
        assert_eq!(Id::given(&"x".repeat(201)), Err(BadId::TooLong { found: 201 }));
        assert!(Id::given(&"x".repeat(200)).is_ok());
        assert!(Id::given("order 17/ä").is_ok());
    }
}
