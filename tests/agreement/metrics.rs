//! `golden-metrics/1`: scikit-learn's figures of merit.

use serde_json::{Value, json};
use std::path::Path;
use tidemark::data::{Dataset, Values};

use super::files;
use super::tally::{Tally, agrees};

/// The rows of a case that names files are written out for the library, as far as the files are there.
pub fn run(name: &str, file: &Value, directory: &Path, tally: &mut Tally) {
    for (index, case) in file["cases"].as_array().expect("cases").iter().enumerate() {
        let id = format!("{name} {index}");
        let Some(answer) = (if case["data"].is_object() {
            match written_out(case, directory) {
                Some(case) => tally.ask(&id, file, &case),
                None => {
                    tally.skip("data file is not there", 1);
                    continue;
                }
            }
        } else {
            tally.answer(&id, file, case)
        }) else {
            continue;
        };
        let (questions, answers) = (case["results"].as_array().expect("results"), answer.as_array().expect("a list"));
        tally.check(&id, questions.len() == answers.len(), || "not one answer for each question".to_owned());
        for (expected, found) in questions.iter().zip(answers) {
            let what = format!("{id} {} {} {}", case["id"], expected["metric"], expected["params"]);
            if expected["error"].is_string() {
                // Where the peer fails, there has to be an answer all the same.
                tally.check(&what, !found.is_null(), || "no answer".to_owned());
                continue;
            }
            let is_same = is_alike(found, &expected["value"]);
            tally.check(&what, is_same, || format!("{found}, not {}", expected["value"]));
        }
    }
}

/// Whether two answers are of one shape and their numbers agree.
fn is_alike(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found.iter().zip(expected).all(|(found, expected)| is_alike(found, expected))
        }
        (Value::Object(found), Value::Object(expected)) => {
            found.len() == expected.len()
                && expected.iter().all(|(key, expected)| found.get(key).is_some_and(|found| is_alike(found, expected)))
        }
        (found, expected) => match (found.as_f64(), expected.as_f64()) {
            (Some(found), Some(expected)) => agrees(found, expected),
            _ => found == expected,
        },
    }
}

fn written_out(case: &Value, directory: &Path) -> Option<Value> {
    let mut written = case.clone();
    let data = case["data"].as_object().expect("files");
    for (key, place) in data.iter().filter(|(key, _)| *key != "rows") {
        let (path, column) = place.as_str().expect("a file and a column").split_once(':').expect("a column");
        let dataset = files::data(directory, path)?;
        let rows = if data["rows"].is_array() { files::rows(&data["rows"]) } else { 0..dataset.n_rows() };
        written[key] = json!(numbers(&dataset, column)[rows]);
    }
    written.as_object_mut().expect("a case").remove("data");
    Some(written)
}

/// The numbers of a column, missing ones as NaN.
pub fn numbers<'a>(dataset: &'a Dataset, column: &str) -> &'a [f64] {
    match &dataset.column(column).unwrap_or_else(|| panic!("no column {column}")).values {
        Values::Numbers(numbers) => numbers.as_slice(),
        other => panic!("{column} holds no numbers: {other:?}"),
    }
}
