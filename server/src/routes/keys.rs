//! The page of keys: what it reads, and the forms it sends. A key that was made travels in the answer to its form, and nowhere else.

use axum::body::Body;
use axum::extract::{Form, FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::provide_context;
use serde::Deserialize;
use std::sync::Arc;
use tidemark_app::backend::KeyBackend;
use tidemark_app::error::AppError;
use tidemark_app::keys::{KeyLine, Keys, NewKey, Outcome};
use tidemark_app::monitor::Millis;
use tidemark_watch::span::Span;
use tidemark_watch::store::StoreError;

use super::{AppState, contexts, document_shell};
use crate::front::{Front, session_cookie};
use crate::keys::{KeyRecord, Keyring, Role, Secret};

/// Bytes of a key's name.
const MAX_NAME_BYTES: usize = 80;

/// The keys behind a front, as the page reads them.
pub(super) struct KeysOf(pub(super) Arc<Front>);

impl KeyBackend for KeysOf {
    fn keys(&self, headers: &HeaderMap) -> Result<Keys, AppError> {
        let now = self.0.now();
        let outcome = Outcome::default();
        let Some(ring) = self.0.keys() else { return Ok(Keys { keys: None, own: None, outcome, now }) };
        let own =
            session_cookie(headers).and_then(|session| ring.resume(session, now)).map(|caller| caller.key.to_string());
        let mut keys: Vec<KeyLine> = ring.store().list().map_err(internal)?.into_iter().map(line).collect();
        keys.sort_by_key(|key| (!key.is_valid(now), std::cmp::Reverse(key.created)));
        Ok(Keys { keys: Some(keys), own, outcome, now })
    }
}

fn internal(error: StoreError) -> AppError {
    tracing::error!(%error, "the keys could not be read");
    AppError::Internal
}

fn line(record: KeyRecord) -> KeyLine {
    let KeyRecord { id, name, role, created, expires, last_used, revoked, .. } = record;
    KeyLine { id, name, role: role.name().to_owned(), created, expires, last_used, revoked }
}

/// What a form of the page sends.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Wish {
    /// A new key.
    Create {
        #[serde(default)]
        name: String,
        role: String,
        /// How long it is valid; for ever where it is empty.
        #[serde(default)]
        ends: String,
    },
    /// A new key in the place of another.
    Rotate {
        id: String,
        /// How long the old one stays valid; not at all where it is empty.
        #[serde(default)]
        grace: String,
    },
    /// The end of a key.
    Revoke { id: String },
}

/// Why a wish is not granted.
enum Refusal {
    /// It makes no sense, in a sentence.
    Wrong(String),
    /// The store.
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Does what a form asks for, and shows the page with what came of it.
pub(super) async fn change(State(state): State<AppState>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked = Request::from_parts(parts.clone(), body);
    let wish = match Form::<Wish>::from_request(asked, &state).await {
        Ok(Form(wish)) => wish,
        Err(rejection) => return rejection.into_response(),
    };
    let front = Arc::clone(&state.front);
    let granted = tokio::task::spawn_blocking(move || {
        let ring = front.keys().ok_or_else(|| Refusal::Wrong("Nobody is asked for a key here.".to_owned()))?;
        let made = grant(ring, wish, front.now())?;
        // It holds from now on, not from the next second.
        ring.refresh()?;
        Ok(made)
    });
    let (status, outcome) = match granted.await {
        Ok(Ok(made)) => (StatusCode::OK, Outcome { made, problem: None }),
        Ok(Err(Refusal::Wrong(problem))) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Outcome { made: None, problem: Some(problem) })
        }
        Ok(Err(Refusal::Store(error))) => {
            tracing::error!(%error, "the keys could not be changed");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
        Err(error) => {
            tracing::error!(%error, "changing a key panicked");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut page = Request::from_parts(parts, Body::empty());
    *page.method_mut() = Method::GET;
    let context = contexts(&state);
    let options = Arc::clone(&state.leptos);
    let with_outcome = move || {
        context();
        provide_context(outcome.clone());
    };
    let shown = leptos_axum::render_app_async_with_context(with_outcome, move || document_shell(&options));
    let mut response = shown(page).await.into_response();
    *response.status_mut() = status;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn grant(ring: &Keyring, wish: Wish, now: Millis) -> Result<Option<NewKey>, Refusal> {
    let store = ring.store();
    let known = |id: &str| -> Result<KeyRecord, Refusal> {
        store.valid(id, now)?.ok_or_else(|| Refusal::Wrong(format!("There is no valid key {id:?}.")))
    };
    let shown = |(record, secret): (KeyRecord, Secret)| {
        Some(NewKey { role: record.role.name().to_owned(), name: record.name, secret: secret.reveal().to_owned() })
    };
    match wish {
        Wish::Create { name, role, ends } => {
            let name = name.trim();
            if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
                return Err(Refusal::Wrong(format!("A key has a name of at most {MAX_NAME_BYTES} bytes in one line.")));
            }
            let role: Role = role.parse().map_err(Refusal::Wrong)?;
            Ok(shown(store.create(role, name, now, span(&ends)?.map(|span| now + span.millis()))?))
        }
        Wish::Rotate { id, grace } => {
            let old = known(&id)?;
            let end = now + span(&grace)?.map_or(0, Span::millis);
            Ok(shown(store.rotate(&old, now, end)?))
        }
        Wish::Revoke { id } => {
            let key = known(&id)?;
            let is_other_admin = |other: &KeyRecord| other.role == Role::Admin && other.id != id && other.is_valid(now);
            if key.role == Role::Admin && !store.list()?.iter().any(is_other_admin) {
                let why = "This is the last key of an administrator: without it nobody could open this page. Make another one first.";
                return Err(Refusal::Wrong(why.to_owned()));
            }
            store.revoke(&id, now)?;
            Ok(None)
        }
    }
}

/// A span that may be left out.
fn span(text: &str) -> Result<Option<Span>, Refusal> {
    let text = Some(text.trim()).filter(|text| !text.is_empty());
    text.map(str::parse::<Span>).transpose().map_err(|error| Refusal::Wrong(format!("{error}.")))
}
