//! Real clients of other people, where a Python that has them is at hand: TIDEMARK_PYTHON names it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

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
    let mut server = Command::new(env!("CARGO_BIN_EXE_tidemark"))
        .args(["serve", "--model", "model.tidemark", "--listen", "127.0.0.1:0", "--data-dir", "d"])
        .current_dir(&folder.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("Tidemark is at ").expect(&line);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/standards.py");
    let checked = Command::new(python).args([script, url]).arg(folder.path("current.csv")).output();
    server.kill().unwrap();
    server.wait().unwrap();
    let checked = checked.expect("the Python that was named runs");
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}\n{}", String::from_utf8_lossy(&checked.stderr));
    assert!(said.lines().filter(|line| line.starts_with("ok: ")).count() >= 15, "{said}");
}
