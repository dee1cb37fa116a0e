//! The database below the store: one SQLite file, or PostgreSQL, behind one narrow face.
//!
//! Every statement is written once, in what both understand: `?1` for parameters, `on conflict`, `returning`, names such as `"end"` in
//! quotes. Whole numbers are 64 bits wide, truth is 0 or 1, and text is sorted by its bytes. Tables are declared in SQLite's words.
//!
//! There is one writer at a time, whichever database it is: SQLite's `begin immediate`, or PostgreSQL's transaction after it took the
//! one lock that every writing transaction takes first. So what is read within a writing transaction is the latest, and nobody
//! changes it before the transaction ends.

use std::path::Path;
use std::sync::Arc;
use tidemark_postgres::Address;

mod postgres;
mod sqlite;
mod value;

pub use value::{Get, Row, ToValue, Value};

use crate::Millis;
use crate::store::StoreError;
use postgres::Pool;
use sqlite::File;

/// Parameters of a statement, in the order of `?1`, `?2` and so on.
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::db::ToValue::to_value(&$value)),*] };
}

/// A database. Clones are the same one.
#[derive(Clone)]
pub struct Db {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Sqlite(Arc<File>),
    Postgres(Arc<Pool>),
}

/// What a piece of work may do with the database. One that reads sees one state of it; one that writes sees the latest.
pub struct Tx<'a> {
    inner: Inner<'a>,
}

enum Inner<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a mut tidemark_postgres::postgres::Client),
}

impl Db {
    /// The database in this file, which is made if there is none.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn sqlite(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { kind: Kind::Sqlite(Arc::new(File::open(path)?)) })
    }

    /// A database in memory, for tests.
    ///
    /// # Errors
    /// There is no memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self { kind: Kind::Sqlite(Arc::new(File::in_memory()?)) })
    }

    /// The database at this address. Nothing is connected before it is needed.
    pub fn postgres(address: Address) -> Self {
        Self { kind: Kind::Postgres(Arc::new(Pool::new(address))) }
    }

    /// Whether several processes on several machines may use it.
    pub const fn is_shared(&self) -> bool {
        matches!(self.kind, Kind::Postgres(_))
    }

    /// Reads. On PostgreSQL all of `work` sees one state of the database.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn read<T>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &self.kind {
            Kind::Sqlite(file) => work(&mut Tx { inner: Inner::Sqlite(&file.connection()) }),
            Kind::Postgres(pool) => {
                pool.transaction(postgres::READ, |client| work(&mut Tx { inner: Inner::Postgres(client) }))
            }
        }
    }

    /// Writes: all that `work` does or, where it fails, nothing. Nobody else writes meanwhile.
    ///
    /// # Errors
    /// The database cannot be written. Where the connection broke during the commit, nobody knows whether it was.
    pub fn write<T>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &self.kind {
            Kind::Sqlite(file) => {
                let mut connection = file.connection();
                let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
                let done = work(&mut Tx { inner: Inner::Sqlite(&transaction) })?;
                transaction.commit()?;
                Ok(done)
            }
            Kind::Postgres(pool) => {
                pool.transaction(postgres::WRITE, |client| work(&mut Tx { inner: Inner::Postgres(client) }))
            }
        }
    }

    /// A single statement that writes: how many rows it changed.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        match &self.kind {
            // SQLite makes a transaction of it by itself.
            Kind::Sqlite(file) => (Tx { inner: Inner::Sqlite(&file.connection()) }).execute(sql, values),
            Kind::Postgres(_) => self.write(|tx| tx.execute(sql, values)),
        }
    }

    /// A single statement that reads: what `read` makes of each row.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn query<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        self.read(|tx| tx.query(sql, values, read))
    }

    /// A single statement that reads at most one row.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn query_one<T>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        self.read(|tx| tx.query_one(sql, values, read))
    }
}

impl Tx<'_> {
    /// Runs a statement: how many rows it changed.
    ///
    /// # Errors
    /// The database refused.
    pub fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(connection) => {
                let n = connection.prepare_cached(sql)?.execute(rusqlite::params_from_iter(values))?;
                Ok(n as u64)
            }
            Inner::Postgres(client) => postgres::execute(client, sql, values),
        }
    }

    /// What `read` makes of each row that a statement gives.
    ///
    /// # Errors
    /// The database refused, or a row is not what it should be.
    pub fn query<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        match &mut self.inner {
            Inner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query(rusqlite::params_from_iter(values))?;
                let mut found = Vec::new();
                while let Some(row) = rows.next()? {
                    found.push(read(&Row::Sqlite(row))?);
                }
                Ok(found)
            }
            Inner::Postgres(client) => {
                postgres::query(client, sql, values)?.iter().map(|row| read(&Row::Postgres(row))).collect()
            }
        }
    }

    /// The first row that a statement gives.
    ///
    /// # Errors
    /// As [`Tx::query`].
    pub fn query_one<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.query(sql, values, read)?.into_iter().next())
    }

    /// Whether a statement gives any row.
    ///
    /// # Errors
    /// The database refused.
    pub fn exists(&mut self, sql: &str, values: &[Value<'_>]) -> Result<bool, StoreError> {
        Ok(self.query_one(sql, values, |_| Ok(()))?.is_some())
    }

    /// Inserts a row by a statement that ends with `returning id`: its number.
    ///
    /// # Errors
    /// The database refused.
    pub fn insert(&mut self, sql: &str, values: &[Value<'_>]) -> Result<i64, StoreError> {
        let id = self.query_one(sql, values, |row| row.get(0))?;
        id.ok_or_else(|| StoreError::Database("a row that was inserted has no number".to_owned()))
    }

    /// The time by the database's clock, which all who share it go by.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn now(&mut self) -> Result<Millis, StoreError> {
        let clock = match self.inner {
            Inner::Sqlite(_) => "select cast(unixepoch('subsec') * 1000 as integer)",
            Inner::Postgres(_) => "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
        };
        self.query_one(clock, &[], |row| row.get(0)).map(Option::unwrap_or_default)
    }

    /// Runs statements that declare tables, in SQLite's words.
    ///
    /// # Errors
    /// The database refused.
    pub fn declare(&mut self, statements: &str) -> Result<(), StoreError> {
        match &mut self.inner {
            Inner::Sqlite(connection) => Ok(connection.execute_batch(statements)?),
            Inner::Postgres(client) => postgres::declare(client, statements),
        }
    }
}

/// An empty database of each kind that there is here.
#[cfg(test)]
pub(crate) fn test_databases() -> Vec<Db> {
    let postgres =
        tidemark_throwaway::shared().map(|server| Db::postgres(server.database().parse().expect("an address")));
    std::iter::once(Db::in_memory().expect("there is memory")).chain(postgres).collect()
}
