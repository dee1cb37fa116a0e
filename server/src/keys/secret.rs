//! Secrets: 32 random bytes as a text that is told from others by its prefix and never printed by accident.

use std::fmt;

/// A key or a session, to be handed over once.
pub struct Secret(String);

const PREFIX: &str = "tdm_";
const RANDOM_BYTES: usize = 32;

impl Secret {
    /// A new one, from the operating system's random bytes.
    ///
    /// # Errors
    /// There are none.
    pub(super) fn draw() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; RANDOM_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(format!("{PREFIX}{}", base64url(&bytes))))
    }

    /// The text. Whoever has it can act with it: it belongs in no log.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// RFC 4648, section 5, without padding.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            text.push(char::from(ALPHABET[(bits >> (18 - 6 * place)) as usize & 63]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_is_that_of_rfc_4648() {
        // Section 10's vectors, without their padding; the last two bytes show both letters of the URL alphabet.
        for (bytes, text) in [(&b""[..], ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"foobar", "Zm9vYmFy")] {
            assert_eq!(base64url(bytes), text);
        }
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn a_secret_has_its_prefix_and_43_letters_and_differs_from_the_next() {
        let (a, b) = (Secret::draw().unwrap(), Secret::draw().unwrap());
        assert!(a.reveal().starts_with("tdm_") && a.reveal().len() == 47, "{}", a.reveal().len());
        assert_ne!(a.reveal(), b.reveal());
    }
}
