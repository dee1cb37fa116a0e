//! `tidemark performance`: how good a model was, estimated and realised, chunk by chunk.

use clap::{Args as ClapArgs, ValueEnum};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;
use tidemark::data::{Column, Dataset, Values, datetime};
use tidemark::performance::error_bias::{FeatureBias, Typical};
use tidemark::performance::figure::Figure;
use tidemark::performance::labels;
use tidemark::performance::slices::{Part, Slice};
use tidemark::performance::windows::{
    Asked, Columns, Explained, Found, PerformanceReport, Windows, explain, performance_of,
};
use tidemark::render::{format, performance as render};
use tidemark::schema::{ColumnType, Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};

use super::Failure;
use super::files::{read_table, write_or_print};

/// How good was the model? Realised for the rows whose labels have come, and estimated for all of them, chunk by chunk
///
/// A score makes it a model of two classes, --class-score one of several; without them the prediction is a number, whose loss is
/// estimated from the features. Estimates see what the inputs do to a model, and are blind to a change in the relation of inputs and
/// labels; where labels are there, the loss is split into these two, and the record of the estimates' bands is said.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// Rows with their labels, for example those the model was tested on
    #[arg(value_name = "REFERENCE")]
    reference: PathBuf,
    /// The rows under examination; their labels may be missing
    #[arg(value_name = "CURRENT")]
    current: PathBuf,
    /// The column of the truth
    #[arg(long, value_name = "COLUMN")]
    target: String,
    /// The column of what the model said; of two classes it follows from the score if not given
    #[arg(long, value_name = "COLUMN")]
    prediction: Option<String>,
    /// The column of the positive class's probability
    #[arg(long, value_name = "COLUMN", conflicts_with = "class_score")]
    score: Option<String>,
    /// A class and the column of its probability, once for each of several classes: --class-score cat=p_cat
    #[arg(long, value_name = "CLASS=COLUMN", value_parser = pair, requires = "prediction")]
    class_score: Vec<(String, String)>,
    /// The positive class; the larger of the two if not given
    #[arg(long, value_name = "CLASS", requires = "score")]
    positive: Option<String>,
    /// The score from which on a row counts as called positive, where there is no prediction
    #[arg(long, default_value_t = 0.5)]
    threshold: f64,
    /// The columns that a loss is estimated from, and that --slices looks at; all numbers and categories that both tables have, but for
    /// those named elsewhere, if not given
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    features: Vec<String>,
    /// The column that names a row; no feature, and what --labels are joined by
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// A table of labels that came later, with the columns --id and --target, in any order; of several for one row the last one counts
    #[arg(long, value_name = "FILE", requires = "id")]
    labels: Option<PathBuf>,
    /// The column of the moment; rows are put in its order
    #[arg(long, value_name = "COLUMN")]
    timestamp: Option<String>,
    /// Rows of a chunk
    #[arg(long, value_name = "N", conflicts_with = "chunk_number", value_parser = clap::value_parser!(u32).range(1..))]
    chunk_size: Option<u32>,
    /// Chunks of either table
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    chunk_number: u32,
    /// Metrics whose chunks are shown, as NannyML calls them: roc_auc,f1,mae
    #[arg(long, value_name = "METRIC", value_delimiter = ',')]
    metrics: Vec<String>,
    /// Say where in the current table the model errs: by slices of every feature, and the features of the largest errors
    #[arg(long)]
    slices: bool,
    /// End with exit code 3 when a chunk of the current table lies outside a metric's thresholds: realised, or (before its labels came)
    /// estimated
    #[arg(long)]
    fail_on_alert: bool,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where to write it; standard output if not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Tables for the terminal
    Text,
    /// Everything, as JSON
    Json,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (class, column) = text.split_once('=').ok_or("expected CLASS=COLUMN")?;
    Ok((class.to_owned(), column.to_owned()))
}

/// What is written as JSON.
#[derive(Serialize)]
struct Output<'a> {
    #[serde(flatten)]
    report: &'a PerformanceReport,
    #[serde(skip_serializing_if = "Option::is_none")]
    explained: Option<&'a Explained>,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (reference, mut current) = (read_table(&args.reference)?.data, read_table(&args.current)?.data);
    if let (Some(path), Some(id)) = (&args.labels, &args.id) {
        let labels = read_table(path)?.data;
        let (joined, found) =
            labels::join(current, id, &labels, &args.target).map_err(|error| Failure::file(path, error))?;
        current = joined;
        eprintln!(
            "Labels found for {} rows; {} belong to no row, {} came again.",
            format::count(found.n_labelled),
            format::count(found.n_unknown),
            format::count(found.n_corrected),
        );
    }
    let in_order = |data: Dataset, path: &PathBuf| match &args.timestamp {
        Some(name) => by_time(data, name).map_err(|error| Failure::file(path, error)),
        None => Ok(data),
    };
    let (reference, current) = (in_order(reference, &args.reference)?, in_order(current, &args.current)?);
    let asked = asked(args, &reference, &current)?;
    let failure = |error| Failure::new("performance", error);
    let report = performance_of(Reference(&reference), Current(&current), &asked).map_err(failure)?;
    let explained = if args.slices {
        Some(explain(Reference(&reference), Current(&current), &asked).map_err(failure)?)
    } else {
        None
    };
    let text = match args.format {
        Format::Json => {
            let output = Output { report: &report, explained: explained.as_ref() };
            serde_json::to_string_pretty(&output).map_err(|error| Failure::new("performance", error))? + "\n"
        }
        Format::Text => {
            let metrics: Vec<&str> = args.metrics.iter().map(String::as_str).collect();
            let mut text = if metrics.is_empty() { render::text(&report) } else { render::text_of(&report, &metrics) };
            if let Some(explained) = &explained {
                say(&mut text, explained).expect("a string takes everything");
            }
            text
        }
    };
    write_or_print(args.out.as_deref(), &text)?;
    let n_alerts = alerts(&report.found);
    if args.fail_on_alert && n_alerts > 0 {
        let noun = if n_alerts == 1 { "chunk lies" } else { "chunks lie" };
        return Err(Failure::NotMet(format!("{n_alerts} {noun} outside the thresholds")));
    }
    Ok(())
}

fn asked(args: &Args, reference: &Dataset, current: &Dataset) -> Result<Asked, Failure> {
    let features = if args.features.is_empty() { others(args, reference, current)? } else { args.features.clone() };
    Ok(Asked {
        columns: Columns {
            target: args.target.clone(),
            prediction: args.prediction.clone(),
            score: args.score.clone(),
            positive: args.positive.clone(),
            threshold: args.threshold,
        },
        class_scores: args.class_score.clone(),
        features,
        windows: match args.chunk_size {
            Some(rows) => Windows::Rows(rows as usize),
            None => Windows::Number(args.chunk_number as usize),
        },
    })
}

/// The columns of numbers and categories that both tables have, and that nobody named.
fn others(args: &Args, reference: &Dataset, current: &Dataset) -> Result<Vec<String>, Failure> {
    let schema =
        Schema::infer(reference, &SchemaOverrides::default()).map_err(|error| Failure::file(&args.reference, error))?;
    let mut named: Vec<&str> = vec![&args.target];
    named.extend([&args.prediction, &args.score, &args.id, &args.timestamp].into_iter().flatten().map(String::as_str));
    named.extend(args.class_score.iter().map(|(_, column)| column.as_str()));
    let is_feature = |column_type| matches!(column_type, ColumnType::Numerical | ColumnType::Categorical);
    let found = schema.columns.into_iter().filter(|column| {
        is_feature(column.column_type)
            && !named.contains(&column.name.as_str())
            && current.column(&column.name).is_some()
    });
    Ok(found.map(|column| column.name).collect())
}

/// The rows in the order of a column of moments or numbers; those of one moment keep theirs.
fn by_time(data: Dataset, name: &str) -> Result<Dataset, String> {
    let column = data.column(name).ok_or_else(|| format!("there is no column {name:?}"))?;
    let keys = moments(column)?;
    if keys.is_sorted() {
        return Ok(data);
    }
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
    Ok(data.pick(&order))
}

fn moments(column: &Column) -> Result<Vec<f64>, String> {
    let wrong = |row: usize| format!("column {:?} has no moment in row {}", column.name, row + 1);
    let check = |(row, key): (usize, Option<f64>)| key.filter(|key| key.is_finite()).ok_or_else(|| wrong(row));
    match &column.values {
        Values::Numbers(numbers) => numbers.as_slice().iter().map(|key| Some(*key)).enumerate().map(check).collect(),
        Values::Strings(texts) => {
            let moment = |text: Option<&str>| Some(datetime::parse(text?)?.micros() as f64);
            texts.iter().map(moment).enumerate().map(check).collect()
        }
        Values::Booleans(_) => Err(wrong(0)),
    }
}

/// Chunks of the current table that lie outside a metric's thresholds.
fn alerts(found: &Found) -> usize {
    let of_classes = |windows: &[tidemark::performance::windows::BinaryWindow]| {
        let is_alert = |window: &&tidemark::performance::windows::BinaryWindow| match &window.realised {
            Some(realised) => realised.iter().any(|found| found.alert),
            None => window.estimated.iter().any(|found| found.alert),
        };
        windows.iter().filter(|window| window.place.is_current).filter(is_alert).count()
    };
    match found {
        Found::Binary(found) => of_classes(&found.windows),
        Found::Multiclass(found) => of_classes(&found.windows),
        Found::Regression(found) => {
            let is_alert = |window: &&tidemark::performance::windows::RegressionWindow| match window.realised {
                Some(_) => window.alert || window.losses.iter().any(|found| found.alert),
                None => window.estimated.iter().any(|found| found.alert),
            };
            found.windows.iter().filter(|window| window.place.is_current).filter(is_alert).count()
        }
    }
}

fn figure(figure: &Figure) -> String {
    let value = figure.value().map_or_else(|| "-".to_owned(), format::number);
    let interval = figure.interval();
    let ends = |ends: tidemark::performance::figure::Interval| {
        format!(" ({} to {})", format::number(ends.lower), format::number(ends.upper))
    };
    value + &interval.map_or_else(String::new, ends)
}

fn say(text: &mut String, explained: &Explained) -> std::fmt::Result {
    if !explained.slices.is_empty() {
        let heading = "\nLoss by slices of the current table (share of wrong rows, or mean absolute error); ! worse than the rest";
        writeln!(text, "{heading}")?;
        for Slice { feature, part, n_rows, loss, elsewhere, is_worse, .. } in &explained.slices {
            let part = match part {
                Part::Numbers { from, to } => format!("{} to {}", format::number(*from), format::number(*to)),
                Part::Category { name } => format!("{name:?}"),
                Part::Rarer { n_categories } => format!("{n_categories} rarer categories"),
                Part::Missing => "missing".to_owned(),
            };
            let mark = if *is_worse { " !" } else { "" };
            let rows = format::count(*n_rows);
            writeln!(
                text,
                "  {:<40} {rows:>9} rows  {:>30}, elsewhere {}{mark}",
                format!("{feature}: {part}"),
                figure(loss),
                figure(elsewhere)
            )?;
        }
    }
    if !explained.error_bias.is_empty() {
        writeln!(
            text,
            "\nFeatures of the twentieth predicted most too low, of all rows, and of the twentieth most too high"
        )?;
        for FeatureBias { name, all, under, over, range } in &explained.error_bias {
            let typical = |typical: &Typical| match typical {
                Typical::Mean { mean } => figure(mean),
                Typical::MostCommon { category, .. } => category.as_deref().unwrap_or("-").to_owned(),
            };
            let range = range.map_or_else(|| "-".to_owned(), format::number);
            writeln!(
                text,
                "  {name:<24} {:>28} {:>28} {:>28}  range {range}",
                typical(under),
                typical(all),
                typical(over)
            )?;
        }
    }
    Ok(())
}
