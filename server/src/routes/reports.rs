//! `/api/v1/reports`: stored reports in every form, and what changed from one to another.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tidemark::performance::Summary;
use tidemark::performance::estimated::Estimated;
use tidemark::render::{csv, html, junit, markdown};
use tidemark::report::{Difference, DriftReport, JSON_SCHEMA};
use tidemark_watch::store::{Cursor, Snapshot};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::api::blocking;
use super::monitors::{Asked, asked, broken, limit};
use crate::clock::rfc3339;
use crate::problem::Problem;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(performance))
        .routes(routes!(difference))
        .routes(routes!(schema))
}

/// The forms of a report: what the address ends with, what a person calls it, and its media type.
pub(super) const FORMS: [(&str, &str, &str); 5] = [
    ("json", "JSON", "application/json"),
    ("html", "HTML", "text/html; charset=utf-8"),
    ("md", "Markdown", "text/markdown; charset=utf-8"),
    ("csv", "CSV", "text/csv; charset=utf-8"),
    ("xml", "JUnit", "application/xml"),
];

/// A report in one of its forms, as a file.
pub(super) fn rendered(report: &DriftReport, form: &str) -> Option<Response> {
    let (_, _, media_type) = FORMS.into_iter().find(|(name, ..)| *name == form)?;
    let text = match form {
        "json" => serde_json::to_string_pretty(report).ok()?,
        "html" => html::report(report),
        "md" => markdown::report(report),
        "csv" => csv::report(report),
        _ => junit::report(report),
    };
    let name = HeaderValue::from_str(&format!("attachment; filename=\"report.{form}\"")).ok()?;
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(media_type)), (header::CONTENT_DISPOSITION, name)];
    Some((headers, text).into_response())
}

/// Which reports.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// Of this monitor
    monitor: Option<String>,
    /// Of this model, whatever monitor made them; the default model where neither is given
    model: Option<String>,
    /// Made before the report of this id: for the next page
    before: Option<i64>,
    /// At most so many, 1 to 1000; 100 where it is not given
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
}

/// Stored reports
///
/// Without their columns, the latest first.
#[utoipa::path(
    get, path = "/api/v1/reports", tag = "reports", operation_id = "reports_list", security(("key" = ["read"])), params(Which),
    responses(
        (status = 200, description = "The reports, and the id to ask on with", body = Object),
        (status = 422, description = "`limit` is out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn list(State(state): State<AppState>, query: Asked<Which>) -> Result<Response, Problem> {
    let which = asked(query)?;
    let limit = limit(which.limit)?;
    let heads = blocking(move || {
        let catalog = state.service.catalog();
        let model =
            which.model.as_deref().or_else(|| catalog.default_slot().map(|slot| slot.name())).unwrap_or_default();
        let of = which.monitor.as_deref().map_or(Cursor::Model(model), Cursor::Monitor);
        state.service.store.latest(of, which.before, limit)
    });
    let mut heads = heads.await?.map_err(|error| broken(&error))?;
    heads.reverse();
    let next = heads.last().filter(|_| heads.len() as u64 == limit).map(|head| head.id);
    let reports: Vec<_> = heads
        .iter()
        .map(|head| {
            json!({
                "id": head.id.to_string(), "model": head.model, "monitor": head.monitor, "created": rfc3339(head.created),
                "rows": { "first": head.window.first, "last": head.window.end - 1 },
                "from": rfc3339(head.window.from), "to": rfc3339(head.window.to),
                "share_drifted": head.share_drifted, "n_drifted": head.n_drifted, "n_columns": head.n_columns,
                "data_drifted": head.data_drifted, "predictions_drifted": head.predictions_drifted, "sentence": head.sentence,
            })
        })
        .collect();
    Ok(Json(json!({ "reports": reports, "before": next })).into_response())
}

async fn find(state: &AppState, id: &str) -> Result<Snapshot, Problem> {
    let missing = || Problem::new(StatusCode::NOT_FOUND, format!("there is no report {id:?}"));
    let number: i64 = id.parse().map_err(|_no_number| missing())?;
    let service = state.service.clone();
    let found = blocking(move || service.store.snapshot(number)).await?.map_err(|error| broken(&error))?;
    found.ok_or_else(missing)
}

/// A stored report
///
/// Its number with `.json`, `.html`, `.md`, `.csv` or `.xml` (JUnit) behind it; JSON without. The JSON follows
/// `/report.schema.json`.
#[utoipa::path(
    get, path = "/api/v1/reports/{report}", tag = "reports", operation_id = "reports_show", security(("key" = ["read"])),
    params(("report" = String, Path, description = "The report's id, and the form")),
    responses(
        (status = 200, description = "The report", content((Object = "application/json"), (String = "text/html"), (String = "text/markdown"), (String = "text/csv"), (String = "application/xml"))),
        (status = 404, description = "There is no such report", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn show(State(state): State<AppState>, Path(name): Path<String>) -> Result<Response, Problem> {
    let (id, form) = name.split_once('.').unwrap_or((&name, "json"));
    let report = find(&state, id).await?.report;
    rendered(&report, form).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, format!("a report has no form {form:?}")))
}

/// What is known of the model's performance in a report's window.
#[derive(Serialize)]
struct WithEstimates {
    #[serde(flatten)]
    realised: Option<Summary>,
    /// What the scores let expect, in the order of the metrics.
    estimated: Vec<Estimated<String>>,
}

/// How the model did in a report's window
///
/// By the labels that have come so far: every figure with its 95% interval, and how many of the rows have a label. Beside that
/// what the scores let expect when the report was made.
#[utoipa::path(
    get, path = "/api/v1/reports/{report}/performance", tag = "reports", operation_id = "reports_performance", security(("key" = ["read"])),
    params(("report" = String, Path, description = "The report's id")),
    responses(
        (status = 200, description = "The figures", body = Object),
        (status = 404, description = "There is no such report, or neither labels nor estimates", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn performance(State(state): State<AppState>, Path(id): Path<String>) -> Result<Response, Problem> {
    let snapshot = find(&state, &id).await?;
    let estimated = snapshot.performance.estimated.clone();
    let found = blocking(move || state.service.performance_of(&snapshot)).await?.map_err(|error| broken(&error))?;
    if found.is_none() && estimated.is_empty() {
        let reason = "no label has come to a row of this report, and nothing can be expected of its scores";
        return Err(Problem::new(StatusCode::NOT_FOUND, reason));
    }
    Ok(Json(WithEstimates { realised: found, estimated }).into_response())
}

/// What changed from one report to another
#[utoipa::path(
    get, path = "/api/v1/reports/{report}/since/{earlier}", tag = "reports", operation_id = "reports_difference", security(("key" = ["read"])),
    params(("report" = String, Path, description = "The later report"), ("earlier" = String, Path, description = "The earlier one")),
    responses(
        (status = 200, description = "The columns whose verdict differs", body = Object),
        (status = 404, description = "There is no such report", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn difference(
    State(state): State<AppState>,
    Path((later, earlier)): Path<(String, String)>,
) -> Result<Json<Difference>, Problem> {
    let (later, earlier) = (find(&state, &later).await?, find(&state, &earlier).await?);
    Ok(Json(Difference::of(&earlier.report, &later.report)))
}

/// The JSON Schema of a report
#[utoipa::path(
    get, path = "/report.schema.json", tag = "documentation", operation_id = "reports_schema", security(()),
    responses((status = 200, description = "JSON Schema, draft 2020-12", body = Object, content_type = "application/schema+json")),
)]
async fn schema() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/schema+json")], JSON_SCHEMA)
}
