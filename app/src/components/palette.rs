//! A field to go anywhere from: pages, models, monitors, reports, columns.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::dialog::Dialog;
use super::icon::{Glyph, Icon};
use crate::api;
use crate::lab::bridge;
use crate::places::{Place, find, pages};

/// So many places at a time.
const SHOWN: usize = 12;

/// The field and the list under it, over the page. Only browsers open it.
#[component]
pub fn Palette(
    /// Called when it was closed.
    close: Callback<()>,
) -> impl IntoView {
    let (text, chosen) = (RwSignal::new(String::new()), RwSignal::new(0_usize));
    let more = LocalResource::new(api::load_places);
    let found = Memo::new(move |_| {
        let mut places = pages();
        if let Some(Ok(more)) = more.get() {
            places.extend(more);
        }
        text.with(|text| find(&places, text, SHOWN).into_iter().cloned().collect::<Vec<Place>>())
    });
    let navigate = use_navigate();
    let go = Callback::new(move |place: Place| {
        close.run(());
        // What is no page of ours the browser fetches itself, and all pages where this one has closed itself to the network.
        if place.href == "/docs" || bridge::is_sealed() {
            let _ = window().location().set_href(&place.href);
        } else {
            navigate(&place.href, NavigateOptions::default());
        }
    });
    let on_key = move |event: KeyboardEvent| {
        let n = found.with(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => chosen.update(|chosen| *chosen = (*chosen + 1) % n),
            "ArrowUp" => chosen.update(|chosen| *chosen = (*chosen + n - 1) % n),
            "Enter" => {
                if let Some(place) = found.with(|found| found.get(chosen.get()).cloned()) {
                    go.run(place);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let list = move || {
        let option = |(i, place): (usize, Place)| {
            let target = place.clone();
            let is_chosen = move || chosen.get() == i;
            view! {
                <li
                    class="palette__place"
                    class:palette__place--chosen=is_chosen
                    id=format!("place-{i}")
                    role="option"
                    aria-selected=move || is_chosen().to_string()
                    on:pointermove=move |_| chosen.set(i)
                    on:click=move |_| go.run(target.clone())
                >
                    <span class="palette__name">{place.name}</span>
                    <span class="palette__kind">{place.kind}</span>
                </li>
            }
        };
        found.get().into_iter().enumerate().map(option).collect_view()
    };
    let nothing = move || found.with(Vec::is_empty).then_some("Nothing is called that.");
    view! {
        <Dialog title="Search" hides_title=true on_close=close>
            <div class="palette">
                <div class="palette__field">
                    <Icon glyph=Glyph::Search/>
                    <input
                        class="palette__input"
                        r#type="text"
                        role="combobox"
                        aria-label="Go to a page, model, monitor, report or column"
                        aria-expanded="true"
                        aria-controls="places"
                        aria-autocomplete="list"
                        aria-activedescendant=move || format!("place-{}", chosen.get())
                        placeholder="Go to a page, model, monitor, report or column"
                        autocomplete="off"
                        spellcheck="false"
                        // Where a dialog that opens puts the focus.
                        autofocus=true
                        on:input=move |event| {
                            text.set(event_target_value(&event));
                            chosen.set(0);
                        }
                        on:keydown=on_key
                    />
                    <kbd aria-hidden="true">"Esc"</kbd>
                </div>
                <ul class="palette__list" id="places" role="listbox" aria-label="Places">{list}</ul>
                <p class="palette__nothing" role="status">{nothing}</p>
            </div>
        </Dialog>
    }
    .into_any()
}
