//! Moving records from the write-ahead log into segments.
//!
//! A crash at any point leaves every record once. Segments say which positions they hold, so that records of the
//! write-ahead log that are in a segment are known as such; a file of the write-ahead log is deleted, or used again, only
//! when all its records are in segments, and the oldest first.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tidemark::data::datetime;

use crate::bursts::in_bursts;
use crate::error::{ReadError, WriteFailure};
use crate::frame;
use crate::log::{Options, Shared};
use crate::queue::Job;
use crate::record::{LabelRecord, Millis, Record};
use crate::replica::keeper;
use crate::segment::{self, ProfileFrom, Row, SealError, Written};
use crate::state::{HotRow, Streams};
use crate::stream::{Line, Stream};
use crate::wal::Spare;

/// A stretch of the write-ahead log.
#[derive(Debug, Clone)]
pub(crate) enum Stretch {
    /// A file, which is deleted once all of it is sealed.
    File(PathBuf),
    /// Groups in a table up to this one: see [`crate::replica`].
    Groups(i64),
}

/// A stretch of the write-ahead log that is not written any more.
#[derive(Debug, Clone)]
pub(crate) struct Closed {
    pub(crate) stretch: Stretch,
    pub(crate) bytes: u64,
    /// For every line that there was then, the position after its last record in this stretch or before.
    pub(crate) ends: Vec<u64>,
    pub(crate) closed: Millis,
}

/// How often the thread looks whether records have become old.
const TICK: Duration = Duration::from_secs(1);

/// How long it waits after a failure: a disk that is full stays so for a while.
const PAUSE: Duration = Duration::from_secs(5);

/// Rows that become columns at once: so few that the memory for them is used again and again.
const ROWS_AT_ONCE: usize = 1024;

/// Makes segments.
pub(crate) struct Sealer {
    shared: Arc<Shared>,
}

/// How far sealing steps back behind answering: by 5 of 19, so that on busy processors it still gets about a third of what
/// another thread gets, and does not fall behind.
const NICENESS: i32 = 5;

/// Lets other threads go first. On Linux a thread has a priority of its own; elsewhere the whole process has, and nothing is done.
fn step_back() {
    if cfg!(target_os = "linux")
        && let Err(error) = rustix::process::setpriority_process(None, NICENESS)
    {
        tracing::debug!(%error, "sealing does not step back behind answering");
    }
}

impl Sealer {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Works until the log is closed.
    pub(crate) fn run(self) {
        step_back();
        let mut pause = TICK;
        while !self.shared.is_closing() {
            let closed = self.shared.closed();
            let woken = self.shared.something_closed.wait_timeout(closed, pause);
            drop(woken.unwrap_or_else(PoisonError::into_inner));
            if self.shared.is_closing() {
                return;
            }
            self.make_spare_if_filling();
            let now = (self.shared.options.clock)();
            self.ask_for_rotation_if_old(now);
            pause = TICK;
            if self.is_due(now)
                && let Err(error) = self.seal_closed()
            {
                tracing::error!(%error, "records could not be moved into segments");
                pause = PAUSE;
            }
        }
    }

    /// Makes the next file ahead, once half of this one is full: a log that sees little never has one, and one for whose writes
    /// nobody waits needs none.
    pub(crate) fn make_spare_if_filling(&self) {
        let Options { disk, file_bytes, durability, .. } = &self.shared.options;
        let is_filling = self.shared.wal_bytes.load(Ordering::Relaxed) >= file_bytes / 2;
        if durability.is_async() || !is_filling || self.shared.spare().is_some() {
            return;
        }
        match Spare::make(&**disk, &self.shared.wal_folder(), *file_bytes) {
            Ok(spare) => *self.shared.spare() = Some(spare),
            // The writer makes the file itself then, and says what is wrong if it cannot.
            Err(error) => tracing::debug!(%error, "the next file of the log could not be made ahead"),
        }
    }

    fn age_limit(&self) -> Millis {
        Millis::try_from(self.shared.options.seal_after.as_millis()).unwrap_or(Millis::MAX)
    }

    /// Has the file closed whose first record is old enough to be sealed.
    pub(crate) fn ask_for_rotation_if_old(&self, now: Millis) {
        if self.shared.unsealed_since().is_some_and(|since| now.saturating_sub(since) >= self.age_limit()) {
            let (reply, answer) = tokio::sync::oneshot::channel();
            if self.shared.queue.push(Job::Rotate { reply }).is_ok() {
                // Whether it could is seen by the files that are closed.
                drop(answer.blocking_recv());
            }
        }
    }

    /// Whether the closed files are large or old enough.
    pub(crate) fn is_due(&self, now: Millis) -> bool {
        let is_old = |file: &Closed| now.saturating_sub(file.closed) >= self.age_limit();
        self.has_closed(1) || self.shared.closed().first().is_some_and(is_old)
    }

    /// Whether what is closed comes to so many full files.
    fn has_closed(&self, n_files: u64) -> bool {
        self.shared.closed_bytes.load(Ordering::Relaxed) >= n_files * self.shared.options.file_bytes
    }

    /// Makes segments of all that is in closed files, and deletes these.
    pub(crate) fn seal_closed(&self) -> Result<(), SealError> {
        if self.shared.replica.is_some() {
            return keeper::seal(&self.shared);
        }
        let _one_at_a_time = self.shared.maintenance();
        // Who has more than usual to do takes no rest.
        if self.has_closed(2) { self.seal_files() } else { in_bursts(|| self.seal_files()) }
    }

    fn seal_files(&self) -> Result<(), SealError> {
        let Some(last) = self.shared.closed().last().cloned() else { return Ok(()) };
        for (place, &end) in last.ends.iter().enumerate() {
            let line = self.shared.state().lines[place].line.clone();
            if line.is_labels() {
                self.seal_line::<LabelRecord>(place, &line, end)?;
            } else {
                self.seal_line::<Record>(place, &line, end)?;
            }
        }
        self.remove_sealed_files();
        Ok(())
    }

    /// Makes segments of a line's records before `end`, one for every day.
    fn seal_line<R: Row>(&self, place: usize, line: &Line, end: u64) -> Result<(), SealError> {
        loop {
            let first = self.shared.state().lines[place].hot_first;
            let Some(day) = Day::of(&self.shared, place, first, end) else { return Ok(()) };
            let n_rows = day.rows.len();
            let segment = day.write::<R>(&self.shared, line, || Ok(()))?.publish(&*self.shared.options.disk)?;
            let sealings = self.shared.sealings.load(Ordering::Acquire) + 1;
            let mut state = self.shared.state_mut();
            let line = &mut state.lines[place];
            line.segments.push(Arc::new(segment));
            let rest = line.hot.split_off(n_rows);
            let mut gone = std::mem::replace(&mut line.hot, rest);
            line.hot_first += n_rows as u64;
            let sealed = line.hot_first;
            drop(state);
            self.shared.sealings.store(sealings, Ordering::Release);
            // When the log is closing nobody asks for names any more.
            drop(self.shared.queue.push(Job::Sealed { line: place, end: sealed, sealings }));
            // Memory is given back in steps, now that nobody waits for the lock.
            while !gone.is_empty() {
                drop(gone.drain(..gone.len().min(ROWS_AT_ONCE)));
                tidemark::part_done();
            }
        }
    }

    /// Puts files away whose records are all in segments.
    pub(crate) fn remove_sealed_files(&self) {
        loop {
            let sealed = {
                let state = self.shared.state();
                let closed = self.shared.closed();
                let is_sealed =
                    |file: &&Closed| file.ends.iter().zip(&state.lines).all(|(end, line)| line.is_sealed_to(*end));
                closed.first().filter(is_sealed).cloned()
            };
            let Some(Closed { stretch, bytes, .. }) = sealed else { return };
            let Stretch::File(path) = stretch else {
                self.shared.forget_oldest();
                continue;
            };
            match self.put_away(&path, bytes) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    // It stays known, and is tried again the next time; later files may not go before it.
                    tracing::error!(path = %path.display(), %error, "a sealed file of the log could not be deleted");
                    return;
                }
                _ => self.shared.forget_oldest(),
            }
        }
    }

    /// Deletes a file of the write-ahead log with this many bytes of frames. A full one becomes the spare one, where one is of use
    /// and there is none, if something is written: not when the log is opened.
    fn put_away(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let Options { disk, file_bytes, durability, .. } = &self.shared.options;
        let is_written = self.shared.wal_bytes.load(Ordering::Relaxed) > 0;
        let is_wanted = is_written && !durability.is_async() && bytes >= *file_bytes && self.shared.spare().is_none();
        let made =
            if is_wanted { Spare::of_used(&**disk, &self.shared.wal_folder(), path, *file_bytes) } else { Ok(None) };
        let spare = made.unwrap_or_else(|error| {
            tracing::debug!(%error, "a file of the log could not be used again");
            None
        });
        let Some(spare) = spare else { return disk.remove(path) };
        *self.shared.spare() = Some(spare);
        Ok(())
    }
}

/// Records in memory that become one segment: neighbours that came on one day.
pub(crate) struct Day {
    pub(crate) first: u64,
    pub(crate) rows: Vec<HotRow>,
    streams: Streams,
}

impl Day {
    /// The records of a line from `first` up to `end` or to the end of the first one's day; `None` if there is none.
    pub(crate) fn of(shared: &Shared, place: usize, first: u64, end: u64) -> Option<Self> {
        let state = shared.state();
        let line = &state.lines[place];
        let n_before = usize::try_from(first.checked_sub(line.hot_first)?).ok()?;
        let n_rows = usize::try_from(end.saturating_sub(first)).unwrap_or(usize::MAX);
        let day = day_of(line.hot.get(n_before)?.received);
        let rows = line.hot.iter().skip(n_before).take(n_rows).take_while(|row| day_of(row.received) == day);
        let rows: Vec<HotRow> = rows.cloned().collect();
        (!rows.is_empty()).then(|| Self { first, rows, streams: state.streams.clone() })
    }

    /// The position after the last.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.rows.len() as u64
    }

    /// The folder of the segment.
    pub(crate) fn folder(&self, shared: &Shared, line: &Line) -> PathBuf {
        shared.root.join(line.folder()).join(day_folder(self.rows[0].received))
    }

    /// Writes the segment. `go_on` is asked before every few rows.
    pub(crate) fn write<R: Row>(
        self,
        shared: &Shared,
        line: &Line,
        mut go_on: impl FnMut() -> Result<(), ReadError>,
    ) -> Result<Written, SealError> {
        let (folder, disk) = (self.folder(shared, line), &*shared.options.disk);
        let made = disk.create_folders(&folder);
        made.map_err(|error| SealError::Write(WriteFailure::new(&folder, &error)))?;
        let profile = ProfileFrom::rows(shared.profiler.get(), line, self.rows.len());
        let used = streams_of(&self.rows, &self.streams);
        let chunks = chunks_of::<R>(self.first, self.rows, self.streams);
        let chunks = chunks.map(|chunk| go_on().and(chunk));
        segment::write(disk, &folder, line, &used, chunks, profile)
    }
}

/// The streams that the rows are of.
fn streams_of(rows: &[HotRow], streams: &Streams) -> Vec<Arc<Stream>> {
    let number = |row: &HotRow| frame::stream_number(frame::trusted(&row.frame)?).ok();
    let used: std::collections::BTreeSet<u32> = rows.iter().filter_map(number).collect();
    used.iter().filter_map(|number| streams.get(number).cloned()).collect()
}

fn chunks_of<R: Row>(
    first: u64,
    rows: Vec<HotRow>,
    streams: Streams,
) -> impl Iterator<Item = Result<Vec<R>, ReadError>> {
    let starts = (0..rows.len()).step_by(ROWS_AT_ONCE);
    starts.map(move |start| {
        let chunk = &rows[start..rows.len().min(start + ROWS_AT_ONCE)];
        let positions = first + start as u64..;
        chunk.iter().zip(positions).map(|(row, position)| R::from_hot(row, position, &streams)).collect()
    })
}

const DAY_MILLIS: Millis = datetime::DAY / 1000;

/// The day of a moment, counted from 1970.
pub(crate) const fn day_of(received: Millis) -> i64 {
    received.div_euclid(DAY_MILLIS)
}

/// The folder of a day: `date=2026-11-24`.
pub(crate) fn day_folder(received: Millis) -> String {
    let moment = datetime::Timestamp::from_micros(received.saturating_mul(1000));
    let text = moment.map_or_else(|| "1970-01-01".to_owned(), |moment| moment.to_string());
    format!("date={}", text.get(..10).unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_of_utc() {
        // date -u -d 2026-11-24 +%s: 1795478400
        assert_eq!(day_folder(1_795_478_400_000), "date=2026-11-24");
        assert_eq!(day_folder(1_795_478_399_999), "date=2026-11-23");
        assert_ne!(day_of(1_795_478_400_000), day_of(1_795_478_399_999));
        assert_eq!(day_of(-1), -1);
    }
}
