//! The query that counts two tables.

use std::fmt;

use crate::dialect::Dialect;
use crate::kind::Kind;
use crate::table_name::TableName;

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlColumn {
    /// Its name.
    pub name: String,
    /// How it is counted.
    pub kind: Kind,
}

/// Why there is no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlError {
    /// A table without columns.
    NoColumn,
    /// A name that no database quotes: an empty one, or one with a NUL.
    Name {
        /// The name.
        name: String,
    },
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColumn => write!(f, "there is no column to count"),
            Self::Name { name } => write!(f, "no name of a table or a column is {name:?}"),
        }
    }
}

impl std::error::Error for SqlError {}

/// The query whose result [`read`](crate::read) takes: `side, place, what, value, n`, in no order, of letters, digits, signs and points
/// alone. Each side is a table with the columns that are counted of it, the reference first.
///
/// Every column is one `GROUP BY`; names go into the result as hex, and into the query quoted by the dialect, so none can end the
/// quotes that it stands in.
///
/// # Errors
/// A side has no column, or a name can't be quoted.
pub fn count_sql(dialect: &dyn Dialect, sides: [(&TableName, &[SqlColumn]); 2]) -> Result<String, SqlError> {
    Ok(CountQueries::of(dialect, sides)?.together())
}

/// The query whose result tells the columns of a table and their types, in its first two columns.
///
/// # Errors
/// The name can't be quoted.
pub fn describe_sql(dialect: &dyn Dialect, table: &TableName) -> Result<String, SqlError> {
    Ok(dialect.describe(&quoted_table(dialect, table)?, table.parts()))
}

fn quoted_table(dialect: &dyn Dialect, table: &TableName) -> Result<String, SqlError> {
    let parts = table.parts().iter().map(|part| quoted(dialect, part)).collect::<Result<Vec<_>, _>>()?;
    Ok(parts.join("."))
}

fn quoted(dialect: &dyn Dialect, name: &str) -> Result<String, SqlError> {
    if name.is_empty() || name.contains('\0') {
        return Err(SqlError::Name { name: name.to_owned() });
    }
    Ok(dialect.quoted(name))
}

fn joined<'a>(queries: impl IntoIterator<Item = &'a String>) -> String {
    let queries: Vec<&str> = queries.into_iter().map(String::as_str).collect();
    queries.join("\nUNION ALL\n") + ";\n"
}

/// The parts of [`count_sql`], for an engine that does not hold the whole result at once.
pub(crate) struct CountQueries {
    /// How many rows either side has, and how many of them without any value.
    rows: Vec<String>,
    /// What the columns are called.
    names: Vec<String>,
    /// The counts of the columns that stand at a place, on either side.
    columns: Vec<Vec<String>>,
}

impl CountQueries {
    /// # Errors
    /// As [`count_sql`].
    pub(crate) fn of(dialect: &dyn Dialect, sides: [(&TableName, &[SqlColumn]); 2]) -> Result<Self, SqlError> {
        let mut queries = Self { rows: Vec::new(), names: Vec::new(), columns: Vec::new() };
        for (side, (table, columns)) in ["reference", "current"].into_iter().zip(sides) {
            if columns.is_empty() {
                return Err(SqlError::NoColumn);
            }
            queries.add(dialect, side, &quoted_table(dialect, table)?, columns)?;
        }
        Ok(queries)
    }

    /// One statement for all.
    pub(crate) fn together(&self) -> String {
        joined(self.rows.iter().chain(&self.names).chain(self.columns.iter().flatten()))
    }

    /// The statement that counts the rows.
    pub(crate) fn rows(&self) -> String {
        joined(&self.rows)
    }

    /// Statements that count the columns, those of so many places in each.
    pub(crate) fn columns(&self, places: usize) -> impl Iterator<Item = String> {
        self.columns.chunks(places).map(|columns| joined(columns.iter().flatten()))
    }

    fn add(&mut self, dialect: &dyn Dialect, side: &str, table: &str, columns: &[SqlColumn]) -> Result<(), SqlError> {
        let mut gone = Vec::new();
        for (place, SqlColumn { name, kind }) in columns.iter().enumerate() {
            let column = quoted(dialect, name)?;
            gone.push(match kind {
                Kind::Float | Kind::Decimal if *kind == Kind::Float || dialect.name() == "postgres" => {
                    format!("({column} IS NULL OR {})", dialect.is_nan(&column))
                }
                _ => format!("{column} IS NULL"),
            });
            let hex: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
            self.names.push(format!("SELECT '{side}', {place}, 'column', '{}:{hex}', 0", kind.name()));
            let (grouped, written) = (dialect.grouped(*kind, &column), dialect.written(*kind, "tidemark_value"));
            if place == self.columns.len() {
                self.columns.push(Vec::new());
            }
            self.columns[place].push(format!(
                "SELECT '{side}', {place}, CASE WHEN tidemark_value IS NULL THEN 'missing' ELSE 'value' END, \
                 CASE WHEN tidemark_value IS NULL THEN '' ELSE {written} END, tidemark_n FROM \
                 (SELECT {grouped} AS tidemark_value, count(*) AS tidemark_n FROM {table} GROUP BY 1) AS tidemark_counts"
            ));
        }
        self.rows.push(format!(
            "SELECT '{side}' AS side, 0 AS place, 'rows' AS what, '1' AS value, count(*) AS n FROM {table}"
        ));
        self.rows
            .push(format!("SELECT '{side}', 0, 'empty_rows', '', count(*) FROM {table} WHERE {}", gone.join(" AND ")));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{ClickHouse, DuckDb, PostgreSql, Spark};

    #[test]
    fn no_name_ends_its_quotes() {
        let name = "a\"; DROP TABLE t; -- ` \\";
        assert_eq!(PostgreSql.quoted(name), "\"a\"\"; DROP TABLE t; -- ` \\\"");
        assert_eq!(DuckDb.quoted(name), "\"a\"\"; DROP TABLE t; -- ` \\\"");
        assert_eq!(Spark.quoted(name), "`a\"; DROP TABLE t; -- `` \\`");
        assert_eq!(ClickHouse.quoted(name), "`a\"; DROP TABLE t; -- \\` \\\\`");
    }

    #[test]
    fn spark_describes_files_as_a_query_since_they_are_no_table() {
        let files: TableName = "parquet.\"/data/today.parquet\"".parse().unwrap();
        let sql = describe_sql(&Spark, &files).unwrap();
        assert_eq!(sql, "DESCRIBE QUERY SELECT * FROM `parquet`.`/data/today.parquet`");
    }

    #[test]
    fn names_that_cannot_be_quoted_and_tables_without_columns_are_refused() {
        let table: TableName = "t".parse().unwrap();
        let column = |name: &str| vec![SqlColumn { name: name.to_owned(), kind: Kind::Float }];
        let sql = |columns: &[SqlColumn]| count_sql(&PostgreSql, [(&table, columns), (&table, columns)]);
        assert!(sql(&column("x")).is_ok());
        assert!(matches!(sql(&column("")), Err(SqlError::Name { .. })));
        assert!(matches!(sql(&column("a\0")), Err(SqlError::Name { .. })));
        assert_eq!(sql(&[]), Err(SqlError::NoColumn));
    }
}
