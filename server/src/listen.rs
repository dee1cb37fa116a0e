//! Connections: accepted up to a limit, closed when they say nothing or dribble, drained when the service stops.
//!
//! `axum::serve` gives hyper no timer, so its limit on slow headers does not hold; hence a loop of our own. The one limit
//! `head` covers three cases, as hyper starts its clock when it begins to wait for a head: a connection that says nothing,
//! one that sends its head byte by byte, and one that stays open between requests.

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tower::Service;

pub mod tls;

pub use tls::Tls;

/// The other end of a connection, in the extensions of its requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// Whether we speak TLS with it.
    pub is_tls: bool,
}

/// What connections may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time for a request's head to come, from when it is waited for; also for the handshake of TLS.
    pub head: Duration,
    /// Connections at a time. More of them wait to be accepted.
    pub connections: usize,
    /// Connections at a time from one address; more are closed at once. This machine's own addresses are not limited.
    pub per_address: usize,
    /// Time for requests under way to finish once the service stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        // Browsers open connections ahead and close those that they did not need after ten seconds. Whoever closes first leaves no
        // request without an answer, so it must not be the server.
        Self { head: Duration::from_secs(15), connections: 16_384, per_address: 1024, drain: Duration::from_secs(10) }
    }
}

/// After the signal to stop, clients that are in the middle of things still get answers, each with the word that the
/// connection closes; those that are quiet for so long are closed then.
const FAREWELL: Duration = Duration::from_millis(300);

/// Connections that the system holds until we accept them. The standard library asks for 128; of a burst of more, the rest
/// would try again after a second. Linux takes the smaller of this and `net.core.somaxconn`.
const BACKLOG: u32 = 4096;

/// Listens at an address, with room for a burst of connections.
///
/// # Errors
/// The address is taken, or is not ours.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A service that was just stopped leaves connections behind that are still closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `shutdown` is done, then lets requests under way finish. `on_drain` is called when that begins.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
    on_drain: impl FnOnce(),
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let addresses = Arc::new(Addresses::default());
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, address, place)) = accepted else { continue };
        let Some(guest) = addresses.enter(address.ip(), limits.per_address) else {
            tracing::debug!(%address, "too many connections from this address");
            continue;
        };
        drop(stream.set_nodelay(true));
        let (router, tls, watcher) = (router.clone(), tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _taken = (place, guest);
            let peer = Peer { address, is_tls: tls.is_some() };
            match tls {
                None => converse(stream, peer, router, limits, watcher).await,
                // In a box, so that connections without TLS need not have room for its state.
                Some(tls) => {
                    let secured = async move {
                        match tokio::time::timeout(limits.head, tls.accept(stream)).await {
                            Ok(Ok(stream)) => converse(stream, peer, router, limits, watcher).await,
                            Ok(Err(error)) => tracing::debug!(%address, %error, "no TLS"),
                            Err(_) => tracing::debug!(%address, "the handshake took too long"),
                        }
                    };
                    Box::pin(secured).await;
                }
            }
        });
    }
    drop(listener);
    on_drain();
    tokio::time::sleep(FAREWELL).await;
    if tokio::time::timeout(limits.drain.saturating_sub(FAREWELL), graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when the time to finish them was over");
    }
}

type Place = tokio::sync::OwnedSemaphorePermit;

/// The next connection once there is a place for it; `None` if that one failed.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> Option<(TcpStream, SocketAddr, Place)> {
    let place = Arc::clone(places).acquire_owned().await.expect("nobody closes the semaphore");
    match listener.accept().await {
        Ok((stream, address)) => Some((stream, address, place)),
        Err(error) => {
            // Mostly "too many open files": it passes when others leave, and asking on and on would not help.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

/// Answers a connection's requests until it closes.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: Peer,
    router: Router,
    limits: Limits,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        // In a box, which a connection that waits for its next request does not have.
        Box::pin(router.clone().call(request.map(Body::new)))
    });
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let connection = protocol.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(address = %peer.address, %error, "a connection ended early");
    }
}

/// How many connections come from where.
#[derive(Default)]
struct Addresses(Mutex<HashMap<IpAddr, usize>>);

impl Addresses {
    /// Counts one more until what is returned is dropped; `None` if that would be too many.
    fn enter(self: &Arc<Self>, address: IpAddr, limit: usize) -> Option<Guest> {
        if address.to_canonical().is_loopback() {
            return Some(Guest { counted: None });
        }
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_insert(0);
        if *count >= limit {
            return None;
        }
        *count += 1;
        Some(Guest { counted: Some((Arc::clone(self), address)) })
    }
}

struct Guest {
    counted: Option<(Arc<Addresses>, IpAddr)>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        let Some((addresses, address)) = &self.counted else { return };
        let mut counts = addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_of_connections_need_not_come_again() {
        let most =
            std::fs::read_to_string("/proc/sys/net/core/somaxconn").ok().and_then(|text| text.trim().parse().ok());
        if most.is_none_or(|most: u32| most < 1024) {
            println!("skipped: the system holds at most {most:?} connections for a listener");
            return;
        }
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        // Nobody accepts, so each of them needs a place in the queue; one without would be told so after a second at best.
        let burst = futures::future::join_all((0..600).map(|_| TcpStream::connect(address)));
        let burst =
            tokio::time::timeout(Duration::from_millis(900), burst).await.expect("no connection was tried twice");
        assert!(burst.iter().all(Result::is_ok));
    }

    #[test]
    fn an_address_has_so_many_connections_and_this_machine_any_number() {
        let addresses = Arc::new(Addresses::default());
        let from = |address: &str| addresses.enter(address.parse().unwrap(), 2);
        let (first, second) = (from("192.0.2.1"), from("192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(from("192.0.2.1").is_none());
        assert!(from("192.0.2.2").is_some(), "another address");
        drop(first);
        assert!(from("192.0.2.1").is_some(), "one has left");
        let own: Vec<_> = (0..5).map(|_| from("127.0.0.1")).collect();
        assert!(own.iter().all(Option::is_some));
        drop((second, own));
        assert!(addresses.0.lock().unwrap().is_empty(), "nobody is remembered who has left");
    }
}
