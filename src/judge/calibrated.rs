//! Verdicts a person can act on: is the change real, and is it large enough to matter?
//!
//! Each column gets one test of its values and one of what is missing. All p-values of a report are corrected together
//! by Benjamini and Hochberg, so that of the changes that are called real at most a share `q` is chance, however many
//! columns there are. A real change is `drifted` from its minimum effect on, `minor` below.

use serde::{Deserialize, Serialize};

use super::{Calibrated, Direction, Effect, EffectKind, EffectTest, TestResult, Verdict};
use crate::data::Category;
use crate::profile::{ColumnProfile, Shape};
use crate::schema::ColumnType;
use crate::stattest::binning::align;
use crate::stattest::{Current, NotTested, Reference, Tested, chi_square, ks, proportions};

mod adjust;
pub(crate) mod datetime;
mod effects;

pub use adjust::benjamini_hochberg;

/// Settings of this judge. An effect's minimum is the smallest one that matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Share of false alarms among the changes that are called real, 0 to 1.
    pub q: f64,
    /// Minimum gap between the distribution functions of a numerical column, 0 to 1.
    pub min_gap: f64,
    /// Minimum total variation distance of a categorical column, 0 to 1.
    pub min_total_variation: f64,
    /// Minimum factor by which a rare value became more, or less, frequent, or by which rows arrive more, or less, often;
    /// above 1.
    pub min_rate_ratio: f64,
    /// A value of a two-valued column is rare up to this share of the reference.
    pub rare_share: f64,
    /// Minimum difference of the shares of missing values, 0 to 1.
    pub min_missing_difference: f64,
    /// Share of drifted columns from which on a data set counts as drifted, 0 to 1. Lower than Evidently's, because
    /// chance plays no part in it here.
    pub drift_share: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            q: 0.05,
            min_gap: 0.1,
            min_total_variation: 0.1,
            min_rate_ratio: 1.5,
            rare_share: 0.05,
            min_missing_difference: 0.05,
            drift_share: 0.1,
        }
    }
}

/// Examines one column. The verdicts stand only after [`settle`] has seen all columns of the report.
pub(crate) fn examine(
    column_type: ColumnType,
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
    options: &Options,
) -> Calibrated {
    let (new_categories, vanished_categories) = match column_type {
        ColumnType::Categorical => novelties(reference, current),
        ColumnType::Numerical | ColumnType::Datetime | ColumnType::Text => (Vec::new(), Vec::new()),
    };
    Calibrated {
        verdict: Verdict::NotTested,
        values: values(column_type, reference, current, options).into(),
        further: Vec::new(),
        missing: missing(reference, current, options).into(),
        new_categories,
        vanished_categories,
    }
}

/// A column that one side lacks.
pub(crate) const fn absent(reason: NotTested) -> Calibrated {
    Calibrated {
        verdict: Verdict::NotTested,
        values: Tested::NotTested(reason),
        further: Vec::new(),
        missing: Tested::NotTested(NotTested::NoneMissing),
        new_categories: Vec::new(),
        vanished_categories: Vec::new(),
    }
}

/// Corrects all p-values of a report together and reaches the verdicts.
pub(crate) fn settle(columns: &mut [&mut Calibrated], options: &Options) {
    let mut tests: Vec<&mut EffectTest> = columns
        .iter_mut()
        .flat_map(|column| {
            let tested = [&mut column.values, &mut column.missing].into_iter().filter_map(|tested| match tested {
                Tested::Tested(test) => Some(test),
                Tested::NotTested(_) => None,
            });
            tested.chain(&mut column.further)
        })
        .collect();
    let p_values: Vec<f64> = tests.iter().map(|test| test.p_value).collect();
    for (test, p_adjusted) in tests.iter_mut().zip(benjamini_hochberg(&p_values)) {
        test.p_adjusted = p_adjusted;
        test.verdict = verdict(test, options.q);
    }
    for column in columns {
        let of_values = column.leading().ok().map(|test| test.verdict);
        let of_missing = column.missing.outcome().map(|test| test.verdict);
        // A column whose values were not tested is not called stable for having no missing ones.
        let pressing = of_values.into_iter().chain(of_missing).min().unwrap_or(Verdict::NotTested);
        let values_are_known = of_values.is_some() || pressing <= Verdict::Minor;
        column.verdict = if values_are_known { pressing } else { Verdict::NotTested };
    }
}

/// Significance and size make the verdict.
fn verdict(test: &EffectTest, q: f64) -> Verdict {
    let is_significant = test.p_adjusted <= q;
    match (is_significant, test.effect.reaches_minimum()) {
        (true, true) => Verdict::Drifted,
        (true, false) => Verdict::Minor,
        (false, _) if test.effect.excludes_minimum() => Verdict::Stable,
        (false, _) => Verdict::NotEnoughData,
    }
}

/// The test of the values.
fn values(
    column_type: ColumnType,
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
    options: &Options,
) -> TestResult<EffectTest> {
    let (n_reference, n_current) = (reference.0.n(), current.0.n());
    if n_reference == 0 || n_current == 0 {
        return Err(NotTested::Empty { n_reference, n_current });
    }
    if kind(reference.0) != kind(current.0) {
        let (reference, current) = (own_type(reference.0), own_type(current.0));
        return Err(NotTested::TypeMismatch { reference, current });
    }
    match (column_type, &reference.0.shape, &current.0.shape) {
        (ColumnType::Numerical, Shape::Numbers { sorted: a, .. }, Shape::Numbers { sorted: b, .. }) => {
            numerical(Reference(a), Current(b), options)
        }
        (ColumnType::Categorical, ..) => categorical(reference, current, options),
        _ => Err(NotTested::TypeNotCovered { column_type }),
    }
}

/// Numbers, truth values and strings do not compare.
fn kind(profile: &ColumnProfile) -> u8 {
    match &profile.shape {
        Shape::Numbers { .. } => 0,
        Shape::Categories { counts } => match counts.first() {
            Some((Category::Boolean(_), _)) => 1,
            _ => 2,
        },
    }
}

const fn own_type(profile: &ColumnProfile) -> ColumnType {
    match profile.shape {
        Shape::Numbers { .. } => ColumnType::Numerical,
        Shape::Categories { .. } => ColumnType::Categorical,
    }
}

fn numerical(reference: Reference<&[f64]>, current: Current<&[f64]>, options: &Options) -> TestResult<EffectTest> {
    let (a, b) = (reference.0, current.0);
    if a[0] == a[a.len() - 1] && b[0] == b[b.len() - 1] && a[0] == b[0] {
        return Err(NotTested::Constant);
    }
    let found = ks::test(reference, current, ks::PValue::Fast)?;
    let effect = effects::largest_gap(found.d, a.len() as u64, b.len() as u64, options.min_gap);
    let direction = effects::direction(&found);
    Ok(unsettled("Kolmogorov-Smirnov", found.p_value, effect, direction))
}

fn categorical(
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
    options: &Options,
) -> TestResult<EffectTest> {
    let (reference_counts, current_counts) = (reference.0.counts(), current.0.counts());
    let (categories, r, c) = align(Reference(&reference_counts), Current(&current_counts));
    let (n, m) = (reference.0.n(), current.0.n());
    match categories.len() {
        0 | 1 => return Err(NotTested::Constant),
        2 => {
            let event = if r[1] <= r[0] { 1 } else { 0 };
            if r[event] as f64 <= options.rare_share * n as f64
                && let Some(found) = proportions::rate_ratio(Reference((r[event], n)), Current((c[event], m)))
            {
                let effect = effects::rate_ratio(&found, options.min_rate_ratio);
                let direction = Some(if found.ratio >= 1.0 { Direction::Up } else { Direction::Down });
                return Ok(unsettled("Exact test of two rates", found.p_value, effect, direction));
            }
        }
        _ => {}
    }
    let effect = effects::total_variation(&r, &c, options.min_total_variation);
    let (r, c) = effects::pool_rare(&r, &c);
    if r.len() < 2 {
        return Err(NotTested::Constant);
    }
    if r.len() == 2 {
        let p_value = proportions::p_value(Reference((r[0], n)), Current((c[0], m)));
        return Ok(unsettled("Test of two proportions", p_value, effect, None));
    }
    let found = chi_square::homogeneity(Reference(&r), Current(&c))?;
    Ok(unsettled("Chi-square of both samples", found.p_value, effect, None))
}

/// The test of the share of missing values. Where none is missing on either side there is nothing to test, and no
/// p-value of 1 to dilute the correction.
fn missing(
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
    options: &Options,
) -> TestResult<EffectTest> {
    let (a, b) = (reference.0, current.0);
    if a.rows == 0 || b.rows == 0 {
        return Err(NotTested::Empty { n_reference: a.rows, n_current: b.rows });
    }
    if a.missing + b.missing == 0 {
        return Err(NotTested::NoneMissing);
    }
    let found = proportions::share_difference(Reference((a.missing, a.rows)), Current((b.missing, b.rows)));
    let effect = Effect {
        kind: EffectKind::ShareDifference,
        value: found.difference,
        low: found.low,
        high: Some(found.high),
        minimum: options.min_missing_difference,
    };
    let direction = Some(if found.difference >= 0.0 { Direction::Up } else { Direction::Down });
    Ok(unsettled("Missing values, test of two proportions", found.p_value, effect, direction))
}

fn unsettled(test: &str, p_value: f64, effect: Effect, direction: Option<Direction>) -> EffectTest {
    EffectTest { test: test.to_owned(), p_value, p_adjusted: p_value, effect, direction, verdict: Verdict::NotTested }
}

/// At most this many categories are named; a column of identifiers has thousands of new ones.
const MAX_NOVELTIES: usize = 20;

fn novelties(reference: Reference<&ColumnProfile>, current: Current<&ColumnProfile>) -> (Vec<String>, Vec<String>) {
    let (reference, current) = (reference.0.counts(), current.0.counts());
    let (categories, r, c) = align(Reference(&reference), Current(&current));
    let only = |here: &[u64], there: &[u64]| {
        let mut only: Vec<(u64, &Category)> = here
            .iter()
            .zip(there)
            .zip(&categories)
            .filter(|((n, m), _)| **n > 0 && **m == 0)
            .map(|((n, _), category)| (*n, category))
            .collect();
        only.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        only.into_iter().take(MAX_NOVELTIES).map(|(_, category)| category.to_string()).collect()
    };
    (only(&c, &r), only(&r, &c))
}
