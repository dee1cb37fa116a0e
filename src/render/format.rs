//! Numbers as people read them. Every number on a page, in a file and in a terminal goes through here.

use crate::stattest::Score;

/// A whole number with thin groups: `284,807`.
///
/// ```
/// assert_eq!(tidemark::render::format::count(284_807), "284,807");
/// ```
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A share between 0 and 1 in per cent, with as many digits as small shares need.
///
/// ```
/// use tidemark::render::format::share;
/// assert_eq!(share(0.123_4), "12.3%");
/// assert_eq!(share(0.001_727), "0.17%");
/// assert_eq!(share(1.0), "100%");
/// ```
pub fn share(share: f64) -> String {
    let per_cent = 100.0 * share;
    match per_cent.abs() {
        0.0 => "0%".to_owned(),
        100.0 => format!("{per_cent:.0}%"),
        tiny if tiny < 0.01 => "< 0.01%".to_owned(),
        small if small < 1.0 => format!("{per_cent:.2}%"),
        _ => format!("{per_cent:.1}%"),
    }
}

/// Any number in about four significant digits.
///
/// ```
/// use tidemark::render::format::number;
/// assert_eq!(number(3.978_794_95), "3.979");
/// assert_eq!(number(0.000_123_4), "0.0001234");
/// assert_eq!(number(94_813.86), "94,814");
/// assert_eq!(number(1.5e12), "1.500e12");
/// ```
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !(1e-4..1e9).contains(&size) {
        format!("{value:.3e}")
    } else if size >= 1000.0 {
        // Below 1e9, so that the conversion is exact.
        let sign = if value < 0.0 { "\u{2212}" } else { "" };
        format!("{sign}{}", count(size.round() as u64))
    } else {
        let digits_before = libm::log10(size).floor() as i32 + 1;
        let decimals = usize::try_from(4 - digits_before).unwrap_or(0);
        let text = format!("{value:.decimals$}");
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        text.replace('-', "\u{2212}")
    }
}

/// A p-value: three decimals where that says something, a bound or a power of ten where it does not.
///
/// ```
/// use tidemark::render::format::p_value;
/// assert_eq!(p_value(0.043_21), "0.043");
/// assert_eq!(p_value(0.000_43), "0.0004");
/// assert_eq!(p_value(1e-30), "1e-30");
/// assert_eq!(p_value(0.0), "< 1e-300");
/// ```
pub fn p_value(p: f64) -> String {
    if p < 1e-300 {
        "< 1e-300".to_owned()
    } else if p < 1e-4 {
        format!("{p:.0e}")
    } else if p < 1e-3 {
        format!("{p:.4}")
    } else {
        format!("{p:.3}")
    }
}

/// A p-value that may be too small for a number: then by its decimal logarithm.
///
/// ```
/// use tidemark::render::format::far_p_value;
/// assert_eq!(far_p_value(0.0, Some(-512.3)), "10^-512");
/// assert_eq!(far_p_value(0.043_21, None), "0.043");
/// ```
pub fn far_p_value(p: f64, log10_p: Option<f64>) -> String {
    log10_p.map_or_else(|| p_value(p), |log10_p| format!("10^{log10_p:.0}"))
}

/// A score with the word that says its direction: `p = 0.043`, `distance 0.192`.
pub fn score(score: &Score) -> String {
    match score {
        Score::PValue(p) if *p < 1e-300 => format!("p {}", p_value(*p)),
        Score::PValue(p) => format!("p = {}", p_value(*p)),
        Score::Distance(distance) => format!("distance {}", number(*distance)),
    }
}

/// A length of time in the largest unit of which there is at least one: `45 s`, `2.5 h`, `12 days`.
///
/// ```
/// use tidemark::render::format::duration;
/// assert_eq!(duration(45.0), "45 s");
/// assert_eq!(duration(9_000.0), "2.5 h");
/// assert_eq!(duration(86_400.0), "1 day");
/// assert_eq!(duration(0.000_25), "0.25 ms");
/// ```
pub fn duration(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(86_400.0, "days"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")];
    let size = seconds.abs();
    if size == 86_400.0 {
        return "1 day".to_owned();
    }
    match UNITS.into_iter().find(|(unit, _)| size >= *unit) {
        Some((unit, name)) => format!("{} {name}", number(seconds / unit)),
        None if size == 0.0 => "0 s".to_owned(),
        None => format!("{} ms", number(1000.0 * seconds)),
    }
}

/// How often something happens, in the shortest unit of time in which it happens at least once: `3.2 an hour`.
///
/// ```
/// use tidemark::render::format::frequency;
/// assert_eq!(frequency(12.0), "12 a second");
/// assert_eq!(frequency(3.2 / 3_600.0), "3.2 an hour");
/// assert_eq!(frequency(1.0 / 864_000.0), "0.1 a day");
/// ```
pub fn frequency(per_second: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1.0, "a second"), (60.0, "a minute"), (3_600.0, "an hour"), (86_400.0, "a day")];
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| per_second * unit >= 1.0).unwrap_or(UNITS[3]);
    format!("{} {name}", number(per_second * unit))
}

/// `1 row`, `2 rows`.
pub fn plural(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}
