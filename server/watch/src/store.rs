//! What must not be lost: one SQLite file with the monitors, their runs and snapshots, the alerts, the messages about them, and
//! the shared reports.

use rusqlite::{Connection, TransactionBehavior};
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

mod alerts;
mod monitors;
mod news;
mod outbox;
mod performance;
mod runs;
mod shares;
mod snapshots;
#[cfg(test)]
mod tests;

pub use alerts::{Alert, Mute};
pub use news::News;
pub use outbox::{Message, Sent, Told, Waiting};
pub use performance::{Figures, Watched};
pub use runs::{Claim, Made, Run, RunState};
pub use shares::{Opened, Share, title_of};
pub use snapshots::{Bounds, Cursor, Head, Point, Snapshot};

/// What can go wrong with the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// SQLite refused.
    Database(String),
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

/// Opens a connection whose commits survive a loss of power.
///
/// # Errors
/// The file cannot be opened.
pub fn open(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // In WAL mode the default would sync at checkpoints only, and forget what it acknowledged.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

/// The store. Several may be open on one file, in one process or in many.
pub struct Store {
    connection: Mutex<Connection>,
}

const SCHEMA: &str = "
    create table if not exists monitors (name text primary key, definition text not null) strict;
    create table if not exists progress (monitor text primary key, last integer not null) strict;
    create table if not exists runs (
        id integer primary key autoincrement,
        monitor text not null,
        first integer not null,
        last integer not null,
        n integer not null,
        state text not null,
        attempt integer not null default 0,
        owner text,
        lease integer,
        started integer,
        finished integer,
        detail text,
        snapshot integer,
        unique (monitor, last)
    ) strict;
    create index if not exists runs_open on runs (state) where state in ('due', 'running');
    create table if not exists snapshots (
        id integer primary key autoincrement,
        model text not null,
        monitor text not null,
        created integer not null,
        first integer not null,
        end integer not null,
        \"from\" integer not null,
        \"to\" integer not null,
        share_drifted real not null,
        n_drifted integer not null,
        n_columns integer not null,
        data_drifted integer not null,
        predictions_drifted integer,
        sentence text not null,
        points text not null,
        report blob not null,
        performance text,
        estimated text
    ) strict;
    create index if not exists snapshots_of_model on snapshots (model, id);
    create index if not exists snapshots_of_monitor on snapshots (monitor, id);
    create index if not exists snapshots_by_time on snapshots (monitor, \"to\");
    create table if not exists column_states (
        monitor text not null,
        name text not null,
        pressing integer not null,
        since integer not null,
        snapshot integer not null,
        primary key (monitor, name)
    ) strict, without rowid;
    create table if not exists rule_states (
        monitor text not null, rule text not null, state text not null, primary key (monitor, rule)
    ) strict, without rowid;
    create table if not exists alerts (
        id integer primary key autoincrement,
        monitor text not null,
        model text not null,
        rule text not null,
        severity text not null,
        sentence text not null,
        began integer not null,
        began_run integer not null,
        snapshot integer,
        ended integer,
        acknowledged integer,
        acknowledged_by text
    ) strict;
    create index if not exists alerts_open on alerts (monitor, ended);
    create table if not exists mutes (monitor text not null, rule text not null, until integer not null, primary key (monitor, rule)) strict, without rowid;
    create table if not exists outbox (
        id text primary key,
        channel text not null,
        body text not null,
        written integer not null,
        due integer not null,
        attempts integer not null default 0,
        state text not null default 'waiting',
        detail text
    ) strict;
    create index if not exists outbox_waiting on outbox (due) where state = 'waiting';
    create table if not exists performance_windows (
        model text not null,
        first integer not null,
        end integer not null,
        \"from\" integer not null,
        \"to\" integer not null,
        figures text not null,
        primary key (model, first)
    ) strict, without rowid;
    create table if not exists performance_states (model text primary key, state text not null) strict;
    create table if not exists performance_alarms (
        id integer primary key autoincrement,
        model text not null,
        at integer not null,
        series text not null,
        detector text not null,
        alarm text not null
    ) strict;
    create index if not exists performance_alarms_of_model on performance_alarms (model, id);
    create table if not exists shares (
        hash text primary key,
        title text not null,
        created integer not null,
        expires integer,
        revoked integer,
        snapshot integer,
        report blob
    ) strict;
";

impl Store {
    /// Opens the store in this file, makes the tables that are missing, and takes over those of 0.1.
    ///
    /// # Errors
    /// The file cannot be opened, or is another program's.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = open(path)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let is_old = "select count(*) from pragma_table_info('snapshots') where name = 'head'";
        let is_old = transaction.query_row(is_old, [], |row| row.get::<_, u32>(0))? > 0;
        if is_old {
            transaction.execute_batch(
                "alter table snapshots rename to snapshots_0_1; drop index if exists snapshots_of_model;",
            )?;
        }
        transaction.execute_batch(SCHEMA)?;
        for column in ["performance", "estimated"] {
            let has_column = "select count(*) from pragma_table_info('snapshots') where name = ?1";
            if transaction.query_row(has_column, [column], |row| row.get::<_, u32>(0))? == 0 {
                transaction.execute_batch(&format!("alter table snapshots add column {column} text"))?;
            }
        }
        if is_old {
            snapshots::take_over(&transaction)?;
        }
        transaction.commit()?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic interrupted was rolled back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
