//! The bar on top of every page.

use leptos::prelude::*;
use leptos_router::components::A;

use super::logo::Logo;
use super::theme_toggle::ThemeToggle;

/// Name, the places to go, and the theme.
#[component]
pub fn SiteHeader() -> impl IntoView {
    view! {
        <header class="site-header">
            <div class="site-header__inner">
                <a class="site-header__home" href="/" aria-label="Tidemark, overview">
                    <Logo/>
                    <span class="site-header__name">"Tidemark"</span>
                </a>
                <nav class="site-header__nav" aria-label="Main">
                    <A href="/" exact=true>"Overview"</A>
                    <A href="/monitors">"Monitors"</A>
                    <A href="/reports">"Reports"</A>
                    <A href="/performance">"Performance"</A>
                    <A href="/alerts">"Alerts"</A>
                    <A href="/compare">"Compare"</A>
                </nav>
                <ThemeToggle/>
            </div>
        </header>
    }
    .into_any()
}
