//! `/performance`: how well a model does, before its labels come and after.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use tidemark::performance::estimated::bands::Bands;
use tidemark::performance::estimated::lifetime::Widening;
use tidemark::render::format;

use crate::api;
use crate::charts::{performance_timeline, split_bars};
use crate::components::awaited::awaited;
use crate::components::chart_frame::ChartFrame;
use crate::components::model_switch::ModelSwitch;
use crate::components::performance_card::words;
use crate::components::segmented::{Choice, Segmented};
use crate::components::verdict_banner::VerdictBanner;
use crate::live::offer_news;
use crate::performance::standing::{Standing, default_metric, is_estimated, is_loss, metrics_of, standing};
use crate::performance::{Performance, PerformanceQuery};

mod latest;
mod mistakes;
mod watches;
mod windows;

use latest::Latest;
use mistakes::WhereItErrs;
use watches::Watches;
use windows::WindowTable;

/// The page. The address says which model and figure, what rows are worth and which threshold is tried; all of it works without a script.
#[component]
pub fn PerformancePage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|query| PerformanceQuery::of(|name| query.get(name))));
    let metric = Memo::new(move |_| query.with(|query| query.get("metric")).filter(|name| !name.is_empty()));
    let found = Resource::new(move || asked.get(), api::load_performance);
    offer_news(|news| news.reports, "There is a newer window.", move || found.refetch());
    view! {
        <Title text="Performance"/>
        {awaited("Performance", "Working out the performance", found, move |found| {
            view! { <Shown found metric/> }.into_any()
        })}
    }
    .into_any()
}

#[component]
fn Shown(found: Performance, metric: Memo<Option<String>>) -> impl IntoView {
    let names = metrics_of(&found);
    let default = default_metric(&names);
    let shown = {
        let names = names.clone();
        Memo::new(move |_| metric.get().filter(|name| names.contains(name)).unwrap_or_else(|| default.clone()))
    };
    let model = found.model.clone();
    let choices = {
        let model = model.clone();
        Signal::derive(move || {
            let choice = |name: &String| Choice {
                label: words(name),
                count: None,
                href: format!("/performance?model={model}&metric={name}"),
                taken: *name == shown.get(),
            };
            names.iter().map(choice).collect()
        })
    };
    let models = found.models.clone();
    let found = StoredValue::new(found);
    let of = move |metric: &str| found.with_value(|found| standing(found, metric));
    let stands = Memo::new(move |_| of(&shown.get()));
    let subtitle = found.with_value(|found| match &found.positive {
        Some(positive) => format!("How well the model does; positive is {positive}"),
        None => "How well the model does".to_owned(),
    });
    let has_windows = found.with_value(|found| !found.windows.is_empty());
    view! {
        <ModelSwitch models shown=model.clone() page="/performance"/>
        <header class="page__head">
            <div>
                <p class="page__crumb"><a href=format!("/?model={model}")>{model.clone()}</a></p>
                <h1 class="page__title">"Performance"</h1>
                <p class="page__subtitle">{subtitle}</p>
            </div>
        </header>
        <VerdictBanner
            verdict=Signal::derive(move || stands.with(|Standing { verdict, .. }| *verdict))
            label=Signal::derive(move || stands.with(|stands| stands.label.to_owned()))
            sentence=Signal::derive(move || stands.with(|stands| stands.sentence.clone()))
        >
            {move || found.with_value(|found| facts(found, &shown.get())).into_iter().map(|fact| view! { <span>{fact}</span> }).collect_view()}
        </VerdictBanner>
        {has_windows
            .then(|| {
                view! {
                    <Segmented label="Figure" choices/>
                    <Timeline found shown/>
                    <Split found shown/>
                    <Latest found shown/>
                    <WhereItErrs found/>
                    <Watches found/>
                    <WindowTable found shown/>
                }
            })}
    }
    .into_any()
}

/// What stands under the sentence.
fn facts(found: &Performance, metric: &str) -> Vec<String> {
    let mut facts = Vec::new();
    let (rows, labels) = found
        .windows
        .iter()
        .fold((0, 0), |(rows, labels), window| (rows + window.window.rows(), labels + window.n_labelled));
    if rows > 0 {
        let share = labels as f64 / rows as f64;
        facts.push(format!("{} of the labels of {} have come", format::share(share), format::plural(rows, "row")));
    }
    facts.extend(
        found
            .bands
            .iter()
            .find(|bands| bands.metric == metric)
            .map(|found| coverage(found.bands, found.lifetime.widening)),
    );
    let is_estimated = is_estimated(found, metric);
    if let Some(reason) = found.not_estimated.as_ref().filter(|_| is_estimated && labels > 0) {
        facts.push(format!("Nothing is estimated before labels come: {reason}"));
    } else if !is_estimated && found.not_estimated.is_none() {
        facts.push("This figure is not estimated before labels come".to_owned());
    }
    if !found.alarms.is_empty() {
        facts.push(format!("{} of the detectors", format::plural(found.alarms.len() as u64, "alarm")));
    }
    facts
}

/// How often the band was right, and how wide it is drawn beside.
fn coverage(bands: Bands, Widening { factor, is_provisional }: Widening) -> String {
    let held = format!("The band held what came in {} of {}", bands.n_held, format::plural(bands.n_windows, "window"));
    if factor > 1.05 {
        let how_long = if is_provisional { ", for now" } else { "" };
        format!("{held}; it is drawn {factor:.1} times as wide, too, which would have held{how_long}")
    } else if bands.widen.is_some() {
        format!("{held}, and is as wide as it should be")
    } else {
        held
    }
}

#[component]
fn Timeline(found: StoredValue<Performance>, shown: Memo<String>) -> impl IntoView {
    let picture = move || {
        let metric = shown.get();
        found.with_value(|found| {
            let bands = found.bands.iter().find(|bands| bands.metric == metric);
            performance_timeline(found, &metric, bands.map(|bands| bands.lifetime.widening.factor))
        })
    };
    let has_estimates = move || {
        let metric = shown.get();
        found.with_value(|found| found.windows.iter().any(|window| window.estimate_of(&metric).is_some()))
    };
    let caption = Signal::derive(move || {
        Some(if has_estimates() {
            let side = if is_loss(&shown.get()) { "Above" } else { "Below" };
            format!(
                "Every point is a window of rows one after the other, by the end of the window (UTC). The band is three sampling errors \
                 around the estimate; whiskers are 95% intervals. {side} the dashed line a window counts as worse than the reference."
            )
        } else {
            "Every point is a window of rows one after the other, by the end of the window (UTC). Whiskers are 95% intervals.".to_owned()
        })
    });
    view! {
        <ChartFrame title="Window by window" caption is_part=true>
            <ul class="curve-legend">
                {move || {
                    has_estimates()
                        .then(|| view! { <li class="curve-legend__item curve-legend__item--estimated">"Estimated before labels"</li> })
                }}
                <li class="curve-legend__item curve-legend__item--realised">"Realised, by labels"</li>
                <li class="curve-legend__item curve-legend__item--few">"fewer than 90% of the labels, or than ten cases"</li>
                {move || {
                    found.with_value(|found| !found.alarms.is_empty())
                        .then(|| view! { <li class="curve-legend__item curve-legend__item--alarm">"alarm of a detector"</li> })
                }}
            </ul>
            <div class="chart__svg scroll-x" tabindex="0" role="region" aria-label="Timeline" inner_html=picture></div>
        </ChartFrame>
    }
    .into_any()
}

#[component]
fn Split(found: StoredValue<Performance>, shown: Memo<String>) -> impl IntoView {
    let sentence = move || {
        let metric = shown.get();
        found.with_value(|found| {
            let latest = found.windows.iter().rev().find_map(|window| window.splits.iter().find(|split| split.metric == metric));
            latest.map(|split| {
                let signed = |x: f64| format!("{}{}", if x < 0.0 { "−" } else { "+" }, format::number(x.abs()));
                let relation = if split.relation.abs() > split.chance {
                    "more than chance makes, so what rows mean has changed"
                } else {
                    "no more than chance makes"
                };
                format!(
                    "In the latest labelled window {} differs from the reference by {}: {} by the inputs, {} by their relation to the labels, which is {relation} ({}).",
                    words(&metric),
                    signed(split.total),
                    signed(split.inputs),
                    signed(split.relation),
                    format::number(split.chance),
                )
            })
        })
    };
    let picture = move || found.with_value(|found| split_bars(found, &shown.get()));
    move || {
        sentence().map(|sentence| {
            view! {
                <section class="stack" aria-labelledby="split">
                    <h2 id="split" class="section-title">"Where the change comes from"</h2>
                    <p class="page__lead">{sentence}</p>
                    <figure class="chart-frame">
                        <ul class="curve-legend">
                            <li class="curve-legend__item curve-legend__item--inputs">"inputs: other rows came"</li>
                            <li class="curve-legend__item curve-legend__item--relation">"relation: the same rows mean something else"</li>
                            <li class="curve-legend__item curve-legend__item--chance">"what chance makes of the relation"</li>
                        </ul>
                        <div class="chart__svg scroll-x" tabindex="0" role="region" aria-label="Split of the change" inner_html=picture></div>
                    </figure>
                </section>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_says_when_a_band_was_too_narrow() {
        let of = |n_held, widen: Option<f64>| {
            let widening = Widening { factor: widen.unwrap_or(1.0), is_provisional: false };
            coverage(Bands { n_windows: 20, n_held, widen }, widening)
        };
        assert_eq!(of(20, Some(1.0)), "The band held what came in 20 of 20 windows, and is as wide as it should be");
        assert!(of(15, Some(2.04)).ends_with("drawn 2.0 times as wide, too, which would have held"));
        assert_eq!(of(3, None), "The band held what came in 3 of 20 windows");
        let few = Bands { n_windows: 6, n_held: 1, widen: None };
        let said = coverage(few, Widening { factor: 3.26, is_provisional: true });
        assert_eq!(
            said,
            "The band held what came in 1 of 6 windows; it is drawn 3.3 times as wide, too, which would have held, for now"
        );
    }
}
