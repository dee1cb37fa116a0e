//! The one thread that writes the write-ahead log.
//!
//! Whatever waits while a group is made durable goes into the next group: the more callers there are, the more records
//! share the cost of one. Callers have turned their records into bytes already, so that little is left to do here.

use foldhash::fast::RandomState;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::error::{AppendError, WriteFailure};
use crate::frame::{self, Encoded, FrameKind, Group, NewStream};
use crate::id::Id;
use crate::log::{Durability, Shared};
use crate::queue::{Appended, Job, Refusal, Reply};
use crate::record::Millis;
use crate::retention;
use crate::seal::ClosedFile;
use crate::state::HotRow;
use crate::stream::{Stream, StreamSpec};
use crate::wal::{FileHeader, GROUP_SPACE, LineStart, WalFile};

/// The names of a line's unsealed records, by the file they stand in.
type Names = VecDeque<HashMap<Id, u64, RandomState>>;

/// A line as the writer sees it.
pub(crate) struct WriterLine {
    /// The position that the next record gets.
    pub(crate) next: u64,
    /// The latest file's names come last.
    pub(crate) names: Names,
    /// For all but the latest of `names`, the position after its last.
    pub(crate) ends: VecDeque<u64>,
}

impl WriterLine {
    pub(crate) fn new(next: u64) -> Self {
        Self { next, names: VecDeque::from([HashMap::default()]), ends: VecDeque::new() }
    }

    fn find(&self, id: &Id) -> Option<u64> {
        self.names.iter().find_map(|names| names.get(id).copied())
    }

    fn latest_names(&mut self) -> &mut HashMap<Id, u64, RandomState> {
        self.names.back_mut().expect("a line begins with one and never has fewer")
    }

    /// Names that come from now on stand in another file.
    pub(crate) fn close_names(&mut self) {
        self.names.push_back(HashMap::default());
        self.ends.push_back(self.next);
    }

    pub(crate) fn insert(&mut self, id: Id, position: u64) {
        self.latest_names().insert(id, position);
    }
}

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
    pub(crate) shared: Arc<Shared>,
    /// `None` after a failure, until a fresh file could be made.
    wal: Option<WalFile>,
    /// A file that failed, until the next one is begun.
    abandoned: Option<WalFile>,
    /// The number of the next file.
    next_file: u64,
    sequence: u64,
    received: Millis,
    /// With the place of its line.
    streams: Vec<(Arc<Stream>, usize)>,
    lines: Vec<WriterLine>,
    /// Names in segments made by more sealings than these are not in `lines` any more.
    sealings: u64,
    /// What stands in the file and may be lost, in order; with [`Durability::Async`] only.
    unsynced: Vec<Unsynced>,
    unsynced_since: Option<Instant>,
    /// Where the log stood when everything was on disk.
    durable: Standing,
    /// Records that were acknowledged and could not be written yet; with [`Durability::Async`] only.
    parked: Vec<Encoded>,
    buffer: Vec<u8>,
}

/// What a group is made of, and what has to be undone if it cannot be written.
struct Draft {
    n_frames: u32,
    /// The line and the bytes of every record.
    rows: Vec<(usize, Arc<Vec<u8>>)>,
    answers: Vec<Answer>,
    /// Positions before the group.
    nexts: Vec<u64>,
    n_streams: usize,
    must_write: bool,
    must_sync: bool,
    must_rotate: bool,
}

/// What is answered once the group is written.
enum Answer {
    One(Reply<Appended>, Result<Appended, Refusal>),
    Many(Reply<Vec<Appended>>, Result<Vec<Appended>, Refusal>),
    Stream(Reply<Arc<Stream>>, Arc<Stream>),
    Done(Reply<()>),
}

impl Answer {
    fn send(self, failure: Option<&WriteFailure>) {
        fn unless<T>(failure: Option<&WriteFailure>, result: Result<T, Refusal>) -> Result<T, Refusal> {
            // What was refused is refused either way.
            match (failure, result) {
                (Some(failure), Ok(_)) => Err(Refusal::Error(failure.clone().into())),
                (_, result) => result,
            }
        }
        // Callers may have gone away; what they sent is logged all the same.
        match self {
            Self::One(reply, result) => drop(reply.send(unless(failure, result))),
            Self::Many(reply, result) => drop(reply.send(unless(failure, result))),
            Self::Stream(reply, stream) => drop(reply.send(unless(failure, Ok(stream)))),
            Self::Done(reply) => drop(reply.send(unless(failure, Ok(())))),
        }
    }
}

/// What recovery hands to the writer.
pub(crate) struct Start {
    pub(crate) next_file: u64,
    pub(crate) sequence: u64,
    pub(crate) received: Millis,
    pub(crate) streams: Vec<(Arc<Stream>, usize)>,
    pub(crate) lines: Vec<WriterLine>,
}

impl Writer {
    /// A writer with a file of its own.
    pub(crate) fn start(shared: Arc<Shared>, start: Start) -> Result<Self, WriteFailure> {
        let Start { next_file, sequence, received, streams, lines } = start;
        let durable = Standing { sequence, received, n_streams: 0, nexts: Vec::new() };
        let mut writer = Self {
            shared,
            wal: None,
            abandoned: None,
            next_file,
            sequence,
            received,
            streams,
            lines,
            sealings: 0,
            unsynced: Vec::new(),
            unsynced_since: None,
            durable,
            parked: Vec::new(),
            buffer: Vec::new(),
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
        let mut draft = self.draft();
        self.buffer.clear();
        self.buffer.extend_from_slice(&GROUP_SPACE);
        for encoded in std::mem::take(&mut self.parked) {
            self.place(&mut draft, encoded);
        }
        for job in jobs.drain(..) {
            self.take_job(&mut draft, job);
        }
        let written = if draft.must_write || draft.n_frames > 0 { self.write(&draft) } else { Ok(()) };
        let failure = written.err();
        match &failure {
            None => self.publish(&draft),
            // What has been acknowledged without waiting stays, and is written again into the next file.
            Some(_) if self.is_async() => self.publish(&draft),
            Some(_) => self.undo(&draft),
        }
        // Whoever asked for it wants it done; those whose records filled the file need not wait for it.
        if draft.must_rotate {
            self.rotate();
        }
        for answer in draft.answers {
            answer.send(failure.as_ref());
        }
        if self.wal.as_ref().is_some_and(|wal| wal.length >= self.shared.options.file_bytes) {
            self.rotate();
        }
    }

    fn draft(&self) -> Draft {
        Draft {
            n_frames: 0,
            rows: Vec::new(),
            answers: Vec::new(),
            nexts: self.lines.iter().map(|line| line.next).collect(),
            n_streams: self.streams.len(),
            must_write: false,
            must_sync: !self.is_async(),
            must_rotate: false,
        }
    }

    fn is_async(&self) -> bool {
        matches!(self.shared.options.durability, Durability::Async { .. })
    }

    fn take_job(&mut self, draft: &mut Draft, job: Job) {
        match job {
            Job::One { encoded, looked, reply } => {
                let found = self.look_up(draft, &encoded, looked);
                let result = found.map(|found| found.unwrap_or_else(|| self.place(draft, encoded)));
                if let Some(reply) = reply {
                    draft.answers.push(Answer::One(reply, result));
                }
            }
            Job::Many { encoded, looked, reply } => {
                let result = self.place_all(draft, encoded, looked);
                draft.answers.push(Answer::Many(reply, result));
            }
            Job::Stream { line, version, layout, reply } => {
                let known = self.streams.iter().find(|(stream, _)| {
                    *stream.line() == line && stream.version() == version && *stream.layout() == layout
                });
                let stream = match known {
                    Some((stream, _)) => Arc::clone(stream),
                    None => {
                        let number = self.streams.iter().map(|(stream, _)| stream.number() + 1).max().unwrap_or(0);
                        self.add_stream(draft, StreamSpec { number, line, version, layout })
                    }
                };
                draft.must_sync = true;
                draft.answers.push(Answer::Stream(reply, stream));
            }
            Job::Flush { reply } => {
                draft.must_write = true;
                draft.must_sync = true;
                draft.answers.push(Answer::Done(reply));
            }
            Job::Rotate { reply } => {
                draft.must_sync = true;
                draft.must_rotate = true;
                draft.answers.push(Answer::Done(reply));
            }
            Job::Sealed { line, end, sealings } => {
                self.sealings = sealings;
                let line = &mut self.lines[line];
                while line.ends.front().is_some_and(|last| *last <= end) {
                    line.ends.pop_front();
                    line.names.pop_front();
                }
            }
        }
    }

    /// What was in the log before under the name of this record.
    fn look_up(&self, draft: &Draft, encoded: &Encoded, looked: u64) -> Result<Option<Appended>, Refusal> {
        if encoded.is_fresh {
            return Ok(None);
        }
        let place = self.line_of(&encoded.stream);
        let Some(position) = self.lines[place].find(&encoded.id) else {
            return if looked < self.sealings { Err(Refusal::LookAgain) } else { Ok(None) };
        };
        // Nobody knows a line before the group is written that makes it known.
        let is_same = match position.checked_sub(draft.nexts[place]) {
            None => {
                let state = self.shared.state();
                // Between sealing a record and forgetting its name here, the segment is the one to ask.
                let row = state.lines[place].hot_row(position).ok_or(Refusal::LookAgain)?;
                frame::is_same_content(&row.frame, &encoded.bytes)
            }
            Some(nth) => {
                let mut rows = draft.rows.iter().filter(|(line, _)| *line == place);
                let nth = usize::try_from(nth).expect("a group has fewer records than memory has bytes");
                rows.nth(nth).is_some_and(|(_, bytes)| frame::is_same_content(bytes, &encoded.bytes))
            }
        };
        if is_same {
            Ok(Some(Appended { position: Some(position), is_new: false }))
        } else {
            Err(Refusal::Error(AppendError::Conflict { id: encoded.id.clone(), position }))
        }
    }

    fn place_all(&mut self, draft: &mut Draft, all: Vec<Encoded>, looked: u64) -> Result<Vec<Appended>, Refusal> {
        // None is placed before all are known to be fine. Names that occur twice among them are seen when their turn comes:
        // the same content again is no record, and other content is found beforehand.
        let mut first_of: HashMap<&Id, &Encoded, RandomState> = HashMap::default();
        for encoded in &all {
            self.look_up(draft, encoded, looked)?;
            if !encoded.is_fresh
                && let Some(first) = first_of.insert(&encoded.id, encoded)
                && !frame::is_same_content(&first.bytes, &encoded.bytes)
            {
                let position = self.lines[self.line_of(&encoded.stream)].next;
                return Err(Refusal::Error(AppendError::Conflict { id: encoded.id.clone(), position }));
            }
        }
        all.into_iter()
            .map(|encoded| {
                Ok(match self.look_up(draft, &encoded, looked)? {
                    Some(appended) => appended,
                    None => self.place(draft, encoded),
                })
            })
            .collect()
    }

    fn place(&mut self, draft: &mut Draft, encoded: Encoded) -> Appended {
        let place = self.line_of(&encoded.stream);
        let is_label = encoded.stream.line().is_labels();
        let line = &mut self.lines[place];
        let position = line.next;
        line.next += 1;
        if !is_label {
            line.insert(encoded.id, position);
        }
        self.buffer.extend_from_slice(&encoded.bytes);
        draft.rows.push((place, encoded.bytes));
        draft.n_frames += 1;
        Appended { position: Some(position), is_new: true }
    }

    fn add_stream(&mut self, draft: &mut Draft, spec: StreamSpec) -> Arc<Stream> {
        let stream = Arc::new(Stream::from(spec.clone()));
        let known = self.shared.state().place_of(stream.line());
        let place = known.unwrap_or_else(|| {
            // A line may have lost all it had, and its place in the write-ahead log with it.
            let first = retention::floor(&self.shared.root, stream.line()).ok().flatten().unwrap_or(1);
            self.lines.push(WriterLine::new(first));
            self.shared.state_mut().add_line(stream.line(), first)
        });
        let made = NewStream { spec, next: Some(self.lines[place].next) };
        self.buffer.extend_from_slice(&frame::encode_json(FrameKind::Stream, &made));
        draft.n_frames += 1;
        self.streams.push((Arc::clone(&stream), place));
        stream
    }

    fn line_of(&self, stream: &Stream) -> usize {
        let known = self.streams.iter().find(|(known, _)| known.number() == stream.number());
        known.expect("records are of streams that this log made known").1
    }

    /// Writes the group in the buffer.
    fn write(&mut self, draft: &Draft) -> Result<(), WriteFailure> {
        self.received = self.received.max((self.shared.options.clock)());
        let wal = self.wal.as_mut().expect("a file was made before the group was begun");
        let group =
            Group { sequence: self.sequence, n_frames: draft.n_frames, received: self.received, synced: wal.synced };
        self.buffer[..GROUP_SPACE.len()].copy_from_slice(&group.encode());
        self.sequence += u64::from(draft.n_frames);
        if matches!(self.shared.options.durability, Durability::Async { .. }) {
            let frames = self.buffer[GROUP_SPACE.len()..].to_vec();
            self.unsynced.push(Unsynced { frames, n_frames: draft.n_frames, received: self.received });
            self.unsynced_since.get_or_insert_with(Instant::now);
        }
        let written = wal.append(&self.buffer).map_err(|error| WriteFailure::new(&wal.path, &error));
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
        let made = WalFile::create(&*self.shared.options.disk, &self.shared.wal_folder(), number, &header, spare);
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
        self.wal = Some(wal);
        self.shared.set_failure(None);
        Ok(())
    }

    fn standing(&self) -> Standing {
        Standing {
            sequence: self.sequence,
            received: self.received,
            n_streams: self.streams.len(),
            nexts: self.lines.iter().map(|line| line.next).collect(),
        }
    }

    fn header(&self) -> FileHeader {
        let state = self.shared.state();
        let lines = state.lines.iter().zip(&self.durable.nexts);
        FileHeader {
            sequence: self.durable.sequence,
            received: self.durable.received,
            streams: self.streams[..self.durable.n_streams].iter().map(|(stream, _)| stream.spec().clone()).collect(),
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
        self.lines.iter_mut().for_each(WriterLine::close_names);
        let ends = self.lines.iter().map(|line| line.next).collect();
        self.shared.close_file(ClosedFile { path: wal.path.clone(), bytes: wal.length, ends, closed: self.received });
    }

    /// Lets the records of a group be read.
    fn publish(&mut self, draft: &Draft) {
        if draft.n_frames == 0 {
            return;
        }
        let mut state = self.shared.state_mut();
        for (stream, _) in &self.streams[draft.n_streams..] {
            state.streams.insert(stream.number(), Arc::clone(stream));
        }
        for (line, frame) in &draft.rows {
            let row = HotRow { frame: Arc::clone(frame), received: self.received };
            state.lines[*line].hot.push_back(row);
        }
        drop(state);
        self.shared.note_group(draft.rows.len(), self.received);
    }

    /// Forgets the records of a group that could not be written.
    fn undo(&mut self, draft: &Draft) {
        self.sequence -= u64::from(draft.n_frames);
        self.streams.truncate(draft.n_streams);
        for (place, line) in self.lines.iter_mut().enumerate() {
            // A line that is new has had no records before the group.
            let next = draft.nexts.get(place).copied().unwrap_or_else(|| self.shared.state().lines[place].hot_first);
            line.next = next;
            line.latest_names().retain(|_, position| *position < next);
        }
    }

    /// Answers that nothing can be written, to all but those who have been answered.
    fn refuse(&mut self, jobs: &mut Vec<Job>, failure: &WriteFailure) {
        for job in jobs.drain(..) {
            let error = || Refusal::Error(failure.clone().into());
            match job {
                Job::One { encoded, reply: None, .. } => self.parked.push(encoded),
                Job::One { reply: Some(reply), .. } => drop(reply.send(Err(error()))),
                Job::Many { reply, .. } => drop(reply.send(Err(error()))),
                Job::Stream { reply, .. } => drop(reply.send(Err(error()))),
                Job::Flush { reply } | Job::Rotate { reply } => drop(reply.send(Err(error()))),
                sealed @ Job::Sealed { .. } => {
                    let mut draft = self.draft();
                    self.take_job(&mut draft, sealed);
                }
            }
        }
    }
}
