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
    assert_eq!(page.header("referrer-policy"), "no-referrer", "the link is the key");
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

/// A monitor of 200 rows at a time, with these rules.
fn by_rows(rules: &Value) -> Value {
    json!({ "model": NAME, "window": { "rows": 200 }, "min_rows": 100, "schedule": { "rows": 200 }, "alert": rules })
}

#[tokio::test]
async fn a_figure_that_falls_below_its_limit_is_an_alert_once_labels_are_there() {
    let instance = Instance::new();
    let rules = json!([
        { "name": "accuracy", "when": { "performance": { "metric": "accuracy", "below": 0.9, "min_labels": 100 } } },
        { "name": "loss", "when": { "performance": { "metric": "log_loss", "above": 1e6 } } },
    ]);
    assert_eq!(put(&instance, "/api/v1/monitors/performance", &by_rows(&rules)).await.0, 200);
    for wrong in [
        json!({ "metric": "luck", "below": 1 }),
        json!({ "metric": "recall" }),
        json!({ "metric": "recall", "below": 1, "above": 0 }),
    ] {
        let rules = json!([{ "name": "a", "when": { "performance": wrong } }]);
        assert_eq!(put(&instance, "/api/v1/monitors/wrong", &by_rows(&rules)).await.0, 422, "{rules}");
    }
    let labels = async |truth: fn(bool) -> bool| {
        let rows = instance.logged(200);
        let said = |outcome: &tidemark_log::Outcome| *outcome == tidemark_log::Outcome::Class(1);
        let label = |(id, outcome): (&tidemark_log::Id, &tidemark_log::Outcome)| json!({ "id": id.to_string(), "label": i32::from(truth(said(outcome))) });
        let labels: Vec<Value> = rows.ids.iter().zip(&rows.outcomes).map(label).collect();
        let path = format!("/api/v1/models/{NAME}/labels");
        let answer = instance.send("POST", &path, Some(Value::Array(labels).to_string())).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    };
    instance.predict_rows(0..200).await;
    instance.tick(1);
    assert_eq!(instance.send("GET", "/api/v1/reports/1/performance", None).await.status, 404, "no label has come");
    labels(|said| said).await;
    // By labels that came late the figures are there all the same.
    let late = get(&instance, "/api/v1/reports/1/performance").await;
    assert_eq!((&late["n_rows"], &late["n_labelled"]), (&json!(200), &json!(200)), "{late}");
    assert_eq!(late["figures"][0]["name"], "accuracy");
    assert_eq!(late["figures"][0]["figure"]["value"], 1.0);
    assert!(instance.send("GET", "/reports/1", None).await.text.contains("200 of 200 rows have a label"));
    instance.predict_rows(200..400).await;
    labels(|said| !said).await;
    instance.tick(1);
    let alerts = get(&instance, "/api/v1/alerts").await;
    assert_eq!(alerts["alerts"].as_array().unwrap().len(), 1, "{alerts}");
    let alert = &alerts["alerts"][0];
    assert_eq!((&alert["rule"], &alert["severity"]), (&json!("accuracy"), &json!("critical")));
    assert!(alert["sentence"].as_str().unwrap().contains("by 200 labels of 200 rows"), "{alert}");
}

#[tokio::test]
async fn a_monitor_is_tried_made_changed_and_removed_on_its_page() {
    let instance = Instance::new();
    instance.predict_rows(0..400).await;
    for row in 0..400 {
        let mut body = crate::support::body_of(row);
        body["Amount"] = (1e4 + f64::from(u32::try_from(row).unwrap())).into();
        assert_eq!(instance.send("POST", "/predict", Some(body.to_string())).await.status, 200);
    }
    let form = |name: &str, limit: &str| {
        [
            ("form[name]", name),
            ("form[model]", NAME),
            ("form[window_kind]", "rows"),
            ("form[window]", "200"),
            ("form[schedule_kind]", "every"),
            ("form[schedule]", "10s"),
            ("form[min_rows]", "100"),
            ("form[reference_kind]", "training"),
            ("form[rules][0][name]", "amount"),
            ("form[rules][0][when]", "effect"),
            ("form[rules][0][of]", "Amount"),
            ("form[rules][0][limit]", limit),
            ("form[rules][1][name]", ""),
        ]
        .map(|(field, value)| format!("{field}={value}"))
        .join("&")
        .into_bytes()
    };
    let send = async |path: &str, body: Vec<u8>| {
        instance.send_as("POST", path, "application/x-www-form-urlencoded", body).await
    };
    let preview = send("/api/preview_monitor", form("", "0.5")).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    let found = preview.json();
    assert_eq!(found["windows"].as_array().unwrap().len(), 4, "{found}");
    assert_eq!(found["windows"][2]["begun"], json!(["amount"]), "{found}");
    assert_eq!(found["rules"], json!([["amount", 1]]));
    assert!(get(&instance, "/api/v1/reports").await["reports"].as_array().unwrap().is_empty(), "nothing is stored");
    let wrong = send("/api/preview_monitor", form("", "much")).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["field"]), (422, &json!("alert[0].when.effect.at_least")));
    assert_eq!(send("/api/save_monitor", form("no spaces", "0.5")).await.status, 422);
    let saved = send("/api/save_monitor", form("own", "0.5")).await;
    assert_eq!(saved.header("location"), "/monitors/own", "{}", saved.text);
    let monitor = get(&instance, "/api/v1/monitors/own").await;
    assert_eq!(monitor["alert"][0]["when"], json!({ "effect": { "name": "Amount", "at_least": 0.5 } }));
    assert_eq!(send("/api/save_monitor", form("own", "0.7")).await.header("location"), "/monitors/own");
    assert_eq!(get(&instance, "/api/v1/monitors/own").await["alert"][0]["when"]["effect"]["at_least"], 0.7);
    instance.tick(10);
    for (path, words) in [
        ("/monitors", "200 rows every 10s, against the training data"),
        ("/monitors/own", "at_least = 0.7"),
        ("/monitors/own/edit", "Edit own"),
        ("/new-monitor", "New monitor"),
        ("/alerts", "Amount: the effect is"),
    ] {
        let page = instance.send("GET", path, None).await;
        assert!(page.status == 200 && page.text.contains(words), "{path} lacks {words:?}");
    }
    let muted = send("/api/mute", b"monitor=own&rule=amount&span=1h".to_vec()).await;
    assert!(!muted.status.is_client_error(), "{}", muted.text);
    assert!(instance.send("GET", "/alerts", None).await.text.contains("Tell again"));
    assert_eq!(send("/api/mute", b"monitor=own&rule=amount&span=soon".to_vec()).await.status, 422);
    assert_eq!(send("/api/acknowledge", b"id=1&by=+".to_vec()).await.status, 422);
    assert!(!send("/api/acknowledge", b"id=1&by=ada".to_vec()).await.status.is_client_error());
    assert!(instance.send("GET", "/alerts", None).await.text.contains("ada took note"));
    assert_eq!(send("/api/remove_monitor", b"name=own".to_vec()).await.header("location"), "/monitors");
    assert_eq!(instance.send("GET", "/monitors/own", None).await.status, 404);
    assert_eq!(send("/api/remove_monitor", b"name=own".to_vec()).await.status, 404);
}

#[tokio::test]
async fn what_changed_and_what_is_shared_is_seen_on_pages() {
    let instance = Instance::new();
    instance.predict_rows(0..150).await;
    instance.tick(10);
    instance.predict_rows(2600..3000).await;
    instance.tick(10);
    let page = instance.send("GET", "/reports/2", None).await.text;
    assert!(page.contains("/reports/2/since/1") && page.contains("/api/v1/reports/2.html"));
    let change = instance.send("GET", "/reports/2/since/1", None).await;
    assert!(change.status == 200 && change.text.contains("What changed"));
    assert_eq!(instance.send("GET", "/reports/2/since/9", None).await.status, 404);
    let body = b"report=2&title=For+the+board&expires_in=1d".to_vec();
    let shared = instance.send_as("POST", "/api/share", "application/x-www-form-urlencoded", body).await;
    let path = shared.json().as_str().unwrap_or_default().to_owned();
    assert!(path.starts_with("/r/"), "{}", shared.text);
    assert!(instance.send("GET", &path, None).await.text.contains("For the board"));
    assert!(instance.send("GET", "/shares", None).await.text.contains("For the board"));
    let id = get(&instance, "/api/v1/shares").await["shares"][0]["id"].as_str().unwrap().to_owned();
    let revoke = format!("id={id}").into_bytes();
    let revoked = instance.send_as("POST", "/api/revoke_share", "application/x-www-form-urlencoded", revoke).await;
    assert!(!revoked.status.is_client_error(), "{}", revoked.text);
    assert_eq!(instance.send("GET", &path, None).await.status, 404);
    assert!(instance.send("GET", "/shares", None).await.text.contains("Taken back"));
}
