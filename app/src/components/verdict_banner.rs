//! The verdict over everything, in one sentence. What one reads in the first ten seconds.

use leptos::prelude::*;
use tidemark::judge::Verdict;

use super::status_badge::{StatusMark, css_name};

/// A banner in the colour of its verdict.
#[component]
pub fn VerdictBanner(
    /// How it stands.
    #[prop(into)]
    verdict: Signal<Verdict>,
    /// That in a word or two: "No drift".
    #[prop(into)]
    label: Signal<String>,
    /// That in a sentence.
    #[prop(into)]
    sentence: Signal<String>,
    /// Which rows, when, and where more is to be found.
    children: Children,
    /// Buttons.
    #[prop(optional, into)]
    actions: ViewFnOnce,
) -> impl IntoView {
    view! {
        <section class=move || format!("verdict-banner verdict-banner--{}", css_name(verdict.get())) aria-label="Verdict">
            <div class="verdict-banner__body" aria-live="polite">
                <p class="verdict-banner__label">
                    {move || view! { <StatusMark verdict=verdict.get()/> }}
                    <span>{move || label.get()}</span>
                </p>
                <p class="verdict-banner__sentence">{move || sentence.get()}</p>
            </div>
            <div class="verdict-banner__meta">{children()}</div>
            <div class="verdict-banner__actions">{actions.run()}</div>
        </section>
    }
    .into_any()
}
