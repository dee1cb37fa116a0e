//! The timeline as SVG. Its places are shares of the width, so that words and points keep their size on every screen.

use leptos::prelude::*;

use crate::components::status_badge::css_name;
use crate::format::time_of_day;
use crate::monitor::SnapshotHead;
use crate::timeline::{self, Event, EventKind};
use crate::windows::Stretch;

/// Heights in pixels: the plot, and the plot with the times under it.
const HEIGHT: f64 = 176.0;
const WHOLE: f64 = 200.0;
/// Room above the highest point.
const TOP: f64 = 8.0;
/// Times under the plot, at most; a phone shows every second one.
const TIMES: usize = 8;

/// A share of the width.
fn per_cent(share: f64) -> String {
    format!("{:.2}%", 100.0 * share)
}

fn y(share: f64, top: f64) -> f64 {
    TOP + (HEIGHT - TOP) * (1.0 - share / top)
}

/// Axes, comparisons, the chosen stretch, and the one that is pointed at.
#[component]
pub fn Picture(
    history: Signal<Vec<SnapshotHead>>,
    threshold: Signal<f64>,
    events: Signal<Vec<Event>>,
    chosen: Memo<Option<Stretch>>,
    pointed: RwSignal<Option<usize>>,
    offset: Signal<i32>,
) -> impl IntoView {
    let top = Memo::new(move |_| history.with(|history| timeline::top(history, threshold.get())));
    let n = Memo::new(move |_| history.with(Vec::len));
    let axis = move || {
        let tick = |quarter: u32| {
            let share = top.get() * f64::from(quarter) / 4.0;
            let y = format!("{:.1}", y(share, top.get()));
            view! {
                <line class="tm-axis" x1="0" x2="100%" y1=y.clone() y2=y.clone()></line>
                <text class="tm-text" x="-8" y=y dy="4" text-anchor="end">{format!("{:.0}%", 100.0 * share)}</text>
            }
        };
        (0..=4).map(tick).collect_view()
    };
    let line = move || {
        history.with(|history| {
            let point = |(index, head): (usize, &SnapshotHead)| {
                let start = if index == 0 { 'M' } else { 'L' };
                format!(
                    "{start}{:.2} {:.1}",
                    1000.0 * timeline::place(index, history.len()),
                    y(head.share_drifted, top.get())
                )
            };
            history.iter().enumerate().map(point).collect::<String>()
        })
    };
    let points = move || {
        history.with(|history| {
            let point = |(index, head): (usize, &SnapshotHead)| {
                let class = format!("drift-history__point drift-history__point--{}", css_name(head.verdict().0));
                let name = super::words_of(head, offset.get());
                // The list under the timeline has the same links: sixty stops would be too many.
                view! {
                    <a href=format!("/reports/{}", head.id) aria-label=name tabindex="-1">
                        <circle
                            class=class
                            cx=per_cent(timeline::place(index, history.len()))
                            cy=format!("{:.1}", y(head.share_drifted, top.get()))
                            r="4.5"
                        ></circle>
                    </a>
                }
            };
            history.iter().enumerate().map(point).collect_view()
        })
    };
    let times = move || {
        history.with(|history| {
            let every = history.len().div_ceil(TIMES).max(1);
            let label = |(nth, (index, head)): (usize, (usize, &SnapshotHead))| {
                let class = if nth % 2 == 0 { "tm-text" } else { "tm-text drift-history__time--second" };
                view! {
                    <text class=class x=per_cent(timeline::place(index, history.len())) y=WHOLE - 4.0 text-anchor="middle">
                        {time_of_day(head.created, offset.get())}
                    </text>
                }
            };
            history.iter().enumerate().step_by(every).enumerate().map(label).collect_view()
        })
    };
    let stretch = move || {
        let (first, last) = history.with(|history| timeline::covered(history, chosen.get()?))?;
        let (from, to) = (first as f64 / n.get() as f64, (last + 1) as f64 / n.get() as f64);
        Some(view! {
            <rect class="drift-history__chosen" x=per_cent(from) width=per_cent(to - from) y="0" height=HEIGHT></rect>
        })
    };
    let cursor = move || {
        let x = per_cent(timeline::place(pointed.get()?, n.get()));
        Some(view! { <line class="drift-history__cursor" x1=x.clone() x2=x y1="0" y2=HEIGHT></line> })
    };
    let marks = move || {
        let mark = |event: &Event| {
            let x = per_cent(history.with(|history| timeline::place_of_moment(history, event.at))?);
            let class = format!("drift-history__mark drift-history__mark--{}", name_of(event.kind));
            Some(view! { <line class=class x1=x.clone() x2=x y1="0" y2=HEIGHT></line> })
        };
        events.with(|events| events.iter().filter_map(mark).collect_view())
    };
    view! {
        <svg class="drift-history__picture" width="100%" height=WHOLE role="group" aria-label="Drift over time">
            {stretch} {axis} {marks}
            <line
                class="drift-history__threshold"
                x1="0"
                x2="100%"
                y1=move || format!("{:.1}", y(threshold.get(), top.get()))
                y2=move || format!("{:.1}", y(threshold.get(), top.get()))
            ></line>
            // Stretched to the width; its stroke is not.
            <svg width="100%" height=HEIGHT viewBox=format!("0 0 1000 {HEIGHT}") preserveAspectRatio="none">
                <path class="drift-history__line" d=line></path>
            </svg>
            {cursor} {points} {times}
        </svg>
    }
    .into_any()
}

/// What happened, as signs in a lane above the plot: a flag for a version, a triangle for an alert.
#[component]
pub fn Events(history: Signal<Vec<SnapshotHead>>, events: Signal<Vec<Event>>) -> impl IntoView {
    let sign = move |event: &Event| {
        let x = per_cent(history.with(|history| timeline::place_of_moment(history, event.at))?);
        let class = format!("drift-history__sign drift-history__sign--{}", name_of(event.kind));
        let shape = match event.kind {
            EventKind::Deploy => "M-4 14V2H6L3.5 5.5L6 9H-3V14Z",
            EventKind::Alert | EventKind::Note => "M0 2L6.5 13H-6.5Z",
        };
        let text = event.text.clone();
        let drawn = view! {
            <svg x=x overflow="visible">
                <title>{text.clone()}</title>
                // Easier to hit than the sign itself.
                <rect class="drift-history__hit" x="-9" y="0" width="18" height="16"></rect>
                <path class=class d=shape></path>
            </svg>
        };
        Some(match event.href.clone() {
            Some(href) => view! { <a href=href aria-label=text>{drawn}</a> }.into_any(),
            None => view! { <g role="img" aria-label=text>{drawn}</g> }.into_any(),
        })
    };
    view! {
        <svg class="drift-history__events" width="100%" height="18" role="group" aria-label="Deploys and alerts">
            {move || events.with(|events| events.iter().filter_map(sign).collect_view())}
        </svg>
    }
    .into_any()
}

const fn name_of(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Deploy => "deploy",
        EventKind::Alert => "alert",
        EventKind::Note => "note",
    }
}
