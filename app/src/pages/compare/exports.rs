//! The report as a file, in each of its forms.

use leptos::prelude::*;
use std::sync::Arc;

use crate::components::icon::{Glyph, Icon};
use crate::lab::Event;
use crate::lab::bridge;

/// A form: the worker's name for it, words, what the file ends in, and its media type.
type Form = (&'static str, &'static str, &'static str, &'static str);

const FORMS: [Form; 6] = [
    ("html", "HTML, one file", "html", "text/html"),
    ("json", "JSON", "json", "application/json"),
    ("markdown", "Markdown", "md", "text/markdown"),
    ("text", "Text", "txt", "text/plain"),
    ("csv", "CSV, a line per column", "csv", "text/csv"),
    ("junit", "JUnit XML", "xml", "application/xml"),
];

/// A menu of files. The worker writes them, as the command line does.
#[component]
pub fn Exports(
    /// The report as it was made.
    json: Arc<str>,
) -> impl IntoView {
    let problem = RwSignal::new(None::<String>);
    let item = |(form, words, ending, mime): Form| {
        let json = json.clone();
        let name = format!("tidemark-report.{ending}");
        let write = move |_| {
            if form == "json" {
                return bridge::save(&name, mime, &json);
            }
            let (name, fields) = (name.clone(), serde_json::json!({ "format": form }).to_string());
            bridge::ask("rendered", fields, None, move |event| match event {
                Event::Answer { text, .. } => bridge::save(&name, mime, &text),
                Event::Error(message) => drop(problem.try_set(Some(message))),
                Event::Progress(_) | Event::Files(_) => {}
            });
        };
        view! { <li><button class="menu__item" r#type="button" on:click=write>{words}</button></li> }
    };
    view! {
        <details class="menu">
            <summary class="button">
                <Icon glyph=Glyph::Download/>
                "Download"
            </summary>
            <div class="menu__body">
                <ul class="menu__list">{FORMS.map(item).collect_view()}</ul>
                {move || problem.get().map(|message| view! { <p class="problem" role="alert">{message}</p> })}
            </div>
        </details>
    }
    .into_any()
}
