//! What the text of a cell means, by pandas' rules.

use super::number::Number;

/// Texts that stand for a missing value: pandas' `na_values`.
pub const MISSING: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// Whether the cell stands for a missing value.
pub(super) fn is_missing(cell: &[u8]) -> bool {
    // The longest spelling has eight letters, and none begins with a letter that is common in data.
    match cell {
        [] => true,
        [b'#' | b'-' | b'1' | b'<' | b'N' | b'n', ..] if cell.len() <= 8 => {
            MISSING.iter().any(|text| text.as_bytes() == cell)
        }
        _ => false,
    }
}

/// The number in a cell, spaces around it allowed, in any notation.
pub(super) fn parse_number(cell: &[u8]) -> Option<Number> {
    let cell = cell.trim_ascii();
    let digits = cell.strip_prefix(b"-").or_else(|| cell.strip_prefix(b"+")).unwrap_or(cell);
    let value = fast_float2::parse::<f64, _>(cell).ok()?;
    Some(Number { value, is_integer: digits.iter().all(u8::is_ascii_digit) })
}

/// The truth value in a cell.
pub(super) fn parse_boolean(cell: &[u8]) -> Option<bool> {
    match cell {
        b"True" | b"TRUE" | b"true" => Some(true),
        b"False" | b"FALSE" | b"false" => Some(false),
        _ => None,
    }
}

/// UTF-8, or else Latin-1, in which every byte is a letter.
pub(super) fn decode(cell: &[u8]) -> std::borrow::Cow<'_, str> {
    std::str::from_utf8(cell).map_or_else(|_not_utf8| cell.iter().map(|&byte| byte as char).collect(), Into::into)
}
