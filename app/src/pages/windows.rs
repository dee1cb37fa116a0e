//! `/windows`: any two stretches of a model's log, held against each other.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use tidemark::render::format;

use crate::api;
use crate::components::awaited::awaited;
use crate::components::empty_state::EmptyState;
use crate::components::model_switch::ModelSwitch;
use crate::components::report_view::ReportView;
use crate::error::AppError;
use crate::report_summary::{Whole, text_while_open};
use crate::windows::{Stretch, Windows, WindowsCompared, WindowsQuery};

/// The page. The address says which stretches; it works without a script.
#[component]
pub fn WindowsPage() -> impl IntoView {
    let address = use_query_map();
    let asked = Memo::new(move |_| address.with(|address| WindowsQuery::of(|name| address.get(name))));
    let found = Resource::new(move || asked.get(), api::load_windows);
    let text = text_while_open(move || asked.get(), api::load_windows_text);
    view! {
        <Title text="Compare two windows"/>
        {awaited("Compare two windows", "Comparing", found, move |found| view! { <Shown found text/> }.into_any())}
    }
    .into_any()
}

#[component]
fn Shown(found: WindowsCompared, text: Resource<Result<String, AppError>>) -> impl IntoView {
    let WindowsCompared { windows: Windows { model, models, log, chosen }, report } = found;
    let there_are = match log {
        Some(log) => format!("The log has rows {} to {}.", format::count(log.first), format::count(log.last)),
        None => "The log has no row yet.".to_owned(),
    };
    view! {
        <ModelSwitch models shown=model.clone() page="/windows"/>
        <header class="page__head">
            <div>
                <p class="page__crumb"><a href=format!("/reports?model={model}")>"Reports of " {model.clone()}</a></p>
                <h1 class="page__title">"Compare two windows"</h1>
                <p class="page__subtitle">
                    "Any two stretches of the log, held against each other: before and after a release, this week and the last. "
                    {there_are}
                </p>
            </div>
        </header>
        {chosen.map(|(reference, current)| view! { <Choice model reference current/> })}
        {match report {
            Some(report) => {
                view! {
                    <ReportView
                        report
                        whole=Whole::Stored(text)
                        meta=move || view! { <span>"Computed for this page; nothing is stored"</span> }
                    />
                }
                    .into_any()
            }
            None => {
                view! {
                    <EmptyState title="There is nothing to compare yet">
                        <p>"It takes a model that came with a reference, and at least two rows in the log."</p>
                    </EmptyState>
                }
                    .into_any()
            }
        }}
    }
    .into_any()
}

#[component]
fn Choice(model: String, reference: Stretch, current: Stretch) -> impl IntoView {
    view! {
        <form class="chart-frame worth" method="get" action="/windows">
            <input type="hidden" name="model" value=model/>
            <div class="worth__fields">
                <Rows label="Held against" name="reference" rows=reference/>
                <Rows label="Looked at" name="current" rows=current/>
            </div>
            <button class="button button--primary" r#type="submit">"Compare"</button>
        </form>
    }
    .into_any()
}

#[component]
fn Rows(label: &'static str, name: &'static str, rows: Stretch) -> impl IntoView {
    view! {
        <label class="field">
            <span class="field__label">{label} ", rows"</span>
            <input class="input" name=name inputmode="numeric" autocomplete="off" required value=rows.to_string()/>
        </label>
    }
    .into_any()
}
