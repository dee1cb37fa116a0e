//! Tables as they are sent in Arrow's and Parquet's formats.

use tidemark::data::Dataset;
use crate::wire::error::BodyError;

/// No body may unfold to more values.
pub const MOST_VALUES: usize = 1 << 20;

/// The readers underneath may panic, which is caught: without this the fuzzer would end at the first one.
pub fn let_panics_be_caught() {
    std::panic::set_hook(Box::new(|_| {}));
}

/// What was read is a table of bounded size; what was not has a reason.
pub fn check(read: Result<Dataset, BodyError>) {
    match read {
        Ok(table) => {
            assert!(table.columns().iter().all(|column| column.len() == table.n_rows()), "columns are equally long");
            assert!(table.n_rows() * table.columns().len() <= MOST_VALUES);
        }
        Err(error) => assert!(!error.sentence().is_empty()),
    }
}
