//! `tidemark import`, and models of every task behind the same addresses.

use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use tidemark::model::Model;
use tidemark_log::Options as LogOptions;
use tidemark_server::registry::folder::ModelFolder;

use crate::support::{Folder, HandClock, Instance, open};

/// A file of the library's tests.
fn theirs(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/models").join(name).with_extension("onnx")
}

fn import(folder: &Folder, file: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidemark"));
    command.arg("import").arg(file).args(["--out", "m.tidemark"]).args(more).current_dir(&folder.0);
    command.output().expect("the binary runs")
}

fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn features(file: &Path) -> usize {
    tidemark::onnx::read(&std::fs::read(file).unwrap()).unwrap().forest.n_features()
}

fn value(row: usize, feature: usize) -> f64 {
    ((row * (feature + 3) * 37) % 101) as f64 / 20.0 - 2.5
}

/// A reference for a model of this many features, without the truth.
fn write_reference(folder: &Folder, n_features: usize, n_rows: usize) {
    let names: Vec<String> = (0..n_features).map(|feature| format!("x{feature}")).collect();
    let mut text = names.join(",") + "\n";
    for row in 0..n_rows {
        let values: Vec<String> = (0..n_features).map(|feature| value(row, feature).to_string()).collect();
        text += &(values.join(",") + "\n");
    }
    std::fs::write(folder.path("reference.csv"), text).unwrap();
}

/// A service of an imported model, with a reference of 300 rows or with none.
fn serving(name: &str, has_reference: bool) -> (Instance, usize) {
    let folder = Folder::new();
    let file = theirs(name);
    let n_features = features(&file);
    write_reference(&folder, n_features, 300);
    let names = (0..n_features).map(|feature| format!("x{feature}")).collect::<Vec<_>>().join(",");
    let with: &[&str] = if has_reference { &["--reference", "reference.csv"] } else { &["--feature-names", &names] };
    let said = succeeded(&import(&folder, &file, with));
    assert_eq!(said.contains("no drift reports"), !has_reference, "{said}");
    let bytes = std::fs::read(folder.path("m.tidemark")).unwrap();
    ModelFolder::of(&folder.0).add("m.tidemark", &bytes, None).unwrap();
    let clock = Arc::new(HandClock(AtomicI64::new(1_795_423_287_120)));
    (Instance::of(open(&folder.0, clock, LogOptions::default()), folder), n_features)
}

fn body(row: usize, n_features: usize) -> Value {
    (0..n_features)
        .map(|feature| (format!("x{feature}"), json!(value(row, feature))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

async fn post(instance: &Instance, path: &str, body: &Value) -> Value {
    let answer = instance.send("POST", path, Some(body.to_string())).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

#[tokio::test]
async fn every_address_says_the_same_of_every_task() {
    for (name, n_outputs) in [("lightgbm-binary", 2), ("lightgbm-multiclass", 2), ("lightgbm-regression", 1)] {
        let (instance, n_features) = serving(name, true);
        let model = &instance.version().model;
        let row: Vec<f64> = (0..n_features).map(|feature| value(7, feature)).collect();
        let scores = model.forest.scores(&row);
        let plain = post(&instance, "/predict", &body(7, n_features)).await;
        let batch = post(&instance, "/predict_batch", &json!({ "rows": [body(7, n_features)] })).await;
        let mlflow = post(&instance, "/invocations", &json!({ "dataframe_records": [body(7, n_features)] })).await;
        let tensor =
            json!({ "inputs": [{ "name": "rows", "shape": [1, n_features], "datatype": "FP64", "data": row }] });
        let v2 = post(&instance, "/v2/models/m/infer", &tensor).await;
        let outputs = v2["outputs"].as_array().unwrap();
        assert_eq!(outputs.len(), n_outputs, "{name}");
        for said in [&batch["predictions"][0], &mlflow["predictions"][0], &outputs[0]["data"][0]] {
            assert_eq!(*said, plain["prediction"], "{name}");
        }
        match name {
            "lightgbm-regression" => {
                assert_eq!(plain["prediction"], json!(scores[0]));
                assert!(plain.get("probability").is_none() && batch.get("probabilities").is_none(), "{plain}");
            }
            _ => {
                let class = model.forest.predict(&row, &mut scores.clone());
                assert_eq!(plain["probability"], json!(model.probability(class, &scores)), "{name}");
                assert_eq!(outputs[1]["data"], json!(scores), "{name}");
            }
        }
        for path in ["/", "/reports", "/metrics", "/readyz"] {
            assert_eq!(instance.send("GET", path, None).await.status, 200, "{name} {path}");
        }
        let page = instance.send("GET", "/", None).await.text;
        assert!(page.contains("from onnx"), "the card says what the model is");
    }
}

#[tokio::test]
async fn unchanged_rows_are_stable_and_the_prediction_is_compared() {
    for name in ["lightgbm-multiclass", "lightgbm-regression"] {
        let (instance, n_features) = serving(name, true);
        let rows: Vec<Value> = (0..300).map(|row| body(row, n_features)).collect();
        post(&instance, "/predict_batch", &json!({ "rows": rows })).await;
        let service = Arc::clone(&instance.service);
        let heads = crate::support::off_the_runtime(move || service.tick().unwrap());
        let snapshot = tidemark_app::backend::Backend::snapshot(&*instance.service, &heads[0].id).unwrap();
        let report = &snapshot.report;
        let is_drifted =
            report.columns.iter().any(|column| report.verdict(column) == tidemark::judge::Verdict::Drifted);
        assert!(!is_drifted, "{name}: the same rows have not drifted: {}", report.sentence);
        let names: Vec<&str> = snapshot.report.columns.iter().map(|column| column.name.as_str()).collect();
        assert!(names.contains(&"prediction"), "{name}: {names:?}");
        assert_eq!(names.contains(&"probability"), name == "lightgbm-multiclass", "{names:?}");
    }
}

#[tokio::test]
async fn without_a_reference_there_is_no_report_and_the_page_says_so() {
    let (instance, n_features) = serving("lightgbm-multiclass", false);
    let rows: Vec<Value> = (0..300).map(|row| body(row, n_features)).collect();
    post(&instance, "/predict_batch", &json!({ "rows": rows })).await;
    assert_eq!(instance.logged_of("m", 10).len(), 10);
    let service = Arc::clone(&instance.service);
    let heads = crate::support::off_the_runtime(move || service.tick().unwrap());
    assert!(heads.is_empty());
    let page = instance.send("GET", "/", None).await.text;
    assert!(page.contains("none, so no reports"));
}

#[test]
fn what_is_no_tree_ensemble_is_refused_in_one_sentence() {
    let folder = Folder::new();
    let whole = std::fs::read(theirs("lightgbm-binary")).unwrap();
    let refused = |bytes: &[u8], more: &[&str]| {
        let path = folder.path("bad.onnx");
        std::fs::write(&path, bytes).unwrap();
        let output = import(&folder, &path, more);
        assert_eq!(output.status.code(), Some(1));
        assert!(!folder.path("m.tidemark").exists());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said.trim_end().lines().count(), 1, "{said}");
        said
    };
    assert!(refused(&whole[..whole.len() / 2], &[]).contains("at byte"));
    assert!(refused(b"", &[]).contains("no "));
    assert!(refused(b"PK\x03\x04 a zip file", &[]).contains("no ONNX file"));
    assert!(refused(&whole, &["--feature-names", "a,b"]).contains("the trees take"));
    assert!(refused(&whole, &["--classes", "a,b,c"]).contains("3 names for 2 classes"));
    // Longer than any model, and holding nothing: only the length is looked at.
    let path = folder.path("long.onnx");
    std::fs::File::create(&path).unwrap().set_len(tidemark::onnx::MAX_BYTES as u64 + 1).unwrap();
    let output = import(&folder, &path, &[]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("the most that are read"), "{output:?}");
}

#[test]
fn a_regression_is_trained_and_predicts_on_the_command_line() {
    let folder = Folder::new();
    let mut text = "x,noise,y\n".to_owned();
    for row in 0..400 {
        let x = value(row, 0);
        text += &format!("{x},{},{}\n", value(row, 1), x * x);
    }
    std::fs::write(folder.path("rows.csv"), text).unwrap();
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tidemark"));
        succeeded(&command.args(args).current_dir(&folder.0).output().unwrap())
    };
    let train = ["train", "rows.csv", "--target", "y", "--task", "regression", "--trees", "5", "--out", "y.tidemark"];
    let figures = run(&train);
    assert!(["mae", "rmse", "r2"].iter().all(|name| figures.contains(name)), "{figures}");
    run(&["predict", "y.tidemark", "rows.csv", "--out", "scored.csv"]);
    let scored = std::fs::read_to_string(folder.path("scored.csv")).unwrap();
    assert!(scored.starts_with("x,noise,y,prediction\n"), "{}", scored.lines().next().unwrap());
    let model = Model::from_bytes(&std::fs::read(folder.path("y.tidemark")).unwrap()).unwrap();
    assert!(model.has_reference());
}
