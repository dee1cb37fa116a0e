//! Columns of values, and how they are read.

mod column;
pub mod csv;
mod dataset;

pub use column::{Category, Column, Numbers, Strings, Values};
pub use dataset::{Dataset, DatasetError};
