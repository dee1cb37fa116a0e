use super::*;
use crate::forest::LEAF;
use crate::model::{Model, PREDICTION, PROBABILITY, Split, TrainingRecord};
use crate::schema::{ColumnRole, ColumnSpec, ColumnType};

/// A model of one tree with two leaves, and columns of every kind.
fn model() -> Model {
    let forest = ForestParts {
        n_features: 2,
        n_outputs: 2,
        tree_lengths: vec![3],
        features: vec![1, LEAF, LEAF],
        thresholds: vec![0.5, 0.0, 0.0],
        lefts: vec![1, 0, 0],
        rights: vec![2, 0, 0],
        missing_left: vec![true, false, false],
        leaves: vec![0.75, 0.25, 0.1, 0.9],
        ..ForestParts::default()
    };
    let spec =
        |name: &str, column_type, role| ColumnSpec { name: name.to_owned(), column_type, role, is_declared: false };
    let schema = Schema {
        columns: vec![
            spec("a", ColumnType::Numerical, ColumnRole::Feature),
            spec("b", ColumnType::Numerical, ColumnRole::Feature),
            spec("shop", ColumnType::Categorical, ColumnRole::Ignored),
            spec("ok", ColumnType::Categorical, ColumnRole::Ignored),
            spec("fraud", ColumnType::Categorical, ColumnRole::Target),
            spec(PREDICTION, ColumnType::Categorical, ColumnRole::Prediction),
            spec(PROBABILITY, ColumnType::Numerical, ColumnRole::Prediction),
        ],
    };
    let reference = Dataset::new(vec![
        Column::numbers("a", vec![1.0, 2.0, -3.0]),
        Column::fractions("b", vec![0.1, f64::MIN_POSITIVE, 1e300]),
        Column::strings("shop", [Some("zoë, \"inc\""), None, Some("")]),
        Column { name: "ok".to_owned(), values: Values::Booleans(vec![true, false, true]) },
        Column::strings("fraud", [Some("no"), Some("yes"), Some("no")]),
    ])
    .expect("three rows each");
    let held_out = Dataset::new(vec![
        Column::strings("fraud", [Some("no")]),
        Column::numbers(PREDICTION, vec![1.0]),
        Column::fractions(PROBABILITY, vec![0.9]),
    ])
    .expect("one row each");
    let training = TrainingRecord {
        n_rows: 3,
        n_test: 1,
        split: Split::Time,
        test_share: Some(0.5),
        seed: u64::MAX,
        n_trees: 1,
        max_depth: None,
        min_samples_leaf: 1,
        mtry: 1,
        max_rows_per_class: 20_000,
        grower: "by hand".to_owned(),
    };
    Model::new(ModelParts {
        name: "example".to_owned(),
        target: "fraud".to_owned(),
        classes: vec!["no".to_owned(), "yes".to_owned()],
        schema,
        forest: Forest::new(&forest).expect("the tree is sound"),
        importances: vec![("a".to_owned(), 0.0), ("b".to_owned(), 1.0)],
        metrics: vec![("roc_auc".to_owned(), 0.1 + 0.2)],
        origin: Origin::Trained(training),
        reference,
        held_out,
    })
    .expect("the parts fit together")
}

#[test]
fn a_model_comes_back_as_it_was() {
    let model = model();
    let file = model.to_bytes();
    assert_eq!(Model::from_bytes(&file), Ok(model.clone()));
    assert_eq!(Model::from_bytes(&file).map(|model| model.to_bytes()), Ok(file.clone()));
    assert_eq!(model.version(), crate::data::sha256_hex(&file)[..12]);
}

#[test]
fn missing_numbers_come_back_missing() {
    let mut parts = model().parts.clone();
    parts.reference = Dataset::new(
        parts
            .reference
            .columns()
            .iter()
            .map(|column| match column.name.as_str() {
                "b" => Column::fractions("b", vec![f64::NAN, 1.0, f64::NEG_INFINITY]),
                _ => column.clone(),
            })
            .collect(),
    )
    .expect("three rows each");
    let read = Model::from_bytes(&write(&parts)).expect("missing values may be stored");
    let Some(Values::Numbers(numbers)) = read.reference_column("b").map(|column| &column.values) else {
        panic!("b holds numbers");
    };
    assert!(numbers.as_slice()[0].is_nan());
    assert_eq!(numbers.as_slice()[1..], [1.0, f64::NEG_INFINITY]);
}

#[test]
fn every_truncation_is_an_error_that_says_so() {
    let file = model().to_bytes();
    for length in 0..file.len() {
        let error = Model::from_bytes(&file[..length]).expect_err("bytes are missing");
        assert!(matches!(error, ModelError::Truncated { found, .. } if found == length as u64), "{length}: {error}");
    }
    let longer = [file.as_slice(), b"!"].concat();
    let expected = file.len() as u64;
    assert_eq!(Model::from_bytes(&longer), Err(ModelError::TrailingBytes { expected, found: expected + 1 }));
}

#[test]
fn every_flipped_bit_is_an_error() {
    let file = model().to_bytes();
    for place in 0..file.len() {
        for bit in 0..8 {
            let mut flipped = file.clone();
            flipped[place] ^= 1 << bit;
            let error = Model::from_bytes(&flipped).expect_err("a bit is wrong");
            let fits = match place {
                ..8 => matches!(error, ModelError::NotAModel { .. }),
                // No flip makes a 1 of the 2.
                8..12 => matches!(error, ModelError::FormatVersion { expected: 2, .. }),
                12..20 => matches!(error, ModelError::Truncated { .. } | ModelError::TrailingBytes { .. }),
                20.. => matches!(error, ModelError::Checksum { .. }),
            };
            assert!(fits, "byte {place}, bit {bit}: {error}");
        }
    }
}

/// `file` with a checksum that fits: what someone would do who means harm.
fn sealed(mut file: Vec<u8>) -> Vec<u8> {
    let content = file.len() - CHECKSUM;
    file[12..20].copy_from_slice(&(content as u64 + 32).to_le_bytes());
    let checksum = Sha256::digest(&file[..content]);
    file[content..].copy_from_slice(&checksum);
    file
}

#[test]
fn a_file_with_a_forged_checksum_is_read_or_refused_and_never_hangs() {
    let file = model().to_bytes();
    let mut n_refused = 0;
    for place in PREFIX - 4..file.len() - CHECKSUM {
        for value in [0, 1, 0x7f, 0xff] {
            let mut forged = file.clone();
            forged[place] = value;
            if let Ok(model) = Model::from_bytes(&sealed(forged)) {
                // What gets through predicts, within its bounds.
                let probability = model.forest.probability(&vec![f64::NAN; model.forest.n_features()]);
                assert!((0.0..=1.0).contains(&probability));
            } else {
                n_refused += 1;
            }
        }
    }
    assert!(n_refused > 0);
    // Cut and sealed anew, at every place.
    for length in PREFIX + CHECKSUM..file.len() {
        assert!(Model::from_bytes(&sealed(file[..length].to_vec())).is_err(), "{length}");
    }
}

/// The file with `from` in its header replaced by `to`.
fn with_header(from: &str, to: &str) -> Vec<u8> {
    let file = model().to_bytes();
    let length = u32::from_le_bytes([file[20], file[21], file[22], file[23]]) as usize;
    let header = std::str::from_utf8(&file[PREFIX..PREFIX + length]).expect("the header is JSON");
    assert!(header.contains(from), "{header}");
    let header = header.replacen(from, to, 1);
    let mut forged = file[..PREFIX - 4].to_vec();
    forged.extend((header.len() as u32).to_le_bytes());
    forged.extend(header.bytes());
    forged.extend(&file[PREFIX + length..]);
    sealed(forged)
}

#[test]
fn a_header_that_promises_too_much_takes_no_memory() {
    // 2^62 nodes of 8 bytes overflow; 2^40 do not, but are not there.
    for n_nodes in [1_u64 << 62, 1 << 40] {
        let error = Model::from_bytes(&with_header("\"n_nodes\":3", &format!("\"n_nodes\":{n_nodes}")));
        assert!(matches!(error, Err(ModelError::Length { .. })), "{error:?}");
    }
    let error = Model::from_bytes(&with_header("\"n_distinct\":2", "\"n_distinct\":4000000000"));
    assert!(matches!(error, Err(ModelError::Length { part, .. }) if part == "column \"shop\""));
    let error = Model::from_bytes(&with_header("\"n_trees\":1,\"n_nodes\"", "\"n_trees\":0,\"n_nodes\""));
    assert!(error.is_err());
}

#[test]
fn parts_that_contradict_each_other_are_refused() {
    let refused = |from, to| Model::from_bytes(&with_header(from, to)).expect_err("the header lies").to_string();
    assert_eq!(refused("[\"no\",\"yes\"]", "[\"no\"]"), "names of classes: expected 2, found 1");
    assert_eq!(
        refused("\"target\":\"fraud\"", "\"target\":\"gone\""),
        "target in the schema: expected column \"gone\", found no such column"
    );
    assert_eq!(refused("[\"b\",1.0]", "[\"c\",1.0]"), "order of the importances: expected b, found c");
    assert_eq!(
        refused("\"kind\":{\"numbers\":{\"is_integer\":false}}", "\"kind\":{\"numbers\":{\"is_integer\":true}}"),
        "the model file's column \"b\": expected whole numbers"
    );
    assert!(refused("\"name\":\"example\"", "\"nome\":\"example\"").contains("unknown field `nome`"));
}

#[test]
fn files_of_others_are_told_apart() {
    assert_eq!(Model::from_bytes(b"PK\x03\x04"), Err(ModelError::NotAModel { found: b"PK\x03\x04".to_vec() }));
    assert!(matches!(Model::from_bytes(b""), Err(ModelError::Truncated { found: 0, .. })));
    let mut newer = model().to_bytes();
    newer[8] = 3;
    let error = Model::from_bytes(&newer).expect_err("format 3 is not known");
    assert_eq!(error.to_string(), "model format 3 is from a newer Tidemark; this one reads up to 2");
}

#[test]
fn files_of_format_1_are_still_read() {
    // Written by `tidemark train` before format 2 (commit f0bafa4), with its `tidemark predict` on the same rows.
    let file = include_bytes!("../../../tests/models/format-1.tidemark");
    let model = Model::from_bytes(file).expect("format 1 is known");
    assert_eq!((model.name.as_str(), model.classes.as_slice()), ("format-1", &["no".to_owned(), "yes".to_owned()][..]));
    assert!(matches!(&model.origin, Origin::Trained(training) if training.n_trees == 3));
    assert_eq!(model.version(), crate::data::sha256_hex(file)[..12]);
    let answers = model.answers_of(&model.reference).expect("the features are there");
    let expected = [1.0, 0.8888888888888888, 0.8888888888888888, 0.0, 0.8888888888888888, 1.0, 0.2222222222222222, 0.0];
    assert_eq!(model.probabilities(&answers)[8..16], expected);
    // Written again it is a file of today, and the same model.
    let again = Model::from_bytes(&model.to_bytes()).expect("a file of today");
    assert_eq!(again.parts, model.parts);
}
