//! `POST /predict` and `/predict_batch`: rows for the default model, answered once they are logged.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use std::sync::Arc;

use super::AppState;
use crate::metrics::Predicted;
use crate::problem::{FieldError, Problem};
use crate::registry::Catalog;
use crate::request_id::X_REQUEST_ID;
use crate::service::slot::Slot;
use crate::service::version::Version;
use crate::service::{PredictError, Prediction, Service};
use crate::wire::rows::Rows;
use crate::wire::{answer, predict};
use tidemark_log::AppendError;

/// A request body, or why there is none.
pub(super) type Body = Result<Bytes, BytesRejection>;

/// Predict one row
///
/// An object with exactly the model's features, each a finite number or `null`. The answer comes once the prediction is on
/// disk; `probability` is that of the positive class.
#[utoipa::path(
    post, path = "/predict", tag = "predictions", security(("key" = ["predict"])),
    request_body(content = Object, description = "The features by name", example = json!({ "Time": 0.0, "Amount": 9.99 })),
    responses(
        (status = 200, description = "The prediction: `prediction`, `probability`, `timestamp`, `id`, `model`, and `violations` where there are any", body = Object),
        (status = 409, description = "The default model is served elsewhere", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Values are missing, unknown, repeated, of another type, or against the rules of a strict model", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn predict(State(state): State<AppState>, called: Called, body: Body) -> Response {
    let catalog = state.service.catalog();
    respond(async {
        let (slot, version) = default_version(&catalog)?;
        single(&state.service, slot, version, called.id(), &bytes(body)?).await
    })
    .await
}

/// Predict many rows
///
/// `{"rows": [{…}, …]}`, at most 10,000. All of them are answered, or none.
#[utoipa::path(
    post, path = "/predict_batch", tag = "predictions", security(("key" = ["predict"])),
    request_body(content = Object, description = "`rows`: objects with the features by name"),
    responses(
        (status = 200, description = "`predictions`, `probabilities`, `ids`, `timestamp`, `model`", body = Object),
        (status = 409, description = "The default model is served elsewhere", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Values are missing, unknown, repeated, of another type, or against the rules of a strict model", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The log cannot be written", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn predict_batch(State(state): State<AppState>, called: Called, body: Body) -> Response {
    let catalog = state.service.catalog();
    respond(async {
        let (slot, version) = default_version(&catalog)?;
        let rows = predict::read_batch(&bytes(body)?, &version.format)?;
        batch(&state.service, slot, version, called.id(), rows).await
    })
    .await
}

/// Answers one row with a version.
pub(super) async fn single(
    service: &Service,
    slot: &Slot,
    version: &Arc<Version>,
    request_id: Option<&str>,
    body: &[u8],
) -> Result<Response, Problem> {
    let row = predict::read_row(body, &version.format)?;
    let found = service.predict(slot, version, &row, request_id).await;
    let prediction = found.map_err(|error| refusal(version, error, |_| row.as_slice(), |_| String::new()))?;
    let violations = prediction.violations.len();
    Ok(counted(json(answer::single(version, &prediction, &row)), slot, 1, violations))
}

/// Answers a batch with a version.
pub(super) async fn batch(
    service: &Service,
    slot: &Slot,
    version: &Arc<Version>,
    request_id: Option<&str>,
    rows: Rows,
) -> Result<Response, Problem> {
    let predictions = service.predict_all(slot, version, rows.clone(), request_id).await;
    let predictions = predictions
        .map_err(|error| refusal(version, error, |place| rows.row(place), |place| format!("/rows/{place}")))?;
    let at = predictions.first().map_or_else(|| service.now(), |prediction| prediction.at);
    let body = answer::batch(version, &predictions, rows.iter(), at);
    Ok(counted_all(json(body), slot, &predictions))
}

/// Why rows were not answered, for the one who sent them. `at` is the pointer to a row.
pub(super) fn refusal<'a>(
    version: &Version,
    error: PredictError,
    row: impl Fn(usize) -> &'a [f64],
    at: impl Fn(usize) -> String,
) -> Problem {
    match error {
        PredictError::Violations(violations) => {
            let named = violations.into_iter().take(100).map(|(place, violation)| {
                let field = FieldError::new(&version.format.names()[violation.column], "");
                let detail = answer::describe(version, violation, row(place));
                FieldError { pointer: format!("{}{}", at(place), field.pointer), detail }
            });
            Problem::fields(named.collect())
        }
        PredictError::Log(error) => unlogged(&error),
    }
}

/// What could not be logged is not answered.
pub(super) fn unlogged(error: &AppendError) -> Problem {
    match error {
        AppendError::Entry(_) | AppendError::Stream(_) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
        }
        AppendError::Conflict { .. } => Problem::new(StatusCode::CONFLICT, error.to_string()),
        _ => {
            tracing::error!(%error, "predictions could not be logged");
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the prediction could not be logged, so it is not given")
        }
    }
}

/// The model of this name.
pub(super) fn find<'a>(catalog: &'a Catalog, model: &str) -> Result<&'a Arc<Slot>, Problem> {
    catalog.slot(model).ok_or_else(|| match catalog.left_out(model) {
        Some(left_out) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, left_out.to_string()),
        None => Problem::new(StatusCode::NOT_FOUND, format!("there is no model {model:?}")),
    })
}

/// The model and version that answer where none is named.
pub(super) fn default_version(catalog: &Catalog) -> Result<(&Arc<Slot>, &Arc<Version>), Problem> {
    let slot = catalog.default_slot();
    let slot = slot.ok_or_else(|| {
        let left_out = catalog.manifest().default.as_deref().and_then(|model| catalog.left_out(model));
        let detail = left_out.map_or_else(|| "there is no model to answer".to_owned(), ToString::to_string);
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    })?;
    let version = slot.answering().ok_or_else(|| {
        let detail = format!("the default model, {:?}, is served elsewhere", slot.name());
        Problem::new(StatusCode::CONFLICT, detail)
    })?;
    Ok((slot, version))
}

pub(super) fn bytes(body: Body) -> Result<Bytes, Problem> {
    body.map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))
}

/// What the caller calls the request. The other headers are left where they are: a copy of all of them costs as much as
/// reading the row.
pub(super) struct Called(Option<HeaderValue>);

impl Called {
    pub(super) fn id(&self) -> Option<&str> {
        decent(self.0.as_ref()?)
    }
}

impl<S: Sync> FromRequestParts<S> for Called {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.get(X_REQUEST_ID).cloned()))
    }
}

/// The caller's name for the request, where it sent one that a log can hold.
pub(super) fn request_id(headers: &HeaderMap) -> Option<&str> {
    decent(headers.get(X_REQUEST_ID)?)
}

fn decent(id: &HeaderValue) -> Option<&str> {
    id.to_str().ok().filter(|id| !id.is_empty() && id.len() <= 128)
}

pub(super) async fn respond(answer: impl Future<Output = Result<Response, Problem>>) -> Response {
    answer.await.unwrap_or_else(IntoResponse::into_response)
}

/// Tells the front which rows an answer holds, so that they are counted.
pub(super) fn counted(mut response: Response, slot: &Slot, rows: usize, violations: usize) -> Response {
    let (rows, violations) = (rows as u64, violations as u64);
    response.extensions_mut().insert(Predicted { model: slot.shared_name(), rows, violations });
    response
}

/// The same for many rows.
pub(super) fn counted_all(response: Response, slot: &Slot, predictions: &[Prediction]) -> Response {
    let violations = predictions.iter().map(|prediction| prediction.violations.len()).sum();
    counted(response, slot, predictions.len(), violations)
}

pub(super) fn json(body: Vec<u8>) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
