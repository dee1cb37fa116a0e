//! A forest grown by scikit-learn, loaded as plain arrays, predicts what scikit-learn predicts.

use std::io::Read;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tidemark::forest::{Forest, ForestParts, LEAF, Scoring};

/// `golden-forest/1`: "a leaf has left = -1; go left when (float32)x <= threshold; the answer is the mean of the trees'
/// leaf values".
#[derive(Deserialize)]
struct Golden {
    feature_names: Vec<String>,
    classes: Vec<i64>,
    trees: Vec<Tree<Vec<f64>>>,
    x: Vec<Vec<f64>>,
    proba: Vec<Vec<f64>>,
    prediction: Vec<i64>,
}

/// A tree whose leaves hold one number each, or one per class.
#[derive(Deserialize)]
struct Tree<Leaf> {
    left: Vec<i64>,
    right: Vec<i64>,
    feature: Vec<i64>,
    threshold: Vec<f64>,
    value: Vec<Leaf>,
}

#[test]
fn probabilities_are_scikit_learns() {
    let Some(golden) = read_json::<Golden>("forest_elec2_clf.json.gz") else { return };
    let parts = ForestParts {
        n_features: golden.feature_names.len(),
        n_outputs: golden.classes.len(),
        ..ForestParts::default()
    };
    let forest = grown(parts, &golden.trees, |leaves, shares| leaves.extend(shares));

    assert!(!golden.x.is_empty());
    for ((x, expected), prediction) in golden.x.iter().zip(&golden.proba).zip(&golden.prediction) {
        let row: Vec<f64> = x.iter().map(|value| f64::from(*value as f32)).collect();
        let mut found = vec![0.0; forest.n_classes()];
        let class = forest.predict(&row, &mut found);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
        }
        assert_eq!(golden.classes[class], *prediction);
        assert_eq!(forest.probability(&row).to_bits(), found[1].to_bits());
    }
}

/// `golden-forest/1` of a regression.
#[derive(Deserialize)]
struct GoldenNumbers {
    feature_names: Vec<String>,
    trees: Vec<Tree<f64>>,
    x: Vec<Vec<f64>>,
    prediction: Vec<f64>,
}

#[test]
fn a_regressions_numbers_are_scikit_learns() {
    let Some(golden) = read_json::<GoldenNumbers>("forest_bike_reg.json.gz") else { return };
    let forest = mean_of(golden.feature_names.len(), &golden.trees);
    holds(&forest, &golden.x, &golden.prediction);
}

/// The forest that the benches time: the share of fraud in every leaf.
#[derive(Deserialize)]
struct BenchForest {
    n_features: usize,
    trees: Vec<Tree<f64>>,
}

#[derive(Deserialize)]
struct BenchAnswers {
    x: Vec<Vec<f64>>,
    proba: Vec<f64>,
}

#[test]
fn the_forest_of_the_benches_answers_as_scikit_learn() {
    let Some(found) = read_json::<BenchForest>("rf_model/forest.json.gz") else { return };
    let Some(answers) = read_json::<BenchAnswers>("rf_model/golden_predict.json") else { return };
    let forest = mean_of(found.n_features, &found.trees);
    assert_eq!(forest.n_trees(), 100);
    holds(&forest, &answers.x, &answers.proba);
}

fn holds(forest: &Forest, x: &[Vec<f64>], expected: &[f64]) {
    assert!(!x.is_empty() && x.len() == expected.len());
    let rows: Vec<f64> = x.iter().flatten().map(|value| f64::from(*value as f32)).collect();
    let found = forest.predict_rows(&rows).scores;
    for ((row, found), expected) in rows.chunks_exact(forest.n_features()).zip(&found).zip(expected) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} for {expected}");
        assert_eq!(forest.scores(row)[0].to_bits(), found.to_bits(), "one row and many");
    }
}

fn mean_of(n_features: usize, trees: &[Tree<f64>]) -> Forest {
    let parts = ForestParts { n_features, n_outputs: 1, scoring: Scoring::mean(), ..ForestParts::default() };
    grown(parts, trees, |leaves, number| leaves.push(*number))
}

fn grown<Leaf>(mut parts: ForestParts, trees: &[Tree<Leaf>], add: impl Fn(&mut Vec<f64>, &Leaf)) -> Forest {
    for tree in trees {
        parts.tree_lengths.push(tree.left.len() as u32);
        for node in 0..tree.left.len() {
            let is_leaf = tree.left[node] < 0;
            parts.features.push(if is_leaf { LEAF } else { tree.feature[node] as u16 });
            parts.thresholds.push(tree.threshold[node]);
            parts.lefts.push(tree.left[node].max(0) as u32);
            parts.rights.push(tree.right[node].max(0) as u32);
            if is_leaf {
                add(&mut parts.leaves, &tree.value[node]);
            }
        }
    }
    Forest::new(&parts).expect("scikit-learn's trees are sound")
}

/// A golden file, packed or not; none where it is not here.
fn read_json<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    let path = shared().join("golden").join(name);
    if !path.exists() {
        writeln!(std::io::stderr(), "skipped: {name} is not here").expect("standard error can be written");
        return None;
    }
    let is_packed = path.extension().is_some_and(|extension| extension == "gz");
    let text = if is_packed { unpack(&path) } else { std::fs::read(&path).expect("the file was there a moment ago") };
    Some(serde_json::from_slice(&text).expect("the golden file has the form above"))
}

/// Where the golden values lie, which are too large for the repository.
fn shared() -> PathBuf {
    match std::env::var_os("TIDEMARK_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    }
}

fn unpack(path: &Path) -> Vec<u8> {
    let packed = std::fs::read(path).expect("the file was there a moment ago");
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).expect("the file is gzip");
    unpacked
}
