//! Which of the replicas makes the runs and sends the messages. A service that is alone always does.

use tidemark_watch::store::{Lead, StoreError};

use super::Service;

/// What was worked out in a term of leading, or beside one. It holds for that term alone: what another replica stored meanwhile is not in it.
pub(super) struct InTerm<T> {
    /// The term; see [`tidemark_watch::store::Store::term`].
    pub(super) term: i64,
    /// What was worked out.
    pub(super) found: T,
}

/// Nothing, where another replica has begun to lead: that it did is no error.
pub(super) fn or_others<T>(done: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match done {
        Err(StoreError::NotLeading) => Ok(None),
        done => done.map(Some),
    }
}

impl Service {
    /// What this process is called among the replicas that share its store; `None` if it is alone.
    pub fn replica(&self) -> Option<&str> {
        self.options.replica.as_deref()
    }

    /// Begins to lead if nobody does, or goes on. Meant for every second or two. Blocks.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn lead(&self) -> Result<Lead, StoreError> {
        self.store.lead_as(&self.watching.owner)
    }
}
