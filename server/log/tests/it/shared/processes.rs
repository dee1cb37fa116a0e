//! Processes that share a log and are killed at any moment lose nothing that they acknowledged.
//!
//! `TIDEMARK_KILLS=300 cargo test --release -p tidemark-log --test it shared::processes` kills as often as that.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tidemark::random::Rng;
use tidemark_log::{Options, verify};

use super::{Place, open};
use crate::crash::{assert_all_there, killed_after};
use crate::support::{all, entry, features, line, stream};

/// Tells the child its name, which folder and database it shares, and from which record on it writes.
const CHILD: &str = "TIDEMARK_LOG_REPLICA";

const N_THREADS: u64 = 4;

/// Few bytes for a segment, so that children are killed while they make segments, too.
fn options() -> Options {
    Options { file_bytes: 20_000, ..Options::default() }
}

/// What a killed process runs: it appends and says what was acknowledged, until it is killed. Every tenth record it sends is one
/// that the other process sends as well.
#[test]
fn child() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let words: Vec<&str> = task.splitn(4, ' ').collect();
    let [name, first, folder, database] = words.try_into().expect("four words");
    let first: u64 = first.parse().expect("a number");
    let log = open(Path::new(folder), database, name, options());
    let stream = stream(&log);
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..N_THREADS {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let n = if n % 10 == 9 { COMMON + first % PROCESS + n } else { first + n };
                    let features = features(n);
                    let appended = log.append_blocking(&stream, &entry(n, &features)).expect("a record is appended");
                    let position = appended.position.expect("a committed record has a position");
                    // A line is written by one call, so that a kill does not leave two of them mixed.
                    let line = format!("acknowledged {n} {position}\n");
                    if std::io::stdout().lock().write_all(line.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
}

/// What the numbers of two processes' records are apart.
const PROCESS: u64 = 1_000_000_000;

/// The numbers of the records that both processes send begin here.
const COMMON: u64 = 1 << 40;

fn start(place: &Place, name: &str, first: u64) -> Child {
    let program = std::env::current_exe().expect("this program has a path");
    Command::new(program)
        .args(["--exact", "shared::processes::child", "--nocapture", "--test-threads=1"])
        .env(CHILD, format!("{name} {first} {} {}", place.folder.path().display(), place.database))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("a child starts")
}

/// What the death of a process does in half a minute: others may take its lease.
fn end_lease_of(name: &str, place: &Place) {
    let address = place.database.parse().expect("an address");
    let mut client = tidemark_postgres::connect(&address).expect("a connection");
    let owner = format!("{name} %");
    client
        .execute(
            "update log_leases set until = clock_timestamp() where owner like $1 and until > '-infinity'",
            &[&owner],
        )
        .expect("a lease ends");
}

#[test]
fn what_two_processes_acknowledged_outlives_their_kills() {
    let Some(place) = Place::new() else { return };
    let kills: u64 = std::env::var("TIDEMARK_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let acknowledged: Mutex<BTreeMap<u64, u64>> = Mutex::default();
    std::thread::scope(|scope| {
        for (nth, letter) in (1..).zip(["a", "b"]) {
            let (place, acknowledged) = (&place, &acknowledged);
            scope.spawn(move || {
                let mut random = Rng::new(nth);
                for kill in 0..kills / 2 {
                    let name = format!("{letter}{kill}");
                    let child = start(place, &name, PROCESS * nth + 1_000_000 * kill);
                    let found = killed_after(child, 1 + random.next() % 250);
                    end_lease_of(&name, place);
                    let mut all = acknowledged.lock().expect("nobody panics with it");
                    for (n, position) in found {
                        let before = all.insert(n, position);
                        assert!(before.is_none_or(|before| before == position), "record {n} has one position");
                    }
                }
            });
        }
    });
    let acknowledged = acknowledged.into_inner().expect("nobody panicked with it");
    let log = open(place.folder.path(), &place.database, "last", Options { seals_by_itself: false, ..options() });
    let records = all(log.reader());
    assert_all_there(&records, &acknowledged);
    let n_segments = log.reader().segments(&line()).len();
    log.seal().expect("what is left becomes a segment");
    assert_all_there(&all(log.reader()), &acknowledged);
    assert_eq!(verify(place.folder.path()).expect("the folder can be read").problems, []);
    println!(
        "{kills} kills, {} records acknowledged, {} there, all once; {n_segments} segments made meanwhile",
        acknowledged.len(),
        records.len()
    );
}
