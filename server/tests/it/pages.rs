//! The pages as they leave the server, readable without a script, and the addresses around them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tidemark_app::backend::Backend;
use tidemark_server::routes::router;
use tidemark_server::serve::Edge;

use crate::support::Instance;

#[tokio::test]
async fn pages_say_what_they_are_about() {
    let instance = Instance::new();
    instance.predict_rows(0..150).await;
    let head = instance.service.check_now(None).unwrap();
    for (path, words) in [
        ("/", "card-fraud"),
        ("/reports", "Reports"),
        (&*format!("/reports/{}", head.id), "Amount"),
        ("/compare", "Reference"),
        ("/monitors", "against the training data"),
        ("/alerts", "No alert yet"),
        ("/shares", "Nothing is shared"),
        ("/quality", "Amount"),
        ("/windows?reference=1-70&current=81-150", "rows 1 to 150"),
        (&*format!("/change?id={0}&earlier={0}", head.id), "What changed"),
    ] {
        let page = instance.send("GET", path, None).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text.contains(words), "{path} lacks {words:?}");
        assert!(page.text.contains("<h1"), "{path} has no heading");
    }
}

#[tokio::test]
async fn two_windows_of_the_log_are_compared_and_nothing_is_stored() {
    let instance = Instance::new();
    instance.predict_rows(0..150).await;
    let compare = async |reference: &str, current: &str| {
        let asked = serde_json::json!({ "query": { "model": null, "reference": reference, "current": current } });
        instance.send("POST", "/api/windows", Some(asked.to_string())).await
    };
    let given = compare("1-60", "91-150").await.json();
    assert_eq!(given["report"]["reference"], "predictions 1 to 60", "{given}");
    assert_eq!((&given["report"]["n_reference"], &given["report"]["n_current"]), (&60.into(), &60.into()), "{given}");
    let by_itself = compare("", "").await.json();
    assert_eq!(by_itself["windows"]["chosen"][1]["last"], 150, "the latest rows, and those before them: {by_itself}");
    for (reference, current) in [("1-151", "1-2"), ("5-1", "1-2"), ("1-2", "all")] {
        let refused = compare(reference, current).await;
        assert_eq!(refused.status, 422, "{reference} {current}: {}", refused.text);
    }
    assert!(instance.service.overview(None).unwrap().history.is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let instance = Instance::new();
    for path in ["/nope", "/reports/7", "/pkg/nope.js", "/pkg/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd"] {
        assert_eq!(instance.send("GET", path, None).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn every_page_has_a_policy_of_its_own() {
    let instance = Instance::new();
    let (first, second) = (instance.send("GET", "/", None).await, instance.send("GET", "/", None).await);
    let policy = first.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
    assert!(!policy.contains("'unsafe-eval'"), "{policy}");
    assert_ne!(policy, second.header("content-security-policy"), "a nonce is used once");
    assert!(!first.text.contains(" style=\""), "the policy forbids inline styles");
    assert_eq!(first.header("x-content-type-options"), "nosniff");
    assert_eq!(first.header("referrer-policy"), "same-origin");
}

#[tokio::test]
async fn the_labs_worker_may_ask_nobody_and_its_keeper_only_this_server() {
    let instance = Instance::new();
    for file in ["/pkg/worker.js", "/pkg/parquet.js"] {
        let worker = instance.send("GET", file, None).await;
        // A build without the site has no worker to protect.
        if worker.status == 404 {
            return;
        }
        let policy = worker.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("connect-src 'none'"), "{policy}");
        assert!(!policy.contains("'self'"), "{policy}");
        assert!(!worker.text.contains("import("), "it could not load another file");
    }
    let keeper = instance.send("GET", "/sw.js", None).await;
    assert_eq!(keeper.header("content-security-policy"), "default-src 'none'; connect-src 'self'");
    assert_eq!(keeper.header("cache-control"), "no-cache", "an update shows at the next visit");
}

#[tokio::test]
async fn server_functions_answer_and_say_what_is_wrong() {
    let instance = Instance::new();
    let overview = instance.send("POST", "/api/overview", Some("{}".to_owned())).await;
    assert_eq!(overview.status, 200, "{}", overview.text);
    assert_eq!(overview.json()["model"]["name"], "card-fraud");
    let missing = instance.send("POST", "/api/report", Some(r#"{"id":"9"}"#.to_owned())).await;
    assert_eq!(missing.status, 404, "{}", missing.text);
}

#[tokio::test]
async fn a_real_port_is_served_until_told_to_stop() {
    let instance = Instance::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let service = Arc::clone(&instance.service);
    let server = tokio::spawn(tidemark_server::serve::run(listener, service, Edge::local(), async {
        drop(stopped.await);
    }));
    let health = tokio::task::spawn_blocking(move || {
        ureq::get(format!("http://{address}/health")).call().unwrap().body_mut().read_to_string().unwrap()
    });
    assert!(health.await.unwrap().contains("\"writable\":true"));
    stop.send(()).unwrap();
    server.await.unwrap();
}

/// Making a router once held the resources of all pages that were begun meanwhile, for ever.
#[tokio::test]
async fn a_page_is_finished_while_other_routers_are_made() {
    let instance = Instance::new();
    let is_over = Arc::new(AtomicBool::new(false));
    let maker = std::thread::spawn({
        let (service, is_over) = (Arc::clone(&instance.service), Arc::clone(&is_over));
        move || {
            while !is_over.load(Ordering::Relaxed) {
                drop(router(Arc::clone(&service)));
            }
        }
    });
    for _ in 0..50 {
        let page = tokio::time::timeout(Duration::from_secs(30), instance.send("GET", "/reports", None)).await;
        assert_eq!(page.expect("the page is finished").status, 200);
    }
    is_over.store(true, Ordering::Relaxed);
    maker.join().unwrap();
}
