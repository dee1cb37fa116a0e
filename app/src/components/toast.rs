//! Short messages at the edge of the page: heard by screen readers, in nobody's way, and moving nothing.

use leptos::prelude::*;
use std::time::Duration;

use super::icon::{Glyph, Icon};

/// A message that only tells something goes after this. One that offers something stays.
const STAYS: Duration = Duration::from_secs(6);

/// A message.
#[derive(Debug, Clone)]
struct Toast {
    id: u32,
    text: String,
    offer: Option<(&'static str, Callback<()>)>,
}

/// The messages that are shown, as a context.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    latest: StoredValue<u32>,
}

/// Makes room for messages.
pub fn provide_toasts() {
    provide_context(Toasts { shown: RwSignal::new(Vec::new()), latest: StoredValue::new(0) });
}

impl Toasts {
    /// Tells something, for a while.
    ///
    /// Call it from effects and event handlers: the timer is the browser's.
    pub fn tell(self, text: impl Into<String>) {
        let id = self.put(text.into(), None);
        set_timeout(move || self.dismiss(id), STAYS);
    }

    /// Offers something, until it is taken or put away. The number is for [`Toasts::dismiss`].
    pub fn offer(self, text: impl Into<String>, label: &'static str, take: Callback<()>) -> u32 {
        self.put(text.into(), Some((label, take)))
    }

    /// Takes a message away, if it is still there.
    pub fn dismiss(self, id: u32) {
        // The page may be gone.
        self.shown.try_update(|shown| shown.retain(|toast| toast.id != id));
    }

    fn put(self, text: String, offer: Option<(&'static str, Callback<()>)>) -> u32 {
        self.latest.update_value(|latest| *latest += 1);
        let id = self.latest.get_value();
        self.shown.update(|shown| shown.push(Toast { id, text, offer }));
        id
    }
}

/// Where messages appear. One per document; it is there from the start, so that screen readers listen to it.
///
/// *On the server* it is empty.
#[component]
pub fn ToastHost() -> impl IntoView {
    let toasts = use_context::<Toasts>();
    let shown = move || {
        let toasts = toasts?;
        let one = |Toast { id, text, offer }: Toast| {
            let take = offer.map(|(label, take)| {
                let taken = move |_| {
                    toasts.dismiss(id);
                    take.run(());
                };
                view! { <button class="button button--small" r#type="button" on:click=taken>{label}</button> }
            });
            view! {
                <div class="toast">
                    <p class="toast__text">{text}</p>
                    {take}
                    <button class="icon-button" r#type="button" aria-label="Dismiss" on:click=move |_| toasts.dismiss(id)>
                        <Icon glyph=Glyph::Close/>
                    </button>
                </div>
            }
        };
        Some(toasts.shown.get().into_iter().map(one).collect_view())
    };
    view! { <div class="toasts" role="status" aria-live="polite">{shown}</div> }.into_any()
}
