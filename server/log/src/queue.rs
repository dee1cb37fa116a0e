//! What waits to be written.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

use crate::error::{AppendError, WriteFailure};
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
    /// What other replicas have written is to be known here.
    Absorb { reply: SyncSender<Result<(), WriteFailure>> },
}

/// What was done for a job, to be answered once the group is written that it is in.
#[derive(Debug, Clone)]
pub(crate) enum Done {
    One(Result<Appended, Refusal>),
    Many(Result<Vec<Appended>, Refusal>),
    Stream(Arc<Stream>),
    Nothing,
}

impl Job {
    fn bytes(&self) -> usize {
        match self {
            Self::One { encoded, .. } => encoded.bytes.len(),
            Self::Many { encoded, .. } => encoded.iter().map(|encoded| encoded.bytes.len()).sum(),
            _ => 0,
        }
    }

    /// Answers what was done. Callers may have gone away; what they sent is logged all the same.
    pub(crate) fn answer(self, done: Done, failure: Option<&WriteFailure>) {
        fn unless<T>(failure: Option<&WriteFailure>, result: Result<T, Refusal>) -> Result<T, Refusal> {
            // What was refused is refused either way.
            match (failure, result) {
                (Some(failure), Ok(_)) => Err(Refusal::Error(failure.clone().into())),
                (_, result) => result,
            }
        }
        match (self, done) {
            (Self::One { reply: Some(reply), .. }, Done::One(result)) => drop(reply.send(unless(failure, result))),
            (Self::Many { reply, .. }, Done::Many(result)) => drop(reply.send(unless(failure, result))),
            (Self::Stream { reply, .. }, Done::Stream(stream)) => drop(reply.send(unless(failure, Ok(stream)))),
            (Self::Flush { reply } | Self::Rotate { reply }, _) => drop(reply.send(unless(failure, Ok(())))),
            (Self::Absorb { reply }, _) => drop(reply.try_send(failure.map_or(Ok(()), |failure| Err(failure.clone())))),
            _ => {}
        }
    }

    /// Answers that nothing can be written.
    pub(crate) fn refuse(self, failure: &WriteFailure) {
        let error = || Refusal::Error(failure.clone().into());
        match self {
            Self::One { reply: Some(reply), .. } => drop(reply.send(Err(error()))),
            Self::Many { reply, .. } => drop(reply.send(Err(error()))),
            Self::Stream { reply, .. } => drop(reply.send(Err(error()))),
            Self::Flush { reply } | Self::Rotate { reply } => drop(reply.send(Err(error()))),
            Self::Absorb { reply } => drop(reply.try_send(Err(failure.clone()))),
            Self::One { reply: None, .. } | Self::Sealed { .. } => {}
        }
    }

    /// Whether somebody waits for it.
    fn is_urgent(&self) -> bool {
        !matches!(self, Self::One { reply: None, .. })
    }
}

/// Jobs that nobody waits for are gathered for so long before they are written: waking the writer for each of them costs
/// more than all the rest.
const GATHER_FOR: Duration = Duration::from_millis(5);

/// So many bytes are not left lying for longer.
const GATHER_BYTES: usize = 1 << 20;

/// More bytes than these do not wait: who comes then is refused.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// What the writer does when it is not at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Rest {
    /// It is at work, and will look here by itself.
    #[default]
    None,
    /// It sleeps until there is anything.
    Sleeps,
    /// It has seen something and lets it become more.
    Gathers,
}

#[derive(Default)]
struct Waiting {
    jobs: Vec<Job>,
    bytes: usize,
    writer: Rest,
    /// Whether somebody waits for one of the jobs.
    is_urgent: bool,
    is_closed: bool,
}

impl Waiting {
    /// Whether there is a reason to write now.
    const fn is_enough(&self) -> bool {
        self.is_urgent || self.is_closed || self.bytes >= GATHER_BYTES
    }
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
        waiting.is_urgent |= job.is_urgent();
        waiting.jobs.push(job);
        let must_wake = match waiting.writer {
            Rest::None => false,
            Rest::Sleeps => true,
            Rest::Gathers => waiting.is_enough(),
        };
        if must_wake {
            waiting.writer = Rest::None;
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
            waiting.writer = Rest::Sleeps;
            let is_idle = |waiting: &mut Waiting| waiting.jobs.is_empty() && !waiting.is_closed;
            waiting = match at_most {
                None => self.ready.wait_while(waiting, is_idle).unwrap_or_else(PoisonError::into_inner),
                Some(at_most) => {
                    self.ready.wait_timeout_while(waiting, at_most, is_idle).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        if !waiting.jobs.is_empty() && !waiting.is_enough() {
            waiting.writer = Rest::Gathers;
            let is_gathering = |waiting: &mut Waiting| !waiting.is_enough();
            let gathered = self.ready.wait_timeout_while(waiting, GATHER_FOR, is_gathering);
            waiting = gathered.unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.writer = Rest::None;
        waiting.is_urgent = false;
        waiting.bytes = 0;
        std::mem::swap(&mut waiting.jobs, jobs);
        !(waiting.is_closed && jobs.is_empty())
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here is left half done by a panic.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;
    use crate::stream::{Answers, StreamSpec};
    use std::time::Instant;

    /// A record that nobody waits for.
    fn record() -> Job {
        let layout = Layout { features: Vec::new(), answers: Answers::Numbers };
        let spec = StreamSpec { number: 0, line: Line::predictions("m"), version: "1".to_owned(), layout };
        let stream = Arc::new(Stream::from(spec));
        let encoded = Encoded { bytes: Arc::from([0; 8]), stream, id: Id::fresh(0), is_fresh: true };
        Job::One { encoded, looked: 0, reply: None }
    }

    fn time_to_take(queue: &Queue) -> (Duration, usize) {
        let (began, mut jobs) = (Instant::now(), Vec::new());
        assert!(queue.take(&mut jobs, None));
        (began.elapsed(), jobs.len())
    }

    #[test]
    fn what_nobody_waits_for_is_gathered() {
        let queue = Queue::default();
        queue.push(record()).unwrap();
        queue.push(record()).unwrap();
        let (took, taken) = time_to_take(&queue);
        assert!(took >= GATHER_FOR && taken == 2, "{taken} after {took:?}");
    }

    #[test]
    fn who_waits_is_not_kept_waiting_for_others() {
        let queue = Queue::default();
        let fastest = (0..50).map(|_| {
            queue.push(record()).unwrap();
            let (reply, _answer) = oneshot::channel();
            queue.push(Job::Flush { reply }).unwrap();
            time_to_take(&queue).0
        });
        let fastest = fastest.min().unwrap();
        assert!(fastest < GATHER_FOR / 2, "{fastest:?}");
    }

    #[test]
    fn what_was_gathered_is_still_taken_when_the_queue_is_closed() {
        let queue = Queue::default();
        queue.push(record()).unwrap();
        queue.close();
        let mut jobs = Vec::new();
        assert!(queue.take(&mut jobs, None) && jobs.len() == 1);
        jobs.clear();
        assert!(!queue.take(&mut jobs, None));
    }
}
