//! The log as one of several replicas has it. Its write-ahead log is a table of PostgreSQL, its segments lie in a folder that all
//! of them reach.
//!
//! Every replica holds what is not sealed in memory, as a log of one process does, and so reads as one. Its writer thread has
//! two ways to put a group behind the others:
//!
//! - It adds group n + 1 in one statement, on the condition that group n, the last one it knows, still is the last one of all.
//! - Where another was faster, it locks the head of the log, takes over what it has missed, places its records behind that, and
//!   adds its group in the same transaction. For a while it then locks at once.
//!
//! Either way no group is added by who has not seen all before it. So positions have no holes, and a name is looked for among all
//! records there are. A group counts once PostgreSQL has committed it, which is before anybody is answered.
//!
//! Moving groups into segments, compaction and retention are done by whoever holds a lease ([`lease`]), and said in a transaction
//! that makes sure of it ([`keeper`]). The tables say which segments there are; a file that they do not name is of a replica that
//! died, and is used or deleted by the next holder of the lease.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use tidemark_postgres::Address;

use crate::error::WriteFailure;
use crate::id::Id;
use crate::queue::{Job, Queue};

mod book;
pub(crate) mod keeper;
mod lease;
mod sweep;
mod table;
mod writer;

pub(crate) use writer::ReplicaWriter;

/// What makes a log one that replicas share.
#[derive(Debug, Clone)]
pub struct SharedBy {
    /// The database with the log's tables, which are made if they are not there. It is talked to in sessions: a pool that gives
    /// every transaction another one cannot be between.
    pub address: Address,
    /// What this replica is called in the table of leases.
    pub replica: String,
}

/// What the threads of a replica share.
pub(crate) struct Replica {
    pub(crate) address: Address,
    /// What the replica is called, and that it is this run of it.
    pub(crate) owner: String,
    /// The number of changes of segments that were taken over.
    pub(crate) changes: AtomicI64,
    /// Whether files may lie in the folder that no table names.
    pub(crate) must_sweep: AtomicBool,
    pub(crate) freshness: Arc<Freshness>,
}

impl Replica {
    pub(crate) fn new(by: &SharedBy, queue: Arc<Queue>) -> Self {
        Self {
            address: by.address.with_application(&format!("tidemark log of {}", by.replica)),
            owner: format!("{} {}", by.replica, Id::fresh(0)),
            changes: AtomicI64::new(-1),
            must_sweep: AtomicBool::new(true),
            freshness: Arc::new(Freshness { queue, is_down: AtomicBool::new(false) }),
        }
    }
}

/// So long a reader waits for what others have written. Longer than that the database is down, and it reads what is known.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(2);

/// The way for readers to see what other replicas have written.
pub(crate) struct Freshness {
    queue: Arc<Queue>,
    /// Set while the database does not answer: nobody waits for it then.
    pub(crate) is_down: AtomicBool,
}

impl Freshness {
    pub(crate) fn queue(&self) -> Arc<Queue> {
        Arc::clone(&self.queue)
    }

    /// Returns once everything is known here that was acknowledged anywhere before the call, or when that takes too long.
    pub(crate) fn wait(&self) {
        if !self.is_down.load(Ordering::Acquire)
            && let Err(failure) = self.absorb(WAIT_FOR_OTHERS)
        {
            tracing::warn!(%failure, "reading what is known of the log: others may have written more");
        }
    }

    /// Has the writer take over what others have written.
    pub(crate) fn absorb(&self, at_most: Duration) -> Result<(), WriteFailure> {
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        let pushed = self.queue.push(Job::Absorb { reply });
        // A closed log changes no more.
        pushed.map_or(Ok(()), |()| {
            answer.recv_timeout(at_most).unwrap_or_else(|_late| {
                Err(WriteFailure::of_database(
                    "the writer of the log is busy and did not look at what others have written",
                ))
            })
        })
    }
}

impl std::fmt::Debug for Freshness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Freshness")
    }
}

/// The path of a file as the tables name it: from the folder that all share.
fn shared_name(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}
