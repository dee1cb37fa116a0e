//! Where a comparison in the browser stands. Plain data, so that its words are tested without a browser.

use std::sync::Arc;

use crate::lab::{Event, Step};
use crate::monitor::Millis;

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
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a report on the page comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Origin {
    /// Made here, in so many milliseconds.
    Made(f64),
    /// A link carried it.
    Link,
    /// Kept from a session that ended then.
    Kept(Millis),
}

impl Stage {
    /// Whether a worker is at work.
    pub const fn is_running(&self) -> bool {
        matches!(self, Self::Running(_))
    }

    /// A report that is there, as JSON.
    pub fn found(json: String, origin: Origin) -> Self {
        Self::Done(Done { json: json.into(), origin })
    }

    /// Goes on by what the worker said.
    pub fn take_in(&mut self, event: Event) {
        *self = match event {
            Event::Progress(step) => Self::Running(step),
            Event::Error(message) => Self::Failed(message),
            Event::Answer { text, millis } => Self::found(text, Origin::Made(millis)),
            Event::Files(_) => return,
        };
    }
}

/// What is said where the worker's words make no sense.
pub(super) fn plain_error(error: &serde_json::Error) -> String {
    format!("The report could not be read: {error}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_worker_says_becomes_a_stage() {
        let mut stage = Stage::Running(Step::named("starting"));
        stage.take_in(Event::Progress(Step { done: 1, total: 3, ..Step::named("comparing") }));
        assert!(matches!(&stage, Stage::Running(step) if step.words() == "Comparing: 1 of 3 columns"));
        stage.take_in(Event::Answer { text: "{}".to_owned(), millis: 1.0 });
        assert_eq!(stage, Stage::Done(Done { json: "{}".into(), origin: Origin::Made(1.0) }));
        stage.take_in(Event::Error("current.csv: line 7: 3 fields, expected 4".to_owned()));
        assert_eq!(stage, Stage::Failed("current.csv: line 7: 3 fields, expected 4".to_owned()));
    }
}
