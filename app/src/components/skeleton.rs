//! What stands where something is on its way.

use leptos::prelude::*;

/// Grey bars of about the size of what comes.
#[component]
pub fn Skeleton(
    /// What is loading, for those who hear the page.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="visually-hidden">{label}</span>
            <div class="skeleton__title"></div>
            <div class="skeleton__tiles">
                <div></div>
                <div></div>
                <div></div>
                <div></div>
            </div>
            <div class="skeleton__body"></div>
        </div>
    }
    .into_any()
}
