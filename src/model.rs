//! A trained model with everything a monitor needs beside it: what goes in, what it was trained on, how good it is.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Deref;

use crate::data::{Column, Dataset, DatasetError, Values, sha256_hex};
use crate::forest::{Answers, Forest, ForestError, Task};
use crate::schema::{ColumnRole, Schema};

mod answered;
mod format;
mod import;
mod split;
mod target;
#[cfg(feature = "train")]
mod train;

pub use import::{ImportError, ImportOptions, import};
#[cfg(feature = "train")]
use split::Rows;
pub use split::Split;
pub use target::TargetError;
#[cfg(feature = "train")]
pub use train::{TrainError, TrainOptions, train};

/// The column that holds what the model said: the class by its place in [`ModelParts::classes`], or the value of a
/// regression.
pub const PREDICTION: &str = "prediction";

/// The column that holds, of a classification, [`Model::probability`].
pub const PROBABILITY: &str = "probability";

/// What a model consists of.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelParts {
    /// What people call it.
    pub name: String,
    /// The column it predicts.
    pub target: String,
    /// The target's values as text, in the order of the forest's classes; of two the last one is the positive class. None
    /// for a regression.
    pub classes: Vec<String>,
    /// The training file's columns, then [`PREDICTION`] and, of a classification, [`PROBABILITY`]. The features stand in
    /// the forest's order.
    pub schema: Schema,
    /// What predicts.
    pub forest: Forest,
    /// Per feature: its share in the decrease of impurity, 0 to 1. None where they are not known.
    pub importances: Vec<(String, f64)>,
    /// Figures of merit on the rows held back, by name.
    pub metrics: Vec<(String, f64)>,
    /// How it came about.
    pub origin: Origin,
    /// All rows of the training file (of an imported model those of its reference, whose truth need not be known), to hold
    /// live features against. No columns: there is no reference, and the model can answer but not be watched for drift.
    pub reference: Dataset,
    /// The rows held back from training (of an imported model those of its reference): the target, [`PREDICTION`], and of a
    /// classification [`PROBABILITY`]. To hold live predictions against.
    ///
    /// Only these, and by the forest that serves, because a forest is surer of rows it has seen: with its word on training
    /// rows as the reference, every live window would look drifted. Out-of-bag predictions do not help: each averages over
    /// the 37 in 100 trees that have not seen the row, and such averages are coarser. On the card data (7,383 real rows,
    /// halved at random) the Kolmogorov-Smirnov distance between them and predictions on new rows was 0.2 without any drift.
    pub held_out: Dataset,
}

/// How a model came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Tidemark trained it.
    Trained(TrainingRecord),
    /// It was read from another tool's file.
    Imported(ImportRecord),
}

/// Where an imported model comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRecord {
    /// The file's format, such as `onnx`.
    pub format: String,
    /// What wrote the file, by its own word.
    pub producer: String,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
}

/// How a model was trained: enough to do it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingRecord {
    /// Rows of the training file.
    pub n_rows: usize,
    /// Rows of them held back.
    pub n_test: usize,
    /// How they were chosen.
    pub split: Split,
    /// The share of the rows that was to be held back, 0 to 1. Models of before it was written down lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_share: Option<f64>,
    /// Decided every random choice.
    pub seed: u64,
    /// Trees.
    pub n_trees: usize,
    /// Questions from root to leaf, at most.
    pub max_depth: Option<u16>,
    /// Rows a leaf has at least.
    pub min_samples_leaf: usize,
    /// Features tried at every node.
    pub mtry: usize,
    /// Rows of one class a tree's questions were found by, at most.
    pub max_rows_per_class: usize,
    /// What grew the trees.
    pub grower: String,
}

/// A model whose parts fit together. They can be read like fields, and no longer be changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    parts: ModelParts,
    version: String,
}

impl Deref for Model {
    type Target = ModelParts;

    fn deref(&self) -> &ModelParts {
        &self.parts
    }
}

/// Why bytes or parts are no model.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelError {
    /// The file does not begin as a model file does.
    NotAModel {
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// The file has a format this version of Tidemark cannot read.
    FormatVersion {
        /// The newest format known.
        expected: u32,
        /// The file's format.
        found: u32,
    },
    /// The file ends too early.
    Truncated {
        /// Bytes it should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// The file goes on after its end.
    TrailingBytes {
        /// Bytes it should have.
        expected: u64,
        /// Bytes it has.
        found: u64,
    },
    /// The file was damaged: its content does not have the checksum at its end.
    Checksum {
        /// SHA-256 at the end of the file, in hex.
        expected: String,
        /// SHA-256 of what comes before.
        found: String,
    },
    /// The header is not the JSON it should be.
    Header {
        /// What is wrong, and where.
        message: String,
    },
    /// A part of the file reaches beyond the bytes there are.
    Length {
        /// The part.
        part: String,
        /// Bytes it needs.
        expected: u64,
        /// Bytes left.
        found: u64,
    },
    /// A part of the file holds a value that is not allowed there.
    Value {
        /// The part.
        part: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The forest is unsound.
    Forest(ForestError),
    /// The columns make no table.
    Dataset(DatasetError),
    /// Two parts contradict each other.
    Mismatch {
        /// What does not fit.
        what: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAModel { found } => {
                write!(f, "no Tidemark model: it begins with {:?}", String::from_utf8_lossy(found))
            }
            Self::FormatVersion { expected, found } if found > expected => {
                write!(f, "model format {found} is from a newer Tidemark; this one reads up to {expected}")
            }
            Self::FormatVersion { expected, found } => write!(f, "model format {found}, expected {expected}"),
            Self::Truncated { expected, found } => {
                write!(f, "the model file is cut short: {found} of {expected} bytes")
            }
            Self::TrailingBytes { expected, found } => {
                write!(f, "the model file has {found} bytes, {} too many", found.saturating_sub(*expected))
            }
            Self::Checksum { expected, found } => {
                write!(f, "the model file is damaged: its checksum is {found}, expected {expected}")
            }
            Self::Header { message } => write!(f, "the model file's header: {message}"),
            Self::Length { part, expected, found } => {
                write!(f, "the model file's {part}: {expected} bytes needed, {found} left")
            }
            Self::Value { part, expected } => write!(f, "the model file's {part}: expected {expected}"),
            Self::Forest(error) => write!(f, "the forest: {error}"),
            Self::Dataset(error) => write!(f, "{error}"),
            Self::Mismatch { what, expected, found } => write!(f, "{what}: expected {expected}, found {found}"),
        }
    }
}

impl std::error::Error for ModelError {}

/// Why rows cannot be predicted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureError {
    /// The data lack a feature.
    Absent {
        /// The feature.
        name: String,
    },
    /// A feature holds no numbers.
    NotNumeric {
        /// The feature.
        name: String,
    },
}

impl fmt::Display for FeatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent { name } => write!(f, "the data lack the feature {name:?}"),
            Self::NotNumeric { name } => write!(f, "the feature {name:?} holds something other than numbers"),
        }
    }
}

impl std::error::Error for FeatureError {}

impl Model {
    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// The first contradiction found.
    pub fn new(parts: ModelParts) -> Result<Self, ModelError> {
        check(&parts)?;
        let version = version_of(&format::write(&parts));
        Ok(Self { parts, version })
    }

    /// The model as a file. The same parts give the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        format::write(&self.parts)
    }

    /// Reads a model file, trusting nothing in it: no length is believed before the bytes are there, and what was read is
    /// checked as in [`Model::new`]. Reading neither runs code nor hangs, whoever wrote the file.
    ///
    /// # Errors
    /// See [`ModelError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let parts = format::read(bytes)?;
        check(&parts)?;
        Ok(Self { parts, version: version_of(bytes) })
    }

    /// The first 12 hex digits of the model file's SHA-256, which `sha256sum` prints too.
    pub fn version(&self) -> String {
        self.version.clone()
    }

    /// A column of the reference, or of the rows held back.
    pub fn reference_column(&self, name: &str) -> Option<&Column> {
        self.reference.column(name).or_else(|| self.held_out.column(name))
    }

    /// The model's features in `data`, in the forest's order.
    ///
    /// # Errors
    /// A feature is absent or not numeric.
    pub fn features_of<'a>(&self, data: &'a Dataset) -> Result<Vec<&'a [f64]>, FeatureError> {
        let feature = |name: &str| match data.column(name).map(|column| &column.values) {
            Some(Values::Numbers(numbers)) => Ok(numbers.as_slice()),
            Some(_) => Err(FeatureError::NotNumeric { name: name.to_owned() }),
            None => Err(FeatureError::Absent { name: name.to_owned() }),
        };
        self.schema.features().map(feature).collect()
    }

    /// What it answers with.
    pub fn task(&self) -> Task {
        self.forest.task()
    }

    /// Whether there is a reference to hold live data against.
    pub fn has_reference(&self) -> bool {
        !self.reference.columns().is_empty()
    }

    /// The probability that stands beside an answer: with two classes that of the positive (last) one, with more that of
    /// the class named. Of a regression the value.
    ///
    /// # Panics
    /// When `class` and `scores` are no answer of the forest.
    pub fn probability(&self, class: usize, scores: &[f64]) -> f64 {
        answered::probability(&self.forest, class, scores)
    }

    /// The answer to every row of `data`, which may have more columns than the features.
    ///
    /// # Errors
    /// A feature is absent or not numeric.
    pub fn answers_of(&self, data: &Dataset) -> Result<Answers, FeatureError> {
        Ok(self.forest.predict_columns(&self.features_of(data)?))
    }

    /// [`Model::probability`] of every answer.
    pub fn probabilities(&self, answers: &Answers) -> Vec<f64> {
        answered::probabilities(&self.forest, answers)
    }
}

fn version_of(file: &[u8]) -> String {
    let mut hex = sha256_hex(file);
    hex.truncate(12);
    hex
}

fn check(parts: &ModelParts) -> Result<(), ModelError> {
    let equal = |what, expected: usize, found: usize| {
        let mismatch = || ModelError::Mismatch { what, expected: expected.to_string(), found: found.to_string() };
        if expected == found { Ok(()) } else { Err(mismatch()) }
    };
    let lacks = |what, name: &str| ModelError::Mismatch {
        what,
        expected: format!("column {name:?}"),
        found: "no such column".to_owned(),
    };
    equal("names of classes", parts.forest.n_classes(), parts.classes.len())?;
    let features: Vec<&str> = parts.schema.features().collect();
    equal("features in the schema", parts.forest.n_features(), features.len())?;
    if !parts.importances.is_empty() {
        equal("importances", features.len(), parts.importances.len())?;
    }
    if parts.forest.task() == Task::Regression {
        equal("values of a regression", 1, parts.forest.n_scores())?;
    }
    for (feature, (name, _)) in features.iter().zip(&parts.importances) {
        if feature != name {
            let (expected, found) = ((*feature).to_owned(), name.clone());
            return Err(ModelError::Mismatch { what: "order of the importances", expected, found });
        }
    }
    let numbers = parts.importances.iter().chain(&parts.metrics);
    if let Some((name, value)) = numbers.into_iter().find(|(_, value)| !value.is_finite()) {
        let (expected, found) = (format!("a finite {name}"), value.to_string());
        return Err(ModelError::Mismatch { what: "importances and metrics", expected, found });
    }
    let has_target = parts.schema.column(&parts.target).is_some_and(|column| column.role == ColumnRole::Target);
    if !has_target {
        return Err(lacks("target in the schema", &parts.target));
    }
    if parts.reference.columns().is_empty() {
        return equal("rows held back without a reference", 0, parts.held_out.n_rows());
    }
    let is_imported = matches!(parts.origin, Origin::Imported(_));
    for column in &parts.schema.columns {
        if is_imported && column.role == ColumnRole::Target {
            continue;
        }
        let (what, table) = match column.role {
            ColumnRole::Prediction => ("rows held back", &parts.held_out),
            _ => ("reference", &parts.reference),
        };
        let values =
            table.column(&column.name).map(|column| &column.values).ok_or_else(|| lacks(what, &column.name))?;
        if column.role == ColumnRole::Feature && !matches!(values, Values::Numbers(_)) {
            let (expected, found) = ("numbers".to_owned(), format!("something else in {:?}", column.name));
            return Err(ModelError::Mismatch { what: "features in the reference", expected, found });
        }
    }
    Ok(())
}
