//! The site, inside the binary: scripts, styles, fonts and wasm, most of them compressed beforehand.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

/// What `make site` gathered. Missing in a build without it: then the pages have no style and no wasm, and say so.
#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// The version in the addresses of the files; `None` in a build without the site.
pub fn version() -> Option<String> {
    let file = Site::get("version.txt")?;
    Some(String::from_utf8_lossy(&file.data).trim().to_owned())
}

/// Whether there is a file at this address.
pub fn exists(uri: &Uri) -> bool {
    Site::get(uri.path().trim_start_matches('/')).is_some()
}

/// The file at this address; `None` if there is none.
pub fn respond(uri: &Uri, headers: &HeaderMap) -> Option<Response> {
    let path = uri.path().trim_start_matches('/');
    let file = Site::get(path)?;
    if is_of_another_build(uri) {
        return Some(StatusCode::NOT_FOUND.into_response());
    }
    let accepts_brotli = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accepted| accepted.split(',').any(|coding| coding.trim().starts_with("br")));
    let compressed = accepts_brotli.then(|| Site::get(&format!("{path}.br"))).flatten();

    let etag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..8]));
    let is_versioned = uri.query().is_some_and(|query| query.starts_with("v="));
    let caching = if is_versioned { "public, max-age=31536000, immutable" } else { "no-cache" };
    let is_unchanged = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == etag.as_str());
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == "text" { format!("{kind}; charset=utf-8") } else { kind.to_string() };
    let mut response = Response::builder()
        .header(header::CONTENT_TYPE, kind)
        .header(header::CACHE_CONTROL, caching)
        .header(header::ETAG, etag)
        .header(header::VARY, "accept-encoding");
    if let Some(policy) = worker_policy(path) {
        response = response.header(header::CONTENT_SECURITY_POLICY, policy);
    }
    if is_unchanged {
        return response.status(StatusCode::NOT_MODIFIED).body(Body::empty()).ok();
    }
    if compressed.is_some() {
        response = response.header(header::CONTENT_ENCODING, "br");
    }
    let data = compressed.unwrap_or(file).data.into_owned();
    Some(response.body(Body::from(data)).map_or_else(|_| StatusCode::NOT_FOUND.into_response(), Response::from))
}

/// What a worker may do: that of the lab, which reads people's files, may make no request of any kind, and the one that keeps
/// the lab for when there is no network may only ask this server.
fn worker_policy(path: &str) -> Option<&'static str> {
    match path {
        "pkg/worker.js" | "pkg/parquet.js" => {
            Some("default-src 'none'; script-src 'wasm-unsafe-eval'; connect-src 'none'")
        }
        "sw.js" => Some("default-src 'none'; connect-src 'self'"),
        _ => None,
    }
}

/// Whether a page of another version asks for a part of its wasm. It must not get ours: functions are called by their numbers,
/// and those are others in every build.
fn is_of_another_build(uri: &Uri) -> bool {
    let asked = uri.query().and_then(|query| query.strip_prefix("v="));
    let is_wasm = uri.path().ends_with(".part") || uri.path().ends_with(".wasm");
    is_wasm && asked.is_some_and(|asked| version().is_none_or(|version| version != asked))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
