//! A sheet over the page. The browser's own `<dialog>`: nothing behind it takes the focus, Escape closes it, and the focus goes back to
//! where it was.

use leptos::html::Dialog as Element;
use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// The sheet, open as long as it is in the page.
///
/// *On the server* it is closed.
#[component]
pub fn Dialog(
    /// What it is called, for the eyes and for screen readers.
    #[prop(into)]
    title: String,
    /// Whether the title is for screen readers only.
    #[prop(optional)]
    hides_title: bool,
    /// Called when it was closed, however that was.
    #[prop(into)]
    on_close: Callback<()>,
    /// What is on it.
    children: Children,
) -> impl IntoView {
    let host = NodeRef::<Element>::new();
    Effect::new(move || {
        if let Some(dialog) = host.get() {
            let _ = dialog.show_modal();
        }
    });
    // Told once, and at once: the browser tells some time later, when there may be another sheet already.
    let told = StoredValue::new(false);
    let tell = move || {
        if told.try_update_value(|told| std::mem::replace(told, true)) == Some(false) {
            on_close.run(());
        }
    };
    let close = move || {
        if let Some(dialog) = host.get_untracked() {
            dialog.close();
            tell();
        }
    };
    // A click beside the sheet lands on the element itself, which has no padding.
    let beside = move |event: leptos::ev::MouseEvent| {
        let target = event.target();
        if target.is_some() && target == event.current_target() {
            close();
        }
    };
    let escape = move |event: leptos::ev::KeyboardEvent| {
        // Whoever composes a character takes that back with it, not the sheet.
        if event.key() == "Escape" && !event.is_composing() {
            event.prevent_default();
            close();
        }
    };
    let head = if hides_title { "dialog__head visually-hidden" } else { "dialog__head" };
    view! {
        <dialog
            class="dialog"
            aria-labelledby="dialog-title"
            node_ref=host
            on:close=move |_| tell()
            on:click=beside
            on:keydown=escape
        >
            <div class="dialog__sheet">
                <div class=head>
                    <h2 class="dialog__title" id="dialog-title">{title}</h2>
                    <button class="icon-button" r#type="button" aria-label="Close" on:click=move |_| close()>
                        <Icon glyph=Glyph::Close/>
                    </button>
                </div>
                {children()}
            </div>
        </dialog>
    }
    .into_any()
}
