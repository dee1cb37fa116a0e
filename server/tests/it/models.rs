//! Several models and versions at once, and how they change while requests are under way.

use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tidemark_app::backend::Backend;
use tidemark_app::timeline::EventKind;
use tidemark_log::Line;

use crate::support::{Instance, NAME, body_of, other_model_file};

/// Adds the other version, and returns its name.
async fn add_other(instance: &Instance) -> String {
    let answer =
        instance.send_as("POST", "/api/v1/models", "application/octet-stream", other_model_file().to_vec()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("location"), format!("/api/v1/models/{NAME}"));
    answer.json()["version"].as_str().unwrap().to_owned()
}

async fn patch(instance: &Instance, change: serde_json::Value) -> crate::support::Answer {
    instance.send("PATCH", &format!("/api/v1/models/{NAME}"), Some(change.to_string())).await
}

#[tokio::test]
async fn another_version_is_added_asked_by_name_and_made_the_default() {
    let instance = Instance::new();
    let first = instance.version().version.clone();
    let other = add_other(&instance).await;
    let row = || Some(body_of(0).to_string());
    assert_eq!(instance.send("POST", "/predict", row()).await.json()["model"], first, "the first one goes on");
    let path = format!("/api/v1/models/{NAME}/versions/{other}/predict");
    assert_eq!(instance.send("POST", &path, row()).await.json()["model"], other);

    let changed = patch(&instance, json!({ "default_version": other })).await;
    assert_eq!(changed.json()["default_version"], other, "{}", changed.text);
    assert_eq!(instance.send("POST", "/predict", row()).await.json()["model"], other);
    let instance = instance.restarted(0);
    assert_eq!(instance.version().version, other, "a restart forgets nothing");

    let version = |version: &str| format!("/api/v1/models/{NAME}/versions/{version}");
    assert_eq!(instance.send("DELETE", &version(&other), None).await.status, 409, "it answers");
    assert_eq!(instance.send("DELETE", &version(&first), None).await.status, 204);
    assert_eq!(instance.send("DELETE", &version(&first), None).await.status, 404);
    assert!(!instance.folder.path(&format!("models/{NAME}/{first}.tidemark")).exists());
}

#[tokio::test]
async fn a_version_that_takes_over_stands_on_the_timeline() {
    let instance = Instance::new();
    instance.predict_rows(0..150).await;
    assert_eq!(instance.tick(10).len(), 1, "a comparison");
    let other = add_other(&instance).await;
    assert_eq!(patch(&instance, json!({ "default_version": other })).await.status, 200);
    assert!(instance.service.overview(None).unwrap().events.is_empty(), "it has not answered yet");
    instance.clock.as_ref().unwrap().0.fetch_add(1000, Ordering::SeqCst);
    let at = instance.service.now();
    instance.predict_rows(150..160).await;
    instance.tick(1);
    let events = instance.service.overview(None).unwrap().events;
    let deploys: Vec<_> = events.iter().filter(|event| event.kind == EventKind::Deploy).collect();
    assert_eq!(deploys.len(), 1, "{events:?}");
    assert_eq!((deploys[0].at, deploys[0].text.as_str()), (at, format!("Version {other} began to answer").as_str()));
    // A restart forgets nothing.
    let instance = instance.restarted(at + 60_000);
    instance.tick(1);
    assert!(instance.service.overview(None).unwrap().events.contains(deploys[0]));
}

#[tokio::test]
async fn a_shadow_is_logged_beside_the_answer_and_under_its_name() {
    let instance = Instance::new();
    let other = add_other(&instance).await;
    assert_eq!(patch(&instance, json!({ "shadows": [other] })).await.status, 200);
    let answer = instance.send("POST", "/predict", Some(body_of(3).to_string())).await.json();
    assert_eq!(answer["model"], instance.version().version);

    let line = Line::Shadow { model: NAME.to_owned(), version: other };
    // The shadow works on its own time.
    let reader = instance.service.log.reader();
    let mut patience = 10_000;
    while reader.end(&line) == 1 && patience > 0 {
        patience -= 1;
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    let shadow = reader.latest(&line, 10).unwrap();
    assert_eq!(shadow.ids.iter().map(ToString::to_string).collect::<Vec<_>>(), [answer["id"].as_str().unwrap()]);
    assert_eq!(instance.logged(10).len(), 1, "answers and shadows do not mix");
    assert_eq!(patch(&instance, json!({ "shadows": [instance.version().version] })).await.status, 409);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_are_swapped_without_a_dropped_request() {
    let instance = Arc::new(Instance::new());
    let versions = [instance.version().version.clone(), add_other(&instance).await];
    let is_over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..8)
        .map(|client| {
            let (instance, is_over, versions) = (Arc::clone(&instance), Arc::clone(&is_over), versions.clone());
            tokio::spawn(async move {
                let mut seen = [0, 0];
                while !is_over.load(Ordering::SeqCst) {
                    let answer = instance.send("POST", "/predict", Some(body_of(client).to_string())).await;
                    assert_eq!(answer.status, 200, "{}", answer.text);
                    let version = answer.json()["model"].as_str().unwrap().to_owned();
                    seen[versions.iter().position(|known| *known == version).expect("one of the two")] += 1;
                }
                seen
            })
        })
        .collect();
    for round in 0..20 {
        let changed = patch(&instance, json!({ "default_version": versions[1 - round % 2] })).await;
        assert_eq!(changed.status, 200, "{}", changed.text);
        tokio::task::yield_now().await;
    }
    is_over.store(true, Ordering::SeqCst);
    let mut seen = [0, 0];
    for client in clients {
        let [a, b] = client.await.expect("no request was dropped");
        seen = [seen[0] + a, seen[1] + b];
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

#[tokio::test]
async fn a_damaged_file_is_refused_and_the_old_version_goes_on() {
    let instance = Instance::new();
    let mut damaged = other_model_file().to_vec();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    for body in [damaged, other_model_file()[..1000].to_vec(), b"no model".to_vec(), Vec::new()] {
        let answer = instance.send_as("POST", "/api/v1/models", "application/octet-stream", body).await;
        assert_eq!(answer.status, 422, "{}", answer.text);
        assert!(answer.json()["detail"].as_str().unwrap().contains("model"), "{}", answer.text);
    }
    // A file that is damaged where it lies.
    let other = add_other(&instance).await;
    std::fs::write(instance.folder.path(&format!("models/{NAME}/{other}.tidemark")), &other_model_file()[..5000])
        .unwrap();
    let instance = instance.restarted(0);
    let first = instance.version().version.clone();
    let refused = patch(&instance, json!({ "default_version": other })).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(refused.json()["detail"].as_str().unwrap().contains("cut short"), "{}", refused.text);
    assert_eq!(instance.send("POST", "/predict", Some(body_of(0).to_string())).await.json()["model"], first);
    assert_eq!(instance.send("GET", &format!("/api/v1/models/{NAME}"), None).await.json()["default_version"], first);
}

#[tokio::test]
async fn models_are_listed_named_and_removed() {
    let instance = Instance::new();
    let second =
        instance.send_as("POST", "/api/v1/models?name=second", "application/octet-stream", other_model_file().to_vec());
    assert_eq!(second.await.status, 201);
    let list = instance.send("GET", "/api/v1/models", None).await.json();
    assert_eq!(list["default"], NAME);
    let names: Vec<_> = list["models"].as_array().unwrap().iter().map(|model| model["name"].clone()).collect();
    assert_eq!(names, [NAME, "second"]);
    assert_eq!(list["models"][1]["features"].as_array().unwrap().len(), 30);

    let answer = instance.send("POST", "/api/v1/models/second/predict", Some(body_of(0).to_string())).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let batch = json!({ "rows": [body_of(0), body_of(1)] }).to_string();
    let answer = instance.send("POST", "/api/v1/models/second/predict", Some(batch)).await.json();
    assert_eq!(answer["predictions"].as_array().unwrap().len(), 2);
    assert_eq!(instance.send("GET", "/api/v1/models/second", None).await.json()["predictions"], 3);
    assert_eq!(instance.logged(10).len(), 0, "each model has a log of its own");

    let make_default = instance.send("PATCH", "/api/v1/models/second", Some(r#"{"default": true}"#.to_owned())).await;
    assert_eq!(make_default.json()["is_default"], true);
    assert_eq!(instance.send("DELETE", "/api/v1/models/second", None).await.status, 204);
    assert_eq!(instance.send("GET", "/api/v1/models/second", None).await.status, 404);
    assert_eq!(instance.send("GET", "/api/v1/models", None).await.json()["default"], NAME);

    for (method, path, body, status) in [
        ("POST", "/api/v1/models?name=a%2Fb", "x", 422),
        ("POST", "/api/v1/models?nom=a", "x", 400),
        ("PATCH", "/api/v1/models/nobody", "{}", 404),
        ("PATCH", "/api/v1/models/card-fraud", "{", 400),
        ("PATCH", "/api/v1/models/card-fraud", r#"{"default_version": "none"}"#, 404),
        ("PATCH", "/api/v1/models/card-fraud", r#"{"default": false}"#, 422),
        ("PATCH", "/api/v1/models/card-fraud", r#"{"validation": "loose"}"#, 422),
        ("PUT", "/api/v1/models/card-fraud", r#"{"features": [{"name": "a", "type": "numerical"}]}"#, 409),
        ("DELETE", "/api/v1/models/..%2F..", "", 404),
        ("POST", "/api/v1/models/nobody/predict", "{}", 404),
    ] {
        let answer = instance.send(method, path, Some(body.to_owned())).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{method} {path}");
    }
}

/// A file that is damaged where it matters: its end is gone.
fn damage(instance: &Instance, version: &str) {
    let path = instance.folder.path(&format!("models/{NAME}/{version}.tidemark"));
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
}

#[tokio::test]
async fn another_version_stands_in_for_one_that_was_damaged_and_it_is_said() {
    let instance = Instance::new();
    let first = instance.version().version.clone();
    let other = add_other(&instance).await;
    assert_eq!(patch(&instance, json!({ "default_version": other, "shadows": [first] })).await.status, 200);
    damage(&instance, &other);
    let instance = instance.restarted(0);
    let answer = instance.send("POST", "/predict", Some(body_of(0).to_string())).await;
    assert_eq!((answer.status.as_u16(), answer.json()["model"].clone()), (200, json!(first)), "{}", answer.text);
    let ready = instance.send("GET", "/readyz", None).await;
    let warnings = ready.json()["warnings"].to_string();
    assert!(ready.status == 200 && warnings.contains(&other) && warnings.contains(&first), "{}", ready.text);
    let model = instance.send("GET", &format!("/api/v1/models/{NAME}"), None).await.json();
    assert_eq!((&model["default_version"], &model["answering"]), (&json!(other), &json!(first)));
    // The list is put right by hand.
    assert_eq!(patch(&instance, json!({ "shadows": [], "default_version": first })).await.status, 200);
}

#[tokio::test]
async fn a_model_without_a_sound_version_says_so_and_others_can_be_changed() {
    let instance = Instance::new();
    let version = instance.version().version.clone();
    let declaration = json!({ "features": [{ "name": "age", "type": "numerical" }], "task": "classification" });
    let declared = instance.send("PUT", "/api/v1/models/loans", Some(declaration.to_string())).await;
    assert_eq!(declared.status, 201, "{}", declared.text);
    damage(&instance, &version);
    let instance = instance.restarted(0);
    for (method, path) in [("POST", "/predict"), ("POST", &*format!("/v2/models/{NAME}/infer")), ("GET", "/readyz")] {
        let body = (method == "POST").then(|| body_of(0).to_string());
        let answer = instance.send(method, path, body).await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(answer.text.contains("is left out"), "{path}: {}", answer.text);
    }
    assert_eq!(instance.send("GET", &format!("/api/v1/models/{NAME}"), None).await.status, 503);
    assert_eq!(instance.send("GET", "/metrics", None).await.status, 200);
    let changed = instance.send("PATCH", "/api/v1/models/loans", Some(r#"{"validation":"strict"}"#.to_owned())).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}
