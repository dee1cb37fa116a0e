//! Links to the other models, where there are several. Which one is shown stands in the address: `/?model=NAME`.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

/// The model that the address names, if it names one.
pub fn chosen_model() -> Memo<Option<String>> {
    let query = use_query_map();
    Memo::new(move |_| query.with(|query| query.get("model")).filter(|name| !name.is_empty()))
}

/// A link to each model; nothing for a single one.
#[component]
pub fn ModelSwitch(
    /// The names of all models.
    models: Vec<String>,
    /// The one that is shown.
    shown: String,
    /// The page that the links lead to: `/` or `/reports`.
    page: &'static str,
) -> impl IntoView {
    if models.len() < 2 {
        return ().into_any();
    }
    let link = move |name: String| {
        let is_shown = name == shown;
        let href = format!("{page}?model={name}");
        view! {
            <a
                class="segmented__choice"
                class:segmented__choice--taken=is_shown
                href=href
                aria-current=is_shown.then_some("page")
            >
                {name}
            </a>
        }
    };
    view! { <nav class="segmented" aria-label="Models">{models.into_iter().map(link).collect_view()}</nav> }.into_any()
}
