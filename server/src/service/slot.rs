//! One model among several: the version that answers, those that watch, what they are held against and what was counted.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tidemark::data::Dataset;
use tidemark::judge::Settings;
use tidemark::schema::{ColumnRole, ColumnSpec, ColumnType, Schema};
use tidemark::validation::{Mode, RowRules, Rule, Violation};
use tidemark_log::{Answers, AppendError, Feature, Kind, Layout, Line, Log, Stream};

use super::baseline::Baseline;
use super::performance::{Known, Reference};
use super::pulse::Pulse;
use super::version::Version;
use crate::registry::folder::{ModelFolder, RegistryError};
use crate::registry::manifest::{Declaration, DeclaredTask, ModelEntry};

/// The column of a reference that holds what the model said.
pub const PREDICTION: &str = "prediction";
/// The column of a reference that holds the score beside it.
pub const SCORE: &str = "score";

/// Why a model cannot be made ready.
#[derive(Debug)]
pub enum SlotError {
    /// Its files.
    Registry(RegistryError),
    /// Its place in the log.
    Log(AppendError),
    /// Nothing of it answers.
    NoVersion {
        /// The model.
        model: String,
    },
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(error) => error.fmt(f),
            Self::Log(error) => error.fmt(f),
            Self::NoVersion { model } => write!(f, "no version of {model:?} answers"),
        }
    }
}

impl std::error::Error for SlotError {}

impl From<RegistryError> for SlotError {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}

impl From<AppendError> for SlotError {
    fn from(error: AppendError) -> Self {
        Self::Log(error)
    }
}

/// A model, ready.
pub struct Slot {
    entry: ModelEntry,
    /// The entry's name, for those who keep it.
    name: Arc<str>,
    /// Versions whose files are damaged, in sentences.
    warnings: Vec<String>,
    /// Who answers, and where.
    pub serving: Serving,
    /// What windows are held against; none without a reference.
    pub baseline: Option<Arc<Baseline>>,
    /// What the reference says of the model's performance.
    pub(super) reference: Reference,
    /// What came in lately.
    pub pulse: Arc<Pulse>,
    /// What came in and broke a rule.
    pub violations: Arc<ViolationCounts>,
    /// One comparison at a time: two would store the same window twice.
    pub checking: Arc<Mutex<()>>,
}

/// Who answers.
pub enum Serving {
    /// Tidemark.
    Here {
        /// The version that answers.
        answering: Arc<Version>,
        /// All versions.
        versions: Vec<Arc<Version>>,
        /// Versions that predict beside it.
        shadows: Vec<Arc<Version>>,
    },
    /// Another service, which sends what it predicted.
    Elsewhere(Elsewhere),
}

/// What is known of a model that another service runs.
pub struct Elsewhere {
    /// What goes into it and comes out.
    pub declaration: Declaration,
    /// What its rows may hold.
    pub rules: RowRules,
    /// Where the versions' predictions are logged, by version.
    streams: Mutex<HashMap<String, Arc<Stream>>>,
}

/// How many values broke each rule since the start.
#[derive(Debug, Default)]
pub struct ViolationCounts([AtomicU64; Rule::ALL.len()]);

impl ViolationCounts {
    /// Counts what a row broke.
    pub fn count(&self, violations: &[Violation]) {
        for violation in violations {
            self.0[violation.rule as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The counts, in the order of the rules.
    pub fn by_rule(&self) -> impl Iterator<Item = (Rule, u64)> {
        Rule::ALL.into_iter().zip(self.0.iter().map(|count| count.load(Ordering::Relaxed)))
    }
}

impl Slot {
    /// Makes a model ready. What `old` has of it already is taken over.
    ///
    /// # Errors
    /// A file cannot be read or is not sound, or the log takes no further stream.
    pub fn make(
        log: &Log,
        settings: &Settings,
        folder: &ModelFolder,
        entry: &ModelEntry,
        old: Option<&Self>,
    ) -> Result<Self, SlotError> {
        let Made { serving, baseline, reference, warnings } = match &entry.elsewhere {
            Some(declaration) => elsewhere(settings, folder, entry, declaration)?,
            None => here(log, settings, folder, entry, old)?,
        };
        Ok(Self {
            name: entry.name.as_str().into(),
            entry: entry.clone(),
            warnings,
            serving,
            baseline,
            reference,
            pulse: old.map(|old| Arc::clone(&old.pulse)).unwrap_or_default(),
            violations: old.map(|old| Arc::clone(&old.violations)).unwrap_or_default(),
            checking: old.map(|old| Arc::clone(&old.checking)).unwrap_or_default(),
        })
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model's name, to be kept.
    pub fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// What is left out of it, and what answers instead, in sentences.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The entry that it was made from.
    pub const fn entry(&self) -> &ModelEntry {
        &self.entry
    }

    /// What becomes of rows that break a rule.
    pub const fn mode(&self) -> Mode {
        self.entry.validation
    }

    /// The line of its predictions in the log.
    pub fn line(&self) -> Line {
        Line::predictions(self.name())
    }

    /// The version that answers, if Tidemark serves the model.
    pub fn answering(&self) -> Option<&Arc<Version>> {
        match &self.serving {
            Serving::Here { answering, .. } => Some(answering),
            Serving::Elsewhere(_) => None,
        }
    }

    /// A version by its name.
    pub fn version(&self, version: &str) -> Option<&Arc<Version>> {
        match &self.serving {
            Serving::Here { versions, .. } => versions.iter().find(|known| known.version == version),
            Serving::Elsewhere(_) => None,
        }
    }

    /// What windows are held against where a monitor looks at these columns or this segment only: the rows of the model's reference
    /// that belong to it. What the model said of them is known by row where the reference holds it beside the features.
    ///
    /// # Errors
    /// The reference cannot be read.
    pub fn baseline_of(
        &self,
        folder: &ModelFolder,
        settings: &Settings,
        columns: &[String],
        segment: Option<(&str, &[String])>,
    ) -> Result<Option<Baseline>, SlotError> {
        let Some(whole) = &self.baseline else { return Ok(None) };
        let label = format!("reference of {}", self.name());
        match &self.serving {
            Serving::Here { answering, .. } => {
                let column = |name: &str| answering.model.reference_column(name);
                Ok(whole.narrowed(label, settings, columns, segment, column))
            }
            Serving::Elsewhere(Elsewhere { declaration, .. }) => {
                let Some(sha256) = &declaration.reference else { return Ok(None) };
                let reference: Dataset = folder.read_reference(self.name(), sha256)?;
                Ok(whole.narrowed(label, settings, columns, segment, |name| reference.column(name)))
            }
        }
    }

    /// What windows are judged by.
    pub fn rules(&self) -> &RowRules {
        match &self.serving {
            Serving::Here { answering, .. } => &answering.rules,
            Serving::Elsewhere(elsewhere) => &elsewhere.rules,
        }
    }
}

struct Made {
    serving: Serving,
    baseline: Option<Arc<Baseline>>,
    reference: Reference,
    warnings: Vec<String>,
}

fn here(
    log: &Log,
    settings: &Settings,
    folder: &ModelFolder,
    entry: &ModelEntry,
    old: Option<&Slot>,
) -> Result<Made, SlotError> {
    let mut versions: Vec<Arc<Version>> = Vec::with_capacity(entry.versions.len());
    let (mut warnings, mut damaged) = (Vec::new(), None);
    for version in &entry.versions {
        let known = old.and_then(|old| old.version(version));
        match known.map_or_else(|| read_version(log, folder, &entry.name, version), |known| Ok(Arc::clone(known))) {
            Ok(version) => versions.push(version),
            // Whoever changes something learns that it cannot be; the old version goes on.
            Err(error) if old.is_some() && entry.default_version.as_ref() == Some(version) => return Err(error),
            Err(error) => {
                warnings.push(format!("version {version} of the model {:?} is left out: {error}", entry.name));
                damaged.get_or_insert(error);
            }
        }
    }
    let find = |version: &String| versions.iter().find(|known| known.version == *version).cloned();
    let answering = match entry.default_version.as_ref().and_then(find) {
        Some(answering) => answering,
        // At the start there is no old version. The latest of those that are sound is better than none.
        None => {
            let latest = versions.last().filter(|_| damaged.is_some()).cloned();
            let latest = latest
                .ok_or_else(|| damaged.take().unwrap_or_else(|| SlotError::NoVersion { model: entry.name.clone() }))?;
            warnings.push(format!("version {} of the model {:?} answers in its place", latest.version, entry.name));
            latest
        }
    };
    warnings.iter().for_each(|warning| tracing::error!("{warning}"));
    let is_unchanged = old.and_then(Slot::answering).is_some_and(|before| Arc::ptr_eq(before, &answering));
    let (baseline, reference) = match old.filter(|_| is_unchanged) {
        Some(old) => (old.baseline.clone(), old.reference.clone()),
        None => {
            let baseline = Baseline::of_model(&answering.model, settings).map(Arc::new);
            (baseline, Reference::of(Known::of_model(&answering.model)))
        }
    };
    let shadows = entry.shadows.iter().filter_map(find);
    let shadows = shadows.filter(|shadow| !Arc::ptr_eq(shadow, &answering)).collect();
    Ok(Made { serving: Serving::Here { answering, versions, shadows }, baseline, reference, warnings })
}

fn read_version(log: &Log, folder: &ModelFolder, model: &str, version: &str) -> Result<Arc<Version>, SlotError> {
    let found = folder.read(model, version)?;
    let stream = |version: &str, layout| log.stream(Line::predictions(model), version, layout);
    Ok(Arc::new(Version::new(found, stream)?))
}

fn elsewhere(
    settings: &Settings,
    folder: &ModelFolder,
    entry: &ModelEntry,
    declaration: &Declaration,
) -> Result<Made, SlotError> {
    let mut schema = schema_of(declaration);
    let features = schema.columns.clone();
    let (rules, baseline, known) = match &declaration.reference {
        None => (RowRules::learn(&features, |_| None), None, Known::default()),
        Some(sha256) => {
            let reference = folder.read_reference(&entry.name, sha256)?;
            schema.columns.retain(|spec| reference.column(&spec.name).is_some());
            for name in [PREDICTION, SCORE] {
                if let Some(column) = reference.column(name) {
                    schema.columns.push(ColumnSpec {
                        name: name.to_owned(),
                        column_type: tidemark::schema::infer_type(column),
                        role: ColumnRole::Prediction,
                        is_declared: false,
                    });
                }
            }
            let rules = RowRules::learn(&features, |name| reference.column(name));
            let baseline = Baseline::of_reference(&entry.name, &reference, &schema, SCORE, settings);
            let known = Known::of_reference(sha256, &reference, declaration);
            (rules, Some(Arc::new(baseline)), known)
        }
    };
    let declaration = declaration.clone();
    let serving = Serving::Elsewhere(Elsewhere { declaration, rules, streams: Mutex::default() });
    Ok(Made { serving, baseline, reference: Reference::of(known), warnings: Vec::new() })
}

fn schema_of(declaration: &Declaration) -> Schema {
    let spec = |name: &str, column_type: ColumnType| ColumnSpec {
        name: name.to_owned(),
        column_type,
        role: ColumnRole::Feature,
        is_declared: false,
    };
    Schema { columns: declaration.features.iter().map(|feature| spec(&feature.name, feature.column_type)).collect() }
}

impl Elsewhere {
    /// Where the predictions of a version are logged.
    ///
    /// # Errors
    /// The version's name cannot be one, or the log cannot be written.
    pub fn stream(&self, log: &Log, model: &str, version: &str) -> Result<Arc<Stream>, AppendError> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = streams.get(version) {
            return Ok(Arc::clone(stream));
        }
        let kind = |is_number| if is_number { Kind::Number } else { Kind::Text };
        let features = self.declaration.features.iter();
        let features = features.map(|feature| Feature { name: feature.name.clone(), kind: kind(feature.is_number()) });
        let answers = match self.declaration.task {
            DeclaredTask::Classification if self.declaration.classes.is_empty() => Answers::Names,
            DeclaredTask::Classification => Answers::Scored(self.declaration.classes.clone()),
            DeclaredTask::Regression => Answers::Numbers,
        };
        let layout = Layout { features: features.collect(), answers };
        let stream = log.stream(Line::predictions(model), version, layout)?;
        streams.insert(version.to_owned(), Arc::clone(&stream));
        Ok(stream)
    }
}
