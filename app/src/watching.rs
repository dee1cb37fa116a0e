//! What the service tells the pages about monitors, alerts and share links. These types are what crosses the wire.

use serde::{Deserialize, Serialize};
use tidemark::report::{Difference, DriftReport};

use crate::monitor::{Millis, SnapshotHead};
use crate::timeline::Event;

/// A monitor in the list of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonitorLine {
    /// Its name; the address of its page is `/monitors/{name}`.
    pub name: String,
    /// The model that it watches.
    pub model: String,
    /// Who wrote it down.
    pub origin: MonitorOrigin,
    /// What it does, in a few words: "2,000 rows every 10s, against the training data".
    pub watches: String,
    /// Its latest report.
    pub latest: Option<SnapshotHead>,
    /// Its latest run.
    pub run: Option<RunLine>,
    /// Alerts that go on.
    pub n_alerts: u64,
}

/// Who wrote a monitor down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MonitorOrigin {
    /// Nobody: every model is watched.
    Default,
    /// The set-up file, where it is changed, too.
    File,
    /// The page or the API.
    Made,
}

/// A run, or several windows one after the other that nothing came of for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLine {
    /// Its number.
    pub id: i64,
    /// Where its window ends.
    pub end: RunEnd,
    /// Windows that it stands for.
    pub n: u64,
    /// `due`, `running`, `done`, `skipped` or `failed`.
    pub state: String,
    /// Why there is no report.
    pub detail: Option<String>,
    /// The report that it made.
    pub report: Option<String>,
}

/// The end of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// A moment.
    Time(Millis),
    /// The position of its last row.
    Row(i64),
}

/// All that a monitor's page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonitorPage {
    /// What the list shows of it.
    pub line: MonitorLine,
    /// Its latest reports, oldest first.
    pub history: Vec<SnapshotHead>,
    /// What else happened since the first of them, oldest first.
    #[serde(default)]
    pub events: Vec<Event>,
    /// The share from which on its data count as drifted.
    pub share_threshold: f64,
    /// Its latest runs, the latest first.
    pub runs: Vec<RunLine>,
    /// Columns that are drifted as of its latest report, and since when.
    pub drifted: Vec<DriftedColumn>,
    /// Its alerts, those that go on first.
    pub alerts: Vec<AlertLine>,
    /// How it would stand in the set-up file.
    pub toml: String,
}

/// A column that is drifted, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriftedColumn {
    /// The column.
    pub name: String,
    /// When the first window of the spell ended.
    pub since: Millis,
    /// The report of that window.
    pub report: String,
}

/// The form that monitors are made and changed with, and what it offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonitorFormPage {
    /// The fields.
    pub form: MonitorForm,
    /// The models there are.
    pub models: Vec<String>,
    /// The channels there are.
    pub channels: Vec<String>,
    /// The figures that rules may ask for.
    pub metrics: Vec<String>,
}

/// A monitor as a form has it: every field a text, in the words of the set-up file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MonitorForm {
    /// Its name.
    pub name: String,
    /// The model.
    pub model: String,
    /// The version; any where it is empty.
    pub version: String,
    /// Columns, separated by commas; all where it is empty.
    pub columns: String,
    /// The segment's column; no segment where it is empty.
    pub segment_column: String,
    /// The segment's values, separated by commas.
    pub segment_values: String,
    /// `rows` or `span`.
    pub window_kind: String,
    /// So many rows, or so long.
    pub window: String,
    /// Rows below which a window is not judged.
    pub min_rows: String,
    /// `every`, `cron` or `rows`.
    pub schedule_kind: String,
    /// A span, a cron expression, or so many rows.
    pub schedule: String,
    /// How long to wait for late predictions; not at all where it is empty.
    pub delay: String,
    /// `latest` or `all`.
    pub missed: String,
    /// `training`, `file`, `previous`, `rolling`, `same_hours` or `after_deploy`.
    pub reference_kind: String,
    /// A file's name, a span, or so many rows.
    pub reference: String,
    /// Of the same hours: days.
    pub reference_days: String,
    /// Of the same hours: weeks.
    pub reference_weeks: String,
    /// How columns are judged, as TOML, as far as it is not the default.
    pub settings: String,
    /// The alert rules; those without a name do not count.
    pub rules: Vec<RuleForm>,
}

/// An alert rule as a form has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleForm {
    /// Its name.
    pub name: String,
    /// The condition, by its name in the set-up file; of performance `below` or `above`.
    pub when: String,
    /// The column, or the figure.
    pub of: String,
    /// The share, the verdict, the size or the value.
    pub limit: String,
    /// Of a figure: labels below which a window says nothing.
    pub min_labels: String,
    /// Windows one after the other.
    pub windows: String,
    /// Windows after which it is over.
    pub clear_after: String,
    /// No second message within this span.
    pub cooldown: String,
    /// `info`, `warning` or `critical`; worked out where it is empty.
    pub severity: String,
    /// Channels, separated by commas.
    pub channels: String,
}

/// What a monitor would have found in the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preview {
    /// Its latest windows, oldest first.
    pub windows: Vec<PreviewWindow>,
    /// For each rule, by name: how many alerts would have begun.
    pub rules: Vec<(String, u64)>,
    /// The share from which on the data count as drifted.
    pub share_threshold: f64,
    /// The whole in a sentence.
    pub sentence: String,
}

/// A window of a preview.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviewWindow {
    /// Where it ends.
    pub end: RunEnd,
    /// Its share of drifted columns and whether that is drift, or why there is no report.
    pub found: Result<(f64, bool), String>,
    /// The rules whose alerts would have begun.
    pub begun: Vec<String>,
}

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertSeverity {
    /// Worth knowing.
    Info,
    /// Worth a look today.
    Warning,
    /// Worth a look now.
    Critical,
}

/// An alert in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertLine {
    /// Its number.
    pub id: i64,
    /// The monitor.
    pub monitor: String,
    /// The model.
    pub model: String,
    /// The rule.
    pub rule: String,
    /// How bad it is.
    pub severity: AlertSeverity,
    /// What was found when it began.
    pub sentence: String,
    /// When it began.
    pub began: Millis,
    /// The report that it began with.
    pub report: Option<String>,
    /// When it was over.
    pub ended: Option<Millis>,
    /// When somebody took note of it, and who.
    pub acknowledged: Option<(Millis, String)>,
}

/// All that the page of alerts shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alerts {
    /// Those that go on first, then the latest first.
    pub alerts: Vec<AlertLine>,
    /// What nobody is told about.
    pub mutes: Vec<MuteLine>,
    /// Where messages go: name and kind.
    pub channels: Vec<(String, String)>,
    /// Messages that wait to be sent.
    pub n_waiting: u64,
    /// Messages that were given up.
    pub n_given_up: u64,
    /// The service's clock.
    pub now: Millis,
}

/// What nobody is told about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MuteLine {
    /// The monitor.
    pub monitor: String,
    /// The rule; all where it is empty.
    pub rule: String,
    /// Until then.
    pub until: Millis,
}

/// A share link as its owner sees it. The link itself is known to nobody but who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareLine {
    /// Names it, opens nothing.
    pub id: String,
    /// What its page is called.
    pub title: String,
    /// When it was made.
    pub created: Millis,
    /// From when on it does not open any more.
    pub expires: Option<Millis>,
    /// When it was taken back.
    pub revoked: Option<Millis>,
    /// The stored report; `None` for one that was sent.
    pub report: Option<String>,
}

/// All that the page of share links shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// The links, the latest first.
    pub shares: Vec<ShareLine>,
    /// The service's clock.
    pub now: Millis,
}

/// What changed from one stored report to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The earlier one.
    pub earlier: SnapshotHead,
    /// The later one.
    pub later: SnapshotHead,
    /// What changed.
    pub difference: Difference,
}

/// A report that is to be shared.
#[derive(Debug, Clone, PartialEq)]
pub enum Shared {
    /// A stored one, by its id.
    Stored(String),
    /// One that was made here, and its JSON.
    Made(std::sync::Arc<DriftReport>, std::sync::Arc<str>),
}
