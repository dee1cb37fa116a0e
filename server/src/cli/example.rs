//! `tidemark example`: generated card-fraud data.

use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};
use tidemark::data::csv;
use tidemark::example;

use super::{Failure, files, progress, stop};

/// Make a card-fraud data set to try things with: reference.csv and a drifting continuation, current.csv
///
/// The columns are those of the well-known set: Time, V1 to V28, Amount and Class. Every row is generated; the same rows
/// and seed give the same files, byte for byte.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// Rows in each file
    #[arg(long, default_value_t = 284_807, value_parser = clap::value_parser!(u64).range(100..=10_000_000))]
    rows: u64,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder for the two files; it is made if it is not there
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let [reference, current] = make(args.rows, args.seed, &args.out)?;
    println!("{}\n{}", reference.display(), current.display());
    Ok(())
}

/// Writes both files and returns where they are.
pub(super) fn make(rows: u64, seed: u64, folder: &Path) -> Result<[PathBuf; 2], Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, error))?;
    stop::check()?;
    let rows = usize::try_from(rows).map_err(|error| Failure::new("--rows", error))?;
    let spinner = progress::spinner(format!("Making twice {rows} rows"));
    let (reference, current) = example::card_fraud(rows, seed);
    let mut paths = Vec::new();
    for (name, data) in [("reference.csv", &reference), ("current.csv", &current)] {
        stop::check()?;
        spinner.set_message(format!("Writing {name}"));
        let path = folder.join(name);
        files::write_atomically(&path, |file| csv::write(data, file))?;
        paths.push(path);
    }
    spinner.finish_and_clear();
    Ok(paths.try_into().expect("two files were written"))
}
