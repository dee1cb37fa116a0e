//! `golden-quality/1`: Evidently's data summary, correlations and default tests on small tables.

use serde_json::Value;
use tidemark::data::{Category, Column, Dataset};
use tidemark::expectations::{CheckStatus, Expectations, InferOptions, Style};
use tidemark::golden::{self, Question};
use tidemark::judge::Settings;
use tidemark::profile::ColumnProfile;
use tidemark::quality::{self, CorrelationKind, Measure, MeasureName, Quality, QualityReport, correlation};
use tidemark::report::Source;
use tidemark::schema::{ColumnRole, ColumnSpec, ColumnType, Schema};
use tidemark::stattest::Reference;

use super::tally::{Tally, agrees};

pub fn run(file: &Value, tally: &mut Tally) {
    for case in file["cases"].as_array().expect("cases") {
        let id = case["id"].as_str().expect("an id");
        let table = |columns| golden::table(columns).expect("a table");
        let (reference, current) = (table(&case["reference"]["data"]), table(&case["current"]["data"]));
        let schema = schema(&case["reference"]["data"]);
        let settings = Settings { quality: Quality::Full, ..Settings::default() };
        let asked = Question { reference: &reference, current: &current, schema: &schema, settings: &settings };
        let report = tally.report(id, asked);
        let found = report.quality.expect("the settings ask for it");
        let sides: [(&str, &Dataset, Side); 2] =
            [("reference", &reference, |measure| measure.reference), ("current", &current, |measure| measure.current)];
        for (name, data, side) in sides {
            let what = format!("{id} {name}");
            dataset(&what, &case[name]["dataset"], &found, side, tally);
            for (column, expected) in case[name]["columns"].as_object().expect("columns") {
                let of_column = format!("{what} {column}");
                measures(&of_column, expected, found.column(column).expect("every column"), side, tally);
                counts(&of_column, expected, data.column(column).expect("every column"), tally);
            }
            correlations(&what, &case[name]["correlations"], data, tally);
        }
        let options = InferOptions { style: Style::Evidently, ..InferOptions::default() };
        let expectations =
            Expectations::infer(Reference(Source { label: id, data: &reference, sha256: None }), &schema, &options);
        default_tests(id, case, &expectations, &current, tally);
    }
}

type Side = fn(&Measure) -> Option<f64>;

fn schema(columns: &Value) -> Schema {
    let spec = |column: &Value| ColumnSpec {
        name: column["name"].as_str().expect("a name").to_owned(),
        column_type: match column["type"].as_str() {
            Some("numerical") => ColumnType::Numerical,
            _ => ColumnType::Categorical,
        },
        role: ColumnRole::Feature,
        is_declared: true,
    };
    Schema { columns: columns.as_array().expect("columns").iter().map(spec).collect() }
}

fn dataset(what: &str, expected: &Value, found: &QualityReport, side: Side, tally: &mut Tally) {
    use MeasureName as M;
    let names = [
        ("rows", M::Rows),
        ("columns", M::Columns),
        ("duplicate_rows", M::DuplicateRows),
        ("duplicate_columns", M::DuplicateColumns),
        ("almost_duplicate_columns", M::AlmostDuplicateColumns),
        ("constant_columns", M::ConstantColumns),
        ("almost_constant_columns", M::AlmostConstantColumns),
        ("empty_rows", M::EmptyRows),
        ("empty_columns", M::EmptyColumns),
        ("missing", M::Missing),
    ];
    let value = |name: MeasureName| found.measure(name).and_then(side);
    for (key, name) in names {
        let expected = expected[key].as_f64();
        tally.check(&format!("{what} {key}"), value(name) == expected, || {
            format!("{:?}, not {expected:?}", value(name))
        });
    }
    // Evidently's share is of the rows, ours of the values.
    let per_row = value(M::MissingShare).zip(value(M::Columns)).map(|(share, columns)| share * columns);
    number(&format!("{what} missing per row"), &expected["missing_per_row"], per_row, tally);
}

fn number(what: &str, expected: &Value, found: Option<f64>, tally: &mut Tally) {
    let agrees = match (expected.as_f64(), found) {
        (Some(expected), Some(found)) => agrees(found, expected),
        (None, None) => true,
        _ => false,
    };
    tally.check(what, agrees, || format!("{found:?}, not {expected}"));
}

fn measures(what: &str, expected: &Value, found: &quality::ColumnQuality, side: Side, tally: &mut Tally) {
    use MeasureName as M;
    let value = |name: MeasureName| found.measure(name).and_then(side);
    number(&format!("{what} missing"), &expected["MissingValueCount"]["count"], value(M::Missing), tally);
    number(&format!("{what} missing share"), &expected["MissingValueCount"]["share"], value(M::MissingShare), tally);
    if value(M::Infinite).is_some_and(|infinite| infinite > 0.0) {
        // One infinity makes the peer's moments useless, and its outer quantiles.
        return;
    }
    number(&format!("{what} distinct"), &expected["unique"], value(M::Distinct), tally);
    if let Some(most_common) = expected["most_common"].as_array() {
        number(&format!("{what} most common"), &most_common[1], value(M::MostCommon), tally);
    }
    if found.column_type != ColumnType::Numerical {
        return;
    }
    let names = [
        ("MinValue", M::Min),
        ("MaxValue", M::Max),
        ("MeanValue", M::Mean),
        ("MedianValue", M::Median),
        ("StdValue", M::Std),
    ];
    for (key, name) in names {
        number(&format!("{what} {key}"), &expected[key], value(name), tally);
    }
    // The sum of nothing is 0 to pandas, and no number to us.
    let is_empty = expected["MeanValue"].is_null();
    number(&format!("{what} sum"), if is_empty { &Value::Null } else { &expected["SumValue"] }, value(M::Sum), tally);
    let quantiles = [M::Q01, M::Q05, M::Q25, M::Median, M::Q75, M::Q95, M::Q99];
    for (expected, name) in expected["quantiles"].as_array().expect("quantiles").iter().zip(quantiles) {
        number(&format!("{what} quantile {}", expected[0]), &expected[1], value(name), tally);
    }
}

/// Counts in ranges, in lists and by category.
fn counts(what: &str, expected: &Value, column: &Column, tally: &mut Tally) {
    let profile = ColumnProfile::of(column);
    let mut both = |key: &str, found: quality::CountShare| {
        number(&format!("{what} {key}"), &expected[key]["count"], Some(found.count as f64), tally);
        number(&format!("{what} {key} share"), &expected[key]["share"], Some(found.share), tally);
    };
    let category = |value: &Value| match value.as_f64() {
        Some(number) => Category::Number(number),
        None => Category::Name(value.as_str().expect("a name").to_owned()),
    };
    if let Some(range) = expected["range"].as_array() {
        let [low, high] = [0, 1].map(|at| range[at].as_f64().expect("a number"));
        both("InRangeValueCount", quality::inside(&profile, low, high));
        both("OutRangeValueCount", quality::outside(&profile, low, high));
    }
    if let Some(list) = expected["list"].as_array() {
        let list: Vec<Category> = list.iter().map(category).collect();
        let found = quality::listed(&profile, &list);
        both("InListValueCount", found);
        let present = profile.rows - profile.missing;
        both("OutListValueCount", quality::CountShare { count: present - found.count, share: 1.0 - found.share });
    }
    if !expected["category"].is_null() {
        both("CategoryCount", quality::listed(&profile, &[category(&expected["category"])]));
    }
    if let Some(expected) = expected["counts"].as_object() {
        let found: Vec<(String, f64)> =
            profile.counts().iter().map(|(name, count)| (name.to_string(), *count as f64)).collect();
        let mut expected: Vec<(String, f64)> =
            expected.iter().map(|(name, count)| (name.clone(), count.as_f64().expect("a count"))).collect();
        // A category of the other side stands here with 0.
        expected.retain(|(_, count)| *count > 0.0);
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        tally.check(&format!("{what} counts"), found == expected, || format!("{found:?}, not {expected:?}"));
    }
}

fn correlations(what: &str, expected: &Value, data: &Dataset, tally: &mut Tally) {
    for kind in CorrelationKind::ALL {
        let Some(rows) = expected[kind.name()].as_object() else { continue };
        let columns: Vec<&Column> = rows.keys().map(|name| data.column(name).expect("every column")).collect();
        let found = correlation::matrix(kind, &columns);
        for (i, (first, row)) in rows.iter().enumerate() {
            for (j, (second, expected)) in row.as_object().expect("a row").iter().enumerate() {
                assert_eq!(found.columns[j], *second);
                number(&format!("{what} {} {first} {second}", kind.name()), expected, found.values[i][j], tally);
            }
        }
    }
}

/// Evidently's default tests with a reference give the verdicts of the expectations learnt in its style.
fn default_tests(id: &str, case: &Value, expectations: &Expectations, current: &Dataset, tally: &mut Tally) {
    let found = expectations.check(current);
    for test in case["tests"].as_array().expect("tests") {
        let metric = test["metric"].as_str().expect("a metric");
        let column = test["column"].as_str();
        let quantile = test["quantile"].as_f64().unwrap_or(0.5);
        let name = match metric {
            "RowCount" => "rows".to_owned(),
            "ColumnCount" => "columns".to_owned(),
            "DuplicatedRowCount" => "duplicate_rows".to_owned(),
            "DuplicatedColumnsCount" => "duplicate_columns".to_owned(),
            "ConstantColumnsCount" => "constant_columns".to_owned(),
            "AlmostConstantColumnsCount" => "almost_constant_columns".to_owned(),
            "EmptyRowsCount" => "empty_rows".to_owned(),
            "EmptyColumnsCount" => "empty_columns".to_owned(),
            "DatasetMissingValueCount" => "missing".to_owned(),
            "MissingValueCount" if test["is_count"] == true => "missing".to_owned(),
            "MissingValueCount" => "missing_share".to_owned(),
            "MinValue" => "min".to_owned(),
            "MaxValue" => "max".to_owned(),
            "MeanValue" => "mean".to_owned(),
            "StdValue" => "std".to_owned(),
            "QuantileValue" | "MedianValue" => format!("quantile {quantile}"),
            // Not part of the preset: asked for by the script, for its values.
            "SumValue" => continue,
            other => panic!("unknown metric {other}"),
        };
        let what = format!("{id} test {metric} {}", column.unwrap_or(""));
        // Where a side has no such number, or an infinite one, Evidently fails and we say that there is nothing to check.
        let is_number = |side: &str| {
            let columns = &case[side]["columns"];
            column.is_none_or(|column| metric == "MissingValueCount" || columns[column][metric].is_f64())
        };
        let has_numbers = match metric {
            "QuantileValue" => ["reference", "current"].iter().all(|side| {
                let values = &case[side]["columns"][column.expect("a column")];
                values["MeanValue"].is_f64()
            }),
            _ => is_number("reference") && is_number("current"),
        };
        if !has_numbers {
            tally.check(
                &what,
                test["status"] == "FAIL" || metric.contains("Quantile") || metric == "MedianValue",
                || "Evidently passes without a number".to_owned(),
            );
            continue;
        }
        let check = found.checks.iter().find(|check| check.column.as_deref() == column && check.expectation == name);
        let expected = if test["status"] == "SUCCESS" { CheckStatus::Pass } else { CheckStatus::Fail };
        let status = check.map(|check| check.status);
        tally.check(&what, status == Some(expected), || format!("{check:?}, not {}", test["status"]));
    }
}
