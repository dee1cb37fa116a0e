//! Where a comparison in the browser stands. Plain data, so that its words are tested without a browser.

use std::sync::Arc;

use tidemark::render::format;

/// Where it stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Nothing has been started.
    Choosing,
    /// At work.
    Running(Step),
    /// Over.
    Done(Done),
    /// It could not be done, because of this.
    Failed(String),
}

/// A comparison that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The report as the worker wrote it, byte for byte what the command line writes.
    pub json: Arc<str>,
    /// How long it took; unknown for one that a link carried.
    pub millis: Option<f64>,
}

/// What the worker is asked about two files, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// What changed, by these settings.
    Drift(String),
    /// How well a model did, by these columns.
    Performance(String),
}

/// What the worker says.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It has come so far.
    Progress(Step),
    /// It is done: the report as JSON.
    Report {
        /// The report.
        json: String,
        /// How long it took.
        millis: f64,
    },
    /// It could not go on.
    Error(String),
}

/// A step of the work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What is being done: "reading reference".
    pub stage: String,
    /// How much of it is done.
    pub done: u32,
    /// How much there is to do.
    pub total: u32,
}

impl Stage {
    /// Whether a worker is at work.
    pub const fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// A report that is there, as JSON.
    pub fn found(json: String, millis: Option<f64>) -> Self {
        Self::Done(Done { json: json.into(), millis })
    }

    /// Goes on by what the worker said.
    pub fn take_in(&mut self, event: Event) {
        *self = match event {
            Event::Progress(step) => Self::Running(step),
            Event::Error(message) => Self::Failed(message),
            Event::Report { json, millis } => Self::found(json, Some(millis)),
        };
    }
}

/// What is said where the worker's words make no sense.
pub(super) fn plain_error(error: &serde_json::Error) -> String {
    format!("The report could not be read: {error}.")
}

impl Step {
    /// Before the worker has said anything.
    pub fn starting() -> Self {
        Self { stage: "starting".to_owned(), done: 0, total: 0 }
    }

    /// While the example files are on their way.
    pub fn fetching() -> Self {
        Self { stage: "fetching the example".to_owned(), done: 0, total: 0 }
    }

    /// The step in words: "Comparing column 12 of 31".
    pub fn words(&self) -> String {
        match self.stage.as_str() {
            "reading reference" => "Reading the reference".to_owned(),
            "reading current" => "Reading the current data".to_owned(),
            "comparing" => {
                format!("Comparing: {} of {}", self.done, format::plural(u64::from(self.total), "column"))
            }
            "fetching the example" => "Fetching the example".to_owned(),
            _ => "Starting".to_owned(),
        }
    }

    /// How far a progress bar stands, in thousandths. `None` while that
    /// is unknown.
    pub fn per_mille(&self) -> Option<u32> {
        match self.stage.as_str() {
            "reading reference" => Some(20),
            "reading current" => Some(300),
            "comparing" => Some(600 + 400 * self.done / self.total.max(1)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(stage: &str, done: u32, total: u32) -> Step {
        Step { stage: stage.to_owned(), done, total }
    }

    #[test]
    fn the_bar_only_ever_moves_forward() {
        let steps = [
            step("reading reference", 0, 1),
            step("reading current", 0, 1),
            step("comparing", 0, 31),
            step("comparing", 31, 31),
        ];
        let positions: Vec<_> = steps.iter().map(Step::per_mille).collect();
        assert!(positions.is_sorted(), "{positions:?}");
        assert_eq!(positions[3], Some(1000));
    }

    #[test]
    fn what_the_worker_says_becomes_a_stage() {
        let mut stage = Stage::Running(Step::starting());
        stage.take_in(Event::Progress(step("comparing", 1, 3)));
        assert!(matches!(&stage, Stage::Running(step) if step.words() == "Comparing: 1 of 3 columns"));
        stage.take_in(Event::Report { json: "{}".to_owned(), millis: 1.0 });
        assert_eq!(stage, Stage::Done(Done { json: "{}".into(), millis: Some(1.0) }));
        stage.take_in(Event::Error("current.csv: line 7: 3 fields, expected 4".to_owned()));
        assert_eq!(stage, Stage::Failed("current.csv: line 7: 3 fields, expected 4".to_owned()));
    }
}
