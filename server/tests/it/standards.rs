//! The shapes of others: the Open Inference Protocol and MLflow's scoring.

use serde_json::{Value, json};

use crate::support::{Instance, NAME, body_of};

/// Rows of the continuation as arrays, in the model's order.
fn arrays(instance: &Instance, rows: std::ops::Range<usize>) -> Vec<Vec<Value>> {
    let version = instance.version();
    rows.map(|row| version.format.names().iter().map(|name| body_of(row)[name].clone()).collect()).collect()
}

async fn plain(instance: &Instance, row: usize) -> Value {
    instance.send("POST", "/predict", Some(body_of(row).to_string())).await.json()
}

#[tokio::test]
async fn the_open_inference_protocol_is_spoken() {
    let instance = Instance::new();
    for (path, field) in [("/v2", "name"), ("/v2/health/live", "live"), ("/v2/health/ready", "ready")] {
        let answer = instance.send("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.json().get(field).is_some(), "{path}");
    }
    let version = instance.version().version.clone();
    for path in [format!("/v2/models/{NAME}"), format!("/v2/models/{NAME}/versions/{version}")] {
        let model = instance.send("GET", &path, None).await.json();
        assert_eq!((model["inputs"].as_array().unwrap().len(), &model["versions"]), (30, &json!([version])));
        assert_eq!(instance.send("GET", &format!("{path}/ready"), None).await.json()["ready"], true);
        let rows = arrays(&instance, 0..2);
        let request = json!({
            "id": "q1",
            "inputs": [{ "name": "rows", "shape": [2, 30], "datatype": "FP64", "data": rows }],
        });
        let answer = instance.send("POST", &format!("{path}/infer"), Some(request.to_string())).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = answer.json();
        assert_eq!((&answer["id"], &answer["model_version"]), (&json!("q1"), &json!(version)));
        let [prediction, probabilities] = &answer["outputs"].as_array().unwrap()[..] else { panic!("two outputs") };
        assert_eq!((&prediction["datatype"], &prediction["shape"]), (&json!("INT64"), &json!([2])));
        assert_eq!(probabilities["shape"], json!([2, 2]));
        for row in 0..2 {
            let plain = plain(&instance, row).await;
            assert_eq!(prediction["data"][row], plain["prediction"]);
            assert_eq!(probabilities["data"][2 * row + 1], plain["probability"]);
        }
    }
}

#[tokio::test]
async fn its_errors_are_a_sentence_under_error() {
    let instance = Instance::new();
    let infer = format!("/v2/models/{NAME}/infer");
    for (method, path, body, status) in [
        ("GET", "/v2/models/nobody", "", 404),
        ("GET", "/v2/models/card-fraud/versions/none", "", 404),
        ("POST", "/v2/models/nobody/infer", "{}", 404),
        ("POST", &infer, "{", 400),
        ("POST", &infer, "{}", 422),
        ("POST", &infer, r#"{"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP64", "data": [1, 2]}]}"#, 422),
    ] {
        let answer = instance.send(method, path, Some(body.to_owned())).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert!(answer.json()["error"].is_string(), "{}", answer.text);
    }
    assert_eq!(instance.logged(10).len(), 0);
}

#[tokio::test]
async fn mlflows_bodies_are_answered_alike() {
    let instance = Instance::new();
    let names = instance.version().format.names().to_vec();
    let rows = arrays(&instance, 0..3);
    let mut expected = Vec::new();
    for row in 0..3 {
        expected.push(plain(&instance, row).await["prediction"].clone());
    }
    let csv = rows.iter().fold(names.join(","), |text, row| {
        text + "\n" + &row.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    });
    for (media_type, body) in [
        ("application/json", json!({ "dataframe_split": { "columns": names, "data": rows } }).to_string()),
        (
            "application/json; charset=utf-8",
            json!({ "dataframe_records": [body_of(0), body_of(1), body_of(2)] }).to_string(),
        ),
        ("application/json", json!({ "instances": rows }).to_string()),
        ("application/json", json!({ "inputs": rows, "params": { "a": 1 } }).to_string()),
        ("text/csv", csv),
    ] {
        let answer = instance.send_as("POST", "/invocations", media_type, body.into_bytes()).await;
        assert_eq!(answer.status, 200, "{media_type}: {}", answer.text);
        assert_eq!(answer.json(), json!({ "predictions": expected }), "{media_type}");
    }
    let answer = instance.send_as("POST", "/invocations", "application/xml", b"<a/>".to_vec()).await;
    assert_eq!(answer.status, 415);
    assert_eq!(instance.send("GET", "/ping", None).await.status, 200);
    assert_eq!(instance.send("GET", "/version", None).await.text, tidemark::VERSION);
}
