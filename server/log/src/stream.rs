//! What is known of many records at once: the model, its version, and what their values mean.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;

/// A sequence of records with positions of its own.
///
/// Answers and what other services sent stand in one line per model. Every shadow version has a line of its own, so
/// that a window of answers holds nothing else; the names of its records are those of the answers they stand beside.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Line {
    /// What a model answered here or elsewhere.
    Predictions {
        /// The model's name.
        model: String,
    },
    /// What a shadow version would have answered.
    Shadow {
        /// The model's name.
        model: String,
        /// The version.
        version: String,
    },
    /// The labels of a model's predictions.
    Labels {
        /// The model's name.
        model: String,
    },
}

impl Line {
    /// The answers of this model.
    pub fn predictions(model: impl Into<String>) -> Self {
        Self::Predictions { model: model.into() }
    }

    /// The labels of this model.
    pub fn labels(model: impl Into<String>) -> Self {
        Self::Labels { model: model.into() }
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        match self {
            Self::Predictions { model } | Self::Shadow { model, .. } | Self::Labels { model } => model,
        }
    }

    /// Whether these are labels.
    pub const fn is_labels(&self) -> bool {
        matches!(self, Self::Labels { .. })
    }

    /// The folder of its segments, within the data folder: `predictions/model=NAME`, in hive's way.
    pub fn folder(&self) -> PathBuf {
        match self {
            Self::Predictions { model } => PathBuf::from(format!("predictions/model={}", escape(model))),
            Self::Shadow { model, version } => {
                PathBuf::from(format!("shadow/model={}/version={}", escape(model), escape(version)))
            }
            Self::Labels { model } => PathBuf::from(format!("labels/model={}", escape(model))),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Predictions { model } => write!(f, "predictions of {model}"),
            Self::Shadow { model, version } => write!(f, "shadow predictions of {model} version {version}"),
            Self::Labels { model } => write!(f, "labels of {model}"),
        }
    }
}

/// A name as part of a path: what is not a letter, a digit or one of `_.-` is percent-encoded, as hive does it.
fn escape(name: &str) -> String {
    use fmt::Write;
    name.bytes().fold(String::new(), |mut path, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' => path.push(char::from(byte)),
            _ => write!(path, "%{byte:02X}").expect("writing to a string does not fail"),
        }
        path
    })
}

/// What a feature's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Numbers, or nothing.
    Number,
    /// Texts, or nothing.
    Text,
}

/// A feature: its name and what its values are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// The name.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
}

/// What a version answers with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// One of these classes, by its index.
    Classes(Vec<String>),
    /// The name of a class.
    Names,
    /// The name of a class, with scores of these, in their order.
    Scored(Vec<String>),
    /// A number.
    Numbers,
}

/// What the values of a version's records mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// The features, in order.
    pub features: Vec<Feature>,
    /// What it answers with.
    pub answers: Answers,
}

/// Records of one version of a model, within a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    spec: StreamSpec,
    /// Every feature is a number, which is then stored without saying so.
    is_numeric: bool,
}

/// A stream as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StreamSpec {
    /// What records call it: no two streams of a log have the same.
    pub(crate) number: u32,
    pub(crate) line: Line,
    pub(crate) version: String,
    pub(crate) layout: Layout,
}

impl From<StreamSpec> for Stream {
    fn from(spec: StreamSpec) -> Self {
        let is_numeric = spec.layout.features.iter().all(|feature| feature.kind == Kind::Number);
        Self { spec, is_numeric }
    }
}

impl Stream {
    /// The line that its records stand in.
    pub const fn line(&self) -> &Line {
        &self.spec.line
    }

    /// The model's version.
    pub fn version(&self) -> &str {
        &self.spec.version
    }

    /// What the values mean.
    pub const fn layout(&self) -> &Layout {
        &self.spec.layout
    }

    pub(crate) const fn number(&self) -> u32 {
        self.spec.number
    }

    pub(crate) const fn is_numeric(&self) -> bool {
        self.is_numeric
    }

    pub(crate) const fn spec(&self) -> &StreamSpec {
        &self.spec
    }
}

/// Why a stream cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadStream {
    /// A model's or version's name is empty, longer than 80 bytes or has control characters.
    Name(String),
    /// Two features have one name.
    DuplicateFeature(String),
}

impl fmt::Display for BadStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => {
                write!(f, "{name:?} is no name: it needs 1 to {MAX_NAME} bytes and no control characters")
            }
            Self::DuplicateFeature(name) => write!(f, "two features are called {name:?}"),
        }
    }
}

impl std::error::Error for BadStream {}

/// The longest name of a model or version, in bytes: percent-encoded it is still a file name.
const MAX_NAME: usize = 80;

pub(crate) fn check(line: &Line, version: &str, layout: &Layout) -> Result<(), BadStream> {
    let names = match line {
        Line::Labels { model } => [model.as_str(), model],
        _ => [line.model(), version],
    };
    for name in names {
        if name.is_empty() || name.len() > MAX_NAME || name.contains(char::is_control) {
            return Err(BadStream::Name(name.to_owned()));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    match layout.features.iter().find(|feature| !seen.insert(feature.name.as_str())) {
        Some(feature) => Err(BadStream::DuplicateFeature(feature.name.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let folder = Line::predictions("../../etc/a b=ü").folder();
        assert_eq!(folder, PathBuf::from("predictions/model=..%2F..%2Fetc%2Fa%20b%3D%C3%BC"));
        let shadow = Line::Shadow { model: "m".into(), version: "/".into() };
        assert_eq!(shadow.folder(), PathBuf::from("shadow/model=m/version=%2F"));
    }

    #[test]
    fn a_feature_has_its_name_to_itself() {
        let feature = |name: &str| Feature { name: name.into(), kind: Kind::Number };
        let layout = |names: [&str; 2]| Layout { features: names.map(feature).into(), answers: Answers::Numbers };
        let line = Line::predictions("m");
        assert_eq!(check(&line, "1", &layout(["a", "b"])), Ok(()));
        assert_eq!(check(&line, "1", &layout(["a", "a"])), Err(BadStream::DuplicateFeature("a".into())));
        assert_eq!(check(&line, "", &layout(["a", "b"])), Err(BadStream::Name(String::new())));
        assert_eq!(check(&Line::predictions("x\n"), "1", &layout(["a", "b"])), Err(BadStream::Name("x\n".into())));
    }
}
