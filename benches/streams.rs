//! Events per second of the detectors of change, each on one core; `benches/peers/river_streams.py` measures River's on the same streams.
//!
//! `cargo bench --bench streams [EVENTS]`: a million events if not given, the best of five runs.

use std::time::Instant;
use tidemark::random::Rng;
use tidemark::stream::{Detector, SlidingKs};

/// The allocator of the binary, so that it is the binary that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RUNS: usize = 5;
const WINDOW: usize = 10_000;

fn best(name: &str, events: usize, mut work: impl FnMut() -> usize) {
    let mut least = f64::INFINITY;
    let mut alarms = 0;
    for _ in 0..RUNS {
        let began = Instant::now();
        alarms = std::hint::black_box(work());
        least = least.min(began.elapsed().as_secs_f64());
    }
    println!("{name}\t{:.2} million events per second\t{alarms} alarms", events as f64 / least / 1e6);
}

fn main() {
    let events = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let mut rng = Rng::new(1);
    let values: Vec<f64> = (0..events).map(|_| rng.uniform()).collect();
    let errors: Vec<f64> = values.iter().map(|value| f64::from(u8::from(*value < 0.1))).collect();
    for detector in Detector::all() {
        let stream = if detector.takes_errors() { &errors } else { &values };
        best(detector.name(), events, || {
            let mut detector = detector.clone();
            stream.iter().filter(|x| detector.update(**x).drift).count()
        });
    }
    let reference: Vec<f64> = (0..WINDOW).map(|_| rng.uniform()).collect();
    let filled = SlidingKs::new(&reference, WINDOW, 1e-6).expect("numbers");
    best("sliding KS, window 10,000", events, || {
        let mut window = filled.clone();
        values.iter().filter(|x| window.update(**x).drift).count()
    });
}
