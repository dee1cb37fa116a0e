//! Taking over what others have written: groups, and where the segments are.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tidemark_postgres::postgres::fallible_iterator::FallibleIterator;

use crate::error::{Damage, ReadError, WriteFailure};
use crate::frame::{self, FrameKind, Malformed, NewStream};
use crate::ledger::{Draft, Ledger};
use crate::log::Shared;
use crate::seal::{Sealer, Stretch};
use crate::segment::Segment;
use crate::state::HotRow;
use crate::stream::{Line, Stream, StreamSpec};

use super::table::{Failed, Layout, Table};

/// What a replica knows of the shared log.
pub(super) struct Book {
    shared: Arc<Shared>,
    pub(super) ledger: Ledger,
    /// The last group that was taken over.
    pub(super) known: i64,
    /// The changes of segments that were taken over.
    changes: i64,
    /// The last changes that could not be, as their segments could not be seen.
    missed: i64,
    /// The bytes of the groups since a stretch was closed.
    open_bytes: u64,
    /// Groups up to this one were never seen here: they were in segments already.
    pub(super) skipped: i64,
    /// Tokens that are looked for, and those of them that were found.
    pub(super) watched: Vec<String>,
    pub(super) found: Vec<String>,
}

impl Book {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let ledger = Ledger::new(Arc::clone(&shared), 0, Vec::new(), Vec::new());
        Self {
            shared,
            ledger,
            known: 0,
            changes: -1,
            missed: 0,
            open_bytes: 0,
            skipped: 0,
            watched: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Takes over what is in the tables and not known yet; says whether there was a group.
    pub(super) fn absorb(&mut self, table: &mut Table) -> Result<bool, Failed> {
        let mut came = false;
        loop {
            let (mut is_gap, mut changes) = (false, self.changes);
            let mut rows = table.groups_after(self.known)?;
            while let Some(row) = rows.next()? {
                changes = row.get(1);
                is_gap = row.get::<_, i64>(0) > self.known;
                if is_gap {
                    break;
                }
                if let Some(sequence) = row.get::<_, Option<i64>>(2) {
                    let group = Found { sequence, token: row.get(3), received: row.get(4), frames: row.get(5) };
                    self.take_group(&group).map_err(|error| Failed(WriteFailure::of_database(&error.to_string())))?;
                    came = true;
                }
            }
            drop(rows);
            if is_gap || changes != self.changes {
                let layout = table.layout()?;
                match self.take_layout(&layout) {
                    Ok(()) => {}
                    // All records are in memory still: those of segments that cannot be seen are read from there.
                    Err(error) if !is_gap && self.changes >= 0 => {
                        if self.missed < layout.changes {
                            tracing::warn!(%error, "segments that another replica made cannot be read yet");
                        }
                        self.missed = layout.changes;
                    }
                    Err(error) => return Err(Failed(WriteFailure::of_database(&error.to_string()))),
                }
            }
            if !is_gap {
                return Ok(came);
            }
        }
    }

    fn take_group(&mut self, group: &Found<'_>) -> Result<(), ReadError> {
        let damaged = |what: &str| Damage {
            path: PathBuf::from("table log_groups"),
            offset: None,
            what: format!("group {} {what}", group.sequence),
        };
        if group.sequence != self.known + 1 {
            return Err(damaged(&format!("follows group {}", self.known)).into());
        }
        let frames = frames(group.frames).map_err(|_malformed| damaged("does not have its checksums"))?;
        let (mut rows, mut streams) = (Vec::with_capacity(frames.len()), Vec::new());
        for frame in frames {
            let malformed = |_malformed: Malformed| damaged("holds a frame that does not read as what it should be");
            if frame.kind == FrameKind::Stream {
                let made: NewStream = frame::decode_json(frame).map_err(malformed)?;
                let next = made.next.unwrap_or(1);
                let stream = self.add_stream(made.spec, next);
                let place = self.shared.state().place_of(stream.line());
                if place.is_none_or(|place| self.ledger.lines[place].next != next) {
                    return Err(damaged("makes a stream known at a position where its line is not").into());
                }
                streams.push(stream);
                continue;
            }
            let number = frame::stream_number(frame).map_err(malformed)?;
            let known = self.ledger.streams.iter().find(|(stream, _)| stream.number() == number);
            let place = known.ok_or_else(|| damaged("holds a record of a stream that nobody made known"))?.1;
            let line = &mut self.ledger.lines[place];
            if frame.kind == FrameKind::Record {
                line.insert(frame::id(frame).map_err(malformed)?, line.next);
            }
            line.next += 1;
            rows.push((place, Arc::from(frame.bytes)));
        }
        self.ledger.received = self.ledger.received.max(group.received);
        let mut state = self.shared.state_mut();
        for stream in streams {
            state.streams.insert(stream.number(), stream);
        }
        let n_rows = rows.len();
        for (place, frame) in rows {
            state.lines[place].hot.push_back(HotRow { frame, received: group.received });
        }
        drop(state);
        self.shared.note_records(n_rows, group.received);
        if self.watched.iter().any(|token| token == group.token) {
            self.found.push(group.token.to_owned());
        }
        self.move_on(group.frames.len());
        Ok(())
    }

    /// The group behind the last one is known by now, and takes these bytes.
    fn move_on(&mut self, bytes: usize) {
        self.known += 1;
        self.open_bytes += bytes as u64;
        if self.open_bytes >= self.shared.options.file_bytes {
            self.close();
        }
    }

    /// What comes from now on is sealed apart from what came before.
    pub(super) fn close(&mut self) {
        if self.open_bytes > 0 {
            self.ledger.close(Stretch::Groups(self.known), self.open_bytes);
            self.open_bytes = 0;
        }
    }

    /// Lets the records be read of a group that was written here.
    pub(super) fn publish(&mut self, draft: &Draft) {
        self.ledger.publish(draft);
        self.move_on(self.ledger.buffer.len());
    }

    fn add_stream(&mut self, spec: StreamSpec, next: u64) -> Arc<Stream> {
        if let Some((known, _)) = self.ledger.streams.iter().find(|(stream, _)| stream.number() == spec.number) {
            return Arc::clone(known);
        }
        let known = self.shared.state().place_of(&spec.line);
        let place = known.unwrap_or_else(|| self.ledger.add_line(&spec.line, next));
        let stream = Arc::new(Stream::from(spec));
        self.ledger.streams.push((Arc::clone(&stream), place));
        stream
    }

    /// Takes over which segments there are, and forgets the records that are in them. It does nothing if a segment is not there.
    fn take_layout(&mut self, layout: &Layout) -> Result<(), ReadError> {
        let damaged = |what: String| Damage { path: PathBuf::from("tables of the log"), offset: None, what };
        let line_of = |json: &str| -> Result<Line, ReadError> {
            serde_json::from_str(json).map_err(|error| damaged(format!("no line: {json}: {error}")).into())
        };
        let mut segments: BTreeMap<Line, Vec<Arc<Segment>>> = BTreeMap::new();
        let known = self.segments_by_path();
        for (line, path) in &layout.segments {
            let path = self.shared.root.join(path);
            let segment = match known.get(&path) {
                Some(segment) => Arc::clone(segment),
                None => Arc::new(Segment::open(&path)?),
            };
            segments.entry(line_of(line)?).or_default().push(segment);
        }
        let sealed: Vec<(Line, u64)> = layout
            .lines
            .iter()
            .map(|(line, sealed)| Ok((line_of(line)?, *sealed)))
            .collect::<Result<_, ReadError>>()?;
        for spec in &layout.streams {
            let spec: StreamSpec =
                serde_json::from_str(spec).map_err(|error| damaged(format!("no stream: {spec}: {error}")))?;
            let next = sealed.iter().find(|(line, _)| *line == spec.line).map_or(1, |(_, sealed)| *sealed);
            let stream = self.add_stream(spec, next);
            self.shared.state_mut().streams.insert(stream.number(), stream);
        }
        for (line, sealed) in sealed {
            let known = self.shared.state().place_of(&line);
            let place = known.unwrap_or_else(|| self.ledger.add_line(&line, sealed));
            let mut state = self.shared.state_mut();
            let state = &mut state.lines[place];
            state.segments = segments.remove(&line).unwrap_or_default();
            let n_sealed = usize::try_from(sealed.saturating_sub(state.hot_first)).unwrap_or(usize::MAX);
            drop(state.hot.drain(..n_sealed.min(state.hot.len())));
            state.hot_first = state.hot_first.max(sealed);
            let line = &mut self.ledger.lines[place];
            line.next = line.next.max(sealed);
            line.forget_names(sealed);
        }
        self.ledger.note_sealing();
        if layout.sequence > self.known {
            self.skipped = layout.sequence;
            self.known = layout.sequence;
        }
        let is_empty = self.shared.state().lines.iter().all(|line| line.hot.is_empty());
        if is_empty {
            self.open_bytes = 0;
            self.shared.nothing_unsealed();
        }
        self.ledger.received = self.ledger.received.max(layout.received);
        Sealer::new(Arc::clone(&self.shared)).remove_sealed_files();
        self.changes = layout.changes;
        if let Some(replica) = &self.shared.replica {
            replica.changes.store(layout.changes, Ordering::Release);
        }
        Ok(())
    }

    fn segments_by_path(&self) -> HashMap<PathBuf, Arc<Segment>> {
        let state = self.shared.state();
        let segments = state.lines.iter().flat_map(|line| &line.segments);
        segments.map(|segment| (segment.path.clone(), Arc::clone(segment))).collect()
    }
}

/// A group as the table has it.
struct Found<'a> {
    sequence: i64,
    token: &'a str,
    received: i64,
    frames: &'a [u8],
}

/// The frames that stand one behind the other in these bytes.
fn frames(mut bytes: &[u8]) -> Result<Vec<frame::Frame<'_>>, Malformed> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        let frame = frame::read(bytes).ok_or(Malformed)?;
        bytes = &bytes[frame.bytes.len()..];
        match frame.kind {
            FrameKind::Record | FrameKind::Label | FrameKind::Stream => frames.push(frame),
            FrameKind::Group | FrameKind::FileHeader => return Err(Malformed),
        }
    }
    Ok(frames)
}
