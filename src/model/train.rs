//! From a table to a model.

use std::borrow::Cow;
use std::fmt;

use super::target::{TargetError, Truths};
use super::{Model, ModelError, ModelParts, Origin, PREDICTION, PROBABILITY, Rows, Split, TrainingRecord, answered};
use crate::data::{Column, Dataset, Values};
use crate::forest::Task;
use crate::forest::train::{GROWER, GrowError, GrowOptions, Progress, grow, grow_regression};
use crate::schema::{ColumnRole, ColumnType, Schema, SchemaOverrides, UnknownColumn};

/// How a model is trained.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainOptions {
    /// What people will call the model.
    pub name: String,
    /// The column to predict.
    pub target: String,
    /// Whether its values are classes or numbers. Of two classes the larger one (by number, else by text) is the positive one.
    pub task: Task,
    /// A person's word on types, and on columns to be [`ColumnRole::Ignored`]. All others are features.
    pub overrides: SchemaOverrides,
    /// Which rows are held back. A regression has no classes to stratify by: its rows are all of one stratum.
    pub split: Split,
    /// The share of rows held back, above 0 and below 1.
    pub test_share: f64,
    /// How the forest is grown. Its seed decides the split, too.
    pub grow: GrowOptions,
}

impl TrainOptions {
    /// The usual: a classification, the last fifth of the rows held back, 100 trees.
    pub fn new(name: impl Into<String>, target: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            target: target.into(),
            task: Task::Classification,
            overrides: SchemaOverrides::default(),
            split: Split::Time,
            test_share: 0.2,
            grow: GrowOptions::default(),
        }
    }
}

/// The most classes that are trained: with more, the target is a number whose training was asked for in the wrong way.
pub const MAX_CLASSES: usize = 100;

/// Why no model was trained.
#[derive(Debug, Clone, PartialEq)]
pub enum TrainError {
    /// The target or an override names no column of the data.
    UnknownColumn(UnknownColumn),
    /// A column has a name the model's own columns need.
    ReservedName {
        /// The name.
        name: String,
    },
    /// The target does not say what the truth is.
    Target(TargetError),
    /// The target has one value only, or more than [`MAX_CLASSES`].
    TargetValues {
        /// The target.
        name: String,
        /// How many it has.
        found: usize,
    },
    /// No column is left to predict from.
    NoFeatures,
    /// A feature holds something other than numbers.
    NotNumeric {
        /// The column.
        name: String,
        /// Its type.
        found: ColumnType,
    },
    /// A feature has a missing or infinite value.
    NotFinite {
        /// The column.
        name: String,
        /// The row among those trained on, counted from 0.
        row: usize,
    },
    /// The share of rows to hold back leaves none to train on or none to measure by.
    TestShare {
        /// Rows of the data.
        n_rows: usize,
        /// Rows that would be held back.
        n_test: usize,
    },
    /// The rows to train on lack a class.
    ClassAbsent {
        /// The class.
        class: String,
        /// How the rows were chosen.
        split: Split,
    },
    /// The forest did not grow.
    Grow(GrowError),
    /// The parts do not make a model.
    Model(ModelError),
}

impl fmt::Display for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownColumn(error) => write!(f, "{error}"),
            Self::ReservedName { name } => {
                write!(f, "the data have a column {name:?}, the name the model's own answer is to have; rename it")
            }
            Self::Target(error) => write!(f, "{error}"),
            Self::TargetValues { name, found } if *found > MAX_CLASSES => write!(
                f,
                "the target {name:?} has {found} different values, more than {MAX_CLASSES} classes; \
                 to predict numbers, train a regression"
            ),
            Self::TargetValues { name, found } => {
                write!(f, "the target {name:?} has {found} different values, expected 2 or more")
            }
            Self::NoFeatures => write!(f, "no column is left to predict from"),
            Self::NotNumeric { name, found } => {
                write!(f, "column {name:?} is {found}, not made of numbers; ignore it or turn it into numbers")
            }
            Self::NotFinite { name, row } => {
                write!(f, "column {name:?} has a missing or infinite value in training row {}", row + 1)
            }
            Self::TestShare { n_rows, n_test } => {
                write!(f, "holding back {n_test} of {n_rows} rows leaves too few on one side")
            }
            Self::ClassAbsent { class, split: Split::Time } => write!(
                f,
                "the rows to train on, which are the first, have none of class {class:?}; \
                 a stratified split takes some of each class"
            ),
            Self::ClassAbsent { class, .. } => write!(f, "the rows to train on have none of class {class:?}"),
            Self::Grow(error) => write!(f, "{error}"),
            Self::Model(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for TrainError {}

/// Trains a model on `data`: holds rows back, grows a forest on the others, measures it on those held back.
///
/// # Errors
/// See [`TrainError`].
pub fn train(data: &Dataset, options: &TrainOptions, progress: Progress<'_>) -> Result<Model, TrainError> {
    let schema = schema(data, options)?;
    let features = features(data, &schema)?;
    let target = data.column(&options.target).expect("the schema was learnt from these columns");
    let (truths, labels) = truths(target, options.task)?;

    let rows = rows(&truths, &labels, options)?;
    let pick = |rows: &[usize]| -> Vec<Vec<f64>> {
        features.iter().map(|(_, column)| rows.iter().map(|&row| column[row]).collect()).collect()
    };
    let columns = pick(&rows.train);
    let grown = match truths.of_rows(&rows.train) {
        Truths::Classes(classes) => grow(&slices(&columns), &classes, labels.len(), &options.grow, progress),
        Truths::Numbers(numbers) => grow_regression(&slices(&columns), &numbers, &options.grow, progress),
    };
    let grown = grown.map_err(|error| with_name(error, &features))?;

    let answers = grown.forest.predict_columns(&slices(&pick(&rows.test)));
    let metrics = answered::metrics(&grown.forest, &answers, &truths.of_rows(&rows.test));
    let mut held_out = vec![target.pick(&rows.test)];
    held_out.extend(answered::columns(&grown.forest, &answers));
    let held_out =
        Dataset::new(held_out).expect("one value per row held back, and the reserved names are not the target's");

    let names = features.iter().map(|(name, _)| (*name).to_owned());
    let training = record(&rows, options, features.len());
    Model::new(ModelParts {
        name: options.name.clone(),
        target: options.target.clone(),
        classes: labels,
        importances: names.zip(grown.importances).collect(),
        schema,
        forest: grown.forest,
        metrics,
        origin: Origin::Trained(training),
        reference: data.clone(),
        held_out,
    })
    .map_err(TrainError::Model)
}

fn schema(data: &Dataset, options: &TrainOptions) -> Result<Schema, TrainError> {
    for name in [PREDICTION, PROBABILITY] {
        if data.column(name).is_some() {
            return Err(TrainError::ReservedName { name: name.to_owned() });
        }
    }
    let mut overrides = options.overrides.clone();
    overrides.roles.insert(options.target.clone(), ColumnRole::Target);
    let mut schema = Schema::infer(data, &overrides).map_err(TrainError::UnknownColumn)?;
    schema.columns.extend(answered::specs(options.task));
    Ok(schema)
}

/// The features' names and values.
fn features<'a>(data: &'a Dataset, schema: &'a Schema) -> Result<Vec<(&'a str, &'a [f64])>, TrainError> {
    let mut features = Vec::new();
    for spec in schema.columns.iter().filter(|spec| spec.role == ColumnRole::Feature) {
        match data.column(&spec.name).map(|column| &column.values) {
            Some(Values::Numbers(numbers)) => features.push((spec.name.as_str(), numbers.as_slice())),
            _ => return Err(TrainError::NotNumeric { name: spec.name.clone(), found: spec.column_type }),
        }
    }
    if features.is_empty() { Err(TrainError::NoFeatures) } else { Ok(features) }
}

/// The truth about each row, and the classes' names in order; none for a regression.
fn truths(target: &Column, task: Task) -> Result<(Truths, Vec<String>), TrainError> {
    if task == Task::Regression {
        return Truths::numbers(target).map(|numbers| (numbers, Vec::new())).map_err(TrainError::Target);
    }
    let (classes, labels) = Truths::classes(target).map_err(TrainError::Target)?;
    if (2..=MAX_CLASSES).contains(&labels.len()) {
        Ok((Truths::Classes(classes), labels))
    } else {
        Err(TrainError::TargetValues { name: target.name.clone(), found: labels.len() })
    }
}

/// The class of every row and how many classes there are; rows whose truth is a number are all of one.
fn strata<'a>(truths: &'a Truths, labels: &[String]) -> (Cow<'a, [u32]>, usize) {
    match truths {
        Truths::Classes(classes) => (Cow::Borrowed(classes), labels.len()),
        Truths::Numbers(numbers) => (Cow::Owned(vec![0; numbers.len()]), 1),
    }
}

impl Model {
    /// Where the rows held back stand in the reference, ascending. `None` where the reference does not tell any more: it was chosen by
    /// another share than the record can say.
    pub fn rows_held_back(&self) -> Option<Vec<usize>> {
        let n_rows = self.held_out.n_rows();
        let record = match &self.origin {
            Origin::Imported(_) => return Some((0..n_rows).collect()),
            Origin::Trained(record) => record,
        };
        let target = self.reference.column(&self.target)?;
        let (truths, labels) = truths(target, self.task()).ok()?;
        let (classes, n_classes) = strata(&truths, &labels);
        let share = record.test_share.unwrap_or(record.n_test as f64 / record.n_rows as f64);
        let rows = record.split.of(&classes, n_classes, share, record.seed).test;
        let is_theirs = rows.len() == n_rows && self.held_out.column(&self.target) == Some(&target.pick(&rows));
        is_theirs.then_some(rows)
    }
}

/// The rows to train on, which have every class, and those held back.
fn rows(truths: &Truths, labels: &[String], options: &TrainOptions) -> Result<Rows, TrainError> {
    let (classes, n_classes) = strata(truths, labels);
    let rows = options.split.of(&classes, n_classes, options.test_share, options.grow.seed);
    if rows.train.is_empty() || rows.test.is_empty() {
        return Err(TrainError::TestShare { n_rows: classes.len(), n_test: rows.test.len() });
    }
    for (class, label) in (0..).zip(labels) {
        if !rows.train.iter().any(|&row| classes[row] == class) {
            return Err(TrainError::ClassAbsent { class: label.clone(), split: options.split });
        }
    }
    Ok(rows)
}

/// The error with the feature's name in place of its number.
fn with_name(error: GrowError, features: &[(&str, &[f64])]) -> TrainError {
    match error {
        GrowError::NotFinite { feature, row } => TrainError::NotFinite { name: features[feature].0.to_owned(), row },
        other => TrainError::Grow(other),
    }
}

fn slices(columns: &[Vec<f64>]) -> Vec<&[f64]> {
    columns.iter().map(Vec::as_slice).collect()
}

fn record(rows: &Rows, options: &TrainOptions, n_features: usize) -> TrainingRecord {
    let grow = &options.grow;
    TrainingRecord {
        n_rows: rows.train.len() + rows.test.len(),
        n_test: rows.test.len(),
        split: options.split,
        test_share: Some(options.test_share),
        seed: grow.seed,
        n_trees: grow.n_trees,
        max_depth: grow.max_depth,
        min_samples_leaf: grow.min_samples_leaf,
        mtry: grow.mtry_of(n_features, options.task),
        max_rows_per_class: grow.max_rows_per_class,
        grower: GROWER.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example;

    fn options(n_trees: usize) -> TrainOptions {
        let mut options = TrainOptions::new("fraud", "Class");
        options.grow.n_trees = n_trees;
        options
    }

    fn metric(model: &Model, name: &str) -> f64 {
        model.metrics.iter().find(|(metric, _)| metric == name).map(|(_, value)| *value).expect("the metric is defined")
    }

    #[test]
    fn a_model_finds_fraud_and_survives_its_file() {
        let (reference, _) = example::card_fraud(8_000, 1);
        let model = train(&reference, &options(20), &|_, _| true).expect("the example can be learnt");
        assert_eq!(model.classes, ["0", "1"]);
        assert_eq!((model.reference.n_rows(), model.held_out.n_rows()), (8_000, 1_600));
        // What it says to them stands beside them.
        let rows = model.rows_held_back().expect("the file says how they were chosen");
        let said = model.answers_of(&reference).expect("the features are there").classes;
        let said: Vec<f64> = rows.iter().map(|row| f64::from(said[*row])).collect();
        let Some(Values::Numbers(stored)) = model.held_out.column(PREDICTION).map(|column| &column.values) else {
            panic!("the model predicts classes")
        };
        assert_eq!(said, stored.as_slice());
        assert!(matches!(&model.origin, Origin::Trained(training) if (training.n_test, training.mtry) == (1_600, 5)));
        assert!(metric(&model, "roc_auc") > 0.8, "{:?}", model.metrics);
        // The four strongest of the example's shifts are where the forest looks.
        let strong = ["V10", "V12", "V14", "V17"];
        let relied: f64 =
            model.importances.iter().filter(|(name, _)| strong.contains(&name.as_str())).map(|(_, x)| x).sum();
        assert!(relied > 0.3, "{relied}");

        let read = Model::from_bytes(&model.to_bytes()).expect("the file was just written");
        assert_eq!(read, model);
        assert_eq!(read.version(), model.version());
        assert_eq!(read.answers_of(&reference), model.answers_of(&reference));
    }

    #[test]
    fn rows_held_back_are_predicted_by_the_forest_that_serves() {
        let (reference, _) = example::card_fraud(2_000, 2);
        let model = train(&reference, &options(5), &|_, _| true).expect("the example can be learnt");
        let found = model.answers_of(&reference.slice(1_600..2_000)).expect("the features are there");
        let found = model.probabilities(&found);
        let Some(Values::Numbers(stored)) = model.reference_column(PROBABILITY).map(|column| &column.values) else {
            panic!("probabilities are numbers");
        };
        assert_eq!(stored.as_slice(), found);
    }

    #[test]
    fn a_seed_gives_its_model() {
        let (reference, _) = example::card_fraud(1_000, 3);
        let of_seed = |seed| {
            let mut options = options(4);
            options.grow.seed = seed;
            options.split = Split::Stratified;
            train(&reference, &options, &|_, _| true).expect("the example can be learnt").to_bytes()
        };
        assert!(of_seed(1) == of_seed(1));
        assert!(of_seed(1) != of_seed(2));
    }

    #[test]
    fn progress_is_told_and_can_cancel() {
        let (reference, _) = example::card_fraud(500, 4);
        let cancelled = train(&reference, &options(50), &|done, total| done < 3 && total == 50);
        assert_eq!(cancelled.map(|_| ()), Err(TrainError::Grow(GrowError::Cancelled)));
    }

    #[test]
    fn targets_may_be_words() {
        let data = Dataset::new(vec![
            Column::numbers("x", (0..40).map(f64::from).collect()),
            Column::strings("answer", (0..40).map(|row| Some(if row % 4 < 2 { "yes" } else { "no" }))),
        ])
        .expect("40 rows each");
        let mut options = TrainOptions::new("words", "answer");
        options.grow.n_trees = 3;
        let model = train(&data, &options, &|_, _| true).expect("two classes, one feature");
        assert_eq!(model.classes, ["no", "yes"]);
    }

    /// 400 rows: `x` and noise, and what `target` makes of the row's number.
    fn table(target: impl Fn(usize) -> f64) -> Dataset {
        let scattered = |row: usize, step: usize| ((row * step) % 401) as f64;
        Dataset::new(vec![
            Column::numbers("x", (0..400).map(|row| scattered(row, 7)).collect()),
            Column::numbers("noise", (0..400).map(|row| scattered(row, 150)).collect()),
            Column::fractions("y", (0..400).map(|row| target((row * 7) % 401)).collect()),
        ])
        .expect("400 rows each")
    }

    #[test]
    fn a_target_may_have_more_classes_than_two() {
        let data = table(|x| (x / 100).min(3) as f64);
        let mut options = TrainOptions::new("four", "y");
        options.grow.n_trees = 10;
        let model = train(&data, &options, &|_, _| true).expect("four classes");
        assert_eq!(model.classes, ["0", "1", "2", "3"]);
        assert!(metric(&model, "accuracy") > 0.9 && metric(&model, "roc_auc") > 0.95, "{:?}", model.metrics);
        // The probability is that of the class that is said, not of the last one.
        let Some(Values::Numbers(stored)) = model.reference_column(PROBABILITY).map(|column| &column.values) else {
            panic!("probabilities are numbers");
        };
        assert!(stored.as_slice().iter().all(|&probability| probability >= 0.25), "{stored:?}");
        assert_eq!(Model::from_bytes(&model.to_bytes()).as_ref(), Ok(&model));

        let mut many = TrainOptions::new("m", "y");
        let error = train(&table(|x| x as f64), &many, &|_, _| true).unwrap_err().to_string();
        assert!(error.ends_with("more than 100 classes; to predict numbers, train a regression"), "{error}");
        many.task = Task::Regression;
        assert!(train(&table(|x| x as f64), &many, &|_, _| true).is_ok());
    }

    #[test]
    fn a_regression_predicts_a_number_and_is_measured_as_one() {
        let data = table(|x| (x * x) as f64 / 1000.0);
        let mut options = TrainOptions::new("square", "y");
        (options.task, options.grow.n_trees, options.split) = (Task::Regression, 20, Split::Stratified);
        let model = train(&data, &options, &|_, _| true).expect("400 numbers");
        assert_eq!((model.task(), model.classes.len()), (Task::Regression, 0));
        assert_eq!(model.schema.columns.last().map(|spec| spec.name.as_str()), Some(PREDICTION));
        assert_eq!(model.reference_column(PROBABILITY), None);
        assert!(metric(&model, "r2") > 0.8, "{:?}", model.metrics);
        assert!(metric(&model, "mae") < metric(&model, "rmse"), "{:?}", model.metrics);
        assert_eq!(model.held_out.n_rows(), 80);
        assert_eq!(Model::from_bytes(&model.to_bytes()).as_ref(), Ok(&model));
    }

    #[test]
    fn what_cannot_be_learnt_is_said_by_name() {
        let column = |name: &str| Column::numbers(name, (0..10).map(f64::from).collect());
        let target = || Column::numbers("y", (0..10).map(|row| f64::from(row % 2)).collect());
        let refused = |columns: Vec<Column>| {
            let data = Dataset::new(columns).expect("ten rows each");
            train(&data, &TrainOptions::new("m", "y"), &|_, _| true).expect_err("this cannot be learnt").to_string()
        };
        assert_eq!(refused(vec![column("x")]), "no column is called \"y\"; there are x");
        assert_eq!(refused(vec![target()]), "no column is left to predict from");
        let constant = Column::numbers("y", vec![1.0; 10]);
        let sentence = "the target \"y\" has 1 different values, expected 2 or more";
        assert_eq!(refused(vec![column("x"), constant]), sentence);
        assert!(refused(vec![column("prediction"), target()]).starts_with("the data have a column \"prediction\""));
        let shops = Column::strings("shop", (0..10).map(|row| Some(if row < 5 { "a" } else { "b" })));
        assert_eq!(
            refused(vec![shops, target()]),
            "column \"shop\" is categorical, not made of numbers; ignore it or turn it into numbers"
        );
        let gap = Column::numbers("gap", [f64::NAN].into_iter().chain((1..10).map(f64::from)).collect());
        assert_eq!(
            refused(vec![column("x"), gap, target()]),
            "column \"gap\" has a missing or infinite value in training row 1"
        );
        let unanswered = Column::numbers("y", [1.0, f64::NAN].into_iter().cycle().take(10).collect());
        assert_eq!(refused(vec![column("x"), unanswered]), "the target has no value in row 2");
        let late = Column::numbers("y", (0..10).map(|row| f64::from(u8::from(row > 8))).collect());
        assert!(refused(vec![column("x"), late]).contains("have none of class \"1\"; a stratified split"));
    }

    #[test]
    fn ignored_columns_stay_in_the_reference() {
        let data = Dataset::new(vec![
            Column::strings("id", (0..20).map(|row| Some(if row < 9 { "a" } else { "b" }))),
            Column::numbers("x", (0..20).map(f64::from).collect()),
            Column::numbers("y", (0..20).map(|row| f64::from(row % 2)).collect()),
        ])
        .expect("20 rows each");
        let mut options = TrainOptions::new("m", "y");
        options.overrides.roles.insert("id".to_owned(), ColumnRole::Ignored);
        options.grow.n_trees = 1;
        let model = train(&data, &options, &|_, _| true).expect("x can be learnt from");
        assert_eq!(model.schema.features().collect::<Vec<_>>(), ["x"]);
        assert_eq!(model.reference, data);
    }
}
