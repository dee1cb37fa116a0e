//! Which side a test looks at, and what it finds.

use serde::{Deserialize, Serialize};

/// Which departures from "nothing changed" count. Every test says what it takes *less* and *greater* to mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alternative {
    /// Departures either way.
    #[default]
    TwoSided,
    /// The reference is less.
    Less,
    /// The reference is greater.
    Greater,
}

impl Alternative {
    /// Every alternative.
    pub const ALL: [Self; 3] = [Self::TwoSided, Self::Less, Self::Greater];

    /// scipy's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TwoSided => "two-sided",
            Self::Less => "less",
            Self::Greater => "greater",
        }
    }

    /// The alternative of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alternative| alternative.name() == name)
    }
}

/// A statistic with the probability of one at least as far out, had nothing changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestStatistic {
    /// The statistic; may be infinite, is never NaN.
    pub statistic: f64,
    /// 0 to 1; small speaks for drift.
    pub p_value: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for alternative in Alternative::ALL {
            assert_eq!(Alternative::from_name(alternative.name()), Some(alternative));
        }
        assert_eq!(Alternative::from_name("smaller"), None);
    }
}
