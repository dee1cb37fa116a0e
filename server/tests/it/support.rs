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
use tidemark::model::{TrainOptions, train};
use tidemark_app::monitor::{Millis, SnapshotHead};
use tidemark_log::{Line, Log, Options as LogOptions, Policy, Rows};
use tidemark_server::clock::Clock;
use tidemark_server::registry::folder::ModelFolder;
use tidemark_server::routes::router;
use tidemark_server::service::{Options, Service};
use tidemark_watch::config::Config;
use tidemark_watch::store::Store;
use tower::ServiceExt;

pub const MIN_WINDOW: u64 = 100;
pub const WINDOW: u64 = 400;

static EXAMPLE: LazyLock<(Dataset, Dataset)> = LazyLock::new(|| card_fraud(3000, 7));
static MODEL: LazyLock<Vec<u8>> = LazyLock::new(|| trained(5));
static OTHER: LazyLock<Vec<u8>> = LazyLock::new(|| trained(3));

fn trained(n_trees: usize) -> Vec<u8> {
    let mut options = TrainOptions::new("card-fraud", "Class");
    options.grow.n_trees = n_trees;
    train(&EXAMPLE.0, &options, &|_, _| true).expect("the example trains").to_bytes()
}

/// The bytes of a small model on the example.
pub fn model_file() -> &'static [u8] {
    &MODEL
}

/// The bytes of another version of it.
pub fn other_model_file() -> &'static [u8] {
    &OTHER
}

/// The name that both versions have.
pub const NAME: &str = "card-fraud";

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
    /// The service's clock, where the test may set it.
    pub clock: Option<Arc<HandClock>>,
    router: Router,
}

impl Instance {
    pub fn of(service: Arc<Service>, folder: Folder) -> Self {
        let router = router(Arc::clone(&service));
        Self { service, folder, clock: None, router }
    }

    /// With a clock that the test may set.
    pub fn by(service: Arc<Service>, folder: Folder, clock: Arc<HandClock>) -> Self {
        Self { clock: Some(clock), ..Self::of(service, folder) }
    }

    /// Lets so many seconds go by, and makes what became due. Gives the comparisons that were made.
    pub fn tick(&self, seconds: i64) -> Vec<SnapshotHead> {
        let clock = self.clock.as_ref().expect("a clock that can be set");
        clock.0.fetch_add(seconds * 1000, Ordering::SeqCst);
        off_the_runtime(|| self.service.tick().expect("the store can be written"))
    }

    /// With this set-up file.
    pub fn configured(toml: &str) -> Self {
        let config = Config::from_toml(toml).expect("a set-up");
        Self::with(LogOptions::default(), Policy::default(), config)
    }

    /// With this set-up file, no model and a clock that stands at `now`.
    pub fn watching(toml: &str, now: Millis) -> Self {
        let (folder, clock) = (Folder::new(), Arc::new(HandClock(AtomicI64::new(now))));
        let config = Config::from_toml(toml).expect("a set-up");
        let service = open_keeping(&folder.0, Arc::clone(&clock), LogOptions::default(), Policy::default(), config);
        Self { clock: Some(clock), ..Self::of(service, folder) }
    }

    pub fn new() -> Self {
        Self::on(LogOptions::default())
    }

    /// With a log that works in this way.
    pub fn on(log: LogOptions) -> Self {
        Self::on_and_keeping(log, Policy::default())
    }

    /// With a log that is kept like this.
    pub fn keeping(policy: Policy) -> Self {
        Self::on_and_keeping(LogOptions::default(), policy)
    }

    fn on_and_keeping(log: LogOptions, policy: Policy) -> Self {
        Self::with(log, policy, Config::default())
    }

    fn with(log: LogOptions, policy: Policy, config: Config) -> Self {
        let folder = Folder::new();
        let clock = Arc::new(HandClock(AtomicI64::new(1_795_423_287_120)));
        ModelFolder::of(&folder.0).add("the model", model_file(), None).expect("the folder can be written");
        let service = open_keeping(&folder.0, Arc::clone(&clock), log, policy, config);
        Self { clock: Some(clock), ..Self::of(service, folder) }
    }

    /// The same after a restart, by another clock.
    pub fn restarted(self, now: Millis) -> Self {
        let Self { service, folder, router, .. } = self;
        drop(router);
        // One service at a time has the log.
        let last = Arc::into_inner(service).expect("no request is under way");
        drop(last);
        let clock = Arc::new(HandClock(AtomicI64::new(now)));
        Self { clock: Some(Arc::clone(&clock)), ..Self::of(open(&folder.0, clock, LogOptions::default()), folder) }
    }

    /// The version of the default model that answers.
    pub fn version(&self) -> Arc<tidemark_server::service::version::Version> {
        let catalog = self.service.catalog();
        Arc::clone(catalog.default_slot().and_then(|slot| slot.answering()).expect("a model was added"))
    }

    /// The last predictions of the default model.
    pub fn logged(&self, n: u64) -> Rows {
        self.logged_of(NAME, n)
    }

    /// The last predictions of a model.
    pub fn logged_of(&self, model: &str, n: u64) -> Rows {
        self.service.log.reader().latest(&Line::predictions(model), n).expect("the log can be read")
    }

    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Sends rows of the continuation through the front door.
    pub async fn predict_rows(&self, rows: std::ops::Range<usize>) {
        for row in rows {
            let answer = self.send("POST", "/predict", Some(body_of(row).to_string())).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<String>) -> Answer {
        self.send_as(method, path, "application/json", body.unwrap_or_default().into_bytes()).await
    }

    pub async fn send_as(&self, method: &str, path: &str, media_type: &str, body: Vec<u8>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", media_type)
            .body(Body::from(body))
            .expect("a request");
        let response = self.router().oneshot(request).await.expect("a router always answers");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        Answer { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
}

pub fn open(folder: &Path, clock: Arc<HandClock>, log: LogOptions) -> Arc<Service> {
    open_keeping(folder, clock, log, Policy::default(), Config::default())
}

/// What a service is told about its work, where a test has no wish of its own.
pub fn options() -> Options {
    Options {
        interval_seconds: 10,
        window_rows: WINDOW,
        min_window_rows: MIN_WINDOW,
        settings: Settings::default(),
        policy: Policy::default(),
        config: Config::default(),
        base_url: None,
        replica: None,
        keep_reports: None,
    }
}

fn open_keeping(folder: &Path, clock: Arc<HandClock>, log: LogOptions, policy: Policy, config: Config) -> Arc<Service> {
    let options = Options { policy, config, ..options() };
    off_the_runtime(|| {
        let log = Log::open(folder, log).expect("the folder can be written");
        let store = Store::open(&folder.join("tidemark.db")).expect("the folder can be written");
        Arc::new(Service::new(folder, log, store, options, clock).expect("the models can be read"))
    })
}

/// Runs work that waits for the disk on a thread that may do so: those of a test's runtime may not.
pub fn off_the_runtime<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().expect("the work does not panic"))
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
