//! Models that others exported answer as onnxruntime does: `tests/models/make.py` wrote them and its answers
//! (onnxruntime 1.32, scikit-learn 1.9, skl2onnx 1.20, XGBoost 3.2, LightGBM 4.7, onnxmltools 1.16).
//!
//! `TIDEMARK_ONNX=FOLDER` holds the models of another folder against it too: those of `make.py real`.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tidemark::forest::Task;
use tidemark::onnx::{self, OnnxError, OnnxModel};

#[derive(Deserialize)]
struct Expected {
    rows: Vec<Vec<Option<f64>>>,
    classes: Option<Vec<String>>,
    scores: Vec<Vec<f64>>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models")
}

/// The models of a folder, in order.
fn models(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    paths.sort();
    paths
}

fn read(path: &Path) -> OnnxModel {
    let bytes = std::fs::read(path).expect("the file is there");
    onnx::read(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every class, and every score to 1e-6: absolutely up to 1, relatively above.
fn agrees(path: &Path) {
    let name = path.file_stem().expect("a name").to_string_lossy();
    let model = read(path);
    let expected = std::fs::read(path.with_extension("json")).expect("the answers are beside the model");
    let expected: Expected = serde_json::from_slice(&expected).expect("make.py wrote it");
    let rows: Vec<f64> = expected.rows.iter().flatten().map(|value| value.unwrap_or(f64::NAN)).collect();
    assert_eq!(rows.len(), expected.scores.len() * model.forest.n_features(), "{name}: features");
    let answers = model.forest.predict_rows(&rows);
    let is_class = model.forest.task() == Task::Classification;
    assert_eq!(is_class, expected.classes.is_some(), "{name}: the task");
    if let Some(classes) = &expected.classes {
        let found = answers.classes.iter().map(|&class| &model.classes[class as usize]);
        let n_wrong = found.zip(classes).filter(|(found, expected)| found != expected).count();
        assert_eq!(n_wrong, 0, "{name}: classes of {} rows", classes.len());
    }
    let expected: Vec<f64> = expected.scores.concat();
    assert_eq!(answers.scores.len(), expected.len(), "{name}: scores");
    let difference = |(found, expected): (&f64, &f64)| (found - expected).abs() / expected.abs().max(1.0);
    let worst = answers.scores.iter().zip(&expected).map(difference).fold(0.0, f64::max);
    assert!(worst <= 1e-6, "{name}: scores differ by {worst:e}");
}

#[test]
fn exported_models_answer_as_onnxruntime_does() {
    let models = models(&fixtures());
    assert!(models.len() > 40, "{}", models.len());
    models.iter().for_each(|path| agrees(path));
}

#[test]
fn models_of_another_folder_do_too() {
    match std::env::var_os("TIDEMARK_ONNX") {
        Some(folder) => models(Path::new(&folder)).iter().for_each(|path| agrees(path)),
        None => writeln!(std::io::stderr(), "skipped: TIDEMARK_ONNX names no folder").expect("standard error"),
    }
}

#[test]
fn every_truncation_is_refused_or_leaves_a_whole_model() {
    let bytes = std::fs::read(fixtures().join("xgboost-multiclass.onnx")).expect("the file is there");
    let n_read = (0..bytes.len()).filter(|&length| onnx::read(&bytes[..length]).is_ok()).count();
    // What comes after the graph may be missing.
    assert!(n_read < 200, "{n_read} of {} truncations are read", bytes.len());
}

#[test]
fn flipped_bits_are_refused_or_predict() {
    for name in ["made-ensemble-float", "lightgbm-multiclass", "made-one-logistic"] {
        let bytes = std::fs::read(fixtures().join(name).with_extension("onnx")).expect("the file is there");
        let mut n_refused = 0;
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[place] ^= 1 << bit;
                match onnx::read(&flipped) {
                    Ok(model) => {
                        let mut scores = vec![0.0; model.forest.n_scores()];
                        model.forest.predict(&vec![f64::NAN; model.forest.n_features()], &mut scores);
                    }
                    Err(_refused) => n_refused += 1,
                }
            }
        }
        assert!(n_refused > bytes.len(), "{name}: {n_refused} refused");
    }
}

#[test]
fn trees_in_a_circle_are_refused() {
    let bytes = std::fs::read(fixtures().join("made-ensemble-float.onnx")).expect("the file is there");
    // nodes_truenodeids is [0, 2, 3], and the first of them is a leaf.
    let place = bytes.windows(15).position(|window| window == b"nodes_trueleafs").expect("the attribute is there");
    // The values stand behind the name, each behind its field's number.
    assert_eq!(bytes[place + 15..place + 21], [0x40, 1, 0x40, 0, 0x40, 1]);
    let mut circle = bytes.clone();
    // Node 0 leads to itself.
    circle[place + 16] = 0;
    assert_eq!(onnx::read(&circle), Err(OnnxError::Circle { tree: 0 }));
}

#[test]
fn other_operators_are_refused_by_name() {
    let bytes = std::fs::read(fixtures().join("lightgbm-binary.onnx")).expect("the file is there");
    // The name of the node, then its operator: field 4, 8 bytes.
    let place = bytes.windows(10).position(|window| window == b"\"\x08Identity").expect("LightGBM's export has it") + 2;
    let mut other = bytes.clone();
    other[place..place + 8].copy_from_slice(b"HardSwsh");
    let error = onnx::read(&other).expect_err("no such operator is known");
    assert_eq!(error, OnnxError::Operator { name: "ai.onnx.HardSwsh".to_owned() });
    assert!(onnx::read(b"").is_err() && onnx::read(b"PK\x03\x04").is_err());
}
