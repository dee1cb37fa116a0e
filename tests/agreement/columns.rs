//! `golden-columns/1`: every method of Evidently on single columns.

use serde_json::{Value, json};
use std::path::Path;
use tidemark::stattest::{Method, cramer_von_mises};

use super::files;
use super::tally::{Tally, agrees};

pub fn run(name: &str, file: &Value, directory: &Path, tally: &mut Tally) {
    for (index, case) in file["cases"].as_array().expect("cases").iter().enumerate() {
        let (Some(reference), Some(current)) = (side(&case["reference"], directory), side(&case["current"], directory))
        else {
            tally.skip("the data file is not there", 1);
            continue;
        };
        let mut question = case.clone();
        question["reference"] = reference;
        question["current"] = current;
        if let Some(answer) = tally.answer(&format!("{name} {index}"), file, &question) {
            compare_case(case, &answer, tally);
        }
    }
}

/// The values of one side, written out or taken from a data file.
fn side(side: &Value, directory: &Path) -> Option<Value> {
    if side.is_array() {
        return Some(side.clone());
    }
    let data = files::data(directory, side["file"].as_str()?)?;
    let column = data.column(side["column"].as_str()?)?.slice(files::rows(&side["rows"]));
    Some(as_json(&column))
}

/// A column as the golden files write it.
fn as_json(column: &tidemark::data::Column) -> Value {
    use tidemark::data::Values;
    match &column.values {
        Values::Numbers(numbers) => {
            let number = |value: &f64| match *value {
                value if value.is_nan() => Value::Null,
                value if value.is_infinite() => json!(if value > 0.0 { "Infinity" } else { "-Infinity" }),
                value if numbers.is_integer() => json!(value as i64),
                value => json!(value),
            };
            numbers.as_slice().iter().map(number).collect()
        }
        Values::Booleans(values) => json!(values),
        Values::Strings(strings) => strings.iter().map(|value| json!(value)).collect(),
    }
}

fn compare_case(case: &Value, found: &Value, tally: &mut Tally) {
    let id = case["id"].as_str().expect("an id");
    let results: &[Value] = case["results"].as_array().map_or(&[], Vec::as_slice);
    if case["default"].is_object() {
        let resolved = case["default"]["resolved"].as_str().unwrap_or("");
        if Method::from_name(resolved).is_some() {
            let method = found[0]["outcome"]["tested"]["method"].as_str().unwrap_or("none");
            tally.check(&format!("{id} default method"), method == resolved, || format!("{method}, not {resolved}"));
        }
        compare(id, resolved, &case["default"], &found[0]["outcome"], tally);
    }
    for (expected, found) in results.iter().zip(&found.as_array().expect("results")[1..]) {
        let method = expected["method"].as_str().expect("a method");
        if Method::from_name(method).is_some() {
            compare(id, method, expected, &found["outcome"], tally);
        } else {
            tally.check(&format!("{id} {method}"), false, || "unknown method".to_owned());
        }
    }
}

/// Where the peer raised or gave no number, Tidemark has to say why there is no test, or give a finite value.
fn compare(id: &str, method: &str, expected: &Value, found: &Value, tally: &mut Tally) {
    let what = format!("{id} {method}");
    let (Some(score), Some(drifted)) = (expected["score"].as_f64(), expected["drift_detected"].as_bool()) else {
        let is_defined = found["not_tested"].is_object() || found["tested"]["score"]["value"].is_f64();
        tally.check(&what, is_defined, || format!("no defined answer: {found}"));
        return;
    };
    let value = found["tested"]["score"]["value"].as_f64().unwrap_or(f64::NAN);
    if expected["statistic"].is_f64() {
        compare_permuted(&what, method, expected, found, tally);
        return;
    }
    // The distance is the root of a difference from 1: a rounding of 1e-16 in there is 1e-8 outside.
    let is_close = match method {
        "hellinger" => agrees(value * value, score * score),
        // Evidently's own copy of the exact test divides in half or single precision; scipy gives our digits.
        "cramer_von_mises" if is_exact_cramer_von_mises(found) => (value - score).abs() <= 5e-4 * score,
        _ => agrees(value, score),
    };
    tally.check(&what, is_close, || format!("{found}, not {score}"));
    tally.check(&format!("{what} verdict"), found["tested"]["drifted"] == drifted, || format!("not {drifted}"));
}

/// Permutations are drawn by another generator than the peer's: the statistic is the same, the p-value up to chance, and
/// the verdict where chance cannot turn it.
fn compare_permuted(what: &str, method: &str, expected: &Value, found: &Value, tally: &mut Tally) {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let (statistic, known) = (number(&found["tested"]["statistic"]), number(&expected["statistic"]));
    tally.check(&format!("{what} statistic"), agrees(statistic, known), || format!("{statistic:e}, not {known:e}"));
    // The peer's own 100 or 1000 permutations, or 20,000 where someone had the patience.
    let own = if method == "TVD" { 1000.0 } else { 100.0 };
    let (p_expected, permutations) = match expected["mc_pvalue_20000"].as_f64() {
        Some(p) => (p, 20_000.0),
        None => (number(&expected["score"]), own),
    };
    let p = number(&found["tested"]["score"]["value"]);
    // Five standard errors of the difference, and one permutation more or less of either.
    let together = (p + p_expected) / 2.0;
    let steps = 1.0 / own + 1.0 / permutations;
    let error = 5.0 * (together * (1.0 - together) * steps).sqrt() + steps;
    tally.check(what, (p - p_expected).abs() <= error, || format!("{p}, not {p_expected} by more than {error}"));
    let threshold = number(&expected["threshold"]);
    if (p_expected - threshold).abs() > error {
        let drifted = p_expected < threshold;
        tally.check(&format!("{what} verdict"), found["tested"]["drifted"] == drifted, || format!("not {drifted}"));
    }
}

fn is_exact_cramer_von_mises(found: &Value) -> bool {
    let n = |side: &str| found["tested"][side].as_u64().unwrap_or(u64::MAX);
    n("n_reference").max(n("n_current")) <= cramer_von_mises::MAX_EXACT as u64
}
