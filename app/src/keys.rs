//! What the service tells `/keys`: who may do what. These types are what crosses the wire.

use serde::{Deserialize, Serialize};

use crate::monitor::Millis;

/// A key as a list shows it: everything but the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyLine {
    /// What logs call it.
    pub id: String,
    /// What people call it; may be empty.
    pub name: String,
    /// `predict`, `ingest`, `read` or `admin`.
    pub role: String,
    /// When it was made.
    pub created: Millis,
    /// From when on it is not valid.
    pub expires: Option<Millis>,
    /// When it was last used.
    pub last_used: Option<Millis>,
    /// When it was revoked, or will have been.
    pub revoked: Option<Millis>,
}

impl KeyLine {
    /// Whether it opens anything at this time.
    pub fn is_valid(&self, now: Millis) -> bool {
        self.ends().is_none_or(|end| now < end)
    }

    /// When it ends, or has ended.
    pub fn ends(&self) -> Option<Millis> {
        [self.expires, self.revoked].into_iter().flatten().min()
    }
}

/// A key that was made just now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKey {
    /// What it is for.
    pub role: String,
    /// What people call it.
    pub name: String,
    /// The key itself: it is told this once.
    pub secret: String,
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey").field("role", &self.role).field("name", &self.name).finish_non_exhaustive()
    }
}

/// What came of the form that was sent with this request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// The key that was made.
    pub made: Option<NewKey>,
    /// Why nothing was changed.
    pub problem: Option<String>,
}

/// All that the page of keys shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The keys, those that are valid first, then the latest first; `None` where nobody is asked for one.
    pub keys: Option<Vec<KeyLine>>,
    /// The key that the reader is signed in with.
    pub own: Option<String>,
    /// What came of the form that was sent.
    pub outcome: Outcome,
    /// The service's clock.
    pub now: Millis,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_when_it_expires_or_is_revoked_whichever_comes_first() {
        let key = |expires, revoked| KeyLine {
            id: "0a1b2c3d".to_owned(),
            name: String::new(),
            role: "read".to_owned(),
            created: 0,
            expires,
            last_used: None,
            revoked,
        };
        assert!(key(None, None).is_valid(i64::MAX));
        assert_eq!(key(Some(20), Some(10)).ends(), Some(10));
        assert!(key(Some(20), Some(10)).is_valid(9) && !key(Some(20), Some(10)).is_valid(10));
        assert!(!key(Some(20), Some(30)).is_valid(20));
    }

    #[test]
    fn a_new_key_is_not_printed_by_accident() {
        let key = NewKey { role: "read".to_owned(), name: "x".to_owned(), secret: "tdm_secret".to_owned() };
        assert!(!format!("{key:?}").contains("tdm_secret"));
    }
}
