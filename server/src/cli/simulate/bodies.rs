//! Rows of a table as request bodies.

use tidemark::data::{Dataset, Values};

use crate::cli::Failure;

/// The rows of a data set as JSON objects, made one at a time.
pub(in crate::cli) struct Bodies {
    columns: Vec<(String, Vec<f64>)>,
    n_rows: usize,
}

impl Bodies {
    /// Every column but those dropped. They have to be numbers, none missing: JSON has no other ones.
    pub fn of(data: &Dataset, dropped: &[String]) -> Result<Self, Failure> {
        let kept = data.columns().iter().filter(|column| !dropped.contains(&column.name));
        let columns = kept.map(|column| match &column.values {
            Values::Numbers(numbers) if numbers.as_slice().iter().all(|value| value.is_finite()) => {
                // Quoted once and for all.
                Ok((serde_json::json!(column.name).to_string(), numbers.as_slice().to_vec()))
            }
            _ => Err(Failure::new(
                format!("column {:?}", column.name),
                "not every value is a finite number; leave it out with --drop",
            )),
        });
        Ok(Self { columns: columns.collect::<Result<_, _>>()?, n_rows: data.n_rows() })
    }

    pub fn len(&self) -> usize {
        self.n_rows
    }

    pub fn row(&self, row: usize) -> String {
        let fields: Vec<String> = self.columns.iter().map(|(name, values)| format!("{name}:{}", values[row])).collect();
        format!("{{{}}}", fields.join(","))
    }
}
