//! How long the parts of a comparison take; `make bench` calls it and puts the peers beside it.
//!
//! - `cargo bench --features parallel,train --bench bars -- file FILE.csv [RUNS]`: reading the file, and comparing the
//!   second half of its rows with the first.
//! - `… -- memory A.csv B.csv [RUNS]`: reading two files that lie in memory, and comparing the second with the first: what
//!   the browser does.
//! - `… -- drawn ROWS COLUMNS [RUNS]`: comparing that many drawn columns, half of the rows with the other half. One size per
//!   process, so that its peak of memory is that size's.

use std::time::Instant;
use tidemark::data::{Column, Dataset, csv};
use tidemark::judge::Settings;
use tidemark::random::Rng;
use tidemark::report::{DriftReport, Source, compare};
use tidemark::schema::{Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};

/// The allocator of the binary, so that it is the binary that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Prints the least milliseconds of some runs, by the clock and on all processors together.
fn best<T>(name: &str, runs: usize, mut work: impl FnMut() -> T) -> T {
    let (mut wall, mut processor) = (f64::INFINITY, f64::INFINITY);
    let mut answer = None;
    for _ in 0..runs {
        let (began, cpu) = (Instant::now(), processor_seconds());
        answer = Some(work());
        wall = wall.min(began.elapsed().as_secs_f64());
        processor = processor.min(processor_seconds() - cpu);
    }
    println!("{name}\t{:.3}\t{:.3}", wall * 1e3, processor * 1e3);
    answer.expect("at least one run")
}

/// What all threads have used so far, as Linux tells it. Beside other work it is a better measure than the wall clock.
fn processor_seconds() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return f64::NAN };
    let nanos = |task: std::io::Result<std::fs::DirEntry>| -> Option<f64> {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    tasks.filter_map(nanos).sum::<f64>() / 1e9
}

fn drift(reference: &Dataset, current: &Dataset) -> DriftReport {
    let schema = Schema::infer(reference, &SchemaOverrides::default()).expect("no overrides, no errors");
    compare(
        Reference(Source { label: "reference", data: reference, sha256: None }),
        Current(Source { label: "current", data: current, sha256: None }),
        &schema,
        &Settings::default(),
    )
}

fn file(path: &str, runs: usize) {
    let open = || std::fs::File::open(path).expect("the file");
    let data = best("read", runs, || csv::read_from(open()).expect("a table"));
    let half = data.n_rows() / 2;
    let (reference, current) = (data.slice(0..half), data.slice(half..data.n_rows()));
    drop(data);
    best("compare", runs, || drift(&reference, &current));
}

fn memory(paths: [&str; 2], runs: usize) {
    let [a, b] = paths.map(|path| std::fs::read(path).expect("the file"));
    let read = |bytes: &[u8]| csv::read(bytes).expect("a table");
    best("both", runs, || drift(&read(&a), &read(&b)));
}

/// In every seven columns five of normal numbers, one of amounts with a heavy tail, and one of names.
fn columns(rng: &mut Rng, rows: usize, columns: usize) -> Dataset {
    let names = ["web", "card", "phone", "shop"];
    let mut column = |at: usize| match at % 7 {
        5 => Column::fractions(format!("x{at}"), (0..rows).map(|_| (2.0 * rng.normal()).exp()).collect()),
        6 => Column::strings(format!("x{at}"), (0..rows).map(|_| Some(names[rng.below(4) as usize]))),
        _ => Column::fractions(format!("x{at}"), (0..rows).map(|_| rng.normal()).collect()),
    };
    Dataset::new((0..columns).map(&mut column).collect()).expect("columns of one length")
}

fn drawn(rows: usize, n_columns: usize, runs: usize) {
    let mut rng = Rng::new(1);
    let (reference, current) = (columns(&mut rng, rows / 2, n_columns), columns(&mut rng, rows / 2, n_columns));
    best("compare", runs, || drift(&reference, &current));
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |at: usize| arguments.get(at).and_then(|number| number.parse().ok());
    let runs = |at: usize| number(at).unwrap_or(5);
    match arguments.first().map(String::as_str) {
        Some("file") => file(arguments.get(1).expect("a CSV file"), runs(2)),
        Some("memory") => memory([&arguments[1], &arguments[2]], runs(3)),
        Some("drawn") => drawn(number(1).expect("rows"), number(2).expect("columns"), runs(3)),
        // `cargo test --benches` runs this without arguments.
        _ => println!("bars: file FILE.csv [RUNS], memory A.csv B.csv [RUNS], or drawn ROWS COLUMNS [RUNS]"),
    }
}
