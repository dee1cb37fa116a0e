//! Taking over the predictions of Tidemark 0.1, which logged them into SQLite.

use rusqlite::{Connection, params};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use tidemark_log::{AppendError, Entry, Features, Id, Layout, Line, Log, Origin, Outcome, Stream};

use crate::service::Service;

/// Rows that are moved at once.
const BATCH: u64 = 4096;

/// Why predictions could not be taken over. What was taken over so far is not taken over again.
#[derive(Debug)]
pub enum MigrateError {
    /// The old file cannot be read.
    Database(rusqlite::Error),
    /// A row has no name that the log takes.
    Id {
        /// Its position in the old log.
        position: u64,
    },
    /// The new log did not take a row.
    Append(AppendError),
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "the old log cannot be read: {error}"),
            Self::Id { position } => write!(f, "row {position} of the old log has no usable id"),
            Self::Append(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for MigrateError {}

impl From<rusqlite::Error> for MigrateError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<AppendError> for MigrateError {
    fn from(error: AppendError) -> Self {
        Self::Append(error)
    }
}

/// A row of the old log.
struct OldRow {
    position: u64,
    id: String,
    at: i64,
    version: String,
    features: Vec<f64>,
    class: u32,
    probability: f64,
}

/// Moves the predictions that 0.1 logged in this file into the service's log, once, and returns how many they were. 0.1 served
/// one model: they are the default model's, if Tidemark serves it.
///
/// # Errors
/// As [`import`].
pub fn take_over(file: &Path, service: &Service) -> Result<u64, MigrateError> {
    let catalog = service.catalog();
    let Some(slot) = catalog.default_slot() else { return Ok(0) };
    let Some(version) = slot.answering() else { return Ok(0) };
    import(file, &service.log, slot.name(), version.stream.layout())
}

/// Moves the predictions in this file into the log, once, and returns how many they were. They keep their names, times and
/// versions; `layout` says what their values mean. Rows with another number of features, of a model that is no longer
/// served, stay where they are.
///
/// Afterwards the old table is called `predictions_0_1`, and nothing is moved again. When that was cut off, the rows that
/// had been moved are known by their names.
///
/// # Errors
/// The old file cannot be read, or the log cannot be written.
pub fn import(file: &Path, log: &Log, model: &str, layout: &Layout) -> Result<u64, MigrateError> {
    if !file.is_file() {
        return Ok(0);
    }
    let old = Connection::open(file)?;
    let has_old_log = "select count(*) from sqlite_schema where type = 'table' and name = 'predictions'";
    if old.query_row(has_old_log, [], |row| row.get::<_, u64>(0))? == 0 {
        return Ok(0);
    }
    let (mut n_moved, mut position) = (0, 0);
    loop {
        let rows = read_batch(&old, position)?;
        let Some(last) = rows.last() else { break };
        position = last.position;
        for version in rows.chunk_by(|a, b| a.version == b.version) {
            let stream = log.stream(Line::predictions(model), &version[0].version, layout.clone())?;
            n_moved += append(log, &stream, version)?;
        }
    }
    old.execute_batch("alter table predictions rename to predictions_0_1")?;
    Ok(n_moved)
}

fn read_batch(old: &Connection, after: u64) -> Result<Vec<OldRow>, rusqlite::Error> {
    let mut statement = old.prepare_cached(
        "select position, id, at, model, features, class, probability from predictions
         where position > ?1 order by position limit ?2",
    )?;
    let rows = statement.query_map(params![after, BATCH], |row| {
        let features: Vec<u8> = row.get(4)?;
        Ok(OldRow {
            position: row.get(0)?,
            id: row.get(1)?,
            at: row.get(2)?,
            version: row.get(3)?,
            features: features.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
            class: row.get(5)?,
            probability: row.get(6)?,
        })
    })?;
    rows.collect()
}

fn append(log: &Log, stream: &Arc<Stream>, rows: &[OldRow]) -> Result<u64, MigrateError> {
    let n_features = stream.layout().features.len();
    let rows: Vec<&OldRow> = rows.iter().filter(|row| row.features.len() == n_features).collect();
    let scores: Vec<[f64; 2]> = rows.iter().map(|row| [1.0 - row.probability, row.probability]).collect();
    let entries = rows.iter().zip(&scores).map(|(row, scores)| {
        Ok(Entry {
            id: Id::given(&row.id).map_err(|_bad_id| MigrateError::Id { position: row.position })?,
            is_fresh: false,
            time: row.at,
            origin: Origin::Answered,
            features: Features::Numbers(&row.features),
            outcome: Outcome::Class(row.class),
            scores,
            violations: &[],
            request_id: None,
        })
    });
    let entries = entries.collect::<Result<Vec<_>, MigrateError>>()?;
    let appended = log.append_all_blocking(stream, &entries)?;
    Ok(appended.iter().filter(|appended| appended.is_new).count() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_log::{Answers, Feature, Kind, Options};

    #[test]
    fn rows_of_the_old_log_are_moved_once_with_their_names_and_times() {
        let folder = std::env::temp_dir().join(format!("tidemark-test-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("tidemark.db");
        let old = Connection::open(&file).unwrap();
        old.execute_batch(
            "create table predictions (position integer primary key, id text not null unique, at integer not null,
             model text not null, features blob not null, class integer not null, probability real not null) strict",
        )
        .unwrap();
        for n in 0..10_u32 {
            let features: Vec<u8> = [f64::from(n), 0.5].iter().flat_map(|value| value.to_le_bytes()).collect();
            let version = if n < 6 { "old" } else { "new" };
            old.execute(
                "insert into predictions (id, at, model, features, class, probability) values (?1, ?2, ?3, ?4, ?5, 0.25)",
                params![format!("row {n}"), 1_000 + n, version, features, n % 2],
            )
            .unwrap();
        }
        drop(old);
        let log = Log::open(&folder, Options::default()).unwrap();
        let feature = |name: &str| Feature { name: name.to_owned(), kind: Kind::Number };
        let answers = Answers::Classes(vec!["0".to_owned(), "1".to_owned()]);
        let layout = Layout { features: vec![feature("a"), feature("b")], answers };
        assert_eq!(import(&file, &log, "fraud", &layout).unwrap(), 10);
        assert_eq!(import(&file, &log, "fraud", &layout).unwrap(), 0);
        let rows = log.reader().latest(&Line::predictions("fraud"), 100).unwrap();
        assert_eq!(rows.times, (1_000..1_010).collect::<Vec<_>>());
        assert_eq!(rows.ids[3].to_string(), "row 3");
        assert_eq!(rows.outcomes[3], Outcome::Class(1));
        assert_eq!(rows.scores[3], [0.75, 0.25]);
        assert_eq!((rows.streams[5].version(), rows.streams[6].version()), ("old", "new"));
        drop(log);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
