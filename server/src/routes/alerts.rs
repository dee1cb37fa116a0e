//! `/api/v1/alerts`, `/api/v1/mutes` and `/api/v1/channels`: what people are told.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use tidemark_watch::span::Span;
use tidemark_watch::store::{Alert, Mute, Sent};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::api::{blocking, from_json};
use super::monitors::{Asked, Limit, asked, broken};
use crate::clock::rfc3339;
use crate::problem::Problem;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(acknowledge))
        .routes(routes!(mutes, mute))
        .routes(routes!(channels))
        .routes(routes!(test))
}

fn view(alert: &Alert) -> serde_json::Value {
    json!({
        "id": alert.id, "monitor": alert.monitor, "model": alert.model, "rule": alert.rule, "severity": alert.severity,
        "sentence": alert.sentence, "began": rfc3339(alert.began), "report": alert.snapshot.map(|id| id.to_string()),
        "ended": alert.ended.map(rfc3339), "acknowledged": alert.acknowledged.map(rfc3339),
        "acknowledged_by": alert.acknowledged_by,
    })
}

/// Alerts
///
/// Those that go on first, then the latest first; and how many messages wait or were given up.
#[utoipa::path(
    get, path = "/api/v1/alerts", tag = "alerts", operation_id = "alerts_list", security(("key" = ["read"])), params(Limit),
    responses(
        (status = 200, description = "The alerts", body = Object),
        (status = 422, description = "`limit` is out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn list(State(state): State<AppState>, query: Asked<Limit>) -> Result<Response, Problem> {
    let limit = asked(query)?.get()?;
    let found =
        blocking(move || Ok((state.service.store.alerts(None, limit)?, state.service.store.undelivered()?))).await?;
    let (alerts, (waiting, given_up)) = found.map_err(|error| broken(&error))?;
    let alerts: Vec<_> = alerts.iter().map(view).collect();
    Ok(Json(json!({ "alerts": alerts, "messages": { "waiting": waiting, "given_up": given_up } })).into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Acknowledge {
    /// Who takes note
    by: String,
}

/// Takes note of an alert
///
/// The body says who: `{"by": "ada"}`. What is acknowledged is not told again.
#[utoipa::path(
    post, path = "/api/v1/alerts/{alert}/acknowledge", tag = "alerts", operation_id = "alerts_acknowledge", security(("key" = ["admin"])),
    params(("alert" = i64, Path, description = "The alert's id")),
    request_body(content = Acknowledge, description = "Who", content_type = "application/json"),
    responses(
        (status = 204, description = "It is noted"),
        (status = 404, description = "There is no such alert", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The body does not say who", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn acknowledge(
    State(state): State<AppState>,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let Acknowledge { by } = from_json(&body)?;
    let missing = || Problem::new(StatusCode::NOT_FOUND, format!("there is no alert {id:?}"));
    let number: i64 = id.parse().map_err(|_no_number| missing())?;
    let now = state.service.now();
    let found = blocking(move || state.service.store.acknowledge(number, &by, now)).await?;
    if found.map_err(|error| broken(&error))? { Ok(StatusCode::NO_CONTENT) } else { Err(missing()) }
}

/// What nobody is told about
#[utoipa::path(
    get, path = "/api/v1/mutes", tag = "alerts", operation_id = "mutes_list", security(("key" = ["read"])),
    responses((status = 200, description = "The mutes that hold", body = Object)),
)]
async fn mutes(State(state): State<AppState>) -> Result<Response, Problem> {
    let now = state.service.now();
    let mutes = blocking(move || state.service.store.mutes(now)).await?.map_err(|error| broken(&error))?;
    let mutes: Vec<_> = mutes
        .iter()
        .map(|mute| json!({ "monitor": mute.monitor, "rule": mute.rule, "until": rfc3339(mute.until) }))
        .collect();
    Ok(Json(json!({ "mutes": mutes })).into_response())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMute {
    /// The monitor's name
    monitor: String,
    /// All rules where none is named
    #[serde(default)]
    rule: String,
    /// How long from now, a whole number and a unit; nothing ends a mute
    #[serde(default, rename = "for")]
    #[schema(value_type = Option<String>, pattern = "^[1-9][0-9]{0,2}(ms|s|m|h|d|w)$")]
    span: Option<Span>,
}

/// Tells nobody for a while
///
/// `{"monitor": "hourly", "rule": "drift", "for": "2h"}`; without `rule` all of the monitor's rules, without `for` people are told
/// again. Alerts are on record all the same.
#[utoipa::path(
    put, path = "/api/v1/mutes", tag = "alerts", operation_id = "mutes_put", security(("key" = ["admin"])),
    request_body(content = NewMute, description = "What, and for how long", content_type = "application/json"),
    responses(
        (status = 204, description = "It is so"),
        (status = 422, description = "A field is wrong", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn mute(State(state): State<AppState>, body: Bytes) -> Result<StatusCode, Problem> {
    let NewMute { monitor, rule, span } = from_json(&body)?;
    let until = state.service.now() + span.map_or(0, Span::millis);
    blocking(move || state.service.store.mute(&Mute { monitor, rule, until }))
        .await?
        .map_err(|error| broken(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The channels of the set-up file
#[utoipa::path(
    get, path = "/api/v1/channels", tag = "alerts", operation_id = "channels_list", security(("key" = ["read"])),
    responses((status = 200, description = "The channels", body = Object)),
)]
async fn channels(State(state): State<AppState>) -> Response {
    Json(json!({ "channels": state.service.sender().channels() })).into_response()
}

/// Tries a channel
///
/// Sends a message that says that it is a test, at once, and says what came of it.
#[utoipa::path(
    post, path = "/api/v1/channels/{channel}/test", tag = "alerts", operation_id = "channels_test", security(("key" = ["admin"])),
    params(("channel" = String, Path, description = "The channel's name")),
    responses(
        (status = 204, description = "The channel took it"),
        (status = 404, description = "There is no such channel", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "The channel did not take it, and why", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn test(State(state): State<AppState>, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    let missing = Problem::new(StatusCode::NOT_FOUND, format!("there is no channel {name:?}"));
    match blocking(move || state.service.test_channel(&name)).await? {
        None => Err(missing),
        Some(Sent::Taken) => Ok(StatusCode::NO_CONTENT),
        Some(Sent::Later(reason) | Sent::Never(reason)) => Err(Problem::new(StatusCode::BAD_GATEWAY, reason)),
    }
}
