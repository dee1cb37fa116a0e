//! `/reports`: every stored comparison.

use leptos::prelude::*;
use leptos_meta::Title;
use tidemark::render::format;

use crate::api;
use crate::components::awaited::awaited;
use crate::components::empty_state::EmptyState;
use crate::components::model_switch::{ModelSwitch, chosen_model};
use crate::components::snapshot_list::SnapshotList;
use crate::live::offer_news;
use crate::monitor::{Overview, SnapshotHead};

/// The page.
#[component]
pub fn ReportsPage() -> impl IntoView {
    let chosen = chosen_model();
    let overview = Resource::new(move || chosen.get(), api::load_overview);
    offer_news(|news| news.reports, "There is a newer report.", move || overview.refetch());
    view! {
        <Title text="Reports"/>
        {awaited("Reports", "Loading the reports", overview, |overview| view! { <List overview/> }.into_any())}
    }
    .into_any()
}

#[component]
fn List(overview: Overview) -> impl IntoView {
    let (models, shown, model) = (overview.models.clone(), overview.model.name.clone(), overview.model.name.clone());
    let heads: Vec<_> = overview.history.into_iter().rev().collect();
    if heads.is_empty() {
        return view! {
            <ModelSwitch models shown page="/reports"/>
            <h1 class="page__title">"Reports"</h1>
            <EmptyState title="No comparison yet">
                <p>
                    "The first is made as soon as "
                    {format::plural(overview.min_window_rows, "row")}
                    " of predictions have come in. So far there are "
                    {format::count(overview.traffic.total)}
                    "."
                </p>
                <p><a class="button" href="/compare">"Compare two files meanwhile"</a></p>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <ModelSwitch models shown page="/reports"/>
        <header class="page__head">
            <div>
                <h1 class="page__title">"Reports"</h1>
                <p class="page__subtitle">
                    {format!("The latest {} of {}", format::plural(heads.len() as u64, "comparison"), overview.model.name)}
                </p>
            </div>
            <a class="button" href="/shares">"Share links"</a>
        </header>
        {(heads.len() > 1).then(|| view! { <AnyTwo heads=heads.clone() model/> })}
        <SnapshotList heads=heads threshold=overview.share_threshold/>
    }
    .into_any()
}

/// Chooses any two of the reports, and leads to where any two windows are chosen.
#[component]
fn AnyTwo(
    /// The reports, the latest first: at least two.
    heads: Vec<SnapshotHead>,
    /// Their model.
    model: String,
) -> impl IntoView {
    let choice = |label: &'static str, name: &'static str, taken: usize| {
        let option = |(place, head): (usize, &SnapshotHead)| {
            view! { <option value=head.id.clone() selected=place == taken>{head.in_words()}</option> }
        };
        view! {
            <label class="field">
                <span class="field__label">{label}</span>
                <select class="input" name=name>{heads.iter().enumerate().map(option).collect_view()}</select>
            </label>
        }
    };
    view! {
        <details class="menu any-two">
            <summary class="button">"Compare two of them"</summary>
            <form class="chart-frame worth" method="get" action="/change">
                <div class="any-two__fields">{choice("Earlier", "earlier", 1)} {choice("Later", "id", 0)}</div>
                <button class="button button--primary" r#type="submit">"What changed"</button>
                <p class="field__hint">
                    "Or hold " <a href=format!("/windows?model={model}")>"any two windows of the log"</a> " against each other."
                </p>
            </form>
        </details>
    }
    .into_any()
}
