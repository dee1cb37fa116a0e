//! Shadow versions: they get every row that was answered, and what they say is logged and nothing else.
//!
//! Rows wait in a queue of fixed length for a thread of its own. When it is full, a row is left out and counted: an answer
//! never waits for a shadow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use tidemark_app::monitor::Millis;
use tidemark_log::{Entry, Features, Id, Line, Log, Origin, Stream};

use super::outcome_of;
use super::version::Version;

/// Rows that wait for the shadows, at most.
const MAX_WAITING: usize = 8192;

/// A row that was answered, for the versions that only watch.
pub(super) struct ShadowRow {
    pub(super) model: String,
    pub(super) versions: Vec<Arc<Version>>,
    pub(super) id: Id,
    pub(super) time: Millis,
    pub(super) row: Vec<f64>,
}

/// The way to the shadows' thread, which ends when this is dropped.
pub(super) struct Shadows {
    rows: Option<SyncSender<ShadowRow>>,
    thread: Option<JoinHandle<()>>,
    n_left_out: AtomicU64,
}

impl Shadows {
    /// Starts the thread.
    pub(super) fn start(log: Arc<Log>) -> Self {
        let (rows, waiting) = sync_channel(MAX_WAITING);
        let thread = std::thread::Builder::new().name("shadows".to_owned()).spawn(move || run(&log, &waiting));
        let thread = thread.inspect_err(|error| {
            tracing::error!(%error, "there is no thread for shadow versions; their rows are left out");
        });
        Self { rows: Some(rows), thread: thread.ok(), n_left_out: AtomicU64::new(0) }
    }

    pub(super) fn send(&self, row: ShadowRow) {
        if self.rows.as_ref().is_none_or(|rows| rows.try_send(row).is_err()) {
            self.n_left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Rows that no shadow saw.
    pub(super) fn n_left_out(&self) -> u64 {
        self.n_left_out.load(Ordering::Relaxed)
    }
}

impl Drop for Shadows {
    fn drop(&mut self) {
        // Without a sender the thread finishes what waits, ends, and lets go of the log.
        self.rows = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the shadows' thread had panicked");
        }
    }
}

fn run(log: &Log, waiting: &Receiver<ShadowRow>) {
    let mut streams: Vec<(Arc<Version>, String, Arc<Stream>)> = Vec::new();
    let mut group: Vec<ShadowRow> = Vec::new();
    while let Ok(first) = waiting.recv() {
        // Whatever waits goes to the log together: one flush for all of them.
        group.push(first);
        group.extend(waiting.try_iter().take(MAX_WAITING));
        for row in &group {
            for version in &row.versions {
                let known = streams.iter().any(|(known, model, _)| Arc::ptr_eq(known, version) && *model == row.model);
                if !known {
                    match shadow_stream(log, &row.model, version) {
                        Ok(stream) => streams.push((Arc::clone(version), row.model.clone(), stream)),
                        Err(error) => tracing::error!(%error, "a shadow version has no place in the log"),
                    }
                }
            }
        }
        for (version, model, stream) in &streams {
            let is_for_it = |row: &&ShadowRow| {
                row.model == *model && row.versions.iter().any(|wanted| Arc::ptr_eq(wanted, version))
            };
            let rows: Vec<&ShadowRow> = group.iter().filter(is_for_it).collect();
            if let Err(error) = append(log, version, stream, &rows) {
                tracing::error!(%error, rows = rows.len(), "a shadow version's predictions were not logged");
            }
        }
        group.clear();
    }
}

fn shadow_stream(log: &Log, model: &str, version: &Version) -> Result<Arc<Stream>, tidemark_log::AppendError> {
    let line = Line::Shadow { model: model.to_owned(), version: version.version.clone() };
    log.stream(line, &version.version, version.stream.layout().clone())
}

fn append(
    log: &Log,
    version: &Version,
    stream: &Arc<Stream>,
    rows: &[&ShadowRow],
) -> Result<(), tidemark_log::AppendError> {
    let n_scores = version.n_scores();
    let mut scores = vec![0.0; rows.len() * n_scores];
    let said: Vec<_> =
        rows.iter().zip(scores.chunks_exact_mut(n_scores)).map(|(row, scores)| version.say(&row.row, scores)).collect();
    let entries = rows.iter().zip(said).zip(scores.chunks_exact(n_scores)).map(|((row, said), scores)| Entry {
        id: row.id.clone(),
        is_fresh: true,
        time: row.time,
        origin: Origin::Shadow,
        features: Features::Numbers(&row.row),
        outcome: outcome_of(version, said),
        scores,
        violations: &[],
        request_id: None,
    });
    let entries: Vec<Entry<'_>> = entries.collect();
    if entries.is_empty() {
        return Ok(());
    }
    log.append_all_blocking(stream, &entries).map(|_| ())
}
