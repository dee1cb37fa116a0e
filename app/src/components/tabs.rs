//! Several views of one thing, one of them seen. For views that no address tells apart: where one does, see
//! [`super::segmented`].

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::web_sys::HtmlElement;

/// One of the views.
pub struct Tab {
    /// Its name.
    pub label: &'static str,
    /// What it shows.
    pub view: AnyView,
}

/// The views, and above them their names. Arrows go from one to the next.
///
/// *Without a script* all of them are seen, one below the other.
#[component]
pub fn Tabs(
    /// What they are views of.
    label: &'static str,
    /// What their ids begin with: its own in each page.
    id: &'static str,
    /// The views.
    tabs: Vec<Tab>,
) -> impl IntoView {
    let (chosen, n) = (RwSignal::new(0_usize), tabs.len());
    let host = NodeRef::<Div>::new();
    let on_key = move |event: KeyboardEvent| {
        let next = match event.key().as_str() {
            "ArrowRight" => (chosen.get() + 1) % n,
            "ArrowLeft" => (chosen.get() + n - 1) % n,
            "Home" => 0,
            "End" => n - 1,
            _ => return,
        };
        event.prevent_default();
        chosen.set(next);
        let tab = host.get_untracked().and_then(|host| host.children().item(next as u32));
        if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<HtmlElement>().ok()) {
            let _ = tab.focus();
        }
    };
    let (mut names, mut panels) = (Vec::new(), Vec::new());
    for (i, Tab { label, view }) in tabs.into_iter().enumerate() {
        let is_chosen = move || chosen.get() == i;
        names.push(view! {
            <button
                class="tabs__tab"
                r#type="button"
                role="tab"
                id=format!("{id}-tab-{i}")
                aria-controls=format!("{id}-panel-{i}")
                aria-selected=move || is_chosen().to_string()
                tabindex=move || if is_chosen() { "0" } else { "-1" }
                on:click=move |_| chosen.set(i)
            >
                {label}
            </button>
        });
        panels.push(view! {
            <div
                class="tabs__panel"
                class:tabs__panel--off=move || !is_chosen()
                role="tabpanel"
                id=format!("{id}-panel-{i}")
                aria-labelledby=format!("{id}-tab-{i}")
            >
                {view}
            </div>
        });
    }
    view! {
        <div class="tabs">
            <div class="tabs__names" role="tablist" aria-label=label node_ref=host on:keydown=on_key>{names}</div>
            {panels}
        </div>
    }
    .into_any()
}
