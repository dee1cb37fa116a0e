//! Checking a log from end to end.

use std::path::Path;
use std::sync::Arc;

use crate::error::{Damage, ReadError};
use crate::read::Reader;
use crate::record::{LabelRecord, Record};
use crate::recover;
use crate::retention;
use crate::segment::{self, Row, Segment};
use crate::state::State;

/// What was found in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Lines of predictions and labels.
    pub n_lines: usize,
    /// Segments.
    pub n_segments: usize,
    /// Records and labels in segments.
    pub n_sealed: u64,
    /// Records and labels that are in the write-ahead log alone.
    pub n_unsealed: u64,
    /// Bytes that a write left when it was cut off, which is no damage.
    pub torn_bytes: u64,
    /// What is not as it should be.
    pub problems: Vec<Damage>,
}

/// Reads everything in a folder: that every file has its checksum and can be read, that the footers say what is there, and
/// that positions follow one another without holes or doubles, in segments and on into the write-ahead log.
///
/// # Errors
/// There is no log in the folder, or it cannot be read. What is damaged is no error but a problem.
pub fn verify(root: &Path) -> Result<Verified, ReadError> {
    let mut verified = Verified::default();
    for path in recover::segment_paths(root)? {
        verified.n_segments += 1;
        match verify_segment(&path) {
            Ok(n_rows) => verified.n_sealed += n_rows,
            Err(ReadError::Damaged(damage)) => verified.problems.push(damage),
            Err(error) => return Err(error),
        }
    }
    match recover::read_unlocked(root) {
        Ok(recovered) => {
            verified.n_lines = recovered.state.lines.len();
            verified.n_unsealed = recovered.recovery.n_records;
            verified.torn_bytes = recovered.recovery.torn_bytes;
            verify_beginnings(root, &recovered.state, &mut verified)?;
            verify_unsealed(&Reader::of(Arc::new(std::sync::RwLock::new(recovered.state)), None), &mut verified)?;
        }
        Err(ReadError::Damaged(damage)) if !verified.problems.iter().any(|known| known.path == damage.path) => {
            verified.problems.push(damage);
        }
        Err(ReadError::Damaged(_)) => {}
        Err(error) => return Err(error),
    }
    Ok(verified)
}

fn verify_segment(path: &Path) -> Result<u64, ReadError> {
    let segment = Arc::new(Segment::open(path)?);
    segment.check()?;
    let name = format!("part-{}-{}.parquet", segment.first, segment.end);
    if path.file_name().is_none_or(|found| found.to_string_lossy() != name) {
        return Err(segment::damage(path, format!("it holds what should be called {name}")).into());
    }
    if segment.line.is_labels() { verify_rows::<LabelRecord>(&segment) } else { verify_rows::<Record>(&segment) }
}

fn verify_rows<R: Row>(segment: &Arc<Segment>) -> Result<u64, ReadError> {
    let mut position = segment.first;
    let mut received = segment.received[0];
    for chunk in segment.read::<R>(segment.first)? {
        for row in chunk? {
            if row.position() != position || row.received() < received {
                let what = format!("position {} where {position} is expected, or out of order", row.position());
                return Err(segment::damage(&segment.path, what).into());
            }
            position += 1;
            received = row.received();
        }
    }
    if position != segment.end || received != segment.received[1] {
        return Err(segment::damage(&segment.path, "the footer does not say what is there").into());
    }
    Ok(segment.end - segment.first)
}

/// A line begins with position 1, or where retention says that it does.
fn verify_beginnings(root: &Path, state: &State, verified: &mut Verified) -> Result<(), ReadError> {
    for line in &state.lines {
        let expected = retention::floor(root, &line.line)?.unwrap_or(1);
        if line.first() != expected {
            let what = format!("the {} begin with position {} where {expected} is expected", line.line, line.first());
            verified.problems.push(segment::damage(&root.join(line.line.folder()), what));
        }
    }
    Ok(())
}

/// Decodes what is in the write-ahead log alone.
fn verify_unsealed(reader: &Reader, verified: &mut Verified) -> Result<(), ReadError> {
    for line in reader.lines() {
        let sealed = reader.segments(&line).last().map_or(0, |segment| segment.positions.end);
        let positions = sealed.max(reader.positions(&line).start)..reader.end(&line);
        let read = if line.is_labels() {
            reader.labels(line.model(), positions).try_for_each(|chunk| chunk.map(drop))
        } else {
            reader.records(&line, positions).try_for_each(|chunk| chunk.map(drop))
        };
        match read {
            Err(ReadError::Damaged(damage)) => verified.problems.push(damage),
            other => other?,
        }
    }
    Ok(())
}
