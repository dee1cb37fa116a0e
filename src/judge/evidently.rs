//! What Evidently 0.7 decides, digit for digit: its choice of method, thresholds, comparison signs, binning and zero
//! filling. For people who switch, and for auditors. What is known to be wrong with a method is kept, only here, and
//! said in the result's note.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

/// Settings of `DataDriftPreset` that this judge honours. A column's own setting goes before its type's, which goes
/// before the one for all columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
}

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
        }
    }
}

impl Options {
    fn method(&self, column: &str, column_type: ColumnType) -> Option<Method> {
        let by_type = match column_type {
            ColumnType::Numerical => self.num_method,
            ColumnType::Categorical => self.cat_method,
            ColumnType::Text => None,
        };
        self.per_column_method.get(column).copied().or(by_type).or(self.method)
    }

    fn threshold(&self, column: &str, column_type: ColumnType) -> Option<f64> {
        let by_type = match column_type {
            ColumnType::Numerical => self.num_threshold,
            ColumnType::Categorical => self.cat_threshold,
            ColumnType::Text => None,
        };
        self.per_column_threshold.get(column).copied().or(by_type).or(self.threshold)
    }
}

/// A reference of at most this many values is tested, a larger one is measured by a distance.
pub const MAX_TESTED_REFERENCE: u64 = 1000;

/// The method Evidently takes by itself (`_get_default_stattest`). `n_reference` counts the reference's values,
/// `n_distinct` those of both sides together. The size of the current data plays no part.
///
/// # Errors
/// Text columns need a trained classifier, which is not here yet.
pub fn default_method(column_type: ColumnType, n_reference: u64, n_distinct: u64) -> TestResult<Method> {
    let is_small = n_reference <= MAX_TESTED_REFERENCE;
    match column_type {
        ColumnType::Numerical if n_distinct > 5 => Ok(if is_small { Method::Ks } else { Method::Wasserstein }),
        ColumnType::Numerical | ColumnType::Categorical if !is_small => Ok(Method::JensenShannon),
        ColumnType::Numerical | ColumnType::Categorical if n_distinct > 2 => Ok(Method::ChiSquare),
        ColumnType::Numerical | ColumnType::Categorical => Ok(Method::Z),
        ColumnType::Text => Err(NotTested::TypeNotCovered { column_type }),
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
    let (n_reference, n_current) = (reference.0.n(), current.0.n());
    if n_reference == 0 || n_current == 0 {
        return Err(NotTested::Empty { n_reference, n_current });
    }
    let method = match options.method(name, column_type) {
        Some(method) => method,
        None => default_method(column_type, n_reference, few_distinct(reference, current))?,
    };
    let threshold = options.threshold(name, column_type).unwrap_or_else(|| method.default_threshold());
    let score = score(method, column_type, reference, current)?;
    if !score.value().is_finite() {
        return Err(NotTested::NotFinite);
    }
    let drifted = match (method, score) {
        (Method::Ks | Method::CramerVonMises, Score::PValue(p)) => p <= threshold,
        (Method::Energy, Score::Distance(distance)) => distance > threshold,
        (_, Score::PValue(p)) => p < threshold,
        (_, Score::Distance(distance)) => distance >= threshold,
    };
    let note = note(method, reference, current);
    Ok(TestOutcome { method, column_type, score, threshold, drifted, n_reference, n_current, note })
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

/// What is known to be wrong with a method on data like these.
fn note(method: Method, reference: Reference<&ColumnProfile>, current: Current<&ColumnProfile>) -> Option<String> {
    /// Below this many current rows an unchanged column passes the distance's threshold in more than 1% of cases.
    const FEW_ROWS: u64 = 1000;
    match method {
        Method::ChiSquare => Some(
            "Takes the reference as exact, so unchanged data of similar size are flagged far more often than the \
             threshold says."
                .to_owned(),
        ),
        Method::Wasserstein | Method::JensenShannon | Method::Psi if current.0.n() < FEW_ROWS => {
            Some(format!("A fixed threshold on {} rows: chance alone can pass it.", current.0.n().min(reference.0.n())))
        }
        _ => None,
    }
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

mod golden;
