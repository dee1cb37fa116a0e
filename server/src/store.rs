//! The store on disk: one SQLite file under the data folder, and the snapshots in it.

use rusqlite::{Connection, OptionalExtension, params};
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tidemark::report::DriftReport;
use tidemark_app::monitor::{Millis, Snapshot, SnapshotHead, Window};

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

impl From<tidemark_log::ReadError> for StoreError {
    fn from(error: tidemark_log::ReadError) -> Self {
        Self::Log(error.to_string())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

/// Opens a connection whose commits survive a loss of power.
pub(crate) fn open(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // In WAL mode the default would sync at checkpoints only, and forget what it acknowledged.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    Ok(connection)
}

/// Stored comparisons, each written once and whole.
pub struct Snapshots {
    connection: Mutex<Connection>,
}

const SCHEMA: &str = "
    create table if not exists snapshots (
        id integer primary key autoincrement,
        head text not null,
        report text not null
    ) strict;
";

impl Snapshots {
    /// Opens the snapshots in this file, and makes the table if there is none.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open(path)?;
        connection.execute_batch(SCHEMA)?;
        // Tables of 0.1 know one model only; its comparisons have no name and count as the default model's.
        let has_model = "select count(*) from pragma_table_info('snapshots') where name = 'model'";
        if connection.query_row(has_model, [], |row| row.get::<_, u32>(0))? == 0 {
            connection.execute_batch("alter table snapshots add column model text not null default ''")?;
        }
        connection.execute_batch("create index if not exists snapshots_of_model on snapshots (model, id)")?;
        Ok(Self { connection: Mutex::new(connection) })
    }

    /// Stores a report and returns what lists show of it.
    ///
    /// # Errors
    /// The report could not be written; then it is not there.
    pub fn insert(
        &self,
        model: &str,
        created: Millis,
        window: Window,
        report: &DriftReport,
    ) -> Result<SnapshotHead, StoreError> {
        let connection = self.connection();
        let transaction = connection.unchecked_transaction()?;
        transaction.execute(
            "insert into snapshots (head, report, model) values ('', ?1, ?2)",
            params![serde_json::to_string(report)?, model],
        )?;
        let id = transaction.last_insert_rowid();
        let head = head(id, created, window, report);
        transaction
            .execute("update snapshots set head = ?1 where id = ?2", params![serde_json::to_string(&head)?, id])?;
        transaction.commit()?;
        Ok(head)
    }

    /// The snapshot of this id.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn get(&self, id: &str) -> Result<Option<Snapshot>, StoreError> {
        let Ok(id) = id.parse::<i64>() else { return Ok(None) };
        let found: Option<(String, String)> = self
            .connection()
            .query_row("select head, report from snapshots where id = ?1", [id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((head, report)) = found else { return Ok(None) };
        Ok(Some(Snapshot { head: serde_json::from_str(&head)?, report: serde_json::from_str(&report)? }))
    }

    /// The latest `n` snapshots of a model, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn latest(&self, model: &str, n: u64) -> Result<Vec<SnapshotHead>, StoreError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached("select head from snapshots where model in (?1, '') order by id desc limit ?2")?;
        let heads = statement.query_map(params![model, n], |row| row.get::<_, String>(0))?;
        let mut heads: Vec<SnapshotHead> =
            heads.map(|head| Ok(serde_json::from_str(&head?)?)).collect::<Result<_, StoreError>>()?;
        heads.reverse();
        Ok(heads)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic interrupted was rolled back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn head(id: i64, created: Millis, window: Window, report: &DriftReport) -> SnapshotHead {
    SnapshotHead {
        id: id.to_string(),
        created,
        window,
        share_drifted: report.data.share_drifted,
        n_drifted: report.data.n_drifted,
        n_columns: report.data.n_columns,
        data_drifted: report.data.drifted,
        predictions_drifted: report.predictions.as_ref().map(|group| group.drifted),
        sentence: report.sentence.clone(),
    }
}
