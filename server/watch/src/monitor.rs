//! What a monitor is: which rows, held against what, when, and what to say about it.

use serde::{Deserialize, Serialize};
use std::fmt;
use tidemark::judge::{Settings, Verdict};
use tidemark::performance::estimated;
use tidemark::performance::summary::METRICS;

use crate::span::Span;

/// Something to watch. The same in a file, in the API and on the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    /// What people call it; there is no second one of that name. Letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// The model whose predictions it looks at.
    pub model: String,
    /// The version, where only one counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The columns; all where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// Only rows of this segment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<Segment>,
    /// How far back a window reaches from its end.
    #[serde(default)]
    pub window: Window,
    /// Rows below which a window is not judged.
    #[serde(default = "min_rows")]
    pub min_rows: u64,
    /// When a window ends.
    #[serde(default)]
    pub schedule: Schedule,
    /// How long to wait after the end of a window for predictions that come late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Span>,
    /// What windows are held against.
    #[serde(default)]
    pub reference: Reference,
    /// What becomes of windows that ended while nobody looked.
    #[serde(default)]
    pub missed: Missed,
    /// How the columns are judged.
    #[serde(default)]
    pub settings: Settings,
    /// What to tell people about.
    #[serde(default, rename = "alert", skip_serializing_if = "Vec::is_empty")]
    pub alerts: Vec<Rule>,
}

const fn min_rows() -> u64 {
    200
}

/// Rows of which a column has one of these values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// A feature.
    pub column: String,
    /// Its values, as a CSV would have them.
    pub any_of: Vec<String>,
}

/// How far back a window reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// So many rows.
    Rows(u64),
    /// So long.
    Span(Span),
}

impl Default for Window {
    fn default() -> Self {
        Self::Rows(2000)
    }
}

/// When a window ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// At every whole multiple of this span since 1970 (UTC).
    Every(Span),
    /// At the times of a cron expression of five fields, with a time zone behind them or in UTC.
    Cron(String),
    /// After every so many rows.
    Rows(u64),
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Every(Span::of_seconds(10))
    }
}

/// What windows are held against.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// What the model brought along.
    #[default]
    Training,
    /// A file in the folder `references` of the data folder.
    File(String),
    /// The window just before.
    Previous,
    /// Everything so long before the window.
    Rolling(Span),
    /// The same hours of earlier days and weeks.
    SameHours(SameHours),
    /// The first so many rows that the latest version answered.
    AfterDeploy(u64),
}

/// Which days before count, for a window of less than a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SameHours {
    /// So many days just before.
    #[serde(default)]
    pub days: u16,
    /// The same day of so many weeks before.
    #[serde(default)]
    pub weeks: u16,
}

/// What becomes of windows that ended while nobody looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// The latest is made, the others are left out, and the gap is on record.
    #[default]
    Latest,
    /// All are made, the oldest first.
    All,
}

/// What to tell people about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What people call it; unique within the monitor.
    pub name: String,
    /// What has to be so.
    pub when: Condition,
    /// In so many windows one after the other.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub windows: u32,
    /// It is over once it was not so in this many windows one after the other.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub clear_after: u32,
    /// No second message about it within this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Span>,
    /// How bad it is; worked out from the report where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The channels that it goes to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
const fn is_one(number: &u32) -> bool {
    *number == 1
}

/// What a rule looks for in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Data or predictions drifted as a whole.
    Drifted,
    /// The predictions drifted.
    PredictionsDrifted,
    /// At least this share of the columns drifted, above 0 to 1.
    Share(f64),
    /// A column has this verdict or a more pressing one.
    Column(ColumnVerdict),
    /// A column's effect is at least this large, whichever way.
    Effect(ColumnEffect),
    /// A column's score under the evidently judge is so far out: a p-value as small, a distance as large.
    Score(ColumnScore),
    /// A figure of the model's performance, by the labels that came, is on the wrong side of a limit.
    Performance(PerformanceLimit),
    /// What the scores let expect of the model's performance, before any label comes, is on the wrong side of a limit.
    EstimatedPerformance(EstimateLimit),
    /// Fewer rows came than the monitor needs.
    MissingTraffic,
    /// The run failed.
    Failed,
}

/// A column and a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnVerdict {
    /// The column.
    pub name: String,
    /// The least pressing verdict that counts.
    pub verdict: Verdict,
}

/// A column and the size of an effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnEffect {
    /// The column.
    pub name: String,
    /// The size from which on it counts.
    pub at_least: f64,
}

/// A column and a score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnScore {
    /// The column.
    pub name: String,
    /// A p-value up to which, or a distance from which on, it counts.
    pub beyond: f64,
}

/// A figure of merit and how far it may go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerformanceLimit {
    /// One of [`METRICS`].
    pub metric: String,
    /// It counts from below this value on. Either this or `above`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// It counts from above this value on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Labels below which a window says nothing.
    #[serde(default = "min_labels")]
    pub min_labels: u64,
}

const fn min_labels() -> u64 {
    50
}

impl Default for PerformanceLimit {
    fn default() -> Self {
        Self { metric: String::new(), below: None, above: None, min_labels: min_labels() }
    }
}

/// An estimated metric and how far it may go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EstimateLimit {
    /// What is estimated: one of [`estimated::names`].
    pub metric: String,
    /// It counts from below this value on. Either this or `above`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// It counts from above this value on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look today.
    Warning,
    /// Worth a look now.
    Critical,
}

impl Severity {
    /// The name, as it is stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Info, Self::Warning, Self::Critical].into_iter().find(|severity| severity.name() == name)
    }
}

/// A setting that makes no sense, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Where it stands: `alert[0].windows`.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Invalid {
    /// The setting `field` is wrong because of `reason`.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

impl std::error::Error for Invalid {}

/// Rows that a window or a reference may have at most.
pub const MAX_ROWS: u64 = 10_000_000;

impl Monitor {
    /// A monitor with everything at its default.
    pub fn new(name: &str, model: &str) -> Self {
        Self {
            name: name.to_owned(),
            model: model.to_owned(),
            version: None,
            columns: Vec::new(),
            segment: None,
            window: Window::default(),
            min_rows: min_rows(),
            schedule: Schedule::default(),
            delay: None,
            reference: Reference::default(),
            missed: Missed::default(),
            settings: Settings::default(),
            alerts: Vec::new(),
        }
    }

    /// Whether every setting makes sense, as far as that can be said without the model.
    ///
    /// # Errors
    /// The first that does not.
    pub fn check(&self) -> Result<(), Invalid> {
        name_is_sound("name", &self.name)?;
        if self.model.is_empty() {
            return Err(Invalid::new("model", "a monitor watches a model"));
        }
        if self.segment.as_ref().is_some_and(|segment| segment.any_of.is_empty()) {
            return Err(Invalid::new("segment.any_of", "a segment has at least one value"));
        }
        self.check_window()?;
        self.check_reference()?;
        self.settings.check().map_err(|error| Invalid::new("settings", error.to_string()))?;
        for (nth, rule) in self.alerts.iter().enumerate() {
            rule.check().map_err(|Invalid { field, reason }| Invalid::new(format!("alert[{nth}].{field}"), reason))?;
            if self.alerts[..nth].iter().any(|earlier| earlier.name == rule.name) {
                return Err(Invalid::new(
                    format!("alert[{nth}].name"),
                    format!("there is another rule {:?} already", rule.name),
                ));
            }
        }
        Ok(())
    }

    fn check_window(&self) -> Result<(), Invalid> {
        if !(2..=MAX_ROWS).contains(&self.min_rows) {
            return Err(Invalid::new("min_rows", format!("expected 2 to {MAX_ROWS}")));
        }
        if let Window::Rows(rows) = self.window
            && !(self.min_rows..=MAX_ROWS).contains(&rows)
        {
            return Err(Invalid::new("window.rows", format!("expected min_rows ({}) to {MAX_ROWS}", self.min_rows)));
        }
        match (&self.schedule, self.window) {
            (Schedule::Every(span), _) if span.millis() < 1000 => {
                Err(Invalid::new("schedule.every", "expected at least 1s"))
            }
            (Schedule::Cron(text), _) => crate::plan::cron(text).map(drop),
            (Schedule::Rows(0), _) => Err(Invalid::new("schedule.rows", "expected at least 1")),
            (Schedule::Rows(_), Window::Span(_)) => {
                Err(Invalid::new("schedule.rows", "a window of time ends at a time: use every or cron"))
            }
            _ => Ok(()),
        }
    }

    fn check_reference(&self) -> Result<(), Invalid> {
        match &self.reference {
            Reference::File(name) => name_is_sound("reference.file", name),
            Reference::SameHours(SameHours { days: 0, weeks: 0 }) => {
                Err(Invalid::new("reference.same_hours", "expected days or weeks"))
            }
            Reference::SameHours(_) => match self.window {
                Window::Span(span) if span.millis() <= 86_400_000 => Ok(()),
                _ => Err(Invalid::new("reference.same_hours", "takes a window of a span of at most a day")),
            },
            Reference::AfterDeploy(rows) if !(self.min_rows..=MAX_ROWS).contains(rows) => Err(Invalid::new(
                "reference.after_deploy",
                format!("expected min_rows ({}) to {MAX_ROWS}", self.min_rows),
            )),
            _ => Ok(()),
        }
    }
}

impl Rule {
    fn check(&self) -> Result<(), Invalid> {
        name_is_sound("name", &self.name)?;
        for (field, number) in [("windows", self.windows), ("clear_after", self.clear_after)] {
            if !(1..=1000).contains(&number) {
                return Err(Invalid::new(field, "expected 1 to 1000"));
            }
        }
        match &self.when {
            Condition::Share(share) if !(*share > 0.0 && *share <= 1.0) => {
                Err(Invalid::new("when.share", "expected a share above 0, up to 1"))
            }
            Condition::Effect(ColumnEffect { at_least, .. }) if !(*at_least > 0.0 && at_least.is_finite()) => {
                Err(Invalid::new("when.effect.at_least", "expected a finite number above 0"))
            }
            Condition::Score(ColumnScore { beyond, .. }) if !(*beyond >= 0.0 && beyond.is_finite()) => {
                Err(Invalid::new("when.score.beyond", "expected a finite number of at least 0"))
            }
            Condition::Performance(limit) => limit.check(),
            Condition::EstimatedPerformance(limit) => limit.check(),
            Condition::Column(ColumnVerdict { verdict: Verdict::Stable | Verdict::NotTested, .. }) => {
                Err(Invalid::new("when.column.verdict", "expected drifted, minor or not_enough_data"))
            }
            _ => Ok(()),
        }
    }
}

impl EstimateLimit {
    fn check(&self) -> Result<(), Invalid> {
        let known = estimated::names();
        if !known.contains(self.metric.as_str()) {
            let reason = format!("{:?} is not estimated; there are {known:?}", self.metric);
            return Err(Invalid::new("when.estimated_performance.metric", reason));
        }
        one_limit("when.estimated_performance", self.below, self.above)
    }
}

impl PerformanceLimit {
    fn check(&self) -> Result<(), Invalid> {
        if !METRICS.contains(&self.metric.as_str()) {
            let reason = format!("there is no figure {:?}; there are {METRICS:?}", self.metric);
            return Err(Invalid::new("when.performance.metric", reason));
        }
        one_limit("when.performance", self.below, self.above)
    }
}

fn one_limit(field: &str, below: Option<f64>, above: Option<f64>) -> Result<(), Invalid> {
    match (below, above) {
        (Some(limit), None) | (None, Some(limit)) if limit.is_finite() => Ok(()),
        _ => Err(Invalid::new(field, "expected either below or above, a finite number")),
    }
}

/// Names stand in addresses and in files.
pub(crate) fn name_is_sound(field: &str, name: &str) -> Result<(), Invalid> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 100 || !name.chars().all(is_plain) || name.starts_with('.') {
        return Err(Invalid::new(field, "expected 1 to 100 of letters, digits, - _ and ., not beginning with ."));
    }
    Ok(())
}
