//! Agreement with the peers, on cases the peers themselves computed.
//!
//! The cases in `tests/golden` are always run. `TIDEMARK_GOLDEN=<directory>` runs every file there in the same formats
//! besides; the data files they name are looked up in `../data` beside that directory. See `tests/golden/README.md`.

mod agreement;

use agreement::tally::Tally;
use agreement::{columns, files, metrics, nannyml, nannyml_multiclass, quality, reports, scipy, streams, tails};
use std::io::Write;
use std::path::{Path, PathBuf};

fn run_directory(directory: &Path) -> Tally {
    let mut tally = Tally::default();
    for path in files::json_files(directory) {
        let (name, file) = (files::name(&path), files::read_json(&path));
        match file["format"].as_str() {
            Some("golden-columns/1") => columns::run(&name, &file, directory, &mut tally),
            Some("golden-reports/1") => reports::run(&file, directory, &mut tally),
            Some("golden-nannyml/1") => nannyml::run(&file, directory, &mut tally),
            Some("golden-nannyml-multiclass/1") => nannyml_multiclass::run(&file, &mut tally),
            Some("golden-quality/1") => quality::run(&file, &mut tally),
            Some("golden-scipy/1") => scipy::run(&name, &file, &mut tally),
            Some("golden-metrics/1") => metrics::run(&name, &file, directory, &mut tally),
            Some("golden-streams/1") => streams::run(&name, &file, directory, &mut tally),
            Some("golden-tails/1") => tails::run(&name, &file, &mut tally),
            format => tally.check(&name, false, || format!("unknown format {format:?}")),
        }
    }
    tally.conclude(&directory.display().to_string());
    tally
}

#[test]
fn committed_cases_agree() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let tally = run_directory(&root.join("tests/golden"));
    // What `make parity` holds the wasm answers against.
    let answers = root.join("target/parity");
    std::fs::create_dir_all(&answers).expect("target can be written");
    std::fs::write(answers.join("native.jsonl"), tally.answers.join("\n") + "\n").expect("target can be written");
}

#[test]
fn the_directory_named_by_the_environment_agrees() {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/golden");
    match std::env::var_os("TIDEMARK_GOLDEN") {
        Some(directory) => drop(run_directory(Path::new(&directory))),
        None if beside.is_dir() => drop(run_directory(&beside)),
        None => {
            writeln!(std::io::stderr(), "skipped: TIDEMARK_GOLDEN names no directory, and there is no ../shared/golden")
                .expect("standard error can be written")
        }
    }
}
