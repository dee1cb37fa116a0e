//! `tidemark watch`: two HTML reports, refreshed for ever.

use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tidemark::render::html;
use tidemark::schema::{ColumnRole, SchemaOverrides};

use super::files::{Table, read_table, write_atomically};
use super::report::{Judging, compare_tables};
use super::{Failure, check_folder, stop};

/// Refresh a data drift report and a prediction drift report every so many seconds
///
/// Each round reads the files anew and replaces the reports in one step. A file that cannot be read in one round is
/// named, its report stays as it was, and the next round comes all the same. Every flag can also be written with
/// underscores.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// Reference features, CSV
    #[arg(long, alias = "reference_data_path", value_name = "FILE")]
    reference_data_path: PathBuf,
    /// Current features, CSV
    #[arg(long, alias = "current_data_path", value_name = "FILE")]
    current_data_path: PathBuf,
    /// Reference predictions, CSV with the columns `prediction`, `probability` or `target`
    #[arg(long, alias = "reference_prediction_path", value_name = "FILE")]
    reference_prediction_path: PathBuf,
    /// Current predictions, CSV
    #[arg(long, alias = "current_prediction_path", value_name = "FILE")]
    current_prediction_path: PathBuf,
    /// Where the data drift report goes, HTML
    #[arg(long, alias = "drift_report_path", value_name = "FILE")]
    drift_report_path: PathBuf,
    /// Where the prediction drift report goes, HTML
    #[arg(long, alias = "prediction_drift_report_path", value_name = "FILE")]
    prediction_drift_report_path: PathBuf,
    /// Seconds between two rounds
    #[arg(long, default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
    /// End after this many rounds; by default after a signal
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rounds: Option<u64>,
    #[command(flatten)]
    judging: Judging,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    for path in [&args.drift_report_path, &args.prediction_drift_report_path] {
        check_folder(path)?;
    }
    let mut round = 0;
    while !stop::asked() {
        round += 1;
        refresh(round, "data drift", &args.drift_report_path, || {
            let (reference, current) = (read_table(&args.reference_data_path)?, read_table(&args.current_data_path)?);
            write_report(args, &reference, &current, &SchemaOverrides::default(), &args.drift_report_path)
        });
        refresh(round, "prediction drift", &args.prediction_drift_report_path, || {
            let reference = read_table(&args.reference_prediction_path)?;
            let current = read_table(&args.current_prediction_path)?;
            let overrides = prediction_columns(&reference, &args.reference_prediction_path)?;
            write_report(args, &reference, &current, &overrides, &args.prediction_drift_report_path)
        });
        if args.rounds == Some(round) || stop::sleep(Duration::from_secs(args.interval)) {
            break;
        }
    }
    Ok(())
}

/// Says how one report of one round went.
fn refresh(round: u64, what: &str, path: &Path, work: impl FnOnce() -> Result<String, Failure>) {
    match work() {
        Ok(sentence) => tracing::info!(round, report = %path.display(), "{what}: {sentence}"),
        Err(failure) => tracing::error!(round, "{what} was not refreshed: {failure}"),
    }
}

fn write_report(
    args: &Args,
    reference: &Table,
    current: &Table,
    overrides: &SchemaOverrides,
    path: &Path,
) -> Result<String, Failure> {
    let report = compare_tables(reference, current, overrides, &args.judging.settings())?;
    write_atomically(path, |file| file.write_all(html::report(&report).as_bytes()))?;
    Ok(report.sentence)
}

/// Only what the model said, and what it should have said, goes into the prediction report.
fn prediction_columns(reference: &Table, path: &Path) -> Result<SchemaOverrides, Failure> {
    let role = |name: &str| match name {
        "prediction" | "probability" => ColumnRole::Prediction,
        "target" => ColumnRole::Target,
        _ => ColumnRole::Ignored,
    };
    let roles = reference.data.columns().iter().map(|column| (column.name.clone(), role(&column.name)));
    let overrides = SchemaOverrides { roles: roles.collect(), ..SchemaOverrides::default() };
    if overrides.roles.values().all(|role| *role == ColumnRole::Ignored) {
        return Err(Failure::file(path, "there is no column `prediction`, `probability` or `target`"));
    }
    Ok(overrides)
}
