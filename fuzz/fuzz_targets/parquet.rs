#![no_main]
//! Tables in Parquet.

#[path = "../../server/src/ingest/columnar.rs"]
#[allow(dead_code, missing_docs)]
mod columnar;
#[path = "../problem.rs"]
#[allow(dead_code)]
mod problem;
#[path = "../tables.rs"]
mod tables;
#[path = "../wire.rs"]
#[allow(dead_code, missing_docs)]
mod wire;

libfuzzer_sys::fuzz_target!(init: tables::let_panics_be_caught(), |data: &[u8]| {
    tables::check(columnar::read_parquet(bytes::Bytes::copy_from_slice(data), tables::MOST_VALUES));
});
