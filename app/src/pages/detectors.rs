//! `/detectors`: which detector of change suits a model's numbers.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use tidemark::render::format;
use tidemark::stream::bench::{Bench, Fared, Injected};

use crate::api;
use crate::components::awaited::awaited;
use crate::components::empty_state::EmptyState;
use crate::components::model_switch::ModelSwitch;
use crate::components::plain_table::{Head, PlainTable};
use crate::detectors::{Detectors, DetectorsQuery};

/// The page. The address says what is tried; it works without a script.
#[component]
pub fn DetectorsPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(|query| DetectorsQuery::of(|name| query.get(name))));
    let found = Resource::new(move || asked.get(), api::load_detectors);
    view! {
        <Title text="Detectors"/>
        {awaited("Detectors", "Trying the detectors", found, move |found| {
            view! { <Shown found before=asked.get_untracked().before/> }.into_any()
        })}
    }
    .into_any()
}

#[component]
fn Shown(found: Detectors, before: u64) -> impl IntoView {
    let Detectors { model, models, series, shown, n_events, mean, bench } = found;
    let about = match mean {
        Some(mean) => format!(
            "{} of the latest predictions, {} on average",
            format::plural(n_events, "event"),
            format::number(mean)
        ),
        None => "there is no event yet".to_owned(),
    };
    let injected = bench.as_ref().map(|bench| bench.injected);
    view! {
        <ModelSwitch models shown=model.clone() page="/detectors"/>
        <header class="page__head">
            <div>
                <p class="page__crumb"><a href=format!("/performance?model={model}")>"Performance of " {model.clone()}</a></p>
                <h1 class="page__title">"Which detector suits it"</h1>
                <p class="page__subtitle">
                    "A change of your choice is put into the model's own numbers, again and again: how soon does each detector see it, how often does it miss it, and how often does it signal without one?"
                </p>
            </div>
        </header>
        <Choice model series shown=shown.clone() injected before/>
        <p class="page__lead">{format!("{}: {about}.", words(&shown))}</p>
        {match bench {
            Some(bench) => view! { <Results bench/> }.into_any(),
            None => {
                view! {
                    <EmptyState title="There is nothing to try on yet">
                        <p>"It takes events that are not all the same: predictions, or, for errors, labels that have come."</p>
                    </EmptyState>
                }
                    .into_any()
            }
        }}
    }
    .into_any()
}

#[component]
fn Choice(model: String, series: Vec<String>, shown: String, injected: Option<Injected>, before: u64) -> impl IntoView {
    let (kind, size) = match injected {
        Some(Injected::Shift(size)) => ("shift", size),
        Some(Injected::Scale(factor)) => ("scale", factor),
        Some(Injected::Errors(share)) => ("errors", share),
        None => ("shift", 1.0),
    };
    let series: Vec<(String, String)> = series.into_iter().map(|name| (words(&name), name)).collect();
    let changes = [("shift", "Shift, in deviations"), ("scale", "Spread, times"), ("errors", "Errors, share")];
    view! {
        <form class="chart-frame worth" method="get" action="/detectors">
            <input type="hidden" name="model" value=model/>
            <div class="worth__fields">
                <label class="field">
                    <span class="field__label">"Series"</span>
                    <select class="input" name="series">
                        {series
                            .into_iter()
                            .map(|(words, name)| {
                                let is_shown = name == shown;
                                view! { <option value=name selected=is_shown>{words}</option> }
                            })
                            .collect_view()}
                    </select>
                </label>
                <label class="field">
                    <span class="field__label">"Change"</span>
                    <select class="input" name="change">
                        {changes
                            .map(|(name, words)| view! { <option value=name selected=name == kind>{words}</option> })
                            .collect_view()}
                    </select>
                </label>
                <label class="field">
                    <span class="field__label">"Of what size"</span>
                    <input class="input" name="size" inputmode="decimal" value=size.to_string()/>
                </label>
                <label class="field">
                    <span class="field__label">"Events before, and after"</span>
                    <input class="input" name="before" inputmode="numeric" value=before.to_string()/>
                </label>
            </div>
            <button class="button button--primary" r#type="submit">"Try it"</button>
        </form>
    }
    .into_any()
}

#[component]
fn Results(bench: Bench) -> impl IntoView {
    let Bench { injected, n_runs, n_before, mut fared } = bench;
    fared.sort_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal));
    let caption = format!(
        "{}, each of {} before the change and as many after it: {}. The delay is how many events a detector needs on average; missed \
         and false alarm are shares of the runs. Numbers are drawn from the series without its order. The anytime watches \
         promise a false alarm in at most 5% of all runs, however long.",
        format::plural(n_runs, "run"),
        format::plural(n_before, "event"),
        change_in_words(injected),
    );
    let share = move |n: u64| format::share(n as f64 / n_runs.max(1) as f64);
    let line = move |found: Fared| {
        view! {
            <tr>
                <th scope="row">{found.detector}</th>
                <td class="plain-table__number">{found.mean_delay.map_or_else(|| "–".to_owned(), |delay| format::number(delay.round()))}</td>
                <td class="plain-table__number" class:is-worse={2 * found.n_missed > n_runs}>{share(found.n_missed)}</td>
                <td class="plain-table__number" class:is-worse={2 * found.n_runs_with_false > n_runs}>{share(found.n_runs_with_false)}</td>
                <td class="plain-table__number plain-table__wide">{format::count(found.n_false)}</td>
            </tr>
        }
    };
    view! {
        <section class="stack" aria-labelledby="fared">
            <h2 id="fared" class="section-title">"How they fare"</h2>
            <p class="page__lead">{caption}</p>
            <PlainTable
                heads=[
                    Head::new("Detector"),
                    Head::number("Delay"),
                    Head::number("Missed"),
                    Head::number("Runs with a false alarm"),
                    Head::number("False alarms in all").wide(),
                ]
            >
                {fared.into_iter().map(line).collect_view()}
            </PlainTable>
        </section>
    }
    .into_any()
}

/// The best first: those that err least, a missed change and a false alarm alike, then the soonest.
fn rank(fared: &Fared) -> (u64, f64) {
    (fared.n_missed + fared.n_runs_with_false, fared.mean_delay.unwrap_or(f64::INFINITY))
}

fn words(series: &str) -> String {
    match series {
        "errors" => "Errors".to_owned(),
        "predictions" => "Predictions".to_owned(),
        "score" => "Score".to_owned(),
        feature => feature.strip_prefix("feature.").unwrap_or(feature).to_owned(),
    }
}

fn change_in_words(injected: Injected) -> String {
    match injected {
        Injected::Shift(size) => format!("every number grows by {} standard deviations", format::number(size)),
        Injected::Scale(factor) => format!("every number lies {} times as far from the mean", format::number(factor)),
        Injected::Errors(share) => format!("{} of the zeros become one", format::share(share)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_errs_least_and_sees_soonest_comes_first() {
        let fared = |n_missed, n_runs_with_false, mean_delay| Fared {
            detector: String::new(),
            n_false: n_runs_with_false,
            n_runs_with_false,
            n_missed,
            mean_delay,
        };
        assert!(rank(&fared(0, 1, Some(90.0))) < rank(&fared(2, 0, Some(5.0))));
        assert!(rank(&fared(0, 1, Some(5.0))) < rank(&fared(1, 0, Some(90.0))));
        assert!(rank(&fared(3, 0, None)) < rank(&fared(0, 4, Some(1.0))));
    }

    #[test]
    fn a_change_is_told_in_words() {
        assert_eq!(change_in_words(Injected::Errors(0.3)), "30.0% of the zeros become one");
        assert_eq!(words("feature.Amount"), "Amount");
    }
}
