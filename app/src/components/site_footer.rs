//! The line under every page.

use leptos::prelude::*;

/// What this is, and which version of it.
#[component]
pub fn SiteFooter() -> impl IntoView {
    view! {
        <footer class="site-footer">
            <div class="site-footer__inner">
                <span>"Tidemark " {tidemark::VERSION}</span>
                <span class="site-footer__links">
                    <a href="/keys">"Keys"</a>
                    <a href="/docs" rel="external">"API"</a>
                    <a href="/styleguide">"Style guide"</a>
                </span>
                <span>"The same arithmetic on the server, on the command line and in your browser."</span>
            </div>
        </footer>
    }
    .into_any()
}
