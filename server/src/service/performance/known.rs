//! What is known of a model from its reference: rows whose truth is known, and the estimator that they calibrate.

use std::fmt;
use std::sync::{Arc, OnceLock};
use tidemark::data::{Category, Column, Dataset, Values};
use tidemark::forest::Task;
use tidemark::model::{Model, PREDICTION, PROBABILITY};
use tidemark::performance::estimated::loss::Dle;
use tidemark::performance::estimated::multiclass::{ClassRows, MulticlassCbpe};
use tidemark::performance::estimated::{Cbpe, NotFitted, Rows};
use tidemark::performance::{BinaryPerformance, MulticlassPerformance, RegressionPerformance, Summary};

use super::estimator::{Estimator, Kind, Said};
use crate::registry::manifest::{Declaration, DeclaredTask};
use crate::service::slot::{PREDICTION as SAID, SCORE};

/// Fewer rows calibrate nothing.
const FEWEST: usize = 100;
/// The errors of a model of numbers are learnt from so many rows of its reference at most, the last ones.
const MOST: usize = 50_000;
/// The reference falls into as many windows at least, to see how much a metric varies.
const WINDOWS: usize = 10;
/// Draws the splits that decide whether calibration helps.
const SEED: u64 = 0;

/// Why nothing is estimated before labels come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::service) enum NotEstimated {
    /// The model came without a reference.
    NoReference,
    /// The reference does not say what was true.
    NoTruth,
    /// The reference does not say which score a row got, or which class.
    NoScore,
    /// The reference does not say which score of each class a row got.
    NoClassScores,
    /// The reference does not say which number was predicted.
    NoNumber,
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
            Self::NoTruth => f.write_str(
                "its reference does not say what was true: send one with the column of the truth, and name it (target=…)",
            ),
            Self::NoScore => f.write_str("its reference lacks the columns prediction and score"),
            Self::NoClassScores => {
                f.write_str("its reference does not say which score each of its classes got (columns scores.CLASS)")
            }
            Self::NoNumber => f.write_str("its reference lacks the column prediction"),
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
    rows: KnownRows,
}

/// The rows, by the kind of model. What is not known of any row is empty.
#[derive(Debug, Clone, PartialEq)]
enum KnownRows {
    Classes {
        said: Vec<Option<u32>>,
        truths: Vec<Option<u32>>,
        /// Of two classes the score of the later one, of more one per class, row after row.
        scores: Vec<f64>,
    },
    Numbers {
        said: Vec<f64>,
        truths: Vec<f64>,
        features: Vec<Column>,
    },
}

impl Default for KnownRows {
    fn default() -> Self {
        Self::Classes { said: Vec::new(), truths: Vec::new(), scores: Vec::new() }
    }
}

/// An estimator that is fitted when the first asks, or why there is none.
#[derive(Clone, Default)]
pub(in crate::service) struct Reference {
    pub(super) known: Arc<Known>,
    estimator: Arc<OnceLock<Result<Estimator, NotEstimated>>>,
}

/// A column's numbers; none if it holds something else, or is not there.
fn numbers(column: Option<&Column>) -> &[f64] {
    match column.map(|column| &column.values) {
        Some(Values::Numbers(numbers)) => numbers.as_slice(),
        _ => &[],
    }
}

/// The classes that columns hold, by number, else by text.
fn classes_in(columns: [Option<&Column>; 2]) -> Vec<String> {
    let mut classes: Vec<Category> = columns.into_iter().flatten().flat_map(Column::categories).flatten().collect();
    classes.sort_unstable();
    let mut names: Vec<String> = classes.iter().map(Category::to_string).collect();
    names.dedup();
    names
}

/// Columns row after row; nothing if one of them is empty.
fn side_by_side(columns: &[&[f64]]) -> Vec<f64> {
    let n_rows = columns.iter().map(|column| column.len()).min().unwrap_or(0);
    (0..n_rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect()
}

/// The place of every row's class among these.
fn places(column: Option<&Column>, classes: &[String]) -> Vec<Option<u32>> {
    let place = |class: Option<Category>| {
        let name = class?.to_string();
        classes.iter().position(|class| *class == name).map(|place| place as u32)
    };
    column.map(|column| column.categories().into_iter().map(place).collect()).unwrap_or_default()
}

impl Known {
    /// Of a model that Tidemark serves: the rows held back from its training, which say what was true and what the forest that serves
    /// makes of them.
    pub(in crate::service) fn of_model(model: &Model) -> Self {
        let held_out = |name: &str| model.held_out.column(name);
        let rows = if model.task() == Task::Regression {
            let rows = model.rows_held_back().unwrap_or_default();
            let features = model.schema.features().filter_map(|name| Some(model.reference.column(name)?.pick(&rows)));
            let truths = numbers(held_out(&model.target));
            numbers_known(numbers(held_out(PREDICTION)), truths, features.collect())
        } else {
            // What a served model said is written as the place of its class.
            let said = numbers(held_out(PREDICTION)).iter().map(|place| Some(*place as u32)).collect();
            let scores = match model.classes.len() {
                0..=2 => numbers(held_out(PROBABILITY)).to_vec(),
                _ => scores_of_classes(model),
            };
            KnownRows::Classes { said, truths: places(held_out(&model.target), &model.classes), scores }
        };
        Self { mark: model.version(), classes: model.classes.clone(), rows }
    }

    /// Of a model that is served elsewhere: what its reference says beside the features.
    pub(in crate::service) fn of_reference(mark: &str, reference: &Dataset, model: &Declaration) -> Self {
        let column = |name: &str| reference.column(name);
        let target = model.target.as_deref().and_then(column);
        let mark = mark.to_owned();
        if model.task == DeclaredTask::Regression {
            let features = model.features.iter().filter_map(|feature| column(&feature.name).cloned());
            let rows = numbers_known(numbers(column(SAID)), numbers(target), features.collect());
            return Self { mark, classes: Vec::new(), rows };
        }
        let classes = if model.classes.is_empty() { classes_in([target, column(SAID)]) } else { model.classes.clone() };
        let of_class = |class: &String| numbers(column(&format!("scores.{class}")));
        let scores = match classes.as_slice() {
            [_, later] => match of_class(later) {
                [] => numbers(column(SCORE)).to_vec(),
                scores => scores.to_vec(),
            },
            classes => side_by_side(&classes.iter().map(of_class).collect::<Vec<_>>()),
        };
        let (said, truths) = (places(column(SAID), &classes), places(target, &classes));
        Self { mark, rows: KnownRows::Classes { said, truths, scores }, classes }
    }

    /// How many rows there are of which something is known, and how many of them it holds for.
    fn count(&self, holds: impl Fn(u32, Option<u32>) -> Option<bool>) -> Option<(u64, u64)> {
        let KnownRows::Classes { said, truths, .. } = &self.rows else { return None };
        let truths = truths.iter().copied().chain(std::iter::repeat(None));
        let found = said.iter().zip(truths).filter_map(|(said, truth)| holds((*said)?, truth));
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

    /// Of a model of numbers: those that were said, and by how much the truth was missed. Nothing of other models.
    pub(super) fn numbers(&self) -> Option<[Vec<f64>; 2]> {
        let KnownRows::Numbers { said, truths, .. } = &self.rows else { return None };
        let errors = said.iter().zip(truths).map(|(said, truth)| (truth - said).abs()).collect();
        Some([said.clone(), errors])
    }

    fn estimator(&self, window_rows: usize) -> Result<Estimator, NotEstimated> {
        match &self.rows {
            KnownRows::Classes { said, truths, .. } if said.is_empty() && truths.is_empty() => {
                Err(NotEstimated::NoReference)
            }
            KnownRows::Classes { said, truths, scores } => self.of_classes(said, truths, scores, window_rows),
            KnownRows::Numbers { said, truths, features } => of_numbers(said, truths, features, window_rows),
        }
    }

    fn of_classes(
        &self,
        said: &[Option<u32>],
        truths: &[Option<u32>],
        scores: &[f64],
        window_rows: usize,
    ) -> Result<Estimator, NotEstimated> {
        let n_classes = self.classes.len();
        let per_row = if n_classes == 2 { 1 } else { n_classes };
        if n_classes < 2 {
            return Err(NotEstimated::OneClass);
        }
        if said.is_empty() || scores.is_empty() {
            return Err(if n_classes == 2 { NotEstimated::NoScore } else { NotEstimated::NoClassScores });
        }
        if truths.is_empty() {
            return Err(NotEstimated::NoTruth);
        }
        let (mut known_said, mut known_truths, mut known_scores) = (Vec::new(), Vec::new(), Vec::new());
        for ((said, truth), scores) in said.iter().zip(truths).zip(scores.chunks_exact(per_row)) {
            if let (Some(said), Some(truth)) = (*said, *truth) {
                known_said.push(said);
                known_truths.push(truth);
                known_scores.extend_from_slice(scores);
            }
        }
        let (said, truths, scores) = (known_said, known_truths, known_scores);
        let n = truths.len();
        let windows = windows(n, window_rows)?;
        if truths.iter().all(|truth| *truth == truths[0]) {
            return Err(NotEstimated::OneClass);
        }
        if n_classes == 2 {
            let is_positive = |classes: &[u32]| -> Vec<bool> { classes.iter().map(|class| *class == 1).collect() };
            let (said, truths) = (is_positive(&said), is_positive(&truths));
            let rows = Rows { said: &said, scores: &scores };
            let cbpe = Cbpe::fit(rows, &truths, &windows, SEED).map_err(NotEstimated::Score)?;
            let reference = Summary::of_binary(n as u64, &BinaryPerformance::of(&truths, &said, &scores));
            return Ok(Estimator::new(Kind::Two(cbpe), reference, &Said::Two { said, scores }));
        }
        let rows = ClassRows { said: &said, scores: &scores, n_classes };
        let cbpe = MulticlassCbpe::fit(rows, &truths, &windows, SEED).map_err(NotEstimated::Score)?;
        let reference = MulticlassPerformance::of(&truths, &said, &scores, n_classes);
        let reference = Summary::of_multiclass(n as u64, &reference);
        Ok(Estimator::new(Kind::Several { cbpe, n_classes }, reference, &Said::Several { said, scores }))
    }
}

/// What is known of rows of numbers: those of which prediction and truth are known, the last ones where there are many.
fn numbers_known(said: &[f64], truths: &[f64], features: Vec<Column>) -> KnownRows {
    let is_known = |row: &usize| said[*row].is_finite() && truths[*row].is_finite();
    let known: Vec<usize> = (0..said.len().min(truths.len())).filter(is_known).collect();
    let known = &known[known.len().saturating_sub(MOST)..];
    let pick = |values: &[f64]| known.iter().map(|row| values[*row]).collect();
    let features = features.into_iter().filter(|feature| feature.len() == said.len());
    let (said, truths) = match (said.is_empty(), truths.is_empty()) {
        (false, false) => (pick(said), pick(truths)),
        _ => (said.to_vec(), truths.to_vec()),
    };
    KnownRows::Numbers { features: features.map(|feature| feature.pick(known)).collect(), said, truths }
}

/// What the forest says of every class to the rows held back; none where these are not known any more.
fn scores_of_classes(model: &Model) -> Vec<f64> {
    let Some(rows) = model.rows_held_back() else { return Vec::new() };
    let features: Vec<Column> =
        model.schema.features().filter_map(|name| Some(model.reference.column(name)?.pick(&rows))).collect();
    let data = Dataset::new(features).expect("the names are those of the reference, and the rows as many");
    model.answers_of(&data).map(|answers| answers.scores).unwrap_or_default()
}

fn windows(n: usize, window_rows: usize) -> Result<Vec<std::ops::Range<usize>>, NotEstimated> {
    if n < FEWEST {
        return Err(NotEstimated::TooFewRows(n));
    }
    let size = window_rows.min(n / WINDOWS).max(1);
    Ok((0..n / size).map(|window| window * size..(window + 1) * size).collect())
}

fn of_numbers(
    said: &[f64],
    truths: &[f64],
    features: &[Column],
    window_rows: usize,
) -> Result<Estimator, NotEstimated> {
    if said.is_empty() {
        return Err(NotEstimated::NoNumber);
    }
    if truths.is_empty() {
        return Err(NotEstimated::NoTruth);
    }
    let windows = windows(truths.len(), window_rows)?;
    let columns: Vec<&Column> = features.iter().collect();
    let dle = Dle::fit(&columns, said, truths, &windows).map_err(NotEstimated::Score)?;
    let losses = dle.expected(&columns, said).rows().collect();
    let names = features.iter().map(|feature| feature.name.clone()).collect();
    let reference = Summary::of_regression(truths.len() as u64, &RegressionPerformance::of(truths, said));
    Ok(Estimator::new(Kind::Numbers { dle, features: names }, reference, &Said::Numbers { losses }))
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
