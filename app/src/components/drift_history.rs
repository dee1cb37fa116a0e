//! Drift over time: a point for every comparison, what else happened, and a brush that chooses any stretch of the log.

use leptos::ev::{KeyboardEvent, PointerEvent, SubmitEvent};
use leptos::html::Div;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use tidemark::render::format;

use super::chart_frame::ChartFrame;
use super::moment::zone_offset;
use crate::format::time_of_day;
use crate::monitor::SnapshotHead;
use crate::timeline::{self, Event};
use crate::windows::Stretch;

mod picture;

use picture::{Events, Picture};

/// A pointer that moved by fewer pixels meant to click.
const DRAG_PIXELS: i32 = 5;

/// The share of drifted columns of comparisons, oldest first, and what happened meanwhile. A click on the picture opens the report of
/// the comparison under it; dragging over it, or arrow keys with Shift, choose a stretch of the log, which `/windows` then compares.
///
/// *On the server*, and without a script, points are links and the stretch is written into two fields.
#[component]
pub fn DriftHistory(
    /// The comparisons.
    #[prop(into)]
    history: Signal<Vec<SnapshotHead>>,
    /// The share from which on the data count as drifted.
    #[prop(into)]
    threshold: Signal<f64>,
    /// What else happened.
    #[prop(into)]
    events: Signal<Vec<Event>>,
    /// The model, whose log it is.
    model: String,
) -> impl IntoView {
    let latest = Signal::derive(move || history.with(|history| history.last().map_or(0, |head| head.created)));
    let offset = zone_offset(latest);
    let offset = Signal::derive(move || offset.get().unwrap_or(0));
    let caption = Signal::derive(move || {
        let share = format::share(threshold.get());
        Some(format!(
            "Share of drifted columns in each comparison. From the dashed line at {share} on the data count as drifted; where it is known how \
             important columns are to the model, their importance counts."
        ))
    });
    let pointed = RwSignal::new(None::<usize>);
    let dragged = RwSignal::new(None::<(usize, usize)>);
    let query = use_query_map();
    let of_address = Memo::new(move |_| query.with(|query| query.get("window"))?.parse::<Stretch>().ok());
    let chosen = Memo::new(move |_| match dragged.get() {
        Some((from, to)) => history.with(|history| timeline::stretch(history, from, to)),
        None => of_address.get(),
    });
    let said = Signal::derive(move || match (chosen.get(), pointed.get()) {
        (Some(stretch), _) => words_of_stretch(stretch),
        (None, Some(index)) => {
            history.with(|history| history.get(index).map(|head| words_of(head, offset.get()))).unwrap_or_default()
        }
        (None, None) => "Drag to choose a window".to_owned(),
    });
    view! {
        <ChartFrame title="Drift over time" caption is_part=true>
            <p class="drift-history__said needs-script" role="status">{said}</p>
            <div class="drift-history">
                <Events history events/>
                <div class="drift-history__plot">
                    <Picture history threshold events chosen pointed offset/>
                    <Brush history chosen pointed dragged said model=model.clone()/>
                </div>
            </div>
            <Choice history chosen model/>
        </ChartFrame>
    }
    .into_any()
}

/// A comparison in a line.
fn words_of(head: &SnapshotHead, offset_minutes: i32) -> String {
    format!(
        "{}: {} of {} drifted",
        time_of_day(head.created, offset_minutes),
        format::count(head.n_drifted),
        format::plural(head.n_columns, "column"),
    )
}

fn words_of_stretch(stretch: Stretch) -> String {
    format!(
        "{} chosen: {} to {}",
        format::plural(stretch.rows(), "row"),
        format::count(stretch.first),
        format::count(stretch.last)
    )
}

/// Where a stretch is compared with the rows before it.
fn address_of(model: &str, stretch: Stretch) -> String {
    format!("/windows?model={model}&current={stretch}")
}

/// What lies over the picture and answers to pointer and keys.
#[component]
fn Brush(
    history: Signal<Vec<SnapshotHead>>,
    chosen: Memo<Option<Stretch>>,
    pointed: RwSignal<Option<usize>>,
    dragged: RwSignal<Option<(usize, usize)>>,
    said: Signal<String>,
    model: String,
) -> impl IntoView {
    let surface = NodeRef::<Div>::new();
    let navigate = use_navigate();
    let location = use_location();
    // The address keeps what is chosen; going back leads to the page before, not to every choice.
    let keep = {
        let navigate = navigate.clone();
        move |stretch: Option<Stretch>| {
            let mut query = location.query.get_untracked();
            query.remove("window");
            if let Some(stretch) = stretch {
                query.insert("window", stretch.to_string());
            }
            let address = format!("{}{}", location.pathname.get_untracked(), query.to_query_string());
            navigate(&address, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
        }
    };
    let keep = StoredValue::new(keep);
    let go = StoredValue::new(move |address: String| navigate(&address, NavigateOptions::default()));
    let n = move || history.with_untracked(Vec::len);
    let open_report = move |index: usize| {
        if let Some(id) = history.with_untracked(|history| history.get(index).map(|head| head.id.clone())) {
            go.with_value(|go| go(format!("/reports/{id}")));
        }
    };
    let under = move |event: &PointerEvent| {
        let width = f64::from(surface.get_untracked()?.offset_width()).max(1.0);
        timeline::nearest(f64::from(event.offset_x()) / width, n())
    };
    // Where the pointer went down: the comparison, and the pixel.
    let down = StoredValue::new(None::<(usize, i32)>);
    let on_down = move |event: PointerEvent| {
        if event.button() == 0 {
            down.set_value(under(&event).map(|index| (index, event.client_x())));
        }
    };
    let on_move = move |event: PointerEvent| {
        let index = under(&event);
        if pointed.get_untracked() != index {
            pointed.set(index);
        }
        let Some((from, pixel)) = down.get_value() else { return };
        let drags = dragged.get_untracked().is_some() || (event.client_x() - pixel).abs() >= DRAG_PIXELS;
        if let Some(to) = index.filter(|_| drags) {
            if let Some(surface) = surface.get_untracked() {
                let _ = surface.set_pointer_capture(event.pointer_id());
            }
            dragged.set(Some((from, to)));
        }
    };
    let finish = move |from: usize, to: usize| {
        let stretch = history.with_untracked(|history| timeline::stretch(history, from, to));
        keep.with_value(|keep| keep(stretch));
        dragged.set(None);
    };
    let on_up = move |event: PointerEvent| {
        let went_down = down.get_value();
        down.set_value(None);
        match (dragged.get_untracked(), went_down) {
            (Some((from, to)), _) => finish(from, to),
            (None, Some((index, _))) if under(&event) == Some(index) => open_report(index),
            _ => {}
        }
    };
    let on_cancel = move |_| {
        down.set_value(None);
        dragged.set(None);
    };
    let on_leave = move |_| {
        if down.get_value().is_none() {
            pointed.set(None);
        }
    };
    // Where Shift was pressed first.
    let anchor = StoredValue::new(None::<usize>);
    let on_key = move |event: KeyboardEvent| {
        let Some(last) = n().checked_sub(1) else { return };
        let now = pointed.get_untracked().unwrap_or(last);
        let to = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => now.saturating_sub(1),
            "ArrowRight" | "ArrowUp" => (now + 1).min(last),
            "Home" => 0,
            "End" => last,
            "Enter" => {
                match chosen.get_untracked() {
                    Some(stretch) => go.with_value(|go| go(address_of(&model, stretch))),
                    None => open_report(now),
                }
                return;
            }
            "Escape" if chosen.get_untracked().is_some() => {
                anchor.set_value(None);
                keep.with_value(|keep| keep(None));
                return;
            }
            _ => return,
        };
        event.prevent_default();
        pointed.set(Some(to));
        if event.shift_key() {
            let from = anchor.get_value().unwrap_or(now);
            anchor.set_value(Some(from));
            finish(from, to);
        } else {
            anchor.set_value(None);
            if chosen.get_untracked().is_some() {
                keep.with_value(|keep| keep(None));
            }
        }
    };
    let at = move || pointed.get().unwrap_or_else(|| history.with(|history| history.len().saturating_sub(1))) + 1;
    view! {
        <div
            class="drift-history__surface needs-script"
            node_ref=surface
            role="slider"
            tabindex="0"
            aria-label="Timeline: arrows walk through the comparisons, with Shift they choose a window, Enter opens it"
            aria-valuemin="1"
            aria-valuemax=move || history.with(Vec::len).max(1).to_string()
            aria-valuenow=move || at().to_string()
            aria-valuetext=said
            on:pointerdown=on_down
            on:pointermove=on_move
            on:pointerup=on_up
            on:pointercancel=on_cancel
            on:pointerleave=on_leave
            on:keydown=on_key
            on:blur=move |_| pointed.set(None)
        ></div>
    }
    .into_any()
}

/// The stretch as two numbers, and the button that compares it.
#[component]
fn Choice(history: Signal<Vec<SnapshotHead>>, chosen: Memo<Option<Stretch>>, model: String) -> impl IntoView {
    let shown = Memo::new(move |_| {
        let latest =
            || history.with(|history| timeline::stretch(history, history.len().checked_sub(1)?, history.len() - 1));
        chosen.get().or_else(latest)
    });
    let (from, to) = (NodeRef::<leptos::html::Input>::new(), NodeRef::<leptos::html::Input>::new());
    let first = move || shown.get().map(|stretch| stretch.first.to_string());
    let last = move || shown.get().map(|stretch| stretch.last.to_string());
    let navigate = use_navigate();
    let of_model = model.clone();
    // Where there is a script, the address says the rows in one word, as it does everywhere else.
    let on_submit = move |event: SubmitEvent| {
        let rows =
            from.get_untracked().zip(to.get_untracked()).map(|(from, to)| format!("{}-{}", from.value(), to.value()));
        if let Some(stretch) = rows.and_then(|rows| rows.parse::<Stretch>().ok()) {
            event.prevent_default();
            navigate(&address_of(&of_model, stretch), NavigateOptions::default());
        }
    };
    view! {
        <form class="drift-history__choice" method="get" action="/windows" on:submit=on_submit>
            <input type="hidden" name="model" value=model/>
            <label class="drift-history__field">
                <span>"Rows"</span>
                <input class="input input--short" r#type="number" min="1" name="from" required node_ref=from value=first prop:value=first/>
            </label>
            <label class="drift-history__field">
                <span>"to"</span>
                <input class="input input--short" r#type="number" min="1" name="to" required node_ref=to value=last prop:value=last/>
            </label>
            <button class="button button--small" r#type="submit">"Compare with the rows before"</button>
        </form>
    }
    .into_any()
}
