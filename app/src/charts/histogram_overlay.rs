//! Both sides of a numerical column over the same bins.

use charming::Chart;
use charming::datatype::CompositeValue;
use charming::element::{AxisType, Color, ItemStyle, LineStyle, Step, Symbol};
use charming::series::{Bar, Line};
use tidemark::render::format;
use tidemark::report::Bin;

use super::{Palette, grid, no_legend, per_cent, quiet_axis, share_axis, tooltip};

/// The reference as filled bars without gaps, the current side as a line of steps over them.
pub fn histogram_overlay(bins: &[Bin], palette: &Palette) -> Chart {
    let labels = bins.iter().map(|bin| format!("{} to {}", format::number(bin.low), format::number(bin.high)));
    let shares =
        |side: fn(&Bin) -> f64| -> Vec<CompositeValue> { bins.iter().map(|bin| per_cent(side(bin)).into()).collect() };
    let reference = Bar::new()
        .name("Reference")
        .bar_width("100%")
        .item_style(ItemStyle::new().color(palette.reference.as_str()).opacity(0.55))
        .data(shares(|bin| bin.reference));
    let current = Line::new()
        .name("Current")
        .step(Step::Middle)
        .symbol(Symbol::None)
        .line_style(LineStyle::new().color(palette.current.as_str()).width(2))
        .item_style(ItemStyle::new().color(Color::from(palette.current.as_str())))
        .data(shares(|bin| bin.current));
    Chart::new()
        .animation(false)
        .legend(no_legend())
        .grid(grid())
        .tooltip(tooltip(palette).formatter("{b}\nReference  {c0}%\nCurrent  {c1}%"))
        .x_axis(quiet_axis(palette).type_(AxisType::Category).data(labels.collect()))
        .y_axis(share_axis(palette).type_(AxisType::Value))
        .series(reference)
        .series(current)
}
