//! A table: columns of equal length, each name once.

use std::fmt;

use super::Column;

/// Columns of equal length, in the order of the header.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dataset {
    columns: Vec<Column>,
    n_rows: usize,
}

/// Why columns do not make a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatasetError {
    /// Two columns have one name.
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A column is shorter or longer than the first.
    UnequalLengths {
        /// The column.
        name: String,
        /// Rows of the first column.
        expected: usize,
        /// Rows of this column.
        found: usize,
    },
}

impl fmt::Display for DatasetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateName { name } => write!(f, "two columns are called {name:?}"),
            Self::UnequalLengths { name, expected, found } => {
                write!(f, "column {name:?} has {found} rows where the first has {expected}")
            }
        }
    }
}

impl std::error::Error for DatasetError {}

impl Dataset {
    /// Puts columns side by side.
    ///
    /// # Errors
    /// Two columns share a name, or their lengths differ.
    pub fn new(columns: Vec<Column>) -> Result<Self, DatasetError> {
        let n_rows = columns.first().map_or(0, Column::len);
        let mut names = std::collections::BTreeSet::new();
        for column in &columns {
            if !names.insert(column.name.as_str()) {
                return Err(DatasetError::DuplicateName { name: column.name.clone() });
            }
            if column.len() != n_rows {
                let (expected, found) = (n_rows, column.len());
                return Err(DatasetError::UnequalLengths { name: column.name.clone(), expected, found });
            }
        }
        Ok(Self { columns, n_rows })
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns, in order.
    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Rows.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// A copy of some rows.
    ///
    /// # Panics
    /// When `rows` reaches past the end.
    pub fn slice(&self, rows: std::ops::Range<usize>) -> Self {
        let n_rows = rows.len();
        Self { columns: self.columns.iter().map(|column| column.slice(rows.clone())).collect(), n_rows }
    }

    /// A copy of these rows, in this order.
    ///
    /// # Panics
    /// When a row is past the end.
    pub fn pick(&self, rows: &[usize]) -> Self {
        Self { columns: self.columns.iter().map(|column| column.pick(rows)).collect(), n_rows: rows.len() }
    }

    /// The same rows with one more column on the right.
    ///
    /// # Errors
    /// As [`Dataset::new`].
    pub fn with_column(mut self, column: Column) -> Result<Self, DatasetError> {
        self.columns.push(column);
        Self::new(self.columns)
    }
}
