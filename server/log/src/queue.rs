//! What waits to be written.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

use crate::error::AppendError;
use crate::frame::Encoded;
use crate::stream::{Layout, Line, Stream};

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Where the record stands; `None` if it was taken without waiting for a place ([`crate::Durability::Async`]).
    pub position: Option<u64>,
    /// Whether it was not there before.
    pub is_new: bool,
}

/// Why the writer did not take a record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Refusal {
    /// The records that the caller looked through have become fewer: it has to look again.
    LookAgain,
    /// For good.
    Error(AppendError),
}

pub(crate) type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// Work for the writer.
pub(crate) enum Job {
    /// A record. `looked` is the number of sealings whose segments the caller has looked through for its name.
    One { encoded: Encoded, looked: u64, reply: Option<Reply<Appended>> },
    /// Records, of which all are written or none.
    Many { encoded: Vec<Encoded>, looked: u64, reply: Reply<Vec<Appended>> },
    /// A stream to be made known.
    Stream { line: Line, version: String, layout: Layout, reply: Reply<Arc<Stream>> },
    /// Everything before this is to be on disk.
    Flush { reply: Reply<()> },
    /// The file is to be closed, if anything stands in it.
    Rotate { reply: Reply<()> },
    /// The names of a line's records before `end` are to be found in segments, since this many sealings.
    Sealed { line: usize, end: u64, sealings: u64 },
}

impl Job {
    fn bytes(&self) -> usize {
        match self {
            Self::One { encoded, .. } => encoded.bytes.len(),
            Self::Many { encoded, .. } => encoded.iter().map(|encoded| encoded.bytes.len()).sum(),
            _ => 0,
        }
    }
}

/// More bytes than these do not wait: who comes then is refused.
const MAX_WAITING_BYTES: usize = 64 << 20;

#[derive(Default)]
struct Waiting {
    jobs: Vec<Job>,
    bytes: usize,
    writer_sleeps: bool,
    is_closed: bool,
}

/// Jobs in the order in which they came.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    ready: Condvar,
}

impl Queue {
    pub(crate) fn push(&self, job: Job) -> Result<(), AppendError> {
        let bytes = job.bytes();
        let mut waiting = self.lock();
        if waiting.is_closed {
            return Err(AppendError::Closed);
        }
        if bytes > 0 && waiting.bytes > 0 && waiting.bytes + bytes > MAX_WAITING_BYTES {
            return Err(AppendError::Overloaded);
        }
        waiting.bytes += bytes;
        waiting.jobs.push(job);
        // Waking a thread costs more than all the rest; one that is at work looks here by itself.
        if std::mem::take(&mut waiting.writer_sleeps) {
            drop(waiting);
            self.ready.notify_one();
        }
        Ok(())
    }

    /// No job is taken any more; those that wait are done still.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.ready.notify_one();
    }

    /// Exchanges `jobs`, which is empty, for what waits, and waits for it at most as long as told. `false` once the queue
    /// is closed and nothing waits.
    pub(crate) fn take(&self, jobs: &mut Vec<Job>, at_most: Option<Duration>) -> bool {
        let mut waiting = self.lock();
        if waiting.jobs.is_empty() && !waiting.is_closed {
            waiting.writer_sleeps = true;
            let is_idle = |waiting: &mut Waiting| waiting.jobs.is_empty() && !waiting.is_closed;
            waiting = match at_most {
                None => self.ready.wait_while(waiting, is_idle).unwrap_or_else(PoisonError::into_inner),
                Some(at_most) => {
                    self.ready.wait_timeout_while(waiting, at_most, is_idle).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            waiting.writer_sleeps = false;
        }
        waiting.bytes = 0;
        std::mem::swap(&mut waiting.jobs, jobs);
        !(waiting.is_closed && jobs.is_empty())
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here is left half done by a panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
