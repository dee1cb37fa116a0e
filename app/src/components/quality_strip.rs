//! Data quality at a glance: what is wrong with the data rather than with the world.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use tidemark::judge::Verdict;
use tidemark::render::format;
use tidemark::report::{ColumnReport, DriftReport};
use tidemark::schema::ColumnRole;
use tidemark::stattest::{NotTested, Tested};

use super::status_badge::StatusMark;
use crate::report_query::ReportQuery;

/// Columns that share a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The problem: "More missing values".
    pub title: String,
    /// The columns' names.
    pub columns: Vec<String>,
}

/// The problems that the report knows of, each with its columns; those without a column are left out.
pub fn findings(report: &DriftReport) -> Vec<Finding> {
    let with = |title: &str, has: fn(&ColumnReport) -> bool| {
        let columns = report.columns.iter().filter(|column| has(column)).map(|column| column.name.clone()).collect();
        Finding { title: title.to_owned(), columns }
    };
    let all = [
        with("More missing values", |column| {
            column.calibrated.missing.outcome().is_some_and(|test| {
                test.effect.value > 0.0 && matches!(test.verdict, Verdict::Drifted | Verdict::Minor)
            })
        }),
        with("New categories", |column| !column.calibrated.new_categories.is_empty()),
        with("Column not there", |column| {
            // Labels come late, and often never: a missing target is no fault of the data.
            column.role != ColumnRole::Target
                && reason_is(column, |reason| matches!(reason, NotTested::AbsentInCurrent))
        }),
        with("Other type of values", |column| {
            reason_is(column, |reason| matches!(reason, NotTested::TypeMismatch { .. }))
        }),
        with("Infinite values", |column| column.current.infinite > column.reference.infinite),
    ];
    all.into_iter().filter(|finding| !finding.columns.is_empty()).collect()
}

fn reason_is(column: &ColumnReport, is: fn(&NotTested) -> bool) -> bool {
    matches!(&column.calibrated.values, Tested::NotTested(reason) if is(reason))
}

/// Columns that a problem names; a table of thousands could have as many.
const MAX_NAMED: usize = 30;

/// One line per problem, with links to the columns.
#[component]
pub fn QualityStrip(
    /// The problems.
    findings: Vec<Finding>,
    /// What the address says.
    #[prop(into)]
    query: Signal<ReportQuery>,
) -> impl IntoView {
    let body = if findings.is_empty() {
        view! {
            <p class="quality-strip__fine">
                <StatusMark verdict=Verdict::Stable/>
                "No new gaps, no new categories, no column lost."
            </p>
        }
        .into_any()
    } else {
        findings.into_iter().map(|finding| view! { <Problem finding query/> }).collect_view().into_any()
    };
    view! {
        <section class="quality-strip" aria-labelledby="quality">
            <h2 class="quality-strip__title" id="quality">"Data quality"</h2>
            <div class="quality-strip__body">{body}</div>
        </section>
    }
    .into_any()
}

#[component]
fn Problem(finding: Finding, query: Signal<ReportQuery>) -> impl IntoView {
    let more = finding.columns.len().saturating_sub(MAX_NAMED) as u64;
    let links = finding
        .columns
        .into_iter()
        .take(MAX_NAMED)
        .map(|name| {
            let href = {
                let name = name.clone();
                move || format!("{}#column", query.with(|query| query.with_column(Some(&name)).href()))
            };
            view! { <a class="quality-strip__column" href=href data-noscroll="">{name}</a> }
        })
        .collect_view();
    view! {
        <p class="quality-strip__problem">
            <span class="quality-strip__name">
                <StatusMark verdict=Verdict::Minor/>
                {finding.title}
            </span>
            {links}
            {(more > 0).then(|| view! { <span>{format!("and {} more", format::count(more))}</span> })}
        </p>
    }
    .into_any()
}
