//! What a writer knows of the log: where its lines stand, its streams, and the names of the records that are in no segment.
//!
//! Jobs are placed one after the other, into a group. What a group is to change is taken back where it could not be written, so
//! that the same jobs can be placed again.

use foldhash::fast::RandomState;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::error::AppendError;
use crate::frame::{self, Encoded, FrameKind, NewStream};
use crate::id::Id;
use crate::log::Shared;
use crate::queue::{Appended, Done, Job, Refusal};
use crate::record::Millis;
use crate::seal::{Closed, Stretch};
use crate::state::HotRow;
use crate::stream::{Stream, StreamSpec};

/// The names of a line's records in a stretch of the write-ahead log, with their positions.
#[derive(Default)]
struct Names {
    found_by: HashMap<Id, u64, RandomState>,
    /// Names that nobody can have asked for, in the order of their positions. They are put with the others once a name is looked for:
    /// where Tidemark makes all names, that is never.
    fresh: Vec<(Id, u64)>,
}

impl Names {
    fn find(&mut self, id: &Id) -> Option<u64> {
        self.found_by.extend(self.fresh.drain(..));
        self.found_by.get(id).copied()
    }

    /// Forgets a name, if it stands at `from` or behind.
    fn forget(&mut self, id: &Id, from: u64) {
        self.fresh.truncate(self.fresh.partition_point(|(_, position)| *position < from));
        if self.found_by.get(id).is_some_and(|position| *position >= from) {
            self.found_by.remove(id);
        }
    }
}

/// A line as the writer sees it.
pub(crate) struct WriterLine {
    /// The position that the next record gets.
    pub(crate) next: u64,
    /// By the stretch of the write-ahead log; the latest comes last.
    names: VecDeque<Names>,
    /// For all but the latest of `names`, the position after its last.
    ends: VecDeque<u64>,
    /// Names before this position are to be looked for in segments.
    sealed: u64,
}

impl WriterLine {
    pub(crate) fn new(next: u64) -> Self {
        Self { next, names: VecDeque::from([Names::default()]), ends: VecDeque::new(), sealed: 0 }
    }

    fn find(&mut self, id: &Id) -> Option<u64> {
        let position = self.names.iter_mut().find_map(|names| names.find(id));
        position.filter(|position| *position >= self.sealed)
    }

    fn latest_names(&mut self) -> &mut Names {
        self.names.back_mut().expect("a line begins with one and never has fewer")
    }

    /// Names that come from now on stand in another stretch.
    pub(crate) fn close_names(&mut self) {
        self.names.push_back(Names::default());
        self.ends.push_back(self.next);
    }

    pub(crate) fn insert(&mut self, id: Id, position: u64) {
        self.latest_names().found_by.insert(id, position);
    }

    /// Forgets the names of records that are in segments, up to this position.
    pub(crate) fn forget_names(&mut self, sealed: u64) {
        self.sealed = self.sealed.max(sealed);
        while self.ends.front().is_some_and(|last| *last <= sealed) {
            self.ends.pop_front();
            self.names.pop_front();
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

/// What a group is made of, and what has to be undone if it cannot be written.
pub(crate) struct Draft {
    pub(crate) n_frames: u32,
    /// The line and the bytes of every record.
    pub(crate) rows: Vec<(usize, Arc<[u8]>)>,
    /// What is to be answered to every job, in order.
    pub(crate) done: Vec<Done>,
    /// Positions before the group.
    nexts: Vec<u64>,
    n_streams: usize,
    pub(crate) must_write: bool,
    pub(crate) must_sync: bool,
    pub(crate) must_rotate: bool,
}

pub(crate) struct Ledger {
    pub(crate) shared: Arc<Shared>,
    /// When the last group was received.
    pub(crate) received: Millis,
    /// With the place of its line.
    pub(crate) streams: Vec<(Arc<Stream>, usize)>,
    pub(crate) lines: Vec<WriterLine>,
    /// Names in segments made by more sealings than these are not in `lines` any more.
    pub(crate) sealings: u64,
    /// The frames of the group.
    pub(crate) buffer: Vec<u8>,
}

impl Ledger {
    pub(crate) const fn new(
        shared: Arc<Shared>,
        received: Millis,
        streams: Vec<(Arc<Stream>, usize)>,
        lines: Vec<WriterLine>,
    ) -> Self {
        Self { shared, received, streams, lines, sealings: 0, buffer: Vec::new() }
    }

    /// A group without anything in it. `space` is left before its frames.
    pub(crate) fn begin(&mut self, space: &[u8]) -> Draft {
        self.buffer.clear();
        self.buffer.extend_from_slice(space);
        Draft {
            n_frames: 0,
            rows: Vec::new(),
            done: Vec::new(),
            nexts: self.lines.iter().map(|line| line.next).collect(),
            n_streams: self.streams.len(),
            must_write: false,
            must_sync: false,
            must_rotate: false,
        }
    }

    /// The streams that the group makes known.
    pub(crate) fn new_streams(&self, draft: &Draft) -> &[(Arc<Stream>, usize)] {
        &self.streams[draft.n_streams..]
    }

    /// Does as much of a job as can be done before the group is written, and says what is to be answered then.
    pub(crate) fn take(&mut self, draft: &mut Draft, job: &Job) -> Done {
        match job {
            Job::One { encoded, looked, .. } => {
                let found = self.look_up(draft, encoded, *looked);
                Done::One(found.map(|found| found.unwrap_or_else(|| self.place(draft, encoded))))
            }
            Job::Many { encoded, looked, .. } => Done::Many(self.place_all(draft, encoded, *looked)),
            Job::Stream { line, version, layout, .. } => {
                let known = self.streams.iter().find(|(stream, _)| {
                    stream.line() == line && stream.version() == version && stream.layout() == layout
                });
                draft.must_sync = true;
                Done::Stream(match known {
                    Some((stream, _)) => Arc::clone(stream),
                    None => {
                        let number = self.streams.iter().map(|(stream, _)| stream.number() + 1).max().unwrap_or(0);
                        let (line, version, layout) = (line.clone(), version.clone(), layout.clone());
                        self.add_stream(draft, StreamSpec { number, line, version, layout })
                    }
                })
            }
            Job::Flush { .. } => {
                draft.must_write = true;
                draft.must_sync = true;
                Done::Nothing
            }
            Job::Rotate { .. } => {
                draft.must_sync = true;
                draft.must_rotate = true;
                Done::Nothing
            }
            Job::Sealed { line, end, sealings } => {
                self.sealings = *sealings;
                self.lines[*line].forget_names(*end);
                Done::Nothing
            }
            Job::Absorb { .. } => Done::Nothing,
        }
    }

    /// What was in the log before under the name of this record.
    fn look_up(&mut self, draft: &Draft, encoded: &Encoded, looked: u64) -> Result<Option<Appended>, Refusal> {
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

    fn place_all(&mut self, draft: &mut Draft, all: &[Encoded], looked: u64) -> Result<Vec<Appended>, Refusal> {
        // None is placed before all are known to be fine. Names that occur twice among them are seen when their turn comes:
        // the same content again is no record, and other content is found beforehand.
        let mut first_of: HashMap<&Id, &Encoded, RandomState> = HashMap::default();
        for encoded in all {
            self.look_up(draft, encoded, looked)?;
            if !encoded.is_fresh
                && let Some(first) = first_of.insert(&encoded.id, encoded)
                && !frame::is_same_content(&first.bytes, &encoded.bytes)
            {
                let position = self.lines[self.line_of(&encoded.stream)].next;
                return Err(Refusal::Error(AppendError::Conflict { id: encoded.id.clone(), position }));
            }
        }
        all.iter()
            .map(|encoded| {
                Ok(match self.look_up(draft, encoded, looked)? {
                    Some(appended) => appended,
                    None => self.place(draft, encoded),
                })
            })
            .collect()
    }

    /// Puts a record into the group.
    pub(crate) fn place(&mut self, draft: &mut Draft, encoded: &Encoded) -> Appended {
        let place = self.line_of(&encoded.stream);
        let is_label = encoded.stream.line().is_labels();
        let line = &mut self.lines[place];
        let position = line.next;
        line.next += 1;
        match (is_label, encoded.is_fresh) {
            (true, _) => {}
            (false, true) => line.latest_names().fresh.push((encoded.id.clone(), position)),
            (false, false) => line.insert(encoded.id.clone(), position),
        }
        self.buffer.extend_from_slice(&encoded.bytes);
        draft.rows.push((place, Arc::clone(&encoded.bytes)));
        draft.n_frames += 1;
        Appended { position: Some(position), is_new: true }
    }

    fn add_stream(&mut self, draft: &mut Draft, spec: StreamSpec) -> Arc<Stream> {
        let stream = Arc::new(Stream::from(spec.clone()));
        let known = self.shared.state().place_of(stream.line());
        let place = known.unwrap_or_else(|| {
            let first = self.shared.first_position(stream.line());
            self.add_line(stream.line(), first)
        });
        let made = NewStream { spec, next: Some(self.lines[place].next) };
        self.buffer.extend_from_slice(&frame::encode_json(FrameKind::Stream, &made));
        draft.n_frames += 1;
        self.streams.push((Arc::clone(&stream), place));
        stream
    }

    /// Makes a line known whose first record gets this position, and returns its place.
    pub(crate) fn add_line(&mut self, line: &crate::stream::Line, first: u64) -> usize {
        self.lines.push(WriterLine::new(first));
        self.shared.state_mut().add_line(line, first)
    }

    fn line_of(&self, stream: &Stream) -> usize {
        let known = self.streams.iter().find(|(known, _)| known.number() == stream.number());
        known.expect("records are of streams that this log made known").1
    }

    /// Lets a stretch be sealed that is not written any more.
    pub(crate) fn close(&mut self, stretch: Stretch, bytes: u64) {
        self.lines.iter_mut().for_each(WriterLine::close_names);
        let ends = self.lines.iter().map(|line| line.next).collect();
        self.shared.close(Closed { stretch, bytes, ends, closed: self.received });
    }

    /// Lets the records of a group be read.
    pub(crate) fn publish(&mut self, draft: &Draft) {
        if draft.n_frames == 0 {
            return;
        }
        let mut state = self.shared.state_mut();
        for (stream, _) in self.new_streams(draft) {
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
    pub(crate) fn undo(&mut self, draft: &Draft) {
        self.streams.truncate(draft.n_streams);
        for (place, line) in self.lines.iter_mut().enumerate() {
            // A line that is new has had no records before the group.
            let next = draft.nexts.get(place).copied().unwrap_or_else(|| self.shared.state().lines[place].hot_first);
            line.next = next;
        }
        for (place, bytes) in &draft.rows {
            let record = frame::trusted(bytes).filter(|frame| frame.kind == FrameKind::Record);
            if let Some(id) = record.and_then(|frame| frame::id(frame).ok()) {
                let line = &mut self.lines[*place];
                let next = line.next;
                line.latest_names().forget(&id, next);
            }
        }
    }

    /// When a group is received that is written now: no clock that goes back puts it before others.
    pub(crate) fn receive(&mut self) -> Millis {
        self.received = self.received.max((self.shared.options.clock)());
        self.received
    }

    /// Says by how many sealings names are not here any more, after they were made.
    pub(crate) fn note_sealing(&mut self) {
        self.sealings = self.shared.sealings.fetch_add(1, Ordering::AcqRel) + 1;
    }
}
