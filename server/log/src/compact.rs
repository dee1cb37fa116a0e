//! Putting small segments together.
//!
//! The folder of a day is made anew beside the old one, with one segment in the place of several and second names of all
//! other files, and then both folders change names in one step. Whoever lists the folder sees one state or the other; a
//! crash leaves one of them under a name that nobody reads, and that the next opening deletes.

use std::path::Path;
use std::sync::Arc;

use crate::error::{ReadError, WriteFailure};
use crate::id::Id;
use crate::log::Shared;
use crate::record::{LabelRecord, Record};
use crate::segment::{self, ProfileFrom, Row, SealError, Segment, Written, sidecar};
use crate::stream::{Line, Stream};

/// Puts one run of small segments together; returns how many they were.
pub(crate) fn compact_one(shared: &Shared, target_bytes: u64) -> Result<usize, SealError> {
    let n_lines = shared.state().lines.len();
    for place in 0..n_lines {
        let (line, segments) = {
            let state = shared.state();
            (state.lines[place].line.clone(), state.lines[place].segments.clone())
        };
        let run = run_of_small(&segments, target_bytes);
        if run.len() < 2 {
            continue;
        }
        let small = &segments[run.clone()];
        if line.is_labels() {
            merge::<LabelRecord>(shared, place, &line, &segments, small)?;
        } else {
            merge::<Record>(shared, place, &line, &segments, small)?;
        }
        return Ok(run.len());
    }
    Ok(0)
}

/// The first neighbours in one folder that together make at most `target_bytes`, and of which there are two at least.
///
/// The largest of them is at most twice the others together: a large segment that took up every small one as it came would
/// be written again each time, while so a record is written again a number of times that grows as the logarithm of the
/// day's bytes.
pub(crate) fn run_of_small(segments: &[Arc<Segment>], target_bytes: u64) -> std::ops::Range<usize> {
    for first in 0..segments.len() {
        let (mut bytes, mut largest, mut kept) = (0, 0, 0);
        let n = segments[first..]
            .iter()
            .take_while(|segment| {
                bytes += segment.bytes;
                let is_taken = bytes <= target_bytes && segment.path.parent() == segments[first].path.parent();
                if is_taken {
                    largest = largest.max(segment.bytes);
                    kept = bytes;
                }
                is_taken
            })
            .count();
        if n >= 2 && largest <= 2 * (kept - largest) {
            return first..first + n;
        }
    }
    0..0
}

/// Writes the records of neighbouring segments as one into a folder. `go_on` is asked before every few rows.
pub(crate) fn write_together<R: Row>(
    shared: &Shared,
    line: &Line,
    small: &[Arc<Segment>],
    folder: &Path,
    mut go_on: impl FnMut() -> Result<(), ReadError>,
) -> Result<Written, SealError> {
    let mut streams: Vec<Arc<Stream>> = Vec::new();
    for stream in small.iter().flat_map(|segment| &segment.streams) {
        if !streams.iter().any(|known| known.number() == stream.number()) {
            streams.push(Arc::clone(stream));
        }
    }
    let chunks = small.iter().flat_map(|segment| match segment.read::<R>(segment.first) {
        Ok(chunks) => Box::new(chunks) as Box<dyn Iterator<Item = _>>,
        Err(error) => Box::new(std::iter::once(Err(error))),
    });
    let profile = ProfileFrom::parts(shared.profiler.get(), line, small);
    let chunks = chunks.map(|chunk| go_on().and(chunk));
    segment::write(&*shared.options.disk, folder, line, &streams, chunks, profile)
}

fn merge<R: Row>(
    shared: &Shared,
    place: usize,
    line: &Line,
    all: &[Arc<Segment>],
    small: &[Arc<Segment>],
) -> Result<(), SealError> {
    let disk = &*shared.options.disk;
    let folder = small[0].path.parent().unwrap_or(Path::new("."));
    let around = folder.parent().unwrap_or(Path::new("."));
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let staging = around.join(format!(".{name}-{}.new", Id::fresh(0)));
    let failed = |path: &Path, error: &std::io::Error| SealError::Write(WriteFailure::new(path, error));
    disk.create_folders(&staging).map_err(|error| failed(&staging, &error))?;

    let large = write_together::<R>(shared, line, small, &staging, || Ok(()))?.publish(disk)?;

    let is_kept = |segment: &&Arc<Segment>| {
        segment.path.parent() == Some(folder) && !small.iter().any(|other| Arc::ptr_eq(other, segment))
    };
    for segment in all.iter().filter(is_kept) {
        for path in [segment.path.clone(), sidecar(&segment.path, "crc32c"), sidecar(&segment.path, "profile")] {
            let to = staging.join(path.file_name().unwrap_or_default());
            match disk.link(&path, &to) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(&to, &error)),
                _ => {}
            }
        }
    }
    disk.sync_folder(&staging).map_err(|error| failed(&staging, &error))?;

    let moved = large.path.file_name().map(|name| folder.join(name)).unwrap_or_default();
    let moved = Arc::new(large.moved_to(moved));
    {
        // A reader that looks up a path finds the file there.
        let mut state = shared.state_mut();
        disk.exchange(&staging, folder).map_err(|error| failed(folder, &error))?;
        let segments = &mut state.lines[place].segments;
        let first = segments.partition_point(|segment| segment.first < moved.first);
        segments.splice(first..first + small.len(), [moved]);
    }
    disk.sync_folder(around).map_err(|error| failed(around, &error))?;
    // The old files may go only now that the new names are on disk.
    std::fs::remove_dir_all(&staging).map_err(|error| failed(&staging, &error))
}
