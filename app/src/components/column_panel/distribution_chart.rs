//! Both sides of a numerical column in one large picture.

use leptos::prelude::*;
use tidemark::render::svg;
use tidemark::report::{Bin, Distribution};

use crate::charts::Picture;
use crate::components::chart::{Chart, Draw};
use crate::components::chart_frame::ChartFrame;

/// The picture: still on the server, with tooltips in the browser.
#[component]
pub fn DistributionChart(
    /// Both sides.
    bins: Signal<Vec<Bin>>,
) -> impl IntoView {
    let still = move || svg::distribution(&Distribution::Histogram { bins: bins.get() });
    let draw: Draw = Box::new(move || Picture::HistogramOverlay { bins: bins.get() });
    view! {
        <ChartFrame
            title="Distribution"
            caption="Share of the rows of each side, in per cent. The outer bins take in everything beyond their edge."
            two_sides=true
        >
            <Chart draw>
                <div class="chart__svg" inner_html=still></div>
            </Chart>
        </ChartFrame>
    }
    .into_any()
}
