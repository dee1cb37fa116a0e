//! When and how often rows came: the hours and the weekdays of a column of moments, its span, rate and gaps.

use leptos::prelude::*;
use tidemark::render::{datetime, svg};
use tidemark::report::{DatetimeReport, Distribution};

use crate::components::chart_frame::ChartFrame;

/// Two pictures and a table.
#[component]
pub fn DatetimeCard(
    /// What is known of both sides.
    report: DatetimeReport,
) -> impl IntoView {
    let hours = report.hours();
    if hours == Distribution::Empty {
        return view! { <p class="column-panel__nothing">"There is nothing to draw: no moments on either side."</p> }
            .into_any();
    }
    let rows = datetime::lines(&report)
        .into_iter()
        .map(|[name, reference, current]| {
            view! {
                <tr>
                    <th scope="row">{name}</th>
                    <td>{reference}</td>
                    <td>{current}</td>
                </tr>
            }
        })
        .collect_view();
    let notes = datetime::notes(&report).into_iter().map(|note| view! { <li>{note}</li> }).collect_view();
    view! {
        <section class="datetime-card">
            <ChartFrame title="Hours of the day" caption="Share of the rows of each side by hour, in UTC." two_sides=true>
                <div class="chart__svg" inner_html=svg::distribution(&hours)></div>
            </ChartFrame>
            <ChartFrame title="Days of the week" caption="Share of the rows of each side by day, in UTC.">
                <div class="chart__svg" inner_html=svg::distribution(&report.weekdays())></div>
            </ChartFrame>
            <table class="summary-table">
                <caption>"In time"</caption>
                <thead>
                    <tr>
                        <td></td>
                        <th scope="col">"Reference"</th>
                        <th scope="col">"Current"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
            <ul class="datetime-card__notes">{notes}</ul>
        </section>
    }
    .into_any()
}
