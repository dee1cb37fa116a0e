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
    let offset = zone_offset(at);
    let iso = move || format::iso(at.get());
    let time = move || match offset.get() {
        None => format!("{} UTC", format::time_of_day(at.get(), 0)),
        Some(minutes) => format::time_of_day(at.get(), minutes),
    };
    let date = move || format::date(at.get(), offset.get().unwrap_or(0));
    view! {
        <time class="moment" datetime=iso title=iso>
            <span class="moment__date">{date}</span>
            " "
            <span class="moment__time">{time}</span>
        </time>
    }
}

/// How far the reader's clocks are ahead of UTC at a moment, in minutes; `None` until the browser has said.
pub fn zone_offset(at: Signal<Millis>) -> ReadSignal<Option<i32>> {
    let (offset, set_offset) = signal(None);
    Effect::new(move || set_offset.set(Some(zone::minutes_east_of_utc(at.get()))));
    offset
}
