//! MLflow's scoring protocol, for the default model: `POST /invocations`, `GET /ping`, `GET /version`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::AppState;
use super::predict::{Body, bytes, counted_all, default_version, json, refusal, request_id, respond};
use crate::problem::Problem;
use crate::wire::{answer, mlflow};

/// Score rows as MLflow's server does
///
/// `dataframe_split`, `dataframe_records`, `instances` or `inputs`, or CSV. The answer is `{"predictions": […]}`.
#[utoipa::path(
    post, path = "/invocations", tag = "predictions", operation_id = "mlflow_invocations", security(("key" = ["predict"])),
    request_body(content((Object = "application/json"), (String = "text/csv"))),
    responses(
        (status = 200, description = "The classes, or the values of a regression", body = Object),
        (status = 409, description = "The default model is served elsewhere", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Neither JSON nor CSV", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Values are missing, unknown, repeated, of another type, or against the rules of a strict model", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn invocations(State(state): State<AppState>, headers: HeaderMap, body: Body) -> Response {
    let catalog = state.service.catalog();
    respond(async {
        let (slot, version) = default_version(&catalog)?;
        let body = bytes(body)?;
        let rows = match media_type(&headers).as_deref() {
            None | Some("application/json") => mlflow::read_json(&body, &version.format)?,
            Some("text/csv" | "application/csv") => mlflow::read_csv(&body, &version.format)?,
            Some(other) => {
                let detail = format!("{other} is not taken; application/json and text/csv are");
                return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
            }
        };
        let predictions = state.service.predict_all(slot, version, rows.clone(), request_id(&headers)).await;
        let predictions = predictions
            .map_err(|error| refusal(version, error, |place| rows.row(place), |place| format!("/{place}")))?;
        Ok(counted_all(json(answer::mlflow(version, &predictions)), slot, &predictions))
    })
    .await
}

/// Whether a model answers
///
/// As MLflow's server says it.
#[utoipa::path(
    get, path = "/ping", tag = "probes", operation_id = "mlflow_ping", security(()),
    responses(
        (status = 200, description = "One does", body = Object),
        (status = 409, description = "The default model is served elsewhere", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "There is no model", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn ping(State(state): State<AppState>) -> Response {
    let catalog = state.service.catalog();
    respond(async { default_version(&catalog).map(|_| json(b"{}\n".to_vec())) }).await
}

/// Tidemark's version
///
/// Where MLflow's server says its own.
#[utoipa::path(
    get, path = "/version", tag = "probes", operation_id = "mlflow_version", security(()),
    responses(
        (status = 200, description = "The version", body = String, content_type = "text/plain"),
    ),
)]
pub(super) async fn version() -> &'static str {
    tidemark::VERSION
}

/// What a body is, without parameters and in lower case; `None` where nobody says.
pub(super) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    (!essence.is_empty()).then_some(essence)
}
