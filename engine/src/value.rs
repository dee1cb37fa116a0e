//! How a counted value is written, and what it is.

/// A number in decimal signs, or `x` and the hex digits of its bits.
pub(crate) fn number(value: &str) -> Option<f64> {
    match value.strip_prefix('x') {
        Some(bits) if bits.len() == 16 => u64::from_str_radix(bits, 16).ok().map(f64::from_bits),
        Some(_) => None,
        None => value.parse().ok(),
    }
}

/// `true` or `false`.
pub(crate) fn truth(value: &str) -> Option<String> {
    ["true", "false"].contains(&value).then(|| value.to_owned())
}

/// UTF-8 in hex.
pub(crate) fn text(hex: &str) -> Option<String> {
    if !hex.len().is_multiple_of(2) || !hex.bytes().all(|sign| sign.is_ascii_hexdigit()) {
        return None;
    }
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok());
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

/// Microseconds since 1970, as the reader of Parquet writes a moment. PostgreSQL's infinite moments stay what they are: no moments.
pub(crate) fn moment(value: &str) -> Option<String> {
    if let Some(infinite) = infinite(value) {
        return Some(infinite);
    }
    Some(jiff::Timestamp::from_microsecond(value.parse().ok()?).ok()?.to_string())
}

/// Days since 1970, as a day is written.
pub(crate) fn day(value: &str) -> Option<String> {
    if let Some(infinite) = infinite(value) {
        return Some(infinite);
    }
    let days: i64 = value.parse().ok()?;
    let moment = jiff::Timestamp::from_second(days.checked_mul(86_400)?).ok()?;
    Some(moment.to_string().split_once('T')?.0.to_owned())
}

fn infinite(value: &str) -> Option<String> {
    ["Infinity", "-Infinity"].contains(&value).then(|| value.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_days_are_written_as_from_parquet() {
        assert_eq!(moment("1709280000500000").as_deref(), Some("2024-03-01T08:00:00.5Z"));
        assert_eq!(moment("-1").as_deref(), Some("1969-12-31T23:59:59.999999Z"));
        assert_eq!(day("19783").as_deref(), Some("2024-03-01"));
        assert_eq!(day("-1").as_deref(), Some("1969-12-31"));
        assert_eq!((moment("soon"), day("1.5"), moment("Infinity").as_deref()), (None, None, Some("infinity")));
    }
}
