//! `GET /metrics`: what Prometheus reads.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

use super::AppState;
use crate::metrics::{Exposition, Format, drift, performance, process, stored};
use crate::problem::Problem;

/// Counters, times and the latest drift
///
/// In Prometheus' text format, or in OpenMetrics, with request identifiers as exemplars, for those who accept it.
#[utoipa::path(
    get, path = "/metrics", tag = "observability", security(("key" = ["read"])),
    responses(
        (status = 200, description = "Everything that is measured", content(
            (String = "text/plain"), (String = "application/openmetrics-text"),
        )),
        (status = 500, description = "The store cannot be read", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn metrics(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let format = Format::accepted(headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()));
    let written = tokio::task::spawn_blocking(move || {
        let mut to = Exposition::new(format);
        process(&mut to);
        if let Some(folder) = state.front.data_folder() {
            stored(&mut to, folder);
        }
        state.front.metrics().write(&mut to);
        let service = Arc::clone(&state.service);
        let models: Vec<_> = service.catalog().slots().iter().map(|slot| slot.name().to_owned()).collect();
        drift(&mut to, service.as_ref(), &models)?;
        performance(&mut to, service.as_ref(), &models).map(|()| to.finish())
    });
    match written.await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, format.content_type())], text).into_response(),
        // It has been logged where it happened.
        Ok(Err(_)) | Err(_) => {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the store cannot be read").into_response()
        }
    }
}
