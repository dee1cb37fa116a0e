//! A report for a terminal.

use super::format;
use crate::judge::Verdict;
use crate::judge::nannyml::ColumnChunks;
use crate::report::{ColumnReport, DriftReport, EmbeddingOutcome};
use crate::stattest::Tested;

mod multivariate;

pub(super) use multivariate::estimate;

/// The report as plain text: the sentence, then a table with the most pressing columns first, then what is known of
/// columns of moments and of all columns together.
pub fn report(report: &DriftReport) -> String {
    let mut text = format!("{}\n\n{}, {} profile\n\n", report.sentence, compared(report), report.settings.judge,);
    let header =
        ["column", "type", "verdict", "effect (95% interval)", "p adjusted", "evidently", "nannyml"].map(str::to_owned);
    let mut columns: Vec<&ColumnReport> = report.columns.iter().collect();
    columns.sort_by_key(|column| report.verdict(column));
    let mut rows: Vec<[String; 7]> =
        std::iter::once(header).chain(columns.into_iter().map(|column| row(report, column))).collect();
    if report.columns.iter().all(|column| column.nannyml.is_none()) {
        rows[0][6].clear();
    }
    let widths: [usize; 7] = std::array::from_fn(|i| rows.iter().map(|row| row[i].chars().count()).max().unwrap_or(0));
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    embeddings(&mut text, report);
    text.extend(report.columns.iter().map(super::datetime::text));
    if let Some(together) = &report.multivariate {
        multivariate::section(&mut text, together);
    }
    let quality = report.quality.as_ref().map(super::quality::text);
    let expectations = report.expectations.as_ref().map(super::expectations::text);
    for section in [quality, expectations].into_iter().flatten() {
        text.push('\n');
        text.push_str(&section);
    }
    text
}

/// `current.csv (3,000 rows) against reference.csv (40,000 rows)`.
pub(super) fn compared(report: &DriftReport) -> String {
    let [current, reference] = [&report.current, &report.reference]
        .map(|side| format!("{} ({})", side.label, format::plural(side.rows, "row")));
    format!("{current} against {reference}")
}

/// One line per embedding, after the columns.
fn embeddings(text: &mut String, report: &DriftReport) {
    for (i, embedding) in report.embeddings.iter().enumerate() {
        let before = if i == 0 { "\n" } else { "" };
        let columns = format::plural(embedding.columns.len() as u64, "column");
        let found = match &embedding.evidently {
            Tested::Tested(found) => embedding_finding(found),
            Tested::NotTested(reason) => format!("{}: {reason}", Verdict::NotTested.label().to_lowercase()),
        };
        text.push_str(&format!("{before}embedding {} ({columns}): {found}\n", embedding.name));
    }
}

/// `drifted (model 0.71, threshold 0.55)`.
pub fn embedding_finding(found: &EmbeddingOutcome) -> String {
    let word = if found.drifted { "drifted" } else { "stable" };
    let [score, threshold] = [found.score, found.threshold].map(format::number);
    format!("{word} ({} {score}, threshold {threshold})", found.method.name())
}

fn row(report: &DriftReport, column: &ColumnReport) -> [String; 7] {
    let (effect, p) = match column.calibrated.leading() {
        Ok(test) => (effect(&test.effect), format::far_p_value(test.p_adjusted, test.log10_p_adjusted)),
        Err(reason) => (reason.to_string(), String::new()),
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
        column.nannyml.as_ref().map(|found| nannyml(report, found)).unwrap_or_default(),
    ]
}

fn nannyml(report: &DriftReport, found: &ColumnChunks) -> String {
    let verdict = found.verdict().label().to_lowercase();
    match &found.drift {
        Tested::Tested(_) => format!("{verdict} ({})", alerting_chunks(report, found)),
        Tested::NotTested(_) => verdict,
    }
}

/// `2 of 10 chunks, first 2024-03`.
pub fn alerting_chunks(report: &DriftReport, found: &ColumnChunks) -> String {
    let of = format!("{} of {}", format::count(found.n_alerting()), format::plural(found.n_chunks(), "chunk"));
    let first = found.first_alert().and_then(|first| report.chunks.as_ref()?.current.get(first));
    first.map_or_else(|| of.clone(), |chunk| format!("{of}, first {}", chunk.key))
}

/// `largest gap 0.12 (0.08 to 0.16)`.
pub fn effect(effect: &crate::judge::Effect) -> String {
    let high = effect.high.map_or_else(|| "no limit".to_owned(), format::number);
    format!("{} {} ({} to {high})", effect.kind.label(), format::number(effect.value), format::number(effect.low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Column, Dataset};
    use crate::judge::Settings;
    use crate::judge::evidently::EmbeddingSettings;
    use crate::report::{Source, compare};
    use crate::schema::{Schema, SchemaOverrides};
    use crate::stattest::{Current, Reference};

    #[test]
    fn embeddings_stand_below_the_columns() {
        let data = |shift: f64| {
            let values = (0..200).map(|i| f64::from(i * 7 % 200) / 200.0 + shift).collect();
            Dataset::new(vec![Column::fractions("e0", values)]).unwrap()
        };
        let (reference, current) = (data(0.0), data(0.9));
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let mut settings = Settings::default();
        for (name, column) in [("words", "e0"), ("absent", "e1")] {
            let embedding = EmbeddingSettings { columns: vec![column.to_owned()], method: None };
            settings.evidently.embeddings.insert(name.to_owned(), embedding);
        }
        let source = |data| Source { label: "x", data, sha256: None };
        let text = report(&compare(Reference(source(&reference)), Current(source(&current)), &schema, &settings));
        let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("embedding")).collect();
        assert_eq!(lines[0], "embedding absent (0 columns): not tested: the reference lacks this column");
        assert!(lines[1].starts_with("embedding words (1 column): drifted (model "), "{text}");
    }
}
