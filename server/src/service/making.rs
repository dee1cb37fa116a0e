//! Making a run: the window's rows, what they are held against, and the report.

use std::ops::Range;
use std::sync::{Arc, PoisonError};
use tidemark::data::csv;
use tidemark::report::DriftReport;
use tidemark_app::monitor::{Millis, SnapshotHead, Window as At};
use tidemark_log::{Kind, Line, ReadError, Reader, Record, Rows, RowsBuilder, Value};
use tidemark_watch::monitor::{Condition, Monitor, Reference, Rule, SameHours, Schedule, Segment, Window};
use tidemark_watch::rules::Performance;
use tidemark_watch::store::{Bounds, Head, Made, Run};

use super::baseline::Baseline;
use super::slot::Slot;
use super::{Service, performance, profiles};

const DAY: Millis = 86_400_000;

/// What windows of a monitor are held against, kept from run to run.
pub(super) struct Kept {
    /// The monitor and the version of the model that it was made for.
    made_for: (Monitor, Option<String>),
    baseline: Arc<Baseline>,
}

/// A stretch of the log.
#[derive(Debug, Clone)]
enum Stretch {
    Positions(Range<u64>),
    Times(Range<Millis>),
}

/// A window, its report, and how the model did in it: by its labels where a rule asks for that.
type Compared = (At, DriftReport, Performance);

/// Why a run has no report.
enum Unmade {
    TooFewRows(u64),
    NoReference(String),
    Failed(String),
}

impl From<ReadError> for Unmade {
    fn from(error: ReadError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What lists show of a stored comparison.
pub(super) fn head_of(head: Head) -> SnapshotHead {
    let Bounds { first, end, from, to } = head.window;
    SnapshotHead {
        id: head.id.to_string(),
        created: head.created,
        window: At { first, end, from, to },
        share_drifted: head.share_drifted,
        n_drifted: head.n_drifted,
        n_columns: head.n_columns,
        data_drifted: head.data_drifted,
        predictions_drifted: head.predictions_drifted,
        sentence: head.sentence,
    }
}

/// The bounds of a window, as the store has them.
pub(super) const fn bounds_of(window: At) -> Bounds {
    let At { first, end, from, to } = window;
    Bounds { first, end, from, to }
}

impl Service {
    /// Makes a run.
    pub(super) fn make(&self, slot: &Slot, monitor: &Monitor, run: &Run) -> Made {
        match self.compare_window(slot, monitor, run) {
            Ok((window, report, performance)) => Made::Report(bounds_of(window), Box::new(report), performance),
            Err(Unmade::TooFewRows(rows)) => Made::TooFewRows(rows),
            Err(Unmade::NoReference(reason)) => Made::NoReference(reason),
            Err(Unmade::Failed(reason)) => Made::Failed(reason),
        }
    }

    fn compare_window(&self, slot: &Slot, monitor: &Monitor, run: &Run) -> Result<Compared, Unmade> {
        let (reader, line) = (self.log.reader(), slot.line());
        let stretch = stretch(reader, &line, monitor, run.last);
        let asks_for_labels = monitor.alerts.iter().any(|rule| matches!(rule.when, Condition::Performance(_)));
        if let Stretch::Positions(positions) = &stretch {
            self.is_new(monitor, positions)?;
        }
        let asks_for_estimates = |rule: &Rule| matches!(rule.when, Condition::EstimatedPerformance(_));
        let needs_estimates = monitor.alerts.iter().any(asks_for_estimates);
        if is_plain(monitor)
            && !asks_for_labels
            && let (Stretch::Positions(positions), Some(baseline)) = (&stretch, &slot.baseline)
            // Where the rows lie too far back to be in memory, they have to be read for it.
            && let expected = self.expected(slot, positions.clone())
            && (!needs_estimates || !expected.estimated.is_empty())
        {
            enough(positions.end - positions.start, monitor)?;
            let made = profiles::report(reader, &line, positions.clone(), baseline, &monitor.settings)?;
            let (window, report) = made.ok_or(Unmade::TooFewRows(0))?;
            return Ok((window, report, expected));
        }
        let rows = read(reader, &line, std::slice::from_ref(&stretch), monitor)?;
        enough(rows.len() as u64, monitor)?;
        let window = profiles::window_of(&rows).ok_or(Unmade::TooFewRows(0))?;
        let baseline = self.baseline_of(slot, monitor, &stretch)?;
        let realised = if asks_for_labels { performance::of(reader, slot.name(), &rows)? } else { None };
        let estimated = performance::estimate(&rows, &slot.reference, self.options.window_rows).unwrap_or_default();
        let report = baseline.compare(rows, &profiles::label(&window), &monitor.settings);
        Ok((window, report, Performance { realised, estimated }))
    }

    /// Of a window of the latest rows nothing new can be said before new rows came.
    fn is_new(&self, monitor: &Monitor, positions: &Range<u64>) -> Result<(), Unmade> {
        if matches!(monitor.schedule, Schedule::Rows(_)) {
            return Ok(());
        }
        let of = tidemark_watch::store::Cursor::Monitor(&monitor.name);
        let latest = self.store.latest(of, None, 1).map_err(|error| Unmade::Failed(error.to_string()))?;
        match latest.last() {
            Some(head) if head.window.end >= positions.end => Err(Unmade::TooFewRows(0)),
            _ => Ok(()),
        }
    }

    /// What a window is held against.
    fn baseline_of(&self, slot: &Slot, monitor: &Monitor, window: &Stretch) -> Result<Arc<Baseline>, Unmade> {
        let stays = matches!(monitor.reference, Reference::Training | Reference::File(_) | Reference::AfterDeploy(_));
        let made_for = (monitor.clone(), self.latest_version(slot)?);
        let mut kept = self.watching.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.get(&monitor.name).filter(|kept| stays && kept.made_for == made_for) {
            return Ok(Arc::clone(&kept.baseline));
        }
        let baseline = Arc::new(self.fresh_baseline(slot, monitor, window)?);
        if stays {
            kept.insert(monitor.name.clone(), Kept { made_for, baseline: Arc::clone(&baseline) });
        }
        Ok(baseline)
    }

    fn fresh_baseline(&self, slot: &Slot, monitor: &Monitor, window: &Stretch) -> Result<Baseline, Unmade> {
        let segment = monitor.segment.as_ref().map(|Segment { column, any_of }| (column.as_str(), any_of.as_slice()));
        let none = || Unmade::NoReference("the reference has no row of this segment".to_owned());
        let whole =
            || slot.baseline.as_ref().ok_or_else(|| Unmade::NoReference("the model has no reference".to_owned()));
        let (settings, columns) = (&monitor.settings, monitor.columns.as_slice());
        let stretches = match &monitor.reference {
            Reference::Training => {
                let baseline = slot.baseline_of(self.registry.folder(), settings, columns, segment);
                return baseline.map_err(|error| Unmade::Failed(error.to_string()))?.ok_or_else(none);
            }
            Reference::File(name) => {
                let path = self.references.join(name);
                let broken = |error: &dyn std::fmt::Display| Unmade::Failed(format!("the reference {name:?}: {error}"));
                let bytes = std::fs::read(&path).map_err(|error| broken(&error))?;
                let reference = csv::read(&bytes).map_err(|error| broken(&error))?;
                let column = |name: &str| reference.column(name);
                return whole()?.narrowed(name.clone(), settings, columns, segment, column).ok_or_else(none);
            }
            Reference::AfterDeploy(n) => {
                let rows = self.first_of_version(slot, monitor, *n)?;
                return refitted(whole()?, monitor, "first rows of the version", rows);
            }
            Reference::Previous => before(window),
            Reference::Rolling(span) => {
                vec![Stretch::Times(reaching_back(self.begin_of(slot, window)?, span.millis()))]
            }
            Reference::SameHours(same) => same_hours(window, *same),
        };
        let rows = read(self.log.reader(), &slot.line(), &stretches, monitor)?;
        refitted(whole()?, monitor, "earlier predictions", rows)
    }

    /// When a window begins.
    fn begin_of(&self, slot: &Slot, window: &Stretch) -> Result<Millis, Unmade> {
        match window {
            Stretch::Times(times) => Ok(times.start),
            Stretch::Positions(positions) => {
                let first = self.log.reader().rows(&slot.line(), positions.start..positions.start + 1)?;
                first.times.first().copied().ok_or(Unmade::TooFewRows(0))
            }
        }
    }

    /// The version that answers, or of a model that is served elsewhere the one that answered last.
    fn latest_version(&self, slot: &Slot) -> Result<Option<String>, ReadError> {
        if let Some(version) = slot.answering() {
            return Ok(Some(version.version.clone()));
        }
        let latest = self.log.reader().latest(&slot.line(), 1)?;
        Ok(latest.streams.first().map(|stream| stream.version().to_owned()))
    }

    /// The first `n` rows of the latest version.
    fn first_of_version(&self, slot: &Slot, monitor: &Monitor, n: u64) -> Result<Rows, Unmade> {
        let (reader, line, version) = (self.log.reader(), slot.line(), self.latest_version(slot)?);
        let mut builder = RowsBuilder::default();
        let mut found = 0;
        for chunk in reader.records(&line, reader.positions(&line)) {
            for record in chunk?.into_iter().filter(|record| Some(record.stream.version()) == version.as_deref()) {
                if found < n && belongs(&record, monitor) {
                    found += 1;
                    builder.push(record);
                }
            }
            if found == n {
                return Ok(builder.finish());
            }
        }
        Err(Unmade::NoReference(format!("{found} of {n} rows since the deploy")))
    }
}

/// Whether a monitor looks at everything there is, against what the model brought along.
fn is_plain(monitor: &Monitor) -> bool {
    monitor.reference == Reference::Training
        && monitor.columns.is_empty()
        && monitor.segment.is_none()
        && monitor.version.is_none()
}

const fn enough(rows: u64, monitor: &Monitor) -> Result<(), Unmade> {
    if rows < monitor.min_rows { Err(Unmade::TooFewRows(rows)) } else { Ok(()) }
}

/// The rows of the window that ends at `end`.
fn stretch(reader: &Reader, line: &Line, monitor: &Monitor, end: i64) -> Stretch {
    match (monitor.window, &monitor.schedule) {
        (Window::Span(span), _) => Stretch::Times(reaching_back(end, span.millis())),
        (Window::Rows(rows), Schedule::Rows(_)) => {
            let end = u64::try_from(end).unwrap_or(0) + 1;
            Stretch::Positions(end.saturating_sub(rows).max(1)..end)
        }
        (Window::Rows(rows), _) => {
            let all = reader.positions(line);
            Stretch::Positions(all.end.saturating_sub(rows).max(all.start)..all.end)
        }
    }
}

const fn reaching_back(end: Millis, span: Millis) -> Range<Millis> {
    end - span..end
}

/// The stretch of the same length just before.
fn before(window: &Stretch) -> Vec<Stretch> {
    match window {
        Stretch::Positions(Range { start, end }) => {
            vec![Stretch::Positions(start.saturating_sub(end - start).max(1)..*start)]
        }
        Stretch::Times(Range { start, end }) => vec![Stretch::Times(reaching_back(*start, end - start))],
    }
}

/// The same hours of earlier days and weeks, each once.
fn same_hours(window: &Stretch, same: SameHours) -> Vec<Stretch> {
    let Stretch::Times(Range { start, end }) = window else { return Vec::new() };
    let weeks = (1..=same.weeks).map(|week| week * 7).filter(|day| *day > same.days);
    let mut days: Vec<u16> = (1..=same.days).chain(weeks).collect();
    // From the earliest on, so that rows come in their order.
    days.reverse();
    let ago = |day: u16| Millis::from(day) * DAY;
    days.into_iter().map(|day| Stretch::Times(start - ago(day)..end - ago(day))).collect()
}

/// The rows at these positions that a monitor looks at; all where none is given.
pub(super) fn rows_of(
    reader: &Reader,
    model: &str,
    positions: Range<u64>,
    monitor: Option<&Monitor>,
) -> Result<Rows, ReadError> {
    let any = Monitor::new("", model);
    read(reader, &Line::predictions(model), &[Stretch::Positions(positions)], monitor.unwrap_or(&any))
}

/// The rows of these stretches that a monitor looks at.
fn read(reader: &Reader, line: &Line, stretches: &[Stretch], monitor: &Monitor) -> Result<Rows, ReadError> {
    let mut builder = RowsBuilder::default();
    for stretch in stretches {
        let chunks = match stretch {
            Stretch::Positions(positions) => reader.records(line, positions.clone()),
            Stretch::Times(times) => reader.records_between(line, times.clone()),
        };
        for chunk in chunks {
            chunk?.into_iter().filter(|record| belongs(record, monitor)).for_each(|record| builder.push(record));
        }
    }
    Ok(builder.finish())
}

/// Whether a monitor looks at this record.
fn belongs(record: &Record, monitor: &Monitor) -> bool {
    let is_version = monitor.version.as_ref().is_none_or(|version| record.stream.version() == version);
    let in_segment = monitor.segment.as_ref().is_none_or(|segment| is_in(record, segment));
    is_version && in_segment
}

fn is_in(record: &Record, segment: &Segment) -> bool {
    let features = &record.stream.layout().features;
    let Some(place) = features.iter().position(|feature| feature.name == segment.column) else { return false };
    match (&features[place].kind, record.features.get(place)) {
        (Kind::Number, Some(Value::Number(number))) => segment.any_of.iter().any(|value| value.parse() == Ok(*number)),
        (_, Some(Value::Text(text))) => segment.any_of.iter().any(|value| **value == **text),
        _ => false,
    }
}

fn refitted(whole: &Baseline, monitor: &Monitor, label: &str, rows: Rows) -> Result<Baseline, Unmade> {
    let n = rows.len() as u64;
    if n < monitor.min_rows {
        return Err(Unmade::NoReference(format!("the reference has {n} rows of at least {}", monitor.min_rows)));
    }
    Ok(whole.of_rows(label.to_owned(), rows, &monitor.settings, &monitor.columns))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(stretches: &[Stretch]) -> Vec<Range<Millis>> {
        let times = |stretch: &Stretch| match stretch {
            Stretch::Times(times) => times.clone(),
            Stretch::Positions(_) => 0..0,
        };
        stretches.iter().map(times).collect()
    }

    #[test]
    fn the_same_hours_are_those_of_days_and_weeks_each_once() {
        let window = Stretch::Times(100 * DAY..100 * DAY + 10);
        let found = same_hours(&window, SameHours { days: 2, weeks: 1 });
        let expected: Vec<Range<Millis>> =
            [7, 2, 1].into_iter().map(|ago| (100 - ago) * DAY..(100 - ago) * DAY + 10).collect();
        assert_eq!(times(&found), expected);
        assert_eq!(same_hours(&window, SameHours { days: 8, weeks: 1 }).len(), 8);
    }

    #[test]
    fn the_window_before_is_as_long_as_the_window() {
        assert!(matches!(&before(&Stretch::Times(100..150))[0], Stretch::Times(range) if *range == (50..100)));
        assert!(matches!(&before(&Stretch::Positions(101..151))[0], Stretch::Positions(range) if *range == (51..101)));
        assert!(matches!(&before(&Stretch::Positions(11..151))[0], Stretch::Positions(range) if *range == (1..11)));
    }
}
