//! The browser's side: files, and the script that talks to the worker.

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Promise};
use leptos::ev::{DragEvent, Event as DomEvent};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_split::SplitLoaderError;
use send_wrapper::SendWrapper;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Blob, BlobPropertyBag, FileList, HtmlAnchorElement, HtmlInputElement, Url};

use super::{Event, Step};
use crate::scripts;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = tidemarkLab, js_name = prepare)]
    fn js_prepare(load_parts: &JsValue);
    #[wasm_bindgen(js_namespace = tidemarkLab, js_name = choose)]
    fn js_choose(side: &str, file: &Blob, name: &str);
    #[wasm_bindgen(js_namespace = tidemarkLab, js_name = ask)]
    fn js_ask(what: &str, text: &str, tell: &JsValue) -> Promise;
    #[wasm_bindgen(js_namespace = tidemarkLab, js_name = cancel, catch)]
    fn js_cancel() -> Result<(), JsValue>;
    #[wasm_bindgen(js_namespace = tidemarkLab, js_name = show)]
    fn js_show(report: &str);
    #[wasm_bindgen(js_namespace = tidemarkLab, js_name = keepAnswer)]
    fn js_keep_answer(request: &str);
    #[wasm_bindgen(js_namespace = tidemarkLab, js_name = isSealed, catch)]
    fn js_is_sealed() -> Result<bool, JsValue>;
    #[wasm_bindgen(js_namespace = tidemarkLab, js_name = holdsValues, catch)]
    fn js_holds_values() -> Result<bool, JsValue>;
    #[wasm_bindgen(js_namespace = tidemarkLab, js_name = last)]
    fn js_last(then: &JsValue) -> Promise;
    #[wasm_bindgen(js_namespace = tidemarkLab, js_name = forget)]
    fn js_forget() -> Promise;
    #[wasm_bindgen(js_namespace = tidemarkLab, js_name = keepPage)]
    fn js_keep_page();
}

/// The script, under `/pkg/`.
const SCRIPT: &str = "lab.js";

/// A file that was picked, not yet read.
#[derive(Debug, Clone)]
pub struct Picked {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: f64,
    content: Blob,
}

/// The files of a drop.
pub fn dropped(event: &DragEvent) -> Vec<Picked> {
    event.data_transfer().and_then(|transfer| transfer.files()).map(|files| picked(&files)).unwrap_or_default()
}

/// The files of an input.
pub fn chosen(event: &DomEvent) -> Vec<Picked> {
    let input: HtmlInputElement = event_target(event);
    let files = input.files().map(|files| picked(&files)).unwrap_or_default();
    // So that choosing the same file again, after it was edited, is a change.
    input.set_value("");
    files
}

fn picked(files: &FileList) -> Vec<Picked> {
    (0..files.length()).filter_map(|i| files.get(i)).map(|file| of_file(&file)).collect()
}

fn of_file(file: &web_sys::File) -> Picked {
    Picked { name: file.name(), bytes: file.size(), content: file.clone().into() }
}

/// Loads what the lab needs, and lets the browser keep the page for when there is no network. `load_parts` loads the parts of the
/// page itself; it is called again if that fails.
pub fn prepare<F>(load_parts: impl Fn() -> F + 'static)
where
    F: Future<Output = Result<(), SplitLoaderError>> + 'static,
{
    with_script(move || {
        let load_parts = move || {
            let loaded = load_parts();
            future_to_promise(async move {
                loaded.await.map_err(|error| JsError::new(&error.to_string()))?;
                Ok(JsValue::UNDEFINED)
            })
        };
        // The script has it as long as the document lasts.
        js_prepare(&Closure::<dyn Fn() -> Promise>::new(load_parts).into_js_value());
        js_keep_page();
    });
}

/// Lets the browser do what else there is to do, such as painting.
pub fn next_task() -> impl Future<Output = ()> + Send {
    SendWrapper::new(TimeoutFuture::new(0))
}

/// Lets the browser show what was drawn, and then do what else there is to do: what is drawn next is laid out by itself. Where nobody looks
/// it shows nothing, so it is not waited for long.
pub fn next_frame() -> impl Future<Output = ()> + Send {
    const NOBODY_LOOKS_MILLIS: i32 = 100;
    let shown = Promise::new(&mut |resolve, _| {
        let window = window();
        // Whichever comes first; a promise hears the first only.
        let _ = window.request_animation_frame(&resolve);
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, NOBODY_LOOKS_MILLIS);
    });
    SendWrapper::new(async move {
        let _ = JsFuture::from(shown).await;
        TimeoutFuture::new(0).await;
    })
}

/// Does something once the script is there; nothing if it does not come.
fn with_script(work: impl FnOnce() + 'static) {
    spawn_local(async move {
        if scripts::load(SCRIPT).await {
            work();
        }
    });
}

/// Asks the worker; `fields` is a JSON object with what belongs to the question. Both files go along where it takes them.
pub fn ask(what: &'static str, fields: String, files: Option<[Picked; 2]>, on_event: impl Fn(Event) + 'static) {
    spawn_local(async move {
        if !scripts::load(SCRIPT).await {
            return on_event(Event::Error("Part of this page could not be loaded. Reload the page.".to_owned()));
        }
        for (side, file) in ["reference", "current"].into_iter().zip(files.iter().flatten()) {
            js_choose(side, &file.content, &file.name);
        }
        let tell = move |kind: String, content: JsValue, millis: f64| on_event(event(&kind, &content, millis));
        // The browser drops it when the worker's script does.
        let tell = Closure::<dyn Fn(String, JsValue, f64)>::new(tell).into_js_value();
        drop(JsFuture::from(js_ask(what, &fields, &tell)).await);
    });
}

fn event(kind: &str, content: &JsValue, millis: f64) -> Event {
    let text = content.as_string().unwrap_or_default();
    match kind {
        "progress" => Event::Progress(serde_json::from_str::<Step>(&text).unwrap_or_default()),
        "answer" => Event::Answer { text, millis },
        "files" => {
            let files = Array::from(content);
            Event::Files([0, 1].map(|side| of_file(&files.get(side).unchecked_into())))
        }
        _ => Event::Error(text),
    }
}

/// Ends whatever the worker is doing.
pub fn cancel() {
    // Without the script there is nothing to end.
    drop(js_cancel());
}

/// Says which report is on the page, where it is not the answer to a question of the page's own.
pub fn show(report: &str) {
    let report = report.to_owned();
    with_script(move || js_show(&report));
}

/// Keeps the report that the worker has just made, with the request that it answers and its files.
pub fn keep_answer(request: String) {
    with_script(move || js_keep_answer(&request));
}

/// Whether this document can no longer make requests.
pub fn is_sealed() -> bool {
    js_is_sealed().unwrap_or(false)
}

/// Whether the worker has the values that the report on the page was made of.
pub fn holds_values() -> bool {
    js_holds_values().unwrap_or(false)
}

/// The session that was kept: when (milliseconds since 1970), its report, its request, and its files if they were small.
pub fn last(then: impl Fn(f64, String, String, Vec<Picked>) + 'static) {
    with_script(move || {
        let then = move |saved: f64, report: String, request: String, files: Array| {
            let picked = |entry: JsValue| {
                let get = |name: &str| js_sys::Reflect::get(&entry, &name.into()).unwrap_or(JsValue::UNDEFINED);
                let content: Blob = get("file").dyn_into().ok()?;
                Some(Picked { name: get("name").as_string()?, bytes: content.size(), content })
            };
            then(saved, report, request, files.iter().filter_map(picked).collect());
        };
        let then = Closure::<dyn Fn(f64, String, String, Array)>::new(then).into_js_value();
        drop(js_last(&then));
    });
}

/// Wipes the session that was kept.
pub fn forget() {
    with_script(|| drop(js_forget()));
}

/// Saves `text` as a file of that name.
pub fn save(name: &str, mime: &str, text: &str) {
    let properties = BlobPropertyBag::new();
    properties.set_type(mime);
    let parts = Array::of1(&text.into());
    let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &properties) else { return };
    let Ok(url) = Url::create_object_url_with_blob(&blob) else { return };
    let anchor: HtmlAnchorElement = document().create_element("a").expect("`a` is an element").unchecked_into();
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    let _ = Url::revoke_object_url(&url);
}
