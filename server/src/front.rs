//! The front: every request passes it on its way in, and every answer on its way out.
//!
//! In: an identifier, whether the host and the site it comes from are ours, who sends it and whether they may, how many
//! they have sent, how fast the body comes. Out: a problem for every error, the headers that all answers have, the
//! counters, and a line in the log for what went wrong.

use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use std::convert::Infallible;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;
use tidemark_app::monitor::Millis;
use tower::Service;

use crate::assets;
use crate::clock::Clock;
use crate::keys::{Caller, Keyring};
use crate::limits::{RateLimit, Sender};
use crate::listen::Peer;
use crate::metrics::{Metrics, Predicted};
use crate::problem::{Problem, explain};
use crate::request_id::{self, X_REQUEST_ID};
use crate::routes::{Access, Doors};
use crate::slow_body::{self, Pace};

mod origin;
mod session;

pub(crate) use session::{session_cookie, set_cookie};

/// A body may be so large: a hundred times a row of thirty features, and no burden on memory.
const MAX_BODY_BYTES: usize = 1 << 20;

/// How the service stands towards the world.
pub struct Settings {
    /// The keys that are asked for; `None` asks for none.
    pub keys: Option<Keyring>,
    /// Only this machine can reach the service: then names of other hosts are refused, because a page of another site
    /// could have let its name point here.
    pub is_local: bool,
    /// A proxy stands in front: it says who sends a request, and whether they used TLS.
    pub trusts_proxy: bool,
    /// Origins whose pages may call the service; none by default.
    pub cors_origins: Vec<HeaderValue>,
    /// Requests a second for every key or address; `None` for any number.
    pub requests_per_second: Option<f64>,
    /// How fast a body has to come.
    pub pace: Pace,
    /// The folder of everything that is kept, to be measured.
    pub data_folder: Option<PathBuf>,
}

impl Settings {
    /// On this machine alone, nobody is asked who they are.
    pub fn local() -> Self {
        Self {
            keys: None,
            is_local: true,
            trusts_proxy: false,
            cors_origins: Vec::new(),
            requests_per_second: None,
            pace: Pace::default(),
            data_folder: None,
        }
    }
}

/// The settings, and what goes with them.
pub struct Front {
    settings: Settings,
    doors: Doors,
    openapi: Arc<str>,
    metrics: Metrics,
    rate_limit: Option<RateLimit>,
    is_draining: AtomicBool,
    clock: Arc<dyn Clock>,
}

impl Front {
    pub(crate) fn new(settings: Settings, doors: Doors, openapi: &serde_json::Value, clock: Arc<dyn Clock>) -> Self {
        Self {
            metrics: Metrics::new(doors.all()),
            rate_limit: settings.requests_per_second.map(RateLimit::new),
            openapi: openapi.to_string().into(),
            is_draining: AtomicBool::new(false),
            settings,
            doors,
            clock,
        }
    }

    /// What was counted.
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Every address and who may use it.
    pub const fn doors(&self) -> &Doors {
        &self.doors
    }

    /// The keys that are asked for.
    pub const fn keys(&self) -> Option<&Keyring> {
        self.settings.keys.as_ref()
    }

    /// The time.
    pub(crate) fn now(&self) -> Millis {
        self.clock.now()
    }

    pub(crate) fn openapi_json(&self) -> String {
        self.openapi.to_string()
    }

    pub(crate) fn data_folder(&self) -> Option<&Path> {
        self.settings.data_folder.as_deref()
    }

    pub(crate) fn cors_origins(&self) -> &[HeaderValue] {
        &self.settings.cors_origins
    }

    /// From now on answers ask their clients to close the connection.
    pub fn drain(&self) {
        self.is_draining.store(true, Ordering::Relaxed);
    }

    /// Whether the service stops.
    pub(crate) fn is_draining(&self) -> bool {
        self.is_draining.load(Ordering::Relaxed)
    }

    /// Whether the client speaks TLS, to us or to the proxy.
    pub(crate) fn is_secure(&self, request_headers: &HeaderMap, peer: Option<Peer>) -> bool {
        let forwarded = || request_headers.get("x-forwarded-proto").is_some_and(|scheme| scheme == "https");
        peer.is_some_and(|peer| peer.is_tls) || self.settings.trusts_proxy && forwarded()
    }

    /// Who the connection comes from: the proxy's word where one is trusted, of several the last, which it wrote itself.
    fn address(&self, request: &Request) -> Option<IpAddr> {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.address.ip());
        if !self.settings.trusts_proxy {
            return peer;
        }
        let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
        let last = forwarded.and_then(|list| list.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        last.or(peer)
    }

    /// Lets a request in, or says why not.
    fn admit(&self, request: &Request, door: Option<usize>) -> Result<(), Box<Response>> {
        let headers = request.headers();
        if self.settings.is_local && !origin::is_local_host(headers) {
            return Err(refuse(StatusCode::MISDIRECTED_REQUEST, "this service answers to names of this machine only"));
        }
        let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
        if !is_safe && !origin::is_ours(headers, &self.settings.cors_origins) {
            return Err(refuse(StatusCode::FORBIDDEN, "requests from other sites are refused"));
        }
        let caller = self.settings.keys.as_ref().and_then(|keys| self.caller(keys, headers));
        if let Some(limit) = &self.rate_limit {
            let sender = match &caller {
                Some(caller) => Some(Sender::Key(Arc::clone(&caller.key))),
                None => self.address(request).map(Sender::Address),
            };
            let is_probe = matches!(request.uri().path(), "/livez" | "/readyz" | "/health");
            if let Some(sender) = sender.filter(|_| !is_probe)
                && let Err(wait) = limit.take(sender, Instant::now())
            {
                let mut refusal = refuse(StatusCode::TOO_MANY_REQUESTS, "too many requests; come again later");
                let seconds = HeaderValue::from(wait.as_secs_f64().ceil().max(1.0) as u64);
                refusal.headers_mut().insert(header::RETRY_AFTER, seconds);
                return Err(refusal);
            }
        }
        if self.settings.keys.is_some() { self.authorise(request, door, caller.as_ref()) } else { Ok(()) }
    }

    fn caller(&self, keys: &Keyring, headers: &HeaderMap) -> Option<Caller> {
        if let Some(authorization) = headers.get(header::AUTHORIZATION) {
            let (scheme, key) = authorization.to_str().ok()?.split_once(' ')?;
            return scheme.eq_ignore_ascii_case("bearer").then(|| keys.recognise(key.trim(), self.now()))?;
        }
        keys.resume(session_cookie(headers)?, self.now())
    }

    fn authorise(&self, request: &Request, door: Option<usize>, caller: Option<&Caller>) -> Result<(), Box<Response>> {
        let is_matched = request.extensions().get::<MatchedPath>().is_some();
        let access = match door {
            Some(door) => &self.doors.all()[door].access,
            // Files of the site have no door of their own; the sign-in page needs them.
            None if !is_matched && assets::exists(request.uri()) => &Access::Open,
            // There is nothing, and it needs a key to learn that. An address without an entry in the table is for
            // administrators: whoever adds one and forgets its role finds out.
            None if !is_matched => return if caller.is_some() { Ok(()) } else { Err(ask_for_key(request)) },
            None => &Access::Roles(Vec::new()),
        };
        match caller {
            _ if *access == Access::Open => Ok(()),
            Some(caller) if access.allows(caller.role) => Ok(()),
            Some(caller) => {
                let Access::Roles(roles) = access else { return Ok(()) };
                let needed: Vec<_> = roles.iter().map(|role| role.name()).chain(["admin"]).collect();
                let (role, needed) = (caller.role, needed.join(" or "));
                Err(refuse(StatusCode::FORBIDDEN, format!("this takes a key of the role {needed}; yours is {role}")))
            }
            None => Err(ask_for_key(request)),
        }
    }
}

fn refuse(status: StatusCode, detail: impl Into<String>) -> Box<Response> {
    Box::new(Problem::new(status, detail).into_response())
}

/// A person is shown to the sign-in page, a program is told.
fn ask_for_key(request: &Request) -> Box<Response> {
    let accepts_pages = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    if *request.method() == Method::GET && accepts_pages {
        let to = request.uri().path_and_query().map_or("/", |to| to.as_str());
        return Box::new(Redirect::to(&format!("/sign-in?to={}", session::percent_encoded(to))).into_response());
    }
    let mut refusal = refuse(StatusCode::UNAUTHORIZED, "a key is needed: Authorization: Bearer tdm_…");
    let challenge = HeaderValue::from_static("Bearer realm=\"tidemark\"");
    refusal.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    refusal
}

/// The routes behind the front.
#[derive(Clone)]
pub(crate) struct Gate<S> {
    pub(crate) front: Arc<Front>,
    pub(crate) routes: S,
}

impl<S> Service<Request> for Gate<S>
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.routes.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The clone has not said yet that it is ready.
        let clone = self.routes.clone();
        let ready = std::mem::replace(&mut self.routes, clone);
        Box::pin(pass(Arc::clone(&self.front), request, ready))
    }
}

/// The way of a request through the front.
async fn pass<S>(front: Arc<Front>, mut request: Request, mut routes: S) -> Result<Response, Infallible>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    let begun = Instant::now();
    let under_way = front.metrics.enter();
    let request_id = request_id::of(request.headers());
    let door =
        request.extensions().get::<MatchedPath>().and_then(|path| front.doors.find(path.as_str(), request.method()));
    let (method, uri) = (request.method().clone(), request.uri().clone());

    let mut response = match front.admit(&request, door) {
        Ok(()) => {
            let fell_behind = slow_body::watch(&mut request, front.settings.pace);
            // A route that takes more says so itself.
            DefaultBodyLimit::max(MAX_BODY_BYTES).apply(&mut request);
            let response = routes.call(request).await?;
            if fell_behind.is_some_and(|fell_behind| fell_behind.load(Ordering::Relaxed)) {
                too_slow()
            } else {
                response
            }
        }
        Err(refusal) => *refusal,
    };

    let id = request_id.to_str().unwrap_or_default();
    if response.status().is_client_error() || response.status().is_server_error() {
        response = explain(response, id).await;
        write_down(&response, &method, &uri, id);
    }
    let predicted = response.extensions_mut().remove::<Predicted>();
    front.metrics.observe(door, response.status(), begun.elapsed(), id, predicted.as_ref());
    drop(under_way);
    let is_draining = front.is_draining();
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, request_id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Nothing but a page refers anybody to anything.
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page && !headers.contains_key(header::REFERRER_POLICY) {
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    }
    if is_draining {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// The rest of the body may still be under way, so the connection is of no more use.
fn too_slow() -> Response {
    let problem = Problem::new(StatusCode::REQUEST_TIMEOUT, "the body came too slowly");
    ([(header::CONNECTION, "close")], problem).into_response()
}

/// What failed is logged with the request's identifier. The query is left out: it may hold what others should not see.
fn write_down(response: &Response, method: &Method, uri: &Uri, request_id: &str) {
    let (status, path) = (response.status().as_u16(), uri.path());
    if response.status().is_server_error() {
        tracing::error!(request_id, status, %method, path, "a request failed");
    } else {
        tracing::debug!(request_id, status, %method, path, "a request was refused");
    }
}
