//! What a web server costs without a model: parses the body of `/predict` with serde and answers a constant.
//!
//! `scripts/serve-bench` measures Tidemark beside it. `cargo run --release -p server --example bare_axum -- 127.0.0.1:8001`

use axum::routing::post;
use axum::{Json, Router};
use std::collections::BTreeMap;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("bare axum is at http://{}/", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/predict", post(answer))).await
}

/// The row has to be read to the end, or there would be nothing to compare with.
async fn answer(Json(row): Json<BTreeMap<String, f64>>) -> Json<serde_json::Value> {
    let is_row = row.len() == 30;
    Json(serde_json::json!({ "prediction": 0, "probability": if is_row { 0.25 } else { 0.5 } }))
}
