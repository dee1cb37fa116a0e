//! `GET /example/reference.csv` and `/example/current.csv`: generated data to try the comparison page with.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::sync::OnceLock;

use crate::problem::Problem;

/// Enough rows for clear verdicts, few enough to be there at once.
const ROWS: usize = 10_000;
const SEED: u64 = 1;

static EXAMPLE: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();

/// Generated data to try a comparison with
#[utoipa::path(
    get, path = "/example/{file}", tag = "documentation", security(("key" = ["read"])),
    params(("file" = String, Path, description = "`reference.csv` or `current.csv`")),
    responses(
        (status = 200, description = "10,000 rows", body = String, content_type = "text/csv"),
        (status = 404, description = "There is no such example", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn file(Path(file): Path<String>) -> Response {
    if file != "reference.csv" && file != "current.csv" {
        return Problem::new(StatusCode::NOT_FOUND, format!("there is no example called {file:?}")).into_response();
    }
    let generated = tokio::task::spawn_blocking(|| EXAMPLE.get_or_init(generate)).await;
    let Ok((reference, current)) = generated else {
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the example could not be made").into_response();
    };
    let csv = if file == "reference.csv" { reference } else { current };
    ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv.clone()).into_response()
}

fn generate() -> (Vec<u8>, Vec<u8>) {
    let (reference, current) = tidemark::example::card_fraud(ROWS, SEED);
    let csv = |data: &tidemark::data::Dataset| {
        let mut csv = Vec::new();
        tidemark::data::csv::write(data, &mut csv).expect("writing to memory does not fail");
        csv
    };
    (csv(&reference), csv(&current))
}
