//! What lets expect how a model does before its labels come: one kind of estimator per kind of model, under one face.

use tidemark::data::{Column, Dataset};
use tidemark::performance::estimated::loss::Dle;
use tidemark::performance::estimated::multiclass::{ClassRows, MulticlassCbpe, name_of_mean};
use tidemark::performance::estimated::{Cbpe, Estimated, Metric, Rows};
use tidemark::performance::windows::{Bounds, Split, changes};
use tidemark::performance::{Figure, Summary};

/// An estimator, fitted to a model's reference.
pub(in crate::service) struct Estimator {
    kind: Kind,
    /// How the model did on the rows that it was fitted to.
    pub(super) reference: Summary,
    /// What those rows let expect.
    expected: Vec<Estimated<String>>,
    /// Between which values each metric lay there.
    pub(super) thresholds: Vec<Bounds<String>>,
}

/// What there is to fit, by the kind of model.
pub(super) enum Kind {
    /// Of two classes.
    Two(Cbpe),
    /// Of more classes.
    Several {
        /// The estimator.
        cbpe: MulticlassCbpe,
        /// How many classes.
        n_classes: usize,
    },
    /// Of numbers.
    Numbers {
        /// The estimator.
        dle: Dle,
        /// The features that it learnt from, in its order.
        features: Vec<String>,
    },
}

/// What was said to rows, as the estimator of a kind of model takes it.
pub(super) enum Said {
    /// Whether each row was called positive, and its score.
    Two { said: Vec<bool>, scores: Vec<f64> },
    /// The class that each row was called, and its scores of all classes.
    Several { said: Vec<u32>, scores: Vec<f64> },
    /// The losses that each row lets expect: see [`Estimator::losses`].
    Numbers { losses: Vec<Box<[f64]>> },
}

/// What was said to one row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word<'a> {
    /// The place of a class, or the number.
    pub(super) said: f64,
    /// The score of the last class.
    pub(super) score: f64,
    /// Of more than two classes the score of each; of numbers the losses to expect.
    pub(super) more: &'a [f64],
}

impl Estimator {
    pub(super) fn new(kind: Kind, reference: Summary, said: &Said) -> Self {
        let bounds = |metric: &str, lower, upper| {
            let bounds = Bounds { metric: metric.to_owned(), lower, upper };
            match reference.figure(metric).and_then(Figure::interval) {
                Some(interval) => bounds.around(interval),
                None => bounds,
            }
        };
        let thresholds = match &kind {
            Kind::Two(cbpe) => cbpe
                .metrics()
                .iter()
                .map(|found| bounds(found.metric.name(), found.lower_threshold, found.upper_threshold))
                .collect(),
            Kind::Several { cbpe, .. } => {
                let of = cbpe.metrics().iter();
                of.map(|found| bounds(name_of_mean(found.metric), found.lower_threshold, found.upper_threshold))
                    .collect()
            }
            Kind::Numbers { dle, .. } => {
                let of = dle.metrics().iter();
                of.map(|found| bounds(found.metric.name(), found.lower_threshold, found.upper_threshold)).collect()
            }
        };
        let mut found = Self { kind, reference, expected: Vec::new(), thresholds };
        found.expected = found.estimate(said);
        found
    }

    /// Whether it looks at a row's features.
    pub(super) const fn needs_features(&self) -> bool {
        matches!(self.kind, Kind::Numbers { .. })
    }

    /// The losses that rows of numbers let expect, row by row; none of other models. A feature that the rows lack is missing in all of them.
    pub(super) fn losses(&self, features: &Dataset, said: &[f64]) -> Vec<Box<[f64]>> {
        let Kind::Numbers { dle, features: names } = &self.kind else { return Vec::new() };
        let absent = Column::fractions("", vec![f64::NAN; said.len()]);
        let columns: Vec<&Column> = names.iter().map(|name| features.column(name).unwrap_or(&absent)).collect();
        dle.expected(&columns, said).rows().collect()
    }

    /// The rows as the estimator takes them; `None` where there is none, or one lacks what it takes. `positive` is the place of the
    /// positive one of two classes.
    pub(super) fn said<'a>(&self, words: impl Iterator<Item = Word<'a>>, positive: Option<f64>) -> Option<Said> {
        let mut n_rows = 0;
        let mut found = match &self.kind {
            Kind::Two(_) => Said::Two { said: Vec::new(), scores: Vec::new() },
            Kind::Several { .. } => Said::Several { said: Vec::new(), scores: Vec::new() },
            Kind::Numbers { .. } => Said::Numbers { losses: Vec::new() },
        };
        for word in words {
            n_rows += 1;
            match (&mut found, &self.kind) {
                (Said::Two { said, scores }, _) if word.score.is_finite() => {
                    said.push(word.said == positive?);
                    scores.push(word.score);
                }
                (Said::Several { said, scores }, Kind::Several { n_classes, .. })
                    if word.more.len() == *n_classes
                        && word.said < *n_classes as f64
                        && word.more.iter().all(|score| score.is_finite()) =>
                {
                    said.push(word.said as u32);
                    scores.extend_from_slice(word.more);
                }
                (Said::Numbers { losses }, _) if !word.more.is_empty() => losses.push(word.more.into()),
                _ => return None,
            }
        }
        (n_rows > 0).then_some(found)
    }

    /// What rows let expect.
    pub(super) fn estimate(&self, rows: &Said) -> Vec<Estimated<String>> {
        let of_classes = |found: Vec<Estimated>, name: fn(Metric) -> &'static str| {
            found.into_iter().map(|found| found.named(|metric| name(metric).to_owned())).collect()
        };
        let (found, n_rows, most): (Vec<_>, _, _) = match (&self.kind, rows) {
            (Kind::Two(cbpe), Said::Two { said, scores }) => {
                (of_classes(cbpe.estimate(Rows { said, scores }), Metric::name), said.len(), 1.0)
            }
            (Kind::Several { cbpe, n_classes }, Said::Several { said, scores }) => {
                let rows = ClassRows { said, scores, n_classes: *n_classes };
                (of_classes(cbpe.estimate(rows), name_of_mean), said.len(), 1.0)
            }
            (Kind::Numbers { dle, .. }, Said::Numbers { losses }) => {
                let expected = dle.gathered(losses.iter().map(AsRef::as_ref));
                let found = dle.estimate(&expected, 0..losses.len()).into_iter();
                let found = found.map(|found| found.named(|metric| metric.name().to_owned())).collect();
                (found, losses.len(), f64::INFINITY)
            }
            _ => return Vec::new(),
        };
        found.into_iter().map(|found| self.no_surer_than_reference(found, n_rows, most)).collect()
    }

    /// An estimate in a window of so many rows that knows no more than the reference does: of a few cases that happen to be alike neither
    /// the spread nor how much windows of them differ says what others will be.
    fn no_surer_than_reference(&self, found: Estimated<String>, n_rows: usize, most: f64) -> Estimated<String> {
        let of_reference = self.reference.figure(&found.metric).and_then(Figure::standard_error).unwrap_or(0.0);
        let error = of_reference * (self.reference.n_labelled as f64 / n_rows as f64).sqrt();
        let bounds = self.thresholds.iter().find(|bounds| bounds.metric == found.metric);
        let bounds = bounds.map_or((None, None), |bounds| (bounds.lower, bounds.upper));
        found.no_surer_than(error, bounds, most)
    }

    /// Where the change since the reference comes from, of rows whose truth is known.
    pub(super) fn splits(&self, rows: &Said, realised: &Summary) -> Vec<Split<String>> {
        let value = |summary: &Summary, name: &str| summary.figure(name)?.value();
        let came = |name: &String| Some((value(&self.reference, name)?, value(realised, name)?));
        changes([self.expected.clone(), self.estimate(rows)], came)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark::performance::BinaryPerformance;

    #[test]
    fn a_reference_of_few_cases_that_are_alike_is_not_taken_for_certain() {
        // Eleven positives, all above every negative: every window of them has an area of 1, which says little of the next.
        let n = 8000;
        let truths: Vec<bool> = (0..n).map(|row| row % 720 == 0).collect();
        let scores: Vec<f64> =
            (0..n).map(|row| if truths[row] { 0.9 } else { 1e-5 * (row % 97) as f64 / 97.0 }).collect();
        let said: Vec<bool> = scores.iter().map(|score| *score > 0.5).collect();
        let windows: Vec<_> = (0..8).map(|window| window * 1000..(window + 1) * 1000).collect();
        let cbpe = Cbpe::fit(Rows { said: &said, scores: &scores }, &truths, &windows, 0).unwrap();
        let reference = Summary::of_binary(n as u64, &BinaryPerformance::of(&truths, &said, &scores));
        let lower = reference.figure("roc_auc").unwrap().interval().unwrap().lower;
        assert!(lower < 0.95, "{lower}");
        let alone = *cbpe.metrics().iter().find(|fitted| fitted.metric == Metric::RocAuc).unwrap();
        assert!(alone.lower_threshold > Some(lower) && alone.sampling_error(1000) < 1e-6, "{alone:?}");

        let rows = Said::Two { said, scores };
        let estimator = Estimator::new(Kind::Two(cbpe), reference, &rows);
        let bounds = estimator.thresholds.iter().find(|bounds| bounds.metric == "roc_auc").unwrap();
        assert_eq!(bounds.lower, Some(lower));
        let found = estimator.estimate(&rows).into_iter().find(|found| found.metric == "roc_auc").unwrap();
        assert!(!found.alert && found.sampling_error > 0.01 && found.lower < found.value, "{found:?}");
    }
}
