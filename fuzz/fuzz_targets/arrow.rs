#![no_main]
//! Tables in Arrow's stream and file formats.

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
    tables::check(columnar::read_arrow(data, tables::MOST_VALUES));
    tables::check(columnar::read_arrow_file(data, tables::MOST_VALUES));
});
