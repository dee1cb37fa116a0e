//! What stands around a chart: title, legend, and a sentence under it.

use leptos::prelude::*;

/// A figure with a heading.
#[component]
pub fn ChartFrame(
    /// What it shows.
    #[prop(into)]
    title: String,
    /// What one should know to read it.
    #[prop(into, optional)]
    caption: MaybeProp<String>,
    /// Whether reference and current are told apart by colour, and need a legend.
    #[prop(optional)]
    two_sides: bool,
    /// Whether it stands directly under the page's title, and not inside a part with a heading of its own.
    #[prop(optional)]
    is_part: bool,
    /// The chart.
    children: Children,
) -> impl IntoView {
    let heading = if is_part {
        view! { <h2 class="chart-frame__title">{title}</h2> }.into_any()
    } else {
        view! { <h3 class="chart-frame__title">{title}</h3> }.into_any()
    };
    view! {
        <figure class="chart-frame">
            <div class="chart-frame__head">
                {heading}
                {two_sides.then(|| view! { <SideLegend/> })}
            </div>
            {children()}
            <figcaption class="chart-frame__caption">{move || caption.get()}</figcaption>
        </figure>
    }
    .into_any()
}

/// Which colour is which side.
#[component]
pub fn SideLegend() -> impl IntoView {
    view! {
        <ul class="side-legend">
            <li class="side-legend__side side-legend__side--reference">"Reference"</li>
            <li class="side-legend__side side-legend__side--current">"Current"</li>
        </ul>
    }
    .into_any()
}
