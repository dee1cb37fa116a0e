//! Serving: the loop and the routes, until told to stop.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;

use crate::routes;
use crate::service::Service;

/// Requests under way get so long to finish before the service stops without them.
const PATIENCE: Duration = Duration::from_secs(5);

/// Serves until `shutdown` is done, then lets requests under way finish.
///
/// # Errors
/// The listener fails.
pub async fn run(
    listener: TcpListener,
    service: Arc<Service>,
    interval: Duration,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let checks = tokio::spawn(check_every(interval, Arc::clone(&service)));
    let router = routes::router(service);
    let stopping = Arc::new(Notify::new());
    let stopped = Arc::clone(&stopping);
    let graceful = async move {
        shutdown.await;
        stopped.notify_one();
    };
    let served = tokio::select! {
        served = axum::serve(listener, router).with_graceful_shutdown(graceful) => served,
        () = async { stopping.notified().await; tokio::time::sleep(PATIENCE).await } => Ok(()),
    };
    checks.abort();
    served
}

/// Compares the latest window at every tick. A slow comparison delays the next, it does not pile up.
async fn check_every(interval: Duration, service: Arc<Service>) {
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick comes at once, before there is anything to compare.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let service = Arc::clone(&service);
        match tokio::task::spawn_blocking(move || service.check_if_due()).await {
            Ok(Ok(Some(head))) => tracing::info!(report = %head.id, rows = head.window.rows(), "{}", head.sentence),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => tracing::error!(%error, "the comparison failed; the next one comes as planned"),
            Err(panic) => tracing::error!(%panic, "the comparison panicked; the next one comes as planned"),
        }
    }
}

/// Resolves at the first SIGINT or SIGTERM.
pub async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without signals there is still the keyboard.
        drop(tokio::signal::ctrl_c().await);
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
