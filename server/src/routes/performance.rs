//! The API of `/api/v1/models/{model}/performance`, how a model does, window by window, and of `…/detectors`, which detector of change suits it.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use tidemark_app::backend::Backend;
use tidemark_app::detectors::DetectorsQuery;
use tidemark_app::performance::PerformanceQuery;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::api::blocking;
use super::predict::{find, respond};
use crate::problem::{FieldError, Problem};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(detectors))
}

/// The parameters that are numbers.
const NUMBERS: [&str; 5] = ["threshold", "true_positive", "false_positive", "false_negative", "true_negative"];

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// How a model does
///
/// The latest windows of its predictions, oldest first: what its scores let expect before labels come, with the band, and the figures by
/// the labels that have come, with their intervals. How often the bands were right, what the detectors watch, and their alarms. Of two
/// classes also what the latest labelled window is worth.
#[utoipa::path(
    get, path = "/api/v1/models/{model}/performance", tag = "models", operation_id = "models_performance", security(("key" = ["read"])),
    params(
        ("model" = String, Path, description = "The model's name"),
        ("threshold" = Option<f64>, Query, description = "A threshold to try on the latest labelled window"),
        ("true_positive" = Option<f64>, Query, description = "What a positive row is worth that is called so; 1"),
        ("false_positive" = Option<f64>, Query, description = "What a negative row is worth that is called positive; -1"),
        ("false_negative" = Option<f64>, Query, description = "What a positive row is worth that is called negative; -1"),
        ("true_negative" = Option<f64>, Query, description = "What a negative row is worth that is called so; 1"),
    ),
    responses(
        (status = 200, description = "Windows, bands, watches, alarms and worth", body = Object),
        (status = 404, description = "There is no such model", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "What a row is worth, or the threshold, is no number", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn show(
    State(state): State<AppState>,
    Path(model): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    respond(async {
        find(&state.service.catalog(), &model)?;
        // The page passes over what is no number, and shows what it would without.
        let wrong = NUMBERS.into_iter().filter(|name| query.get(*name).is_some_and(|text| !is_number(text)));
        let wrong: Vec<FieldError> = wrong.map(|name| FieldError::new(name, "expected a number")).collect();
        if !wrong.is_empty() {
            return Err(Problem::fields(wrong));
        }
        let query = PerformanceQuery { model: Some(model), ..PerformanceQuery::of(|name| query.get(name).cloned()) };
        let found = blocking(move || state.service.performance(&query)).await?;
        let unread =
            |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read; the service's log says why");
        let found = found.map_err(unread)?;
        Ok(Json(found).into_response())
    })
    .await
}

/// Which detector of change suits a model
///
/// A change is put into a series of the model's latest predictions, again and again, without the order of the events: how soon each detector
/// sees it, how often it misses it, and how often it signals without one. `bench` is null where there are too few events, or all are the
/// same.
#[utoipa::path(
    get, path = "/api/v1/models/{model}/detectors", tag = "models", operation_id = "models_detectors", security(("key" = ["read"])),
    params(
        ("model" = String, Path, description = "The model's name"),
        ("series" = Option<String>, Query, pattern = "^(errors|predictions|score|feature\\..+)$",
            description = "`errors`, `predictions`, `score`, or `feature.` and a feature's name"),
        ("change" = Option<String>, Query, pattern = "^(shift|scale|errors)$",
            description = "`shift` (standard deviations), `scale` (a factor) or, of 0 and 1, `errors` (a share)"),
        ("size" = Option<f64>, Query, description = "Its size"),
        ("before" = Option<u64>, Query, minimum = 100, maximum = 5000,
            description = "Events of a run before the change, and as many after it: 100 to 5,000"),
    ),
    responses(
        (status = 200, description = "How the detectors fared", body = Object),
        (status = 404, description = "There is no such model or series", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "There is no such change, or a number is none", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn detectors(
    State(state): State<AppState>,
    Path(model): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    respond(async {
        find(&state.service.catalog(), &model)?;
        let is_wrong = |name: &str, is_known: fn(&str) -> bool| query.get(name).is_some_and(|text| !is_known(text));
        let mut wrong = Vec::new();
        if is_wrong("series", |text| !text.is_empty()) {
            wrong.push(FieldError::new("series", "expected the name of a series"));
        }
        if is_wrong("change", |text| ["shift", "scale", "errors"].contains(&text)) {
            wrong.push(FieldError::new("change", "expected shift, scale or errors"));
        }
        if is_wrong("size", is_number) {
            wrong.push(FieldError::new("size", "expected a number"));
        }
        if is_wrong("before", |text| text.parse().is_ok_and(|before: u64| (100..=5000).contains(&before))) {
            wrong.push(FieldError::new("before", "expected a whole number from 100 to 5000"));
        }
        if !wrong.is_empty() {
            return Err(Problem::fields(wrong));
        }
        let asked = DetectorsQuery { model: Some(model), ..DetectorsQuery::of(|name| query.get(name).cloned()) };
        let found = blocking(move || state.service.detectors(&asked)).await?;
        let unread =
            |_| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the log cannot be read; the service's log says why");
        let found = found.map_err(unread)?;
        if !found.series.contains(&found.shown) {
            let reason = format!("there is no series {:?}; there are {:?}", found.shown, found.series);
            return Err(Problem::new(StatusCode::NOT_FOUND, reason));
        }
        Ok(Json(found).into_response())
    })
    .await
}
