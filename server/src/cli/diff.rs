//! `tidemark diff`: what changed from one report to another.

use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;
use tidemark::judge::Verdict;
use tidemark::render::format;
use tidemark::report::Difference;

use super::Failure;
use super::files::{read_report, write_or_print};

/// Say what changed from one report to another: which columns drifted that had not, and which no longer do
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The earlier report, as JSON
    #[arg(value_name = "EARLIER")]
    earlier: PathBuf,
    /// The later one
    #[arg(value_name = "LATER")]
    later: PathBuf,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A line per column
    Text,
    /// JSON
    Json,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let difference = Difference::of(&read_report(&args.earlier)?, &read_report(&args.later)?);
    let text = match args.format {
        Format::Text => text(&difference),
        Format::Json => {
            serde_json::to_string_pretty(&difference).map_err(|error| Failure::new("difference", error))? + "\n"
        }
    };
    write_or_print(None, &text)
}

fn text(difference: &Difference) -> String {
    let verdict = |verdict: Option<Verdict>| verdict.map_or("not there", Verdict::name);
    let effect = |effect: Option<f64>| effect.map_or_else(|| "–".to_owned(), format::number);
    let width = difference.columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0);
    let lines = difference.columns.iter().map(|column| {
        let ((before, after), (was, is)) = (column.verdicts, column.effects);
        let name = &column.name;
        format!(
            "{name:width$}  {} -> {}  (effect {} -> {})\n",
            verdict(before),
            verdict(after),
            effect(was),
            effect(is)
        )
    });
    let warning = if difference.comparable {
        ""
    } else {
        "The reports have other references or settings: they are not quite comparable.\n"
    };
    format!("{}\n{warning}{}", difference.sentence, lines.collect::<String>())
}
