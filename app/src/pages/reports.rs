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
use crate::monitor::Overview;

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
    let (models, shown) = (overview.models.clone(), overview.model.name.clone());
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
        <SnapshotList heads=heads threshold=overview.share_threshold/>
    }
    .into_any()
}
