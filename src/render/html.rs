//! A report as one HTML file that needs no script, no network and no other file: for a mail, a ticket or an archive.

use std::fmt::Write;

use super::{datetime, format, svg, text};
use crate::judge::nannyml::ColumnChunks;
use crate::judge::{Judge, Verdict};
use crate::report::{ColumnReport, DatetimeReport, DriftReport, SideSummary};
use crate::schema::ColumnRole;
use crate::stattest::Tested;

mod multivariate;

/// The report as a complete HTML document.
pub fn report(report: &DriftReport) -> String {
    let title = format!("Drift report: {} against {}", report.current.label, report.reference.label);
    page(report, &title, "Tidemark drift report", "", "")
}

/// Writes the report as the page of a share link: search engines are to leave it alone, a chat shows a card of it, and
/// `downloads` are the names and addresses of its other forms.
pub fn shared(report: &DriftReport, title: &str, downloads: &[(&str, String)]) -> String {
    let mut head = String::new();
    push(
        &mut head,
        format_args!(
            "<meta name=\"robots\" content=\"noindex,nofollow\"><meta name=\"referrer\" content=\"no-referrer\">\
             <meta property=\"og:type\" content=\"article\"><meta property=\"og:site_name\" content=\"Tidemark\">\
             <meta property=\"og:title\" content=\"{0}\"><meta property=\"og:description\" content=\"{1}\">\
             <meta name=\"description\" content=\"{1}\">",
            escape(title),
            escape(&report.sentence),
        ),
    );
    let mut links = String::from("<p class=\"downloads\">Download: ");
    for (nth, (name, address)) in downloads.iter().enumerate() {
        let between = if nth == 0 { "" } else { " · " };
        push(&mut links, format_args!("{between}<a href=\"{}\">{}</a>", escape(address), escape(name)));
    }
    links.push_str("</p>");
    page(report, title, title, &head, &links)
}

/// `mark` stands above the sentence.
fn page(report: &DriftReport, title: &str, mark: &str, more_head: &str, more_foot: &str) -> String {
    let mut html = String::with_capacity(16_384 + 3_000 * report.columns.len());
    push(
        &mut html,
        format_args!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"generator\" content=\"Tidemark {}\">\
             {more_head}<title>{}</title><style>{}</style></head><body><main>",
            report.tidemark_version,
            escape(title),
            include_str!("html/report.css"),
        ),
    );
    head(&mut html, report, mark);
    if report.predictions.is_some() {
        table(&mut html, report, "Prediction drift", true);
    }
    if report.group(false).next().is_some() {
        table(&mut html, report, "Data drift", false);
    }
    embeddings(&mut html, report);
    if let Some(together) = &report.multivariate {
        multivariate::section(&mut html, together);
    }
    html.extend(report.expectations.as_ref().map(super::expectations::html));
    html.extend(report.quality.as_ref().map(super::quality::html));
    html.push_str(more_foot);
    foot(&mut html, report);
    html.push_str("</main></body></html>\n");
    html
}

/// `text` with everything that means something to HTML written as text.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn head(html: &mut String, report: &DriftReport, mark: &str) {
    let status = if report.is_drifted() { "drifted" } else { "stable" };
    push(
        html,
        format_args!(
            "<header class=\"{status}\"><p class=\"mark\">{}</p><h1>{}</h1><p>{}, judged by the \
             {} profile.</p></header><dl class=\"tiles\">",
            escape(mark),
            escape(&report.sentence),
            escape(&text::compared(report)),
            report.settings.judge,
        ),
    );
    let groups = [("Data", Some(&report.data)), ("Predictions", report.predictions.as_ref())];
    for (name, group) in groups {
        let Some(group) = group.filter(|group| group.n_columns > 0) else { continue };
        push(
            html,
            format_args!(
                "<div><dt>{name}</dt><dd>{} of {} drifted</dd><dd class=\"small\">{}, drift from {}</dd></div>",
                group.n_drifted,
                format::plural(group.n_columns, "column"),
                format::share(group.share_drifted),
                format::share(group.share_threshold),
            ),
        );
    }
    html.push_str("</dl>");
}

fn table(html: &mut String, report: &DriftReport, title: &str, predictions: bool) {
    let mut columns: Vec<&ColumnReport> = report.group(predictions).collect();
    columns.sort_by_key(|column| report.verdict(column));
    let is_chunked = columns.iter().any(|column| column.nannyml.is_some());
    let nannyml = if is_chunked { "<th scope=\"col\">NannyML 0.13</th>" } else { "" };
    push(
        html,
        format_args!(
            "<h2>{title}</h2><div class=\"scroll\"><table><thead><tr><th scope=\"col\">Column</th><th scope=\"col\">\
             Verdict</th><th scope=\"col\">Distribution</th><th scope=\"col\">Effect (95% interval)</th>\
             <th scope=\"col\">p, adjusted</th><th scope=\"col\">Evidently 0.7</th>{nannyml}\
             <th scope=\"col\">Missing</th></tr></thead><tbody>"
        ),
    );
    for column in columns {
        row(html, report, column);
    }
    html.push_str("</tbody></table></div>");
}

fn row(html: &mut String, report: &DriftReport, column: &ColumnReport) {
    let verdict = report.verdict(column);
    let role = if column.role == ColumnRole::Target { ", target" } else { "" };
    push(
        html,
        format_args!(
            "<tr><th scope=\"row\">{}<span class=\"small\">{}{role}</span></th><td>{}</td><td>{}</td>",
            escape(&column.name),
            column.column_type,
            badge(verdict),
            svg::small_distribution(&column.distribution),
        ),
    );
    match column.calibrated.leading() {
        Ok(test) => push(
            html,
            format_args!(
                "<td class=\"effect\">{}<span class=\"small\">{}</span></td><td>{}</td>",
                text::effect(&test.effect),
                escape(&test.description()),
                format::far_p_value(test.p_adjusted, test.log10_p_adjusted),
            ),
        ),
        Err(reason) => push(html, format_args!("<td>{reason}</td><td></td>")),
    }
    let evidently = match &column.evidently {
        Tested::Tested(outcome) => format!(
            "{}<span class=\"small\">{}, {} (threshold {})</span>",
            badge(column.verdict(Judge::Evidently)),
            outcome.method.display_name(),
            format::score(&outcome.score),
            format::number(outcome.threshold),
        ),
        Tested::NotTested(reason) => escape(&reason.to_string()),
    };
    let why = column.why_they_differ.as_deref().map(|why| format!("<span class=\"why\">{}</span>", escape(why)));
    let share = |side: &SideSummary| format::share(side.missing as f64 / side.rows.max(1) as f64);
    let missing = if column.reference.missing + column.current.missing == 0 {
        "none".to_owned()
    } else {
        format!("{} → {}", share(&column.reference), share(&column.current))
    };
    push(html, format_args!("<td>{evidently}{}</td>", why.unwrap_or_default()));
    if let Some(found) = &column.nannyml {
        push(html, format_args!("<td>{}</td>", nannyml(report, found)));
    }
    push(html, format_args!("<td>{missing}</td></tr>"));
    if let Some(found) = &column.datetime {
        moments(html, column, found);
    }
}

/// A second row under a column of moments: when and how often rows came.
fn moments(html: &mut String, column: &ColumnReport, found: &DatetimeReport) {
    push(
        html,
        format_args!(
            "<tr class=\"moments\"><td colspan=\"7\"><div class=\"moments\"><table><thead><tr><th scope=\"col\">In \
             UTC</th><th scope=\"col\">Reference</th><th scope=\"col\">Current</th></tr></thead><tbody>"
        ),
    );
    for [name, reference, current] in datetime::lines(found) {
        push(html, format_args!("<tr><th scope=\"row\">{name}</th><td>{reference}</td><td>{current}</td></tr>"));
    }
    html.push_str("</tbody></table>");
    for (title, picture) in [("Hours of the day", found.hours()), ("Days of the week", found.weekdays())] {
        let picture = svg::distribution(&picture);
        push(html, format_args!("<figure><figcaption>{title}</figcaption>{picture}</figure>"));
    }
    html.push_str("<div>");
    for test in column.calibrated.values.outcome().into_iter().chain(&column.calibrated.further) {
        let (effect, p) = (text::effect(&test.effect), format::far_p_value(test.p_adjusted, test.log10_p_adjusted));
        push(html, format_args!("<p>{} {}: {effect}, p {p}</p>", badge(test.verdict), escape(&test.test)));
    }
    for note in datetime::notes(found) {
        push(html, format_args!("<p>{}</p>", escape(&note)));
    }
    html.push_str("</div></div></td></tr>");
}

fn embeddings(html: &mut String, report: &DriftReport) {
    if report.embeddings.is_empty() {
        return;
    }
    html.push_str("<h2>Embeddings</h2><ul>");
    for embedding in &report.embeddings {
        let (verdict, found, note) = match &embedding.evidently {
            Tested::Tested(found) => {
                let verdict = if found.drifted { Verdict::Drifted } else { Verdict::Stable };
                (verdict, text::embedding_finding(found), found.note.as_deref())
            }
            Tested::NotTested(reason) => (Verdict::NotTested, reason.to_string(), None),
        };
        let columns = format::plural(embedding.columns.len() as u64, "column");
        let note = note.map(|note| format!("<span class=\"small\">{}</span>", escape(note))).unwrap_or_default();
        let (name, found) = (escape(&embedding.name), escape(&found));
        push(html, format_args!("<li>{} {name}, {columns}: {found}{note}</li>", badge(verdict)));
    }
    html.push_str("</ul>");
}

/// The verdict by chunks, and the statistics that alert beside it.
fn nannyml(report: &DriftReport, found: &ColumnChunks) -> String {
    let mut cell = match &found.drift {
        Tested::Tested(methods) => {
            let names: Vec<&str> = methods.iter().map(|method| method.measure.display_name()).collect();
            format!(
                "{}<span class=\"small\">{}: {}</span>",
                badge(found.verdict()),
                names.join(", "),
                escape(&text::alerting_chunks(report, found)),
            )
        }
        Tested::NotTested(reason) => escape(&reason.to_string()),
    };
    for statistic in &found.statistics {
        let n_alerting = statistic.current.iter().filter(|chunk| chunk.alert).count() as u64;
        if n_alerting > 0 {
            let name = statistic.measure.display_name();
            let n_chunks = format::plural(statistic.current.len() as u64, "chunk");
            push(&mut cell, format_args!("<span class=\"small\">{name} alert in {n_alerting} of {n_chunks}</span>"));
        }
    }
    cell
}

fn badge(verdict: Verdict) -> String {
    format!("<span class=\"badge {}\">{} {}</span>", verdict.name(), verdict.shape(), verdict.label())
}

fn foot(html: &mut String, report: &DriftReport) {
    html.push_str("<footer><p><span class=\"tm-key tm-key-ref\"></span> reference <span class=\"tm-key tm-key-cur\"></span> current</p>");
    for (side, input) in [("Reference", &report.reference), ("Current", &report.current)] {
        if let Some(sha256) = &input.sha256 {
            push(html, format_args!("<p>{side} {}: SHA-256 <code>{sha256}</code></p>", escape(&input.label)));
        }
    }
    push(
        html,
        format_args!(
            "<p>Made by Tidemark {}. The same files, settings and version give the same report, digit for digit.</p>\
             </footer>",
            report.tidemark_version,
        ),
    );
}

fn push(html: &mut String, text: std::fmt::Arguments<'_>) {
    html.write_fmt(text).expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::csv;
    use crate::judge::Settings;
    use crate::report::{Source, compare};
    use crate::schema::{Schema, SchemaOverrides};
    use crate::stattest::{Current, Reference};

    #[test]
    fn names_from_the_data_are_text_and_nothing_else() {
        let data = csv::read(b"<script>alert(1)</script>\n<b>\n\"&'\"\n<b>\n").unwrap();
        let schema = Schema::infer(&data, &SchemaOverrides::default()).unwrap();
        let source = || Source { label: "<img src=x>", data: &data, sha256: None };
        let html = report(&compare(Reference(source()), Current(source()), &schema, &Settings::default()));
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"));
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }
}
