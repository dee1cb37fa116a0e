//! Connections that mean no good, beside one that does. Times are short; the limits are the service's own, made shorter.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tidemark_server::front::Settings;
use tidemark_server::listen::Limits;
use tidemark_server::serve::{self, Edge};
use tidemark_server::slow_body::Pace;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::{Instance, body_of};

const HEAD: Duration = Duration::from_millis(400);

/// A service on a port of its own.
pub struct Served {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
    _instance: Instance,
}

pub async fn serve_with(limits: Limits) -> Served {
    let instance = Instance::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let settings = Settings { pace: Pace { patience: HEAD, bytes_per_second: 4096 }, ..Settings::local() };
    let edge = Edge { settings, limits, tls: None };
    let server = tokio::spawn(serve::run(listener, Arc::clone(&instance.service), edge, async {
        drop(stopped.await);
    }));
    Served { address, stop, server, _instance: instance }
}

pub fn limits() -> Limits {
    Limits { head: HEAD, ..Limits::default() }
}

/// One request on a connection of its own; how long it took.
pub async fn good_request(address: SocketAddr) -> Duration {
    let began = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let answer = predict_on(&mut stream).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    began.elapsed()
}

/// Sends a prediction request and reads its answer.
async fn predict_on(stream: &mut TcpStream) -> std::io::Result<String> {
    let body = body_of(0).to_string();
    let head = format!(
        "POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await?;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
            if length == Some(body.len()) {
                return Ok(text.into_owned());
            }
        }
    }
}

/// What comes until the service closes the connection, and how long that takes.
async fn until_closed(stream: &mut TcpStream) -> (String, Duration) {
    let began = Instant::now();
    let mut text = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut text)).await;
    drop(read.expect("the service closes it"));
    (String::from_utf8_lossy(&text).into_owned(), began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_dribbling_and_idle_connections_are_closed() {
    let served = serve_with(limits()).await;
    let mut silent = TcpStream::connect(served.address).await.unwrap();
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    predict_on(&mut idle).await.unwrap();
    let mut dribbling = TcpStream::connect(served.address).await.unwrap();
    let dribble = async {
        let began = Instant::now();
        // A letter of a header now and then: each of them comes long before any pause could be noticed.
        for byte in b"GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ".iter().chain(std::iter::repeat(&b'a')) {
            if dribbling.write_all(&[*byte]).await.is_err() || began.elapsed() > Duration::from_secs(20) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        began.elapsed()
    };
    let (silent, idle, dribbled) = tokio::join!(until_closed(&mut silent), until_closed(&mut idle), dribble);
    for took in [silent.1, idle.1, dribbled] {
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
    good_request(served.address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_answered_408_and_closed() {
    let served = serve_with(limits()).await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    let head =
        "POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let (answer, took) = until_closed(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("application/problem+json"), "{answer}");
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_hold_connections_do_not_keep_a_good_client_waiting() {
    let served = serve_with(Limits { head: Duration::from_secs(5), ..limits() }).await;
    let mut held = Vec::new();
    for n in 0..500 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        if n % 2 == 0 {
            stream.write_all(b"POST /predict HTTP/1.1\r\nhost: ").await.unwrap();
        }
        held.push(stream);
    }
    for _ in 0..20 {
        // The machine may be busy; a client that waits for others would wait for five seconds.
        let took = good_request(served.address).await;
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_above_the_limit_wait_until_others_have_left() {
    let served = serve_with(Limits { connections: 2, ..limits() }).await;
    let _held = [TcpStream::connect(served.address).await.unwrap(), TcpStream::connect(served.address).await.unwrap()];
    tokio::time::sleep(Duration::from_millis(50)).await;
    // Nobody is refused: the two that say nothing are closed, and make room.
    let took = good_request(served.address).await;
    assert!(took > HEAD / 2, "{took:?}: it did not wait");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_fails_no_request_that_was_sent() {
    let served = serve_with(Limits::default()).await;
    let answered = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..8)
        .map(|_| {
            let (address, answered) = (served.address, Arc::clone(&answered));
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                loop {
                    let answer = predict_on(&mut stream).await.expect("a request that was sent is answered");
                    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                    answered.fetch_add(1, Ordering::Relaxed);
                    if answer.contains("connection: close") {
                        return;
                    }
                }
            })
        })
        .collect();
    while answered.load(Ordering::Relaxed) < 200 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let began = Instant::now();
    served.stop.send(()).unwrap();
    served.server.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    for client in clients {
        client.await.unwrap();
    }
}
