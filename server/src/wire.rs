//! Bodies in and out: what requests mean, and how answers are written. Nothing here knows a service or a socket.

pub mod answer;
pub mod error;
pub mod json;
pub mod mlflow;
pub mod open_inference;
pub mod predict;
pub mod records;
pub mod rows;

/// The most rows that one request may hold.
pub const MAX_ROWS: usize = 10_000;
