//! NannyML's drift methods, by name.

use serde::{Deserialize, Serialize};

use super::threshold::{Beyond, Limits};
use crate::data::{Column, Values};
use crate::schema::{ColumnSpec, ColumnType};

/// What NannyML takes a column for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "NannymlColumnKind"))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Numbers, however few differ.
    Continuous,
    /// Names and truth values, and numbers that a person declared to stand for kinds.
    Categorical,
}

impl Kind {
    /// What `column` is: numbers are continuous and everything else is categorical, unless the schema's type is a person's
    /// word (NannyML's `treat_as_numerical` and `treat_as_categorical`).
    pub fn of(column: &Column, spec: &ColumnSpec) -> Self {
        match (&column.values, spec.column_type) {
            (Values::Numbers(_), ColumnType::Numerical) => Self::Continuous,
            (Values::Numbers(_), _) if !spec.is_declared => Self::Continuous,
            _ => Self::Categorical,
        }
    }

    /// The kind's name, as it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Continuous => "continuous",
            Self::Categorical => "categorical",
        }
    }
}

/// A drift method, by NannyML's name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "NannymlMethod"))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Jensen-Shannon distance, logarithm to base 2; 0 to 1.
    JensenShannon,
    /// Kolmogorov-Smirnov statistic: the largest gap of the distribution functions; 0 to 1.
    KolmogorovSmirnov,
    /// Wasserstein distance, in the unit of the values.
    Wasserstein,
    /// Hellinger distance; 0 to 1.
    Hellinger,
    /// Chi-square statistic of both samples; alerts by its p-value, below [`super::CHI2_ALPHA`].
    Chi2,
    /// The largest difference of a category's shares; 0 to 1.
    LInfinity,
}

impl Method {
    /// Every method, in the order of NannyML's documentation.
    pub const ALL: [Self; 6] =
        [Self::JensenShannon, Self::KolmogorovSmirnov, Self::Wasserstein, Self::Hellinger, Self::Chi2, Self::LInfinity];

    /// NannyML's name string.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JensenShannon => "jensen_shannon",
            Self::KolmogorovSmirnov => "kolmogorov_smirnov",
            Self::Wasserstein => "wasserstein",
            Self::Hellinger => "hellinger",
            Self::Chi2 => "chi2",
            Self::LInfinity => "l_infinity",
        }
    }

    /// The name a person reads.
    pub const fn display_name(self) -> &'static str {
        match self {
            Self::JensenShannon => "Jensen-Shannon distance",
            Self::KolmogorovSmirnov => "Kolmogorov-Smirnov statistic",
            Self::Wasserstein => "Wasserstein distance",
            Self::Hellinger => "Hellinger distance",
            Self::Chi2 => "Chi-square statistic",
            Self::LInfinity => "L-infinity distance",
        }
    }

    /// The method of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    /// Whether the method can be used on columns of this kind.
    pub const fn applies_to(self, kind: Kind) -> bool {
        match self {
            Self::JensenShannon | Self::Hellinger => true,
            Self::KolmogorovSmirnov | Self::Wasserstein => matches!(kind, Kind::Continuous),
            Self::Chi2 | Self::LInfinity => matches!(kind, Kind::Categorical),
        }
    }

    /// The range thresholds are held to.
    pub(super) const fn limits(self) -> Limits {
        let upper = match self {
            Self::KolmogorovSmirnov | Self::Chi2 => Some(1.0),
            // Distances of shares cannot pass 1 either, but upstream lets their threshold.
            Self::JensenShannon | Self::Wasserstein | Self::Hellinger | Self::LInfinity => None,
        };
        Limits { lower: Some(0.0), upper, beyond: Beyond::Moved }
    }
}
