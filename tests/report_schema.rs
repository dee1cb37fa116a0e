//! `docs/report.schema.json` says what reports are: all that it names occurs, and nothing else is let in.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;
use tidemark::report::JSON_SCHEMA;

#[path = "report_schema/reports.rs"]
mod reports;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(JSON_SCHEMA).expect("the schema is JSON"));

static REPORTS: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
    let written = |report| serde_json::to_value(report).expect("a report is JSON");
    reports::all().into_iter().map(|(name, report)| (name, written(report))).collect()
});

fn validator() -> Validator {
    jsonschema::draft202012::meta::validate(&SCHEMA).expect("it is a schema of draft 2020-12");
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&SCHEMA)
        .expect("its references lead somewhere")
}

#[test]
fn reports_of_every_kind_follow_the_schema() {
    let validator = validator();
    for (name, report) in REPORTS.iter() {
        let errors: Vec<String> =
            validator.iter_errors(report).map(|error| format!("{}: {error:.300}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{name}");
    }
}

/// Pointers to all that the schema describes: definitions, properties, and each of several choices.
fn described(schema: &Value, at: &str, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(keywords) => {
            if keywords.get("description").is_some_and(Value::is_string) {
                found.insert(at.to_owned());
            }
            keywords.iter().for_each(|(keyword, value)| described(value, &format!("{at}/{keyword}"), found));
        }
        Value::Array(schemas) => {
            schemas.iter().enumerate().for_each(|(place, schema)| described(schema, &format!("{at}/{place}"), found));
        }
        _ => {}
    }
}

#[test]
fn whatever_the_schema_describes_occurs() {
    let validator = validator();
    let mut missing = BTreeSet::new();
    described(&SCHEMA, "", &mut missing);
    for (_, report) in REPORTS.iter() {
        for entry in validator.evaluate(report).iter_annotations() {
            missing.remove(entry.schema_location);
        }
    }
    assert_eq!(missing, BTreeSet::new(), "no report has these");
}

/// What a change at a pointer makes of the report that has everything.
fn changed(pointer: &str, change: impl FnOnce(&mut Value)) -> Value {
    let (_, report) = REPORTS.iter().find(|(name, _)| name == "everything").expect("a report of that name");
    let mut report = report.clone();
    change(report.pointer_mut(pointer).unwrap_or_else(|| panic!("a report has {pointer}")));
    report
}

#[test]
fn a_broken_report_is_refused() {
    let validator = validator();
    let values = "/columns/0/calibrated/values/tested";
    for (pointer, value) in [
        ("/schema_version", json!(2)),
        ("/settings/judge", json!("whylogs")),
        ("/settings/calibrated/q", json!("0.05")),
        ("/settings/nannyml/thresholds", json!({ "psi": { "kind": "constant", "lower": null, "upper": 1 } })),
        ("/reference/rows", json!(-1)),
        ("/current/sha256", json!(7)),
        ("/data/share_drifted", json!(null)),
        ("/data/drifted", json!("yes")),
        ("/predictions", json!([])),
        ("/columns", json!({})),
        ("/columns/0/role", json!("ignored")),
        ("/columns/0/column_type", json!("number")),
        ("/columns/0/calibrated/verdict", json!("Drifted")),
        ("/columns/0/calibrated/values", json!({})),
        ("/columns/0/calibrated/values", json!({ "not_tested": { "reason": "tired" } })),
        ("/columns/0/calibrated/values", json!({ "not_tested": { "reason": "too_few", "n_reference": 1 } })),
        (&format!("{values}/direction"), json!("sideways")),
        (&format!("{values}/effect/kind"), json!("psi")),
        (&format!("{values}/p_value"), json!("0.01")),
        ("/columns/0/evidently/tested/score", json!({ "kind": "distance" })),
        ("/columns/0/evidently/tested/method", json!("mann_whitney")),
        ("/columns/0/distribution/kind", json!("pie")),
        ("/columns/0/importance", json!("high")),
        ("/columns/0/nannyml", json!(null)),
        ("/multivariate", json!(null)),
        ("/expectations/checks/0/status", json!("failed")),
        ("/quality/dataset/0/name", json!("lines")),
    ] {
        let broken = changed(pointer, |place| *place = value.clone());
        assert!(!validator.is_valid(&broken), "{pointer}: {value}");
    }
    for (pointer, member) in [
        ("", "schema_version"),
        ("", "settings"),
        ("", "data"),
        ("/data", "drifted"),
        ("/data", "share_threshold"),
        ("/columns/0", "calibrated"),
        ("/columns/0/calibrated", "verdict"),
        (values, "verdict"),
        (values, "direction"),
        (&format!("{values}/effect"), "value"),
        (&format!("{values}/effect"), "minimum"),
        ("/columns/0/evidently/tested", "drifted"),
        ("/columns/0/evidently/tested", "threshold"),
        ("/columns/0/evidently/tested", "score"),
        ("/columns/0/nannyml/drift/tested/0", "upper_threshold"),
        ("/columns/0/nannyml/drift/tested/0/current/0", "alert"),
        ("/multivariate/classifier/tested", "verdict"),
        ("/multivariate/classifier/tested/auc", "minimum"),
        ("/expectations/checks/0", "status"),
    ] {
        let broken = changed(pointer, |object| {
            object.as_object_mut().expect("an object").remove(member).expect("it was there");
        });
        assert!(!validator.is_valid(&broken), "{pointer} without {member}");
    }
    let mut objects = Vec::new();
    pointers_to_objects(&changed("", |_| {}), "", &mut objects);
    for pointer in objects {
        // Where the settings name columns it is no setting of one.
        let broken = changed(&pointer, |object| object["surprise"] = json!({}));
        assert!(!validator.is_valid(&broken), "one member more in {pointer}");
    }
}

/// Of each list the first two: the others are of the same kinds.
fn pointers_to_objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(at.to_owned());
            members.iter().for_each(|(name, value)| pointers_to_objects(value, &format!("{at}/{name}"), found));
        }
        Value::Array(values) => {
            let some = values.iter().enumerate().take(2);
            some.for_each(|(place, value)| pointers_to_objects(value, &format!("{at}/{place}"), found));
        }
        _ => {}
    }
}
