//! `tidemark audit`: a report that Evidently wrote, score by score, and where its verdicts differ from ours.

use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use tidemark::judge::evidently::foreign::{self, Said};
use tidemark::judge::{Settings, Verdict};
use tidemark::render::format;
use tidemark::report::DriftReport;

use super::Failure;
use super::files::{MAX_REPORT_BYTES, read_at_most, read_table, write_or_print};
use super::report::{Columns, compare_tables};

/// Check a report that Evidently wrote: are its scores right, and would you be told the same here?
///
/// Reads the JSON of Evidently 0.7 and of 0.4. Each column is computed anew by the method and the threshold that Evidently
/// used, and judged by the calibrated profile beside it.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// What Evidently's `report.json()` gave
    #[arg(value_name = "EVIDENTLY_JSON")]
    report: PathBuf,
    /// The reference that it was made of
    #[arg(long, value_name = "FILE")]
    reference: PathBuf,
    /// The current data that it was made of
    #[arg(long, value_name = "FILE")]
    current: PathBuf,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    columns: Columns,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A table
    Text,
    /// JSON
    Json,
}

/// Scores that differ by less, relatively, are the same: two programs add in different order.
const SAME: f64 = 1e-9;

/// One column, there and here.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    said: &'a Said,
    /// The score that the same method gives here.
    score_here: Option<f64>,
    /// Whether both scores are the same but for rounding; `None` where one is missing.
    same_score: Option<bool>,
    /// The calibrated verdict; `None` where the files do not have the column.
    calibrated: Option<Verdict>,
    /// Whether the calibrated profile says otherwise; `None` where one of both does not say.
    differs: Option<bool>,
    /// Why, in a sentence, where they do.
    why: Option<&'a str>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let text = read_at_most(&args.report, MAX_REPORT_BYTES)?;
    let said = foreign::read(&String::from_utf8_lossy(&text)).map_err(|error| Failure::file(&args.report, error))?;
    let (reference, current) = (read_table(&args.reference)?, read_table(&args.current)?);
    let mut settings = Settings::default();
    for Said { column, method, threshold, .. } in
        said.iter().filter(|said| reference.data.column(&said.column).is_some())
    {
        settings.evidently.per_column_method.extend(method.map(|method| (column.clone(), method)));
        settings.evidently.per_column_threshold.extend(threshold.map(|threshold| (column.clone(), threshold)));
    }
    let report = compare_tables(&reference, &current, &args.columns.overrides(), &settings)?;
    let lines: Vec<Line<'_>> = said.iter().map(|said| line(said, &report)).collect();
    let rendered = match args.format {
        Format::Json => serde_json::to_string_pretty(&lines).map_err(|error| Failure::new("audit", error))? + "\n",
        Format::Text => table(&lines, &args.report),
    };
    write_or_print(None, &rendered)
}

fn line<'a>(said: &'a Said, report: &'a DriftReport) -> Line<'a> {
    let column = report.column(&said.column);
    let outcome = column.and_then(|column| column.evidently.outcome());
    let outcome = outcome.filter(|outcome| Some(outcome.method) == said.method);
    let score_here = outcome.map(|outcome| outcome.score.value());
    let same_score =
        said.score.zip(score_here).map(|(there, here)| (there - here).abs() <= SAME * there.abs().max(here.abs()));
    let calibrated = column.map(|column| column.calibrated.verdict);
    let says = calibrated.filter(|verdict| !matches!(verdict, Verdict::NotTested | Verdict::NotEnoughData));
    let differs = said.drifted.zip(says).map(|(there, here)| there != (here == Verdict::Drifted));
    let why = column.filter(|_| differs == Some(true)).and_then(|column| column.why_they_differ.as_deref());
    Line { said, score_here, same_score, calibrated, differs, why }
}

fn table(lines: &[Line<'_>], path: &Path) -> String {
    let number = |number: Option<f64>| number.map_or_else(|| "–".to_owned(), format::number);
    let width = lines.iter().map(|line| line.said.column.chars().count()).max().unwrap_or(0).max(6);
    let mut text =
        format!("{:width$}  {:>12}  {:>12}  {:9}  {:15}  method\n", "column", "there", "here", "there", "here");
    for Line { said, score_here, same_score, calibrated, differs, why } in lines {
        let there = said.drifted.map_or("–", |drifted| if drifted { "drifted" } else { "not" });
        let here = calibrated.map_or("not there", Verdict::name);
        let marks = match (same_score, differs) {
            (Some(false), _) => "  (another score)",
            (_, Some(true)) => "  (another verdict)",
            _ => "",
        };
        let (column, method) = (&said.column, &said.method_name);
        let (score, score_here) = (number(said.score), number(*score_here));
        writeln!(text, "{column:width$}  {score:>12}  {score_here:>12}  {there:9}  {here:15}  {method}{marks}")
            .expect("a string takes everything");
        if let Some(why) = why {
            writeln!(text, "{:width$}  {why}", "").expect("a string takes everything");
        }
    }
    let count = |is_one: fn(&Line<'_>) -> bool| lines.iter().filter(|line| is_one(line)).count();
    let (same, compared) = (count(|line| line.same_score == Some(true)), count(|line| line.same_score.is_some()));
    let (other, judged) = (count(|line| line.differs == Some(true)), count(|line| line.differs.is_some()));
    write!(
        text,
        "\n{same} of {compared} scores of {} are what these files give; of {judged} verdicts the calibrated profile has {other} otherwise.\n",
        path.display(),
    )
    .expect("a string takes everything");
    text
}
