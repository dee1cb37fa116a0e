//! One version of a model, with everything a request needs worked out beforehand.

use std::sync::Arc;
use tidemark::forest::Task;
use tidemark::model::Model;
use tidemark::schema::ColumnRole;
use tidemark::validation::RowRules;
use tidemark_log::{Answers, Feature, Kind, Layout, Stream};

use crate::wire::rows::{RowFormat, Rows};

/// A version that can answer.
pub struct Version {
    /// The model.
    pub model: Model,
    /// Its version.
    pub version: String,
    /// How its rows are written.
    pub format: RowFormat,
    /// What its rows may hold.
    pub rules: RowRules,
    /// Its classes as JSON: a class that is a number is answered as one.
    labels: Vec<Vec<u8>>,
    /// Where its answers are logged.
    pub stream: Arc<Stream>,
}

/// What a version says to one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Said {
    /// The class by its index; 0 for a regression.
    pub class: usize,
    /// The probability that stands beside the class, or the value of a regression.
    pub value: f64,
}

impl Version {
    /// Works out what requests need. `stream` is asked for the place in the log.
    pub fn new<E>(model: Model, stream: impl FnOnce(&str, Layout) -> Result<Arc<Stream>, E>) -> Result<Self, E> {
        let version = model.version();
        let format = RowFormat::new(model.schema.features());
        let features = model.schema.columns.iter().filter(|column| column.role == ColumnRole::Feature);
        let rules = RowRules::learn(features, |name| model.reference.column(name));
        let labels = model.classes.iter().map(|label| label_as_json(label)).collect();
        let stream = stream(&version, layout(&model))?;
        Ok(Self { version, format, rules, labels, stream, model })
    }

    /// What it answers with.
    pub fn task(&self) -> Task {
        self.model.forest.task()
    }

    /// Numbers that a row is scored with.
    pub fn n_scores(&self) -> usize {
        self.model.forest.n_scores()
    }

    /// Scores a row into `scores`, which holds [`Version::n_scores`] numbers.
    pub fn say(&self, row: &[f64], scores: &mut [f64]) -> Said {
        let class = self.model.forest.predict(row, scores);
        Said { class, value: self.model.probability(class, scores) }
    }

    /// Scores many rows.
    pub fn say_all(&self, rows: &Rows) -> Vec<(Said, Vec<f64>)> {
        let answers = self.model.forest.predict_rows(rows.values());
        let scores = answers.scores.chunks_exact(self.n_scores());
        let say = |(&class, scores): (&u32, &[f64])| {
            let class = class as usize;
            (Said { class, value: self.model.probability(class, scores) }, scores.to_vec())
        };
        answers.classes.iter().zip(scores).map(say).collect()
    }

    /// A class as JSON.
    pub fn label(&self, class: usize) -> &[u8] {
        &self.labels[class]
    }

    /// The classes' names.
    pub fn classes(&self) -> &[String] {
        &self.model.classes
    }
}

fn layout(model: &Model) -> Layout {
    let feature = |name: &str| Feature { name: name.to_owned(), kind: Kind::Number };
    let answers = match model.forest.task() {
        Task::Classification => Answers::Classes(model.classes.clone()),
        Task::Regression => Answers::Numbers,
    };
    Layout { features: model.schema.features().map(feature).collect(), answers }
}

fn label_as_json(label: &str) -> Vec<u8> {
    let mut reader = crate::wire::json::Reader::new(label.as_bytes()).expect("a str is UTF-8");
    let is_number = reader.number_text().is_ok_and(|number| number.len() == label.len());
    if is_number { label.as_bytes().to_vec() } else { serde_json::to_vec(label).expect("a string is JSON") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_is_a_number_is_answered_as_one() {
        for (label, json) in
            [("0", "0"), ("-1.5", "-1.5"), ("yes", "\"yes\""), ("01", "\"01\""), (" 1", "\" 1\""), ("", "\"\"")]
        {
            assert_eq!(label_as_json(label), json.as_bytes(), "{label:?}");
        }
    }
}
