//! Periods of the calendar, in UTC.

use serde::{Deserialize, Serialize};

use crate::data::datetime::{DAY, HOUR, MINUTE, SECOND, Timestamp, WEEK, parse};

/// A period of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week, Monday to Sunday.
    Week,
    /// A month.
    Month,
    /// A quarter of a year.
    Quarter,
    /// A year.
    Year,
}

impl Period {
    /// Every period, from the shortest on.
    pub const ALL: [Self; 8] =
        [Self::Second, Self::Minute, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The name, as it is stored and typed on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The period of this name, ours or pandas' (`s`, `min`, `h`, `D`, `W`, `M`, `Q`, `Y`, and the older `S`, `T`, `H`, `A`).
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "s" | "S" => Some(Self::Second),
            "min" | "T" => Some(Self::Minute),
            "h" | "H" => Some(Self::Hour),
            "D" => Some(Self::Day),
            "W" => Some(Self::Week),
            "M" => Some(Self::Month),
            "Q" => Some(Self::Quarter),
            "Y" | "A" => Some(Self::Year),
            _ => Self::ALL.into_iter().find(|period| period.name() == name),
        }
    }

    /// The first and the last microsecond of the period that holds `moment`.
    pub(super) fn around(self, moment: Timestamp) -> (Timestamp, Timestamp) {
        let (start, end) = match self {
            Self::Second => fixed(moment, SECOND, 0),
            Self::Minute => fixed(moment, MINUTE, 0),
            Self::Hour => fixed(moment, HOUR, 0),
            Self::Day => fixed(moment, DAY, 0),
            // Weeks begin on a Monday, and 1970-01-05 was one.
            Self::Week => fixed(moment, WEEK, 4 * DAY),
            Self::Month => months(moment, 1),
            Self::Quarter => months(moment, 3),
            Self::Year => months(moment, 12),
        };
        let within = |micros| Timestamp::from_micros(micros);
        (start.and_then(within).unwrap_or(Timestamp::MIN), end.and_then(within).unwrap_or(Timestamp::MAX))
    }

    /// The period as pandas writes it: `2024-03-01 12:30`, `2024-03-01`, `2024-02-26/2024-03-03`, `2024-03`, `2024Q1`.
    pub(super) fn key(self, start: Timestamp, end: Timestamp) -> String {
        // `2024-03-01T12:30:45Z`
        let text = start.to_string().replace('T', " ");
        let date = &text[..10];
        match self {
            Self::Second => text[..19].to_owned(),
            Self::Minute | Self::Hour => text[..16].to_owned(),
            Self::Day => date.to_owned(),
            Self::Week => format!("{date}/{}", &end.to_string()[..10]),
            Self::Month => text[..7].to_owned(),
            Self::Quarter => format!("{}Q{}", &text[..4], (month(&text) - 1) / 3 + 1),
            Self::Year => text[..4].to_owned(),
        }
    }
}

/// First and last microsecond of a period of fixed length, one of which begins at `origin`.
fn fixed(moment: Timestamp, length: i64, origin: i64) -> (Option<i64>, Option<i64>) {
    let start = (moment.micros() - origin).div_euclid(length) * length + origin;
    (Some(start), Some(start + length - 1))
}

/// First and last microsecond of the `n` months, counted from January, that hold the moment; `n` divides 12.
fn months(moment: Timestamp, n: i64) -> (Option<i64>, Option<i64>) {
    let text = moment.to_string();
    let year: i64 = text[..4].parse().expect("a timestamp begins with four digits");
    // Months since the year 0 began.
    let first = (12 * year + month(&text) - 1) / n * n;
    let beginning =
        |months: i64| parse(&format!("{:04}-{:02}-01", months / 12, months % 12 + 1)).map(Timestamp::micros);
    (beginning(first), beginning(first + n).map(|next| next - 1))
}

/// The month, 1 to 12, of a timestamp that is written out.
fn month(text: &str) -> i64 {
    text[5..7].parse().expect("a timestamp has two digits for the month")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_equal_pandas() {
        // pandas 2.3: p = pd.Timestamp("2024-02-29 12:30:45.5").to_period(f); str(p), p.start_time, p.end_time
        let moment = parse("2024-02-29 12:30:45.5").unwrap();
        for (name, key, start, end) in [
            ("s", "2024-02-29 12:30:45", "2024-02-29 12:30:45", "2024-02-29 12:30:45.999999"),
            ("min", "2024-02-29 12:30", "2024-02-29 12:30:00", "2024-02-29 12:30:59.999999"),
            ("h", "2024-02-29 12:00", "2024-02-29 12:00:00", "2024-02-29 12:59:59.999999"),
            ("D", "2024-02-29", "2024-02-29", "2024-02-29 23:59:59.999999"),
            ("W", "2024-02-26/2024-03-03", "2024-02-26", "2024-03-03 23:59:59.999999"),
            ("M", "2024-02", "2024-02-01", "2024-02-29 23:59:59.999999"),
            ("Q", "2024Q1", "2024-01-01", "2024-03-31 23:59:59.999999"),
            ("Y", "2024", "2024-01-01", "2024-12-31 23:59:59.999999"),
        ] {
            let period = Period::from_name(name).unwrap();
            let (first, last) = period.around(moment);
            assert_eq!(period.key(first, last), key);
            assert_eq!((Some(first), Some(last)), (parse(start), parse(end)), "{name}");
            assert_eq!(Period::from_name(period.name()), Some(period));
        }
        assert_eq!(Period::from_name("fortnight"), None);
    }

    #[test]
    fn the_ends_of_time_are_ends_of_a_period() {
        assert_eq!(Period::Year.around(Timestamp::MAX).1, Timestamp::MAX);
        assert_eq!(Period::Week.around(Timestamp::MIN).0, Timestamp::MIN);
        assert_eq!(Period::Week.key(Timestamp::MIN, Period::Week.around(Timestamp::MIN).1), "0001-01-01/0001-01-07");
    }
}
