//! How models did, window by window; what watches their streams, with all that it remembers; and the alarms of those.
//!
//! What a window's figures, a state and an alarm are is the caller's: the store keeps them as JSON.

use rusqlite::{OptionalExtension, TransactionBehavior, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::snapshots::Bounds;
use super::{Store, StoreError};
use crate::Millis;

/// Windows of a model that are kept: the latest ones.
const KEPT: u64 = 1000;

/// The figures of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures<F> {
    /// The window.
    pub window: Bounds,
    /// Its figures.
    pub figures: F,
}

/// What a round of watching a model changes: all of it is stored, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched<S, F, A> {
    /// How far the watching has come.
    pub state: S,
    /// Windows that are new or have other figures. A window is known by its first row.
    pub windows: Vec<Figures<F>>,
    /// New alarms: when, in which series, by which detector, and what it said.
    pub alarms: Vec<(Millis, String, String, A)>,
}

impl Store {
    /// Stores what a round of watching found.
    ///
    /// # Errors
    /// The store cannot be written; then nothing is stored.
    pub fn save_performance<S: Serialize, F: Serialize, A: Serialize>(
        &self,
        model: &str,
        watched: &Watched<S, F, A>,
    ) -> Result<(), StoreError> {
        let state = serde_json::to_string(&watched.state)?;
        let mut connection = self.connection();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "insert or replace into performance_states (model, state) values (?1, ?2)",
            params![model, state],
        )?;
        for Figures { window, figures } in &watched.windows {
            transaction.execute(
                "insert or replace into performance_windows (model, first, end, \"from\", \"to\", figures) values (?1, ?2, ?3, ?4, ?5, ?6)",
                params![model, window.first, window.end, window.from, window.to, serde_json::to_string(figures)?],
            )?;
        }
        transaction.execute(
            "delete from performance_windows where model = ?1 and first < (
                 select first from performance_windows where model = ?1 order by first desc limit 1 offset ?2)",
            params![model, KEPT - 1],
        )?;
        for (at, series, detector, alarm) in &watched.alarms {
            transaction.execute(
                "insert into performance_alarms (model, at, series, detector, alarm) values (?1, ?2, ?3, ?4, ?5)",
                params![model, at, series, detector, serde_json::to_string(alarm)?],
            )?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// How far the watching of a model has come.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn performance_state<S: DeserializeOwned>(&self, model: &str) -> Result<Option<S>, StoreError> {
        let select = "select state from performance_states where model = ?1";
        let state: Option<String> = self.connection().query_row(select, [model], |row| row.get(0)).optional()?;
        Ok(state.map(|state| serde_json::from_str(&state)).transpose()?)
    }

    /// The latest `n` windows of a model, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn performance_windows<F: DeserializeOwned>(&self, model: &str, n: u64) -> Result<Vec<Figures<F>>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "select first, end, \"from\", \"to\", figures from performance_windows where model = ?1 order by first desc limit ?2",
        )?;
        let rows = statement.query_map(params![model, n], |row| {
            let window = Bounds { first: row.get(0)?, end: row.get(1)?, from: row.get(2)?, to: row.get(3)? };
            Ok((window, row.get::<_, String>(4)?))
        })?;
        let mut windows = Vec::new();
        for row in rows {
            let (window, figures) = row?;
            windows.push(Figures { window, figures: serde_json::from_str(&figures)? });
        }
        windows.reverse();
        Ok(windows)
    }

    /// The latest `n` alarms of a model, the latest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn performance_alarms<A: DeserializeOwned>(&self, model: &str, n: u64) -> Result<Vec<A>, StoreError> {
        let connection = self.connection();
        let mut statement = connection
            .prepare_cached("select alarm from performance_alarms where model = ?1 order by id desc limit ?2")?;
        let rows = statement.query_map(params![model, n], |row| row.get::<_, String>(0))?;
        rows.map(|row| Ok(serde_json::from_str(&row?)?)).collect()
    }

    /// How many alarms there were of a model, by series and detector.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn n_performance_alarms(&self, model: &str) -> Result<Vec<(String, String, u64)>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "select series, detector, count(*) from performance_alarms where model = ?1 group by series, detector order by 1, 2",
        )?;
        let rows = statement.query_map([model], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
