//! `/monitors`: what is watched.

use leptos::prelude::*;
use leptos_meta::Title;
use tidemark::judge::Verdict;
use tidemark::render::format;

use crate::api;
use crate::components::awaited::awaited;
use crate::components::moment::Moment;
use crate::components::plain_table::{Head, PlainTable};
use crate::components::run_list::WindowEnd;
use crate::components::status_badge::StatusBadge;
use crate::live::offer_news;
use crate::monitor::SnapshotHead;
use crate::watching::{MonitorLine, MonitorOrigin};

/// The page.
#[component]
pub fn MonitorsPage() -> impl IntoView {
    let monitors = Resource::new(|| (), |()| api::load_monitors());
    offer_news(|news| news.reports + news.alerts, "There is something new.", move || monitors.refetch());
    view! {
        <Title text="Monitors"/>
        {awaited("Monitors", "Loading", monitors, |monitors| view! { <List monitors/> }.into_any())}
    }
    .into_any()
}

#[component]
fn List(monitors: Vec<MonitorLine>) -> impl IntoView {
    view! {
        <header class="page__head">
            <div>
                <h1 class="page__title">"Monitors"</h1>
                <p class="page__subtitle">
                    "What is watched, against what, and how often. A model that nobody made a monitor for is watched all the same."
                </p>
            </div>
            <a class="button button--primary" href="/new-monitor">"New monitor"</a>
        </header>
        <PlainTable
            caption="All monitors"
            heads=[
                Head::new("Monitor"),
                Head::new("Latest report"),
                Head::new("Alerts"),
                Head::new("Latest window").wide(),
                Head::new("Written by").wide(),
            ]
        >
            {monitors.into_iter().map(line).collect_view()}
        </PlainTable>
        <p class="page__note">
            "The whole set-up as a file for "
            <code>"tidemark serve --config"</code>
            ": "
            <a href="/api/v1/set-up" rel="external">"set-up.toml"</a>
        </p>
    }
    .into_any()
}

fn line(monitor: MonitorLine) -> impl IntoView {
    let latest = match &monitor.latest {
        Some(head) => {
            let (verdict, label) = head.verdict();
            let (id, at) = (head.id.clone(), head.created);
            view! {
                <StatusBadge verdict label/>
                <a class="plain-table__sub" href=format!("/reports/{id}")><Moment at/></a>
            }
            .into_any()
        }
        None => view! { <StatusBadge verdict=Verdict::NotEnoughData label="No report yet"/> }.into_any(),
    };
    let alerts = match monitor.n_alerts {
        0 => "none".into_any(),
        n => view! { <a href="/alerts">{format::plural(n, "alert")}</a> }.into_any(),
    };
    let run = monitor.run.map(|run| {
        let detail = run.detail.map(|detail| format!("{}: {detail}", run.state)).unwrap_or(run.state);
        view! { <WindowEnd end=run.end/> <span class="plain-table__sub">{detail}</span> }
    });
    view! {
        <tr>
            <th scope="row">
                <a href=format!("/monitors/{}", monitor.name)>{monitor.name.clone()}</a>
                <span class="plain-table__sub">{format!("{}: {}", monitor.model, monitor.watches)}</span>
            </th>
            <td>{latest}</td>
            <td>{alerts}</td>
            <td class="plain-table__wide">{run}</td>
            <td class="plain-table__wide">{words_of(monitor.origin)}</td>
        </tr>
    }
}

/// Who wrote a monitor down, in words.
pub(super) const fn words_of(origin: MonitorOrigin) -> &'static str {
    match origin {
        MonitorOrigin::Default => "the command line",
        MonitorOrigin::File => "the set-up file",
        MonitorOrigin::Made => "this page or the API",
    }
}

/// The latest report's verdict, or what stands in for it.
pub(super) fn standing(latest: Option<&SnapshotHead>) -> (Verdict, &'static str, String) {
    match latest {
        Some(head) => {
            let (verdict, label) = head.verdict();
            (verdict, label, head.sentence.clone())
        }
        None => (Verdict::NotEnoughData, "No report yet", "Nothing was compared yet.".to_owned()),
    }
}
