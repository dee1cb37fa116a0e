//! Serving: the loop and the routes, until told to stop.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidemark_log::Maintained;
use tidemark_watch::store::{Lead, TTL};
use tokio::net::TcpListener;
use tokio::time::MissedTickBehavior;

use crate::front::{Front, Settings};
use crate::listen::{self, Limits, Tls};
use crate::service::Service;
use crate::{metrics, routes};

/// How the service meets the network.
pub struct Edge {
    /// Who may do what.
    pub settings: Settings,
    /// What connections may take.
    pub limits: Limits,
    /// The certificate; `None` for plain HTTP.
    pub tls: Option<Tls>,
}

impl Edge {
    /// Plain HTTP for this machine alone.
    pub fn local() -> Self {
        Self { settings: Settings::local(), limits: Limits::default(), tls: None }
    }
}

/// Serves until `shutdown` is done, then lets requests under way finish.
pub async fn run(
    listener: TcpListener,
    service: Arc<Service>,
    edge: Edge,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    metrics::start();
    let Edge { settings, limits, tls } = edge;
    let (router, front) = routes::router_behind(Arc::clone(&service), settings);
    let leading = service.replica().is_some().then(|| tokio::spawn(lead(Arc::clone(&service))));
    let of_stop = Arc::clone(&service);
    let checks = tokio::spawn(tick(Arc::clone(&service), Arc::clone(&front)));
    let messages = tokio::spawn(send_messages(Arc::clone(&service)));
    let upkeep = tokio::spawn(maintain(service));
    let keys = tokio::spawn(refresh_keys(Arc::clone(&front)));
    let certificates = tls.clone().map(|tls| tokio::spawn(reload_at_hangup(tls)));
    listen::serve(listener, router, tls, limits, shutdown, || front.drain()).await;
    checks.abort();
    messages.abort();
    upkeep.abort();
    keys.abort();
    if let Some(certificates) = certificates {
        certificates.abort();
    }
    // When keys were used since the last round.
    refresh(&front).await;
    if let Some(leading) = leading {
        leading.abort();
        // Whoever is left need not wait for the lease to end.
        let resigned = tokio::task::spawn_blocking(move || of_stop.store.resign()).await;
        if let Ok(Err(error)) = resigned {
            tracing::warn!(%error, "the others will find out by themselves that this replica leads no more");
        }
    }
}

/// How often a replica looks whether it leads: a few times while its lease holds.
const LEAD_EVERY: Duration = Duration::from_secs(2);

/// Leads whenever nobody else does. One that could not renew its lease stops acting as if it had it.
async fn lead(service: Arc<Service>) {
    let mut renewed = Instant::now();
    let ttl = Duration::from_millis(TTL.unsigned_abs());
    loop {
        let of_round = Arc::clone(&service);
        let (began, did_lead) = (Instant::now(), service.store.leads());
        match tokio::task::spawn_blocking(move || of_round.lead()).await {
            Ok(Ok(found)) => {
                renewed = began;
                match found {
                    Lead::Begun => tracing::info!("this replica leads: it makes what is due and sends messages"),
                    Lead::Others if did_lead => tracing::warn!("another replica leads now"),
                    Lead::Held | Lead::Others => {}
                }
            }
            Ok(Err(error)) => tracing::error!(%error, "whether this replica leads could not be found out"),
            Err(panic) => tracing::error!(%panic, "finding out whether this replica leads panicked"),
        }
        if service.store.leads() && renewed.elapsed() > ttl {
            service.store.stand_back();
            tracing::warn!("this replica leads no more: it could not say so for longer than its lease holds");
        }
        tokio::time::sleep(LEAD_EVERY).await;
    }
}

/// What the command line changes about keys is in force within this time.
const KEYS_EVERY: Duration = Duration::from_secs(1);

async fn refresh_keys(front: Arc<Front>) {
    while front.keys().is_some() {
        tokio::time::sleep(KEYS_EVERY).await;
        refresh(&front).await;
    }
}

async fn refresh(front: &Arc<Front>) {
    let front = Arc::clone(front);
    let refreshed = tokio::task::spawn_blocking(move || front.keys().map_or(Ok(()), crate::keys::Keyring::refresh));
    if let Ok(Err(error)) = refreshed.await {
        tracing::error!(%error, "the keys could not be read again");
    }
}

/// A renewed certificate is taken at SIGHUP.
async fn reload_at_hangup(tls: Tls) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    while hangup.recv().await.is_some() {
        match tls.reload() {
            Ok(()) => tracing::info!("the certificate was read again"),
            Err(error) => tracing::error!(%error, "the certificate stays as it was"),
        }
    }
}

/// How often monitors are looked at.
const TICK: Duration = Duration::from_secs(1);

/// Makes what is due of all monitors at every tick. A slow run delays the next tick, it does not pile up.
async fn tick(service: Arc<Service>, front: Arc<Front>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let service = Arc::clone(&service);
        let began = Instant::now();
        let made = tokio::task::spawn_blocking(move || service.tick()).await;
        let is_made = matches!(&made, Ok(Ok(heads)) if !heads.is_empty());
        if is_made || !matches!(made, Ok(Ok(_))) {
            front.metrics().observe_report(began.elapsed(), is_made);
        }
        match made {
            Ok(Ok(heads)) => {
                for head in heads {
                    tracing::info!(report = %head.id, rows = head.window.rows(), "{}", head.sentence);
                }
            }
            Ok(Err(error)) => tracing::error!(%error, "what was due was not made; the next tick tries again"),
            Err(panic) => tracing::error!(%panic, "a tick panicked; the next one comes as planned"),
        }
    }
}

/// Sends what monitors have to say, apart from them: a channel that does not answer holds nothing up but its messages.
async fn send_messages(service: Arc<Service>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let service = Arc::clone(&service);
        match tokio::task::spawn_blocking(move || service.send_messages()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::error!(%error, "messages could not be sent; the next tick tries again"),
            Err(panic) => tracing::error!(%panic, "sending messages panicked; the next tick tries again"),
        }
    }
}

/// How often the log is looked after.
const UPKEEP_EVERY: Duration = Duration::from_secs(10);

/// Keeps the log in shape: deletes what is not to be kept, and puts small segments together, one run after another until
/// none is left. Works on a thread that may block, which a stop waits for.
async fn maintain(service: Arc<Service>) {
    loop {
        let of_round = Arc::clone(&service);
        match tokio::task::spawn_blocking(move || of_round.retain_reports()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(n)) => tracing::info!(n, "reports were deleted"),
            Ok(Err(error)) => tracing::error!(%error, "old reports could not be deleted; the next round tries again"),
            Err(panic) => tracing::error!(%panic, "deleting old reports panicked; the next round comes as planned"),
        }
        let of_round = Arc::clone(&service);
        let again = match tokio::task::spawn_blocking(move || of_round.maintain()).await {
            Ok(Ok(done)) => {
                if done != Maintained::default() {
                    let Maintained { n_retired, n_compacted } = done;
                    tracing::info!(n_retired, n_compacted, "segments of the log were deleted or put together");
                }
                done.n_compacted > 0
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "the log could not be looked after; the next round tries again");
                false
            }
            Err(panic) => {
                tracing::error!(%panic, "looking after the log panicked; the next round comes as planned");
                false
            }
        };
        if !again {
            tokio::time::sleep(UPKEEP_EVERY).await;
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
