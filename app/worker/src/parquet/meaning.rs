//! What the values of a Parquet column mean, beyond how they are stored.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::data_type::{ByteArray, Int96};
use parquet::schema::types::ColumnDescriptor;
use tidemark::data::datetime::Timestamp;

/// What the values are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Meaning {
    /// Whole numbers; those without a sign are stored as if they had one.
    Integers { is_signed: bool },
    /// Whole numbers, so many of which are one. Dividing rounds once, as reading the decimal does.
    Decimals { per_one: f64 },
    /// Other numbers.
    Fractions,
    /// Truth values.
    Truths,
    /// Days since 1970.
    Days,
    /// So many of these in a second since 1970.
    Moments { per_second: i64 },
    /// Texts in UTF-8.
    Texts,
}

impl Meaning {
    /// What a column of numbers, truth values, texts or moments holds; the words for what it is instead.
    pub fn of(column: &ColumnDescriptor) -> Result<Self, String> {
        let other = |what: &str| Err(format!("column {:?} holds {what}, which cannot be compared", column.name()));
        if column.max_rep_level() > 0 || column.path().parts().len() > 1 {
            let name = column.path().parts().first().map_or("", String::as_str);
            return Err(format!("column {name:?} holds lists or records, which cannot be compared"));
        }
        let scaled = |scale: i32| Ok(Self::Decimals { per_one: 10_f64.powi(scale) });
        let per_second = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        };
        match (column.logical_type_ref(), column.converted_type()) {
            (Some(LogicalType::Decimal(decimal)), _) => scaled(decimal.scale),
            (None, ConvertedType::DECIMAL) => scaled(column.type_scale()),
            (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) => Ok(Self::Days),
            (Some(LogicalType::Timestamp(moment)), _) => Ok(Self::Moments { per_second: per_second(&moment.unit) }),
            (None, ConvertedType::TIMESTAMP_MILLIS) => Ok(Self::Moments { per_second: 1_000 }),
            (None, ConvertedType::TIMESTAMP_MICROS) => Ok(Self::Moments { per_second: 1_000_000 }),
            (Some(LogicalType::Time(_)), _) | (None, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS) => {
                other("times of the day")
            }
            (Some(LogicalType::Integer(kind)), _) => Ok(Self::Integers { is_signed: kind.is_signed }),
            (
                None,
                ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 | ConvertedType::UINT_64,
            ) => Ok(Self::Integers { is_signed: false }),
            (Some(LogicalType::Uuid | LogicalType::Bson | LogicalType::Float16), _) => {
                other("values of a kind that is not known here")
            }
            _ => match column.physical_type() {
                Type::BOOLEAN => Ok(Self::Truths),
                Type::INT32 | Type::INT64 => Ok(Self::Integers { is_signed: true }),
                Type::INT96 => Ok(Self::Moments { per_second: 1_000_000_000 }),
                Type::FLOAT | Type::DOUBLE => Ok(Self::Fractions),
                Type::BYTE_ARRAY => Ok(Self::Texts),
                Type::FIXED_LEN_BYTE_ARRAY => other("bytes"),
            },
        }
    }

    /// Whether the values are kept as numbers, and as whole ones.
    pub const fn numbers(self) -> Option<bool> {
        match self {
            Self::Integers { .. } => Some(true),
            Self::Decimals { .. } | Self::Fractions => Some(false),
            _ => None,
        }
    }
}

/// A value as a number, or as a text, whichever the column's [`Meaning`] asks for.
pub(super) trait Cell {
    fn number(&self, meaning: Meaning) -> f64;
    fn text(&self, meaning: Meaning) -> Result<String, String>;
}

impl Cell for bool {
    fn number(&self, _meaning: Meaning) -> f64 {
        f64::from(u8::from(*self))
    }

    fn text(&self, _meaning: Meaning) -> Result<String, String> {
        Ok(self.to_string())
    }
}

impl Cell for i32 {
    fn number(&self, meaning: Meaning) -> f64 {
        match meaning {
            Meaning::Integers { is_signed: false } => f64::from(self.cast_unsigned()),
            Meaning::Decimals { per_one } => f64::from(*self) / per_one,
            _ => f64::from(*self),
        }
    }

    fn text(&self, meaning: Meaning) -> Result<String, String> {
        i64::from(*self).text(meaning)
    }
}

impl Cell for i64 {
    fn number(&self, meaning: Meaning) -> f64 {
        match meaning {
            Meaning::Integers { is_signed: false } => self.cast_unsigned() as f64,
            Meaning::Decimals { per_one } => *self as f64 / per_one,
            _ => *self as f64,
        }
    }

    fn text(&self, meaning: Meaning) -> Result<String, String> {
        match meaning {
            Meaning::Moments { per_second } => {
                moment(self.div_euclid(per_second), self.rem_euclid(per_second), per_second)
            }
            _ => Ok(moment(self * 86_400, 0, 1)?.trim_end_matches("T00:00:00Z").to_owned()),
        }
    }
}

impl Cell for Int96 {
    fn number(&self, _meaning: Meaning) -> f64 {
        f64::NAN
    }

    fn text(&self, meaning: Meaning) -> Result<String, String> {
        self.to_nanos().text(meaning)
    }
}

impl Cell for f32 {
    fn number(&self, _meaning: Meaning) -> f64 {
        f64::from(*self)
    }

    fn text(&self, _meaning: Meaning) -> Result<String, String> {
        Ok(self.to_string())
    }
}

impl Cell for f64 {
    fn number(&self, _meaning: Meaning) -> f64 {
        *self
    }

    fn text(&self, _meaning: Meaning) -> Result<String, String> {
        Ok(self.to_string())
    }
}

impl Cell for ByteArray {
    fn number(&self, meaning: Meaning) -> f64 {
        // Big-endian, with a sign, and no wider than 128 bits where it means a number that a double can hold.
        let bytes = self.data();
        let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { -1_i128 } else { 0 };
        let whole = bytes.iter().fold(sign, |whole, byte| (whole << 8) | i128::from(*byte));
        match meaning {
            Meaning::Decimals { per_one } => whole as f64 / per_one,
            _ => whole as f64,
        }
    }

    fn text(&self, _meaning: Meaning) -> Result<String, String> {
        let text = std::str::from_utf8(self.data()).map_err(|_no_text| "bytes that are no text".to_owned())?;
        Ok(text.to_owned())
    }
}

/// As the server writes it: RFC 3339 in UTC, with the digits of the fraction that are needed.
fn moment(seconds: i64, fraction: i64, per_second: i64) -> Result<String, String> {
    let whole = seconds.checked_mul(1_000_000).and_then(Timestamp::from_micros);
    let whole = whole.ok_or_else(|| "a moment outside the years 1 to 9999".to_owned())?.to_string();
    if fraction == 0 {
        return Ok(whole);
    }
    let digits = per_second.ilog10() as usize;
    let fraction = format!("{fraction:0digits$}");
    Ok(format!("{}.{}Z", whole.trim_end_matches('Z'), fraction.trim_end_matches('0')))
}
