//! The share of drifted columns over the last comparisons.

use charming::Chart;
use charming::datatype::{DataPoint, DataPointItem};
use charming::element::{
    AreaStyle, AxisType, ItemStyle, Label, LineStyle, LineStyleType, MarkLine, MarkLineData, MarkLineVariant, Symbol,
};
use charming::series::Line;
use tidemark::judge::Verdict;

use super::{Palette, grid, no_legend, per_cent, quiet_axis, share_axis, tooltip};
use crate::format;
use crate::monitor::SnapshotHead;

/// Where the vertical axis of a timeline ends: a share that four equal steps divide well, above every point and well
/// above the threshold.
pub fn timeline_top(history: &[SnapshotHead], threshold: f64) -> f64 {
    let highest = history.iter().map(|head| head.share_drifted).fold(1.5 * threshold, f64::max);
    [0.04, 0.08, 0.12, 0.2, 0.4, 0.6, 0.8].into_iter().find(|top| *top >= highest).unwrap_or(1.0)
}

/// A line with a point for every comparison, coloured by its verdict, and a dashed line at the threshold. The point of
/// index `i` is `history[i]`. Times are shown `offset_minutes` east of UTC.
pub fn drift_timeline(history: &[SnapshotHead], threshold: f64, offset_minutes: i32, palette: &Palette) -> Chart {
    let top = timeline_top(history, threshold);
    let times = history.iter().map(|head| format::time_of_day(head.created, offset_minutes)).collect();
    let points: Vec<DataPoint> = history
        .iter()
        .map(|head| {
            let colour = match head.verdict().0 {
                Verdict::Drifted => &palette.drifted,
                Verdict::Minor => &palette.minor,
                _ => &palette.stable,
            };
            DataPointItem::new(per_cent(head.share_drifted)).item_style(ItemStyle::new().color(colour.as_str())).into()
        })
        .collect();
    let threshold = MarkLine::new()
        .silent(true)
        .symbol(vec![Symbol::None, Symbol::None])
        .line_style(LineStyle::new().color(palette.ink_muted.as_str()).type_(LineStyleType::Dashed).width(1))
        .label(Label::new().show(false))
        .data(vec![MarkLineVariant::Simple(MarkLineData::new().name("Threshold").y_axis(per_cent(threshold)))]);
    let line = Line::new()
        .name("Drifted columns")
        .symbol(Symbol::Circle)
        .symbol_size(8)
        .show_symbol(true)
        .line_style(LineStyle::new().color(palette.ink_muted.as_str()).width(1.5))
        .area_style(AreaStyle::new().color(palette.ink_muted.as_str()).opacity(0.08))
        .mark_line(threshold)
        .data(points);
    Chart::new()
        .animation(false)
        .legend(no_legend())
        .grid(grid())
        .tooltip(tooltip(palette).formatter("{b}\n{c}% of columns drifted"))
        .x_axis(quiet_axis(palette).type_(AxisType::Category).boundary_gap(true).data(times))
        .y_axis(share_axis(palette).type_(AxisType::Value).min(0).max(per_cent(top)).interval(per_cent(top / 4.0)))
        .series(line)
}
