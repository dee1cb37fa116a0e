//! A table as one Parquet file, or as a folder of them.

use std::path::{Path, PathBuf};
use tidemark::data::{Column, Dataset};
use tidemark::profile::counts::TableCounts;
use tidemark::report::ColumnSource;
use tidemark_engine::TableName;

use super::super::{Failure, files};
use crate::ingest::parquet_table::{ParquetTable, bucket_address};

/// A table in Parquet that several engines can read.
pub(super) struct ParquetFiles {
    path: PathBuf,
    pub(super) table: ParquetTable,
}

impl ParquetFiles {
    /// The table at this path. `None` if it is of another format.
    pub(super) fn of(path: &Path) -> Result<Option<Self>, Failure> {
        if !files::is_parquet(path)? {
            return Ok(None);
        }
        let table = ParquetTable::open(path).map_err(|error| Failure::Error(error.to_string()))?;
        Ok(Some(Self { path: path.to_owned(), table }))
    }

    /// How many values there are.
    pub(super) fn values(&self) -> u128 {
        u128::from(self.table.rows()) * self.table.names().len() as u128
    }

    /// What an engine that reads files by their path calls the table: `prefix` and the path, which has to be the same there.
    pub(super) fn name(&self, prefix: &[&str]) -> Result<TableName, Failure> {
        if bucket_address(&self.path).is_some() {
            let what =
                "an engine reads an object store by settings of its own: name a table of it, or take --engine embedded";
            return Err(Failure::file(&self.path, what));
        }
        let path = self.path.canonicalize().map_err(|error| Failure::file(&self.path, error))?;
        let text = path.to_str().filter(|text| !text.contains(['*', '?', '[', ']', '{', '}', '\\']));
        let Some(text) = text else {
            return Err(Failure::file(
                &self.path,
                "an engine would read the path as a pattern: rename it, or take --engine embedded",
            ));
        };
        let pattern = if path.is_dir() { format!("{text}/*.parquet") } else { text.to_owned() };
        Ok(TableName::of(prefix.iter().map(|part| (*part).to_owned()).chain([pattern]).collect()))
    }

    /// Counts the kept columns, which lie in memory all at once: what is held against other engines.
    pub(super) fn count(&self, is_kept: &dyn Fn(&str) -> bool) -> Result<TableCounts, Failure> {
        let names = self.table.names().iter().enumerate().filter(|(_, name)| is_kept(name));
        let columns: Result<Vec<Column>, _> = names.map(|(place, _)| self.table.read(place)).collect();
        let columns = columns.map_err(|error| Failure::Error(error.to_string()))?;
        Ok(counts_of(columns))
    }
}

/// Counts the kept columns of a table.
pub(super) fn count(data: &Dataset, is_kept: &dyn Fn(&str) -> bool) -> TableCounts {
    counts_of(data.columns().iter().filter(|column| is_kept(&column.name)).cloned().collect())
}

fn counts_of(columns: Vec<Column>) -> TableCounts {
    TableCounts::of(&Dataset::new(columns).expect("columns of one table are as long as each other"))
}
