//! A forest grown by scikit-learn, loaded as plain arrays, predicts what scikit-learn predicts.

use std::io::Read;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tidemark::forest::{Forest, ForestParts, LEAF};

/// `golden-forest/1`: "a leaf has left = -1; go left when (float32)x <= threshold; the answer is the mean of the trees'
/// leaf values".
#[derive(Deserialize)]
struct Golden {
    feature_names: Vec<String>,
    classes: Vec<i64>,
    trees: Vec<GoldenTree>,
    x: Vec<Vec<f64>>,
    proba: Vec<Vec<f64>>,
    prediction: Vec<i64>,
}

#[derive(Deserialize)]
struct GoldenTree {
    left: Vec<i64>,
    right: Vec<i64>,
    feature: Vec<i64>,
    threshold: Vec<f64>,
    value: Vec<Vec<f64>>,
}

#[test]
fn probabilities_are_scikit_learns() {
    let name = "forest_elec2_clf.json.gz";
    let path = shared().join("golden").join(name);
    if !path.exists() {
        writeln!(std::io::stderr(), "skipped: {name} is not here").expect("standard error can be written");
        return;
    }
    let golden: Golden = serde_json::from_slice(&unpack(&path)).expect("the golden file has the form above");
    let forest = Forest::new(&parts(&golden)).expect("scikit-learn's trees are sound");

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

fn parts(golden: &Golden) -> ForestParts {
    let mut parts = ForestParts {
        n_features: golden.feature_names.len(),
        n_outputs: golden.classes.len(),
        ..ForestParts::default()
    };
    for tree in &golden.trees {
        parts.tree_lengths.push(tree.left.len() as u32);
        for node in 0..tree.left.len() {
            let is_leaf = tree.left[node] < 0;
            parts.features.push(if is_leaf { LEAF } else { tree.feature[node] as u16 });
            parts.thresholds.push(tree.threshold[node]);
            parts.lefts.push(tree.left[node].max(0) as u32);
            parts.rights.push(tree.right[node].max(0) as u32);
            if is_leaf {
                parts.leaves.extend(&tree.value[node]);
            }
        }
    }
    parts
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
