//! The document's root element and the browser's memory of it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

use super::Theme;

/// What the reader chose last time.
pub fn stored() -> Theme {
    let name = window().local_storage().ok().flatten().and_then(|storage| storage.get_item("theme").ok().flatten());
    match name.as_deref() {
        Some("light") => Theme::Light,
        Some("dark") => Theme::Dark,
        _ => Theme::System,
    }
}

/// Shows the page in `theme` and keeps it in mind. A browser that forbids storage forgets it with the page.
pub fn apply(theme: Theme) {
    if let Some(root) = document().document_element() {
        let _ = match theme {
            Theme::System => root.remove_attribute("data-theme"),
            theme => root.set_attribute("data-theme", theme.name()),
        };
    }
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item("theme", theme.name());
    }
}

/// Calls `changed` whenever the system goes dark or light, for as long as the page lives.
pub fn on_system_change(changed: impl Fn() + 'static) {
    if let Ok(Some(query)) = window().match_media("(prefers-color-scheme: dark)") {
        let changed = Closure::<dyn Fn()>::new(changed);
        let _ = query.add_event_listener_with_callback("change", changed.as_ref().unchecked_ref());
        changed.forget();
    }
}
