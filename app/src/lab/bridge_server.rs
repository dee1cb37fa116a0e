//! The server's side of `bridge.rs`: no files, no workers.

use leptos::ev::{DragEvent, Event as DomEvent};
use leptos::wasm_split::SplitLoaderError;

use super::Event;

/// A file that was picked.
#[derive(Debug, Clone)]
pub struct Picked {
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: f64,
}

/// No files.
pub fn dropped(_event: &DragEvent) -> Vec<Picked> {
    Vec::new()
}

/// No files.
pub fn chosen(_event: &DomEvent) -> Vec<Picked> {
    Vec::new()
}

/// Nothing to prepare.
pub fn prepare<F>(_load_parts: impl Fn() -> F + 'static)
where
    F: Future<Output = Result<(), SplitLoaderError>> + 'static,
{
}

/// Nothing to wait for.
pub fn next_task() -> impl Future<Output = ()> + Send {
    std::future::ready(())
}

/// Nothing to wait for.
pub fn next_frame() -> impl Future<Output = ()> + Send {
    std::future::ready(())
}

/// Nobody to ask.
pub fn ask(_what: &'static str, _fields: String, _files: Option<[Picked; 2]>, _on_event: impl Fn(Event) + 'static) {}

/// Nothing to end.
pub fn cancel() {}

/// Nobody to tell.
pub fn show(_report: &str) {}

/// Nothing is kept.
pub fn keep_answer(_request: String) {}

/// A server makes requests.
pub fn is_sealed() -> bool {
    false
}

/// There is no worker.
pub fn holds_values() -> bool {
    false
}

/// Nothing is kept.
pub fn last(_then: impl Fn(f64, String, String, Vec<Picked>) + 'static) {}

/// Nothing is kept.
pub fn forget() {}

/// Nowhere to save to.
pub fn save(_name: &str, _mime: &str, _text: &str) {}
