#![no_main]
//! Tables in Arrow's stream and file formats.

#[path = "../tables.rs"]
mod tables;

libfuzzer_sys::fuzz_target!(init: tables::let_panics_be_caught(), |data: &[u8]| {
    tables::check(tables::columnar::read_arrow(data, tables::MOST_VALUES));
    tables::check(tables::columnar::read_arrow_file(data, tables::MOST_VALUES));
});
