//! What turns out to be true, some time after each prediction.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tidemark::data::Dataset;

use super::play::sleep_until;
use crate::cli::Failure;

/// How often labels that are due are sent, all at once.
const EVERY: Duration = Duration::from_millis(500);
/// The most labels of one request.
const MOST_AT_ONCE: usize = 10_000;

/// The truth of every row, told so long after its prediction.
pub(in crate::cli) struct Labels {
    truths: Vec<Option<String>>,
    endpoint: String,
    delay: Duration,
    waiting: Mutex<VecDeque<(Instant, String, usize)>>,
}

impl Labels {
    /// Of a column of the rows' table; those that are missing there are never told. `endpoint` takes them as lines of JSON.
    pub fn of(data: &Dataset, column: &str, file: &Path, endpoint: String, delay: Duration) -> Result<Self, Failure> {
        let found = data.column(column).ok_or_else(|| Failure::file(file, format!("there is no column {column:?}")))?;
        Ok(Self { truths: found.texts(), endpoint, delay, waiting: Mutex::default() })
    }

    /// Notes that a row was answered.
    pub fn wait_for(&self, row: usize, answer: &str) {
        let answer: serde_json::Value = serde_json::from_str(answer).unwrap_or_default();
        if let Some(id) = answer["id"].as_str().filter(|_| self.truths[row].is_some()) {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push_back((Instant::now() + self.delay, id.to_owned(), row));
        }
    }

    /// Sends what is due until all is over, then what is left; says how many labels could not be sent.
    pub fn send(&self, agent: &ureq::Agent, is_over: &(dyn Fn() -> bool + Sync)) -> u64 {
        let mut failed = 0;
        while !sleep_until(Instant::now() + EVERY, is_over) {
            failed += self.send_due(agent, Some(Instant::now()));
        }
        failed + self.send_due(agent, None)
    }

    fn send_due(&self, agent: &ureq::Agent, until: Option<Instant>) -> u64 {
        let mut failed = 0;
        loop {
            let due: Vec<(Instant, String, usize)> = {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let is_due = |at: &Instant| until.is_none_or(|until| *at <= until);
                let n = waiting.iter().take(MOST_AT_ONCE).take_while(|(at, ..)| is_due(at)).count();
                waiting.drain(..n).collect()
            };
            if due.is_empty() {
                return failed;
            }
            let line = |(_, id, row): &(Instant, String, usize)| {
                let truth = self.truths[*row].as_deref().unwrap_or_default();
                let truth =
                    truth.parse::<f64>().map_or_else(|_| serde_json::json!(truth), |number| serde_json::json!(number));
                format!("{}\n", serde_json::json!({ "id": id, "label": truth }))
            };
            let body: String = due.iter().map(line).collect();
            let answer = agent.post(&self.endpoint).content_type("application/x-ndjson").send(body);
            if !answer.is_ok_and(|answer| answer.status().is_success()) {
                failed += due.len() as u64;
            }
        }
    }
}
