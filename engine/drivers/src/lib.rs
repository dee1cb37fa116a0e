//! Databases that count: each runs the statements of [`tidemark_engine`] and hands their results on while they come.
//!
//! A password is taken from where the person put it, and is in no error, no log and no command line.

#![deny(missing_docs)]

mod clickhouse_http;
mod csv_rows;
mod duckdb_cli;
mod postgres;
mod stoppable;

pub use clickhouse_http::ClickHouseHttp;
pub use duckdb_cli::DuckDbCli;
pub use postgres::Postgres;
pub use stoppable::stoppable;
