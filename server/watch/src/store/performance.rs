//! How models did, window by window; what watches their streams, with all that it remembers; and the alarms of those.
//!
//! What a window's figures, a state and an alarm are is the caller's: the store keeps them as JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::snapshots::Bounds;
use super::{Store, StoreError};
use crate::Millis;
use crate::values;

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
    /// Stores what a round of watching found, in the term of leading ([`Store::term`]) in which it was resumed from the store.
    ///
    /// # Errors
    /// The store cannot be written; then nothing is stored.
    pub fn save_performance<S: Serialize, F: Serialize, A: Serialize>(
        &self,
        model: &str,
        term: i64,
        watched: &Watched<S, F, A>,
    ) -> Result<(), StoreError> {
        let state = serde_json::to_string(&watched.state)?;
        self.lead_in(term, |tx| {
            let insert = "insert into performance_states (model, state) values (?1, ?2)
                          on conflict (model) do update set state = excluded.state";
            tx.execute(insert, values![model, state])?;
            for Figures { window, figures } in &watched.windows {
                tx.execute(
                    "insert into performance_windows (model, first, \"end\", \"from\", \"to\", figures)
                     values (?1, ?2, ?3, ?4, ?5, ?6) on conflict (model, first) do update
                     set \"end\" = excluded.\"end\", \"from\" = excluded.\"from\", \"to\" = excluded.\"to\", figures = excluded.figures",
                    values![model, window.first, window.end, window.from, window.to, serde_json::to_string(figures)?],
                )?;
            }
            tx.execute(
                "delete from performance_windows where model = ?1 and first < (
                     select first from performance_windows where model = ?1 order by first desc limit 1 offset ?2)",
                values![model, KEPT - 1],
            )?;
            for (at, series, detector, alarm) in &watched.alarms {
                tx.execute(
                    "insert into performance_alarms (model, at, series, detector, alarm) values (?1, ?2, ?3, ?4, ?5)",
                    values![model, *at, series, detector, serde_json::to_string(alarm)?],
                )?;
            }
            Ok(())
        })
    }

    /// How far the watching of a model has come.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn performance_state<S: DeserializeOwned>(&self, model: &str) -> Result<Option<S>, StoreError> {
        let select = "select state from performance_states where model = ?1";
        let state: Option<String> = self.db.query_one(select, values![model], |row| row.get(0))?;
        Ok(state.map(|state| serde_json::from_str(&state)).transpose()?)
    }

    /// The latest `n` windows of a model, oldest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn performance_windows<F: DeserializeOwned>(&self, model: &str, n: u64) -> Result<Vec<Figures<F>>, StoreError> {
        let select = "select first, \"end\", \"from\", \"to\", figures from performance_windows
                      where model = ?1 order by first desc limit ?2";
        let mut windows = self.db.query(select, values![model, n], |row| {
            let window = Bounds { first: row.get(0)?, end: row.get(1)?, from: row.get(2)?, to: row.get(3)? };
            Ok(Figures { window, figures: serde_json::from_str(&row.get::<String>(4)?)? })
        })?;
        windows.reverse();
        Ok(windows)
    }

    /// The latest `n` alarms of a model, the latest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn performance_alarms<A: DeserializeOwned>(&self, model: &str, n: u64) -> Result<Vec<A>, StoreError> {
        let select = "select alarm from performance_alarms where model = ?1 order by id desc limit ?2";
        self.db.query(select, values![model, n], |row| Ok(serde_json::from_str(&row.get::<String>(0)?)?))
    }

    /// How many alarms there were of a model, by series and detector.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn n_performance_alarms(&self, model: &str) -> Result<Vec<(String, String, u64)>, StoreError> {
        let select = "select series, detector, count(*) from performance_alarms
                      where model = ?1 group by series, detector order by 1, 2";
        self.db.query(select, values![model], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
    }
}
