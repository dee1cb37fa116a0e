//! What other programs get, and that they can read it.

use std::path::Path;
use std::process::Command;
use tidemark_log::{Answers, Entry, Format, Layout, Line, Log, Outcome, Reader, Value, export, replay, verify};

use crate::support::{Folder, HandClock, MIDNIGHT, append, entry, features, layout, line, stream};

/// Seven records, four of them in a segment.
fn seven(folder: &Folder) -> Reader {
    let log = Log::open(folder.path(), HandClock::new().options()).unwrap();
    append(&log, &stream(&log), 0..4);
    log.seal().unwrap();
    append(&log, &stream(&log), 4..6);
    let values = [Value::Number(1.5), Value::Number(f64::INFINITY), Value::Text("=1+1, \"x\"".into())];
    log.append_blocking(&stream(&log), &entry(6, &values)).unwrap();
    drop(log);
    Reader::open(folder.path()).unwrap()
}

fn exported(reader: &Reader, times: Option<std::ops::Range<i64>>, format: Format) -> (u64, Vec<u8>) {
    let mut out = Vec::new();
    let n = export(reader, &line(), times, format, &mut out).unwrap();
    (n, out)
}

#[test]
fn lines_of_json_say_all_of_a_record() {
    let folder = Folder::new();
    let reader = seven(&folder);
    let (n, out) = exported(&reader, None, Format::Ndjson);
    let lines: Vec<serde_json::Value> =
        std::str::from_utf8(&out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((n, lines.len()), (7, 7));
    assert_eq!(
        lines[0],
        serde_json::json!({
            "position": 1, "id": "order 0", "time": "2026-11-24T00:00:00Z", "received": "2026-11-24T00:00:00Z", "version": "1",
            "origin": "ingested", "prediction": "fraud", "scores": [0.25, 0.75], "violations": [1, 513],
            "request_id": "request 17", "features": {"Amount": 0.0, "V1": 0.0, "country": "country 0"}
        })
    );
    assert_eq!(lines[3]["features"], serde_json::json!({"V1": -3.0, "country": "country 3"}), "nothing is left out");
    assert_eq!(lines[6]["features"]["V1"], serde_json::Value::Null, "JSON has no infinity");
    // Of a time range, in memory and in segments.
    let (n, out) = exported(&reader, Some(MIDNIGHT + 20..MIDNIGHT + 50), Format::Ndjson);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(n, 3);
    assert!(text.contains("\"order 2\"") && text.contains("\"order 4\"") && !text.contains("\"order 5\""), "{text}");
}

#[test]
fn csv_holds_no_formula() {
    let folder = Folder::new();
    let (_, out) = exported(&seven(&folder), None, Format::Csv);
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "_position,_id,_time,_received,_version,_origin,_prediction,_scores,_violations,_request_id,Amount,V1,country"
    );
    assert_eq!(
        lines[2],
        "2,order 1,2026-11-24T00:00:00.01Z,2026-11-24T00:00:00Z,1,ingested,good,,,,0.125,-1,country 1"
    );
    assert!(lines[7].ends_with(",1.5,inf,\"'=1+1, \"\"x\"\"\""), "{}", lines[7]);
}

/// A regression, a model of three listed classes, one whose classes are not listed, and a shadow of the first.
#[test]
fn every_kind_of_answer_is_exported_from_memory_and_from_segments() {
    let three = Answers::Classes(["low", "mid", "high"].map(str::to_owned).to_vec());
    let kinds = [
        (Line::predictions("price"), Answers::Numbers, Outcome::Number(12.5), &[][..], "12.5", "12.5"),
        (
            Line::Shadow { model: "price".to_owned(), version: "2".to_owned() },
            Answers::Numbers,
            Outcome::Number(-0.25),
            &[],
            "-0.25",
            "-0.25",
        ),
        (Line::predictions("risk"), three, Outcome::Class(2), &[0.1, 0.2, 0.7], "\"high\"", "high"),
        (Line::predictions("words"), Answers::Names, Outcome::Label("spam".into()), &[], "\"spam\"", "spam"),
    ];
    let folder = Folder::new();
    let log = Log::open(folder.path(), HandClock::new().options()).unwrap();
    for is_sealed in [false, true] {
        for (line, answers, outcome, scores, json, csv) in &kinds {
            let layout = Layout { answers: answers.clone(), ..layout() };
            let stream = log.stream(line.clone(), "2", layout).unwrap();
            let features = features(1);
            let said = Entry { outcome: outcome.clone(), scores, ..entry(1, &features) };
            log.append_blocking(&stream, &said).unwrap();
            let exported = |format| {
                let mut out = Vec::new();
                assert_eq!(export(log.reader(), line, None, format, &mut out).unwrap(), 1, "{line:?}");
                out
            };
            let text = String::from_utf8(exported(Format::Ndjson)).unwrap();
            assert!(
                text.contains(&format!("\"prediction\":{json},\"scores\":{}", serde_json::json!(scores))),
                "{text}"
            );
            let text = String::from_utf8(exported(Format::Csv)).unwrap();
            assert!(text.lines().nth(1).unwrap().contains(&format!(",2,ingested,{csv},")), "{text}");
            assert!(exported(Format::Parquet).starts_with(b"PAR1"));
            let record = log.reader().records(line, log.reader().positions(line)).next().unwrap().unwrap().remove(0);
            assert_eq!(record.as_entry(), said, "{line:?}");
        }
        if !is_sealed {
            log.seal().unwrap();
        }
    }
}

#[test]
fn a_replayed_line_is_the_body_of_a_request() {
    let folder = Folder::new();
    let mut out = Vec::new();
    assert_eq!(replay(&seven(&folder), &line(), None, &mut out).unwrap(), 7);
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().nth(1), Some(r#"{"Amount":0.125,"V1":-1.0,"country":"country 1"}"#));
    assert_eq!(text.lines().nth(3), Some(r#"{"V1":-3.0,"country":"country 3"}"#));
}

#[test]
fn verify_names_what_is_wrong() {
    let folder = Folder::new();
    let reader = seven(&folder);
    let fine = verify(folder.path()).unwrap();
    assert_eq!((fine.n_lines, fine.n_segments, fine.n_sealed, fine.n_unsealed), (1, 1, 4, 3));
    assert_eq!(fine.problems, []);
    let path = reader.segments(&line())[0].path.clone();
    let whole = std::fs::read(&path).unwrap();
    let mut damaged = whole.clone();
    damaged[100] ^= 4;
    std::fs::write(&path, &damaged).unwrap();
    let found = verify(folder.path()).unwrap();
    assert_eq!(found.problems.iter().map(|damage| damage.path.as_path()).collect::<Vec<_>>(), [path.as_path()]);
    std::fs::write(&path, &whole).unwrap();
    // A segment under a name that is not its own, and a hole where it was.
    std::fs::rename(&path, path.with_file_name("part-1-4.parquet")).unwrap();
    std::fs::rename(sidecar(&path), path.with_file_name(".part-1-4.crc32c")).unwrap();
    assert_eq!(verify(folder.path()).unwrap().problems.len(), 1);
    std::fs::remove_file(path.with_file_name("part-1-4.parquet")).unwrap();
    let problems = verify(folder.path()).unwrap().problems;
    assert_eq!(problems.len(), 1);
    assert!(problems[0].what.contains("position"), "{}", problems[0]);
}

fn sidecar(path: &Path) -> std::path::PathBuf {
    path.with_file_name(format!(".{}.crc32c", path.file_stem().unwrap().to_str().unwrap()))
}

/// `TIDEMARK_PYTHON` names a Python that has pandas, Polars or DuckDB.
#[test]
fn pandas_polars_and_duckdb_read_the_folder_as_it_lies_there() {
    const SCRIPT: &str = r#"
import glob, importlib, sys
folder = sys.argv[1]
def frame(name):
    module = importlib.import_module(name)
    if name == "pandas":
        return module.read_parquet(folder)
    if name == "polars":
        return module.read_parquet(folder + "/**/*.parquet", hive_partitioning=True).to_pandas()
    return module.sql(f"select * from read_parquet('{folder}/**/*.parquet', hive_partitioning = true)").df()
for name in ["pandas", "polars", "duckdb"]:
    try:
        rows = frame(name).sort_values("_position")
    except ModuleNotFoundError:
        continue
    assert len(rows) == 60, len(rows)
    assert list(rows["_position"]) == list(range(1, 61))
    assert list(rows["_id"]) == [f"order {n}" for n in range(60)]
    assert set(rows["model"].astype(str)) == {"fraud"}
    assert sorted(set(rows["date"].astype(str).str[:10])) == ["2026-11-24", "2026-11-25"]
    assert rows["Amount"].isna().sum() == sum(n % 7 == 3 for n in range(60))
    assert rows["V1"].sum() == -sum(range(60))
    assert list(rows["_prediction"])[:2] == ["fraud", "good"]
    assert list(rows["_scores"].iloc[0]) == [0.25, 0.75]
    assert str(rows["_time"].iloc[1]).startswith("2026-11-24 00:00:00.010")
    print("read by", name)
"#;
    let python = std::env::var("TIDEMARK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = |module: &str| {
        let tried = Command::new(&python).args(["-c", &format!("import pandas, {module}")]).output();
        tried.is_ok_and(|output| output.status.success())
    };
    if !["pyarrow", "polars", "duckdb"].into_iter().any(has) {
        println!("skipped pandas_polars_and_duckdb_read_the_folder_as_it_lies_there: no Python with one of them");
        return;
    }
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    for round in 0..3 {
        append(&log, &stream(&log), 20 * round..20 * (round + 1));
        log.seal().unwrap();
        clock.advance(12 * 3_600_000);
    }
    drop(log);
    let output = Command::new(&python).args(["-c", SCRIPT]).arg(folder.path().join("predictions")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    println!("{}", String::from_utf8_lossy(&output.stdout));
}
