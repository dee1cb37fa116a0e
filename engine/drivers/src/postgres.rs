//! PostgreSQL, by its own protocol.

use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use tidemark_engine::{Cancel, Dialect, Engine, EngineError, PostgreSql, TakeRow};
use tidemark_postgres::postgres::{Client, Error};
use tidemark_postgres::{Address, connect, reason};

use crate::csv_rows;

/// A PostgreSQL database. All that is asked of it sees the tables as they were when the connection was opened, and can change nothing.
pub struct Postgres {
    client: Client,
    running: Arc<Running>,
}

impl Postgres {
    /// Opens a connection.
    ///
    /// # Errors
    /// There is none.
    pub fn connect(address: &Address) -> Result<Self, EngineError> {
        let unavailable = |reason: String| EngineError::Unavailable { reason };
        let mut client = connect(address).map_err(|error| unavailable(error.to_string()))?;
        // One snapshot: the columns, the rows and both sides belong together.
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let asked = client.batch_execute(begin).and_then(|()| client.query_one("SELECT pg_backend_pid()", &[]));
        let process: i32 = asked.and_then(|row| row.try_get(0)).map_err(|error| unavailable(reason(&error)))?;
        Ok(Self {
            client,
            running: Arc::new(Running { address: address.clone(), process, is_running: Mutex::new(false) }),
        })
    }
}

/// What an error of the driver means.
fn failure(error: &Error) -> EngineError {
    let mut words = reason(error);
    if error.is_closed() {
        // What the server said last may not have come through.
        words += "; the server's log says why";
    }
    // Class 57P: the server, or this connection of it, is being shut down.
    let is_shut_down = error.code().is_some_and(|code| code.code().starts_with("57P"));
    let is_of_database = error.as_db_error().is_some();
    if is_of_database && !is_shut_down {
        EngineError::Refused { reason: words }
    } else {
        EngineError::Lost { reason: words }
    }
}

impl Engine for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &PostgreSql
    }

    fn run(&mut self, sql: &str, take: TakeRow<'_>) -> Result<(), EngineError> {
        let copy = format!("COPY (\n{}\n) TO STDOUT (FORMAT csv)", sql.trim().trim_end_matches(';'));
        self.running.set(true);
        let (mut lost, mut taken) = (None, Ok(()));
        match self.client.copy_out(&copy) {
            Ok(result) => taken = csv_rows::each(Noted { result, lost: &mut lost }, take),
            Err(error) => lost = Some(error),
        }
        self.running.set(false);
        // What was lost explains why a row was not taken, too: it ended half-way.
        match lost {
            Some(error) => Err(failure(&error)),
            None => taken,
        }
    }

    fn cancel(&self) -> Arc<dyn Cancel> {
        Arc::clone(&self.running) as Arc<dyn Cancel>
    }
}

/// A result that keeps the driver's own error, which the reader of CSV would make a sentence of.
struct Noted<'a, R> {
    result: R,
    lost: &'a mut Option<Error>,
}

impl<R: Read> Read for Noted<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.result.read(bytes).map_err(|error| match error.downcast::<Error>() {
            Ok(inner) => {
                *self.lost = Some(inner);
                io::Error::other("the result broke off")
            }
            Err(other) => other,
        })
    }
}

/// The statement that is under way, and how to reach the server to end it.
struct Running {
    address: Address,
    /// The number of the server's process that works for the connection.
    process: i32,
    is_running: Mutex<bool>,
}

impl Running {
    fn set(&self, is_running: bool) {
        *self.is_running.lock().unwrap_or_else(PoisonError::into_inner) = is_running;
    }
}

impl Cancel for Running {
    fn cancel(&self) -> Result<(), String> {
        // Held until it is done, so that no later statement is hit.
        let is_running = self.is_running.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_running {
            return Ok(());
        }
        let failure = |error: String| format!("PostgreSQL's process {} goes on: {error}", self.process);
        // A cancel request of the protocol would tell nobody whether it came; a user may always cancel what is the same user's.
        let mut client = connect(&self.address).map_err(|error| failure(error.to_string()))?;
        let cancelled = client.query_one("SELECT pg_cancel_backend($1)", &[&self.process]);
        cancelled.map(drop).map_err(|error| failure(reason(&error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stoppable;
    use std::time::{Duration, Instant};
    use tidemark_engine::{TableName, count, describe, sql_columns};
    use tidemark_throwaway::Server;

    fn database(server: &Server) -> Address {
        server.database().parse().unwrap()
    }

    /// How many of the server's statements hold this text, those that look for it aside.
    fn n_running(server: &Server, text: &str) -> String {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND application_name = 'tidemark'";
        server.ask(&format!("{sql} AND query LIKE '%{text}%'")).unwrap()
    }

    #[test]
    fn a_table_is_described_and_counted_in_one_snapshot() {
        let Some(server) = tidemark_throwaway::shared() else { return };
        let address = database(server);
        let mut writer = connect(&address).unwrap();
        let odd = "a\"; DROP TABLE t; --\n,";
        let quoted = odd.replace('"', "\"\"");
        writer
            .batch_execute(&format!(
                "CREATE TABLE t (\"{quoted}\" float8, kind text, place point);
                 INSERT INTO t VALUES (1.5, 'a', NULL), ('NaN', 'b', NULL), (NULL, NULL, NULL)"
            ))
            .unwrap();
        let mut engine = Postgres::connect(&address).unwrap();
        let table: TableName = "t".parse().unwrap();
        let described = describe(&mut engine, &table).unwrap();
        let error = sql_columns(described.clone(), &[]).unwrap_err();
        assert!(error.to_string().contains("\"place\""), "{error}");
        let columns = sql_columns(described, &["place".to_owned()]).unwrap();
        writer.batch_execute("INSERT INTO t VALUES (7, 'later', NULL)").unwrap();
        let sides = count(&mut engine, [(&table, &columns), (&table, &columns)]).unwrap();
        assert_eq!((sides.reference.rows, sides.reference.empty_rows), (3, 1), "what came later is not seen");
        assert_eq!(sides.reference.columns[0].name, odd);
        assert_eq!((sides.current.rows, sides.current.columns[1].missing), (3, 1), "of both sides alike");
        let refused = engine.run("DELETE FROM t RETURNING 1", &mut |_| Ok(())).unwrap_err();
        assert!(matches!(refused, EngineError::Refused { .. }), "{refused:?}");
    }

    #[test]
    fn a_statement_that_a_person_stops_ends_at_the_server() {
        let Some(server) = tidemark_throwaway::shared() else { return };
        let mut engine = Postgres::connect(&database(server)).unwrap();
        let (began, cancel) = (Instant::now(), engine.cancel());
        let ended = stoppable(
            &cancel,
            || n_running(server, "stopped_sleep") == "1",
            |complaint| panic!("{complaint}"),
            || engine.run("SELECT pg_sleep(600) AS stopped_sleep", &mut |_| Ok(())),
        );
        let Err(EngineError::Refused { reason }) = ended else { panic!("{ended:?}") };
        assert!(reason.contains("cancel"), "{reason}");
        assert!(began.elapsed() < Duration::from_secs(60));
        assert_eq!(n_running(server, "stopped_sleep"), "0");
    }

    #[test]
    fn a_server_that_goes_away_is_told_with_its_reason() {
        let Some(server) = tidemark_throwaway::shared() else { return };
        let mut engine = Postgres::connect(&database(server)).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let end = Instant::now() + Duration::from_secs(60);
                while n_running(server, "lost_sleep") != "1" && Instant::now() < end {
                    std::thread::sleep(Duration::from_millis(20));
                }
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%lost_sleep%' AND pid <> pg_backend_pid()";
                server.ask(sql).unwrap();
            });
            let ended = engine.run("SELECT pg_sleep(600) AS lost_sleep", &mut |_| Ok(()));
            // The server's last words, or that it closed the connection: whichever the driver meets first.
            let is_told = |reason: &str| reason.contains("terminat") || reason.contains("closed");
            assert!(matches!(&ended, Err(EngineError::Lost { reason }) if is_told(reason)), "{ended:?}");
        });
    }
}
