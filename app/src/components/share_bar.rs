//! A share against the threshold from which on it counts.

use leptos::prelude::*;
use tidemark::render::format;

/// A bar from 0 to 100% with a mark at the threshold.
#[component]
pub fn ShareBar(
    /// The share, 0 to 1.
    #[prop(into)]
    share: Signal<f64>,
    /// Where the mark stands, 0 to 1.
    #[prop(into)]
    threshold: Signal<f64>,
    /// Whether the share counts as drift.
    #[prop(into)]
    drifted: Signal<bool>,
) -> impl IntoView {
    let label = move || format!("{} of {} needed", format::share(share.get()), format::share(threshold.get()));
    view! {
        <svg
            class="share-bar"
            class:share-bar--drifted=move || drifted.get()
            viewBox="0 0 200 14"
            preserveAspectRatio="none"
            role="img"
            aria-label=label
        >
            <rect class="share-bar__track" y="4" width="200" height="6" rx="3"></rect>
            <rect class="share-bar__fill" y="4" width=move || format!("{:.1}", 200.0 * share.get()) height="6" rx="3"></rect>
            <rect class="share-bar__mark" x=move || format!("{:.1}", 200.0 * threshold.get() - 0.75) width="1.5" height="14"></rect>
        </svg>
    }
    .into_any()
}
