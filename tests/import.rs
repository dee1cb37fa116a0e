//! Models of other tools, with and without a reference. `tests/models/make.py` wrote the files.

use tidemark::data::{Column, Dataset, Values};
use tidemark::forest::Task;
use tidemark::model::{ImportError, ImportOptions, Model, Origin, PREDICTION, PROBABILITY, import};
use tidemark::onnx::{self, OnnxModel};

fn trees(name: &str) -> OnnxModel {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models").join(name).with_extension("onnx");
    onnx::read(&std::fs::read(path).expect("the file is there")).expect("a tree ensemble")
}

fn options(target: Option<&str>) -> ImportOptions {
    ImportOptions { name: "theirs".to_owned(), target: target.map(str::to_owned), ..ImportOptions::default() }
}

fn imported(name: &str, options: &ImportOptions, reference: Option<&Dataset>) -> Result<Model, ImportError> {
    import(trees(name), "0".repeat(64), options, reference)
}

/// Rows of `n_features` features, and as the truth what the model itself says of them.
fn reference(name: &str, n_rows: usize) -> Dataset {
    let model = imported(name, &options(None), None).expect("no reference, nothing to contradict");
    let n_features = model.forest.n_features();
    let value = |row: usize, feature: usize| ((row * (feature + 3) * 37) % 101) as f64 / 20.0 - 2.5;
    let feature =
        |feature| Column::fractions(format!("x{feature}"), (0..n_rows).map(|row| value(row, feature)).collect());
    let columns: Vec<Column> = (0..n_features).map(feature).collect();
    let rows: Vec<f64> = (0..n_rows).flat_map(|row| (0..n_features).map(move |feature| value(row, feature))).collect();
    let answers = model.forest.predict_rows(&rows);
    let truth = match model.task() {
        Task::Regression => Column::fractions("truth", answers.scores),
        Task::Classification => {
            let names = answers.classes.iter().map(|&class| Some(model.classes[class as usize].as_str()));
            Column::strings("truth", names)
        }
    };
    Dataset::new(columns).and_then(|data| data.with_column(truth)).expect("columns of one length")
}

fn metric(model: &Model, name: &str) -> Option<f64> {
    model.metrics.iter().find(|(metric, _)| metric == name).map(|(_, value)| *value)
}

fn numbers<'a>(model: &'a Model, name: &str) -> &'a [f64] {
    match model.reference_column(name).map(|column| &column.values) {
        Some(Values::Numbers(numbers)) => numbers.as_slice(),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn without_a_reference_a_model_answers_and_says_that_it_has_none() {
    let model = imported("lightgbm-multiclass", &options(None), None).expect("a model");
    assert!(!model.has_reference());
    assert_eq!(model.schema.features().next(), Some("f0"));
    assert_eq!((model.target.as_str(), model.metrics.len()), ("target", 0));
    assert!(matches!(&model.origin, Origin::Imported(record) if record.format == "onnx"), "{:?}", model.origin);
    assert_eq!(Model::from_bytes(&model.to_bytes()), Ok(model));
}

#[test]
fn a_reference_is_answered_and_measured() {
    for (name, perfect) in
        [("lightgbm-binary", "accuracy"), ("lightgbm-multiclass", "accuracy"), ("lightgbm-regression", "r2")]
    {
        let data = reference(name, 300);
        let model = imported(name, &options(Some("truth")), Some(&data)).expect("a model");
        assert!(model.has_reference());
        assert_eq!(metric(&model, perfect), Some(1.0), "{name}: {:?}", model.metrics);
        assert_eq!(model.reference.n_rows(), 300);
        let answers = model.answers_of(&data).expect("the features are there");
        match model.task() {
            Task::Regression => assert_eq!(numbers(&model, PREDICTION), answers.scores),
            Task::Classification => {
                assert_eq!(numbers(&model, PROBABILITY), model.probabilities(&answers));
                let classes: Vec<f64> = answers.classes.iter().map(|&class| f64::from(class)).collect();
                assert_eq!(numbers(&model, PREDICTION), classes);
            }
        }
        assert_eq!(Model::from_bytes(&model.to_bytes()), Ok(model), "{name}");
    }
}

#[test]
fn a_reference_need_not_know_the_truth() {
    let data = reference("lightgbm-binary", 50);
    let ignoring = ImportOptions { ignored: vec!["truth".to_owned()], ..options(None) };
    let model = imported("lightgbm-binary", &ignoring, Some(&data)).expect("a model");
    assert_eq!((model.has_reference(), model.metrics.len()), (true, 0));
    assert_eq!(model.reference.column("truth"), None);
    assert_eq!(numbers(&model, PROBABILITY).len(), 50);
}

#[test]
fn classes_may_have_names() {
    let words = |names: &[&str]| ImportOptions {
        classes: names.iter().map(|&name| name.to_owned()).collect(),
        ..options(None)
    };
    let model = imported("lightgbm-binary", &words(&["good", "bad"]), None).expect("two names for two classes");
    assert_eq!(model.classes, ["good", "bad"]);
    let refused = |names: &[&str]| imported("lightgbm-binary", &words(names), None).unwrap_err().to_string();
    assert!(refused(&["good"]).starts_with("1 names for 2 classes"), "{}", refused(&["good"]));
    assert!(refused(&["a", "a"]).starts_with("the name \"a\" stands twice"));
}

#[test]
fn what_does_not_fit_is_said_by_name() {
    let data = reference("lightgbm-binary", 20);
    let refused = |options: &ImportOptions| {
        imported("lightgbm-binary", options, Some(&data)).expect_err("something does not fit").to_string()
    };
    let named = |names: &[&str]| ImportOptions {
        features: names.iter().map(|&name| name.to_owned()).collect(),
        ..options(Some("truth"))
    };
    let n_features = data.columns().len() - 1;
    assert!(
        refused(&options(None))
            .starts_with(&format!("the trees take {n_features} features, and {} columns", n_features + 1))
    );
    assert!(refused(&options(Some("nowhere"))).starts_with("no column is called \"nowhere\""));
    let mut names: Vec<&str> = data.columns().iter().map(|column| column.name.as_str()).take(n_features).collect();
    names[0] = "nowhere";
    assert_eq!(refused(&named(&names)), "the data lack the feature \"nowhere\"");
    names[0] = names[1];
    assert!(refused(&named(&names)).contains("stands twice"));
    names[0] = "prediction";
    assert!(refused(&named(&names)).contains("\"prediction\""));

    let (mut columns, mut other) = (data.columns().to_vec(), data.columns().to_vec());
    columns[n_features] = Column::strings("truth", (0..20).map(|_| Some("perhaps")));
    let data = Dataset::new(columns).expect("20 rows each");
    let error = imported("lightgbm-binary", &options(Some("truth")), Some(&data)).unwrap_err();
    assert!(error.to_string().starts_with("the target is \"perhaps\" in row 1"), "{error}");
    other[0] = Column::strings(other[0].name.clone(), (0..20).map(|_| Some("word")));
    let data = Dataset::new(other).expect("20 rows each");
    let error = imported("lightgbm-binary", &options(Some("truth")), Some(&data)).unwrap_err();
    assert!(error.to_string().contains("something other than numbers"), "{error}");
    let none = data.slice(0..0);
    assert!(imported("lightgbm-binary", &options(Some("truth")), Some(&none)).is_err());
}
