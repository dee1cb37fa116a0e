//! A performance report as text.

use std::fmt::Write;

use super::format::{count, number};
use crate::performance::windows::{Binary, Found, PerformanceReport, Place, Regression};
use crate::performance::{Figure, estimated::Metric};

/// The metrics of which every window is shown.
const SHOWN: [Metric; 4] = [Metric::RocAuc, Metric::Accuracy, Metric::Precision, Metric::Recall];

/// The report for a terminal: figures with their intervals, then a line per window.
pub fn text(report: &PerformanceReport) -> String {
    let mut text = String::new();
    match &report.found {
        Found::Binary(found) => binary(&mut text, found),
        Found::Regression(found) => regression(&mut text, found),
    }
    .expect("a string takes all that is written to it");
    text
}

fn binary(text: &mut String, found: &Binary) -> std::fmt::Result {
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
    if !found.splits.is_empty() {
        writeln!(text, "\nWhere the change comes from      total    inputs  relation  (chance)")?;
        for split in found.splits.iter().filter(|split| SHOWN.contains(&split.metric)) {
            let mark = if split.relation.abs() > split.chance { " !" } else { "" };
            writeln!(
                text,
                "  {:<24} {:>+11.4} {:>+9.4} {:>+9.4}  {:.4}{mark}",
                split.metric.name(),
                split.total,
                split.inputs,
                split.relation,
                split.chance
            )?;
        }
    }
    let scores = if found.is_calibrated { "calibrated scores" } else { "scores as they are" };
    writeln!(text, "\nWindows: estimated from {scores} / realised, ! outside the thresholds")?;
    write!(text, "  {:<34}", "rows")?;
    for metric in SHOWN {
        write!(text, " {:>17}", metric.name())?;
    }
    writeln!(text)?;
    for window in &found.windows {
        write!(text, "  {:<34}", place(window.place))?;
        for metric in SHOWN {
            let estimated = window.estimated.iter().find(|estimated| estimated.metric == metric);
            let realised = window.realised.iter().flatten().find(|realised| realised.metric == metric);
            let cell = format!(
                "{} / {}",
                cell(estimated.and_then(|found| found.value), estimated.is_some_and(|found| found.alert)),
                cell(realised.and_then(|found| found.value), realised.is_some_and(|found| found.alert)),
            );
            write!(text, " {cell:>17}")?;
        }
        writeln!(text)?;
    }
    for found in found.bands.iter().filter(|found| SHOWN.contains(&found.metric)) {
        let bands = found.bands;
        write!(text, "The band of {} held in {} of {} windows", found.metric.name(), bands.n_held, bands.n_windows)?;
        match bands.widen {
            Some(factor) if factor > 1.0 => writeln!(text, "; it should be {factor:.1} times as wide")?,
            _ => writeln!(text)?,
        }
    }
    Ok(())
}

fn cell(value: Option<f64>, alert: bool) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}{}", if alert { "!" } else { " " }))
}

fn regression(text: &mut String, found: &Regression) -> std::fmt::Result {
    sides(text, found.reference.n_rows, found.current.map(|current| current.n_rows))?;
    let current = found.current.as_ref().map(crate::performance::RegressionPerformance::figures);
    figures(text, &found.reference.figures(), current.as_ref().map(|figures| figures.as_slice()))?;
    writeln!(text, "\nWindows: mean absolute error, ! outside its thresholds")?;
    for window in &found.windows {
        let mae = window.realised.and_then(|found| found.mae.value());
        writeln!(text, "  {:<34} {:>14}", place(window.place), cell(mae, window.alert))?;
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
    let interval = estimate
        .interval
        .map_or_else(String::new, |interval| format!(" ({} to {})", number(interval.lower), number(interval.upper)));
    let few = if matches!(figure, Figure::TooFew(_)) { ", too few rows" } else { "" };
    format!("{}{interval}{few}", number(estimate.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv;
    use crate::performance::windows::{Columns, performance};
    use crate::stattest::{Current, Reference};

    #[test]
    fn figures_windows_and_reasons_are_said() {
        let table = |n: u32| {
            let mut table = String::from("y,s\n");
            (0..n).for_each(|i| table += &format!("{},{}\n", i % 2, f64::from(i * 7 % 10) / 10.0));
            csv::read(table.as_bytes()).unwrap()
        };
        let columns = Columns {
            target: "y".to_owned(),
            prediction: None,
            score: Some("s".to_owned()),
            positive: None,
            threshold: 0.5,
        };
        let (reference, current) = (table(2000), csv::read(b"y,s\n,0.5\n,0.25\n").unwrap());
        let report = performance(Reference(&reference), Current(&current), &columns, Some(500)).unwrap();
        let text = text(&report);
        assert!(text.contains("Labelled rows: 2,000 in the reference, none in the current table"), "{text}");
        assert!(text.contains("no labels yet"), "{text}");
        assert!(text.contains("current 1 to 2, 0 labelled"), "{text}");
    }
}
