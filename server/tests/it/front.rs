//! What every request passes: problems, identifiers, hosts, origins, keys and limits.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderValue, Request, header};
use std::sync::Arc;
use std::time::Duration;
use tidemark_server::front::{Front, Settings};
use tidemark_server::keys::{KeyStore, Keyring, Role};
use tidemark_server::routes::{Access, router_behind};
use tidemark_server::slow_body::Pace;
use tidemark_watch::db::Db;
use tower::ServiceExt;

use crate::support::{Answer, Instance, body_of};

/// A service that asks for keys, and a key of every role.
struct Guarded {
    instance: Instance,
    router: Router,
    front: Arc<Front>,
    keys: Vec<(Role, String)>,
}

impl Guarded {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let instance = Instance::new();
        let store = KeyStore::on(Db::sqlite(&instance.folder.path("tidemark.db")).unwrap()).unwrap();
        let create = |role| (role, store.create(role, "", 0, None).unwrap().1.reveal().to_owned());
        let keys = Role::ALL.map(create).to_vec();
        let mut settings = Settings::local();
        (settings.keys, settings.is_local) = (Some(Keyring::open(store).unwrap()), false);
        change(&mut settings);
        let (router, front) = router_behind(Arc::clone(&instance.service), settings);
        Self { instance, router, front, keys }
    }

    fn key(&self, role: Role) -> String {
        self.keys.iter().find(|(known, _)| *known == role).unwrap().1.clone()
    }

    fn bearer(&self, role: Role) -> String {
        format!("Bearer {}", self.key(role))
    }
}

async fn send(router: &Router, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    // A stream of events has no end.
    let ends = headers.get("content-type").is_none_or(|kind| kind != "text/event-stream");
    let body = if ends { to_bytes(response.into_body(), usize::MAX).await.unwrap() } else { Bytes::new() };
    let text = String::from_utf8_lossy(&body).into_owned();
    Answer { status, headers, text }
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn every_error_of_the_api_is_a_problem_with_the_requests_identifier() {
    let instance = Instance::new();
    let router = instance.router();
    for (method, path, body, status) in [
        ("POST", "/predict", "{", 400),
        ("POST", "/predict", "{}", 422),
        ("PUT", "/predict", "{}", 405),
        ("POST", "/nope", "{}", 404),
        ("GET", "/api/nope", "", 404),
        ("POST", "/api/nope", "{}", 404),
        ("DELETE", "/api/overview", "", 405),
        ("GET", "/example/nope.csv", "", 404),
        ("POST", "/api/report", "{\"id\":\"9\"}", 404),
        ("POST", "/api/report", "{", 422),
        ("POST", "/api/report", "[]", 422),
        ("POST", "/api/report", "{\"id\":7}", 422),
        ("POST", "/api/report", "", 422),
    ] {
        let answer = send(&router, method, path, &[JSON, ("x-request-id", "r-7")], body).await;
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text);
        assert_eq!(
            answer.header("content-type"),
            "application/problem+json",
            "{method} {path} {body}: {}",
            answer.text
        );
        let problem = answer.json();
        assert_eq!((&problem["status"], &problem["request_id"]), (&status.into(), &"r-7".into()), "{method} {path}");
        assert_eq!(answer.header("x-request-id"), "r-7");
    }
}

#[tokio::test]
async fn a_request_without_a_decent_identifier_gets_one() {
    let router = Instance::new().router();
    for headers in [&[][..], &[("x-request-id", "a b")], &[("x-request-id", "<script>")]] {
        let answer = send(&router, "GET", "/livez", headers, "").await;
        assert_eq!(answer.header("x-request-id").len(), 36, "{}", answer.header("x-request-id"));
    }
}

#[tokio::test]
async fn other_names_and_other_sites_are_refused() {
    let router = Instance::new().router();
    for (host, status) in [("127.0.0.1:8000", 200), ("localhost", 200), ("rebound.example", 421)] {
        assert_eq!(send(&router, "GET", "/", &[("host", host)], "").await.status, status, "{host}");
    }
    let body = body_of(0).to_string();
    let cross_site = [JSON, ("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")];
    assert_eq!(send(&router, "POST", "/predict", &cross_site, &body).await.status, 403);
    let preflight = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    let answer = send(&router, "OPTIONS", "/predict", &preflight, "").await;
    assert_eq!(answer.header("access-control-allow-origin"), "", "nobody is let in by default");
}

#[tokio::test]
async fn an_origin_that_was_let_in_may_call() {
    let guarded =
        Guarded::with(|settings| settings.cors_origins = vec![HeaderValue::from_static("https://app.example")]);
    let ask = [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    let answer = send(&guarded.router, "OPTIONS", "/predict", &ask, "").await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(answer.header("access-control-allow-credentials"), "", "cookies are not for other sites");
    let bearer = guarded.bearer(Role::Predict);
    let call = [JSON, ("origin", "https://app.example"), ("sec-fetch-site", "cross-site"), ("authorization", &bearer)];
    let body = body_of(0).to_string();
    assert_eq!(send(&guarded.router, "POST", "/predict", &call, &body).await.status, 200);
    let evil = [JSON, ("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("authorization", &bearer)];
    assert_eq!(send(&guarded.router, "POST", "/predict", &evil, &body).await.status, 403);
}

#[tokio::test]
async fn every_door_opens_for_its_roles_and_for_no_other() {
    let guarded = Guarded::new();
    for door in guarded.front.doors().all() {
        let path = door
            .path
            .replace("{id}", "1")
            .replace("{file}", "reference.csv")
            .replace("{model}", "none")
            .replace("{version}", "none");
        let callers = guarded.keys.iter().map(|(role, _)| Some(*role)).chain([None]);
        for role in callers {
            let bearer = role.map(|role| guarded.bearer(role));
            let headers: Vec<_> =
                bearer.iter().map(|bearer| ("authorization", bearer.as_str())).chain([JSON]).collect();
            let status = send(&guarded.router, door.method.as_str(), &path, &headers, "").await.status.as_u16();
            let expected = match (role, &door.access) {
                (_, Access::Open) => None,
                (None, _) => Some(401),
                (Some(role), access) if access.allows(role) => None,
                (Some(_), _) => Some(403),
            };
            match expected {
                Some(refusal) => assert_eq!(status, refusal, "{role:?} {} {path}", door.method),
                // The sign-in form refuses an empty key by itself.
                None => assert!(
                    status != 401 && (status != 403 || path == "/sign-in"),
                    "{role:?} {} {path}: {status}",
                    door.method
                ),
            }
        }
    }
    // The table says what it should.
    let access = |method: &str, path: &str| {
        let place = guarded.front.doors().find(path, &method.parse().unwrap()).expect(path);
        guarded.front.doors().all()[place].access.clone()
    };
    assert_eq!(access("POST", "/predict"), Access::Roles(vec![Role::Predict]));
    assert_eq!(access("GET", "/metrics"), Access::Roles(vec![Role::Read]));
    assert_eq!(access("GET", "/"), Access::Roles(vec![Role::Read]), "reading is protected, too");
    assert_eq!(access("POST", "/api/check_now"), Access::Roles(vec![Role::Admin]));
    assert_eq!(access("GET", "/livez"), Access::Open);
}

#[tokio::test]
async fn wrong_keys_and_ended_keys_open_nothing() {
    let guarded = Guarded::new();
    let key = guarded.key(Role::Admin);
    for wrong in ["Bearer", "Bearer ", "Bearer tdm_", &format!("Basic {key}"), &format!("Bearer {key}x"), &key] {
        let answer = send(&guarded.router, "GET", "/metrics", &[("authorization", wrong)], "").await;
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        assert!(!answer.text.contains(&key), "a key is not repeated");
    }
    let right = format!("bearer {key}");
    assert_eq!(send(&guarded.router, "GET", "/metrics", &[("authorization", &right)], "").await.status, 200);
    let store = KeyStore::on(Db::sqlite(&guarded.instance.folder.path("tidemark.db")).unwrap()).unwrap();
    let id = store.list().unwrap().into_iter().find(|record| record.role == Role::Admin).unwrap().id;
    store.revoke(&id, 0).unwrap();
    guarded.front.keys().unwrap().refresh().unwrap();
    assert_eq!(send(&guarded.router, "GET", "/metrics", &[("authorization", &right)], "").await.status, 401);
}

#[tokio::test]
async fn a_person_signs_in_with_a_form_and_out_again() {
    let guarded = Guarded::new();
    let router = &guarded.router;
    let page = [("accept", "text/html,*/*")];
    let away = send(router, "GET", "/reports?x=1", &page, "").await;
    assert_eq!((away.status.as_u16(), away.header("location")), (303, "/sign-in?to=/reports%3Fx%3D1"));
    let form = send(router, "GET", "/sign-in?to=/reports%3Fx%3D1", &page, "").await;
    assert!(form.text.contains("name=\"to\" value=\"/reports?x=1\""), "{}", form.text);

    let kind = ("content-type", "application/x-www-form-urlencoded");
    let wrong = send(router, "POST", "/sign-in", &[kind], "key=tdm_wrong&to=/").await;
    assert_eq!((wrong.status.as_u16(), wrong.header("set-cookie")), (403, ""));
    let body = format!("key={}&to=/reports", guarded.key(Role::Read));
    let other_site = [kind, ("origin", "https://evil.example"), ("host", "tidemark.example")];
    assert_eq!(send(router, "POST", "/sign-in", &other_site, &body).await.status, 403);
    let right = send(router, "POST", "/sign-in", &[kind], &body).await;
    assert_eq!((right.status.as_u16(), right.header("location")), (303, "/reports"));
    let set = right.header("set-cookie");
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
    let cookie = set.split(';').next().unwrap();
    assert!(!cookie.contains(&guarded.key(Role::Read)), "the cookie is not the key");

    let signed_in = [("accept", "text/html"), ("cookie", cookie)];
    assert_eq!(send(router, "GET", "/reports", &signed_in, "").await.status, 200);
    assert_eq!(send(router, "POST", "/api/check_now", &[kind, ("cookie", cookie)], "").await.status, 403, "a reader");
    assert_eq!(send(router, "POST", "/sign-out", &[("cookie", cookie)], "").await.status, 303);
    assert_eq!(send(router, "GET", "/reports", &signed_in, "").await.status, 303);
}

#[tokio::test]
async fn a_key_has_so_many_requests_and_then_waits() {
    let guarded = Guarded::with(|settings| settings.requests_per_second = Some(2.0));
    let (read, admin) = (guarded.bearer(Role::Read), guarded.bearer(Role::Admin));
    let get =
        async |bearer: &str| send(&guarded.router, "GET", "/openapi.json", &[("authorization", bearer)], "").await;
    let mut refused = None;
    for _ in 0..20 {
        let answer = get(&read).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status, 200);
    }
    let refused = refused.expect("twenty requests at once are more than two a second");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(get(&admin).await.status, 200, "another key is not held up");
    assert_eq!(send(&guarded.router, "GET", "/livez", &[], "").await.status, 200, "probes are not counted");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_dribbles_is_given_up() {
    let pace = Pace { patience: Duration::from_secs(10), bytes_per_second: 4096 };
    let instance = Instance::new();
    let settings = Settings { pace, ..Settings::local() };
    let (router, _) = router_behind(Arc::clone(&instance.service), settings);
    let body = body_of(0).to_string();
    // (bytes at a time, seconds between them, what comes of it)
    for (step, pause, status) in [(1, 1, 408), (body.len() / 4, 2, 200)] {
        let text = body.clone();
        let stream = futures::stream::unfold(0, move |at| {
            let text = text.clone();
            async move {
                if at >= text.len() {
                    return None;
                }
                tokio::time::sleep(Duration::from_secs(pause)).await;
                let end = (at + step).min(text.len());
                Some((Ok::<_, std::io::Error>(text[at..end].to_owned()), end))
            }
        });
        let request =
            Request::builder().method("POST").uri("/predict").header(header::CONTENT_TYPE, "application/json");
        let began = tokio::time::Instant::now();
        let response = router.clone().oneshot(request.body(Body::from_stream(stream)).unwrap()).await.unwrap();
        assert_eq!(response.status(), status, "{step} bytes every {pause} s");
        assert!(began.elapsed() <= Duration::from_secs(11), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn metrics_tell_what_happened() {
    let instance = Instance::new();
    let router = instance.router();
    for row in 0..120 {
        assert_eq!(send(&router, "POST", "/predict", &[JSON], &body_of(row).to_string()).await.status, 200);
    }
    send(&router, "POST", "/predict", &[JSON], "{}").await;
    tidemark_app::backend::Backend::check_now(instance.service.as_ref(), None).unwrap();
    let metrics = send(&router, "GET", "/metrics", &[], "").await;
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    for line in [
        "tidemark_http_requests_total{route=\"/predict\",method=\"POST\",status=\"2xx\"} 120",
        "tidemark_http_requests_total{route=\"/predict\",method=\"POST\",status=\"4xx\"} 1",
        "tidemark_predictions_total{model=\"card-fraud\"} 120",
        "tidemark_prediction_duration_seconds_count{model=\"card-fraud\"} 120",
        "tidemark_window_rows{model=\"card-fraud\"} 120",
        "tidemark_log_rows{model=\"card-fraud\"} 120",
        "tidemark_dropped_columns{model=\"card-fraud\"} 0",
    ] {
        assert!(metrics.text.lines().any(|found| found == line), "{line}\n{}", metrics.text);
    }
    for name in ["tidemark_column_drift_score{", "tidemark_column_drift_effect{", "tidemark_column_drifted{"] {
        assert!(metrics.text.matches(name).count() >= 30, "{name}");
    }
    let open = send(&router, "GET", "/metrics", &[("accept", "application/openmetrics-text;version=1.0.0")], "").await;
    assert!(open.header("content-type").starts_with("application/openmetrics-text"));
    assert!(open.text.ends_with("# EOF\n") && open.text.contains(" # {request_id=\""));
}
