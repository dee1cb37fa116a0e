//! The cookie of a session.

use axum::http::{HeaderMap, header};

/// Over TLS the name carries a promise that browsers hold: from this host alone, and never without TLS.
const SECURE_NAME: &str = "__Host-tidemark-session";
const PLAIN_NAME: &str = "tidemark-session";

/// The secret of the session in these headers.
pub fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SECURE_NAME || *name == PLAIN_NAME).map(|(_, secret)| secret)
}

/// The header that sets the cookie, or with no seconds ends it.
pub(crate) fn set_cookie(secret: &str, is_secure: bool, seconds: i64) -> String {
    let (name, secure) = if is_secure { (SECURE_NAME, "; Secure") } else { (PLAIN_NAME, "") };
    format!("{name}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

/// Text as a value in a query.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_cookie_that_is_set_is_the_one_that_is_found() {
        for is_secure in [false, true] {
            let set = set_cookie("tdm_x", is_secure, 60);
            let sent = format!("theme=dark; {}", set.split(';').next().unwrap());
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&sent).unwrap())]);
            assert_eq!(session_cookie(&headers), Some("tdm_x"));
            assert_eq!(set.contains("; Secure"), is_secure);
            assert!(set.contains("; HttpOnly") && set.contains("; SameSite=Lax"));
        }
        assert_eq!(session_cookie(&HeaderMap::new()), None);
    }

    #[test]
    fn what_would_end_a_query_is_encoded() {
        assert_eq!(percent_encoded("/reports/1?a=b&c"), "/reports/1%3Fa%3Db%26c");
    }
}
