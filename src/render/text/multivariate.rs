//! What all columns taken together say, for a terminal.

use crate::multivariate::{CorrelationChange, DomainClassifier, Estimate, MultivariateReport, Reconstruction};
use crate::render::format;
use crate::stattest::Tested;

/// Columns and pairs that are named, at most.
const MAX_NAMED: usize = 5;

/// Appends the section: one line per test, the columns or pairs it names below it.
pub(super) fn section(text: &mut String, report: &MultivariateReport) {
    text.push_str(&format!("\nall columns together ({})\n", format::plural(report.n_columns, "column")));
    test(text, "domain classifier", &report.classifier, classifier);
    test(text, "reconstruction", &report.reconstruction, reconstruction);
    test(text, "correlations", &report.correlation, correlation);
    for left_out in &report.left_out {
        text.push_str(&format!("  left out: {}, {}\n", left_out.column, left_out.reason));
    }
}

fn test<T>(text: &mut String, name: &str, tested: &Tested<T>, lines: impl Fn(&T) -> Vec<String>) {
    let lines = match tested {
        Tested::Tested(found) => lines(found),
        Tested::NotTested(reason) => vec![format!("not tested: {reason}")],
    };
    for (i, line) in lines.iter().enumerate() {
        let name = if i == 0 { name } else { "" };
        text.push_str(&format!("  {name:<17}  {line}\n"));
    }
}

fn classifier(found: &DomainClassifier) -> Vec<String> {
    let mut lines = vec![format!(
        "{}  AUC {}, p adjusted {}; {} and {} rows",
        found.verdict.label().to_lowercase(),
        estimate(&found.auc),
        format::p_value(found.p_adjusted),
        format::count(found.n_reference),
        format::count(found.n_current),
    )];
    for carrier in found.carriers.iter().take(MAX_NAMED) {
        let lost = format::number(carrier.auc_lost);
        lines.push(format!(
            "{}: {} of what tells the sides apart (AUC {lost})",
            carrier.column,
            format::share(carrier.share)
        ));
    }
    lines
}

fn reconstruction(found: &Reconstruction) -> Vec<String> {
    vec![
        format!(
            "{}  mean error {}, was {}; largest gap {}, p adjusted {}",
            found.verdict.label().to_lowercase(),
            format::number(found.current_mean),
            format::number(found.reference_mean),
            estimate(&found.gap),
            format::p_value(found.p_adjusted),
        ),
        format!(
            "{} of {} outside NannyML's band; {} of {} components, {} of the variance",
            format::count(found.n_alerts),
            format::plural(found.current.len() as u64, "chunk"),
            format::count(found.n_components),
            format::count(found.n_columns),
            format::share(found.explained),
        ),
    ]
}

fn correlation(found: &CorrelationChange) -> Vec<String> {
    let mut lines = vec![format!(
        "{}  {} of {} changed ({} correlation), p adjusted {}",
        found.verdict.label().to_lowercase(),
        format::count(found.n_changed),
        format::plural(found.n_pairs, "pair"),
        found.kind.label(),
        format::p_value(found.p_adjusted),
    )];
    if found.n_columns_left_out > 0 {
        let left_out = format::plural(found.n_columns_left_out, "numerical column");
        lines.push(format!("only the first {} were paired, not the last {left_out}", format::count(found.n_columns)));
    }
    for pair in found.pairs.iter().filter(|pair| pair.changed).take(MAX_NAMED) {
        let [reference, current] = [pair.reference, pair.current].map(format::number);
        let difference = estimate(&pair.difference);
        lines.push(format!("{} and {}: {reference} to {current}, by {difference}", pair.first, pair.second));
    }
    lines
}

/// `0.79 (0.77 to 0.81)`.
pub(in crate::render) fn estimate(estimate: &Estimate) -> String {
    let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(format::number);
    format!("{value} ({low} to {high})")
}
