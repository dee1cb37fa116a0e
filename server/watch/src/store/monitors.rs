//! Monitors that were made on the page or by the API. Those of a file stay in the file.

use rusqlite::params;

use super::{Store, StoreError};
use crate::monitor::Monitor;

impl Store {
    /// The monitors, by name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn monitors(&self) -> Result<Vec<Monitor>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare_cached("select definition from monitors order by name")?;
        let definitions = statement.query_map([], |row| row.get::<_, String>(0))?;
        definitions.map(|definition| Ok(serde_json::from_str(&definition?)?)).collect()
    }

    /// Makes a monitor, or puts this one in the place of the one of its name.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn put_monitor(&self, monitor: &Monitor) -> Result<(), StoreError> {
        self.connection().execute(
            "insert or replace into monitors (name, definition) values (?1, ?2)",
            params![monitor.name, serde_json::to_string(monitor)?],
        )?;
        Ok(())
    }

    /// Removes a monitor; its runs and snapshots stay. Says whether there was one.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn remove_monitor(&self, name: &str) -> Result<bool, StoreError> {
        let connection = self.connection();
        let transaction = connection.unchecked_transaction()?;
        let n = transaction.execute("delete from monitors where name = ?1", [name])?;
        transaction.execute("delete from runs where monitor = ?1 and state = 'due'", [name])?;
        // A later monitor of that name begins anew.
        for table in ["progress", "rule_states", "column_states"] {
            transaction.execute(&format!("delete from {table} where monitor = ?1"), [name])?;
        }
        transaction.commit()?;
        Ok(n > 0)
    }
}
