//! `report` of tables that an engine counts by itself: PostgreSQL, and files in the way that fits.

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tidemark_postgres::Address;
use tidemark_throwaway::Server;

use crate::command_line::{stdout, tidemark};
use crate::support::Folder;

const TABLES: [&str; 4] = ["--reference-table", "train", "--current-table", "today"];
const JSON: [&str; 3] = ["--shuffled", "--format", "json"];

/// Numbers with repeats, by row.
fn numbers(n: u32, shift: u32) -> Vec<f64> {
    (0..n).map(|i| f64::from(i * 389 % 97 + shift) / 8.0).collect()
}

fn parquet(path: &Path, values: &[f64]) {
    let column: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
    let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A database in which `sql` was run.
fn database(server: &Server, sql: &str) -> String {
    let address = server.database();
    let mut client = tidemark_postgres::connect(&address.parse::<Address>().unwrap()).unwrap();
    client.batch_execute(sql).unwrap();
    address
}

fn insert(table: &str, values: &[f64]) -> String {
    let rows: Vec<String> = values.iter().map(|value| format!("({value})")).collect();
    format!("CREATE TABLE {table} (x float8); INSERT INTO {table} VALUES {};", rows.join(","))
}

#[test]
fn tables_of_postgresql_give_the_report_of_files() {
    let Some(server) = tidemark_throwaway::shared() else { return };
    let folder = Folder::new();
    let (reference, current) = (numbers(600, 0), numbers(500, 20));
    parquet(&folder.path("reference.parquet"), &reference);
    parquet(&folder.path("current.parquet"), &current);
    let of_files = [&["report", "--counted", "reference.parquet", "current.parquet"], &JSON[..]].concat();
    let expected = stdout(&tidemark(&folder, &of_files));
    let address = database(server, &(insert("train", &reference) + &insert("today", &current)));
    let live = [&["report", "--connect", &address], &TABLES[..], &JSON].concat();
    let output = tidemark(&folder, &live);
    assert_eq!(stdout(&output), expected);
    assert!(said(&output).contains("Counted by postgres, as --connect names"), "{}", said(&output));
    let named = tidemark(&folder, &[&live[..], &["--engine", "postgres"]].concat());
    assert_eq!(stdout(&named), expected);
    let refused = |more: &[&str]| said(&tidemark(&folder, &[&live[..], more].concat()));
    assert!(refused(&["--ignore", "y"]).contains("there are x"), "what there is instead is told");
    assert!(refused(&["--engine", "duckdb-cli"]).contains("duckdb"));
}

#[test]
fn a_folder_of_parquet_files_is_one_table() {
    let folder = Folder::new();
    let (reference, current) = (numbers(600, 0), numbers(500, 20));
    for (name, values) in [("reference", &reference), ("current", &current)] {
        parquet(&folder.path(&format!("{name}.parquet")), values);
        std::fs::create_dir(folder.path(name)).unwrap();
        for (nth, part) in values.chunks(250).enumerate() {
            parquet(&folder.path(&format!("{name}/part-{nth}.parquet")), part);
        }
        std::fs::write(folder.path(&format!("{name}/_SUCCESS")), "").unwrap();
    }
    let report = |files: [&str; 2]| {
        tidemark(&folder, &[&["report", "--engine", "auto", files[0], files[1]], &JSON[..]].concat())
    };
    let of_folders = report(["reference", "current"]);
    assert_eq!(stdout(&of_folders), stdout(&report(["reference.parquet", "current.parquet"])));
    assert!(said(&of_folders).contains("Counted by embedded, as 1100 values are fewer than"), "{}", said(&of_folders));
    std::fs::write(folder.path("current/part-9.parquet"), "no parquet").unwrap();
    assert!(said(&report(["reference", "current"])).contains("part-9.parquet"));
    std::fs::create_dir(folder.path("empty")).unwrap();
    assert!(said(&report(["empty", "current.parquet"])).contains("no .parquet file"));
    std::fs::write(folder.path("few.csv"), "x\n1\n").unwrap();
    let beside = said(&tidemark(&folder, &["report", "reference", "few.csv"]));
    assert!(beside.contains("beside another table in Parquet"), "{beside}");
}

#[test]
fn what_counts_cannot_tell_is_refused_before_anything_is_asked() {
    let folder = Folder::new();
    let nowhere = ["report", "--connect", "postgres://127.0.0.1:1/t"];
    let refused = said(&tidemark(&folder, &[&nowhere, &TABLES[..]].concat()));
    assert!(refused.contains("--shuffled"), "{refused}");
    let refused = said(&tidemark(&folder, &[&nowhere, &TABLES[..], &["--shuffled", "--quality", "full"]].concat()));
    assert!(refused.contains("repeated rows"), "{refused}");
}

#[test]
fn no_error_tells_a_password() {
    let folder = Folder::new();
    std::fs::write(folder.path("password"), "hunter2\n").unwrap();
    for (address, more) in [
        ("postgres://ada:hunter2@127.0.0.1:1/t", &[][..]),
        ("postgres://ada@127.0.0.1:1/t", &["--password-file", "password"]),
        ("http://ada:hunter2@127.0.0.1:1/", &[]),
        ("http://ada@127.0.0.1:1/", &["--password-file", "password"]),
        ("mysql://ada:hunter2@127.0.0.1:1/t", &[]),
        ("host=127.0.0.1 port=1 password=hunter2 sslmode=hunter2", &[]),
    ] {
        let output = tidemark(&folder, &[&["report", "--connect", address], &TABLES[..], &JSON, more].concat());
        assert!(!output.status.success() && output.stdout.is_empty(), "{address}");
        assert!(!said(&output).contains("hunter2"), "{}", said(&output));
        assert!(said(&output).contains("error:"), "{}", said(&output));
    }
}

#[test]
fn ctrl_c_ends_the_statement_at_the_database() {
    let Some(server) = tidemark_throwaway::shared() else { return };
    let folder = Folder::new();
    let slow = "SELECT CASE WHEN pg_sleep(600) IS NULL THEN 0.5::float8 END AS x";
    let address = database(server, &format!("CREATE VIEW train AS {slow}; CREATE VIEW today AS {slow}"));
    let name = address.rsplit_once("dbname=").unwrap().1;
    let counting = || {
        let active =
            format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND query LIKE 'COPY%side%'");
        server.ask(&format!("{active} AND state = 'active'")).unwrap()
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidemark"));
    command.args([&["report", "--connect", &address], &TABLES[..], &JSON, &["--out", "report.json"]].concat());
    let child = command.current_dir(&folder.0).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while counting() != "1" {
        assert!(Instant::now() < end, "the statement does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", said(&output));
    assert_eq!(counting(), "0");
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
