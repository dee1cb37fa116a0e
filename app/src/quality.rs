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

#[cfg(feature = "ssr")]
fn lines(latest: &DriftReport, windows: &[(SnapshotHead, DriftReport)]) -> Vec<QualityLine> {
    let findings = crate::components::quality_strip::findings(latest);
    let share = |side: &SideSummary| (side.rows > 0).then(|| side.missing as f64 / side.rows as f64);
    let text = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), format::share);
    let by_name = |name: &str| latest.quality.as_ref()?.columns.iter().find(|column| column.name == name);
    let line = |column: &tidemark::report::ColumnReport| {
        let quality: Option<&ColumnQuality> = by_name(&column.name);
        let measure = |name| quality?.measures.iter().find(|measure| measure.name == name)?.current;
        let unknown = measure(MeasureName::NewCategoriesShare).or_else(|| measure(MeasureName::OutsideRangeShare));
        let over_time = windows.iter().filter_map(|(_, report)| {
            let column = report.columns.iter().find(|found| found.name == column.name)?;
            Some((share(&column.current)? * 10_000.0).round() as u64)
        });
        let is_constant = column.current.distinct == 1 && column.reference.distinct > 1;
        let found = findings.iter().filter(|finding| finding.columns.contains(&column.name));
        let problems = found.map(|finding| finding.title.clone()).chain(is_constant.then(|| "Constant now".to_owned()));
        QualityLine {
            name: column.name.clone(),
            problems: problems.collect(),
            missing_before: text(share(&column.reference)),
            missing: text(share(&column.current)),
            missing_over_time: if windows.len() > 1 { over_time.collect() } else { Vec::new() },
            unknown: text(unknown),
            distinct: format::count(column.current.distinct),
        }
    };
    latest.columns.iter().map(line).collect()
}
