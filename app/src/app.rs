//! The document around every page, and the table of routes.

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::assets::AssetVersion;
use crate::components::site_footer::SiteFooter;
use crate::components::site_header::SiteHeader;
use crate::components::theme_toggle::{THEME_SCRIPT, provide_theme};
use crate::pages::alerts::AlertsPage;
use crate::pages::change::ChangePage;
use crate::pages::compare::ComparePage;
use crate::pages::detectors::DetectorsPage;
use crate::pages::monitor::MonitorPage;
use crate::pages::monitor_form::MonitorFormPage;
use crate::pages::monitors::MonitorsPage;
use crate::pages::not_found::NotFoundPage;
use crate::pages::overview::OverviewPage;
use crate::pages::performance::PerformancePage;
use crate::pages::report::ReportPage;
use crate::pages::reports::ReportsPage;
use crate::pages::shares::SharesPage;

/// The HTML document. Only the server renders it; the browser hydrates [`App`] inside its body.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let assets = AssetVersion::of_server();
    // Our own instead of `HydrationScripts`: the files are embedded in the binary and versioned by a query.
    let hydrate = format!(
        "import init, {{ hydrate }} from {script:?};\nawait init({{ module_or_path: {wasm:?} }});\nhydrate();",
        script = assets.href("tidemark.js"),
        wasm = assets.href("tidemark_bg.wasm"),
    );
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <meta name="tidemark-assets" content=assets.0.clone()/>
                // Before the style sheet, so that no page is ever painted in the wrong theme.
                <script nonce=use_nonce()>{THEME_SCRIPT}</script>
                <link rel="preload" href="/pkg/fonts/inter-latin-wght-normal.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="stylesheet" href=assets.href("tidemark.css")/>
                <link rel="icon" href="/favicon.svg" r#type="image/svg+xml"/>
                <link rel="modulepreload" href=assets.href("tidemark.js")/>
                <link rel="preload" href=assets.href("tidemark_bg.wasm") r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
                <AutoReload options/>
                <MetaTags/>
            </head>
            <body>
                <App/>
                <script r#type="module" nonce=use_nonce()>{hydrate}</script>
            </body>
        </html>
    }
}

/// Everything inside the body: header, the page of the route, footer.
///
/// Pages are rendered in one piece (`SsrMode::Async`): streamed pieces need JavaScript to be put in place, and a status
/// of 404 has to be known before the first byte.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_theme();
    view! {
        <Title formatter=|page| format!("{page} · Tidemark")/>
        <Router>
            <a class="skip-link" href="#main">"Skip to content"</a>
            <SiteHeader/>
            <main id="main" class="main" tabindex="-1">
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view=OverviewPage ssr=SsrMode::Async/>
                    <Route path=path!("/reports") view=ReportsPage ssr=SsrMode::Async/>
                    <Route path=path!("/reports/:id") view=ReportPage ssr=SsrMode::Async/>
                    <Route path=path!("/reports/:id/since/:earlier") view=ChangePage ssr=SsrMode::Async/>
                    <Route path=path!("/monitors") view=MonitorsPage ssr=SsrMode::Async/>
                    <Route path=path!("/monitors/:name") view=MonitorPage ssr=SsrMode::Async/>
                    <Route path=path!("/monitors/:name/edit") view=MonitorFormPage ssr=SsrMode::Async/>
                    <Route path=path!("/new-monitor") view=MonitorFormPage ssr=SsrMode::Async/>
                    <Route path=path!("/alerts") view=AlertsPage ssr=SsrMode::Async/>
                    <Route path=path!("/shares") view=SharesPage ssr=SsrMode::Async/>
                    <Route path=path!("/performance") view=PerformancePage ssr=SsrMode::Async/>
                    <Route path=path!("/detectors") view=DetectorsPage ssr=SsrMode::Async/>
                    <Route path=path!("/compare") view=ComparePage ssr=SsrMode::Async/>
                </Routes>
            </main>
            <SiteFooter/>
        </Router>
    }
}
