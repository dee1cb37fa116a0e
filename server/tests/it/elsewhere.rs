//! Models that are served elsewhere: declared or shown by a reference, told what they predicted and what was true.

use serde_json::json;
use tidemark_app::backend::Backend;
use tidemark_log::{Id, Line, Outcome, Value};

use crate::support::{Answer, Instance, MIN_WINDOW};

const MODEL: &str = "/api/v1/models/loans";

/// Rows whose age is drawn from `low` on: id, age, job, prediction, score.
fn csv(n: u64, low: u64, header: &str) -> String {
    (0..n).fold(format!("{header}\n"), |text, i| {
        let (age, job) = (low + i * 7919 % 40, ["clerk", "farmer", "teacher"][(i * 31 % 3) as usize]);
        format!("{text}r{i},{age}.5,{job},{},0.{}\n", u8::from(age > low + 20), 10 + age % 80)
    })
}

async fn send(instance: &Instance, what: &str, media_type: &str, body: &str) -> Answer {
    instance.send_as("POST", &format!("{MODEL}/{what}"), media_type, body.as_bytes().to_vec()).await
}

/// With a model that a reference of 1000 rows showed.
async fn shown() -> Instance {
    let instance = Instance::new();
    let reference = csv(1000, 20, "id,age,job,prediction,score");
    let answer = send(&instance, "reference", "text/csv", &reference).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.json()["features"], json!(["age", "job"]));
    assert_eq!((&answer.json()["served"], &answer.json()["has_reference"]), (&json!("elsewhere"), &json!(true)));
    instance
}

fn row(id: &str, age: f64) -> serde_json::Value {
    json!({ "id": id, "age": age, "job": "clerk", "prediction": "1", "score": 0.7, "version": "7" })
}

#[tokio::test]
async fn predictions_come_in_once_and_are_compared_with_the_reference() {
    let instance = shown().await;
    let body = csv(MIN_WINDOW, 60, "id,age,job,prediction,score");
    let answer = send(&instance, "predictions", "text/csv", &body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()["accepted"].clone()),
        (200, json!(MIN_WINDOW)),
        "{}",
        answer.text
    );
    let again = send(&instance, "predictions", "text/csv", &body).await;
    assert_eq!((again.json()["accepted"].clone(), again.json()["repeated"].clone()), (json!(0), json!(MIN_WINDOW)));
    assert_eq!(again.json()["violations"], 0, "they were counted when they were new");
    let counted = instance.send("GET", MODEL, None).await.json()["violations"].clone();
    let counted: u64 = counted.as_object().unwrap().values().filter_map(serde_json::Value::as_u64).sum();
    assert_eq!(answer.json()["violations"], counted);
    assert!(counted > 0, "ages above the reference's");

    let head = instance.service.check_now(Some("loans")).unwrap();
    let report = instance.service.snapshot(&head.id).unwrap().report;
    let verdict = |name: &str| report.column(name).expect(name).calibrated.verdict.name();
    assert_eq!((verdict("age"), verdict("job")), ("drifted", "stable"));
    assert!(report.predictions.is_some());
    assert!(instance.service.overview(Some("loans")).unwrap().history.len() == 1);
    assert!(instance.service.overview(None).unwrap().history.is_empty(), "each model has its own history");
    assert_eq!(instance.send("GET", "/?model=loans", None).await.status, 200);

    let metrics = instance.send("GET", "/metrics", None).await.text;
    for line in [
        format!("tidemark_predictions_total{{model=\"loans\"}} {MIN_WINDOW}"),
        format!("tidemark_validation_violations_total{{model=\"loans\"}} {counted}"),
        format!("tidemark_window_rows{{model=\"loans\"}} {MIN_WINDOW}"),
        "tidemark_column_drifted{model=\"loans\",column=\"age\"} 1".to_owned(),
        "tidemark_log_rows{model=\"card-fraud\"} 0".to_owned(),
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    for family in metrics.lines().filter(|line| line.starts_with("# TYPE")) {
        assert_eq!(metrics.matches(family).count(), 1, "{family}: a family is written in one piece");
    }
}

#[tokio::test]
async fn all_rows_are_taken_or_none() {
    let instance = shown().await;
    let rows = json!([row("a", 30.5), row("b", 31.5)]).to_string();
    assert_eq!(send(&instance, "predictions", "application/json", &rows).await.json()["accepted"], 2);
    let mut wrong = row("d", 1.0);
    wrong["age"] = json!("old");
    let body = json!([row("c", 30.5), wrong, { "id": "e" }]).to_string();
    let refused = send(&instance, "predictions", "application/json", &body).await;
    assert_eq!(refused.status, 422);
    let pointers: Vec<_> = refused.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/1/age", "/2/age", "/2/job", "/2/prediction"]);
    let conflict = json!([row("c", 30.5), row("a", 99.5)]).to_string();
    assert_eq!(send(&instance, "predictions", "application/json", &conflict).await.status, 409);
    let logged = instance.service.log.reader().latest(&Line::predictions("loans"), 10).unwrap();
    assert_eq!(logged.len(), 2);
    assert_eq!((logged.streams[0].version(), &logged.outcomes[0]), ("7", &Outcome::Label("1".into())));
}

#[tokio::test]
async fn every_form_of_rows_is_taken() {
    let instance = shown().await;
    let lines = format!("{}\n{}\n", row("a", 30.5), row("b", 31.5));
    assert_eq!(send(&instance, "predictions", "application/x-ndjson", &lines).await.json()["accepted"], 2);
    assert_eq!(
        send(&instance, "predictions", "application/json", &row("c", 32.5).to_string()).await.json()["accepted"],
        1
    );
    let odd = json!({ "age": 1e9, "job": "pilot", "prediction": 1 }).to_string();
    let odd = send(&instance, "predictions", "application/json", &odd).await;
    assert_eq!((odd.json()["accepted"].clone(), odd.json()["violations"].clone()), (json!(1), json!(2)));
    for (media_type, body, status) in [
        ("application/xml", "<a/>", 415),
        ("application/json", "{", 400),
        ("application/vnd.apache.parquet", "PAR1 no parquet PAR1", 400),
        ("application/vnd.apache.arrow.stream", "no arrow", 400),
    ] {
        let answer = send(&instance, "predictions", media_type, body).await;
        assert_eq!(answer.status, status, "{media_type}: {}", answer.text);
    }
}

#[tokio::test]
async fn labels_may_be_late_early_and_corrected() {
    let instance = shown().await;
    let early = json!([{ "id": "a", "label": 0 }, { "id": "b", "label": "yes" }]).to_string();
    assert_eq!(send(&instance, "labels", "application/json", &early).await.json()["accepted"], 2);
    let rows = json!([row("a", 30.5), row("b", 31.5)]).to_string();
    assert_eq!(send(&instance, "predictions", "application/json", &rows).await.status, 200);
    assert_eq!(send(&instance, "labels", "text/csv", "id,label\na,1\n").await.json()["accepted"], 1);
    let ids = ["a", "b"].map(|id| Id::given(id).unwrap());
    let labels = instance.service.log.reader().labels_of("loans", &ids).unwrap();
    assert_eq!(labels[&ids[0]].label.value, Value::Number(1.0), "the last one counts");
    assert_eq!(labels[&ids[1]].label.value, Value::Text("yes".into()));
    assert_eq!(send(&instance, "labels", "application/json", r#"[{"id": ""}]"#).await.status, 422);
}

#[tokio::test]
async fn a_model_is_declared_and_its_reference_comes_later() {
    let instance = Instance::new();
    let declaration = json!({
        "features": [{ "name": "age", "type": "numerical" }, { "name": "job", "type": "categorical" }],
        "task": "classification",
    });
    let declared = instance.send("PUT", MODEL, Some(declaration.to_string())).await;
    assert_eq!(declared.status, 201, "{}", declared.text);
    assert_eq!(instance.send("PUT", MODEL, Some(declaration.to_string())).await.status, 200);
    assert_eq!(
        send(&instance, "predictions", "application/json", &row("a", 1e9).to_string()).await.json()["violations"],
        0
    );
    let reference = csv(1000, 20, "id,age,job,prediction,score");
    assert_eq!(send(&instance, "reference", "text/csv", &reference).await.status, 200);
    assert_eq!(
        send(&instance, "predictions", "application/json", &row("b", 1e9).to_string()).await.json()["violations"],
        1
    );
    assert_eq!(send(&instance, "reference", "text/csv", "age\n1\n").await.status, 422, "a feature is absent");
    let instance = instance.restarted(0);
    assert_eq!(instance.send("GET", MODEL, None).await.json()["has_reference"], true);
    for features in
        [json!([]), json!([{ "name": "id", "type": "numerical" }]), json!([{ "name": "a", "type": "number" }])]
    {
        let body = json!({ "features": features }).to_string();
        assert_eq!(instance.send("PUT", "/api/v1/models/other", Some(body)).await.status, 422);
    }
}

/// Names and values that would run as a script, or break out of where they stand, if a page took them at their word.
const HOSTILE: [&str; 8] = [
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "\"><img src=x onerror=alert(3)>",
    "' onmouseover='alert(4)",
    "<svg/onload=alert(5)>",
    "javascript:alert(6)",
    "{{constructor.constructor('alert(7)')()}}",
    "--><iframe srcdoc=\"<script>alert(8)</script>\">",
];

#[tokio::test]
async fn no_name_and_no_value_becomes_a_part_of_the_page() {
    let instance = Instance::new();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let names: Vec<String> = HOSTILE.iter().map(|name| quoted(name)).collect();
    let rows = |shift: usize| {
        (0..400).fold(format!("{}\n", names.join(",")), |text, row| {
            let value = |column: usize| quoted(HOSTILE[(row / 3 + column * shift + shift * (row % 2)) % HOSTILE.len()]);
            format!("{text}{}\n", (0..HOSTILE.len()).map(value).collect::<Vec<_>>().join(","))
        })
    };
    let answer = send(&instance, "reference", "text/csv", &rows(1)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let with_prediction = |text: String| {
        let mut lines = text.lines();
        let head = format!("{},prediction", lines.next().unwrap());
        lines.fold(head, |text, line| format!("{text}\n{line},{}", quoted(HOSTILE[1])))
    };
    let answer = send(&instance, "predictions", "text/csv", &with_prediction(rows(5))).await;
    assert_eq!(answer.json()["accepted"], 400, "{}", answer.text);
    let head = instance.service.check_now(Some("loans")).unwrap();
    let report = format!("/reports/{}", head.id);
    let opened = format!("{report}?open={}", "%3Cscript%3Ealert(9)%3C/script%3E");
    for path in [&*report, &opened, "/reports?model=loans", "/?model=%3Cscript%3Ealert(9)%3C/script%3E", "/docs"] {
        let page = instance.send("GET", path, None).await;
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
        for part in ["<script>alert", "<img src=x", "<svg/onload", "<iframe srcdoc"] {
            assert!(!page.text.contains(part), "{path} holds {part}");
        }
    }
    assert!(instance.send("GET", &report, None).await.text.contains("&lt;svg/onload"), "the names are shown");
}

/// 400 rows of a model of this task, half of them to be labelled: what was said is right in 9 of 10.
fn rows_and_labels(said: impl Fn(usize) -> serde_json::Value, other: &serde_json::Value) -> [serde_json::Value; 2] {
    let row = |nth: usize| json!({ "id": format!("r{nth}"), "x": (nth * 37 % 101) as f64 / 10.0 + 0.25, "prediction": said(nth) });
    let label = |nth: usize| {
        let truth = if nth.is_multiple_of(10) { other.clone() } else { said(nth) };
        json!({ "id": format!("r{nth}"), "label": truth })
    };
    [(0..400).map(row).collect(), (0..200).map(label).collect()]
}

#[tokio::test]
async fn numbers_and_several_classes_are_taken_compared_and_held_against_labels() {
    let classes = |nth: usize| json!(["cat", "dog", "fox"][nth % 3]);
    let numbers = |nth: usize| json!((nth % 7) as f64 + 0.5);
    let several = rows_and_labels(classes, &json!("fox"));
    let regression = rows_and_labels(numbers, &json!(100.0));
    for (task, [rows, labels], metric) in [("classification", several, "f1_macro"), ("regression", regression, "rmse")]
    {
        let instance = Instance::new();
        let path = "/api/v1/models/own";
        let declared = json!({ "features": [{ "name": "x", "type": "numerical" }], "task": task });
        assert_eq!(instance.send("PUT", path, Some(declared.to_string())).await.status, 201);
        let columns = |row: &serde_json::Value| format!("{},{}\n", row["x"], row["prediction"]);
        let reference: String = rows.as_array().unwrap().iter().map(columns).collect();
        let reference = format!("x,prediction\n{reference}").replace('"', "");
        let answer = instance.send_as("POST", &format!("{path}/reference"), "text/csv", reference.into_bytes()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        for (what, body) in [("predictions", &rows), ("labels", &labels)] {
            let answer = instance.send("POST", &format!("{path}/{what}"), Some(body.to_string())).await;
            assert_eq!(answer.status, 200, "{task} {what}: {}", answer.text);
        }
        let head = instance.service.check_now(Some("own")).unwrap();
        let snapshot = instance.service.snapshot(&head.id).unwrap();
        assert!(snapshot.report.predictions.is_some_and(|group| !group.drifted), "{task}: the same rows");
        let found = snapshot.performance.expect("labels have come");
        assert_eq!((found.n_rows, found.n_labelled), (400, 200), "{task}");
        assert!(found.figure(metric).and_then(tidemark::performance::Figure::value).is_some(), "{task}: {found:?}");
        // 6 of the 20 rows that were labelled "fox" whatever was said had said "fox".
        let accuracy = found.figure("accuracy").and_then(tidemark::performance::Figure::value);
        assert_eq!(accuracy, (task == "classification").then_some(186.0 / 200.0), "{task}");
        let metrics = instance.send("GET", "/metrics", None).await.text;
        assert!(metrics.contains("tidemark_predictions_total{model=\"own\"} 400"), "{task}");
        assert_eq!(instance.send("GET", "/?model=own", None).await.status, 200, "{task}");
    }
}
