//! Running golden files, one format a file.

pub mod columns;
pub mod files;
pub mod metrics;
pub mod nannyml;
pub mod nannyml_loss;
pub mod nannyml_multiclass;
pub mod nannyml_pca;
pub mod nannyml_performance;
pub mod quality;
pub mod reports;
pub mod scipy;
pub mod streams;
pub mod tails;
pub mod tally;
