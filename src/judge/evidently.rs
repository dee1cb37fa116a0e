//! What Evidently 0.7 decides, digit for digit: its choice of method, thresholds, comparison signs, binning and zero
//! filling; typing rules of 0.4 on demand. For people who switch, and for auditors. What is known to be wrong with a method is kept, only here, and
//! said in the result's note.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

use super::TestResult;
use crate::data::Category;
use crate::profile::{ColumnProfile, Shape, runs};
use crate::schema::ColumnType;
use crate::stattest::binning::{Basis, align, evidently_bins};
use crate::stattest::{
    Current, Method, NotTested, Reference, Score, TestOutcome, anderson_darling, chi_square, cramer_von_mises, energy,
    epps_singleton, hellinger, jensen_shannon, kl_divergence, ks, mann_whitney, proportions, psi, t_test, wasserstein,
    z,
};

mod embeddings;
pub mod foreign;
mod golden;
mod notes;
mod sampled;
mod typing;

pub(crate) use embeddings::judge as judge_embedding;
pub use embeddings::{EmbeddingMethod, EmbeddingSettings};
pub use typing::{MAX_CATEGORICAL_INTEGERS_0_4, Typing};

/// Settings of `DataDriftPreset` that this judge honours. A column's own setting goes before its type's, which goes
/// before the one for all columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "EvidentlyOptions"))]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Share of drifted columns from which on a data set counts as drifted, 0 to 1.
    pub drift_share: f64,
    /// The method of every column.
    pub method: Option<Method>,
    /// The method of numerical columns.
    pub num_method: Option<Method>,
    /// The method of categorical columns.
    pub cat_method: Option<Method>,
    /// Methods by column.
    pub per_column_method: BTreeMap<String, Method>,
    /// The threshold of every column.
    pub threshold: Option<f64>,
    /// The threshold of numerical columns.
    pub num_threshold: Option<f64>,
    /// The threshold of categorical columns.
    pub cat_threshold: Option<f64>,
    /// Thresholds by column.
    pub per_column_threshold: BTreeMap<String, f64>,
    /// The method of text columns.
    pub text_method: Option<Method>,
    /// The threshold of text columns.
    pub text_threshold: Option<f64>,
    /// Which version's rules turn values into a type.
    pub typing: Typing,
    /// Groups of numerical columns that are compared row by row, by a name of their own.
    pub embeddings: BTreeMap<String, EmbeddingSettings>,
}

/// A threshold or share that no score can be held against.
#[derive(Debug, Clone, PartialEq)]
pub struct InvalidSetting {
    /// The setting's name; with the column's or embedding's in brackets.
    pub setting: String,
    /// What it was set to.
    pub found: f64,
    /// What it has to be.
    pub expected: &'static str,
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, and has to be {}", self.setting, self.found, self.expected)
    }
}

impl std::error::Error for InvalidSetting {}

impl Default for Options {
    fn default() -> Self {
        Self {
            drift_share: 0.5,
            method: None,
            num_method: None,
            cat_method: None,
            per_column_method: BTreeMap::new(),
            threshold: None,
            num_threshold: None,
            cat_threshold: None,
            per_column_threshold: BTreeMap::new(),
            text_method: None,
            text_threshold: None,
            typing: Typing::default(),
            embeddings: BTreeMap::new(),
        }
    }
}

impl Options {
    fn method(&self, column: &str, column_type: ColumnType) -> Option<Method> {
        let by_type = match column_type {
            ColumnType::Numerical => self.num_method,
            ColumnType::Categorical => self.cat_method,
            ColumnType::Text => self.text_method,
            ColumnType::Datetime => None,
        };
        self.per_column_method.get(column).copied().or(by_type).or(self.method)
    }

    fn threshold(&self, column: &str, column_type: ColumnType) -> Option<f64> {
        let by_type = match column_type {
            ColumnType::Numerical => self.num_threshold,
            ColumnType::Categorical => self.cat_threshold,
            ColumnType::Text => self.text_threshold,
            ColumnType::Datetime => None,
        };
        self.per_column_threshold.get(column).copied().or(by_type).or(self.threshold)
    }

    /// Whether every threshold is a finite number of at least 0, and every share one from 0 to 1. Settings that come from
    /// a person or over a wire have to pass before anything is judged by them.
    ///
    /// # Errors
    /// The first setting that is none, by name.
    pub fn check(&self) -> Result<(), InvalidSetting> {
        check_share("drift_share", self.drift_share)?;
        let by_type = [
            ("threshold", self.threshold),
            ("num_threshold", self.num_threshold),
            ("cat_threshold", self.cat_threshold),
            ("text_threshold", self.text_threshold),
        ];
        for (setting, threshold) in by_type {
            threshold.map_or(Ok(()), |threshold| check_threshold(setting, threshold))?;
        }
        for (column, threshold) in &self.per_column_threshold {
            check_threshold(&format!("per_column_threshold[{column}]"), *threshold)?;
        }
        self.embeddings.iter().try_for_each(|(name, settings)| settings.check(name))
    }
}

fn check_threshold(setting: &str, found: f64) -> Result<(), InvalidSetting> {
    let expected = "a finite number of at least 0";
    if found.is_finite() && found >= 0.0 {
        Ok(())
    } else {
        Err(InvalidSetting { setting: setting.into(), found, expected })
    }
}

fn check_share(setting: &str, found: f64) -> Result<(), InvalidSetting> {
    let expected = "a number from 0 to 1";
    if (0.0..=1.0).contains(&found) { Ok(()) } else { Err(InvalidSetting { setting: setting.into(), found, expected }) }
}

/// A reference of at most this many values is tested, a larger one is measured by a distance.
pub const MAX_TESTED_REFERENCE: u64 = 1000;

/// The method Evidently takes by itself (`_get_default_stattest`). `n_reference` counts the reference's values,
/// `n_distinct` those of both sides together. The size of the current data plays no part.
pub const fn default_method(column_type: ColumnType, n_reference: u64, n_distinct: u64) -> Method {
    let is_small = n_reference <= MAX_TESTED_REFERENCE;
    match column_type {
        // Moments are text to Evidently, which reads them so.
        ColumnType::Text | ColumnType::Datetime if is_small => Method::PercTextContentDrift,
        ColumnType::Text | ColumnType::Datetime => Method::AbsTextContentDrift,
        ColumnType::Numerical if n_distinct > 5 && is_small => Method::Ks,
        ColumnType::Numerical if n_distinct > 5 => Method::Wasserstein,
        ColumnType::Numerical | ColumnType::Categorical if !is_small => Method::JensenShannon,
        ColumnType::Numerical | ColumnType::Categorical if n_distinct > 2 => Method::ChiSquare,
        ColumnType::Numerical | ColumnType::Categorical => Method::Z,
    }
}

/// Distinct values of both sides together; of many, no more than the rule asks for are counted.
fn few_distinct(reference: Reference<&ColumnProfile>, current: Current<&ColumnProfile>) -> u64 {
    const ENOUGH: usize = 6;
    let few = |profile: &ColumnProfile| -> Vec<Category> {
        match &profile.shape {
            Shape::Numbers { sorted, .. } => {
                runs(sorted).take(ENOUGH).map(|(value, _)| Category::Number(value)).collect()
            }
            Shape::Categories { counts } => counts.iter().take(ENOUGH).map(|(category, _)| category.clone()).collect(),
        }
    };
    let mut together = [few(reference.0), few(current.0)].concat();
    together.sort();
    together.dedup();
    together.len() as u64
}

/// Judges one column. `column_type` is what Evidently takes the column for: it decides by the current rows.
///
/// # Errors
/// A side is empty, the method does not apply to the type, or the sides hold different kinds of values.
pub fn judge(
    name: &str,
    column_type: ColumnType,
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
    options: &Options,
) -> TestResult<TestOutcome> {
    judge_knowing(name, column_type, reference, current, None, options)
}

/// [`judge`], where the Wasserstein distance (normed) of both sides is known.
pub(crate) fn judge_knowing(
    name: &str,
    column_type: ColumnType,
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
    wasserstein: Option<f64>,
    options: &Options,
) -> TestResult<TestOutcome> {
    let (n_reference, n_current) = (reference.0.n(), current.0.n());
    if n_reference == 0 || n_current == 0 {
        return Err(NotTested::Empty { n_reference, n_current });
    }
    if column_type == ColumnType::Datetime {
        return Err(NotTested::TypeNotCovered { column_type });
    }
    let method = match options.method(name, column_type) {
        Some(method) => method,
        None => default_method(column_type, n_reference, few_distinct(reference, current)),
    };
    let threshold = options.threshold(name, column_type).unwrap_or_else(|| method.default_threshold());
    let sampled = sampled::measure(method, column_type, reference, current, threshold).transpose()?;
    let score = match &sampled {
        Some(sampled) => sampled.score,
        None => match wasserstein {
            Some(distance) if method == Method::Wasserstein && column_type == ColumnType::Numerical => {
                Score::Distance(distance)
            }
            _ => score(method, column_type, reference, current)?,
        },
    };
    if !score.value().is_finite() {
        return Err(NotTested::NotFinite);
    }
    let limit = sampled.as_ref().and_then(|sampled| sampled.limit).unwrap_or(threshold);
    let mut notes = notes::notes(method, column_type == ColumnType::Numerical, reference, current);
    notes.extend(sampled.iter().flat_map(|sampled| sampled.notes(n_reference, n_current)));
    Ok(TestOutcome {
        method,
        column_type,
        score,
        threshold,
        drifted: is_drifted(method, score, limit),
        n_reference: sampled.as_ref().map_or(n_reference, |sampled| sampled.n_reference),
        n_current: sampled.as_ref().map_or(n_current, |sampled| sampled.n_current),
        note: (!notes.is_empty()).then(|| notes.join(" ")),
        statistic: sampled.as_ref().and_then(|sampled| sampled.statistic),
        seed: sampled.as_ref().map(|sampled| sampled.seed),
    })
}

/// Whether a score lies on the far side of a threshold, by the method's own comparison sign.
pub(crate) fn is_drifted(method: Method, score: Score, threshold: f64) -> bool {
    match (method, score) {
        (Method::Ks | Method::CramerVonMises, Score::PValue(p)) => p <= threshold,
        (Method::Energy | Method::PercTextContentDrift | Method::AbsTextContentDrift, Score::Distance(distance)) => {
            distance > threshold
        }
        (_, Score::PValue(p)) => p < threshold,
        (_, Score::Distance(distance)) => distance >= threshold,
    }
}

/// The score of one method on two profiles that both have values.
///
/// # Errors
/// The method does not apply to the type, or the sides hold different kinds of values.
pub fn score(
    method: Method,
    column_type: ColumnType,
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
) -> TestResult<Score> {
    let not_applicable = NotTested::MethodNotApplicable { method, column_type };
    let numbers = || match (reference.0.sorted(), current.0.sorted()) {
        (Some(a), Some(b)) => Ok((Reference(a), Current(b))),
        _ => Err(not_applicable.clone()),
    };
    let counts = || {
        let (reference, current) = (reference.0.counts(), current.0.counts());
        let (_, reference, current) = align(Reference(&reference), Current(&current));
        (reference, current)
    };
    let is_numerical = column_type == ColumnType::Numerical;
    let binned = |basis| {
        let bins = evidently_bins(reference, current, is_numerical, basis);
        (bins.reference_shares(), bins.current_shares())
    };
    match method {
        Method::TotalVariation | Method::EmpiricalMmd | Method::PercTextContentDrift | Method::AbsTextContentDrift => {
            let threshold = method.default_threshold();
            let sampled = sampled::measure(method, column_type, reference, current, threshold);
            sampled.unwrap_or(Err(not_applicable)).map(|sampled| sampled.score)
        }
        Method::Ks
        | Method::Wasserstein
        | Method::MannWhitney
        | Method::Energy
        | Method::TTest
        | Method::AndersonDarling
        | Method::CramerVonMises
        | Method::EppsSingleton
            if !is_numerical =>
        {
            Err(not_applicable)
        }
        Method::ChiSquare | Method::Z | Method::GTest | Method::FisherExact if column_type == ColumnType::Text => {
            Err(not_applicable)
        }
        Method::Ks => {
            let (reference, current) = numbers()?;
            Ok(Score::PValue(ks::test(reference, current, ks::PValue::Scipy)?.p_value))
        }
        Method::Wasserstein => {
            let (reference, current) = numbers()?;
            Ok(Score::Distance(wasserstein::normed(reference, current)))
        }
        Method::MannWhitney => {
            let (reference, current) = numbers()?;
            Ok(Score::PValue(mann_whitney::less(reference, current)?))
        }
        Method::Energy => {
            let (reference, current) = numbers()?;
            Ok(Score::Distance(energy::distance(reference, current)))
        }
        Method::TTest => {
            let (reference, current) = numbers()?;
            Ok(Score::PValue(t_test::test(reference, current)?))
        }
        Method::AndersonDarling => {
            let (reference, current) = numbers()?;
            Ok(Score::PValue(anderson_darling::test(reference, current)?))
        }
        Method::CramerVonMises => {
            let (reference, current) = numbers()?;
            Ok(Score::PValue(cramer_von_mises::test(reference, current)?))
        }
        Method::EppsSingleton => {
            let (reference, current) = numbers()?;
            Ok(Score::PValue(epps_singleton::test(reference, current)?))
        }
        Method::ChiSquare => {
            let (reference, current) = counts();
            Ok(Score::PValue(chi_square::goodness_of_fit(Reference(&reference), Current(&current))?.p_value))
        }
        Method::GTest => {
            let (reference, current) = counts();
            Ok(Score::PValue(chi_square::likelihood_ratio(Reference(&reference), Current(&current))?.p_value))
        }
        Method::Z => {
            let (reference, current) = counts();
            // Evidently codes the first value against all others, however many there are.
            Ok(Score::PValue(z::test(Reference(first_of(&reference)), Current(first_of(&current)))?))
        }
        Method::FisherExact => {
            let (r, c) = counts();
            let (n_reference, n_current) = (reference.0.n(), current.0.n());
            if r.len() > 2 {
                return Err(not_applicable);
            }
            if n_reference != n_current {
                return Err(NotTested::UnequalSizes { n_reference, n_current });
            }
            Ok(Score::PValue(proportions::fisher_exact(Reference(first_of(&r)), Current(first_of(&c)))))
        }
        Method::JensenShannon => {
            let (reference, current) = binned(Basis::Values);
            Ok(Score::Distance(jensen_shannon::distance(Reference(&reference), Current(&current))))
        }
        Method::Psi => {
            let (reference, current) = binned(Basis::Values);
            Ok(Score::Distance(psi::index(Reference(&reference), Current(&current))))
        }
        Method::KlDiv => {
            let (reference, current) = binned(Basis::Values);
            Ok(Score::Distance(kl_divergence::divergence(Reference(&reference), Current(&current))))
        }
        Method::Hellinger => {
            let (reference, current) = binned(Basis::DistinctValues);
            Ok(Score::Distance(hellinger::distance(Reference(&reference), Current(&current))))
        }
    }
}

/// The count of the first category, and of all.
fn first_of(counts: &[u64]) -> (u64, u64) {
    (counts[0], counts.iter().sum())
}

/// One case of the golden files, as JSON in and JSON out: the same code in a native test and in a browser's wasm shows
/// that both give the same bytes.
///
/// In: `{"column_type": "num"|"cat", "reference": [...], "current": [...], "methods": ["ks", ...]}` with `null` for a
/// missing value and strings for infinities. Out: one score, or reason, per method, the default one first.
///
/// # Errors
/// The text is not such a case.
pub fn golden_case(case: &str) -> Result<String, serde_json::Error> {
    golden::run(case)
}

#[cfg(test)]
mod tests;
