//! `tidemark predict`: scores a CSV file.

use clap::Args as ClapArgs;
use std::io::Write;
use std::path::PathBuf;
use tidemark::data::{Column, Dataset, DatasetError, csv};
use tidemark::forest::{Answers, Task};
use tidemark::model::{Model, PREDICTION, PROBABILITY};

use super::{Failure, files, stop};

/// Score the rows of a CSV file: the same columns, and `prediction` and, of a class, `probability` beside them
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
    let table = files::read_table(&args.input)?;
    let answers = model.answers_of(&table.data).map_err(|error| Failure::file(&args.input, error))?;
    let scored = scored(&model, table.data, &answers).map_err(|error| Failure::file(&args.input, error))?;
    stop::check()?;
    files::write_atomically(&args.out, |file: &mut dyn Write| csv::write(&scored, file))
}

/// The rows with the answers beside them: the class by its label and its probability, or the value.
fn scored(model: &Model, data: Dataset, answers: &Answers) -> Result<Dataset, DatasetError> {
    if model.task() == Task::Regression {
        return data.with_column(Column::fractions(PREDICTION, answers.scores.clone()));
    }
    let labels = answers.classes.iter().map(|&class| Some(model.classes[class as usize].as_str()));
    data.with_column(Column::strings(PREDICTION, labels))?
        .with_column(Column::fractions(PROBABILITY, model.probabilities(answers)))
}
