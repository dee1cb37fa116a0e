//! The document around every page, and the table of routes.

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{Route, Router, Routes};
use leptos_router::{Lazy, SsrMode, path};

use crate::assets::AssetVersion;
use crate::components::overlay::{OverlayHost, provide_overlay};
use crate::components::site_footer::SiteFooter;
use crate::components::site_header::SiteHeader;
use crate::components::theme_toggle::{THEME_SCRIPT, provide_theme};
use crate::components::toast::{ToastHost, provide_toasts};
use crate::live::provide_line;
use crate::pages::not_found::NotFoundPage;
use crate::parts::{self, Part};

/// The HTML document. Only the server renders it; the browser hydrates [`App`] inside its body.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let assets = AssetVersion::of_server();
    // Asked for at once, or it would be missed only when the first wasm runs.
    let part = Part::of(&path_of_request()).map(|part| assets.href(&part.file()));
    let part = part.map(|href| view! { <link rel="preload" href=href r#as="fetch" crossorigin="anonymous"/> });
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
                {part}
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

/// The path of the page that is asked for. Only the server knows it before the page is there.
#[cfg(feature = "ssr")]
fn path_of_request() -> String {
    let request = use_context::<leptos::server_fn::axum_export::http::request::Parts>();
    request.map(|request| request.uri.path().to_owned()).unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
const fn path_of_request() -> String {
    String::new()
}

/// Everything inside the body: header, the page of the route, footer.
///
/// Pages are rendered in one piece (`SsrMode::Async`): streamed pieces need JavaScript to be put in place, and a status
/// of 404 has to be known before the first byte.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_theme();
    provide_line();
    provide_toasts();
    provide_overlay();
    view! {
        <Title formatter=|page| format!("{page} · Tidemark")/>
        <Router>
            <a class="skip-link" href="#main">"Skip to content"</a>
            <SiteHeader/>
            <main id="main" class="main" tabindex="-1">
                <Routes fallback=NotFoundPage>
                    <Route path=path!("/") view={Lazy::<parts::OverviewRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/models") view={Lazy::<parts::ModelsRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/reports") view={Lazy::<parts::ReportsRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/reports/:id") view={Lazy::<parts::ReportRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/reports/:id/since/:earlier") view={Lazy::<parts::ChangeRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/change") view={Lazy::<parts::ChangeRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/windows") view={Lazy::<parts::WindowsRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/quality") view={Lazy::<parts::QualityRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/monitors") view={Lazy::<parts::MonitorsRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/monitors/:name") view={Lazy::<parts::MonitorRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/monitors/:name/edit") view={Lazy::<parts::MonitorFormRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/new-monitor") view={Lazy::<parts::MonitorFormRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/alerts") view={Lazy::<parts::AlertsRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/shares") view={Lazy::<parts::SharesRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/keys") view={Lazy::<parts::KeysRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/performance") view={Lazy::<parts::PerformanceRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/detectors") view={Lazy::<parts::DetectorsRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/styleguide") view={Lazy::<parts::StyleguideRoute>::new()} ssr=SsrMode::Async/>
                    <Route path=path!("/compare") view={Lazy::<parts::CompareRoute>::new()} ssr=SsrMode::Async/>
                </Routes>
            </main>
            <SiteFooter/>
            <OverlayHost/>
            <ToastHost/>
        </Router>
    }
}
