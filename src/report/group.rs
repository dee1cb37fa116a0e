//! The verdict over several columns together.

use super::{ColumnReport, GroupVerdict};
use crate::judge::{Judge, Settings, Verdict};
use crate::num::Sum;
use crate::schema::ColumnRole;

impl GroupVerdict {
    /// The verdict over the predictions, or over everything else. Columns that one side lacks do not count.
    ///
    /// A column that the model does not look at may drift without consequence, so the calibrated judge goes by the share of
    /// importance where every feature's is known. The others go by the share of columns, as their own rules are.
    pub(super) fn of(columns: &[ColumnReport], settings: &Settings, judge: Judge, predictions: bool) -> Self {
        let is_in_group = |column: &&ColumnReport| {
            let is_on_both_sides = column.reference.rows > 0 && column.current.rows > 0;
            (column.role == ColumnRole::Prediction) == predictions && is_on_both_sides
        };
        let group: Vec<&ColumnReport> = columns.iter().filter(is_in_group).collect();
        let count = |is_counted: fn(Verdict) -> bool| {
            group.iter().filter(|column| is_counted(column.verdict(judge))).count() as u64
        };
        let n_columns = group.len() as u64;
        let n_drifted = count(|verdict| verdict == Verdict::Drifted);
        let share_drifted = if n_columns == 0 { 0.0 } else { n_drifted as f64 / n_columns as f64 };
        let importance_drifted = importance_drifted(&group, judge);
        let share_threshold = settings.drift_share_of(judge);
        let deciding = match judge {
            Judge::Calibrated => importance_drifted.unwrap_or(share_drifted),
            Judge::Evidently | Judge::Nannyml => share_drifted,
        };
        Self {
            n_columns,
            n_tested: count(|verdict| verdict != Verdict::NotTested),
            n_drifted,
            share_drifted,
            share_threshold,
            drifted: n_columns > 0 && deciding >= share_threshold,
            importance_drifted,
        }
    }
}

/// The drifted features' share of all features' importance; `None` unless all of them have one.
fn importance_drifted(group: &[&ColumnReport], judge: Judge) -> Option<f64> {
    let features = || group.iter().filter(|column| column.role == ColumnRole::Feature);
    let total = features().map(|column| column.importance).sum::<Option<f64>>().filter(|total| *total > 0.0)?;
    let drifted = features().filter(|column| column.verdict(judge) == Verdict::Drifted);
    let drifted: Sum = drifted.filter_map(|column| column.importance).collect();
    Some((drifted.value() / total).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use crate::data::{Column, Dataset};
    use crate::judge::{Judge, Settings};
    use crate::report::{DriftReport, FittedReference, Source};
    use crate::schema::{Schema, SchemaOverrides};
    use crate::stattest::{Current, Reference};

    /// Five columns, of which the first drifted.
    fn report(importances: &[f64]) -> DriftReport {
        let data = |shift: f64| {
            let column = |name: usize| {
                let shift = if name == 0 { shift } else { 0.0 };
                let values =
                    (0..800_u32).map(|i| f64::from(i.wrapping_mul(2_654_435_761) >> 8) / 2e7 + shift).collect();
                Column::fractions(name.to_string(), values)
            };
            Dataset::new((0..5).map(column).collect()).unwrap()
        };
        let (reference, current) = (data(0.0), data(0.3));
        let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
        let source = |data| Source { label: "", data, sha256: None };
        let importances: Vec<(String, f64)> =
            importances.iter().enumerate().map(|(name, importance)| (name.to_string(), *importance)).collect();
        let fitted = FittedReference::fit(Reference(source(&reference)), &schema);
        fitted.compare(Current(source(&current)), &importances, &Settings::default(), &|_| {})
    }

    #[test]
    fn what_the_model_does_not_look_at_does_not_make_the_data_drift() {
        let unweighted = report(&[]).data;
        assert_eq!((unweighted.n_drifted, unweighted.importance_drifted, unweighted.drifted), (1, None, true));
        let idle = report(&[0.01, 0.33, 0.33, 0.2, 0.13]).data;
        assert!(!idle.drifted && idle.importance_drifted.is_some_and(|share| (share - 0.01).abs() < 1e-12), "{idle:?}");
        let busy = report(&[0.6, 0.1, 0.1, 0.1, 0.1]).data;
        assert!(busy.drifted && busy.share_drifted == 0.2, "{busy:?}");
    }

    #[test]
    fn some_importances_are_none() {
        assert_eq!(report(&[0.01, 0.33]).data.importance_drifted, None);
        assert_eq!(report(&[0.0; 5]).data.importance_drifted, None);
    }

    #[test]
    fn evidently_counts_columns() {
        let report = report(&[0.6, 0.1, 0.1, 0.1, 0.1]);
        let evidently = report.group_verdict(false, Judge::Evidently);
        assert!(!evidently.drifted && evidently.importance_drifted.is_some(), "{evidently:?}");
    }
}
