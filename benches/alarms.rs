//! How often tests and detectors raise an alarm where nothing changed, and how soon where something did:
//! `cargo bench -p tidemark --bench alarms [-- RUNS]` prints the tables of docs/performance.md.
//!
//! Every run draws its data anew from a seed of its own, so that the tables come out the same wherever they are made.

use tidemark::anytime::{DistributionWatch, Watch};
use tidemark::random::{Rng, derive_seed};
use tidemark::stattest::ks::{self, PValue};
use tidemark::stattest::{Current, Reference, proportions};
use tidemark::stream::bench::{Injected, bench};

/// Runs of each row, where no other number is given.
const RUNS: u64 = 1000;
/// The level of every test, and the probability of any false alarm ever that ours are given.
const ALPHA: f64 = 0.05;
/// Looks of a run, and the events between two of them.
const LOOKS: usize = 100;
const STEP: usize = 100;
/// Rows of the reference.
const REFERENCE: usize = 10_000;
/// The look after which something changes, if it does.
const CHANGE: usize = 50;

/// How a run went: the event of the first alarm, if there was one.
type Alarm = Option<usize>;

/// Looks after every step at all events so far, or at those since the last look.
#[derive(Clone, Copy)]
enum Looks {
    Growing,
    Apart,
}

fn rate(rng: &mut Rng, n: usize, share: f64) -> Vec<f64> {
    (0..n).map(|_| f64::from(u8::from(rng.uniform() < share))).collect()
}

fn ones(values: &[f64]) -> (u64, u64) {
    (values.iter().filter(|x| **x == 1.0).count() as u64, values.len() as u64)
}

/// The first look at which a test of the window rejects.
fn classical(events: &[f64], looks: Looks, p_value: impl Fn(&[f64]) -> f64) -> Alarm {
    (1..=events.len() / STEP).map(|look| look * STEP).find(|&end| {
        let window = match looks {
            Looks::Growing => &events[..end],
            Looks::Apart => &events[end - STEP..end],
        };
        p_value(window) <= ALPHA
    })
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// One line: how many of the runs alarmed before the change, and how soon those that had not did after it.
fn line(name: &str, runs: u64, run: impl Fn(u64, bool) -> Alarm) {
    let quiet = (0..runs).filter(|&seed| run(seed, false).is_some()).count();
    let (mut early, mut found, mut delays) = (0, 0, 0);
    for seed in 0..runs {
        match run(derive_seed(1, seed), true) {
            Some(at) if at <= CHANGE * STEP => early += 1,
            Some(at) => {
                found += 1;
                delays += at - CHANGE * STEP;
            }
            None => {}
        }
    }
    let share = |part: usize, whole: u64| 100.0 * part as f64 / whole as f64;
    let delay = if found > 0 { format!("{:.0}", delays as f64 / found as f64) } else { "-".to_owned() };
    let left = runs - early as u64;
    println!("| {name} | {:.1}% | {early} of {runs} | {found} of {left} | {delay} |", share(quiet, runs));
}

fn main() {
    let runs = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(RUNS);
    let n = LOOKS * STEP;
    println!("### {LOOKS} looks at one series, {runs} runs each\n");
    println!(
        "| test | false alarms in {LOOKS} looks, nothing changed | alarms before the change | found after it | mean delay, events |"
    );
    println!("|---|---:|---:|---:|---:|");
    // One in ten is an error, later one in seven.
    let errors = |seed: u64, is_changed: bool| {
        let mut rng = Rng::new(seed);
        let reference = ones(&rate(&mut rng, REFERENCE, 0.1));
        let mut events = rate(&mut rng, CHANGE * STEP, 0.1);
        events.extend(rate(&mut rng, n - CHANGE * STEP, if is_changed { 1.0 / 7.0 } else { 0.1 }));
        (reference, events)
    };
    for (name, looks) in [("all events so far", Looks::Growing), ("the last 100 events", Looks::Apart)] {
        line(&format!("two proportions at 5%, {name}"), runs, |seed, is_changed| {
            let (reference, events) = errors(seed, is_changed);
            classical(&events, looks, |window| proportions::p_value(Reference(reference), Current(ones(window))))
        });
    }
    line("anytime rate, 5% for ever", runs, |seed, is_changed| {
        let (reference, events) = errors(seed, is_changed);
        let mut watch = Watch::of_rate(reference.0, reference.1, ALPHA);
        events.iter().position(|x| watch.update(*x).is_some()).map(|at| at + 1)
    });
    // Normal numbers, later a quarter of a standard deviation larger.
    let numbers = |seed: u64, is_changed: bool| {
        let mut rng = Rng::new(seed);
        let reference: Vec<f64> = (0..REFERENCE).map(|_| rng.normal()).collect();
        let shift = |i: usize| if is_changed && i >= CHANGE * STEP { 0.25 } else { 0.0 };
        let events: Vec<f64> = (0..n).map(|i| rng.normal() + shift(i)).collect();
        (reference, events)
    };
    for (name, looks) in [("all events so far", Looks::Growing), ("the last 100 events", Looks::Apart)] {
        line(&format!("Kolmogorov-Smirnov at 5%, {name}"), runs, |seed, is_changed| {
            let (reference, events) = numbers(seed, is_changed);
            let reference = sorted(&reference);
            classical(&events, looks, |window| {
                let window = sorted(window);
                ks::test(Reference(&reference), Current(&window), PValue::Fast).expect("there are values").p_value
            })
        });
    }
    line("anytime distribution, 5% for ever", runs, |seed, is_changed| {
        let (reference, events) = numbers(seed, is_changed);
        let mut watch = DistributionWatch::new(&reference, ALPHA).expect("there are values");
        events.iter().position(|x| watch.update(*x)).map(|at| at + 1)
    });

    let mut rng = Rng::new(7);
    let numbers: Vec<f64> = (0..REFERENCE).map(|_| rng.normal()).collect();
    let errors = rate(&mut rng, REFERENCE, 0.1);
    for (name, series, injected) in [
        ("numbers, a shift of 0.5 standard deviations", &numbers, Injected::Shift(0.5)),
        ("numbers, a shift of 1 standard deviation", &numbers, Injected::Shift(1.0)),
        ("numbers, twice the spread", &numbers, Injected::Scale(2.0)),
        ("errors, one in ten, then one in five", &errors, Injected::Errors(1.0 / 9.0)),
        ("errors, one in ten, then four in ten", &errors, Injected::Errors(1.0 / 3.0)),
    ] {
        let found = bench(series, injected, runs.div_ceil(10), 5000, 1).expect("there are numbers");
        println!("\n### {name}: {} runs of 5,000 events without the change and 5,000 with it\n", found.n_runs);
        println!("| detector | false alarms in 5,000 events | runs with any | missed | mean delay, events |");
        println!("|---|---:|---:|---:|---:|");
        for fared in found.fared {
            let delay = fared.mean_delay.map_or_else(|| "-".to_owned(), |delay| format!("{delay:.0}"));
            let per_run = fared.n_false as f64 / found.n_runs as f64;
            let share = |part: u64| 100.0 * part as f64 / found.n_runs as f64;
            let (any, missed) = (share(fared.n_runs_with_false), share(fared.n_missed));
            println!("| {} | {per_run:.2} | {any:.0}% | {missed:.0}% | {delay} |", fared.detector);
        }
    }
}
