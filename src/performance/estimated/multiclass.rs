//! Estimated performance of a model of several classes: every class against all others, put together.

use serde::{Deserialize, Serialize};
use std::ops::Range;

use super::components::Components;
use super::isotonic::{self, Isotonic};
use super::{Bands, Estimated, Expected, Metric, NotFitted, Rows, beyond, estimated, expected};
use crate::judge::nannyml::{OffsetFrom, Threshold};
use crate::num::{Sum, sum_of};
use crate::performance::multiclass::{confusion_matrix, one_against_rest};
use crate::performance::{Confusion, Ranking};
use crate::random::derive_seed;

/// What can be estimated of several classes: means over the classes, and the share of rows that are called right.
pub const METRICS: [Metric; 7] = [
    Metric::RocAuc,
    Metric::F1,
    Metric::Precision,
    Metric::Recall,
    Metric::Specificity,
    Metric::Accuracy,
    Metric::AveragePrecision,
];

/// The name of a metric's mean over the classes, as the figures of labelled rows have it.
pub const fn name_of_mean(metric: Metric) -> &'static str {
    match metric {
        Metric::F1 => "f1_macro",
        Metric::Precision => "precision_macro",
        Metric::Recall => "balanced_accuracy",
        Metric::Specificity => "specificity_macro",
        Metric::AveragePrecision => "average_precision_macro",
        metric => metric.name(),
    }
}

/// By so much NannyML found the sampling error of the mean area to be larger than that of areas of classes that do not hang together.
const AREA_FACTOR: f64 = 1.2;

/// What a model of several classes said.
#[derive(Debug, Clone, Copy)]
pub struct ClassRows<'a> {
    /// The class that was called, below `n_classes`, row by row.
    pub said: &'a [u32],
    /// The scores, finite: one per class, row after row.
    pub scores: &'a [f64],
    /// Classes, two or more.
    pub n_classes: usize,
}

impl ClassRows<'_> {
    /// Some of the rows.
    pub fn slice(&self, rows: Range<usize>) -> ClassRows<'_> {
        let k = self.n_classes;
        ClassRows { said: &self.said[rows.clone()], scores: &self.scores[rows.start * k..rows.end * k], n_classes: k }
    }

    /// Whether each row was called this class, and its scores of it.
    fn of_class(&self, class: usize) -> (Vec<bool>, Vec<f64>) {
        (is_class(self.said, class), scores_of(self.scores, self.n_classes, class))
    }

    /// # Panics
    /// When the slices do not fit each other.
    fn check(&self) {
        assert_eq!(self.said.len() * self.n_classes, self.scores.len(), "one score per row and class");
    }
}

fn is_class(classes: &[u32], class: usize) -> Vec<bool> {
    classes.iter().map(|&said| said as usize == class).collect()
}

fn scores_of(scores: &[f64], n_classes: usize, class: usize) -> Vec<f64> {
    scores.iter().skip(class).step_by(n_classes).copied().collect()
}

/// An estimator for several classes, fitted to rows whose truth is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MulticlassCbpe {
    /// One per class; `None` where its scores are as good as they are.
    calibrations: Vec<Option<Isotonic>>,
    metrics: Vec<FittedMean>,
}

/// What is known of a metric from the reference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FittedMean {
    /// Which.
    pub metric: Metric,
    /// One per class; of the accuracy, which no class has alone, one.
    components: Vec<Components>,
    /// An estimate below raises an alert.
    pub lower_threshold: Option<f64>,
    /// An estimate above raises an alert.
    pub upper_threshold: Option<f64>,
}

impl FittedMean {
    /// The standard deviation that chance gives the realised metric in a window of so many rows.
    pub fn sampling_error(&self, n_rows: u64) -> f64 {
        let errors = self.components.iter().map(|of_class| of_class.error(n_rows as f64));
        let squares: f64 = errors.map(|error| error * error).sum();
        let k = self.components.len() as f64;
        match self.metric {
            Metric::RocAuc => squares.sqrt() / k * AREA_FACTOR,
            Metric::AveragePrecision => (squares / k).sqrt(),
            _ => squares.sqrt() / k,
        }
    }
}

impl MulticlassCbpe {
    /// Fits the estimator: the scores of every class are calibrated against all others where that makes their calibration error smaller,
    /// and a row's calibrated scores are divided by their sum (where that is 0, all classes are as likely).
    ///
    /// ```text
    /// expected accuracy = mean of p(class that was called);  other metrics: the mean over the classes of each against all others
    /// ```
    /// p the calibrated probability. The area and the average precision keep the order of the scores as they came.
    ///
    /// Inputs: the reference's rows with their truths (classes below `n_classes`), and how they fall into chunks. `seed` draws the splits
    /// that decide whether calibration helps.
    ///
    /// ```
    /// use tidemark::performance::estimated::{Metric, multiclass::{ClassRows, MulticlassCbpe}};
    /// use tidemark::random::Rng;
    /// let mut rng = Rng::new(1);
    /// let (mut scores, mut said, mut truths) = (Vec::new(), Vec::new(), Vec::new());
    /// for _ in 0..3000 {
    ///     let shares = [rng.uniform(), rng.uniform(), rng.uniform()];
    ///     let sum: f64 = shares.iter().sum();
    ///     let draw = rng.uniform() * sum;
    ///     truths.push(if draw < shares[0] { 0 } else if draw < shares[0] + shares[1] { 1 } else { 2 });
    ///     said.push((0..3).max_by(|&a, &b| shares[a as usize].total_cmp(&shares[b as usize])).unwrap());
    ///     scores.extend(shares.map(|share| share / sum));
    /// }
    /// let rows = ClassRows { said: &said, scores: &scores, n_classes: 3 };
    /// let estimator = MulticlassCbpe::fit(rows, &truths, &[0..1000, 1000..2000, 2000..3000], 0).unwrap();
    /// let accuracy = estimator.estimate(rows).into_iter().find(|found| found.metric == Metric::Accuracy).unwrap();
    /// let right = said.iter().zip(&truths).filter(|(said, truth)| said == truth).count() as f64 / 3000.0;
    /// assert!((accuracy.value.unwrap() - right).abs() < 0.02);
    /// ```
    ///
    /// Source: NannyML 0.13, `CBPE` of `classification_multiclass`. Equal to its values, bands, thresholds and alerts with the exceptions
    /// of [`super::Cbpe::fit`]; a class that the reference lacks is refused there, and has no area and no sampling error here.
    ///
    /// # Errors
    /// There is no row, or a score is not finite.
    ///
    /// # Panics
    /// When the slices do not fit each other, a class is `n_classes` or more, or a chunk reaches beyond the rows.
    pub fn fit(rows: ClassRows<'_>, truths: &[u32], chunks: &[Range<usize>], seed: u64) -> Result<Self, NotFitted> {
        rows.check();
        assert_eq!(truths.len(), rows.said.len(), "one prediction per truth");
        if truths.is_empty() {
            return Err(NotFitted::NoRows);
        }
        if let Some(place) = rows.scores.iter().position(|score| !score.is_finite()) {
            return Err(NotFitted::NotFinite { row: place / rows.n_classes });
        }
        let classes: Vec<OneClass> = (0..rows.n_classes)
            .map(|class| {
                let (said, scores) = rows.of_class(class);
                OneClass { truths: is_class(truths, class), said, scores }
            })
            .collect();
        let calibrations = classes
            .iter()
            .zip(0..)
            .map(|(class, number)| {
                isotonic::helps(&class.truths, &class.scores, derive_seed(seed, number))
                    .then(|| Isotonic::fit(&class.scores, &class.truths).expect("there are rows"))
            })
            .collect();
        let threshold = Threshold::standard_deviations(Some(3.0), Some(3.0), OffsetFrom::Mean).expect("3 and 3");
        let metrics = METRICS.map(|metric| {
            let of_chunk = |chunk: &Range<usize>| {
                realised(metric, rows.slice(chunk.clone()), &truths[chunk.clone()]).unwrap_or(f64::NAN)
            };
            let (lower, upper) = threshold.bounds(&chunks.iter().map(of_chunk).collect::<Vec<f64>>());
            let components = if metric == Metric::Accuracy {
                let n_right = truths.iter().zip(rows.said).filter(|(truth, said)| truth == said).count() as u64;
                vec![Components::of_share(n_right, truths.len() as u64)]
            } else {
                let of_class = |class: &OneClass| Components::of_class(metric, class.rows(), &class.truths, seed);
                classes.iter().map(of_class).collect()
            };
            FittedMean {
                metric,
                components,
                lower_threshold: lower.map(|bound| bound.max(0.0)),
                upper_threshold: upper.map(|bound| bound.min(1.0)),
            }
        });
        Ok(Self { calibrations, metrics: metrics.to_vec() })
    }

    /// Every metric with its thresholds.
    pub fn metrics(&self) -> &[FittedMean] {
        &self.metrics
    }

    /// Whether the scores of each class are calibrated first.
    pub fn is_calibrated(&self) -> Vec<bool> {
        self.calibrations.iter().map(Option::is_some).collect()
    }

    /// The probabilities that scores mean: one per class, row after row, each row's summing to 1.
    ///
    /// # Panics
    /// When there is not one score per row and class that the estimator was fitted to.
    pub fn probabilities(&self, scores: &[f64]) -> Vec<f64> {
        let k = self.calibrations.len();
        assert!(scores.len().is_multiple_of(k), "one score per row and class");
        let mut found = Vec::with_capacity(scores.len());
        for row in scores.chunks_exact(k) {
            let calibrated = row.iter().zip(&self.calibrations);
            found.extend(calibrated.map(|(score, known)| known.as_ref().map_or(*score, |known| known.at(*score))));
            let start = found.len() - k;
            let row = &mut found[start..];
            let sum: f64 = row.iter().sum();
            for probability in row {
                *probability = if sum == 0.0 { 1.0 / k as f64 } else { *probability / sum };
            }
        }
        found
    }

    /// The confusion matrix that a window's probabilities let expect: rows by truth (down) and word (across).
    ///
    /// # Panics
    /// When the slices do not fit each other.
    pub fn expected(&self, rows: ClassRows<'_>) -> Vec<Vec<f64>> {
        rows.check();
        let k = self.calibrations.len();
        let probabilities = self.probabilities(rows.scores);
        let mut sums = vec![vec![Sum::default(); k]; k];
        for (said, row) in rows.said.iter().zip(probabilities.chunks_exact(k)) {
            for (truth, probability) in row.iter().enumerate() {
                sums[truth][*said as usize].add(*probability);
            }
        }
        sums.into_iter().map(|row| row.into_iter().map(Sum::value).collect()).collect()
    }

    /// Estimates every metric in a window.
    ///
    /// # Panics
    /// When the slices do not fit each other.
    pub fn estimate(&self, rows: ClassRows<'_>) -> Vec<Estimated> {
        rows.check();
        let k = self.calibrations.len();
        let probabilities = self.probabilities(rows.scores);
        let classes: Vec<(Expected, expected::Ranked)> = (0..k)
            .map(|class| {
                let (said, scores) = rows.of_class(class);
                let probabilities = scores_of(&probabilities, k, class);
                (Expected::of(&said, &probabilities), expected::Ranked::of(&scores, &probabilities))
            })
            .collect();
        let n = rows.said.len() as u64;
        let right: Vec<f64> =
            rows.said.iter().zip(probabilities.chunks_exact(k)).map(|(said, row)| row[*said as usize]).collect();
        self.metrics
            .iter()
            .map(|fitted| {
                let of_class = |(expected, ranked): &(Expected, expected::Ranked)| match fitted.metric {
                    Metric::RocAuc => ranked.roc_auc(),
                    Metric::AveragePrecision => ranked.average_precision(),
                    metric => expected.value(metric),
                };
                let value = match fitted.metric {
                    Metric::Accuracy => (n > 0).then(|| sum_of(&right, |share| share) / n as f64),
                    _ => mean(classes.iter().map(of_class)),
                };
                let alert = value.is_some_and(|value| beyond(value, fitted.lower_threshold, fitted.upper_threshold));
                estimated(fitted.metric, value, fitted.sampling_error(n), alert)
            })
            .collect()
    }

    /// What happened to the band of a metric in windows whose labels came.
    pub fn bands(&self, metric: Metric, windows: &[(ClassRows<'_>, &[u32])]) -> Bands {
        let pairs = windows.iter().filter_map(|(rows, truths)| {
            let found = self.estimate(*rows).into_iter().find(|found| found.metric == metric)?;
            Some((found, realised(metric, *rows, truths)?))
        });
        Bands::of(pairs)
    }
}

/// The rows, by one class against all others.
struct OneClass {
    truths: Vec<bool>,
    said: Vec<bool>,
    scores: Vec<f64>,
}

impl OneClass {
    fn rows(&self) -> Rows<'_> {
        Rows { said: &self.said, scores: &self.scores }
    }
}

/// The mean of what every class has; `None` where one has nothing, or there is no class.
fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let values: Vec<f64> = values.collect::<Option<_>>()?;
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// A metric of rows whose truth is known, as NannyML computes it: the mean over all classes, of which one that neither occurs nor is called
/// counts 0. `None` where all rows are of one class, by truth or (but for the metrics of order) by word, and of the area and the
/// specificity where a class has none.
///
/// # Panics
/// When the slices do not fit each other, or a class is `n_classes` or more.
pub fn realised(metric: Metric, rows: ClassRows<'_>, truths: &[u32]) -> Option<f64> {
    rows.check();
    let is_one = |classes: &[u32]| classes.iter().all(|class| *class == classes[0]);
    if is_one(truths) {
        return None;
    }
    let ranked = |class: usize| Ranking::of(&is_class(truths, class), &scores_of(rows.scores, rows.n_classes, class));
    match metric {
        Metric::RocAuc => return mean((0..rows.n_classes).map(|class| ranked(class).roc_auc().value())),
        Metric::AveragePrecision => {
            // scikit-learn gives a class that does not occur an average precision of 0.
            let of_class = |class| Some(ranked(class).average_precision().value().unwrap_or(0.0));
            return mean((0..rows.n_classes).map(of_class));
        }
        _ if is_one(rows.said) => return None,
        _ => {}
    }
    let matrix = confusion_matrix(truths, rows.said, rows.n_classes);
    if metric == Metric::Accuracy {
        let n_right: u64 = (0..rows.n_classes).map(|class| matrix[class][class]).sum();
        return Some(n_right as f64 / truths.len() as f64);
    }
    mean((0..rows.n_classes).map(|class| {
        let confusion = one_against_rest(&matrix, class);
        let is_undefined = metric == Metric::Specificity && confusion.n_negative() == 0;
        counted(confusion).value(metric).filter(|_| !is_undefined)
    }))
}

/// What came, as if it had been expected.
const fn counted(confusion: Confusion) -> Expected {
    Expected {
        true_positive: confusion.true_positive as f64,
        false_positive: confusion.false_positive as f64,
        false_negative: confusion.false_negative as f64,
        true_negative: confusion.true_negative as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    /// Rows of three classes whose scores are what they say, or bolder than that.
    fn rows(seed: u64, n: usize, is_bold: bool) -> (Vec<u32>, Vec<f64>, Vec<u32>) {
        let mut rng = Rng::new(seed);
        let (mut said, mut scores, mut truths) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..n {
            let weights = [rng.uniform() + 0.1, rng.uniform() + 0.1, rng.uniform() + 0.1];
            let sum: f64 = weights.iter().sum();
            let mut draw = rng.uniform() * sum;
            let truth = weights.iter().position(|weight| {
                draw -= weight;
                draw < 0.0
            });
            truths.push(truth.unwrap_or(2) as u32);
            let bold = weights.map(|weight| if is_bold { weight * weight } else { weight });
            let sum: f64 = bold.iter().sum();
            said.push((0..3).max_by(|&a, &b| bold[a as usize].total_cmp(&bold[b as usize])).unwrap());
            scores.extend(bold.map(|weight| weight / sum));
        }
        (said, scores, truths)
    }

    #[test]
    fn bold_scores_are_calibrated_and_the_estimate_is_what_came() {
        let (said, scores, truths) = rows(3, 12_000, true);
        let all = ClassRows { said: &said, scores: &scores, n_classes: 3 };
        let (fitting, later) = (all.slice(0..8000), all.slice(8000..12_000));
        let chunks: Vec<Range<usize>> = (0..8).map(|i| i * 1000..(i + 1) * 1000).collect();
        let estimator = MulticlassCbpe::fit(fitting, &truths[..8000], &chunks, 1).unwrap();
        assert_eq!(estimator.is_calibrated(), [true; 3]);
        for found in estimator.estimate(later) {
            let realised = realised(found.metric, later, &truths[8000..]).unwrap();
            assert!((found.lower.unwrap()..=found.upper.unwrap()).contains(&realised), "{found:?}: {realised}");
            assert!(!found.alert && found.sampling_error > 0.0, "{found:?}");
            // The scores as they came promise more.
            let bands = estimator.bands(found.metric, &[(later, &truths[8000..])]);
            assert_eq!((bands.n_windows, bands.n_held), (1, 1));
        }
        let naive: f64 = said[8000..].iter().zip(scores[24_000..].chunks(3)).map(|(c, s)| s[*c as usize]).sum();
        let accuracy = estimator.estimate(later).into_iter().find(|found| found.metric == Metric::Accuracy).unwrap();
        assert!(naive / 4000.0 > accuracy.upper.unwrap(), "{} {accuracy:?}", naive / 4000.0);
        let expected = estimator.expected(later);
        assert!((expected.iter().flatten().sum::<f64>() - 4000.0).abs() < 1e-6);
        let right: f64 = (0..3).map(|class| expected[class][class]).sum();
        assert!((right / 4000.0 - accuracy.value.unwrap()).abs() < 1e-9);
    }

    #[test]
    fn two_classes_are_estimated_as_by_the_estimator_of_two() {
        let mut rng = Rng::new(4);
        let positive: Vec<f64> = (0..4000).map(|_| rng.uniform()).collect();
        let truths: Vec<u32> = positive.iter().map(|p| u32::from(rng.uniform() < *p)).collect();
        let said: Vec<u32> = positive.iter().map(|p| u32::from(*p >= 0.4)).collect();
        let scores: Vec<f64> = positive.iter().flat_map(|p| [1.0 - p, *p]).collect();
        let rows = ClassRows { said: &said, scores: &scores, n_classes: 2 };
        let several = MulticlassCbpe::fit(rows, &truths, std::slice::from_ref(&(0..4000)), 1).unwrap();
        let (said, truths) = (is_class(&said, 1), is_class(&truths, 1));
        let two = Rows { said: &said, scores: &positive };
        let of_two = super::super::Cbpe::fit(two, &truths, std::slice::from_ref(&(0..4000)), 1).unwrap();
        let value = |found: Vec<Estimated>, metric| {
            found.into_iter().find(|found| found.metric == metric).and_then(|found| found.value).unwrap()
        };
        // What does not change when the classes change their places is the same, but for which of them were calibrated.
        for metric in [Metric::RocAuc, Metric::Accuracy] {
            let (a, b) = (value(several.estimate(rows), metric), value(of_two.estimate(two), metric));
            assert!((a - b).abs() < 0.01, "{metric:?}: {a} {b}");
        }
    }

    #[test]
    fn scores_of_nothing_mean_all_classes_alike() {
        let (said, scores, truths) = rows(5, 600, false);
        let fitting = ClassRows { said: &said, scores: &scores, n_classes: 3 };
        let estimator = MulticlassCbpe::fit(fitting, &truths, &[], 1).unwrap();
        if estimator.is_calibrated() == [false; 3] {
            assert_eq!(estimator.probabilities(&[0.0; 3]), [1.0 / 3.0; 3]);
        }
        let none = ClassRows { said: &[], scores: &[], n_classes: 3 };
        assert!(estimator.estimate(none).iter().all(|found| found.value.is_none() && !found.alert));
        assert_eq!(MulticlassCbpe::fit(none, &[], &[], 1), Err(NotFitted::NoRows));
        let broken = ClassRows { said: &[0, 1], scores: &[0.5, 0.5, 0.0, 0.1, f64::NAN, 0.9], n_classes: 3 };
        assert_eq!(MulticlassCbpe::fit(broken, &[0, 1], &[], 1), Err(NotFitted::NotFinite { row: 1 }));
        // One class by truth has no metric; one that never occurs has no area.
        assert_eq!(realised(Metric::F1, fitting.slice(0..1), &truths[..1]), None);
        let (said, truths) = ([0, 1, 0], [0, 1, 1]);
        let absent = ClassRows { said: &said, scores: &scores[..9], n_classes: 3 };
        assert_eq!(realised(Metric::RocAuc, absent, &truths), None);
        assert_eq!(realised(Metric::Recall, absent, &truths), Some((1.0 + 0.5 + 0.0) / 3.0));
    }
}
