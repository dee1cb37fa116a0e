//! More about the latest labelled window: its confusion matrix, its calibration, and what it is worth.

use leptos::prelude::*;
use tidemark::performance::ranking::Operating;
use tidemark::performance::reliability::Reliability;
use tidemark::render::format;

use crate::charts::{reliability_diagram, worth_curve};
use crate::performance::standing::moment;
use crate::performance::{LatestLabelled, Money, Performance};

/// Nothing where no window has labels, or the model has other than two classes.
#[component]
pub fn Latest(found: StoredValue<Performance>, shown: Memo<String>) -> impl IntoView {
    let latest = found.with_value(|found| Some((found.latest.clone()?, found.model.clone(), found.positive.clone())));
    latest.map(|(latest, model, positive)| {
        let positive = positive.unwrap_or_else(|| "positive".to_owned());
        let LatestLabelled { window, confusion, reliability, money } = latest;
        let rows = format!(
            "{} labelled of {} that came until {}.",
            format::count(confusion.n_rows()),
            format::plural(window.rows(), "row"),
            moment(window.to)
        );
        let called = Operating { threshold: None, confusion };
        view! {
            <section class="stack" aria-labelledby="latest">
                <div class="report__head">
                    <h2 id="latest" class="section-title">"The latest labelled window"</h2>
                    <p class="report__hint">{rows}</p>
                </div>
                <div class="performance__pair">
                    <figure class="chart-frame">
                        <h3 class="chart-frame__title">"What was said, and what was true"</h3>
                        <Matrix at=called positive/>
                    </figure>
                    {reliability.map(|reliability| view! { <Calibration reliability/> })}
                </div>
            </section>
            <Worth money model shown/>
        }
    })
}

#[component]
fn Matrix(at: Operating, positive: String) -> impl IntoView {
    let confusion = at.confusion;
    let whole = confusion.n_rows().max(1) as f64;
    let cell = |n: u64, is_right: bool| {
        let class =
            if is_right { "confusion__cell confusion__cell--right" } else { "confusion__cell confusion__cell--wrong" };
        view! {
            <td class=class>
                <span class="confusion__count">{format::count(n)}</span>
                <span class="confusion__share">{format::share(n as f64 / whole)}</span>
            </td>
        }
    };
    view! {
        <table class="confusion">
            <thead>
                <tr>
                    <td></td>
                    <th scope="col">{format!("called {positive}")}</th>
                    <th scope="col">"called otherwise"</th>
                </tr>
            </thead>
            <tbody>
                <tr>
                    <th scope="row">{format!("truly {positive}")}</th>
                    {cell(confusion.true_positive, true)}
                    {cell(confusion.false_negative, false)}
                </tr>
                <tr>
                    <th scope="row">"truly otherwise"</th>
                    {cell(confusion.false_positive, false)}
                    {cell(confusion.true_negative, true)}
                </tr>
            </tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Calibration(reliability: Reliability) -> impl IntoView {
    let caption = format!(
        "Across: the probability that was said; up: how often it came true. On average they differ by {}, of which chance alone makes {}.",
        format::number(reliability.ece),
        format::number(reliability.ece_of_chance)
    );
    view! {
        <figure class="chart-frame">
            <h3 class="chart-frame__title">"Whether probabilities come true"</h3>
            <div class="chart__svg" inner_html=reliability_diagram(&reliability)></div>
            <figcaption class="chart-frame__caption">{caption}</figcaption>
        </figure>
    }
    .into_any()
}

#[component]
fn Worth(money: Money, model: String, shown: Memo<String>) -> impl IntoView {
    let Money { values, now, best, best_per_day, asked, curve } = money;
    let per_day = |(total, day): (f64, Option<f64>)| match day {
        Some(day) => format!("{} ({} a day)", format::number(total), format::number(day)),
        None => format::number(total),
    };
    let best_at = best.operating.threshold.map_or_else(|| "none called positive".to_owned(), format::number);
    let asked_at = asked.and_then(|asked| asked.operating.threshold);
    let field = |label: &'static str, name: &'static str, value: f64| {
        view! {
            <label class="field">
                <span class="field__label">{label}</span>
                <input class="input" name=name inputmode="decimal" value=value.to_string()/>
            </label>
        }
    };
    let picture = worth_curve(&curve, best.operating.threshold, asked_at);
    let has_picture = !picture.is_empty();
    view! {
        <section class="stack" aria-labelledby="worth">
            <h2 id="worth" class="section-title">"What it is worth, and at which threshold"</h2>
            <div class="performance__pair">
                <form class="chart-frame worth" method="get" action="/performance">
                    <input type="hidden" name="model" value=model/>
                    <input type="hidden" name="metric" value=move || shown.get()/>
                    <p class="chart-frame__caption">"What one row of each kind earns; what costs is negative."</p>
                    <div class="worth__fields">
                        {field("Right alarm", "true_positive", values.true_positive)}
                        {field("False alarm", "false_positive", values.false_positive)}
                        {field("Missed", "false_negative", values.false_negative)}
                        {field("Rightly quiet", "true_negative", values.true_negative)}
                        <label class="field">
                            <span class="field__label">"Threshold to try"</span>
                            <input class="input" name="threshold" inputmode="decimal" placeholder="none" value=asked_at.map(|at| at.to_string()).unwrap_or_default()/>
                        </label>
                    </div>
                    <button class="button button--primary" r#type="submit">"Work it out"</button>
                </form>
                <figure class="chart-frame">
                    <dl class="worth__results">
                        <div>
                            <dt>"As it was called"</dt>
                            <dd>{per_day(now)}</dd>
                        </div>
                        <div>
                            <dt>{format!("Best threshold: {best_at}")}</dt>
                            <dd>{per_day((best.total, best_per_day))}</dd>
                        </div>
                        {asked
                            .map(|asked| {
                                let confusion = asked.operating.confusion;
                                view! {
                                    <div>
                                        <dt>{format!("At {}", format::number(asked_at.unwrap_or_default()))}</dt>
                                        <dd>
                                            {format!(
                                                "{}: {} called, {} of them rightly; {} missed",
                                                format::number(asked.total),
                                                format::count(confusion.n_called()),
                                                format::count(confusion.true_positive),
                                                format::count(confusion.false_negative),
                                            )}
                                        </dd>
                                    </div>
                                }
                            })}
                    </dl>
                    {has_picture.then(|| view! { <div class="chart__svg" inner_html=picture></div> })}
                    <figcaption class="chart-frame__caption">
                        "All rows of the window together, if rows from a threshold on were called positive. The best threshold was chosen by these rows, and promises a little more than it keeps."
                    </figcaption>
                </figure>
            </div>
        </section>
    }
    .into_any()
}
