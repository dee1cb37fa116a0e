//! The comparison, in a browser's worker: bytes of two files in, the report as JSON out; and how well a model did on both.
//! `public/worker.js` calls this; see the protocol there.

use js_sys::Function;
use tidemark::data::{Dataset, csv, sha256_hex};
use tidemark::judge::Settings;
use tidemark::performance::Summary;
use tidemark::performance::windows::{Columns, Found, performance};
use tidemark::report::{Progress, Source, compare_with_progress};
use tidemark::schema::{Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};
use wasm_bindgen::prelude::*;

/// A file that was dropped on the page.
#[wasm_bindgen]
#[derive(Debug)]
pub struct File {
    name: String,
    bytes: Vec<u8>,
    sha256: Option<String>,
}

#[wasm_bindgen]
impl File {
    /// `sha256` is the file's digest in lower-case hex, where the browser works it out: it is several times as fast at
    /// that as wasm can be.
    #[wasm_bindgen(constructor)]
    pub fn new(name: String, bytes: Vec<u8>, sha256: Option<String>) -> Self {
        Self { name, bytes, sha256 }
    }

    /// Reads the table and lets go of the bytes.
    fn read(self) -> Result<(String, String, Dataset), JsError> {
        let sha256 = self.sha256.unwrap_or_else(|| sha256_hex(&self.bytes));
        let data = csv::read(&self.bytes).map_err(|error| JsError::new(&format!("{}: {error}", self.name)))?;
        Ok((self.name, sha256, data))
    }
}

/// Compares two CSV files, gzipped or not, and returns the report as JSON.
///
/// `progress` is called with `(stage, done, total)`; the stages are "reading reference", "reading current" and
/// "comparing".
#[wasm_bindgen]
pub fn compare(reference: File, current: File, settings_json: &str, progress: &Function) -> Result<String, JsError> {
    let settings: Settings =
        serde_json::from_str(settings_json).map_err(|error| JsError::new(&format!("settings: {error}")))?;
    settings.check().map_err(|error| JsError::new(&format!("settings: {error}")))?;
    let report_progress = |stage: &str, done: usize, total: usize| {
        // Whoever watches the progress can't stop the work by throwing.
        let _ = progress.call3(&JsValue::NULL, &stage.into(), &done.into(), &total.into());
    };

    report_progress("reading reference", 0, 1);
    let (reference_name, reference_sha256, reference) = reference.read()?;
    report_progress("reading current", 0, 1);
    let (current_name, current_sha256, current) = current.read()?;

    let schema = Schema::infer(&reference, &SchemaOverrides::default())
        .expect("only an override can name an unknown column, and there is none");
    report_progress("comparing", 0, schema.columns.len());
    let report = compare_with_progress(
        Reference(Source { label: &reference_name, data: &reference, sha256: Some(reference_sha256) }),
        Current(Source { label: &current_name, data: &current, sha256: Some(current_sha256) }),
        &schema,
        &settings,
        &|Progress { done, total }| report_progress("comparing", done, total),
    );
    serde_json::to_string(&report).map_err(JsError::from)
}

/// How well a model did on two CSV files that hold what was said and what was true, as JSON: `{"reference": …, "current": …, "splits": […]}`,
/// the figures of each side, and where a change of them comes from. `columns_json` says which columns hold what.
#[wasm_bindgen]
pub fn performance_of(reference: File, current: File, columns_json: &str) -> Result<String, JsError> {
    let columns: Columns =
        serde_json::from_str(columns_json).map_err(|error| JsError::new(&format!("columns: {error}")))?;
    let ((_, _, reference), (_, _, current)) = (reference.read()?, current.read()?);
    let report = performance(Reference(&reference), Current(&current), &columns, None)
        .map_err(|error| JsError::new(&error.to_string()))?;
    let rows = |data: &Dataset| data.n_rows() as u64;
    let (before, after, splits) = match &report.found {
        Found::Binary(found) => (
            Summary::of_binary(rows(&reference), &found.reference),
            found.current.as_ref().map(|found| Summary::of_binary(rows(&current), found)),
            found.splits.as_slice(),
        ),
        Found::Multiclass(found) => (
            Summary::of_multiclass(rows(&reference), &found.reference),
            found.current.as_ref().map(|found| Summary::of_multiclass(rows(&current), found)),
            found.splits.as_slice(),
        ),
        Found::Regression(found) => (
            Summary::of_regression(rows(&reference), &found.reference),
            found.current.as_ref().map(|found| Summary::of_regression(rows(&current), found)),
            &[][..],
        ),
    };
    serde_json::to_string(&serde_json::json!({ "reference": before, "current": after, "splits": splits }))
        .map_err(JsError::from)
}

/// One case of `tests/golden`, answered in wasm. `scripts/parity.mjs` holds the answer against the native one.
#[cfg(feature = "parity")]
#[wasm_bindgen]
pub fn golden_answer(case_json: &str) -> Result<String, JsError> {
    tidemark::golden::answer(case_json).map_err(JsError::from)
}
