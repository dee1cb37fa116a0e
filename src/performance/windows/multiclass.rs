//! A model of several classes, window by window.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

use super::{Asked, BandsOf, BinaryWindow, Bounds, PerformanceError, Place, Realised, Split};
use super::{bands, changes, column, present};
use crate::data::Dataset;
use crate::performance::MulticlassPerformance;
use crate::performance::estimated::Metric;
use crate::performance::estimated::multiclass::{ClassRows, FittedMean, METRICS, MulticlassCbpe, realised};
use crate::random::seed_of;

/// A model of several classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Multiclass {
    /// The classes, in the order in which they were named, with the column of each one's scores.
    pub classes: Vec<(String, String)>,
    /// All labelled rows of the reference.
    pub reference: MulticlassPerformance,
    /// All labelled rows of the current table; `None` while no label came.
    pub current: Option<MulticlassPerformance>,
    /// Whether the scores of each class are calibrated before anything is estimated from them.
    pub is_calibrated: Vec<bool>,
    /// The thresholds of every metric: three standard deviations around its mean over the reference's windows.
    pub thresholds: Vec<Bounds>,
    /// Windows of the reference, then of the current table.
    pub windows: Vec<BinaryWindow>,
    /// How often the bands held what came, in current windows all of whose labels came.
    pub bands: Vec<BandsOf>,
    /// Where a change of the realised metric comes from; empty while labels are missing.
    pub splits: Vec<Split>,
}

/// Rows, some of whose truths may not have come.
struct Side {
    truths: Vec<Option<u32>>,
    said: Vec<u32>,
    scores: Vec<f64>,
    n_classes: usize,
}

/// Rows whose truth is known.
struct Labelled {
    truths: Vec<u32>,
    said: Vec<u32>,
    scores: Vec<f64>,
    n_classes: usize,
}

impl Side {
    fn read(data: &Dataset, asked: &Asked, is_current: bool) -> Result<Self, PerformanceError> {
        let named = &asked.class_scores;
        let places: BTreeMap<&str, u32> = named.iter().map(|(class, _)| class.as_str()).zip(0..).collect();
        let read = |name: &str| -> Result<Vec<Option<u32>>, PerformanceError> {
            let found = column(data, name, is_current)?.categories().into_iter().map(|class| {
                let Some(class) = class.map(|class| class.to_string()) else { return Ok(None) };
                let no_scores = || PerformanceError::NoScores { class: class.clone(), name: name.to_owned() };
                places.get(class.as_str()).map(|place| Some(*place)).ok_or_else(no_scores)
            });
            found.collect()
        };
        let prediction = asked.columns.prediction.as_deref().ok_or(PerformanceError::NothingSaid)?;
        let missing = |row| PerformanceError::Missing { name: prediction.to_owned(), row };
        let said = read(prediction)?.into_iter().enumerate();
        let said: Vec<u32> = said.map(|(row, class)| class.ok_or_else(|| missing(row))).collect::<Result<_, _>>()?;
        let truths = match data.column(&asked.columns.target) {
            None if is_current => vec![None; said.len()],
            _ => read(&asked.columns.target)?,
        };
        let columns: Vec<&[f64]> =
            named.iter().map(|(_, name)| present(column(data, name, is_current)?)).collect::<Result<_, _>>()?;
        let scores = (0..said.len()).flat_map(|row| columns.iter().map(move |column| column[row])).collect();
        Ok(Self { truths, said, scores, n_classes: named.len() })
    }

    fn rows(&self) -> ClassRows<'_> {
        ClassRows { said: &self.said, scores: &self.scores, n_classes: self.n_classes }
    }

    fn labelled(&self, rows: Range<usize>) -> Labelled {
        let k = self.n_classes;
        let mut found = Labelled { truths: Vec::new(), said: Vec::new(), scores: Vec::new(), n_classes: k };
        for row in rows {
            if let Some(truth) = self.truths[row] {
                found.truths.push(truth);
                found.said.push(self.said[row]);
                found.scores.extend(&self.scores[row * k..(row + 1) * k]);
            }
        }
        found
    }
}

impl Labelled {
    fn rows(&self) -> ClassRows<'_> {
        ClassRows { said: &self.said, scores: &self.scores, n_classes: self.n_classes }
    }

    fn performance(&self) -> MulticlassPerformance {
        MulticlassPerformance::of(&self.truths, &self.said, &self.scores, self.n_classes)
    }
}

pub(super) fn find(reference: &Dataset, current: &Dataset, asked: &Asked) -> Result<Multiclass, PerformanceError> {
    let (before, after) = (Side::read(reference, asked, false)?, Side::read(current, asked, true)?);
    let labelled = before.labelled(0..before.said.len());
    let fitting = asked.windows.of(labelled.truths.len());
    let words = labelled.scores.iter().map(|score| score.to_bits());
    let seed = seed_of(words.chain(labelled.truths.iter().map(|truth| u64::from(*truth))));
    let estimator =
        MulticlassCbpe::fit(labelled.rows(), &labelled.truths, &fitting, seed).map_err(PerformanceError::NotFitted)?;
    let mut found = Vec::new();
    for (side, is_current) in [(&before, false), (&after, true)] {
        for rows in asked.windows.of(side.said.len()) {
            found.push(window(side, rows, is_current, &estimator));
        }
    }
    let all_current = after.labelled(0..after.said.len());
    let has_labels = !all_current.truths.is_empty();
    let bounds = estimator.metrics().iter().map(|fitted| Bounds {
        metric: fitted.metric,
        lower: fitted.lower_threshold,
        upper: fitted.upper_threshold,
    });
    Ok(Multiclass {
        classes: asked.class_scores.clone(),
        reference: labelled.performance(),
        current: has_labels.then(|| all_current.performance()),
        is_calibrated: estimator.is_calibrated(),
        thresholds: bounds.collect(),
        bands: bands(&found, &METRICS),
        splits: if has_labels { splits(&estimator, &labelled, &all_current) } else { Vec::new() },
        windows: found,
    })
}

/// Whether each row of the current table was called wrong; `None` where its label has not come.
pub(super) fn wrong(current: &Dataset, asked: &Asked) -> Result<Vec<Option<bool>>, PerformanceError> {
    let side = Side::read(current, asked, true)?;
    Ok(side.truths.iter().zip(&side.said).map(|(truth, said)| truth.map(|truth| truth != *said)).collect())
}

fn window(side: &Side, rows: Range<usize>, is_current: bool, estimator: &MulticlassCbpe) -> BinaryWindow {
    let labelled = side.labelled(rows.clone());
    let of_metric = |fitted: &FittedMean| {
        let value = realised(fitted.metric, labelled.rows(), &labelled.truths);
        let is_accuracy = fitted.metric == Metric::Accuracy;
        let interval = value.filter(|_| is_accuracy).and_then(|_| labelled.performance().accuracy.interval());
        let bounds = (fitted.lower_threshold, fitted.upper_threshold);
        let alert = value.is_some_and(|value| super::is_beyond(value, bounds));
        Realised { metric: fitted.metric, value, interval, alert }
    };
    BinaryWindow {
        place: Place {
            is_current,
            first_row: rows.start as u64,
            n_rows: rows.len() as u64,
            n_labelled: labelled.truths.len() as u64,
        },
        realised: (!labelled.truths.is_empty()).then(|| estimator.metrics().iter().map(of_metric).collect()),
        estimated: estimator.estimate(side.rows().slice(rows)),
    }
}

fn splits(estimator: &MulticlassCbpe, reference: &Labelled, current: &Labelled) -> Vec<Split> {
    let came = |side: &Labelled, metric| realised(metric, side.rows(), &side.truths);
    let estimates = [reference, current].map(|side| estimator.estimate(side.rows()));
    changes(estimates, |metric| Some((came(reference, *metric)?, came(current, *metric)?)))
}

#[cfg(test)]
mod tests {
    use super::super::{Columns, Found, Windows, performance_of};
    use super::*;
    use crate::data::Column;
    use crate::random::Rng;
    use crate::stattest::{Current, Reference};

    const NAMES: [&str; 3] = ["a", "b", "c"];

    /// Three classes; `coin` of the labels are drawn without looking.
    fn table(seed: u64, n: usize, coin: f64, labelled: f64) -> Dataset {
        let mut rng = Rng::new(seed);
        let (mut truths, mut said, mut scores) = (Vec::new(), Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
        for _ in 0..n {
            let weights = [rng.uniform(), rng.uniform(), rng.uniform()];
            let sum: f64 = weights.iter().sum();
            let mut draw = rng.uniform() * sum;
            let truth = weights.iter().position(|weight| {
                draw -= weight;
                draw < 0.0
            });
            let truth = if rng.uniform() < coin { rng.below(3) as usize } else { truth.unwrap_or(2) };
            truths.push((rng.uniform() < labelled).then_some(NAMES[truth]));
            let largest = (0..3).max_by(|&a, &b| weights[a].total_cmp(&weights[b])).unwrap();
            said.push(Some(NAMES[largest]));
            (0..3).for_each(|class| scores[class].push(weights[class] / sum));
        }
        let mut columns = vec![Column::strings("y", truths), Column::strings("said", said)];
        columns.extend(NAMES.into_iter().zip(scores).map(|(name, scores)| Column::fractions(name, scores)));
        Dataset::new(columns).unwrap()
    }

    fn asked() -> Asked {
        Asked {
            columns: Columns {
                target: "y".to_owned(),
                prediction: Some("said".to_owned()),
                score: None,
                positive: None,
                threshold: 0.5,
            },
            class_scores: NAMES.map(|name| (name.to_owned(), name.to_owned())).to_vec(),
            features: Vec::new(),
            windows: Windows::Rows(1000),
        }
    }

    #[test]
    fn several_classes_are_estimated_realised_and_split() {
        let (reference, current) = (table(1, 10_000, 0.0, 1.0), table(2, 5_000, 0.5, 1.0));
        let report = performance_of(Reference(&reference), Current(&current), &asked()).unwrap();
        let text = serde_json::to_string(&report).unwrap();
        assert_eq!(serde_json::from_str::<super::super::PerformanceReport>(&text).unwrap(), report);
        let Found::Multiclass(found) = report.found else { panic!("several classes") };
        assert_eq!((found.windows.len(), found.bands.len(), found.splits.len()), (15, 7, 7));
        let split = found.splits.iter().find(|split| split.metric == Metric::Accuracy).unwrap();
        assert!(split.relation < -split.chance && split.inputs.abs() < split.chance, "{split:?}");
        let of = |window: &BinaryWindow| window.realised.as_ref().unwrap().iter().any(|found| found.alert);
        assert!(found.windows[10..].iter().all(of) && !found.windows[..10].iter().any(of));
        // The estimate is blind to it, and its record says so.
        assert!(found.windows[10..].iter().all(|window| window.estimated.iter().all(|found| !found.alert)));
        let accuracy = found.bands.iter().find(|bands| bands.metric == Metric::Accuracy).unwrap();
        assert_eq!((accuracy.lifetime.n_windows, accuracy.lifetime.n_held), (5, 0));
        assert!(accuracy.lifetime.widening.is_provisional && accuracy.lifetime.widening.factor > 2.0);
    }

    #[test]
    fn labels_may_be_late_and_a_class_without_scores_is_named() {
        let (reference, current) = (table(1, 3_000, 0.0, 1.0), table(2, 1_000, 0.0, 0.3));
        let report = performance_of(Reference(&reference), Current(&current), &asked()).unwrap();
        let Found::Multiclass(found) = report.found else { panic!("several classes") };
        let place = found.windows[3].place;
        assert!(place.is_current && place.n_labelled > 200 && place.n_labelled < 400, "{place:?}");
        assert!(found.bands.is_empty() && !found.splits.is_empty());
        let two = Asked { class_scores: asked().class_scores[..2].to_vec(), ..asked() };
        let error = performance_of(Reference(&reference), Current(&current), &two).unwrap_err().to_string();
        assert_eq!(error, "column \"said\" holds the class \"c\", of which no column of scores is named");
    }
}
