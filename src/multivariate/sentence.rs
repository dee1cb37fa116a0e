//! What all columns taken together say, in words.

use super::{CorrelationChange, DomainClassifier, MultivariateReport, Reconstruction};
use crate::judge::Verdict;
use crate::render::format;

/// The finding in plain English: what changed, or that nothing did, or that there are too few rows to say.
pub(super) fn of(report: &MultivariateReport) -> String {
    let drifted = |verdict: Verdict| verdict == Verdict::Drifted;
    let found: Vec<String> = [
        report.classifier.outcome().filter(|found| drifted(found.verdict)).map(classifier),
        report.reconstruction.outcome().filter(|found| drifted(found.verdict)).map(reconstruction),
        report.correlation.outcome().filter(|found| drifted(found.verdict)).map(correlation),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !found.is_empty() {
        return format!("Taken together, the columns changed: {}.", found.join("; "));
    }
    let verdicts: Vec<Verdict> = report.verdicts().into_iter().flatten().collect();
    if verdicts.is_empty() {
        "The columns could not be tested together.".to_owned()
    } else if verdicts.contains(&Verdict::Minor) {
        "Taken together, the columns changed, but by too little to matter.".to_owned()
    } else if verdicts.contains(&Verdict::NotEnoughData) {
        "Taken together, the columns show no sign of drift, but there are too few rows to be sure.".to_owned()
    } else {
        "Taken together, the columns did not change.".to_owned()
    }
}

fn classifier(found: &DomainClassifier) -> String {
    let names: Vec<&str> = found.carriers.iter().take(3).map(|carrier| carrier.column.as_str()).collect();
    let by = if names.is_empty() { String::new() } else { format!(", most of all by {}", list(&names)) };
    format!("a classifier tells current from reference rows with an AUC of {}{by}", format::number(found.auc.value))
}

fn reconstruction(found: &Reconstruction) -> String {
    let (reference, current) = (format::number(found.reference_mean), format::number(found.current_mean));
    let how = if found.current_mean > found.reference_mean { "worse" } else { "otherwise" };
    format!("current rows fit the reference's principal components {how} (mean error {current}, was {reference})")
}

fn correlation(found: &CorrelationChange) -> String {
    let count = format::plural(found.n_changed, "pair");
    match found.pairs.first() {
        Some(top) => format!(
            "the correlation changed in {count}, most in {} and {} ({} to {})",
            top.first,
            top.second,
            format::number(top.reference),
            format::number(top.current),
        ),
        None => format!("the correlation changed in {count}"),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(names: &[&str]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_lists() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b"]), "a and b");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
