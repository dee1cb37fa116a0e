//! The seam: what a database, or a cluster, is asked to do.

use std::fmt;
use std::sync::Arc;

use crate::counts_file::{CountsError, Sides};
use crate::dialect::Dialect;
use crate::gathering::Gathering;
use crate::kind::{Kind, UnknownType};
use crate::sql::{CountQueries, SqlColumn, SqlError, describe_sql};
use crate::table_name::TableName;

/// Takes a row of a result: its cells as text.
pub type TakeRow<'a> = &'a mut dyn FnMut(&[&str]) -> Result<(), CountsError>;

/// What counts where the data lie. It runs a statement and hands back what came of it: grouped counts, never a statistic. Every test
/// and every verdict is the library's.
pub trait Engine {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// How its statements are written.
    fn dialect(&self) -> &'static dyn Dialect;

    /// Runs one statement and hands over every row of its result, in no order, while the result comes.
    ///
    /// # Errors
    /// The statement was refused, or lost, or cancelled; or a row was not taken.
    fn run(&mut self, sql: &str, take: TakeRow<'_>) -> Result<(), EngineError>;

    /// How many lines a result may have, where it has to lie somewhere as a whole. Columns are then counted by as many statements as
    /// that takes, one column at least by each, and tables must not change meanwhile. Otherwise, one statement counts all.
    fn lines_at_once(&self) -> Option<u64> {
        None
    }

    /// Whether a statement that was lost is worth another try, which is then made at once. May wait for a server to come back.
    fn may_run_again(&mut self) -> bool {
        false
    }

    /// What ends the statement that is under way, from another thread.
    fn cancel(&self) -> Arc<dyn Cancel>;
}

/// Ends a statement where it runs: it is not enough to stop waiting for it.
pub trait Cancel: Send + Sync {
    /// Ends the statement that is under way, or does nothing where there is none. [`Engine::run`] then fails.
    ///
    /// # Errors
    /// It could not be ended: why.
    fn cancel(&self) -> Result<(), String>;
}

/// Why an engine has no counts. None of it holds a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineError {
    /// There is no connection.
    Unavailable {
        /// In the words of what refused it.
        reason: String,
    },
    /// The database refused the statement, or gave it up.
    Refused {
        /// In the database's words.
        reason: String,
    },
    /// The connection was lost while the statement ran.
    Lost {
        /// In the words of what noticed it.
        reason: String,
    },
    /// The database has no such table, or does not show its columns.
    NoTable {
        /// Its name.
        table: String,
    },
    /// A column of a type that is not taken.
    Column {
        /// Its name.
        name: String,
        /// The type.
        error: UnknownType,
    },
    /// There is no statement.
    Sql(SqlError),
    /// The result holds no counts, or not all.
    Counts(CountsError),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { reason } => write!(f, "no connection: {reason}"),
            Self::Refused { reason } => write!(f, "the statement failed: {reason}"),
            Self::Lost { reason } => write!(f, "the connection was lost while it counted: {reason}"),
            Self::NoTable { table } => write!(f, "there is no table {table}, or none of its columns may be read"),
            Self::Column { name, error } => write!(f, "column {name:?}: {error}; --ignore leaves it out"),
            Self::Sql(error) => error.fmt(f),
            Self::Counts(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EngineError {}

impl From<CountsError> for EngineError {
    fn from(error: CountsError) -> Self {
        Self::Counts(error)
    }
}

impl From<SqlError> for EngineError {
    fn from(error: SqlError) -> Self {
        Self::Sql(error)
    }
}

/// Names and types of a table's columns, in its order, as the engine tells them.
///
/// # Errors
/// As [`Engine::run`]; or there is no such table.
pub fn describe(engine: &mut dyn Engine, table: &TableName) -> Result<Vec<(String, String)>, EngineError> {
    let sql = describe_sql(engine.dialect(), table)?;
    let take = |described: &mut Vec<(String, String)>, cells: &[&str]| {
        if let &[name, type_name, ..] = cells {
            described.push((name.to_owned(), type_name.to_owned()));
        }
        Ok(())
    };
    let described = ask(engine, &sql, Vec::new, take)?;
    if described.is_empty() {
        return Err(EngineError::NoTable { table: table.to_string() });
    }
    Ok(described)
}

/// How described columns are counted; those in `ignored` are left out, whatever their type.
///
/// # Errors
/// A column has a type that is not taken.
pub fn sql_columns(described: Vec<(String, String)>, ignored: &[String]) -> Result<Vec<SqlColumn>, EngineError> {
    let kept = described.into_iter().filter(|(name, _)| !ignored.contains(name));
    let column = |(name, type_name): (String, String)| match Kind::of_type(&type_name) {
        Ok(kind) => Ok(SqlColumn { name, kind }),
        Err(error) => Err(EngineError::Column { name, error }),
    };
    kept.map(column).collect()
}

/// Counts two tables, the reference first, each with the columns that are counted of it.
///
/// # Errors
/// As [`Engine::run`]; or the result is not whole.
pub fn count(engine: &mut dyn Engine, sides: [(&TableName, &[SqlColumn]); 2]) -> Result<Sides, EngineError> {
    let queries = CountQueries::of(engine.dialect(), sides)?;
    let columns = sides.map(|(_, columns)| columns);
    let Some(most) = engine.lines_at_once() else {
        return Ok(gather(engine, &queries.together(), columns)?.finish()?);
    };
    let mut all = gather(engine, &queries.rows(), columns)?;
    // A column has no more distinct values than its table has rows.
    let places = usize::try_from(most / all.rows().max(1)).unwrap_or(usize::MAX).max(1);
    for sql in queries.columns(places) {
        all.add(gather(engine, &sql, columns)?);
    }
    Ok(all.finish()?)
}

/// The counts that a statement gives.
fn gather(engine: &mut dyn Engine, sql: &str, columns: [&[SqlColumn]; 2]) -> Result<Gathering, EngineError> {
    ask(engine, sql, || Gathering::of(columns), Gathering::take)
}

/// What `take` makes of a statement's rows, from what `begin` gives. A statement that is lost may be asked again: from nothing, as rows
/// of a result that was lost half-way may come again in another order.
fn ask<T>(
    engine: &mut dyn Engine,
    sql: &str,
    begin: impl Fn() -> T,
    take: impl Fn(&mut T, &[&str]) -> Result<(), CountsError>,
) -> Result<T, EngineError> {
    loop {
        let mut found = begin();
        match engine.run(sql, &mut |cells| take(&mut found, cells)) {
            Ok(()) => return Ok(found),
            Err(EngineError::Lost { .. }) if engine.may_run_again() => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Spark;

    /// Answers every statement with the next of its results; one that ends with `lost` breaks off there.
    struct Scripted(Vec<Vec<Vec<&'static str>>>);

    /// The same, of which a result may have this many lines; and the statements that it was asked.
    struct ByParts(Scripted, u64, Vec<String>);

    impl Cancel for () {
        fn cancel(&self) -> Result<(), String> {
            Ok(())
        }
    }

    impl Engine for Scripted {
        fn name(&self) -> &'static str {
            "scripted"
        }

        fn dialect(&self) -> &'static dyn Dialect {
            &Spark
        }

        fn run(&mut self, _: &str, take: TakeRow<'_>) -> Result<(), EngineError> {
            for row in self.0.remove(0) {
                if row == ["lost"] {
                    return Err(EngineError::Lost { reason: "it broke off".to_owned() });
                }
                take(&row)?;
            }
            Ok(())
        }

        fn may_run_again(&mut self) -> bool {
            !self.0.is_empty()
        }

        fn cancel(&self) -> Arc<dyn Cancel> {
            Arc::new(())
        }
    }

    impl Engine for ByParts {
        fn name(&self) -> &'static str {
            self.0.name()
        }

        fn dialect(&self) -> &'static dyn Dialect {
            self.0.dialect()
        }

        fn run(&mut self, sql: &str, take: TakeRow<'_>) -> Result<(), EngineError> {
            self.2.push(sql.to_owned());
            self.0.run(sql, take)
        }

        fn lines_at_once(&self) -> Option<u64> {
            Some(self.1)
        }

        fn may_run_again(&mut self) -> bool {
            self.0.may_run_again()
        }

        fn cancel(&self) -> Arc<dyn Cancel> {
            self.0.cancel()
        }
    }

    #[test]
    fn a_large_result_comes_in_parts_and_of_them_only_the_lost_one_is_asked_again() {
        let table: TableName = "t".parse().unwrap();
        let columns = ["a", "b", "c"].map(|name| SqlColumn { name: name.to_owned(), kind: Kind::Float });
        let rows = vec![vec!["reference", "0", "rows", "1", "3"], vec!["current", "0", "rows", "1", "1"]];
        let of = |place, value| {
            vec![vec!["reference", place, "value", value, "3"], vec!["current", place, "missing", "", "1"]]
        };
        let lost = [of("1", "8"), vec![vec!["lost"]]].concat();
        let results = vec![rows.clone(), of("0", "7"), lost, of("1", "8"), of("2", "9")];
        let sides = [(&table, &columns[..]), (&table, &columns[..])];
        let mut engine = ByParts(Scripted(results), 4, Vec::new());
        let counted = count(&mut engine, sides).unwrap();
        assert_eq!(counted.reference.columns.iter().map(|column| column.missing).collect::<Vec<_>>(), [0, 0, 0]);
        assert_eq!(counted.current.columns.iter().map(|column| column.missing).collect::<Vec<_>>(), [1, 1, 1]);
        assert_eq!(engine.2.len(), 5, "the rows, three columns, and one of them twice");
        assert_eq!(engine.2[2], engine.2[3]);
        // Half as many rows, or twice as many lines: two columns fit.
        let results = vec![rows, [of("0", "7"), of("1", "8")].concat(), of("2", "9")];
        let mut engine = ByParts(Scripted(results), 8, Vec::new());
        assert_eq!(count(&mut engine, sides).unwrap(), counted);
        assert!(engine.2[1].contains("`b`") && !engine.2[1].contains("`c`"), "{}", engine.2[1]);
    }

    #[test]
    fn a_type_that_is_not_taken_may_be_left_out_and_no_columns_are_no_table() {
        let table: TableName = "s.t".parse().unwrap();
        let described = || vec![("x".to_owned(), "double".to_owned()), ("place".to_owned(), "geometry".to_owned())];
        let error = sql_columns(described(), &[]).unwrap_err();
        assert!(error.to_string().contains("\"place\"") && error.to_string().contains("geometry"), "{error}");
        assert_eq!(sql_columns(described(), &["place".to_owned()]).unwrap().len(), 1);
        let error = describe(&mut Scripted(vec![vec![]]), &table).unwrap_err();
        assert_eq!(error, EngineError::NoTable { table: "\"s\".\"t\"".to_owned() });
    }

    #[test]
    fn columns_whose_description_was_lost_are_asked_again() {
        let table: TableName = "t".parse().unwrap();
        let rows = vec![vec!["x", "double"], vec!["y", "string"]];
        let lost = [rows[..1].to_vec(), vec![vec!["lost"]]].concat();
        let described = describe(&mut Scripted(vec![lost, rows]), &table).unwrap();
        assert_eq!(described.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["x", "y"]);
    }

    #[test]
    fn a_result_that_ends_early_is_no_count() {
        let table: TableName = "t".parse().unwrap();
        let columns = [SqlColumn { name: "x".to_owned(), kind: Kind::Float }];
        let rows = vec![
            vec!["reference", "0", "value", "1.5", "2"],
            vec!["reference", "0", "rows", "1", "3"],
            vec!["current", "0", "rows", "1", "0"],
        ];
        let counted = |rows| count(&mut Scripted(vec![rows]), [(&table, &columns), (&table, &columns)]);
        assert!(matches!(counted(rows.clone()), Err(EngineError::Counts(CountsError::Rows { found: 2, .. }))));
        let whole = [rows, vec![vec!["reference", "0", "missing", "", "1"]]].concat();
        assert_eq!(counted(whole).unwrap().reference.columns[0].missing, 1);
    }

    #[test]
    fn what_came_before_a_result_was_lost_is_not_counted_twice() {
        let table: TableName = "t".parse().unwrap();
        let columns = [SqlColumn { name: "x".to_owned(), kind: Kind::Float }];
        let whole = vec![
            vec!["reference", "0", "value", "1.5", "3"],
            vec!["reference", "0", "rows", "1", "3"],
            vec!["current", "0", "rows", "1", "0"],
        ];
        let lost = [whole[..2].to_vec(), vec![vec!["lost"]]].concat();
        let mut engine = Scripted(vec![lost.clone(), whole]);
        assert_eq!(count(&mut engine, [(&table, &columns), (&table, &columns)]).unwrap().reference.rows, 3);
        let ended = count(&mut Scripted(vec![lost]), [(&table, &columns), (&table, &columns)]);
        assert_eq!(ended, Err(EngineError::Lost { reason: "it broke off".to_owned() }));
    }
}
