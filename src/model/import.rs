//! From another tool's trees to a model.

use std::collections::BTreeSet;
use std::fmt;

use super::target::{TargetError, Truths};
use super::{FeatureError, ImportRecord, Model, ModelError, ModelParts, Origin, PREDICTION, PROBABILITY, answered};
use crate::data::{Column, Dataset, Values};
use crate::forest::{Forest, Task};
use crate::onnx::OnnxModel;
use crate::schema::{ColumnRole, ColumnSpec, ColumnType, Schema, SchemaOverrides, UnknownColumn};

/// What a file of trees does not say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportOptions {
    /// What people will call the model.
    pub name: String,
    /// Names of the features in the trees' order. None: the reference's columns but the target and those `ignored`; without
    /// a reference `f0`, `f1` and so on.
    pub features: Vec<String>,
    /// Other names for the classes, in the order in which the file has them. None: the file's names.
    pub classes: Vec<String>,
    /// The column of the reference that holds the truth. Without one nothing is measured.
    pub target: Option<String>,
    /// Columns of the reference that are no features.
    pub ignored: Vec<String>,
}

/// The target's name where none is given.
const TARGET: &str = "target";

/// Why trees and a reference make no model.
#[derive(Debug, Clone, PartialEq)]
pub enum ImportError {
    /// Names of other than as many features as the trees take.
    Features {
        /// Features that the trees take.
        expected: usize,
        /// The names.
        found: Vec<String>,
    },
    /// Names of other than as many classes as the file has.
    Classes {
        /// The file's classes.
        expected: Vec<String>,
        /// How many names were given.
        found: usize,
    },
    /// A name stands twice, or is one that the model's own answer is to have.
    Name {
        /// The name.
        name: String,
    },
    /// The target or an ignored column is no column of the reference.
    UnknownColumn(UnknownColumn),
    /// A feature is no numeric column of the reference.
    Feature(FeatureError),
    /// The target does not say what the truth is.
    Target(TargetError),
    /// The reference has no rows.
    NoRows,
    /// The parts do not make a model.
    Model(ModelError),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Features { expected, found } => write!(
                f,
                "the trees take {expected} features, and {} columns could be features ({}); name those that are",
                found.len(),
                found.join(", ")
            ),
            Self::Classes { expected, found } => write!(
                f,
                "{found} names for {} classes, which the file calls {}",
                expected.len(),
                if expected.is_empty() { "nothing: it is a regression".to_owned() } else { expected.join(", ") }
            ),
            Self::Name { name } => write!(f, "the name {name:?} stands twice, or is one that the model's answer has"),
            Self::UnknownColumn(error) => write!(f, "{error}"),
            Self::Feature(error) => write!(f, "{error}"),
            Self::Target(error) => write!(f, "{error}"),
            Self::NoRows => write!(f, "the reference has no rows"),
            Self::Model(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ImportError {}

/// Makes a model of trees that were read from a file of this SHA-256.
///
/// Every row of `reference` is answered by the trees, and those answers are what live predictions will be held against. So its
/// rows should be ones that the trees were not grown on: of those a model is surer than of any that will come. Without a
/// reference the model answers and is logged, but has nothing to be held against.
///
/// # Errors
/// See [`ImportError`].
pub fn import(
    read: OnnxModel,
    sha256: String,
    options: &ImportOptions,
    reference: Option<&Dataset>,
) -> Result<Model, ImportError> {
    let OnnxModel { forest, classes, producer } = read;
    let classes = named_classes(classes, &options.classes)?;
    let features = named_features(&forest, options, reference)?;
    let target = options.target.clone().unwrap_or_else(|| TARGET.to_owned());
    check_names(features.iter().chain([&target]))?;

    let record = ImportRecord { format: "onnx".to_owned(), producer, sha256 };
    let mut parts = ModelParts {
        name: options.name.clone(),
        schema: schema_without_reference(&features, &target, forest.task()),
        target,
        classes,
        forest,
        importances: Vec::new(),
        metrics: Vec::new(),
        origin: Origin::Imported(record),
        reference: Dataset::default(),
        held_out: Dataset::default(),
    };
    if let Some(reference) = reference {
        add_reference(&mut parts, &features, options.target.is_some(), reference)?;
    }
    Model::new(parts).map_err(ImportError::Model)
}

fn named_classes(classes: Vec<String>, names: &[String]) -> Result<Vec<String>, ImportError> {
    if names.is_empty() {
        return Ok(classes);
    }
    if names.len() != classes.len() {
        return Err(ImportError::Classes { expected: classes, found: names.len() });
    }
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(*name)) {
        Some(twice) => Err(ImportError::Name { name: twice.clone() }),
        None => Ok(names.to_vec()),
    }
}

fn named_features(
    forest: &Forest,
    options: &ImportOptions,
    reference: Option<&Dataset>,
) -> Result<Vec<String>, ImportError> {
    let no_feature = || options.ignored.iter().chain(&options.target);
    if let Some(reference) = reference {
        let known = || reference.columns().iter().map(|column| column.name.clone()).collect();
        if let Some(name) = no_feature().find(|name| reference.column(name).is_none()) {
            return Err(ImportError::UnknownColumn(UnknownColumn { name: name.clone(), known: known() }));
        }
    }
    let found = match reference {
        _ if !options.features.is_empty() => options.features.clone(),
        Some(reference) => {
            let names = reference.columns().iter().map(|column| &column.name);
            names.filter(|name| no_feature().all(|other| other != *name)).cloned().collect()
        }
        None => (0..forest.n_features()).map(|place| format!("f{place}")).collect(),
    };
    let expected = forest.n_features();
    if found.len() == expected { Ok(found) } else { Err(ImportError::Features { expected, found }) }
}

fn check_names<'a>(names: impl Iterator<Item = &'a String>) -> Result<(), ImportError> {
    let mut seen: BTreeSet<&str> = [PREDICTION, PROBABILITY].into();
    for name in names {
        if !seen.insert(name) {
            return Err(ImportError::Name { name: name.clone() });
        }
    }
    Ok(())
}

fn schema_without_reference(features: &[String], target: &str, task: Task) -> Schema {
    let spec =
        |name: &str, column_type, role| ColumnSpec { name: name.to_owned(), column_type, role, is_declared: false };
    let of_target = match task {
        Task::Classification => ColumnType::Categorical,
        Task::Regression => ColumnType::Numerical,
    };
    let mut columns: Vec<ColumnSpec> =
        features.iter().map(|name| spec(name, ColumnType::Numerical, ColumnRole::Feature)).collect();
    columns.push(spec(target, of_target, ColumnRole::Target));
    columns.extend(answered::specs(task));
    Schema { columns }
}

/// The features' types, the rows, what the trees say to them, and how right that is.
fn add_reference(
    parts: &mut ModelParts,
    features: &[String],
    has_target: bool,
    reference: &Dataset,
) -> Result<(), ImportError> {
    let absent = |name: &String| ImportError::Feature(FeatureError::Absent { name: name.clone() });
    let mut columns: Vec<Column> = Vec::with_capacity(features.len() + 1);
    for name in features {
        columns.push(reference.column(name).cloned().ok_or_else(|| absent(name))?);
    }
    if let Some(column) = columns.iter().find(|column| !matches!(column.values, Values::Numbers(_))) {
        return Err(ImportError::Feature(FeatureError::NotNumeric { name: column.name.clone() }));
    }
    if reference.n_rows() == 0 {
        return Err(ImportError::NoRows);
    }
    let values: Vec<&[f64]> = columns
        .iter()
        .filter_map(|column| match &column.values {
            Values::Numbers(numbers) => Some(numbers.as_slice()),
            _ => None,
        })
        .collect();
    let answers = parts.forest.predict_columns(&values);
    let mut held_out = answered::columns(&parts.forest, &answers);

    let target = reference.column(&parts.target).filter(|_| has_target);
    if let Some(target) = target {
        let truths = match parts.forest.task() {
            Task::Classification => Truths::known_classes(target, &parts.classes),
            Task::Regression => Truths::numbers(target),
        };
        parts.metrics = answered::metrics(&parts.forest, &answers, &truths.map_err(ImportError::Target)?);
        held_out.insert(0, target.clone());
        columns.push(target.clone());
    }
    let dataset = |columns| Dataset::new(columns).map_err(|error| ImportError::Model(ModelError::Dataset(error)));
    parts.reference = dataset(columns)?;
    parts.held_out = dataset(held_out)?;
    let learnt = Schema::infer(&parts.reference, &SchemaOverrides::default()).map_err(ImportError::UnknownColumn)?;
    for spec in &mut parts.schema.columns {
        if let Some(learnt) = learnt.column(&spec.name) {
            spec.column_type = learnt.column_type;
        }
    }
    Ok(())
}
