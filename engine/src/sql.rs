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
    let mut queries = Vec::new();
    for (side, (table, columns)) in ["reference", "current"].into_iter().zip(sides) {
        if columns.is_empty() {
            return Err(SqlError::NoColumn);
        }
        count_side(dialect, side, &quoted_table(dialect, table)?, columns, &mut queries)?;
    }
    Ok(queries.join("\nUNION ALL\n") + ";\n")
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

fn count_side(
    dialect: &dyn Dialect,
    side: &str,
    table: &str,
    columns: &[SqlColumn],
    queries: &mut Vec<String>,
) -> Result<(), SqlError> {
    let mut gone = Vec::new();
    let mut of_columns = Vec::new();
    for (place, SqlColumn { name, kind }) in columns.iter().enumerate() {
        let column = quoted(dialect, name)?;
        gone.push(match kind {
            Kind::Float | Kind::Decimal if *kind == Kind::Float || dialect.name() == "postgres" => {
                format!("({column} IS NULL OR {})", dialect.is_nan(&column))
            }
            _ => format!("{column} IS NULL"),
        });
        let hex: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        of_columns.push(format!("SELECT '{side}', {place}, 'column', '{}:{hex}', 0", kind.name()));
        let (grouped, written) = (dialect.grouped(*kind, &column), dialect.written(*kind, "tidemark_value"));
        of_columns.push(format!(
            "SELECT '{side}', {place}, CASE WHEN tidemark_value IS NULL THEN 'missing' ELSE 'value' END, \
             CASE WHEN tidemark_value IS NULL THEN '' ELSE {written} END, tidemark_n FROM \
             (SELECT {grouped} AS tidemark_value, count(*) AS tidemark_n FROM {table} GROUP BY 1) AS tidemark_counts"
        ));
    }
    queries
        .push(format!("SELECT '{side}' AS side, 0 AS place, 'rows' AS what, '1' AS value, count(*) AS n FROM {table}"));
    queries.push(format!("SELECT '{side}', 0, 'empty_rows', '', count(*) FROM {table} WHERE {}", gone.join(" AND ")));
    queries.extend(of_columns);
    Ok(())
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
