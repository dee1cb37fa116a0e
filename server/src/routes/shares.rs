//! Share links: `/api/v1/shares` makes and takes them back, `/r/{token}` opens one report and leads nowhere else.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use tidemark::render::html;
use tidemark::report::DriftReport;
use tidemark_watch::span::Span;
use tidemark_watch::store::{Opened, Share, title_of};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::AppState;
use super::api::{blocking, from_json};
use super::monitors::{broken, invalid};
use super::reports::{FORMS, rendered};
use crate::clock::rfc3339;
use crate::problem::Problem;

/// A report that is sent to be shared may be so large: 10,000 columns.
const MAX_REPORT_BYTES: usize = 64 << 20;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    let shares = OpenApiRouter::new().routes(routes!(list, share)).layer(DefaultBodyLimit::max(MAX_REPORT_BYTES));
    OpenApiRouter::new().merge(shares).routes(routes!(revoke)).routes(routes!(open)).routes(routes!(download))
}

/// What is to be shared.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewShare {
    report: Shared,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    expires_in: Option<Span>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Shared {
    Stored(String),
    Sent(Box<DriftReport>),
}

fn view(share: &Share) -> serde_json::Value {
    json!({
        "id": share.id, "title": share.title, "created": rfc3339(share.created), "expires": share.expires.map(rfc3339),
        "revoked": share.revoked.map(rfc3339), "report": share.snapshot.map(|id| id.to_string()),
    })
}

/// Shares a report
///
/// `{"report": "17", "title": "Week 47", "expires_in": "7d"}`, or the whole report of `tidemark report --format json` in place of
/// its id. The answer has the link. It is shown this once: the service keeps its hash alone.
#[utoipa::path(
    post, path = "/api/v1/shares", tag = "shares", operation_id = "shares_make", security(("key" = ["admin"])),
    request_body(content = Object, description = "What, and for how long", content_type = "application/json"),
    responses(
        (status = 201, description = "The link", body = Object),
        (status = 404, description = "There is no such report", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A field is wrong", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn share(State(state): State<AppState>, body: Bytes) -> Result<Response, Problem> {
    blocking(move || {
        let NewShare { report, title, expires_in } = from_json(&body)?;
        let title = title_of(title.as_deref().unwrap_or_default()).map_err(|error| invalid(&error))?;
        let (store, now) = (&state.service.store, state.service.now());
        let expires = expires_in.map(|span| now + span.millis());
        let made = match report {
            Shared::Stored(id) => {
                let missing = || Problem::new(StatusCode::NOT_FOUND, format!("there is no report {id:?}"));
                let number: i64 = id.parse().map_err(|_no_number| missing())?;
                let made = store.share_snapshot(number, &title, now, expires).map_err(|error| broken(&error))?;
                made.ok_or_else(missing)?
            }
            Shared::Sent(report) => {
                store.share_report(&report, &title, now, expires).map_err(|error| broken(&error))?
            }
        };
        let (token, share) = made;
        let path = format!("/r/{}", token.as_str());
        let location = HeaderValue::from_str(&path).expect("tokens are letters, digits, - and _");
        let body = json!({ "path": path, "share": view(&share) });
        Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(body)).into_response())
    })
    .await?
}

/// All shares
#[utoipa::path(
    get, path = "/api/v1/shares", tag = "shares", operation_id = "shares_list", security(("key" = ["read"])),
    responses((status = 200, description = "The shares, the latest first; none with its link", body = Object)),
)]
async fn list(State(state): State<AppState>) -> Result<Response, Problem> {
    let shares = blocking(move || state.service.store.shares()).await?.map_err(|error| broken(&error))?;
    let shares: Vec<_> = shares.iter().map(view).collect();
    Ok(Json(json!({ "shares": shares })).into_response())
}

/// Takes a share back
///
/// Its link opens nothing from now on.
#[utoipa::path(
    delete, path = "/api/v1/shares/{share}", tag = "shares", operation_id = "shares_revoke", security(("key" = ["admin"])),
    params(("share" = String, Path, description = "The share's id")),
    responses(
        (status = 204, description = "It is taken back"),
        (status = 404, description = "There is no such share that still opens", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn revoke(State(state): State<AppState>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let now = state.service.now();
    let revoked =
        blocking(move || state.service.store.revoke_share(&id, now)).await?.map_err(|error| broken(&error))?;
    if revoked {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(StatusCode::NOT_FOUND, "there is no such share that still opens"))
    }
}

/// What a token opens. Wrong, expired and taken back are one answer.
async fn opened(state: AppState, token: String) -> Result<Opened, Problem> {
    let now = state.service.now();
    let found = blocking(move || state.service.store.open_share(&token, now)).await?.map_err(|error| broken(&error))?;
    found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "this link opens nothing, or nothing any more"))
}

/// A shared page: it runs no script, loads nothing, is kept by nobody on the way, and is in no search engine.
fn guarded(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 5] = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    ];
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A shared report
///
/// The page behind a share link.
#[utoipa::path(
    get, path = "/r/{token}", tag = "shares", operation_id = "shares_open", security(()),
    params(("token" = String, Path, description = "The link's token")),
    responses(
        (status = 200, description = "The report, readable without a script", body = String, content_type = "text/html"),
        (status = 404, description = "The link opens nothing, or nothing any more", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn open(State(state): State<AppState>, Path(token): Path<String>) -> Result<Response, Problem> {
    let opened = opened(state, token.clone()).await?;
    let downloads = FORMS.map(|(form, name, _)| (name, format!("/r/{token}/report.{form}")));
    let page = html::shared(&opened.report, &opened.title, &downloads);
    Ok(guarded(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()))
}

/// A shared report as a file
#[utoipa::path(
    get, path = "/r/{token}/{file}", tag = "shares", operation_id = "shares_download", security(()),
    params(
        ("token" = String, Path, description = "The link's token"),
        ("file" = String, Path, description = "`report.json`, `report.html`, `report.md`, `report.csv` or `report.xml`"),
    ),
    responses(
        (status = 200, description = "The report", content((Object = "application/json"), (String = "text/html"), (String = "text/markdown"), (String = "text/csv"), (String = "application/xml"))),
        (status = 404, description = "The link opens nothing, or nothing any more", body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn download(
    State(state): State<AppState>,
    Path((token, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let opened = opened(state, token).await?;
    let form = file.strip_prefix("report.").unwrap_or_default();
    let file = rendered(&opened.report, form);
    file.map(guarded).ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "a report has no such form"))
}
