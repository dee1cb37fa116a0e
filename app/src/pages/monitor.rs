//! `/monitors/{name}`: one monitor, and what came of it.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::monitors::{standing, words_of};
use crate::api::{self, RemoveMonitor};
use crate::components::alert_list::AlertList;
use crate::components::awaited::{Problem, awaited, problem_of};
use crate::components::drift_history::DriftHistory;
use crate::components::moment::Moment;
use crate::components::plain_table::{Head, PlainTable};
use crate::components::run_list::RunList;
use crate::components::verdict_banner::VerdictBanner;
use crate::live::offer_news;
use crate::watching::{DriftedColumn, MonitorOrigin, MonitorPage as Page};

/// The page.
#[component]
pub fn MonitorPage() -> impl IntoView {
    let params = use_params_map();
    // Counted, as the server asks for the title when it sends the head, and what belongs to the page may be gone by then.
    let name = ArcMemo::new(move |_| params.with(|params| params.get("name").unwrap_or_default()));
    let title = {
        let name = name.clone();
        move || format!("Monitor {}", name.get())
    };
    let monitor = Resource::new(move || name.get(), api::load_monitor);
    offer_news(|news| news.reports + news.alerts, "There is something new.", move || monitor.refetch());
    view! {
        <Title text=title/>
        {awaited("Monitor", "Loading", monitor, |page| view! { <Shown page/> }.into_any())}
    }
    .into_any()
}

#[component]
fn Shown(page: Page) -> impl IntoView {
    let Page { line, history, events, share_threshold, runs, drifted, alerts, toml } = page;
    let (verdict, label, sentence) = standing(line.latest.as_ref());
    let report = line.latest.as_ref().map(|head| head.id.clone());
    let name = line.name.clone();
    let model = line.model.clone();
    let performance = format!("/performance?model={}", line.model);
    let actions = match line.origin {
        MonitorOrigin::File => {
            view! { <p class="page__subtitle">"It stands in the set-up file, and is changed there."</p> }.into_any()
        }
        MonitorOrigin::Default => {
            view! { <a class="button" href=format!("/monitors/{name}/edit")>"Make it your own"</a> }.into_any()
        }
        MonitorOrigin::Made => {
            view! { <a class="button" href=format!("/monitors/{name}/edit")>"Edit"</a> <Remove name=name.clone()/> }
                .into_any()
        }
    };
    view! {
        <header class="page__head">
            <div>
                <p class="page__crumb"><a href="/monitors">"Monitors"</a></p>
                <h1 class="page__title">{line.name}</h1>
                <p class="page__subtitle">
                    {format!("{}: {}. Written by {}.", line.model, line.watches, words_of(line.origin))}
                </p>
            </div>
            <div class="page__actions">{actions}</div>
        </header>
        <VerdictBanner verdict=Signal::stored(verdict) label=Signal::stored(label.to_owned()) sentence=Signal::stored(sentence)>
            {report.map(|id| view! { <a href=format!("/reports/{id}")>"Open the latest report"</a> })}
            <a href=performance>"How well the model does"</a>
        </VerdictBanner>
        {(!alerts.is_empty())
            .then(|| {
                view! {
                    <section class="stack" aria-labelledby="alerts">
                        <h2 id="alerts" class="section-title">"Alerts"</h2>
                        <AlertList alerts/>
                    </section>
                }
            })}
        {(!history.is_empty())
            .then(|| {
                view! {
                    <DriftHistory
                        history=Signal::stored(history)
                        threshold=Signal::stored(share_threshold)
                        events=Signal::stored(events)
                        model
                    />
                }
            })}
        {(!drifted.is_empty()).then(|| view! { <Drifted drifted/> })}
        <section class="stack" aria-labelledby="runs">
            <h2 id="runs" class="section-title">"Runs"</h2>
            {if runs.is_empty() {
                view! { <p class="page__subtitle">"No window has ended yet."</p> }.into_any()
            } else {
                view! { <RunList runs/> }.into_any()
            }}
        </section>
        <section class="stack" aria-labelledby="definition">
            <h2 id="definition" class="section-title">"As the set-up file would have it"</h2>
            <pre class="code" tabindex="0">{toml}</pre>
        </section>
    }
    .into_any()
}

#[component]
fn Remove(name: String) -> impl IntoView {
    let remove = ServerAction::<RemoveMonitor>::new();
    let problem = Signal::derive(move || problem_of(remove.value().get()));
    view! {
        <details class="menu">
            <summary class="button">"Remove"</summary>
            <div class="menu__body">
                <p>"What it found stays."</p>
                <ActionForm action=remove>
                    <input type="hidden" name="name" value=name/>
                    <button class="button button--primary" r#type="submit">"Remove it"</button>
                </ActionForm>
                <Problem text=problem/>
            </div>
        </details>
    }
    .into_any()
}

#[component]
fn Drifted(drifted: Vec<DriftedColumn>) -> impl IntoView {
    let line = |column: DriftedColumn| {
        let href = format!("/reports/{}", column.report);
        view! {
            <tr>
                <th scope="row">{column.name}</th>
                <td><Moment at=column.since/></td>
                <td><a href=href>"First report"</a></td>
            </tr>
        }
    };
    view! {
        <section class="stack" aria-labelledby="drifted">
            <h2 id="drifted" class="section-title">"Drifted columns, and since when"</h2>
            <PlainTable
                heads=[Head::new("Column"), Head::new("Drifted since"), Head::new("First report").spoken()]
            >
                {drifted.into_iter().map(line).collect_view()}
            </PlainTable>
        </section>
    }
    .into_any()
}
