//! `/api/v1/monitors`: what is watched, and what came of it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tidemark::change_point::change_point;
use tidemark_watch::config::monitor_from_json;
use tidemark_watch::monitor::{Invalid, Monitor, Schedule};
use tidemark_watch::store::{Cursor, Run, StoreError};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::api::blocking;
use crate::clock::rfc3339;
use crate::problem::{FieldError, Problem};
use crate::service::watching::{MonitorError, Watched};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(set_up))
        .routes(routes!(show, put, remove))
        .routes(routes!(runs))
        .routes(routes!(column))
}

/// A monitor as the API shows it.
#[derive(Serialize)]
struct MonitorView {
    /// `default`, `file` or `made`.
    origin: &'static str,
    /// The latest run.
    latest: Option<serde_json::Value>,
    #[serde(flatten)]
    monitor: Monitor,
}

/// A run as the API shows it: the ends of its windows are times, or rows where the schedule counts rows.
fn run_view(run: &Run, schedule: &Schedule) -> serde_json::Value {
    let end = |end: i64| match schedule {
        Schedule::Rows(_) => json!({ "row": end }),
        Schedule::Every(_) | Schedule::Cron(_) => json!({ "time": rfc3339(end) }),
    };
    json!({
        "id": run.id, "first": end(run.first), "last": end(run.last), "windows": run.n, "state": run.state,
        "attempt": run.attempt, "started": run.started.map(rfc3339), "finished": run.finished.map(rfc3339),
        "detail": run.detail, "report": run.snapshot.map(|id| id.to_string()),
    })
}

/// How many to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Limit {
    /// At most so many, 1 to 1000; 100 where it is not given
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
}

impl Limit {
    pub(super) fn get(&self) -> Result<u64, Problem> {
        limit(self.limit)
    }
}

/// How many to list, where so many were asked for.
pub(super) fn limit(asked: Option<u64>) -> Result<u64, Problem> {
    match asked.unwrap_or(100) {
        limit @ 1..=1000 => Ok(limit),
        _ => Err(Problem::fields(vec![FieldError::new("limit", "expected 1 to 1000")])),
    }
}

pub(super) type Asked<T> = Result<Query<T>, axum::extract::rejection::QueryRejection>;

pub(super) fn asked<T>(query: Asked<T>) -> Result<T, Problem> {
    query.map(|Query(query)| query).map_err(|error| Problem::new(StatusCode::BAD_REQUEST, error.to_string()))
}

/// The store failed: the caller learns that, the log what.
pub(super) fn broken(error: &StoreError) -> Problem {
    tracing::error!(%error, "the store failed a request");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read or written; the service's log says why")
}

fn unknown(monitor: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, format!("there is no monitor {monitor:?}"))
}

pub(super) fn invalid(invalid: &Invalid) -> Problem {
    // `alert[0].windows` becomes the pointer `/alert/0/windows`.
    let pointer = invalid.field.replace(['.', '['], "/").replace(']', "");
    Problem::fields(vec![FieldError { pointer: format!("/{pointer}"), detail: invalid.reason.clone() }])
}

fn unchanged(error: &MonitorError) -> Problem {
    match error {
        MonitorError::Invalid(setting) => invalid(setting),
        MonitorError::InFile(_) => Problem::new(StatusCode::CONFLICT, error.to_string()),
        MonitorError::Store(error) => broken(error),
    }
}

fn view(state: &AppState, Watched { monitor, origin }: Watched) -> Result<MonitorView, StoreError> {
    let latest = state.service.store.runs(&monitor.name, 1)?.pop();
    let latest = latest.map(|run| run_view(&run, &monitor.schedule));
    Ok(MonitorView { origin: origin.name(), latest, monitor })
}

/// All monitors
///
/// A model that nobody made a monitor for has one of its own name, by the settings of the command line.
#[utoipa::path(
    get, path = "/api/v1/monitors", tag = "monitors", operation_id = "monitors_list", security(("key" = ["read"])),
    responses((status = 200, description = "The monitors, each with its latest run", body = Object)),
)]
async fn list(State(state): State<AppState>) -> Result<Response, Problem> {
    blocking(move || {
        let watched = state.service.monitors()?;
        watched.into_iter().map(|watched| view(&state, watched)).collect::<Result<Vec<_>, StoreError>>()
    })
    .await?
    .map(|monitors| Json(json!({ "monitors": monitors })).into_response())
    .map_err(|error| broken(&error))
}

/// The whole set-up as a file
///
/// TOML for `tidemark serve --config`. Secrets are not in it: channels name environment variables.
#[utoipa::path(
    get, path = "/api/v1/set-up", tag = "monitors", operation_id = "monitors_set_up", security(("key" = ["read"])),
    responses((status = 200, description = "Channels and monitors", body = String, content_type = "application/toml")),
)]
async fn set_up(State(state): State<AppState>) -> Result<Response, Problem> {
    let config = blocking(move || state.service.set_up()).await?.map_err(|error| broken(&error))?;
    let toml = config.to_toml().map_err(|error| {
        tracing::error!(%error, "the set-up cannot be written as TOML");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the set-up cannot be written as TOML")
    })?;
    Ok(([(header::CONTENT_TYPE, "application/toml; charset=utf-8")], toml).into_response())
}

/// One monitor
#[utoipa::path(
    get, path = "/api/v1/monitors/{monitor}", tag = "monitors", operation_id = "monitors_show", security(("key" = ["read"])),
    params(("monitor" = String, Path, description = "The monitor's name")),
    responses(
        (status = 200, description = "The monitor and its latest run", body = Object),
        (status = 404, description = "There is no such monitor", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn show(State(state): State<AppState>, Path(name): Path<String>) -> Result<Response, Problem> {
    blocking(move || {
        let watched = state.service.monitor(&name).map_err(|error| broken(&error))?.ok_or_else(|| unknown(&name))?;
        view(&state, watched).map(|view| Json(view).into_response()).map_err(|error| broken(&error))
    })
    .await?
}

/// Makes a monitor, or changes it
///
/// The body is the monitor; its name is that of the address. A wrong setting is refused by its name.
#[utoipa::path(
    put, path = "/api/v1/monitors/{monitor}", tag = "monitors", operation_id = "monitors_put", security(("key" = ["admin"])),
    params(("monitor" = String, Path, description = "The monitor's name")),
    request_body(content = Object, description = "The monitor", content_type = "application/json"),
    responses(
        (status = 200, description = "It is so from now on", body = Object),
        (status = 409, description = "The set-up file has it", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A setting makes no sense", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn put(State(state): State<AppState>, Path(name): Path<String>, body: Bytes) -> Result<Response, Problem> {
    let mut value: serde_json::Value = super::api::from_json(&body)?;
    if let Some(fields) = value.as_object_mut() {
        fields.entry("name").or_insert_with(|| name.clone().into());
    }
    let monitor = monitor_from_json(value.to_string().as_bytes()).map_err(|error| invalid(&error))?;
    if monitor.name != name {
        return Err(invalid(&Invalid::new("name", format!("the address says {name:?}"))));
    }
    blocking(move || {
        state.service.put_monitor(&monitor).map_err(|error| unchanged(&error))?;
        Ok(Json(monitor).into_response())
    })
    .await?
}

/// Removes a monitor
///
/// What it found stays.
#[utoipa::path(
    delete, path = "/api/v1/monitors/{monitor}", tag = "monitors", operation_id = "monitors_remove", security(("key" = ["admin"])),
    params(("monitor" = String, Path, description = "The monitor's name")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "There is no such monitor", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The set-up file has it", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn remove(State(state): State<AppState>, Path(name): Path<String>) -> Result<StatusCode, Problem> {
    let removed = {
        let name = name.clone();
        blocking(move || state.service.remove_monitor(&name)).await?.map_err(|error| unchanged(&error))?
    };
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(unknown(&name)) }
}

/// What came of a monitor's windows
///
/// The latest first: done with a report, skipped with the reason, or failed with the reason. Windows one after the other that
/// nothing came of for the same reason are one entry.
#[utoipa::path(
    get, path = "/api/v1/monitors/{monitor}/runs", tag = "monitors", operation_id = "monitors_runs", security(("key" = ["read"])),
    params(("monitor" = String, Path, description = "The monitor's name"), Limit),
    responses(
        (status = 200, description = "The runs", body = Object),
        (status = 422, description = "`limit` is out of its range", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such monitor", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn runs(
    State(state): State<AppState>,
    Path(name): Path<String>,
    query: Asked<Limit>,
) -> Result<Response, Problem> {
    let limit = asked(query)?.get()?;
    blocking(move || {
        let watched = state.service.monitor(&name).map_err(|error| broken(&error))?.ok_or_else(|| unknown(&name))?;
        let runs = state.service.store.runs(&name, limit).map_err(|error| broken(&error))?;
        let runs: Vec<_> = runs.iter().map(|run| run_view(run, &watched.monitor.schedule)).collect();
        Ok(Json(json!({ "runs": runs })).into_response())
    })
    .await?
}

/// A column over time
///
/// Its verdict, effect and score in each report of the monitor, oldest first; since when it is drifted; and where its effect
/// changed, with an interval.
#[utoipa::path(
    get, path = "/api/v1/monitors/{monitor}/columns/{column}", tag = "monitors", operation_id = "monitors_column", security(("key" = ["read"])),
    params(("monitor" = String, Path, description = "The monitor's name"), ("column" = String, Path, description = "The column"), Limit),
    responses(
        (status = 200, description = "The timeline", body = Object),
        (status = 422, description = "`limit` is out of its range", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn column(
    State(state): State<AppState>,
    Path((name, column)): Path<(String, String)>,
    query: Asked<Limit>,
) -> Result<Response, Problem> {
    let limit = asked(query)?.get()?;
    let found = blocking(move || -> Result<_, StoreError> {
        let store = &state.service.store;
        let timeline = store.timeline(Cursor::Monitor(&name), &column, limit)?;
        let since = store.drifted_since(&name)?.into_iter().find(|(known, ..)| *known == column);
        Ok((timeline, since))
    });
    let (timeline, since) = found.await?.map_err(|error| broken(&error))?;
    let with_effect: Vec<_> = timeline.iter().filter_map(|(to, _, point)| Some((*to, point.effect?))).collect();
    let effects: Vec<f64> = with_effect.iter().map(|(_, effect)| *effect).collect();
    let at =
        |place: u64| usize::try_from(place).ok().and_then(|place| with_effect.get(place)).map(|(to, _)| rfc3339(*to));
    let change = change_point(&effects).map(|change| {
        json!({
            "at": at(change.at), "between": [at(change.between.0), at(change.between.1)], "p_value": change.p_value,
            "means": [change.means.0, change.means.1],
        })
    });
    let points: Vec<_> = timeline
        .iter()
        .map(|(to, id, point)| {
            json!({ "to": rfc3339(*to), "report": id.to_string(), "verdict": point.verdict, "effect": point.effect, "score": point.score })
        })
        .collect();
    let since = since.map(|(_, since, id)| json!({ "at": rfc3339(since), "report": id.to_string() }));
    Ok(Json(json!({ "points": points, "drifted_since": since, "change": change })).into_response())
}
