//! `POST /predict` and `GET /health`.

use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tidemark::data::Values;
use tidemark_log::Options as LogOptions;

use crate::disk::FillingDisk;
use crate::support::{Instance, NAME, body_of};

#[tokio::test]
async fn a_row_is_answered_and_logged() {
    let instance = Instance::new();
    let answer = instance.send("POST", "/predict", Some(body_of(0).to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    assert!(answer["prediction"] == 0 || answer["prediction"] == 1);
    assert_eq!(answer["timestamp"], "2026-11-23T08:41:27.120Z");
    assert_eq!(answer["model"], instance.version().version);

    let logged = instance.logged(10);
    assert_eq!(logged.len(), 1);
    assert_eq!(answer["id"], json!(logged.ids[0].to_string()));
    assert_eq!(answer["probability"], json!(logged.scores[0][1]));
    assert_eq!(logged.features.columns().len(), 30);
    let Some(Values::Numbers(amount)) = logged.features.column("Amount").map(|column| &column.values) else {
        panic!("the amount is a number")
    };
    assert_eq!(body_of(0)["Amount"], json!(amount.as_slice()[0]));
}

#[tokio::test]
async fn the_probability_is_the_positive_classes_and_decides() {
    let instance = Instance::new();
    for row in 0..300 {
        let answer = instance.send("POST", "/predict", Some(body_of(row).to_string())).await.json();
        let is_positive = answer["probability"].as_f64().unwrap() > 0.5;
        assert_eq!(answer["prediction"] == 1, is_positive, "row {row}");
    }
}

#[tokio::test]
async fn wrong_bodies_are_named_and_not_logged() {
    let instance = Instance::new();
    let mut missing_and_extra = body_of(0);
    missing_and_extra.as_object_mut().unwrap().remove("V7");
    missing_and_extra["V29"] = json!(1.0);
    missing_and_extra["V1"] = json!("1.0");
    let answer = instance.send("POST", "/predict", Some(missing_and_extra.to_string())).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let mut pointers: Vec<String> = answer.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap().to_owned())
        .collect();
    pointers.sort();
    assert_eq!(pointers, ["/V1", "/V29", "/V7"]);

    let too_large = format!("{{\"Time\": {}}}", "1".repeat(2 << 20));
    let not_finite = body_of(0).to_string().replace("\"Amount\":", "\"Amount\":1e999,\"x\":");
    for (method, body, status) in [
        ("POST", Some("{".to_owned()), 400),
        ("POST", Some("[1]".to_owned()), 400),
        ("POST", Some(String::new()), 400),
        ("POST", Some(not_finite), 422),
        ("POST", Some(too_large), 413),
        ("GET", None, 405),
        ("PUT", Some("{}".to_owned()), 405),
    ] {
        let answer = instance.send(method, "/predict", body).await;
        assert_eq!(answer.status, status, "{method}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{method} {status}");
        assert_eq!(answer.json()["status"], status);
    }
    assert_eq!(instance.logged(10).len(), 0, "nothing was logged");
}

#[tokio::test]
async fn health_says_what_works() {
    let instance = Instance::new();
    let health = instance.send("GET", "/health", None).await;
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["log"]["writable"], true);
    assert_eq!(health.json()["model"]["name"], "card-fraud");
}

#[tokio::test]
async fn what_breaks_a_rule_is_flagged_or_refused() {
    let instance = Instance::new();
    let mut odd = body_of(0);
    odd["Amount"] = json!(1e12);
    odd["V3"] = json!(null);
    let answer = instance.send("POST", "/predict", Some(odd.to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let violations: Vec<(String, String)> = answer.json()["violations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| (found["feature"].as_str().unwrap().to_owned(), found["rule"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(violations, [("V3".to_owned(), "missing".to_owned()), ("Amount".to_owned(), "range".to_owned())]);
    let sound = instance.send("POST", "/predict", Some(body_of(0).to_string())).await;
    assert!(sound.json().get("violations").is_none());

    let path = format!("/api/v1/models/{NAME}");
    let strict = instance.send("PATCH", &path, Some(r#"{"validation": "strict"}"#.to_owned())).await;
    assert_eq!(strict.status, 200, "{}", strict.text);
    assert_eq!(strict.json()["violations"]["range"], 1);
    let refused = instance.send("POST", "/predict", Some(odd.to_string())).await;
    assert_eq!(refused.status, 422);
    let pointers: Vec<_> = refused.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert_eq!(pointers, ["/V3", "/Amount"]);
    assert_eq!(instance.logged(10).len(), 2, "what was refused is not logged");
    assert_eq!(instance.send("POST", "/predict", Some(body_of(0).to_string())).await.status, 200);
}

#[tokio::test]
async fn a_batch_says_what_single_rows_say() {
    let instance = Instance::new();
    let rows: Vec<_> = (0..100).map(body_of).collect();
    let answer = instance.send("POST", "/predict_batch", Some(json!({ "rows": rows }).to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    for (place, row) in rows.iter().enumerate() {
        let single = instance.send("POST", "/predict", Some(row.to_string())).await.json();
        assert_eq!(answer["predictions"][place], single["prediction"], "{place}");
        assert_eq!(answer["probabilities"][place], single["probability"], "{place}");
    }
    let logged = instance.logged(200);
    assert_eq!(logged.len(), 200);
    assert_eq!(answer["ids"][0], json!(logged.ids[0].to_string()));
    let mut broken = rows.clone();
    broken[1]["V1"] = json!("x");
    let refused = instance.send("POST", "/predict_batch", Some(json!({ "rows": broken }).to_string())).await;
    assert_eq!((refused.status.as_u16(), refused.json()["errors"][0]["pointer"].clone()), (422, json!("/rows/1/V1")));
    assert_eq!(instance.logged(300).len(), 200, "all or none");
}

#[tokio::test]
async fn a_log_that_cannot_be_written_gives_no_answers_until_it_can() {
    let disk = FillingDisk::default();
    let instance = Instance::on(LogOptions { disk: Arc::new(disk.clone()), ..LogOptions::default() });
    let row = || Some(body_of(0).to_string());
    assert_eq!(instance.send("POST", "/predict", row()).await.status, 200);
    disk.is_full.store(true, Ordering::SeqCst);
    let answer = instance.send("POST", "/predict", row()).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    let health = instance.send("GET", "/health", None).await;
    assert_eq!((health.status.as_u16(), health.json()["log"]["writable"].clone()), (503, json!(false)));
    disk.is_full.store(false, Ordering::SeqCst);
    assert_eq!(instance.send("POST", "/predict", row()).await.status, 200);
    assert_eq!(instance.send("GET", "/health", None).await.status, 200);
    assert_eq!(instance.logged(10).len(), 2);
}
