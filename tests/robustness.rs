//! Nothing breaks it: whatever a column holds has a defined result, and stays its own.

use std::time::Instant;
use tidemark::data::{Column, Dataset, csv};
use tidemark::judge::{Settings, Verdict};
use tidemark::report::{ColumnReport, DriftReport, Source, compare};
use tidemark::schema::{ColumnType, Schema, SchemaOverrides};
use tidemark::stattest::{Current, NotTested, Reference, Tested};

const ROWS: usize = 400;

fn report(reference: &Dataset, current: &Dataset) -> DriftReport {
    let schema = Schema::infer(reference, &SchemaOverrides::default()).expect("no overrides");
    compare(
        Reference(Source { label: "reference", data: reference, sha256: None }),
        Current(Source { label: "current", data: current, sha256: None }),
        &schema,
        &Settings::default(),
    )
}

/// Ordinary numbers, the same on every run.
fn ordinary(n: usize, shift: usize) -> Column {
    Column::fractions("ordinary", (0..n).map(|i| ((i * 7919) % 1009 + shift) as f64 / 10.0).collect())
}

fn named(name: &str, mut column: Column) -> Column {
    name.clone_into(&mut column.name);
    column
}

/// Compares a column beside an ordinary one, and holds that the ordinary one's result is what it is alone, to the last
/// byte, and that the whole can be written as JSON and read back.
fn beside_an_ordinary_one(reference: Column, current: Column) -> ColumnReport {
    let name = reference.name.clone();
    let (n, m) = (reference.len(), current.len());
    let alone = |shift: usize, n: usize| Dataset::new(vec![ordinary(n, shift)]).expect("one column");
    let both = |column: Column, shift: usize| {
        let n = column.len();
        Dataset::new(vec![column, ordinary(n, shift)]).expect("equal lengths")
    };
    let expected = report(&alone(0, n), &alone(3, m));
    let found = report(&both(reference, 0), &both(current, 3));
    let (expected, beside) = (expected.column("ordinary").expect("there"), found.column("ordinary").expect("there"));
    assert_eq!((&beside.evidently, &beside.distribution), (&expected.evidently, &expected.distribution));
    assert_eq!((&beside.reference, &beside.current), (&expected.reference, &expected.current));
    // Only the correction for many tests looks at other columns.
    let p_values = |column: &ColumnReport| column.calibrated.values.outcome().map(|test| test.p_value);
    assert_eq!(p_values(beside), p_values(expected));
    holds_finite_numbers(&found);
    found.column(&name).expect("the column itself").clone()
}

/// JSON has no NaN: a number that was not finite comes back as null, and the report is no longer the same.
fn holds_finite_numbers(report: &DriftReport) {
    let json = serde_json::to_string(report).expect("a report is JSON");
    let back: DriftReport = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error} in {json}"));
    assert_eq!(&back, report, "a report comes back as it was");
}

fn fractions(values: Vec<f64>) -> Column {
    Column::fractions("x", values)
}

fn is_missing(column: &Column) -> bool {
    matches!(&column.values, tidemark::data::Values::Numbers(numbers) if numbers.as_slice()[0].is_nan())
}

fn spread(n: usize) -> Column {
    named("x", ordinary(n, 0))
}

#[test]
fn no_rows_at_all() {
    let empty = csv::read(b"x,ordinary\n").expect("a header");
    let full = Dataset::new(vec![spread(ROWS), ordinary(ROWS, 0)]).expect("two columns");
    for (reference, current) in [(&empty, &full), (&full, &empty), (&empty, &empty)] {
        let found = report(reference, current);
        holds_finite_numbers(&found);
        assert!(found.columns.iter().all(|column| column.calibrated.verdict == Verdict::NotTested), "{found:?}");
        assert!(!found.is_drifted());
    }
}

#[test]
fn one_row() {
    let found = beside_an_ordinary_one(fractions(vec![1.5]), fractions(vec![2.5]));
    assert_eq!(found.calibrated.verdict, Verdict::NotEnoughData);
    let found = beside_an_ordinary_one(fractions(vec![50.5]), spread(ROWS));
    assert_eq!(found.calibrated.verdict, Verdict::NotEnoughData);
}

#[test]
fn constants() {
    let found = beside_an_ordinary_one(fractions(vec![7.5; ROWS]), fractions(vec![7.5; ROWS]));
    assert_ne!(found.calibrated.verdict, Verdict::Drifted);
    assert!(matches!(&found.evidently, Tested::NotTested(_)) || !found.evidently.outcome().unwrap().drifted);
    let found = beside_an_ordinary_one(fractions(vec![7.5; ROWS]), fractions(vec![7.25; ROWS]));
    assert_eq!(found.calibrated.verdict, Verdict::Drifted);
}

#[test]
fn all_missing() {
    let missing = || fractions(vec![f64::NAN; ROWS]);
    for (reference, current) in [(missing(), spread(ROWS)), (spread(ROWS), missing()), (missing(), missing())] {
        let both_missing = is_missing(&reference) && is_missing(&current);
        let found = beside_an_ordinary_one(reference, current);
        let empty = matches!(found.calibrated.values, Tested::NotTested(NotTested::Empty { .. }));
        assert!(empty, "{:?}", found.calibrated.values);
        // What is missing is a test of its own, and it sees this.
        let expected = if both_missing { Verdict::Stable } else { Verdict::Drifted };
        let missing = found.calibrated.missing.outcome().map(|test| test.verdict);
        assert_eq!(missing, Some(expected), "{:?}", found.calibrated.missing);
    }
}

#[test]
fn infinite_values() {
    let infinite = fractions((0..ROWS).map(|i| if i % 2 == 0 { f64::INFINITY } else { f64::NEG_INFINITY }).collect());
    let found = beside_an_ordinary_one(spread(ROWS), infinite);
    assert!(matches!(found.calibrated.values, Tested::NotTested(NotTested::Empty { .. })));
    assert_eq!(found.current.infinite, ROWS as u64);
}

#[test]
fn ties_only() {
    let two = |share: usize| fractions((0..ROWS).map(|i| if i % 10 < share { 0.5 } else { 1.5 }).collect());
    assert_eq!(beside_an_ordinary_one(two(5), two(5)).calibrated.verdict, Verdict::Stable);
    assert_eq!(beside_an_ordinary_one(two(2), two(8)).calibrated.verdict, Verdict::Drifted);
}

#[test]
fn every_value_the_largest_number() {
    let found = beside_an_ordinary_one(fractions(vec![f64::MAX; ROWS]), fractions(vec![f64::MAX; ROWS]));
    assert_ne!(found.calibrated.verdict, Verdict::Drifted);
    let found = beside_an_ordinary_one(fractions(vec![f64::MAX; ROWS]), fractions(vec![-f64::MAX; ROWS]));
    assert_eq!(found.calibrated.verdict, Verdict::Drifted);
    let mixed = fractions((0..ROWS).map(|i| if i % 2 == 0 { f64::MAX } else { -f64::MAX }).collect());
    beside_an_ordinary_one(mixed.clone(), mixed);
    // More rows and values than bins.
    let wide = |n: usize| fractions((0..n).map(|i| (i as f64 / n as f64 * 2.0 - 1.0) * f64::MAX).collect());
    beside_an_ordinary_one(wide(2000), wide(1500));
    let tiny = |n: usize| fractions((0..n).map(|i| f64::from_bits(i as u64)).collect());
    beside_an_ordinary_one(tiny(2000), tiny(1500));
}

fn categories<'a>(values: impl IntoIterator<Item = &'a str>) -> Column {
    Column::strings("x", values.into_iter().map(Some))
}

#[test]
fn one_category() {
    let found = beside_an_ordinary_one(categories(vec!["a"; ROWS]), categories(vec!["a"; ROWS]));
    assert_ne!(found.calibrated.verdict, Verdict::Drifted);
    let found = beside_an_ordinary_one(categories(vec!["a"; ROWS]), categories(vec!["b"; ROWS]));
    assert_eq!(found.calibrated.verdict, Verdict::Drifted);
    assert_eq!(found.calibrated.new_categories, ["b"]);
}

#[test]
fn a_million_categories() {
    let many =
        |n: usize, start: usize| -> Vec<String> { (0..n).map(|i| format!("user {}", (start + i) / 2)).collect() };
    let (a, b) = (many(2_000_000, 0), many(1_000_000, 500_000));
    let column = |names: &[String]| categories(names.iter().map(String::as_str));
    let began = Instant::now();
    let (reference, current) =
        (Dataset::new(vec![column(&a)]).expect("a column"), Dataset::new(vec![column(&b)]).expect("a column"));
    let overrides =
        SchemaOverrides { types: [("x".to_owned(), ColumnType::Categorical)].into(), ..SchemaOverrides::default() };
    let schema = Schema::infer(&reference, &overrides).expect("the column is there");
    let found = compare(
        Reference(Source { label: "r", data: &reference, sha256: None }),
        Current(Source { label: "c", data: &current, sha256: None }),
        &schema,
        &Settings::default(),
    );
    assert_eq!(found.columns[0].reference.distinct, 1_000_000);
    holds_finite_numbers(&found);
    let json = serde_json::to_string(&found).expect("a report is JSON");
    assert!(json.len() < 4_000_000, "{} bytes: a report names the first of them, not all", json.len());
    println!("a million categories: {:.1} s", began.elapsed().as_secs_f64());
}

#[test]
fn a_column_on_one_side_only() {
    let with = Dataset::new(vec![spread(ROWS), ordinary(ROWS, 0)]).expect("two columns");
    let without = Dataset::new(vec![ordinary(ROWS, 0)]).expect("one column");
    let found = report(&with, &without);
    holds_finite_numbers(&found);
    assert_eq!(found.column("x").unwrap().evidently, Tested::NotTested(NotTested::AbsentInCurrent));
    assert_eq!(found.column("x").unwrap().calibrated.verdict, Verdict::NotTested);
    assert_eq!(found.column("ordinary").unwrap().calibrated.verdict, Verdict::Stable);
    let found = report(&without, &with);
    assert_eq!(found.columns.len(), 1, "the schema is the reference's");
}

#[test]
fn another_type_on_the_other_side() {
    let truth = Column { name: "x".to_owned(), values: tidemark::data::Values::Booleans(vec![true; ROWS]) };
    let text: Vec<String> = (0..ROWS).map(|i| format!("text {i}")).collect();
    let sides = [spread(ROWS), categories(vec!["a"; ROWS]), truth, categories(text.iter().map(String::as_str))];
    for (i, a) in sides.iter().enumerate() {
        for (j, b) in sides.iter().enumerate() {
            let found = beside_an_ordinary_one(a.clone(), b.clone());
            if i == 0 && j > 0 || i > 0 && j == 0 {
                // Evidently goes by the current rows alone, and may take the numbers for names.
                let mismatch = matches!(found.calibrated.values, Tested::NotTested(NotTested::TypeMismatch { .. }));
                assert!(mismatch, "{i} {j} {:?}", found.calibrated.values);
            }
        }
    }
}

#[test]
fn ten_thousand_columns() {
    const COLUMNS: usize = 10_000;
    let wide = |shift: usize| {
        let columns =
            (0..COLUMNS).map(|i| named(&format!("column {i}"), ordinary(100, if i == 77 { 500 } else { shift })));
        Dataset::new(columns.collect()).expect("names differ")
    };
    let (reference, current) = (wide(0), wide(1));
    let began = Instant::now();
    let found = report(&reference, &current);
    let seconds = began.elapsed().as_secs_f64();
    println!("10,000 columns: {seconds:.2} s");
    assert_eq!(found.columns.len(), COLUMNS);
    assert!(seconds < 10.0, "{seconds} s");
    let drifted: Vec<_> = found.columns.iter().filter(|column| column.calibrated.verdict == Verdict::Drifted).collect();
    assert!(drifted.is_empty() || drifted.iter().all(|column| column.name == "column 77"), "{}", drifted.len());
}

fn from_csv(reference: &[u8], current: &[u8]) -> DriftReport {
    report(&csv::read(reference).expect("a table"), &csv::read(current).expect("a table"))
}

#[test]
fn bytes_that_are_no_text() {
    let mut file = b"x,ordinary\n".to_vec();
    for i in 0..ROWS {
        file.extend_from_slice(if i % 2 == 0 { b"\xff\xfe\x80" } else { b"a\0b" });
        file.extend_from_slice(format!(",{}.5\n", i * 37 % 97).as_bytes());
    }
    let found = from_csv(&file, &file);
    holds_finite_numbers(&found);
    assert_eq!(found.column("x").unwrap().reference.distinct, 2);
    assert_eq!(found.column("x").unwrap().calibrated.verdict, Verdict::Stable);
    assert_eq!(found.column("ordinary").unwrap().column_type, ColumnType::Numerical);
    assert_eq!(found.column("ordinary").unwrap().calibrated.verdict, Verdict::Stable);
}

#[test]
fn a_cell_of_a_megabyte() {
    let mut file = b"x,ordinary\n".to_vec();
    for i in 0..ROWS {
        file.extend_from_slice(if i == 200 { vec![b'z'; 1 << 20] } else { b"a".to_vec() }.as_slice());
        file.extend_from_slice(format!(",{}.5\n", i * 37 % 97).as_bytes());
    }
    let found = from_csv(&file, &file);
    holds_finite_numbers(&found);
    assert_eq!(found.column("x").unwrap().reference.distinct, 2);
    assert_eq!(found.column("ordinary").unwrap().calibrated.verdict, Verdict::Stable);
}

#[test]
fn names_that_are_awkward() {
    let file = "\"a,b\",\"say \"\"hi\"\"\", , é\u{301}\u{202e}\n1.5,2.5,3.5,4.5\n1.25,2.25,3.25,4.25\n";
    let found = from_csv(file.as_bytes(), file.as_bytes());
    holds_finite_numbers(&found);
    assert_eq!(found.columns[0].name, "a,b");
    assert_eq!(found.columns[1].name, "say \"hi\"");
}
