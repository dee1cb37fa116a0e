//! Reading the log: records in memory and in segments alike, a chunk at a time.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use crate::error::ReadError;
use crate::frame;
use crate::id::Id;
use crate::record::{Answer, LabelRecord, Millis, Record};
use crate::recover;
use crate::replica::Freshness;
use crate::rows::{Rows, RowsBuilder};
use crate::segment::{self, Segment, Stored};
use crate::state::{HotRow, State, Streams};
use crate::stream::{Line, Stream};

/// Reads a log: one that this process has open ([`crate::Log::reader`]), or a folder as it is at the moment. Cheap to
/// clone.
#[derive(Debug, Clone)]
pub struct Reader {
    state: Arc<RwLock<State>>,
    /// Where others write too.
    freshness: Option<Arc<Freshness>>,
}

/// A segment, as a list of them shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentInfo {
    /// The file.
    pub path: std::path::PathBuf,
    /// Positions of its records.
    pub positions: Range<u64>,
    /// The earliest and the latest time of a prediction in it.
    pub times: [Millis; 2],
    /// When the log took the first and the last of its records.
    pub received: [Millis; 2],
    /// Bytes of the file.
    pub bytes: u64,
}

/// What the log's profiler made of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentProfile {
    /// Positions of the segment's records.
    pub positions: Range<u64>,
    /// What the profiler returned.
    pub bytes: Vec<u8>,
}

/// A record's position and its bytes.
type FoundRecord = (u64, Arc<[u8]>);

impl Reader {
    pub(crate) const fn of(state: Arc<RwLock<State>>, freshness: Option<Arc<Freshness>>) -> Self {
        Self { state, freshness }
    }

    /// Reads a folder without changing anything in it, whether or not a process has the log open: what it has
    /// acknowledged so far is there, and what it acknowledges later is not.
    ///
    /// # Errors
    /// There is no log in the folder, it cannot be read, or a file is damaged.
    pub fn open(root: &Path) -> Result<Self, ReadError> {
        Ok(Self::of(Arc::new(RwLock::new(recover::read_unlocked(root)?.state)), None))
    }

    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, once all is known that was acknowledged anywhere before.
    fn fresh_state(&self) -> RwLockReadGuard<'_, State> {
        self.refresh();
        self.state()
    }

    /// Waits for what other replicas have written.
    fn refresh(&self) {
        if let Some(freshness) = &self.freshness {
            freshness.wait();
        }
    }

    /// The lines there are, in the order in which they began.
    pub fn lines(&self) -> Vec<Line> {
        self.fresh_state().lines.iter().map(|state| state.line.clone()).collect()
    }

    /// The streams there are: what was appended since the log was opened may be of any of them.
    pub fn streams(&self) -> Vec<Arc<Stream>> {
        self.fresh_state().streams.values().cloned().collect()
    }

    /// The positions there are, from the first that retention has left up to but not including the next. Nothing is 1..1.
    pub fn positions(&self, line: &Line) -> Range<u64> {
        self.fresh_state().line(line).map_or(1..1, |line| line.first()..line.end())
    }

    /// The position after the last record: 1 for a line without records.
    pub fn end(&self, line: &Line) -> u64 {
        self.positions(line).end
    }

    /// The segments of a line, in order.
    pub fn segments(&self, line: &Line) -> Vec<SegmentInfo> {
        let state = self.fresh_state();
        let segments = state.line(line).map(|line| line.segments.as_slice()).unwrap_or_default();
        let info = |segment: &Arc<Segment>| SegmentInfo {
            path: segment.path.clone(),
            positions: segment.first..segment.end,
            times: segment.times,
            received: segment.received,
            bytes: segment.bytes,
        };
        segments.iter().map(info).collect()
    }

    /// The profiles beside the segments that lie wholly within these positions, where one was made when the segment was.
    ///
    /// # Errors
    /// A profile cannot be read.
    pub fn profiles(&self, line: &Line, positions: Range<u64>) -> Result<Vec<SegmentProfile>, ReadError> {
        let segments: Vec<Arc<Segment>> = match self.fresh_state().line(line) {
            Some(state) => state.segments.clone(),
            None => return Ok(Vec::new()),
        };
        let within = |segment: &&Arc<Segment>| positions.start <= segment.first && segment.end <= positions.end;
        let mut profiles = Vec::new();
        for segment in segments.iter().filter(within) {
            match std::fs::read(segment.profile_path()) {
                Ok(bytes) => profiles.push(SegmentProfile { positions: segment.first..segment.end, bytes }),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(ReadError::io(&segment.profile_path(), &error)),
            }
        }
        Ok(profiles)
    }

    /// The predictions at these positions, in chunks; those that retention took away are passed over.
    pub fn records(&self, line: &Line, positions: Range<u64>) -> Chunks<Record> {
        Chunks::new(self.clone(), line, positions, None)
    }

    /// The same without what went in, which is what takes the most time to read.
    pub fn answers(&self, line: &Line, positions: Range<u64>) -> Chunks<Answer> {
        Chunks::new(self.clone(), line, positions, None)
    }

    /// The predictions made from `times.start` up to but not including `times.end`, in chunks, in the order of their
    /// positions.
    pub fn records_between(&self, line: &Line, times: Range<Millis>) -> Chunks<Record> {
        Chunks::new(self.clone(), line, self.positions(line), Some(times))
    }

    /// The labels at these positions, in chunks.
    pub fn labels(&self, model: &str, positions: Range<u64>) -> Chunks<LabelRecord> {
        Chunks::new(self.clone(), &Line::labels(model), positions, None)
    }

    /// The latest label of each of these predictions that has one, in one walk through the model's labels.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn labels_of(&self, model: &str, ids: &[Id]) -> Result<HashMap<Id, LabelRecord>, ReadError> {
        let asked: BTreeSet<&Id> = ids.iter().collect();
        let mut labels = HashMap::new();
        for chunk in self.labels(model, self.positions(&Line::labels(model))) {
            // A later one takes the place of an earlier one.
            let found = chunk?.into_iter().filter(|label| asked.contains(&label.label.id));
            labels.extend(found.map(|label| (label.label.id.clone(), label)));
        }
        Ok(labels)
    }

    /// The predictions at these positions, side by side.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn rows(&self, line: &Line, positions: Range<u64>) -> Result<Rows, ReadError> {
        gather(self.records(line, positions))
    }

    /// The last `n` predictions, side by side.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn latest(&self, line: &Line, n: u64) -> Result<Rows, ReadError> {
        let end = self.end(line);
        self.rows(line, end.saturating_sub(n).max(1)..end)
    }

    /// The predictions made within these times, side by side.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn rows_between(&self, line: &Line, times: Range<Millis>) -> Result<Rows, ReadError> {
        gather(self.records_between(line, times))
    }

    /// The share of the last `n` predictions whose class is not the first, among those that answer with a class by index;
    /// `None` if there is none. Looks at nothing but the classes.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn share_positive(&self, line: &Line, n: u64) -> Result<Option<f64>, ReadError> {
        self.again_if_replaced(|| self.count_positive(line, n))
    }

    fn count_positive(&self, line: &Line, n: u64) -> Result<Option<f64>, ReadError> {
        let (mut sealed, mut counts) = (Vec::new(), [0_u64; 2]);
        {
            let state = self.fresh_state();
            let Some(line) = state.line(line) else { return Ok(None) };
            let first = line.end().saturating_sub(n).max(line.first());
            let hot = usize::try_from(first.saturating_sub(line.hot_first)).unwrap_or(usize::MAX);
            for row in line.hot.iter().skip(hot) {
                if let Some(class) = frame::trusted(&row.frame).and_then(frame::class) {
                    counts[usize::from(class > 0)] += 1;
                }
            }
            let segments = line.segments.iter().filter(|segment| segment.end > first);
            sealed.extend(segments.map(|segment| (Arc::clone(segment), first)));
        }
        for (segment, first) in sealed {
            let found = segment.count_classes(first)?;
            counts = [counts[0] + found[0], counts[1] + found[1]];
        }
        let total = counts[0] + counts[1];
        Ok((total > 0).then(|| counts[1] as f64 / total as f64))
    }

    /// Whether a record of this name may be in a segment, by what is in memory: no answer takes the disk.
    pub(crate) fn may_be_sealed(&self, line: &Line, id: &Id) -> bool {
        let state = self.state();
        let segments = state.line(line).map(|line| line.segments.as_slice()).unwrap_or_default();
        id.with_text(|name| segments.iter().any(|segment| segment.may_hold(name)))
    }

    /// The position and the bytes of the record of this name, if it is in a segment.
    pub(crate) fn find_sealed(&self, line: &Line, id: &Id) -> Result<Option<FoundRecord>, ReadError> {
        self.again_if_replaced(|| self.find_in_segments(line, id))
    }

    fn find_in_segments(&self, line: &Line, id: &Id) -> Result<Option<FoundRecord>, ReadError> {
        let segments: Vec<Arc<Segment>> = match self.state().line(line) {
            Some(state) => state.segments.clone(),
            None => return Ok(None),
        };
        // Whoever sends a record again does so soon after.
        for segment in segments.iter().rev() {
            let Some(position) = segment.find(id)? else { continue };
            let mut record = segment.read::<Record>(position)?;
            let record = record.next().transpose()?.and_then(|rows| rows.into_iter().next());
            let found = record.filter(|record| record.position == position && record.id == *id);
            let record =
                found.ok_or_else(|| segment::damage(&segment.path, format!("no record {id} at {position}")))?;
            let encoded = frame::encode(&record.stream, &record.as_entry());
            let encoded = encoded.map_err(|error| segment::damage(&segment.path, error))?;
            return Ok(Some((position, encoded.bytes)));
        }
        Ok(None)
    }
}

impl Reader {
    /// Reads again when a segment was replaced by a larger one, or deleted, since it was looked up.
    fn again_if_replaced<T>(&self, read: impl Fn() -> Result<T, ReadError>) -> Result<T, ReadError> {
        let mut result = read();
        for _ in 0..ATTEMPTS {
            match &result {
                Err(ReadError::Io { path, .. }) if !path.exists() => {
                    self.refresh();
                    result = read();
                }
                _ => break,
            }
        }
        result
    }
}

/// How often a reader looks again for what was replaced under its hands. That happens once in minutes.
const ATTEMPTS: usize = 10;

/// Rows not sealed yet that are read at once: the log is not written while they are taken out.
const HOT_ROWS: usize = 1024;

fn gather(chunks: Chunks<Record>) -> Result<Rows, ReadError> {
    let mut rows = RowsBuilder::default();
    for chunk in chunks {
        chunk?.into_iter().for_each(|record| rows.push(record));
    }
    Ok(rows.finish())
}

/// Records of a line in the order of their positions, in chunks of a few thousand: however many they are, no more are in
/// memory at once. An error ends it.
pub struct Chunks<R> {
    reader: Reader,
    line: Line,
    /// What is left.
    positions: Range<u64>,
    times: Option<Range<Millis>>,
    segment: Option<segment::Reader<R>>,
}

/// Where the next records are.
enum Source {
    Hot(Vec<HotRow>, Streams),
    Segment(Arc<Segment>),
    /// Positions up to this one are not wanted, or not there.
    Nothing(u64),
}

#[expect(private_bounds, reason = "records and labels are all there is")]
impl<R: Stored> Chunks<R> {
    fn new(reader: Reader, line: &Line, positions: Range<u64>, times: Option<Range<Millis>>) -> Self {
        reader.refresh();
        Self { reader, line: line.clone(), positions, times, segment: None }
    }

    fn source(&self) -> Source {
        let at = self.positions.start;
        let state = self.reader.state();
        let Some(line) = state.line(&self.line) else { return Source::Nothing(self.positions.end) };
        if at >= line.hot_first {
            let first = usize::try_from(at - line.hot_first).unwrap_or(usize::MAX);
            let n = usize::try_from(self.positions.end - at).unwrap_or(usize::MAX).min(HOT_ROWS);
            let rows: Vec<HotRow> = line.hot.iter().skip(first).take(n).cloned().collect();
            if rows.is_empty() {
                return Source::Nothing(self.positions.end);
            }
            return Source::Hot(rows, state.streams.clone());
        }
        match line.segment_of(at) {
            None => Source::Nothing(line.first().max(at + 1)),
            Some(segment) => {
                let is_wanted = self
                    .times
                    .as_ref()
                    .is_none_or(|times| segment.times[0] < times.end && times.start <= segment.times[1]);
                if is_wanted { Source::Segment(Arc::clone(segment)) } else { Source::Nothing(segment.end) }
            }
        }
    }

    fn next_chunk(&mut self) -> Result<Option<Vec<R>>, ReadError> {
        tidemark::part_done();
        while self.positions.start < self.positions.end {
            let rows = match &mut self.segment {
                Some(reader) => match reader.next() {
                    None => {
                        self.segment = None;
                        continue;
                    }
                    Some(rows) => rows?,
                },
                None => match self.source() {
                    Source::Nothing(until) => {
                        self.positions.start = until;
                        continue;
                    }
                    Source::Hot(rows, streams) => {
                        let positions = self.positions.start..;
                        let row = |(row, position): (&HotRow, u64)| R::from_hot(row, position, &streams);
                        rows.iter().zip(positions).map(row).collect::<Result<_, _>>()?
                    }
                    Source::Segment(segment) => {
                        self.segment = self.open(&segment)?;
                        continue;
                    }
                },
            };
            let Some(last) = rows.last() else { continue };
            let (from, next) = (self.positions.clone(), last.position() + 1);
            self.positions.start = next;
            let is_asked_for = |row: &R| {
                from.contains(&row.position()) && self.times.as_ref().is_none_or(|times| times.contains(&row.time()))
            };
            let rows: Vec<R> = rows.into_iter().filter(is_asked_for).collect();
            if !rows.is_empty() {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }

    /// Begins to read a segment; `None` if it has been replaced since it was looked up.
    fn open(&self, segment: &Arc<Segment>) -> Result<Option<segment::Reader<R>>, ReadError> {
        match segment.read(self.positions.start) {
            Err(ReadError::Io { .. }) if !segment.path.exists() => {
                self.reader.refresh();
                if self.is_replaced(segment) { Ok(None) } else { segment.read(self.positions.start).map(Some) }
            }
            other => other.map(Some),
        }
    }

    fn is_replaced(&self, segment: &Arc<Segment>) -> bool {
        let state = self.reader.state();
        let now = state.line(&self.line).and_then(|line| line.segment_of(self.positions.start));
        now.is_none_or(|now| !Arc::ptr_eq(now, segment))
    }
}

impl<R: Stored> Iterator for Chunks<R> {
    type Item = Result<Vec<R>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let chunk = self.next_chunk();
        if chunk.is_err() {
            self.positions.start = self.positions.end;
        }
        chunk.transpose()
    }
}
