//! The lab, in a browser's worker: two files in, read by slices; the report as JSON out, and answers to what one asks about it
//! afterwards. `public/worker.js` calls this; see the protocol there.

use js_sys::Function;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tidemark::data::csv::ReadProgress;
use tidemark::data::{Column, Dataset, csv};
use tidemark::judge::Settings;
use tidemark::performance::Summary;
use tidemark::performance::windows::{Columns, Found, performance};
use tidemark::render::{csv as csv_report, html, junit, markdown, svg, text};
use tidemark::report::over_time::OverTime;
use tidemark::report::what_if::{ColumnStudy, WhatIf};
use tidemark::report::{DriftReport, Progress, compare_with_progress};
use tidemark::schema::preview::Preview;
use tidemark::schema::{ColumnRole, ColumnType, Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};
use wasm_bindgen::prelude::*;
use web_sys::Blob;

use table::Table;

mod blob;
#[cfg(feature = "parquet")]
mod parquet;
mod table;

/// What is asked besides the files.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    settings: Settings,
    /// A person's word on types, by column.
    types: BTreeMap<String, ColumnType>,
    /// A person's word on roles, by column.
    roles: BTreeMap<String, ColumnRole>,
}

/// Two files, what they turned out to hold, and the report about them.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Lab {
    reference: Option<Table>,
    current: Option<Table>,
    schema: Schema,
    report: Option<DriftReport>,
    study: Option<ColumnStudy>,
}

#[wasm_bindgen]
impl Lab {
    /// Without files.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the first rows of both files show, as JSON: see [`Preview`].
    pub fn preview(&self, reference: &Blob, reference_name: &str, current: &Blob, current_name: &str) -> Answer {
        let head = |file: &Blob, name: &str| table::read_head(file).map_err(|error| named(name, &error));
        let preview = Preview::of(Reference(&head(reference, reference_name)?), Current(&head(current, current_name)?));
        Ok(serde_json::to_string(&preview)?)
    }

    /// Reads a file as the reference (or, with `is_current`, as the current side) and lets go of the one before. `sha256` is
    /// the file's digest where the browser works it out: then it is not taken here, and
    /// may be empty until [`Lab::set_digest`] follows.
    /// `progress` is called with bytes and rows so far, and whether the file is being read once more.
    pub fn read(
        &mut self,
        is_current: bool,
        file: &Blob,
        name: &str,
        sha256: Option<String>,
        progress: &Function,
    ) -> Result<(), JsError> {
        // Two tables of the same side at once would be more than the memory is for.
        (self.report, self.study) = (None, None);
        let side = if is_current { &mut self.current } else { &mut self.reference };
        *side = None;
        let mut heard = |so_far: ReadProgress| {
            let (bytes, rows) = (so_far.bytes as f64, so_far.rows as f64);
            // Whoever watches the progress can't stop the work by throwing.
            let _ = progress.call3(&JsValue::NULL, &bytes.into(), &rows.into(), &so_far.is_again.into());
        };
        let table = table::read(file, sha256, &mut heard).map_err(|error| named(name, &error))?;
        *side = Some(Table { name: name.to_owned(), ..table });
        Ok(())
    }

    /// Tells the digest of a file that was read without one.
    pub fn set_digest(&mut self, is_current: bool, sha256: String) {
        let side = if is_current { &mut self.current } else { &mut self.reference };
        if let Some(table) = side {
            table.sha256 = sha256;
        }
    }

    /// Compares the two files that were read, and returns the report as JSON. `progress` is called with columns compared and
    /// columns in all.
    pub fn compare(&mut self, request_json: &str, progress: &Function) -> Answer {
        let request: Request =
            serde_json::from_str(request_json).map_err(|error| JsError::new(&format!("settings: {error}")))?;
        request.settings.check().map_err(|error| JsError::new(&format!("settings: {error}")))?;
        let (reference, current) = self.tables()?;
        if !reference.data.columns().iter().any(|column| current.data.column(&column.name).is_some()) {
            return Err(JsError::new(&nothing_in_common(&reference.data, &current.data)));
        }
        let overrides = SchemaOverrides { types: request.types, roles: request.roles };
        let schema = Schema::infer(&reference.data, &overrides)?;
        let report = compare_with_progress(
            Reference(reference.source()),
            Current(current.source()),
            &schema,
            &request.settings,
            &|Progress { done, total }| {
                let _ = progress.call2(&JsValue::NULL, &done.into(), &total.into());
            },
        );
        let json = serde_json::to_string(&report)?;
        (self.schema, self.report, self.study) = (schema, Some(report), None);
        Ok(json)
    }

    /// What the report would say of one column by other settings, as the JSON of a column's report. `what_if_json` is a
    /// [`WhatIf`]. The first question about a column sorts it; the next ones find it sorted.
    pub fn what_if(&mut self, column: &str, what_if_json: &str) -> Answer {
        let what_if: WhatIf = serde_json::from_str(what_if_json)?;
        if self.study.as_ref().is_none_or(|study| study.name() != column) {
            let spec = self.schema.column(column).ok_or_else(|| JsError::new("there is no such column"))?;
            let (reference, current) = self.tables()?;
            self.study = Some(ColumnStudy::of(Reference(&reference.data), Current(&current.data), spec));
        }
        let (Some(study), Some(report)) = (&self.study, &self.report) else { return Err(JsError::new(NO_REPORT)) };
        Ok(serde_json::to_string(&study.answer(report, &what_if))?)
    }

    /// How the values of one column lie in one period after the other, by the column `time`: `{"svg": …, "over_time": …}`, or
    /// `null` where there is nothing to show.
    pub fn over_time(&self, column: &str, time: &str) -> Answer {
        let (reference, current) = self.tables()?;
        fn both<'a>(table: &'a Table, time: &str, column: &str) -> Option<(&'a Column, &'a Column)> {
            table.data.column(time).zip(table.data.column(column))
        }
        let found = both(reference, time, column).zip(both(current, time, column));
        let found = found.and_then(|(reference, current)| OverTime::of(Reference(reference), Current(current)));
        #[derive(Serialize)]
        struct Shown {
            svg: String,
            over_time: OverTime,
        }
        let shown = found.map(|over_time| Shown { svg: svg::ridgeline(&over_time), over_time });
        Ok(serde_json::to_string(&shown)?)
    }

    /// How well a model did on both files, which hold what was said and what was true, as JSON: `{"reference": …, "current":
    /// …, "splits": […]}`, the figures of each side, and where a change of them comes from. `columns_json` says which columns hold
    /// what.
    pub fn performance(&self, columns_json: &str) -> Answer {
        let columns: Columns =
            serde_json::from_str(columns_json).map_err(|error| JsError::new(&format!("columns: {error}")))?;
        let (reference, current) = self.tables()?;
        let (reference, current) = (&reference.data, &current.data);
        let report = performance(Reference(reference), Current(current), &columns, None)?;
        let rows = |data: &Dataset| data.n_rows() as u64;
        let (before, after, splits) = match &report.found {
            Found::Binary(found) => (
                Summary::of_binary(rows(reference), &found.reference),
                found.current.as_ref().map(|found| Summary::of_binary(rows(current), found)),
                found.splits.as_slice(),
            ),
            Found::Multiclass(found) => (
                Summary::of_multiclass(rows(reference), &found.reference),
                found.current.as_ref().map(|found| Summary::of_multiclass(rows(current), found)),
                found.splits.as_slice(),
            ),
            Found::Regression(found) => (
                Summary::of_regression(rows(reference), &found.reference),
                found.current.as_ref().map(|found| Summary::of_regression(rows(current), found)),
                &[][..],
            ),
        };
        Ok(serde_json::to_string(&serde_json::json!({ "reference": before, "current": after, "splits": splits }))?)
    }

    fn tables(&self) -> Result<(&Table, &Table), JsError> {
        self.reference.as_ref().zip(self.current.as_ref()).ok_or_else(|| JsError::new(NO_REPORT))
    }
}

/// Said where something is asked before there is anything to ask about.
const NO_REPORT: &str = "there are no files to ask about";

/// JSON, or what is wrong in a person's words.
type Answer = Result<String, JsError>;

/// A report in one of the formats that reports have, by the name that the command line gives it: its text.
#[wasm_bindgen]
pub fn rendered(report_json: &str, format: &str) -> Answer {
    let report: DriftReport = serde_json::from_str(report_json)?;
    Ok(match format {
        "html" => html::report(&report),
        "text" => text::report(&report),
        "markdown" => markdown::report(&report),
        "csv" => csv_report::report(&report),
        "junit" => junit::report(&report),
        other => return Err(JsError::new(&format!("reports have no format called {other:?}"))),
    })
}

/// What a report would say of one of its columns by other thresholds, where nothing but the report is there: the JSON of a
/// column's report.
#[wasm_bindgen]
pub fn what_if_of_report(report_json: &str, column: &str, what_if_json: &str) -> Answer {
    let report: DriftReport = serde_json::from_str(report_json)?;
    let what_if: WhatIf = serde_json::from_str(what_if_json)?;
    let column = report.column(column).ok_or_else(|| JsError::new("there is no such column"))?;
    Ok(serde_json::to_string(&what_if.of_report(&report, column))?)
}

/// The two files of the example, as CSV: the reference with `false`, the current one with `true`.
#[wasm_bindgen]
pub fn example(is_current: bool) -> Vec<u8> {
    const ROWS: usize = 10_000;
    const SEED: u64 = 1;
    let (reference, current) = tidemark::example::card_fraud(ROWS, SEED);
    let mut bytes = Vec::new();
    csv::write(if is_current { &current } else { &reference }, &mut bytes).expect("writing to memory does not fail");
    bytes
}

fn named(file: &str, error: &str) -> JsError {
    JsError::new(&format!("{file}: {error}"))
}

/// Names of both files, so that one sees whether a header is missing.
fn nothing_in_common(reference: &Dataset, current: &Dataset) -> String {
    const NAMED: usize = 5;
    let names = |data: &Dataset| {
        let names: Vec<&str> = data.columns().iter().take(NAMED).map(|column| column.name.as_str()).collect();
        let more = if data.columns().len() > NAMED { ", …" } else { "" };
        format!("{}{more}", names.join(", "))
    };
    format!(
        "the files have no column in common, and columns are matched by name. The reference has {}; the current file has {}. Is there a \
         header line in both?",
        names(reference),
        names(current)
    )
}

/// One case of `tests/golden`, answered in wasm. `scripts/parity.mjs` holds the answer against the native one.
#[cfg(feature = "parity")]
#[wasm_bindgen]
pub fn golden_answer(case_json: &str) -> Result<String, JsError> {
    tidemark::golden::answer(case_json).map_err(JsError::from)
}

/// Two CSV files that lie in memory, compared: for the tests, which run where there are no files of a browser.
#[cfg(feature = "parity")]
#[wasm_bindgen]
pub fn compare_bytes(reference: &[u8], current: &[u8], settings_json: &str) -> Answer {
    let settings: Settings = serde_json::from_str(settings_json)?;
    let read = |name: &str, bytes: &[u8]| {
        let data = csv::read(bytes).map_err(|error| named(name, &error.to_string()))?;
        Ok::<_, JsError>(Table { name: name.to_owned(), data, sha256: tidemark::data::sha256_hex(bytes) })
    };
    let (reference, current) = (read("reference.csv", reference)?, read("current.csv", current)?);
    let schema = Schema::infer(&reference.data, &SchemaOverrides::default())?;
    let report =
        compare_with_progress(Reference(reference.source()), Current(current.source()), &schema, &settings, &|_| {});
    Ok(serde_json::to_string(&report)?)
}
