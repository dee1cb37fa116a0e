//! Two ways to judge the same evidence, side by side in every report, and a third on request.
//!
//! [`evidently`] decides what Evidently 0.7 decides, digit for digit, known errors included. [`calibrated`] gives
//! verdicts a person can act on: significant after correction for many tests, and large enough to matter. [`nannyml`]
//! looks at the rows chunk by chunk, by the rules of NannyML 0.13: only where it leads or was asked for.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::render::format::count;
use crate::stattest::contingency::MonteCarlo;
use crate::stattest::{NotTested, Tested};

pub mod calibrated;
pub mod evidently;
pub mod nannyml;

/// Whose verdicts lead a report. The first two are always in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Judge {
    /// What Evidently 0.7 decides.
    Evidently,
    /// Significant after Benjamini-Hochberg, and large enough.
    #[default]
    Calibrated,
    /// What NannyML 0.13 decides, chunk by chunk.
    Nannyml,
}

impl Judge {
    /// Every judge, the default one first.
    pub const ALL: [Self; 3] = [Self::Calibrated, Self::Evidently, Self::Nannyml];

    /// The name, as it is stored and typed on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Evidently => "evidently",
            Self::Calibrated => "calibrated",
            Self::Nannyml => "nannyml",
        }
    }
}

impl fmt::Display for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Every number that a verdict depends on besides the data.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whose verdicts lead.
    pub judge: Judge,
    /// Settings of the evidently judge.
    pub evidently: evidently::Options,
    /// Settings of the calibrated judge.
    pub calibrated: calibrated::Options,
    /// Settings of the tests that take all columns together; `None` leaves these tests out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multivariate: Option<crate::multivariate::Options>,
    /// How much is said about the quality of the data.
    pub quality: crate::quality::Quality,
    /// Settings of the nannyml judge. It looks at the data where it leads or where this is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nannyml: Option<nannyml::Options>,
}

impl Settings {
    /// Whether every setting of the evidently judge is one that a score can be held against
    /// ([`evidently::Options::check`]).
    ///
    /// # Errors
    /// The first setting that is none, by name.
    pub fn check(&self) -> Result<(), evidently::InvalidSetting> {
        self.evidently.check()
    }

    /// The share of drifted columns from which on a data set counts as drifted under the leading judge.
    pub fn drift_share(&self) -> f64 {
        self.drift_share_of(self.judge)
    }

    /// The same under `judge`.
    pub fn drift_share_of(&self, judge: Judge) -> f64 {
        match judge {
            Judge::Evidently => self.evidently.drift_share,
            Judge::Calibrated => self.calibrated.drift_share,
            Judge::Nannyml => {
                self.nannyml.as_ref().map_or_else(|| nannyml::Options::default().drift_share, |o| o.drift_share)
            }
        }
    }

    /// The settings of the nannyml judge, where it leads or was asked for.
    pub fn nannyml_if_asked(&self) -> Option<nannyml::Options> {
        let leads = self.judge == Judge::Nannyml;
        self.nannyml.clone().or_else(|| leads.then(nannyml::Options::default))
    }
}

/// What is said about a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Really changed, and by enough to matter.
    Drifted,
    /// Really changed, but by less than the minimum effect.
    Minor,
    /// No sign of change, yet too few rows to exclude one that matters.
    NotEnoughData,
    /// No sign of change, and one that matters can be excluded.
    Stable,
    /// There was no test; the reason stands beside it.
    NotTested,
}

impl Verdict {
    /// Every verdict, the most pressing first.
    pub const ALL: [Self; 5] = [Self::Drifted, Self::Minor, Self::NotEnoughData, Self::Stable, Self::NotTested];

    /// The name, as it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Drifted => "drifted",
            Self::Minor => "minor",
            Self::NotEnoughData => "not_enough_data",
            Self::Stable => "stable",
            Self::NotTested => "not_tested",
        }
    }

    /// The words on a badge.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Drifted => "Drifted",
            Self::Minor => "Minor",
            Self::NotEnoughData => "Not enough data",
            Self::Stable => "Stable",
            Self::NotTested => "Not tested",
        }
    }

    /// The shape beside the words, so that colour is never the only sign.
    pub const fn shape(self) -> &'static str {
        match self {
            Self::Drifted => "▲",
            Self::Minor => "△",
            Self::NotEnoughData => "◌",
            Self::Stable => "●",
            Self::NotTested => "–",
        }
    }
}

/// What the calibrated judge found in one column: one test of the values, one of what is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Calibrated {
    /// The more pressing of the two verdicts below.
    pub verdict: Verdict,
    /// Did the values change?
    pub values: Tested<EffectTest>,
    /// Further tests of the values, where one is not enough: the hours and the weekdays of a column of moments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<EffectTest>,
    /// Did the share of missing values change?
    pub missing: Tested<EffectTest>,
    /// Categories in the current data that the reference never showed, most frequent first.
    pub new_categories: Vec<String>,
    /// Categories of the reference that the current data no longer show, most frequent first.
    pub vanished_categories: Vec<String>,
}

impl Calibrated {
    /// The test of the values with the most pressing verdict, the first of equals; or why there was none.
    ///
    /// # Errors
    /// The values were not tested.
    pub fn leading(&self) -> Result<&EffectTest, &NotTested> {
        let values = match &self.values {
            Tested::Tested(test) => Ok(test),
            Tested::NotTested(reason) => Err(reason),
        };
        values.into_iter().chain(&self.further).min_by_key(|test| test.verdict).map_or(values, Ok)
    }
}

/// A test with its effect: is there a change, and is it large?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EffectTest {
    /// The test's name, for a person.
    pub test: String,
    /// Probability of data at least as unlike, had nothing changed.
    pub p_value: f64,
    /// The p-value after correction for all tests of the report; significant when at most `q`.
    pub p_adjusted: f64,
    /// How large the change is.
    pub effect: Effect,
    /// Which way the change goes, where that means something.
    pub direction: Option<Direction>,
    /// What significance and effect add up to.
    pub verdict: Verdict,
    /// The decimal logarithm of `p_value` where that is below 1e-300, too small for a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log10_p: Option<f64>,
    /// The same of `p_adjusted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log10_p_adjusted: Option<f64>,
    /// How many independent rows the test counted, where neighbouring rows depend on each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<EffectiveSize>,
    /// How the p-value was drawn, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monte_carlo: Option<MonteCarlo>,
    /// The one value that the effect is about, where it is not about the whole column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

impl EffectTest {
    /// The test's name and what a reader has to know about it: which value it is about, and for how many rows the data count.
    pub fn description(&self) -> String {
        let category = self.category.as_ref().map_or_else(String::new, |category| format!(" of {category:?}"));
        let effective = self.effective.map_or_else(String::new, |effective| format!("; {effective}"));
        format!("{}{category}{effective}", self.test)
    }
}

/// How many independent rows each side is worth, where neighbouring rows depend on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct EffectiveSize {
    /// Of the reference.
    pub reference: u64,
    /// Of the current data.
    pub current: u64,
}

impl fmt::Display for EffectiveSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [reference, current] = [self.reference, self.current].map(count);
        write!(f, "neighbouring rows are alike, so the data count for {reference} and {current} rows")
    }
}

/// The size of a change, with its 95% interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Effect {
    /// What the number measures.
    pub kind: EffectKind,
    /// The estimate.
    pub value: f64,
    /// Lower 95% confidence limit.
    pub low: f64,
    /// Upper 95% confidence limit. `None` where there is none: a rate ratio over a reference without events.
    pub high: Option<f64>,
    /// The smallest effect that matters.
    pub minimum: f64,
}

/// What an [`Effect`] measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// Largest gap between the two distribution functions, 0 to 1.
    LargestGap,
    /// Total variation distance: the share of the population that moved, 0 to 1.
    TotalVariation,
    /// How many times as frequent the rare value is in the current data.
    RateRatio,
    /// Difference of two shares, current minus reference.
    ShareDifference,
}

impl EffectKind {
    /// The words before the number.
    pub const fn label(self) -> &'static str {
        match self {
            Self::LargestGap => "largest gap",
            Self::TotalVariation => "share moved",
            Self::RateRatio => "rate ratio",
            Self::ShareDifference => "difference of shares",
        }
    }
}

/// Which way a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Current values tend to be larger, or the event more frequent.
    Up,
    /// Current values tend to be smaller, or the event rarer.
    Down,
    /// Changed in shape rather than in size.
    Both,
}

impl Direction {
    /// The word for it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Both => "shape",
        }
    }
}

/// The shorthand of this module and its children.
type TestResult<T> = Result<T, NotTested>;
