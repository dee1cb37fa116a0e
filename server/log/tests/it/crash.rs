//! A process that is killed at any moment loses nothing that it acknowledged.
//!
//! `TIDEMARK_KILLS=300 cargo test --release -p tidemark-log --test it crash` kills as often as that.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tidemark::random::Rng;
use tidemark_log::{Durability, Id, Log, Options, Record};

use crate::support::{Folder, all, entry, features, stream};

/// Tells the child which folder it writes to, and from which record on.
const CHILD: &str = "TIDEMARK_LOG_CHILD";

const N_THREADS: u64 = 4;

/// Small files, so that the child is killed while it makes segments, too.
fn options() -> Options {
    Options { durability: Durability::Commit, file_bytes: 20_000, ..Options::default() }
}

/// What the killed process runs: it appends and says what was acknowledged, until it is killed.
#[test]
fn child() {
    let Ok(task) = std::env::var(CHILD) else { return };
    let (first, folder) = task.split_once(' ').expect("a number and a folder");
    let first: u64 = first.parse().expect("a number");
    let log = Log::open(Path::new(folder), options()).expect("the log opens after a kill");
    let stream = stream(&log);
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        for _ in 0..N_THREADS {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
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

fn start(folder: &Path, first: u64) -> Child {
    let program = std::env::current_exe().expect("this program has a path");
    Command::new(program)
        .args(["--exact", "crash::child", "--nocapture", "--test-threads=1"])
        .env(CHILD, format!("{first} {}", folder.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("a child starts")
}

/// Reads what a child acknowledges, kills it after so many, and returns all of them.
pub fn killed_after(mut child: Child, n_acknowledged: u64) -> Vec<(u64, u64)> {
    let mut lines = BufReader::new(child.stdout.take().expect("its output is read"));
    let mut acknowledged = Vec::new();
    let mut line = String::new();
    let mut is_killed = false;
    loop {
        line.clear();
        match lines.read_line(&mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        // What it had said before the kill is still in the pipe; a last line may be cut off.
        if let Some(numbers) = line.strip_suffix('\n').and_then(|line| line.split("acknowledged ").nth(1))
            && let Some((n, position)) = numbers.split_once(' ')
        {
            acknowledged.push((n.parse().expect("a number"), position.parse().expect("a position")));
        }
        if !is_killed && acknowledged.len() as u64 >= n_acknowledged {
            child.kill().expect("the child can be killed");
            is_killed = true;
        }
    }
    child.wait().expect("the child ends");
    assert!(is_killed, "the child ended by itself after {} records", acknowledged.len());
    acknowledged
}

fn number_of(id: &Id) -> u64 {
    id.to_string()["order ".len()..].parse().expect("the names that the child gives")
}

/// That every acknowledged record is there once, where it was said to be, and that nothing else is wrong.
pub fn assert_all_there(records: &[Record], acknowledged: &BTreeMap<u64, u64>) {
    let mut found = BTreeMap::new();
    for (record, position) in records.iter().zip(1..) {
        assert_eq!(record.position, position, "positions without holes");
        let n = number_of(&record.id);
        let features = features(n);
        assert_eq!(record.as_entry(), entry(n, &features), "as it was sent");
        assert_eq!(found.insert(n, position), None, "record {n} is there twice");
    }
    for (n, position) in acknowledged {
        assert_eq!(found.get(n), Some(position), "record {n} was acknowledged at position {position}");
    }
}

#[test]
fn what_was_acknowledged_outlives_a_kill() {
    let kills: u64 = std::env::var("TIDEMARK_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let folder = Folder::new();
    let mut random = Rng::new(20);
    let mut acknowledged = BTreeMap::new();
    let mut n_torn = 0;
    for kill in 0..kills {
        let first = kill * 1_000_000;
        acknowledged.extend(killed_after(start(folder.path(), first), random.next() % 250));
        // Sometimes the next child is the first that opens the log after a kill, sometimes this process is.
        if kill % 2 == 0 || kill + 1 == kills {
            let options = Options { seals_by_itself: false, seal_after: Duration::from_secs(3600), ..options() };
            let log = Log::open(folder.path(), options).expect("the log opens after a kill");
            n_torn += u64::from(log.recovery().torn_bytes > 0);
            assert_all_there(&all(log.reader()), &acknowledged);
        }
    }
    println!("{kills} kills, {} records acknowledged, all there once; {n_torn} torn ends seen", acknowledged.len());
}
