//! `report` of Parquet files in an object store: a small one that speaks as much of S3 as it takes, and cuts answers off.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tidemark::report::DriftReport;

use crate::command_line::{command, stdout, tidemark};
use crate::parquet_files::table;
use crate::support::Folder;

/// The files of the bucket `logs` by their keys, and how many requests there were.
struct Store {
    files: BTreeMap<&'static str, Vec<u8>>,
    n_requests: AtomicUsize,
    /// Answers no more after so many requests.
    leaves_after: usize,
}

async fn answer(State(store): State<Arc<Store>>, request: Request) -> Response {
    let nth = store.n_requests.fetch_add(1, Ordering::Relaxed);
    if nth >= store.leaves_after {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let signed = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=ada/"), "{signed}");
    let key = request.uri().path().strip_prefix("/logs").expect("the bucket comes first").trim_start_matches('/');
    if key.is_empty() {
        return store.listing(request.uri().query().unwrap_or_default()).into_response();
    }
    let Some(bytes) = store.files.get(key) else { return StatusCode::NOT_FOUND.into_response() };
    let told = [
        ("etag", format!("\"{}\"", bytes.len())),
        ("last-modified", "Sun, 29 Nov 2026 12:00:00 GMT".to_owned()),
        ("content-length", bytes.len().to_string()),
    ];
    if request.method() == Method::HEAD {
        return (told, Body::empty()).into_response();
    }
    assert_eq!(request.headers()["if-match"], told[0].1);
    let [first, last] = range(request.headers());
    let wanted = Bytes::copy_from_slice(&bytes[first..=last]);
    let told = [
        told[0].clone(),
        told[1].clone(),
        ("content-length", wanted.len().to_string()),
        ("content-range", format!("bytes {first}-{last}/{}", bytes.len())),
    ];
    let body = if nth % 3 == 2 {
        let half = wanted.slice(..wanted.len() / 2);
        Body::from_stream(futures::stream::iter([Ok(half), Err(std::io::Error::other("cut off"))]))
    } else {
        wanted.into()
    };
    (StatusCode::PARTIAL_CONTENT, told, body).into_response()
}

fn range(headers: &HeaderMap) -> [usize; 2] {
    let range = headers["range"].to_str().unwrap().strip_prefix("bytes=").unwrap();
    let (first, last) = range.split_once('-').unwrap();
    [first, last].map(|place| place.parse().unwrap())
}

impl Store {
    /// The files below the prefix that a query asks for, last first.
    fn listing(&self, query: &str) -> String {
        let prefix =
            query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or_default().replace("%2F", "/");
        let found = self.files.iter().rev().filter(|(key, _)| key.starts_with(&prefix));
        let entry = |(key, bytes): (&&str, &Vec<u8>)| {
            let (length, when) = (bytes.len(), "2026-11-29T12:00:00.000Z");
            format!(
                "<Contents><Key>{key}</Key><LastModified>{when}</LastModified><ETag>&quot;{length}&quot;</ETag><Size>{length}</Size></Contents>"
            )
        };
        let entries: String = found.map(entry).collect();
        format!(
            r#"<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"#
        )
    }

    fn new() -> Self {
        let files = [
            ("before/1.parquet", table(600, 0.0)),
            ("before/2.parquet", table(400, 0.2)),
            ("before/_SUCCESS", Vec::new()),
            ("before-old/1.parquet", b"another folder".to_vec()),
            ("now.parquet", table(700, 0.5)),
            ("text.parquet", b"PAR1 but no more of it, and no end".to_vec()),
        ];
        Self { files: files.into(), n_requests: AtomicUsize::new(0), leaves_after: usize::MAX }
    }
}

/// What `tidemark report` says of two addresses in this store.
async fn report(store: Store, folder: &Folder, addresses: [&str; 2]) -> Output {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let service = Router::new().fallback(answer).with_state(Arc::new(store));
    let serving = tokio::spawn(async { axum::serve(listener, service).await });
    let mut command =
        command(folder, &["report", addresses[0], addresses[1], "--format", "json", "--out", "report.json"]);
    let keys = [("AWS_ACCESS_KEY_ID", "ada"), ("AWS_SECRET_ACCESS_KEY", "hunter2"), ("AWS_ALLOW_HTTP", "true")];
    command.envs(keys).env("AWS_ENDPOINT_URL", endpoint);
    let output = tokio::task::spawn_blocking(move || command.output().expect("the binary runs")).await.unwrap();
    serving.abort();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("hunter2"));
    output
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_from_an_object_store_is_that_of_the_files() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("before")).unwrap();
    let store = Store::new();
    for (key, bytes) in store.files.iter().filter(|(key, _)| !key.starts_with("before-")) {
        std::fs::write(folder.path(key), bytes).unwrap();
    }
    stdout(&report(store, &folder, ["s3://logs/before", "s3://logs/now.parquet"]).await);
    let read = |text: String| -> DriftReport { serde_json::from_str(&text).unwrap() };
    let found = read(std::fs::read_to_string(folder.path("report.json")).unwrap());
    let mut expected = read(stdout(&tidemark(&folder, &["report", "before", "now.parquet", "--format", "json"])));
    assert_eq!(expected.reference.rows, 1000);
    // For its hash all of a file would have to come.
    assert!(expected.current.sha256.take().is_some());
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_store_does_not_have_is_told_and_nothing_is_written() {
    let folder = Folder::new();
    let leaves = Store { leaves_after: 6, ..Store::new() };
    for (store, addresses, reason) in [
        (Store::new(), ["s3://logs/before", "s3://logs/gone.parquet"], "s3://logs/gone.parquet: "),
        (Store::new(), ["s3://logs/nothing", "s3://logs/now.parquet"], "s3://logs/nothing: there is no .parquet file"),
        (Store::new(), ["s3://logs/before", "s3://logs/text.parquet"], "text.parquet: this is no Parquet file"),
        (leaves, ["s3://logs/before", "s3://logs/now.parquet"], "503"),
    ] {
        let output = report(store, &folder, addresses).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(reason), "{said}");
        assert!(!folder.path("report.json").exists());
    }
}
