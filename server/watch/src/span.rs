//! A length of time as people write it: `10s`, `15m`, `1h`, `7d`.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::Millis;

/// A length of time: whole milliseconds, more than none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(Millis);

/// The units, the longest first.
const UNITS: [(&str, Millis); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// A text that is no length of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSpan(String);

impl fmt::Display for NoSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no length of time; write a whole number and a unit: 10s, 15m, 1h, 7d or 2w", self.0)
    }
}

impl std::error::Error for NoSpan {}

impl Span {
    /// So many milliseconds.
    ///
    /// # Panics
    /// There are none.
    pub const fn of_millis(millis: Millis) -> Self {
        assert!(millis > 0, "a length of time is more than none");
        Self(millis)
    }

    /// So many seconds.
    pub const fn of_seconds(seconds: u32) -> Self {
        Self::of_millis(seconds as Millis * 1000)
    }

    /// The milliseconds.
    pub const fn millis(self) -> Millis {
        self.0
    }
}

impl FromStr for Span {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let refuse = || NoSpan(text.to_owned());
        let end = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
        let (number, unit) = text.split_at(end);
        let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or_else(refuse)?;
        let millis = number.parse::<Millis>().ok().and_then(|number| number.checked_mul(*millis));
        millis.filter(|millis| (1..=MAX).contains(millis)).map(Self).ok_or_else(refuse)
    }
}

/// A hundred years.
const MAX: Millis = 100 * 366 * 86_400_000;

impl TryFrom<String> for Span {
    type Error = NoSpan;

    fn try_from(text: String) -> Result<Self, NoSpan> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, millis) = UNITS.iter().find(|(_, millis)| self.0 % millis == 0).expect("everything is milliseconds");
        write!(f, "{}{unit}", self.0 / millis)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_reads_as_it_is_written() {
        for (text, millis) in [("10s", 10_000), ("15m", 900_000), ("1h", 3_600_000), ("3d", 259_200_000), ("5ms", 5)] {
            let span: Span = text.parse().unwrap();
            assert_eq!((span.millis(), span.to_string().as_str()), (millis, text));
        }
        assert_eq!("7d".parse::<Span>().unwrap().to_string(), "1w");
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "10", "s", "0s", "-1s", "1.5h", "1 year", "99999999999999999999s", "9999999w"] {
            assert_eq!(text.parse::<Span>(), Err(NoSpan(text.to_owned())));
        }
    }
}
