//! The addresses of the service: what programs ask, and the pages.

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, State};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use std::sync::Arc;
use tidemark_app::assets::AssetVersion;
use tidemark_app::backend::BackendHandle;
use tidemark_app::{App, shell};

use crate::assets;
use crate::problem::Problem;
use crate::service::Service;

mod example;
mod health;
mod predict;

/// What handlers share.
#[derive(Clone)]
pub struct AppState {
    /// The service behind everything.
    pub service: Arc<Service>,
    leptos: LeptosOptions,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos.clone()
    }
}

/// A body may be so large: a hundred times a row of thirty features, and no burden on memory.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Every address, ready to be served.
pub fn router(service: Arc<Service>) -> Router {
    let leptos = LeptosOptions::builder().output_name("tidemark").build();
    let state = AppState { service, leptos };
    let context = contexts(&state);
    let document = {
        let options = state.leptos.clone();
        move || document(options.clone())
    };
    Router::new()
        .route("/predict", post(predict::predict))
        .route("/health", get(health::health))
        .route("/example/{file}", get(example::file))
        .leptos_routes_with_context(&state, generate_route_list(App), context, document)
        .fallback(asset_or_page)
        .method_not_allowed_fallback(|method: Method| async move {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} means nothing at this address"))
        })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(only_same_origin))
        .layer(middleware::from_fn(security_headers))
        .with_state(state)
}

/// What pages and server functions find in their context.
fn contexts(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let backend: BackendHandle = state.service.clone();
    let version = assets::version().map_or_else(AssetVersion::default, AssetVersion);
    move || {
        provide_context(backend.clone());
        provide_context(version.clone());
    }
}

/// The document, and the policy that lets it run its own scripts and nobody else's.
fn document(options: LeptosOptions) -> impl IntoView {
    if let (Some(nonce), Some(response)) = (leptos::nonce::use_nonce(), use_context::<ResponseOptions>()) {
        let policy = format!(
            "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
             style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; \
             worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; \
             frame-ancestors 'none'"
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    shell(options)
}

/// A file of the site, or the page that says there is nothing here.
async fn asset_or_page(State(state): State<AppState>, request: Request<axum::body::Body>) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some(response) = assets::respond(request.uri(), request.headers())
    {
        return response;
    }
    let options = state.leptos.clone();
    let page = leptos_axum::render_app_to_stream_with_context(contexts(&state), move || document(options.clone()));
    let mut response = page(request).await.into_response();
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Server functions have no protection against other sites' forms of their own: what changes something has to come
/// from a page of ours, or from a program, which sends none of these headers.
async fn only_same_origin(request: Request<axum::body::Body>, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    Problem::new(StatusCode::FORBIDDEN, "requests from other sites are refused").into_response()
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
    }
}

async fn security_headers(request: Request<axum::body::Body>, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn other_sites_are_told_from_our_pages_and_from_programs() {
        assert!(is_same_origin(&headers(&[])), "a program");
        assert!(is_same_origin(&headers(&[("sec-fetch-site", "same-origin")])));
        assert!(!is_same_origin(&headers(&[("sec-fetch-site", "cross-site")])));
        assert!(!is_same_origin(&headers(&[("sec-fetch-site", "same-site")])));
        assert!(is_same_origin(&headers(&[("origin", "http://127.0.0.1:8000"), ("host", "127.0.0.1:8000")])));
        assert!(!is_same_origin(&headers(&[("origin", "http://evil.example"), ("host", "127.0.0.1:8000")])));
        assert!(!is_same_origin(&headers(&[("origin", "null"), ("host", "127.0.0.1:8000")])));
    }
}
