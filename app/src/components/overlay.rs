//! The keys that mean something on every page, and what they open.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_split::wasm_split;
use leptos::web_sys::HtmlElement;

use super::dialog::Dialog;
use super::icon::{Glyph, Icon};
use super::palette::Palette;
use super::toast::Toasts;
use crate::error::AppError;

/// What lies over the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// The list of keys.
    Keys,
    /// A field to look for places in.
    Palette,
}

/// What lies over the page, as a context.
#[derive(Debug, Clone, Copy)]
struct Overlay(RwSignal<Option<Over>>);

/// Listens to keys from now on.
///
/// *On the server* nobody presses any.
pub fn provide_overlay() {
    let overlay = RwSignal::new(None);
    provide_context(Overlay(overlay));
    Effect::new(move || {
        let listener = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
            let control = event.ctrl_key() || event.meta_key();
            let key = event.key();
            let over = match key.as_str() {
                "k" | "K" if control && !event.alt_key() => Some(Over::Palette),
                _ if control || event.alt_key() || event.default_prevented() || is_typing() => return,
                "?" => Some(Over::Keys),
                "/" if focus_search() => None,
                "/" => Some(Over::Palette),
                _ => return,
            };
            event.prevent_default();
            if over.is_some() {
                overlay.set(over);
            }
        });
        on_cleanup(move || listener.remove());
    });
}

/// Whether keys are letters at the moment.
fn is_typing() -> bool {
    let focused = document().active_element();
    focused.is_some_and(|element| {
        let tag = element.tag_name().to_ascii_lowercase();
        matches!(tag.as_str(), "input" | "textarea" | "select") || element.closest("dialog").ok().flatten().is_some()
    })
}

/// Puts the cursor into the page's own field for searching. False where it has none.
fn focus_search() -> bool {
    let field = document().query_selector("main input[type=search]").ok().flatten();
    let field = field.and_then(|field| field.dyn_into::<HtmlElement>().ok());
    field.is_some_and(|field| field.focus().is_ok())
}

/// The button in the header that opens the palette: for those who do not know the key.
#[component]
pub fn SearchButton() -> impl IntoView {
    let overlay = use_context::<Overlay>();
    let open = move |_| {
        if let Some(Overlay(over)) = overlay {
            over.set(Some(Over::Palette));
        }
    };
    view! {
        <button class="search-button needs-script" r#type="button" aria-keyshortcuts="Control+K" on:click=open>
            <Icon glyph=Glyph::Search/>
            <span class="search-button__label">"Search"</span>
            <kbd class="search-button__key" aria-hidden="true">"Ctrl K"</kbd>
        </button>
    }
    .into_any()
}

/// Where it is shown. One per document.
#[component]
pub fn OverlayHost() -> impl IntoView {
    let over = use_context::<Overlay>().map(|Overlay(over)| over);
    let toasts = use_context::<Toasts>();
    let shown = move || {
        let over = over?;
        let which = over.get()?;
        let close = Callback::new(move |()| over.set(None));
        Some(Suspend::new(async move {
            match overlay(which, close).await {
                Ok(view) => view,
                Err(error) => {
                    if let Some(toasts) = toasts {
                        toasts.tell(error.to_string());
                    }
                    over.set(None);
                    ().into_any()
                }
            }
        }))
    };
    view! { <div class="overlay">{shown}</div> }.into_any()
}

/// A part of its own in the browser: many readers never press a key.
#[wasm_split(overlay, wasm_split_path = ::leptos::wasm_split, preload(load_overlay), fallible)]
pub(crate) fn overlay(over: Over, close: Callback<()>) -> Result<AnyView, AppError> {
    Ok(match over {
        Over::Keys => view! { <Keys close/> }.into_any(),
        Over::Palette => view! { <Palette close/> }.into_any(),
    })
}

/// Keys, and what they do.
const KEYS: [(&str, &[(&str, &str)]); 4] = [
    (
        "Everywhere",
        &[
            ("?", "Show these keys"),
            ("/", "Search this page, or everything"),
            ("Ctrl K", "Go to a page, model, monitor, report or column"),
        ],
    ),
    ("In a report", &[("j", "The next column"), ("k", "The previous column"), ("Esc", "Close the column")]),
    (
        "On a timeline",
        &[
            ("← →", "The comparison before and after"),
            ("Shift ←", "Choose a window"),
            ("Enter", "Compare it, or open the report"),
        ],
    ),
    ("In a list to choose from", &[("↑ ↓", "Up and down"), ("Enter", "Go there"), ("Esc", "Leave it")]),
];

#[component]
fn Keys(close: Callback<()>) -> impl IntoView {
    let group = |(title, keys): (&'static str, &'static [(&'static str, &'static str)])| {
        let key = |(key, what): &(&'static str, &'static str)| {
            let caps = key.split(' ').map(|cap| view! { <kbd>{cap.to_owned()}</kbd> }).collect_view();
            view! {
                <div class="keys__line">
                    <dt>{caps}</dt>
                    <dd>{*what}</dd>
                </div>
            }
        };
        view! {
            <section class="keys__group">
                <h3 class="keys__title">{title}</h3>
                <dl class="keys__list">{keys.iter().map(key).collect_view()}</dl>
            </section>
        }
    };
    view! {
        <Dialog title="Keys" on_close=close>
            <div class="keys">{KEYS.map(group).collect_view()}</div>
        </Dialog>
    }
    .into_any()
}
