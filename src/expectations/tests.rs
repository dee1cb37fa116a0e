use super::*;
use crate::data::{Column, Dataset, Values, csv};
use crate::random::Rng;
use crate::report::Source;
use crate::schema::{ColumnRole, Schema, SchemaOverrides};
use crate::stattest::Reference;

fn learn(data: &Dataset, options: &InferOptions) -> Expectations {
    let schema = Schema::infer(data, &SchemaOverrides::default()).unwrap();
    Expectations::infer(Reference(Source { label: "reference", data, sha256: None }), &schema, options)
}

fn evidently() -> InferOptions {
    InferOptions { style: Style::Evidently, ..InferOptions::default() }
}

fn read(text: &str) -> Dataset {
    csv::read(text.as_bytes()).unwrap()
}

/// What a file that a person wrote says about data.
fn check(columns: &str, data: &str) -> Vec<Check> {
    let text = format!(r#"{{"format": "{FORMAT}", "columns": [{columns}]}}"#);
    Expectations::from_json(&text).unwrap().check(&read(data)).checks
}

fn only<'a>(checks: &'a [Check], expectation: &str) -> &'a Check {
    checks.iter().find(|check| check.expectation == expectation).expect("the check is there")
}

/// Columns of every sort: skewed, heavy-tailed, discrete, with gaps, rare, many categories.
fn table(rng: &mut Rng, rows: usize) -> Dataset {
    let draw = |rng: &mut Rng, one: &dyn Fn(&mut Rng) -> f64| (0..rows).map(|_| one(rng)).collect::<Vec<f64>>();
    let zipf = |rng: &mut Rng| format!("c{}", (1.0 / (rng.uniform() + 1e-4)).floor());
    let names: Vec<String> = (0..rows).map(|_| zipf(rng)).collect();
    let gaps = draw(rng, &|rng| if rng.uniform() < 0.03 { f64::NAN } else { rng.normal() });
    let kinds = (0..rows).map(|_| Some(if rng.uniform() < 0.7 { "card" } else { "cash" })).collect::<Vec<_>>();
    Dataset::new(vec![
        Column::fractions("normal", draw(rng, &Rng::normal)),
        Column::fractions("lognormal", draw(rng, &|rng| libm::exp(1.5 * rng.normal()))),
        Column::fractions("heavy", draw(rng, &|rng| libm::pow(1.0 - rng.uniform(), -1.0 / 1.5))),
        Column::fractions("cauchy", draw(rng, &|rng| rng.normal() / rng.normal())),
        Column::numbers("count", draw(rng, &|rng| (rng.uniform() * rng.uniform() * 40.0).floor())),
        Column::fractions("gaps", gaps),
        Column::fractions("mostly_zero", draw(rng, &|rng| if rng.uniform() < 0.97 { 0.0 } else { rng.uniform() })),
        Column::numbers("rare", draw(rng, &|rng| f64::from(u8::from(rng.uniform() < 0.002)))),
        Column::strings("kind", kinds),
        Column::strings("zipf", names.iter().map(|name| Some(name.as_str()))),
    ])
    .unwrap()
}

#[test]
fn unchanged_data_fail_as_rarely_as_stated() {
    let mut rng = Rng::new(41);
    let (mut files, mut failed, mut failures) = (0, 0, Vec::new());
    for (n, m) in [(60, 60), (300, 100), (100, 400), (2000, 500), (1000, 1000), (400, 4000)] {
        for _ in 0..50 {
            let expectations = learn(&table(&mut rng, n), &InferOptions::default());
            let report = expectations.check(&table(&mut rng, m));
            files += 1;
            failed += u32::from(report.failed > 0);
            failures.extend(report.failures().map(|check| format!("{n}/{m} {:?} {}", check.column, check.expectation)));
        }
    }
    // 1% of 300 are 3; more than 8 have a probability of 0.4%.
    assert!(failed <= 8, "{failed} of {files}: {failures:?}");
}

#[test]
fn evidently_style_fails_on_unchanged_data() {
    let mut rng = Rng::new(17);
    let expectations = learn(&table(&mut rng, 1000), &evidently());
    assert!(expectations.check(&table(&mut rng, 1000)).failed > 5, "which is why there is another style");
}

/// What happens to every number of a column.
type Change = fn(f64) -> f64;

#[test]
fn what_changed_is_found() {
    let mut rng = Rng::new(23);
    let expectations = learn(&table(&mut rng, 2000), &InferOptions::default());
    let with = |rng: &mut Rng, name: &str, change: Change| {
        let data = table(rng, 1000);
        let changed = data.columns().iter().map(|column| match &column.values {
            Values::Numbers(numbers) if column.name == name => {
                Column::fractions(name, numbers.as_slice().iter().map(|value| change(*value)).collect())
            }
            _ => column.clone(),
        });
        Dataset::new(changed.collect()).unwrap()
    };
    let cases: [(&str, &str, Change); 5] = [
        ("normal", "quantile 0.5", |value| value + 0.5),
        ("normal", "mean", |value| value + 0.5),
        ("lognormal", "range", |value| if value < 1.0 { -value } else { value }),
        ("gaps", "missing_share", |value| if value > 1.0 { f64::NAN } else { value }),
        ("normal", "most_common_share", |value| if value > 0.5 { 0.0 } else { value }),
    ];
    for (column, expectation, change) in cases {
        let report = expectations.check(&with(&mut rng, column, change));
        let is_it = |check: &Check| check.column.as_deref() == Some(column) && check.expectation == expectation;
        assert!(report.failures().any(is_it), "{column} {expectation}: {:?}", report.failures().collect::<Vec<_>>());
        assert!(report.failures().all(|check| check.column.as_deref() == Some(column)), "and nothing else");
    }
}

#[test]
fn a_file_survives_being_written_and_read() {
    let data = table(&mut Rng::new(1), 200);
    for options in [InferOptions::default(), evidently()] {
        let expectations = learn(&data, &options);
        let text = expectations.to_json();
        assert!(!text.contains("null"), "so that it maps onto TOML");
        assert_eq!(Expectations::from_json(&text).unwrap(), expectations);
    }
}

#[test]
fn what_is_wrong_with_a_file_is_named_by_column_and_field() {
    let error = |fields: &str| {
        let text = format!(r#"{{"format": "{FORMAT}", {fields}}}"#);
        Expectations::from_json(&text).unwrap_err().to_string()
    };
    let column = |fields: &str| error(&format!(r#""columns": [{{"name": "age", {fields}}}]"#));
    assert!(column(r#""rnage": {"low": 1}"#).starts_with(r#"column "age", field "rnage": unknown field"#));
    assert_eq!(column(r#""range": {"low": 1}"#), r#"column "age", field "range": missing field `high`"#);
    assert_eq!(column(r#""range": {"low": 5, "high": 1}"#), r#"column "age", field "range": 5 is more than 1"#);
    assert_eq!(
        column(r#""missing_share": {"at_most": 1.5}"#),
        r#"column "age", field "missing_share": expected a share from 0 to 1, found 1.5"#
    );
    assert!(column(r#""kind": "integer""#).starts_with(r#"column "age", field "kind": unknown variant"#));
    assert!(column(r#""quantiles": [{"at": 50, "at_most": 1}]"#).starts_with(r#"column "age", field "quantiles""#));
    assert!(error(r#""dataset": {"rows": 5}"#).starts_with(r#"field "rows": invalid type"#));
    assert_eq!(error(r#""false_alarms": 1"#), r#"field "false_alarms": expected a number between 0 and 1"#);
    assert_eq!(error(r#""columns": [{"name": "a"}, {"name": "a"}]"#), r#"column "a" is there twice"#);
    assert_eq!(error(r#""columns": [{"unique": true}]"#), r#"entry 1 of "columns" has no name"#);
    assert!(error(r#""columns": {}"#).starts_with(r#"field "columns or dataset""#));
    assert!(Expectations::from_json("{\n  \"format\" 1}").unwrap_err().to_string().starts_with("line 2, character"));
    assert!(Expectations::from_json("{}").unwrap_err().to_string().contains("found nothing"));
    assert!(Expectations::from_json("[]").is_err());
}

#[test]
fn violating_rows_are_counted_and_the_first_are_named() {
    let data = "age,city\n30.5,Oslo\n200.5,Rome\n,\n-1.5,Bergen\n40.5,Bergen\n7.5,\n";
    let checks = check(
        r#"{"name": "age", "range": {"low": 0, "high": 120}, "missing": {"at_most": 0}},
           {"name": "city", "categories": {"allowed": ["Oslo", "Rome"]}}"#,
        data,
    );
    let range = only(&checks, "range");
    assert_eq!((range.status, range.violating_rows), (CheckStatus::Fail, Some(2)));
    assert_eq!(range.first_violating_rows, [2, 4]);
    assert_eq!((range.expected.as_str(), range.observed.as_str()), ("0 to 120", "-1.5 to 200.5"));
    assert_eq!(only(&checks, "missing").first_violating_rows, [3]);
    let categories = only(&checks, "categories");
    assert_eq!(categories.first_violating_rows, [4, 5]);
    assert_eq!(categories.observed, "also Bergen");
    let many = (0..20).fold("x\n".to_owned(), |text, i| format!("{text}{i}.5\n"));
    let many = check(r#"{"name": "x", "range": {"low": 100, "high": 200}}"#, &many);
    assert_eq!(only(&many, "range").violating_rows, Some(20));
    assert_eq!(only(&many, "range").first_violating_rows.len(), MAX_ROWS_NAMED);
}

#[test]
fn kinds_are_told_apart_row_by_row() {
    let status = |kind: &str, values: &str| {
        let rows = values.split(' ').fold("x,y\n".to_owned(), |text, cell| format!("{text}{cell},1\n"));
        let checks = check(&format!(r#"{{"name": "x", "kind": "{kind}"}}"#), &rows);
        let check = only(&checks, "kind").clone();
        (check.status, check.first_violating_rows)
    };
    use CheckStatus::{Fail, NotChecked, Pass};
    assert_eq!(status("numbers", "1 2.5 NA"), (Pass, vec![]));
    assert_eq!(status("numbers", "1 two 3"), (Fail, vec![2]));
    assert_eq!(status("whole_numbers", "1 NA 3"), (Pass, vec![]));
    assert_eq!(status("whole_numbers", "1 2.5 inf"), (Fail, vec![2, 3]));
    assert_eq!(status("truth_values", "true False NA"), (Pass, vec![]));
    assert_eq!(status("truth_values", "true maybe"), (Fail, vec![2]));
    assert_eq!(status("truth_values", "1 0"), (Fail, vec![1, 2]));
    assert_eq!(status("numbers", "true false"), (Fail, vec![1, 2]));
    assert_eq!(status("names", "1 2"), (Pass, vec![]));
    assert_eq!(status("numbers", "NA NA"), (NotChecked, vec![]));
}

#[test]
fn uniqueness_and_constancy() {
    let checks = check(r#"{"name": "id", "unique": true, "not_constant": true}"#, "id\n7\n8\n7\n9\n7\n");
    assert_eq!(only(&checks, "unique").first_violating_rows, [3, 5]);
    assert_eq!(only(&checks, "not_constant").status, CheckStatus::Pass);
    let constant = check(r#"{"name": "id", "not_constant": true}"#, "id\n7\n7\n");
    assert_eq!(only(&constant, "not_constant").status, CheckStatus::Fail);
    let short = check(r#"{"name": "id", "not_constant": true}"#, "id\n7\n");
    assert_eq!(only(&short, "not_constant").status, CheckStatus::NotChecked);
}

#[test]
fn identifiers_are_known_by_lying_close() {
    let column =
        |values: Vec<f64>| learn(&Dataset::new(vec![Column::numbers("id", values)]).unwrap(), &InferOptions::default());
    let is_unique = |expectations: Expectations| expectations.columns[0].unique;
    assert!(is_unique(column((0..200).map(f64::from).collect())));
    // 200 of a million numbers are all different by chance.
    assert!(!is_unique(column((0..200).map(|i| f64::from(i * 7919 % 1_000_003)).collect())));
    assert!(!is_unique(column((0..50).map(f64::from).collect())), "too few to tell");
}

#[test]
fn columns_come_and_go() {
    let expectations = learn(&read("a,b\n1.5,2.5\n2.5,3.5\n"), &InferOptions::default());
    let report = expectations.check(&read("b,c\n2.5,1\n3.5,2\n"));
    let failed: Vec<&str> = report.failures().map(|check| check.expectation.as_str()).collect();
    assert_eq!(failed, ["other_columns", "present"]);
    assert_eq!(only(&report.checks, "other_columns").observed, "c");
    let optional = check(r#"{"name": "gone", "optional": true, "unique": true}"#, "a\n1\n");
    assert_eq!((optional.len(), optional[0].status), (1, CheckStatus::Pass));
    let overrides = SchemaOverrides { roles: [("b".to_owned(), ColumnRole::Ignored)].into(), ..Default::default() };
    let data = read("a,b\n1.5,2\n2.5,3\n");
    let schema = Schema::infer(&data, &overrides).unwrap();
    let source = Source { label: "x", data: &data, sha256: None };
    let expectations = Expectations::infer(Reference(source), &schema, &InferOptions::default());
    assert_eq!(expectations.columns.len(), 1);
    assert_eq!(expectations.check(&read("a\n1.5\n2.5\n")).failed, 0, "what is ignored may be there or not");
}

#[test]
fn degenerate_references_and_data_have_defined_results() {
    let texts = ["a,b\n", "a,b\n,\n", "a,b\n1.5,x\n", "a,b\ninf,x\ninf,x\n", "a,b\n1e308,x\n-1e308,y\n"];
    for reference in texts {
        for options in [InferOptions::default(), evidently()] {
            let expectations = learn(&read(reference), &options);
            assert_eq!(Expectations::from_json(&expectations.to_json()).unwrap(), expectations);
            for current in texts {
                let report = expectations.check(&read(current));
                assert_eq!(report.checks.len() as u64, report.passed + report.failed + report.not_checked);
                serde_json::to_string(&report).unwrap();
            }
        }
    }
    let expectations = learn(&read("a\n1.5\n2.5\n"), &InferOptions::default());
    let report = expectations.check(&read("a\n"));
    assert_eq!(report.failures().map(|check| check.expectation.as_str()).collect::<Vec<_>>(), ["rows"]);
}

#[test]
fn truth_values_are_the_same_with_and_without_a_gap() {
    let expectations = learn(&read("f,x\nTrue,1.5\nFalse,2.5\nTrue,3.5\n"), &InferOptions::default());
    let report = expectations.check(&read("f,x\nTrue,1.5\n,2.5\nFalse,3.5\n"));
    let failed: Vec<&Check> = report.failures().filter(|check| check.expectation != "missing_share").collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn sentences_say_what_failed() {
    let mut expectations = Expectations::from_json(&format!(
        r#"{{"format": "{FORMAT}", "columns": [{{"name": "a", "not_constant": true}}, {{"name": "b"}}]}}"#
    ))
    .unwrap();
    assert_eq!(expectations.check(&read("a,b\n1,2\n2,3\n")).sentence(), "3 of 3 expectations met.");
    assert_eq!(
        expectations.check(&read("a\n1\n")).sentence(),
        "1 of 3 expectations failed: b; 1 could not be checked."
    );
    expectations.columns.clear();
    assert_eq!(expectations.check(&read("a\n1\n")).sentence(), "0 of 0 expectations met.");
}
