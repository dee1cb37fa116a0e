//! The fuzz targets on their seeds and on some thousand mutations of them: the same on every run, in seconds, and without
//! nightly. `fuzz/Cargo.toml` says how to let them run for hours.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use tidemark::random::Rng;

/// What the parser and the types turn on.
const WORDS: [&[u8]; 24] = [
    b",",
    b";",
    b"\t",
    b"|",
    b"\"",
    b"\"\"",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"NaN",
    b"inf",
    b"-Infinity",
    b"1e308",
    b"-0",
    b"1e-320",
    b"9007199254740993",
    b"true",
    b"False",
    b"NA",
    b"\x1f\x8b",
    targets::BETWEEN,
];

/// Failing inputs after which it is enough.
const SHOWN: usize = 5;

/// No mutation is longer.
const MAX_BYTES: usize = 20_000;

/// The files in a folder, by its path from the project's.
fn seeds(folder: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let read = |path: &Path| std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} holds no seed", folder.display());
    paths.iter().map(|path| read(path)).collect()
}

fn below(rng: &mut Rng, n: usize) -> usize {
    (rng.uniform() * n as f64) as usize
}

/// One to four small changes.
fn mutated(seed: &[u8], others: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=below(rng, 4) {
        let at = below(rng, bytes.len() + 1);
        let end = (at + below(rng, 12)).min(bytes.len());
        match below(rng, 6) {
            0 if at < bytes.len() => bytes[at] = rng.next() as u8,
            1 => drop(bytes.drain(at..end)),
            2 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            3 => {
                let other = &others[below(rng, others.len())];
                let from = below(rng, other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => {
                bytes.splice(at..at, WORDS[below(rng, WORDS.len())].iter().copied());
            }
        }
    }
    bytes.truncate(MAX_BYTES);
    bytes
}

fn smoke(target: fn(&[u8]), folder: &str, rounds: usize) {
    let seeds = seeds(folder);
    let mut rng = Rng::new(20_240_229);
    let inputs = (0..rounds).map(|round| {
        let seed = &seeds[round % seeds.len()];
        if round < seeds.len() { seed.clone() } else { mutated(seed, &seeds, &mut rng) }
    });
    let fails = |input: &Vec<u8>| catch_unwind(AssertUnwindSafe(|| target(input))).is_err();
    let failing: Vec<String> = inputs.filter(fails).take(SHOWN).map(|input| input.escape_ascii().to_string()).collect();
    assert!(failing.is_empty(), "{folder}: these inputs fail:\n{}", failing.join("\n"));
}

#[test]
fn csv_reads_or_refuses_anything() {
    smoke(targets::csv, "fuzz/seeds/csv", 100_000);
}

#[test]
fn any_table_has_a_schema() {
    smoke(targets::schema, "fuzz/seeds/csv", 50_000);
}

#[test]
fn any_two_tables_make_a_report() {
    smoke(targets::report, "fuzz/seeds/report", 10_000);
}

#[test]
fn any_onnx_file_is_refused_or_predicts() {
    smoke(targets::onnx, "tests/models", 20_000);
}

#[test]
fn any_model_file_is_refused_or_predicts() {
    smoke(targets::model, "fuzz/seeds/model", 50_000);
}

#[test]
fn any_stored_profile_is_refused_or_sound() {
    smoke(targets::profile, "fuzz/seeds/profile", 50_000);
}
