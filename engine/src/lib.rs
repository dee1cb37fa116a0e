//! Counting where the data lie.
//!
//! A database groups and counts, Tidemark does the statistics: [`count_sql`] writes the query, in the [`Dialect`] of Spark, DuckDB,
//! ClickHouse or PostgreSQL; an [`Engine`] runs it, or a person does with whichever tool is at hand, and [`read`] takes the result as
//! CSV; [`compare_counts`](tidemark::report::compare_counts) finishes the report. No driver, no network and no credential is in here.

#![deny(missing_docs)]

mod counts_file;
mod dialect;
mod engine;
mod gathering;
mod kind;
mod sql;
mod table_name;
mod value;

pub use counts_file::{CountsError, Sides, read};
pub use dialect::{ClickHouse, Dialect, DuckDb, NAMES, PostgreSql, Spark, dialect_by_name};
pub use engine::{Cancel, Engine, EngineError, TakeRow, count, describe, sql_columns};
pub use gathering::Gathering;
pub use kind::{Kind, UnknownType};
pub use sql::{SqlColumn, SqlError, count_sql, describe_sql};
pub use table_name::TableName;
