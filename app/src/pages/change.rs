//! `/reports/{id}/since/{earlier}`: what changed from one stored comparison to another. A form asks the same as
//! `/change?id=…&earlier=…`.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};
use tidemark::judge::Verdict;
use tidemark::render::format;
use tidemark::report::ColumnDifference;

use crate::api;
use crate::components::awaited::awaited;
use crate::components::moment::Moment;
use crate::components::plain_table::{Head, PlainTable};
use crate::components::status_badge::StatusBadge;
use crate::monitor::SnapshotHead;
use crate::watching::Change;

/// The page.
#[component]
pub fn ChangePage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let ids = Memo::new(move |_| {
        let param = |name| {
            let asked = params.with(|params| params.get(name)).or_else(|| query.with(|query| query.get(name)));
            asked.unwrap_or_default()
        };
        (param("id"), param("earlier"))
    });
    let change = Resource::new(move || ids.get(), |(id, earlier)| api::load_change(id, earlier));
    view! {
        <Title text="What changed"/>
        {awaited("What changed", "Loading", change, |change| view! { <Shown change/> }.into_any())}
    }
    .into_any()
}

#[component]
fn Shown(change: Change) -> impl IntoView {
    let Change { earlier, later, difference } = change;
    let id = later.id.clone();
    let comparable = difference.comparable;
    let effect = |effect: Option<f64>| effect.map_or_else(|| "–".to_owned(), format::number);
    let verdict = |verdict: Option<Verdict>| match verdict {
        Some(verdict) => view! { <StatusBadge verdict/> }.into_any(),
        None => "not there".into_any(),
    };
    let line = move |column: ColumnDifference| {
        let (before, after) = column.verdicts;
        view! {
            <tr>
                <th scope="row">{column.name}</th>
                <td>{verdict(before)}</td>
                <td>{verdict(after)}</td>
                <td class="plain-table__number">{effect(column.effects.0)}</td>
                <td class="plain-table__number">{effect(column.effects.1)}</td>
            </tr>
        }
    };
    let is_empty = difference.columns.is_empty();
    let lines = difference.columns.into_iter().map(line).collect_view();
    view! {
        <header>
            <p class="page__crumb"><a href=format!("/reports/{id}")>"Back to the report"</a></p>
            <h1 class="page__title">"What changed"</h1>
            <p class="page__subtitle">{difference.sentence}</p>
        </header>
        <dl class="facts">
            <Side label="Earlier" head=earlier/>
            <Side label="Later" head=later/>
        </dl>
        {(!comparable)
            .then(|| {
                view! { <p class="notice">"The two were held against different data or judged by different settings."</p> }
            })}
        {(!is_empty)
            .then(|| {
                view! {
                    <PlainTable
                        caption="Columns whose verdict changed"
                        heads=[
                            Head::new("Column"),
                            Head::new("Before"),
                            Head::new("After"),
                            Head::number("Effect before"),
                            Head::number("Effect after"),
                        ]
                    >
                        {lines}
                    </PlainTable>
                }
            })}
    }
    .into_any()
}

#[component]
fn Side(label: &'static str, head: SnapshotHead) -> impl IntoView {
    let (verdict, verdict_label) = head.verdict();
    view! {
        <div class="facts__fact">
            <dt>{label}</dt>
            <dd>
                <a href=format!("/reports/{}", head.id)><Moment at=head.created/></a>
                " "
                <StatusBadge verdict label=verdict_label/>
            </dd>
        </div>
    }
    .into_any()
}
