//! How well a model did on both files, where they hold what was said and what was true.

use leptos::prelude::*;
use serde::Deserialize;
use tidemark::performance::windows::{Columns, Split};
use tidemark::performance::{Figure, Summary};
use tidemark::render::format;

use super::job::plain_error;
use crate::components::performance_card::words;
use crate::components::plain_table::{Head, PlainTable};
use crate::lab::Event;
use crate::lab::bridge::{self, Picked};

/// What the worker says of both files.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Sides {
    /// Of the reference.
    pub reference: Summary,
    /// Of the current file; `None` where no row has a label.
    pub current: Option<Summary>,
    /// Where a change comes from, of two classes.
    pub splits: Vec<Split>,
}

/// Asks which columns hold what, and shows the figures of both files side by side. The worker works them out.
#[component]
pub fn OnBoth(
    /// The reference.
    reference: Picked,
    /// The current file.
    current: Picked,
    /// The columns that both may have.
    names: Vec<String>,
) -> impl IntoView {
    let files = StoredValue::new_local([reference, current]);
    let answer = RwSignal::new(None::<Result<Sides, String>>);
    let is_running = RwSignal::new(false);
    let guess = |known: &[&str]| names.iter().find(|name| known.contains(&name.to_lowercase().as_str())).cloned();
    let target = RwSignal::new(guess(&["target", "label", "class", "y", "truth", "y_true"]).unwrap_or_default());
    let prediction = RwSignal::new(guess(&["prediction", "y_pred", "predicted"]).unwrap_or_default());
    let score = RwSignal::new(guess(&["score", "probability", "y_pred_proba", "proba"]).unwrap_or_default());
    let ask = move |_| {
        let filled = |name: String| Some(name).filter(|name| !name.is_empty());
        let columns = Columns {
            target: target.get_untracked(),
            prediction: filled(prediction.get_untracked()),
            score: filled(score.get_untracked()),
            positive: None,
            threshold: 0.5,
        };
        let columns = serde_json::to_string(&columns).expect("columns are plain data");
        is_running.set(true);
        let on_event = move |event| {
            let found = match event {
                Event::Progress(_) | Event::Files(_) => return,
                Event::Error(message) => Err(message),
                Event::Answer { text, .. } => serde_json::from_str(&text).map_err(|error| plain_error(&error)),
            };
            // The page may have been left meanwhile.
            let _ = is_running.try_set(false);
            let _ = answer.try_set(Some(found));
        };
        let fields = serde_json::json!({ "columns": columns }).to_string();
        bridge::ask("performance", fields, Some(files.get_value()), on_event);
    };
    let names = StoredValue::new(names);
    let field = move |label: &'static str, id: &'static str, chosen: RwSignal<String>| {
        // A table may have thousands of columns.
        const SUGGESTED: usize = 50;
        let suggestions = move || {
            let text = chosen.get().to_lowercase();
            let fits = |name: &&String| name.to_lowercase().contains(&text);
            let option = |name: &String| view! { <option value=name.clone()></option> };
            names.with_value(|names| names.iter().filter(fits).take(SUGGESTED).map(option).collect_view())
        };
        view! {
            <label class="field">
                <span class="field__label">{label}</span>
                <input
                    class="input"
                    list=id
                    placeholder="none"
                    autocomplete="off"
                    spellcheck="false"
                    value=chosen.get_untracked()
                    on:input=move |event| chosen.set(event_target_value(&event))
                />
                <datalist id=id>{suggestions}</datalist>
            </label>
        }
    };
    view! {
        <section class="report__section needs-script" aria-labelledby="on-both">
            <div class="report__head">
                <h2 id="on-both">"How well a model did on both"</h2>
                <p class="report__hint">"If the files hold what a model said and what was true."</p>
            </div>
            <div class="compare__columns">
                {field("What was true", "columns-true", target)}
                {field("What was said", "columns-said", prediction)}
                {field("Score of the positive class", "columns-score", score)}
                <button
                    class="button button--primary"
                    r#type="button"
                    disabled=move || is_running.get() || target.get().is_empty()
                    on:click=ask
                >
                    "Work it out"
                </button>
            </div>
            <div aria-live="polite">
                {move || {
                    answer
                        .get()
                        .map(|answer| match answer {
                            Ok(sides) => view! { <SideBySide sides/> }.into_any(),
                            Err(message) => view! { <p class="problem" role="alert">{message}</p> }.into_any(),
                        })
                }}
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn SideBySide(sides: Sides) -> impl IntoView {
    let Sides { reference, current, splits } = sides;
    let cell = |figure: Option<&Figure>| {
        let value = figure.and_then(Figure::value).map_or_else(|| "–".to_owned(), format::number);
        let interval = figure.and_then(Figure::interval);
        let range = interval
            .map(|interval| format!("{} to {}", format::number(interval.lower), format::number(interval.upper)));
        view! { <td class="plain-table__number">{value} <span class="plain-table__sub">{range}</span></td> }
    };
    let has_splits = !splits.is_empty();
    let lines = reference.figures.iter().map(|named| {
        let split = splits.iter().find(|split| split.metric.name() == named.name);
        let part = |x: Option<f64>| x.map_or_else(|| "–".to_owned(), |x| format!("{x:+.4}"));
        let (inputs, relation) = (part(split.map(|split| split.inputs)), part(split.map(|split| split.relation)));
        view! {
            <tr>
                <th scope="row">{words(&named.name)}</th>
                {cell(Some(&named.figure))}
                {cell(current.as_ref().and_then(|current| current.figure(&named.name)))}
                {has_splits
                    .then(|| {
                        view! {
                            <td class="plain-table__number plain-table__wide">{inputs}</td>
                            <td class="plain-table__number plain-table__wide">{relation}</td>
                        }
                    })}
            </tr>
        }
    });
    let lines = lines.collect_view();
    let mut heads = vec![Head::new("Figure"), Head::number("Reference"), Head::number("Current")];
    if has_splits {
        heads.extend([Head::number("By the inputs").wide(), Head::number("By the relation").wide()]);
    }
    view! {
        <PlainTable caption="Performance on both files" heads=heads>{lines}</PlainTable>
    }
    .into_any()
}
