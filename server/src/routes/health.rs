//! `GET /livez`, `/readyz` and `/health`: is the process there, and can it work?

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::AppState;

/// Whether the service can work.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok` or `unavailable`.
    status: &'static str,
    /// The model that answers by default.
    model: ModelHealth,
    /// The prediction log.
    log: LogHealth,
    /// Tidemark's version.
    version: &'static str,
}

#[derive(Serialize, ToSchema)]
struct ModelHealth {
    loaded: bool,
    name: String,
    version: String,
}

#[derive(Serialize, ToSchema)]
struct LogHealth {
    /// Whether a row could be written just now: it was tried.
    writable: bool,
    /// Why not.
    reason: Option<String>,
}

/// Whether the process is there
#[utoipa::path(
    get, path = "/livez", tag = "probes", security(()),
    responses((status = 200, description = "It is", body = String, content_type = "text/plain")),
)]
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// Whether the service can answer and log
#[utoipa::path(
    get, path = "/readyz", tag = "probes", security(()),
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "It cannot, and why", body = Health),
    ),
)]
pub(super) async fn readyz(state: State<AppState>) -> Response {
    check(state).await
}

/// The same as `/readyz`
#[utoipa::path(
    get, path = "/health", tag = "probes", security(()),
    responses(
        (status = 200, description = "The service can answer and log", body = Health),
        (status = 503, description = "It cannot, and why", body = Health),
    ),
)]
pub(super) async fn health(state: State<AppState>) -> Response {
    check(state).await
}

async fn check(State(state): State<AppState>) -> Response {
    let service = &state.service;
    let writable = service.log.check_writable().await;
    let (code, status) =
        if writable.is_ok() { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
    let body = Health {
        status,
        model: ModelHealth { loaded: true, name: service.model.name.clone(), version: service.model.version() },
        log: LogHealth { writable: writable.is_ok(), reason: writable.err().map(|error| error.to_string()) },
        version: tidemark::VERSION,
    };
    (code, Json(body)).into_response()
}
