//! Monitors that were made on the page or by the API. Those of a file stay in the file.

use super::{Store, StoreError};
use crate::monitor::Monitor;
use crate::values;

impl Store {
    /// The monitors, by name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn monitors(&self) -> Result<Vec<Monitor>, StoreError> {
        let select = "select definition from monitors order by name";
        self.db.query(select, &[], |row| Ok(serde_json::from_str(&row.get::<String>(0)?)?))
    }

    /// Makes a monitor, or puts this one in the place of the one of its name.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn put_monitor(&self, monitor: &Monitor) -> Result<(), StoreError> {
        let insert = "insert into monitors (name, definition) values (?1, ?2)
                      on conflict (name) do update set definition = excluded.definition";
        self.db.execute(insert, values![monitor.name, serde_json::to_string(monitor)?])?;
        Ok(())
    }

    /// Removes a monitor; its runs and snapshots stay. Says whether there was one.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn remove_monitor(&self, name: &str) -> Result<bool, StoreError> {
        self.db.write(|tx| {
            let n = tx.execute("delete from monitors where name = ?1", values![name])?;
            tx.execute("delete from runs where monitor = ?1 and state = 'due'", values![name])?;
            // A later monitor of that name begins anew.
            for table in ["progress", "rule_states", "column_states"] {
                tx.execute(&format!("delete from {table} where monitor = ?1"), values![name])?;
            }
            Ok(n > 0)
        })
    }
}
