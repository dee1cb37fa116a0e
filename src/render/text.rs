//! A report for a terminal.

use super::format;
use crate::judge::Verdict;
use crate::report::{ColumnReport, DriftReport};
use crate::stattest::Tested;

/// The report as plain text: the sentence, then a table with the most pressing columns first.
pub fn report(report: &DriftReport) -> String {
    let mut text = format!(
        "{}\n\n{} ({}) against {} ({}), {} profile\n\n",
        report.sentence,
        report.current.label,
        format::plural(report.current.rows, "row"),
        report.reference.label,
        format::plural(report.reference.rows, "row"),
        report.settings.judge,
    );
    let header = ["column", "type", "verdict", "effect (95% interval)", "p adjusted", "evidently"].map(str::to_owned);
    let mut columns: Vec<&ColumnReport> = report.columns.iter().collect();
    columns.sort_by_key(|column| report.verdict(column));
    let rows: Vec<[String; 6]> = std::iter::once(header).chain(columns.into_iter().map(row)).collect();
    let widths: [usize; 6] = std::array::from_fn(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0));
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn row(column: &ColumnReport) -> [String; 6] {
    let (effect, p) = match &column.calibrated.values {
        Tested::Tested(test) => (effect(&test.effect), format::p_value(test.p_adjusted)),
        Tested::NotTested(reason) => (reason.to_string(), String::new()),
    };
    let evidently = match &column.evidently {
        Tested::Tested(outcome) => {
            let word = if outcome.drifted { "drifted" } else { "stable" };
            format!("{word} ({} {})", outcome.method.name(), format::score(&outcome.score))
        }
        Tested::NotTested(_) => Verdict::NotTested.label().to_lowercase(),
    };
    [
        column.name.clone(),
        column.column_type.name().to_owned(),
        column.calibrated.verdict.label().to_lowercase(),
        effect,
        p,
        evidently,
    ]
}

/// `largest gap 0.12 (0.08 to 0.16)`.
pub fn effect(effect: &crate::judge::Effect) -> String {
    let high = effect.high.map_or_else(|| "no limit".to_owned(), format::number);
    format!("{} {} ({} to {high})", effect.kind.label(), format::number(effect.value), format::number(effect.low))
}
