//! Statistical tests: one file each, all with the same inside, and the words they share.
//!
//! A test sees two sides of one column, never a data set. Its score carries its direction: a small *p-value* speaks
//! for drift, a large *distance* does. "Could not be tested, because …" is an answer, [`NotTested`].

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::data::datetime;
use crate::schema::ColumnType;

mod alternative;
pub mod anderson_darling;
pub mod arrivals;
pub mod binning;
pub mod calendar;
pub mod chi_square;
pub mod contingency;
mod coverage;
pub mod cramer_von_mises;
pub mod embedding;
pub mod energy;
pub mod epps_singleton;
pub mod fisher;
pub mod hellinger;
pub mod histogram;
mod hypergeometric;
pub mod jensen_shannon;
mod kernel;
pub mod kl_divergence;
pub mod kolmogorov;
pub mod ks;
pub mod ks_tail;
pub mod levene;
mod linear_classifier;
pub mod mann_whitney;
pub mod mmd;
pub mod moments;
mod permuted;
pub mod proportions;
pub mod psi;
mod random_auc;
pub mod serial_dependence;
pub mod shares;
pub mod smirnov;
pub(crate) mod special;
mod steps;
pub mod t_test;
pub mod tails;
pub mod text_content;
pub mod total_variation;
#[cfg(test)]
pub(crate) mod traffic;
pub mod wasserstein;
pub mod z;

pub use alternative::{Alternative, TestStatistic};
pub use permuted::Permuted;

/// A sample or count of the reference side. A type of its own, so that the sides cannot be swapped.
#[derive(Debug, Clone, Copy)]
pub struct Reference<T>(pub T);

/// A sample or count of the current side.
#[derive(Debug, Clone, Copy)]
pub struct Current<T>(pub T);

/// A drift method, by Evidently's name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Two-sample Kolmogorov-Smirnov test.
    Ks,
    /// Wasserstein distance, divided by the reference's standard deviation.
    Wasserstein,
    /// Chi-square goodness of fit to the reference's shares.
    #[serde(rename = "chisquare")]
    ChiSquare,
    /// Z test of two proportions.
    Z,
    /// Jensen-Shannon distance, natural logarithm.
    #[serde(rename = "jensenshannon")]
    JensenShannon,
    /// Population stability index.
    Psi,
    /// Kullback-Leibler divergence of the current from the reference's shares.
    KlDiv,
    /// Hellinger distance.
    Hellinger,
    /// Mann-Whitney U test, one-sided.
    #[serde(rename = "mannw")]
    MannWhitney,
    /// Energy distance.
    #[serde(rename = "ed")]
    Energy,
    /// Student's t test.
    TTest,
    /// Fisher's exact test of two proportions.
    FisherExact,
    /// Likelihood-ratio test of the counts.
    GTest,
    /// Two-sample Anderson-Darling test.
    #[serde(rename = "anderson")]
    AndersonDarling,
    /// Two-sample Cramér-von Mises test.
    CramerVonMises,
    /// Epps-Singleton test.
    #[serde(rename = "es")]
    EppsSingleton,
    /// Permutation test of the total variation distance.
    #[serde(rename = "TVD")]
    TotalVariation,
    /// Permutation test of the maximum mean discrepancy.
    EmpiricalMmd,
    /// Can a classifier of words tell the two sides apart, better than at random?
    PercTextContentDrift,
    /// Can a classifier of words tell the two sides apart, by more than a fixed margin?
    AbsTextContentDrift,
}

impl Method {
    /// Every method, in the order of the documentation.
    pub const ALL: [Self; 20] = [
        Self::Ks,
        Self::Wasserstein,
        Self::ChiSquare,
        Self::Z,
        Self::JensenShannon,
        Self::Psi,
        Self::KlDiv,
        Self::Hellinger,
        Self::MannWhitney,
        Self::Energy,
        Self::TTest,
        Self::FisherExact,
        Self::GTest,
        Self::AndersonDarling,
        Self::CramerVonMises,
        Self::EppsSingleton,
        Self::TotalVariation,
        Self::EmpiricalMmd,
        Self::PercTextContentDrift,
        Self::AbsTextContentDrift,
    ];

    /// Evidently's name string.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ks => "ks",
            Self::Wasserstein => "wasserstein",
            Self::ChiSquare => "chisquare",
            Self::Z => "z",
            Self::JensenShannon => "jensenshannon",
            Self::Psi => "psi",
            Self::KlDiv => "kl_div",
            Self::Hellinger => "hellinger",
            Self::MannWhitney => "mannw",
            Self::Energy => "ed",
            Self::TTest => "t_test",
            Self::FisherExact => "fisher_exact",
            Self::GTest => "g_test",
            Self::AndersonDarling => "anderson",
            Self::CramerVonMises => "cramer_von_mises",
            Self::EppsSingleton => "es",
            Self::TotalVariation => "TVD",
            Self::EmpiricalMmd => "empirical_mmd",
            Self::PercTextContentDrift => "perc_text_content_drift",
            Self::AbsTextContentDrift => "abs_text_content_drift",
        }
    }

    /// The name a person reads.
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::Ks => "Kolmogorov-Smirnov",
            Self::Wasserstein => "Wasserstein distance (normed)",
            Self::ChiSquare => "Chi-square",
            Self::Z => "Z test of proportions",
            Self::JensenShannon => "Jensen-Shannon distance",
            Self::Psi => "Population stability index",
            Self::KlDiv => "Kullback-Leibler divergence",
            Self::Hellinger => "Hellinger distance",
            Self::MannWhitney => "Mann-Whitney U, one-sided",
            Self::Energy => "Energy distance",
            Self::TTest => "Student's t",
            Self::FisherExact => "Fisher's exact test",
            Self::GTest => "G test",
            Self::AndersonDarling => "Anderson-Darling",
            Self::CramerVonMises => "Cramér-von Mises",
            Self::EppsSingleton => "Epps-Singleton",
            Self::TotalVariation => "Total variation, by permutations",
            Self::EmpiricalMmd => "Maximum mean discrepancy, by permutations",
            Self::PercTextContentDrift => "Text content, against chance",
            Self::AbsTextContentDrift => "Text content, area under the curve",
        }
    }

    /// The threshold Evidently 0.7 uses unless told otherwise.
    pub const fn default_threshold(self) -> f64 {
        match self {
            Self::Ks | Self::ChiSquare | Self::Z | Self::MannWhitney | Self::TTest | Self::EppsSingleton => 0.05,
            Self::Wasserstein
            | Self::JensenShannon
            | Self::Psi
            | Self::KlDiv
            | Self::Hellinger
            | Self::Energy
            | Self::FisherExact
            | Self::GTest
            | Self::AndersonDarling
            | Self::CramerVonMises
            | Self::TotalVariation
            | Self::EmpiricalMmd => 0.1,
            Self::PercTextContentDrift => 0.95,
            Self::AbsTextContentDrift => 0.55,
        }
    }

    /// The method of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// A test's value, with the direction in which it speaks for drift.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Score {
    /// Probability of data at least as unlike, had nothing changed. 0 to 1; small speaks for drift.
    PValue(f64),
    /// How far apart the two sides are. 0 means alike; large speaks for drift.
    Distance(f64),
}

impl Score {
    /// The bare number.
    pub const fn value(self) -> f64 {
        match self {
            Self::PValue(value) | Self::Distance(value) => value,
        }
    }

    /// `p` or `distance`: the word that goes before the number.
    pub const fn word(self) -> &'static str {
        match self {
            Self::PValue(_) => "p",
            Self::Distance(_) => "distance",
        }
    }
}

/// Either what a test found, or why there was no test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Tested{T}"))]
#[serde(rename_all = "snake_case")]
pub enum Tested<T> {
    /// The test ran.
    Tested(T),
    /// It did not, and this is why.
    NotTested(NotTested),
}

impl<T> Tested<T> {
    /// The finding, if there is one.
    pub const fn outcome(&self) -> Option<&T> {
        match self {
            Self::Tested(outcome) => Some(outcome),
            Self::NotTested(_) => None,
        }
    }
}

impl<T> From<Result<T, NotTested>> for Tested<T> {
    fn from(result: Result<T, NotTested>) -> Self {
        match result {
            Ok(outcome) => Self::Tested(outcome),
            Err(reason) => Self::NotTested(reason),
        }
    }
}

/// What one test of Evidently's found in one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TestOutcome {
    /// The method that was used.
    pub method: Method,
    /// What the values were taken to be (Evidently decides by the current rows).
    pub column_type: ColumnType,
    /// The value, with its direction.
    pub score: Score,
    /// Drift on the far side of this.
    pub threshold: f64,
    /// Whether the score lies on the far side, by the method's own comparison sign.
    pub drifted: bool,
    /// Reference values that went in, after missing and infinite ones were dropped.
    pub n_reference: u64,
    /// Current values that went in.
    pub n_current: u64,
    /// What a reader has to know about this result, where the method is known to err.
    pub note: Option<String>,
    /// The statistic behind a p-value that comes from random permutations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistic: Option<f64>,
    /// The seed of a method that draws random numbers, taken from the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// A unit of time that is counted in whole ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day of UTC.
    Day,
    /// Seven days of UTC.
    Week,
}

impl TimeUnit {
    /// The largest unit that is no longer than this many microseconds; a second at the least.
    pub const fn of(micros: i64) -> Self {
        match micros {
            datetime::WEEK.. => Self::Week,
            datetime::DAY.. => Self::Day,
            datetime::HOUR.. => Self::Hour,
            datetime::MINUTE.. => Self::Minute,
            _ => Self::Second,
        }
    }

    /// `seconds`, `days`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Second => "seconds",
            Self::Minute => "minutes",
            Self::Hour => "hours",
            Self::Day => "days",
            Self::Week => "weeks",
        }
    }
}

/// Why a column could not be tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum NotTested {
    /// One side, or both, has no value.
    Empty {
        /// Reference values left after missing and infinite ones were dropped.
        n_reference: u64,
        /// Current values left.
        n_current: u64,
    },
    /// The current data lack the column.
    AbsentInCurrent,
    /// The reference lacks the column.
    AbsentInReference,
    /// The two sides do not hold the same kind of values.
    TypeMismatch {
        /// The reference's type.
        reference: ColumnType,
        /// The current data's type.
        current: ColumnType,
    },
    /// No test of this type of column is known.
    TypeNotCovered {
        /// The column's type.
        column_type: ColumnType,
    },
    /// The method does not apply to this type of column.
    MethodNotApplicable {
        /// The method asked for.
        method: Method,
        /// The column's type.
        column_type: ColumnType,
    },
    /// The whole column is one value, the same on both sides: nothing can have moved, and no statistic is defined.
    Constant,
    /// The method takes sides of equal size only.
    UnequalSizes {
        /// Reference values.
        n_reference: u64,
        /// Current values.
        n_current: u64,
    },
    /// The method takes more values.
    TooFew {
        /// Reference values.
        n_reference: u64,
        /// Current values.
        n_current: u64,
        /// Values it takes on each side.
        needed: u64,
    },
    /// The moments of a column do not reach over enough time.
    SpanTooShort {
        /// What is counted.
        unit: TimeUnit,
        /// How many whole ones the reference covers.
        n_reference: u64,
        /// How many whole ones the current data cover.
        n_current: u64,
        /// How many it takes on each side.
        needed: u64,
    },
    /// The moments are dates, all of them at midnight.
    NoTimeOfDay,
    /// Fewer columns can be taken together than the method needs.
    TooFewColumns {
        /// Columns there are.
        found: u64,
        /// Columns it takes.
        needed: u64,
    },
    /// The principal components that are kept say all there is to say.
    NothingLeftOver,
    /// No value is missing on either side.
    NoneMissing,
    /// A column of an embedding holds something else than numbers.
    NotNumbers,
    /// No word that could tell texts apart is left: all are stop words, single letters, or in more than half of the texts.
    NoWords,
    /// Too few rows to train a classifier on one half of them and judge it on the other: a half lacks one side.
    OneSidedSplit,
    /// The rows of one side were not split into chunks.
    NotChunked {
        /// Why not.
        problem: crate::chunking::ChunkError,
    },
    /// Nearly every value occurs once: an identifier, or free text. There is no distribution to compare.
    Identifiers {
        /// Distinct reference values.
        n_reference: u64,
        /// Distinct current values.
        n_current: u64,
    },
    /// Values were lost on the way: the arithmetic left the finite numbers.
    NotFinite,
    /// The comparison was made from profiles, and this takes rows.
    RowsNotKept,
}

impl fmt::Display for NotTested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty { n_reference: 0, n_current: 0 } => write!(f, "no values on either side"),
            Self::Empty { n_reference: 0, .. } => write!(f, "no values in the reference"),
            Self::Empty { .. } => write!(f, "no values in the current data"),
            Self::AbsentInCurrent => write!(f, "the current data lack this column"),
            Self::AbsentInReference => write!(f, "the reference lacks this column"),
            Self::TypeMismatch { reference, current } => {
                write!(f, "{reference} in the reference but {current} in the current data")
            }
            Self::TypeNotCovered { column_type: ColumnType::Datetime } => {
                write!(f, "no drift test for datetime columns")
            }
            Self::TypeNotCovered { column_type } => write!(f, "no test for {column_type} columns yet"),
            Self::MethodNotApplicable { method, column_type } => {
                write!(f, "{} does not apply to {column_type} columns", method.name())
            }
            Self::Constant => write!(f, "one and the same value on both sides"),
            Self::UnequalSizes { n_reference, n_current } => {
                write!(f, "takes sides of equal size, and there are {n_reference} and {n_current} values")
            }
            Self::TooFew { n_reference, n_current, needed } => {
                write!(f, "takes {needed} values on each side, and there are {n_reference} and {n_current}")
            }
            Self::SpanTooShort { unit, n_reference, n_current, needed } => {
                let unit = unit.plural();
                write!(f, "takes {needed} whole {unit} on each side, and there are {n_reference} and {n_current}")
            }
            Self::NoTimeOfDay => write!(f, "dates without a time of day"),
            Self::TooFewColumns { found, needed } => {
                write!(f, "takes {needed} or more columns that can be compared, and there are {found}")
            }
            Self::NothingLeftOver => write!(f, "the principal components leave nothing over"),
            Self::NoneMissing => write!(f, "no missing values on either side"),
            Self::NotNumbers => write!(f, "a column holds something else than numbers"),
            Self::NoWords => write!(f, "no words that could tell the texts apart"),
            Self::OneSidedSplit => {
                write!(f, "too few rows to train a classifier on one half and judge it on the other")
            }
            Self::NotChunked { problem } => write!(f, "no chunks: {problem}"),
            Self::Identifiers { n_reference, n_current } => {
                write!(
                    f,
                    "an identifier or free text: {n_reference} and {n_current} values, nearly all of them different"
                )
            }
            Self::NotFinite => write!(f, "the values are too large to compute with"),
            Self::RowsNotKept => write!(f, "profiles hold no rows"),
        }
    }
}
