//! `tidemark verify`: makes a report anew from the files and says whether it is the same.

use clap::Args as ClapArgs;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tidemark::report::{self, DriftReport, FittedReference, SCHEMA_VERSION};
use tidemark::stattest::{Current, Reference};

use super::Failure;
use super::files::{MAX_REPORT_BYTES, read_report, read_table};

/// Check a report: make it anew from the files and compare every digit
///
/// Exit codes: 0 the report is what the files give, 1 that could not be found out, 3 it is not.
#[derive(ClapArgs)]
pub(super) struct Args {
    /// A report as JSON, or the address of a share link
    #[arg(value_name = "REPORT|URL")]
    report: String,
    /// The reference
    #[arg(long, value_name = "FILE")]
    reference: PathBuf,
    /// The current data
    #[arg(long, value_name = "FILE")]
    current: PathBuf,
}

/// Differences that are named.
const SHOWN: usize = 10;

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let told = if args.report.starts_with("http://") || args.report.starts_with("https://") {
        fetch(&args.report)?
    } else {
        read_report(Path::new(&args.report))?
    };
    if told.schema_version != SCHEMA_VERSION {
        let found = told.schema_version;
        return Err(Failure::new(
            &args.report,
            format!("its schema has version {found}, this Tidemark's {SCHEMA_VERSION}"),
        ));
    }
    let made = make(&told, args)?;
    let mut differences = Vec::new();
    compare(&value(&told)?, &value(&made)?, "", &mut differences);
    if told.tidemark_version != made.tidemark_version {
        eprintln!("The report is by Tidemark {}, this is {}.", told.tidemark_version, made.tidemark_version);
    }
    if differences.is_empty() {
        println!("The report is what these files give, to the last digit.");
        return Ok(());
    }
    for difference in differences.iter().take(SHOWN) {
        println!("{difference}");
    }
    if differences.len() > SHOWN {
        println!("and {} more", differences.len() - SHOWN);
    }
    Err(Failure::NotMet(format!("the report is not what these files give: {} values differ", differences.len())))
}

/// The report that the files give, by the settings, the schema and the importances of the one that is told.
fn make(told: &DriftReport, args: &Args) -> Result<DriftReport, Failure> {
    let (reference, current) = (read_table(&args.reference)?, read_table(&args.current)?);
    let schema = told.schema();
    let of_reference = |name: &str| reference.data.column(name);
    for spec in &schema.columns {
        if of_reference(&spec.name).is_none() {
            return Err(Failure::new(&reference.label, format!("there is no column {:?}", spec.name)));
        }
    }
    let mut before = reference.source();
    before.label = &told.reference.label;
    before.sha256 = before.sha256.filter(|_| told.reference.sha256.is_some());
    let mut now = current.source();
    now.label = &told.current.label;
    now.sha256 = now.sha256.filter(|_| told.current.sha256.is_some());
    let importances: Vec<(String, f64)> =
        told.columns.iter().filter_map(|column| Some((column.name.clone(), column.importance?))).collect();
    let mut made = if importances.is_empty() {
        report::compare(Reference(before), Current(now), &schema, &told.settings)
    } else {
        // A model was known; then windows were held against its reference.
        let fitted = FittedReference::fit(Reference(before), &schema).with_embeddings(&told.settings, of_reference);
        fitted.compare(Current(now), &importances, &told.settings, &|_| {})
    };
    // What was checked beside the comparison is not made of the two files alone.
    made.expectations.clone_from(&told.expectations);
    made.tidemark_version.clone_from(&told.tidemark_version);
    Ok(made)
}

fn value(report: &DriftReport) -> Result<Value, Failure> {
    serde_json::to_value(report).map_err(|error| Failure::new("report", error))
}

/// Collects where two JSON values differ: the pointer, what is told and what was made.
fn compare(told: &Value, made: &Value, at: &str, differences: &mut Vec<String>) {
    match (told, made) {
        (Value::Object(told), Value::Object(made)) => {
            let names = told.keys().chain(made.keys().filter(|name| !told.contains_key(*name)));
            for name in names {
                let of = |side: &serde_json::Map<String, Value>| side.get(name).cloned().unwrap_or(Value::Null);
                compare(&of(told), &of(made), &format!("{at}/{name}"), differences);
            }
        }
        (Value::Array(told), Value::Array(made)) if told.len() == made.len() => {
            for (nth, (told, made)) in told.iter().zip(made).enumerate() {
                compare(told, made, &format!("{at}/{nth}"), differences);
            }
        }
        _ if told == made => {}
        _ => differences.push(format!("{at}: told {}, made {}", short(told), short(made))),
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(57).chain("...".chars()).collect() }
}

fn fetch(url: &str) -> Result<DriftReport, Failure> {
    let is_page = url.split_once("/r/").is_some_and(|(_, rest)| !rest.trim_end_matches('/').contains('/'));
    let url = if is_page { format!("{}/report.json", url.trim_end_matches('/')) } else { url.to_owned() };
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(60))).build();
    let failure = |error: &dyn std::fmt::Display| Failure::new("the report's address", error);
    let mut answer = ureq::Agent::new_with_config(config).get(&url).call().map_err(|error| failure(&error))?;
    let text =
        answer.body_mut().with_config().limit(MAX_REPORT_BYTES).read_to_vec().map_err(|error| failure(&error))?;
    serde_json::from_slice(&text).map_err(|error| failure(&error))
}
