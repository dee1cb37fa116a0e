//! SIGINT and SIGTERM: the first one asks to end in good order, a second one ends at once.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Failure, STOPPED};

static ASKED: LazyLock<&'static AtomicBool> = LazyLock::new(|| {
    static FLAG: AtomicBool = AtomicBool::new(false);
    let handler = || {
        if FLAG.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(STOPPED));
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        tracing::warn!(%error, "signals will end the command at once");
    }
    &FLAG
});

/// Whether a signal came. The first call starts listening: call it before long work.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::SeqCst)
}

/// [`Failure::Stopped`] if a signal came.
pub(super) fn check() -> Result<(), Failure> {
    if asked() { Err(Failure::Stopped) } else { Ok(()) }
}

/// Sleeps, but not past a signal; says whether one came.
pub(super) fn sleep(time: Duration) -> bool {
    let end = Instant::now() + time;
    while !asked() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(left.min(Duration::from_millis(50)));
    }
    true
}
