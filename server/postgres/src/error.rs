//! What goes wrong on the way to a database, without a credential.

use std::error::Error as _;
use std::fmt;
use std::path::PathBuf;

use crate::Address;

/// Why there is no connection, or no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The address does not read as one; in words that quote none of its values.
    Address(String),
    /// A file that the address names cannot be read, or is not what it should be.
    File(PathBuf, String),
    /// The database at this address (without its password) refused or was not there.
    Connection(String, String),
}

impl Error {
    pub(crate) fn of(address: &Address, error: &postgres::Error) -> Self {
        Self::Connection(address.to_string(), reason(error))
    }
}

/// An error of the driver with what lies beneath it: its own words stop at "error connecting to server".
pub fn reason(error: &postgres::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_words = inner.to_string();
        if !words.contains(&inner_words) {
            words = format!("{words}: {inner_words}");
        }
        source = inner.source();
    }
    words
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(reason) => write!(f, "the database's address: {reason}"),
            Self::File(path, reason) => write!(f, "{}: {reason}", path.display()),
            Self::Connection(address, reason) => write!(f, "{address}: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
