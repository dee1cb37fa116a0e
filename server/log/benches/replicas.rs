//! How many predictions a second replicas that share a log make durable, one by one, from callers at once.
//!
//! `cargo bench -p tidemark-log --bench replicas`; `TIDEMARK_BENCH_SECONDS` for each line. Every replica is a process of its own,
//! all of them on one PostgreSQL of this machine that flushes what it commits. A caller waits for the answer to one record before
//! it sends the next, as a request does.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tidemark_log::{Id, Log, Options, SharedBy};
use tidemark_throwaway::Server;

mod callers;

/// Tells a process that it is a replica: its name, the callers, the time, the folder and the database.
const REPLICA: &str = "TIDEMARK_BENCH_REPLICA";

fn main() {
    if let Ok(task) = std::env::var(REPLICA) {
        replicate(&task);
        return;
    }
    let Some(server) = Server::start(true) else { return };
    let seconds = std::env::var("TIDEMARK_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3.0);
    println!(
        "{:<9} {:>8} {:>12} {:>14} {:>12} {:>12}",
        "replicas", "callers", "records/s", "records/group", "median us", "p99 us"
    );
    for replicas in [1, 2] {
        for callers in [1, 8, 32] {
            measure(&server, replicas, callers, seconds);
        }
    }
}

fn measure(server: &Server, replicas: usize, callers: usize, seconds: f64) {
    let (folder, database) = (PathBuf::from(format!("target/bench-log-{}", Id::fresh(0))), server.database());
    let start = |nth: usize| -> Child {
        let task = format!("r{nth} {} {seconds} {} {database}", callers / replicas.min(callers), folder.display());
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(program);
        command.env(REPLICA, task).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().expect("a replica starts")
    };
    let mut children: Vec<Child> = (0..replicas).map(start).collect();
    let mut outputs: Vec<_> =
        children.iter_mut().map(|child| BufReader::new(child.stdout.take().expect("its output"))).collect();
    let mut line = String::new();
    for output in &mut outputs {
        output.read_line(&mut line).expect("it is ready");
    }
    for child in &mut children {
        child.stdin.take().expect("its input").write_all(b"go\n").expect("it waits");
    }
    let (mut n_records, mut n_groups, mut medians, mut worst) = (0.0, 0.0, 0.0, 0.0_f64);
    for output in &mut outputs {
        line.clear();
        output.read_line(&mut line).expect("it says what it did");
        let numbers: Vec<f64> = line.split_whitespace().map(|word| word.parse().expect("a number")).collect();
        n_records += numbers[0];
        n_groups += numbers[1];
        medians += numbers[2] / replicas as f64;
        worst = worst.max(numbers[3]);
    }
    for mut child in children {
        child.wait().expect("it ends");
    }
    println!(
        "{replicas:<9} {callers:>8} {:>12.0} {:>14.1} {medians:>12.0} {worst:>12.0}",
        n_records / seconds,
        n_records / n_groups
    );
    std::fs::remove_dir_all(&folder).expect("the folder goes");
}

/// What a replica does: it says that it is ready, waits, and says how much became durable, in how many groups, and how long half
/// and 99 of 100 records took at most, in microseconds.
fn replicate(task: &str) {
    let words: Vec<&str> = task.splitn(5, ' ').collect();
    let [name, callers, seconds, folder, database] = words.try_into().expect("five words");
    let (callers, seconds): (usize, f64) = (callers.parse().expect("a number"), seconds.parse().expect("a number"));
    let by = SharedBy { address: database.parse().expect("an address"), replica: name.to_owned() };
    let log = Log::open_shared(Path::new(folder), &by, Options::default()).expect("a log");
    let stream = callers::stream(&log);
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).expect("the word");
    let groups_before = log.n_groups();
    let waits = callers::waits(&log, &stream, callers, Duration::from_secs_f64(seconds));
    let n_groups = log.n_groups() - groups_before;
    println!("{} {n_groups} {} {}", waits.len(), waits[waits.len() / 2], waits[waits.len() * 99 / 100]);
}
