//! The seam between the pages and the service: the app says what it needs, the server gives it.

use leptos::prelude::*;
use leptos::server_fn::axum_export::http::request::Parts;
use leptos::server_fn::axum_export::http::{HeaderMap, StatusCode};
use std::sync::Arc;
use tidemark::report::DriftReport;

use crate::detectors::{Detectors, DetectorsQuery};
use crate::error::AppError;
use crate::keys::{Keys, Outcome};
use crate::models::Models;
use crate::monitor::{Overview, Snapshot, SnapshotHead};
use crate::performance::{Performance, PerformanceQuery};
use crate::quality::QualityPage;
use crate::watching::{Alerts, Change, MonitorForm, MonitorFormPage, MonitorLine, MonitorPage, Preview, Shares};
use crate::windows::{Windows, WindowsQuery};

/// What the pages ask of the service. Methods block; server functions reach them through [`call`].
pub trait Backend: Send + Sync + 'static {
    /// A model, the default one where none is named, its traffic and the history of comparisons.
    ///
    /// # Errors
    /// There is no such model, or the store cannot be read.
    fn overview(&self, model: Option<&str>) -> Result<Overview, AppError>;

    /// All models at a glance.
    ///
    /// # Errors
    /// The store cannot be read.
    fn models(&self) -> Result<Models, AppError>;

    /// The stored comparison of this id.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    fn snapshot(&self, id: &str) -> Result<Snapshot, AppError>;

    /// The report of the stored comparison of this id, without what labels say.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    fn report(&self, id: &str) -> Result<DriftReport, AppError>;

    /// Compares a model's latest window of the log with its reference now, and stores the result.
    ///
    /// # Errors
    /// There is no such model or no reference, the window is too small, or the store cannot be read or written.
    fn check_now(&self, model: Option<&str>) -> Result<SnapshotHead, AppError>;

    /// What changed from the stored comparison `earlier` to the stored comparison `id`.
    ///
    /// # Errors
    /// There is none of one of these ids, or the store cannot be read.
    fn change(&self, id: &str, earlier: &str) -> Result<Change, AppError>;

    /// What the data of a model are like; of the default one where none is named.
    ///
    /// # Errors
    /// There is no such model, or the store cannot be read.
    fn quality(&self, model: Option<&str>) -> Result<QualityPage, AppError>;

    /// Which stretches of a model's log are asked for.
    ///
    /// # Errors
    /// There is no such model, or a stretch is none of the log's.
    fn windows(&self, query: &WindowsQuery) -> Result<Windows, AppError>;

    /// The report of two stretches, which is not stored; `None` where there is nothing to compare.
    ///
    /// # Errors
    /// There is no such model, or the log cannot be read.
    fn compare_windows(&self, windows: &Windows) -> Result<Option<DriftReport>, AppError>;

    /// How a model does, window by window.
    ///
    /// # Errors
    /// There is no such model, or the store cannot be read.
    fn performance(&self, query: &PerformanceQuery) -> Result<Performance, AppError>;

    /// How detectors of change fare on a model's own numbers.
    ///
    /// # Errors
    /// There is no such model, or the log cannot be read.
    fn detectors(&self, query: &DetectorsQuery) -> Result<Detectors, AppError>;

    /// All monitors.
    ///
    /// # Errors
    /// The store cannot be read.
    fn monitors(&self) -> Result<Vec<MonitorLine>, AppError>;

    /// The monitor of this name, and what came of it.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    fn monitor(&self, name: &str) -> Result<MonitorPage, AppError>;

    /// The form for the monitor of this name, or for a new one.
    ///
    /// # Errors
    /// There is none of this name, or the store cannot be read.
    fn monitor_form(&self, name: Option<&str>) -> Result<MonitorFormPage, AppError>;

    /// Makes the monitor, or changes the one of its name. Says its name.
    ///
    /// # Errors
    /// A field makes no sense, the set-up file has the monitor, or the store cannot be written.
    fn save_monitor(&self, form: &MonitorForm) -> Result<String, AppError>;

    /// Removes a monitor that was made here.
    ///
    /// # Errors
    /// There is none, the set-up file has it, or the store cannot be written.
    fn remove_monitor(&self, name: &str) -> Result<(), AppError>;

    /// What a monitor would have found in its latest windows.
    ///
    /// # Errors
    /// A field makes no sense, or the log cannot be read.
    fn preview_monitor(&self, form: &MonitorForm) -> Result<Preview, AppError>;

    /// Alerts, mutes and channels.
    ///
    /// # Errors
    /// The store cannot be read.
    fn alerts(&self) -> Result<Alerts, AppError>;

    /// Takes note of an alert in somebody's name.
    ///
    /// # Errors
    /// There is none of this number, the name is empty, or the store cannot be written.
    fn acknowledge(&self, id: i64, by: &str) -> Result<(), AppError>;

    /// Tells nobody about a monitor's rule, or all of them where `rule` is empty, for a span; an empty span ends that.
    ///
    /// # Errors
    /// The span is none, or the store cannot be written.
    fn mute(&self, monitor: &str, rule: &str, span: &str) -> Result<(), AppError>;

    /// Sends a test over a channel.
    ///
    /// # Errors
    /// There is none of this name, or it did not take the message.
    fn test_channel(&self, name: &str) -> Result<(), AppError>;

    /// All share links.
    ///
    /// # Errors
    /// The store cannot be read.
    fn shares(&self) -> Result<Shares, AppError>;

    /// Shares a stored report. Gives the path of the link, which is told this once.
    ///
    /// # Errors
    /// There is no such report, the span is none, or the store cannot be written.
    fn share(&self, report: &str, title: &str, expires_in: &str) -> Result<String, AppError>;

    /// Takes a share link back.
    ///
    /// # Errors
    /// There is none of this id that still opens, or the store cannot be written.
    fn revoke_share(&self, id: &str) -> Result<(), AppError>;
}

/// What the page of keys asks of whoever lets requests in.
pub trait KeyBackend: Send + Sync + 'static {
    /// All keys, and which of them the sender of these headers is signed in with. Blocks.
    ///
    /// # Errors
    /// The keys cannot be read.
    fn keys(&self, headers: &HeaderMap) -> Result<Keys, AppError>;
}

/// A shared [`KeyBackend`].
pub type KeysHandle = Arc<dyn KeyBackend>;

/// A shared [`Backend`].
pub type BackendHandle = Arc<dyn Backend>;

/// Runs `work` with the backend off the async threads. Server functions are this call and nothing else.
///
/// # Errors
/// What `work` returns; [`AppError::Internal`] when no backend was provided or `work` panicked.
pub async fn call<T: Send + 'static>(
    work: impl FnOnce(&dyn Backend) -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    let Some(backend) = use_context::<BackendHandle>() else {
        tracing::error!("a server function ran without a backend in its context");
        return Err(AppError::Internal);
    };
    let result = off_threads(move || work(backend.as_ref())).await;
    with_status(result)
}

/// Asks for the keys, with what came of the form that was sent with this request.
///
/// # Errors
/// The keys cannot be read.
pub async fn keys() -> Result<Keys, AppError> {
    let (Some(backend), Some(request)) = (use_context::<KeysHandle>(), use_context::<Parts>()) else {
        tracing::error!("the page of keys was asked for without keys or a request in its context");
        return Err(AppError::Internal);
    };
    let outcome = use_context::<Outcome>().unwrap_or_default();
    let found = off_threads(move || backend.keys(&request.headers)).await;
    with_status(found.map(|keys| Keys { outcome, ..keys }))
}

async fn off_threads<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, AppError> + Send + 'static,
) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| {
        tracing::error!(%panic, "a backend call panicked");
        Err(AppError::Internal)
    })
}

/// Gives the answer the status of its error.
fn with_status<T>(result: Result<T, AppError>) -> Result<T, AppError> {
    if let Err(error) = &result {
        let status = StatusCode::from_u16(error.status());
        if let (Some(response), Ok(status)) = (use_context::<leptos_axum::ResponseOptions>(), status) {
            response.set_status(status);
        }
    }
    result
}
