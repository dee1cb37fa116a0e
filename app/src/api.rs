//! The server functions: what the pages ask over HTTP once they run in a browser, and call directly on the server.

use leptos::prelude::*;
#[cfg(feature = "ssr")]
use tidemark::report::DriftReport;

pub mod json;

use self::json::Json;
#[cfg(feature = "ssr")]
use crate::backend;
use crate::detectors::{Detectors, DetectorsQuery};
use crate::error::AppError;
use crate::keys::Keys;
use crate::models::Models;
use crate::monitor::{Overview, SnapshotHead};
use crate::performance::{Performance, PerformanceQuery};
use crate::places::Place;
use crate::quality::QualityPage;
#[cfg(feature = "ssr")]
use crate::report_summary::ReportSummary;
use crate::report_summary::SnapshotSummary;
use crate::watching::{Alerts, Change, MonitorForm, MonitorFormPage, MonitorLine, MonitorPage, Preview, Shares};
use crate::windows::{WindowsCompared, WindowsQuery};

/// A report as text.
#[cfg(feature = "ssr")]
fn json_of(report: &DriftReport) -> Result<String, AppError> {
    serde_json::to_string(report).map_err(|_not_plain| AppError::Internal)
}

/// A model, its traffic and the history of comparisons.
///
/// # Errors
/// There is no such model, the store cannot be read, or the service does not answer.
#[server(endpoint = "overview", input = Json, output = Json)]
pub async fn load_overview(
    /// The model's name; the default model where there is none.
    model: Option<String>,
) -> Result<Overview, AppError> {
    backend::call(move |backend| backend.overview(model.as_deref())).await
}

/// All models at a glance.
///
/// # Errors
/// The store cannot be read, or the service does not answer.
#[server(endpoint = "models", input = Json, output = Json)]
pub async fn load_models() -> Result<Models, AppError> {
    backend::call(|backend| backend.models()).await
}

/// The report of the stored comparison of this id, as JSON: who asks for it may not be who reads it.
///
/// # Errors
/// There is none, or the service does not answer.
#[server(endpoint = "report_text", input = Json, output = Json)]
pub async fn load_report_text(
    /// Its id.
    id: String,
) -> Result<String, AppError> {
    json_of(&backend::call(move |backend| backend.report(&id)).await?)
}

/// What the page of the stored comparison of this id shows before a column is opened.
///
/// # Errors
/// There is none, or the service does not answer.
#[server(endpoint = "report", input = Json, output = Json)]
pub async fn load_report(
    /// Its id.
    id: String,
) -> Result<SnapshotSummary, AppError> {
    backend::call(move |backend| backend.snapshot(&id).map(SnapshotSummary::from)).await
}

/// Where one can go besides the pages that are always there.
///
/// # Errors
/// The store cannot be read, or the service does not answer.
#[server(endpoint = "places", input = Json, output = Json)]
pub async fn load_places() -> Result<Vec<Place>, AppError> {
    backend::call(crate::places::known).await
}

/// Compares the latest window with the reference now. URL-encoded, so that a form without JavaScript can send it.
///
/// # Errors
/// The window is too small, or the service does not answer.
#[server(endpoint = "check_now", output = Json)]
pub async fn check_now(
    /// The model's name; the default model where there is none.
    model: Option<String>,
) -> Result<SnapshotHead, AppError> {
    backend::call(move |backend| backend.check_now(model.as_deref())).await
}

/// What changed from one stored comparison to another.
///
/// # Errors
/// One of them is not there, or the service does not answer.
#[server(endpoint = "change", input = Json, output = Json)]
pub async fn load_change(
    /// The later one.
    id: String,
    /// The earlier one.
    earlier: String,
) -> Result<Change, AppError> {
    backend::call(move |backend| backend.change(&id, &earlier)).await
}

/// What the data of a model are like.
///
/// # Errors
/// There is no such model, or the service does not answer.
#[server(endpoint = "quality", input = Json, output = Json)]
pub async fn load_quality(
    /// The model's name; the default model where there is none.
    model: Option<String>,
) -> Result<QualityPage, AppError> {
    backend::call(move |backend| backend.quality(model.as_deref())).await
}

/// Two stretches of a model's log, held against each other.
///
/// # Errors
/// There is no such model, a stretch is none of the log's, or the service does not answer.
#[server(endpoint = "windows", input = Json, output = Json)]
pub async fn load_windows(
    /// Which stretches.
    query: WindowsQuery,
) -> Result<WindowsCompared, AppError> {
    backend::call(move |backend| {
        let windows = backend.windows(&query)?;
        let report = backend.compare_windows(&windows)?.map(|report| ReportSummary::of(&report));
        Ok(WindowsCompared { windows, report })
    })
    .await
}

/// The whole report of the same, as JSON.
///
/// # Errors
/// As [`load_windows`]; there is nothing to compare.
#[server(endpoint = "windows_text", input = Json, output = Json)]
pub async fn load_windows_text(
    /// Which stretches.
    query: WindowsQuery,
) -> Result<String, AppError> {
    let report = backend::call(move |backend| {
        let report = backend.compare_windows(&backend.windows(&query)?)?;
        report.ok_or_else(|| AppError::NotFound { what: "report".to_owned(), id: query.current })
    });
    json_of(&report.await?)
}

/// How a model does, window by window.
///
/// # Errors
/// There is no such model, or the service does not answer.
#[server(endpoint = "performance", input = Json, output = Json)]
pub async fn load_performance(
    /// Which model, and what its rows are worth.
    query: PerformanceQuery,
) -> Result<Performance, AppError> {
    backend::call(move |backend| backend.performance(&query)).await
}

/// How detectors of change fare on a model's own numbers.
///
/// # Errors
/// There is no such model, or the service does not answer.
#[server(endpoint = "detectors", input = Json, output = Json)]
pub async fn load_detectors(
    /// Which series, and what is put into it.
    query: DetectorsQuery,
) -> Result<Detectors, AppError> {
    backend::call(move |backend| backend.detectors(&query)).await
}

/// All monitors.
///
/// # Errors
/// The store cannot be read, or the service does not answer.
#[server(endpoint = "monitors", input = Json, output = Json)]
pub async fn load_monitors() -> Result<Vec<MonitorLine>, AppError> {
    backend::call(|backend| backend.monitors()).await
}

/// A monitor, and what came of it.
///
/// # Errors
/// There is none of this name, or the service does not answer.
#[server(endpoint = "monitor", input = Json, output = Json)]
pub async fn load_monitor(
    /// Its name.
    name: String,
) -> Result<MonitorPage, AppError> {
    backend::call(move |backend| backend.monitor(&name)).await
}

/// The form that a monitor is made or changed with.
///
/// # Errors
/// There is no monitor of this name, or the service does not answer.
#[server(endpoint = "monitor_form", input = Json, output = Json)]
pub async fn load_monitor_form(
    /// The monitor's name; a new one where there is none.
    name: Option<String>,
) -> Result<MonitorFormPage, AppError> {
    backend::call(move |backend| backend.monitor_form(name.as_deref())).await
}

/// Makes a monitor, or changes it, and leads to its page. URL-encoded, so that a form without JavaScript can send it.
///
/// # Errors
/// A field makes no sense, or the service does not answer.
#[server(endpoint = "save_monitor", output = Json)]
pub async fn save_monitor(
    /// The monitor.
    form: MonitorForm,
) -> Result<(), AppError> {
    let name = backend::call(move |backend| backend.save_monitor(&form)).await?;
    leptos_axum::redirect(&format!("/monitors/{name}"));
    Ok(())
}

/// Removes a monitor, and leads to the others.
///
/// # Errors
/// There is none, the set-up file has it, or the service does not answer.
#[server(endpoint = "remove_monitor", output = Json)]
pub async fn remove_monitor(
    /// Its name.
    name: String,
) -> Result<(), AppError> {
    backend::call(move |backend| backend.remove_monitor(&name)).await?;
    leptos_axum::redirect("/monitors");
    Ok(())
}

/// What a monitor would have found in the past.
///
/// # Errors
/// A field makes no sense, or the service does not answer.
#[server(endpoint = "preview_monitor", output = Json)]
pub async fn preview_monitor(
    /// The monitor.
    form: MonitorForm,
) -> Result<Preview, AppError> {
    backend::call(move |backend| backend.preview_monitor(&form)).await
}

/// Alerts, mutes and channels.
///
/// # Errors
/// The store cannot be read, or the service does not answer.
#[server(endpoint = "alerts", input = Json, output = Json)]
pub async fn load_alerts() -> Result<Alerts, AppError> {
    backend::call(|backend| backend.alerts()).await
}

/// Takes note of an alert.
///
/// # Errors
/// There is none of this number, or the service does not answer.
#[server(endpoint = "acknowledge", output = Json)]
pub async fn acknowledge(
    /// Its number.
    id: i64,
    /// Who takes note.
    by: String,
) -> Result<(), AppError> {
    backend::call(move |backend| backend.acknowledge(id, &by)).await
}

/// Tells nobody about a rule for a while, or again.
///
/// # Errors
/// The span is none, or the service does not answer.
#[server(endpoint = "mute", output = Json)]
pub async fn mute(
    /// The monitor.
    monitor: String,
    /// The rule; all where it is empty.
    #[server(default)]
    rule: String,
    /// For how long; an empty span ends it.
    #[server(default)]
    span: String,
) -> Result<(), AppError> {
    backend::call(move |backend| backend.mute(&monitor, &rule, &span)).await
}

/// Sends a test over a channel.
///
/// # Errors
/// The channel is not there or did not take it, or the service does not answer.
#[server(endpoint = "test_channel", output = Json)]
pub async fn test_channel(
    /// The channel.
    name: String,
) -> Result<(), AppError> {
    backend::call(move |backend| backend.test_channel(&name)).await
}

/// All share links.
///
/// # Errors
/// The store cannot be read, or the service does not answer.
#[server(endpoint = "shares", input = Json, output = Json)]
pub async fn load_shares() -> Result<Shares, AppError> {
    backend::call(|backend| backend.shares()).await
}

/// Shares a stored report. Gives the path of the link.
///
/// # Errors
/// There is no such report, the span is none, or the service does not answer.
#[server(endpoint = "share", output = Json)]
pub async fn share(
    /// The report's id.
    report: String,
    /// What its page is to be called.
    #[server(default)]
    title: String,
    /// How long it opens; for ever where it is empty.
    #[server(default)]
    expires_in: String,
) -> Result<String, AppError> {
    backend::call(move |backend| backend.share(&report, &title, &expires_in)).await
}

/// Takes a share link back.
///
/// # Errors
/// There is none that still opens, or the service does not answer.
#[server(endpoint = "revoke_share", output = Json)]
pub async fn revoke_share(
    /// Its id.
    id: String,
) -> Result<(), AppError> {
    backend::call(move |backend| backend.revoke_share(&id)).await
}

/// All keys.
///
/// # Errors
/// The keys cannot be read, or the service does not answer.
#[server(endpoint = "keys", input = Json, output = Json)]
pub async fn load_keys() -> Result<Keys, AppError> {
    backend::keys().await
}
