//! Running golden files, one format a file.

pub mod columns;
pub mod files;
pub mod nannyml;
pub mod nannyml_pca;
pub mod quality;
pub mod reports;
pub mod scipy;
pub mod tails;
pub mod tally;
