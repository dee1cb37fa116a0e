//! How good a model that predicts a number is before the truth comes: direct loss estimation (DLE).
//!
//! Boosted trees learn from the reference how large the error of a row is, by its features and by what was said; averaged over a window,
//! that is its expected loss. It sees what inputs do to a model, and is blind to a change in the relation of inputs and truth.

use serde::{Deserialize, Serialize};
use std::ops::Range;

use super::boosting::Boosted;
use super::encoding::Encoding;
use super::{Estimated, NotFitted, band, beyond};
use crate::data::Column;
use crate::judge::nannyml::{OffsetFrom, Threshold};
use crate::num::sum_of;
use crate::parallel;
use crate::performance::regression::Errors;
use crate::performance::{Figure, RegressionPerformance};

/// What is estimated of a model that predicts a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossMetric {
    /// The mean absolute error.
    Mae,
    /// The mean of |error / truth|.
    Mape,
    /// The mean squared error.
    Mse,
    /// Its square root.
    Rmse,
    /// The mean squared difference of ln(1 + prediction) and ln(1 + truth).
    Msle,
    /// Its square root.
    Rmsle,
}

/// The loss of a row, of which metrics are means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Loss {
    Absolute,
    Relative,
    Squared,
    Logarithmic,
}

impl Loss {
    const ALL: [Self; 4] = [Self::Absolute, Self::Relative, Self::Squared, Self::Logarithmic];

    /// The loss of every row; `None` where one has none.
    fn of(self, truths: &[f64], said: &[f64]) -> Option<Vec<f64>> {
        let errors = Errors::of(truths, said);
        let differences = truths.iter().zip(said).map(|(truth, said)| said - truth);
        match self {
            Self::Absolute => Some(differences.map(f64::abs).collect()),
            Self::Squared => Some(differences.map(|error| error * error).collect()),
            Self::Relative => (!truths.contains(&0.0)).then(|| errors.relative()),
            Self::Logarithmic => errors.logarithmic(),
        }
    }
}

impl LossMetric {
    /// Every metric.
    pub const ALL: [Self; 6] = [Self::Mae, Self::Mape, Self::Mse, Self::Rmse, Self::Msle, Self::Rmsle];

    /// The name that NannyML and the stored form use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mae => "mae",
            Self::Mape => "mape",
            Self::Mse => "mse",
            Self::Rmse => "rmse",
            Self::Msle => "msle",
            Self::Rmsle => "rmsle",
        }
    }

    const fn loss(self) -> Loss {
        match self {
            Self::Mae => Loss::Absolute,
            Self::Mape => Loss::Relative,
            Self::Mse | Self::Rmse => Loss::Squared,
            Self::Msle | Self::Rmsle => Loss::Logarithmic,
        }
    }

    const fn is_root(self) -> bool {
        matches!(self, Self::Rmse | Self::Rmsle)
    }

    /// The figure of rows whose truth is known.
    pub const fn figure(self, found: &RegressionPerformance) -> Figure {
        match self {
            Self::Mae => found.mae,
            Self::Mape => found.mape,
            Self::Mse => found.mse,
            Self::Rmse => found.rmse,
            Self::Msle => found.msle,
            Self::Rmsle => found.rmsle,
        }
    }

    /// Its value.
    pub const fn realised(self, found: &RegressionPerformance) -> Option<f64> {
        self.figure(found).value()
    }
}

/// An estimator, fitted to rows whose truth is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dle {
    models: Vec<Model>,
    metrics: Vec<FittedLoss>,
}

/// What a row's loss is learnt by: its features, and what was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Model {
    loss: Loss,
    encodings: Vec<Encoding>,
    boosted: Boosted,
}

/// What is known of a metric from the reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FittedLoss {
    /// Which.
    pub metric: LossMetric,
    /// The mean and the standard deviation of a row's loss.
    mean: f64,
    std: f64,
    /// An estimate below raises an alert.
    pub lower_threshold: Option<f64>,
    /// An estimate above raises an alert.
    pub upper_threshold: Option<f64>,
}

impl FittedLoss {
    /// The standard deviation that chance gives the realised metric in a window of so many rows; that of a root is by the delta method.
    pub fn sampling_error(&self, n_rows: u64) -> f64 {
        if n_rows == 0 {
            return 0.0;
        }
        let of_mean = self.std / (n_rows as f64).sqrt();
        match self.metric.is_root() {
            false => of_mean,
            true if self.mean > 0.0 => of_mean / (2.0 * self.mean.sqrt()),
            true => 0.0,
        }
    }
}

/// The expected losses of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpectedLosses {
    n_rows: usize,
    /// One list per loss that the reference has.
    losses: Vec<(Loss, Vec<f64>)>,
}

impl ExpectedLosses {
    /// The losses of every row, as [`Dle::gathered`] takes them back.
    pub fn rows(&self) -> impl Iterator<Item = Box<[f64]>> {
        (0..self.n_rows).map(|row| self.losses.iter().map(|(_, losses)| losses[row]).collect())
    }
}

impl Dle {
    /// Fits the estimator: boosted trees learn every kind of loss of a row, and every metric gets thresholds, three standard deviations
    /// around its mean over the reference's chunks.
    ///
    /// Inputs: the reference's features and predictions, of rows whose truth is known, their truths, and how they fall into chunks. A
    /// metric that the reference does not have (MAPE where a truth is 0, MSLE where a number has no logarithm) is left out.
    ///
    /// ```
    /// use tidemark::data::Column;
    /// use tidemark::performance::estimated::loss::{Dle, LossMetric};
    /// use tidemark::random::Rng;
    /// // The error grows with x.
    /// let mut rng = Rng::new(1);
    /// let xs: Vec<f64> = (0..4000).map(|_| rng.uniform()).collect();
    /// let said = vec![10.0; 4000];
    /// let truths: Vec<f64> = xs.iter().map(|x| 10.0 + x * rng.normal()).collect();
    /// let x = Column::fractions("x", xs);
    /// let chunks: Vec<_> = (0..4).map(|i| i * 1000..(i + 1) * 1000).collect();
    /// let estimator = Dle::fit(&[&x], &said, &truths, &chunks).unwrap();
    /// // Rows of large x alone, without their truths.
    /// let far = Column::fractions("x", vec![0.9; 1000]);
    /// let found = estimator.estimate(&estimator.expected(&[&far], &said[..1000]), 0..1000);
    /// let mae = found.iter().find(|found| found.metric == LossMetric::Mae).unwrap();
    /// // sqrt(2 / π) 0.9
    /// assert!(mae.alert && (mae.value.unwrap() - 0.718).abs() < 0.1, "{mae:?}");
    /// ```
    ///
    /// Source: NannyML 0.13, `DLE`, whose thresholds and sampling errors these are; its trees are LightGBM's, so that estimates are close
    /// and not equal.
    ///
    /// # Errors
    /// There is no row, or a prediction is not finite.
    ///
    /// # Panics
    /// When the rows of features, predictions and truths differ in number, a truth is not finite, or a chunk reaches beyond the rows.
    pub fn fit(features: &[&Column], said: &[f64], truths: &[f64], chunks: &[Range<usize>]) -> Result<Self, NotFitted> {
        assert_eq!(said.len(), truths.len(), "one prediction per truth");
        assert!(features.iter().all(|feature| feature.len() == said.len()), "one value per row and feature");
        assert!(truths.iter().all(|truth| truth.is_finite()), "every truth is known");
        if truths.is_empty() {
            return Err(NotFitted::NoRows);
        }
        if let Some(row) = said.iter().position(|said| !said.is_finite()) {
            return Err(NotFitted::NotFinite { row });
        }
        let losses: Vec<(Loss, Vec<f64>)> = Loss::ALL
            .into_iter()
            .filter_map(|loss| Some((loss, loss.of(truths, said)?)))
            .filter(|(_, terms)| terms.iter().all(|term| term.is_finite()))
            .collect();
        let models = parallel::map(&losses, |(loss, terms)| Model::fit(*loss, features, said, terms));
        let of_chunk = |chunk: &Range<usize>| RegressionPerformance::of(&truths[chunk.clone()], &said[chunk.clone()]);
        let of_chunks: Vec<RegressionPerformance> = chunks.iter().map(of_chunk).collect();
        let threshold = Threshold::standard_deviations(Some(3.0), Some(3.0), OffsetFrom::Mean).expect("3 and 3");
        let metrics = LossMetric::ALL
            .into_iter()
            .filter_map(|metric| {
                let (_, terms) = losses.iter().find(|(loss, _)| *loss == metric.loss())?;
                let values: Vec<f64> =
                    of_chunks.iter().map(|found| metric.realised(found).unwrap_or(f64::NAN)).collect();
                let (lower, upper) = threshold.bounds(&values);
                let n = terms.len() as f64;
                let mean = sum_of(terms, |term| term) / n;
                let std = (sum_of(terms, |term| (term - mean) * (term - mean)) / n).sqrt();
                let lower_threshold = lower.map(|bound| bound.max(0.0));
                Some(FittedLoss { metric, mean, std, lower_threshold, upper_threshold: upper })
            })
            .collect();
        Ok(Self { models, metrics })
    }

    /// Every metric with its thresholds.
    pub fn metrics(&self) -> &[FittedLoss] {
        &self.metrics
    }

    /// The losses that rows let expect. Categories that the reference lacks, and values that are missing where none was there, are taken
    /// for what is usual.
    ///
    /// # Panics
    /// When there are other features than the estimator was fitted to, or their rows and those of the predictions differ in number.
    pub fn expected(&self, features: &[&Column], said: &[f64]) -> ExpectedLosses {
        assert!(features.iter().all(|feature| feature.len() == said.len()), "one value per row and feature");
        let losses = parallel::map(&self.models, |model| (model.loss, model.predict(features, said)));
        ExpectedLosses { n_rows: said.len(), losses }
    }

    /// The losses of rows that were expected one by one: see [`ExpectedLosses::rows`].
    ///
    /// # Panics
    /// When a row has fewer losses than this estimator has learnt.
    pub fn gathered<'a>(&self, rows: impl Iterator<Item = &'a [f64]>) -> ExpectedLosses {
        let mut losses: Vec<(Loss, Vec<f64>)> = self.models.iter().map(|model| (model.loss, Vec::new())).collect();
        let mut n_rows = 0;
        for row in rows {
            losses.iter_mut().enumerate().for_each(|(place, (_, losses))| losses.push(row[place]));
            n_rows += 1;
        }
        ExpectedLosses { n_rows, losses }
    }

    /// Estimates every metric in a window of rows.
    ///
    /// # Panics
    /// When the window reaches beyond the rows.
    pub fn estimate(&self, expected: &ExpectedLosses, window: Range<usize>) -> Vec<Estimated<LossMetric>> {
        assert!(window.end <= expected.n_rows, "the window lies within the rows");
        let n = window.len() as u64;
        self.metrics
            .iter()
            .map(|fitted| {
                let losses = expected.losses.iter().find(|(loss, _)| *loss == fitted.metric.loss());
                let mean = losses.filter(|_| n > 0).map(|(_, terms)| sum_of(&terms[window.clone()], |x| x) / n as f64);
                let value = mean.map(|mean| if fitted.metric.is_root() { mean.sqrt() } else { mean });
                let sampling_error = fitted.sampling_error(n);
                let (lower, upper) = band(value, sampling_error, f64::INFINITY);
                Estimated {
                    metric: fitted.metric,
                    value,
                    sampling_error,
                    lower,
                    upper,
                    alert: value.is_some_and(|value| beyond(value, fitted.lower_threshold, fitted.upper_threshold)),
                }
            })
            .collect()
    }
}

impl Model {
    fn fit(loss: Loss, features: &[&Column], said: &[f64], terms: &[f64]) -> Self {
        let said = Column::fractions("", said.to_vec());
        let columns = || features.iter().copied().chain([&said]);
        let encodings: Vec<Encoding> = columns().map(|column| Encoding::fit(column, terms)).collect();
        let bins: Vec<Vec<u8>> = columns().zip(&encodings).map(|(column, encoding)| encoding.bins(column)).collect();
        Self { loss, encodings, boosted: Boosted::fit(&bins, terms) }
    }

    fn predict(&self, features: &[&Column], said: &[f64]) -> Vec<f64> {
        assert_eq!(features.len() + 1, self.encodings.len(), "the features that the estimator was fitted to");
        let said = Column::fractions("", said.to_vec());
        let columns = features.iter().copied().chain([&said]);
        let bins: Vec<Vec<u8>> = columns.zip(&self.encodings).map(|(column, known)| known.bins(column)).collect();
        // No loss is below 0, though a sum of trees may be.
        (0..said.len()).map(|row| self.boosted.predict(&bins, row).max(0.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    /// Rows whose error is ten times as large in one of the groups, which is `share` of them.
    fn rows(seed: u64, n: usize, share: f64) -> (Column, Column, Vec<f64>, Vec<f64>) {
        let mut rng = Rng::new(seed);
        let wild: Vec<bool> = (0..n).map(|_| rng.uniform() < share).collect();
        let group = Column::strings("group", wild.iter().map(|wild| Some(if *wild { "wild" } else { "calm" })));
        let noise = Column::fractions("noise", (0..n).map(|_| rng.normal()).collect());
        let truths: Vec<f64> = (0..n).map(|_| 50.0 + 5.0 * rng.normal()).collect();
        let said = truths.iter().zip(&wild).map(|(y, wild)| y + rng.normal() * if *wild { 10.0 } else { 1.0 });
        let said = said.collect();
        (group, noise, said, truths)
    }

    #[test]
    fn a_window_of_harder_rows_is_seen_before_the_truth_comes() {
        let (group, noise, said, truths) = rows(1, 8000, 0.2);
        let chunks: Vec<Range<usize>> = (0..8).map(|i| i * 1000..(i + 1) * 1000).collect();
        let estimator = Dle::fit(&[&group, &noise], &said, &truths, &chunks).unwrap();
        let (group, noise, said, truths) = rows(2, 4000, 0.6);
        let expected = estimator.expected(&[&group, &noise], &said);
        let realised = RegressionPerformance::of(&truths, &said);
        for found in estimator.estimate(&expected, 0..4000) {
            let came = found.metric.realised(&realised).unwrap();
            assert!(found.alert, "{found:?}");
            // What came has a sampling error of its own.
            assert!((found.value.unwrap() / came - 1.0).abs() < 0.1, "{found:?}: {came}");
        }
        let by_row: Vec<Box<[f64]>> = expected.rows().collect();
        assert_eq!(estimator.gathered(by_row.iter().map(AsRef::as_ref)), expected);
        // As many as in the reference: no alert, and the band holds what came.
        let (group, noise, said, truths) = rows(3, 2000, 0.2);
        let realised = RegressionPerformance::of(&truths, &said);
        for found in estimator.estimate(&estimator.expected(&[&group, &noise], &said), 0..2000) {
            let came = found.metric.realised(&realised).unwrap();
            assert!(!found.alert && (found.lower.unwrap()..found.upper.unwrap()).contains(&came), "{found:?}: {came}");
        }
    }

    #[test]
    fn what_the_reference_lacks_is_left_out() {
        let x = Column::fractions("x", (0..100).map(f64::from).collect());
        let truths: Vec<f64> = (0..100).map(f64::from).collect();
        let said: Vec<f64> = truths.iter().map(|truth| truth - 1.5).collect();
        let estimator = Dle::fit(&[&x], &said, &truths, &[]).unwrap();
        // A truth is 0, and a prediction is below -1.
        let known: Vec<&str> = estimator.metrics().iter().map(|fitted| fitted.metric.name()).collect();
        assert_eq!(known, ["mae", "mse", "rmse"]);
        let found = estimator.estimate(&estimator.expected(&[&x], &said), 0..100);
        assert_eq!((found[0].value, found[0].sampling_error, found[0].alert), (Some(1.5), 0.0, false));
        assert_eq!(estimator.estimate(&estimator.expected(&[&x], &said), 5..5)[0].value, None);
        assert_eq!(Dle::fit(&[], &[], &[], &[]), Err(NotFitted::NoRows));
        assert_eq!(Dle::fit(&[], &[f64::NAN], &[1.0], &[]), Err(NotFitted::NotFinite { row: 0 }));
        let text = serde_json::to_string(&estimator).unwrap();
        assert_eq!(serde_json::from_str::<Dle>(&text).unwrap(), estimator);
    }
}
