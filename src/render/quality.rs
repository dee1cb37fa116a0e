//! The quality of the data, for a terminal and as part of an HTML report.

use std::fmt::Write;

use super::{format, html::escape};
use crate::quality::{ColumnQuality, CorrelationChange, Measure, MeasureName, QualityReport};

/// Changes of a correlation that a report names, by kind.
const N_CORRELATIONS: usize = 5;
/// Smaller ones are not named.
const MIN_CORRELATION_CHANGE: f64 = 0.1;

/// As plain text: what is worth a look, in a table and a line per column.
pub fn text(quality: &QualityReport) -> String {
    let mut text = "Data quality\n".to_owned();
    for measure in noteworthy(quality) {
        let (reference, current) = (value(measure, measure.reference), value(measure, measure.current));
        line(&mut text, format_args!("  {:<26}{reference:>12}  -> {current:>10}", measure.name.label()));
    }
    for column in &quality.columns {
        let found = findings(column);
        if !found.is_empty() {
            line(&mut text, format_args!("  {}: {}", column.name, found.join("; ")));
        }
    }
    for twins in &quality.twins {
        line(&mut text, format_args!("  {} and {} hold the same, or nearly", twins.first, twins.second));
    }
    for change in &quality.correlations {
        for (first, second, reference, current) in named(change) {
            let [reference, current] = [reference, current].map(format::number);
            let kind = change.kind.label();
            line(&mut text, format_args!("  {kind} of {first} and {second}: {reference} -> {current}"));
        }
    }
    text
}

/// As a section of an HTML page.
pub fn html(quality: &QualityReport) -> String {
    let mut html = "<h2>Data quality</h2><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Whole table</th>\
                    <th scope=\"col\">Reference</th><th scope=\"col\">Current</th></tr></thead><tbody>"
        .to_owned();
    for measure in &quality.dataset {
        let (reference, current) = (value(measure, measure.reference), value(measure, measure.current));
        let label = measure.name.label();
        push(&mut html, format_args!("<tr><th scope=\"row\">{label}</th><td>{reference}</td><td>{current}</td></tr>"));
    }
    html.push_str("</tbody></table></div>");
    columns(&mut html, quality);
    if !quality.twins.is_empty() {
        html.push_str("<h3>Columns that hold the same, or nearly</h3><ul>");
        for twins in &quality.twins {
            let share = twins.current.or(twins.reference).map_or_else(String::new, format::share);
            let (first, second) = (escape(&twins.first), escape(&twins.second));
            push(&mut html, format_args!("<li>{first} and {second}: equal in {share} of the rows</li>"));
        }
        html.push_str("</ul>");
    }
    if quality.correlations.iter().any(|change| named(change).next().is_some()) {
        html.push_str("<h3>Correlations that changed most</h3><ul>");
        for change in &quality.correlations {
            for (first, second, reference, current) in named(change) {
                let (first, second) = (escape(first), escape(second));
                let [reference, current] = [reference, current].map(format::number);
                let kind = change.kind.label();
                push(&mut html, format_args!("<li>{first} and {second}: {reference} → {current} ({kind})</li>"));
            }
        }
        html.push_str("</ul>");
    }
    html
}

/// The pairs of columns whose correlation changed by enough to be named.
fn named(change: &CorrelationChange) -> impl Iterator<Item = (&str, &str, f64, f64)> {
    let largest = change.largest(N_CORRELATIONS).into_iter();
    largest.filter(|(_, _, reference, current)| (current - reference).abs() >= MIN_CORRELATION_CHANGE)
}

/// What stands in the table of columns.
const SHOWN: [MeasureName; 9] = [
    MeasureName::MissingShare,
    MeasureName::Distinct,
    MeasureName::MostCommonShare,
    MeasureName::OutsideRangeShare,
    MeasureName::Min,
    MeasureName::Median,
    MeasureName::Max,
    MeasureName::Mean,
    MeasureName::Std,
];

fn columns(html: &mut String, quality: &QualityReport) {
    html.push_str("<details><summary>Column by column: reference → current</summary><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Column</th>");
    for name in SHOWN {
        push(html, format_args!("<th scope=\"col\">{}</th>", name.label()));
    }
    html.push_str("</tr></thead><tbody>");
    for column in &quality.columns {
        push(html, format_args!("<tr><th scope=\"row\">{}</th>", escape(&column.name)));
        for name in SHOWN {
            // Numbers that lie outside a range, names that are not on a list: one place for both.
            let other = (name == MeasureName::OutsideRangeShare).then_some(MeasureName::NewCategoriesShare);
            let measure = column.measure(name).or_else(|| column.measure(other?));
            push(html, format_args!("<td>{}</td>", measure.map_or_else(String::new, both)));
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div></details>");
}

/// Both sides of a measure, or one number where they are alike.
fn both(measure: &Measure) -> String {
    let (reference, current) = (value(measure, measure.reference), value(measure, measure.current));
    if reference == current { current } else { format!("{reference} → {current}") }
}

/// The table's measures that are not as they should be, or changed.
fn noteworthy(quality: &QualityReport) -> impl Iterator<Item = &Measure> {
    quality.dataset.iter().filter(|measure| match measure.name {
        MeasureName::Rows | MeasureName::Columns => true,
        MeasureName::NumericalColumns | MeasureName::CategoricalColumns | MeasureName::TextColumns => false,
        _ => [measure.reference, measure.current].into_iter().flatten().any(|value| value > 0.0),
    })
}

/// What a person should know about a column.
fn findings(column: &ColumnQuality) -> Vec<String> {
    use MeasureName as M;
    let grew = |name: MeasureName| {
        let measure = column.measure(name)?;
        (measure.change? > 0.0).then(|| both(measure).replace('→', "->"))
    };
    let is_constant = column.measure(M::Distinct).and_then(|m| m.current).is_some_and(|distinct| distinct <= 1.0);
    let found = [
        grew(M::MissingShare).map(|change| format!("missing {change}")),
        grew(M::Infinite).map(|change| format!("infinite values {change}")),
        is_constant.then(|| "constant".to_owned()),
        column
            .measure(M::OutsideRangeShare)
            .and_then(|m| m.current)
            .filter(|share| *share > 0.0)
            .map(|share| format!("{} outside the reference's range", format::share(share))),
        column
            .measure(M::NewCategoriesShare)
            .and_then(|m| m.current)
            .filter(|share| *share > 0.0)
            .map(|share| format!("{} in new categories", format::share(share))),
    ];
    found.into_iter().flatten().collect()
}

fn value(measure: &Measure, value: Option<f64>) -> String {
    match value {
        None => "\u{2013}".to_owned(),
        Some(share) if measure.name.is_share() => format::share(share),
        Some(whole) if (0.0..1e15).contains(&whole) && whole.fract() == 0.0 => format::count(whole as u64),
        Some(value) => format::number(value),
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    push(text, arguments);
    text.push('\n');
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use crate::data::csv;
    use crate::judge::Settings;
    use crate::quality::Quality;
    use crate::report::{Source, compare};
    use crate::schema::{Schema, SchemaOverrides};
    use crate::stattest::{Current, Reference};

    #[test]
    fn what_is_wrong_is_said_and_what_is_not_is_left_out() {
        let table = |gap: usize, factor: f64| {
            (0..60).fold("a,<b>,c\n".to_owned(), |text, i| {
                let a = if gap > 0 && i % gap == 0 { String::new() } else { format!("{}.5", i * 7 % 60) };
                format!("{text}{a},{},{}\n", factor * f64::from(i as u32 * 7 % 60) + 0.25, i * 11 % 60)
            })
        };
        let [reference, current] = [table(0, 1.0), table(4, 2.0)].map(|text| csv::read(text.as_bytes()).unwrap());
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let source = |data| Source { label: "x", data, sha256: None };
        let settings = Settings { quality: Quality::Full, ..Settings::default() };
        let report = compare(Reference(source(&reference)), Current(source(&current)), &schema, &settings);
        let quality = report.quality.unwrap();
        let text = super::text(&quality);
        assert!(text.contains("  a: missing 0% -> 25.0%\n"), "{text}");
        assert!(text.contains("  <b>: 50.0% outside the reference's range\n"), "{text}");
        assert!(text.contains("Pearson of a and c: ") && !text.contains("Pearson of a and <b>"), "{text}");
        assert!(!text.contains("  c: ") && !text.contains("constant columns"), "{text}");
        let html = super::html(&quality);
        assert!(html.contains("&lt;b&gt;") && !html.contains("<b>"));
        assert!(html.contains("Correlations that changed most"));
        assert_eq!(html.matches("<tr>").count(), html.matches("</tr>").count());
    }
}
