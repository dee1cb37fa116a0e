//! Shared reports: whoever has the token reads the report, until it expires or is taken back.

use serde::{Deserialize, Serialize};
use tidemark::report::DriftReport;

use super::snapshots::{pack, unpack};
use super::{Store, StoreError};
use crate::Millis;
use crate::monitor::Invalid;
use crate::token::{Token, hash};
use crate::values;

/// A shared report, as its owner sees it. The token itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The beginning of the token's hash: names it, opens nothing.
    pub id: String,
    /// What the page is called.
    pub title: String,
    /// When it was made.
    pub created: Millis,
    /// From when on it does not open any more.
    pub expires: Option<Millis>,
    /// When it was taken back.
    pub revoked: Option<Millis>,
    /// The snapshot; `None` for a report that somebody sent.
    pub snapshot: Option<i64>,
}

/// What a token opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// What the page is called.
    pub title: String,
    /// When it was shared.
    pub created: Millis,
    /// From when on it does not open any more.
    pub expires: Option<Millis>,
    /// The report.
    pub report: DriftReport,
}

/// A title may be so long.
const MAX_TITLE: usize = 200;

/// The title of a share's page, from what somebody wrote.
///
/// # Errors
/// It is too long.
pub fn title_of(text: &str) -> Result<String, Invalid> {
    match text.trim() {
        "" => Ok("Drift report".to_owned()),
        title if title.chars().count() > MAX_TITLE => {
            Err(Invalid::new("title", format!("expected at most {MAX_TITLE} characters")))
        }
        title => Ok(title.to_owned()),
    }
}

/// Characters of a hash that name a share.
const ID: usize = 16;

impl Store {
    /// Shares a snapshot. `None` if there is none of this id.
    ///
    /// # Errors
    /// The store cannot be written, or there are no random numbers.
    pub fn share_snapshot(
        &self,
        snapshot: i64,
        title: &str,
        now: Millis,
        expires: Option<Millis>,
    ) -> Result<Option<(Token, Share)>, StoreError> {
        self.db.write(|tx| {
            if !tx.exists("select 1 from snapshots where id = ?1", values![snapshot])? {
                return Ok(None);
            }
            let token = fresh()?;
            tx.execute(
                "insert into shares (hash, title, created, expires, snapshot) values (?1, ?2, ?3, ?4, ?5)",
                values![hash(token.as_str()), title, now, expires, snapshot],
            )?;
            let share = share(&token, title, now, expires, Some(snapshot));
            Ok(Some((token, share)))
        })
    }

    /// Shares a report that somebody sent.
    ///
    /// # Errors
    /// The store cannot be written, or there are no random numbers.
    pub fn share_report(
        &self,
        report: &DriftReport,
        title: &str,
        now: Millis,
        expires: Option<Millis>,
    ) -> Result<(Token, Share), StoreError> {
        let token = fresh()?;
        self.db.execute(
            "insert into shares (hash, title, created, expires, report) values (?1, ?2, ?3, ?4, ?5)",
            values![hash(token.as_str()), title, now, expires, pack(report)?],
        )?;
        let share = share(&token, title, now, expires, None);
        Ok((token, share))
    }

    /// Opens a token; `None` if it is wrong, expired or taken back, which nobody can tell apart.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn open_share(&self, token: &str, now: Millis) -> Result<Option<Opened>, StoreError> {
        let select = "select title, shares.created, expires, coalesce(shares.report, snapshots.report)
                      from shares left join snapshots on snapshots.id = shares.snapshot
                      where hash = ?1 and revoked is null and (expires is null or expires > ?2)";
        let found = self.db.query_one(select, values![hash(token), now], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<Option<Vec<u8>>>(3)?))
        })?;
        let Some((title, created, expires, Some(packed))) = found else { return Ok(None) };
        Ok(Some(Opened { title, created, expires, report: unpack(&packed)? }))
    }

    /// Takes a share back, by its id. Says whether there was one that still opened.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn revoke_share(&self, id: &str, now: Millis) -> Result<bool, StoreError> {
        let update = "update shares set revoked = ?2 where substr(hash, 1, 16) = ?1 and revoked is null";
        Ok(self.db.execute(update, values![id, now])? > 0)
    }

    /// All shares, the latest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn shares(&self) -> Result<Vec<Share>, StoreError> {
        let select = "select substr(hash, 1, 16), title, created, expires, revoked, snapshot from shares order by created desc, hash";
        self.db.query(select, &[], |row| {
            Ok(Share {
                id: row.get(0)?,
                title: row.get(1)?,
                created: row.get(2)?,
                expires: row.get(3)?,
                revoked: row.get(4)?,
                snapshot: row.get(5)?,
            })
        })
    }
}

fn fresh() -> Result<Token, StoreError> {
    Token::fresh().map_err(|error| StoreError::Io(error.to_string()))
}

fn share(token: &Token, title: &str, created: Millis, expires: Option<Millis>, snapshot: Option<i64>) -> Share {
    let id = hash(token.as_str())[..ID].to_owned();
    Share { id, title: title.to_owned(), created, expires, revoked: None, snapshot }
}
