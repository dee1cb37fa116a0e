//! `tidemark expect`: learns from a reference what data should be like.

use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;
use tidemark::expectations::{Expectations, InferOptions, Style};
use tidemark::schema::Schema;
use tidemark::stattest::Reference;

use super::files::{read_table, write_or_print};
use super::report::Columns;
use super::{Failure, parse};

/// Learn from a reference what current data should be like: a file to edit, and to check data against
///
/// `calibrated` bounds are such that unchanged data keep all of them, but for one time in a hundred (--false-alarms);
/// `evidently` allows every number a tenth of the reference's either way, as Evidently's tests do, and unchanged data
/// break many of these.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The data to learn from
    #[arg(value_name = "REFERENCE.csv")]
    reference: PathBuf,
    /// Whose rules: `calibrated` or `evidently`
    #[arg(long, default_value = "calibrated", value_parser = parse_style, value_name = "STYLE")]
    style: Style,
    /// How likely unchanged data may fail anywhere, with the calibrated style
    #[arg(long, default_value_t = InferOptions::default().false_alarms, value_parser = parse_false_alarms, value_name = "SHARE")]
    false_alarms: f64,
    /// How to write the expectations
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Where to write them; standard output if not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    columns: Columns,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// JSON
    Json,
    /// TOML, for a file that a person keeps
    Toml,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let reference = read_table(&args.reference)?;
    let schema = Schema::infer(&reference.data, &args.columns.overrides())
        .map_err(|error| Failure::new(&reference.label, error))?;
    let options = InferOptions { style: args.style, false_alarms: args.false_alarms };
    let expectations = Expectations::infer(Reference(reference.source()), &schema, &options);
    let text = match args.format {
        Format::Json => expectations.to_json(),
        Format::Toml => toml::to_string_pretty(&expectations).map_err(|error| Failure::new("expectations", error))?,
    };
    write_or_print(args.out.as_deref(), &text)
}

fn parse_style(text: &str) -> Result<Style, String> {
    let known = Style::ALL.into_iter().find(|style| style.name() == text);
    known.ok_or_else(|| "there are `calibrated` and `evidently`".to_owned())
}

fn parse_false_alarms(text: &str) -> Result<f64, String> {
    parse::share(text).and_then(|share| {
        if share > 0.0 && share < 1.0 { Ok(share) } else { Err("expected a number between 0 and 1".to_owned()) }
    })
}
