//! The process and the build, as Prometheus' own client libraries name them.

use std::path::Path;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use super::exposition::{Exposition, Kind};

/// When the process started to count, in seconds since 1970.
static STARTED: LazyLock<f64> =
    LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()));

/// Writes memory, open files and the version; of systems other than Linux only the last.
pub fn process(to: &mut Exposition) {
    to.family("tidemark_build_info", Kind::Gauge, "1, with the version as a label.");
    to.sample(&[("version", tidemark::VERSION)], 1.0);
    to.family("process_start_time_seconds", Kind::Gauge, "When the process started, in seconds since 1970.");
    to.sample(&[], *STARTED);
    if let Some(bytes) = resident_bytes() {
        to.family("process_resident_memory_bytes", Kind::Gauge, "Memory of the process that is in RAM.");
        to.sample(&[], bytes);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        to.family("process_open_fds", Kind::Gauge, "Open files and connections.");
        to.sample(&[], files.count() as f64);
    }
}

fn resident_bytes() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// Writes the size of what is kept. Files that go while they are counted count for nothing.
pub fn stored(to: &mut Exposition, folder: &Path) {
    to.family("tidemark_data_bytes", Kind::Gauge, "Size of the data folder: log, reports, keys.");
    to.sample(&[], folder_bytes(folder, 0) as f64);
}

/// Folders are not followed deeper than this.
const MAX_DEPTH: usize = 8;

fn folder_bytes(folder: &Path, depth: usize) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let bytes = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() && depth < MAX_DEPTH => folder_bytes(&entry.path(), depth + 1),
        Ok(data) if data.is_file() => data.len(),
        _ => 0,
    };
    entries.flatten().map(bytes).sum()
}

/// Starts the clock that [`process`] tells.
pub(crate) fn start() {
    LazyLock::force(&STARTED);
}
