//! `golden-nannyml/1`: NannyML's tables, chunk by chunk.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use tidemark::chunking::{Chunk, Chunking, Incomplete, Period};
use tidemark::data::datetime;
use tidemark::data::{Column, Dataset, Numbers, Values};
use tidemark::golden::Question;
use tidemark::judge::nannyml::{
    Calculation, ChunkValue, Estimation, Measured, Method, OffsetFrom, Options, Statistic, Threshold,
};
use tidemark::judge::{Judge, Settings};
use tidemark::report::{DriftReport, Source, compare};
use tidemark::schema::{ColumnRole, ColumnType, Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};

use super::tally::{Tally, agrees};
use super::{files, nannyml_loss, nannyml_pca, nannyml_performance};

/// What a case is about, by the second part of its name.
enum Kind {
    Drift,
    Statistic(Statistic),
    Reconstruction,
    Performance,
    Loss,
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "univariate" => Kind::Drift,
        "missing_values" => Kind::Statistic(Statistic::MissingValuesRate),
        "unseen_values" => Kind::Statistic(Statistic::UnseenValuesRate),
        "numerical_range" => Kind::Statistic(Statistic::OutOfRangeValuesRate),
        "summary_avg" => Kind::Statistic(Statistic::ValuesAvg),
        "summary_std" => Kind::Statistic(Statistic::ValuesStd),
        "summary_median" => Kind::Statistic(Statistic::ValuesMedian),
        "summary_sum" => Kind::Statistic(Statistic::ValuesSum),
        "summary_count" => Kind::Statistic(Statistic::RowsCount),
        "pca_reconstruction" => Kind::Reconstruction,
        "cbpe" | "realized" => Kind::Performance,
        "dle" => Kind::Loss,
        _ => return None,
    })
}

pub fn run(file: &Value, directory: &Path, tally: &mut Tally) {
    for case in file["cases"].as_array().expect("cases") {
        let id = case["id"].as_str().expect("an id");
        let name = id.split('.').nth(1).unwrap_or("");
        match kind(name) {
            None => tally.check(id, false, || format!("unknown kind {name}")),
            Some(Kind::Loss) => nannyml_loss::run_case(case, directory, tally),
            Some(Kind::Performance) => nannyml_performance::run_case(case, name, directory, tally),
            Some(kind) => {
                let side = |side: &str| table(&case["data"][side], &file["tables"], directory);
                match (side("reference"), side("analysis")) {
                    (Some(reference), Some(current)) if matches!(kind, Kind::Reconstruction) => {
                        nannyml_pca::run_case(id, case, &reference, &current, tally);
                    }
                    (Some(reference), Some(current)) => run_case(case, &kind, &reference, &current, tally),
                    _ => tally.skip("the data file is not there", 1),
                }
            }
        }
    }
}

/// A data file, or a table that the golden file itself writes out, column by column.
fn table(side: &Value, tables: &Value, directory: &Path) -> Option<Rc<Dataset>> {
    if let Some(file) = side.as_str() {
        return files::data(directory, file);
    }
    let table = &tables[side["table"].as_str().expect("a file or a table")];
    let columns = table.as_object().expect("columns").iter().map(|(name, values)| {
        let values = values.as_array().expect("values");
        Column { name: name.clone(), values: column(values) }
    });
    Some(Rc::new(Dataset::new(columns.collect()).expect("columns of equal length")))
}

/// Values as the kind that pandas makes of them.
fn column(values: &[Value]) -> Values {
    if values.iter().all(Value::is_boolean) {
        return Values::Booleans(values.iter().map(|value| value == true).collect());
    }
    if values.iter().any(Value::is_string) {
        let strings = Column::strings("", values.iter().map(Value::as_str));
        return strings.values;
    }
    let numbers = values.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
    Values::Numbers(Numbers::new(numbers, values.iter().all(Value::is_i64)))
}

fn run_case(case: &Value, kind: &Kind, reference: &Dataset, current: &Dataset, tally: &mut Tally) {
    let id = case["id"].as_str().expect("an id");
    let measured = Measures::of(case, kind);
    let unmeasured =
        reference.columns().iter().filter(|column| measured.0.iter().all(|(name, _)| *name != column.name));
    let roles = unmeasured.map(|column| (column.name.clone(), ColumnRole::Ignored)).collect();
    let overrides = SchemaOverrides { types: measured.types(kind), roles };
    let schema = Schema::infer(reference, &overrides).expect("the reference has the columns");
    let options = options(case, kind, &measured, reference);
    let settings = Settings { judge: Judge::Nannyml, nannyml: Some(options), ..Settings::default() };
    let report = if case["data"]["reference"].is_object() {
        tally.report(id, Question { reference, current, schema: &schema, settings: &settings })
    } else {
        let source = |label, data| Source { label, data, sha256: None };
        compare(Reference(source("reference", reference)), Current(source("current", current)), &schema, &settings)
    };
    let Some(chunks) = &report.chunks else {
        tally.check(id, false, || format!("no chunks: {:?}", report.columns.first().map(|column| &column.nannyml)));
        return;
    };
    compare_chunks(case, &chunks.reference, &chunks.current, tally);
    for (column, measure) in &measured.0 {
        let what = format!("{id} {column} {measure}");
        match find(&report, column, measure, kind) {
            Some(found) => compare_measure(&what, &case["result"], &prefix(column, measure), &found, tally),
            None => tally.check(&what, false, || format!("not measured: {:?}", report.column(column))),
        }
    }
}

/// The columns of the table that a case expects, with their measures; the measure is empty in tables of one measure.
struct Measures(Vec<(String, String)>);

impl Measures {
    fn of(case: &Value, kind: &Kind) -> Self {
        let names = case["result"].as_object().expect("a table").keys();
        let named = names.filter_map(|name| name.strip_suffix(".value")).map(|name| match kind {
            Kind::Drift => name.rsplit_once('.').expect("a column and a method"),
            _ => (name, ""),
        });
        Self(named.map(|(column, measure)| (column.to_owned(), measure.to_owned())).collect())
    }

    /// What NannyML took the columns for follows from what it measured.
    fn types(&self, kind: &Kind) -> BTreeMap<String, ColumnType> {
        let column_type = |measure: &str| match (kind, measure) {
            (Kind::Drift, "chi2" | "l_infinity") | (Kind::Statistic(Statistic::UnseenValuesRate), _) => {
                Some(ColumnType::Categorical)
            }
            (Kind::Drift, "kolmogorov_smirnov" | "wasserstein") => Some(ColumnType::Numerical),
            _ => None,
        };
        let typed = self.0.iter().filter_map(|(column, measure)| Some((column.clone(), column_type(measure)?)));
        typed.collect()
    }

    fn methods(&self) -> Vec<Method> {
        let mut methods: Vec<Method> = self
            .0
            .iter()
            .map(|(_, measure)| Method::from_name(measure).unwrap_or_else(|| panic!("unknown method {measure}")))
            .collect();
        methods.sort();
        methods.dedup();
        methods
    }
}

fn options(case: &Value, kind: &Kind, measured: &Measures, reference: &Dataset) -> Options {
    let params = &case["params"];
    let incomplete = match params["incomplete"].as_str() {
        None => Incomplete::Keep,
        Some(name) => Incomplete::ALL.into_iter().find(|known| known.name() == name).expect("keep, append or drop"),
    };
    let chunking = match (&params["chunk_size"], &params["chunk_number"], &params["chunk_period"]) {
        (Value::Number(rows), ..) => Chunking::Size { rows: rows.as_u64().expect("rows"), incomplete },
        (_, Value::Number(chunks), _) => Chunking::Number { chunks: chunks.as_u64().expect("chunks"), incomplete },
        (.., Value::String(name)) => Chunking::Period { period: Period::from_name(name).expect("a period") },
        _ => Chunking::default(),
    };
    let methods = if matches!(kind, Kind::Drift) { measured.methods() } else { Vec::new() };
    let thresholds = params["thresholds"].as_object().into_iter().flatten();
    let thresholds: BTreeMap<String, Threshold> =
        thresholds.map(|(name, threshold)| (name.clone(), self::threshold(threshold))).collect();
    // Only what stands beside the methods' names is read by NannyML: what stands below them, it overlooks.
    let computation = &params["computation_params"];
    let calculation = match computation["calculation_method"].as_str() {
        None | Some("auto") => Calculation::Auto,
        Some("exact") => Calculation::Exact,
        Some("estimated") => Calculation::Estimated,
        Some(other) => panic!("unknown calculation {other}"),
    };
    let n_bins = computation["n_bins"].as_u64().map_or(10_000, |n_bins| u32::try_from(n_bins).expect("few bins"));
    let by_name = |name: &str| thresholds.get(name).copied();
    Options {
        chunking,
        timestamp: (params["timestamp"] != false)
            .then(|| reference.column("timestamp").map(|column| column.name.clone()))
            .flatten(),
        continuous_methods: methods.clone(),
        categorical_methods: methods,
        thresholds: Method::ALL.into_iter().filter_map(|method| Some((method, by_name(method.name())?))).collect(),
        estimation: Estimation { calculation, n_bins },
        quality: true,
        summary: !matches!(kind, Kind::Drift),
        statistic_thresholds: match kind {
            Kind::Statistic(statistic) => {
                by_name("threshold").map(|threshold| (*statistic, threshold)).into_iter().collect()
            }
            _ => BTreeMap::new(),
        },
        ..Options::default()
    }
}

/// A threshold as NannyML's configuration files write it.
fn threshold(value: &Value) -> Threshold {
    let number = |key: &str, unless_said: Option<f64>| value.get(key).map_or(unless_said, Value::as_f64);
    let made = match value["type"].as_str() {
        Some("constant") => Threshold::constant(number("lower", None), number("upper", None)),
        Some("standard_deviation") => Threshold::standard_deviations(
            number("std_lower_multiplier", Some(3.0)),
            number("std_upper_multiplier", Some(3.0)),
            if value["offset_from"] == "nanmedian" { OffsetFrom::Median } else { OffsetFrom::Mean },
        ),
        other => panic!("unknown threshold {other:?}"),
    };
    made.expect("a threshold that NannyML took")
}

/// A measure of one column, without its name.
fn find(report: &DriftReport, column: &str, measure: &str, kind: &Kind) -> Option<Measured<()>> {
    fn unnamed<M: PartialEq>(measures: &[Measured<M>], name: &M) -> Option<Measured<()>> {
        let found = measures.iter().find(|measured| measured.measure == *name)?;
        Some(Measured {
            measure: (),
            lower_threshold: found.lower_threshold,
            upper_threshold: found.upper_threshold,
            reference: found.reference.clone(),
            current: found.current.clone(),
        })
    }
    let judged = || report.column(column)?.nannyml.as_ref();
    match kind {
        Kind::Drift => unnamed(judged()?.drift.outcome()?, &Method::from_name(measure)?),
        Kind::Statistic(Statistic::RowsCount) => {
            unnamed(report.chunks.as_ref()?.rows.as_slice(), &Statistic::RowsCount)
        }
        Kind::Statistic(statistic) => unnamed(&judged()?.statistics, statistic),
        Kind::Reconstruction | Kind::Performance | Kind::Loss => None,
    }
}

fn prefix(column: &str, measure: &str) -> String {
    if measure.is_empty() { column.to_owned() } else { format!("{column}.{measure}") }
}

fn compare_chunks(case: &Value, reference: &[Chunk], current: &[Chunk], tally: &mut Tally) {
    let id = case["id"].as_str().expect("an id");
    let result = &case["result"];
    let level = if result["chunk.chunk.key"].is_array() { "chunk.chunk" } else { "chunk" };
    let expected = |name: &str, i: usize| &result[format!("{level}.{name}")][i];
    let n_expected = result[format!("{level}.key")].as_array().expect("keys").len();
    let n_found = reference.len() + current.len();
    tally.check(&format!("{id} chunks"), n_found == n_expected, || format!("{n_found}, not {n_expected}"));
    for (i, chunk) in reference.iter().chain(current).enumerate() {
        let moment = |name: &str| expected(name, i).as_str().and_then(datetime::parse);
        let period = if i < reference.len() { "reference" } else { "analysis" };
        let agrees = expected("key", i) == chunk.key.as_str()
            && expected("period", i) == period
            && expected("start_index", i).as_u64() == Some(chunk.first_row)
            && expected("end_index", i).as_u64() == Some(chunk.first_row + chunk.rows - 1)
            && moment("start_date") == chunk.start
            && moment("end_date") == chunk.end;
        tally.check(&format!("{id} chunk {i}"), agrees, || format!("{chunk:?}, not {}", expected("key", i)));
    }
}

fn compare_measure(what: &str, result: &Value, prefix: &str, found: &Measured<()>, tally: &mut Tally) {
    let expected = |name: &str, i: usize| &result[format!("{prefix}.{name}")][i];
    let has_error = result[format!("{prefix}.sampling_error")].is_array();
    let chunks: Vec<&ChunkValue> = found.reference.iter().chain(&found.current).collect();
    for (i, chunk) in chunks.into_iter().enumerate() {
        let what = format!("{what} chunk {i}");
        compare_number(&format!("{what} value"), chunk.value, expected("value", i), tally);
        compare_number(&format!("{what} lower"), found.lower_threshold, expected("lower_threshold", i), tally);
        compare_number(&format!("{what} upper"), found.upper_threshold, expected("upper_threshold", i), tally);
        if has_error {
            compare_number(&format!("{what} error"), chunk.sampling_error, expected("sampling_error", i), tally);
        }
        tally.check(&format!("{what} alert"), expected("alert", i) == chunk.alert, || format!("{}", chunk.alert));
    }
}

fn compare_number(what: &str, found: Option<f64>, expected: &Value, tally: &mut Tally) {
    let agrees = match (found, expected.as_f64()) {
        (Some(found), Some(expected)) => agrees(found, expected),
        (found, expected) => found.is_none() && expected.is_none(),
    };
    tally.check(what, agrees, || format!("{found:?}, not {expected}"));
}
