//! Times as people read them. Numbers go through [`tidemark::render::format`].

use crate::monitor::Millis;

const SECOND: Millis = 1000;
const MINUTE: Millis = 60 * SECOND;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment for machines, in UTC: `2026-11-23T08:33:00Z`.
///
/// ```
/// assert_eq!(tidemark_app::format::iso(0), "1970-01-01T00:00:00Z");
/// assert_eq!(tidemark_app::format::iso(1_795_422_780_000), "2026-11-23T08:33:00Z");
/// ```
pub fn iso(at: Millis) -> String {
    let (year, month, day) = civil(at.div_euclid(DAY));
    let [hours, minutes, seconds] = clock(at);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z")
}

/// A day for people, `offset_minutes` east of UTC: `23 Nov 2026`.
///
/// ```
/// use tidemark_app::format::date;
/// assert_eq!(date(1_795_422_780_000, 0), "23 Nov 2026");
/// assert_eq!(date(1_795_422_780_000, -540), "22 Nov 2026");
/// ```
pub fn date(at: Millis, offset_minutes: i32) -> String {
    let at = at + Millis::from(offset_minutes) * MINUTE;
    let (year, month, day) = civil(at.div_euclid(DAY));
    let month = MONTHS[usize::try_from(month - 1).unwrap_or(0)];
    format!("{day} {month} {year}")
}

/// The time of day, `offset_minutes` east of UTC: `08:33:07`.
///
/// ```
/// assert_eq!(tidemark_app::format::time_of_day(1_795_422_787_000, 60), "09:33:07");
/// ```
pub fn time_of_day(at: Millis, offset_minutes: i32) -> String {
    let [hours, minutes, seconds] = clock(at + Millis::from(offset_minutes) * MINUTE);
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

/// How long ago `at` was at `now`: `just now`, `12 s ago`, `3 min ago`, `5 h ago`, `2 days ago`.
///
/// ```
/// use tidemark_app::format::ago;
/// assert_eq!(ago(500, 1_000), "just now");
/// assert_eq!(ago(0, 12_999), "12 s ago");
/// assert_eq!(ago(0, 3 * 86_400_000), "3 days ago");
/// ```
pub fn ago(at: Millis, now: Millis) -> String {
    match now - at {
        age if age < 2 * SECOND => "just now".to_owned(),
        age if age < 2 * DAY => format!("{} ago", span(age)),
        age => format!("{} days ago", age / DAY),
    }
}

/// A length of time in its largest whole unit: `45 s`, `3 min`, `5 h`.
///
/// ```
/// use tidemark_app::format::span;
/// assert_eq!(span(45_000), "45 s");
/// assert_eq!(span(150_000), "2 min");
/// assert_eq!(span(7_200_000), "2 h");
/// ```
pub fn span(length: Millis) -> String {
    match length.max(0) {
        length if length < MINUTE => format!("{} s", length / SECOND),
        length if length < HOUR => format!("{} min", length / MINUTE),
        length => format!("{} h", length / HOUR),
    }
}

fn clock(at: Millis) -> [Millis; 3] {
    let in_day = at.rem_euclid(DAY);
    [in_day / HOUR, in_day % HOUR / MINUTE, in_day % MINUTE / SECOND]
}

/// Year, month and day of the day that many days after 1970-01-01: Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leap_days_and_the_time_before_1970_come_out_right() {
        // date -u -d 2024-02-29T23:59:59Z +%s
        assert_eq!(iso(1_709_251_199_000), "2024-02-29T23:59:59Z");
        // date -u -d 2024-03-01T00:00:00Z +%s
        assert_eq!(iso(1_709_251_200_000), "2024-03-01T00:00:00Z");
        // date -u -d 1969-12-31T23:59:59Z +%s
        assert_eq!(iso(-1_000), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn ages_step_up_at_their_bounds() {
        assert_eq!(ago(0, 1_999), "just now");
        assert_eq!(ago(0, 2_000), "2 s ago");
        assert_eq!(ago(0, 59_999), "59 s ago");
        assert_eq!(ago(0, 60_000), "1 min ago");
        assert_eq!(ago(0, HOUR), "1 h ago");
        assert_eq!(ago(0, 2 * DAY - 1), "47 h ago");
        assert_eq!(ago(0, 2 * DAY), "2 days ago");
        // A clock that was set back must not give a negative age.
        assert_eq!(ago(10_000, 0), "just now");
    }
}
