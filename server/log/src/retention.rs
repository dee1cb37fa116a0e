//! Deleting what is old.
//!
//! First the line's folder says from which position on records are kept (`.floor`), then the segments before it go: a
//! crash in between leaves segments that nobody reads, and that the next opening deletes.

use std::path::Path;
use std::sync::Arc;

use crate::disk::{self, Disk};
use crate::error::{ReadError, WriteFailure};
use crate::log::Shared;
use crate::record::Millis;
use crate::segment::{self, Segment, sidecar};
use crate::stream::Line;

/// The file in a line's folder that says where it begins.
const FLOOR: &str = ".floor";

/// How long records are kept. What is not sealed yet is kept anyhow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// A segment goes once its last record came in longer ago than this, in milliseconds.
    pub max_age: Option<Millis>,
    /// The oldest segments of a line go until its segments take no more than these bytes.
    pub max_bytes: Option<u64>,
}

/// Where a line begins that has been shortened, by what its folder says.
pub(crate) fn floor(root: &Path, line: &Line) -> Result<Option<u64>, ReadError> {
    let path = root.join(line.folder()).join(FLOOR);
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ReadError::io(&path, &error)),
        Ok(text) => match text.trim().parse() {
            Ok(floor) => Ok(Some(floor)),
            Err(_) => Err(segment::damage(&path, "it holds no position").into()),
        },
    }
}

/// Has a line's folder say where it begins.
pub(crate) fn set_floor(shared: &Shared, line: &Line, floor: u64) -> Result<(), WriteFailure> {
    let path = shared.root.join(line.folder()).join(FLOOR);
    disk::replace(&*shared.options.disk, &path, format!("{floor}\n").as_bytes())
}

/// Deletes the segments of all lines that are not to be kept, and returns how many.
pub(crate) fn apply_to_all(shared: &Shared, retention: Retention, now: Millis) -> Result<usize, WriteFailure> {
    let n_lines = shared.state().lines.len();
    (0..n_lines).map(|place| apply(shared, place, retention, now)).sum()
}

/// Deletes the segments of a line that are not to be kept, and returns how many.
fn apply(shared: &Shared, place: usize, retention: Retention, now: Millis) -> Result<usize, WriteFailure> {
    let (line, segments) = {
        let state = shared.state();
        (state.lines[place].line.clone(), state.lines[place].segments.clone())
    };
    let n_gone = n_not_kept(&segments, retention, now);
    let Some(last) = n_gone.checked_sub(1).map(|last| &segments[last]) else { return Ok(0) };
    set_floor(shared, &line, last.end)?;
    drop(shared.state_mut().lines[place].segments.drain(..n_gone));
    for segment in &segments[..n_gone] {
        remove(&*shared.options.disk, &segment.path)?;
    }
    Ok(n_gone)
}

/// How many of a line's segments, the oldest, are not to be kept.
pub(crate) fn n_not_kept(segments: &[Arc<Segment>], retention: Retention, now: Millis) -> usize {
    let is_old = |segment: &Segment| retention.max_age.is_some_and(|age| now.saturating_sub(segment.received[1]) > age);
    let mut bytes: u64 = segments.iter().map(|segment| segment.bytes).sum();
    segments
        .iter()
        .take_while(|segment| {
            let is_gone = is_old(segment) || retention.max_bytes.is_some_and(|max| bytes > max);
            bytes -= segment.bytes;
            is_gone
        })
        .count()
}

/// Deletes a segment and what lies beside it.
pub(crate) fn remove(disk: &dyn Disk, path: &Path) -> Result<(), WriteFailure> {
    for path in [sidecar(path, "profile"), sidecar(path, "crc32c"), path.to_owned()] {
        match disk.remove(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(WriteFailure::new(&path, &error)),
            _ => {}
        }
    }
    Ok(())
}
