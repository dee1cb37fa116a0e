//! The open column in one period after the other, where the lab knows when each row was.

use leptos::prelude::*;
use serde::Deserialize;
use tidemark::render::format;
use tidemark::report::over_time::{OverTime, Period};
use tidemark::report::{ColumnReport, Distribution};

use crate::components::chart_frame::ChartFrame;
use crate::lab::bridge;
use crate::lab::{Event, Study};

/// What the worker answers.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Shown {
    svg: String,
    over_time: OverTime,
}

/// A ridgeline and the same as a table; nothing where there is no column of times, or the column holds no numbers.
///
/// *On the server* there is nothing: a report does not hold the rows.
#[component]
pub fn OverTimeCard(column: ColumnReport) -> impl IntoView {
    let study = use_context::<Study>();
    let is_numerical = matches!(column.distribution, Distribution::Histogram { .. }) && column.datetime.is_none();
    let shown = RwSignal::new(None::<Shown>);
    let time =
        move || study.filter(|study| is_numerical && study.holds_values.get()).and_then(|study| study.time.get());
    let name = column.name;
    Effect::new(move || {
        let Some(time) = time().filter(|time| *time != name) else { return shown.set(None) };
        let fields = serde_json::json!({ "column": name, "time": time }).to_string();
        bridge::ask("over_time", fields, None, move |event| {
            if let Event::Answer { text, .. } = event {
                // `null` where a side has no row with both.
                let _ = shown.try_set(serde_json::from_str(&text).unwrap_or(None));
            }
        });
    });
    let by = move || {
        time()
            .map(|time| format!("By {time}, in periods of equal length: the reference above, the current rows below."))
    };
    move || {
        shown.get().map(|Shown { svg, over_time }| {
            view! {
                <ChartFrame title="Over time" caption=by().unwrap_or_default() two_sides=true>
                    <div class="chart__svg chart__svg--ridges" inner_html=svg></div>
                    <details class="over-time__table">
                        <summary>"As a table"</summary>
                        <Periods over_time/>
                    </details>
                </ChartFrame>
            }
        })
    }
}

#[component]
fn Periods(over_time: OverTime) -> impl IntoView {
    let row = |side: &'static str| {
        move |period: Period| {
            let median = period.median.map_or_else(|| "–".to_owned(), format::number);
            view! {
                <tr>
                    <th scope="row">{side} " " {period.begins}</th>
                    <td>{format::count(period.n)}</td>
                    <td>{median}</td>
                </tr>
            }
        }
    };
    let reference = over_time.reference.into_iter().map(row("Reference from")).collect_view();
    let current = over_time.current.into_iter().map(row("Current from")).collect_view();
    view! {
        <table class="summary-table">
            <thead>
                <tr>
                    <th scope="col">"Period"</th>
                    <th scope="col">"Values"</th>
                    <th scope="col">"Median"</th>
                </tr>
            </thead>
            <tbody>{reference} {current}</tbody>
        </table>
    }
    .into_any()
}
