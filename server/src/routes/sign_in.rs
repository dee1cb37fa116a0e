//! Signing in: people give a key once and are known by a cookie from then on. Plain forms, no script.

use axum::extract::{Form, FromRequest, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::AppState;
use crate::assets;
use crate::front::{session_cookie, set_cookie};
use crate::keys::SESSION_MILLIS;
use crate::listen::Peer;

/// Where to go afterwards.
#[derive(Deserialize)]
pub(super) struct Target {
    #[serde(default)]
    to: String,
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Entrance {
    #[serde(default)]
    key: String,
    #[serde(default)]
    to: String,
}

pub(super) async fn form(Query(target): Query<Target>) -> Response {
    page(StatusCode::OK, &target.to, "")
}

pub(super) async fn sign_in(State(state): State<AppState>, request: Request) -> Response {
    let is_secure = state.front.is_secure(request.headers(), request.extensions().get::<Peer>().copied());
    let entrance = match Form::<Entrance>::from_request(request, &state).await {
        Ok(Form(entrance)) => entrance,
        Err(rejection) => return rejection.into_response(),
    };
    // Where no keys are asked for, everyone is in already.
    let Some(keys) = state.front.keys() else { return Redirect::to(own_page(&entrance.to)).into_response() };
    let now = state.front.now();
    let Some(caller) = keys.recognise(entrance.key.trim(), now) else {
        return page(StatusCode::FORBIDDEN, &entrance.to, "This key is not known, or no longer valid.");
    };
    let session = match keys.sign_in(&caller, now) {
        Ok(session) => session,
        Err(error) => {
            tracing::error!(%error, "no random bytes for a session");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    tracing::info!(key = %caller.key, role = %caller.role, "signed in");
    let cookie = set_cookie(session.reveal(), is_secure, SESSION_MILLIS / 1000);
    with_cookie(Redirect::to(own_page(&entrance.to)), &cookie)
}

pub(super) async fn sign_out(State(state): State<AppState>, request: Request) -> Response {
    let is_secure = state.front.is_secure(request.headers(), request.extensions().get::<Peer>().copied());
    if let (Some(keys), Some(session)) = (state.front.keys(), session_cookie(request.headers())) {
        keys.sign_out(session);
    }
    with_cookie(Redirect::to("/sign-in"), &set_cookie("", is_secure, 0))
}

fn with_cookie(redirect: Redirect, cookie: &str) -> Response {
    let cookie = HeaderValue::from_str(cookie).expect("secrets are letters, digits and dashes");
    ([(header::SET_COOKIE, cookie)], redirect).into_response()
}

/// An address on this service; anything else would let a link lead people who sign in somewhere else.
fn own_page(to: &str) -> &str {
    let is_own =
        to.starts_with('/') && !to.starts_with("//") && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own { to } else { "/" }
}

fn page(status: StatusCode, to: &str, complaint: &str) -> Response {
    let version = assets::version().map(|version| format!("?v={version}")).unwrap_or_default();
    let complaint = if complaint.is_empty() {
        String::new()
    } else {
        format!("<p class=\"error\" role=\"alert\" id=\"complaint\">{complaint}</p>")
    };
    let to = own_page(to).replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sign in · Tidemark</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <link rel=\"stylesheet\" href=\"/pkg/tidemark.css{version}\"><link rel=\"stylesheet\" href=\"/docs.css\">\
         <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\"></head>\
         <body class=\"plain plain--alone\"><main class=\"sign-in\"><p class=\"sign-in__name\">Tidemark</p><h1>Sign in</h1>\
         <p>Tidemark can be reached from other machines here, so it asks for a key. An administrator makes one with \
         <code>tidemark keys create --role read</code>.</p>{complaint}\
         <form method=\"post\" action=\"/sign-in\"><input type=\"hidden\" name=\"to\" value=\"{to}\">\
         <label for=\"key\">Key</label>\
         <input id=\"key\" name=\"key\" type=\"password\" autocomplete=\"current-password\" required autofocus \
         placeholder=\"tdm_…\" spellcheck=\"false\"{described}>\
         <button type=\"submit\">Sign in</button></form></main></body></html>",
        described = if complaint.is_empty() { "" } else { " aria-describedby=\"complaint\" aria-invalid=\"true\"" },
    );
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_SECURITY_POLICY, super::docs::POLICY);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (status, headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests {
    use super::own_page;

    #[test]
    fn only_own_pages_are_gone_to() {
        for own in ["/", "/reports/1?judge=evidently", "/compare"] {
            assert_eq!(own_page(own), own);
        }
        for other in ["", "https://evil.example", "//evil.example", "/\\evil.example", "/a\r\nset-cookie: x", "evil"] {
            assert_eq!(own_page(other), "/", "{other}");
        }
    }
}
