//! A place for one file: dropped, or chosen.

use leptos::prelude::*;
use tidemark::render::format;

use crate::components::icon::{Glyph, Icon};
use crate::lab::bridge::{self, Picked};

/// A drop zone that is a file input at the same time. Two files dropped at once fill `other` too.
#[component]
pub fn FileDrop(
    /// "Reference" or "Current".
    label: &'static str,
    /// What belongs in here.
    hint: &'static str,
    /// The file, once there is one.
    file: RwSignal<Option<Picked>, LocalStorage>,
    /// The file of the other zone.
    other: RwSignal<Option<Picked>, LocalStorage>,
) -> impl IntoView {
    let over = RwSignal::new(false);
    let fill = move |files: Vec<Picked>| {
        let mut files = files.into_iter();
        if let Some(first) = files.next() {
            file.set(Some(first));
        }
        if let Some(second) = files.next() {
            other.set(Some(second));
        }
    };
    view! {
        <label
            class="file-drop"
            class:file-drop--over=move || over.get()
            class:file-drop--filled=move || file.with(Option::is_some)
            on:dragover=move |event| {
                event.prevent_default();
                over.set(true);
            }
            on:dragleave=move |_| over.set(false)
            on:drop=move |event| {
                event.prevent_default();
                over.set(false);
                fill(bridge::dropped(&event));
            }
        >
            <span class="file-drop__icon" aria-hidden="true">
                {move || {
                    let glyph = if file.with(Option::is_some) { Glyph::File } else { Glyph::Upload };
                    view! { <Icon glyph/> }
                }}
            </span>
            <span class="file-drop__label">{label}</span>
            <span class="file-drop__file">
                {move || file.with(|file| file.as_ref().map_or_else(
                    || "Drop a CSV or Parquet file here, or choose one".to_owned(),
                    |file| format!("{}, {}", file.name, size(file.bytes)),
                ))}
            </span>
            <span class="file-drop__hint">{hint}</span>
            <input
                class="file-drop__input"
                r#type="file"
                aria-label=label
                accept=".csv,.csv.gz,.gz,.tsv,.txt,.parquet,.pq,text/csv"
                on:change=move |event| fill(bridge::chosen(&event))
            />
        </label>
    }
    .into_any()
}

/// A file's size: `812 bytes`, `14.2 MB`.
fn size(bytes: f64) -> String {
    match bytes {
        few if few < 1e3 => format!("{} bytes", format::number(few)),
        some if some < 1e6 => format!("{:.0} kB", some / 1e3),
        many if many < 1e9 => format!("{:.1} MB", many / 1e6),
        most => format!("{:.2} GB", most / 1e9),
    }
}
