//! Charts as data: from what a report holds to what ECharts draws. Pure, so that they are tested without a browser.
//!
//! No callback is ever put into a chart: `charming` would build it with `new Function`, which the pages' content
//! security policy forbids. Numbers are rounded and labels written here instead.

mod histogram_overlay;
mod palette;
mod performance_timeline;

pub use histogram_overlay::histogram_overlay;
pub use palette::Palette;
pub use performance_timeline::{performance_timeline, reliability_diagram, split_bars, worth_curve};

use charming::component::{Axis, Grid};
use charming::element::{
    AxisLabel, AxisLine, AxisPointer, AxisPointerType, AxisTick, LineStyle, SplitLine, Tooltip, Trigger,
};
use charming::{Chart, component::Legend};
use leptos::wasm_split::wasm_split;
use serde_json::{Value, json};
use tidemark::report::Bin;

use crate::error::AppError;

/// A chart without colours: plain data, so that the code that puts it into ECharts' words can be loaded when it is needed.
#[derive(Debug, Clone, PartialEq)]
pub enum Picture {
    /// [`histogram_overlay`].
    HistogramOverlay {
        /// Both sides.
        bins: Vec<Bin>,
    },
}

/// The picture as the JSON that ECharts takes. A part of its own in the browser, like ECharts: pages are complete without it.
///
/// # Errors
/// The part could not be loaded.
#[wasm_split(
    charts,
    wasm_split_path = ::leptos::wasm_split,
    preload(
        /// Loads the part that [`paint`] is in.
        ///
        /// # Errors
        /// It could not be loaded.
        load_charts
    ),
    fallible
)]
pub fn paint(picture: Picture, palette: Palette) -> Result<String, AppError> {
    let chart = match picture {
        Picture::HistogramOverlay { bins } => histogram_overlay(&bins, &palette),
    };
    Ok(option(&chart, &palette).to_string())
}

/// The chart as the JSON that ECharts takes, with what `charming` has no words for.
pub fn option(chart: &Chart, palette: &Palette) -> Value {
    let mut option = serde_json::to_value(chart).expect("a chart is plain data");
    if let Some(tooltip) = option.get_mut("tooltip").and_then(Value::as_object_mut) {
        // Drawn on the canvas: names of columns and categories never become HTML.
        tooltip.insert("renderMode".to_owned(), json!("richText"));
        tooltip.insert("confine".to_owned(), json!(true));
        tooltip.insert(
            "textStyle".to_owned(),
            json!({ "color": palette.ink, "fontFamily": palette.font, "fontSize": 12, "lineHeight": 18 }),
        );
    }
    for axis in value_axes_with_ends(&mut option) {
        // The ends are where the data end, and no round numbers: their labels would be long, and on top of others.
        axis["axisLabel"]["showMinLabel"] = json!(false);
        axis["axisLabel"]["showMaxLabel"] = json!(false);
    }
    for series in option.get_mut("series").and_then(Value::as_array_mut).into_iter().flatten() {
        if series["showSymbol"] == true {
            // Left to itself ECharts thins them out where there is little room; but points are what one clicks on.
            series["showAllSymbol"] = json!(true);
        }
    }
    option["textStyle"] = json!({ "fontFamily": palette.font });
    option
}

fn value_axes_with_ends(option: &mut Value) -> impl Iterator<Item = &mut Value> {
    let axes = match option.get_mut("xAxis") {
        Some(Value::Array(axes)) => axes.as_mut_slice(),
        Some(axis) => std::slice::from_mut(axis),
        None => &mut [],
    };
    axes.iter_mut().filter(|axis| axis["type"] == "value" && axis.get("min").is_some())
}

/// A share in per cent with two decimals: enough for a tooltip, and short in the JSON.
fn per_cent(share: f64) -> f64 {
    (share * 10_000.0).round() / 100.0
}

fn grid() -> Grid {
    Grid::new().left(4).right(12).top(12).bottom(4).contain_label(true)
}

fn no_legend() -> Legend {
    // The frame around the chart has its own, as text.
    Legend::new().show(false)
}

fn tooltip(palette: &Palette) -> Tooltip {
    Tooltip::new()
        .trigger(Trigger::Axis)
        .background_color(palette.surface.as_str())
        .border_color(palette.line.as_str())
        .border_width(1)
}

/// What marks the place that a tooltip is about: a shade over the whole bin or category.
fn shade() -> AxisPointer {
    AxisPointer::new().type_(AxisPointerType::Shadow)
}

/// An axis of shares, in per cent.
fn share_axis(palette: &Palette) -> Axis {
    Axis::new()
        .axis_label(label(palette).formatter("{value}%"))
        .axis_tick(AxisTick::new().show(false))
        .axis_line(AxisLine::new().show(false))
        .split_line(SplitLine::new().line_style(LineStyle::new().color(palette.line.as_str())))
        .split_number(4)
}

fn quiet_axis(palette: &Palette) -> Axis {
    Axis::new()
        .axis_label(label(palette))
        .axis_tick(AxisTick::new().show(false))
        .axis_line(AxisLine::new().show(false))
        .split_line(SplitLine::new().show(false))
}

fn label(palette: &Palette) -> AxisLabel {
    AxisLabel::new().color(palette.ink_muted.as_str()).font_size(11)
}
