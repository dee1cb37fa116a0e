//! What can go wrong with the log.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::frame::BadEntry;
use crate::id::Id;
use crate::stream::BadStream;

/// Why the log cannot be written at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The disk, or what the user may use of it, is full.
    DiskFull,
    /// The folder, or the database, may not be written.
    Permission,
    /// The database that replicas share the log in failed, or does not answer.
    Database,
    /// Anything else: a disk that fails, for example.
    Other,
}

/// The log cannot be written. It tries again by itself with whatever comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteFailure {
    /// The kind of failure.
    pub cause: Cause,
    /// What the file system said, and about which file; or what the database said.
    pub detail: String,
}

impl WriteFailure {
    pub(crate) fn new(path: &Path, error: &io::Error) -> Self {
        let cause = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Cause::DiskFull,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Cause::Permission,
            _ => Cause::Other,
        };
        Self { cause, detail: format!("{}: {error}", path.display()) }
    }

    pub(crate) fn of_database(detail: &str) -> Self {
        Self { cause: Cause::Database, detail: detail.to_owned() }
    }
}

impl fmt::Display for WriteFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = match self.cause {
            Cause::DiskFull => "the disk is full",
            Cause::Permission => "no permission",
            Cause::Database => "the database failed",
            Cause::Other => "the file system failed",
        };
        write!(f, "the log cannot be written, {cause}: {}", self.detail)
    }
}

impl std::error::Error for WriteFailure {}

/// Why a record is not in the log.
#[derive(Debug, Clone, PartialEq)]
pub enum AppendError {
    /// It does not fit its stream.
    Entry(BadEntry),
    /// The stream cannot be.
    Stream(BadStream),
    /// Another record has its name, and says something else.
    Conflict {
        /// The name.
        id: Id,
        /// Where the other one stands.
        position: u64,
    },
    /// The log cannot be written. Whether the record will be found after a crash is open; sending it again under the same
    /// name is safe.
    Unwritable(WriteFailure),
    /// More waits to be written than the log keeps in memory.
    Overloaded,
    /// Whether the name is taken could not be found out.
    Unreadable(ReadError),
    /// The log is closed.
    Closed,
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(error) => error.fmt(f),
            Self::Stream(error) => error.fmt(f),
            Self::Conflict { id, position } => {
                write!(f, "record {id} is at position {position} already, with other content")
            }
            Self::Unwritable(failure) => failure.fmt(f),
            Self::Overloaded => f.write_str("more records wait to be written than the log takes in"),
            Self::Unreadable(error) => error.fmt(f),
            Self::Closed => f.write_str("the log is closed"),
        }
    }
}

impl std::error::Error for AppendError {}

impl From<BadEntry> for AppendError {
    fn from(error: BadEntry) -> Self {
        Self::Entry(error)
    }
}

impl From<BadStream> for AppendError {
    fn from(error: BadStream) -> Self {
        Self::Stream(error)
    }
}

impl From<WriteFailure> for AppendError {
    fn from(error: WriteFailure) -> Self {
        Self::Unwritable(error)
    }
}

impl From<ReadError> for AppendError {
    fn from(error: ReadError) -> Self {
        Self::Unreadable(error)
    }
}

/// Why the log cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// The folder is not there, or nothing in it is of a log.
    NoLog {
        /// The folder.
        folder: PathBuf,
    },
    /// A file is damaged, or is not what its name says.
    Damaged(Damage),
    /// The file system failed.
    Io {
        /// The file.
        path: PathBuf,
        /// What the file system said.
        detail: String,
    },
}

impl ReadError {
    pub(crate) fn io(path: &Path, error: &io::Error) -> Self {
        Self::Io { path: path.to_owned(), detail: error.to_string() }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLog { folder } => write!(f, "there is no log in {}", folder.display()),
            Self::Damaged(damage) => damage.fmt(f),
            Self::Io { path, detail } => write!(f, "{}: {detail}", path.display()),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<Damage> for ReadError {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

/// A file of the log that does not hold what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Where in the file, in bytes; `None` where it is the file as a whole.
    pub offset: Option<u64>,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(offset) => write!(f, "{} is damaged at byte {offset}: {}", self.path.display(), self.what),
            None => write!(f, "{} is damaged: {}", self.path.display(), self.what),
        }
    }
}

impl std::error::Error for Damage {}

/// Why a log cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenError {
    /// Another process has the log open.
    Locked {
        /// The file that says so.
        path: PathBuf,
    },
    /// The folder is not the one that the log in the database has its segments in; or it is shared by replicas, and was to be opened
    /// by a single process.
    OtherLog {
        /// The folder, or the file in it that says so.
        path: PathBuf,
    },
    /// It cannot be read, or is damaged.
    Read(ReadError),
    /// It cannot be written.
    Write(WriteFailure),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked { path } => write!(f, "another process uses this log: it holds {}", path.display()),
            Self::OtherLog { path } => {
                write!(f, "the folder is of another log, or of one that is shared in another way: {}", path.display())
            }
            Self::Read(error) => error.fmt(f),
            Self::Write(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<ReadError> for OpenError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<Damage> for OpenError {
    fn from(damage: Damage) -> Self {
        Self::Read(damage.into())
    }
}

impl From<WriteFailure> for OpenError {
    fn from(failure: WriteFailure) -> Self {
        Self::Write(failure)
    }
}
