//! A model that predicts a number, window by window.

use serde::{Deserialize, Serialize};
use std::ops::Range;

use super::{Asked, BandsOf, Bounds, PerformanceError, Place, Realised, Split};
use super::{changes, column, is_beyond, numbers, present};
use crate::data::{Column, Dataset};
use crate::judge::nannyml::{OffsetFrom, Threshold};
use crate::performance::RegressionPerformance;
use crate::performance::estimated::loss::{Dle, ExpectedLosses, LossMetric};
use crate::performance::estimated::{Estimated, NotFitted};

/// A model that predicts a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Regression {
    /// All labelled rows of the reference.
    pub reference: RegressionPerformance,
    /// All labelled rows of the current table; `None` while no label came.
    pub current: Option<RegressionPerformance>,
    /// Windows of the reference, then of the current table.
    pub windows: Vec<RegressionWindow>,
    /// The thresholds of the mean absolute error: three standard deviations around its mean over the reference's windows.
    pub mae_thresholds: (Option<f64>, Option<f64>),
    /// The columns by which the loss was estimated. Empty where nothing was.
    pub features: Vec<String>,
    /// The thresholds of every metric that is estimated.
    pub thresholds: Vec<Bounds<LossMetric>>,
    /// How often the bands held what came, in current windows all of whose labels came.
    pub bands: Vec<BandsOf<LossMetric>>,
    /// Where a change of the realised metric comes from; empty while labels are missing, and where nothing was estimated.
    pub splits: Vec<Split<LossMetric>>,
}

/// A window of a model that predicts a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegressionWindow {
    /// Where it lies.
    pub place: Place,
    /// By the rows whose labels came; `None` if none did.
    pub realised: Option<RegressionPerformance>,
    /// The mean absolute error lies outside its thresholds.
    pub alert: bool,
    /// The metrics that are estimated, by the rows whose labels came; empty if none did.
    pub losses: Vec<Realised<LossMetric>>,
    /// Of all rows; empty where nothing was estimated.
    pub estimated: Vec<Estimated<LossMetric>>,
}

struct Side {
    truths: Vec<f64>,
    said: Vec<f64>,
    expected: Option<ExpectedLosses>,
}

impl Side {
    fn read(data: &Dataset, asked: &Asked, is_current: bool) -> Result<Self, PerformanceError> {
        let prediction = asked.columns.prediction.as_deref().ok_or(PerformanceError::NothingSaid)?;
        let said = present(column(data, prediction, is_current)?)?.to_vec();
        let truths = match data.column(&asked.columns.target) {
            None if is_current => vec![f64::NAN; said.len()],
            _ => numbers(column(data, &asked.columns.target, is_current)?)?.to_vec(),
        };
        Ok(Self { truths, said, expected: None })
    }

    fn is_labelled(&self) -> Vec<bool> {
        self.truths.iter().map(|truth| truth.is_finite()).collect()
    }

    fn labelled(&self, rows: Range<usize>) -> (Vec<f64>, Vec<f64>) {
        let labelled = rows.filter(|&row| self.truths[row].is_finite());
        labelled.map(|row| (self.truths[row], self.said[row])).unzip()
    }

    fn performance(&self, rows: Range<usize>) -> Option<RegressionPerformance> {
        let (truths, said) = self.labelled(rows);
        (!truths.is_empty()).then(|| RegressionPerformance::of(&truths, &said))
    }
}

pub(super) fn find(reference: &Dataset, current: &Dataset, asked: &Asked) -> Result<Regression, PerformanceError> {
    let (mut before, mut after) = (Side::read(reference, asked, false)?, Side::read(current, asked, true)?);
    let all_rows = 0..before.said.len();
    let whole = before.performance(all_rows.clone()).ok_or(PerformanceError::NotFitted(NotFitted::NoRows))?;
    let estimator = if asked.features.is_empty() { None } else { Some(fit(reference, &before, asked)?) };
    if let Some(estimator) = &estimator {
        for (side, data, is_current) in [(&mut before, reference, false), (&mut after, current, true)] {
            let features = features(data, asked, is_current)?;
            side.expected = Some(estimator.expected(&features, &side.said));
        }
    }
    let mut found = Vec::new();
    for (side, is_current) in [(&before, false), (&after, true)] {
        for rows in asked.windows.of(side.said.len()) {
            found.push(window(side, rows, is_current, estimator.as_ref()));
        }
    }
    let mae = |window: &RegressionWindow| window.realised.and_then(|found| found.mae.value());
    let values: Vec<f64> = found.iter().filter(|window| !window.place.is_current).filter_map(mae).collect();
    let threshold = Threshold::standard_deviations(Some(3.0), Some(3.0), OffsetFrom::Mean).expect("3 and 3");
    let mae_thresholds = threshold.bounds(&values);
    for window in &mut found {
        window.alert = mae(window).is_some_and(|value| is_beyond(value, mae_thresholds));
    }
    let fitted = estimator.iter().flat_map(Dle::metrics);
    let thresholds: Vec<Bounds<LossMetric>> = fitted
        .map(|fitted| Bounds { metric: fitted.metric, lower: fitted.lower_threshold, upper: fitted.upper_threshold })
        .collect();
    Ok(Regression {
        reference: whole,
        current: after.performance(0..after.said.len()),
        mae_thresholds,
        features: asked.features.clone(),
        bands: bands(&found, &thresholds),
        splits: estimator
            .map_or_else(Vec::new, |estimator| splits(&estimator, [reference, current], asked, [&before, &after])),
        thresholds,
        windows: found,
    })
}

/// What is known of rows whose labels may not have come.
pub(super) struct LabelledRows {
    /// Which rows have a label.
    pub is_labelled: Vec<bool>,
    /// The truths of those.
    pub truths: Vec<f64>,
    /// Their predictions.
    pub said: Vec<f64>,
}

/// The labelled rows of the current table.
pub(super) fn labelled(current: &Dataset, asked: &Asked) -> Result<LabelledRows, PerformanceError> {
    let side = Side::read(current, asked, true)?;
    let (truths, said) = side.labelled(0..side.said.len());
    Ok(LabelledRows { is_labelled: side.is_labelled(), truths, said })
}

fn features<'a>(data: &'a Dataset, asked: &Asked, is_current: bool) -> Result<Vec<&'a Column>, PerformanceError> {
    asked.features.iter().map(|name| column(data, name, is_current)).collect()
}

/// What is fitted is fitted to labelled rows.
fn fit(reference: &Dataset, side: &Side, asked: &Asked) -> Result<Dle, PerformanceError> {
    let keep = side.is_labelled();
    let kept: Vec<Column> = features(reference, asked, false)?.into_iter().map(|column| column.keep(&keep)).collect();
    let (truths, said) = side.labelled(0..side.said.len());
    let chunks = asked.windows.of(truths.len());
    Dle::fit(&kept.iter().collect::<Vec<_>>(), &said, &truths, &chunks).map_err(PerformanceError::NotFitted)
}

fn window(side: &Side, rows: Range<usize>, is_current: bool, estimator: Option<&Dle>) -> RegressionWindow {
    let realised = side.performance(rows.clone());
    let place = Place {
        is_current,
        first_row: rows.start as u64,
        n_rows: rows.len() as u64,
        n_labelled: realised.map_or(0, |found| found.n_rows),
    };
    let fitted = estimator.iter().flat_map(|estimator| estimator.metrics());
    let losses = realised.iter().flat_map(|came| {
        fitted.clone().map(|fitted| {
            let figure = fitted.metric.figure(came);
            let (value, bounds) = (figure.value(), (fitted.lower_threshold, fitted.upper_threshold));
            let alert = value.is_some_and(|value| is_beyond(value, bounds));
            Realised { metric: fitted.metric, value, interval: figure.interval(), alert }
        })
    });
    let losses = losses.collect();
    let estimated = match (estimator, &side.expected) {
        (Some(estimator), Some(expected)) => estimator.estimate(expected, rows),
        _ => Vec::new(),
    };
    RegressionWindow { place, realised, alert: false, losses, estimated }
}

fn bands(windows: &[RegressionWindow], metrics: &[Bounds<LossMetric>]) -> Vec<BandsOf<LossMetric>> {
    let of_metric = |(place, bounds): (usize, &Bounds<LossMetric>)| {
        let complete = windows.iter().filter(|window| window.place.is_complete());
        let pairs = complete.filter_map(|window| {
            let estimated = window.estimated[place];
            Some((estimated.value?, estimated.sampling_error, window.losses.get(place)?.value?))
        });
        BandsOf::of(bounds.metric, pairs)
    };
    metrics.iter().enumerate().filter_map(of_metric).collect()
}

/// By all labelled rows of either side.
fn splits(estimator: &Dle, tables: [&Dataset; 2], asked: &Asked, sides: [&Side; 2]) -> Vec<Split<LossMetric>> {
    let (mut came, mut estimates) = (Vec::new(), Vec::new());
    for (data, side) in tables.into_iter().zip(sides) {
        let keep = side.is_labelled();
        let columns = asked.features.iter().filter_map(|name| data.column(name));
        let kept: Vec<Column> = columns.map(|column| column.keep(&keep)).collect();
        let (truths, said) = side.labelled(0..side.said.len());
        if truths.is_empty() {
            return Vec::new();
        }
        let expected = estimator.expected(&kept.iter().collect::<Vec<_>>(), &said);
        estimates.push(estimator.estimate(&expected, 0..said.len()));
        came.push(RegressionPerformance::of(&truths, &said));
    }
    let estimates = estimates.try_into().expect("a side for each of two tables");
    changes(estimates, |metric: &LossMetric| Some((metric.realised(&came[0])?, metric.realised(&came[1])?)))
}

#[cfg(test)]
mod tests {
    use super::super::{Columns, Found, Windows, performance_of};
    use super::*;
    use crate::random::Rng;
    use crate::stattest::{Current, Reference};

    /// A number whose spread grows with x; x reaches up to `most`, and the error has another factor.
    fn table(seed: u64, n: usize, most: f64, factor: f64) -> Dataset {
        let mut rng = Rng::new(seed);
        let xs: Vec<f64> = (0..n).map(|_| rng.uniform() * most).collect();
        let said: Vec<f64> = xs.iter().map(|x| 20.0 + x).collect();
        let truths = xs.iter().zip(&said).map(|(x, said)| said + factor * x * rng.normal()).collect();
        let column = Column::fractions;
        Dataset::new(vec![column("x", xs), column("said", said), column("y", truths)]).unwrap()
    }

    #[test]
    fn a_loss_is_estimated_and_split_into_inputs_and_relation() {
        let asked = Asked {
            columns: Columns {
                target: "y".to_owned(),
                prediction: Some("said".to_owned()),
                score: None,
                positive: None,
                threshold: 0.5,
            },
            class_scores: Vec::new(),
            features: vec!["x".to_owned()],
            windows: Windows::Rows(1000),
        };
        let reference = table(1, 10_000, 1.0, 1.0);
        let find = |current: &Dataset| {
            let report = performance_of(Reference(&reference), Current(current), &asked).unwrap();
            let text = serde_json::to_string(&report).unwrap();
            assert_eq!(serde_json::from_str::<super::super::PerformanceReport>(&text).unwrap(), report);
            let Found::Regression(found) = report.found else { panic!("a number") };
            found
        };
        let mae = |found: &Regression| *found.splits.iter().find(|split| split.metric == LossMetric::Mae).unwrap();
        // Fewer rows of large x: smaller errors, and nothing else.
        let easier = find(&table(2, 4_000, 0.7, 1.0));
        let split = mae(&easier);
        assert!(split.inputs < -split.chance && split.relation.abs() < split.chance, "{split:?}");
        assert!(easier.windows[10..].iter().all(|window| window.estimated[0].alert && window.losses[0].alert));
        assert!(easier.bands.iter().all(|bands| bands.lifetime.n_held >= 3), "{:?}", easier.bands);
        // The same x, errors half as large again.
        let worse = find(&table(3, 4_000, 1.0, 1.5));
        let split = mae(&worse);
        assert!(split.relation > split.chance && split.inputs.abs() < split.chance, "{split:?}");
        assert!(worse.windows[10..].iter().all(|window| !window.estimated[0].alert && window.losses[0].alert));
        // Without labels there are estimates alone.
        let unlabelled = find(&Dataset::new(table(4, 1_500, 1.0, 1.0).columns()[..2].to_vec()).unwrap());
        assert!(unlabelled.current.is_none() && unlabelled.splits.is_empty() && unlabelled.bands.is_empty());
        assert!(unlabelled.windows[11].losses.is_empty() && unlabelled.windows[11].estimated.len() == 6);
    }
}
