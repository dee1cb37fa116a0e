use crate::chunking::{ChunkError, Chunking, Incomplete, Period};
use crate::data::{Column, Dataset};
use crate::judge::nannyml::{ColumnChunks, Method, Options, Statistic};
use crate::judge::{Judge, Settings, Verdict};
use crate::report::{DriftReport, FittedReference, Source, compare};
use crate::schema::{Schema, SchemaOverrides};
use crate::stattest::{Current, NotTested, Reference, Tested};

fn source(data: &Dataset) -> Source<'_> {
    Source { label: "rows", data, sha256: None }
}

fn judged(reference: &Dataset, current: &Dataset, options: Options) -> DriftReport {
    let schema = Schema::infer(reference, &SchemaOverrides::default()).unwrap();
    let settings = Settings { judge: Judge::Nannyml, nannyml: Some(options), ..Settings::default() };
    compare(Reference(source(reference)), Current(source(current)), &schema, &settings)
}

fn found<'a>(report: &'a DriftReport, column: &str) -> &'a ColumnChunks {
    report.column(column).unwrap().nannyml.as_ref().unwrap()
}

/// Numbers that no chunk has more of than another, moved in the second half.
fn numbers(shift: f64) -> Column {
    Column::fractions("x", (0..400).map(|i| f64::from(i * 37 % 101) + if i >= 200 { shift } else { 0.0 }).collect())
}

fn table(columns: Vec<Column>) -> Dataset {
    Dataset::new(columns).unwrap()
}

#[test]
fn a_column_is_drifted_since_the_chunk_that_alerts_first() {
    let (quiet, moved) = (table(vec![numbers(0.0)]), table(vec![numbers(80.0)]));
    let same = judged(&quiet, &quiet, Options::default());
    assert_eq!((found(&same, "x").verdict(), found(&same, "x").first_alert()), (Verdict::Stable, None));
    assert!(!same.data.drifted);
    let report = judged(&quiet, &moved, Options::default());
    let column = found(&report, "x");
    assert_eq!((column.verdict(), column.n_alerting(), column.n_chunks()), (Verdict::Drifted, 5, 10));
    assert_eq!(report.chunks.as_ref().unwrap().current[column.first_alert().unwrap()].key, "[200:239]");
    assert!(report.data.drifted);
    assert_eq!(report.sentence, "The data drifted in 1 of 1 column: x.");
}

#[test]
fn statistics_alert_beside_the_verdict_and_do_not_make_it() {
    let mut values: Vec<Option<&str>> = (0..400).map(|i| Some(if i % 2 == 0 { "a" } else { "b" })).collect();
    let reference = table(vec![Column::strings("x", values.clone())]);
    for value in values.iter_mut().take(40).step_by(4) {
        *value = None;
    }
    for value in values.iter_mut().take(40).skip(1).step_by(4) {
        *value = None;
    }
    let report = judged(&reference, &table(vec![Column::strings("x", values)]), Options::default());
    let column = found(&report, "x");
    let missing = &column.statistics[0];
    assert_eq!((missing.measure, missing.current[0].value), (Statistic::MissingValuesRate, Some(0.5)));
    assert!(missing.current[0].alert && !missing.current[1].alert);
    assert_eq!(column.verdict(), Verdict::Stable);
}

#[test]
fn the_default_path_holds_nothing_of_chunks() {
    let data = table(vec![numbers(0.0)]);
    let schema = Schema::infer(&data, &SchemaOverrides::default()).unwrap();
    let report = compare(Reference(source(&data)), Current(source(&data)), &schema, &Settings::default());
    assert_eq!((report.columns[0].nannyml.as_ref(), report.chunks.as_ref()), (None, None));
    assert_eq!(report.columns[0].verdict(Judge::Nannyml), Verdict::NotTested);
    let json = serde_json::to_string(&report).unwrap();
    assert!(!json.contains("nannyml") && !json.contains("chunks"));
    assert_eq!(serde_json::from_str::<DriftReport>(&json).unwrap(), report);
}

#[test]
fn a_report_with_chunks_is_read_back_as_it_was_written() {
    let (reference, current) = (table(vec![numbers(0.0)]), table(vec![numbers(9.0)]));
    let options = Options {
        continuous_methods: Method::ALL.to_vec(),
        summary: true,
        chunking: Chunking::Size { rows: 60, incomplete: Incomplete::Append },
        ..Options::default()
    };
    let report = judged(&reference, &current, options);
    assert_eq!(found(&report, "x").drift.outcome().unwrap().len(), 4, "chi2 and l_infinity are not for numbers");
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<DriftReport>(&json).unwrap(), report);
}

#[test]
fn each_columns_failure_stays_its_own() {
    let n = 30;
    let strings = |value: fn(usize) -> Option<&'static str>| (0..n).map(value).collect::<Vec<_>>();
    let named = |name: &str, column: Column| Column { name: name.to_owned(), ..column };
    let fractions = |f: fn(u32) -> f64| Column::fractions("", (0..30).map(f).collect());
    let reference = table(vec![
        named("good", fractions(f64::from)),
        named("gone", fractions(f64::from)),
        named("retyped", fractions(f64::from)),
        named("emptied", fractions(f64::from)),
        named("never", fractions(|_| f64::NAN)),
        named("infinite", fractions(|i| if i % 3 == 0 { f64::INFINITY } else { f64::from(i) })),
        named("huge", fractions(|i| if i % 2 == 0 { f64::MAX } else { f64::MIN })),
        Column::strings("constant", strings(|_| Some("a"))),
    ]);
    let current = table(vec![
        named("good", fractions(f64::from)),
        Column::strings("retyped", strings(|i| (i > 3).then_some("a"))),
        named("emptied", fractions(|_| f64::NAN)),
        named("never", fractions(f64::from)),
        named("infinite", fractions(|i| if i % 3 == 0 { f64::NEG_INFINITY } else { f64::from(i) })),
        named("huge", fractions(f64::from)),
        Column::strings("constant", strings(|_| Some("a"))),
    ]);
    let options = Options {
        continuous_methods: Method::ALL.to_vec(),
        categorical_methods: Method::ALL.to_vec(),
        summary: true,
        ..Options::default()
    };
    let report = judged(&reference, &current, options);
    let reason = |column: &str| match &found(&report, column).drift {
        Tested::Tested(_) => None,
        Tested::NotTested(reason) => Some(reason.clone()),
    };
    assert_eq!(reason("good"), None);
    assert_eq!(reason("gone"), Some(NotTested::AbsentInCurrent));
    assert!(matches!(reason("retyped"), Some(NotTested::TypeMismatch { .. })));
    assert_eq!(reason("emptied"), Some(NotTested::Empty { n_reference: 30, n_current: 0 }));
    assert_eq!(reason("never"), Some(NotTested::Empty { n_reference: 0, n_current: 0 }));
    assert_eq!(reason("infinite"), None);
    assert_eq!(reason("huge"), Some(NotTested::NotFinite));
    assert_eq!((reason("constant"), found(&report, "constant").verdict()), (None, Verdict::Stable));
    // What is missing is seen all the same.
    let missing = &found(&report, "emptied").statistics[0];
    assert!(missing.current.iter().all(|chunk| chunk.alert && chunk.value == Some(1.0)));
    assert_eq!(found(&report, "retyped").statistics[0].current[0].value, Some(1.0));
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<DriftReport>(&json).unwrap(), report);
}

#[test]
fn rows_that_cannot_be_split_are_a_reason_in_every_column() {
    let data = table(vec![numbers(0.0)]);
    let month = Options { chunking: Chunking::Period { period: Period::Month }, ..Options::default() };
    let report = judged(&data, &data, month);
    let problem = ChunkError::NoTimestampNamed;
    assert_eq!(found(&report, "x").drift, Tested::NotTested(NotTested::NotChunked { problem }));
    assert_eq!(report.chunks, None);

    let schema = Schema::infer(&data, &SchemaOverrides::default()).unwrap();
    let settings = Settings { judge: Judge::Nannyml, ..Settings::default() };
    let fitted = FittedReference::fit(Reference(source(&data)), &schema);
    let report = fitted.compare(Current(source(&data)), &[], &settings, &|_| {});
    let problem = ChunkError::RowsNotKept;
    assert_eq!(found(&report, "x").drift, Tested::NotTested(NotTested::NotChunked { problem }));
}

#[test]
fn the_column_of_timestamps_orders_the_rows_and_is_not_judged() {
    let days: Vec<String> = (0..60).map(|i| format!("2024-{:02}-{:02}", i % 2 + 1, i / 2 % 28 + 1)).collect();
    let when = Column::strings("when", days.iter().map(|day| Some(day.as_str())));
    let data = table(vec![when, Column::fractions("x", (0..60).map(f64::from).collect())]);
    let chunking = Chunking::Period { period: Period::Month };
    let report = judged(&data, &data, Options { chunking, timestamp: Some("when".to_owned()), ..Options::default() });
    let problem = ChunkError::OrdersTheRows;
    assert_eq!(found(&report, "when").drift, Tested::NotTested(NotTested::NotChunked { problem }));
    let keys: Vec<&str> = report.chunks.as_ref().unwrap().current.iter().map(|chunk| chunk.key.as_str()).collect();
    assert_eq!(keys, ["2024-01", "2024-02"]);
}
