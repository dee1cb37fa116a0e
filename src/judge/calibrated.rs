//! Verdicts a person can act on: is the change real, and is it large enough to matter?
//!
//! Each column gets one test of its values and one of what is missing. All p-values of a report are corrected together
//! by Benjamini and Hochberg, so that of the changes that are called real at most a share `q` is chance, however many
//! columns there are. A real change is `drifted` from its minimum effect on, `minor` below.

use serde::{Deserialize, Serialize};

use self::significance::Significance;
use super::{Calibrated, Direction, Effect, EffectKind, EffectTest, TestResult, Verdict};
use crate::data::Category;
use crate::profile::{ColumnProfile, Shape};
use crate::schema::ColumnType;
use crate::stattest::ks::Walked;
use crate::stattest::serial_dependence::Dependence;
use crate::stattest::{Current, NotTested, Reference, Tested, proportions, tails};

mod adjust;
pub(crate) mod alone;
mod categorical;
pub(crate) mod datetime;
mod effects;
mod numerical;
mod significance;
#[cfg(test)]
mod tests;
mod total_variation;

pub use adjust::{Correction, benjamini_hochberg, benjamini_yekutieli};

/// Settings of this judge. An effect's minimum is the smallest one that matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "CalibratedOptions"))]
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
    /// chance plays no part in it here. Where the model's importances are known, it is the share of importance.
    pub drift_share: f64,
    /// How the p-values of a report are corrected for their number.
    pub correction: Correction,
    /// Whether the order of the rows means something, such as time: then rows that are like their neighbours count for fewer.
    /// False for data that are known to be shuffled.
    pub ordered: bool,
    /// Categories of a column that are compared one by one, the most frequent ones; all others count as one.
    pub top_categories: u64,
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
            correction: Correction::BenjaminiHochberg,
            ordered: true,
            top_categories: 50,
        }
    }
}

/// One side of a column, and how its rows depend on their neighbours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Side<'a> {
    pub profile: &'a ColumnProfile,
    pub dependence: Dependence,
}

/// Examines one column. The verdicts stand only after [`settle`] has seen all columns of the report. `walked` is the walk
/// through the numbers of both sides, where there was one before.
pub(crate) fn examine(
    column_type: ColumnType,
    reference: Reference<Side<'_>>,
    current: Current<Side<'_>>,
    walked: Option<&Walked>,
    options: &Options,
) -> Calibrated {
    let (a, b) = (Reference(reference.0.profile), Current(current.0.profile));
    let table = (column_type != ColumnType::Numerical).then(|| categorical::Table::of(a, b));
    let values = comparable(column_type, a, b).and_then(|()| match &table {
        Some(table) => categorical::examine(column_type, table, options),
        None => numerical::examine(reference, current, walked, options),
    });
    let (new_categories, vanished_categories) = match &table {
        Some(table) if column_type == ColumnType::Categorical => table.novelties(),
        _ => (Vec::new(), Vec::new()),
    };
    Calibrated {
        verdict: Verdict::NotTested,
        values: values.into(),
        further: Vec::new(),
        missing: missing(a, b, options).into(),
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
    let found: Vec<Significance> =
        tests.iter().map(|test| Significance { p_value: test.p_value, log10_p: test.log10_p }).collect();
    for (test, adjusted) in tests.iter_mut().zip(adjust::adjust(&found, options.correction)) {
        (test.p_adjusted, test.log10_p_adjusted) = (adjusted.p_value, adjusted.log10_p);
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

/// Whether both sides have values, and values of one kind.
fn comparable(
    column_type: ColumnType,
    reference: Reference<&ColumnProfile>,
    current: Current<&ColumnProfile>,
) -> TestResult<()> {
    let (n_reference, n_current) = (reference.0.n(), current.0.n());
    if n_reference == 0 || n_current == 0 {
        return Err(NotTested::Empty { n_reference, n_current });
    }
    if kind(reference.0) != kind(current.0) {
        let (reference, current) = (own_type(reference.0), own_type(current.0));
        return Err(NotTested::TypeMismatch { reference, current });
    }
    let are_numbers = matches!(reference.0.shape, Shape::Numbers { .. });
    match column_type {
        ColumnType::Numerical if !are_numbers => Err(NotTested::TypeNotCovered { column_type }),
        _ => Ok(()),
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
    let significance = two_proportions(Reference((a.missing, a.rows)), Current((b.missing, b.rows)));
    Ok(unsettled("Missing values, test of two proportions", significance, effect, direction))
}

/// The p-value of two shares, with its logarithm where that is needed: by the z test, as Fisher's hardly gets that far.
fn two_proportions(reference: Reference<(u64, u64)>, current: Current<(u64, u64)>) -> Significance {
    Significance::or_ln(proportions::p_value(reference, current), || {
        let ((k_r, n), (k_c, m)) = (reference.0, current.0);
        let (n_f, m_f) = (n as f64, m as f64);
        let pooled = (k_r + k_c) as f64 / (n_f + m_f);
        let difference = (k_c as f64 / m_f - k_r as f64 / n_f).abs();
        let z = difference / (pooled * (1.0 - pooled) * (1.0 / n_f + 1.0 / m_f)).sqrt();
        std::f64::consts::LN_2 + tails::ln_normal_sf(z)
    })
}

fn unsettled(test: &str, found: Significance, effect: Effect, direction: Option<Direction>) -> EffectTest {
    EffectTest {
        test: test.to_owned(),
        p_value: found.p_value,
        p_adjusted: found.p_value,
        effect,
        direction,
        verdict: Verdict::NotTested,
        log10_p: found.log10_p,
        log10_p_adjusted: found.log10_p,
        effective: None,
        monte_carlo: None,
        category: None,
    }
}
