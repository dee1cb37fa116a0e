//! PostgreSQL: a handful of connections, and transactions that behave as SQLite's do.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use tidemark_postgres::postgres::types::{ToSql, Type};
use tidemark_postgres::postgres::{Client, Error, Row};
use tidemark_postgres::{Address, connect, reason};

use super::Value;
use crate::store::StoreError;

/// Begins a transaction that sees one state of the database.
pub(super) const READ: &str = "begin isolation level repeatable read read only";

/// Begins a transaction that writes. The lock is everybody's who writes, so there is one writer at a time; each statement after it
/// sees what the writer before has committed.
pub(super) const WRITE: &str =
    "begin isolation level read committed; select pg_advisory_xact_lock(7378697629483820646)";

/// For every connection. Whoever waits for the writer gives up after some time; a process that was paused within a transaction loses
/// it, and with it the lock that others wait for.
const SESSION: &str = "set lock_timeout = '10s'; set statement_timeout = '60s'; set idle_in_transaction_session_timeout = '5s'; \
                       set client_min_messages = 'warning'";

/// Connections at a time. Whoever needs one more waits.
const MAX_CONNECTIONS: usize = 8;

/// The connections.
pub(super) struct Pool {
    address: Address,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Client>,
    /// In use.
    n_busy: usize,
}

impl Pool {
    pub(super) fn new(address: Address) -> Self {
        Self { address, state: Mutex::default(), freed: Condvar::new() }
    }

    /// Does `work` in a transaction: all of it, or nothing.
    pub(super) fn transaction<T>(
        &self,
        begin: &str,
        work: impl FnOnce(&mut Client) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut busy = self.take();
        // A connection that broke while nobody used it is found out here, where nothing has happened yet.
        loop {
            let (mut client, is_fresh) = match busy.client.take() {
                Some(client) => (client, false),
                None => (self.connect()?, true),
            };
            match client.batch_execute(begin) {
                Ok(()) => {
                    busy.client = Some(client);
                    break;
                }
                Err(error) if is_fresh || !client.is_closed() => return Err(of(&error)),
                Err(_closed) => {}
            }
        }
        // From here on the connection goes back only where it is known to be outside of a transaction: a panic closes it.
        let mut client = busy.client.take().expect("it was put there");
        match work(&mut client) {
            Ok(done) => {
                client.batch_execute("commit").map_err(|error| of(&error))?;
                busy.client = Some(client);
                Ok(done)
            }
            Err(error) => {
                if client.batch_execute("rollback").is_ok() {
                    busy.client = Some(client);
                }
                Err(error)
            }
        }
    }

    fn connect(&self) -> Result<Client, StoreError> {
        let mut client = connect(&self.address).map_err(|error| StoreError::Away(error.to_string()))?;
        client.batch_execute(SESSION).map_err(|error| of(&error))?;
        Ok(client)
    }

    /// A connection that nobody uses, or leave to open one.
    fn take(&self) -> Busy<'_> {
        let mut state = self.state();
        while state.n_busy >= MAX_CONNECTIONS {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.n_busy += 1;
        let client = std::iter::from_fn(|| state.idle.pop()).find(|client| !client.is_closed());
        drop(state);
        Busy { pool: self, client }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let idle = std::mem::take(&mut self.state.get_mut().unwrap_or_else(PoisonError::into_inner).idle);
        // Closing one waits for the network, which a thread that drives asynchronous tasks must not.
        drop(std::thread::spawn(move || drop(idle)).join());
    }
}

/// The place of a connection that is in use, and the connection while it may go back.
struct Busy<'a> {
    pool: &'a Pool,
    client: Option<Client>,
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut state = self.pool.state();
        state.n_busy -= 1;
        state.idle.extend(self.client.take());
        drop(state);
        self.pool.freed.notify_one();
    }
}

/// An error in our words. A connection that broke, or a server that is going down or coming up, is not there for now; all else is a
/// statement that was refused.
fn of(error: &Error) -> StoreError {
    // Class 57P: the server is shut down or starts. Class 08: the connection. 55P03: waited too long. 25P03: paused too long.
    let is_away = error.code().is_none_or(|code| {
        let code = code.code();
        code.starts_with("57P") || code.starts_with("08") || code == "55P03" || code == "25P03"
    });
    let words = reason(error);
    if is_away { StoreError::Away(words) } else { StoreError::Database(words) }
}

/// `?1` becomes `$1`.
fn translate(sql: &str) -> Cow<'_, str> {
    if sql.contains('?') { sql.replace('?', "$").into() } else { sql.into() }
}

/// Parameters with their types, so that a statement takes one trip to the server.
fn typed<'a>(values: &'a [Value<'_>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    let typed = |value: &'a Value<'_>| -> (&'a (dyn ToSql + Sync), Type) {
        match value {
            Value::Integer(value) => (value, Type::INT8),
            Value::Real(value) => (value, Type::FLOAT8),
            Value::Text(value) => (value, Type::TEXT),
            Value::Blob(value) => (value, Type::BYTEA),
        }
    };
    values.iter().map(typed).collect()
}

pub(super) fn execute(client: &mut Client, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
    client.execute_typed(&translate(sql), &typed(values)).map_err(|error| of(&error))
}

pub(super) fn query(client: &mut Client, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, StoreError> {
    client.query_typed(&translate(sql), &typed(values)).map_err(|error| of(&error))
}

pub(super) fn declare(client: &mut Client, statements: &str) -> Result<(), StoreError> {
    client.batch_execute(&declared(statements)).map_err(|error| of(&error))
}

/// Declarations of tables in SQLite's words, in PostgreSQL's.
fn declared(statements: &str) -> String {
    let mut translated = String::with_capacity(statements.len() + statements.len() / 4);
    let mut rest =
        statements.replace("integer primary key autoincrement", "bigint generated by default as identity primary key");
    rest = rest.replace(") strict, without rowid", ")").replace(") strict", ")");
    for word in rest.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_') {
        let (name, end) =
            word.split_at(word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').len());
        let name = match name {
            "integer" => "bigint",
            "real" => "double precision",
            "blob" => "bytea",
            // Sorted by its bytes, whatever the database's language.
            "text" => "text collate \"C\"",
            other => other,
        };
        write!(translated, "{name}{end}").expect("a string takes all text");
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_declared_in_the_words_of_postgres() {
        let ours =
            "create table a (id integer primary key autoincrement, \"end\" integer, b real not null, c blob) strict;
                    create table d (e text not null, f_text text, primary key (e)) strict, without rowid;";
        let theirs = "create table a (id bigint generated by default as identity primary key, \"end\" bigint, b double precision not null, c bytea);
                    create table d (e text collate \"C\" not null, f_text text collate \"C\", primary key (e));";
        assert_eq!(declared(ours), theirs);
    }
}
