//! Moments in time: read from text, written as text, and their place in the day and in the week.
//!
//! The arithmetic of the calendar is a page of code, which no crate would make shorter: a column of a million texts is
//! read in a few hundredths of a second, and strictly, so that `2024` and `12` stay numbers.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds of a day. Days of UTC are all equally long here: leap seconds do not exist, as in Unix time.
pub const DAY: i64 = 24 * HOUR;
/// Microseconds of a week.
pub const WEEK: i64 = 7 * DAY;

/// A moment, to the microsecond, in the years 1 to 9999 of UTC.
///
/// Stored and sent as text, `2024-03-01T12:30:45.5Z`: microseconds since 1970 are larger than the whole numbers that
/// JavaScript can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The moment that `text` names; `None` if it names none.
///
/// A date is `2024-03-01` or `2024/03/01`, four, two and two digits. A time may follow after a `T` or a blank, `12:30`,
/// `12:30:45` or `12:30:45.123456789`, its fraction after a point or a comma, of which what is finer than a microsecond
/// is cut off. A zone may follow the time, with or without a blank: `Z`, `UTC`, `+01:00`, `+0100` or `+01`. That takes in
/// RFC 3339 and what pandas, PostgreSQL, SQLite, BigQuery and Python's logging write.
///
/// Without a zone the time is taken as UTC, without a time the moment is midnight. Nothing else is read: no blanks
/// around, no numbers, no names of months, no `01/03/2024`, of which nobody knows which is the month. A leap second is
/// the second after it, as in Unix time.
///
/// ```
/// use tidemark::data::datetime::parse;
/// let moment = parse("2024-03-01T12:30:45Z").unwrap();
/// // date -u -d 2024-03-01T12:30:45Z +%s
/// assert_eq!(moment.micros(), 1_709_296_245_000_000);
/// assert_eq!(parse("2024-03-01 14:30:45+02:00"), Some(moment));
/// assert_eq!(parse("2024"), None);
/// assert_eq!(parse("2023-02-29"), None);
/// ```
pub fn parse(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.as_bytes().split_at_checked(10)?;
    let day = day_of(date)?;
    if rest.is_empty() {
        return Timestamp::from_micros(day * DAY);
    }
    let time = rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b"t")).or_else(|| rest.strip_prefix(b" "))?;
    let (in_day, zone) = time_of_day(time)?;
    Timestamp::from_micros(day * DAY + in_day - offset(zone)?)
}

/// Days since 1970-01-01 of `2024-03-01` or `2024/03/01`.
fn day_of(date: &[u8]) -> Option<i64> {
    let separator = date[4];
    if !matches!(separator, b'-' | b'/') || date[7] != separator {
        return None;
    }
    let (year, month, day) = (number(&date[..4])?, number(&date[5..7])?, number(&date[8..])?);
    let is_date = year >= 1 && (1..=12).contains(&month) && day >= 1 && day <= days_in_month(year, month);
    is_date.then(|| days_from_civil(year, month, day))
}

/// Microseconds since midnight of `12:30`, `12:30:45` or `12:30:45.5`, and what follows.
fn time_of_day(time: &[u8]) -> Option<(i64, &[u8])> {
    let (hours_and_minutes, mut rest) = time.split_at_checked(5)?;
    let (hours, minutes) = (number(&hours_and_minutes[..2])?, number(&hours_and_minutes[3..])?);
    if hours_and_minutes[2] != b':' || hours > 23 || minutes > 59 {
        return None;
    }
    let mut micros = hours * HOUR + minutes * MINUTE;
    if let Some(after) = rest.strip_prefix(b":") {
        let (seconds, after) = after.split_at_checked(2)?;
        let seconds = number(seconds)?;
        if seconds > 60 {
            return None;
        }
        micros += seconds * SECOND;
        rest = after;
        if let Some(fraction) = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b",")) {
            let n_digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if !(1..=9).contains(&n_digits) {
                return None;
            }
            let (digits, after) = fraction.split_at(n_digits);
            let kept = &digits[..n_digits.min(6)];
            micros += number(kept)? * 10_i64.pow(6 - kept.len() as u32);
            rest = after;
        }
    }
    Some((micros, rest))
}

/// Microseconds that the zone's clocks are ahead of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    let zone = match zone.strip_prefix(b" ") {
        // A blank alone is no zone.
        Some(b"") => return None,
        Some(zone) => zone,
        None => zone,
    };
    let (sign, digits) = match zone {
        b"" | b"Z" | b"z" | b"UTC" => return Some(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits {
        [a, b] => (number(&[*a, *b])?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (number(&[*a, *b])?, number(&[*c, *d])?),
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * HOUR + minutes * MINUTE))
}

/// The number that a few digits make.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years begin in March here, so that the leap day is a year's last; 400 years repeat.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse: year, month and day.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + (month <= 2) as i64, month, day)
}

impl Timestamp {
    /// The first moment of the year 1.
    pub const MIN: Self = Self(days_from_civil(1, 1, 1) * DAY);
    /// The last microsecond of the year 9999.
    pub const MAX: Self = Self(days_from_civil(10_000, 1, 1) * DAY - 1);

    /// The moment this many microseconds after 1970-01-01T00:00:00Z; `None` outside the years 1 to 9999.
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros < Self::MIN.0 || micros > Self::MAX.0 { None } else { Some(Self(micros)) }
    }

    /// The moment that a number stands for as Unix time; `None` if it is not finite or outside the years 1 to 9999.
    ///
    /// The unit follows from the size, as today's moments differ by a factor of a thousand from unit to unit: seconds
    /// below 1e11 (the year 5138), then milliseconds, microseconds and nanoseconds.
    ///
    /// ```
    /// use tidemark::data::datetime::{Timestamp, parse};
    /// let moment = parse("2024-03-01T12:30:45Z");
    /// assert_eq!(Timestamp::from_unix(1_709_296_245.0), moment);
    /// assert_eq!(Timestamp::from_unix(1_709_296_245_000.0), moment);
    /// assert_eq!(Timestamp::from_unix(f64::NAN), None);
    /// ```
    pub fn from_unix(number: f64) -> Option<Self> {
        let micros = match number.abs() {
            size if size < 1e11 => number * 1e6,
            size if size < 1e14 => number * 1e3,
            size if size < 1e17 => number,
            size if size < 1e20 => number / 1e3,
            _ => return None,
        };
        Self::from_micros(micros.round() as i64)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Seconds from `earlier` to this moment.
    pub const fn seconds_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / SECOND as f64
    }

    /// Days since 1970-01-01, of the day in UTC that holds this moment.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    /// The hour of the day in UTC, 0 to 23.
    pub const fn hour(self) -> usize {
        (self.0.rem_euclid(DAY) / HOUR) as usize
    }

    /// The day of the week in UTC, 0 for Monday to 6 for Sunday.
    pub const fn weekday(self) -> usize {
        // 1970-01-01 was a Thursday.
        (self.day() + 3).rem_euclid(7) as usize
    }

    /// The moment for a person, with no more of the time than there is: `2024-03-01`, `2024-03-01 12:30`,
    /// `2024-03-01 12:30:45`.
    ///
    /// ```
    /// let short = |text| tidemark::data::datetime::parse(text).unwrap().short();
    /// assert_eq!(short("2024-03-01T00:00:00Z"), "2024-03-01");
    /// assert_eq!(short("2024-03-01T12:30:00Z"), "2024-03-01 12:30");
    /// assert_eq!(short("2024-03-01T12:30:45.9Z"), "2024-03-01 12:30:45");
    /// ```
    pub fn short(self) -> String {
        let (year, month, day) = civil_from_days(self.day());
        let in_day = self.0.rem_euclid(DAY);
        let date = format!("{year:04}-{month:02}-{day:02}");
        let (hours, minutes, seconds) = (in_day / HOUR, in_day % HOUR / MINUTE, in_day % MINUTE / SECOND);
        if in_day == 0 {
            date
        } else if in_day % MINUTE == 0 {
            format!("{date} {hours:02}:{minutes:02}")
        } else {
            format!("{date} {hours:02}:{minutes:02}:{seconds:02}")
        }
    }
}

/// RFC 3339 in UTC, with the digits of the fraction that are needed: `2024-03-01T12:30:45.5Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.day());
        let in_day = self.0.rem_euclid(DAY);
        let (hours, minutes, seconds) = (in_day / HOUR, in_day % HOUR / MINUTE, in_day % MINUTE / SECOND);
        write!(f, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}")?;
        let fraction = in_day % SECOND;
        if fraction > 0 {
            write!(f, ".{}", format!("{fraction:06}").trim_end_matches('0'))?;
        }
        f.write_str("Z")
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse(&text).ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &"a moment by RFC 3339"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Option<String> {
        parse(text).map(|moment| moment.to_string())
    }

    #[test]
    fn usual_spellings_name_the_same_moment() {
        let spellings = [
            "2024-03-01 12:30:45",
            "2024-03-01T12:30:45",
            "2024-03-01t12:30:45z",
            "2024-03-01 12:30:45Z",
            "2024-03-01 12:30:45 UTC",
            "2024-03-01 12:30:45.000",
            "2024-03-01 12:30:45,000",
            "2024/03/01 12:30:45",
            "2024-03-01T14:30:45+02:00",
            "2024-03-01 14:30:45 +0200",
            "2024-03-01 12:30:45+00",
            "2024-03-02T02:00:45+13:30",
            "2024-02-29T22:30:45-14:00",
        ];
        for text in spellings {
            assert_eq!(written(text).as_deref(), Some("2024-03-01T12:30:45Z"), "{text}");
        }
        assert_eq!(written("2024-03-01").as_deref(), Some("2024-03-01T00:00:00Z"));
        assert_eq!(written("2024-03-01 12:30").as_deref(), Some("2024-03-01T12:30:00Z"));
        assert_eq!(written("2024-03-01 12:30:45.1234567").as_deref(), Some("2024-03-01T12:30:45.123456Z"));
        assert_eq!(written("2016-12-31T23:59:60Z").as_deref(), Some("2017-01-01T00:00:00Z"));
    }

    #[test]
    fn nothing_else_is_a_moment() {
        let others = [
            "",
            "12",
            "2024",
            "2024-03",
            "20240301",
            "2024-3-1",
            "2024-03/01",
            "01/03/2024",
            "2024-13-01",
            "2024-00-01",
            "2024-04-31",
            "2023-02-29",
            "1900-02-29",
            "0000-01-01",
            "2024-03-01 ",
            " 2024-03-01",
            "2024-03-01T",
            "2024-03-01T12",
            "2024-03-01 24:00",
            "2024-03-01 12:60",
            "2024-03-01 12:30:61",
            "2024-03-01 12:30:45.",
            "2024-03-01 12:30:45 ",
            "2024-03-01 12:30:45+1",
            "2024-03-01 12:30:45+24:00",
            "2024-03-01 12:30:45 CET",
            "2024-03-01 12:3x",
            "2024-03-01-12:30",
            "+024-03-01",
            "2024-03-0\u{661}",
            "9999-12-31T23:30:00-01:00",
        ];
        for text in others {
            assert_eq!(written(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_again_for_every_day_of_four_centuries() {
        for day in (-146_100..=146_100).chain([Timestamp::MIN.day(), Timestamp::MAX.day()]) {
            let moment = Timestamp::from_micros(day * DAY + (day.rem_euclid(24) * HOUR + 7)).unwrap();
            let text = moment.to_string();
            assert_eq!(parse(&text), Some(moment), "{text}");
            assert_eq!(serde_json::from_str::<Timestamp>(&format!("\"{text}\"")).unwrap(), moment);
            assert_eq!(moment.hour(), day.rem_euclid(24) as usize);
        }
        assert_eq!(Timestamp::MAX.to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(Timestamp::MIN.to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Timestamp::from_micros(Timestamp::MAX.micros() + 1), None);
        assert!(serde_json::from_str::<Timestamp>("\"yesterday\"").is_err());
    }

    #[test]
    fn moments_and_weekdays_are_those_of_the_calendar() {
        // date -u -d 2024-02-29T23:59:59Z "+%s %u"; and the same for the others (%u counts from Monday = 1)
        for (text, seconds, weekday) in [
            ("2024-02-29T23:59:59Z", 1_709_251_199, 4),
            ("1969-12-31T23:59:59Z", -1, 3),
            ("1600-02-29T00:00:00Z", -11_670_998_400, 2),
            ("2000-01-01", 946_684_800, 6),
            ("2026-11-23T08:33:00Z", 1_795_422_780, 1),
        ] {
            let moment = parse(text).unwrap();
            assert_eq!((moment.micros(), moment.weekday() + 1), (seconds * SECOND, weekday), "{text}");
        }
    }

    #[test]
    fn unix_times_are_told_apart_by_their_size() {
        let moment = parse("2024-03-01T12:30:45Z");
        for number in [1_709_296_245.0, 1_709_296_245e3, 1_709_296_245e6, 1_709_296_245e9] {
            assert_eq!(Timestamp::from_unix(number), moment, "{number:e}");
        }
        for number in [f64::INFINITY, f64::NAN, 1e21] {
            assert_eq!(Timestamp::from_unix(number), None, "{number:e}");
        }
    }
}
