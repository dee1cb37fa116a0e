//! Drift over time: a point for every comparison.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use tidemark::render::format;

use super::chart::{Chart, Draw};
use super::chart_frame::ChartFrame;
use super::moment::zone_offset;
use super::status_badge::css_name;
use crate::charts::{Picture, timeline_top};
use crate::format::time_of_day;
use crate::monitor::SnapshotHead;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 40.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;

/// The share of drifted columns of the comparisons in `history`, oldest first. A click on a point opens its report.
#[component]
pub fn DriftHistory(
    /// The comparisons.
    #[prop(into)]
    history: Signal<Vec<SnapshotHead>>,
    /// The share from which on the data count as drifted.
    #[prop(into)]
    threshold: Signal<f64>,
) -> impl IntoView {
    let navigate = use_navigate();
    let open = Callback::new(move |index: u32| {
        let id = history.with_untracked(|history| history.get(index as usize).map(|head| head.id.clone()));
        if let Some(id) = id {
            navigate(&format!("/reports/{id}"), NavigateOptions::default());
        }
    });
    let latest = Signal::derive(move || history.with(|history| history.last().map_or(0, |head| head.created)));
    let offset = zone_offset(latest);
    let draw: Draw = Box::new(move || Picture::DriftTimeline {
        history: history.get(),
        threshold: threshold.get(),
        offset_minutes: offset.get().unwrap_or(0),
    });
    let caption = Signal::derive(move || {
        Some(format!(
            "Share of drifted columns in each comparison. The dashed line stands at {}, from which on the data count as drifted.",
            format::share(threshold.get())
        ))
    });
    view! {
        <ChartFrame title="Drift over time" caption is_part=true>
            <Chart draw on_pick=open>
                <StillHistory history threshold/>
            </Chart>
        </ChartFrame>
    }
    .into_any()
}

/// The same as a still picture, with links.
#[component]
fn StillHistory(history: Signal<Vec<SnapshotHead>>, threshold: Signal<f64>) -> impl IntoView {
    let bottom = HEIGHT - BOTTOM;
    let top = Memo::new(move |_| history.with(|history| timeline_top(history, threshold.get())));
    let ticks = move || {
        let tick = |quarter: u32| {
            let share = top.get() * f64::from(quarter) / 4.0;
            let y = y(share, top.get());
            view! {
                <path class="tm-axis" d=format!("M{LEFT} {y:.1}H{}", WIDTH - RIGHT)></path>
                <text class="tm-text" x=LEFT - 8.0 y=format!("{:.1}", y + 4.0) text-anchor="end">
                    {format!("{:.0}%", 100.0 * share)}
                </text>
            }
        };
        (0..=4).map(tick).collect_view()
    };
    let line = move || history.with(|history| line(history, top.get()));
    let points = move || {
        history.with(|history| {
            let point = |(i, head): (usize, &SnapshotHead)| {
                let class = format!("drift-history__point drift-history__point--{}", css_name(head.verdict().0));
                let name = format!(
                    "{} UTC: {} of {} columns drifted",
                    time_of_day(head.created, 0),
                    head.n_drifted,
                    head.n_columns
                );
                let (x, y) = (x(i, history.len()), y(head.share_drifted, top.get()));
                view! {
                    <a href=format!("/reports/{}", head.id) aria-label=name>
                        <circle class=class cx=format!("{x:.1}") cy=format!("{y:.1}") r="4.5"></circle>
                    </a>
                }
            };
            history.iter().enumerate().map(point).collect_view()
        })
    };
    let times = move || {
        history.with(|history| {
            let every = history.len().div_ceil(6).max(1);
            let label = |(i, head): (usize, &SnapshotHead)| {
                view! {
                    <text class="tm-text" x=format!("{:.1}", x(i, history.len())) y=bottom + 20.0 text-anchor="middle">
                        {time_of_day(head.created, 0)}
                    </text>
                }
            };
            history.iter().enumerate().step_by(every).map(label).collect_view()
        })
    };
    view! {
        <svg class="drift-history" viewBox="0 0 720 220" role="group" aria-label="Drift over time">
            {ticks}
            <path class="drift-history__line" d=line></path>
            <path
                class="drift-history__threshold"
                d=move || format!("M{LEFT} {:.1}H{}", y(threshold.get(), top.get()), WIDTH - RIGHT)
            ></path>
            {times}
            {points}
        </svg>
    }
    .into_any()
}

fn x(i: usize, n: usize) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * (i as f64 + 0.5) / n.max(1) as f64
}

fn y(share: f64, top: f64) -> f64 {
    TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - share / top)
}

fn line(history: &[SnapshotHead], top: f64) -> String {
    let point = |(i, head): (usize, &SnapshotHead)| {
        format!("{}{:.1} {:.1}", if i == 0 { "M" } else { "L" }, x(i, history.len()), y(head.share_drifted, top))
    };
    history.iter().enumerate().map(point).collect()
}
