//! `tidemark report`: two tables in, one report out.

use clap::{Args as ClapArgs, ValueEnum};
use std::path::{Path, PathBuf};
use tidemark::judge::calibrated::Correction;
use tidemark::judge::evidently::Typing;
use tidemark::judge::{Judge, Settings, Verdict};
use tidemark::multivariate;
use tidemark::quality::Quality;
use tidemark::render::{csv, html, junit, markdown, text};
use tidemark::report::{ColumnReport, DriftReport, compare};
use tidemark::schema::{ColumnRole, ColumnType, Schema, SchemaOverrides, UnknownColumn};
use tidemark::stattest::{Current, Method, Reference};

use super::files::{Table, read_table};
use super::{Failure, check, files, parse};

mod by_column;
mod chunks;
mod embeddings;
mod engine;
mod live;
mod parquet_files;
mod planner;
mod thresholds;

use chunks::ChunkArgs;
use embeddings::Embeddings;
use engine::EngineArgs;

/// Compare a current table with a reference: did something really change, how much, and which way?
///
/// Both may be CSV, plain or gzipped, Parquet, Arrow or newline-delimited JSON; - is standard input, and a folder is a table of all Parquet
/// files in it. s3://bucket/key is a Parquet file or such a folder in an object store, which the variables of AWS' tools tell of
/// (AWS_ENDPOINT_URL and so on). Column types are learnt from the reference; the report always holds both profiles'
/// verdicts, --profile says whose lead.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// The data to hold against, for example what the model was trained on
    #[arg(value_name = "REFERENCE", requires = "current", required_unless_present_any = ["emit_sql", "from_counts", "reference_table"])]
    reference: Option<PathBuf>,
    /// The data under examination
    #[arg(value_name = "CURRENT")]
    current: Option<PathBuf>,
    /// How to write the report
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where to write it; standard output if not given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// End with exit code 3 when: the data or the predictions `drifted` as a whole, any column changed really, were it by a
    /// `minor` change, or `quality` is not as --expectations has it. May be given several times
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Vec<FailOn>,
    #[command(flatten)]
    judging: Judging,
    /// How much is said about the data's quality: `off`, `columns`, or `full` with repeated rows, repeated columns and
    /// correlations
    #[arg(long, default_value = "columns", value_parser = parse_quality, value_name = "LEVEL")]
    quality: Quality,
    /// Look at all columns together too: can a classifier tell the files apart, do rows fit the reference's principal
    /// components, did correlations change?
    #[arg(long)]
    multivariate: bool,
    /// Check the current data against what `tidemark expect` wrote, too
    #[arg(long, value_name = "FILE")]
    expectations: Option<PathBuf>,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    engine: EngineArgs,
}

/// What the columns are for, and what is in them.
#[derive(ClapArgs)]
pub(super) struct Columns {
    /// Columns that hold what the model said; they are judged apart, as prediction drift
    #[arg(long, value_name = "COLUMN")]
    prediction: Vec<String>,
    /// The column that the model is to predict
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// Columns to leave out
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
    /// A column's type, against what would be inferred: --column-type hour=categorical. Numbers that are declared datetime
    /// are Unix time, in seconds or finer
    #[arg(long, visible_alias = "type", value_name = "COLUMN=TYPE", value_parser = parse_column_type)]
    column_type: Vec<(String, ColumnType)>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// One HTML file that needs no script
    Html,
    /// The whole report as JSON
    Json,
    /// A table for the terminal
    Text,
    /// A table for a pull request or a chat
    Markdown,
    /// A line per column, for a spreadsheet
    Csv,
    /// JUnit XML, as CI systems read it: a drifted column is a failed test
    Junit,
}

/// What a CI job may be told to fail on.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Drifted,
    Minor,
    Quality,
}

impl FailOn {
    /// Whether this report has it.
    fn is_met(self, report: &DriftReport) -> bool {
        let is_real = |column: &ColumnReport| matches!(report.verdict(column), Verdict::Drifted | Verdict::Minor);
        match self {
            Self::Drifted => report.is_drifted(),
            Self::Minor => report.is_drifted() || report.columns.iter().any(is_real),
            Self::Quality => report.expectations.as_ref().is_some_and(|checks| checks.failed > 0),
        }
    }
}

/// What stands above the flags that change what Evidently would do by itself.
const OVERRIDES: &str = "Evidently's methods";

/// Whose verdicts lead, and by which methods.
#[derive(ClapArgs)]
pub(super) struct Judging {
    /// Whose verdicts lead: `calibrated` says what is real and large enough, `evidently` what Evidently 0.7 would say,
    /// `nannyml` what NannyML 0.13 would say, chunk by chunk
    #[arg(long, default_value = "calibrated", value_parser = parse_judge, value_name = "PROFILE")]
    profile: Judge,
    /// Evidently's method, for one column or, without a name, for all: --test Amount=psi --test ks
    #[arg(long, value_name = "[COLUMN=]METHOD", value_parser = parse_test, help_heading = OVERRIDES)]
    test: Vec<(Option<String>, Method)>,
    /// Evidently's method for numerical columns
    #[arg(long, value_name = "METHOD", value_parser = parse_method, help_heading = OVERRIDES)]
    num_test: Option<Method>,
    /// Evidently's method for categorical columns
    #[arg(long, value_name = "METHOD", value_parser = parse_method, help_heading = OVERRIDES)]
    cat_test: Option<Method>,
    /// Evidently's method for text columns
    #[arg(long, value_name = "METHOD", value_parser = parse_method, help_heading = OVERRIDES)]
    text_test: Option<Method>,
    /// Evidently's threshold, for one column or, without a name, for all: --threshold Amount=0.2 --threshold 0.05
    #[arg(long, value_name = "[COLUMN=]VALUE", value_parser = parse_threshold, help_heading = OVERRIDES)]
    threshold: Vec<(Option<String>, f64)>,
    /// Which version's rules decide what Evidently takes a column for
    #[arg(long, value_name = "VERSION", value_parser = parse_typing, default_value = "0.7", help_heading = OVERRIDES)]
    typing: Typing,
    /// Share of drifted columns from which on the data as a whole count as drifted; by default 0.5 for `evidently` and
    /// `nannyml` and 0.1 for `calibrated`
    #[arg(long, value_name = "SHARE", value_parser = parse::share)]
    drift_share: Option<f64>,
    /// The order of the rows means nothing: rows that are like their neighbours count in full
    #[arg(long)]
    shuffled: bool,
    /// How the calibrated profile corrects p-values for their number: `bh`, Benjamini and Hochberg, or `by`, Benjamini and
    /// Yekutieli, which holds however columns hang together and finds less
    #[arg(long, value_name = "bh|by", value_parser = parse_correction, default_value = "bh")]
    correction: Correction,
    #[command(flatten)]
    embeddings: Embeddings,
    #[command(flatten)]
    chunks: ChunkArgs,
}

impl Judging {
    /// The settings that the flags add up to.
    pub(super) fn settings(&self) -> Settings {
        let mut settings = Settings { judge: self.profile, ..Settings::default() };
        let evidently = &mut settings.evidently;
        for (column, method) in &self.test {
            match column {
                Some(column) => drop(evidently.per_column_method.insert(column.clone(), *method)),
                None => evidently.method = Some(*method),
            }
        }
        for (column, threshold) in &self.threshold {
            match column {
                Some(column) => drop(evidently.per_column_threshold.insert(column.clone(), *threshold)),
                None => evidently.threshold = Some(*threshold),
            }
        }
        evidently.num_method = self.num_test;
        evidently.cat_method = self.cat_test;
        evidently.text_method = self.text_test;
        evidently.typing = self.typing;
        evidently.embeddings = self.embeddings.settings();
        settings.calibrated.ordered = !self.shuffled;
        settings.calibrated.correction = self.correction;
        if let Some(share) = self.drift_share {
            settings.evidently.drift_share = share;
            settings.calibrated.drift_share = share;
        }
        settings.nannyml = self.chunks.options(self.profile, self.drift_share);
        settings
    }

    /// A service keeps no rows of its reference, so that there is nothing to make chunks of.
    pub(super) fn check_without_rows(&self) -> Result<(), Failure> {
        let settings = self.settings();
        if !settings.evidently.embeddings.is_empty() {
            return Err(Failure::new(
                "--embedding",
                "compares files row by row: `tidemark report` and `tidemark watch` take it",
            ));
        }
        if settings.nannyml_if_asked().is_none() {
            return Ok(());
        }
        Err(Failure::new(
            "--profile nannyml",
            "compares files in chunks: `tidemark report` and `tidemark watch` take it",
        ))
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if args.fail_on.contains(&FailOn::Quality) && args.expectations.is_none() {
        return Err(Failure::new("--fail-on quality", "takes --expectations, which `tidemark expect` writes"));
    }
    if let Some(sql) = args.engine.sql(&args.columns.ignore)? {
        return files::write_or_print(args.out.as_deref(), &sql);
    }
    let paths = args.reference.as_deref().zip(args.current.as_deref()).map(|(reference, current)| [reference, current]);
    if paths.is_some_and(|paths| paths.iter().all(|path| path.as_os_str() == "-")) {
        return Err(Failure::new("-", "only one of the tables can come from standard input"));
    }
    let multivariate = args.multivariate.then(multivariate::Options::default);
    let settings = Settings { multivariate, quality: args.quality, ..args.judging.settings() };
    if args.expectations.is_some() && args.engine.is_counted() {
        return Err(Failure::new("--expectations", "takes the rows of the current table, which counts are not"));
    }
    let counted = args.engine.report(paths, &args.columns.overrides(), &args.columns.ignore, &settings)?;
    let report = match (counted, paths) {
        (Some(report), _) => report,
        (None, Some(paths)) => {
            compare_files(paths, &args.columns.overrides(), &settings, args.expectations.as_deref())?
        }
        (None, None) => return Err(Failure::new("report", "takes two tables, or --from-counts")),
    };
    let rendered = match args.format {
        Format::Html => html::report(&report),
        Format::Text => text::report(&report),
        Format::Markdown => markdown::report(&report),
        Format::Csv => csv::report(&report),
        Format::Junit => junit::report(&report),
        Format::Json => serde_json::to_string_pretty(&report).map_err(|error| Failure::new("report", error))? + "\n",
    };
    files::write_or_print(args.out.as_deref(), &rendered)?;
    if args.out.is_some() {
        eprintln!("{}", report.sentence);
    }
    if args.fail_on.iter().any(|what| what.is_met(&report)) {
        let checks = report.expectations.as_ref().map_or_else(String::new, |checks| format!(" {}", checks.sentence()));
        return Err(Failure::NotMet(format!("{}{checks}", report.sentence)));
    }
    Ok(())
}

/// Compares two files, if it can be column by column.
fn compare_files(
    paths: [&Path; 2],
    overrides: &SchemaOverrides,
    settings: &Settings,
    expectations: Option<&Path>,
) -> Result<DriftReport, Failure> {
    let expectations = expectations.map(check::read).transpose()?;
    if expectations.is_none()
        && let Some(report) = by_column::report(paths, overrides, settings)?
    {
        return Ok(report);
    }
    let [reference, current] = paths;
    let (reference, current) = (read_table(reference)?, read_table(current)?);
    let mut report = compare_tables(&reference, &current, overrides, settings)?;
    report.expectations = expectations.map(|expectations| expectations.check(&current.data));
    Ok(report)
}

impl Columns {
    /// A person's word on types and roles.
    pub(super) fn overrides(&self) -> SchemaOverrides {
        let mut overrides = SchemaOverrides::default();
        overrides.types.extend(self.column_type.iter().cloned());
        let predictions = self.prediction.iter().map(|name| (name.clone(), ColumnRole::Prediction));
        let ignored = self.ignore.iter().map(|name| (name.clone(), ColumnRole::Ignored));
        let target = self.target.iter().map(|name| (name.clone(), ColumnRole::Target));
        overrides.roles.extend(predictions.chain(ignored).chain(target));
        overrides
    }
}

/// Compares two tables by a schema learnt from the first.
pub(super) fn compare_tables(
    reference: &Table,
    current: &Table,
    overrides: &SchemaOverrides,
    settings: &Settings,
) -> Result<DriftReport, Failure> {
    let schema = Schema::infer(&reference.data, overrides).map_err(|error| Failure::new(&reference.label, error))?;
    let names: Vec<String> = schema.columns.iter().map(|column| column.name.clone()).collect();
    check_names(settings, &reference.label, &names)?;
    Ok(compare(Reference(reference.source()), Current(current.source()), &schema, settings))
}

/// Whether the columns that the settings name are among those of the reference.
fn check_names(settings: &Settings, label: &str, names: &[String]) -> Result<(), Failure> {
    let evidently = &settings.evidently;
    if let Some(name) = embeddings::without_columns(&evidently.embeddings) {
        return Err(Failure::new(
            "--embedding-method",
            format!("there is no embedding {name:?}: name it by --embedding"),
        ));
    }
    let in_embeddings = evidently.embeddings.values().flat_map(|embedding| &embedding.columns);
    let by_themselves = evidently.per_column_method.keys().chain(evidently.per_column_threshold.keys());
    let named = in_embeddings.map(|name| ("--embedding", name)).chain(by_themselves.map(|name| (label, name)));
    match named.into_iter().find(|(_, name)| !names.contains(name)) {
        Some((what, name)) => Err(Failure::new(what, UnknownColumn { name: name.clone(), known: names.to_vec() })),
        None => Ok(()),
    }
}

fn parse_judge(text: &str) -> Result<Judge, String> {
    let known = || Judge::ALL.map(Judge::name).join(", ");
    Judge::ALL.into_iter().find(|judge| judge.name() == text).ok_or_else(|| format!("the profiles are {}", known()))
}

fn parse_column_type(text: &str) -> Result<(String, ColumnType), String> {
    let (column, name) = split(text)?;
    ColumnType::ALL
        .into_iter()
        .find(|column_type| column_type.name() == name)
        .map(|column_type| (column, column_type))
        .ok_or_else(|| "the types are numerical, categorical, datetime and text".to_owned())
}

fn parse_test(text: &str) -> Result<(Option<String>, Method), String> {
    let (column, name) = split_optional(text);
    Ok((column, parse_method(name)?))
}

fn parse_method(name: &str) -> Result<Method, String> {
    Method::from_name(name).ok_or_else(|| format!("the methods are {}", Method::ALL.map(Method::name).join(", ")))
}

fn parse_threshold(text: &str) -> Result<(Option<String>, f64), String> {
    let (column, value) = split_optional(text);
    let threshold = value.parse().ok().filter(|value: &f64| value.is_finite() && *value >= 0.0);
    threshold.map(|threshold| (column, threshold)).ok_or_else(|| "expected a finite number of at least 0".to_owned())
}

fn parse_typing(version: &str) -> Result<Typing, String> {
    match version {
        "0.7" => Ok(Typing::V0_7),
        "0.4" => Ok(Typing::V0_4),
        _ => Err("there are 0.7 and 0.4".to_owned()),
    }
}

fn parse_correction(text: &str) -> Result<Correction, String> {
    match text {
        "bh" => Ok(Correction::BenjaminiHochberg),
        "by" => Ok(Correction::BenjaminiYekutieli),
        _ => Err("the corrections are bh and by".to_owned()),
    }
}

fn parse_quality(text: &str) -> Result<Quality, String> {
    let known = Quality::ALL.into_iter().find(|quality| quality.name() == text);
    known.ok_or_else(|| "there are `off`, `columns` and `full`".to_owned())
}

/// `column=value` or `value`.
fn split_optional(text: &str) -> (Option<String>, &str) {
    text.rsplit_once('=').map_or((None, text), |(column, value)| (Some(column.to_owned()), value))
}

/// `column=value`, at the last sign, because a column's name may hold one.
fn split(text: &str) -> Result<(String, &str), String> {
    text.rsplit_once('=')
        .map(|(column, value)| (column.to_owned(), value))
        .ok_or_else(|| "expected COLUMN=VALUE".to_owned())
}
