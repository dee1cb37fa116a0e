//! `/models`: how each model is doing, the worst first. `/` leads here where there are several.

use leptos::prelude::*;
use leptos_meta::Title;
use tidemark::judge::Verdict;
use tidemark::render::format;

use crate::api;
use crate::components::awaited::awaited;
use crate::components::drift_strip::DriftStrip;
use crate::components::moment::Moment;
use crate::components::sparkline::Sparkline;
use crate::components::status_badge::StatusBadge;
use crate::components::verdict_banner::VerdictBanner;
use crate::live::{follow, held};
use crate::models::{ModelLine, Models, Since};

use super::overview::{LinkState, whole_seconds};

/// The page. It waits for the first answer on the server, and keeps it fresh in the browser.
#[component]
pub fn ModelsPage() -> impl IntoView {
    let first = Resource::new(|| (), |()| api::load_models());
    view! {
        <Title text="Models"/>
        {awaited("Models", "Loading the models", first, |first| view! { <AllModels first/> }.into_any())}
    }
    .into_any()
}

/// All models. Their order waits until nobody points at them.
#[component]
fn AllModels(first: Models) -> impl IntoView {
    let live = follow(first, api::load_models);
    let models = live.shown;
    let is_read = RwSignal::new(false);
    let names =
        Memo::new(move |_| models.with(|models| models.lines.iter().map(|line| line.name.clone()).collect::<Vec<_>>()));
    let names = held(names, is_read);
    let n = move || models.with(|models| format::plural(models.lines.len() as u64, "model"));
    view! {
        <header class="page__head">
            <div>
                <h1 class="page__title">"Models"</h1>
                <p class="page__subtitle">{n} ", the worst first"</p>
            </div>
            <LinkState link=live.link/>
        </header>
        <VerdictBanner
            verdict=Signal::derive(move || models.with(|models| models.verdict))
            label=Signal::derive(move || models.with(|models| models.label.clone()))
            sentence=Signal::derive(move || models.with(|models| models.sentence.clone()))
        >
            <a href="/monitors">"Monitors"</a>
            <a href="/alerts">"Alerts"</a>
            <a href="/performance">"How well they do"</a>
        </VerdictBanner>
        <ul
            class="model-list"
            aria-label="Models"
            on:pointerenter=move |_| is_read.set(true)
            on:pointerleave=move |_| is_read.set(false)
            on:focusin=move |_| is_read.set(true)
            on:focusout=move |_| is_read.set(false)
        >
            <For each=move || names.get() key=String::clone let:name>
                <Line name models/>
            </For>
        </ul>
    }
    .into_any()
}

/// A model: its words, and three small pictures of figures.
#[component]
fn Line(name: String, models: RwSignal<Models>) -> impl IntoView {
    let line = Memo::new({
        let name = name.clone();
        move |before: Option<&Option<ModelLine>>| {
            let found = models.with(|models| models.lines.iter().find(|line| line.name == name).cloned());
            // One that was taken away stays until its line goes.
            found.or_else(|| before.cloned().flatten())
        }
    });
    let of = move |part: fn(&ModelLine) -> String| {
        Signal::derive(move || line.with(|line| line.as_ref().map(part).unwrap_or_default()))
    };
    let verdict = move |part: fn(&ModelLine) -> Verdict| {
        Signal::derive(move || line.with(|line| line.as_ref().map_or(Verdict::NotTested, part)))
    };
    let since = Memo::new(move |_| line.with(|line| line.as_ref().and_then(|line| line.since)));
    let since = move || {
        since.get().map(|Since { at, is_open }| {
            view! {
                <span class="model-line__since">{if is_open { "since before " } else { "since " }} <Moment at/></span>
            }
        })
    };
    let n_alerts = Memo::new(move |_| line.with(|line| line.as_ref().map_or(0, |line| line.n_alerts)));
    let alerts = move || {
        let n = n_alerts.get();
        (n > 0).then(|| view! { <a class="model-line__alerts" href="/alerts">{format::plural(n, "alert")}</a> })
    };
    let minute = Signal::derive(move || {
        line.with(|line| line.as_ref().map(|line| whole_seconds(&line.traffic)).unwrap_or_default())
    });
    let history = Signal::derive(move || {
        line.with(|line| line.as_ref().map(|line| line.drift.history.clone()).unwrap_or_default())
    });
    let href = format!("/?model={name}");
    view! {
        <li class="model-line">
            <div class="model-line__head">
                <h2 class="model-line__name"><a href=href>{name}</a></h2>
                <StatusBadge verdict=verdict(|line| line.verdict) label=of(|line| line.label.clone())/>
                {since}
                {alerts}
            </div>
            <p class="model-line__sentence">{of(|line| line.sentence.clone())}</p>
            <dl class="model-line__figures">
                <div class="model-line__figure">
                    <dt>"Traffic"</dt>
                    <dd>
                        {of(|line| format!("{:.1} per second", line.traffic.per_second))}
                        <Sparkline counts=minute label="Predictions in each of the last sixty seconds"/>
                    </dd>
                </div>
                <div class="model-line__figure">
                    <dt>"Drift"</dt>
                    <dd>
                        {of(|line| line.drift.words.clone())}
                        <DriftStrip history/>
                    </dd>
                </div>
                <div class="model-line__figure">
                    <dt>"Performance"</dt>
                    <dd>
                        {of(|line| line.performance.figure.clone())}
                        <StatusBadge verdict=verdict(|line| line.performance.verdict) label=of(|line| line.performance.label.clone())/>
                    </dd>
                </div>
            </dl>
        </li>
    }
    .into_any()
}
