//! What one replica at a time does for all: moving groups into segments, putting small segments together, deleting old ones.
//!
//! Each of these makes files first and then says so in one transaction, which only the holder of the lease can commit. Files go
//! after the transaction that no longer names them. Up to where segments are made, and so what they are called, is written down
//! before the first of them: whoever goes on after a crash makes the same ones, and takes those that are there.

use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::lease::Lease;
use super::table::Failed;
use super::{Replica, shared_name, sweep};
use crate::compact::{run_of_small, write_together};
use crate::error::{ReadError, WriteFailure};
use crate::log::Shared;
use crate::record::{LabelRecord, Millis, Record};
use crate::retention::{self, Retention, n_not_kept};
use crate::seal::{Day, Stretch};
use crate::segment::{Row, SealError, Segment, Written};
use crate::stream::Line;

/// Who asked for it waits so long for another holder of the lease.
const PATIENCE: Duration = Duration::from_secs(60);

/// The time between two looks whether the lease is free.
const PAUSE: Duration = Duration::from_millis(50);

/// So long the writer may take to see what others have written.
const ABSORB_FOR: Duration = Duration::from_secs(60);

/// Up to where segments are being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Plan {
    /// The last group.
    sequence: i64,
    /// Every line's position behind it.
    ends: Vec<(Line, u64)>,
}

/// Makes segments of closed stretches, unless another replica is at it.
pub(crate) fn seal(shared: &Shared) -> Result<(), SealError> {
    keep(shared, Duration::ZERO, |keeper| keeper.seal_closed()).map(drop)
}

/// Makes segments of closed stretches, as soon as no other replica is at it.
pub(crate) fn seal_waiting(shared: &Shared) -> Result<(), SealError> {
    match keep(shared, PATIENCE, |keeper| keeper.seal_closed())? {
        Some(()) => Ok(()),
        None => {
            Err(WriteFailure::of_database("another replica keeps the log in shape and does not come to an end").into())
        }
    }
}

/// Deletes the segments that are not to be kept, unless another replica is at work, and returns how many.
pub(crate) fn retain(shared: &Shared, retention: Retention, now: Millis) -> Result<usize, SealError> {
    let is_due = shared.state().lines.iter().any(|line| n_not_kept(&line.segments, retention, now) > 0);
    if !is_due {
        return Ok(0);
    }
    Ok(keep(shared, Duration::ZERO, |keeper| keeper.retain(retention, now))?.unwrap_or(0))
}

/// Puts one run of small segments together, unless another replica is at work; returns how many they were.
pub(crate) fn compact(shared: &Shared, target_bytes: u64) -> Result<usize, SealError> {
    let is_due = shared.state().lines.iter().any(|line| run_of_small(&line.segments, target_bytes).len() >= 2);
    if !is_due {
        return Ok(0);
    }
    Ok(keep(shared, Duration::ZERO, |keeper| keeper.compact(target_bytes))?.unwrap_or(0))
}

/// Does something under the lease; `None` if another has it for longer than `patience`.
fn keep<T>(
    shared: &Shared,
    patience: Duration,
    work: impl FnOnce(&mut Keeper<'_>) -> Result<T, SealError>,
) -> Result<Option<T>, SealError> {
    let _one_at_a_time = shared.maintenance();
    let replica = shared.replica.as_ref().expect("a lease is for replicas");
    let until = Instant::now() + patience;
    let lease = loop {
        match Lease::take(replica).map_err(WriteFailure::from)? {
            Some(lease) => break lease,
            None if Instant::now() >= until || shared.is_closing() => return Ok(None),
            None => std::thread::sleep(PAUSE),
        }
    };
    if lease.was_lost {
        replica.must_sweep.store(true, Ordering::Release);
    }
    let mut keeper = Keeper { shared, replica, lease };
    let result = keeper.begin().and_then(|()| work(&mut keeper));
    if result.is_err() {
        // What was made and not said lies there.
        replica.must_sweep.store(true, Ordering::Release);
    }
    keeper.lease.give_back();
    result.map(Some)
}

/// The holder of the lease.
struct Keeper<'a> {
    shared: &'a Shared,
    replica: &'a Replica,
    lease: Lease,
}

impl Keeper<'_> {
    /// Sees what others have done, and ends what the one before left half done.
    fn begin(&mut self) -> Result<(), SealError> {
        self.absorb()?;
        let plan: Option<String> =
            self.fenced(|tables| Ok(tables.query_one("select plan from log_sealed", &[])?.get(0)))?;
        if let Some(plan) = plan {
            let plan: Plan = serde_json::from_str(&plan)
                .map_err(|error| WriteFailure::of_database(&format!("the plan of sealing cannot be read: {error}")))?;
            self.carry_out(&plan)?;
        }
        if self.replica.must_sweep.swap(false, Ordering::AcqRel) {
            sweep::sweep(self.shared, &mut self.lease)?;
        }
        Ok(())
    }

    /// Has the writer take over all there is. Nobody else changes segments while this one has the lease.
    fn absorb(&mut self) -> Result<(), SealError> {
        self.replica.freshness.absorb(ABSORB_FOR)?;
        let changes: i64 = self.fenced(|tables| Ok(tables.query_one("select changes from log_sealed", &[])?.get(0)))?;
        if self.replica.changes.load(Ordering::Acquire) == changes {
            Ok(())
        } else {
            Err(WriteFailure::of_database("segments that the tables name cannot be read, or the log is being closed")
                .into())
        }
    }

    fn fenced<T>(
        &mut self,
        work: impl FnOnce(&mut tidemark_postgres::postgres::Transaction<'_>) -> Result<T, Failed>,
    ) -> Result<T, SealError> {
        self.lease.fenced(work).map_err(SealError::Write)
    }

    fn seal_closed(&mut self) -> Result<(), SealError> {
        let plan = {
            let state = self.shared.state();
            let closed = self.shared.closed();
            let Some(last) = closed.last() else { return Ok(()) };
            let Stretch::Groups(sequence) = last.stretch else { return Ok(()) };
            let ends = last.ends.iter().zip(&state.lines).map(|(end, line)| (line.line.clone(), *end)).collect();
            Plan { sequence, ends }
        };
        let text = serde_json::to_string(&plan).expect("names and numbers are JSON");
        self.fenced(|tables| Ok(tables.execute("update log_sealed set plan = $1", &[&text])?))?;
        self.carry_out(&plan)
    }

    /// Makes the segments of a plan, says so, and deletes the groups that are in them.
    fn carry_out(&mut self, plan: &Plan) -> Result<(), SealError> {
        let mut made = Vec::new();
        for (line, end) in &plan.ends {
            if line.is_labels() {
                self.seal_line::<LabelRecord>(line, *end, &mut made)?;
            } else {
                self.seal_line::<Record>(line, *end, &mut made)?;
            }
        }
        let made = made.iter().map(|segment| row_of(self.shared, segment)).collect::<Vec<_>>();
        let streams: Vec<(i64, String)> = {
            let state = self.shared.state();
            let spec = |stream: &crate::stream::Stream| serde_json::to_string(stream.spec()).expect("a stream is JSON");
            state.streams.iter().map(|(number, stream)| (i64::from(*number), spec(stream))).collect()
        };
        self.fenced(|tables| {
            for (line, first, path) in &made {
                tables.execute(
                    "insert into log_segments (line, first, path) values ($1, $2, $3)",
                    &[line, first, path],
                )?;
            }
            for (line, end) in &plan.ends {
                tables.execute(
                    "insert into log_lines (line, sealed) values ($1, $2)
                     on conflict (line) do update set sealed = excluded.sealed",
                    &[&json(line), &signed(*end)],
                )?;
            }
            for (number, spec) in &streams {
                tables.execute(
                    "insert into log_streams (number, spec) values ($1, $2) on conflict do nothing",
                    &[number, spec],
                )?;
            }
            tables.execute(
                "update log_sealed set sequence = $1, changes = changes + 1, plan = null",
                &[&plan.sequence],
            )?;
            tables.execute("delete from log_groups where sequence <= $1", &[&plan.sequence])?;
            Ok(())
        })?;
        self.absorb()
    }

    /// Makes segments of a line's records before `end`, one for every day.
    fn seal_line<R: Row>(&mut self, line: &Line, end: u64, made: &mut Vec<Segment>) -> Result<(), SealError> {
        let place = self.shared.state().place_of(line);
        let missing = || WriteFailure::of_database(&format!("the {line} before position {end} are not in the tables"));
        let place = place.ok_or_else(missing)?;
        let mut first = self.shared.state().lines[place].hot_first;
        while first < end {
            let day = Day::of(self.shared, place, first, end).ok_or_else(missing)?;
            first = day.end();
            let path = day.folder(self.shared, line).join(format!("part-{}-{}.parquet", day.first, first));
            // Of a holder before, which made it and did not come to say so.
            let is_it = |segment: &Segment| segment.line == *line && (segment.first, segment.end) == (day.first, first);
            let there = Segment::open(&path).ok().filter(|segment| is_it(segment) && segment.check().is_ok());
            let segment = match there {
                Some(segment) => segment,
                None => {
                    let written = day.write::<R>(self.shared, line, || go_on(&mut self.lease))?;
                    self.publish(written)?
                }
            };
            made.push(segment);
        }
        Ok(())
    }

    /// Gives a segment its name, as long as this is who may.
    fn publish(&mut self, written: Written) -> Result<Segment, SealError> {
        self.lease.keep()?;
        written.publish(&*self.shared.options.disk)
    }

    fn retain(&mut self, retention: Retention, now: Millis) -> Result<usize, SealError> {
        let gone: Vec<Arc<Segment>> = {
            let state = self.shared.state();
            let gone = state.lines.iter().flat_map(|line| {
                let n_gone = n_not_kept(&line.segments, retention, now);
                line.segments[..n_gone].iter().cloned()
            });
            gone.collect()
        };
        self.replace(&gone, None)?;
        Ok(gone.len())
    }

    fn compact(&mut self, target_bytes: u64) -> Result<usize, SealError> {
        let found = {
            let state = self.shared.state();
            state.lines.iter().find_map(|line| {
                let run = run_of_small(&line.segments, target_bytes);
                (run.len() >= 2).then(|| (line.line.clone(), line.segments[run].to_vec()))
            })
        };
        let Some((line, small)) = found else { return Ok(0) };
        let folder = small[0].path.parent().unwrap_or(&self.shared.root).to_owned();
        let (shared, lease) = (self.shared, &mut self.lease);
        let written = if line.is_labels() {
            write_together::<LabelRecord>(shared, &line, &small, &folder, || go_on(lease))?
        } else {
            write_together::<Record>(shared, &line, &small, &folder, || go_on(lease))?
        };
        let large = self.publish(written)?;
        self.replace(&small, Some(&large))?;
        Ok(small.len())
    }

    /// Says that a segment takes the place of others, or nothing, and deletes them.
    fn replace(&mut self, old: &[Arc<Segment>], new: Option<&Segment>) -> Result<(), SealError> {
        if old.is_empty() {
            return Ok(());
        }
        let gone: Vec<_> = old.iter().map(|segment| row_of(self.shared, segment)).collect();
        let new = new.map(|segment| row_of(self.shared, segment));
        self.fenced(|tables| {
            for (line, first, _) in &gone {
                tables.execute("delete from log_segments where line = $1 and first = $2", &[line, first])?;
            }
            if let Some((line, first, path)) = &new {
                tables.execute(
                    "insert into log_segments (line, first, path) values ($1, $2, $3)",
                    &[line, first, path],
                )?;
            }
            tables.execute("update log_sealed set changes = changes + 1", &[])?;
            Ok(())
        })?;
        self.absorb()?;
        if new.is_none() {
            // Who has nothing but the folder is told as well.
            for segment in old {
                retention::set_floor(self.shared, &segment.line, segment.end)?;
            }
        }
        for segment in old {
            self.lease.keep()?;
            retention::remove(&*self.shared.options.disk, &segment.path)?;
        }
        Ok(())
    }
}

/// A segment as the table has it: its line, its first position, its path.
fn row_of(shared: &Shared, segment: &Segment) -> (String, i64, String) {
    (json(&segment.line), signed(segment.first), shared_name(&shared.root, &segment.path))
}

fn json(line: &Line) -> String {
    serde_json::to_string(line).expect("a line is JSON")
}

fn signed(position: u64) -> i64 {
    i64::try_from(position).expect("no log has 2^63 records")
}

/// Renews the lease while a segment is being made.
fn go_on(lease: &mut Lease) -> Result<(), ReadError> {
    lease.keep().map_err(|failure| ReadError::Io { path: "table log_leases".into(), detail: failure.detail })
}
