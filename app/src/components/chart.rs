//! A place in the page where ECharts draws.

use leptos::html::Div;
use leptos::prelude::*;

use crate::charts::Picture;

#[cfg_attr(not(feature = "hydrate"), path = "chart/mount_server.rs")]
mod mount;

/// What a chart shows. Signals that it reads redraw the chart when they change.
pub type Draw = Box<dyn Fn() -> Picture + Send + Sync>;

/// An interactive chart in place of `children`, which is the same as a still picture (or words).
///
/// *On the server*, and until ECharts is there, the still picture is what one sees. Both have the height that the style
/// sheet gives, so that nothing moves.
#[component]
pub fn Chart(
    /// What it shows.
    draw: Draw,
    /// The still picture.
    children: Children,
) -> impl IntoView {
    let host = NodeRef::<Div>::new();
    let drawn = RwSignal::new(false);
    mount::mount(host, draw, drawn);
    view! {
        <div class="chart" class:chart--drawn=move || drawn.get()>
            <div class="chart__still">{children()}</div>
            // The table or the picture beside it says the same to those who can't see this one.
            <div class="chart__canvas" node_ref=host aria-hidden="true"></div>
        </div>
    }
    .into_any()
}
