//! Nothing yet: what is awaited, and what one can do about it.

use leptos::prelude::*;

use super::logo::Logo;

/// A calm box with a heading and a few words.
#[component]
pub fn EmptyState(
    /// What is not there yet.
    #[prop(into)]
    title: String,
    /// What is awaited, and what one can do.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="empty-state">
            <Logo/>
            <h2 class="empty-state__title">{title}</h2>
            <div class="empty-state__body">{children()}</div>
        </section>
    }
    .into_any()
}
