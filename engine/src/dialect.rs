//! What differs between databases.

use crate::kind::Kind;

/// How one database quotes names and writes values.
///
/// A column is grouped by [`grouped`](Self::grouped), an expression of the quoted name, and what comes of it is written by
/// [`written`](Self::written): a number in decimal signs, a text as its UTF-8 bytes in hex (so that no collation merges two texts, and
/// no tool's quoting touches one), a moment as microseconds and a day as days since 1970.
pub trait Dialect {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// A name in quotes, whatever signs it holds. It is not empty and has no NUL.
    fn quoted(&self, name: &str) -> String;

    /// The expression that values are grouped by.
    fn grouped(&self, kind: Kind, column: &str) -> String;

    /// The text of a grouped value, which is not missing.
    fn written(&self, kind: Kind, value: &str) -> String;

    /// Whether a floating-point or decimal column is NaN.
    fn is_nan(&self, column: &str) -> String;

    /// The query, or the statement, that tells a table's columns and their types; `table` is quoted.
    fn describe(&self, table: &str, name: &[String]) -> String;
}

fn truth_text(value: &str) -> String {
    format!("CASE WHEN {value} THEN 'true' ELSE 'false' END")
}

fn doubled(name: &str, quote: char) -> String {
    let twice = format!("{quote}{quote}");
    format!("{quote}{}{quote}", name.replace(quote, &twice))
}

/// PostgreSQL 14 and later.
#[derive(Debug, Clone, Copy)]
pub struct PostgreSql;

impl Dialect for PostgreSql {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn quoted(&self, name: &str) -> String {
        doubled(name, '"')
    }

    fn grouped(&self, kind: Kind, column: &str) -> String {
        match kind {
            Kind::Float => format!("{column}::float8"),
            Kind::Text => format!("convert_to({column}::text, 'UTF8')"),
            // Of `timestamp`, this is the time since 1970 in no zone; of `timestamptz`, in UTC.
            Kind::Timestamp | Kind::LocalTimestamp => format!("extract(epoch FROM {column})"),
            Kind::Date => format!("extract(epoch FROM {column}::timestamp)"),
            _ => column.to_owned(),
        }
    }

    fn written(&self, kind: Kind, value: &str) -> String {
        match kind {
            // The bits: `extra_float_digits` of a session may round what is written in decimal signs.
            Kind::Float => format!("'x' || encode(float8send({value}), 'hex')"),
            Kind::Text => format!("encode({value}, 'hex')"),
            Kind::Boolean => truth_text(value),
            Kind::Timestamp | Kind::LocalTimestamp => format!("trunc({value} * 1000000)::text"),
            Kind::Date => format!("trunc({value} / 86400)::text"),
            _ => format!("{value}::text"),
        }
    }

    fn is_nan(&self, column: &str) -> String {
        format!("{column}::float8 = 'NaN'")
    }

    fn describe(&self, _: &str, name: &[String]) -> String {
        let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let (table, outer) = name.split_last().expect("a name has a part");
        let schema = outer.last().map_or_else(|| "current_schema()".to_owned(), |schema| literal(schema));
        format!(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = {} AND table_schema = {schema} \
             ORDER BY ordinal_position",
            literal(table)
        )
    }
}

/// DuckDB.
#[derive(Debug, Clone, Copy)]
pub struct DuckDb;

impl Dialect for DuckDb {
    fn name(&self) -> &'static str {
        "duckdb"
    }

    fn quoted(&self, name: &str) -> String {
        doubled(name, '"')
    }

    fn grouped(&self, kind: Kind, column: &str) -> String {
        match kind {
            Kind::Float => format!("{column}::DOUBLE"),
            Kind::Text => format!("encode({column}::VARCHAR)"),
            _ => column.to_owned(),
        }
    }

    fn written(&self, kind: Kind, value: &str) -> String {
        match kind {
            Kind::Text => format!("hex({value})"),
            Kind::Boolean => truth_text(value),
            Kind::Timestamp | Kind::LocalTimestamp => format!("epoch_us({value})::VARCHAR"),
            Kind::Date => format!("date_diff('day', DATE '1970-01-01', {value})::VARCHAR"),
            _ => format!("{value}::VARCHAR"),
        }
    }

    fn is_nan(&self, column: &str) -> String {
        format!("isnan({column}::DOUBLE)")
    }

    fn describe(&self, table: &str, _: &[String]) -> String {
        format!("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM {table})")
    }
}

/// ClickHouse.
#[derive(Debug, Clone, Copy)]
pub struct ClickHouse;

impl Dialect for ClickHouse {
    fn name(&self) -> &'static str {
        "clickhouse"
    }

    fn quoted(&self, name: &str) -> String {
        format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
    }

    fn grouped(&self, kind: Kind, column: &str) -> String {
        match kind {
            Kind::Float => format!("toFloat64({column})"),
            Kind::Text => format!("toString({column})"),
            Kind::Timestamp | Kind::LocalTimestamp => {
                format!("toUnixTimestamp64Micro(toDateTime64({column}, 6, 'UTC'))")
            }
            Kind::Date => format!("toInt32(toDate32({column}))"),
            _ => column.to_owned(),
        }
    }

    fn written(&self, kind: Kind, value: &str) -> String {
        match kind {
            Kind::Text => format!("hex({value})"),
            Kind::Boolean => truth_text(value),
            _ => format!("toString({value})"),
        }
    }

    fn is_nan(&self, column: &str) -> String {
        format!("isNaN({column})")
    }

    fn describe(&self, table: &str, _: &[String]) -> String {
        format!("DESCRIBE TABLE {table}")
    }
}

/// Apache Spark 4.
#[derive(Debug, Clone, Copy)]
pub struct Spark;

impl Dialect for Spark {
    fn name(&self) -> &'static str {
        "spark"
    }

    fn quoted(&self, name: &str) -> String {
        doubled(name, '`')
    }

    fn grouped(&self, kind: Kind, column: &str) -> String {
        match kind {
            Kind::Float => format!("CAST({column} AS DOUBLE)"),
            Kind::Text => format!("CAST(CAST({column} AS STRING) AS BINARY)"),
            _ => column.to_owned(),
        }
    }

    fn written(&self, kind: Kind, value: &str) -> String {
        match kind {
            Kind::Text => format!("hex({value})"),
            Kind::Boolean => truth_text(value),
            Kind::Timestamp => format!("CAST(unix_micros({value}) AS STRING)"),
            // A cast to a timestamp would take the session's zone.
            Kind::LocalTimestamp => {
                format!("CAST(timestampdiff(MICROSECOND, TIMESTAMP_NTZ '1970-01-01 00:00:00', {value}) AS STRING)")
            }
            Kind::Date => format!("CAST(unix_date({value}) AS STRING)"),
            _ => format!("CAST({value} AS STRING)"),
        }
    }

    fn is_nan(&self, column: &str) -> String {
        format!("isnan({column})")
    }

    fn describe(&self, table: &str, _: &[String]) -> String {
        // Of the query, as files are no table; and nothing of how a table is parted stands behind its columns.
        format!("DESCRIBE QUERY SELECT * FROM {table}")
    }
}

/// The names of the dialects.
pub const NAMES: [&str; 4] = ["postgres", "duckdb", "clickhouse", "spark"];

/// The dialect of this name.
pub fn dialect_by_name(name: &str) -> Option<&'static dyn Dialect> {
    let all: [&'static dyn Dialect; 4] = [&PostgreSql, &DuckDb, &ClickHouse, &Spark];
    all.into_iter().find(|dialect| dialect.name() == name)
}
