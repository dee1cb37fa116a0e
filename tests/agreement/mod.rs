//! Running golden files, one format a file.

pub mod columns;
pub mod files;
pub mod reports;
pub mod tally;
