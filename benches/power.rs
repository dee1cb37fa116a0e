//! How often each profile raises a false alarm, and how often it finds what changed:
//! `cargo bench --features parallel --bench power [-- RUNS]` prints the tables of docs/power.md.
//!
//! Every cell is a share of runs, each on data drawn anew from a seed of its own, so the tables come out the same
//! wherever they are made. Small cells have more runs than large ones; how many, and what that makes of a share of 5%, stands
//! in each table's first row.

use tidemark::data::{Column, Dataset};
use tidemark::judge::{Judge, Settings, Verdict};
use tidemark::random::Rng;
use tidemark::report::{DriftReport, Source, compare};
use tidemark::schema::{ColumnType, Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};

/// Rows of the current data; the reference has as many, or [`LARGE_REFERENCE`].
const SIZES: [usize; 8] = [50, 100, 200, 500, 1000, 5000, 20_000, 100_000];
const LARGE_REFERENCE: usize = 50_000;
const RUNS: usize = 400;
/// Cells of fewer rows than this have more runs, up to [`MOST_TIMES_RUNS`] times as many.
const ROWS_PER_RUN: usize = 200_000;
const MOST_TIMES_RUNS: usize = 16;

/// The runs of a cell, of `runs` for the largest.
fn runs_of(rows: usize, runs: usize) -> usize {
    runs * (ROWS_PER_RUN / rows).clamp(1, MOST_TIMES_RUNS)
}

/// One side of a case: columns of `n` rows.
type Draw = fn(&mut Rng, usize) -> Vec<Column>;

struct Case {
    name: &'static str,
    reference: Draw,
    current: Draw,
}

const UNCHANGED: [Case; 6] = [
    Case { name: "normal", reference: normal, current: normal },
    Case { name: "eight categories", reference: eight, current: eight },
    Case { name: "rare class, 0.2%", reference: rare, current: rare },
    Case { name: "30 quiet columns, any", reference: thirty, current: thirty },
    Case { name: "AR(1), 0.3", reference: autoregressive_a_little, current: autoregressive_a_little },
    Case { name: "AR(1), 0.7", reference: autoregressive, current: autoregressive },
];

const CHANGED: [Case; 6] = [
    Case { name: "mean + 0.5 sd", reference: normal, current: |rng, n| numbers(n, || 0.5 + rng.normal()) },
    Case { name: "scale x 2", reference: normal, current: |rng, n| numbers(n, || 2.0 * rng.normal()) },
    Case { name: "bulk of a heavy tail doubled", reference: heavy, current: heavy_with_doubled_bulk },
    Case {
        name: "mean + 1 sd beside an outlier",
        reference: outlier,
        current: |rng, n| numbers(n, || 1.0 + rng.normal()),
    },
    Case { name: "rare class 0.2% to 2%", reference: rare, current: |rng, n| flags(rng, n, 0.02) },
    Case { name: "nine of ten missing", reference: normal, current: mostly_missing },
];

fn numbers(n: usize, mut draw: impl FnMut() -> f64) -> Vec<Column> {
    vec![Column::fractions("x", (0..n).map(|_| draw()).collect())]
}

fn normal(rng: &mut Rng, n: usize) -> Vec<Column> {
    numbers(n, || rng.normal())
}

fn eight(rng: &mut Rng, n: usize) -> Vec<Column> {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    vec![Column::strings("x", (0..n).map(|_| Some(names[rng.below(8) as usize])))]
}

fn flags(rng: &mut Rng, n: usize, share: f64) -> Vec<Column> {
    vec![Column::numbers("x", (0..n).map(|_| f64::from(u8::from(rng.uniform() < share))).collect())]
}

fn rare(rng: &mut Rng, n: usize) -> Vec<Column> {
    flags(rng, n, 0.002)
}

fn thirty(rng: &mut Rng, n: usize) -> Vec<Column> {
    (0..30).map(|i| Column::fractions(format!("x{i}"), (0..n).map(|_| rng.normal()).collect())).collect()
}

fn autoregressive(rng: &mut Rng, n: usize) -> Vec<Column> {
    first_order(rng, n, 0.7)
}

fn autoregressive_a_little(rng: &mut Rng, n: usize) -> Vec<Column> {
    first_order(rng, n, 0.3)
}

fn first_order(rng: &mut Rng, n: usize, coefficient: f64) -> Vec<Column> {
    let mut state = rng.normal();
    numbers(n, || {
        state = coefficient * state + (1.0 - coefficient * coefficient).sqrt() * rng.normal();
        state
    })
}

/// Amounts of money: lognormal, sigma 2.
fn heavy(rng: &mut Rng, n: usize) -> Vec<Column> {
    numbers(n, || (2.0 * rng.normal()).exp())
}

/// The nine smaller tenths of the amounts are twice as large.
fn heavy_with_doubled_bulk(rng: &mut Rng, n: usize) -> Vec<Column> {
    const NINE_TENTHS: f64 = 1.281_551_565_544_600_4;
    numbers(n, || {
        let z = rng.normal();
        (2.0 * z).exp() * if z < NINE_TENTHS { 2.0 } else { 1.0 }
    })
}

fn outlier(rng: &mut Rng, n: usize) -> Vec<Column> {
    let mut first = true;
    numbers(n, || if std::mem::take(&mut first) { 1000.0 } else { rng.normal() })
}

fn mostly_missing(rng: &mut Rng, n: usize) -> Vec<Column> {
    numbers(n, || if rng.uniform() < 0.9 { f64::NAN } else { rng.normal() })
}

/// How many of the runs a profile says "drifted" in, and how many the calibrated one calls a real change, small or large.
#[derive(Default, Clone, Copy)]
struct Alarms {
    evidently: usize,
    nannyml: usize,
    calibrated: usize,
    real: usize,
}

fn alarms(case: &Case, n_reference: usize, n_current: usize, runs: usize, seed: u64) -> Alarms {
    let mut alarms = Alarms::default();
    for run in 0..runs {
        let mut rng = Rng::new(seed ^ (run as u64) << 32);
        let reference = Dataset::new((case.reference)(&mut rng, n_reference)).expect("columns of one length");
        let current = Dataset::new((case.current)(&mut rng, n_current)).expect("columns of one length");
        // A flag of which a small sample shows one value only is a flag all the same.
        let mut overrides = SchemaOverrides::default();
        if case.name.starts_with("rare") {
            overrides.types.insert("x".to_owned(), ColumnType::Categorical);
        }
        let schema = Schema::infer(&reference, &overrides).expect("the columns are there");
        let settings = Settings { judge: Judge::Nannyml, ..Settings::default() };
        let report = compare(
            Reference(Source { label: "reference", data: &reference, sha256: None }),
            Current(Source { label: "current", data: &current, sha256: None }),
            &schema,
            &settings,
        );
        let any =
            |report: &DriftReport, judge| report.columns.iter().any(|column| column.verdict(judge) == Verdict::Drifted);
        alarms.evidently += usize::from(any(&report, Judge::Evidently));
        alarms.nannyml += usize::from(any(&report, Judge::Nannyml));
        alarms.calibrated += usize::from(any(&report, Judge::Calibrated));
        let is_real = |verdict| matches!(verdict, Verdict::Drifted | Verdict::Minor);
        alarms.real += usize::from(report.columns.iter().any(|column| is_real(column.calibrated.verdict)));
    }
    alarms
}

fn table(cases: &[Case], n_reference: impl Fn(usize) -> usize, runs: usize, shows_real: bool) {
    print!("| case | profile |");
    SIZES.iter().for_each(|size| print!(" {size} |"));
    print!("\n|---|---|");
    SIZES.iter().for_each(|_| print!("---:|"));
    println!();
    let sizes = SIZES.map(|size| (n_reference(size), size, runs_of(n_reference(size) + size, runs)));
    print!("| runs | standard error at 5% |");
    sizes.iter().for_each(|(.., runs)| print!(" {runs}, {:.1}% |", 100.0 * (0.05 * 0.95 / *runs as f64).sqrt()));
    println!();
    for (index, case) in cases.iter().enumerate() {
        let seed = |size: usize| (index as u64 + 1) << 16 | size as u64;
        let cells = sizes.map(|(reference, current, runs)| alarms(case, reference, current, runs, seed(current)));
        let row = |profile: &str, count: fn(&Alarms) -> usize| {
            print!("| {} | {profile} |", case.name);
            let shares = cells.iter().zip(sizes).map(|(cell, (.., runs))| 100.0 * count(cell) as f64 / runs as f64);
            shares.for_each(|share| print!(" {share:.1}% |"));
            println!();
        };
        row("evidently", |cell| cell.evidently);
        row("nannyml", |cell| cell.nannyml);
        row("calibrated", |cell| cell.calibrated);
        if shows_real {
            row("calibrated, any size of change", |cell| cell.real);
        }
    }
    println!();
}

fn main() {
    let runs = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(RUNS);
    println!("{runs} runs in the largest cells and more in smaller ones; the columns are rows of the current data.\n");
    for (name, n_reference) in
        [("as many rows", (|size| size) as fn(usize) -> usize), ("50,000 rows", |_| LARGE_REFERENCE)]
    {
        println!("### Nothing changed, reference of {name}: false alarms\n");
        table(&UNCHANGED, n_reference, runs, true);
        println!("### Something changed, reference of {name}: alarms that are due\n");
        table(&CHANGED, n_reference, runs, false);
    }
}
