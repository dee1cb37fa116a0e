//! `golden-reports/1`: whole `DataDriftPreset` reports of Evidently.

use serde_json::Value;
use std::path::Path;
use tidemark::judge::{Judge, Settings};
use tidemark::report::{DriftReport, Source, compare};
use tidemark::schema::{ColumnType, Schema, SchemaOverrides};
use tidemark::stattest::{Current, Method, Reference, Tested};

use super::files;
use super::tally::{Tally, agrees};

pub fn run(file: &Value, directory: &Path, tally: &mut Tally) {
    for case in file["cases"].as_array().expect("cases") {
        let name = case["file"].as_str().expect("a file");
        let Some(data) = files::data(directory, name) else {
            tally.skip(&format!("{name} is not there"), 1);
            continue;
        };
        let (reference, current) =
            (data.slice(files::rows(&case["reference_rows"])), data.slice(files::rows(&case["current_rows"])));
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).expect("no overrides, no errors");
        let report = compare(
            Reference(Source { label: name, data: &reference, sha256: None }),
            Current(Source { label: name, data: &current, sha256: None }),
            &schema,
            &settings(&case["options"]),
        );
        compare_report(case, &report, tally);
    }
}

fn settings(options: &Value) -> Settings {
    let mut settings = Settings { judge: Judge::Evidently, ..Settings::default() };
    let method = |key: &str| {
        let name = options[key].as_str()?;
        Some(Method::from_name(name).unwrap_or_else(|| panic!("unknown method {name}")))
    };
    settings.evidently.method = method("method");
    settings.evidently.num_method = method("num_method");
    settings.evidently.cat_method = method("cat_method");
    if let Some(share) = options["drift_share"].as_f64() {
        settings.evidently.drift_share = share;
    }
    settings
}

fn compare_report(case: &Value, report: &DriftReport, tally: &mut Tally) {
    let id = case["id"].as_str().expect("an id");
    let expected = case["columns"].as_array().expect("columns");
    for expected in expected {
        let name = expected["column"].as_str().expect("a name");
        let what = format!("{id} {name}");
        let column = report.column(name);
        let Some(Tested::Tested(outcome)) = column.map(|column| &column.evidently) else {
            tally.check(&what, false, || format!("not tested: {:?}", column.map(|column| &column.evidently)));
            continue;
        };
        let column_type = match expected["type"].as_str() {
            Some("num") => ColumnType::Numerical,
            Some("text") => ColumnType::Text,
            _ => ColumnType::Categorical,
        };
        tally.check(&format!("{what} type"), outcome.column_type == column_type, || format!("{}", outcome.column_type));
        let score = expected["score"].as_f64().expect("a score");
        let found = outcome.score.value();
        // A classifier's area under the curve hangs on the split and the order of training, which are drawn by another
        // generator than the peer's.
        let is_close =
            if column_type == ColumnType::Text { (found - score).abs() < 0.04 } else { agrees(found, score) };
        tally.check(&what, is_close, || {
            format!("{} {found:e}, not {score:e} by {}", outcome.method.name(), expected["method"])
        });
        let drifted = expected["drift_detected"].as_bool().expect("a verdict");
        tally.check(&format!("{what} verdict"), outcome.drifted == drifted, || format!("not {drifted}"));
    }
    let share = case["drifted_columns_share"].as_f64().expect("a share");
    tally.check(&format!("{id} share"), agrees(report.data.share_drifted, share), || {
        format!("{} of {}, not {share}", report.data.n_drifted, report.data.n_columns)
    });
    if let Some(drifted) = case["dataset_drift"].as_bool() {
        tally.check(&format!("{id} verdict"), report.data.drifted == drifted, || format!("not {drifted}"));
    }
}
