//! The methods that draw random numbers. Evidently draws them by another generator, or without a seed, so its digits
//! cannot be had; the statistic is the same, and the score up to the chance in the draws.

use std::borrow::Cow;

use super::super::TestResult;
use crate::data::Category;
use crate::profile::ColumnProfile;
use crate::render::format;
use crate::schema::ColumnType;
use crate::stattest::binning::align;
use crate::stattest::text_content::{self, TextContent};
use crate::stattest::{Current, Method, NotTested, Permuted, Reference, Score, mmd, total_variation};

/// A score, with what it takes to repeat and to understand it.
pub(super) struct Sampled {
    pub score: Score,
    pub statistic: Option<f64>,
    pub seed: u64,
    pub n_reference: u64,
    pub n_current: u64,
    /// Drift above this, where the draws decide and not the threshold.
    pub limit: Option<f64>,
}

/// The score of such a method; `None` for every other.
pub(super) fn measure(
    method: Method,
    column_type: ColumnType,
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
    threshold: f64,
) -> Option<TestResult<Sampled>> {
    let expected_type = match method {
        Method::TotalVariation => ColumnType::Categorical,
        Method::EmpiricalMmd => ColumnType::Numerical,
        Method::PercTextContentDrift | Method::AbsTextContentDrift => ColumnType::Text,
        _ => return None,
    };
    if column_type != expected_type {
        return Some(Err(NotTested::MethodNotApplicable { method, column_type }));
    }
    Some(match method {
        Method::TotalVariation => tvd(reference, current),
        Method::EmpiricalMmd => match (reference.0.sorted(), current.0.sorted()) {
            (Some(a), Some(b)) => mmd::permutation_test(Reference(a), Current(b)).map(of_permuted),
            _ => Err(NotTested::MethodNotApplicable { method, column_type }),
        },
        _ => text(method, reference, current, threshold),
    })
}

fn tvd(reference: Reference<&ColumnProfile>, current: Current<&ColumnProfile>) -> TestResult<Sampled> {
    let (reference, current) = (reference.0.counts(), current.0.counts());
    let (_, reference, current) = align(Reference(&reference), Current(&current));
    total_variation::permutation_test(Reference(&reference), Current(&current)).map(of_permuted)
}

fn of_permuted(found: Permuted) -> Sampled {
    Sampled {
        score: Score::PValue(found.p_value),
        statistic: Some(found.statistic),
        seed: found.seed,
        n_reference: found.n_reference,
        n_current: found.n_current,
        limit: None,
    }
}

fn text(
    method: Method,
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
    threshold: f64,
) -> TestResult<Sampled> {
    let (reference, current) = (reference.0.counts(), current.0.counts());
    let (reference, current) = (texts(&reference), texts(&current));
    let found: TextContent = text_content::classify(Reference(&reference), Current(&current))?;
    let against_chance = method == Method::PercTextContentDrift;
    Ok(Sampled {
        score: Score::Distance(found.auc),
        statistic: None,
        seed: found.seed,
        n_reference: found.n_reference,
        n_current: found.n_current,
        limit: against_chance.then(|| found.random_auc(threshold.clamp(0.0, 1.0))),
    })
}

fn texts(counts: &[(Category, u64)]) -> Vec<(Cow<'_, str>, u64)> {
    counts.iter().map(|(category, count)| (as_text(category), *count)).collect()
}

fn as_text(category: &Category) -> Cow<'_, str> {
    match category {
        Category::Name(name) => Cow::Borrowed(name),
        other => Cow::Owned(other.to_string()),
    }
}

impl Sampled {
    /// What a reader has to know beside the score: what it was held against, and how much of the data was looked at.
    pub fn notes(&self, n_reference: u64, n_current: u64) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(limit) = self.limit {
            let limit = format::number(limit);
            notes.push(format!("The threshold is a share of guessing classifiers: they stay below {limit}."));
        }
        if self.n_reference < n_reference || self.n_current < n_current {
            notes.push(format!(
                "Looked at {} of {} reference and {} of {} current values, drawn at random.",
                format::count(self.n_reference),
                format::count(n_reference),
                format::count(self.n_current),
                format::count(n_current),
            ));
        }
        notes
    }
}
