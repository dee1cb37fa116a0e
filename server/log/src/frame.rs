//! Records as bytes: what stands in the write-ahead log.
//!
//! A frame is its length (4 bytes, of what follows the checksum), a CRC-32C of that (4 bytes), a kind (1 byte) and what
//! the kind needs. All numbers are little-endian. Equal content gives equal bytes, so that a record sent twice is told
//! from another of the same name by comparing bytes.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

use crate::id::Id;
use crate::record::{Answer, Entry, Features, Label, LabelRecord, Millis, Origin, Outcome, Record, Value};
use crate::stream::{Answers, Kind, Stream, StreamSpec};

mod cursor;

use cursor::{Cursor, put_text};

/// Bytes before what is checked.
pub(crate) const HEADER: usize = 8;

/// The longest frame of a record. A longer one is refused when it is appended.
pub const MAX_RECORD_BYTES: usize = 1 << 20;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameKind {
    Record,
    Label,
    Stream,
    Group,
    FileHeader,
}

impl FrameKind {
    const ALL: [Self; 5] = [Self::Record, Self::Label, Self::Stream, Self::Group, Self::FileHeader];

    const fn code(self) -> u8 {
        match self {
            Self::Record => 1,
            Self::Label => 2,
            Self::Stream => 3,
            Self::Group => 4,
            Self::FileHeader => 5,
        }
    }
}

/// Why an entry cannot be logged: it does not fit what its stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadEntry {
    /// There are fewer or more features than the stream has.
    FeatureCount {
        /// How many the stream has.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A feature is a text where the stream has numbers, or the other way round.
    FeatureKind {
        /// The feature.
        name: String,
        /// What its values are.
        expected: Kind,
    },
    /// The outcome is not of the kind that the stream answers with, or no class of it.
    Outcome,
    /// The record would take more than [`MAX_RECORD_BYTES`].
    TooLong {
        /// How many bytes it takes.
        found: usize,
    },
    /// Predictions were sent to a stream of labels, or labels to one of predictions.
    WrongStream,
}

impl fmt::Display for BadEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FeatureCount { expected, found } => write!(f, "{found} features where the model has {expected}"),
            Self::FeatureKind { name, expected: Kind::Number } => write!(f, "feature {name:?} is a text, not a number"),
            Self::FeatureKind { name, expected: Kind::Text } => write!(f, "feature {name:?} is a number, not a text"),
            Self::Outcome => f.write_str("the prediction is nothing that this version answers with"),
            Self::TooLong { found } => {
                write!(f, "the record takes {found} bytes; at most {MAX_RECORD_BYTES} are taken")
            }
            Self::WrongStream => f.write_str("predictions and labels do not share a stream"),
        }
    }
}

impl std::error::Error for BadEntry {}

/// Bytes whose checksum is right and that are no frame all the same: another version wrote them, or a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// An entry's bytes, and what the writer has to know of them.
#[derive(Debug, Clone)]
pub(crate) struct Encoded {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) stream: Arc<Stream>,
    pub(crate) id: Id,
    pub(crate) is_fresh: bool,
}

const ID_IS_UUID: u8 = 1;
const HAS_REQUEST: u8 = 2;
const ORIGIN_SHIFT: u8 = 2;

/// A value that stands for a missing number: any NaN is written as this one, so that equal content gives equal bytes.
const MISSING: f64 = f64::NAN;

fn begin(kind: FrameKind, capacity: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + 1 + capacity);
    bytes.extend_from_slice(&[0; HEADER]);
    bytes.push(kind.code());
    bytes
}

fn finish(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = u32::try_from(bytes.len() - HEADER).expect("a frame is shorter than 4 GiB");
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    let checksum = crc32c::crc32c(&bytes[HEADER..]);
    bytes[4..HEADER].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// The frame of a prediction.
pub(crate) fn encode(stream: &Arc<Stream>, entry: &Entry<'_>) -> Result<Encoded, BadEntry> {
    if stream.line().is_labels() {
        return Err(BadEntry::WrongStream);
    }
    let layout = stream.layout();
    if entry.features.len() != layout.features.len() {
        return Err(BadEntry::FeatureCount { expected: layout.features.len(), found: entry.features.len() });
    }
    let mut bytes = begin(FrameKind::Record, 96 + 8 * (entry.features.len() + entry.scores.len()));
    let has_request = if entry.request_id.is_some() { HAS_REQUEST } else { 0 };
    let is_uuid = if entry.id.as_uuid().is_some() { ID_IS_UUID } else { 0 };
    bytes.push(is_uuid | has_request | (entry.origin.code() << ORIGIN_SHIFT));
    bytes.extend_from_slice(&stream.number().to_le_bytes());
    bytes.extend_from_slice(&entry.time.to_le_bytes());
    if let Some(request) = entry.request_id {
        put_text(&mut bytes, request);
    }
    put_id(&mut bytes, &entry.id);
    put_outcome(&mut bytes, &entry.outcome, &layout.answers)?;
    put_count(&mut bytes, entry.scores.len())?;
    entry.scores.iter().for_each(|score| put_number(&mut bytes, *score));
    put_count(&mut bytes, entry.violations.len())?;
    entry.violations.iter().for_each(|violation| bytes.extend_from_slice(&violation.to_le_bytes()));
    put_features(&mut bytes, entry.features, stream)?;
    if bytes.len() > MAX_RECORD_BYTES {
        return Err(BadEntry::TooLong { found: bytes.len() });
    }
    let bytes = Arc::from(finish(bytes));
    Ok(Encoded { bytes, stream: Arc::clone(stream), id: entry.id.clone(), is_fresh: entry.is_fresh })
}

/// The frame of a label.
pub(crate) fn encode_label(stream: &Arc<Stream>, label: &Label) -> Result<Encoded, BadEntry> {
    if !stream.line().is_labels() {
        return Err(BadEntry::WrongStream);
    }
    let mut bytes = begin(FrameKind::Label, 64);
    bytes.push(if label.id.as_uuid().is_some() { ID_IS_UUID } else { 0 });
    bytes.extend_from_slice(&stream.number().to_le_bytes());
    put_id(&mut bytes, &label.id);
    put_value(&mut bytes, &label.value);
    if bytes.len() > MAX_RECORD_BYTES {
        return Err(BadEntry::TooLong { found: bytes.len() });
    }
    let bytes = Arc::from(finish(bytes));
    Ok(Encoded { bytes, stream: Arc::clone(stream), id: label.id.clone(), is_fresh: true })
}

fn put_id(bytes: &mut Vec<u8>, id: &Id) {
    match id.as_uuid() {
        Some(uuid) => bytes.extend_from_slice(uuid),
        None => id.with_text(|text| put_text(bytes, text)),
    }
}

fn put_count(bytes: &mut Vec<u8>, count: usize) -> Result<(), BadEntry> {
    let count = u16::try_from(count).map_err(|_too_many| BadEntry::TooLong { found: 8 * count })?;
    bytes.extend_from_slice(&count.to_le_bytes());
    Ok(())
}

fn put_number(bytes: &mut Vec<u8>, number: f64) {
    let number = if number.is_nan() { MISSING } else { number };
    bytes.extend_from_slice(&number.to_le_bytes());
}

fn put_outcome(bytes: &mut Vec<u8>, outcome: &Outcome, answers: &Answers) -> Result<(), BadEntry> {
    match (outcome, answers) {
        (Outcome::Class(class), Answers::Classes(classes)) if (*class as usize) < classes.len() => {
            bytes.push(0);
            bytes.extend_from_slice(&class.to_le_bytes());
        }
        (Outcome::Label(label), Answers::Names | Answers::Scored(_)) => {
            bytes.push(1);
            put_text(bytes, label);
        }
        (Outcome::Number(number), Answers::Numbers) => {
            bytes.push(2);
            put_number(bytes, *number);
        }
        _ => return Err(BadEntry::Outcome),
    }
    Ok(())
}

fn put_value(bytes: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Number(number) if !number.is_nan() => {
            bytes.push(1);
            put_number(bytes, *number);
        }
        Value::Text(text) => {
            bytes.push(2);
            put_text(bytes, text);
        }
        Value::Number(_) | Value::Missing => bytes.push(0),
    }
}

fn put_features(bytes: &mut Vec<u8>, features: Features<'_>, stream: &Stream) -> Result<(), BadEntry> {
    let specs = &stream.layout().features;
    let wrong = |place: usize| BadEntry::FeatureKind { name: specs[place].name.clone(), expected: specs[place].kind };
    match features {
        Features::Numbers(numbers) if stream.is_numeric() => {
            numbers.iter().for_each(|number| put_number(bytes, *number))
        }
        Features::Values(values) if stream.is_numeric() => {
            for (place, value) in values.iter().enumerate() {
                match value {
                    Value::Number(number) => put_number(bytes, *number),
                    Value::Missing => put_number(bytes, MISSING),
                    Value::Text(_) => return Err(wrong(place)),
                }
            }
        }
        Features::Numbers(numbers) => {
            for (place, number) in numbers.iter().enumerate() {
                if specs[place].kind == Kind::Text && !number.is_nan() {
                    return Err(wrong(place));
                }
                put_value(bytes, &Value::Number(*number));
            }
        }
        Features::Values(values) => {
            for (place, value) in values.iter().enumerate() {
                match (value, specs[place].kind) {
                    (Value::Number(number), Kind::Text) if !number.is_nan() => return Err(wrong(place)),
                    (Value::Text(_), Kind::Number) => return Err(wrong(place)),
                    _ => put_value(bytes, value),
                }
            }
        }
    }
    Ok(())
}

/// A frame whose checksum is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub(crate) kind: FrameKind,
    /// What follows the kind.
    pub(crate) body: &'a [u8],
    /// All of it, as it stands in the file.
    pub(crate) bytes: &'a [u8],
}

/// The frame at the start of `bytes`; `None` if what stands there is none, is cut off or does not have its checksum.
pub(crate) fn read(bytes: &[u8]) -> Option<Frame<'_>> {
    let frame = trusted(bytes)?;
    let checksum = u32::from_le_bytes(*bytes[4..HEADER].first_chunk()?);
    (crc32c::crc32c(&frame.bytes[HEADER..]) == checksum).then_some(frame)
}

/// The same of bytes in memory, whose checksum was right when they came there.
pub(crate) fn trusted(bytes: &[u8]) -> Option<Frame<'_>> {
    let length = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
    let (&code, body) = bytes.get(HEADER..)?.get(..length)?.split_first()?;
    let kind = FrameKind::ALL.into_iter().find(|kind| kind.code() == code)?;
    Some(Frame { kind, body, bytes: &bytes[..HEADER + length] })
}

/// The number of the stream that a record's or label's frame belongs to.
pub(crate) fn stream_number(frame: Frame<'_>) -> Result<u32, Malformed> {
    let number = frame.body.get(1..5).and_then(<[u8]>::first_chunk).ok_or(Malformed)?;
    Ok(u32::from_le_bytes(*number))
}

/// A record's or label's name.
pub(crate) fn id(frame: Frame<'_>) -> Result<Id, Malformed> {
    let mut cursor = Cursor(frame.body);
    let flags = cursor.byte()?;
    cursor.u32()?;
    if frame.kind == FrameKind::Record {
        cursor.i64()?;
        if flags & HAS_REQUEST != 0 {
            cursor.text()?;
        }
    }
    take_id(&mut cursor, flags)
}

/// Whether both frames say the same of the same record: all but the time and the request, which the service may have
/// filled in.
pub(crate) fn is_same_content(a: &[u8], b: &[u8]) -> bool {
    let content = |bytes| {
        let frame = read(bytes)?;
        let mut cursor = Cursor(frame.body);
        let flags = cursor.byte().ok()?;
        let stream = cursor.u32().ok()?;
        cursor.i64().ok()?;
        if flags & HAS_REQUEST != 0 {
            cursor.text().ok()?;
        }
        Some((flags & !HAS_REQUEST, stream, cursor.0))
    };
    match (content(a), content(b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// What stands beside a record's bytes: where it is and what its values mean.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) position: u64,
    pub(crate) received: Millis,
}

/// The prediction in a frame.
pub(crate) fn decode(frame: Frame<'_>, stream: &Arc<Stream>, place: &Place) -> Result<Record, Malformed> {
    let mut cursor = Cursor(frame.body);
    let flags = cursor.byte()?;
    cursor.u32()?;
    let time = cursor.i64()?;
    let request_id = if flags & HAS_REQUEST != 0 { Some(cursor.text()?.into()) } else { None };
    let id = take_id(&mut cursor, flags)?;
    let (outcome, scores) = (take_outcome(&mut cursor)?, take_scores(&mut cursor)?);
    let n_violations = cursor.u16()?;
    let violations = (0..n_violations).map(|_| cursor.u16()).collect::<Result<_, _>>()?;
    // At once as long as it has to be: where values may be wrong, collecting them grows step by step.
    let mut features = Vec::with_capacity(stream.layout().features.len());
    for _ in &stream.layout().features {
        features.push(if stream.is_numeric() { take_number(&mut cursor)? } else { take_value(&mut cursor)? });
    }
    cursor.end()?;
    Ok(Record {
        position: place.position,
        received: place.received,
        stream: Arc::clone(stream),
        id,
        time,
        origin: Origin::of_code(flags >> ORIGIN_SHIFT).ok_or(Malformed)?,
        features,
        outcome,
        scores,
        violations,
        request_id,
    })
}

/// The prediction in a frame, without what went in.
pub(crate) fn decode_answer(frame: Frame<'_>, stream: &Arc<Stream>, position: u64) -> Result<Answer, Malformed> {
    let mut cursor = Cursor(frame.body);
    let flags = cursor.byte()?;
    cursor.u32()?;
    let time = cursor.i64()?;
    if flags & HAS_REQUEST != 0 {
        cursor.text()?;
    }
    let id = take_id(&mut cursor, flags)?;
    let (outcome, scores) = (take_outcome(&mut cursor)?, take_scores(&mut cursor)?);
    Ok(Answer { position, stream: Arc::clone(stream), id, time, outcome, scores })
}

fn take_outcome(cursor: &mut Cursor<'_>) -> Result<Outcome, Malformed> {
    Ok(match cursor.byte()? {
        0 => Outcome::Class(cursor.u32()?),
        1 => Outcome::Label(cursor.text()?.into()),
        2 => Outcome::Number(cursor.f64()?),
        _ => return Err(Malformed),
    })
}

fn take_scores(cursor: &mut Cursor<'_>) -> Result<Vec<f64>, Malformed> {
    let n_scores = cursor.u16()?;
    // No length is believed before the bytes are there.
    if cursor.0.len() < 8 * usize::from(n_scores) {
        return Err(Malformed);
    }
    let mut scores = Vec::with_capacity(usize::from(n_scores));
    for _ in 0..n_scores {
        scores.push(cursor.f64()?);
    }
    Ok(scores)
}

/// The label in a frame.
pub(crate) fn decode_label(frame: Frame<'_>, place: &Place) -> Result<LabelRecord, Malformed> {
    let mut cursor = Cursor(frame.body);
    let flags = cursor.byte()?;
    cursor.u32()?;
    let label = Label { id: take_id(&mut cursor, flags)?, value: take_value(&mut cursor)? };
    cursor.end()?;
    Ok(LabelRecord { position: place.position, received: place.received, label })
}

/// The class of a prediction, where it is one by index: read without the rest.
pub(crate) fn class(frame: Frame<'_>) -> Option<u32> {
    let mut cursor = Cursor(frame.body);
    let flags = cursor.byte().ok()?;
    cursor.u32().ok()?;
    cursor.i64().ok()?;
    if flags & HAS_REQUEST != 0 {
        cursor.text().ok()?;
    }
    take_id(&mut cursor, flags).ok()?;
    (cursor.byte().ok()? == 0).then(|| cursor.u32().ok()).flatten()
}

fn take_id(cursor: &mut Cursor<'_>, flags: u8) -> Result<Id, Malformed> {
    if flags & ID_IS_UUID != 0 {
        return Ok(Id::from_uuid(*cursor.array()?));
    }
    Id::given(cursor.text()?).map_err(|_bad_id| Malformed)
}

fn take_number(cursor: &mut Cursor<'_>) -> Result<Value, Malformed> {
    let number = cursor.f64()?;
    Ok(if number.is_nan() { Value::Missing } else { Value::Number(number) })
}

fn take_value(cursor: &mut Cursor<'_>) -> Result<Value, Malformed> {
    match cursor.byte()? {
        0 => Ok(Value::Missing),
        1 => Ok(Value::Number(cursor.f64()?)),
        2 => Ok(Value::Text(cursor.text()?.into())),
        _ => Err(Malformed),
    }
}

/// What stands before the frames that were written together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Group {
    /// The number of its first frame, counted over all files.
    pub(crate) sequence: u64,
    /// How many frames follow.
    pub(crate) n_frames: u32,
    /// When they were written.
    pub(crate) received: Millis,
    /// How much of the file was known to be on disk by then: damage before this is no torn write.
    pub(crate) synced: u64,
}

/// What a group's frame can be found by in a damaged file.
const GROUP_MARK: [u8; 8] = *b"\xf1TMGRP\r\n";

/// The length of a group's own frame.
pub(crate) const GROUP_BYTES: usize = HEADER + 1 + 8 + 8 + 4 + 8 + 8;

impl Group {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut bytes = begin(FrameKind::Group, GROUP_BYTES);
        bytes.extend_from_slice(&GROUP_MARK);
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.n_frames.to_le_bytes());
        bytes.extend_from_slice(&self.received.to_le_bytes());
        bytes.extend_from_slice(&self.synced.to_le_bytes());
        finish(bytes)
    }

    pub(crate) fn decode(frame: Frame<'_>) -> Result<Self, Malformed> {
        let mut cursor = Cursor(frame.body);
        if *cursor.array()? != GROUP_MARK {
            return Err(Malformed);
        }
        let group =
            Self { sequence: cursor.u64()?, n_frames: cursor.u32()?, received: cursor.i64()?, synced: cursor.u64()? };
        cursor.end()?;
        Ok(group)
    }

    /// The groups that stand whole anywhere in `bytes`.
    pub(crate) fn find(bytes: &[u8]) -> impl Iterator<Item = Self> {
        let marks = bytes.windows(GROUP_MARK.len()).enumerate().filter(|(_, window)| **window == GROUP_MARK);
        marks.filter_map(|(at, _)| Self::decode(read(bytes.get(at.checked_sub(HEADER + 1)?..)?)?).ok())
    }
}

/// What makes a stream known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NewStream {
    #[serde(flatten)]
    pub(crate) spec: StreamSpec,
    /// The position that the next record of its line gets, whichever stream that is of. Only the first files did not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<u64>,
}

/// A frame that holds JSON: what is written rarely.
pub(crate) fn encode_json(kind: FrameKind, value: &impl serde::Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(value).expect("names and numbers are JSON");
    let mut bytes = begin(kind, json.len());
    bytes.extend_from_slice(&json);
    finish(bytes)
}

/// What a frame of JSON holds.
pub(crate) fn decode_json<T: serde::de::DeserializeOwned>(frame: Frame<'_>) -> Result<T, Malformed> {
    serde_json::from_slice(frame.body).map_err(|_not_it| Malformed)
}
