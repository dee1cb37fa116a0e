//! The Open Inference Protocol, version 2. Its errors are `{"error": sentence}`, as the protocol says.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::sync::Arc;

use super::AppState;
use super::predict::{Body, counted_all, json as bytes_of_json, request_id};
use crate::registry::Catalog;
use crate::service::PredictError;
use crate::service::slot::{Serving, Slot};
use crate::service::version::Version;
use crate::wire::answer;
use crate::wire::error::BodyError;
use crate::wire::open_inference::{self, TensorDescription};

/// A status and a sentence.
struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

impl From<BodyError> for Refused {
    fn from(error: BodyError) -> Self {
        Self(error.status(), error.sentence())
    }
}

/// What this server is
///
/// Open Inference Protocol
#[utoipa::path(
    get, path = "/v2", tag = "open inference", operation_id = "v2_server", security(()),
    responses(
        (status = 200, description = "Name, version, extensions", body = Object),
    ),
)]
pub(super) async fn server() -> Json<serde_json::Value> {
    Json(json!({ "name": "tidemark", "version": tidemark::VERSION, "extensions": ["binary_tensor_data"] }))
}

/// Whether the process is there, by the Open Inference Protocol
#[utoipa::path(
    get, path = "/v2/health/live", tag = "probes", operation_id = "v2_live", security(()),
    responses(
        (status = 200, description = "It is", body = Object),
    ),
)]
pub(super) async fn live() -> Json<serde_json::Value> {
    Json(json!({ "live": true }))
}

/// Whether a model answers and the log can be written
#[utoipa::path(
    get, path = "/v2/health/ready", tag = "probes", operation_id = "v2_ready", security(()),
    responses(
        (status = 200, description = "They do", body = Object),
        (status = 503, description = "They do not", body = Object),
    ),
)]
pub(super) async fn ready(State(state): State<AppState>) -> Response {
    let has_model = state.service.catalog().default_slot().is_some();
    let is_ready = has_model && state.service.log.failure().is_none();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": is_ready }))).into_response()
}

/// What a model takes and gives
#[utoipa::path(
    get, path = "/v2/models/{model}", tag = "open inference", operation_id = "v2_model", security(("key" = ["read"])),
    params(("model" = String, Path, description = "The model's name")),
    responses(
        (status = 200, description = "Its tensors and versions", body = Object),
        (status = 404, description = "There is no such model or version", body = Object),
    ),
)]
pub(super) async fn model(State(state): State<AppState>, Path(name): Path<String>) -> Response {
    let catalog = state.service.catalog();
    find(&catalog, &name, None).map_or_else(IntoResponse::into_response, |(slot, version)| description(slot, version))
}

/// What a version takes and gives
#[utoipa::path(
    get, path = "/v2/models/{model}/versions/{version}", tag = "open inference", operation_id = "v2_version", security(("key" = ["read"])),
    params(("model" = String, Path, description = "The model's name"), ("version" = String, Path, description = "The version")),
    responses(
        (status = 200, description = "Its tensors", body = Object),
        (status = 404, description = "There is no such model or version", body = Object),
    ),
)]
pub(super) async fn version(State(state): State<AppState>, Path((name, version)): Path<(String, String)>) -> Response {
    let catalog = state.service.catalog();
    let found = find(&catalog, &name, Some(&version));
    found.map_or_else(IntoResponse::into_response, |(slot, version)| description(slot, version))
}

/// Whether a model answers
#[utoipa::path(
    get, path = "/v2/models/{model}/ready", tag = "probes", operation_id = "v2_model_ready", security(()),
    params(("model" = String, Path, description = "The model's name")),
    responses(
        (status = 200, description = "It does", body = Object),
        (status = 404, description = "There is no such model or version", body = Object),
    ),
)]
pub(super) async fn model_ready(State(state): State<AppState>, Path(name): Path<String>) -> Response {
    let catalog = state.service.catalog();
    find(&catalog, &name, None)
        .map_or_else(IntoResponse::into_response, |_| Json(json!({ "name": name, "ready": true })).into_response())
}

/// Whether a version answers
#[utoipa::path(
    get, path = "/v2/models/{model}/versions/{version}/ready", tag = "probes", operation_id = "v2_version_ready", security(()),
    params(("model" = String, Path, description = "The model's name"), ("version" = String, Path, description = "The version")),
    responses(
        (status = 200, description = "It does", body = Object),
        (status = 404, description = "There is no such model or version", body = Object),
    ),
)]
pub(super) async fn version_ready(
    State(state): State<AppState>,
    Path((name, version)): Path<(String, String)>,
) -> Response {
    let catalog = state.service.catalog();
    find(&catalog, &name, Some(&version))
        .map_or_else(IntoResponse::into_response, |_| Json(json!({ "name": name, "ready": true })).into_response())
}

/// Predict rows of tensors
///
/// One tensor of shape [n, features], or one per feature; JSON, or binary behind it.
#[utoipa::path(
    post, path = "/v2/models/{model}/infer", tag = "open inference", operation_id = "v2_infer", security(("key" = ["predict"])),
    params(("model" = String, Path, description = "The model's name")),
    request_body(content = Object, description = "`inputs`, `id`, `outputs`"),
    responses(
        (status = 200, description = "`outputs`: `prediction` and `probabilities`", body = Object),
        (status = 404, description = "There is no such model or version", body = Object),
        (status = 422, description = "Values are missing, unknown, repeated, of another type, or against the rules of a strict model", body = Object),
        (status = 503, description = "The log cannot be written", body = Object),
    ),
)]
pub(super) async fn infer(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    answer_with(&state, &name, None, &headers, body).await.unwrap_or_else(IntoResponse::into_response)
}

/// Predict rows of tensors with a version
#[utoipa::path(
    post, path = "/v2/models/{model}/versions/{version}/infer", tag = "open inference", operation_id = "v2_infer_with", security(("key" = ["predict"])),
    params(("model" = String, Path, description = "The model's name"), ("version" = String, Path, description = "The version")),
    request_body(content = Object, description = "`inputs`, `id`, `outputs`"),
    responses(
        (status = 200, description = "`outputs`: `prediction` and `probabilities`", body = Object),
        (status = 404, description = "There is no such model or version", body = Object),
        (status = 422, description = "Values are missing, unknown, repeated, of another type, or against the rules of a strict model", body = Object),
        (status = 503, description = "The log cannot be written", body = Object),
    ),
)]
pub(super) async fn infer_with(
    State(state): State<AppState>,
    Path((name, version)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    answer_with(&state, &name, Some(&version), &headers, body).await.unwrap_or_else(IntoResponse::into_response)
}

async fn answer_with(
    state: &AppState,
    name: &str,
    version: Option<&str>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let body = body.map_err(|rejection| Refused(rejection.status(), rejection.body_text()))?;
    let catalog = state.service.catalog();
    let (slot, version) = find(&catalog, name, version)?;
    let (json, binary) = split(headers, &body)?;
    let request = open_inference::read(json, binary, &version.format)?;
    let rows = request.rows;
    let found = state.service.predict_all(slot, version, rows.clone(), request_id(headers)).await;
    let predictions = found.map_err(|error| refused(version, error, &rows))?;
    let answer = answer::open_inference(version, name, request.id.as_deref(), &request.outputs, &predictions);
    let answer = answer.map(|body| counted_all(bytes_of_json(body), slot, &predictions));
    answer.map_err(|unknown| Refused(StatusCode::UNPROCESSABLE_ENTITY, unknown))
}

fn refused(version: &Version, error: PredictError, rows: &crate::wire::rows::Rows) -> Refused {
    match error {
        PredictError::Violations(violations) => {
            let named = violations.into_iter().take(100).map(|(place, violation)| {
                let name = &version.format.names()[violation.column];
                format!("row {place}, {name}: {}", answer::describe(version, violation, rows.row(place)))
            });
            Refused(StatusCode::UNPROCESSABLE_ENTITY, named.collect::<Vec<_>>().join("; "))
        }
        PredictError::Log(error) => {
            tracing::error!(%error, "predictions could not be logged");
            Refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "the prediction could not be logged, so it is not given".to_owned(),
            )
        }
    }
}

/// The JSON and the binary data behind it, whose border a header tells.
fn split<'a>(headers: &HeaderMap, body: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), Refused> {
    let Some(length) = headers.get("inference-header-content-length") else { return Ok((body, &[])) };
    let length = length.to_str().ok().and_then(|length| length.parse().ok());
    length.and_then(|length| body.split_at_checked(length)).ok_or_else(|| {
        let sentence = "Inference-Header-Content-Length is no number of bytes of the body";
        Refused(StatusCode::BAD_REQUEST, sentence.to_owned())
    })
}

fn find<'a>(
    catalog: &'a Catalog,
    name: &str,
    version: Option<&str>,
) -> Result<(&'a Arc<Slot>, &'a Arc<Version>), Refused> {
    let not_found = |what: String| Refused(StatusCode::NOT_FOUND, what);
    let slot = catalog.slot(name).ok_or_else(|| match catalog.left_out(name) {
        Some(left_out) => Refused(StatusCode::SERVICE_UNAVAILABLE, left_out.to_string()),
        None => not_found(format!("there is no model {name:?}")),
    })?;
    let found = match version {
        Some(version) => slot.version(version),
        None => slot.answering(),
    };
    let missing =
        || not_found(format!("the model {name:?} has no version {:?} here", version.unwrap_or("that answers")));
    found.map(|version| (slot, version)).ok_or_else(missing)
}

fn description(slot: &Slot, version: &Version) -> Response {
    let input = |name: &'_ String| json!({ "name": name, "datatype": "FP64", "shape": [-1] });
    let inputs: Vec<serde_json::Value> = version.format.names().iter().map(input).collect();
    let versions: Vec<&str> = match &slot.serving {
        Serving::Here { versions, .. } => versions.iter().map(|version| version.version.as_str()).collect(),
        Serving::Elsewhere(_) => Vec::new(),
    };
    let outputs: Vec<TensorDescription<'_>> = answer::outputs_of(version);
    Json(json!({
        "name": slot.name(),
        "versions": versions,
        "platform": "tidemark",
        "inputs": inputs,
        "outputs": outputs,
    }))
    .into_response()
}
