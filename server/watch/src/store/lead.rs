//! Who leads: of the replicas on one database, one makes the runs and sends the messages.
//!
//! The lease is a row with its owner, the time until which it holds, by the database's clock, and a token that grows whenever it
//! changes hands. Whoever leads renews it well before it ends. A replica that was paused may think that it still leads: whatever only
//! the leader may write compares the token within its own transaction, and the one writer at a time is whom it is compared with.

use std::sync::atomic::{AtomicI64, Ordering};

use super::runs::release_all;
use super::{Store, StoreError};
use crate::Millis;
use crate::db::{Db, Tx};
use crate::values;

/// How long a lease holds that is not renewed.
pub const TTL: Millis = 7_000;

/// The lease's name in its table.
const NAME: &str = "monitors";

/// What a round of [`Store::lead_as`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lead {
    /// This replica has begun to lead.
    Begun,
    /// It goes on leading.
    Held,
    /// Another one leads.
    Others,
}

/// What this process may write: everything, or what comes with this token; 0 is no token.
pub(super) struct Role {
    is_alone: bool,
    token: AtomicI64,
}

impl Role {
    pub(super) const fn of(db: &Db) -> Self {
        if db.is_shared() { Self::replica() } else { Self::alone() }
    }

    pub(super) const fn alone() -> Self {
        Self { is_alone: true, token: AtomicI64::new(0) }
    }

    pub(super) const fn replica() -> Self {
        Self { is_alone: false, token: AtomicI64::new(0) }
    }

    fn leads(&self) -> bool {
        self.is_alone || self.token.load(Ordering::Acquire) != 0
    }

    /// Whether this process leads as of this transaction, in this term.
    pub(super) fn check(&self, tx: &mut Tx<'_>, token: i64) -> Result<(), StoreError> {
        if self.is_alone {
            return Ok(());
        }
        let is_ours = "select 1 from leases where name = ?1 and token = ?2";
        if token != 0 && tx.exists(is_ours, values![NAME, token])? {
            return Ok(());
        }
        // Only if nothing has changed meanwhile: a newer token is not lost to an older round.
        let _it_has_a_newer_one = self.token.compare_exchange(token, 0, Ordering::AcqRel, Ordering::Acquire);
        Err(StoreError::NotLeading)
    }
}

impl Store {
    /// Whether this process leads, as far as it knows. One that is alone does.
    pub fn leads(&self) -> bool {
        self.role.leads()
    }

    /// The term in which this process leads: another number whenever it begins to, and 0 while it does not. One that is alone has one
    /// term, 0.
    pub fn term(&self) -> i64 {
        self.role.token.load(Ordering::Acquire)
    }

    /// Takes the lease under this name if nobody has it, or renews it. Whoever begins to lead lets go the claims of the leader before,
    /// who cannot finish them any more.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn lead_as(&self, owner: &str) -> Result<Lead, StoreError> {
        self.lead_for(owner, TTL)
    }

    pub(super) fn lead_for(&self, owner: &str, ttl: Millis) -> Result<Lead, StoreError> {
        let ours = self.role.token.load(Ordering::Acquire);
        let (lead, token) = self.db.write(|tx| {
            let now = tx.now()?;
            let select = "select token, until from leases where name = ?1";
            let held: Option<(i64, Millis)> =
                tx.query_one(select, values![NAME], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let token = match held {
                // Nobody has taken it since, even if it is late.
                Some((token, _)) if ours != 0 && token == ours => {
                    tx.execute("update leases set until = ?2 where name = ?1", values![NAME, now + ttl])?;
                    return Ok((Lead::Held, token));
                }
                Some((_, until)) if until > now => return Ok((Lead::Others, 0)),
                held => held.map_or(0, |(token, _)| token) + 1,
            };
            let insert =
                "insert into leases (name, owner, token, until) values (?1, ?2, ?3, ?4) on conflict (name) do update
                          set owner = excluded.owner, token = excluded.token, until = excluded.until";
            tx.execute(insert, values![NAME, owner, token, now + ttl])?;
            release_all(tx)?;
            Ok((Lead::Begun, token))
        })?;
        self.role.token.store(token, Ordering::Release);
        Ok(lead)
    }

    /// Stops leading, so that another replica need not wait for the lease to end.
    ///
    /// # Errors
    /// The database cannot be written; then the lease ends by itself.
    pub fn resign(&self) -> Result<(), StoreError> {
        let token = self.role.token.swap(0, Ordering::AcqRel);
        if token != 0 {
            self.db.execute("update leases set until = 0 where name = ?1 and token = ?2", values![NAME, token])?;
        }
        Ok(())
    }

    /// Stops acting as the leader without telling the database: for who could not renew the lease for longer than it holds.
    pub fn stand_back(&self) {
        self.role.token.store(0, Ordering::Release);
    }

    /// Who leads, as the database has it: its name, and whether its lease holds.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn leader(&self) -> Result<Option<(String, bool)>, StoreError> {
        self.db.read(|tx| {
            let now = tx.now()?;
            let select = "select owner, until from leases where name = ?1";
            tx.query_one(select, values![NAME], |row| Ok((row.get(0)?, row.get::<Millis>(1)? > now)))
        })
    }
}
