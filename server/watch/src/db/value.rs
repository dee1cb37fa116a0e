//! Values on their way into a statement, and out of a row.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use crate::store::StoreError;

/// A parameter. What is missing still has a type, which PostgreSQL wants to know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// A whole number, or truth as 0 or 1.
    Integer(Option<i64>),
    /// A number.
    Real(Option<f64>),
    /// Text.
    Text(Option<&'a str>),
    /// Bytes.
    Blob(Option<&'a [u8]>),
}

/// What can be a parameter.
pub trait ToValue {
    /// The parameter.
    fn to_value(&self) -> Value<'_>;
}

impl ToValue for i64 {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(Some(*self))
    }
}

impl ToValue for u64 {
    /// Counts and positions; what no column can hold is as large as a column can hold, which no row has.
    fn to_value(&self) -> Value<'_> {
        Value::Integer(Some(i64::try_from(*self).unwrap_or(i64::MAX)))
    }
}

impl ToValue for u32 {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(Some(i64::from(*self)))
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(Some(i64::from(*self)))
    }
}

impl ToValue for f64 {
    fn to_value(&self) -> Value<'_> {
        Value::Real(Some(*self))
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(Some(self))
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(Some(self))
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(Some(self))
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(Some(self))
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

impl ToValue for Option<i64> {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(*self)
    }
}

impl ToValue for Option<bool> {
    fn to_value(&self) -> Value<'_> {
        Value::Integer(self.map(i64::from))
    }
}

impl ToValue for Option<String> {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self.as_deref())
    }
}

impl ToValue for Option<&String> {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self.map(String::as_str))
    }
}

impl ToValue for Option<&str> {
    fn to_value(&self) -> Value<'_> {
        Value::Text(*self)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match *self {
            Self::Integer(value) => value.map(ValueRef::Integer),
            Self::Real(value) => value.map(ValueRef::Real),
            Self::Text(value) => value.map(|text| ValueRef::Text(text.as_bytes())),
            Self::Blob(value) => value.map(ValueRef::Blob),
        };
        Ok(ToSqlOutput::Borrowed(value.unwrap_or(ValueRef::Null)))
    }
}

/// A row of either database.
pub enum Row<'a> {
    /// Of SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// Of PostgreSQL.
    Postgres(&'a tidemark_postgres::postgres::Row),
}

impl Row<'_> {
    /// The value in a column, counted from 0.
    ///
    /// # Errors
    /// It is of another type, or too large for this one.
    pub fn get<T: Get>(&self, column: usize) -> Result<T, StoreError> {
        T::get(self, column)
    }

    fn read<T>(&self, column: usize) -> Result<T, StoreError>
    where
        T: rusqlite::types::FromSql + for<'b> tidemark_postgres::postgres::types::FromSql<'b>,
    {
        match self {
            Self::Sqlite(row) => Ok(row.get(column)?),
            Self::Postgres(row) => row.try_get(column).map_err(|error| StoreError::Corrupt(error.to_string())),
        }
    }
}

/// What a column's value can be read as.
pub trait Get: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// It is of another type, or too large for this one.
    fn get(row: &Row<'_>, column: usize) -> Result<Self, StoreError>;
}

/// A type that both databases' clients know.
macro_rules! direct {
    ($($direct:ty),*) => { $(
        impl Get for $direct {
            fn get(row: &Row<'_>, column: usize) -> Result<Self, StoreError> {
                row.read(column)
            }
        }

        impl Get for Option<$direct> {
            fn get(row: &Row<'_>, column: usize) -> Result<Self, StoreError> {
                row.read(column)
            }
        }
    )* };
}

direct!(i64, f64, String, Vec<u8>);

/// A type that is stored as a whole number.
macro_rules! whole {
    ($($whole:ty),*) => { $(
        impl Get for $whole {
            fn get(row: &Row<'_>, column: usize) -> Result<Self, StoreError> {
                let value: i64 = row.read(column)?;
                let wrong = |_too_large| StoreError::Corrupt(format!("{value} is no {}", stringify!($whole)));
                value.try_into().map_err(wrong)
            }
        }
    )* };
}

whole!(u64, u32);

impl Get for bool {
    fn get(row: &Row<'_>, column: usize) -> Result<Self, StoreError> {
        row.read::<i64>(column).map(|value| value != 0)
    }
}

impl Get for Option<bool> {
    fn get(row: &Row<'_>, column: usize) -> Result<Self, StoreError> {
        row.read::<Option<i64>>(column).map(|value| value.map(|value| value != 0))
    }
}
