//! Whether there is something new, in numbers that are asked for every second.

use super::{Store, StoreError};

/// Numbers that change whenever something is added or ends. What they count is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// Of the snapshots.
    pub snapshots: u64,
    /// Of the alerts: that began or ended.
    pub alerts: u64,
}

impl Store {
    /// The numbers as they are now.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn news(&self) -> Result<News, StoreError> {
        let select =
            "select coalesce((select max(id) from snapshots), 0), (select count(*) + count(ended) from alerts)";
        let news = self.db.query_one(select, &[], |row| Ok(News { snapshots: row.get(0)?, alerts: row.get(1)? }))?;
        Ok(news.unwrap_or(News { snapshots: 0, alerts: 0 }))
    }
}
