//! Tidemark's statistics: compare current data with a reference and say whether something really changed, how much,
//! and which way.
//!
//! Arithmetic only: same inputs, same answer, on a server and in a browser. No clock, no files, no network, no
//! unseeded randomness. Parallelism is behind the feature `parallel` and changes no digit.

pub mod alarm_budget;
pub mod anytime;
pub mod change_point;
pub mod chunking;
pub mod data;
pub mod example;
pub mod expectations;
pub mod forest;
pub mod golden;
pub mod judge;
pub mod model;
pub mod multivariate;
mod num;
pub mod onnx;
mod parallel;
pub mod performance;
pub mod profile;
pub mod quality;
pub mod random;
pub mod render;
pub mod report;
pub mod schema;
pub mod stattest;
pub mod stream;
pub mod validation;

pub use parallel::{on_this_thread, part_done};

/// The version of Tidemark, as it stands in every report.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The examples in the README run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
