//! Runs: every window of a monitor has one, made once, whoever looks and whatever falls over.

use serde::{Deserialize, Serialize};
use tidemark::report::DriftReport;

use super::snapshots::{self, Bounds, Head};
use super::{Store, StoreError, alerts};
use crate::Millis;
use crate::db::{Row, Tx};
use crate::monitor::Monitor;
use crate::plan::{End, Plan};
use crate::rules::{Came, Performance};
use crate::values;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Nobody has begun it.
    Due,
    /// Somebody is at it.
    Running,
    /// It made a snapshot.
    Done,
    /// It made none, because there were too few rows, or because nobody looked in time.
    Skipped,
    /// It made none, because something broke.
    Failed,
}

impl RunState {
    const ALL: [Self; 5] = [Self::Due, Self::Running, Self::Done, Self::Skipped, Self::Failed];

    /// The name, as it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Running => "running",
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

/// A run, or several windows one after the other that nothing came of for the same reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// The monitor.
    pub monitor: String,
    /// The end of its (first) window.
    pub first: End,
    /// The end of its (last) window.
    pub last: End,
    /// Windows.
    pub n: u64,
    /// How far it is.
    pub state: RunState,
    /// How often it was begun.
    pub attempt: u32,
    /// When it was begun last.
    pub started: Option<Millis>,
    /// When it was over.
    pub finished: Option<Millis>,
    /// Why there is no snapshot.
    pub detail: Option<String>,
    /// The snapshot that it made.
    pub snapshot: Option<i64>,
}

/// A run that somebody is at. Only who holds the latest claim may finish it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The run.
    pub run: Run,
    owner: String,
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Made {
    /// A report of this window, and how the model did in it.
    Report(Bounds, Box<DriftReport>, Performance),
    /// Too few rows: so many.
    TooFewRows(u64),
    /// Nothing to hold the window against, for this reason.
    NoReference(String),
    /// Nothing, for this reason.
    Failed(String),
}

/// A run that took the service down so often is given up.
const MAX_ATTEMPTS: u32 = 3;

const RUN: &str = "id, monitor, first, last, n, state, attempt, started, finished, detail, snapshot";

fn run(row: &Row<'_>) -> Result<Run, StoreError> {
    let state: String = row.get(5)?;
    Ok(Run {
        id: row.get(0)?,
        monitor: row.get(1)?,
        first: row.get(2)?,
        last: row.get(3)?,
        n: row.get(4)?,
        state: RunState::ALL.into_iter().find(|known| known.name() == state).unwrap_or(RunState::Failed),
        attempt: row.get(6)?,
        started: row.get(7)?,
        finished: row.get(8)?,
        detail: row.get(9)?,
        snapshot: row.get(10)?,
    })
}

impl Store {
    /// Plans what became due. `plan` gets the end of the last window that was planned, `None` for a monitor that is new, and
    /// says where planning stands now and what is due. Whatever else plans on this store meanwhile waits.
    ///
    /// # Errors
    /// The store cannot be written; then nothing was planned.
    pub fn plan(
        &self,
        monitor: &str,
        now: Millis,
        plan: impl Fn(Option<End>) -> (End, Plan),
    ) -> Result<Plan, StoreError> {
        let reached = |tx: &mut Tx<'_>| {
            tx.query_one("select last from progress where monitor = ?1", values![monitor], |row| row.get(0))
        };
        // Most ticks find nothing, and then nobody need wait.
        let last = self.db.read(reached)?;
        if let (Some(last), (now_at, nothing)) = (last, plan(last))
            && now_at == last
            && nothing == Plan::default()
        {
            return Ok(nothing);
        }
        self.lead(|tx| {
            let last = reached(tx)?;
            let (mut reached, plan) = plan(last);
            if let Some(gap) = plan.gap {
                let detail = "nobody looked while these windows ended";
                tx.execute(
                    "insert into runs (monitor, first, last, n, state, finished, detail) values (?1, ?2, ?3, ?4, 'skipped', ?5, ?6)",
                    values![monitor, gap.first, gap.last, gap.n, now, detail],
                )?;
                reached = reached.max(gap.last);
            }
            for end in &plan.due {
                let insert = "insert into runs (monitor, first, last, n, state) values (?1, ?2, ?2, 1, 'due')";
                tx.execute(insert, values![monitor, *end])?;
                reached = reached.max(*end);
            }
            if last != Some(reached) {
                let insert = "insert into progress (monitor, last) values (?1, ?2)
                              on conflict (monitor) do update set last = excluded.last";
                tx.execute(insert, values![monitor, reached])?;
            }
            Ok(plan)
        })
    }

    /// Takes the next run of a monitor that is due, or whose owner has let its lease run out. Runs of a monitor are made one
    /// after the other, in the order of their windows: while somebody is at one, there is none to take.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn claim(&self, monitor: &str, owner: &str, now: Millis, lease: Millis) -> Result<Option<Claim>, StoreError> {
        let is_any = "select 1 from runs where monitor = ?1 and state in ('due', 'running')";
        if !self.db.read(|tx| tx.exists(is_any, values![monitor]))? {
            return Ok(None);
        }
        let select = format!(
            "select {RUN}, lease from runs where monitor = ?1 and state in ('due', 'running') order by last limit 1"
        );
        self.lead(|tx| {
            loop {
                let next =
                    tx.query_one(&select, values![monitor], |row| Ok((run(row)?, row.get::<Option<Millis>>(11)?)))?;
                let Some((run, leased)) = next else { return Ok(None) };
                if run.state == RunState::Running && leased.is_some_and(|until| until > now) {
                    return Ok(None);
                }
                if run.attempt >= MAX_ATTEMPTS {
                    let detail = format!("the service went down {MAX_ATTEMPTS} times during this run");
                    tx.execute(
                        "update runs set state = 'failed', finished = ?2, detail = ?3, owner = null where id = ?1",
                        values![run.id, now, detail],
                    )?;
                    continue;
                }
                let run = Run { state: RunState::Running, attempt: run.attempt + 1, started: Some(now), ..run };
                tx.execute(
                    "update runs set state = 'running', attempt = ?2, started = ?3, owner = ?4, lease = ?5 where id = ?1",
                    values![run.id, run.attempt, now, owner, now + lease],
                )?;
                return Ok(Some(Claim { run, owner: owner.to_owned() }));
            }
        })
    }

    /// Lets everybody's claims go. For who knows that nobody else is at work on this store, as after a crash.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn release_all(&self) -> Result<u64, StoreError> {
        self.db.write(release_all)
    }

    /// Stores what came of a run: the run's end, its snapshot, the alerts that it begins or ends and the messages about
    /// them, all or nothing. `None` if somebody else has taken the run meanwhile; then nothing is stored.
    ///
    /// # Errors
    /// The store cannot be written; then nothing is stored.
    pub fn finish(
        &self,
        claim: &Claim,
        monitor: &Monitor,
        made: &Made,
        now: Millis,
    ) -> Result<Option<(Run, Option<Head>)>, StoreError> {
        self.lead(|tx| finish(tx, claim, monitor, made, now))
    }

    /// The latest `n` runs of a monitor, the latest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn runs(&self, monitor: &str, n: u64) -> Result<Vec<Run>, StoreError> {
        let select = format!("select {RUN} from runs where monitor = ?1 order by last desc, id desc limit ?2");
        self.db.query(&select, values![monitor, n], run)
    }
}

/// Lets every claim go.
pub(super) fn release_all(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    tx.execute("update runs set lease = 0 where state = 'running'", &[])
}

fn finish(
    tx: &mut Tx<'_>,
    claim: &Claim,
    monitor: &Monitor,
    made: &Made,
    now: Millis,
) -> Result<Option<(Run, Option<Head>)>, StoreError> {
    let mut run = claim.run.clone();
    let is_ours = "select 1 from runs where id = ?1 and state = 'running' and owner = ?2 and attempt = ?3";
    if !tx.exists(is_ours, values![run.id, claim.owner, run.attempt])? {
        return Ok(None);
    }
    run.finished = Some(now);
    let (came, head) = match made {
        Made::Report(window, report, performance) => {
            let of = (monitor.model.as_str(), monitor.name.as_str());
            let head = snapshots::insert(tx, of, now, *window, report, performance)?;
            (run.state, run.snapshot) = (RunState::Done, Some(head.id));
            (Came::Report(report, performance), Some(head))
        }
        Made::TooFewRows(rows) => {
            let found = if *rows == 0 {
                "no new rows".to_owned()
            } else {
                format!("{rows} rows of at least {}", monitor.min_rows)
            };
            (run.state, run.detail) = (RunState::Skipped, Some(found));
            (Came::TooFewRows(*rows), None)
        }
        Made::NoReference(reason) => {
            (run.state, run.detail) = (RunState::Skipped, Some(reason.clone()));
            (Came::NoReference, None)
        }
        Made::Failed(reason) => {
            (run.state, run.detail) = (RunState::Failed, Some(reason.clone()));
            (Came::Failed(reason), None)
        }
    };
    let before = if run.state == RunState::Skipped { skipped_before(tx, &run)? } else { None };
    if let Some((id, first, n)) = before {
        // One line says it for all of them.
        tx.execute("delete from runs where id = ?1", values![run.id])?;
        tx.execute(
            "update runs set last = ?2, n = ?3, finished = ?4, detail = ?5 where id = ?1",
            values![id, run.last, n + 1, now, run.detail],
        )?;
        (run.id, run.first, run.n) = (id, first, n + 1);
    } else {
        tx.execute(
                "update runs set state = ?2, finished = ?3, detail = ?4, snapshot = ?5, owner = null, lease = null where id = ?1",
                values![run.id, run.state.name(), now, run.detail, run.snapshot],
            )?;
    }
    alerts::step(tx, monitor, &run, came, now)?;
    Ok(Some((run, head)))
}

/// The run just before, if it was skipped for want of rows too: its number, its first window, and how many it stands for.
fn skipped_before(tx: &mut Tx<'_>, run: &Run) -> Result<Option<(i64, End, u64)>, StoreError> {
    let select = "select id, first, n, state, attempt, detail from runs where monitor = ?1 and last < ?2 order by last desc limit 1";
    let before = tx.query_one(select, values![run.monitor, run.last], |row| {
        let (state, attempt, detail): (String, u32, Option<String>) = (row.get(3)?, row.get(4)?, row.get(5)?);
        let is_alike = state == RunState::Skipped.name() && attempt > 0 && detail == run.detail;
        Ok(is_alike.then_some((row.get(0)?, row.get(1)?, row.get(2)?)))
    })?;
    Ok(before.flatten())
}
