//! Whether a request is meant for us and comes from us.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use std::net::IpAddr;

/// Server functions have no protection against other sites' forms of their own: what changes something has to come
/// from a page of ours, from an origin that was let in, or from a program, which sends none of these headers.
pub(super) fn is_ours(headers: &HeaderMap, let_in: &[HeaderValue]) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.get(header::ORIGIN).is_some_and(|origin| let_in.contains(origin)) {
        return true;
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => !headers.contains_key(header::ORIGIN),
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
    }
}

/// A browser that was led here under another name (DNS rebinding) says so in `Host`.
pub(super) fn is_local_host(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _port)| name),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn other_sites_are_told_from_our_pages_and_from_programs() {
        let is_ours = |pairs: &[_]| is_ours(&headers(pairs), &[]);
        assert!(is_ours(&[]), "a program");
        assert!(is_ours(&[("sec-fetch-site", "same-origin")]));
        assert!(!is_ours(&[("sec-fetch-site", "cross-site")]));
        assert!(!is_ours(&[("sec-fetch-site", "same-site")]));
        assert!(is_ours(&[("origin", "http://127.0.0.1:8000"), ("host", "127.0.0.1:8000")]));
        assert!(!is_ours(&[("origin", "http://evil.example"), ("host", "127.0.0.1:8000")]));
        assert!(!is_ours(&[("origin", "null"), ("host", "127.0.0.1:8000")]));
    }

    #[test]
    fn an_origin_that_was_let_in_comes_in() {
        let let_in = [HeaderValue::from_static("https://app.example")];
        let from = |origin| headers(&[("sec-fetch-site", "cross-site"), ("origin", origin), ("host", "127.0.0.1")]);
        assert!(is_ours(&from("https://app.example"), &let_in));
        assert!(!is_ours(&from("https://app.example.evil"), &let_in));
    }

    #[test]
    fn names_of_other_hosts_are_not_local() {
        for local in ["localhost", "LOCALHOST:8000", "127.0.0.1:8000", "127.9.9.9", "[::1]:8000", "[::1]"] {
            assert!(is_local_host(&headers(&[("host", local)])), "{local}");
        }
        for other in
            ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "192.168.0.1", "", "localhost.evil"]
        {
            assert!(!is_local_host(&headers(&[("host", other)])), "{other}");
        }
        assert!(is_local_host(&headers(&[])), "a program of the last century");
    }
}
