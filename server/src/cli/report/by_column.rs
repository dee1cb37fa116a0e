//! Parquet files are compared column by column, so that they need not fit into memory.

use std::path::Path;
use std::thread;

use tidemark::judge::Settings;
use tidemark::report::{ByColumn, ByColumnError, ColumnSource, DriftReport, NeedsRows, compare_by_column};
use tidemark::schema::SchemaOverrides;
use tidemark::stattest::{Current, Reference};

use super::super::{Failure, files, progress};
use super::check_names;
use super::parquet_files::ParquetFiles;
use crate::ingest::parquet_table::ParquetTable;

/// Bytes that the columns under comparison may take together, as long as there is more than one of them.
const MOST_BYTES: u64 = 1 << 30;
/// Bytes that a row of a column takes at most while it is sorted.
const ROW_BYTES: u64 = 16;

/// The report of two tables in Parquet, each a file or a folder of files; `None` where one of them is something else, or the settings ask for
/// whole rows.
pub(super) fn report(
    paths: [&Path; 2],
    overrides: &SchemaOverrides,
    settings: &Settings,
) -> Result<Option<DriftReport>, Failure> {
    let [reference, current] = paths;
    let (Some(before), Some(now)) = (ParquetFiles::of(reference)?, ParquetFiles::of(current)?) else { return Ok(None) };
    // Before any file is hashed, which takes as long as reading it.
    if let Some(what) = NeedsRows::beyond_columns(settings) {
        return match paths.into_iter().find(|path| files::is_parquet_alone(path)) {
            Some(path) => Err(Failure::file(
                path,
                format!("{what}, and folders and object stores are read by columns: take a file"),
            )),
            None => Ok(None),
        };
    }
    let labels = paths.map(files::label);
    let (report, hashes) = thread::scope(|scope| {
        let hashes = scope.spawn(|| paths.map(hash));
        let tables = [&before.table, &now.table];
        let report = compare(tables, labels.each_ref().map(String::as_str), overrides, settings);
        (report, hashes.join().expect("hashing does not panic"))
    });
    let (mut report, [before, now]) = (report?, hashes);
    (report.reference.sha256, report.current.sha256) = (before?, now?);
    Ok(Some(report))
}

/// The report of two tables, by settings that do not ask for whole rows.
pub(super) fn compare(
    tables: [&ParquetTable; 2],
    labels: [&str; 2],
    overrides: &SchemaOverrides,
    settings: &Settings,
) -> Result<DriftReport, Failure> {
    let [before, now] = tables;
    check_names(settings, labels[0], before.names())?;
    let side = |label, source| ByColumn { label, source, sha256: None };
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let fit = MOST_BYTES / (ROW_BYTES * (before.rows() + now.rows())).max(1);
    let bar = progress::bar(before.names().len() as u64, "Comparing", "columns");
    let report = compare_by_column(
        Reference(side(labels[0], before)),
        Current(side(labels[1], now)),
        overrides,
        settings,
        fit.min(threads) as usize,
        &|progress| bar.set_position(progress.done as u64),
    );
    bar.finish_and_clear();
    report.map_err(|error| match error {
        ByColumnError::Read(error) => Failure::Error(error.to_string()),
        error => Failure::new(labels[0], error),
    })
}

/// SHA-256 of a file; a folder has none, and for that of an object all of it would have to come here.
fn hash(path: &Path) -> Result<Option<String>, Failure> {
    (!files::is_parquet_alone(path)).then(|| files::sha256(path)).transpose()
}
