//! The seam between the pages and the service: the app says what it needs, the server gives it.

use leptos::prelude::*;
use std::sync::Arc;

use crate::error::AppError;
use crate::monitor::{Overview, Snapshot, SnapshotHead};

/// What the pages ask of the service. Methods block; server functions reach them through [`call`].
pub trait Backend: Send + Sync + 'static {
    /// A model, the default one where none is named, its traffic and the history of comparisons.
    ///
    /// # Errors
    /// There is no such model, or the store cannot be read.
    fn overview(&self, model: Option<&str>) -> Result<Overview, AppError>;

    /// The stored comparison of this id.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    fn snapshot(&self, id: &str) -> Result<Snapshot, AppError>;

    /// Compares a model's latest window of the log with its reference now, and stores the result.
    ///
    /// # Errors
    /// There is no such model or no reference, the window is too small, or the store cannot be read or written.
    fn check_now(&self, model: Option<&str>) -> Result<SnapshotHead, AppError>;
}

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
    let result = tokio::task::spawn_blocking(move || work(backend.as_ref())).await;
    let result = result.unwrap_or_else(|panic| {
        tracing::error!(%panic, "a backend call panicked");
        Err(AppError::Internal)
    });
    if let Err(error) = &result {
        let status = leptos::server_fn::axum_export::http::StatusCode::from_u16(error.status());
        if let (Some(response), Ok(status)) = (use_context::<leptos_axum::ResponseOptions>(), status) {
            response.set_status(status);
        }
    }
    result
}
