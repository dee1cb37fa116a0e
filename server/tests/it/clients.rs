//! Real clients of other people, where a Python that has them is at hand: TIDEMARK_PYTHON names it.

use std::io::Write;
use std::process::Command;

use crate::command_line::Serving;
use crate::support::{Folder, current, model_file};

#[test]
fn other_peoples_clients_are_answered() {
    let Some(python) = std::env::var_os("TIDEMARK_PYTHON") else {
        writeln!(std::io::stderr(), "skipped: TIDEMARK_PYTHON names no Python with tritonclient and mlflow-skinny")
            .expect("standard error can be written");
        return;
    };
    let folder = Folder::new();
    std::fs::write(folder.path("model.tidemark"), model_file()).unwrap();
    let mut csv = Vec::new();
    tidemark::data::csv::write(current(), &mut csv).unwrap();
    std::fs::write(folder.path("current.csv"), csv).unwrap();
    let server = Serving::of(&folder, |_| ());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/standards.py");
    let checked = Command::new(python).args([script, &server.url]).arg(folder.path("current.csv")).output();
    let checked = checked.expect("the Python that was named runs");
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}\n{}", String::from_utf8_lossy(&checked.stderr));
    assert!(said.lines().filter(|line| line.starts_with("ok: ")).count() >= 15, "{said}");
}
