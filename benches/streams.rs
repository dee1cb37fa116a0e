//! Events per second of the detectors of change, each on one core, and River's beside them on the same streams:
//! `cargo bench -p tidemark --bench streams [-- EVENTS] [-- --river PYTHON]`.
//!
//! A million events if not given, the best of five runs. PYTHON is one that has River (see `benches/peers/river_streams.py`), which gets
//! the first events of the same streams; both say how many alarms they found in them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;
use tidemark::random::Rng;
use tidemark::stream::{Detector, SlidingKs, SlidingWasserstein};

/// The allocator of the binary, so that it is the binary that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 5;
const WINDOW: usize = 10_000;
/// What the slower side is given of the streams.
const RIVER_EVENTS: usize = 200_000;

/// The bars that have to be cleared, in events per second.
const BARS: [(&str, f64); 3] = [("ADWIN", 5e6), ("PageHinkley", 5e6), ("sliding KS, window 10,000", 5e5)];

/// What River did.
struct Peer {
    n_events: usize,
    per_second: f64,
    n_alarms: usize,
}

/// Events per second, the best of the runs.
fn best(events: usize, mut work: impl FnMut() -> usize) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        let began = Instant::now();
        std::hint::black_box(work());
        least = least.min(began.elapsed().as_secs_f64());
    }
    events as f64 / least
}

fn n_alarms(detector: &Detector, stream: &[f64]) -> usize {
    let mut detector = detector.clone();
    stream.iter().filter(|x| detector.update(**x).drift).count()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let events = words.iter().find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let mut rng = Rng::new(1);
    // Every 50,000 events the numbers move, and errors come twice as often or half as often.
    let is_moved = |i: usize| i / 50_000 % 2 == 1;
    let values: Vec<f64> = (0..events).map(|i| rng.uniform() + if is_moved(i) { 0.5 } else { 0.0 }).collect();
    let errors: Vec<f64> =
        (0..events).map(|i| f64::from(u8::from(rng.uniform() < if is_moved(i) { 0.2 } else { 0.1 }))).collect();
    let right: Vec<f64> = errors.iter().map(|error| 1.0 - error).collect();
    let python = words.iter().position(|word| word == "--river").and_then(|place| words.get(place + 1));
    let (version, peers) = python.map_or_else(Default::default, |python| river(python, &values, &errors));

    println!("| detector | Tidemark, events/s | River {version}, events/s | times | alarms in as many events |");
    println!("|---|---:|---:|---:|---|");
    let line = |name: &str, ours: f64, alarms: &dyn Fn(&Peer) -> String| {
        let millions = |speed: f64| {
            if speed < 1e5 { format!("{:.1} thousand", speed / 1e3) } else { format!("{:.2} million", speed / 1e6) }
        };
        let (theirs, times, alarms) = match peers.get(name) {
            Some(peer) => (millions(peer.per_second), format!("{:.0}", ours / peer.per_second), alarms(peer)),
            None => ("-".to_owned(), "-".to_owned(), "-".to_owned()),
        };
        println!("| {name} | {} | {theirs} | {times} | {alarms} |", millions(ours));
        let bar = BARS.iter().find(|(known, _)| *known == name);
        bar.map(|(_, bar)| {
            format!("{name}: {} the bar of {}", if ours >= *bar { "clears" } else { "MISSES" }, millions(*bar))
        })
    };
    let mut said = Vec::new();
    for detector in Detector::all() {
        let stream = match &detector {
            Detector::Fhddm(_) => &right,
            detector if detector.takes_errors() => &errors,
            _ => &values,
        };
        let speed = best(events, || n_alarms(&detector, stream));
        let alarms = |peer: &Peer| {
            let ours = n_alarms(&detector, &stream[..peer.n_events]);
            format!("{ours} and {} in {}", peer.n_alarms, peer.n_events)
        };
        said.extend(line(detector.name(), speed, &alarms));
    }
    let reference: Vec<f64> = (0..WINDOW).map(|_| rng.uniform()).collect();
    let ks = SlidingKs::new(&reference, WINDOW, 1e-6).expect("numbers");
    let speed = best(events, || {
        let mut window = ks.clone();
        values.iter().filter(|x| window.update(**x).drift).count()
    });
    said.extend(line("sliding KS, window 10,000", speed, &|_| String::new()));
    let wasserstein = SlidingWasserstein::new(&reference, WINDOW, 0.1).expect("numbers");
    let speed = best(events, || {
        let mut window = wasserstein.clone();
        values.iter().filter(|x| window.update(**x).drift).count()
    });
    said.extend(line("sliding Wasserstein, window 10,000", speed, &|_| String::new()));
    println!("\n{}", said.join("\n"));
}

/// River's version, and its detectors' speeds and alarms by name.
fn river(python: &str, values: &[f64], errors: &[f64]) -> (String, BTreeMap<String, Peer>) {
    let folder = std::env::temp_dir();
    let files = [("values", values), ("errors", errors)].map(|(name, stream)| {
        let path = folder.join(format!("tidemark-streams-{}-{name}", std::process::id()));
        let bytes: Vec<u8> = stream.iter().take(RIVER_EVENTS).flat_map(|x| x.to_ne_bytes()).collect();
        std::fs::write(&path, bytes).expect("the folder of temporary files can be written");
        path
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/river_streams.py");
    let output = Command::new(python).arg(script).args(&files).output().expect("Python runs");
    files.iter().for_each(|path| drop(std::fs::remove_file(path)));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let mut version = String::new();
    let mut peers = BTreeMap::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        match cells[..] {
            ["version", found] => found.clone_into(&mut version),
            [name, n_events, per_second, n_alarms] => {
                let peer = Peer {
                    n_events: n_events.parse().expect("a number"),
                    per_second: per_second.parse().expect("a number"),
                    n_alarms: n_alarms.parse().expect("a number"),
                };
                peers.insert(name.to_owned(), peer);
            }
            _ => panic!("River's script said {line:?}"),
        }
    }
    (version, peers)
}
