//! Work that a person may stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tidemark_engine::Cancel;

/// How often it is looked whether a person asked.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long after a cancellation the next is sent: the first may have come before the statement had begun.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Does `work`, and cancels what it has under way at the database as soon as `is_asked` says so. What could not be cancelled is told to
/// `complain`.
pub fn stoppable<T>(
    cancel: &Arc<dyn Cancel>,
    is_asked: impl Fn() -> bool + Sync,
    complain: impl Fn(String) + Sync,
    work: impl FnOnce() -> T,
) -> T {
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            while !is_done.load(Ordering::Acquire) {
                if !is_asked() {
                    std::thread::park_timeout(LOOK_EVERY);
                    continue;
                }
                if let Err(reason) = cancel.cancel() {
                    complain(reason);
                }
                if !is_done.load(Ordering::Acquire) {
                    std::thread::park_timeout(AGAIN_AFTER);
                }
            }
        });
        // Done, too, where the work ends by a panic: the scope would wait for the watcher for ever.
        struct Done<'a>(&'a AtomicBool, std::thread::Thread);
        impl Drop for Done<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Release);
                self.1.unpark();
            }
        }
        let _done = Done(&is_done, watcher.thread().clone());
        work()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    struct Told(Sender<()>);

    impl Cancel for Told {
        fn cancel(&self) -> Result<(), String> {
            self.0.send(()).map_err(|error| error.to_string())
        }
    }

    #[test]
    fn work_that_waits_is_cancelled_when_a_person_asks() {
        let (told, cancelled) = channel();
        let cancel: Arc<dyn Cancel> = Arc::new(Told(told));
        let ended = stoppable(&cancel, || true, |_| (), || cancelled.recv_timeout(Duration::from_secs(30)));
        assert_eq!(ended, Ok(()));
    }

    #[test]
    fn work_that_nobody_stops_is_left_alone() {
        let (told, cancelled) = channel();
        let cancel: Arc<dyn Cancel> = Arc::new(Told(told));
        assert_eq!(stoppable(&cancel, || false, |_| (), || 7), 7);
        drop(cancel);
        assert!(cancelled.recv().is_err(), "nothing was cancelled");
    }
}
