//! A moment in time.

use leptos::prelude::*;

use crate::format;
use crate::monitor::Millis;

#[cfg_attr(not(feature = "hydrate"), path = "moment/zone_server.rs")]
mod zone;

/// A date and a time in the reader's own zone.
///
/// *On the server*, and until the browser takes over, the zone is UTC and says so.
#[component]
pub fn Moment(
    /// When.
    #[prop(into)]
    at: Signal<Millis>,
) -> impl IntoView {
    let offset = RwSignal::new(None);
    Effect::new(move || offset.set(Some(zone::minutes_east_of_utc(at.get()))));
    let text = move || match offset.get() {
        None => format!("{} UTC", format::moment(at.get(), 0)),
        Some(minutes) => format::moment(at.get(), minutes),
    };
    let iso = move || format::iso(at.get());
    view! {
        <time class="moment" datetime=iso title=iso>
            {text}
        </time>
    }
}
