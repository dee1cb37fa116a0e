//! How many predictions a second become durable, one by one, from callers at once.
//!
//! `cargo bench -p tidemark-log` in a folder on the disk that is meant; `TIDEMARK_BENCH_SECONDS` for each line. A caller
//! waits for the answer to one record before it sends the next, as a request does.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tidemark_log::{
    Answers, Durability, Entry, Feature, Features, Id, Kind, Layout, Line, Log, Options, Origin, Outcome, Stream,
};

const N_FEATURES: usize = 30;

fn main() {
    let seconds = std::env::var("TIDEMARK_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3.0);
    println!(
        "{:<12} {:>8} {:>12} {:>14} {:>12} {:>12}",
        "durability", "callers", "records/s", "records/group", "median us", "p99 us"
    );
    for durability in [Durability::Commit, Durability::Async { flush_within: Duration::from_millis(50) }] {
        for callers in [1, 8, 32] {
            measure(durability, callers, Duration::from_secs_f64(seconds));
        }
    }
}

fn measure(durability: Durability, callers: usize, time: Duration) {
    let folder = PathBuf::from(format!("target/bench-log-{}", Id::fresh(0)));
    let log = Arc::new(Log::open(&folder, Options { durability, ..Options::default() }).expect("a log"));
    let features = (0..N_FEATURES).map(|n| Feature { name: format!("V{n}"), kind: Kind::Number }).collect();
    let layout = Layout { features, answers: Answers::Classes(vec!["0".into(), "1".into()]) };
    let stream = log.stream(Line::predictions("bench"), "1", layout).expect("a stream");
    let (is_over, n_records, groups_before) = (AtomicBool::new(false), AtomicU64::new(0), log.n_groups());
    let began = Instant::now();
    let mut waits: Vec<u32> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..callers)
            .map(|_| {
                scope.spawn(|| {
                    let mut waits = Vec::new();
                    while !is_over.load(Ordering::Relaxed) {
                        let sent = Instant::now();
                        log.append_blocking(&stream, &entry(&stream)).expect("a record is appended");
                        waits.push(u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX));
                        n_records.fetch_add(1, Ordering::Relaxed);
                    }
                    waits
                })
            })
            .collect();
        std::thread::sleep(time);
        is_over.store(true, Ordering::Relaxed);
        callers.into_iter().flat_map(|caller| caller.join().expect("a caller ends")).collect()
    });
    log.flush_blocking().expect("all is written");
    let elapsed = began.elapsed().as_secs_f64();
    let n_groups = log.n_groups() - groups_before;
    drop(log);
    waits.sort_unstable();
    let name = match durability {
        Durability::Commit => "commit",
        Durability::Async { .. } => "async",
    };
    let n_records = n_records.into_inner();
    println!(
        "{name:<12} {callers:>8} {:>12.0} {:>14.1} {:>12} {:>12}",
        n_records as f64 / elapsed,
        n_records as f64 / n_groups as f64,
        waits[waits.len() / 2],
        waits[waits.len() * 99 / 100],
    );
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

fn entry(stream: &Stream) -> Entry<'static> {
    const VALUES: [f64; N_FEATURES] = [0.125; N_FEATURES];
    debug_assert_eq!(stream.layout().features.len(), N_FEATURES);
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
