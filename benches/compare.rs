//! How long the parts of a comparison take: `cargo bench --features parallel --bench compare -- FILE.csv [RUNS]`.
//! The first half of the file's rows is the reference, the second the current data.

use std::time::Instant;
use tidemark::data::csv;
use tidemark::judge::Settings;
use tidemark::profile::ColumnProfile;
use tidemark::report::{Source, compare};
use tidemark::schema::{Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};

/// The least wall and processor time of some runs.
fn best<T>(name: &str, runs: usize, mut work: impl FnMut() -> T) -> T {
    let (mut wall, mut processor) = (f64::INFINITY, f64::INFINITY);
    let mut answer = None;
    for _ in 0..runs {
        let (began, cpu) = (Instant::now(), processor_seconds());
        answer = Some(work());
        wall = wall.min(began.elapsed().as_secs_f64());
        processor = processor.min(processor_seconds() - cpu);
    }
    println!("{name:<24}{:>10.2} ms wall{:>10.2} ms on processors", wall * 1e3, processor * 1e3);
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

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let path = arguments.next().expect("a CSV file");
    let runs = arguments.next().and_then(|runs| runs.parse().ok()).unwrap_or(5);
    let bytes = std::fs::read(&path).expect("the file");
    let data = best("csv::read", runs, || csv::read(&bytes).expect("a table"));
    drop(bytes);
    best("csv::read_from", runs, || csv::read_from(std::fs::File::open(&path).expect("the file")).expect("a table"));
    let half = data.n_rows() / 2;
    let (reference, current) = (data.slice(0..half), data.slice(half..data.n_rows()));
    drop(data);
    best("profiles of both", runs, || {
        let profile = |data: &tidemark::data::Dataset| data.columns().iter().map(ColumnProfile::of).collect::<Vec<_>>();
        (profile(&reference), profile(&current))
    });
    let schema = best("schema", runs, || Schema::infer(&reference, &SchemaOverrides::default()).expect("a schema"));
    best("compare", runs, || {
        compare(
            Reference(Source { label: "reference", data: &reference, sha256: None }),
            Current(Source { label: "current", data: &current, sha256: None }),
            &schema,
            &Settings::default(),
        )
    });
}
