//! The outbox: messages lie here from the transaction that made their alert until a channel has taken them.

use serde::{Deserialize, Serialize};

use super::{Store, StoreError};
use crate::Millis;
use crate::db::Tx;
use crate::monitor::Severity;
use crate::values;

/// What one channel is told about one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The same each time it is sent: who gets it twice can tell.
    pub id: String,
    /// The monitor.
    pub monitor: String,
    /// The model.
    pub model: String,
    /// The snapshot that it is about.
    pub snapshot: Option<i64>,
    /// When it was written.
    pub written: Millis,
    /// Whether nothing has happened and somebody only tries the channel.
    pub is_test: bool,
    /// What began and what is over.
    pub alerts: Vec<Told>,
}

/// What is told about one alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The alert.
    pub alert: i64,
    /// Its rule.
    pub rule: String,
    /// Whether it is over; else it has begun.
    pub is_over: bool,
    /// How bad it is.
    pub severity: Severity,
    /// What was found.
    pub sentence: String,
    /// When it began.
    pub began: Millis,
}

/// A message that waits for its channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The channel.
    pub channel: String,
    /// The message.
    pub message: Message,
    /// How often it was tried.
    pub attempts: u32,
}

/// What came of sending a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The channel took it.
    Taken,
    /// It did not, for this reason; it is tried again.
    Later(String),
    /// It never will, for this reason.
    Never(String),
}

/// The wait before the second try; it doubles from try to try.
const FIRST_WAIT: Millis = 1000;
/// The longest wait.
const LONGEST_WAIT: Millis = 3_600_000;
/// Tries before a message is given up: about three days.
const MAX_ATTEMPTS: u32 = 80;

pub(super) fn write(tx: &mut Tx<'_>, channel: &str, message: &Message) -> Result<(), StoreError> {
    tx.execute(
        "insert into outbox (id, channel, body, written, due) values (?1, ?2, ?3, ?4, ?4) on conflict do nothing",
        values![message.id, channel, serde_json::to_string(message)?, message.written],
    )?;
    Ok(())
}

impl Store {
    /// Takes the next message that is due, and keeps it from others for `lease`: whoever dies over it leaves it to be sent
    /// again.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn next_message(&self, now: Millis, lease: Millis) -> Result<Option<Waiting>, StoreError> {
        // Most often there is none, and then nobody need wait.
        let is_any = "select 1 from outbox where state = 'waiting' and due <= ?1 limit 1";
        if !self.db.read(|tx| tx.exists(is_any, values![now]))? {
            return Ok(None);
        }
        let update = "update outbox set due = ?1 + ?2, attempts = attempts + 1 where id = (
                          select id from outbox where state = 'waiting' and due <= ?1 order by due, id limit 1
                      ) returning channel, body, attempts";
        self.lead(|tx| {
            tx.query_one(update, values![now, lease], |row| {
                let message = serde_json::from_str(&row.get::<String>(1)?)?;
                Ok(Waiting { channel: row.get(0)?, message, attempts: row.get(2)? })
            })
        })
    }

    /// Says what came of sending a message.
    ///
    /// # Errors
    /// The store cannot be written; then it is sent again.
    pub fn sent(&self, waiting: &Waiting, sent: &Sent, now: Millis) -> Result<(), StoreError> {
        let (state, detail) = match sent {
            Sent::Taken => ("sent", None),
            Sent::Later(reason) if waiting.attempts >= MAX_ATTEMPTS => ("given_up", Some(reason)),
            Sent::Later(reason) => ("waiting", Some(reason)),
            Sent::Never(reason) => ("given_up", Some(reason)),
        };
        let due = now + wait_after(waiting.attempts);
        // Whoever leads by now may have taken it again; a message that was taken is not sent once more for that.
        let update = "update outbox set state = ?2, detail = ?3, due = ?4 where id = ?1 and state = 'waiting'";
        self.db.execute(update, values![waiting.message.id, state, detail, due])?;
        Ok(())
    }

    /// Messages that wait, and those that were given up.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn undelivered(&self) -> Result<(u64, u64), StoreError> {
        let select =
            "select count(*) filter (where state = 'waiting'), count(*) filter (where state = 'given_up') from outbox";
        Ok(self.db.query_one(select, &[], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or_default())
    }
}

/// How long after a try that failed the next one comes.
fn wait_after(attempts: u32) -> Millis {
    FIRST_WAIT.saturating_mul(1 << attempts.saturating_sub(1).min(20)).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let waits: Vec<Millis> = (1..=4).map(wait_after).collect();
        assert_eq!(waits, [1000, 2000, 4000, 8000]);
        assert_eq!((wait_after(12), wait_after(13), wait_after(80)), (2_048_000, 3_600_000, 3_600_000));
    }
}
