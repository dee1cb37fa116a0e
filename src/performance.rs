//! How good a model is, by rows whose truth has come.
//!
//! Every figure is the one that scikit-learn 1.9 defines, and stands with an interval that holds for rare classes, too: see
//! [`figure`]. What cannot be said is an answer with its reason, and what rests on too few rows says so.

pub mod classification;
pub mod confusion;
pub mod error_bias;
pub mod estimated;
pub mod figure;
pub mod labels;
pub mod multiclass;
pub mod ranking;
pub mod regression;
pub mod reliability;
pub mod slices;
pub mod summary;
pub mod value;
pub mod windows;

pub use classification::BinaryPerformance;
pub use confusion::Confusion;
pub use figure::{Estimate, Figure, Undefined};
pub use multiclass::MulticlassPerformance;
pub use ranking::Ranking;
pub use regression::RegressionPerformance;
pub use summary::Summary;
pub use value::Values;

/// The figures by name, undefined ones left out.
fn named(figures: &[(&str, Option<f64>)]) -> Vec<(String, f64)> {
    figures.iter().filter_map(|&(name, value)| value.map(|value| (name.to_owned(), value))).collect()
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
