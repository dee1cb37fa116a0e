//! A report as a table: one line per column, for a spreadsheet or another program.

use crate::judge::EffectTest;
use crate::report::{ColumnReport, DriftReport, SideSummary};
use crate::stattest::{Score, Tested};

const HEADER: [&str; 22] = [
    "column",
    "role",
    "type",
    "verdict",
    "direction",
    "effect",
    "value",
    "low",
    "high",
    "matters_from",
    "test",
    "p_value",
    "p_adjusted",
    "missing_verdict",
    "reference_rows",
    "current_rows",
    "reference_missing",
    "current_missing",
    "evidently_method",
    "evidently_score",
    "evidently_threshold",
    "evidently_drifted",
];

/// A header and one line per column, in schema order. `verdict` is that of the leading judge; `value` to `p_adjusted` are
/// the calibrated test's. Numbers are written in full, and what there is none of is left empty. A text that a spreadsheet
/// would take for a formula gets an apostrophe before it.
///
/// ```
/// use tidemark::data::csv;
/// use tidemark::judge::Settings;
/// use tidemark::report::{Source, compare};
/// use tidemark::schema::{Schema, SchemaOverrides};
/// use tidemark::stattest::{Current, Reference};
///
/// let data = csv::read(b"=1+1\n1.5\n2.5\n").unwrap();
/// let schema = Schema::infer(&data, &SchemaOverrides::default()).unwrap();
/// let side = |label| Source { label, data: &data, sha256: None };
/// let report = compare(Reference(side("then")), Current(side("now")), &schema, &Settings::default());
/// let csv = tidemark::render::csv::report(&report);
/// assert!(csv.lines().nth(1).unwrap().starts_with("'=1+1,feature,numerical,"), "{csv}");
/// ```
pub fn report(report: &DriftReport) -> String {
    let mut csv = HEADER.join(",") + "\n";
    for column in &report.columns {
        csv.push_str(&line(report, column).map(|cell| quoted(&cell)).join(","));
        csv.push('\n');
    }
    csv
}

fn line(report: &DriftReport, column: &ColumnReport) -> [String; HEADER.len()] {
    let test = column.calibrated.leading().ok();
    let of_test = |cell: fn(&EffectTest) -> String| test.map_or_else(String::new, cell);
    let missing = column.calibrated.missing.outcome().map_or_else(String::new, |test| test.verdict.name().to_owned());
    let evidently = match &column.evidently {
        Tested::Tested(outcome) => [
            outcome.method.name().to_owned(),
            match outcome.score {
                Score::PValue(score) | Score::Distance(score) => score.to_string(),
            },
            outcome.threshold.to_string(),
            outcome.drifted.to_string(),
        ],
        Tested::NotTested(_) => Default::default(),
    };
    let [rows_r, rows_c] = both(column, |side| side.rows);
    let [missing_r, missing_c] = both(column, |side| side.missing);
    let [method, score, threshold, drifted] = evidently;
    [
        safe(&column.name),
        column.role.name().to_owned(),
        column.column_type.name().to_owned(),
        report.verdict(column).name().to_owned(),
        of_test(|test| test.direction.map_or_else(String::new, |direction| direction.label().to_owned())),
        of_test(|test| test.effect.kind.label().to_owned()),
        of_test(|test| test.effect.value.to_string()),
        of_test(|test| test.effect.low.to_string()),
        of_test(|test| test.effect.high.map_or_else(String::new, |high| high.to_string())),
        of_test(|test| test.effect.minimum.to_string()),
        of_test(|test| safe(&test.test)),
        of_test(|test| test.p_value.to_string()),
        of_test(|test| test.p_adjusted.to_string()),
        missing,
        rows_r,
        rows_c,
        missing_r,
        missing_c,
        method,
        score,
        threshold,
        drifted,
    ]
}

fn both(column: &ColumnReport, count: impl Fn(&SideSummary) -> u64) -> [String; 2] {
    [&column.reference, &column.current].map(|side| count(side).to_string())
}

/// A text that is no formula to any spreadsheet. Numbers do not come through here: a minus sign is one's own.
fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{text}") } else { text.to_owned() }
}

/// A cell as RFC 4180 has it.
fn quoted(cell: &str) -> String {
    if cell.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
