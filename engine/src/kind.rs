//! What a database's types are to Tidemark.

use std::fmt;

/// How the values of a column are counted and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Integer,
    /// Floating-point numbers.
    Float,
    /// Decimal numbers, which count as fractions.
    Decimal,
    /// Truth values, written `true` and `false`.
    Boolean,
    /// Texts, and what is written like one: enumerations, UUIDs.
    Text,
    /// Moments, with or without a zone; those without count as UTC.
    Timestamp,
    /// Moments without a zone, where a dialect reads them in another way.
    LocalTimestamp,
    /// Days.
    Date,
}

/// A type that Tidemark does not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownType {
    /// As the database calls it.
    pub type_name: String,
}

impl fmt::Display for UnknownType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the type {:?} is not taken: numbers, truth values, texts, dates and timestamps are", self.type_name)
    }
}

impl std::error::Error for UnknownType {}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Integer,
        Self::Float,
        Self::Decimal,
        Self::Boolean,
        Self::Text,
        Self::Timestamp,
        Self::LocalTimestamp,
        Self::Date,
    ];

    /// The name in a file of counts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Text => "text",
            Self::Timestamp => "timestamp",
            Self::LocalTimestamp => "local_timestamp",
            Self::Date => "date",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind of a column of this type, as Spark, DuckDB, ClickHouse or PostgreSQL writes it.
    ///
    /// # Errors
    /// It is none that Tidemark takes.
    pub fn of_type(type_name: &str) -> Result<Self, UnknownType> {
        let mut name = type_name.trim().to_lowercase();
        for wrapper in ["lowcardinality(", "nullable("] {
            if let Some(inner) = name.strip_prefix(wrapper).and_then(|inner| inner.strip_suffix(')')) {
                name = inner.to_owned();
            }
        }
        let end = name.find('(').unwrap_or(name.len());
        let (base, rest) = name.split_at(end);
        let has_zone = rest.ends_with("with time zone");
        Ok(match base.trim() {
            _ if name.ends_with(']') || name.starts_with("array") => {
                return Err(UnknownType { type_name: type_name.to_owned() });
            }
            "tinyint" | "smallint" | "int" | "integer" | "bigint" | "hugeint" | "utinyint" | "usmallint"
            | "uinteger" | "ubigint" | "uhugeint" | "byte" | "short" | "long" | "int2" | "int4" | "int8" | "int16"
            | "int32" | "int64" | "int128" | "int256" | "uint8" | "uint16" | "uint32" | "uint64" | "uint128"
            | "uint256" => Self::Integer,
            "real" | "float" | "double" | "double precision" | "float4" | "float8" | "float32" | "float64" => {
                Self::Float
            }
            "numeric" | "decimal" | "decimal32" | "decimal64" | "decimal128" | "decimal256" => Self::Decimal,
            "boolean" | "bool" => Self::Boolean,
            "text" | "varchar" | "character varying" | "character" | "char" | "bpchar" | "string" | "fixedstring"
            | "uuid" | "enum" | "enum8" | "enum16" | "name" | "citext" | "user-defined" => Self::Text,
            "timestamp with time zone" | "timestamptz" | "datetime" | "datetime64" => Self::Timestamp,
            "timestamp" if has_zone => Self::Timestamp,
            "timestamp" => Self::Timestamp,
            "timestamp without time zone" | "timestamp_ntz" => Self::LocalTimestamp,
            "date" | "date32" => Self::Date,
            _ => return Err(UnknownType { type_name: type_name.to_owned() }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_four_databases_have_their_kind() {
        let kinds = [
            ("double precision", Kind::Float),
            ("numeric(10,2)", Kind::Decimal),
            ("LowCardinality(Nullable(String))", Kind::Text),
            ("Nullable(Int64)", Kind::Integer),
            ("DateTime64(3, 'UTC')", Kind::Timestamp),
            ("TIMESTAMP WITH TIME ZONE", Kind::Timestamp),
            ("timestamp(3) without time zone", Kind::Timestamp),
            ("timestamp_ntz", Kind::LocalTimestamp),
            ("DECIMAL(18,3)", Kind::Decimal),
        ];
        for (name, kind) in kinds {
            assert_eq!(Kind::of_type(name), Ok(kind), "{name}");
        }
        for name in ["integer[]", "Array(String)", "json", "bytea", ""] {
            assert!(Kind::of_type(name).is_err(), "{name}");
        }
    }
}
