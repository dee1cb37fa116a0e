//! Both sides of a column in one large picture.

use leptos::prelude::*;
use tidemark::render::svg;
use tidemark::report::Distribution;

use crate::charts::{category_bars, histogram_overlay};
use crate::components::chart::{Chart, Draw};
use crate::components::chart_frame::ChartFrame;

/// The picture: still on the server, with tooltips in the browser.
#[component]
pub fn DistributionChart(
    /// Both sides.
    distribution: Distribution,
) -> impl IntoView {
    let still = svg::distribution(&distribution);
    if still.is_empty() {
        return view! { <p class="column-panel__nothing">"There is nothing to draw: no values on either side."</p> }
            .into_any();
    }
    let caption = match &distribution {
        Distribution::Histogram { .. } => {
            "Share of the rows of each side, in per cent. The outer bins take in everything beyond their edge."
        }
        _ => "Share of the rows of each side, in per cent.",
    };
    let draw: Draw = Box::new(move |palette| match &distribution {
        Distribution::Categories { categories, n_others, others } => {
            category_bars(categories, *n_others, *others, palette)
        }
        Distribution::Histogram { bins } => histogram_overlay(bins, palette),
        Distribution::Empty => charming::Chart::new(),
    });
    view! {
        <ChartFrame title="Distribution" caption two_sides=true>
            <Chart draw>
                <div class="chart__svg" inner_html=still></div>
            </Chart>
        </ChartFrame>
    }
    .into_any()
}
