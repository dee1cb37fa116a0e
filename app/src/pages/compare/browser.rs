//! Files, the worker and downloads: what `/compare` needs of a browser.

use js_sys::{Array, Object, Promise, Reflect};
use leptos::ev::{DragEvent, Event as DomEvent};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, FileList, HtmlAnchorElement, HtmlInputElement, MessageEvent, Response, Url, Worker,
    WorkerOptions, WorkerType,
};

use super::job::{Event, Question, Step};
use crate::assets::AssetVersion;

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
    let file = |i| files.get(i).map(|file| Picked { name: file.name(), bytes: file.size(), content: file.into() });
    (0..files.length()).filter_map(file).collect()
}

/// Fetches the two example files and hands them to `then`, or says why not.
pub fn fetch_example(then: impl FnOnce(Result<[Picked; 2], String>) + 'static) {
    spawn_local(async move {
        let files = async { Ok([fetch("reference.csv").await?, fetch("current.csv").await?]) }.await;
        then(files);
    });
}

async fn fetch(name: &str) -> Result<Picked, String> {
    let failed = |_| format!("The example file {name} could not be fetched. Is Tidemark still running?");
    let response = JsFuture::from(window().fetch_with_str(&format!("/example/{name}"))).await.map_err(failed)?;
    let response: Response = response.unchecked_into();
    if !response.ok() {
        return Err(format!("The example file {name} is not there: status {}.", response.status()));
    }
    let blob = JsFuture::from(response.blob().map_err(failed)?).await.map_err(failed)?;
    let content: Blob = blob.unchecked_into();
    Ok(Picked { name: name.to_owned(), bytes: content.size(), content })
}

/// A comparison under way. Dropping it ends it.
pub struct Job(Rc<RefCell<Inner>>);

#[derive(Default)]
struct Inner {
    worker: Option<Worker>,
    _listeners: Vec<Closure<dyn FnMut(MessageEvent)>>,
    cancelled: bool,
}

impl Drop for Job {
    fn drop(&mut self) {
        let mut inner = self.0.borrow_mut();
        inner.cancelled = true;
        if let Some(worker) = inner.worker.take() {
            worker.terminate();
        }
    }
}

/// Reads both files and hands them to a worker with a question. It tells `on_event` how it goes.
pub fn start(reference: Picked, current: Picked, question: Question, on_event: impl Fn(Event) + 'static) -> Job {
    let inner = Rc::new(RefCell::new(Inner::default()));
    let job = Job(inner.clone());
    spawn_local(async move {
        let on_event = Rc::new(on_event);
        if let Err(message) = run(&inner, reference, current, question, on_event.clone()).await {
            on_event(Event::Error(message));
        }
    });
    job
}

async fn run(
    inner: &RefCell<Inner>,
    reference: Picked,
    current: Picked,
    question: Question,
    on_event: Rc<impl Fn(Event) + 'static>,
) -> Result<(), String> {
    on_event(Event::Progress(Step { stage: "reading reference".to_owned(), done: 0, total: 1 }));
    let reference = side(reference).await?;
    let current = side(current).await?;
    if inner.borrow().cancelled {
        return Ok(());
    }

    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(&AssetVersion::of_page().href("worker.js"), &options)
        .map_err(|error| format!("This browser could not start a worker: {error:?}"))?;
    let heard = on_event.clone();
    let on_message = Closure::new(move |message: MessageEvent| heard(event_of(&message.data())));
    worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    let heard = on_event.clone();
    let on_error = Closure::new(move |_| {
        heard(Event::Error("The worker stopped. The files may be too large for this browser's memory.".to_owned()));
    });
    worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));

    let (field, json) = match question {
        Question::Drift(settings) => ("settings", settings),
        Question::Performance(columns) => ("columns", columns),
    };
    let message = object(&[("reference", &reference), ("current", &current), (field, &json.into())]);
    // Handed over, not copied: a large file is in memory once.
    let transfer = [&reference, &current].into_iter().map(|side| get(side, "bytes")).collect::<Array>();
    worker
        .post_message_with_transfer(&message, &transfer)
        .map_err(|error| format!("The files could not be handed to the worker: {error:?}"))?;
    *inner.borrow_mut() = Inner { worker: Some(worker), _listeners: vec![on_message, on_error], cancelled: false };
    Ok(())
}

/// `{ name, bytes }`, read.
async fn side(file: Picked) -> Result<JsValue, String> {
    let unreadable = |_| format!("{}: the file could not be read. Was it moved or changed?", file.name);
    let bytes: Promise = file.content.array_buffer();
    let bytes = JsFuture::from(bytes).await.map_err(unreadable)?;
    Ok(object(&[("name", &file.name.as_str().into()), ("bytes", &bytes)]))
}

fn event_of(message: &JsValue) -> Event {
    let text = |name| get(message, name).as_string().unwrap_or_default();
    let number = |name| get(message, name).as_f64().unwrap_or_default();
    match text("type").as_str() {
        "progress" => {
            Event::Progress(Step { stage: text("stage"), done: number("done") as u32, total: number("total") as u32 })
        }
        "report" => Event::Report { json: text("json"), millis: number("millis") },
        _ => Event::Error(text("message")),
    }
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

fn object(fields: &[(&str, &JsValue)]) -> JsValue {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &(*name).into(), value).expect("a fresh object takes any field");
    }
    object.into()
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
