//! Bodies that come too slowly: a request may not hold a place by sending a byte now and then.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// How fast a body has to come.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Time that every body gets.
    pub patience: Duration,
    /// Beyond that, time for what has come: bytes per second.
    pub bytes_per_second: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { patience: Duration::from_secs(10), bytes_per_second: 4096 }
    }
}

/// Holds the request's body to the pace. The answer says later whether it fell behind; `None` for a request without body.
pub(crate) fn watch(request: &mut Request, pace: Pace) -> Option<Arc<AtomicBool>> {
    if request.body().is_end_stream() {
        return None;
    }
    let fell_behind = Arc::new(AtomicBool::new(false));
    let inner = std::mem::take(request.body_mut());
    let body = PacedBody { inner, pace, received: 0, wait: None, fell_behind: Arc::clone(&fell_behind) };
    *request.body_mut() = Body::new(body);
    Some(fell_behind)
}

struct PacedBody {
    inner: Body,
    pace: Pace,
    received: u64,
    /// Since when it has been waited for, and the alarm. A body that is there at once needs neither.
    wait: Option<(Instant, Pin<Box<Sleep>>)>,
    fell_behind: Arc<AtomicBool>,
}

impl HttpBody for PacedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            if let Some(Ok(frame)) = &frame {
                this.received += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(frame);
        }
        let allowed = this.pace.patience
            + Duration::from_secs_f64(this.received as f64 / f64::from(this.pace.bytes_per_second.max(1)));
        let (since, alarm) = this.wait.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(tokio::time::sleep_until(now + allowed)))
        });
        let deadline = *since + allowed;
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        if alarm.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        this.fell_behind.store(true, Ordering::Relaxed);
        let error = std::io::Error::new(std::io::ErrorKind::TimedOut, "the body came too slowly");
        Poll::Ready(Some(Err(axum::Error::new(error))))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
