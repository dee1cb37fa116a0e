//! Both sides of a numerical column over the same bins.

use charming::Chart;
use charming::datatype::CompositeValue;
use charming::element::{AxisPointer, AxisType, ItemStyle, LineStyle, Step, Symbol, Tooltip, Trigger};
use charming::series::{Bar, Line};
use tidemark::render::format;
use tidemark::report::Bin;

use super::{Palette, grid, no_legend, per_cent, quiet_axis, shade, share_axis, tooltip};

/// The reference as filled bars without gaps, the current side as a line of steps over them.
///
/// Two horizontal axes: one of bins, which tooltips go by, and one of numbers, which is seen, and on which the steps turn
/// exactly at the edges. The current side is on both: as an unseen bar for the tooltip, and as the line.
pub fn histogram_overlay(bins: &[Bin], palette: &Palette) -> Chart {
    let labels = bins.iter().map(|bin| format!("{} to {}", format::number(bin.low), format::number(bin.high)));
    let shares =
        |side: fn(&Bin) -> f64| -> Vec<CompositeValue> { bins.iter().map(|bin| per_cent(side(bin)).into()).collect() };
    let reference = Bar::new()
        .name("Reference")
        .bar_width("100%")
        .item_style(ItemStyle::new().color(palette.reference.as_str()).opacity(0.55))
        .data(shares(|bin| bin.reference));
    let current = Bar::new()
        .name("Current")
        .bar_width("100%")
        .bar_gap("-100%")
        .item_style(ItemStyle::new().color(palette.current.as_str()).opacity(0))
        .data(shares(|bin| bin.current));
    let outline = Line::new()
        .name("Current")
        .x_axis_index(1)
        .step(Step::End)
        .symbol(Symbol::None)
        .silent(true)
        .tooltip(Tooltip::new().trigger(Trigger::None))
        .line_style(LineStyle::new().color(palette.current.as_str()).width(2))
        .data(outline(bins));
    let (low, high) = (bins.first().map_or(0.0, |bin| bin.low), bins.last().map_or(1.0, |bin| bin.high));
    Chart::new()
        .animation(false)
        .legend(no_legend())
        .grid(grid())
        .tooltip(tooltip(palette).axis_pointer(shade()).formatter("{b}\nReference  {c0}%\nCurrent  {c1}%"))
        .x_axis(quiet_axis(palette).type_(AxisType::Category).show(false).data(labels.collect()))
        .x_axis(
            quiet_axis(palette)
                .type_(AxisType::Value)
                .position("bottom")
                .min(low)
                .max(high)
                .axis_pointer(AxisPointer::new().show(false)),
        )
        .y_axis(share_axis(palette).type_(AxisType::Value))
        .series(reference)
        .series(current)
        .series(outline)
}

/// Left edge and height of every bin, and the right edge of the last: what a line of steps goes through.
fn outline(bins: &[Bin]) -> Vec<Vec<f64>> {
    let last = bins.last().map(|bin| vec![bin.high, per_cent(bin.current)]);
    bins.iter().map(|bin| vec![bin.low, per_cent(bin.current)]).chain(last).collect()
}
