//! Monitors over HTTP and in the set-up file, their runs, reports, alerts and share links.

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::Ordering;
use tidemark_watch::config::Config;

use crate::support::{Instance, NAME, off_the_runtime};

async fn get(instance: &Instance, path: &str) -> Value {
    let answer = instance.send("GET", path, None).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

async fn put(instance: &Instance, path: &str, body: &Value) -> (u16, Value) {
    let answer = instance.send("PUT", path, Some(body.to_string())).await;
    (answer.status.as_u16(), if answer.text.is_empty() { Value::Null } else { answer.json() })
}

#[tokio::test]
async fn a_model_without_a_monitor_is_watched_by_the_flags() {
    let instance = Instance::new();
    let monitors = get(&instance, "/api/v1/monitors").await;
    let monitor = &monitors["monitors"][0];
    assert_eq!((&monitor["origin"], &monitor["name"]), (&json!("default"), &json!(NAME)));
    assert_eq!(monitor["schedule"], json!({ "every": "10s" }));
    // Another one takes its place.
    let made = json!({ "model": NAME, "window": { "rows": 300 }, "min_rows": 100, "schedule": { "rows": 100 } });
    assert_eq!(put(&instance, "/api/v1/monitors/mine", &made).await.0, 200);
    let monitors = get(&instance, "/api/v1/monitors").await;
    assert_eq!(monitors["monitors"].as_array().unwrap().len(), 1);
    assert_eq!(monitors["monitors"][0]["origin"], "made");
    assert_eq!(instance.send("DELETE", "/api/v1/monitors/mine", None).await.status, 204);
    assert_eq!(instance.send("DELETE", "/api/v1/monitors/mine", None).await.status, 404);
    assert_eq!(get(&instance, "/api/v1/monitors").await["monitors"][0]["origin"], "default");
}

#[tokio::test]
async fn a_wrong_setting_is_refused_by_name_and_nothing_changes() {
    let instance = Instance::new();
    for (body, pointer) in [
        (json!({ "model": "nobody" }), "/model"),
        (json!({ "model": NAME, "columns": ["Amount", "Nothing"] }), "/columns"),
        (json!({ "model": NAME, "segment": { "column": "Nothing", "any_of": ["1"] } }), "/segment/column"),
        (json!({ "model": NAME, "window": { "rows": 1 } }), "/window/rows"),
        (json!({ "model": NAME, "schedule": { "every": "0s" } }), "/schedule/every"),
        (json!({ "model": NAME, "name": "other" }), "/name"),
        (json!({ "model": NAME, "reference": { "file": "../../etc/passwd" } }), "/reference/file"),
        (
            json!({ "model": NAME, "alert": [{ "name": "a", "when": "drifted", "channels": ["ops"] }] }),
            "/alert/0/channels",
        ),
        (json!({ "model": NAME, "alert": [{ "name": "a", "when": { "share": 2 } }] }), "/alert/0/when/share"),
    ] {
        let (status, problem) = put(&instance, "/api/v1/monitors/mine", &body).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{body}: {problem}");
    }
    assert_eq!(instance.send("GET", "/api/v1/monitors/mine", None).await.status, 404);
    let (status, _) = put(&instance, "/api/v1/monitors/a%2f..%2fb", &json!({ "model": NAME })).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn windows_of_rows_are_made_once_each_also_after_a_restart() {
    let monitor = json!({
        "model": NAME, "window": { "rows": 100 }, "min_rows": 100, "schedule": { "rows": 100 }, "missed": "all",
        "reference": "previous",
    });
    let instance = Instance::new();
    assert_eq!(put(&instance, "/api/v1/monitors/tumbling", &monitor).await.0, 200);
    instance.tick(1);
    instance.predict_rows(0..350).await;
    assert_eq!(instance.tick(1).len(), 2, "the first has no window before it");
    let now = instance.clock.as_ref().unwrap().0.load(Ordering::SeqCst);
    let instance = off_the_runtime(move || instance.restarted(now));
    assert_eq!(instance.tick(1), []);
    instance.predict_rows(350..420).await;
    assert_eq!(instance.tick(1).len(), 1);
    let runs = get(&instance, "/api/v1/monitors/tumbling/runs").await;
    let states: Vec<(i64, &str)> = runs["runs"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .filter(|run| run["last"]["row"] != 0)
        .map(|run| (run["last"]["row"].as_i64().unwrap(), run["state"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [(100, "skipped"), (200, "done"), (300, "done"), (400, "done")]);
    let reports = get(&instance, "/api/v1/reports?monitor=tumbling&limit=2").await;
    assert_eq!(reports["reports"][0]["rows"], json!({ "first": 301, "last": 400 }));
    let next = get(&instance, &format!("/api/v1/reports?monitor=tumbling&limit=2&before={}", reports["before"])).await;
    assert_eq!(next["reports"][0]["rows"], json!({ "first": 101, "last": 200 }));
}

#[tokio::test]
async fn columns_and_segments_are_what_a_monitor_looks_at() {
    let instance = Instance::new();
    let rows = json!({ "model": NAME, "window": { "rows": 400 }, "min_rows": 100, "schedule": { "rows": 200 } });
    let mut columns = rows.clone();
    columns["columns"] = json!(["Amount", "V1"]);
    let mut nobody = rows.clone();
    nobody["segment"] = json!({ "column": "Amount", "any_of": ["-5"] });
    for (name, monitor) in [("columns", &columns), ("nobody", &nobody)] {
        assert_eq!(put(&instance, &format!("/api/v1/monitors/{name}"), monitor).await.0, 200);
    }
    instance.predict_rows(0..250).await;
    assert_eq!(instance.tick(1).len(), 1);
    let report = get(&instance, "/api/v1/reports?monitor=columns").await["reports"][0]["id"].clone();
    let report = get(&instance, &format!("/api/v1/reports/{}", report.as_str().unwrap())).await;
    let names: Vec<&str> = report["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let runs = get(&instance, "/api/v1/monitors/nobody/runs").await;
    assert_eq!(runs["runs"][0]["detail"], "no new rows");
}

#[tokio::test]
async fn a_report_has_five_forms_and_a_difference_to_an_earlier_one() {
    let instance = Instance::new();
    instance.predict_rows(0..150).await;
    instance.tick(10);
    instance.predict_rows(2600..3000).await;
    instance.tick(10);
    for (form, begin) in [("json", "{"), ("html", "<!doctype html>"), ("md", ""), ("csv", "column,"), ("xml", "<?xml")]
    {
        let answer = instance.send("GET", &format!("/api/v1/reports/2.{form}"), None).await;
        assert_eq!(answer.status, 200, "{form}");
        assert!(answer.text.starts_with(begin), "{form}: {}", &answer.text[..60]);
    }
    for path in ["/api/v1/reports/3", "/api/v1/reports/x", "/api/v1/reports/1.pdf", "/api/v1/reports/1/since/9"] {
        assert_eq!(instance.send("GET", path, None).await.status, 404, "{path}");
    }
    let difference = get(&instance, "/api/v1/reports/2/since/1").await;
    assert_eq!(difference["comparable"], true);
    assert_eq!(get(&instance, "/api/v1/reports/2/since/2").await["columns"], json!([]));
    let column = get(&instance, &format!("/api/v1/monitors/{NAME}/columns/Amount")).await;
    assert_eq!(column["points"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_share_link_opens_one_report_until_it_is_taken_back() {
    let instance = Instance::new();
    instance.predict_rows(0..150).await;
    instance.tick(10);
    let body = json!({ "report": "1", "title": "Week <47>", "expires_in": "1h" }).to_string();
    let made = instance.send("POST", "/api/v1/shares", Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let (path, id) = (made.header("location").to_owned(), made.json()["share"]["id"].as_str().unwrap().to_owned());
    let page = instance.send("GET", &path, None).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Week &lt;47&gt;") && page.text.contains("og:title") && page.text.contains("noindex"));
    assert!(!page.text.contains("<script"), "it is read without a script");
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    assert_eq!(page.header("x-robots-tag"), "noindex, nofollow");
    assert_eq!(page.header("cache-control"), "private, no-store");
    for form in ["json", "html", "md", "csv", "xml"] {
        assert_eq!(instance.send("GET", &format!("{path}/report.{form}"), None).await.status, 200, "{form}");
    }
    let shares = get(&instance, "/api/v1/shares").await.to_string();
    assert!(!shares.contains(path.trim_start_matches("/r/")), "nobody reads the token again");
    let wrong = instance.send("GET", "/r/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", None).await;
    for path in ["/r/{token}", "/r/:token", "/r/1", "/r/%2e%2e", &format!("/r/{id}"), &format!("{path}/report.pdf")] {
        assert_eq!(instance.send("GET", path, None).await.status, 404, "{path}");
    }
    assert_eq!(instance.send("DELETE", &format!("/api/v1/shares/{id}"), None).await.status, 204);
    let revoked = instance.send("GET", &path, None).await;
    // All the same but for the request's identifier.
    let without_id = |text: &str| {
        let mut problem: Value = serde_json::from_str(text).unwrap();
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    assert_eq!((revoked.status, without_id(&revoked.text)), (wrong.status, without_id(&wrong.text)));
}

#[tokio::test]
async fn a_share_expires_and_a_report_that_was_sent_is_shared_without_a_row() {
    let instance = Instance::new();
    instance.predict_rows(0..150).await;
    instance.tick(10);
    let report = get(&instance, "/api/v1/reports/1").await;
    let body = json!({ "report": report, "expires_in": "10s" }).to_string();
    let made = instance.send("POST", "/api/v1/shares", Some(body)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let path = made.header("location").to_owned();
    assert_eq!(get(&instance, &format!("{path}/report.json")).await, report);
    instance.tick(10);
    assert_eq!(instance.send("GET", &path, None).await.status, 404);
    for body in [
        json!({ "report": "77" }),
        json!({ "report": { "schema_version": 1 } }),
        json!({ "report": "1", "expires_in": "soon" }),
    ] {
        let status = instance.send("POST", "/api/v1/shares", Some(body.to_string())).await.status.as_u16();
        assert!([404, 422].contains(&status), "{body}: {status}");
    }
}

/// Takes messages until the service is gone.
fn receiver() -> (u16, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, messages) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut asked, mut buffer) = (String::new(), [0; 65536]);
            while !asked.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with('}') || body.ends_with(']')) {
                let n = stream.read(&mut buffer).unwrap();
                asked.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            if sender.send(asked).is_err() {
                return;
            }
        }
    });
    (port, messages)
}

#[tokio::test]
async fn drift_begins_an_alert_that_is_told_acknowledged_and_over() {
    let (port, messages) = receiver();
    let set_up = format!(
        r#"
        [[channel]]
        name = "ops"
        webhook = {{ url = "http://127.0.0.1:{port}/hook" }}
        allow_private = true

        [[monitor]]
        name = "watch"
        model = "{NAME}"
        window = {{ rows = 200 }}
        min_rows = 100
        schedule = {{ rows = 200 }}

        [[monitor.alert]]
        name = "amount"
        when = {{ column = {{ name = "Amount", verdict = "drifted" }} }}
        channels = ["ops"]
        "#
    );
    let instance = Instance::configured(&set_up);
    assert_eq!(instance.send("DELETE", "/api/v1/monitors/watch", None).await.status, 409, "the file has it");
    instance.predict_rows(0..200).await;
    instance.tick(1);
    assert_eq!(get(&instance, "/api/v1/alerts").await["alerts"], json!([]));
    for row in 0..200 {
        let mut body = crate::support::body_of(row);
        body["Amount"] = (1e4 + f64::from(u32::try_from(row).unwrap())).into();
        assert_eq!(instance.send("POST", "/predict", Some(body.to_string())).await.status, 200);
    }
    instance.tick(1);
    let alerts = get(&instance, "/api/v1/alerts").await;
    assert_eq!(alerts["alerts"][0]["rule"], "amount", "{alerts}");
    assert_eq!(alerts["messages"], json!({ "waiting": 1, "given_up": 0 }));
    off_the_runtime(|| assert_eq!(instance.service.send_messages(), Ok(1)));
    let told = messages.recv().unwrap();
    assert!(told.contains("webhook-id: ") && told.contains("\"rule\":\"amount\""), "{told}");
    let id = &alerts["alerts"][0]["id"];
    let path = format!("/api/v1/alerts/{id}/acknowledge");
    assert_eq!(instance.send("POST", &path, Some("{}".to_owned())).await.status, 422);
    assert_eq!(instance.send("POST", &path, Some(json!({ "by": "ada" }).to_string())).await.status, 204);
    instance.predict_rows(0..200).await;
    instance.tick(1);
    let alerts = get(&instance, "/api/v1/alerts").await;
    assert_eq!(alerts["alerts"][0]["acknowledged_by"], "ada");
    assert!(alerts["alerts"][0]["ended"].is_string());
    off_the_runtime(|| assert_eq!(instance.service.send_messages(), Ok(1)));
    assert!(messages.recv().unwrap().contains("\"is_over\":true"));
    // A test of the channel goes out at once.
    assert_eq!(instance.send("POST", "/api/v1/channels/ops/test", None).await.status, 204);
    assert!(messages.recv().unwrap().contains("\"is_test\":true"));
    assert_eq!(instance.send("POST", "/api/v1/channels/none/test", None).await.status, 404);
}

#[tokio::test]
async fn what_is_exported_is_a_set_up_file() {
    let instance = Instance::new();
    let made = json!({
        "model": NAME, "window": { "span": "1h" }, "schedule": { "every": "1h" }, "reference": { "same_hours": { "days": 7 } },
        "alert": [{ "name": "a", "when": "missing_traffic", "windows": 2 }],
    });
    assert_eq!(put(&instance, "/api/v1/monitors/hourly", &made).await.0, 200);
    let toml = instance.send("GET", "/api/v1/set-up", None).await.text;
    let config = Config::from_toml(&toml).unwrap();
    assert_eq!(
        serde_json::to_value(&config.monitors[0]).unwrap()["reference"],
        json!({ "same_hours": { "days": 7, "weeks": 0 } })
    );
    let again = Instance::configured(&toml);
    let monitor = get(&again, "/api/v1/monitors/hourly").await;
    assert_eq!((&monitor["origin"], &monitor["alert"][0]["windows"]), (&json!("file"), &json!(2)));
}
