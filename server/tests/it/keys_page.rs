//! The page of keys, as a browser without a script uses it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use std::sync::Arc;
use tidemark_server::front::{Front, Settings};
use tidemark_server::keys::{KeyStore, Keyring, Role};
use tidemark_server::routes::router_behind;
use tidemark_watch::db::Db;
use tower::ServiceExt;

use crate::support::{Answer, Instance};

struct Guarded {
    instance: Instance,
    router: Router,
    front: Arc<Front>,
    admin: String,
}

impl Guarded {
    fn new() -> Self {
        let instance = Instance::new();
        let store = KeyStore::on(Db::sqlite(&instance.folder.path("tidemark.db")).unwrap()).unwrap();
        let (_, secret) = store.create(Role::Admin, "the first", 0, None).unwrap();
        let mut settings = Settings::local();
        (settings.keys, settings.is_local) = (Some(Keyring::open(store).unwrap()), false);
        let (router, front) = router_behind(Arc::clone(&instance.service), settings);
        Self { instance, router, front, admin: secret.reveal().to_owned() }
    }

    async fn send(&self, method: &str, path: &str, key: &str, body: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/x-www-form-urlencoded");
        let response = self.router.clone().oneshot(request.body(Body::from(body.to_owned())).unwrap()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer { status, headers, text: String::from_utf8_lossy(&body).into_owned() }
    }

    async fn form(&self, body: &str) -> Answer {
        self.send("POST", "/keys", &self.admin, body).await
    }

    /// The keys there are: identifier, name, role, and whether it is valid.
    fn keys(&self) -> Vec<(String, String, Role, bool)> {
        let keys = self.front.keys().unwrap().store().list().unwrap();
        let now = self.instance.service.now();
        keys.into_iter().map(|key| (key.id.clone(), key.name.clone(), key.role, key.is_valid(now))).collect()
    }
}

/// The secret on a page; it stands there as a value.
fn secret_on(page: &str) -> Option<&str> {
    let begin = page.find("value=\"tdm_")? + "value=\"".len();
    page[begin..].split('"').next()
}

#[tokio::test]
async fn a_key_is_made_shown_once_and_holds_at_once() {
    let guarded = Guarded::new();
    let made = guarded.form("do=create&name=dashboard&role=read&ends=90d").await;
    assert_eq!((made.status.as_u16(), made.header("cache-control")), (200, "no-store"), "{}", made.text);
    let secret = secret_on(&made.text).expect("the page shows it").to_owned();
    assert_eq!(guarded.send("GET", "/", &secret, "").await.status, 200);
    assert_eq!(guarded.send("GET", "/keys", &secret, "").await.status, 403, "it may read, and not this");
    let page = guarded.send("GET", "/keys", &guarded.admin, "").await;
    assert!(page.text.contains("dashboard") && !page.text.contains(&secret), "it is not shown again");
}

#[tokio::test]
async fn a_key_is_renewed_and_the_old_one_ends_when_it_was_said() {
    let guarded = Guarded::new();
    let first = secret_on(&guarded.form("do=create&name=scraper&role=read&ends=").await.text).unwrap().to_owned();
    // All are made in the same moment, so that their order says nothing.
    let new_since = |known: &[String]| {
        guarded.keys().into_iter().find(|(id, name, ..)| name == "scraper" && !known.contains(id)).unwrap().0
    };
    let id = new_since(&[]);
    let later = guarded.form(&format!("do=rotate&id={id}&grace=1h")).await;
    let second = secret_on(&later.text).expect("the new one is shown").to_owned();
    assert_ne!(first, second);
    for key in [&first, &second] {
        assert_eq!(guarded.send("GET", "/", key, "").await.status, 200, "both are valid for an hour");
    }
    let third = guarded.form(&format!("do=rotate&id={}&grace=", new_since(&[id]))).await;
    assert_eq!(guarded.send("GET", "/", &second, "").await.status, 401, "at once");
    assert_eq!(guarded.send("GET", "/", secret_on(&third.text).unwrap(), "").await.status, 200);
    let of_scraper = guarded.keys().into_iter().filter(|(_, name, role, _)| name == "scraper" && *role == Role::Read);
    assert_eq!(of_scraper.count(), 3);
}

#[tokio::test]
async fn a_key_is_revoked_but_not_the_last_one_of_an_administrator() {
    let guarded = Guarded::new();
    let own = guarded.keys()[0].0.clone();
    let refused = guarded.form(&format!("do=revoke&id={own}")).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("the last key of an administrator"), "{}", refused.text);
    let other = secret_on(&guarded.form("do=create&name=other&role=admin&ends=").await.text).unwrap().to_owned();
    assert_eq!(guarded.form(&format!("do=revoke&id={own}")).await.status, 200);
    assert_eq!(guarded.form("do=create&name=x&role=read&ends=").await.status, 401, "it has ended");
    assert_eq!(guarded.send("GET", "/keys", &other, "").await.status, 200);
}

#[tokio::test]
async fn what_makes_no_sense_changes_nothing_and_is_said() {
    let guarded = Guarded::new();
    let before = guarded.keys();
    for (body, why) in [
        ("do=create&name=&role=read&ends=", "A key has a name"),
        ("do=create&name=x&role=king&ends=", "is no role"),
        ("do=create&name=x&role=read&ends=soon", "is no length of time"),
        ("do=rotate&id=nobody&grace=", "There is no valid key"),
        ("do=revoke&id=nobody", "There is no valid key"),
    ] {
        let answer = guarded.form(body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.text.contains(why), "{body}: {}", answer.text);
        assert_eq!(secret_on(&answer.text), None, "{body}");
    }
    assert_eq!(guarded.form("do=nothing").await.status, 422);
    assert_eq!(guarded.keys(), before);
}

#[tokio::test]
async fn where_nobody_is_asked_for_a_key_the_page_says_so() {
    let router = Instance::new().router();
    let request = |method: &str, body: &'static str| {
        let request =
            Request::builder().method(method).uri("/keys").header("content-type", "application/x-www-form-urlencoded");
        request.body(Body::from(body)).unwrap()
    };
    let page = router.clone().oneshot(request("GET", "")).await.unwrap();
    assert_eq!(page.status(), 200);
    let text = to_bytes(page.into_body(), usize::MAX).await.unwrap();
    assert!(String::from_utf8_lossy(&text).contains("Nobody is asked for a key here"));
    let refused = router.oneshot(request("POST", "do=create&name=x&role=admin&ends=")).await.unwrap();
    assert_eq!(refused.status(), 422);
}

#[tokio::test]
async fn other_sites_cannot_send_the_forms() {
    let guarded = Guarded::new();
    let request = Request::builder()
        .method("POST")
        .uri("/keys")
        .header("authorization", format!("Bearer {}", guarded.admin))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site")
        .header("origin", "https://evil.example");
    let body = Body::from("do=create&name=x&role=admin&ends=");
    assert_eq!(guarded.router.clone().oneshot(request.body(body).unwrap()).await.unwrap().status(), 403);
    assert_eq!(guarded.keys().len(), 1);
}
