//! What must not be lost: the monitors, their runs and snapshots, the alerts, the messages about them, and the shared reports, in
//! one SQLite file or in PostgreSQL.

use std::fmt;
use std::path::Path;

use crate::db::{Db, Tx};
use lead::Role;

mod alerts;
mod lead;
mod monitors;
mod news;
mod outbox;
mod performance;
mod runs;
mod schema;
mod shares;
mod snapshots;
#[cfg(test)]
mod tests;

pub use alerts::{Alert, Mute};
pub use lead::{Lead, TTL};
pub use news::News;
pub use outbox::{Message, Sent, Told, Waiting};
pub use performance::{Figures, Watched};
pub use runs::{Claim, Made, Run, RunState};
pub use shares::{Opened, Share, title_of};
pub use snapshots::{Bounds, Cursor, Head, Point, Snapshot};

/// What can go wrong with the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// The database refused.
    Database(String),
    /// The database is not there for now. Of a write nobody knows whether it was done.
    Away(String),
    /// Another replica leads, and this is for the one that does.
    NotLeading,
    /// The file system refused.
    Io(String),
    /// What was stored does not read as what it should be.
    Corrupt(String),
    /// The log cannot be read.
    Log(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(reason) => write!(f, "database: {reason}"),
            Self::Away(reason) => write!(f, "the database is not there: {reason}"),
            Self::NotLeading => f.write_str("another replica leads"),
            Self::Io(reason) => write!(f, "file system: {reason}"),
            Self::Corrupt(reason) => write!(f, "stored data are broken: {reason}"),
            Self::Log(reason) => write!(f, "log: {reason}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

/// The store. Several may be open on one database, in one process or in many.
pub struct Store {
    db: Db,
    role: Role,
}

impl Store {
    /// Opens the store in this file, makes the tables that are missing, and takes over those of 0.1.
    ///
    /// # Errors
    /// The file cannot be opened, or is another program's.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::on(Db::sqlite(path)?)
    }

    /// Opens the store in this database. One that several processes share is written by none before it leads ([`Store::lead`]), save
    /// for what a person asks for.
    ///
    /// # Errors
    /// The database is not there, or a later version changed it so that this one cannot go on.
    pub fn on(db: Db) -> Result<Self, StoreError> {
        schema::bring_up_to_date(&db)?;
        let role = Role::of(&db);
        Ok(Self { db, role })
    }

    /// The database, for what else is kept in it.
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not, for this reason.
    pub fn ping(&self) -> Result<(), StoreError> {
        self.db.read(|tx| tx.now()).map(drop)
    }

    /// Writes what only the replica that leads may write. That it still does is found out within the transaction.
    fn lead<T>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.lead_in(self.term(), work)
    }

    /// The same, for what was found out in this term and holds in it alone.
    fn lead_in<T>(&self, term: i64, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.db.write(|tx| {
            self.role.check(tx, term)?;
            work(tx)
        })
    }
}
