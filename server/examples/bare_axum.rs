//! What a web server costs without a model: parses the body of `/predict` with serde and answers a constant. With a file's name it
//! answers once the body is on disk, flushed together with those that came meanwhile: what waiting for this disk costs at least.
//!
//! `scripts/serve-bench` measures Tidemark beside both. `cargo run --release -p server --example bare_axum -- 127.0.0.1:8001 [FILE]`

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("bare axum is at http://{}/", listener.local_addr()?);
    let routes = match std::env::args().nth(2) {
        None => Router::new().route("/predict", post(answer)),
        Some(path) => {
            let file = File::create(path)?;
            let (sender, waiting) = channel();
            std::thread::spawn(move || write_all(file, waiting).expect("the disk takes it"));
            Router::new().route("/predict", post(answer_from_disk)).with_state(sender)
        }
    };
    axum::serve(listener, routes).await
}

/// The row has to be read to the end, or there would be nothing to compare with.
async fn answer(Json(row): Json<BTreeMap<String, f64>>) -> Json<serde_json::Value> {
    let is_row = row.len() == 30;
    Json(serde_json::json!({ "prediction": 0, "probability": if is_row { 0.25 } else { 0.5 } }))
}

/// A body, and who waits for it.
type Waiting = (Bytes, oneshot::Sender<()>);

async fn answer_from_disk(State(writer): State<Sender<Waiting>>, body: Bytes) -> Json<serde_json::Value> {
    let row = serde_json::from_slice(&body).expect("wrk sends JSON");
    let (sender, written) = oneshot::channel();
    writer.send((body, sender)).expect("the writer lives as long as the server");
    written.await.expect("it answers everybody");
    answer(Json(row)).await
}

fn write_all(mut file: File, waiting: Receiver<Waiting>) -> std::io::Result<()> {
    while let Ok(first) = waiting.recv() {
        let group: Vec<Waiting> = std::iter::once(first).chain(waiting.try_iter()).collect();
        let bytes: Vec<u8> = group.iter().flat_map(|(body, _)| body.iter().copied()).collect();
        file.write_all(&bytes)?;
        file.sync_data()?;
        for (_, waits) in group {
            // Who went away meanwhile hears nothing.
            waits.send(()).ok();
        }
    }
    Ok(())
}
