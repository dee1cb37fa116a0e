//! Tokens that open a shared report: who has one may read that report, and nothing else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// Random bytes of a token: 192 bits.
const BYTES: usize = 24;

/// A token, as it stands in an address: 32 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token that nobody has seen.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn fresh() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the store keeps of a token, so that who reads the store cannot open a report by it.
pub fn hash(token: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(token.as_bytes()) {
        write!(hex, "{byte:02x}").expect("a string takes everything");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_are_long() {
        let (one, other) = (Token::fresh().unwrap(), Token::fresh().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.as_str().len(), 32);
        assert_eq!(URL_SAFE_NO_PAD.decode(one.as_str()).unwrap().len() * 8, 192);
        assert_ne!(hash(one.as_str()), hash(other.as_str()));
    }
}
