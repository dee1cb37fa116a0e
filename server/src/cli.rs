//! The command line: one file per command.

use clap::{Parser, Subcommand};
use std::fmt;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod audit;
mod budget;
mod check;
mod demo;
mod detectors;
mod diff;
mod example;
mod expect;
mod files;
mod import;
mod keys;
mod log;
mod models;
mod ndjson;
mod parse;
mod performance;
mod predict;
mod progress;
mod report;
mod serve;
mod shared;
mod simulate;
mod stop;
mod train;
mod verify;
mod watch;

/// Tidemark watches machine-learning models: it serves one, logs every prediction, and says whether the data or the
/// predictions drifted away from a reference.
#[derive(Parser)]
#[command(version, max_term_width = 100, after_help = AFTER_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
A first look, from nothing:
  tidemark demo                                      everything below in one process, with live traffic

Step by step:
  tidemark example --rows 40000 --out data           make reference.csv and current.csv
  tidemark report data/reference.csv data/current.csv --format html --out drift.html
  tidemark performance reference.csv current.csv --target repaid --prediction said --score p
  tidemark expect data/reference.csv --out expectations.json
  tidemark check expectations.json data/current.csv
  tidemark train data/reference.csv --target Class --out fraud.tidemark
  tidemark serve --model fraud.tidemark              pages and POST /predict on http://127.0.0.1:8000
  tidemark simulate --input-file data/current.csv --endpoint http://127.0.0.1:8000/predict

Exit codes: 0 done, 1 it failed, 2 the command line is wrong, 3 the data drifted or are not as expected,
130 stopped by a signal.
NO_COLOR switches colours off; TIDEMARK_LOG sets what is logged, for example TIDEMARK_LOG=debug.";

#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Example(example::Args),
    Train(train::Args),
    Import(import::Args),
    Predict(predict::Args),
    Serve(serve::Args),
    Keys(keys::Args),
    Models(models::Args),
    Simulate(simulate::Args),
    Report(report::Args),
    Expect(expect::Args),
    Check(check::Args),
    Performance(performance::Args),
    Detectors(detectors::Args),
    Verify(verify::Args),
    Diff(diff::Args),
    Audit(audit::Args),
    Budget(budget::Args),
    Watch(watch::Args),
    Log(log::Args),
    /// Print the JSON Schema of a report
    Schema,
}

/// Why a command failed, in one sentence for a person.
#[derive(Debug)]
pub enum Failure {
    /// What failed, and why.
    Error(String),
    /// A signal came, and the command ended in good order.
    Stopped,
    /// The data are not what was asked for, in a sentence.
    NotMet(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(message) | Self::NotMet(message) => f.write_str(message),
            Self::Stopped => f.write_str("stopped"),
        }
    }
}

impl Failure {
    /// `while` doing what, `error` happened.
    fn new(what: impl fmt::Display, error: impl fmt::Display) -> Self {
        Self::Error(format!("{what}: {error}"))
    }

    /// A failure with a file.
    fn file(path: &Path, error: impl fmt::Display) -> Self {
        Self::new(path.display(), error)
    }
}

/// The exit code of a command that a signal ended.
const STOPPED: u8 = 130;

/// The exit code of a command that found the data not to be what was asked for.
const NOT_MET: u8 = 3;

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    log_to_stderr();
    let result = match cli.command {
        Command::Demo(args) => demo::run(&args),
        Command::Example(args) => example::run(&args),
        Command::Train(args) => train::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Predict(args) => predict::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Keys(args) => keys::run(&args),
        Command::Models(args) => models::run(&args),
        Command::Simulate(args) => simulate::run(&args),
        Command::Report(args) => report::run(&args),
        Command::Expect(args) => expect::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Performance(args) => performance::run(&args),
        Command::Detectors(args) => detectors::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Budget(args) => budget::run(&args),
        Command::Watch(args) => watch::run(&args),
        Command::Log(args) => log::run(&args),
        Command::Schema => {
            anstream::print!("{}", tidemark::report::JSON_SCHEMA);
            Ok(())
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Stopped) => {
            anstream::eprintln!("Stopped.");
            ExitCode::from(STOPPED)
        }
        Err(Failure::NotMet(message)) => {
            anstream::eprintln!("\u{1b}[31mnot met:\u{1b}[0m {message}");
            ExitCode::from(NOT_MET)
        }
        Err(Failure::Error(message)) => {
            anstream::eprintln!("\u{1b}[31merror:\u{1b}[0m {message}");
            ExitCode::FAILURE
        }
    }
}

fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("TIDEMARK_LOG").unwrap_or_else(|_| EnvFilter::new("info,object_store=warn"));
    let is_plain =
        std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) || !std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(!is_plain)
        .with_target(false)
        .init();
}

/// A file that is to be written: the folder it goes into has to exist.
fn check_folder(path: &Path) -> Result<PathBuf, Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() { Ok(folder.to_owned()) } else { Err(Failure::file(folder, "there is no such folder")) }
}
