//! The service: the models, the log of what they were asked, and the loop that holds its latest windows against their
//! references.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tidemark::forest::Task;
use tidemark::judge::Settings;
use tidemark::model::{Model, Origin as ModelOrigin};
use tidemark::render::format;
use tidemark::validation::{Mode, Violation};
use tidemark_app::error::AppError;
use tidemark_app::monitor::{Millis, ModelCard, SnapshotHead, Traffic};
use tidemark_log::{AppendError, Entry, Features, Id, Log, Maintained, Origin, Outcome, Policy, Profiler, ReadError};
use tidemark_watch::config::Config;
use tidemark_watch::store::{Cursor, Store, StoreError};

use crate::clock::Clock;
use crate::registry::folder::ModelFolder;
use crate::registry::{Catalog, Registry};
use crate::wire::rows::Rows;

pub mod baseline;
mod forms;
mod leading;
mod making;
mod models;
mod news;
mod pages;
mod performance;
mod preview;
mod profiles;
mod pulse;
mod quality;
mod shadow;
pub mod slot;
mod timeline;
pub mod version;
pub mod watching;
mod windows;

use leading::InTerm;
use performance::Follower;
use profiles::SegmentProfiler;
use shadow::{ShadowRow, Shadows};
use slot::{Serving, Slot, SlotError};
use version::{Said, Version};
use watching::Watching;

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
    /// What of the log is kept.
    pub policy: Policy,
    /// How long reports are kept; for ever if not given.
    pub keep_reports: Option<Millis>,
    /// Monitors and channels of the set-up file.
    pub config: Config,
    /// Where people reach the pages, for links in messages.
    pub base_url: Option<String>,
    /// What this process is called among the replicas that share its store; `None` if it is alone.
    pub replica: Option<String>,
}

/// The models, their log and their history. Shared behind an `Arc` by handlers, pages and the loop.
pub struct Service {
    /// The models.
    pub registry: Registry,
    /// What they were asked.
    pub log: Arc<Log>,
    /// Monitors, runs, snapshots, alerts and shared reports.
    pub store: Store,
    options: Options,
    watching: Watching,
    /// Where files lie that monitors name as their reference.
    references: PathBuf,
    clock: Arc<dyn Clock>,
    shadows: Shadows,
    /// What follows each model's performance.
    followers: Mutex<HashMap<String, InTerm<Follower>>>,
    told: news::Told,
}

/// The answer to one row.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// What the log calls it.
    pub id: Id,
    /// When it was made.
    pub at: Millis,
    /// What the version said.
    pub said: Said,
    /// Of a classification: a score per class.
    pub scores: Vec<f64>,
    /// What the row broke, where that is no reason to refuse it.
    pub violations: Vec<Violation>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum PredictError {
    /// A row breaks rules, and the model is strict. Rows are counted from 0.
    Violations(Vec<(usize, Violation)>),
    /// The answers could not be logged.
    Log(AppendError),
}

impl fmt::Display for PredictError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violations(violations) => write!(f, "{} values break the model's rules", violations.len()),
            Self::Log(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PredictError {}

impl From<AppendError> for PredictError {
    fn from(error: AppendError) -> Self {
        Self::Log(error)
    }
}

/// Comparisons in the overview's history.
const HISTORY: u64 = 60;

/// How an outcome is logged.
fn outcome_of(version: &Version, said: Said) -> Outcome {
    match version.task() {
        Task::Classification => {
            Outcome::Class(u32::try_from(said.class).expect("a forest has fewer than 2^32 classes"))
        }
        Task::Regression => Outcome::Number(said.value),
    }
}

/// Violations as the log keeps them: the column's place and, in the lowest three bits, the rule.
pub fn violation_codes(violations: &[Violation]) -> Vec<u16> {
    let code =
        |violation: &Violation| u16::try_from(violation.column * 8 + violation.rule as usize).unwrap_or(u16::MAX);
    violations.iter().map(code).collect()
}

impl Service {
    /// Puts a service together from what lies in a data folder: its models, the log and the stored comparisons.
    ///
    /// # Errors
    /// The list of models cannot be read.
    pub fn new(
        data_folder: &Path,
        log: Log,
        store: Store,
        options: Options,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SlotError> {
        let log = Arc::new(log);
        let profiler = Arc::new(SegmentProfiler::default());
        log.profile_with(Arc::clone(&profiler) as Arc<dyn Profiler>);
        let (of_slots, settings) = (Arc::clone(&log), options.settings.clone());
        let make = move |folder: &ModelFolder, entry: &_, old: Option<&Slot>| {
            let slot = Slot::make(&of_slots, &settings, folder, entry, old)?;
            profiler.watch(&slot.line(), slot.baseline.as_ref());
            Ok(slot)
        };
        let registry = Registry::open(ModelFolder::of(data_folder), Box::new(make))?;
        let shadows = Shadows::start(Arc::clone(&log));
        let watching = Watching::new(options.config.clone(), options.base_url.clone(), options.replica.as_deref());
        let references = data_folder.join("references");
        Ok(Self {
            registry,
            log,
            store,
            options,
            watching,
            references,
            clock,
            shadows,
            followers: Mutex::default(),
            told: news::Told::default(),
        })
    }

    /// The models as they are now.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.registry.catalog()
    }

    /// The clock that it goes by.
    pub const fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Now, by the service's clock.
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// Rows that no shadow version saw, because they had too much to do.
    pub fn n_left_out_by_shadows(&self) -> u64 {
        self.shadows.n_left_out()
    }

    /// Predicts one row, whose values stand in the order of the model's features, and logs it before it answers.
    ///
    /// # Errors
    /// The row breaks a rule and the model is strict, or it could not be logged; then there is no answer either.
    pub async fn predict(
        &self,
        slot: &Slot,
        version: &Arc<Version>,
        row: &[f64],
        request_id: Option<&str>,
    ) -> Result<Prediction, PredictError> {
        let violations = version.rules.violations(row);
        if !violations.is_empty() && slot.mode() == Mode::Strict {
            slot.violations.count(&violations);
            return Err(PredictError::Violations(violations.into_iter().map(|violation| (0, violation)).collect()));
        }
        let mut scores = vec![0.0; version.n_scores()];
        let said = version.say(row, &mut scores);
        let at = self.clock.now();
        let id = Id::fresh(at);
        let codes = violation_codes(&violations);
        let entry = Entry {
            id: id.clone(),
            is_fresh: true,
            time: at,
            origin: Origin::Answered,
            features: Features::Numbers(row),
            outcome: outcome_of(version, said),
            scores: &scores,
            violations: &codes,
            request_id,
        };
        self.log.append(&version.stream, &entry).await?;
        slot.violations.count(&violations);
        slot.pulse.beat(at);
        self.tell_shadows(slot, || vec![(id.clone(), at, row.to_vec())]);
        Ok(Prediction { id, at, said, scores, violations })
    }

    /// Predicts many rows, and logs all of them before it answers.
    ///
    /// # Errors
    /// As [`Service::predict`]; then no row is answered and none is logged.
    pub async fn predict_all(
        &self,
        slot: &Slot,
        version: &Arc<Version>,
        rows: Rows,
        request_id: Option<&str>,
    ) -> Result<Vec<Prediction>, PredictError> {
        let at = self.clock.now();
        let (said, rows) = if rows.len() > MAX_AT_ONCE {
            let version = Arc::clone(version);
            let work = move || (version.say_all(&rows), rows);
            tokio::task::spawn_blocking(work).await.map_err(|_panic| AppendError::Closed)?
        } else {
            (version.say_all(&rows), rows)
        };
        let mut broken = Vec::new();
        let mut predictions = Vec::with_capacity(rows.len());
        for (place, (row, (said, scores))) in rows.iter().zip(said).enumerate() {
            let violations = version.rules.violations(row);
            broken.extend(violations.iter().map(|violation| (place, *violation)));
            predictions.push(Prediction { id: Id::fresh(at), at, said, scores, violations });
        }
        let count_broken = || broken.iter().for_each(|(_, violation)| slot.violations.count(&[*violation]));
        if !broken.is_empty() && slot.mode() == Mode::Strict {
            count_broken();
            return Err(PredictError::Violations(broken));
        }
        let codes: Vec<Vec<u16>> =
            predictions.iter().map(|prediction| violation_codes(&prediction.violations)).collect();
        let mut entries: Vec<Entry<'_>> = Vec::with_capacity(predictions.len());
        for ((prediction, row), codes) in predictions.iter().zip(rows.iter()).zip(&codes) {
            entries.push(Entry {
                id: prediction.id.clone(),
                is_fresh: true,
                time: at,
                origin: Origin::Answered,
                features: Features::Numbers(row),
                outcome: outcome_of(version, prediction.said),
                scores: &prediction.scores,
                violations: codes,
                request_id,
            });
        }
        if !entries.is_empty() {
            self.log.append_all(&version.stream, &entries).await?;
        }
        drop(entries);
        count_broken();
        slot.pulse.beats(at, predictions.len() as u64);
        self.tell_shadows(slot, || {
            predictions.iter().zip(rows.iter()).map(|(said, row)| (said.id.clone(), at, row.to_vec())).collect()
        });
        Ok(predictions)
    }

    fn tell_shadows(&self, slot: &Slot, rows: impl FnOnce() -> Vec<(Id, Millis, Vec<f64>)>) {
        let Serving::Here { shadows, .. } = &slot.serving else { return };
        if shadows.is_empty() {
            return;
        }
        for (id, time, row) in rows() {
            self.shadows.send(ShadowRow { model: slot.name().to_owned(), versions: shadows.clone(), id, time, row });
        }
    }

    /// Does one round of what keeps the log in shape ([`Log::maintain`]). Blocks.
    ///
    /// # Errors
    /// The log cannot be read or written.
    pub fn maintain(&self) -> Result<Maintained, AppendError> {
        self.log.maintain(self.now(), &self.options.policy)
    }

    /// Deletes reports that are not to be kept any longer. Says how many.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn retain_reports(&self) -> Result<u64, StoreError> {
        let Some(keep) = self.options.keep_reports.filter(|_| self.store.leads()) else { return Ok(0) };
        leading::or_others(self.store.retain(self.now() - keep)).map(Option::unwrap_or_default)
    }

    fn check(&self, slot: &Slot) -> Result<SnapshotHead, CheckError> {
        // A comparison that panicked left no state behind.
        let _one_at_a_time = slot.checking.lock().unwrap_or_else(PoisonError::into_inner);
        let baseline = slot.baseline.as_ref().ok_or(CheckError::NoReference)?;
        let (reader, line) = (self.log.reader(), slot.line());
        let all = reader.positions(&line);
        let positions = all.start.max(all.end.saturating_sub(self.options.window_rows))..all.end;
        let (found, needed) = (positions.end - positions.start, self.options.min_window_rows);
        if found < needed {
            return Err(CheckError::TooFewRows { found, needed });
        }
        let report = profiles::report(reader, &line, positions, baseline, &self.options.settings)?;
        let Some((window, report)) = report else { return Err(CheckError::TooFewRows { found: 0, needed }) };
        let performance = self.expected(slot, window.first..window.end);
        let window = making::bounds_of(window);
        let head = self.store.insert(slot.name(), self.clock.now(), window, &report, &performance)?;
        Ok(making::head_of(head))
    }

    /// The latest comparisons of a model, oldest first.
    fn history(&self, model: &str) -> Result<Vec<SnapshotHead>, StoreError> {
        let heads = self.store.latest(Cursor::Model(model), None, HISTORY)?;
        Ok(heads.into_iter().map(making::head_of).collect())
    }

    fn traffic(&self, slot: &Slot) -> Result<Traffic, ReadError> {
        let (reader, line) = (self.log.reader(), slot.line());
        // A share of positives means something where there are two classes.
        let has_positive = slot.answering().is_none_or(|version| version.classes().len() == 2);
        let share_positive = if has_positive { reader.share_positive(&line, self.options.window_rows)? } else { None };
        let (last_minute, per_second) = slot.pulse.last_minute(self.clock.now());
        Ok(Traffic {
            total: reader.end(&line) - 1,
            per_second,
            last_minute,
            share_positive,
            latest: reader.latest(&line, 1)?.times.last().copied(),
        })
    }

    /// The names of all models.
    fn model_names(&self) -> Vec<String> {
        self.catalog().slots().iter().map(|slot| slot.name().to_owned()).collect()
    }

    /// The model of this name, or the default one.
    fn slot(&self, name: Option<&str>) -> Result<Arc<Slot>, AppError> {
        let catalog = self.catalog();
        let found = match name {
            Some(name) => catalog.slot(name),
            None => catalog.default_slot(),
        };
        let missing = || AppError::NotFound { what: "model".to_owned(), id: name.unwrap_or("default").to_owned() };
        found.cloned().ok_or_else(missing)
    }
}

/// Rows that are scored on the thread that took the request; more go to a thread that may be busy for long.
const MAX_AT_ONCE: usize = 64;

/// What a model is, in a few words.
fn kind_of(model: &Model) -> String {
    let trees = format::plural(model.forest.n_trees() as u64, "tree");
    let task = model.task().name();
    match &model.origin {
        ModelOrigin::Trained(_) => format!("random forest, {trees}, {task}"),
        ModelOrigin::Imported(record) if record.producer.is_empty() => {
            format!("{trees} from {}, {task}", record.format)
        }
        ModelOrigin::Imported(record) => format!("{trees} from {} ({}), {task}", record.format, record.producer),
    }
}

fn model_card(slot: &Slot) -> ModelCard {
    let n_reference = slot.baseline.as_ref().map_or(0, |baseline| baseline.n_reference);
    match &slot.serving {
        Serving::Here { answering, .. } => {
            let (model, forest) = (&answering.model, &answering.model.forest);
            ModelCard {
                name: slot.name().to_owned(),
                version: answering.version.clone(),
                kind: kind_of(model),
                target: model.target.clone(),
                n_features: forest.n_features() as u64,
                n_reference,
                metrics: model.metrics.clone(),
            }
        }
        Serving::Elsewhere(elsewhere) => ModelCard {
            name: slot.name().to_owned(),
            version: "–".to_owned(),
            kind: "served elsewhere".to_owned(),
            target: "what it is told".to_owned(),
            n_features: elsewhere.declaration.features.len() as u64,
            n_reference,
            metrics: Vec::new(),
        },
    }
}

/// Why there is no comparison now.
enum CheckError {
    TooFewRows { found: u64, needed: u64 },
    NoReference,
    Store(StoreError),
    Log(ReadError),
}

impl From<StoreError> for CheckError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ReadError> for CheckError {
    fn from(error: ReadError) -> Self {
        Self::Log(error)
    }
}
