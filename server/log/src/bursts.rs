//! Work in the background, in short bursts with rests between them.
//!
//! A kernel may take a processor away from a thread only at its tick, every 4 ms at 250 Hz. So long may a thread that was woken, by
//! the disk for example, have to wait for one that computes, whatever the priorities of both; not if that one sleeps now and then.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Work longer than this is followed by a rest.
const BURST: Duration = Duration::from_micros(500);

/// The longest rest.
const REST: Duration = Duration::from_millis(5);

thread_local! {
    /// When this thread's work in bursts began, or went on after a rest.
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Does work in bursts: on this thread alone, which rests [after each part](tidemark::part_done) for as long as that took. It takes twice as
/// long, and longer where the library would have had several cores.
pub fn in_bursts<T>(work: impl FnOnce() -> T) -> T {
    BEGAN.set(Some(Instant::now()));
    tidemark::on_this_thread(rest_if_long, work)
}

/// Rests where the last rest is a while ago.
fn rest_if_long() {
    let worked = BEGAN.get().map_or(Duration::ZERO, |began| began.elapsed());
    if worked >= BURST {
        std::thread::sleep(worked.min(REST));
        BEGAN.set(Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Works for longer than a burst, and says whether it rested then.
    fn rests() -> bool {
        let (before, began) = (BEGAN.get(), Instant::now());
        while began.elapsed() <= BURST {}
        tidemark::part_done();
        BEGAN.get() != before
    }

    #[test]
    fn work_rests_in_bursts_and_nowhere_else() {
        assert!(!rests());
        in_bursts(|| {
            assert!(rests());
            in_bursts(|| assert!(rests()));
            assert!(rests(), "what was before is put back");
        });
        assert!(!rests());
    }
}
