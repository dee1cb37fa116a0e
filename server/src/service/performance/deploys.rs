//! When other versions of a model began to answer, seen from its predictions: it holds for models that are served elsewhere, too.

use serde::{Deserialize, Serialize};
use tidemark_app::monitor::Millis;

/// Deploys that are remembered.
const MOST: usize = 100;
/// Versions that are told apart at a time.
const MOST_VERSIONS: usize = 32;

/// A version that began to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::service) struct Deploy {
    /// The time of its first prediction.
    pub(in crate::service) at: Millis,
    /// The version.
    pub(in crate::service) version: String,
}

/// A version, and where it answered last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    version: String,
    position: u64,
}

/// The versions of a model as they came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Deploys {
    deploys: Vec<Deploy>,
    seen: Vec<Seen>,
}

impl Deploys {
    /// Takes in the prediction at `position` of a log, made by `version` at the time `at`. A version that did not answer any of
    /// `absent_rows` before it counts as deployed; versions that take turns do not, and neither does the very first.
    pub(super) fn take(&mut self, position: u64, version: &str, at: Millis, absent_rows: u64) {
        let known = self.seen.iter_mut().find(|seen| seen.version == version);
        let is_deploy = match known {
            Some(seen) => {
                let gap = position - std::mem::replace(&mut seen.position, position).min(position);
                gap > absent_rows
            }
            None => {
                let is_first = self.seen.is_empty();
                self.seen.push(Seen { version: version.to_owned(), position });
                self.forget();
                !is_first
            }
        };
        if is_deploy {
            self.deploys.push(Deploy { at, version: version.to_owned() });
            if self.deploys.len() > MOST {
                self.deploys.remove(0);
            }
        }
    }

    /// The deploys, oldest first.
    pub(super) fn all(&self) -> &[Deploy] {
        &self.deploys
    }

    /// Lets the version go that has not answered for longest.
    fn forget(&mut self) {
        if self.seen.len() > MOST_VERSIONS
            && let Some((oldest, _)) = self.seen.iter().enumerate().min_by_key(|(_, seen)| seen.position)
        {
            self.seen.remove(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(versions: &[&str]) -> Vec<(Millis, String)> {
        let mut deploys = Deploys::default();
        for (version, row) in versions.iter().zip(1_u32..) {
            deploys.take(u64::from(row), version, 10 * Millis::from(row), 3);
        }
        deploys.all().iter().map(|deploy| (deploy.at, deploy.version.clone())).collect()
    }

    #[test]
    fn the_first_version_is_no_deploy_and_the_next_one_is() {
        assert_eq!(after(&["a", "a", "b", "b"]), [(30, "b".to_owned())]);
    }

    #[test]
    fn going_back_is_a_deploy_and_taking_turns_is_none() {
        assert_eq!(after(&["a", "b", "b", "b", "b", "a"]), [(20, "b".to_owned()), (60, "a".to_owned())]);
        assert_eq!(after(&["a", "b", "a", "b", "a", "b"]), [(20, "b".to_owned())]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut deploys = Deploys::default();
        for row in 0..500_u64 {
            deploys.take(row, &format!("v{row}"), 0, 3);
        }
        assert_eq!((deploys.all().len(), deploys.seen.len()), (MOST, MOST_VERSIONS));
        assert_eq!(deploys.all().last().map(|deploy| deploy.version.as_str()), Some("v499"));
    }
}
