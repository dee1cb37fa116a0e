//! How a webhook knows that a message is from here: as Standard Webhooks has it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The header `webhook-signature` of a message: `v1,` and the Base64 of HMAC-SHA256 over `{id}.{seconds}.{body}`. A secret that
/// begins with `whsec_` is Base64 behind that, any other is taken as it is.
///
/// Source: the Standard Webhooks specification 1.0.0, "Signature scheme".
pub fn sign(secret: &str, id: &str, seconds: i64, body: &str) -> String {
    let decoded = secret.strip_prefix("whsec_").and_then(|secret| STANDARD.decode(secret).ok());
    let key = decoded.unwrap_or_else(|| secret.as_bytes().to_vec());
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected value by Python 3.11: `base64.b64encode(hmac.new(key, b"msg_1.1700000000.{}", "sha256").digest())`, the key being
    /// `b"0123456789abcdef"`.
    #[test]
    fn a_signature_is_what_python_makes_of_it() {
        let expected = "v1,3uojc/2kvL+KpJkw4ZNrA/5YjEs9cdfKdc3lXIvRjkk=";
        assert_eq!(sign("0123456789abcdef", "msg_1", 1_700_000_000, "{}"), expected);
        assert_eq!(sign("whsec_MDEyMzQ1Njc4OWFiY2RlZg==", "msg_1", 1_700_000_000, "{}"), expected);
        assert_ne!(sign("0123456789abcdeg", "msg_1", 1_700_000_000, "{}"), expected);
    }
}
