//! A performance report as text.

use std::fmt::Write;

use super::format::{count, number};
use crate::performance::estimated::loss::LossMetric;
use crate::performance::figure::Interval;
use crate::performance::windows::{
    BandsOf, Binary, BinaryWindow, Bounds, Found, Multiclass, PerformanceReport, Place, Realised, Regression, Split,
};
use crate::performance::{Figure, estimated::Metric};

/// The metrics of which every window is shown, where nobody asks for others.
const SHOWN: [&str; 7] = ["roc_auc", "f1", "precision", "recall", "accuracy", "mae", "rmse"];

/// The report for a terminal: figures with their intervals, where a change comes from, then a line per window and metric.
pub fn text(report: &PerformanceReport) -> String {
    text_of(report, &SHOWN)
}

/// The same with the windows of these metrics.
pub fn text_of(report: &PerformanceReport, metrics: &[&str]) -> String {
    let mut text = String::new();
    match &report.found {
        Found::Binary(found) => binary(&mut text, found, metrics),
        Found::Multiclass(found) => multiclass(&mut text, found, metrics),
        Found::Regression(found) => regression(&mut text, found, metrics),
    }
    .expect("a string takes all that is written to it");
    text
}

fn binary(text: &mut String, found: &Binary, metrics: &[&str]) -> std::fmt::Result {
    writeln!(text, "Positive class {:?}", found.positive)?;
    sides(text, found.reference.n_rows, found.current.as_ref().map(|current| current.n_rows))?;
    let current = found.current.as_ref().map(crate::performance::BinaryPerformance::figures);
    figures(text, &found.reference.figures(), current.as_ref().map(|figures| figures.as_slice()))?;
    if let Some(reliability) = found.current.as_ref().and_then(|current| current.reliability.as_ref()) {
        writeln!(
            text,
            "Calibration error {:.4}, of which chance makes {:.4}",
            reliability.ece, reliability.ece_of_chance
        )?;
    }
    splits(text, &found.splits, Metric::name, metrics)?;
    let scores = if found.is_calibrated { "calibrated scores" } else { "scores as they are" };
    heading(text, scores)?;
    classes(text, &found.windows, &found.thresholds, &found.bands, metrics)
}

fn multiclass(text: &mut String, found: &Multiclass, metrics: &[&str]) -> std::fmt::Result {
    let names: Vec<String> = found.classes.iter().map(|(class, _)| format!("{class:?}")).collect();
    writeln!(text, "Classes {}; figures are means over them", names.join(", "))?;
    sides(text, found.reference.n_rows, found.current.as_ref().map(|current| current.n_rows))?;
    let current = found.current.as_ref();
    figures(
        text,
        &[("accuracy", found.reference.accuracy), ("log_loss", found.reference.log_loss)],
        current.map(|found| [("accuracy", found.accuracy), ("log_loss", found.log_loss)]).as_ref().map(|two| &two[..]),
    )?;
    let plain = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), number);
    for (name, before, after) in [
        ("balanced_accuracy", found.reference.balanced_accuracy, current.map(|found| found.balanced_accuracy)),
        ("f1", found.reference.f1_macro, current.map(|found| found.f1_macro)),
        ("roc_auc", found.reference.roc_auc, current.map(|found| found.roc_auc)),
    ] {
        let after = after.map_or_else(|| "no labels yet".to_owned(), plain);
        writeln!(text, "{name:<20} {:>34} {after:>34}", plain(before))?;
    }
    splits(text, &found.splits, Metric::name, metrics)?;
    let n_calibrated = found.is_calibrated.iter().filter(|is_calibrated| **is_calibrated).count();
    heading(text, &format!("scores, calibrated of {n_calibrated} of {} classes", found.classes.len()))?;
    classes(text, &found.windows, &found.thresholds, &found.bands, metrics)
}

fn heading(text: &mut String, by: &str) -> std::fmt::Result {
    writeln!(text, "\nWindows, estimated from {by}; ! outside the thresholds")
}

/// The windows of a model of classes, metric after metric.
fn classes(
    text: &mut String,
    windows: &[BinaryWindow],
    thresholds: &[Bounds],
    bands: &[BandsOf],
    metrics: &[&str],
) -> std::fmt::Result {
    for (place, bounds) in thresholds.iter().enumerate() {
        let name = bounds.metric.name();
        if !metrics.contains(&name) {
            continue;
        }
        metric(text, name, bounds, bands.iter().find(|bands| bands.metric == bounds.metric))?;
        for window in windows {
            let found = &window.estimated[place];
            let realised = window.realised.as_ref().map(|realised| &realised[place]);
            line(text, window.place, (found.value, found.lower, found.upper, found.alert), realised)?;
        }
    }
    Ok(())
}

fn regression(text: &mut String, found: &Regression, metrics: &[&str]) -> std::fmt::Result {
    sides(text, found.reference.n_rows, found.current.map(|current| current.n_rows))?;
    let current = found.current.as_ref().map(crate::performance::RegressionPerformance::figures);
    figures(text, &found.reference.figures(), current.as_ref().map(|figures| figures.as_slice()))?;
    if found.thresholds.is_empty() {
        writeln!(
            text,
            "\nWindows: mean absolute error, ! outside its thresholds; nothing is estimated without features"
        )?;
        for window in &found.windows {
            let mae = window.realised.map_or_else(|| "-".to_owned(), |found| said(found.mae));
            writeln!(text, "  {:<34} {mae:>34} {}", place(window.place), if window.alert { "!" } else { "" })?;
        }
        return Ok(());
    }
    splits(text, &found.splits, LossMetric::name, metrics)?;
    heading(text, &format!("{} features and what was said", found.features.len()))?;
    for (place, bounds) in found.thresholds.iter().enumerate() {
        let name = bounds.metric.name();
        if !metrics.contains(&name) {
            continue;
        }
        metric(text, name, bounds, found.bands.iter().find(|bands| bands.metric == bounds.metric))?;
        for window in &found.windows {
            let found = &window.estimated[place];
            line(text, window.place, (found.value, found.lower, found.upper, found.alert), window.losses.get(place))?;
        }
    }
    Ok(())
}

/// A metric's name, thresholds and the record of its bands.
fn metric<M>(text: &mut String, name: &str, bounds: &Bounds<M>, bands: Option<&BandsOf<M>>) -> std::fmt::Result {
    let end = |end: Option<f64>| end.map_or_else(|| "-".to_owned(), number);
    writeln!(text, "\n{name}: thresholds {} and {}", end(bounds.lower), end(bounds.upper))?;
    if let Some(found) = bands {
        let found = found.lifetime;
        write!(text, "  The band held in {} of {} windows whose labels came", found.n_held, found.n_windows)?;
        if let Some(interval) = found.coverage.interval() {
            write!(text, " ({} to {} of 100)", number(100.0 * interval.lower), number(100.0 * interval.upper))?;
        }
        if found.widening.factor > 1.0 {
            let kind = if found.widening.is_provisional { ", for now" } else { "" };
            write!(text, "; the next one is drawn {:.2} times as wide{kind}", found.widening.factor)?;
            write!(text, " (drawn like that each time, {} had held)", found.n_held_widened)?;
        }
        writeln!(text)?;
    }
    writeln!(text, "  {:<34} {:>34} {:>34}", "rows", "estimated (band)", "realised (95% interval)")
}

/// A window of a metric.
fn line<M>(
    text: &mut String,
    at: Place,
    (value, lower, upper, alert): (Option<f64>, Option<f64>, Option<f64>, bool),
    realised: Option<&Realised<M>>,
) -> std::fmt::Result {
    let mark = |alert: bool| if alert { " !" } else { "  " };
    let estimated = value.map_or_else(|| "-".to_owned(), |value| with(value, lower.zip(upper)));
    let came = realised.and_then(|found| Some(with(found.value?, found.interval.map(ends))));
    writeln!(
        text,
        "  {:<34} {:>34} {:>34}",
        place(at),
        estimated + mark(alert),
        came.unwrap_or_else(|| "-".to_owned()) + mark(realised.is_some_and(|found| found.alert)),
    )
}

const fn ends(interval: Interval) -> (f64, f64) {
    (interval.lower, interval.upper)
}

fn with(value: f64, ends: Option<(f64, f64)>) -> String {
    let ends = ends.map_or_else(String::new, |(lower, upper)| format!(" ({} to {})", number(lower), number(upper)));
    number(value) + &ends
}

fn splits<M: Copy>(
    text: &mut String,
    splits: &[Split<M>],
    name: impl Fn(M) -> &'static str,
    metrics: &[&str],
) -> std::fmt::Result {
    if splits.is_empty() {
        return Ok(());
    }
    writeln!(text, "\nWhere the change comes from      total    inputs  relation  (chance)")?;
    for split in splits.iter().filter(|split| metrics.contains(&name(split.metric))) {
        let mark = if split.relation.abs() > split.chance { " !" } else { "" };
        let signed = |value: f64| if value < 0.0 { number(value) } else { format!("+{}", number(value)) };
        writeln!(
            text,
            "  {:<24} {:>11} {:>9} {:>9}  {}{mark}",
            name(split.metric),
            signed(split.total),
            signed(split.inputs),
            signed(split.relation),
            number(split.chance)
        )?;
    }
    Ok(())
}

fn place(place: Place) -> String {
    let side = if place.is_current { "current" } else { "reference" };
    let last = place.first_row + place.n_rows;
    let rows = format!("{side} {} to {}", place.first_row + 1, last);
    if place.n_labelled == place.n_rows { rows } else { format!("{rows}, {} labelled", place.n_labelled) }
}

fn sides(text: &mut String, reference: u64, current: Option<u64>) -> std::fmt::Result {
    let current = current.map_or_else(|| "none".to_owned(), count);
    writeln!(text, "Labelled rows: {} in the reference, {current} in the current table\n", count(reference))?;
    writeln!(text, "{:<20} {:>34} {:>34}", "", "reference", "current")
}

fn figures(
    text: &mut String,
    reference: &[(&'static str, Figure)],
    current: Option<&[(&'static str, Figure)]>,
) -> std::fmt::Result {
    for (place, (name, figure)) in reference.iter().enumerate() {
        let current = current.map_or_else(|| "no labels yet".to_owned(), |current| said(current[place].1));
        writeln!(text, "{name:<20} {:>34} {current:>34}", said(*figure))?;
    }
    Ok(())
}

fn said(figure: Figure) -> String {
    let estimate = match figure {
        Figure::Measured(estimate) | Figure::TooFew(estimate) => estimate,
        Figure::Undefined { reason } => return reason.to_string(),
    };
    let few = if matches!(figure, Figure::TooFew(_)) { ", too few rows" } else { "" };
    with(estimate.value, estimate.interval.map(ends)) + few
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv;
    use crate::performance::windows::{Columns, performance};
    use crate::stattest::{Current, Reference};

    #[test]
    fn figures_windows_and_reasons_are_said() {
        let table = |n: u32, first: u32| {
            let mut table = String::from("y,s\n");
            (0..n).for_each(|i| table += &format!("{},{}\n", (i + first) % 2, f64::from(i * 7 % 10) / 10.0));
            csv::read(table.as_bytes()).unwrap()
        };
        let columns = Columns {
            target: "y".to_owned(),
            prediction: None,
            score: Some("s".to_owned()),
            positive: None,
            threshold: 0.5,
        };
        let (reference, current) = (table(2000, 0), csv::read(b"y,s\n,0.5\n,0.25\n").unwrap());
        let report = performance(Reference(&reference), Current(&current), &columns, Some(500)).unwrap();
        let all = text(&report);
        assert!(all.contains("Labelled rows: 2,000 in the reference, none in the current table"), "{all}");
        assert!(all.contains("no labels yet"), "{all}");
        assert!(all.contains("current 1 to 2, 0 labelled"), "{all}");
        assert!(all.contains("\nrecall: thresholds"), "{all}");
        assert!(!text_of(&report, &["roc_auc"]).contains("\nrecall: thresholds"));
        // Labels that say the opposite: no band holds, and the next is drawn wider.
        let report = performance(Reference(&reference), Current(&table(2000, 1)), &columns, Some(500)).unwrap();
        let turned = text(&report);
        assert!(turned.contains("The band held in 0 of 4 windows whose labels came (0 to"), "{turned}");
        assert!(turned.contains("times as wide, for now"), "{turned}");
    }
}
