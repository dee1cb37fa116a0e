//! The service: one model, its log, and the loop that holds the log's latest window against the reference.

use std::sync::{Arc, Mutex, PoisonError};

use tidemark::data::{Column, Dataset, Numbers, Values};
use tidemark::judge::Settings;
use tidemark::model::Model;
use tidemark::report::{DriftReport, FittedReference, Input, Source};
use tidemark::schema::ColumnRole;
use tidemark::stattest::Current;
use tidemark_app::backend::Backend;
use tidemark_app::error::AppError;
use tidemark_app::monitor::{ModelCard, Overview, Snapshot, SnapshotHead, Traffic};

use crate::clock::Clock;
use crate::log::{Entry, PredictionLog, Slice};
use crate::store::{Snapshots, StoreError};

mod pulse;

use pulse::Pulse;

/// What the service is told about its work.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seconds between two comparisons.
    pub interval_seconds: u64,
    /// Rows of the log that a comparison takes: the latest ones.
    pub window_rows: u64,
    /// Rows below which there is no comparison yet.
    pub min_window_rows: u64,
    /// How the columns are judged.
    pub settings: Settings,
}

/// The model, its log and its history. Shared behind an `Arc` by handlers, pages and the loop.
pub struct Service {
    /// The model that answers.
    pub model: Model,
    /// What it was asked.
    pub log: PredictionLog,
    snapshots: Snapshots,
    reference: FittedReference,
    columns: Vec<WindowColumn>,
    options: Options,
    clock: Arc<dyn Clock>,
    pulse: Pulse,
    /// One comparison at a time: two would store the same window twice.
    checking: Mutex<()>,
}

/// How a column of a window is made from the log.
struct WindowColumn {
    name: String,
    /// The reference holds whole numbers only; then so does a window of whole numbers.
    is_integer: bool,
    source: WindowSource,
}

enum WindowSource {
    Feature(usize),
    Class,
    Probability,
}

/// The answer to one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// What the log holds of it.
    pub entry: Entry,
    /// The class by its label.
    pub label: String,
}

/// Comparisons in the overview's history.
const HISTORY: u64 = 60;

impl Service {
    /// Puts a service together.
    pub fn new(
        model: Model,
        log: PredictionLog,
        snapshots: Snapshots,
        options: Options,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let input = Input {
            label: format!("training data of {}", model.name),
            rows: model.reference.n_rows() as u64,
            sha256: None,
        };
        let reference = FittedReference::fit_columns(input, &model.schema, |name| model.reference_column(name))
            .with_embeddings(&options.settings, |name| model.reference_column(name));
        let columns = window_columns(&model);
        let pulse = Pulse::default();
        Self { model, log, snapshots, reference, columns, options, clock, pulse, checking: Mutex::new(()) }
    }

    /// The clock that it goes by.
    pub const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Predicts one row, whose values stand in the order of the model's features, and logs it before it answers.
    ///
    /// # Errors
    /// The row could not be logged; then there is no answer either.
    pub async fn predict(&self, features: Vec<f64>) -> Result<Prediction, StoreError> {
        let mut shares = vec![0.0; self.model.forest.n_scores()];
        let class = self.model.forest.predict(&features, &mut shares);
        let entry = Entry {
            id: uuid::Uuid::now_v7().to_string(),
            at: self.clock.now(),
            model: self.model.version(),
            features,
            class: u32::try_from(class).expect("a forest has fewer than 2^32 classes"),
            probability: shares[shares.len() - 1],
        };
        self.log.append(entry.clone()).await?;
        self.pulse.beat(entry.at);
        let label = self.model.classes[class].clone();
        Ok(Prediction { entry, label })
    }

    /// Compares the latest window and stores the report; `None` while there is nothing new, or not enough.
    ///
    /// # Errors
    /// The store cannot be read or written.
    pub fn check_if_due(&self) -> Result<Option<SnapshotHead>, StoreError> {
        let end = self.log.end()?;
        let last = self.snapshots.latest(1)?;
        let is_new = last.last().is_none_or(|head| head.window.end < end);
        if !is_new || end <= self.options.min_window_rows {
            return Ok(None);
        }
        self.check().map(Some).or_else(|error| match error {
            CheckError::TooFewRows { .. } => Ok(None),
            CheckError::Store(error) => Err(error),
        })
    }

    fn check(&self) -> Result<SnapshotHead, CheckError> {
        // A comparison that panicked left no state behind.
        let _one_at_a_time = self.checking.lock().unwrap_or_else(PoisonError::into_inner);
        let slice = self.log.latest(self.options.window_rows)?;
        let found = slice.entries.len() as u64;
        let needed = self.options.min_window_rows;
        let Some(window) = slice.window.filter(|_| found >= needed) else {
            return Err(CheckError::TooFewRows { found, needed });
        };
        let report = self.compare(&slice);
        Ok(self.snapshots.insert(self.clock.now(), window, &report)?)
    }

    /// Holds rows of the log against the reference.
    pub fn compare(&self, slice: &Slice) -> DriftReport {
        let rows = &slice.entries;
        let column = |column: &WindowColumn| {
            let values: Vec<f64> = match column.source {
                WindowSource::Feature(index) => rows.iter().map(|row| row.features[index]).collect(),
                WindowSource::Class => rows.iter().map(|row| f64::from(row.class)).collect(),
                WindowSource::Probability => rows.iter().map(|row| row.probability).collect(),
            };
            let is_integer = column.is_integer && values.iter().all(|value| value.fract() == 0.0);
            Column { name: column.name.clone(), values: Values::Numbers(Numbers::new(values, is_integer)) }
        };
        let columns = self.columns.iter().map(column).collect();
        let data = Dataset::new(columns).expect("the columns have the log's length and the schema's distinct names");
        let label = slice.window.map_or_else(
            || "empty window".to_owned(),
            |window| format!("predictions {} to {}", window.first, window.end - 1),
        );
        let current = Current(Source { label: &label, data: &data, sha256: None });
        self.reference.compare(current, &self.model.importances, &self.options.settings, &|_| {})
    }

    fn traffic(&self) -> Result<Traffic, StoreError> {
        let end = self.log.end()?;
        let first = end.saturating_sub(self.options.window_rows).max(1);
        let (last_minute, per_second) = self.pulse.last_minute(self.clock.now());
        Ok(Traffic {
            total: end - 1,
            per_second,
            last_minute,
            share_positive: self.log.share_positive(first, end)?,
            latest: self.log.latest(1)?.window.map(|window| window.to),
        })
    }

    fn model_card(&self) -> ModelCard {
        let forest = &self.model.forest;
        ModelCard {
            name: self.model.name.clone(),
            version: self.model.version(),
            kind: format!("random forest, {} trees", forest.n_trees()),
            target: self.model.target.clone(),
            n_features: forest.n_features() as u64,
            n_reference: self.model.reference.n_rows() as u64,
            metrics: self.model.metrics.clone(),
        }
    }
}

fn window_columns(model: &Model) -> Vec<WindowColumn> {
    let is_integer = |name: &str| match model.reference_column(name).map(|column| &column.values) {
        Some(Values::Numbers(numbers)) => numbers.is_integer(),
        _ => false,
    };
    let feature = |(index, name): (usize, &str)| WindowColumn {
        name: name.to_owned(),
        is_integer: is_integer(name),
        source: WindowSource::Feature(index),
    };
    let predictions = model.schema.columns.iter().filter(|column| column.role == ColumnRole::Prediction);
    let prediction = |name: &str| WindowColumn {
        name: name.to_owned(),
        is_integer: is_integer(name),
        source: if name == tidemark::model::PROBABILITY { WindowSource::Probability } else { WindowSource::Class },
    };
    let predictions = predictions.map(|column| prediction(&column.name));
    model.schema.features().enumerate().map(feature).chain(predictions).collect()
}

enum CheckError {
    TooFewRows { found: u64, needed: u64 },
    Store(StoreError),
}

impl From<StoreError> for CheckError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The browser learns that something broke, the log learns what.
fn internal(error: StoreError) -> AppError {
    tracing::error!(%error, "the store failed a page");
    AppError::Internal
}

impl Backend for Service {
    fn overview(&self) -> Result<Overview, AppError> {
        Ok(Overview {
            model: self.model_card(),
            traffic: self.traffic().map_err(internal)?,
            history: self.snapshots.latest(HISTORY).map_err(internal)?,
            interval_seconds: self.options.interval_seconds,
            min_window_rows: self.options.min_window_rows,
            share_threshold: self.options.settings.drift_share(),
            now: self.clock.now(),
        })
    }

    fn snapshot(&self, id: &str) -> Result<Snapshot, AppError> {
        let found = self.snapshots.get(id).map_err(internal)?;
        found.ok_or_else(|| AppError::NotFound { what: "report".to_owned(), id: id.to_owned() })
    }

    fn check_now(&self) -> Result<SnapshotHead, AppError> {
        self.check().map_err(|error| match error {
            CheckError::TooFewRows { found, needed } => AppError::TooFewRows { found, needed },
            CheckError::Store(error) => internal(error),
        })
    }
}
