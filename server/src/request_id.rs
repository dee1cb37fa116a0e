//! Identifiers of requests: taken from the header `X-Request-Id` or made, answered, logged.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::{SystemTime, UNIX_EPOCH};

/// The header.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer identifiers are not taken: they go into logs and answers.
const MAX_LEN: usize = 64;

/// The request's own identifier if it brought a decent one, else a new UUID of version 7.
pub fn of(headers: &HeaderMap) -> HeaderValue {
    let brought = headers.get(X_REQUEST_ID).filter(|value| is_decent(value.as_bytes()));
    brought.cloned().unwrap_or_else(|| {
        let mut text = uuid::Uuid::encode_buffer();
        HeaderValue::from_str(new().hyphenated().encode_lower(&mut text)).expect("hexadecimal digits are visible")
    })
}

/// Letters, digits and a few marks: nothing that breaks a line of a log or an exemplar.
fn is_decent(id: &[u8]) -> bool {
    (1..=MAX_LEN).contains(&id.len()) && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
}

/// A new identifier. It names a request and guards nothing, so it is drawn without asking the operating system: from a
/// counter, hashed with a key that every thread draws once.
fn new() -> uuid::Uuid {
    thread_local! {
        static KEY: (RandomState, Cell<u64>) = (RandomState::new(), Cell::new(0));
    }
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
    let random = KEY.with(|(key, counter)| {
        let count = counter.get();
        counter.set(count.wrapping_add(1));
        let mut bytes = [0; 10];
        bytes[..8].copy_from_slice(&key.hash_one((count, 0_u8)).to_le_bytes());
        bytes[8..].copy_from_slice(&key.hash_one((count, 1_u8)).to_le_bytes()[..2]);
        bytes
    });
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_taken_when_decent_and_made_otherwise() {
        let of_header = |value: &'static str| {
            let headers = HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_static(value))]);
            of(&headers).to_str().unwrap().to_owned()
        };
        assert_eq!(of_header("trace-1.a:b_C"), "trace-1.a:b_C");
        for bad in ["", "a b", "a\"b", "<script>", &*"x".repeat(65).leak()] {
            assert_ne!(of_header(bad), bad);
        }
    }

    #[test]
    fn new_identifiers_are_uuids_of_version_7_and_differ() {
        let ids: Vec<_> = (0..1000).map(|_| new()).collect();
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), 1000);
    }
}
