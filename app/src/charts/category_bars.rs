//! Both sides of a categorical column, bar beside bar.

use charming::Chart;
use charming::datatype::CompositeValue;
use charming::element::{AxisType, ItemStyle};
use charming::series::Bar;
use tidemark::report::CategoryShare;

use super::{Palette, grid, no_legend, per_cent, quiet_axis, shade, share_axis, tooltip};

/// Lying bars, the most frequent category on top: names have room, however long.
pub fn category_bars(categories: &[CategoryShare], n_others: u64, others: [f64; 2], palette: &Palette) -> Chart {
    let others = (n_others > 0).then(|| CategoryShare {
        name: format!("{n_others} more"),
        reference: others[0],
        current: others[1],
    });
    let rows: Vec<&CategoryShare> = categories.iter().chain(&others).collect();
    let names = rows.iter().map(|row| shorten(&row.name)).collect();
    let bar = |name: &str, colour: &str, side: fn(&CategoryShare) -> f64| {
        let shares: Vec<CompositeValue> = rows.iter().map(|row| per_cent(side(row)).into()).collect();
        Bar::new().name(name).bar_gap("0%").item_style(ItemStyle::new().color(colour).border_radius(2)).data(shares)
    };
    Chart::new()
        .animation(false)
        .legend(no_legend())
        .grid(grid())
        .tooltip(tooltip(palette).axis_pointer(shade()).formatter("{b}\nReference  {c0}%\nCurrent  {c1}%"))
        .x_axis(share_axis(palette).type_(AxisType::Value))
        .y_axis(quiet_axis(palette).type_(AxisType::Category).inverse(true).data(names))
        .series(bar("Reference", &palette.reference, |row| row.reference))
        .series(bar("Current", &palette.current, |row| row.current))
}

/// Characters of a category's name that are shown.
const MAX_NAME: usize = 24;

fn shorten(name: &str) -> String {
    if name.chars().count() <= MAX_NAME {
        return name.to_owned();
    }
    name.chars().take(MAX_NAME - 1).chain(['…']).collect()
}
