#![no_main]
//! Bodies of requests for predictions, in every shape that is taken: nothing panics, what is taken is JSON, and its rows have the
//! model's shape.
//!
//! The readers are compiled as they lie in the server, without the server around them; `problem` stands in for the one thing that they
//! take from it.

use wire::rows::{RowFormat, Rows};
use wire::{error::BodyError, json::Reader, mlflow, open_inference, predict};

#[path = "../wire.rs"]
#[allow(dead_code, missing_docs)]
mod wire;

#[path = "../problem.rs"]
mod problem;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let format = RowFormat::new(["a", "b", "c/d"]);
    let is_json = || serde_json::from_slice::<&serde_json::value::RawValue>(data).is_ok();
    let read = Reader::new(data).and_then(|mut reader| {
        reader.skip()?;
        reader.end()
    });
    assert!(read.is_err() || is_json(), "what is taken is JSON");
    let row = predict::read_row(data, &format);
    if let Ok(row) = &row {
        assert!(row.len() == 3 && row.iter().all(|value| !value.is_infinite()));
        assert!(is_json() && !predict::is_batch(data, &format));
    }
    // Up to four bytes of what lies behind the JSON are binary.
    let (json, binary) = data.split_at(data.len() - data.last().map_or(0, |last| usize::from(last % 5).min(data.len())));
    let of_tensors = open_inference::read(json, binary, &format).map(|request| request.rows);
    for rows in [predict::read_batch(data, &format), mlflow::read_json(data, &format), mlflow::read_csv(data, &format), of_tensors] {
        check(rows);
    }
    check(row.map(|row| format.rows(row)));
});

fn check(rows: Result<Rows, BodyError>) {
    match rows {
        Ok(rows) => assert!(rows.len() <= wire::MAX_ROWS && rows.iter().all(|row| row.len() == 3)),
        Err(error) => {
            assert!(matches!(error.status().as_u16(), 400 | 413 | 422));
            assert!(!error.sentence().is_empty());
        }
    }
}
