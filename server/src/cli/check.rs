//! `tidemark check`: holds data against expectations.

use clap::{Args as ClapArgs, ValueEnum};
use std::path::{Path, PathBuf};
use tidemark::expectations::Expectations;
use tidemark::render::expectations as render;

use super::Failure;
use super::files::{read_table, write_or_print};

/// Check a table against expectations: pass, fail or not checked, for each of them
///
/// Exit codes: 0 nothing failed, 1 the check could not be made, 3 something failed.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// What `tidemark expect` wrote, and a person may have edited: JSON, or TOML if the name ends so
    #[arg(value_name = "EXPECTATIONS")]
    expectations: PathBuf,
    /// The data under examination: CSV, plain or gzipped, Parquet, Arrow or newline-delimited JSON; - is standard input
    #[arg(value_name = "CURRENT")]
    current: PathBuf,
    /// How to write the outcome
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where to write it; standard output if not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// What failed or could not be checked
    Text,
    /// Every expectation as JSON
    Json,
    /// JUnit XML, as CI systems read it
    Junit,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (n_failed, sentence) = check(args)?;
    if n_failed == 0 { Ok(()) } else { Err(Failure::NotMet(sentence)) }
}

/// How many expectations failed, and the whole in a sentence.
fn check(args: &Args) -> Result<(u64, String), Failure> {
    let expectations = read(&args.expectations)?;
    let current = read_table(&args.current)?;
    let report = expectations.check(&current.data);
    let text = match args.format {
        Format::Text => render::text(&report),
        Format::Json => serde_json::to_string_pretty(&report).map_err(|error| Failure::new("report", error))? + "\n",
        Format::Junit => render::junit(&report),
    };
    write_or_print(args.out.as_deref(), &text)?;
    Ok((report.failed, report.sentence()))
}

/// Reads a file of expectations, JSON or TOML.
pub(super) fn read(path: &Path) -> Result<Expectations, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    let read = if is_toml {
        let value = toml::from_str(&text).map_err(|error: toml::de::Error| Failure::file(path, error.message()))?;
        Expectations::from_value(value)
    } else {
        Expectations::from_json(&text)
    };
    read.map_err(|error| Failure::file(path, error))
}
