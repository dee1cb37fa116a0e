//! Snapshots: what a run found, whole, and what lists and timelines show of it.

use serde::{Deserialize, Serialize};
use tidemark::judge::Verdict;
use tidemark::report::DriftReport;
use tidemark::stattest::{Score, Tested};

use super::{Store, StoreError};
use crate::Millis;
use crate::db::{Row, ToValue, Tx, Value};
use crate::rules::Performance;
use crate::values;

/// A half-open run of the log, by position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Position of the first row; the log counts from 1.
    pub first: u64,
    /// Position after the last row.
    pub end: u64,
    /// When the first row was predicted.
    pub from: Millis,
    /// When the last row was predicted.
    pub to: Millis,
}

/// A snapshot without its report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Its number; later ones are larger.
    pub id: i64,
    /// The model.
    pub model: String,
    /// The monitor that made it; empty where a person asked, and for those of 0.1.
    pub monitor: String,
    /// When it was made.
    pub created: Millis,
    /// The rows that were compared.
    pub window: Bounds,
    /// Share of drifted columns.
    pub share_drifted: f64,
    /// Drifted columns.
    pub n_drifted: u64,
    /// Compared columns.
    pub n_columns: u64,
    /// Whether the data drifted as a whole.
    pub data_drifted: bool,
    /// Whether the predictions drifted; `None` without prediction columns.
    pub predictions_drifted: Option<bool>,
    /// The report's sentence.
    pub sentence: String,
}

/// A snapshot, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// What lists show of it.
    pub head: Head,
    /// The report.
    pub report: DriftReport,
    /// How the model did, as far as that was known when it was made.
    pub performance: Performance,
}

/// A column in one snapshot, as its timeline shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The column.
    pub name: String,
    /// Its verdict under the leading judge.
    pub verdict: Verdict,
    /// The effect under the calibrated judge.
    pub effect: Option<f64>,
    /// The score under the evidently judge.
    pub score: Option<f64>,
}

/// Whose snapshots, and from where on backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursor<'a> {
    /// Of a model, whatever monitor made them.
    Model(&'a str),
    /// Of a monitor.
    Monitor(&'a str),
}

const HEAD: &str = "id, model, monitor, created, first, \"end\", \"from\", \"to\", share_drifted, n_drifted, n_columns, data_drifted, \
                    predictions_drifted, sentence";

fn head(row: &Row<'_>) -> Result<Head, StoreError> {
    Ok(Head {
        id: row.get(0)?,
        model: row.get(1)?,
        monitor: row.get(2)?,
        created: row.get(3)?,
        window: Bounds { first: row.get(4)?, end: row.get(5)?, from: row.get(6)?, to: row.get(7)? },
        share_drifted: row.get(8)?,
        n_drifted: row.get(9)?,
        n_columns: row.get(10)?,
        data_drifted: row.get(11)?,
        predictions_drifted: row.get(12)?,
        sentence: row.get(13)?,
    })
}

fn points(report: &DriftReport) -> Vec<Point> {
    let point = |column: &tidemark::report::ColumnReport| Point {
        name: column.name.clone(),
        verdict: report.verdict(column),
        effect: column.effect(),
        score: match &column.evidently {
            Tested::Tested(outcome) => Some(Score::value(outcome.score)),
            Tested::NotTested(_) => None,
        },
    };
    report.columns.iter().map(point).collect()
}

/// A report as it is stored: JSON, packed.
pub(super) fn pack(report: &DriftReport) -> Result<Vec<u8>, StoreError> {
    Ok(zstd::encode_all(serde_json::to_vec(report)?.as_slice(), 3)?)
}

pub(super) fn unpack(packed: &[u8]) -> Result<DriftReport, StoreError> {
    Ok(serde_json::from_slice(&zstd::decode_all(packed)?)?)
}

/// Stores a report and says what lists show of it.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    (model, monitor): (&str, &str),
    created: Millis,
    window: Bounds,
    report: &DriftReport,
    performance: &Performance,
) -> Result<Head, StoreError> {
    let points = points(report);
    let mut head = Head {
        id: 0,
        model: model.to_owned(),
        monitor: monitor.to_owned(),
        created,
        window,
        share_drifted: report.data.share_drifted,
        n_drifted: report.data.n_drifted,
        n_columns: report.data.n_columns,
        data_drifted: report.data.drifted,
        predictions_drifted: report.predictions.as_ref().map(|group| group.drifted),
        sentence: report.sentence.clone(),
    };
    let columns = HEAD.strip_prefix("id, ").expect("the database gives the number");
    head.id = tx.insert(
        &format!(
            "insert into snapshots ({columns}, points, report, performance, estimated)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17) returning id"
        ),
        values![
            head.model,
            head.monitor,
            created,
            window.first,
            window.end,
            window.from,
            window.to,
            head.share_drifted,
            head.n_drifted,
            head.n_columns,
            head.data_drifted,
            head.predictions_drifted,
            head.sentence,
            serde_json::to_string(&points)?,
            pack(report)?,
            performance.realised.as_ref().map(serde_json::to_string).transpose()?,
            (!performance.estimated.is_empty()).then(|| serde_json::to_string(&performance.estimated)).transpose()?
        ],
    )?;
    // A column's state is when it last became pressing, or last ceased to be.
    for some in points.chunks(COLUMNS_AT_ONCE) {
        put_column_states(tx, monitor, some, window.to, head.id)?;
    }
    Ok(head)
}

/// Columns that one statement takes: each statement is a trip to the server, and has so many parameters at most.
const COLUMNS_AT_ONCE: usize = 100;

fn put_column_states(
    tx: &mut Tx<'_>,
    monitor: &str,
    points: &[Point],
    to: Millis,
    snapshot: i64,
) -> Result<(), StoreError> {
    let mut values = vec![monitor.to_value(), to.to_value(), snapshot.to_value()];
    let mut rows = Vec::with_capacity(points.len());
    for point in points {
        let (name, pressing) = (values.len() + 1, values.len() + 2);
        rows.push(format!("(?1, ?{name}, ?{pressing}, ?2, ?3)"));
        values.extend([point.name.to_value(), Value::Integer(Some(i64::from(point.verdict == Verdict::Drifted)))]);
    }
    let insert = format!(
        "insert into column_states (monitor, name, pressing, since, snapshot) values {}
         on conflict (monitor, name) do update set pressing = excluded.pressing, since = excluded.since,
         snapshot = excluded.snapshot where column_states.pressing <> excluded.pressing",
        rows.join(", ")
    );
    tx.execute(&insert, &values)?;
    Ok(())
}

/// Moves the snapshots of 0.1 into today's table, numbers and all.
pub(super) fn take_over(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let has_model = "select count(*) from pragma_table_info('snapshots_0_1') where name = 'model'";
    let has_model = tx.query_one(has_model, &[], |row| row.get::<u32>(0))? > Some(0);
    let model = if has_model { "model" } else { "''" };
    let ids = tx.query("select id from snapshots_0_1 order by id", &[], |row| row.get::<i64>(0))?;
    let select = format!("select head, report, {model} from snapshots_0_1 where id = ?1");
    for id in ids {
        let old = tx.query_one(&select, values![id], |row| {
            let (head, report) = (row.get::<String>(0)?, row.get::<String>(1)?);
            let (head, report): (OldHead, DriftReport) = (serde_json::from_str(&head)?, serde_json::from_str(&report)?);
            Ok((head, report, row.get::<String>(2)?))
        })?;
        let Some((old, report, model)) = old else { continue };
        let new = insert(tx, (&model, ""), old.created, old.window, &report, &Performance::default())?;
        tx.execute("update snapshots set id = ?1 where id = ?2", values![id, new.id])?;
    }
    tx.declare("drop table snapshots_0_1; delete from column_states;")?;
    Ok(())
}

/// What of 0.1's head is not in its report.
#[derive(Deserialize)]
struct OldHead {
    created: Millis,
    window: Bounds,
}

impl Store {
    /// Stores a report that no monitor asked for.
    ///
    /// # Errors
    /// It could not be written; then it is not there.
    pub fn insert(
        &self,
        model: &str,
        created: Millis,
        window: Bounds,
        report: &DriftReport,
        performance: &Performance,
    ) -> Result<Head, StoreError> {
        self.db.write(|tx| insert(tx, (model, ""), created, window, report, performance))
    }

    /// The snapshot of this id.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn snapshot(&self, id: i64) -> Result<Option<Snapshot>, StoreError> {
        let select = format!("select {HEAD}, report, performance, estimated from snapshots where id = ?1");
        let found = self.db.query_one(&select, values![id], |row| {
            let performance: [Option<String>; 2] = [row.get(15)?, row.get(16)?];
            Ok((head(row)?, row.get::<Vec<u8>>(14)?, performance))
        })?;
        let Some((head, report, [realised, estimated])) = found else { return Ok(None) };
        let performance = Performance {
            realised: realised.map(|text| serde_json::from_str(&text)).transpose()?,
            estimated: estimated.map(|text| serde_json::from_str(&text)).transpose()?.unwrap_or_default(),
        };
        Ok(Some(Snapshot { head, report: unpack(&report)?, performance }))
    }

    /// The latest `n` snapshots, those made before the one of the id `before` only, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn latest(&self, of: Cursor<'_>, before: Option<i64>, n: u64) -> Result<Vec<Head>, StoreError> {
        let mut heads = self.list(of, before, n, HEAD, head)?;
        heads.reverse();
        Ok(heads)
    }

    /// A column in the latest `n` snapshots, oldest first: when the window ended, the snapshot, and the column in it.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn timeline(&self, of: Cursor<'_>, column: &str, n: u64) -> Result<Vec<(Millis, i64, Point)>, StoreError> {
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get::<String>(2)?));
        let rows: Vec<(Millis, i64, String)> = self.list(of, None, n, "\"to\", id, points", read)?;
        let mut timeline = Vec::with_capacity(rows.len());
        for (to, id, points) in rows.into_iter().rev() {
            let points: Vec<Point> = serde_json::from_str(&points)?;
            timeline.extend(points.into_iter().find(|point| point.name == column).map(|point| (to, id, point)));
        }
        Ok(timeline)
    }

    /// The columns that are drifted as of a monitor's latest snapshot, and since when: the end of the first window of the
    /// spell, and its snapshot.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn drifted_since(&self, monitor: &str) -> Result<Vec<(String, Millis, i64)>, StoreError> {
        let select =
            "select name, since, snapshot from column_states where monitor = ?1 and pressing <> 0 order by since, name";
        self.db.query(select, values![monitor], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    }

    /// Deletes snapshots whose windows ended before `before`, and the runs, alerts, figures and alarms of that time that are over. Shared
    /// reports stay. Gives how many snapshots went.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn retain(&self, before: Millis) -> Result<u64, StoreError> {
        self.lead(|tx| {
            let n = tx.execute(
                "delete from snapshots where created < ?1
                 and id not in (select snapshot from shares where snapshot is not null and revoked is null)",
                values![before],
            )?;
            tx.execute("delete from runs where finished < ?1", values![before])?;
            tx.execute("delete from alerts where ended < ?1", values![before])?;
            tx.execute("delete from performance_windows where \"to\" < ?1", values![before])?;
            tx.execute("delete from performance_alarms where at < ?1", values![before])?;
            tx.execute("delete from outbox where state != 'waiting' and written < ?1", values![before])?;
            Ok(n)
        })
    }

    fn list<T>(
        &self,
        of: Cursor<'_>,
        before: Option<i64>,
        n: u64,
        what: &str,
        read: impl FnMut(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let (condition, name) = match of {
            // Those of 0.1 have no name and count as the default model's, which is the only one there was.
            Cursor::Model(name) => ("model in (?1, '')", name),
            Cursor::Monitor(name) => ("monitor = ?1", name),
        };
        let select = format!("select {what} from snapshots where {condition} and id < ?2 order by id desc limit ?3");
        self.db.query(&select, values![name, before.unwrap_or(i64::MAX), n], read)
    }
}
