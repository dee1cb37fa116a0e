//! Server-sent events in the browser, which opens the line anew by itself when it breaks.

use gloo_timers::callback::Interval;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::MessageEvent;

use crate::live::News;

// Declared here, because one more feature of `web-sys` builds everything anew that knows it.
#[wasm_bindgen]
extern "C" {
    type EventSource;

    #[wasm_bindgen(constructor, catch)]
    fn new(address: &str) -> Result<EventSource, JsValue>;

    #[wasm_bindgen(method, js_name = addEventListener)]
    fn add_event_listener(this: &EventSource, event: &str, listener: &JsValue);

    #[wasm_bindgen(method)]
    fn close(this: &EventSource);

    #[wasm_bindgen(method, getter, js_name = readyState)]
    fn ready_state(this: &EventSource) -> u16;
}

/// What a source is that gave up, as it does when the service answers something else.
const CLOSED: u16 = 2;

/// Between two looks at whether the line should be open.
const LOOK_MILLIS: u32 = 1_000;
/// Looks between two attempts to open a line that was refused.
const ATTEMPTS_EVERY: u32 = 5;

struct Open {
    source: EventSource,
    _listener: Closure<dyn Fn(MessageEvent)>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.source.close();
    }
}

fn open(hear: impl Fn(News) + 'static) -> Option<Open> {
    let source = EventSource::new("/events").ok()?;
    let listener = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(news) = event.data().as_string().as_deref().and_then(News::parse) {
            hear(news);
        }
    });
    source.add_event_listener("news", listener.as_ref());
    Some(Open { source, _listener: listener })
}

/// Listens while the page is seen: a browser has six connections to a service, for all its tabs.
pub fn listen(hear: impl Fn(News) + Clone + 'static) {
    let mut line = open(hear.clone());
    let mut looks = 0_u32;
    let look = Interval::new(LOOK_MILLIS, move || {
        looks = looks.wrapping_add(1);
        if document().hidden() {
            line = None;
            return;
        }
        let is_open = line.as_ref().is_some_and(|line| line.source.ready_state() != CLOSED);
        if !is_open && (line.is_none() || looks.is_multiple_of(ATTEMPTS_EVERY)) {
            line = open(hear.clone());
        }
    });
    let look = StoredValue::new_local(Some(look));
    on_cleanup(move || {
        look.try_update_value(Option::take);
    });
}
