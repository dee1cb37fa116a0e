//! What a monitor would have found: a bar for every window of the past, and where alerts would have begun.

use leptos::prelude::*;
use tidemark::render::format;

use crate::watching::{Preview, RunEnd};

const WIDTH: usize = 12;
const HEIGHT: f64 = 80.0;
const TOP: f64 = 14.0;

/// Bars as high as the share of drifted columns, with the threshold and the alerts; and how often each rule would have fired.
#[component]
pub fn PreviewChart(
    /// What it would have found.
    preview: Preview,
) -> impl IntoView {
    let n = preview.windows.len();
    // Up to the largest share, and the threshold no higher than halfway.
    let shares = preview.windows.iter().filter_map(|window| Some(window.found.as_ref().ok()?.0));
    let top = shares.fold(2.0 * preview.share_threshold, f64::max).min(1.0);
    let scaled = |share: f64| HEIGHT * (share / top).clamp(0.0, 1.0);
    let threshold = TOP + HEIGHT - scaled(preview.share_threshold);
    let bars = preview.windows.iter().enumerate().map(|(nth, window)| {
        let end = match window.end {
            RunEnd::Time(at) => crate::format::iso(at),
            RunEnd::Row(row) => format!("row {}", format::count(row.unsigned_abs())),
        };
        let (title, class, height) = match &window.found {
            Ok((share, drifted)) => {
                let class = if *drifted { "preview__bar preview__bar--drifted" } else { "preview__bar" };
                (format!("{end}: {} of the columns drifted", format::share(*share)), class, scaled(*share))
            }
            Err(reason) => (format!("{end}: {reason}"), "preview__bar preview__bar--none", 0.0),
        };
        let x = nth * WIDTH;
        // Also a window without drift is to be seen.
        let height = height.max(2.0);
        let alert = (!window.begun.is_empty()).then(|| {
            let middle = x + WIDTH / 2;
            view! { <path class="preview__alert" d=format!("M{middle} {} l4 -8 h-8 Z", TOP - 3.0)></path> }
        });
        view! {
            <g>
                <title>{title}</title>
                <rect class=class x=x + 1 y=TOP + HEIGHT - height width=WIDTH - 2 height=height></rect>
                {alert}
            </g>
        }
    });
    let bars = bars.collect_view();
    let rules = preview.rules.iter().map(|(name, n)| view! { <li>{format!("{name}: {n}")}</li> }).collect_view();
    // A few windows are not blown up.
    let width = n.max(20) * WIDTH;
    view! {
        <figure class="preview">
            <figcaption class="preview__sentence">{preview.sentence.clone()}</figcaption>
            {(n > 0)
                .then(|| {
                    view! {
                        <svg
                            class="preview__chart"
                            viewBox=format!("0 0 {width} {}", TOP + HEIGHT)
                            preserveAspectRatio="none"
                            role="img"
                            aria-label=preview.sentence.clone()
                        >
                            <line class="preview__threshold" x1="0" x2=width y1=threshold y2=threshold></line>
                            {bars}
                        </svg>
                    }
                })}
            {(!preview.rules.is_empty())
                .then(|| {
                    view! {
                        <p class="preview__legend">"Alerts that would have begun, by rule:"</p>
                        <ul class="preview__rules">{rules}</ul>
                    }
                })}
        </figure>
    }
    .into_any()
}
