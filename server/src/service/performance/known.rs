//! What is known of a model from its reference: rows whose truth is known, and the estimator that they calibrate.

use std::fmt;
use std::sync::{Arc, OnceLock};
use tidemark::data::{Category, Column, Dataset, Values};
use tidemark::model::{Model, PREDICTION, PROBABILITY};
use tidemark::performance::estimated::{Cbpe, NotFitted, Rows};
use tidemark::performance::{BinaryPerformance, Summary};

/// Fewer rows calibrate nothing.
const FEWEST: usize = 100;
/// The reference falls into as many windows at least, to see how much a metric varies.
const WINDOWS: usize = 10;
/// Draws the splits that decide whether calibration helps.
const SEED: u64 = 0;

/// Why nothing is estimated before labels come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) enum NotEstimated {
    /// The model came without a reference.
    NoReference,
    /// It does not answer with one of two classes.
    NotTwoClasses,
    /// The reference does not say what was true.
    NoTruth,
    /// The reference does not say which score a row got, or which class.
    NoScore,
    /// The reference has fewer rows than calibrate anything.
    TooFewRows(usize),
    /// All rows of the reference are of one class.
    OneClass,
    /// A score is no number.
    Score(NotFitted),
}

impl fmt::Display for NotEstimated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoReference => f.write_str("the model came without a reference to calibrate its scores on"),
            Self::NotTwoClasses => f.write_str("estimates are made for models of two classes"),
            Self::NoTruth => f.write_str(
                "its reference does not say what was true: send one with the column of the truth, and name it (target=…)",
            ),
            Self::NoScore => f.write_str("its reference lacks the columns prediction and score"),
            Self::TooFewRows(n) => {
                write!(f, "its reference has {n} rows whose truth is known, and it takes {FEWEST} at least")
            }
            Self::OneClass => f.write_str("all rows of its reference whose truth is known are of one class"),
            Self::Score(error) => error.fmt(f),
        }
    }
}

/// The rows of a reference as far as they say what was said and what was true.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::service) struct Known {
    /// By which model version or reference it is known.
    pub(super) mark: String,
    /// Classes by name, in the model's order, or in that of numbers and texts; none of numbers.
    pub(super) classes: Vec<String>,
    has_rows: bool,
    said: Vec<Option<u32>>,
    truths: Vec<Option<u32>>,
    scores: Vec<f64>,
}

/// A model's estimator, and the rows that it was fitted to.
pub(in crate::service) struct Estimator {
    pub(super) cbpe: Cbpe,
    said: Vec<bool>,
    scores: Vec<f64>,
    truths: Vec<bool>,
    /// How the model did on those rows.
    pub(super) reference: Summary,
}

/// An estimator that is fitted when the first asks, or why there is none.
#[derive(Clone, Default)]
pub(in crate::service) struct Reference {
    pub(super) known: Arc<Known>,
    estimator: Arc<OnceLock<Result<Estimator, NotEstimated>>>,
}

impl Known {
    /// Of a model that Tidemark serves: the rows held back from its training, which say what was true and what the forest that serves
    /// makes of them.
    pub(in crate::service) fn of_model(model: &Model) -> Self {
        let column = |name: &str| model.held_out.column(name);
        Self::of(model.version(), model.classes.clone(), column(&model.target), column(PREDICTION), column(PROBABILITY))
    }

    /// Of a model that is served elsewhere: what its reference says beside the features.
    pub(in crate::service) fn of_reference(
        mark: &str,
        reference: &Dataset,
        target: Option<&str>,
        prediction: &str,
        score: &str,
    ) -> Self {
        let column = |name: &str| reference.column(name);
        let (target, prediction, score) = (target.and_then(column), column(prediction), column(score));
        let found = [target, prediction].into_iter().flatten().flat_map(Column::categories).flatten();
        let mut classes: Vec<Category> = found.collect();
        classes.sort_unstable();
        let mut names: Vec<String> = classes.iter().map(Category::to_string).collect();
        names.dedup();
        Self::of(mark.to_owned(), names, target, prediction, score)
    }

    fn of(
        mark: String,
        classes: Vec<String>,
        target: Option<&Column>,
        prediction: Option<&Column>,
        score: Option<&Column>,
    ) -> Self {
        // What a served model said is written as the place of its class.
        let place = |name: &str| classes.iter().position(|class| class == name).map(|place| place as u32);
        let names = |column: Option<&Column>| -> Vec<Option<u32>> {
            let of = |class: Option<Category>| place(&class?.to_string());
            column.map(|column| column.categories().into_iter().map(of).collect()).unwrap_or_default()
        };
        let scores = match score.map(|column| &column.values) {
            Some(Values::Numbers(numbers)) => numbers.as_slice().to_vec(),
            _ => Vec::new(),
        };
        Self { mark, has_rows: prediction.is_some(), said: names(prediction), truths: names(target), scores, classes }
    }

    /// How many rows there are of which something is known, and how many of them it holds for.
    fn count(&self, holds: impl Fn(u32, Option<u32>) -> Option<bool>) -> Option<(u64, u64)> {
        let truths = self.truths.iter().copied().chain(std::iter::repeat(None));
        let found = self.said.iter().zip(truths).filter_map(|(said, truth)| holds((*said)?, truth));
        let (part, whole) = found.fold((0, 0), |(part, whole), holds| (part + u64::from(holds), whole + 1));
        (whole > 0).then_some((part, whole))
    }

    /// How many rows were called positive, of how many; `None` where there are not two classes.
    pub(super) fn n_called(&self) -> Option<(u64, u64)> {
        self.count(|said, _| Some(said == 1)).filter(|_| self.classes.len() == 2)
    }

    /// How many rows were called wrong, of how many.
    pub(super) fn n_wrong(&self) -> Option<(u64, u64)> {
        self.count(|said, truth| Some(said != truth?))
    }

    fn estimator(&self, window_rows: usize) -> Result<Estimator, NotEstimated> {
        let missing = if !self.has_rows && self.truths.is_empty() {
            Some(NotEstimated::NoReference)
        } else if self.classes.len() != 2 {
            Some(NotEstimated::NotTwoClasses)
        } else if self.said.is_empty() || self.scores.is_empty() {
            Some(NotEstimated::NoScore)
        } else if self.truths.is_empty() {
            Some(NotEstimated::NoTruth)
        } else {
            None
        };
        if let Some(missing) = missing {
            return Err(missing);
        }
        let rows = self.said.iter().zip(&self.truths).zip(&self.scores);
        let rows = rows.filter_map(|((said, truth), score)| Some(((*said)? == 1, (*truth)? == 1, *score)));
        let (mut said, mut truths, mut scores) = (Vec::new(), Vec::new(), Vec::new());
        for (was_called, truth, score) in rows {
            said.push(was_called);
            truths.push(truth);
            scores.push(score);
        }
        let n = truths.len();
        if n < FEWEST {
            return Err(NotEstimated::TooFewRows(n));
        }
        if truths.iter().all(|truth| *truth == truths[0]) {
            return Err(NotEstimated::OneClass);
        }
        let size = window_rows.min(n / WINDOWS).max(1);
        let windows: Vec<_> = (0..n / size).map(|window| window * size..(window + 1) * size).collect();
        let rows = Rows { said: &said, scores: &scores };
        let cbpe = Cbpe::fit(rows, &truths, &windows, SEED).map_err(NotEstimated::Score)?;
        let reference = Summary::of_binary(n as u64, &BinaryPerformance::of(&truths, &said, &scores));
        Ok(Estimator { cbpe, said, scores, truths, reference })
    }
}

impl Reference {
    pub(in crate::service) fn of(known: Known) -> Self {
        Self { known: Arc::new(known), estimator: Arc::default() }
    }

    /// The estimator, fitted when this is asked first. `window_rows` is how many rows a window of the model has.
    pub(in crate::service) fn estimator(&self, window_rows: u64) -> Result<&Estimator, NotEstimated> {
        let rows = usize::try_from(window_rows).unwrap_or(usize::MAX);
        self.estimator.get_or_init(|| self.known.estimator(rows)).as_ref().map_err(|reason| *reason)
    }
}

impl Estimator {
    /// The rows of the reference, and their truths.
    pub(super) fn rows(&self) -> (Rows<'_>, &[bool]) {
        (Rows { said: &self.said, scores: &self.scores }, &self.truths)
    }
}
