//! A report as Markdown: for a pull request, an issue or a chat.

use std::fmt::Write;

use super::{format, text};
use crate::judge::Verdict;
use crate::report::{ColumnReport, DriftReport};
use crate::stattest::Tested;

/// The sentence, what was compared, and a table with the most pressing columns first, in GitHub's dialect.
///
/// ```
/// use tidemark::data::csv;
/// use tidemark::judge::Settings;
/// use tidemark::report::{Source, compare};
/// use tidemark::schema::{Schema, SchemaOverrides};
/// use tidemark::stattest::{Current, Reference};
///
/// let data = csv::read(b"a*b\n1.5\n2.5\n").unwrap();
/// let schema = Schema::infer(&data, &SchemaOverrides::default()).unwrap();
/// let side = |label| Source { label, data: &data, sha256: None };
/// let report = compare(Reference(side("then")), Current(side("now")), &schema, &Settings::default());
/// let markdown = tidemark::render::markdown::report(&report);
/// assert!(markdown.contains(r"| a\*b | numerical |"), "{markdown}");
/// ```
pub fn report(report: &DriftReport) -> String {
    let mut markdown = format!(
        "**{}**\n\n{}, {} profile, Tidemark {}.\n\n\
         | column | type | verdict | direction | effect (95% interval) | matters from | p adjusted | Evidently 0.7 |\n\
         |---|---|---|---|---|---:|---:|---|\n",
        escape(&report.sentence),
        escape(&text::compared(report)),
        report.settings.judge,
        report.tidemark_version,
    );
    let mut columns: Vec<&ColumnReport> = report.columns.iter().collect();
    columns.sort_by_key(|column| report.verdict(column));
    for column in columns {
        row(&mut markdown, column, report.verdict(column));
    }
    if let Some(checks) = &report.expectations {
        push(&mut markdown, format_args!("\n{}\n", escape(&checks.sentence())));
    }
    markdown
}

fn row(markdown: &mut String, column: &ColumnReport, verdict: Verdict) {
    let (direction, effect, minimum, p) = match column.calibrated.leading() {
        Ok(test) => (
            test.direction.map_or("", |direction| direction.label()),
            text::effect(&test.effect),
            format::number(test.effect.minimum),
            format::far_p_value(test.p_adjusted, test.log10_p_adjusted),
        ),
        Err(reason) => ("", reason.to_string(), String::new(), String::new()),
    };
    let evidently = match &column.evidently {
        Tested::Tested(outcome) => format!(
            "{} ({} {}, threshold {})",
            if outcome.drifted { "drifted" } else { "stable" },
            outcome.method.name(),
            format::score(&outcome.score),
            format::number(outcome.threshold),
        ),
        Tested::NotTested(reason) => reason.to_string(),
    };
    push(
        markdown,
        format_args!(
            "| {} | {} | {} {} | {direction} | {} | {minimum} | {p} | {} |\n",
            escape(&column.name),
            column.column_type,
            verdict.shape(),
            verdict.label().to_lowercase(),
            escape(&effect),
            escape(&evidently),
        ),
    );
}

/// Text that means nothing to Markdown or HTML, and stays on its line.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '<' | '>' | '#' | '~' | '!' | '@' => {
                escaped.push('\\');
                escaped.push(character);
            }
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

fn push(markdown: &mut String, arguments: std::fmt::Arguments<'_>) {
    markdown.write_fmt(arguments).expect("writing to a string does not fail");
}
