//! The API of `/api/v1/models/{model}/performance`: how a model does, window by window.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use tidemark_app::backend::Backend;
use tidemark_app::performance::PerformanceQuery;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::api::blocking;
use super::predict::{find, respond};
use crate::problem::{FieldError, Problem};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show))
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
