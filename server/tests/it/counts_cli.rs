//! `report` of tables that lie in a database: the SQL that counts them, and the report of its result.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Output;

use crate::command_line::{stdout, tidemark};
use crate::support::Folder;

/// What a run that was refused said.
fn refusal(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Numbers with repeats, by row.
fn numbers(n: u32, shift: u32) -> Vec<u32> {
    (0..n).map(|i| i * 389 % 97 + shift).collect()
}

/// What a database gives of a table whose one column is `x`.
fn counted(side: &str, values: &[u32]) -> String {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for value in values {
        *counts.entry(*value).or_default() += 1;
    }
    let mut text = format!("{side},0,rows,1,{}\n{side},0,empty_rows,,0\n{side},0,column,float:78,0\n", values.len());
    for (value, n) in counts {
        writeln!(text, "{side},0,value,{value},{n}").unwrap();
    }
    text
}

fn file(values: &[u32]) -> String {
    values.iter().fold("x\n".to_owned(), |text, value| format!("{text}{value}.0\n"))
}

#[test]
fn the_report_of_counts_is_the_report_of_the_rows() {
    let folder = Folder::new();
    let (reference, current) = (numbers(600, 0), numbers(500, 20));
    std::fs::write(folder.path("reference.csv"), file(&reference)).unwrap();
    std::fs::write(folder.path("current.csv"), file(&current)).unwrap();
    std::fs::write(folder.path("counts.csv"), counted("reference", &reference) + &counted("current", &current))
        .unwrap();
    let json = ["--shuffled", "--format", "json"];
    let of_counts = stdout(&tidemark(&folder, &[&["report", "--from-counts", "counts.csv"], &json[..]].concat()));
    let of_files =
        stdout(&tidemark(&folder, &[&["report", "--counted", "reference.csv", "current.csv"], &json[..]].concat()));
    assert_eq!(of_counts, of_files);
    let plain = stdout(&tidemark(&folder, &[&["report", "reference.csv", "current.csv"], &json[..]].concat()));
    let (counts, plain): (Value, Value) =
        (serde_json::from_str(&of_counts).unwrap(), serde_json::from_str(&plain).unwrap());
    assert_eq!(counts["columns"], plain["columns"]);
    assert_eq!(counts["columns"][0]["calibrated"]["verdict"], "drifted", "{}", counts["columns"][0]);
}

#[test]
fn what_counts_cannot_tell_is_refused() {
    let folder = Folder::new();
    let rows = numbers(300, 0);
    let text = counted("reference", &rows) + &counted("current", &rows);
    std::fs::write(folder.path("counts.csv"), &text).unwrap();
    let refused =
        |more: &[&str]| refusal(&tidemark(&folder, &[&["report", "--from-counts", "counts.csv"], more].concat()));
    assert!(refused(&[]).contains("--shuffled"));
    assert!(refused(&["--shuffled", "--ignore", "x"]).contains("--emit-sql"));
    assert!(refused(&["--shuffled", "--quality", "full"]).contains("--from-counts"));
    std::fs::write(folder.path("counts.csv"), text.lines().skip(4).collect::<Vec<_>>().join("\n")).unwrap();
    assert!(refused(&["--shuffled"]).contains("counts.csv"));
}

#[test]
fn the_sql_quotes_names_and_needs_types() {
    let folder = Folder::new();
    let emit = |dialect: &str, more: &[&str]| {
        let tables = ["--reference-table", "train", "--current-table", "\"to.day\""];
        tidemark(&folder, &[&["report", "--emit-sql", dialect], &tables[..], more].concat())
    };
    let told = refusal(&emit("postgres", &[]));
    assert!(told.contains("information_schema.columns"), "{told}");
    std::fs::write(folder.path("schema.csv"), "name,type\n\"a\"\"; DROP TABLE x\",double precision\nkind,text\n")
        .unwrap();
    for (dialect, name, table) in [
        ("postgres", "\"a\"\"; DROP TABLE x\"", "\"to.day\""),
        ("duckdb", "\"a\"\"; DROP TABLE x\"", "\"to.day\""),
        ("clickhouse", "`a\"; DROP TABLE x`", "`to.day`"),
        ("spark", "`a\"; DROP TABLE x`", "`to.day`"),
    ] {
        let sql = stdout(&emit(dialect, &["--schema", "schema.csv"]));
        assert!(sql.contains(name) && sql.contains(table), "{dialect}: {sql}");
    }
    let told = refusal(&emit("oracle", &["--schema", "schema.csv"]));
    assert!(told.contains("postgres, duckdb, clickhouse"), "{told}");
}
