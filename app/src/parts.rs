//! The pages' wasm comes in parts: what every page needs, and a part for each group of pages, loaded when one of them opens.
//!
//! `scripts/bindgen` finds what goes where by the names that `wasm_split` gives to functions. *On the server* there is one
//! program, and a lazy page is a page.

use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use leptos_router::LazyRoute;

use crate::components::error_state::ErrorState;
use crate::error::AppError;
use crate::pages;

/// The pages that share a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// `/`
    Overview,
    /// All models.
    Models,
    /// A report.
    Report,
    /// Two windows held against each other.
    Windows,
    /// What changed between two; the quality of the data.
    Change,
    /// Lists and whatever else is mostly text.
    Lists,
    /// A monitor and what came of it.
    Monitor,
    /// What goes on.
    Alerts,
    /// A monitor's form.
    Form,
    /// How well a model does.
    Performance,
    /// How detectors of change do on a model's numbers.
    Detectors,
    /// The lab.
    Compare,
    /// Every component.
    Styleguide,
}

impl Part {
    /// The part of the page at `path`; none of an address that has no page.
    pub fn of(path: &str) -> Option<Self> {
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        match names.as_slice() {
            [] => Some(Self::Overview),
            ["models"] => Some(Self::Models),
            ["reports", _] => Some(Self::Report),
            ["windows"] => Some(Self::Windows),
            ["reports", _, "since", _] | ["change" | "quality"] => Some(Self::Change),
            ["new-monitor"] | ["monitors", _, "edit"] => Some(Self::Form),
            ["alerts"] => Some(Self::Alerts),
            ["monitors", _] => Some(Self::Monitor),
            ["reports" | "shares" | "keys" | "monitors"] => Some(Self::Lists),
            ["performance"] => Some(Self::Performance),
            ["detectors"] => Some(Self::Detectors),
            ["compare"] => Some(Self::Compare),
            ["styleguide"] => Some(Self::Styleguide),
            _ => None,
        }
    }

    /// Its file.
    pub fn file(self) -> String {
        format!("{}.part", self.name())
    }

    /// Its name, which [`lazy_page`] gives it.
    const fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Models => "models",
            Self::Report => "report",
            Self::Windows => "windows",
            Self::Change => "change",
            Self::Monitor => "monitor",
            Self::Alerts => "alerts",
            Self::Lists => "lists",
            Self::Form => "form",
            Self::Performance => "performance",
            Self::Detectors => "detectors",
            Self::Compare => "compare",
            Self::Styleguide => "styleguide",
        }
    }
}

impl From<SplitLoaderError> for AppError {
    fn from(_: SplitLoaderError) -> Self {
        // The browser's console knows more.
        Self::Transport { reason: "a part of this page did not arrive".to_owned() }
    }
}

/// Makes a route of a page that is loaded with its part: `lazy_page!(lists, alerts, AlertsRoute, pages::alerts::AlertsPage)`.
///
/// Leptos' own `#[lazy_route]` gives each page a part of its own, and panics when one cannot be loaded.
macro_rules! lazy_page {
    ($part:ident, $show:ident, $route:ident, $page:path $(, $before:path)?) => {
        #[doc = concat!("The page of `", stringify!($page), "`.")]
        #[derive(Debug)]
        pub struct $route;

        const _: () = {
            #[wasm_split($part, wasm_split_path = ::leptos::wasm_split, preload(load), fallible)]
            fn $show() -> Result<AnyView, AppError> {
                Ok($page().into_any())
            }

            impl LazyRoute for $route {
                fn data() -> Self {
                    Self
                }

                async fn view(_: Self) -> AnyView {
                    let page = $show().await.unwrap_or_else(did_not_arrive);
                    answers_clicks();
                    page
                }

                async fn preload() {
                    // Whether it has come shows in the view.
                    let _ = load().await;
                    $($before().await;)?
                }
            }
        };
    };
}

lazy_page!(overview, overview_page, OverviewRoute, pages::overview::OverviewPage);
lazy_page!(models, models_page, ModelsRoute, pages::models::ModelsPage);
lazy_page!(report, report_page, ReportRoute, pages::report::ReportPage, panel_of_address);
lazy_page!(windows, windows_page, WindowsRoute, pages::windows::WindowsPage, panel_of_address);
lazy_page!(change, quality_page, QualityRoute, pages::quality::QualityPage);
lazy_page!(change, change_page, ChangeRoute, pages::change::ChangePage);
lazy_page!(lists, reports_page, ReportsRoute, pages::reports::ReportsPage);
lazy_page!(lists, monitors_page, MonitorsRoute, pages::monitors::MonitorsPage);
lazy_page!(monitor, monitor_page, MonitorRoute, pages::monitor::MonitorPage);
lazy_page!(form, monitor_form_page, MonitorFormRoute, pages::monitor_form::MonitorFormPage);
lazy_page!(alerts, alerts_page, AlertsRoute, pages::alerts::AlertsPage);
lazy_page!(lists, shares_page, SharesRoute, pages::shares::SharesPage);
lazy_page!(lists, keys_page, KeysRoute, pages::keys::KeysPage);
lazy_page!(performance, performance_page, PerformanceRoute, pages::performance::PerformancePage);
lazy_page!(detectors, detectors_page, DetectorsRoute, pages::detectors::DetectorsPage);
lazy_page!(styleguide, styleguide_page, StyleguideRoute, pages::styleguide::StyleguidePage);
lazy_page!(compare, compare_page, CompareRoute, pages::compare::ComparePage);

/// Marks the document once the page is hydrated: from now on a click is answered. Effects run in a browser only, and after that.
pub(crate) fn answers_clicks() {
    Effect::new(|| {
        if let Some(root) = document().document_element() {
            let _ = root.set_attribute("data-ready", "");
        }
    });
}

/// Loads the part of a column's panel where the address opens one: hydration goes through the page in one go, and finds the panel in it.
///
/// *On the server* everything is there.
async fn panel_of_address() {
    #[cfg(feature = "hydrate")]
    if window().location().search().is_ok_and(|query| query.contains("column=")) {
        // Where it does not come, the panel's place says so.
        let _ = crate::components::report_view::load_panel().await;
    }
}

/// What stands in for a page whose part could not be loaded: the line is down, or the service is a newer one by now.
pub fn did_not_arrive(error: AppError) -> AnyView {
    // By then the address is that of the page, and from the server it comes whole.
    let anew = move |_| {
        let _ = window().location().reload();
    };
    view! {
        <div class="page">
            <ErrorState title="This page could not be loaded" detail=error.to_string()>
                <button class="button button--primary" r#type="button" on:click=anew>"Load it anew"</button>
            </ErrorState>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_part_of_its_page() {
        for (path, part) in [
            ("/", Some(Part::Overview)),
            ("/models", Some(Part::Models)),
            ("/reports", Some(Part::Lists)),
            ("/reports/", Some(Part::Lists)),
            ("/reports/7", Some(Part::Report)),
            ("/reports/7/since/6", Some(Part::Change)),
            ("/monitors", Some(Part::Lists)),
            ("/monitors/default", Some(Part::Monitor)),
            ("/monitors/default/edit", Some(Part::Form)),
            ("/detectors", Some(Part::Detectors)),
            ("/nowhere", None),
        ] {
            assert_eq!(Part::of(path), part, "{path}");
        }
    }
}
