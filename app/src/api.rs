//! The server functions: what the pages ask over HTTP once they run in a browser, and call directly on the server.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

#[cfg(feature = "ssr")]
use crate::backend;
use crate::error::AppError;
use crate::monitor::{Overview, Snapshot, SnapshotHead};

/// A model, its traffic and the history of comparisons.
///
/// # Errors
/// There is no such model, the store cannot be read, or the service does not answer.
#[server(endpoint = "overview", input = Json)]
pub async fn load_overview(
    /// The model's name; the default model where there is none.
    model: Option<String>,
) -> Result<Overview, AppError> {
    backend::call(move |backend| backend.overview(model.as_deref())).await
}

/// The stored comparison of this id.
///
/// # Errors
/// There is none, or the service does not answer.
#[server(endpoint = "snapshot", input = Json)]
pub async fn load_snapshot(
    /// Its id.
    id: String,
) -> Result<Snapshot, AppError> {
    backend::call(move |backend| backend.snapshot(&id)).await
}

/// Compares the latest window with the reference now. URL-encoded, so that a form without JavaScript can send it.
///
/// # Errors
/// The window is too small, or the service does not answer.
#[server(endpoint = "check_now")]
pub async fn check_now(
    /// The model's name; the default model where there is none.
    model: Option<String>,
) -> Result<SnapshotHead, AppError> {
    backend::call(move |backend| backend.check_now(model.as_deref())).await
}
