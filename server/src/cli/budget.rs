//! `tidemark budget`: the rule that is soonest to notice a change within a budget of false alarms.

use clap::{Args as ClapArgs, ValueEnum};
use std::fmt::Write;
use std::path::PathBuf;
use tidemark::alarm_budget::{Budget, Plan, simulate};
use tidemark::render::format;
use tidemark::schema::Schema;
use tidemark_watch::span::Span;

use super::Failure;
use super::files::{read_table, write_or_print};
use super::report::{Columns, Judging};

/// Choose an alert rule by its false alarms: how many a month on your own reference, and what delay does that cost?
///
/// Windows are drawn from one part of the reference and held against the rest, once as they are and once with a change in them.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The reference, in the order of time
    #[arg(value_name = "REFERENCE")]
    reference: PathBuf,
    /// Rows of a window
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(2..=1_000_000))]
    window: u64,
    /// Time between two windows: 10s, 15m, 1h, 1d
    #[arg(long, default_value = "1h", value_name = "SPAN")]
    every: Span,
    /// False alarms that you will have in a month
    #[arg(long, default_value_t = 1.0, value_name = "N", value_parser = positive)]
    per_month: f64,
    /// The change to be found: numerical columns move by so many of their standard deviations
    #[arg(long, default_value_t = 0.3, value_name = "SD", value_parser = positive)]
    shift: f64,
    /// Columns that move
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    shifted: u64,
    /// Windows to draw without the change, and again with it
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = clap::value_parser!(u64).range(20..=1_000_000))]
    draws: u64,
    /// Where the random numbers begin
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    judging: Judging,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A table, and the rule for the set-up file
    Text,
    /// JSON
    Json,
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| *number > 0.0 && number.is_finite())
        .ok_or_else(|| "expected a number above 0".to_owned())
}

/// A month of 30 days, in milliseconds.
const MONTH: f64 = 30.0 * 86_400_000.0;

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    args.judging.check_without_rows()?;
    let reference = read_table(&args.reference)?;
    let schema = Schema::infer(&reference.data, &args.columns.overrides())
        .map_err(|error| Failure::file(&args.reference, error))?;
    let plan = Plan {
        window_rows: args.window,
        windows_per_month: MONTH / args.every.millis() as f64,
        false_alarms_per_month: args.per_month,
        shift: args.shift,
        shifted_columns: args.shifted,
        draws: args.draws,
    };
    let budget = simulate(&reference.data, &schema, &args.judging.settings(), plan, args.seed);
    let budget = budget.map_err(|error| Failure::file(&args.reference, error))?;
    let text = match args.format {
        Format::Json => serde_json::to_string_pretty(&budget).map_err(|error| Failure::new("budget", error))? + "\n",
        Format::Text => table(&budget, args),
    };
    write_or_print(None, &text)
}

fn table(budget: &Budget, args: &Args) -> String {
    let mut text = "share   windows   false alarms a month (at most)   delay\n".to_owned();
    for (place, choice) in budget.choices.iter().enumerate() {
        let delay = choice.delay_windows.map_or_else(|| "never".to_owned(), |windows| delay(windows, args.every));
        let mark = if budget.best == Some(place as u64) { "  <- take this" } else { "" };
        writeln!(
            text,
            "{:>5.3}   {:>7}   {:>12} ({})   {delay}{mark}",
            choice.share,
            choice.windows,
            format::number(choice.false_alarms_per_month),
            format::number(choice.at_most),
        )
        .expect("a string takes everything");
    }
    match budget.best.and_then(|place| budget.choices.get(usize::try_from(place).ok()?)) {
        Some(choice) => write!(
            text,
            "\n[[monitor.alert]]\nname = \"drift\"\nwhen = {{ share = {:.4} }}\nwindows = {}\n",
            // A share that is a fraction of the columns is met whichever way it was rounded.
            (choice.share - 5e-5).max(1e-4),
            choice.windows,
        ),
        None => write!(
            text,
            "\nNo rule keeps to {} false alarms a month and finds the change. Draw more windows (--draws) to be surer, let the \
             reference be of one kind (a monitor with same_hours), or ask for less.\n",
            format::number(budget.plan.false_alarms_per_month),
        ),
    }
    .expect("a string takes everything");
    text
}

fn delay(windows: f64, every: Span) -> String {
    if windows > 1e4 {
        return "practically never".to_owned();
    }
    let noun = if windows == 1.0 { "window" } else { "windows" };
    format!("{} {noun}, {}", format::number(windows), format::duration(windows * every.millis() as f64 / 1000.0))
}
