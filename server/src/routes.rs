//! The addresses of the service: what programs ask, and the pages.

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRef, State};
use axum::http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body::Body as _;
use leptos::prelude::*;
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions, generate_route_list};
use std::sync::{Arc, LazyLock};
use tidemark_app::assets::AssetVersion;
use tidemark_app::backend::{BackendHandle, KeysHandle};
use tidemark_app::{App, shell};
use tower::layer::layer_fn;
use tower_http::cors::CorsLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::assets;
use crate::front::{Front, Gate, Settings};
use crate::problem::Problem;
use crate::request_id::X_REQUEST_ID;
use crate::service::Service;

mod alerts;
mod api;
mod docs;
mod doors;
mod events;
mod example;
mod health;
mod keys;
mod metrics;
mod mlflow;
mod monitors;
mod openapi;
mod performance;
mod predict;
mod reports;
mod shares;
mod sign_in;
mod v2;

pub use doors::{Access, Door, Doors};

/// What handlers share.
#[derive(Clone)]
pub struct AppState {
    /// The service behind everything.
    pub service: Arc<Service>,
    /// What every request passes.
    pub front: Arc<Front>,
    leptos: Arc<LeptosOptions>,
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        LeptosOptions::clone(&state.leptos)
    }
}

/// The pages' addresses, looked for once in a process: as long as Leptos looks for them, it holds every resource that is
/// begun anywhere in the process, for ever (leptos-rs/leptos#4773), and a page that waits for one is never finished.
static PAGES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| generate_route_list(App));

/// Every address, for this machine alone.
pub fn router(service: Arc<Service>) -> Router {
    router_behind(service, Settings::local()).0
}

/// Every address, behind a front with these settings; and that front.
pub fn router_behind(service: Arc<Service>, settings: Settings) -> (Router, Arc<Front>) {
    let (programs, document) = openapi::programs().split_for_parts();
    let document = openapi::complete(&document);
    let clock = Arc::clone(service.clock());
    let front = Arc::new(Front::new(settings, Doors::of(&document), &document, clock));
    let leptos = Arc::new(LeptosOptions::builder().output_name("tidemark").build());
    let state = AppState { service, front: Arc::clone(&front), leptos };
    let context = contexts(&state);
    let document = {
        let options = Arc::clone(&state.leptos);
        move || document_shell(&options)
    };
    let gate = {
        let front = Arc::clone(&front);
        move |routes| Gate { front: Arc::clone(&front), routes }
    };
    let router = programs
        .route("/docs.js", get(docs::script))
        .route("/docs.css", get(docs::style))
        .route("/events", get(events::events))
        .route("/sign-in", get(sign_in::form).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/keys", post(keys::change))
        .leptos_routes_with_context(&state, PAGES.clone(), context, document)
        .fallback(asset_or_page)
        .method_not_allowed_fallback(|method: Method| async move {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} means nothing at this address"))
        })
        .layer(layer_fn(gate))
        .with_state(state);
    let origins = front.cors_origins().to_vec();
    // Outside the front, so that the question before a request needs no key.
    let router = if origins.is_empty() { router } else { router.layer(cors(origins)) };
    (router, front)
}

/// Lets pages of these origins call the service, with a key but without cookies.
fn cors(origins: Vec<HeaderValue>) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            X_REQUEST_ID,
        ])
        .expose_headers([X_REQUEST_ID, header::RETRY_AFTER])
}

/// A batch of rows may be so large.
const MAX_BATCH_BYTES: usize = 16 << 20;

/// Lets bodies of at most so many bytes in. One that says beforehand that it is larger is refused before it is read.
fn bodies_up_to(most: usize, routes: OpenApiRouter<AppState>) -> OpenApiRouter<AppState> {
    let refuse = move |request: Request<Body>, next: Next| async move {
        if request.body().size_hint().lower() > most as u64 {
            let detail = format!("a body has at most {most} bytes here");
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail).into_response();
        }
        next.run(request).await
    };
    routes.layer(DefaultBodyLimit::max(most)).layer(middleware::from_fn(refuse))
}

/// What pages and server functions find in their context.
fn contexts(state: &AppState) -> impl Fn() + Clone + Send + Sync + 'static {
    let backend: BackendHandle = state.service.clone();
    let keys: KeysHandle = Arc::new(keys::KeysOf(Arc::clone(&state.front)));
    let version = assets::version().map_or_else(AssetVersion::default, AssetVersion);
    move || {
        provide_context(backend.clone());
        provide_context(keys.clone());
        provide_context(version.clone());
    }
}

/// The document, and the policy that lets it run its own scripts and nobody else's.
fn document_shell(options: &LeptosOptions) -> impl IntoView + use<> {
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
    shell(options.clone())
}

/// A file of the site, or the page that says there is nothing here.
async fn asset_or_page(State(state): State<AppState>, request: Request<Body>) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some(response) = assets::respond(request.uri(), request.headers())
    {
        return response;
    }
    // Programs ask here, and pages are of no use to them.
    let is_programs = request.uri().path().starts_with("/api/") || request.uri().path().starts_with("/v2/");
    if is_programs || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Problem::new(StatusCode::NOT_FOUND, "there is nothing at this address").into_response();
    }
    let options = Arc::clone(&state.leptos);
    let page = leptos_axum::render_app_to_stream_with_context(contexts(&state), move || document_shell(&options));
    let mut response = page(request).await.into_response();
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}
