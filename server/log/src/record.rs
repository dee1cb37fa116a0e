//! What the log keeps: predictions, and the labels that come to them later.

use std::sync::Arc;

use crate::id::Id;
use crate::stream::Stream;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// One feature's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number; never NaN in what is read from the log.
    Number(f64),
    /// A text.
    Text(Box<str>),
    /// Nothing.
    Missing,
}

/// The features of a record, in the order of its stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Features<'a> {
    /// Numbers only; NaN is a missing one.
    Numbers(&'a [f64]),
    /// Any values.
    Values(&'a [Value]),
}

impl Features<'_> {
    /// How many there are.
    pub const fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What the model said.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The class of this index among its stream's classes.
    Class(u32),
    /// A class by its name, where the stream does not list its classes.
    Label(Box<str>),
    /// A number.
    Number(f64),
}

/// How a prediction came into the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// This service predicted and answered.
    Answered,
    /// This service predicted beside the version that answered.
    Shadow,
    /// Another service predicted and sent it here.
    Ingested,
}

impl Origin {
    /// The name in files and answers.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Shadow => "shadow",
            Self::Ingested => "ingested",
        }
    }

    pub(crate) fn of_name(name: &str) -> Option<Self> {
        [Self::Answered, Self::Shadow, Self::Ingested].into_iter().find(|origin| origin.name() == name)
    }

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Answered => 0,
            Self::Shadow => 1,
            Self::Ingested => 2,
        }
    }

    pub(crate) const fn of_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Answered),
            1 => Some(Self::Shadow),
            2 => Some(Self::Ingested),
            _ => None,
        }
    }
}

/// A prediction on its way into the log, borrowed from where it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'a> {
    /// Its name. Within a model's answers, and within a shadow version's, a name stands for one record.
    pub id: Id,
    /// Whether nobody can have used the name before, as with [`Id::fresh`]; then nobody looks.
    pub is_fresh: bool,
    /// When the prediction was made.
    pub time: Millis,
    /// How it came here.
    pub origin: Origin,
    /// What went in.
    pub features: Features<'a>,
    /// What came out.
    pub outcome: Outcome,
    /// Probabilities or other scores: of the classes in their order where the model has classes; may be empty.
    pub scores: &'a [f64],
    /// Which rules of validation the features broke, as codes of whoever validates.
    pub violations: &'a [u16],
    /// The request it came with.
    pub request_id: Option<&'a str>,
}

/// A prediction read from the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its place among its line's records: 1, 2, 3 and so on without holes.
    pub position: u64,
    /// When the log took it; never earlier than that of the record before.
    pub received: Millis,
    /// The model's version and what its values mean.
    pub stream: Arc<Stream>,
    /// Its name.
    pub id: Id,
    /// When the prediction was made.
    pub time: Millis,
    /// How it came here.
    pub origin: Origin,
    /// What went in, in the order of the stream's features.
    pub features: Vec<Value>,
    /// What came out.
    pub outcome: Outcome,
    /// Probabilities or other scores.
    pub scores: Vec<f64>,
    /// Which rules of validation the features broke.
    pub violations: Vec<u16>,
    /// The request it came with.
    pub request_id: Option<Box<str>>,
}

/// A prediction read from the log without what went in.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its place among its line's records.
    pub position: u64,
    /// The model's version and what its values mean.
    pub stream: Arc<Stream>,
    /// Its name.
    pub id: Id,
    /// When the prediction was made.
    pub time: Millis,
    /// What came out.
    pub outcome: Outcome,
    /// Probabilities or other scores.
    pub scores: Vec<f64>,
}

impl From<Record> for Answer {
    fn from(record: Record) -> Self {
        let Record { position, stream, id, time, outcome, scores, .. } = record;
        Self { position, stream, id, time, outcome, scores }
    }
}

impl Record {
    /// The record as it was appended.
    pub fn as_entry(&self) -> Entry<'_> {
        Entry {
            id: self.id.clone(),
            is_fresh: false,
            time: self.time,
            origin: self.origin,
            features: Features::Values(&self.features),
            outcome: self.outcome.clone(),
            scores: &self.scores,
            violations: &self.violations,
            request_id: self.request_id.as_deref(),
        }
    }
}

/// What turned out to be true about a prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The prediction's name.
    pub id: Id,
    /// The truth; a later label for the same name corrects it.
    pub value: Value,
}

/// A label read from the log.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelRecord {
    /// Its place among the model's labels.
    pub position: u64,
    /// When the log took it.
    pub received: Millis,
    /// What it says.
    pub label: Label,
}
