//! The log's tables.

use tidemark_postgres::postgres::error::SqlState;
use tidemark_postgres::postgres::{Client, RowIter, Statement};
use tidemark_postgres::{Address, postgres};

use crate::error::{Cause, WriteFailure};
use crate::id::Id;

/// What the tables are like. Who knows another format does not touch them.
const FORMAT: i32 = 1;

/// `log_head` is locked by who adds a group, `log_sealed` by who moves groups into segments: neither waits for the other.
const TABLES: &str = "
create table log_head (
    only_one boolean primary key default true check (only_one),
    format integer not null,
    -- What the shared folder has to be of.
    log text not null,
    -- The last group, whether or not it is still there.
    sequence bigint not null,
    -- When it came, in milliseconds since 1970.
    received bigint not null
);
create table log_sealed (
    only_one boolean primary key default true check (only_one),
    -- Groups up to this one are in segments and not here any more.
    sequence bigint not null,
    -- How often lines, streams or segments have changed.
    changes bigint not null,
    -- Up to where segments are being made.
    plan text
);
create table log_groups (
    sequence bigint primary key,
    -- Chosen by who writes it.
    token text not null,
    n_frames integer not null,
    received bigint not null,
    frames bytea not null
);
alter table log_groups alter column frames set storage external;
create table log_streams (number bigint primary key, spec text not null);
create table log_lines (
    line text primary key,
    place bigint generated always as identity,
    -- Where the first group goes on that is not in segments.
    sealed bigint not null
);
create table log_segments (
    line text not null,
    first bigint not null,
    path text not null,
    primary key (line, first)
);
create table log_leases (
    name text primary key,
    owner text not null,
    token bigint not null,
    until timestamptz not null
);
";

/// A commit is on disk when it is answered; a replica that hangs in the middle of one is thrown out; groups are found by their
/// number, however many were deleted before them. What makes a table of one row look dear to the planner by that would have every
/// statement compiled, which takes longer than all else.
const SESSION: &str = "
select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') not in ('on', 'remote_apply');
set default_transaction_isolation = 'read committed';
set idle_in_transaction_session_timeout = '10s';
set lock_timeout = '20s';
set enable_seqscan = off;
set jit = off;
set client_min_messages = warning;
";

/// Adds a group where the one before is the last there is.
const INSERT: &str = "
with head as (
    update log_head set sequence = sequence + 1, received = greatest(received, $4) where sequence = $1 returning sequence
)
insert into log_groups (sequence, token, n_frames, received, frames) select sequence, $2, $3, $4, $5 from head";

/// Where the log stands, and the groups behind one: a row at least.
const READ: &str = "
select s.sequence, s.changes, g.sequence, g.token, g.received, g.frames
from log_sealed s left join log_groups g on g.sequence > $1 order by g.sequence";

/// Of one moment.
const LAYOUT: &str = "
select s.sequence, s.changes, h.received,
    (select coalesce(json_agg(json_build_array(line, sealed) order by place), '[]')::text from log_lines),
    (select coalesce(json_agg(json_build_array(line, path) order by line, first), '[]')::text from log_segments),
    (select coalesce(json_agg(spec order by number), '[]')::text from log_streams)
from log_sealed s cross join log_head h";

/// Why a statement failed.
#[derive(Debug)]
pub(super) struct Failed(pub(super) WriteFailure);

impl From<postgres::Error> for Failed {
    fn from(error: postgres::Error) -> Self {
        Self(failure(&error))
    }
}

impl From<tidemark_postgres::Error> for Failed {
    fn from(error: tidemark_postgres::Error) -> Self {
        Self(WriteFailure::of_database(&error.to_string()))
    }
}

impl From<Failed> for WriteFailure {
    fn from(failed: Failed) -> Self {
        failed.0
    }
}

/// What PostgreSQL said as what the log says.
pub(super) fn failure(error: &postgres::Error) -> WriteFailure {
    let code = error.code();
    let cause = if code == Some(&SqlState::DISK_FULL) {
        Cause::DiskFull
    } else if code == Some(&SqlState::INSUFFICIENT_PRIVILEGE) || code == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
        Cause::Permission
    } else {
        Cause::Database
    };
    WriteFailure { cause, detail: tidemark_postgres::reason(error) }
}

/// A session for which a commit is a promise.
pub(super) fn connect(address: &Address) -> Result<Client, Failed> {
    let mut client = tidemark_postgres::connect(address)?;
    client.batch_execute(SESSION)?;
    Ok(client)
}

/// Where the segments and lines are.
pub(super) struct Layout {
    pub(super) sequence: i64,
    pub(super) changes: i64,
    pub(super) received: i64,
    /// A line, as JSON, and where it goes on behind its segments.
    pub(super) lines: Vec<(String, u64)>,
    /// A line, as JSON, and a path, each line's in the order of their positions.
    pub(super) segments: Vec<(String, String)>,
    /// As JSON.
    pub(super) streams: Vec<String>,
}

/// The writer's session.
pub(super) struct Table {
    client: Client,
    insert: Statement,
    read: Statement,
}

impl Table {
    /// Opens a session, and makes the tables if they are not there.
    pub(super) fn connect(address: &Address) -> Result<Self, Failed> {
        let mut client = connect(address)?;
        make_tables(&mut client)?;
        let (insert, read) = (client.prepare(INSERT)?, client.prepare(READ)?);
        Ok(Self { client, insert, read })
    }

    /// The name of the log, which the shared folder has to have too.
    pub(super) fn log(&mut self) -> Result<String, Failed> {
        Ok(self.client.query_one("select log from log_head", &[])?.get(0))
    }

    /// Adds a group behind `known`. `false` if that is not the last one.
    pub(super) fn insert(
        &mut self,
        known: i64,
        token: &str,
        n_frames: u32,
        received: i64,
        frames: &[u8],
    ) -> Result<bool, Failed> {
        let n_frames = i32::try_from(n_frames).unwrap_or(i32::MAX);
        Ok(self.client.execute(&self.insert, &[&known, &token, &n_frames, &received, &frames])? == 1)
    }

    /// Sees whether the log can be written, without writing anything into it.
    pub(super) fn touch(&mut self) -> Result<(), Failed> {
        Ok(self.client.batch_execute("update log_head set received = received")?)
    }

    /// Begins a transaction in which nobody else adds a group.
    pub(super) fn lock(&mut self) -> Result<(), Failed> {
        Ok(self.client.batch_execute("begin; select from log_head for update")?)
    }

    pub(super) fn commit(&mut self) -> Result<(), Failed> {
        Ok(self.client.batch_execute("commit")?)
    }

    pub(super) fn roll_back(&mut self) -> Result<(), Failed> {
        Ok(self.client.batch_execute("rollback")?)
    }

    pub(super) fn groups_after(&mut self, known: i64) -> Result<RowIter<'_>, Failed> {
        Ok(self.client.query_raw(&self.read, [known])?)
    }

    pub(super) fn layout(&mut self) -> Result<Layout, Failed> {
        let row = self.client.query_one(LAYOUT, &[])?;
        fn list<T: serde::de::DeserializeOwned>(row: &postgres::Row, column: usize) -> Result<Vec<T>, Failed> {
            let text: &str = row.get(column);
            serde_json::from_str(text).map_err(|error| {
                Failed(WriteFailure::of_database(&format!("a table of the log cannot be read: {error}")))
            })
        }
        Ok(Layout {
            sequence: row.get(0),
            changes: row.get(1),
            received: row.get(2),
            lines: list(&row, 3)?,
            segments: list(&row, 4)?,
            streams: list(&row, 5)?,
        })
    }
}

fn make_tables(client: &mut Client) -> Result<(), Failed> {
    let format = |client: &mut Client| -> Result<Option<i32>, postgres::Error> {
        let there: bool = client.query_one("select to_regclass('log_head') is not null", &[])?.get(0);
        if there { Ok(Some(client.query_one("select format from log_head", &[])?.get(0))) } else { Ok(None) }
    };
    let mut found = format(client)?;
    if found.is_none() {
        // Replicas that start together make them once. The lock is not the transaction's: what another has made meanwhile is seen
        // by one that begins after it.
        client.batch_execute("select pg_advisory_lock(hashtext('tidemark log'), 0)")?;
        let mut transaction = client.transaction()?;
        let there: bool = transaction.query_one("select to_regclass('log_head') is not null", &[])?.get(0);
        if !there {
            transaction.batch_execute(TABLES)?;
            let log = Id::fresh(0).to_string();
            let head = "insert into log_head (format, log, sequence, received) values ($1, $2, 0, 0)";
            transaction.execute(head, &[&FORMAT, &log])?;
            transaction.batch_execute("insert into log_sealed (sequence, changes) values (0, 0)")?;
        }
        transaction.commit()?;
        client.batch_execute("select pg_advisory_unlock(hashtext('tidemark log'), 0)")?;
        found = format(client)?;
    }
    match found {
        Some(FORMAT) => Ok(()),
        other => {
            let what = format!("the tables of the log have format {other:?}, this version knows {FORMAT}");
            Err(Failed(WriteFailure::of_database(&what)))
        }
    }
}
