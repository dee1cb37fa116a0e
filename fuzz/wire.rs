//! The readers of bodies as they lie in the server, without the server around them.

#[path = "../server/src/wire/error.rs"]
pub mod error;
#[path = "../server/src/wire/json.rs"]
pub mod json;
#[path = "../server/src/wire/mlflow.rs"]
pub mod mlflow;
#[path = "../server/src/wire/open_inference.rs"]
pub mod open_inference;
#[path = "../server/src/wire/predict.rs"]
pub mod predict;
#[path = "../server/src/wire/rows.rs"]
pub mod rows;

pub const MAX_ROWS: usize = 10_000;
