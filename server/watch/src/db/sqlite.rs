//! One SQLite file, whose commits survive a loss of power.

use rusqlite::Connection;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::store::StoreError;

/// One connection to the file. Several may be open on one file, in one process or in many.
pub(super) struct File {
    connection: Mutex<Connection>,
}

/// Statements that are kept ready: more than the store has.
const PREPARED: usize = 128;

impl File {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        // In WAL mode the default would sync at checkpoints only, and forget what it acknowledged.
        connection.pragma_update(None, "synchronous", "full")?;
        connection.busy_timeout(Duration::from_secs(5))?;
        Ok(Self::of(connection))
    }

    pub(super) fn in_memory() -> Result<Self, StoreError> {
        Ok(Self::of(Connection::open_in_memory()?))
    }

    fn of(connection: Connection) -> Self {
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Self { connection: Mutex::new(connection) }
    }

    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic interrupted was rolled back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
