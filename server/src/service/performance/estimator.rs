//! What lets expect how a model does before its labels come: one kind of estimator per kind of model, under one face.

use tidemark::data::{Column, Dataset};
use tidemark::performance::Summary;
use tidemark::performance::estimated::loss::Dle;
use tidemark::performance::estimated::multiclass::{ClassRows, MulticlassCbpe, name_of_mean};
use tidemark::performance::estimated::{Cbpe, Estimated, Metric, Rows};
use tidemark::performance::windows::{Bounds, Split, changes};

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
        match (&self.kind, rows) {
            (Kind::Two(cbpe), Said::Two { said, scores }) => {
                of_classes(cbpe.estimate(Rows { said, scores }), Metric::name)
            }
            (Kind::Several { cbpe, n_classes }, Said::Several { said, scores }) => {
                of_classes(cbpe.estimate(ClassRows { said, scores, n_classes: *n_classes }), name_of_mean)
            }
            (Kind::Numbers { dle, .. }, Said::Numbers { losses }) => {
                let expected = dle.gathered(losses.iter().map(AsRef::as_ref));
                let found = dle.estimate(&expected, 0..losses.len()).into_iter();
                found.map(|found| found.named(|metric| metric.name().to_owned())).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Where the change since the reference comes from, of rows whose truth is known.
    pub(super) fn splits(&self, rows: &Said, realised: &Summary) -> Vec<Split<String>> {
        let value = |summary: &Summary, name: &str| summary.figure(name)?.value();
        let came = |name: &String| Some((value(&self.reference, name)?, value(realised, name)?));
        changes([self.expected.clone(), self.estimate(rows)], came)
    }
}

fn bounds(name: &str, lower: Option<f64>, upper: Option<f64>) -> Bounds<String> {
    Bounds { metric: name.to_owned(), lower, upper }
}
