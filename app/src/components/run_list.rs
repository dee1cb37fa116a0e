//! A monitor's runs: every window, whatever came of it.

use leptos::prelude::*;
use tidemark::judge::Verdict;
use tidemark::render::format;

use super::moment::Moment;
use super::plain_table::{Head, PlainTable};
use super::status_badge::StatusBadge;
use crate::watching::{RunEnd, RunLine};

/// A table with a line for every run.
#[component]
pub fn RunList(
    /// The runs, the latest first.
    runs: Vec<RunLine>,
) -> impl IntoView {
    let line = |run: RunLine| {
        let (verdict, label) = match run.state.as_str() {
            "done" => (Verdict::Stable, "Done"),
            "failed" => (Verdict::Drifted, "Failed"),
            "skipped" => (Verdict::NotEnoughData, "Skipped"),
            "running" => (Verdict::NotTested, "Running"),
            _ => (Verdict::NotTested, "Due"),
        };
        let windows = (run.n > 1).then(|| format!(", {}", format::plural(run.n, "window")));
        let outcome = match run.report {
            Some(id) => view! { <a href=format!("/reports/{id}")>"Report"</a> }.into_any(),
            None => run.detail.unwrap_or_default().into_any(),
        };
        view! {
            <tr>
                <th scope="row"><WindowEnd end=run.end/> {windows}</th>
                <td><StatusBadge verdict label/></td>
                <td>{outcome}</td>
            </tr>
        }
    };
    view! {
        <PlainTable
            caption="Runs, the latest first"
            heads=[Head::new("Window ends"), Head::new("State"), Head::new("What came of it")]
        >
            {runs.into_iter().map(line).collect_view()}
        </PlainTable>
    }
    .into_any()
}

/// Where a window ends: a moment, or a row of the log.
#[component]
pub fn WindowEnd(
    /// The end.
    end: RunEnd,
) -> impl IntoView {
    match end {
        RunEnd::Time(at) => view! { <Moment at/> }.into_any(),
        RunEnd::Row(row) => format!("row {}", format::count(row.unsigned_abs())).into_any(),
    }
}
