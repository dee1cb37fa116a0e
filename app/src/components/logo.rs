//! The mark: a wave against a tide gauge.

use leptos::prelude::*;

/// The mark alone; the name stands beside it as text.
#[component]
pub fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
            <rect class="logo__ground" width="32" height="32" rx="8"></rect>
            <path class="logo__mark" d="M6 9.5h5M6 14h3"></path>
            <path class="logo__wave" d="M6 20.5c3.3 0 3.7-6.5 7.3-6.5s4 6.5 7.4 6.5S24 17.6 26 16.6"></path>
            <path class="logo__level" d="M6 25h20"></path>
        </svg>
    }
}
