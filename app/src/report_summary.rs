//! What a report's page shows before a column is opened.
//!
//! A report holds every number that a column's panel shows, in types from all over the library. The code that reads them is larger
//! than the page, so the page gets this, and the panel, which is loaded when it is opened, the report.

use leptos::prelude::{Get, Memo, Resource, With};
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;
use tidemark::judge::{Direction, Effect, Judge, Verdict};
use tidemark::render::svg;
use tidemark::report::{ColumnReport, DriftReport};
use tidemark::schema::ColumnRole;

use crate::components::column_table::view::{self, Finding, Missing};
use crate::components::performance_card::Figures;
use crate::components::quality_strip;
use crate::components::report_view::headline::Headline;
use crate::error::AppError;
use crate::monitor::{Snapshot, SnapshotHead};
use crate::report_query::ReportQuery;

/// A report without what only a column's panel shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReportSummary {
    /// The judge that leads.
    pub judge: Judge,
    /// What is on top, by judge: of every one that was asked.
    pub headlines: Vec<(Judge, Headline)>,
    /// What the reference is called.
    pub reference: String,
    /// Its rows.
    pub n_reference: u64,
    /// Rows of the current data.
    pub n_current: u64,
    /// Columns but for predictions that could be tested.
    pub n_tested: u64,
    /// One entry per column, in the report's order.
    pub columns: Vec<ColumnSummary>,
    /// What is wrong with the data rather than with the world.
    pub problems: Vec<quality_strip::Finding>,
}

/// What the table says of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnSummary {
    /// Its name.
    pub name: String,
    /// Type, role and importance in words.
    pub kind: String,
    /// Whether it is one of the model's outputs.
    pub is_prediction: bool,
    /// What each judge says, in the order of the headlines.
    pub judged: Vec<Judged>,
    /// How large the change is, under the calibrated judge.
    pub effect: Option<Effect>,
    /// Which way the values went.
    pub direction: Option<Direction>,
    /// Whether the calibrated judge is pressed by the missing values, not by the values.
    pub by_missing: bool,
    /// Missing values on both sides.
    pub missing: Missing,
    /// Why the judges differ, where they do.
    pub why_they_differ: Option<String>,
    /// Both sides as a small picture in SVG.
    pub picture: String,
}

/// What a judge says of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// What led to it.
    pub finding: Finding,
    /// How far the score lies beyond its threshold: what the table is sorted by. `None` where nothing was tested.
    pub evidence: Option<f64>,
}

impl ReportSummary {
    /// The report's.
    pub fn of(report: &DriftReport) -> Self {
        Self { columns: ColumnSummary::of(report, 0..report.columns.len()), ..Self::without_columns(report) }
    }

    /// The report's, but for its columns.
    pub fn without_columns(report: &DriftReport) -> Self {
        Self {
            judge: report.settings.judge,
            headlines: judges(report).map(|judge| (judge, Headline::new(report, judge))).collect(),
            reference: report.reference.label.clone(),
            n_reference: report.reference.rows,
            n_current: report.current.rows,
            n_tested: report.data.n_tested,
            columns: Vec::new(),
            problems: quality_strip::findings(report),
        }
    }

    /// What is on top under a judge; under the leading one where that judge was not asked.
    pub fn headline(&self, judge: Judge) -> &Headline {
        &self.headlines[self.place(judge)].1
    }

    /// A judge's place in the headlines, and in what is said of each column.
    pub fn place(&self, judge: Judge) -> usize {
        let place = |judge: Judge| self.headlines.iter().position(|(asked, _)| *asked == judge);
        place(judge).or_else(|| place(self.judge)).unwrap_or_default()
    }

    /// Whether the model's outputs are among the columns.
    pub fn has_predictions(&self) -> bool {
        self.columns.iter().any(|column| column.is_prediction)
    }
}

impl ColumnSummary {
    /// Those of some of a report's columns.
    ///
    /// # Panics
    /// The report has fewer.
    pub fn of(report: &DriftReport, columns: Range<usize>) -> Vec<Self> {
        let judges: Vec<_> = judges(report).collect();
        let summary = |column: &ColumnReport| Self {
            name: column.name.clone(),
            kind: view::kind(column),
            is_prediction: column.role == ColumnRole::Prediction,
            judged: judges.iter().map(|judge| Judged::of(report, column, *judge)).collect(),
            effect: column.calibrated.leading().ok().map(|test| test.effect.clone()),
            direction: column.calibrated.leading().ok().and_then(|test| test.direction),
            by_missing: view::is_by_missing(column),
            missing: Missing::of(column),
            why_they_differ: column.why_they_differ.clone(),
            picture: svg::small_distribution(&column.distribution),
        };
        report.columns[columns].iter().map(summary).collect()
    }
}

/// The judges that were asked. The leading one is there in any case.
fn judges(report: &DriftReport) -> impl Iterator<Item = Judge> {
    let has_chunks =
        report.settings.judge == Judge::Nannyml || report.columns.iter().any(|column| column.nannyml.is_some());
    let judges = [Judge::Calibrated, Judge::Evidently, Judge::Nannyml];
    judges.into_iter().filter(move |judge| *judge != Judge::Nannyml || has_chunks)
}

impl Judged {
    fn of(report: &DriftReport, column: &ColumnReport, judge: Judge) -> Self {
        Self {
            verdict: column.verdict(judge),
            finding: view::finding(report, column, judge),
            evidence: view::evidence(column, judge),
        }
    }
}

/// A stored comparison, its report summed up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SnapshotSummary {
    /// The comparison without its report, which is that of [`ReportSummary`].
    pub head: SnapshotHead,
    /// Its report.
    pub report: ReportSummary,
    /// The monitor that made it; empty where a person asked.
    pub monitor: String,
    /// The report of the same monitor before it.
    pub earlier: Option<String>,
    /// How the model did in its window, by the labels that have come so far and by what its scores let expect.
    pub figures: Option<Figures>,
    /// The model.
    pub model: String,
}

impl From<Snapshot> for SnapshotSummary {
    fn from(snapshot: Snapshot) -> Self {
        let Snapshot { head, report, monitor, earlier, performance, estimated, model } = snapshot;
        Self {
            head,
            report: ReportSummary::of(&report),
            monitor,
            earlier,
            figures: Figures::of(performance, &estimated),
            model,
        }
    }
}

/// Where the panel of a column finds the report.
#[derive(Debug, Clone)]
pub enum Whole {
    /// It was made here.
    Here(Arc<DriftReport>),
    /// The service has it, and gives it as JSON while a column is open. The page makes the resource and not the panel, as a server makes
    /// panels more often than a browser, and both count resources; and it is text, because only the panel's part can read it.
    Stored(Resource<Result<String, AppError>>),
}

/// The whole report as JSON, for [`Whole::Stored`]: loaded while the address opens a column, else an empty text.
pub fn text_while_open<K, F>(
    which: impl Fn() -> K + Send + Sync + 'static,
    load: impl Fn(K) -> F + Clone + Send + Sync + 'static,
) -> Resource<Result<String, AppError>>
where
    K: Clone + PartialEq + Send + Sync + 'static,
    F: Future<Output = Result<String, AppError>> + Send + 'static,
{
    let address = use_query_map();
    let is_open = Memo::new(move |_| address.with(|address| ReportQuery::parse(address).column.is_some()));
    Resource::new(
        move || is_open.get().then(&which),
        move |which| {
            let load = load.clone();
            async move {
                match which {
                    Some(which) => load(which).await,
                    None => Ok(String::new()),
                }
            }
        },
    )
}
