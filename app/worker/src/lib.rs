//! The comparison, in a browser's worker: bytes of two files in, the report as JSON out.
//! `public/worker.js` calls this; see the protocol there.

use js_sys::Function;
use tidemark::data::{Dataset, csv, sha256_hex};
use tidemark::judge::Settings;
use tidemark::report::{Progress, Source, compare_with_progress};
use tidemark::schema::{Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};
use wasm_bindgen::prelude::*;

/// Compares two CSV files, gzipped or not, and returns the report as JSON.
///
/// `progress` is called with `(stage, done, total)`; the stages are "reading reference", "reading current" and
/// "comparing".
#[wasm_bindgen]
pub fn compare(
    reference_name: &str,
    reference: &[u8],
    current_name: &str,
    current: &[u8],
    settings_json: &str,
    progress: &Function,
) -> Result<String, JsError> {
    let settings: Settings =
        serde_json::from_str(settings_json).map_err(|error| JsError::new(&format!("settings: {error}")))?;
    let report_progress = |stage: &str, done: usize, total: usize| {
        // Whoever watches the progress can't stop the work by throwing.
        let _ = progress.call3(&JsValue::NULL, &stage.into(), &done.into(), &total.into());
    };

    report_progress("reading reference", 0, 1);
    let reference_data = read(reference_name, reference)?;
    report_progress("reading current", 0, 1);
    let current_data = read(current_name, current)?;

    let schema = Schema::infer(&reference_data, &SchemaOverrides::default())
        .expect("only an override can name an unknown column, and there is none");
    let report = compare_with_progress(
        Reference(Source { label: reference_name, data: &reference_data, sha256: Some(sha256_hex(reference)) }),
        Current(Source { label: current_name, data: &current_data, sha256: Some(sha256_hex(current)) }),
        &schema,
        &settings,
        &|Progress { done, total }| report_progress("comparing", done, total),
    );
    serde_json::to_string(&report).map_err(JsError::from)
}

fn read(name: &str, bytes: &[u8]) -> Result<Dataset, JsError> {
    csv::read(bytes).map_err(|error| JsError::new(&format!("{name}: {error}")))
}

/// One case of `tests/golden`, judged in wasm. `scripts/parity.mjs` holds the answer against the native one.
#[cfg(feature = "parity")]
#[wasm_bindgen]
pub fn golden_case(case_json: &str) -> Result<String, JsError> {
    tidemark::judge::evidently::golden_case(case_json).map_err(JsError::from)
}
