//! The mark: a tide mark, and the water that has risen past it.

use leptos::prelude::*;

/// The mark alone; the name stands beside it as text. The same drawing as `public/favicon.svg`.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
            <path class="logo__mark" d="M3 12h26"></path>
            <path
                class="logo__wave"
                d="M3 24c3.5 0 3.5-4 6.5-4s3 5.5 6 5.5c5.5 0 4-20.5 9.5-20.5 2.200 0 3.200 1.200 4 2.5"
            ></path>
        </svg>
    }
}
