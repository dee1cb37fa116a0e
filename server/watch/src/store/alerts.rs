//! Alerts: what began, what is over, who knows of it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::outbox::{self, Message, Told};
use super::runs::Run;
use super::{Store, StoreError};
use crate::Millis;
use crate::db::{Row, Tx};
use crate::monitor::{Monitor, Rule, Severity};
use crate::rules::{Came, Finding, RuleState, Step, find};
use crate::values;

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its number.
    pub id: i64,
    /// The monitor.
    pub monitor: String,
    /// The model.
    pub model: String,
    /// The rule.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// What was found when it began.
    pub sentence: String,
    /// When it began.
    pub began: Millis,
    /// The snapshot that it began with.
    pub snapshot: Option<i64>,
    /// When it was over.
    pub ended: Option<Millis>,
    /// When somebody took note of it.
    pub acknowledged: Option<Millis>,
    /// Who.
    pub acknowledged_by: Option<String>,
}

/// Alerts that are not told about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// Of this monitor.
    pub monitor: String,
    /// Of this rule; of all where it is empty.
    pub rule: String,
    /// Until then.
    pub until: Millis,
}

const ALERT: &str =
    "id, monitor, model, rule, severity, sentence, began, snapshot, ended, acknowledged, acknowledged_by";

fn alert(row: &Row<'_>) -> Result<Alert, StoreError> {
    let severity: String = row.get(4)?;
    Ok(Alert {
        id: row.get(0)?,
        monitor: row.get(1)?,
        model: row.get(2)?,
        rule: row.get(3)?,
        severity: Severity::from_name(&severity).unwrap_or(Severity::Warning),
        sentence: row.get(5)?,
        began: row.get(6)?,
        snapshot: row.get(7)?,
        ended: row.get(8)?,
        acknowledged: row.get(9)?,
        acknowledged_by: row.get(10)?,
    })
}

/// Lets a run speak to every rule of its monitor, within the transaction that ends the run.
pub(super) fn step(
    tx: &mut Tx<'_>,
    monitor: &Monitor,
    run: &Run,
    came: Came<'_>,
    now: Millis,
) -> Result<(), StoreError> {
    let mut told: BTreeMap<&str, Vec<Told>> = BTreeMap::new();
    for rule in &monitor.alerts {
        if let Some(about) = step_rule(tx, monitor, run, rule, came, now)? {
            for channel in &rule.channels {
                told.entry(channel).or_default().push(about.clone());
            }
        }
    }
    for (channel, alerts) in told {
        let message = Message {
            id: format!("{}-{}-{channel}", run.id, run.last),
            monitor: monitor.name.clone(),
            model: monitor.model.clone(),
            snapshot: run.snapshot,
            written: now,
            is_test: false,
            alerts,
        };
        outbox::write(tx, channel, &message)?;
    }
    Ok(())
}

/// What is to be told about a rule, if anything.
fn step_rule(
    tx: &mut Tx<'_>,
    monitor: &Monitor,
    run: &Run,
    rule: &Rule,
    came: Came<'_>,
    now: Millis,
) -> Result<Option<Told>, StoreError> {
    let select = "select state from rule_states where monitor = ?1 and rule = ?2";
    let state: Option<String> = tx.query_one(select, values![monitor.name, rule.name], |row| row.get(0))?;
    let mut state: RuleState = state.map(|state| serde_json::from_str(&state)).transpose()?.unwrap_or_default();
    let before = state;
    let finding = find(&rule.when, came);
    let step = state.step(rule, &finding);
    if let (Step::Begins, Finding::Met(sentence, severity)) = (step, &finding) {
        let severity = rule.severity.unwrap_or(*severity);
        let id = tx.insert(
            "insert into alerts (monitor, model, rule, severity, sentence, began, began_run, snapshot)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) returning id",
            values![monitor.name, monitor.model, rule.name, severity.name(), sentence, now, run.id, run.snapshot],
        )?;
        (state.alert, state.is_told) = (Some(id), false);
    }
    let mut told = None;
    if let Some(id) = state.alert {
        let select = format!("select {ALERT} from alerts where id = ?1");
        let Some(alert) = tx.query_one(&select, values![id], alert)? else {
            // Somebody deleted it; the next window that meets the rule begins another.
            state.alert = None;
            return store_state(tx, monitor, rule, &state).map(|()| None);
        };
        let is_over = step == Step::Ends;
        if is_over {
            tx.execute("update alerts set ended = ?2 where id = ?1", values![id, now])?;
        }
        let may_tell = state.may_tell(rule.cooldown, now) && !is_muted(tx, monitor, rule, now)?;
        // Its end is told to whom its beginning was told.
        let is_due = if is_over {
            state.is_told
        } else {
            step != Step::Nothing && !state.is_told && alert.acknowledged.is_none() && may_tell
        };
        if is_due {
            told = Some(Told {
                alert: id,
                rule: rule.name.clone(),
                is_over,
                severity: alert.severity,
                sentence: alert.sentence,
                began: alert.began,
            });
            state.is_told = true;
            if !is_over {
                state.told = Some(now);
            }
        }
        if is_over {
            state.alert = None;
        }
    }
    if state != before {
        store_state(tx, monitor, rule, &state)?;
    }
    Ok(told)
}

fn store_state(tx: &mut Tx<'_>, monitor: &Monitor, rule: &Rule, state: &RuleState) -> Result<(), StoreError> {
    let insert = "insert into rule_states (monitor, rule, state) values (?1, ?2, ?3)
                  on conflict (monitor, rule) do update set state = excluded.state";
    tx.execute(insert, values![monitor.name, rule.name, serde_json::to_string(state)?])?;
    Ok(())
}

fn is_muted(tx: &mut Tx<'_>, monitor: &Monitor, rule: &Rule, now: Millis) -> Result<bool, StoreError> {
    let select = "select 1 from mutes where monitor = ?1 and rule in ('', ?2) and until > ?3";
    tx.exists(select, values![monitor.name, rule.name, now])
}

impl Store {
    /// The latest `n` alerts, of this monitor or of all, those that go on first, then the latest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn alerts(&self, monitor: Option<&str>, n: u64) -> Result<Vec<Alert>, StoreError> {
        let select = format!(
            "select {ALERT} from alerts where ?1 is null or monitor = ?1 order by ended is not null, id desc limit ?2"
        );
        self.db.query(&select, values![monitor, n], alert)
    }

    /// Takes note of an alert. Says whether there is one of this number.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn acknowledge(&self, id: i64, by: &str, now: Millis) -> Result<bool, StoreError> {
        let update = "update alerts set acknowledged = coalesce(acknowledged, ?2), acknowledged_by = coalesce(acknowledged_by, ?3) where id = ?1";
        Ok(self.db.execute(update, values![id, now, by])? > 0)
    }

    /// Tells nobody about a monitor's alerts, or those of one of its rules, until then; a time that has passed ends that.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn mute(&self, mute: &Mute) -> Result<(), StoreError> {
        let insert = "insert into mutes (monitor, rule, until) values (?1, ?2, ?3)
                      on conflict (monitor, rule) do update set until = excluded.until";
        self.db.execute(insert, values![mute.monitor, mute.rule, mute.until])?;
        Ok(())
    }

    /// What is muted at this time.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn mutes(&self, now: Millis) -> Result<Vec<Mute>, StoreError> {
        let select = "select monitor, rule, until from mutes where until > ?1 order by monitor, rule";
        self.db
            .query(select, values![now], |row| Ok(Mute { monitor: row.get(0)?, rule: row.get(1)?, until: row.get(2)? }))
    }
}
