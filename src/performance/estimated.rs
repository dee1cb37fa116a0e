//! How good a model is before the labels come: confidence-based performance estimation (CBPE).
//!
//! A calibrated probability says how often a row is truly positive, and so how often its word will turn out right; averaged over a
//! window, that is its expected confusion matrix, and every figure follows. It sees what inputs do to a model, and is blind to a change in
//! the relation of inputs and labels.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Range;

use super::confusion::Confusion;
use super::ranking::Ranking;
use crate::judge::nannyml::{OffsetFrom, Threshold};
use crate::random::derive_seed;
use bands::Bands;
use components::Components;
use isotonic::Isotonic;

pub mod bands;
mod boosting;
mod components;
mod encoding;
mod expected;
pub mod isotonic;
pub mod lifetime;
pub mod loss;
pub mod multiclass;

pub use expected::Expected;

/// Sampling errors on either side of an estimate.
const BAND: f64 = 3.0;

/// What is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The area under the ROC curve.
    RocAuc,
    /// The harmonic mean of precision and recall.
    F1,
    /// The share of truly positive rows among those called positive.
    Precision,
    /// The share of positive rows that are called so.
    Recall,
    /// The share of negative rows that are called so.
    Specificity,
    /// The share of rows that are called right.
    Accuracy,
    /// The average precision.
    AveragePrecision,
    /// The share of all rows that are positive and called so.
    TruePositive,
    /// The share of all rows that are negative and called so.
    TrueNegative,
    /// The share of all rows that are negative and called positive.
    FalsePositive,
    /// The share of all rows that are positive and called negative.
    FalseNegative,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 11] = [
        Self::RocAuc,
        Self::F1,
        Self::Precision,
        Self::Recall,
        Self::Specificity,
        Self::Accuracy,
        Self::AveragePrecision,
        Self::TruePositive,
        Self::TrueNegative,
        Self::FalsePositive,
        Self::FalseNegative,
    ];

    /// The name that NannyML and the stored form use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RocAuc => "roc_auc",
            Self::F1 => "f1",
            Self::Precision => "precision",
            Self::Recall => "recall",
            Self::Specificity => "specificity",
            Self::Accuracy => "accuracy",
            Self::AveragePrecision => "average_precision",
            Self::TruePositive => "true_positive",
            Self::TrueNegative => "true_negative",
            Self::FalsePositive => "false_positive",
            Self::FalseNegative => "false_negative",
        }
    }

    /// The metric of rows whose truth is known, as NannyML computes it. `None` where it has no value, and for F1, precision and recall also
    /// where all rows are of one class, by truth or by word: [`Confusion`] knows better there.
    pub fn realised(self, rows: Rows<'_>, truths: &[bool]) -> Option<f64> {
        let confusion = Confusion::of(truths, rows.said);
        let share = |part: u64| super::ratio(part, confusion.n_rows());
        let n = confusion.n_rows();
        let has_both = ![0, n].contains(&confusion.n_positive()) && ![0, n].contains(&confusion.n_called());
        match self {
            Self::RocAuc => Ranking::of(truths, rows.scores).roc_auc().value(),
            Self::AveragePrecision => Ranking::of(truths, rows.scores).average_precision().value(),
            Self::F1 => confusion.f1().value().filter(|_| has_both),
            Self::Precision => confusion.precision().value().filter(|_| has_both),
            Self::Recall => confusion.recall().value().filter(|_| has_both),
            Self::Specificity => confusion.specificity().value(),
            Self::Accuracy => confusion.accuracy().value(),
            Self::TruePositive => share(confusion.true_positive),
            Self::TrueNegative => share(confusion.true_negative),
            Self::FalsePositive => share(confusion.false_positive),
            Self::FalseNegative => share(confusion.false_negative),
        }
    }
}

/// Every name that an estimate can have: of two classes, of means over several, of losses.
pub fn names() -> BTreeSet<&'static str> {
    let of_classes = Metric::ALL.into_iter().map(Metric::name);
    let of_means = multiclass::METRICS.into_iter().map(multiclass::name_of_mean);
    of_classes.chain(of_means).chain(loss::LossMetric::ALL.into_iter().map(loss::LossMetric::name)).collect()
}

/// What a model said: the class, and the score of the positive class.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Whether the row was called positive.
    pub said: &'a [bool],
    /// The score, finite.
    pub scores: &'a [f64],
}

impl Rows<'_> {
    /// Some of the rows.
    pub fn slice(&self, rows: Range<usize>) -> Rows<'_> {
        Rows { said: &self.said[rows.clone()], scores: &self.scores[rows] }
    }
}

/// An estimate of a metric in a window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimated<M = Metric> {
    /// What is estimated.
    pub metric: M,
    /// The estimate. `None` where the window holds no row, expects none of a class, or the reference has no such loss.
    pub value: Option<f64>,
    /// The standard deviation that chance alone gives the realised metric in a window of this size.
    pub sampling_error: f64,
    /// The lower end of the band, three sampling errors below; of a loss at least 0.
    pub lower: Option<f64>,
    /// The upper end of the band.
    pub upper: Option<f64>,
    /// The estimate lies outside the metric's thresholds.
    pub alert: bool,
}

impl<M> Estimated<M> {
    /// The same under another name of the metric.
    pub fn named<N>(self, name: impl FnOnce(M) -> N) -> Estimated<N> {
        let Self { metric, value, sampling_error, lower, upper, alert } = self;
        Estimated { metric: name(metric), value, sampling_error, lower, upper, alert }
    }

    /// The same where chance does this at least, and an alert only outside these thresholds. `most` is the largest value of the metric.
    pub fn no_surer_than(self, sampling_error: f64, thresholds: (Option<f64>, Option<f64>), most: f64) -> Self {
        let sampling_error = self.sampling_error.max(sampling_error);
        let (lower, upper) = band(self.value, sampling_error, most);
        Self {
            sampling_error,
            lower,
            upper,
            alert: self.value.is_some_and(|value| beyond(value, thresholds.0, thresholds.1)),
            ..self
        }
    }
}

/// An estimator, fitted to rows whose truth is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cbpe {
    /// `None` where scores are as good as they are.
    calibration: Option<Isotonic>,
    metrics: Vec<Fitted>,
}

/// What is known of a metric from the reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// Which.
    pub metric: Metric,
    components: Components,
    /// An estimate below raises an alert.
    pub lower_threshold: Option<f64>,
    /// An estimate above raises an alert.
    pub upper_threshold: Option<f64>,
}

/// Why there is no estimator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotFitted {
    /// The reference holds no row.
    NoRows,
    /// A score is no finite number.
    NotFinite {
        /// The row, from 0.
        row: usize,
    },
}

impl std::fmt::Display for NotFitted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoRows => write!(f, "the reference holds no row whose label is known"),
            Self::NotFinite { row } => write!(f, "the score of row {row} is no finite number"),
        }
    }
}

impl std::error::Error for NotFitted {}

impl Cbpe {
    /// Fits the estimator: scores are calibrated by isotonic regression if that makes their calibration error smaller on held-out rows,
    /// and every metric gets thresholds, three standard deviations around its mean over the reference's chunks.
    ///
    /// ```text
    /// expected TP = Σ over rows called positive of p,  FP = Σ of (1 - p),  FN and TN the same over rows called negative
    /// ```
    /// p the calibrated probability of a row.
    ///
    /// Inputs: the reference's rows with their truths, and how they fall into chunks. `seed` draws the ten splits that decide whether
    /// calibration helps.
    ///
    /// ```
    /// use tidemark::performance::estimated::{Cbpe, Metric, Rows};
    /// let scores: Vec<f64> = (0..1000).map(|i| f64::from(i * 37 % 1000) / 1000.0).collect();
    /// let truths: Vec<bool> = (0..1000).map(|i| f64::from(i * 59 % 1000) / 1000.0 < scores[i as usize]).collect();
    /// let said: Vec<bool> = scores.iter().map(|score| *score > 0.5).collect();
    /// let rows = Rows { said: &said, scores: &scores };
    /// let chunks: Vec<_> = (0..5).map(|i| i * 200..(i + 1) * 200).collect();
    /// let estimator = Cbpe::fit(rows, &truths, &chunks, 0).unwrap();
    /// let found = estimator.estimate(rows);
    /// let accuracy = found.iter().find(|found| found.metric == Metric::Accuracy).unwrap();
    /// let realised = Metric::Accuracy.realised(rows, &truths).unwrap();
    /// assert!((accuracy.value.unwrap() - realised).abs() < 0.05);
    /// ```
    ///
    /// Source: NannyML 0.13, `CBPE`; Białek, Kuberski, Perrakis and Bifet, "Estimating Model Performance Under Covariate Shift Without
    /// Labels", 2024. Equal to NannyML's values, bands, thresholds and alerts, but that the splits are drawn by another generator,
    /// that the sampling error of the area takes rows of one score together, and that the one of the average precision is resampled here
    /// as there, from other draws.
    ///
    /// # Errors
    /// There is no row, or a score is not finite.
    ///
    /// # Panics
    /// When the slices differ in length, or a chunk reaches beyond them.
    pub fn fit(rows: Rows<'_>, truths: &[bool], chunks: &[Range<usize>], seed: u64) -> Result<Self, NotFitted> {
        assert_eq!(truths.len(), rows.said.len(), "one prediction per truth");
        assert_eq!(truths.len(), rows.scores.len(), "one score per truth");
        if truths.is_empty() {
            return Err(NotFitted::NoRows);
        }
        if let Some(row) = rows.scores.iter().position(|score| !score.is_finite()) {
            return Err(NotFitted::NotFinite { row });
        }
        let calibration = isotonic::helps(truths, rows.scores, derive_seed(seed, 0))
            .then(|| Isotonic::fit(rows.scores, truths).expect("there are rows"));
        let threshold = Threshold::standard_deviations(Some(3.0), Some(3.0), OffsetFrom::Mean).expect("3 and 3");
        let metrics = Metric::ALL.map(|metric| {
            let realised = |chunk: &Range<usize>| {
                metric.realised(rows.slice(chunk.clone()), &truths[chunk.clone()]).unwrap_or(f64::NAN)
            };
            let realised: Vec<f64> = chunks.iter().map(realised).collect();
            let (lower, upper) = threshold.bounds(&realised);
            Fitted {
                metric,
                components: Components::of(metric, rows, truths, derive_seed(seed, 1)),
                lower_threshold: lower.map(|bound| bound.max(0.0)),
                upper_threshold: upper.map(|bound| bound.min(1.0)),
            }
        });
        Ok(Self { calibration, metrics: metrics.to_vec() })
    }

    /// Every metric with its thresholds.
    pub fn metrics(&self) -> &[Fitted] {
        &self.metrics
    }

    /// Whether scores are calibrated first.
    pub const fn is_calibrated(&self) -> bool {
        self.calibration.is_some()
    }

    /// The probabilities that scores mean.
    pub fn probabilities(&self, scores: &[f64]) -> Vec<f64> {
        let calibrate = |score: &f64| self.calibration.as_ref().map_or(*score, |calibration| calibration.at(*score));
        scores.iter().map(calibrate).collect()
    }

    /// The expected confusion matrix of a window.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn expected(&self, rows: Rows<'_>) -> Expected {
        Expected::of(rows.said, &self.probabilities(rows.scores))
    }

    /// Estimates every metric in a window.
    ///
    /// # Panics
    /// When the slices differ in length.
    pub fn estimate(&self, rows: Rows<'_>) -> Vec<Estimated> {
        let probabilities = self.probabilities(rows.scores);
        let expected = Expected::of(rows.said, &probabilities);
        let ranked = expected::Ranked::of(rows.scores, &probabilities);
        let n = rows.scores.len() as f64;
        self.metrics
            .iter()
            .map(|fitted| {
                let value = match fitted.metric {
                    Metric::RocAuc => ranked.roc_auc(),
                    Metric::AveragePrecision => ranked.average_precision(),
                    metric => expected.value(metric),
                };
                let alert = value.is_some_and(|value| beyond(value, fitted.lower_threshold, fitted.upper_threshold));
                estimated(fitted.metric, value, fitted.components.error(n), alert)
            })
            .collect()
    }

    /// What happened to the band of a metric in windows whose labels came.
    pub fn bands(&self, metric: Metric, windows: &[(Rows<'_>, &[bool])]) -> Bands {
        let pairs = windows.iter().filter_map(|(rows, truths)| {
            let found = self.estimate(*rows).into_iter().find(|found| found.metric == metric)?;
            Some((found, metric.realised(*rows, truths)?))
        });
        Bands::of(pairs)
    }
}

impl Fitted {
    /// The standard deviation that chance gives the realised metric in a window of so many rows.
    pub fn sampling_error(&self, n_rows: u64) -> f64 {
        self.components.error(n_rows as f64)
    }
}

fn beyond(value: f64, lower: Option<f64>, upper: Option<f64>) -> bool {
    lower.is_some_and(|bound| value < bound) || upper.is_some_and(|bound| value > bound)
}

/// The ends of the band around an estimate of a metric that lies between 0 and `most`.
fn band(value: Option<f64>, sampling_error: f64, most: f64) -> (Option<f64>, Option<f64>) {
    let half = BAND * sampling_error;
    (value.map(|value| (value - half).max(0.0)), value.map(|value| (value + half).min(most)))
}

/// An estimate with its band, of a metric that lies between 0 and 1.
fn estimated(metric: Metric, value: Option<f64>, sampling_error: f64, alert: bool) -> Estimated {
    let (lower, upper) = band(value, sampling_error, 1.0);
    Estimated { metric, value, sampling_error, lower, upper, alert }
}
