//! The open column by other settings: what its verdicts would be. The worker works it out while a slider moves.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use std::sync::Arc;
use tidemark::judge::{EffectKind, Judge, Verdict};
use tidemark::render::format;
use tidemark::report::what_if::WhatIf;
use tidemark::report::{ColumnReport, Distribution, DriftReport};
use tidemark::schema::ColumnType;
use tidemark::stattest::{Method, Score, Tested};

use crate::components::status_badge::StatusBadge;
use crate::lab::bridge;
use crate::lab::{Event, Study};
use crate::report_query::ReportQuery;

/// What is asked about a column, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// What is asked now.
    pub asked: RwSignal<WhatIf>,
    /// The column as it would be reported: the report's own words while nothing is asked.
    pub shown: Memo<ColumnReport>,
    /// Why there is no answer.
    problem: RwSignal<Option<String>>,
}

impl Question {
    /// Begins with what the address asks.
    ///
    /// *On the server* nobody answers, and the report's own words stand.
    pub fn about(report: &Arc<DriftReport>, index: usize, query: Signal<ReportQuery>) -> Self {
        let asked = RwSignal::new(query.with_untracked(|query| query.what_if));
        let answer = RwSignal::new(None::<ColumnReport>);
        let problem = RwSignal::new(None);
        let own = StoredValue::new(report.clone());
        let shown = Memo::new(move |_| match answer.get() {
            Some(column) if asked.with(|asked| *asked != WhatIf::default()) => column,
            _ => own.with_value(|report| report.columns[index].clone()),
        });
        let holds_values = use_context::<Study>().map(|study| study.holds_values);
        let name = report.columns[index].name.clone();
        let is_told = StoredValue::new(holds_values.is_some());
        // One question is under way at a time; of those that come meanwhile the last one counts.
        let under_way = StoredValue::new(None::<WhatIf>);
        let ask = StoredValue::new(None::<Arc<dyn Fn() + Send + Sync>>);
        let ask_now: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
            let Some(what_if) = asked.try_get_untracked() else { return };
            if what_if == WhatIf::default() || under_way.get_value().is_some() {
                return;
            }
            if !is_told.get_value() {
                // A report of the server's: the worker does not know it yet.
                own.with_value(|report| {
                    bridge::show(&serde_json::to_string(&**report).expect("a report is plain data"));
                });
                is_told.set_value(true);
            }
            under_way.set_value(Some(what_if));
            let json = serde_json::to_string(&what_if).expect("a question is plain data");
            let fields = serde_json::json!({ "column": name, "what_if": json }).to_string();
            bridge::ask("what_if", fields, None, move |event| {
                let found = match event {
                    Event::Answer { text, .. } => serde_json::from_str(&text).map_err(|error| error.to_string()),
                    Event::Error(message) => Err(message),
                    Event::Progress(_) | Event::Files(_) => return,
                };
                // The panel may have been closed.
                let Some(just_asked) = under_way.try_update_value(Option::take).flatten() else { return };
                match found {
                    Ok(column) => {
                        problem.set(None);
                        answer.set(Some(column));
                    }
                    Err(message) => problem.set(Some(message)),
                }
                if asked.get_untracked() != just_asked
                    && let Some(ask) = ask.get_value()
                {
                    ask();
                }
            });
        });
        ask.set_value(Some(ask_now));
        Effect::new(move || {
            asked.track();
            if let Some(ask) = ask.get_value() {
                ask();
            }
        });
        // Back and forward.
        Effect::new(move || {
            let said = query.with(|query| query.what_if);
            if asked.get_untracked() != said {
                asked.set(said);
            }
        });
        Self { asked, shown, problem }
    }
}

/// The sliders, folded away until someone wonders.
#[component]
pub fn WhatIfBox(
    /// The report.
    report: Arc<DriftReport>,
    /// The column's position in it.
    index: usize,
    /// What is asked, and the answer.
    question: Question,
    /// What the address says.
    query: Signal<ReportQuery>,
) -> impl IntoView {
    let Question { asked, shown, problem } = question;
    let navigate = use_navigate();
    let path = use_location().pathname;
    // Written when a slider is let go: browsers allow only so many changes of an address in a while.
    let write_down = Callback::new(move |()| {
        let address = query.get_untracked().with_what_if(asked.get_untracked()).href();
        let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        navigate(&format!("{}{address}", path.get_untracked()), options);
    });
    let holds_values = use_context::<Study>().map_or(Signal::stored(false), |study| study.holds_values);
    let column = &report.columns[index];
    let controls = Controls::of(&report, column);
    let is_numerical = matches!(column.distribution, Distribution::Histogram { .. });
    let n_bins = match &column.distribution {
        Distribution::Histogram { bins } => bins.len() as f64,
        _ => 0.0,
    };
    let before = [Judge::Calibrated, Judge::Evidently].map(|judge| (judge, column.verdict(judge)));
    let methods = methods(column.column_type);
    let own_method = match &column.evidently {
        Tested::Tested(outcome) => Some(outcome.method),
        Tested::NotTested(_) => None,
    };
    let choose_method = move |event| {
        let chosen = Method::from_name(&event_target_value(&event)).filter(|method| Some(*method) != own_method);
        // Every method has a threshold of its own.
        asked.update(|asked| (asked.method, asked.threshold) = (chosen, None));
        write_down.run(());
    };
    let is_taken = move |method: Method| asked.with(|asked| asked.method).or(own_method) == Some(method);
    let options = methods.iter().map(|method| {
        let method = *method;
        view! { <option value=method.name() selected=move || is_taken(method)>{method.display_name()}</option> }
    });
    let options = options.collect_view();
    let is_asked = asked.get_untracked() != WhatIf::default();
    let is_as_reported = move || asked.with(|asked| *asked == WhatIf::default());
    let has_no_method = move || methods.is_empty() || !holds_values.get();
    let threshold_range = Memo::new(move |_| shown.with(Controls::threshold));
    let threshold = move || {
        threshold_range.get().map(|range| {
            view! {
                <Slider
                    label="Evidently: threshold"
                    range
                    value=Signal::derive(move || asked.with(|asked| asked.threshold))
                    set=Callback::new(move |value| asked.update(|asked| asked.threshold = value))
                    write_down
                />
            }
        })
    };
    view! {
        <details class="what-if needs-script" open=is_asked>
            <summary class="what-if__head">"What if"</summary>
            <p class="what-if__hint">
                {move || {
                    if holds_values.get() {
                        "Other settings for this column alone. The report stays as it is."
                    } else {
                        "Other settings for this column alone, as far as the report holds the numbers: bins and methods take the values themselves. The report stays as it is."
                    }
                }}
            </p>
            <div class="what-if__controls">
                {(is_numerical)
                    .then(|| {
                        view! {
                            <Show when=move || holds_values.get()>
                                <Slider
                                    label="Bins"
                                    range=Range { own: n_bins, low: 2.0, high: 100.0, step: 1.0 }
                                    value=Signal::derive(move || asked.with(|asked| asked.bins.map(f64::from)))
                                    set=Callback::new(move |value: Option<f64>| asked.update(|asked| asked.bins = value.map(|bins| bins as u32)))
                                    write_down
                                />
                            </Show>
                        }
                    })}
                {controls
                    .minimum
                    .map(|(label, range)| {
                        view! {
                            <Slider
                                label
                                range
                                value=Signal::derive(move || asked.with(|asked| asked.minimum))
                                set=Callback::new(move |value| asked.update(|asked| asked.minimum = value))
                                write_down
                            />
                        }
                    })}
                <Slider
                    label="Calibrated: share of false alarms"
                    range=controls.q
                    value=Signal::derive(move || asked.with(|asked| asked.q))
                    set=Callback::new(move |value| asked.update(|asked| asked.q = value))
                    write_down
                />
                <div class="what-if__method" hidden=has_no_method>
                    <label class="field__label" for="what-if-method">"Evidently: method"</label>
                    <select class="input" id="what-if-method" on:change=choose_method>{options}</select>
                </div>
                {threshold}
            </div>
            <div class="what-if__answer" role="status">
                {before
                    .map(|(judge, own)| {
                        let now = Signal::derive(move || shown.with(|column| column.verdict(judge)));
                        let name = if judge == Judge::Calibrated { "Calibrated" } else { "Evidently 0.7" };
                        view! { <Answer name own now/> }
                    })
                    .collect_view()}
                <button
                    class="button"
                    r#type="button"
                    disabled=is_as_reported
                    on:click=move |_| {
                        asked.set(WhatIf::default());
                        write_down.run(());
                    }
                >
                    "As in the report"
                </button>
            </div>
            {move || problem.get().map(|message| view! { <p class="problem" role="alert">{message}</p> })}
        </details>
    }
    .into_any()
}

#[component]
fn Answer(name: &'static str, own: Verdict, now: Signal<Verdict>) -> impl IntoView {
    view! {
        <p class="what-if__verdict">
            <span class="what-if__judge">{name}</span>
            <StatusBadge verdict=now/>
            <span class="what-if__own">{move || (now.get() != own).then(|| format!("instead of {}", own.label().to_lowercase()))}</span>
        </p>
    }
    .into_any()
}

/// Where a slider goes, and where it stands by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Range {
    own: f64,
    low: f64,
    high: f64,
    step: f64,
}

#[component]
fn Slider(
    label: &'static str,
    range: Range,
    value: Signal<Option<f64>>,
    set: Callback<Option<f64>>,
    write_down: Callback<()>,
) -> impl IntoView {
    let Range { own, low, high, step } = range;
    let stands = move || value.get().unwrap_or(own);
    let read = move |event| {
        let value: f64 = event_target_value(&event).parse().unwrap_or(own);
        // Back where it was is no question any more.
        set.run(Some(value).filter(|value| (value - own).abs() >= step / 2.0));
    };
    view! {
        <label class="what-if__slider">
            <span class="field__label">{label}</span>
            <input
                type="range"
                aria-label=label
                min=low
                max=high
                step=step
                value=value.get_untracked().unwrap_or(own)
                prop:value=stands
                on:input=read
                on:change=move |_| write_down.run(())
            />
            <output class="what-if__value">{move || format::number(stands())}</output>
        </label>
    }
    .into_any()
}

/// The sliders that a column has.
struct Controls {
    minimum: Option<(&'static str, Range)>,
    q: Range,
}

impl Controls {
    fn of(report: &DriftReport, column: &ColumnReport) -> Self {
        let own_q = report.settings.calibrated.q;
        let minimum = match &column.calibrated.values {
            Tested::Tested(test) => {
                let own = test.effect.minimum;
                match test.effect.kind {
                    EffectKind::RateRatio => Some((
                        "Calibrated: smallest rate ratio that matters",
                        Range { own, low: 1.0, high: own.max(5.0), step: 0.05 },
                    )),
                    _ => Some((
                        "Calibrated: smallest effect that matters",
                        Range { own, low: 0.0, high: own.max(0.5), step: 0.005 },
                    )),
                }
            }
            Tested::NotTested(_) => None,
        };
        Self { minimum, q: Range { own: own_q, low: 0.0, high: own_q.max(0.2), step: 0.005 } }
    }

    /// The range of thresholds that the score of a method is held against.
    fn threshold(column: &ColumnReport) -> Option<Range> {
        let Tested::Tested(outcome) = &column.evidently else { return None };
        let own = outcome.method.default_threshold();
        Some(match outcome.score {
            Score::PValue(_) => Range { own, low: 0.0, high: 0.5, step: 0.005 },
            Score::Distance(distance) => {
                // To twice the distance, in round numbers: the place where the verdict turns is within reach.
                let high = [0.5, 1.0, 2.0, 5.0, 10.0, 100.0].into_iter().find(|high| *high >= 2.0 * distance.max(own));
                let high = high.unwrap_or_else(|| (2.0 * distance).ceil());
                Range { own, low: 0.0, high, step: high / 100.0 }
            }
        })
    }
}

/// The methods that apply to a type and answer at once. Those that draw samples or learn words take their time.
const fn methods(column_type: ColumnType) -> &'static [Method] {
    match column_type {
        ColumnType::Numerical => &[
            Method::Wasserstein,
            Method::Ks,
            Method::JensenShannon,
            Method::Psi,
            Method::KlDiv,
            Method::Hellinger,
            Method::CramerVonMises,
            Method::MannWhitney,
            Method::TTest,
        ],
        ColumnType::Categorical => {
            &[Method::JensenShannon, Method::ChiSquare, Method::GTest, Method::Psi, Method::KlDiv, Method::Hellinger]
        }
        ColumnType::Datetime | ColumnType::Text => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_can_be_turned_by_the_threshold_whatever_the_distance_is() {
        let outcome = |score| {
            let json = serde_json::json!({
                "method": "wasserstein", "column_type": "numerical", "score": score, "threshold": 0.1, "drifted": true,
                "n_reference": 1, "n_current": 1, "note": null
            });
            Tested::Tested(serde_json::from_value(json).unwrap())
        };
        let mut column: ColumnReport = serde_json::from_value(serde_json::json!({
            "name": "x", "role": "feature", "column_type": "numerical",
            "reference": serde_json::to_value(tidemark::report::SideSummary::default()).unwrap(),
            "current": serde_json::to_value(tidemark::report::SideSummary::default()).unwrap(),
            "evidently": { "not_tested": { "reason": "none_missing" } },
            "calibrated": { "verdict": "not_tested", "values": { "not_tested": { "reason": "none_missing" } }, "missing": { "not_tested": { "reason": "none_missing" } },
                "new_categories": [], "vanished_categories": [] },
            "why_they_differ": null, "importance": null, "distribution": { "kind": "empty" }
        }))
        .unwrap();
        assert_eq!(Controls::threshold(&column), None, "nothing was tested");
        for distance in [0.0, 0.09, 0.4, 7.0, 1234.5] {
            column.evidently = outcome(serde_json::json!({ "kind": "distance", "value": distance }));
            let range = Controls::threshold(&column).unwrap();
            assert!(range.high > distance && range.own < range.high, "{distance}: {range:?}");
        }
        column.evidently = outcome(serde_json::json!({ "kind": "p_value", "value": 1e-9 }));
        assert_eq!(Controls::threshold(&column).unwrap().high, 0.5);
    }
}
