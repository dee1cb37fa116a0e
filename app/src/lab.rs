//! The lab: a worker with the statistics in it, which compares two files and answers questions about the report. What crosses
//! to it and back is text and files; the worker's side is `app/worker`, what stands between is `public/lab.js`.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tidemark::judge::Settings;
use tidemark::render::format;
use tidemark::schema::preview::Preview;
use tidemark::schema::{ColumnRole, ColumnType};

#[cfg_attr(not(feature = "hydrate"), path = "lab/bridge_server.rs")]
pub mod bridge;

/// What the worker says to a question.
#[derive(Debug)]
pub enum Event {
    /// It has come so far.
    Progress(Step),
    /// It is done.
    Answer {
        /// The answer, mostly JSON.
        text: String,
        /// How long it took.
        millis: f64,
    },
    /// It has made two files, the reference and the current one.
    Files([bridge::Picked; 2]),
    /// It could not go on.
    Error(String),
}

/// A step of a comparison.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Step {
    /// What is being done: "reading reference".
    pub stage: String,
    /// Columns that are compared.
    pub done: u32,
    /// Columns there are to compare.
    pub total: u32,
    /// Bytes of the file that were read.
    pub bytes: f64,
    /// Bytes of the file.
    pub size: f64,
    /// Rows that were read.
    pub rows: f64,
    /// How long it has been read.
    pub millis: f64,
    /// Whether it is read once more.
    pub again: bool,
}

impl Step {
    /// A step that has only a name.
    pub fn named(stage: &str) -> Self {
        Self { stage: stage.to_owned(), ..Self::default() }
    }

    /// The step in words: "Comparing: 12 of 31 columns".
    pub fn words(&self) -> String {
        let reading = |what: &str| match (self.rows, self.again) {
            (rows, _) if rows < 1.0 => format!("Reading {what}"),
            (rows, false) => format!("Reading {what}: {} rows", format::count(rows as u64)),
            (rows, true) => format!("Reading {what} once more, for its texts: {} rows", format::count(rows as u64)),
        };
        match self.stage.as_str() {
            "reading reference" => reading("the reference"),
            "reading current" => reading("the current data"),
            "comparing" if self.total > 0 => {
                format!("Comparing: {} of {}", self.done, format::plural(u64::from(self.total), "column"))
            }
            "comparing" => "Comparing".to_owned(),
            "making the example" => "Making the example".to_owned(),
            _ => "Starting".to_owned(),
        }
    }

    /// How fast rows are read, once that can be told: "412,000 rows per second".
    pub fn rate(&self) -> Option<String> {
        const TELLING_MILLIS: f64 = 100.0;
        let is_telling = self.rows >= 1.0 && self.millis >= TELLING_MILLIS;
        let rounded = |rate: f64| (rate / 1000.0).round() as u64 * 1000;
        is_telling.then(|| match 1000.0 * self.rows / self.millis {
            slow if slow < 1000.0 => format!("{} rows per second", format::count(slow as u64)),
            fast => format!("{} rows per second", format::count(rounded(fast))),
        })
    }

    /// How far a progress bar stands, in thousandths. `None` while that is unknown.
    pub fn per_mille(&self) -> Option<u32> {
        // What is read once more was read before, so the bar waits.
        let share = if self.again { 1.0 } else { self.bytes / self.size.max(1.0) };
        match self.stage.as_str() {
            "reading reference" => Some((400.0 * share) as u32),
            "reading current" => Some(400 + (400.0 * share) as u32),
            "comparing" => Some(800 + 200 * self.done / self.total.max(1)),
            _ => None,
        }
    }
}

/// A person's word on what the columns are. Only what differs from what the whole reference will show is said, so that an
/// untouched table is compared as the command line does it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// By what everything is judged.
    pub settings: Settings,
    /// Types by column.
    pub types: BTreeMap<String, ColumnType>,
    /// Roles by column.
    pub roles: BTreeMap<String, ColumnRole>,
    /// The column that says when each row was.
    pub time: Option<String>,
}

impl Request {
    /// What a preview suggests: roles by name, and the first column of times.
    pub fn suggested_by(preview: &Preview) -> Self {
        let in_both = || preview.columns.iter().filter(|column| column.in_reference && column.in_current);
        let roles = preview.columns.iter().filter(|column| column.in_reference && column.role != ColumnRole::Feature);
        Self {
            roles: roles.map(|column| (column.name.clone(), column.role)).collect(),
            time: in_both().find(|column| column.is_time).map(|column| column.name.clone()),
            ..Self::default()
        }
    }

    /// The request as the worker reads it.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("a request is plain data")
    }
}

/// What a page that made its report itself tells those who ask further.
#[derive(Debug, Clone, Copy)]
pub struct Study {
    /// Whether the worker has the values that the report was made of.
    pub holds_values: Signal<bool>,
    /// The column that says when each row was.
    pub time: Signal<Option<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark::schema::preview::ColumnPreview;

    fn reading(stage: &str, bytes: f64) -> Step {
        Step { stage: stage.to_owned(), bytes, size: 100.0, ..Step::default() }
    }

    #[test]
    fn the_bar_only_ever_moves_forward() {
        let comparing = |done| Step { stage: "comparing".to_owned(), done, total: 31, ..Step::default() };
        let steps = [
            reading("reading reference", 0.0),
            reading("reading reference", 100.0),
            Step { again: true, ..reading("reading reference", 10.0) },
            reading("reading current", 0.0),
            reading("reading current", 50.0),
            comparing(0),
            comparing(31),
        ];
        let positions: Vec<_> = steps.iter().map(Step::per_mille).collect();
        assert!(positions.is_sorted(), "{positions:?}");
        assert_eq!(positions[6], Some(1000));
    }

    #[test]
    fn progress_is_said_in_rows_and_rows_per_second() {
        let step: Step =
            serde_json::from_str(r#"{"stage":"reading current","bytes":9,"size":90,"rows":41234,"millis":100}"#)
                .unwrap();
        assert_eq!(step.words(), "Reading the current data: 41,234 rows");
        assert_eq!(step.rate().as_deref(), Some("412,000 rows per second"));
        assert_eq!(Step { millis: 20.0, ..step }.rate(), None, "too early to tell");
    }

    #[test]
    fn a_preview_suggests_roles_and_the_time_and_leaves_types_to_the_whole_file() {
        let column = |name: &str, role, is_time, in_current| ColumnPreview {
            name: name.to_owned(),
            in_reference: true,
            in_current,
            column_type: ColumnType::Numerical,
            role,
            is_time,
            values: Vec::new(),
        };
        let preview = Preview {
            columns: vec![
                column("gone", ColumnRole::Feature, true, false),
                column("at", ColumnRole::Feature, true, true),
                column("y", ColumnRole::Target, false, true),
            ],
            rows_looked_at: 1,
        };
        let request = Request::suggested_by(&preview);
        assert_eq!(request.time.as_deref(), Some("at"));
        assert_eq!(request.roles, [("y".to_owned(), ColumnRole::Target)].into());
        assert!(request.types.is_empty());
    }
}
