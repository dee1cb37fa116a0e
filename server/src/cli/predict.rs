//! `tidemark predict`: scores a CSV file.

use clap::Args as ClapArgs;
use std::io::Write;
use std::path::PathBuf;
use tidemark::data::{Column, Dataset, csv};
use tidemark::model::{PREDICTION, PROBABILITY};

use super::{Failure, files, stop};

/// Score the rows of a CSV file: the same columns, and `prediction` and `probability` beside them
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The model file
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// The rows, CSV with at least the model's features
    #[arg(value_name = "INPUT.csv")]
    input: PathBuf,
    /// Where the scored rows go
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    stop::check()?;
    let model = files::read_model(&args.model)?;
    let table = files::read_csv(&args.input)?;
    let probabilities = model.probabilities_of(&table.data).map_err(|error| Failure::file(&args.input, error))?;
    let labels: Vec<&str> =
        probabilities.iter().map(|probability| model.classes[usize::from(*probability > 0.5)].as_str()).collect();
    let scored = scored(table.data, &labels, probabilities).map_err(|error| Failure::file(&args.input, error))?;
    stop::check()?;
    files::write_atomically(&args.out, |file: &mut dyn Write| csv::write(&scored, file))
}

fn scored(data: Dataset, labels: &[&str], probabilities: Vec<f64>) -> Result<Dataset, tidemark::data::DatasetError> {
    data.with_column(Column::strings(PREDICTION, labels.iter().map(|label| Some(*label))))?
        .with_column(Column::fractions(PROBABILITY, probabilities))
}
