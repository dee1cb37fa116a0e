//! The server functions: what the pages ask over HTTP once they run in a browser, and call directly on the server.

use leptos::prelude::*;
use leptos::server_fn::codec::Json;

#[cfg(feature = "ssr")]
use crate::backend;
use crate::error::AppError;
use crate::monitor::{Overview, Snapshot, SnapshotHead};

/// The model, its traffic and the history of comparisons.
///
/// # Errors
/// The store cannot be read, or the service does not answer.
#[server(endpoint = "overview", input = Json)]
pub async fn load_overview() -> Result<Overview, AppError> {
    backend::call(|backend| backend.overview()).await
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
pub async fn check_now() -> Result<SnapshotHead, AppError> {
    backend::call(|backend| backend.check_now()).await
}
