//! `GET /health`: is the model loaded, and can the log be written?

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::AppState;

/// 200 when the service can answer and log, 503 when it cannot log.
pub(super) async fn health(State(state): State<AppState>) -> Response {
    let service = &state.service;
    let writable = service.log.check_writable().await;
    let status = if writable.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": if writable.is_ok() { "ok" } else { "unavailable" },
        "model": { "loaded": true, "name": service.model.name, "version": service.model.version() },
        "log": { "writable": writable.is_ok(), "reason": writable.err().map(|error| error.to_string()) },
        "version": tidemark::VERSION,
    });
    (status, Json(body)).into_response()
}
