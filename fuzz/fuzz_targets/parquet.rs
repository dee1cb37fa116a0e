#![no_main]
//! Tables in Parquet.

#[path = "../tables.rs"]
mod tables;

libfuzzer_sys::fuzz_target!(init: tables::let_panics_be_caught(), |data: &[u8]| {
    tables::check(tables::columnar::read_parquet(bytes::Bytes::copy_from_slice(data), tables::MOST_VALUES));
});
