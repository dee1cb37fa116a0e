//! The one thread that writes the write-ahead log.
//!
//! Whatever waits while a group is made durable goes into the next group: the more callers there are, the more records
//! share the cost of one. Callers have turned their records into bytes already, so that little is left to do here.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::error::WriteFailure;
use crate::frame::{Encoded, Group};
use crate::ledger::{Draft, Ledger, Start};
use crate::log::{Durability, Shared};
use crate::queue::Job;
use crate::record::Millis;
use crate::seal::Stretch;
use crate::wal::{FileHeader, GROUP_SPACE, LineStart, WalFile};

/// A group that was written and may not be on disk yet.
struct Unsynced {
    frames: Vec<u8>,
    n_frames: u32,
    received: Millis,
}

/// Where the log stands, for the header of a file.
struct Standing {
    sequence: u64,
    received: Millis,
    n_streams: usize,
    nexts: Vec<u64>,
}

pub(crate) struct Writer {
    shared: Arc<Shared>,
    ledger: Ledger,
    /// `None` after a failure, until a fresh file could be made.
    wal: Option<WalFile>,
    /// A file that failed, until the next one is begun.
    abandoned: Option<WalFile>,
    /// The number of the next file.
    next_file: u64,
    /// The number of the next frame.
    sequence: u64,
    /// What stands in the file and may be lost, in order; with [`Durability::Async`] only.
    unsynced: Vec<Unsynced>,
    unsynced_since: Option<Instant>,
    /// Where the log stood when everything was on disk.
    durable: Standing,
    /// Records that were acknowledged and could not be written yet; with [`Durability::Async`] only.
    parked: Vec<Encoded>,
}

impl Writer {
    /// A writer with a file of its own.
    pub(crate) fn start(shared: Arc<Shared>, start: Start) -> Result<Self, WriteFailure> {
        let Start { next_file, sequence, received, streams, lines } = start;
        let durable = Standing { sequence, received, n_streams: 0, nexts: Vec::new() };
        let mut writer = Self {
            ledger: Ledger::new(Arc::clone(&shared), received, streams, lines),
            shared,
            wal: None,
            abandoned: None,
            next_file,
            sequence,
            unsynced: Vec::new(),
            unsynced_since: None,
            durable,
            parked: Vec::new(),
        };
        writer.durable = writer.standing();
        writer.open_file()?;
        Ok(writer)
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let mut jobs = Vec::new();
        loop {
            let is_open = self.shared.queue.take(&mut jobs, self.time_to_sync());
            if !is_open {
                break;
            }
            if jobs.is_empty() {
                self.sync_if_due(true);
            } else {
                self.commit(&mut jobs);
            }
        }
        self.sync_if_due(true);
    }

    /// How long nothing has to be made durable; `None` for as long as nothing comes.
    fn time_to_sync(&self) -> Option<std::time::Duration> {
        let Durability::Async { flush_within } = self.shared.options.durability else { return None };
        self.unsynced_since.map(|since| flush_within.saturating_sub(since.elapsed()))
    }

    fn commit(&mut self, jobs: &mut Vec<Job>) {
        if self.wal.is_none()
            && let Err(failure) = self.open_file()
        {
            self.refuse(jobs, &failure);
            return;
        }
        let mut draft = self.ledger.begin(&GROUP_SPACE);
        draft.must_sync = !self.is_async();
        for encoded in std::mem::take(&mut self.parked) {
            self.ledger.place(&mut draft, &encoded);
        }
        for job in jobs.iter() {
            let done = self.ledger.take(&mut draft, job);
            draft.done.push(done);
        }
        let written = if draft.must_write || draft.n_frames > 0 { self.write(&draft) } else { Ok(()) };
        let failure = written.err();
        match &failure {
            None => self.ledger.publish(&draft),
            // What has been acknowledged without waiting stays, and is written again into the next file.
            Some(_) if self.is_async() => self.ledger.publish(&draft),
            Some(_) => {
                self.sequence -= u64::from(draft.n_frames);
                self.ledger.undo(&draft);
            }
        }
        // Whoever asked for it wants it done; those whose records filled the file need not wait for it.
        if draft.must_rotate {
            self.rotate();
        }
        for (job, done) in jobs.drain(..).zip(draft.done) {
            job.answer(done, failure.as_ref());
        }
        if self.wal.as_ref().is_some_and(|wal| wal.length >= self.shared.options.file_bytes) {
            self.rotate();
        }
    }

    fn is_async(&self) -> bool {
        self.shared.options.durability.is_async()
    }

    /// Writes the group in the buffer.
    fn write(&mut self, draft: &Draft) -> Result<(), WriteFailure> {
        let received = self.ledger.receive();
        let wal = self.wal.as_mut().expect("a file was made before the group was begun");
        let group = Group { sequence: self.sequence, n_frames: draft.n_frames, received, synced: wal.synced };
        let buffer = &mut self.ledger.buffer;
        buffer[..GROUP_SPACE.len()].copy_from_slice(&group.encode());
        self.sequence += u64::from(draft.n_frames);
        if self.shared.options.durability.is_async() {
            let frames = buffer[GROUP_SPACE.len()..].to_vec();
            self.unsynced.push(Unsynced { frames, n_frames: draft.n_frames, received });
            self.unsynced_since.get_or_insert_with(Instant::now);
        }
        let written = wal.append(buffer).map_err(|error| WriteFailure::new(&wal.path, &error));
        self.shared.wal_bytes.store(wal.length, Ordering::Relaxed);
        written.map_err(|failure| self.abandon(failure))?;
        if draft.must_sync { self.sync() } else { self.sync_if_due(false).map_or(Ok(()), Err) }
    }

    fn sync(&mut self) -> Result<(), WriteFailure> {
        if let Some(wal) = &mut self.wal {
            let synced = wal.sync().map_err(|error| WriteFailure::new(&wal.path, &error));
            synced.map_err(|failure| self.abandon(failure))?;
            self.unsynced.clear();
            self.unsynced_since = None;
            self.durable = self.standing();
        }
        Ok(())
    }

    /// Makes durable what has waited long enough for it, or all of it; answers with what went wrong.
    fn sync_if_due(&mut self, is_idle: bool) -> Option<WriteFailure> {
        let Durability::Async { flush_within } = self.shared.options.durability else { return None };
        let is_due = self.unsynced_since.is_some_and(|since| is_idle || since.elapsed() >= flush_within);
        if !is_due {
            return None;
        }
        if self.wal.is_none() {
            // Making the next file writes all of it again.
            self.open_file().err()
        } else {
            self.sync().err()
        }
    }

    /// Gives up a file that failed. It is not asked again: a second flush may report success for what is lost.
    fn abandon(&mut self, failure: WriteFailure) -> WriteFailure {
        tracing::error!(%failure, "a file of the log is given up");
        self.abandoned = self.wal.take();
        self.shared.set_failure(Some(failure.clone()));
        failure
    }

    /// Makes the next file, and writes into it what a file before may have lost.
    fn open_file(&mut self) -> Result<(), WriteFailure> {
        if let Some(wal) = self.abandoned.take() {
            self.hand_over(&wal);
        }
        let number = self.next_file;
        self.next_file += 1;
        let header = self.header();
        let spare = self.shared.spare().take();
        let disk = &*self.shared.options.disk;
        let made = WalFile::create(disk, &self.shared.wal_folder(), number, &header, spare, !self.is_async());
        let mut wal = made.inspect_err(|failure| self.shared.set_failure(Some(failure.clone())))?;
        let mut sequence = self.durable.sequence;
        let mut lost = Vec::new();
        for group in &self.unsynced {
            let Unsynced { frames, n_frames, received } = group;
            let header = Group { sequence, n_frames: *n_frames, received: *received, synced: wal.synced };
            lost.extend_from_slice(&header.encode());
            lost.extend_from_slice(frames);
            sequence += u64::from(*n_frames);
        }
        if !lost.is_empty() {
            let written = wal.append(&lost).and_then(|()| wal.sync());
            if let Err(error) = written {
                let failure = WriteFailure::new(&wal.path, &error);
                self.shared.set_failure(Some(failure.clone()));
                self.abandoned = Some(wal);
                return Err(failure);
            }
            self.unsynced.clear();
            self.unsynced_since = None;
            self.durable = self.standing();
        }
        // None, as long as nothing was written since the log was opened.
        self.shared.wal_bytes.fetch_min(wal.length, Ordering::Relaxed);
        self.wal = Some(wal);
        self.shared.set_failure(None);
        Ok(())
    }

    fn standing(&self) -> Standing {
        Standing {
            sequence: self.sequence,
            received: self.ledger.received,
            n_streams: self.ledger.streams.len(),
            nexts: self.ledger.lines.iter().map(|line| line.next).collect(),
        }
    }

    fn header(&self) -> FileHeader {
        let state = self.shared.state();
        let lines = state.lines.iter().zip(&self.durable.nexts);
        FileHeader {
            sequence: self.durable.sequence,
            received: self.durable.received,
            streams: self.ledger.streams[..self.durable.n_streams]
                .iter()
                .map(|(stream, _)| stream.spec().clone())
                .collect(),
            lines: lines.map(|(state, next)| LineStart { line: state.line.clone(), next: *next }).collect(),
        }
    }

    /// Closes the file and goes on in the next, if there is anything in it.
    fn rotate(&mut self) {
        // A file that only has its header tells nothing that the next would not.
        let is_blank = self.wal.as_ref().is_none_or(WalFile::is_blank);
        if is_blank || self.sync().is_err() {
            return;
        }
        let Some(wal) = self.wal.take() else { return };
        if self.open_file().is_err() {
            tracing::error!("the next file of the log could not be made");
        }
        self.hand_over(&wal);
    }

    /// Lets a file be sealed that is not written any more.
    fn hand_over(&mut self, wal: &WalFile) {
        self.ledger.close(Stretch::File(wal.path.clone()), wal.length);
    }

    /// Answers that nothing can be written, to all but those who have been answered.
    fn refuse(&mut self, jobs: &mut Vec<Job>, failure: &WriteFailure) {
        for job in jobs.drain(..) {
            match job {
                Job::One { encoded, reply: None, .. } => self.parked.push(encoded),
                sealed @ Job::Sealed { .. } => {
                    let mut draft = self.ledger.begin(&GROUP_SPACE);
                    self.ledger.take(&mut draft, &sealed);
                }
                job => job.refuse(failure),
            }
        }
    }
}
