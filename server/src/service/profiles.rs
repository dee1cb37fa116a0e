//! Profiles beside the log's segments: a window that covers whole segments is put together from theirs, and only the rows
//! at its ends are read.
//!
//! A stored profile is the [`Mark`](super::baseline::Mark) of the baseline that took it, and
//! [`TableProfile::to_bytes`]. A segment whose profile is another baseline's, as after a new version of the model, counts as
//! one without.

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};
use tidemark::judge::Settings;
use tidemark::profile::TableProfile;
use tidemark::quality::Quality;
use tidemark::report::DriftReport;
use tidemark_app::monitor::Window;
use tidemark_log::{Line, Profiler, ReadError, Reader, Rows, SegmentProfile};

use super::baseline::Baseline;

/// Segments with more values than these get no profile: it takes 8 bytes a value of memory to make one.
const MOST_VALUES: u64 = 1 << 24;

/// Rows that are read at once where there is no profile.
const ROWS_AT_ONCE: usize = 65_536;

/// Makes the profiles of segments, by the baselines that there are at the moment.
#[derive(Default)]
pub(super) struct SegmentProfiler {
    baselines: RwLock<Vec<(Line, Arc<Baseline>)>>,
}

impl SegmentProfiler {
    /// From now on segments of this line are profiled for this baseline.
    pub(super) fn watch(&self, line: &Line, baseline: Option<&Arc<Baseline>>) {
        let mut baselines = self.baselines.write().unwrap_or_else(PoisonError::into_inner);
        baselines.retain(|(known, _)| known != line);
        baselines.extend(baseline.map(|baseline| (line.clone(), Arc::clone(baseline))));
    }

    fn baseline(&self, line: &Line) -> Option<Arc<Baseline>> {
        let baselines = self.baselines.read().unwrap_or_else(PoisonError::into_inner);
        baselines.iter().find(|(known, _)| known == line).map(|(_, baseline)| Arc::clone(baseline))
    }
}

impl Profiler for SegmentProfiler {
    fn wants(&self, line: &Line) -> bool {
        self.baseline(line).is_some()
    }

    fn profile(&self, line: &Line, rows: Rows) -> Option<Vec<u8>> {
        let baseline = self.baseline(line)?;
        let profile = is_small(&baseline, rows.len() as u64).then(|| baseline.profile(rows)).flatten();
        profile.map(|profile| stored(&baseline, &profile))
    }

    fn merge(&self, line: &Line, parts: &[Vec<u8>]) -> Option<Vec<u8>> {
        let baseline = self.baseline(line)?;
        let parts: Vec<TableProfile> = parts.iter().map(|bytes| read(&baseline, bytes)).collect::<Option<_>>()?;
        let n_rows = parts.iter().map(TableProfile::rows).sum();
        let profile = is_small(&baseline, n_rows).then(|| merged(parts)).flatten();
        profile.map(|profile| stored(&baseline, &profile))
    }
}

fn is_small(baseline: &Baseline, n_rows: u64) -> bool {
    n_rows.saturating_mul(baseline.n_columns() as u64) <= MOST_VALUES
}

fn stored(baseline: &Baseline, profile: &TableProfile) -> Vec<u8> {
    let mut bytes = baseline.mark().to_vec();
    bytes.extend(profile.to_bytes());
    bytes
}

/// A stored profile, if it is whole, not too large and of this baseline.
fn read(baseline: &Baseline, bytes: &[u8]) -> Option<TableProfile> {
    let profile = bytes.strip_prefix(&baseline.mark())?;
    // The rows whose order is kept stand beside the sorted values.
    TableProfile::from_bytes(profile, 2 * MOST_VALUES).ok()
}

/// Profiles of neighbours as one, put together two by two: so each value is moved as often as the logarithm of their number.
fn merged(mut parts: Vec<TableProfile>) -> Option<TableProfile> {
    while parts.len() > 1 {
        let mut pairs = parts.into_iter();
        let mut halved = Vec::new();
        while let Some(first) = pairs.next() {
            halved.push(match pairs.next() {
                Some(second) => first.merge(&second).ok()?,
                None => first,
            });
        }
        parts = halved;
    }
    parts.pop()
}

/// The report of the predictions at these positions, and which they were; `None` if there is none left.
pub(super) fn report(
    reader: &Reader,
    line: &Line,
    positions: Range<u64>,
    baseline: &Baseline,
    settings: &Settings,
) -> Result<Option<(Window, DriftReport)>, ReadError> {
    if !takes_rows(settings)
        && let Some(window) = window_at_ends(reader, line, &positions)?
        && let Some(profile) = profile_of(reader, line, positions.clone(), baseline)?
        && profile.rows() == window.rows()
        && let Ok(report) = baseline.compare_profile(&profile, &label(&window), settings)
    {
        return Ok(Some((window, report)));
    }
    let rows = reader.rows(line, positions)?;
    let Some(window) = window_of(&rows) else { return Ok(None) };
    let report = baseline.compare(rows, &label(&window), settings);
    Ok(Some((window, report)))
}

/// Whether the settings ask for something that profiles cannot tell.
fn takes_rows(settings: &Settings) -> bool {
    !settings.evidently.embeddings.is_empty()
        || settings.multivariate.is_some()
        || settings.nannyml_if_asked().is_some()
        || settings.quality == Quality::Full
}

pub(super) fn label(window: &Window) -> String {
    format!("predictions {} to {}", window.first, window.end - 1)
}

pub(super) fn window_of(rows: &Rows) -> Option<Window> {
    let (first, last) = (rows.positions.first()?, rows.positions.last()?);
    Some(Window { first: *first, end: last + 1, from: *rows.times.first()?, to: *rows.times.last()? })
}

/// The window by its first and its last row.
fn window_at_ends(reader: &Reader, line: &Line, positions: &Range<u64>) -> Result<Option<Window>, ReadError> {
    let Range { start, end } = *positions;
    if start >= end {
        return Ok(None);
    }
    let (first, last) = (reader.rows(line, start..start + 1)?, reader.rows(line, end - 1..end)?);
    Ok(window_of(&first).zip(window_of(&last)).map(|(first, last)| Window { end: last.end, to: last.to, ..first }))
}

/// The profile of these rows from those of whole segments and the rows between; `None` where no segment has one, and where
/// the parts do not go together.
fn profile_of(
    reader: &Reader,
    line: &Line,
    positions: Range<u64>,
    baseline: &Baseline,
) -> Result<Option<TableProfile>, ReadError> {
    let segments = reader.profiles(line, positions.clone())?;
    let usable = segments.iter().filter_map(|SegmentProfile { positions, bytes }| {
        let profile = read(baseline, bytes)?;
        (profile.rows() == positions.end - positions.start).then(|| (positions.clone(), profile))
    });
    let usable: Vec<(Range<u64>, TableProfile)> = usable.collect();
    if usable.is_empty() {
        return Ok(None);
    }
    let mut parts = Vec::new();
    let mut next = positions.start;
    for (segment, profile) in usable {
        if !profile_rows(reader, line, next..segment.start, baseline, &mut parts)? {
            return Ok(None);
        }
        parts.push(profile);
        next = segment.end;
    }
    let is_complete = profile_rows(reader, line, next..positions.end, baseline, &mut parts)?;
    Ok(if is_complete { merged(parts) } else { None })
}

/// Adds the profiles of these rows to the parts; `false` if one cannot be taken.
fn profile_rows(
    reader: &Reader,
    line: &Line,
    positions: Range<u64>,
    baseline: &Baseline,
    parts: &mut Vec<TableProfile>,
) -> Result<bool, ReadError> {
    for start in positions.clone().step_by(ROWS_AT_ONCE) {
        let rows = reader.rows(line, start..positions.end.min(start + ROWS_AT_ONCE as u64))?;
        match baseline.profile(rows) {
            Some(profile) => parts.push(profile),
            None => return Ok(false),
        }
    }
    Ok(true)
}
