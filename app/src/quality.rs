//! What the service tells `/quality`: what the data of a model are like, whatever the model makes of them.

use serde::{Deserialize, Serialize};
#[cfg(feature = "ssr")]
use tidemark::{
    quality::{ColumnQuality, Measure, MeasureName, QualityReport},
    render::format,
    report::{DriftReport, SideSummary},
};

use crate::monitor::SnapshotHead;

/// All that the page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QualityPage {
    /// The model.
    pub model: String,
    /// The names of all models there are.
    pub models: Vec<String>,
    /// The comparison that the numbers are of; `None` before the first.
    pub latest: Option<SnapshotHead>,
    /// Windows that the shares over time go through.
    pub n_windows: u64,
    /// Numbers of the table as a whole.
    pub table: Vec<TableLine>,
    /// Its columns: those with a problem first, else in the report's order.
    pub columns: Vec<QualityLine>,
    /// How many values broke which rule of validation since the service started; those that none broke are left out.
    pub violations: Vec<(String, u64)>,
}

/// A number of the table on both sides, rounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableLine {
    /// What it counts.
    pub name: String,
    /// In the reference.
    pub reference: String,
    /// In the latest window.
    pub current: String,
}

/// A column in words and rounded numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualityLine {
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub problems: Vec<String>,
    /// Whether it goes on beyond the reference as a clock or a running number does: then new values are no problem.
    pub runs_on: bool,
    /// Missing values of the reference, as a share.
    pub missing_before: String,
    /// Missing values of the latest window, as a share.
    pub missing: String,
    /// The same window by window, oldest first, in hundredths of a percent; empty where there is one window.
    pub missing_over_time: Vec<u64>,
    /// Values that the reference does not know: outside its range, or in new categories, as a share.
    pub unknown: String,
    /// Distinct values of the latest window.
    pub distinct: String,
}

#[cfg(feature = "ssr")]
impl QualityPage {
    /// Of a model's latest reports, oldest first.
    pub fn of(
        model: String,
        models: Vec<String>,
        windows: &[(SnapshotHead, DriftReport)],
        violations: Vec<(String, u64)>,
    ) -> Self {
        let latest = windows.last();
        let quality = latest.and_then(|(_, report)| report.quality.as_ref());
        let mut columns: Vec<QualityLine> = latest.map(|(_, report)| lines(report, windows)).unwrap_or_default();
        columns.sort_by_key(|line| line.problems.is_empty());
        Self {
            model,
            models,
            latest: latest.map(|(head, _)| head.clone()),
            n_windows: windows.len() as u64,
            table: quality.map(table).unwrap_or_default(),
            columns,
            violations,
        }
    }
}

/// The numbers of the table that can go wrong.
#[cfg(feature = "ssr")]
const OF_TABLE: [MeasureName; 9] = [
    MeasureName::Rows,
    MeasureName::MissingShare,
    MeasureName::EmptyRows,
    MeasureName::EmptyColumns,
    MeasureName::ConstantColumns,
    MeasureName::AlmostConstantColumns,
    MeasureName::DuplicateRows,
    MeasureName::DuplicateColumns,
    MeasureName::AlmostDuplicateColumns,
];

#[cfg(feature = "ssr")]
fn table(quality: &QualityReport) -> Vec<TableLine> {
    let line = |measure: &Measure| {
        let text = |value: Option<f64>| {
            value.map_or_else(
                || "–".to_owned(),
                |value| {
                    if measure.name == MeasureName::MissingShare { format::share(value) } else { format::number(value) }
                },
            )
        };
        TableLine {
            name: measure.name.label().to_owned(),
            reference: text(measure.reference),
            current: text(measure.current),
        }
    };
    quality.dataset.iter().filter(|measure| OF_TABLE.contains(&measure.name)).map(line).collect()
}

/// More values than this lie outside the reference's range where something is wrong. Chance puts two of the reference's number of rows there.
#[cfg(feature = "ssr")]
const LEAST_OUTSIDE: f64 = 0.05;
/// A column that runs on has more of its values beyond the reference.
#[cfg(feature = "ssr")]
const NEARLY_ALL: f64 = 0.99;
/// Windows that have to rise one after the other before a column counts as one that runs on.
#[cfg(feature = "ssr")]
const RISING: usize = 3;
/// What comes oftener than this by chance is no problem.
#[cfg(feature = "ssr")]
const BY_CHANCE: f64 = 0.001;

/// Whether the latest windows of a column rise as a whole, from the smallest value to the largest, as those of a clock do. Windows of a
/// column that merely moved rise and fall by chance.
#[cfg(feature = "ssr")]
fn runs_on(windows: &[&SideSummary]) -> bool {
    let latest = &windows[windows.len().saturating_sub(RISING)..];
    let marks = |side: &SideSummary| [side.min, side.q25, side.median, side.q75, side.max];
    latest.len() == RISING
        && latest.windows(2).all(|pair| {
            let rises = |(before, after): (Option<f64>, Option<f64>)| {
                before.zip(after).is_some_and(|(before, after)| before < after)
            };
            marks(pair[0]).into_iter().zip(marks(pair[1])).all(rises)
        })
}

#[cfg(feature = "ssr")]
fn lines(latest: &DriftReport, windows: &[(SnapshotHead, DriftReport)]) -> Vec<QualityLine> {
    let findings = crate::components::quality_strip::findings(latest);
    let share = |side: &SideSummary| (side.rows > 0).then(|| side.missing as f64 / side.rows as f64);
    let text = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), format::share);
    let by_name = |name: &str| latest.quality.as_ref()?.columns.iter().find(|column| column.name == name);
    let line = |column: &tidemark::report::ColumnReport| {
        let quality: Option<&ColumnQuality> = by_name(&column.name);
        let named = |name| quality?.measures.iter().find(|measure| measure.name == name);
        let measure = |name| named(name)?.current;
        let unknown = measure(MeasureName::NewCategoriesShare).or_else(|| measure(MeasureName::OutsideRangeShare));
        let over_time = windows.iter().filter_map(|(_, report)| {
            let column = report.columns.iter().find(|found| found.name == column.name)?;
            Some((share(&column.current)? * 10_000.0).round() as u64)
        });
        // A window of few rows misses what is rare by chance.
        let is_usual = quality.is_some_and(|found| found.most_common_in_reference == found.most_common_in_current);
        let usual = named(MeasureName::MostCommonShare).and_then(|measure| measure.reference).filter(|_| is_usual);
        let is_by_chance = usual.is_some_and(|share| share.powf(column.current.rows as f64) > BY_CHANCE);
        let is_constant = column.current.distinct == 1 && column.reference.distinct > 1 && !is_by_chance;
        let sides = windows.iter().filter_map(|(_, report)| {
            report.columns.iter().find(|found| found.name == column.name).map(|column| &column.current)
        });
        let beyond = measure(MeasureName::OutsideRangeShare);
        let runs_on = beyond.is_some_and(|share| share > NEARLY_ALL) && runs_on(&sides.collect::<Vec<_>>());
        let by_chance = LEAST_OUTSIDE.max(10.0 / column.reference.rows.max(1) as f64);
        let is_outside = beyond.is_some_and(|share| share > by_chance) && !runs_on;
        let found = findings.iter().filter(|finding| finding.columns.contains(&column.name));
        let problems = found
            .map(|finding| finding.title.clone())
            .chain(is_constant.then(|| "Constant now".to_owned()))
            .chain(is_outside.then(|| "Outside the reference's range".to_owned()));
        QualityLine {
            name: column.name.clone(),
            problems: problems.collect(),
            runs_on,
            missing_before: text(share(&column.reference)),
            missing: text(share(&column.current)),
            missing_over_time: if windows.len() > 1 { over_time.collect() } else { Vec::new() },
            unknown: text(unknown),
            distinct: format::count(column.current.distinct),
        }
    };
    latest.columns.iter().map(line).collect()
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn window(first: f64) -> SideSummary {
        let mark = |step: f64| Some(first + step);
        SideSummary {
            rows: 100,
            missing: 0,
            infinite: 0,
            distinct: 100,
            mean: mark(2.0),
            std: Some(1.0),
            min: mark(0.0),
            q25: mark(1.0),
            median: mark(2.0),
            q75: mark(3.0),
            max: mark(4.0),
        }
    }

    #[test]
    fn a_clock_rises_in_every_window_and_a_shift_does_not() {
        let rows_on = |firsts: &[f64]| {
            let windows: Vec<SideSummary> = firsts.iter().copied().map(window).collect();
            runs_on(&windows.iter().collect::<Vec<_>>())
        };
        assert!(rows_on(&[0.0, 5.0, 7.0]));
        // Only the latest ones count: it may have begun anew before.
        assert!(rows_on(&[90.0, 0.0, 5.0, 7.0]));
        assert!(!rows_on(&[5.0, 5.0, 5.0]) && !rows_on(&[0.0, 7.0, 5.0]));
        assert!(!rows_on(&[0.0, 5.0]), "two windows say little");
    }

    #[test]
    fn a_window_that_grows_at_one_end_alone_does_not_run_on() {
        let (first, second) = (window(0.0), window(5.0));
        let third = SideSummary { min: first.min, ..window(9.0) };
        assert!(!runs_on(&[&first, &second, &third]));
    }
}
