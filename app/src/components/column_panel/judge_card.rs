//! What each of the judges found, number by number.

use leptos::prelude::*;
use tidemark::judge::nannyml::{ColumnChunks, Measured, Method};
use tidemark::judge::{Calibrated, EffectTest, Verdict};
use tidemark::render::format;
use tidemark::stattest::{TestOutcome, Tested};

use crate::components::column_table::view::{direction_words, effect_interval, effect_value, one};
use crate::components::effect_ruler::EffectRuler;
use crate::components::status_badge::StatusBadge;

/// The calibrated judge: a test of the values and one of what is missing.
#[component]
pub fn CalibratedCard(
    /// What it found.
    found: Calibrated,
    /// The share of false alarms it allows itself.
    q: f64,
) -> impl IntoView {
    let further = found
        .further
        .into_iter()
        .map(|test| {
            view! {
                <h4 class="judge-card__part">{test.test.clone()}</h4>
                {effect_test(Tested::Tested(test), q)}
            }
        })
        .collect_view();
    view! {
        <section class="judge-card">
            <header class="judge-card__head">
                <h3>"Calibrated"</h3>
                <StatusBadge verdict=found.verdict/>
            </header>
            <h4 class="judge-card__part">"Values"</h4>
            {effect_test(found.values, q)}
            {further}
            <h4 class="judge-card__part">"Missing values"</h4>
            {effect_test(found.missing, q)}
        </section>
    }
    .into_any()
}

/// Evidently 0.7: one test, one threshold.
#[component]
pub fn EvidentlyCard(
    /// What it found.
    found: Tested<TestOutcome>,
    /// What that adds up to.
    verdict: Verdict,
) -> impl IntoView {
    let body = match found {
        Tested::NotTested(reason) => view! { <NotTestedLine reason=reason.to_string()/> }.into_any(),
        Tested::Tested(outcome) => view! {
            <dl class="facts">
                <Fact name="Test" value=outcome.method.display_name()/>
                <Fact name="Score" value=format::score(&outcome.score)/>
                <Fact name="Threshold" value=format::number(outcome.threshold)/>
                <Fact name="Taken as" value=outcome.column_type.name()/>
                <Fact name="Reference values" value=format::count(outcome.n_reference)/>
                <Fact name="Current values" value=format::count(outcome.n_current)/>
            </dl>
            {outcome.note.map(|note| view! { <p class="judge-card__note">{note}</p> })}
        }
        .into_any(),
    };
    view! {
        <section class="judge-card">
            <header class="judge-card__head">
                <h3>"Evidently 0.7"</h3>
                <StatusBadge verdict/>
            </header>
            {body}
        </section>
    }
    .into_any()
}

/// NannyML 0.13: chunks, each method's thresholds, and the statistics beside it.
#[component]
pub fn NannymlCard(
    /// What it found.
    found: ColumnChunks,
    /// How many chunks alert, and since when.
    alerting: String,
) -> impl IntoView {
    let verdict = found.verdict();
    let body = match found.drift {
        Tested::NotTested(reason) => view! { <NotTestedLine reason=reason.to_string()/> }.into_any(),
        Tested::Tested(methods) => {
            let largest = |method: &Measured<Method>| {
                let values = method.current.iter().filter_map(|chunk| chunk.value);
                values.reduce(f64::max).map_or_else(|| "none".to_owned(), format::number)
            };
            let facts = methods.iter().map(|method| {
                let upper = method.upper_threshold.map(|bound| format!(", threshold {}", format::number(bound)));
                let value = format!("{} at most{}", largest(method), upper.unwrap_or_default());
                view! { <Fact name=method.measure.display_name() value/> }
            });
            view! {
                <dl class="facts">
                    <Fact name="Alerts" value=alerting/>
                    {facts.collect_view()}
                    <Fact name="Taken as" value=found.kind.name()/>
                </dl>
            }
            .into_any()
        }
    };
    let statistics = found.statistics.iter().map(|statistic| {
        let n_alerting = statistic.current.iter().filter(|chunk| chunk.alert).count() as u64;
        let of = format::plural(statistic.current.len() as u64, "chunk");
        view! { <Fact name=statistic.measure.display_name() value=format!("alerts in {} of {of}", format::count(n_alerting))/> }
    });
    view! {
        <section class="judge-card">
            <header class="judge-card__head">
                <h3>"NannyML 0.13"</h3>
                <StatusBadge verdict/>
            </header>
            {body}
            <dl class="facts">{statistics.collect_view()}</dl>
        </section>
    }
    .into_any()
}

fn effect_test(found: Tested<EffectTest>, q: f64) -> AnyView {
    match found {
        Tested::NotTested(reason) => view! { <NotTestedLine reason=reason.to_string()/> }.into_any(),
        Tested::Tested(test) => {
            let effect = test.effect.clone();
            let sign = if test.p_adjusted <= q { "≤" } else { ">" };
            view! {
                <p class="judge-card__effect">
                    <span class="judge-card__value">{effect_value(&effect)}</span>
                    <span class="judge-card__interval">
                        {format!("{}, {} with 95% confidence", effect.kind.label(), effect_interval(&effect))}
                    </span>
                    <EffectRuler effect=effect.clone()/>
                </p>
                <dl class="facts">
                    <Fact name="Verdict" value=test.verdict.label()/>
                    <Fact name="Smallest that matters" value=one(&effect, effect.minimum)/>
                    <Fact name="Test" value=test.description()/>
                    <Fact name="p" value=format::far_p_value(test.p_value, test.log10_p)/>
                    <Fact
                        name="p, corrected"
                        value=format!("{} {sign} {}", format::far_p_value(test.p_adjusted, test.log10_p_adjusted), format::number(q))
                    />
                    {test.direction.map(|way| view! { <Fact name="Direction" value=direction_words(way, effect.kind)/> })}
                </dl>
            }
            .into_any()
        }
    }
}

#[component]
fn NotTestedLine(reason: String) -> impl IntoView {
    view! { <p class="judge-card__reason">"Not tested: " {reason} "."</p> }
}

#[component]
fn Fact(#[prop(into)] name: String, #[prop(into)] value: String) -> impl IntoView {
    view! {
        <div class="facts__fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
    .into_any()
}
