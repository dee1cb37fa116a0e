//! Files in an object store that speaks S3: what there is, and ranges of bytes of it. Nothing is ever written.
//!
//! Where the store is and who asks are told by the environment, in the words of AWS' own tools: `AWS_ACCESS_KEY_ID`,
//! `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`, `AWS_ENDPOINT_URL` for a store that is not Amazon's, `AWS_ALLOW_HTTP` for one
//! without TLS, `AWS_SKIP_SIGNATURE` for one that is open to all. What the machine or container is given by its cloud is taken where there
//! are no keys.

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as Key;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreExt, RetryConfig};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

mod http;

/// A request that failed is made again, at most so often and for so long.
const RETRIES: RetryConfig = RetryConfig {
    backoff: BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(5), base: 2.0 },
    max_retries: 5,
    retry_timeout: Duration::from_secs(40),
};

/// Where a file lies, or all that begin alike: `s3://bucket/key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    bucket: String,
    key: String,
}

impl Address {
    /// The address that a text is; `None` if it is none.
    pub fn of(text: &str) -> Option<Self> {
        let (bucket, key) = text.strip_prefix("s3://")?.split_once('/').unwrap_or((&text["s3://".len()..], ""));
        (!bucket.is_empty()).then(|| Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// Why something could not be read. It holds no key and no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        let words = error.to_string();
        // What the store says is XML of many lines; its status says the same.
        let words = words.split("<?xml").next().unwrap_or_default().trim_end_matches([':', ' ', '\n']);
        Self(words.trim_start_matches("Generic S3 error: ").to_owned())
    }
}

/// A file of a bucket. Clones are the same one.
#[derive(Clone)]
pub struct Object {
    store: Arc<AmazonS3>,
    bucket: Arc<str>,
    key: Key,
    length: u64,
    /// Which content it had when it was found: bytes of another are refused.
    e_tag: Option<String>,
}

/// The file at an address whose last part ends with `ending`, or all files below the address that do, in the order of their keys.
///
/// # Errors
/// The store does not answer, does not let us in, or has no such file or bucket.
pub fn find(address: &Address, ending: &str) -> Result<Vec<Object>, Error> {
    let builder = AmazonS3Builder::from_env().with_bucket_name(&address.bucket).with_retry(RETRIES);
    let store = Arc::new(builder.with_http_connector(http::Connector).build()?);
    let bucket: Arc<str> = address.bucket.as_str().into();
    let key = Key::parse(address.key.trim_end_matches('/')).map_err(|error| Error(error.to_string()))?;
    let ends = |key: &Key| key.as_ref().len() >= ending.len() && key.as_ref().to_ascii_lowercase().ends_with(ending);
    let mut found =
        if ends(&key) { vec![wait(store.head(&key))?] } else { wait(store.list(Some(&key)).try_collect::<Vec<_>>())? };
    found.retain(|meta| ends(&meta.location));
    found.sort_by(|one, other| one.location.as_ref().cmp(other.location.as_ref()));
    let object = |meta: object_store::ObjectMeta| Object {
        store: Arc::clone(&store),
        bucket: Arc::clone(&bucket),
        key: meta.location,
        length: meta.size,
        e_tag: meta.e_tag,
    };
    Ok(found.into_iter().map(object).collect())
}

impl Object {
    /// How many bytes it has.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Its bytes at `range`, which is not empty and within its length. Waits for the store.
    ///
    /// # Errors
    /// The store does not answer, or has another content by now than when the file was found.
    pub fn read(&self, range: Range<u64>) -> Result<Bytes, Error> {
        let wanted = range.end - range.start;
        let options = object_store::GetOptions {
            range: Some(range.into()),
            if_match: self.e_tag.clone(),
            ..object_store::GetOptions::default()
        };
        let bytes = wait(async { self.store.get_opts(&self.key, options).await?.bytes().await })?;
        if bytes.len() as u64 == wanted {
            return Ok(bytes);
        }
        Err(Error(format!("{} bytes came where {wanted} were asked for", bytes.len())))
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// Does the work on this thread: requests are made by a client that waits, so that nothing but pauses between them is asynchronous.
fn wait<T>(work: impl Future<Output = object_store::Result<T>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    Ok(runtime.map_err(|error| Error(error.to_string()))?.block_on(work)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bucket_and_a_key() {
        let address = |text: &str| Address::of(text).map(|address| (address.bucket, address.key));
        let known = |bucket: &str, key: &str| Some((bucket.to_owned(), key.to_owned()));
        assert_eq!(address("s3://logs/2026/11/"), known("logs", "2026/11/"));
        assert_eq!(address("s3://logs/a b?c#d.parquet"), known("logs", "a b?c#d.parquet"));
        assert_eq!(address("s3://logs"), known("logs", ""));
        for other in ["s3://", "s3:///x", "/s3://logs/x", "S3://logs", "file.parquet"] {
            assert_eq!(Address::of(other), None, "{other}");
        }
        assert_eq!(Address::of("s3://logs/x/").unwrap().to_string(), "s3://logs/x/");
    }
}
