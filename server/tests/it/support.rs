//! A service on a temporary folder, with a small model and a clock that is set by hand.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use tidemark::data::{Dataset, Values};
use tidemark::example::card_fraud;
use tidemark::judge::Settings;
use tidemark::model::{Model, TrainOptions, train};
use tidemark_app::monitor::Millis;
use tidemark_server::clock::Clock;
use tidemark_server::log::PredictionLog;
use tidemark_server::routes::router;
use tidemark_server::service::{Options, Service};
use tidemark_server::store::Snapshots;
use tower::ServiceExt;

pub const MIN_WINDOW: u64 = 100;
pub const WINDOW: u64 = 400;

static EXAMPLE: LazyLock<(Dataset, Dataset)> = LazyLock::new(|| card_fraud(3000, 7));
static MODEL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut options = TrainOptions::new("card-fraud", "Class");
    options.grow.n_trees = 5;
    train(&EXAMPLE.0, &options, &|_, _| true).expect("the example trains").to_bytes()
});

/// The bytes of a small model on the example.
pub fn model_file() -> &'static [u8] {
    &MODEL
}

/// The rows that continue the reference.
pub fn current() -> &'static Dataset {
    &EXAMPLE.1
}

/// The rows the model was trained on.
pub fn reference() -> &'static Dataset {
    &EXAMPLE.0
}

/// A clock that stands still until it is set.
pub struct HandClock(pub AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Millis {
        self.0.load(Ordering::SeqCst)
    }
}

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("tidemark-test-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        Self(folder)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A service and the folder it keeps everything in.
pub struct Instance {
    pub service: Arc<Service>,
    pub folder: Folder,
}

impl Instance {
    pub fn new() -> Self {
        let folder = Folder::new();
        let clock = Arc::new(HandClock(AtomicI64::new(1_795_423_287_120)));
        let service = open(&folder.path("tidemark.db"), clock);
        Self { service, folder }
    }

    pub fn router(&self) -> Router {
        router(Arc::clone(&self.service))
    }

    /// Sends rows of the continuation through the front door.
    pub async fn predict_rows(&self, rows: std::ops::Range<usize>) {
        for row in rows {
            let answer = self.send("POST", "/predict", Some(body_of(row).to_string())).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(body.map_or_else(Body::empty, Body::from))
            .expect("a request");
        let response = self.router().oneshot(request).await.expect("a router always answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

pub fn open(path: &Path, clock: Arc<HandClock>) -> Arc<Service> {
    let options = Options {
        interval_seconds: 10,
        window_rows: WINDOW,
        min_window_rows: MIN_WINDOW,
        settings: Settings::default(),
    };
    let model = Model::from_bytes(&MODEL).expect("the file was just written");
    let log = PredictionLog::open(path).expect("the folder can be written");
    let snapshots = Snapshots::open(path).expect("the folder can be written");
    Arc::new(Service::new(model, log, snapshots, options, clock))
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }
}

/// A row of the continuation as a request body.
pub fn body_of(row: usize) -> serde_json::Value {
    let features = current().columns().iter().filter(|column| column.name != "Class");
    let field = |column: &tidemark::data::Column| match &column.values {
        Values::Numbers(numbers) => (column.name.clone(), numbers.as_slice()[row].into()),
        _ => panic!("the example is numbers"),
    };
    features.map(field).collect::<serde_json::Map<_, _>>().into()
}
