//! What all columns taken together say, in the HTML report.

use super::{badge, escape, push};
use crate::multivariate::{CorrelationChange, DomainClassifier, MultivariateReport, Reconstruction};
use crate::render::format;
use crate::render::text::estimate;
use crate::stattest::Tested;

/// Columns and pairs that are named, at most.
const MAX_NAMED: usize = 10;

/// Appends the section: a table with one row per test.
pub(super) fn section(html: &mut String, report: &MultivariateReport) {
    push(
        html,
        format_args!(
            "<h2>All columns together</h2><p>{}</p><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Test</th>\
             <th scope=\"col\">Verdict</th><th scope=\"col\">Size (95% interval)</th><th scope=\"col\">p, adjusted</th>\
             <th scope=\"col\">Where</th></tr></thead><tbody>",
            escape(&report.sentence),
        ),
    );
    row(html, "Domain classifier", &report.classifier, classifier);
    row(html, "Reconstruction error", &report.reconstruction, reconstruction);
    row(html, "Correlations", &report.correlation, correlation);
    html.push_str("</tbody></table></div>");
    if !report.left_out.is_empty() {
        let names = report.left_out.iter().map(|column| format!("{} ({})", escape(&column.column), column.reason));
        push(html, format_args!("<p class=\"small\">Left out: {}.</p>", names.collect::<Vec<_>>().join("; ")));
    }
}

/// Verdict, size, p-value and where, each as HTML.
type Cells = [String; 4];

fn row<T>(html: &mut String, name: &str, tested: &Tested<T>, cells: impl Fn(&T) -> Cells) {
    push(html, format_args!("<tr><th scope=\"row\">{name}</th>"));
    match tested {
        Tested::Tested(found) => cells(found).iter().for_each(|cell| push(html, format_args!("<td>{cell}</td>"))),
        Tested::NotTested(reason) => {
            let badge = badge(crate::judge::Verdict::NotTested);
            push(html, format_args!("<td>{badge}</td><td colspan=\"3\">{}</td>", escape(&reason.to_string())));
        }
    }
    html.push_str("</tr>");
}

fn classifier(found: &DomainClassifier) -> Cells {
    let carriers = found.carriers.iter().take(MAX_NAMED);
    let where_found = carriers.map(|carrier| format!("{} {}", escape(&carrier.column), format::share(carrier.share)));
    [
        badge(found.verdict),
        format!(
            "AUC {}<span class=\"small\">{} and {} rows, {} parts</span>",
            estimate(&found.auc),
            format::count(found.n_reference),
            format::count(found.n_current),
            found.n_folds,
        ),
        format::p_value(found.p_adjusted),
        where_found.collect::<Vec<_>>().join("<br>"),
    ]
}

fn reconstruction(found: &Reconstruction) -> Cells {
    [
        badge(found.verdict),
        format!(
            "largest gap {}<span class=\"small\">mean error {}, was {}</span>",
            estimate(&found.gap),
            format::number(found.current_mean),
            format::number(found.reference_mean),
        ),
        format::p_value(found.p_adjusted),
        format!(
            "{} of {} outside NannyML's band<span class=\"small\">{} of {} components, {} of the variance</span>",
            format::count(found.n_alerts),
            format::plural(found.current.len() as u64, "chunk"),
            format::count(found.n_components),
            format::count(found.n_columns),
            format::share(found.explained),
        ),
    ]
}

fn correlation(found: &CorrelationChange) -> Cells {
    let pairs = found.pairs.iter().filter(|pair| pair.changed).take(MAX_NAMED).map(|pair| {
        let [reference, current] = [pair.reference, pair.current].map(format::number);
        format!("{} and {}: {reference} → {current}", escape(&pair.first), escape(&pair.second))
    });
    let left_out = if found.n_columns_left_out > 0 {
        format!(", the last {} left out", format::plural(found.n_columns_left_out, "numerical column"))
    } else {
        String::new()
    };
    [
        badge(found.verdict),
        format!(
            "{} of {} changed<span class=\"small\">{} correlation{left_out}</span>",
            format::count(found.n_changed),
            format::plural(found.n_pairs, "pair"),
            found.kind.label(),
        ),
        format::p_value(found.p_adjusted),
        pairs.collect::<Vec<_>>().join("<br>"),
    ]
}
