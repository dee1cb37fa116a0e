//! What comes in and cannot be right: each is answered, nothing of what was taken before is lost, and the service goes on.

use axum::body::{Body, Bytes};
use axum::http::Request;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use crate::listen::{good_request, limits, serve_with};
use crate::support::{Answer, Instance};

const MODEL: &str = "/api/v1/models/loans";
const PREDICTIONS: &str = "/api/v1/models/loans/predictions";

async fn csv(instance: &Instance, path: &str, text: String) -> Answer {
    instance.send_as("POST", path, "text/csv", text.into_bytes()).await
}

/// With a model elsewhere that has these features, all of them numbers, a reference, and a monitor of every `window` rows.
async fn declared(features: &[String], window: usize) -> Instance {
    let instance = Instance::new();
    let listed: Vec<Value> = features.iter().map(|name| json!({ "name": name, "type": "numerical" })).collect();
    let answer = instance.send("PUT", MODEL, Some(json!({ "features": listed }).to_string())).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let answer = csv(&instance, &format!("{MODEL}/reference"), rows(features, 0..200, number)).await;
    assert_eq!(answer.status, 200, "{:.300}", answer.text);
    let monitor = json!({
        "model": "loans", "window": { "rows": window }, "min_rows": window, "schedule": { "rows": window }, "missed": "all",
    });
    let answer = instance.send("PUT", "/api/v1/monitors/watch", Some(monitor.to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    instance.tick(1);
    instance
}

/// Rows with an id each, and values that are `of` row and column.
fn rows(features: &[String], rows: std::ops::Range<usize>, of: impl Fn(usize, usize) -> String) -> String {
    rows.fold(format!("id,{},prediction\n", features.join(",")), |text, row| {
        let values: Vec<String> = (0..features.len()).map(|column| of(row, column)).collect();
        format!("{text}r{row},{},1\n", values.join(","))
    })
}

fn number(row: usize, column: usize) -> String {
    ((row * 7919 + column * 104_729) % 1009).to_string()
}

fn names(n: usize) -> Vec<String> {
    (0..n).map(|column| format!("f{column}")).collect()
}

#[tokio::test]
async fn a_column_that_turns_from_numbers_to_texts_is_named_and_what_was_taken_stays() {
    let features = names(2);
    let instance = declared(&features, 100).await;
    let taken = csv(&instance, PREDICTIONS, rows(&features, 0..150, number)).await;
    assert_eq!(taken.json()["accepted"], 150, "{}", taken.text);

    // In the middle of a body, the way a changed export would: then nothing of that body is taken.
    let turned =
        |row: usize, column: usize| if column == 1 && row >= 170 { format!("t{row}") } else { number(row, column) };
    let refused = csv(&instance, PREDICTIONS, rows(&features, 150..200, turned)).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    let errors = refused.json()["errors"].as_array().unwrap().clone();
    assert!(errors.iter().all(|error| error["pointer"].as_str().unwrap().ends_with("/f1")), "{errors:?}");
    assert!(errors.iter().any(|error| error["pointer"] == "/20/f1"), "{errors:?}");
    let row = json!({ "id": "r150", "f0": 1, "f1": "t150", "prediction": 1 });
    let refused = instance.send("POST", PREDICTIONS, Some(row.to_string())).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["pointer"]), (422, &json!("/f1")));
    assert_eq!(instance.logged_of("loans", 1000).len(), 150);

    // The export is mended, and all goes on.
    let taken = csv(&instance, PREDICTIONS, rows(&features, 150..200, number)).await;
    assert_eq!((&taken.json()["accepted"], &taken.json()["repeated"]), (&json!(50), &json!(0)));
    let again = csv(&instance, PREDICTIONS, rows(&features, 0..200, number)).await;
    assert_eq!((&again.json()["accepted"], &again.json()["repeated"]), (&json!(0), &json!(200)), "each once");
    assert_eq!(instance.tick(1).len(), 2, "two windows of a hundred rows");
    assert_eq!(instance.logged_of("loans", 1000).len(), 200);
}

#[tokio::test]
async fn an_id_that_comes_twice_in_one_body_is_one_prediction() {
    let features = names(2);
    let instance = declared(&features, 100).await;
    let twice = rows(&features, 0..3, number) + rows(&features, 1..2, number).lines().nth(1).unwrap();
    let taken = csv(&instance, PREDICTIONS, twice).await;
    assert_eq!((&taken.json()["accepted"], &taken.json()["repeated"]), (&json!(3), &json!(1)), "{}", taken.text);
    let others = rows(&features, 5..6, number) + rows(&features, 5..6, |_, _| "7".to_owned()).lines().nth(1).unwrap();
    assert_eq!(csv(&instance, PREDICTIONS, others).await.status, 409, "one id for two things");
    assert_eq!(instance.logged_of("loans", 100).len(), 3);
}

const GIGABYTE: usize = 1_000_000_000;
/// More than the route takes, and little beside what was announced.
const FEW: usize = 20_000_000;

#[tokio::test]
async fn a_body_of_a_gigabyte_is_refused_after_what_the_route_takes() {
    let features = names(2);
    let instance = declared(&features, 100).await;
    assert_eq!(csv(&instance, PREDICTIONS, rows(&features, 0..10, number)).await.json()["accepted"], 10);
    for path in [PREDICTIONS, "/api/v1/models/loans/labels", "/predict_batch", "/predict"] {
        // Nobody says how long it is.
        let (read, piece) = (Arc::new(AtomicUsize::new(0)), Bytes::from(vec![b'1'; 1 << 16]));
        let counter = Arc::clone(&read);
        let stream = futures::stream::iter((0..GIGABYTE / piece.len()).map(move |_| {
            counter.fetch_add(piece.len(), Ordering::Relaxed);
            Ok::<_, std::io::Error>(piece.clone())
        }));
        let request = Request::builder().method("POST").uri(path).header("content-type", "application/json");
        let request = request.body(Body::from_stream(stream)).unwrap();
        let response = instance.router().oneshot(request).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (413, &"application/problem+json".parse().unwrap()),
            "{path}"
        );
        let read = read.load(Ordering::Relaxed);
        assert!(read < FEW, "{path}: {read} bytes were read");
    }
    assert_eq!(instance.logged_of("loans", 100).len(), 10);
    assert_eq!(csv(&instance, PREDICTIONS, rows(&features, 10..20, number)).await.json()["accepted"], 10);
}

/// Over a real connection, by a client that announces a gigabyte and sends on until it is told not to.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_announced_as_a_gigabyte_is_refused_before_it_is_read() {
    let served = serve_with(limits()).await;
    for path in ["/api/v1/models/loans/predictions", "/predict_batch"] {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {GIGABYTE}\r\n\r\n"
        );
        let begun = Instant::now();
        stream.write_all(head.as_bytes()).await.unwrap();
        // Not a byte of the body comes before the answer does.
        let mut answer = vec![0; 4096];
        let n = stream.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..n]);
        assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("application/problem+json"), "{answer}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        let (mut sent, piece) = (0, vec![b'1'; 1 << 16]);
        while sent < FEW && stream.write_all(&piece).await.is_ok() {
            sent += piece.len();
        }
        assert!(sent < FEW, "{path}: {sent} bytes were taken");
        good_request(served.address).await;
    }
}

#[tokio::test]
async fn ten_thousand_columns_are_declared_sent_and_compared() {
    let features = names(10_000);
    let begun = Instant::now();
    let instance = declared(&features, 300).await;
    let declared_in = begun.elapsed();
    for window in [0..150, 150..300] {
        let taken = csv(&instance, PREDICTIONS, rows(&features, window, number)).await;
        assert_eq!(taken.json()["accepted"], 150, "{:.300}", taken.text);
    }
    let taken_in = begun.elapsed();
    let made = instance.tick(1);
    assert_eq!((made.len(), made[0].n_columns), (1, 10_000));
    println!("declared in {declared_in:?}, taken in by {taken_in:?}, compared by {:?}", begun.elapsed());
    let report = instance.send("GET", &format!("/api/v1/reports/{}", made[0].id), None).await;
    assert_eq!(report.json()["columns"].as_array().unwrap().len(), 10_001);
    // Two busy cores took 6 seconds.
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    let too_many = json!({ "features": vec![json!({ "name": "x", "type": "numerical" }); 10_001] });
    let refused = instance.send("PUT", "/api/v1/models/others", Some(too_many.to_string())).await;
    assert_eq!(refused.status, 422, "{:.300}", refused.text);
}
