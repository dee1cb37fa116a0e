//! `GET /events`: server-sent events for pages that are open, an event `news` whenever there is something new, and every few
//! seconds in any case, so that a page can tell silence from a line that broke.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use http_body::Frame;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tidemark_app::live::News;
use tokio::sync::watch;
use tokio::time::Instant;

use super::AppState;
use crate::front::Front;

/// A sign of life at least so often. Pages begin to ask themselves after seven seconds of silence.
const ALIVE_EVERY: Duration = Duration::from_secs(3);

/// How long a service that stops waits for a listener at most.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long a browser waits before it opens a line anew that broke.
const RETRY_MILLIS: u32 = 1_000;

/// The stream of events.
pub(super) async fn events(State(state): State<AppState>) -> Response {
    let hearing = Hearing { news: state.service.news(), front: state.front, is_first: true };
    let mut response = Response::new(Body::new(Events(Box::pin(hearing.next()))));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

struct Hearing {
    news: watch::Receiver<News>,
    front: Arc<Front>,
    is_first: bool,
}

impl Hearing {
    /// Waits for the next event; `None` when the service stops, which waits for nobody who merely listens.
    async fn next(mut self) -> Option<(Self, Bytes)> {
        let alive = Instant::now() + ALIVE_EVERY;
        while !self.is_first && !self.front.is_draining() && Instant::now() < alive {
            tokio::select! {
                changed = self.news.changed() => {
                    changed.ok()?;
                    break;
                }
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        if self.front.is_draining() {
            return None;
        }
        let news = *self.news.borrow_and_update();
        let mut event = format!("event: news\ndata: {news}\n\n");
        if self.is_first {
            event.insert_str(0, &format!("retry: {RETRY_MILLIS}\n"));
        }
        self.is_first = false;
        Some((self, event.into()))
    }
}

type Next = Pin<Box<dyn Future<Output = Option<(Hearing, Bytes)>> + Send>>;

struct Events(Next);

impl http_body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some((hearing, event)) = ready!(self.0.as_mut().poll(context)) else { return Poll::Ready(None) };
        self.0 = Box::pin(hearing.next());
        Poll::Ready(Some(Ok(Frame::data(event))))
    }
}
