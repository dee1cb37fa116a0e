//! How many predictions a second become durable, one by one, from callers at once.
//!
//! `cargo bench -p tidemark-log` in a folder on the disk that is meant; `TIDEMARK_BENCH_SECONDS` for each line. A caller
//! waits for the answer to one record before it sends the next, as a request does.

use std::path::PathBuf;
use std::time::{Duration, Instant};
use tidemark_log::{Durability, Id, Log, Options};

mod callers;

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
    let log = Log::open(&folder, Options { durability, ..Options::default() }).expect("a log");
    let stream = callers::stream(&log);
    let groups_before = log.n_groups();
    let began = Instant::now();
    let waits = callers::waits(&log, &stream, callers, time);
    log.flush_blocking().expect("all is written");
    let elapsed = began.elapsed().as_secs_f64();
    let n_groups = log.n_groups() - groups_before;
    drop(log);
    let name = match durability {
        Durability::Commit => "commit",
        Durability::Async { .. } => "async",
    };
    println!(
        "{name:<12} {callers:>8} {:>12.0} {:>14.1} {:>12} {:>12}",
        waits.len() as f64 / elapsed,
        waits.len() as f64 / n_groups as f64,
        waits[waits.len() / 2],
        waits[waits.len() * 99 / 100],
    );
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}
