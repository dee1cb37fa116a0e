//! `tidemark detectors`: where detectors of change signal in a series, and how they fare when a change is put into it.

use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;
use tidemark::data::{Dataset, Values};
use tidemark::render::format;
use tidemark::stream::Detector;
use tidemark::stream::alarms::{Against, Alarms, run_against};
use tidemark::stream::bench::{Bench, Injected, bench};

use super::Failure;
use super::files::{read_table, write_or_print};

/// Where do detectors of change signal in a column, row after row? And which of them suits it?
///
/// With --inject, a change of that size is put into the column's own numbers, again and again, and what is said is how soon each detector
/// sees it, how often it misses it, and how often it signals without one.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The rows, in the order of time
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The column: numbers, or true and false (1 and 0)
    #[arg(long, value_name = "COLUMN", required_unless_present = "target", conflicts_with = "target")]
    column: Option<String>,
    /// In place of a column: whether the prediction was wrong (1) or right (0), by the column of the truth; rows without a truth are passed
    /// over
    #[arg(long, value_name = "COLUMN", requires = "prediction")]
    target: Option<String>,
    /// The column of what was said
    #[arg(long, value_name = "COLUMN", requires = "target")]
    prediction: Option<String>,
    /// Detectors by name, in any spelling: adwin,page-hinkley,cusum,kswin,ddm,eddm,hddm-a,hddm-w,fhddm; or all
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "all", value_parser = detectors)]
    detector: Vec<Vec<Detector>>,
    /// Hold the rest against the first rows, too: by sliding windows, and by tests that may be looked at all the time
    #[arg(long, value_name = "ROWS", default_value_t = 0)]
    reference_rows: usize,
    /// Rows of a sliding window
    #[arg(long, value_name = "ROWS", default_value_t = 1000, value_parser = at_least_one)]
    window: usize,
    /// The p-value of the sliding Kolmogorov-Smirnov test, and the probability of any false alarm of the tests that may be looked at all
    /// the time
    #[arg(long, default_value_t = 0.001, value_parser = probability)]
    alpha: f64,
    /// The sliding Wasserstein distance that signals, in standard deviations of the first rows
    #[arg(long, default_value_t = 0.1)]
    distance: f64,
    /// Put a change into the column: shift=1 (standard deviations), scale=2 (away from the mean) or errors=0.3 (so many zeros become one)
    #[arg(long, value_name = "KIND=SIZE", value_parser = injected)]
    inject: Option<Injected>,
    /// Runs with a change put in
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    runs: u64,
    /// Rows of a run before the change, and as many after it
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    before: u64,
    /// Where the random numbers begin
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A line per detector
    Text,
    /// JSON, with every position
    Json,
}

/// What is written as JSON.
#[derive(Serialize)]
struct Output {
    column: String,
    n_rows: usize,
    alarms: Vec<Alarms>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bench: Option<Bench>,
}

/// A name without what people spell differently.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn detectors(name: &str) -> Result<Vec<Detector>, String> {
    let all = Detector::all();
    if plain(name) == "all" {
        return Ok(all);
    }
    let known = all.iter().map(Detector::name).collect::<Vec<_>>().join(", ");
    let found = all.into_iter().find(|detector| plain(detector.name()) == plain(name));
    found.map(|detector| vec![detector]).ok_or_else(|| format!("expected one of {known}, or all"))
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|rows| *rows > 0).ok_or_else(|| "expected a whole number from 1 on".to_owned())
}

fn probability(text: &str) -> Result<f64, String> {
    let is_one = |number: &f64| *number > 0.0 && *number < 1.0;
    text.parse().ok().filter(is_one).ok_or_else(|| "expected a number between 0 and 1".to_owned())
}

fn injected(text: &str) -> Result<Injected, String> {
    let expected = || "expected shift=SIZE, scale=FACTOR or errors=SHARE".to_owned();
    let (kind, size) = text.split_once('=').ok_or_else(expected)?;
    let size: f64 = size.parse().ok().filter(|size: &f64| size.is_finite()).ok_or_else(expected)?;
    match kind {
        "shift" => Ok(Injected::Shift(size)),
        "scale" => Ok(Injected::Scale(size)),
        "errors" if (0.0..=1.0).contains(&size) => Ok(Injected::Errors(size)),
        _ => Err(expected()),
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let table = read_table(&args.file)?;
    let failure = |error: String| Failure::file(&args.file, error);
    let (name, series) = series(args, &table.data).map_err(failure)?;
    if args.reference_rows >= series.len() && args.reference_rows > 0 {
        return Err(failure(format!(
            "there are {} rows, and {} of them to hold the rest against",
            series.len(),
            args.reference_rows
        )));
    }
    let chosen = args.detector.iter().flatten();
    let mut alarms: Vec<Alarms> =
        chosen.map(|detector| tidemark::stream::alarms::run(detector.clone(), &series)).collect();
    if args.reference_rows > 0 {
        let against = Against {
            n_reference: args.reference_rows,
            window: args.window,
            alpha: args.alpha,
            distance: args.distance,
        };
        alarms.extend(run_against(&series, against));
    }
    let bench = match args.inject {
        Some(injected) => Some(
            bench(&series, injected, args.runs, args.before, args.seed)
                .ok_or_else(|| failure(format!("{name} holds fewer than two numbers")))?,
        ),
        None => None,
    };
    let output = Output { column: name, n_rows: series.len(), alarms, bench };
    let text = match args.format {
        Format::Json => serde_json::to_string_pretty(&output).map_err(|error| Failure::new("detectors", error))? + "\n",
        Format::Text => text(&output),
    };
    write_or_print(None, &text)
}

/// What the detectors see, and what it is called.
fn series(args: &Args, data: &Dataset) -> Result<(String, Vec<f64>), String> {
    let column = |name: &str| data.column(name).ok_or_else(|| format!("there is no column {name:?}"));
    if let (Some(target), Some(prediction)) = (&args.target, &args.prediction) {
        let (truths, said) = (column(target)?.texts(), column(prediction)?.texts());
        let error = |(truth, said): (&Option<String>, &Option<String>)| match (truth, said) {
            (Some(truth), Some(said)) => f64::from(u8::from(truth != said)),
            _ => f64::NAN,
        };
        let errors = truths.iter().zip(&said).map(error).collect();
        return Ok((format!("errors of {prediction}"), errors));
    }
    let name = args.column.as_deref().ok_or("name a column")?;
    let series = match &column(name)?.values {
        Values::Numbers(numbers) => numbers.as_slice().to_vec(),
        Values::Booleans(values) => values.iter().map(|value| f64::from(u8::from(*value))).collect(),
        Values::Strings(_) => return Err(format!("column {name:?} should hold numbers")),
    };
    Ok((name.to_owned(), series))
}

/// Positions that are named on a line.
const SHOWN: usize = 12;

fn text(output: &Output) -> String {
    let mut text = format!("{}, {} rows; alarms by row\n", output.column, format::count(output.n_rows as u64));
    for Alarms { detector, not_run, drift_at, warning_at } in &output.alarms {
        let line = match not_run {
            Some(_) => "takes errors (0 and 1), which this column does not hold".to_owned(),
            None if drift_at.is_empty() => "none".to_owned(),
            None => {
                let rows: Vec<String> = drift_at.iter().take(SHOWN).map(|at| (at + 1).to_string()).collect();
                let more = drift_at.len().saturating_sub(SHOWN);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("{}: {}{more}", drift_at.len(), rows.join(", "))
            }
        };
        let warnings = if warning_at.is_empty() { String::new() } else { format!("; {} warnings", warning_at.len()) };
        writeln!(text, "  {detector:<34} {line}{warnings}").expect("a string takes everything");
    }
    if let Some(bench) = &output.bench {
        table(&mut text, bench).expect("a string takes everything");
    }
    text
}

fn table(text: &mut String, bench: &Bench) -> std::fmt::Result {
    let what = match bench.injected {
        Injected::Shift(size) => format!("a shift of {} standard deviations", format::number(size)),
        Injected::Scale(factor) => format!("numbers {} times as far from the mean", format::number(factor)),
        Injected::Errors(share) => format!("{} of 100 zeros become one", format::number(100.0 * share)),
    };
    writeln!(text, "\n{what}, after {} rows without a change; {} runs", bench.n_before, bench.n_runs)?;
    writeln!(text, "  {:<34} {:>12} {:>22} {:>10}", "", "false alarms", "runs with false alarms", "missed")?;
    for fared in &bench.fared {
        let delay = fared.mean_delay.map_or_else(|| "-".to_owned(), format::number);
        writeln!(
            text,
            "  {:<34} {:>12} {:>22} {:>10}   delay {delay} rows",
            fared.detector, fared.n_false, fared.n_runs_with_false, fared.n_missed
        )?;
    }
    Ok(())
}
