//! A verdict as shape, word and colour: any two of them would do.

use leptos::prelude::*;
use tidemark::judge::Verdict;

/// A badge. `label` replaces the verdict's own word, for data sets: "No drift" rather than "Stable".
#[component]
pub fn StatusBadge(
    /// What is said.
    #[prop(into)]
    verdict: Signal<Verdict>,
    /// Other words for it.
    #[prop(into, optional)]
    label: MaybeProp<String>,
) -> impl IntoView {
    view! {
        <span class=move || format!("status-badge status-badge--{}", css_name(verdict.get()))>
            {move || view! { <StatusMark verdict=verdict.get()/> }}
            <span>{move || label.get().unwrap_or_else(|| verdict.get().label().to_owned())}</span>
        </span>
    }
}

/// The shape alone, where the word stands beside it anyway.
#[component]
pub fn StatusMark(
    /// What it stands for.
    verdict: Verdict,
) -> impl IntoView {
    view! {
        <svg class=format!("status-mark status-mark--{}", css_name(verdict)) viewBox="0 0 12 12" aria-hidden="true">
            <path class="status-mark__fill" d=fill(verdict)></path>
            <path class="status-mark__stroke" d=stroke(verdict)></path>
        </svg>
    }
}

/// The part of class names that stands for a verdict: `not-enough-data`.
pub fn css_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Drifted => "drifted",
        Verdict::Minor => "minor",
        Verdict::NotEnoughData => "not-enough-data",
        Verdict::Stable => "stable",
        Verdict::NotTested => "not-tested",
    }
}

/// Triangle, half-filled diamond, nothing, disc, nothing: told apart without colour and at 12 pixels.
const fn fill(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Drifted => "M6 .8 11.6 10.8H.4Z",
        Verdict::Minor => "M6 .8 11.2 6H.8Z",
        Verdict::Stable => "M6 1a5 5 0 1 0 0 10A5 5 0 1 0 6 1Z",
        Verdict::NotEnoughData | Verdict::NotTested => "",
    }
}

const fn stroke(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Drifted => "",
        Verdict::Minor => "M6 1.5 10.5 6 6 10.5 1.5 6Z",
        Verdict::Stable => "M3.7 6.1 5.3 7.7 8.4 4.5",
        Verdict::NotEnoughData => "M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9",
        Verdict::NotTested => "M2.5 6h7",
    }
}
