//! A table as one Parquet file, or as a folder of them.

use std::fs::File;
use std::path::{Path, PathBuf};
use tidemark::data::Dataset;
use tidemark::profile::counts::{CountedValues, TableCounts};
use tidemark_engine::TableName;

use super::super::{Failure, files, stop};
use crate::ingest::columnar::{ParquetSize, parquet_size};

/// The Parquet files that a table is, and what their footers say.
pub(super) struct ParquetFiles {
    path: PathBuf,
    paths: Vec<PathBuf>,
    rows: u64,
    columns: Vec<String>,
}

impl ParquetFiles {
    /// The files of this path: itself, or those in the folder that it is. `None` if it is a table of another format.
    pub(super) fn of(path: &Path) -> Result<Option<Self>, Failure> {
        let is_parquet = |path: &Path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
        let paths = if path.is_dir() {
            let mut paths = Vec::new();
            for entry in path.read_dir().map_err(|error| Failure::file(path, error))? {
                paths.push(entry.map_err(|error| Failure::file(path, error))?.path());
            }
            paths.retain(|path| is_parquet(path));
            paths.sort();
            paths
        } else if is_parquet(path) {
            vec![path.to_owned()]
        } else {
            return Ok(None);
        };
        let mut found: Option<Self> = None;
        for file in paths {
            let open = File::open(&file).map_err(|error| Failure::file(&file, error))?;
            let ParquetSize { rows, columns } =
                parquet_size(open).map_err(|error| Failure::file(&file, error.sentence()))?;
            match &mut found {
                None => found = Some(Self { path: path.to_owned(), paths: vec![file], rows, columns }),
                Some(found) if found.columns == columns => {
                    found.paths.push(file);
                    found.rows += rows;
                }
                Some(found) => {
                    let first = found.paths[0].display();
                    return Err(Failure::file(&file, format!("its columns are not those of {first}")));
                }
            }
        }
        found.map(Some).ok_or_else(|| Failure::file(path, "there is no .parquet file in the folder"))
    }

    /// The columns' names.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many values there are.
    pub(super) fn values(&self) -> u128 {
        u128::from(self.rows) * self.columns.len() as u128
    }

    /// What an engine that reads files by their path calls the table: `prefix` and the path, which has to be the same there.
    pub(super) fn table(&self, prefix: &[&str]) -> Result<TableName, Failure> {
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

    /// Counts the kept columns, file by file: no more than one lies in memory.
    pub(super) fn count(&self, is_kept: &dyn Fn(&str) -> bool) -> Result<TableCounts, Failure> {
        let mut all: Option<TableCounts> = None;
        for path in &self.paths {
            stop::check()?;
            let counts = count(&files::read_table(path)?.data, is_kept);
            match &mut all {
                None => all = Some(counts),
                Some(all) => add(all, counts).map_err(|column| {
                    let first = self.paths[0].display();
                    Failure::file(path, format!("the column {column:?} is of another type than in {first}"))
                })?,
            }
        }
        Ok(all.expect("there is a file, or this was not made"))
    }
}

/// Counts the kept columns of a table.
pub(super) fn count(data: &Dataset, is_kept: &dyn Fn(&str) -> bool) -> TableCounts {
    let columns = data.columns().iter().filter(|column| is_kept(&column.name)).cloned().collect();
    TableCounts::of(&Dataset::new(columns).expect("columns of one table are as long as each other"))
}

/// Adds the counts of another part of the same table; a column that is of another type there is the error.
fn add(all: &mut TableCounts, part: TableCounts) -> Result<(), String> {
    all.rows += part.rows;
    all.empty_rows += part.empty_rows;
    for (column, part) in all.columns.iter_mut().zip(part.columns) {
        column.missing += part.missing;
        match (&mut column.values, part.values) {
            (
                CountedValues::Numbers { counts, is_integer },
                CountedValues::Numbers { counts: more, is_integer: also },
            ) if *is_integer == also => {
                counts.extend(more);
                counts.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
                counts.dedup_by(|next, kept| {
                    let is_same = next.0.to_bits() == kept.0.to_bits();
                    kept.1 += if is_same { next.1 } else { 0 };
                    is_same
                });
            }
            (CountedValues::Texts { counts }, CountedValues::Texts { counts: more }) => {
                counts.extend(more);
                counts.sort_unstable();
                counts.dedup_by(|next, kept| {
                    let is_same = next.0 == kept.0;
                    kept.1 += if is_same { next.1 } else { 0 };
                    is_same
                });
            }
            _ => return Err(part.name),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark::data::csv;

    #[test]
    fn counts_of_parts_add_up_to_those_of_the_whole() {
        let count = |text: &str| count(&csv::read(text.as_bytes()).unwrap(), &|_| true);
        let mut parts = count("x,k\n1.5,a\n2.5,b\n,\n");
        add(&mut parts, count("x,k\n1.5,b\n-3.5,\n,c\n")).unwrap();
        let whole = count("x,k\n1.5,a\n2.5,b\n,\n1.5,b\n-3.5,\n,c\n");
        let sorted = |mut counts: TableCounts| {
            for column in &mut counts.columns {
                match &mut column.values {
                    CountedValues::Numbers { counts, .. } => counts.sort_by(|a, b| a.0.total_cmp(&b.0)),
                    CountedValues::Texts { counts } => counts.sort(),
                    CountedValues::Booleans { .. } => {}
                }
            }
            counts
        };
        assert_eq!(sorted(parts), sorted(whole));
        assert_eq!(add(&mut count("x\n1\n"), count("x\na\n")), Err("x".to_owned()));
    }
}
