//! `report` of Parquet files, which are read column by column.

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::sync::Arc;
use tidemark::data::sha256_hex;
use tidemark::judge::Settings;
use tidemark::report::{DriftReport, Source, compare};
use tidemark::schema::{Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};
use tidemark_server::ingest::columnar::read_parquet;

use crate::command_line::{stdout, tidemark};
use crate::support::Folder;

/// Rows of every type, with gaps; in row groups of 300.
pub fn table(rows: i64, shift: f64) -> Vec<u8> {
    parquet(&table_rows(rows, shift))
}

fn parquet(batch: &RecordBatch) -> Vec<u8> {
    let groups = WriterProperties::builder().set_max_row_group_row_count(Some(300)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(groups)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

fn table_rows(rows: i64, shift: f64) -> RecordBatch {
    let there = |row: &i64| row % 11 != 3;
    let all = || 0..rows;
    let fraction = |row: i64| (row * 7919 % 1000) as f64 / 250.0 + shift;
    let number: ArrayRef = Arc::new(Float64Array::from_iter_values(all().map(fraction)));
    let gaps: ArrayRef = Arc::new(Float64Array::from_iter(all().map(|row| there(&row).then_some(fraction(row)))));
    let count: ArrayRef = Arc::new(Int64Array::from_iter_values(all().map(|row| row * 31 % 400)));
    let kind: ArrayRef =
        Arc::new(StringArray::from_iter(all().map(|row| there(&row).then(|| format!("kind {}", row * 31 % 7)))));
    let flag: ArrayRef = Arc::new(BooleanArray::from_iter(all().map(|row| Some(row % 3 == 0))));
    let at: ArrayRef = Arc::new(TimestampMillisecondArray::from_iter_values(all().map(|row| row * 60_000)));
    let columns = [("number", number), ("gaps", gaps), ("count", count), ("kind", kind), ("flag", flag), ("at", at)];
    RecordBatch::try_from_iter(columns).unwrap()
}

#[test]
fn a_report_column_by_column_is_that_of_the_whole_files() {
    let folder = Folder::new();
    let files = [table(1000, 0.0), table(700, 0.5)];
    for (name, bytes) in ["before.parquet", "now.parquet"].iter().zip(&files) {
        std::fs::write(folder.path(name), bytes).unwrap();
    }
    let report = ["report", "before.parquet", "now.parquet", "--format", "json"];
    let found = stdout(&tidemark(&folder, &report));
    let [before, now] = files.each_ref().map(|bytes| read_parquet(bytes.clone().into(), usize::MAX).unwrap());
    let schema = Schema::infer(&before, &SchemaOverrides::default()).unwrap();
    let source = |label, data, bytes: &[u8]| Source { label, data, sha256: Some(sha256_hex(bytes)) };
    let expected = compare(
        Reference(source("before.parquet", &before, &files[0])),
        Current(source("now.parquet", &now, &files[1])),
        &schema,
        &Settings::default(),
    );
    assert_eq!(found, serde_json::to_string_pretty(&expected).unwrap() + "\n");
    assert_eq!(expected.columns.len(), 6);
    // The same rows in several files, whose names say the order.
    let parts =
        [("before", table_rows(1000, 0.0), [0, 400, 401, 1000]), ("now", table_rows(700, 0.5), [0, 1, 500, 700])];
    for (folder_name, whole, rows) in parts {
        std::fs::create_dir(folder.path(folder_name)).unwrap();
        for (part, ends) in rows.windows(2).enumerate() {
            let rows = whole.slice(ends[0], ends[1] - ends[0]);
            std::fs::write(folder.path(&format!("{folder_name}/{part}.parquet")), parquet(&rows)).unwrap();
        }
    }
    let found: DriftReport =
        serde_json::from_str(&stdout(&tidemark(&folder, &["report", "before", "now", "--format", "json"]))).unwrap();
    assert_eq!((&found.columns, &found.quality), (&expected.columns, &expected.quality));
    assert_eq!((found.current.label.as_str(), found.current.rows, found.current.sha256), ("now", 700, None));
    let refused = tidemark(&folder, &["report", "before", "now", "--quality", "full"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("before: only whole rows tell repeated rows"), "{said}");
    // What takes whole rows is answered as before.
    let full = stdout(&tidemark(&folder, &[&report[..], &["--quality", "full", "--multivariate"]].concat()));
    assert!(full.contains("\"duplicate_rows\"") && full.contains("\"multivariate\""), "{full}");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = Folder::new();
    let mut bytes = table(1000, 0.0);
    std::fs::write(folder.path("sound.parquet"), &bytes).unwrap();
    // The columns' pages are damaged, the end that describes them is not.
    let half = bytes.len() / 2;
    bytes[4..half].fill(0xa5);
    std::fs::write(folder.path("damaged.parquet"), &bytes).unwrap();
    std::fs::write(folder.path("short.parquet"), &bytes[..half]).unwrap();
    for (reference, current) in [("sound.parquet", "damaged.parquet"), ("short.parquet", "sound.parquet")] {
        let output = tidemark(&folder, &["report", reference, current]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let bad = if reference == "sound.parquet" { current } else { reference };
        assert!(!output.status.success() && said.contains(bad), "{said}");
    }
}
