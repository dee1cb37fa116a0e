//! The browser's clock and timer.

use gloo_timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::monitor::Millis;

/// Milliseconds since 1970 by the browser's clock. Only differences of it are used.
pub fn now() -> Millis {
    js_sys::Date::now() as Millis
}

/// Calls `tick` with the time and whether the page is hidden, until the owner of the calling effect goes.
pub fn every_half_second(tick: impl Fn(Millis, bool) + 'static) {
    let interval = Interval::new(500, move || tick(now(), document().hidden()));
    let interval = StoredValue::new_local(Some(interval));
    on_cleanup(move || {
        // Dropping an interval ends it.
        interval.try_update_value(Option::take);
    });
}

/// Runs `task` beside the page.
pub fn run(task: impl Future<Output = ()> + 'static) {
    spawn_local(task);
}
