//! A replica's one thread that writes the log: see [`crate::replica`] for how groups get behind one another.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::book::Book;
use super::table::{Failed, Table};
use crate::error::{OpenError, WriteFailure};
use crate::frame::{self, Encoded, FrameKind};
use crate::id::Id;
use crate::ledger::Draft;
use crate::log::Shared;
use crate::queue::{Done, Job};
use crate::read::Reader;
use crate::recover::{self, Recovery};
use crate::stream::Line;

/// What others write is known here after this time, though nobody asks.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// So long a group is tried again before its callers are answered that it cannot be written: a database that starts again or
/// gives its place to another takes about as long. While it stays away nobody waits.
const PATIENCE: Duration = Duration::from_secs(3);

/// The time between two attempts.
const PAUSE: Duration = Duration::from_millis(100);

/// Who was overtaken by another locks the head of the log from the start, until there has been no other for so long.
const CONTENDED_FOR: Duration = Duration::from_secs(1);

/// A group of which it is not known whether it was committed: the connection broke in the middle. It is known once the group of
/// its number is.
struct Uncertain {
    token: String,
    /// The number of the group, if it was committed.
    number: i64,
    /// A record of it, by which it is found in segments.
    record: Option<(Line, Id)>,
    done: Vec<Done>,
    /// How many of the parked records are in it.
    n_parked: usize,
}

/// How it is with the attempts that came before.
enum Before {
    /// None was committed, or it was not of these jobs.
    Nothing,
    /// These jobs are done.
    Done(Vec<Done>),
}

pub(crate) struct ReplicaWriter {
    shared: Arc<Shared>,
    book: Book,
    /// `None` while there is no connection.
    table: Option<Table>,
    /// Records that were acknowledged and could not be written yet; with [`crate::Durability::Async`] only.
    parked: Vec<Encoded>,
    uncertain: Vec<Uncertain>,
    contended_until: Option<Instant>,
    is_failing: bool,
}

impl ReplicaWriter {
    /// Takes over all that is in the tables.
    pub(crate) fn open(shared: Arc<Shared>) -> Result<(Self, Recovery), OpenError> {
        let mut writer = Self {
            book: Book::new(Arc::clone(&shared)),
            shared,
            table: None,
            parked: Vec::new(),
            uncertain: Vec::new(),
            contended_until: None,
            is_failing: false,
        };
        let mut table = writer.connect().map_err(WriteFailure::from)?;
        let log = table.log().map_err(WriteFailure::from)?;
        check_folder(&writer.shared, &log)?;
        writer.book.absorb(&mut table).map_err(WriteFailure::from)?;
        writer.table = Some(table);
        let state = writer.shared.state();
        let n_records = state.lines.iter().map(|line| line.hot.len() as u64).sum();
        drop(state);
        Ok((writer, Recovery { n_files: 0, n_records, torn_bytes: 0 }))
    }

    fn connect(&self) -> Result<Table, Failed> {
        let replica = self.shared.replica.as_ref().expect("a replica's writer writes for a replica");
        Table::connect(&replica.address)
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        let mut jobs = Vec::new();
        while self.shared.queue.take(&mut jobs, Some(LOOK_EVERY)) {
            self.work(&mut jobs);
        }
        if !self.parked.is_empty() {
            self.work(&mut jobs);
        }
        if !self.parked.is_empty() {
            tracing::error!(n_records = self.parked.len(), "records that were acknowledged without waiting are lost");
        }
    }

    fn work(&mut self, jobs: &mut Vec<Job>) {
        match self.commit(jobs) {
            Ok(done) => {
                self.note(None);
                if jobs.iter().any(|job| matches!(job, Job::Rotate { .. })) {
                    self.book.close();
                }
                jobs.drain(..).zip(done).for_each(|(job, done)| job.answer(done, None));
            }
            Err(failure) => {
                self.note(Some(&failure));
                for job in jobs.drain(..) {
                    match job {
                        Job::One { encoded, reply: None, .. } => self.parked.push(encoded),
                        job => job.refuse(&failure),
                    }
                }
                // Nobody waits for what was done in these attempts any more.
                for uncertain in &mut self.uncertain {
                    if !std::mem::take(&mut uncertain.done).is_empty() {
                        uncertain.n_parked = self.parked.len();
                    }
                }
            }
        }
    }

    fn note(&mut self, failure: Option<&WriteFailure>) {
        if failure.is_none() && !self.is_failing {
            return;
        }
        if let Some(failure) = failure.filter(|_| !self.is_failing) {
            tracing::error!(%failure, "the log's database does not take records");
        }
        self.is_failing = failure.is_some();
        self.shared.set_failure(failure.cloned());
        if let Some(replica) = &self.shared.replica {
            replica.freshness.is_down.store(self.is_failing, Ordering::Release);
        }
    }

    /// Does these jobs, and says what to answer; tries again for a while where it fails.
    fn commit(&mut self, jobs: &[Job]) -> Result<Vec<Done>, WriteFailure> {
        let token = Id::fresh(0).to_string();
        let until = Instant::now() + if self.is_failing { Duration::ZERO } else { PATIENCE };
        loop {
            match self.attempt(jobs, &token) {
                Ok(done) => return Ok(done),
                Err(Failed(failure)) => {
                    // What is half done on the other side ends with the connection.
                    self.table = None;
                    if Instant::now() >= until {
                        return Err(failure);
                    }
                    std::thread::sleep(PAUSE);
                }
            }
        }
    }

    fn attempt(&mut self, jobs: &[Job], token: &str) -> Result<Vec<Done>, Failed> {
        let is_new = self.table.is_none();
        if is_new {
            self.table = Some(self.connect()?);
        }
        let must_look = |job: &Job| matches!(job, Job::Absorb { .. } | Job::Rotate { .. });
        if (is_new || jobs.is_empty() || jobs.iter().any(must_look))
            && let Before::Done(done) = self.absorb(token)?
        {
            return Ok(done);
        }
        if self.parked.is_empty() && jobs.iter().all(must_look) {
            return Ok(vec![Done::Nothing; jobs.len()]);
        }
        if self.contended_until.is_none_or(|until| until < Instant::now()) {
            self.contended_until = None;
            let draft = self.place(jobs);
            if let Some(done) = self.without_writing(&draft)? {
                return Ok(done);
            }
            match self.insert(&draft, token) {
                Ok(true) => return Ok(self.publish(draft)),
                Ok(false) => self.book.ledger.undo(&draft),
                Err(failed) => {
                    self.book.ledger.undo(&draft);
                    self.remember(draft, token);
                    return Err(failed);
                }
            }
            self.contended_until = Some(Instant::now() + CONTENDED_FOR);
        }
        self.table().lock()?;
        if let Before::Done(done) = self.absorb(token)? {
            self.table().roll_back()?;
            return Ok(done);
        }
        let draft = self.place(jobs);
        if let Some(done) = self.without_writing(&draft)? {
            self.table().roll_back()?;
            return Ok(done);
        }
        match self.insert(&draft, token) {
            Ok(true) => {}
            // Nothing is committed: the commit was not asked for.
            Ok(false) => {
                self.book.ledger.undo(&draft);
                return Err(Failed(WriteFailure::of_database("a group was added while the log's head was locked")));
            }
            Err(failed) => {
                self.book.ledger.undo(&draft);
                return Err(failed);
            }
        }
        if let Err(failed) = self.table().commit() {
            self.book.ledger.undo(&draft);
            self.remember(draft, token);
            return Err(failed);
        }
        Ok(self.publish(draft))
    }

    fn table(&mut self) -> &mut Table {
        self.table.as_mut().expect("an attempt begins with a connection")
    }

    /// Takes over what others have written, and sees what became of groups of which that was not known.
    fn absorb(&mut self, token: &str) -> Result<Before, Failed> {
        let Self { book, table, uncertain, .. } = self;
        book.watched = uncertain.iter().map(|uncertain| uncertain.token.clone()).collect();
        let table = table.as_mut().expect("an attempt begins with a connection");
        if book.absorb(table)? && self.contended_until.is_some() {
            self.contended_until = Some(Instant::now() + CONTENDED_FOR);
        }
        let mut before = Before::Nothing;
        if self.uncertain.iter().any(|uncertain| uncertain.number <= self.book.known) {
            // All of them wanted the number that is taken now, so that one of them at most was committed.
            let mut committed = None;
            for (nth, uncertain) in self.uncertain.iter().enumerate() {
                if self.was_committed(uncertain)? {
                    committed = Some(nth);
                    break;
                }
            }
            self.book.found.clear();
            let mut all = std::mem::take(&mut self.uncertain);
            if let Some(uncertain) = committed.map(|nth| all.swap_remove(nth)) {
                self.parked.drain(..uncertain.n_parked);
                if uncertain.token == token {
                    before = Before::Done(uncertain.done);
                }
            }
        }
        Ok(before)
    }

    /// Whether a group is in the log whose number is taken.
    fn was_committed(&self, group: &Uncertain) -> Result<bool, Failed> {
        if group.number > self.book.skipped {
            return Ok(self.book.found.contains(&group.token));
        }
        // It would be in segments by now. Labels are not looked for: the same again changes nothing.
        let Some((line, id)) = &group.record else { return Ok(false) };
        let found = Reader::of(self.shared.state_of_readers(), None).find_sealed(line, id);
        found.map(|found| found.is_some()).map_err(|error| Failed(WriteFailure::of_database(&error.to_string())))
    }

    /// Puts all there is to be written into a group.
    fn place(&mut self, jobs: &[Job]) -> Draft {
        let ledger = &mut self.book.ledger;
        let mut draft = ledger.begin(&[]);
        for encoded in &self.parked {
            ledger.place(&mut draft, encoded);
        }
        for job in jobs {
            let done = ledger.take(&mut draft, job);
            draft.done.push(done);
        }
        draft
    }

    /// What to answer where nothing has to be written.
    fn without_writing(&mut self, draft: &Draft) -> Result<Option<Vec<Done>>, Failed> {
        if draft.n_frames > 0 {
            return Ok(None);
        }
        if draft.must_write {
            self.table().touch()?;
        }
        Ok(Some(draft.done.clone()))
    }

    fn insert(&mut self, draft: &Draft, token: &str) -> Result<bool, Failed> {
        let received = self.book.ledger.receive();
        let table = self.table.as_mut().expect("an attempt begins with a connection");
        table.insert(self.book.known, token, draft.n_frames, received, &self.book.ledger.buffer)
    }

    fn publish(&mut self, draft: Draft) -> Vec<Done> {
        self.book.publish(&draft);
        self.parked.clear();
        // This group has the number that they wanted.
        self.uncertain.clear();
        draft.done
    }

    /// Remembers a group that may have been committed.
    fn remember(&mut self, draft: Draft, token: &str) {
        let number = self.book.known + 1;
        self.uncertain.retain(|uncertain| uncertain.token != token);
        let state = self.shared.state();
        let record = draft.rows.iter().find_map(|(place, bytes)| {
            let frame = frame::trusted(bytes).filter(|frame| frame.kind == FrameKind::Record)?;
            Some((state.lines[*place].line.clone(), frame::id(frame).ok()?))
        });
        drop(state);
        let n_parked = self.parked.len();
        self.uncertain.push(Uncertain { token: token.to_owned(), number, record, done: draft.done, n_parked });
    }
}

/// Sees that the folder is the one that the log's other replicas have, or makes it so.
fn check_folder(shared: &Shared, log: &str) -> Result<(), OpenError> {
    let (root, disk) = (&shared.root, &*shared.options.disk);
    let failed = |path: &Path, error: &std::io::Error| OpenError::from(WriteFailure::new(path, error));
    disk.create_folders(root).map_err(|error| failed(root, &error))?;
    let path = root.join(recover::SHARED_BY);
    let found = match std::fs::read_to_string(&path) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if recover::has_log(root) {
                return Err(OpenError::OtherLog { path: root.clone() });
            }
            crate::disk::replace(disk, &path, format!("{log}\n").as_bytes())?;
            return Ok(());
        }
        Err(error) => return Err(failed(&path, &error)),
    };
    if found.trim() == log { Ok(()) } else { Err(OpenError::OtherLog { path }) }
}
