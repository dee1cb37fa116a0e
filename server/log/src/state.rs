//! What is known of the log in memory: its streams, and of every line the records not sealed yet and the segments.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::error::ReadError;
use crate::frame::{self, Malformed, Place};
use crate::record::{Answer, LabelRecord, Millis, Record};
use crate::segment::Segment;
use crate::stream::{Line, Stream};

/// A record that is in the write-ahead log and in no segment.
#[derive(Debug, Clone)]
pub(crate) struct HotRow {
    pub(crate) frame: Arc<[u8]>,
    pub(crate) received: Millis,
}

/// A line's records, wherever they are.
#[derive(Debug)]
pub(crate) struct LineState {
    pub(crate) line: Line,
    /// The position of the first of `hot`: all before are in segments, or deleted.
    pub(crate) hot_first: u64,
    pub(crate) hot: VecDeque<HotRow>,
    /// In order of their positions, without holes between them.
    pub(crate) segments: Vec<Arc<Segment>>,
}

impl LineState {
    pub(crate) const fn new(line: Line, first: u64) -> Self {
        Self { line, hot_first: first, hot: VecDeque::new(), segments: Vec::new() }
    }

    /// The position of the first record there is, or of the next one if there is none.
    pub(crate) fn first(&self) -> u64 {
        self.segments.first().map_or(self.hot_first, |segment| segment.first)
    }

    /// The position that the next record gets.
    pub(crate) fn end(&self) -> u64 {
        self.hot_first + self.hot.len() as u64
    }

    /// The segment that holds this position.
    pub(crate) fn segment_of(&self, position: u64) -> Option<&Arc<Segment>> {
        let place = self.segments.partition_point(|segment| segment.end <= position);
        self.segments.get(place).filter(|segment| segment.first <= position)
    }

    pub(crate) fn hot_row(&self, position: u64) -> Option<&HotRow> {
        self.hot.get(usize::try_from(position.checked_sub(self.hot_first)?).ok()?)
    }
}

/// Streams by their numbers.
pub(crate) type Streams = BTreeMap<u32, Arc<Stream>>;

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// By number.
    pub(crate) streams: Streams,
    pub(crate) lines: Vec<LineState>,
}

impl State {
    pub(crate) fn place_of(&self, line: &Line) -> Option<usize> {
        self.lines.iter().position(|state| state.line == *line)
    }

    pub(crate) fn line(&self, line: &Line) -> Option<&LineState> {
        self.place_of(line).map(|place| &self.lines[place])
    }

    /// Makes a line known whose first record gets this position, and returns its place.
    pub(crate) fn add_line(&mut self, line: &Line, first: u64) -> usize {
        self.lines.push(LineState::new(line.clone(), first));
        self.lines.len() - 1
    }
}

/// A row in memory as the record it is.
pub(crate) fn decode(row: &HotRow, position: u64, streams: &Streams) -> Result<Record, ReadError> {
    read(row, |frame| {
        let stream = streams.get(&frame::stream_number(frame)?).ok_or(Malformed)?;
        frame::decode(frame, stream, &Place { position, received: row.received })
    })
}

/// A row in memory as the prediction it is, without what went in.
pub(crate) fn decode_answer(row: &HotRow, position: u64, streams: &Streams) -> Result<Answer, ReadError> {
    read(row, |frame| {
        let stream = streams.get(&frame::stream_number(frame)?).ok_or(Malformed)?;
        frame::decode_answer(frame, stream, position)
    })
}

/// A row in memory as the label it is.
pub(crate) fn decode_label(row: &HotRow, position: u64) -> Result<LabelRecord, ReadError> {
    read(row, |frame| frame::decode_label(frame, &Place { position, received: row.received }))
}

fn read<T>(row: &HotRow, read: impl FnOnce(frame::Frame<'_>) -> Result<T, Malformed>) -> Result<T, ReadError> {
    frame::trusted(&row.frame).ok_or(Malformed).and_then(read).map_err(|_malformed| ReadError::Io {
        path: "memory".into(),
        detail: "a record in memory cannot be read".to_owned(),
    })
}
