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
        let connection = self.connection();
        let mut statement = connection.prepare_cached(
            "select coalesce((select max(id) from snapshots), 0),
                    (select count(*) + count(ended) from alerts)",
        )?;
        Ok(statement.query_row([], |row| Ok(News { snapshots: row.get(0)?, alerts: row.get(1)? }))?)
    }
}
