//! The two pictures of statisticians: the distribution functions, and the quantiles against each other.

use leptos::prelude::*;
use tidemark::render::svg;
use tidemark::report::{Bin, SideSummary};

use crate::components::chart_frame::ChartFrame;

/// Both pictures, beside each other where there is room. They are made of the report alone and need no script.
#[component]
pub fn FunctionCharts(
    /// Both sides' histogram.
    bins: Vec<Bin>,
    /// The reference in numbers.
    reference: SideSummary,
    /// The current side in numbers.
    current: SideSummary,
) -> impl IntoView {
    let functions = svg::distribution_functions(&bins, &reference, &current);
    let quantiles = svg::quantile_quantile(&bins, &reference, &current);
    let figure = |title: &'static str, caption: &'static str, picture: String| {
        (!picture.is_empty()).then(|| {
            view! {
                <ChartFrame title caption>
                    <div class="chart__svg" inner_html=picture></div>
                </ChartFrame>
            }
        })
    };
    view! {
        <div class="function-charts">
            {figure(
                "Distribution functions",
                "Share of the values below each number. The mark is the largest gap at an edge of the bins above.",
                functions,
            )}
            {figure(
                "Quantiles",
                "Current against reference, every 5%. On the line nothing changed; above it values grew. The quartiles are larger, the others right to within a bin.",
                quantiles,
            )}
        </div>
    }
    .into_any()
}
