//! The outbox: messages lie here from the transaction that made their alert until a channel has taken them.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError};
use crate::Millis;
use crate::monitor::Severity;

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

pub(super) fn write(connection: &Connection, channel: &str, message: &Message) -> Result<(), StoreError> {
    connection.execute(
        "insert or ignore into outbox (id, channel, body, written, due) values (?1, ?2, ?3, ?4, ?4)",
        params![message.id, channel, serde_json::to_string(message)?, message.written],
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
        let connection = self.connection();
        let update = "update outbox set due = ?1 + ?2, attempts = attempts + 1 where id = (
                          select id from outbox where state = 'waiting' and due <= ?1 order by due, id limit 1
                      ) returning channel, body, attempts";
        let found = connection.query_row(update, [now, lease], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, u32>(2)?))
        });
        let found = found.optional()?;
        found
            .map(|(channel, body, attempts)| Ok(Waiting { channel, message: serde_json::from_str(&body)?, attempts }))
            .transpose()
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
        self.connection().execute(
            "update outbox set state = ?2, detail = ?3, due = ?4 where id = ?1",
            params![waiting.message.id, state, detail, due],
        )?;
        Ok(())
    }

    /// Messages that wait, and those that were given up.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn undelivered(&self) -> Result<(u64, u64), StoreError> {
        let select =
            "select count(*) filter (where state = 'waiting'), count(*) filter (where state = 'given_up') from outbox";
        Ok(self.connection().query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
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
