//! Reads tree ensembles from ONNX files: what scikit-learn (skl2onnx), XGBoost and LightGBM (onnxmltools) export.
//!
//! [`read`] finds the one tree operator (`TreeEnsembleClassifier`, `TreeEnsembleRegressor` or `TreeEnsemble` of
//! `ai.onnx.ml`) and makes a [`Forest`] of it that answers as onnxruntime does, to the class and within 1e-6. Beside it
//! only nodes are allowed that hand their input on: `Identity`, `Cast`, `ZipMap`, and after a regression
//! `Exp`. Everything else is refused by name. Nothing in a file can run code; every length is checked against the
//! bytes there are before memory is taken, and trees that do not end are refused by [`Forest::new`].

use std::fmt;

use crate::forest::{Forest, ForestError, Task};

mod build;
mod graph;
mod proto;
mod trees;

/// The largest file that is read: 256 MiB. Reading takes up to eight times as much memory for a moment.
pub const MAX_BYTES: usize = 1 << 28;

/// A tree ensemble from an ONNX file.
#[derive(Debug, Clone, PartialEq)]
pub struct OnnxModel {
    /// The trees.
    pub forest: Forest,
    /// Names of the classes in the forest's order; none for a regression.
    pub classes: Vec<String>,
    /// What wrote the file, by its own word.
    pub producer: String,
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq)]
pub enum OnnxError {
    /// The file is larger than [`MAX_BYTES`].
    TooLarge {
        /// Its bytes.
        found: usize,
    },
    /// The bytes are no protocol buffer, or one that is cut short.
    Malformed {
        /// Where in the file, in bytes.
        at: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// A field or attribute that has to be there is not.
    Absent {
        /// What is not there.
        what: &'static str,
    },
    /// The graph has an operator that is no tree ensemble and does not merely hand its input on.
    Operator {
        /// The operator, as `domain.name`.
        name: String,
    },
    /// The graph has not exactly one tree ensemble.
    Ensembles {
        /// How many it has.
        found: usize,
    },
    /// Something is there that Tidemark's forests do not do.
    Unsupported {
        /// What it is.
        what: String,
    },
    /// An attribute does not have as many entries as it should.
    Length {
        /// The attribute.
        attribute: &'static str,
        /// Entries it should have.
        expected: usize,
        /// Entries it has.
        found: usize,
    },
    /// A number leads nowhere.
    Reference {
        /// The attribute.
        attribute: &'static str,
        /// The entry.
        entry: usize,
        /// The number found.
        found: i64,
    },
    /// A tree leads in a circle, or a node is reached twice.
    Circle {
        /// The tree, counted from 0.
        tree: usize,
    },
    /// The trees do not make a forest.
    Forest(ForestError),
}

impl fmt::Display for OnnxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { found } => write!(f, "the file has {found} bytes; {MAX_BYTES} are the most"),
            Self::Malformed { at, what } => write!(f, "no ONNX file, or a damaged one: {what} at byte {at}"),
            Self::Absent { what } => write!(f, "the ONNX file has no {what}"),
            Self::Operator { name } => write!(
                f,
                "the operator {name} is not supported; Tidemark runs tree ensembles, with nothing before them but Cast \
                 and Identity: export the trees alone, and prepare the features outside"
            ),
            Self::Ensembles { found } => write!(f, "the graph has {found} tree ensembles, expected 1"),
            Self::Unsupported { what } => write!(f, "{what}: not supported"),
            Self::Length { attribute, expected, found } => {
                write!(f, "{attribute} has {found} entries, expected {expected}")
            }
            Self::Reference { attribute, entry, found } => {
                write!(f, "entry {entry} of {attribute} is {found}, which there is not")
            }
            Self::Circle { tree } => write!(f, "tree {tree} leads in a circle, or reaches a node twice"),
            Self::Forest(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for OnnxError {}

impl From<ForestError> for OnnxError {
    fn from(error: ForestError) -> Self {
        Self::Forest(error)
    }
}

/// Reads an ONNX file.
///
/// # Errors
/// See [`OnnxError`].
pub fn read(bytes: &[u8]) -> Result<OnnxModel, OnnxError> {
    if bytes.len() > MAX_BYTES {
        return Err(OnnxError::TooLarge { found: bytes.len() });
    }
    let model = proto::model(bytes)?;
    let plan = graph::plan(&model.graph)?;
    let (parts, classes) = trees::parts(&plan)?;
    let forest = Forest::new(&parts)?;
    // Names are only as many as there are classes once the forest says how many there are.
    if forest.task() == Task::Classification && forest.n_classes() != classes.len() {
        return Err(OnnxError::Length { attribute: "classlabels", expected: forest.n_classes(), found: classes.len() });
    }
    Ok(OnnxModel { forest, classes, producer: model.producer })
}
