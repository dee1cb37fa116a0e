//! Every window in a table: what the picture shows, in numbers.

use leptos::prelude::*;
use tidemark::render::format;

use crate::components::moment::Moment;
use crate::components::performance_card::words;
use crate::components::plain_table::{Head, PlainTable};
use crate::performance::standing::{Judged, estimated, limit, realised};
use crate::performance::{Performance, PerformanceWindow};

/// The latest window first.
#[component]
pub fn WindowTable(found: StoredValue<Performance>, shown: Memo<String>) -> impl IntoView {
    let lines = move || {
        let metric = shown.get();
        found.with_value(|found| {
            let limit = limit(found, &metric);
            let lines = found.windows.iter().rev().map(|window| line(window, &metric, limit));
            lines.collect_view()
        })
    };
    let heading = move || format!("{} in every window", words(&shown.get()));
    view! {
        <section class="stack" aria-labelledby="windows">
            <h2 id="windows" class="section-title">{heading}</h2>
            <PlainTable
                heads=[
                    Head::new("Until"),
                    Head::number("Rows").wide(),
                    Head::number("Labels"),
                    Head::number("Estimated"),
                    Head::number("Realised"),
                    Head::number("By the inputs").wide(),
                    Head::number("By the relation").wide(),
                ]
            >
                {lines}
            </PlainTable>
        </section>
    }
    .into_any()
}

fn line(window: &PerformanceWindow, metric: &str, limit: Option<f64>) -> impl IntoView + use<> {
    let cell = |judged: Option<Judged>| {
        let is_worse = judged.zip(limit).is_some_and(|(judged, limit)| judged.is_worse(metric, limit));
        let value = judged.map_or_else(|| "–".to_owned(), |judged| format::number(judged.value));
        let range = judged.and_then(|judged| judged.range);
        let range = range.map(|(lower, upper)| format!("{} to {}", format::number(lower), format::number(upper)));
        view! {
            <td class="plain-table__number" class:is-worse=is_worse>
                {value}
                <span class="plain-table__sub">{range}</span>
            </td>
        }
    };
    let split = window.splits.iter().find(|split| split.metric == metric);
    let part = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| format!("{x:+.4}"));
    let rows = format!(
        "{} to {}{}",
        format::count(window.window.first),
        format::count(window.window.end.saturating_sub(1)),
        if window.is_open { ", filling" } else { "" }
    );
    view! {
        <tr>
            <th scope="row"><Moment at=window.window.to/></th>
            <td class="plain-table__number plain-table__wide">{rows}</td>
            <td class="plain-table__number">{format::share(window.share_labelled())}</td>
            {cell(estimated(window, metric))}
            {cell(realised(window, metric))}
            <td class="plain-table__number plain-table__wide">{part(split.map(|split| split.inputs))}</td>
            <td class="plain-table__number plain-table__wide">{part(split.map(|split| split.relation))}</td>
        </tr>
    }
}
