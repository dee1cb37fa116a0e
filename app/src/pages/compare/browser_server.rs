//! The server's side of `browser.rs`: no files, no workers.

use leptos::ev::{DragEvent, Event as DomEvent};

use super::job::{Event, Question};

#[derive(Debug, Clone)]
pub struct Picked {
    pub name: String,
    pub bytes: f64,
}

pub struct Job;

pub fn dropped(_event: &DragEvent) -> Vec<Picked> {
    Vec::new()
}

pub fn chosen(_event: &DomEvent) -> Vec<Picked> {
    Vec::new()
}

pub fn fetch_example(_then: impl FnOnce(Result<[Picked; 2], String>) + 'static) {}

pub fn start(_reference: Picked, _current: Picked, _question: Question, _on_event: impl Fn(Event) + 'static) -> Job {
    Job
}

pub fn save(_name: &str, _mime: &str, _text: &str) {}
