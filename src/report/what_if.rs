//! One column judged by other settings: what it would say with another method, threshold, minimum or number of bins.

use serde::{Deserialize, Serialize};

use super::compare::compare_column;
use super::{ColumnReport, Distribution, DriftReport, sentence};
use crate::data::Dataset;
use crate::judge::{Calibrated, EffectKind, calibrated, evidently};
use crate::profile::{Buffers, ColumnSide};
use crate::quality::Quality;
use crate::schema::{ColumnSpec, ColumnType};
use crate::stattest::{Current, Method, Reference, Tested};

/// What is asked; `None` leaves a setting as it is in the report.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WhatIf {
    /// Bins of the histogram, from 2 to [`MAX_BINS`].
    pub bins: Option<u32>,
    /// The evidently judge's method.
    pub method: Option<Method>,
    /// The evidently judge's threshold.
    pub threshold: Option<f64>,
    /// The smallest effect that matters to the calibrated judge, in the unit of the column's effect.
    pub minimum: Option<f64>,
    /// The calibrated judge's share of false alarms, 0 to 1.
    pub q: Option<f64>,
}

/// More bins than a picture has points show nothing more.
pub const MAX_BINS: u32 = 200;

/// Both sides of one column, sorted once, to be asked many times.
#[derive(Debug, Clone)]
pub struct ColumnStudy {
    spec: ColumnSpec,
    reference: Option<ColumnSide>,
    current: Option<ColumnSide>,
}

impl ColumnStudy {
    /// Takes both sides' profiles of the column that `spec` names.
    pub fn of(reference: Reference<&Dataset>, current: Current<&Dataset>, spec: &ColumnSpec) -> Self {
        let mut buffers = Buffers::default();
        let mut side =
            |data: &Dataset| data.column(&spec.name).map(|column| ColumnSide::of(column, spec, &mut buffers));
        Self { spec: spec.clone(), reference: side(reference.0), current: side(current.0) }
    }

    /// The column's name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// What `report` would say of this column. The other columns' p-values stay as they are there, so that the correction for
    /// their number is the same. Without a question it is the report's own answer.
    pub fn answer(&self, report: &DriftReport, what_if: &WhatIf) -> ColumnReport {
        let mut settings = report.settings.clone();
        settings.quality = Quality::Off;
        let options = &mut settings.evidently;
        if let Some(method) = what_if.method {
            options.per_column_method.insert(self.spec.name.clone(), method);
        }
        if let Some(threshold) = what_if.threshold {
            options.per_column_threshold.insert(self.spec.name.clone(), threshold);
        }
        let sides = (Reference(self.reference.as_ref()), Current(self.current.as_ref()));
        let (mut column, _) = compare_column(&self.spec, sides.0, sides.1, &settings);
        if let (Some(bins), Some(a), Some(b)) = (what_if.bins, &self.reference, &self.current)
            && self.spec.column_type == ColumnType::Numerical
        {
            column.distribution = Distribution::in_bins(a.values(), b.values(), bins.clamp(2, MAX_BINS) as usize);
        }
        if let Some(known) = report.column(&self.spec.name) {
            column.importance = known.importance;
            column.nannyml = known.nannyml.clone();
        }
        judged(report, column, what_if)
    }
}

impl WhatIf {
    /// What `report` would say of a column of which nothing but the report is left: its scores and effects held against other
    /// thresholds. Bins and method take values, and stay.
    pub fn of_report(&self, report: &DriftReport, column: &ColumnReport) -> ColumnReport {
        let mut column = column.clone();
        if let (Some(threshold), Tested::Tested(outcome)) = (self.threshold, &mut column.evidently) {
            outcome.threshold = threshold;
            outcome.drifted = evidently::is_drifted(outcome.method, outcome.score, threshold);
        }
        judged(report, column, self)
    }
}

/// Sets the minimum, corrects all p-values of the report together with this column's, and reaches its verdict.
fn judged(report: &DriftReport, mut column: ColumnReport, what_if: &WhatIf) -> ColumnReport {
    let mut options = report.settings.calibrated.clone();
    options.q = what_if.q.unwrap_or(options.q);
    if let Some(minimum) = what_if.minimum {
        // The test of what is missing has a minimum of its own.
        let tests = [&mut column.calibrated.values].into_iter().filter_map(|tested| match tested {
            Tested::Tested(test) => Some(test),
            Tested::NotTested(_) => None,
        });
        let tests = tests.chain(&mut column.calibrated.further);
        tests
            .filter(|test| test.effect.kind != EffectKind::ShareDifference)
            .for_each(|test| test.effect.minimum = minimum);
    }
    let mut all: Vec<Calibrated> = report
        .columns
        .iter()
        .map(|other| if other.name == column.name { &column.calibrated } else { &other.calibrated })
        .cloned()
        .collect();
    calibrated::settle(&mut all.iter_mut().collect::<Vec<_>>(), &options);
    if let Some(place) = report.columns.iter().position(|other| other.name == column.name) {
        column.calibrated = all.swap_remove(place);
    }
    column.why_they_differ = sentence::why_they_differ(&column);
    column
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Column;
    use crate::judge::{Judge, Settings, Verdict};
    use crate::random::Rng;
    use crate::report::{Source, compare};
    use crate::schema::{Schema, SchemaOverrides};

    fn table(seed: u64, shift: f64) -> Dataset {
        let mut random = Rng::new(seed);
        let mut normal = |shift: f64| -> Vec<f64> {
            (0..2000).map(|_| (0..12).map(|_| random.uniform()).sum::<f64>() - 6.0 + shift).collect()
        };
        let columns = vec![Column::fractions("moved", normal(shift)), Column::fractions("still", normal(0.0))];
        Dataset::new(columns).unwrap()
    }

    fn report(reference: &Dataset, current: &Dataset) -> (Schema, DriftReport) {
        let schema = Schema::infer(reference, &SchemaOverrides::default()).unwrap();
        let source = |data| Source { label: "x", data, sha256: None };
        let report = compare(Reference(source(reference)), Current(source(current)), &schema, &Settings::default());
        (schema, report)
    }

    #[test]
    fn without_a_question_the_answer_is_the_reports() {
        let (a, b) = (table(1, 0.0), table(2, 0.5));
        let (schema, report) = report(&a, &b);
        for (spec, known) in schema.columns.iter().zip(&report.columns) {
            let study = ColumnStudy::of(Reference(&a), Current(&b), spec);
            assert_eq!(study.answer(&report, &WhatIf::default()), *known);
            assert_eq!(WhatIf::default().of_report(&report, known), *known);
        }
    }

    #[test]
    fn thresholds_and_minima_decide_and_the_reports_own_numbers_suffice() {
        let (a, b) = (table(1, 0.0), table(2, 0.5));
        let (schema, report) = report(&a, &b);
        let (moved, study) = (&report.columns[0], ColumnStudy::of(Reference(&a), Current(&b), &schema.columns[0]));
        assert_eq!(moved.verdict(Judge::Calibrated), Verdict::Drifted);
        assert_eq!(moved.verdict(Judge::Evidently), Verdict::Drifted);
        let strict = WhatIf { threshold: Some(0.9), minimum: Some(0.5), ..WhatIf::default() };
        for answer in [study.answer(&report, &strict), strict.of_report(&report, moved)] {
            assert_eq!(answer.verdict(Judge::Calibrated), Verdict::Minor);
            assert_eq!(answer.verdict(Judge::Evidently), Verdict::Stable);
        }
        let sure = WhatIf { q: Some(0.0), ..WhatIf::default() };
        assert_ne!(sure.of_report(&report, moved).verdict(Judge::Calibrated), Verdict::Drifted);
    }

    #[test]
    fn another_method_is_that_methods_answer_and_bins_are_as_many_as_asked() {
        let (a, b) = (table(1, 0.0), table(2, 0.5));
        let (schema, report) = report(&a, &b);
        let study = ColumnStudy::of(Reference(&a), Current(&b), &schema.columns[0]);
        let asked = WhatIf { method: Some(Method::Psi), bins: Some(7), ..WhatIf::default() };
        let answer = study.answer(&report, &asked);
        let found = answer.evidently.outcome().unwrap();
        assert_eq!((found.method, found.threshold), (Method::Psi, Method::Psi.default_threshold()));
        let Distribution::Histogram { bins } = &answer.distribution else { panic!("a histogram") };
        assert_eq!(bins.len(), 7);
        assert!((bins.iter().map(|bin| bin.current).sum::<f64>() - 1.0).abs() < 1e-12);
    }
}
