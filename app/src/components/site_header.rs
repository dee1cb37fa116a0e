//! The bar on top of every page.

use leptos::html::Details;
use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_location;

use super::logo::Logo;
use super::overlay::SearchButton;
use super::theme_toggle::ThemeToggle;

/// Name, the places to go, and the theme.
#[component]
pub fn SiteHeader() -> impl IntoView {
    let menu = NodeRef::<Details>::new();
    // On a small screen: where one went, the menu is not.
    let close = move |_| {
        if let Some(menu) = menu.get_untracked() {
            let _ = menu.remove_attribute("open");
        }
    };
    view! {
        <header class="site-header">
            <div class="site-header__inner">
                <a class="site-header__home" href="/" aria-label="Tidemark, overview">
                    <Logo/>
                    <span class="site-header__name">"Tidemark"</span>
                </a>
                <nav class="site-header__nav" aria-label="Main"><Places/></nav>
                <details class="site-header__menu" node_ref=menu>
                    <summary class="site-header__summary">"Menu"</summary>
                    <nav class="site-header__sheet" aria-label="Main" on:click=close><Places/></nav>
                </details>
                <SearchButton/>
                <ThemeToggle/>
            </div>
        </header>
    }
    .into_any()
}

/// The places to go.
#[component]
fn Places() -> impl IntoView {
    let path = use_location().pathname;
    // Of several models `/models` is the overview.
    let is_overview = move || path.with(|path| path == "/" || path == "/models").then_some("page");
    view! {
        <a href="/" aria-current=is_overview>"Overview"</a>
        <A href="/monitors">"Monitors"</A>
        <A href="/reports">"Reports"</A>
        <A href="/quality">"Quality"</A>
        <A href="/performance">"Performance"</A>
        <A href="/alerts">"Alerts"</A>
        <A href="/compare">"Compare"</A>
    }
    .into_any()
}
