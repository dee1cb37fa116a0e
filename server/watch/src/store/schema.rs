//! The tables, and how those of one version become another's.
//!
//! Changes are additive: a later version adds tables and columns that have a default, so that an earlier one beside it goes on while
//! replicas are upgraded one by one. `schema_version` says which version the tables have, and which a program has to know at least to
//! use them; that is raised only in a release after the one that stopped needing what was there before.

use super::{StoreError, snapshots};
use crate::db::{Db, Tx};
use crate::values;

/// The version of the tables below.
const VERSION: i64 = 1;
/// Programs that know this version of the tables, or a later one, can use them.
const NEEDS: i64 = 1;

const SCHEMA: &str = "
    create table if not exists monitors (name text primary key, definition text not null) strict;
    create table if not exists progress (monitor text primary key, last integer not null) strict;
    create table if not exists runs (
        id integer primary key autoincrement,
        monitor text not null,
        first integer not null,
        last integer not null,
        n integer not null,
        state text not null,
        attempt integer not null default 0,
        owner text,
        lease integer,
        started integer,
        finished integer,
        detail text,
        snapshot integer,
        unique (monitor, last)
    ) strict;
    create index if not exists runs_open on runs (state) where state in ('due', 'running');
    create table if not exists snapshots (
        id integer primary key autoincrement,
        model text not null,
        monitor text not null,
        created integer not null,
        first integer not null,
        \"end\" integer not null,
        \"from\" integer not null,
        \"to\" integer not null,
        share_drifted real not null,
        n_drifted integer not null,
        n_columns integer not null,
        data_drifted integer not null,
        predictions_drifted integer,
        sentence text not null,
        points text not null,
        report blob not null,
        performance text,
        estimated text
    ) strict;
    create index if not exists snapshots_of_model on snapshots (model, id);
    create index if not exists snapshots_of_monitor on snapshots (monitor, id);
    create index if not exists snapshots_by_time on snapshots (monitor, \"to\");
    create table if not exists column_states (
        monitor text not null,
        name text not null,
        pressing integer not null,
        since integer not null,
        snapshot integer not null,
        primary key (monitor, name)
    ) strict, without rowid;
    create table if not exists rule_states (
        monitor text not null, rule text not null, state text not null, primary key (monitor, rule)
    ) strict, without rowid;
    create table if not exists alerts (
        id integer primary key autoincrement,
        monitor text not null,
        model text not null,
        rule text not null,
        severity text not null,
        sentence text not null,
        began integer not null,
        began_run integer not null,
        snapshot integer,
        ended integer,
        acknowledged integer,
        acknowledged_by text
    ) strict;
    create index if not exists alerts_open on alerts (monitor, ended);
    create table if not exists mutes (
        monitor text not null, rule text not null, until integer not null, primary key (monitor, rule)
    ) strict, without rowid;
    create table if not exists outbox (
        id text primary key,
        channel text not null,
        body text not null,
        written integer not null,
        due integer not null,
        attempts integer not null default 0,
        state text not null default 'waiting',
        detail text
    ) strict;
    create index if not exists outbox_waiting on outbox (due) where state = 'waiting';
    create table if not exists performance_windows (
        model text not null,
        first integer not null,
        \"end\" integer not null,
        \"from\" integer not null,
        \"to\" integer not null,
        figures text not null,
        primary key (model, first)
    ) strict, without rowid;
    create table if not exists performance_states (model text primary key, state text not null) strict;
    create table if not exists performance_alarms (
        id integer primary key autoincrement,
        model text not null,
        at integer not null,
        series text not null,
        detector text not null,
        alarm text not null
    ) strict;
    create index if not exists performance_alarms_of_model on performance_alarms (model, id);
    create table if not exists shares (
        hash text primary key,
        title text not null,
        created integer not null,
        expires integer,
        revoked integer,
        snapshot integer,
        report blob
    ) strict;
    create table if not exists leases (
        name text primary key,
        owner text not null,
        token integer not null,
        until integer not null
    ) strict;
    create table if not exists schema_version (version integer not null, needs integer not null) strict;
";

/// Makes the tables that are missing. Whoever else opens the same database meanwhile waits.
pub(super) fn bring_up_to_date(db: &Db) -> Result<(), StoreError> {
    if db.is_shared() && found(db)? == Some(VERSION) {
        // A replica that starts beside others has nothing to declare, and no reason to lock anybody out.
        return Ok(());
    }
    db.write(|tx| {
        if db.is_shared() {
            tx.declare(SCHEMA)?
        } else {
            declare_in_file(tx)?
        }
        let version =
            tx.query_one("select version, needs from schema_version", &[], |row| Ok((row.get(0)?, row.get(1)?)))?;
        match version {
            None => {
                tx.execute("insert into schema_version (version, needs) values (?1, ?2)", values![VERSION, NEEDS])?;
            }
            Some((version, needs)) if version > VERSION => return may_go_on(version, needs),
            Some((version, _)) if version < VERSION => {
                tx.execute("update schema_version set version = ?1, needs = ?2", values![VERSION, NEEDS])?;
            }
            Some(_) => {}
        }
        Ok(())
    })
}

/// The version of the tables of a shared database; `None` where there are none.
fn found(db: &Db) -> Result<Option<i64>, StoreError> {
    db.read(|tx| {
        if !tx.exists("select 1 where to_regclass('schema_version') is not null", &[])? {
            return Ok(None);
        }
        tx.query_one("select version from schema_version", &[], |row| row.get(0))
    })
}

/// Whether this program can use tables of a later version.
fn may_go_on(version: i64, needs: i64) -> Result<(), StoreError> {
    if needs <= VERSION {
        return Ok(());
    }
    Err(StoreError::Database(format!(
        "its tables are of version {version}, which needs a program that knows version {needs}; this one knows {VERSION}: \
         upgrade this program (tables are never taken back)"
    )))
}

/// The tables of a file, which may be one of 0.1.
fn declare_in_file(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let has_column = "select 1 from pragma_table_info('snapshots') where name = ?1";
    let is_old = tx.exists(has_column, values!["head"])?;
    if is_old {
        tx.declare("alter table snapshots rename to snapshots_0_1; drop index if exists snapshots_of_model;")?;
    }
    tx.declare(SCHEMA)?;
    for column in ["performance", "estimated"] {
        if !tx.exists(has_column, values![column])? {
            tx.declare(&format!("alter table snapshots add column {column} text"))?;
        }
    }
    if is_old {
        snapshots::take_over(tx)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_goes_on_beside_a_later_one_unless_the_tables_say_otherwise() {
        for db in crate::db::test_databases() {
            bring_up_to_date(&db).unwrap();
            bring_up_to_date(&db).unwrap();
            let to = |version: i64, needs: i64| {
                db.execute("update schema_version set version = ?1, needs = ?2", values![version, needs]).unwrap();
                bring_up_to_date(&db)
            };
            to(VERSION + 1, VERSION).unwrap();
            let refused = to(VERSION + 2, VERSION + 1).unwrap_err().to_string();
            assert!(refused.contains("upgrade this program"), "{refused}");
            let kept = db.query_one("select version from schema_version", &[], |row| row.get::<i64>(0)).unwrap();
            assert_eq!(kept, Some(VERSION + 2), "an earlier program takes nothing back");
        }
    }
}
