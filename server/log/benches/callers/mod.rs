//! Callers at once, each of which waits for the answer to one record before it sends the next, as a request does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tidemark_log::{Answers, Entry, Feature, Features, Id, Kind, Layout, Line, Log, Origin, Outcome, Stream};

const N_FEATURES: usize = 30;

/// The stream that callers append to: two classes by thirty numbers.
pub fn stream(log: &Log) -> Arc<Stream> {
    let features = (0..N_FEATURES).map(|n| Feature { name: format!("V{n}"), kind: Kind::Number }).collect();
    let layout = Layout { features, answers: Answers::Classes(vec!["0".into(), "1".into()]) };
    log.stream(Line::predictions("bench"), "1", layout).expect("a stream")
}

/// How long each record took to be acknowledged that so many callers appended in this time, in microseconds, ascending.
pub fn waits(log: &Log, stream: &Arc<Stream>, callers: usize, time: Duration) -> Vec<u32> {
    let is_over = AtomicBool::new(false);
    let mut waits: Vec<u32> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..callers)
            .map(|_| {
                scope.spawn(|| {
                    let mut waits = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        let sent = Instant::now();
                        log.append_blocking(stream, &entry()).expect("a record is appended");
                        waits.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
                    }
                    waits
                })
            })
            .collect();
        std::thread::sleep(time);
        is_over.store(true, Ordering::Relaxed);
        callers.into_iter().flat_map(|caller| caller.join().expect("a caller ends")).collect()
    });
    waits.sort_unstable();
    waits
}

fn entry() -> Entry<'static> {
    const VALUES: [f64; N_FEATURES] = [0.125; N_FEATURES];
    Entry {
        id: Id::fresh(1_795_478_400_000),
        is_fresh: true,
        time: 1_795_478_400_000,
        origin: Origin::Answered,
        features: Features::Numbers(&VALUES),
        outcome: Outcome::Class(0),
        scores: &[0.75, 0.25],
        violations: &[],
        request_id: None,
    }
}
