//! What one sees at an address without a page.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::error_state::ErrorState;

#[cfg_attr(feature = "ssr", path = "not_found/status.rs")]
#[cfg_attr(not(feature = "ssr"), path = "not_found/status_browser.rs")]
mod status;

/// The page, with status 404 where it is rendered on the server.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    status::set_not_found();
    crate::parts::answers_clicks();
    view! {
        <Title text="Not found"/>
        <div class="page page--narrow">
            <h1 class="page__title">"There is no such page"</h1>
            <ErrorState
                title="Not found"
                detail="The address is mistyped, or what was here is gone."
            >
                <a class="button button--primary" href="/">"Go to the overview"</a>
                <a class="button" href="/reports">"See all reports"</a>
            </ErrorState>
        </div>
    }
    .into_any()
}
