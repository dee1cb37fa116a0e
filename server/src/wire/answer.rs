//! Answers as JSON, written straight into bytes.

use tidemark::forest::Task;
use tidemark::validation::{Value, Violation};

use super::open_inference::TensorDescription;
use crate::clock::rfc3339;
use crate::service::Prediction;
use crate::service::version::Version;

/// The longest list of violations in an answer.
const MAX_VIOLATIONS: usize = 100;

/// The answer to one row: `{"prediction", "probability", "timestamp", "id", "model"}`, and `violations` where there are any.
/// With two classes the probability is the positive class's, with more there are `probabilities` by class, and a regression has
/// neither.
pub fn single(version: &Version, prediction: &Prediction, row: &[f64]) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(b"{\"prediction\":");
    push_prediction(&mut out, version, prediction);
    if version.task() == Task::Classification {
        if version.n_scores() > 2 {
            out.extend_from_slice(b",\"probabilities\":");
            push_scores(&mut out, version, prediction);
        }
        out.extend_from_slice(b",\"probability\":");
        push_number(&mut out, prediction.said.value);
    }
    out.extend_from_slice(b",\"timestamp\":\"");
    out.extend_from_slice(rfc3339(prediction.at).as_bytes());
    out.extend_from_slice(b"\",\"id\":");
    prediction.id.with_text(|id| push_text(&mut out, id));
    out.extend_from_slice(b",\"model\":");
    push_text(&mut out, &version.version);
    if !prediction.violations.is_empty() {
        out.extend_from_slice(b",\"violations\":");
        push_violations(&mut out, version, prediction, row);
    }
    out.push(b'}');
    out
}

/// The answer to a batch: `{"predictions": […], "probabilities": […], "ids": […], "timestamp", "model"}`, and `violations` by
/// row where there are any.
pub fn batch<'a>(
    version: &Version,
    predictions: &[Prediction],
    rows: impl Iterator<Item = &'a [f64]>,
    timestamp: i64,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(128 + 80 * predictions.len());
    out.extend_from_slice(b"{\"predictions\":");
    push_list(&mut out, predictions, |out, prediction| push_prediction(out, version, prediction));
    if version.task() == Task::Classification {
        out.extend_from_slice(b",\"probabilities\":");
        push_list(&mut out, predictions, |out, prediction| {
            if version.n_scores() > 2 {
                push_scores(out, version, prediction);
            } else {
                push_number(out, prediction.said.value);
            }
        });
    }
    out.extend_from_slice(b",\"ids\":");
    push_list(&mut out, predictions, |out, prediction| prediction.id.with_text(|id| push_text(out, id)));
    out.extend_from_slice(b",\"timestamp\":\"");
    out.extend_from_slice(rfc3339(timestamp).as_bytes());
    out.extend_from_slice(b"\",\"model\":");
    push_text(&mut out, &version.version);
    if predictions.iter().any(|prediction| !prediction.violations.is_empty()) {
        out.extend_from_slice(b",\"violations\":{");
        let broken = predictions.iter().zip(rows).enumerate();
        let broken = broken.filter(|(_, (prediction, _))| !prediction.violations.is_empty()).take(MAX_VIOLATIONS);
        for (nth, (place, (prediction, row))) in broken.enumerate() {
            out.extend_from_slice(if nth == 0 { b"" } else { b"," });
            push_text(&mut out, &place.to_string());
            out.push(b':');
            push_violations(&mut out, version, prediction, row);
        }
        out.push(b'}');
    }
    out.push(b'}');
    out
}

/// MLflow's answer: `{"predictions": […]}`, the classes or the values.
pub fn mlflow(version: &Version, predictions: &[Prediction]) -> Vec<u8> {
    let mut out = Vec::with_capacity(32 + 8 * predictions.len());
    out.extend_from_slice(b"{\"predictions\":");
    push_list(&mut out, predictions, |out, prediction| push_prediction(out, version, prediction));
    out.push(b'}');
    out
}

/// The tensors that a version answers with: what it predicts and, of a classification, a probability per class.
pub fn outputs_of(version: &Version) -> Vec<TensorDescription<'static>> {
    let prediction = TensorDescription { name: "prediction", datatype: prediction_type(version), shape: vec![-1] };
    let probabilities = || TensorDescription {
        name: "probabilities",
        datatype: "FP64",
        shape: vec![-1, i64::try_from(version.n_scores()).unwrap_or(i64::MAX)],
    };
    match version.task() {
        Task::Classification => vec![prediction, probabilities()],
        Task::Regression => vec![prediction],
    }
}

/// Whole numbers stay numbers; any other class goes as a string.
fn prediction_type(version: &Version) -> &'static str {
    let is_whole = |label: &String| label.parse::<i64>().is_ok();
    match version.task() {
        Task::Regression => "FP64",
        Task::Classification if version.classes().iter().all(is_whole) => "INT64",
        Task::Classification => "BYTES",
    }
}

/// The Open Inference Protocol's answer, with the outputs asked for; all of them where none is named.
///
/// # Errors
/// An output that there is not.
pub fn open_inference(
    version: &Version,
    model: &str,
    id: Option<&str>,
    wanted: &[String],
    predictions: &[Prediction],
) -> Result<Vec<u8>, String> {
    let known = outputs_of(version);
    if let Some(unknown) = wanted.iter().find(|name| known.iter().all(|output| output.name != **name)) {
        return Err(format!("the model has no output {unknown:?}"));
    }
    let mut out = Vec::with_capacity(256 + 40 * predictions.len());
    out.extend_from_slice(b"{\"model_name\":");
    push_text(&mut out, model);
    out.extend_from_slice(b",\"model_version\":");
    push_text(&mut out, &version.version);
    if let Some(id) = id {
        out.extend_from_slice(b",\"id\":");
        push_text(&mut out, id);
    }
    out.extend_from_slice(b",\"outputs\":");
    let asked: Vec<TensorDescription<'_>> =
        known.into_iter().filter(|output| wanted.is_empty() || wanted.iter().any(|name| name == output.name)).collect();
    push_list(&mut out, &asked, |out, output| {
        out.extend_from_slice(b"{\"name\":");
        push_text(out, output.name);
        out.extend_from_slice(b",\"datatype\":");
        push_text(out, output.datatype);
        out.extend_from_slice(format!(",\"shape\":[{}", predictions.len()).as_bytes());
        if output.shape.len() > 1 {
            out.extend_from_slice(format!(",{}", version.n_scores()).as_bytes());
        }
        out.extend_from_slice(b"],\"data\":");
        if output.name == "prediction" {
            let is_text = output.datatype == "BYTES";
            push_list(out, predictions, |out, prediction| {
                if is_text {
                    push_text(out, &version.classes()[prediction.said.class]);
                } else {
                    push_prediction(out, version, prediction);
                }
            });
        } else {
            let scores: Vec<f64> =
                predictions.iter().flat_map(|prediction| prediction.scores.iter().copied()).collect();
            push_list(out, &scores, |out, score| push_number(out, *score));
        }
        out.push(b'}');
    });
    out.push(b'}');
    Ok(out)
}

/// A violation in words, with the value that broke the rule.
pub fn describe(version: &Version, violation: Violation, row: &[f64]) -> String {
    let value = row[violation.column];
    let value = if value.is_nan() { Value::Missing } else { Value::Number(value) };
    version.rules.describe(violation, value)
}

fn push_violations(out: &mut Vec<u8>, version: &Version, prediction: &Prediction, row: &[f64]) {
    push_list(out, &prediction.violations, |out, violation| {
        out.extend_from_slice(b"{\"feature\":");
        push_text(out, &version.format.names()[violation.column]);
        out.extend_from_slice(b",\"rule\":");
        push_text(out, violation.rule.name());
        out.extend_from_slice(b",\"detail\":");
        push_text(out, &describe(version, *violation, row));
        out.push(b'}');
    });
}

fn push_prediction(out: &mut Vec<u8>, version: &Version, prediction: &Prediction) {
    match version.task() {
        Task::Classification => out.extend_from_slice(version.label(prediction.said.class)),
        Task::Regression => push_number(out, prediction.said.value),
    }
}

fn push_scores(out: &mut Vec<u8>, version: &Version, prediction: &Prediction) {
    out.push(b'{');
    for (place, (class, score)) in version.classes().iter().zip(&prediction.scores).enumerate() {
        out.extend_from_slice(if place == 0 { b"" } else { b"," });
        push_text(out, class);
        out.push(b':');
        push_number(out, *score);
    }
    out.push(b'}');
}

fn push_list<T>(out: &mut Vec<u8>, items: &[T], push: impl Fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        push(out, item);
    }
    out.push(b']');
}

/// The shortest digits that read back as the same number; `null` for what JSON has no digits for.
fn push_number(out: &mut Vec<u8>, number: f64) {
    serde_json::to_writer(out, &number).expect("writing to memory does not fail");
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("writing to memory does not fail");
}
