//! What the service tells `/windows`: any two stretches of a model's log, held against each other. Nothing of it is stored.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

use crate::report_summary::ReportSummary;

/// Rows of the log by position, the first and the last among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// The first; the log counts from 1.
    pub first: u64,
    /// The last.
    pub last: u64,
}

/// Why a text is no [`Stretch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoStretch;

impl fmt::Display for NoStretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected the first and the last row, such as 1-2000")
    }
}

impl FromStr for Stretch {
    type Err = NoStretch;

    /// `1-2000`. Blanks and the commas of thousands are passed over.
    fn from_str(text: &str) -> Result<Self, NoStretch> {
        let number = |text: &str| {
            let digits: String = text.chars().filter(|letter| !letter.is_whitespace() && *letter != ',').collect();
            digits.parse().ok()
        };
        let (first, last) = text.split_once(['-', '–']).ok_or(NoStretch)?;
        let (first, last) = number(first).zip(number(last)).ok_or(NoStretch)?;
        if 1 <= first && first <= last { Ok(Self { first, last }) } else { Err(NoStretch) }
    }
}

impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl Stretch {
    /// Its rows.
    pub const fn rows(self) -> u64 {
        self.last - self.first + 1
    }
}

/// What is asked, as the address has it: `model`, `reference` and `current`; a form without a script says the latter as `from` and `to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowsQuery {
    /// The model; the default one where there is none.
    pub model: Option<String>,
    /// What is held against: the rows before the current ones where it is empty.
    pub reference: String,
    /// What is looked at: the latest rows where it is empty.
    pub current: String,
}

impl WindowsQuery {
    /// Reads an address.
    pub fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name| get(name).unwrap_or_default();
        let current = match (text("current"), get("from"), get("to")) {
            (current, Some(from), Some(to)) if current.is_empty() => format!("{from}-{to}"),
            (current, ..) => current,
        };
        Self { model: get("model").filter(|name| !name.is_empty()), reference: text("reference"), current }
    }
}

/// Two stretches of a model's log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Windows {
    /// The model.
    pub model: String,
    /// The names of all models there are.
    pub models: Vec<String>,
    /// The rows that the log has of it; `None` where it has none.
    pub log: Option<Stretch>,
    /// What is held against, and what is looked at; `None` where the log has too few rows for both.
    pub chosen: Option<(Stretch, Stretch)>,
}

/// The same with what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WindowsCompared {
    /// Which they are.
    pub windows: Windows,
    /// The report, summed up.
    pub report: Option<ReportSummary>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_two_numbers_in_order() {
        assert_eq!("1-2000".parse(), Ok(Stretch { first: 1, last: 2000 }));
        assert_eq!(" 1 – 2,000 ".parse(), Ok(Stretch { first: 1, last: 2000 }));
        assert_eq!(Stretch { first: 3, last: 3 }.rows(), 1);
        for wrong in ["", "7", "0-5", "5-4", "a-b", "-5-7", "1-99999999999999999999"] {
            assert_eq!(wrong.parse::<Stretch>(), Err(NoStretch), "{wrong}");
        }
    }

    #[test]
    fn two_fields_say_the_same_as_one() {
        let of = |fields: &[(&str, &str)]| {
            let field =
                |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned());
            WindowsQuery::of(field).current
        };
        assert_eq!(of(&[("from", "7"), ("to", "20")]), "7-20");
        assert_eq!(of(&[("from", "7"), ("to", "20"), ("current", "1-2")]), "1-2");
        assert_eq!(of(&[("from", "7")]), "");
    }

    #[test]
    fn a_stretch_is_read_as_it_is_written() {
        let stretch = Stretch { first: 12, last: 9_000_000_000 };
        assert_eq!(stretch.to_string().parse(), Ok(stretch));
    }
}
