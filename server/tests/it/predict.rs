//! `POST /predict` and `GET /health`.

use serde_json::json;

use crate::support::{Instance, body_of};

#[tokio::test]
async fn a_row_is_answered_and_logged() {
    let instance = Instance::new();
    let answer = instance.send("POST", "/predict", Some(body_of(0).to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    assert!(answer["prediction"] == 0 || answer["prediction"] == 1);
    assert_eq!(answer["timestamp"], "2026-11-23T08:41:27.120Z");
    assert_eq!(answer["model"], instance.service.model.version());

    let logged = instance.service.log.latest(10).unwrap();
    assert_eq!(logged.entries.len(), 1);
    let entry = &logged.entries[0];
    assert_eq!(answer["id"], json!(entry.id));
    assert_eq!(answer["probability"], json!(entry.probability));
    assert_eq!(entry.features.len(), 30);
    assert_eq!(body_of(0)["Amount"], json!(entry.features[29]));
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
    assert_eq!(instance.service.log.end().unwrap(), 1, "nothing was logged");
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
async fn a_log_that_cannot_be_written_gives_no_answers() {
    let instance = Instance::new();
    // The store loses its tables under the service.
    let thief = rusqlite::Connection::open(instance.folder.path("tidemark.db")).unwrap();
    thief.execute_batch("drop table predictions; drop table heartbeat").unwrap();
    let health = instance.send("GET", "/health", None).await;
    assert_eq!((health.status.as_u16(), health.json()["log"]["writable"].clone()), (503, json!(false)));
    let answer = instance.send("POST", "/predict", Some(body_of(0).to_string())).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
}
