//! The prediction log: what the model was asked and what it said, in order, for good.
//!
//! One thread writes. Whatever waits while it commits goes into its next commit, so that durability costs one flush per
//! group and not per row. [`PredictionLog::append`] returns once the row is on disk.

use rusqlite::{Connection, OptionalExtension, params};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use tidemark_app::monitor::{Millis, Window};
use tokio::sync::oneshot;

use crate::store::{StoreError, open};

/// A prediction as it is logged.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The identifier that the caller got.
    pub id: String,
    /// When the prediction was made.
    pub at: Millis,
    /// The model file's version.
    pub model: String,
    /// What went in, in the order of the model's features.
    pub features: Vec<f64>,
    /// The index of the class.
    pub class: u32,
    /// Probability of the positive class.
    pub probability: f64,
}

/// Rows of the log, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Which rows they are; `None` for no rows.
    pub window: Option<Window>,
    /// The rows.
    pub entries: Vec<Entry>,
}

/// The log. Cheap to share behind an `Arc`.
pub struct PredictionLog {
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    reader: Mutex<Connection>,
}

enum Job {
    Append(Entry, oneshot::Sender<Result<u64, StoreError>>),
    Ping(oneshot::Sender<Result<u64, StoreError>>),
}

/// A commit takes at most this many rows, so that the first of them does not wait for a long queue to be written.
const MAX_GROUP: usize = 1024;

const SCHEMA: &str = "
    create table if not exists predictions (
        position integer primary key,
        id text not null unique,
        at integer not null,
        model text not null,
        features blob not null,
        class integer not null,
        probability real not null
    ) strict;
    create table if not exists heartbeat (only integer primary key check (only = 1), beats integer not null) strict;
    insert or ignore into heartbeat values (1, 0);
";

impl PredictionLog {
    /// Opens the log in this file, and makes it if there is none.
    ///
    /// # Errors
    /// The file cannot be opened or is not a log.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = open(path)?;
        writer.execute_batch(SCHEMA)?;
        let reader = Mutex::new(open(path)?);
        let (jobs, waiting) = channel();
        let writer = std::thread::Builder::new()
            .name("prediction-log".to_owned())
            .spawn(move || write(writer, &waiting))
            .map_err(|error| StoreError::Io(error.to_string()))?;
        Ok(Self { jobs: Some(jobs), writer: Some(writer), reader })
    }

    /// Appends a row and returns its position once it is on disk.
    ///
    /// # Errors
    /// The row could not be written; then it is not in the log.
    pub async fn append(&self, entry: Entry) -> Result<u64, StoreError> {
        self.submit(|reply| Job::Append(entry, reply)).await
    }

    /// Whether a row could be written now: it tries.
    ///
    /// # Errors
    /// It could not.
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        self.submit(Job::Ping).await.map(|_| ())
    }

    async fn submit(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<u64, StoreError>>) -> Job,
    ) -> Result<u64, StoreError> {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job(reply)).map_err(|_closed| StoreError::Closed)?;
        answer.await.map_err(|_closed| StoreError::Closed)?
    }

    /// The last `rows` rows.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn latest(&self, rows: u64) -> Result<Slice, StoreError> {
        let end = self.end()?;
        self.slice(end.saturating_sub(rows).max(1), end)
    }

    /// The rows from position `first` up to but not including `end`.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn slice(&self, first: u64, end: u64) -> Result<Slice, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(
            "select position, id, at, model, features, class, probability from predictions
             where position >= ?1 and position < ?2 order by position",
        )?;
        let rows = statement.query_map(params![first, end], |row| {
            let features: Vec<u8> = row.get(4)?;
            let entry = Entry {
                id: row.get(1)?,
                at: row.get(2)?,
                model: row.get(3)?,
                features: features.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
                class: row.get(5)?,
                probability: row.get(6)?,
            };
            Ok((row.get::<_, u64>(0)?, entry))
        })?;
        let rows: Vec<(u64, Entry)> = rows.collect::<Result<_, _>>()?;
        let window = match (rows.first(), rows.last()) {
            (Some((first, a)), Some((last, b))) => Some(Window { first: *first, end: last + 1, from: a.at, to: b.at }),
            _ => None,
        };
        Ok(Slice { window, entries: rows.into_iter().map(|(_, entry)| entry).collect() })
    }

    /// Share of rows in `[first, end)` whose class is not the first; `None` if there is no row.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn share_positive(&self, first: u64, end: u64) -> Result<Option<f64>, StoreError> {
        let sql = "select avg(class > 0) from predictions where position >= ?1 and position < ?2";
        Ok(self.reader().query_row(sql, params![first, end], |row| row.get(0))?)
    }

    /// The position after the last row: 1 for an empty log.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn end(&self) -> Result<u64, StoreError> {
        let last: Option<u64> = self
            .reader()
            .query_row("select max(position) from predictions", [], |row| row.get(0))
            .optional()?
            .flatten();
        Ok(last.unwrap_or(0) + 1)
    }

    fn reader(&self) -> std::sync::MutexGuard<'_, Connection> {
        // A panic while reading leaves nothing half done.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for PredictionLog {
    fn drop(&mut self) {
        // Without senders the writer finishes what waits, and ends.
        self.jobs = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the log's writer had panicked");
        }
    }
}

fn write(mut connection: Connection, waiting: &Receiver<Job>) {
    while let Ok(first) = waiting.recv() {
        let group: Vec<Job> = std::iter::once(first).chain(waiting.try_iter().take(MAX_GROUP - 1)).collect();
        let committed = commit(&mut connection, &group);
        if let Err(error) = &committed {
            tracing::error!(%error, rows = group.len(), "the log could not be written");
        }
        for (i, job) in group.into_iter().enumerate() {
            let (Job::Append(_, reply) | Job::Ping(reply)) = job;
            let result = committed.as_ref().map(|positions| positions[i]).map_err(Clone::clone);
            // The caller may have gone away; its row is logged all the same.
            drop(reply.send(result));
        }
    }
}

/// Writes all or nothing, and returns a position for each job.
fn commit(connection: &mut Connection, group: &[Job]) -> Result<Vec<u64>, StoreError> {
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut positions = Vec::with_capacity(group.len());
    {
        let mut insert = transaction.prepare_cached(
            "insert into predictions (id, at, model, features, class, probability) values (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for job in group {
            let position = match job {
                Job::Append(entry, _) => {
                    let features: Vec<u8> = entry.features.iter().flat_map(|value| value.to_le_bytes()).collect();
                    insert.insert(params![entry.id, entry.at, entry.model, features, entry.class, entry.probability])?
                }
                Job::Ping(_) => {
                    transaction.execute("update heartbeat set beats = beats + 1", [])?;
                    0
                }
            };
            positions.push(u64::try_from(position).unwrap_or_default());
        }
    }
    transaction.commit()?;
    Ok(positions)
}
