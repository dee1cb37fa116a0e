//! `GET /livez`, `/readyz` and `/health`: is the process there, and can it work?

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

use super::AppState;
use crate::service::Service;

/// Whether the service can work.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok` or `unavailable`.
    status: &'static str,
    /// The model that answers by default.
    model: ModelHealth,
    /// The prediction log.
    log: LogHealth,
    /// This replica, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    replica: Option<ReplicaHealth>,
    /// What is left out because its file is damaged, and what answers instead.
    warnings: Vec<String>,
    /// Tidemark's version.
    version: &'static str,
}

#[derive(Serialize, ToSchema)]
struct ModelHealth {
    loaded: bool,
    name: Option<String>,
    version: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct LogHealth {
    /// Whether the last row could be written.
    writable: bool,
    /// Why not.
    reason: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ReplicaHealth {
    /// Its name.
    name: String,
    /// Whether it is the one that makes reports and sends messages.
    leads: bool,
    /// Whether the database that replicas share answers.
    database: bool,
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
    let flushed = service.log.flush().await.err().map(|error| error.to_string());
    let failure = flushed.or_else(|| service.log.failure().map(|failure| failure.to_string()));
    let replica = replica(service).await;
    let catalog = service.catalog();
    let slot = catalog.default_slot();
    let is_well = failure.is_none() && slot.is_some() && replica.as_ref().is_none_or(|replica| replica.database);
    let (code, status) =
        if is_well { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "unavailable") };
    let body = Health {
        status,
        model: ModelHealth {
            loaded: slot.is_some(),
            name: slot.map(|slot| slot.name().to_owned()),
            version: slot.and_then(|slot| slot.answering()).map(|version| version.version.clone()),
        },
        log: LogHealth { writable: failure.is_none(), reason: failure },
        replica,
        warnings: catalog.warnings(),
        version: tidemark::VERSION,
    };
    (code, Json(body)).into_response()
}

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

async fn replica(service: &Arc<Service>) -> Option<ReplicaHealth> {
    let name = service.replica()?.to_owned();
    let of_ping = Arc::clone(service);
    let ping = tokio::task::spawn_blocking(move || of_ping.store.ping());
    let reason = match tokio::time::timeout(PATIENCE, ping).await {
        Ok(Ok(Ok(()))) => None,
        Ok(Ok(Err(error))) => Some(error.to_string()),
        Ok(Err(_panic)) => Some("asking the database panicked".to_owned()),
        Err(_late) => Some(format!("the database did not answer within {} s", PATIENCE.as_secs())),
    };
    Some(ReplicaHealth { name, leads: service.store.leads(), database: reason.is_none(), reason })
}
