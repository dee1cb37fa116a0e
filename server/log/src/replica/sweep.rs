//! Deleting what a replica left behind that died, or lost its lease, between making a file and saying so.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::lease::Lease;
use crate::error::WriteFailure;
use crate::log::Shared;
use crate::recover::{SEGMENT_FOLDERS, walk};
use crate::retention;
use crate::segment::{SealError, segment_beside};

/// Deletes files that no table names: those of segments whose records are in others, and what was never finished. To be called
/// by the holder of the lease, who knows all that the tables name.
pub(super) fn sweep(shared: &Shared, lease: &mut Lease) -> Result<(), SealError> {
    let (named, sealed) = {
        let state = shared.state();
        let named: HashSet<PathBuf> =
            state.lines.iter().flat_map(|line| &line.segments).map(|segment| segment.path.clone()).collect();
        let sealed: Vec<(PathBuf, u64)> =
            state.lines.iter().map(|line| (shared.root.join(line.line.folder()), line.hot_first)).collect();
        (named, sealed)
    };
    let mut found = Vec::new();
    for folder in SEGMENT_FOLDERS {
        walk(&shared.root.join(folder), &mut |path| found.push(path.to_owned()))?;
    }
    let disk = &*shared.options.disk;
    for path in found {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_unfinished = name.starts_with('.') && name.ends_with(".new");
        let is_beside_nothing =
            segment_beside(&path).is_some_and(|segment| !named.contains(&segment) && !segment.exists());
        // What begins where no table says yet that anything is sealed may be of a plan that is to be carried out.
        let is_covered = end_of(&name).is_some_and(|end| {
            let line = sealed.iter().find(|(folder, _)| is_in(&path, folder));
            line.is_some_and(|(_, sealed)| end <= *sealed)
        });
        if is_unfinished || is_beside_nothing {
            lease.keep()?;
            let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { disk.remove(&path) };
            match removed {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(WriteFailure::new(&path, &error).into());
                }
                _ => {}
            }
        } else if is_covered && !named.contains(&path) {
            lease.keep()?;
            tracing::info!(path = %path.display(), "a segment that no table names is deleted: its records are in others");
            retention::remove(disk, &path)?;
        }
    }
    Ok(())
}

/// Whether a segment lies in a folder of a day of this line.
fn is_in(path: &Path, line: &Path) -> bool {
    path.parent().and_then(Path::parent) == Some(line)
}

/// The position behind the last of a segment of this name.
fn end_of(name: &str) -> Option<u64> {
    name.strip_prefix("part-")?.strip_suffix(".parquet")?.split_once('-')?.1.parse().ok()
}
