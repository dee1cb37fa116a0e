//! How good a model was, window by window: estimated for all rows, realised for those whose labels came.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Range;

use super::BinaryPerformance;
use super::estimated::bands::Bands;
use super::estimated::lifetime::{Lifetime, Record};
use super::estimated::{Cbpe, Estimated, Metric, NotFitted, Rows};
use super::figure::Interval;
use crate::data::{Category, Column, Dataset, Values};
use crate::random::seed_of;
use crate::stattest::{Current, Reference};

mod explained;
mod multiclass;
mod regression;

pub use explained::{Explained, explain};
pub use multiclass::Multiclass;
pub use regression::{Regression, RegressionWindow};

/// The version of the stored form.
const SCHEMA: u32 = 2;

/// How a table falls into windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "n", rename_all = "snake_case")]
pub enum Windows {
    /// So many rows each; the last one may have fewer.
    Rows(usize),
    /// So many windows, of as many rows each, the last one of fewer.
    Number(usize),
}

/// Ten.
impl Default for Windows {
    fn default() -> Self {
        Self::Number(10)
    }
}

impl Windows {
    fn of(self, n_rows: usize) -> Vec<Range<usize>> {
        let size = match self {
            Self::Rows(rows) => rows,
            Self::Number(number) => n_rows.div_ceil(number.max(1)),
        };
        let size = size.max(1);
        (0..n_rows.div_ceil(size)).map(|window| window * size..n_rows.min((window + 1) * size)).collect()
    }
}

/// Which columns say what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    /// What the truth is; missing while the label has not come.
    pub target: String,
    /// What the model said. For two classes it may be left out where there is a score.
    pub prediction: Option<String>,
    /// The probability of the positive class. Its presence makes it a model of two classes; without it, a number is predicted.
    pub score: Option<String>,
    /// The positive class as it is written; the larger of the two (by number, else by text) if not given.
    pub positive: Option<String>,
    /// Without a prediction, rows with this score or more count as called positive.
    pub threshold: f64,
}

/// What is to be found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Which columns say what.
    pub columns: Columns,
    /// Of a model of several classes: each one's name, and the column of its scores. Then the columns must name a prediction, and no score.
    pub class_scores: Vec<(String, String)>,
    /// Of a model that predicts a number: the columns by which its loss is estimated. Without any, nothing is estimated.
    pub features: Vec<String>,
    /// The windows of either side.
    pub windows: Windows,
}

/// A model's performance on two tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PerformanceReport {
    /// The version of this form.
    pub schema: u32,
    /// Tidemark's version.
    pub version: String,
    /// Which columns said what.
    pub columns: Columns,
    /// What was found, by the kind of model.
    pub found: Found,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "all windows of a report have the same one")]
pub enum Found {
    /// Of a model of two classes.
    Binary(Binary),
    /// Of a model of several classes.
    Multiclass(Multiclass),
    /// Of a model that predicts a number.
    Regression(Regression),
}

/// A model of two classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binary {
    /// The positive class.
    pub positive: String,
    /// All labelled rows of the reference.
    pub reference: BinaryPerformance,
    /// All labelled rows of the current table; `None` while no label came.
    pub current: Option<BinaryPerformance>,
    /// Whether scores are calibrated before anything is estimated from them.
    pub is_calibrated: bool,
    /// The thresholds of every metric: three standard deviations around its mean over the reference's windows.
    pub thresholds: Vec<Bounds>,
    /// Windows of the reference, then of the current table.
    pub windows: Vec<BinaryWindow>,
    /// How often the bands held what came, in current windows all of whose labels came.
    pub bands: Vec<BandsOf>,
    /// Where a change of the realised metric comes from; empty while labels are missing.
    pub splits: Vec<Split>,
}

/// The thresholds of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds<M = Metric> {
    /// Which metric.
    pub metric: M,
    /// Below is an alert.
    pub lower: Option<f64>,
    /// Above is an alert.
    pub upper: Option<f64>,
}

impl<M> Bounds<M> {
    /// The same around all that a figure of the reference may be: windows of few cases that happen to be alike differ by less than is known
    /// of any of them.
    pub fn around(self, interval: Interval) -> Self {
        Self {
            lower: self.lower.map(|bound| bound.min(interval.lower)),
            upper: self.upper.map(|bound| bound.max(interval.upper)),
            ..self
        }
    }
}

/// The bands of a metric, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BandsOf<M = Metric> {
    /// Which metric.
    pub metric: M,
    /// What became of them.
    pub bands: Bands,
    /// The record window after window, and how bands are widened by it.
    pub lifetime: Lifetime,
}

/// A window of a model of classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BinaryWindow {
    /// Where it lies.
    pub place: Place,
    /// By the rows whose labels came; `None` if none did.
    pub realised: Option<Vec<Realised>>,
    /// Of all rows.
    pub estimated: Vec<Estimated>,
}

/// A metric of labelled rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Realised<M = Metric> {
    /// Which metric.
    pub metric: M,
    /// Its value; `None` where it has none.
    pub value: Option<f64>,
    /// Its 95% interval. Means over several classes have none.
    pub interval: Option<Interval>,
    /// The value lies outside the metric's thresholds.
    pub alert: bool,
}

/// Where a window lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// In the current table, rather than in the reference.
    pub is_current: bool,
    /// Its first row, from 0.
    pub first_row: u64,
    /// Rows.
    pub n_rows: u64,
    /// Rows whose label has come.
    pub n_labelled: u64,
}

/// Where a change of a metric comes from: total = inputs + relation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Split<M = Metric> {
    /// Which metric.
    pub metric: M,
    /// Realised in the current table less realised in the reference.
    pub total: f64,
    /// What the scores of the current rows let expect, less what those of the reference did: the reference's relation of scores and labels,
    /// weighted by the current rows.
    pub inputs: f64,
    /// What is left: the labels of rows of one score came otherwise than in the reference.
    pub relation: f64,
    /// Chance alone makes `relation` this large or larger, either way, in one of 370 tables: three sampling errors.
    pub chance: f64,
}

/// Why there is no report.
#[derive(Debug, Clone, PartialEq)]
pub enum PerformanceError {
    /// A table has no such column.
    NoColumn {
        /// Its name.
        name: String,
        /// In the current table, rather than in the reference.
        is_current: bool,
    },
    /// A column should hold numbers.
    NotNumbers {
        /// Its name.
        name: String,
    },
    /// A column of predictions or scores lacks a value.
    Missing {
        /// Its name.
        name: String,
        /// The row, from 0.
        row: usize,
    },
    /// A row was called a class, or is truly one, that has no scores.
    NoScores {
        /// Its name.
        class: String,
        /// The column that holds it.
        name: String,
    },
    /// The target of a model of two classes holds another number of classes.
    NotTwoClasses {
        /// How many.
        found: usize,
    },
    /// The class that should be the positive one does not occur in the reference.
    UnknownClass {
        /// Its name.
        name: String,
    },
    /// Neither a prediction nor a score was named.
    NothingSaid,
    /// The estimator could not be fitted.
    NotFitted(NotFitted),
}

impl fmt::Display for PerformanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoColumn { name, is_current } => {
                let side = if *is_current { "current" } else { "reference" };
                write!(f, "the {side} table has no column {name:?}")
            }
            Self::NotNumbers { name } => write!(f, "column {name:?} should hold numbers"),
            Self::Missing { name, row } => write!(f, "column {name:?} has no value in row {}", row + 1),
            Self::NoScores { class, name } => {
                write!(f, "column {name:?} holds the class {class:?}, of which no column of scores is named")
            }
            Self::NotTwoClasses { found } => {
                write!(f, "a score stands for one of two classes, and the reference's target holds {found}")
            }
            Self::UnknownClass { name } => write!(f, "the reference's target is never {name:?}"),
            Self::NothingSaid => write!(f, "name the column that holds the predictions, or the scores"),
            Self::NotFitted(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PerformanceError {}

/// How good a model was, window by window.
///
/// Inputs: a reference with labels, and a current table, some of whose labels may be missing. Each falls into windows of `rows_per_window`
/// rows, or into ten.
///
/// ```
/// use tidemark::data::csv;
/// use tidemark::performance::windows::{Columns, Found, performance};
/// use tidemark::stattest::{Current, Reference};
/// let table = |flip: u32| {
///     let mut text = String::from("y,score\n");
///     for i in 0..1000_u32 {
///         let score = f64::from(i * 37 % 1000) / 1000.0;
///         let truth = (score > f64::from(i * 59 % 1000) / 1000.0) != (i % 10 < flip);
///         text += &format!("{},{score}\n", u8::from(truth));
///     }
///     csv::read(text.as_bytes()).unwrap()
/// };
/// let columns = Columns { target: "y".into(), prediction: None, score: Some("score".into()), positive: None, threshold: 0.5 };
/// let report = performance(Reference(&table(0)), Current(&table(3)), &columns, Some(250)).unwrap();
/// let Found::Binary(found) = report.found else { panic!("a score makes it two classes") };
/// assert_eq!(found.windows.len(), 8);
/// // Three of ten labels were turned: not the scores changed, but what they mean.
/// let accuracy = found.splits.iter().find(|split| split.metric.name() == "accuracy").unwrap();
/// assert!(accuracy.relation < -accuracy.chance && accuracy.inputs.abs() < accuracy.chance);
/// ```
///
/// # Errors
/// A column is not there or does not hold what it should.
pub fn performance(
    reference: Reference<&Dataset>,
    current: Current<&Dataset>,
    columns: &Columns,
    rows_per_window: Option<usize>,
) -> Result<PerformanceReport, PerformanceError> {
    let windows = rows_per_window.map_or_else(Windows::default, Windows::Rows);
    let asked = Asked { columns: columns.clone(), class_scores: Vec::new(), features: Vec::new(), windows };
    performance_of(reference, current, &asked)
}

/// The same for models of several classes, and with estimates for those that predict a number.
///
/// # Errors
/// A column is not there or does not hold what it should.
pub fn performance_of(
    reference: Reference<&Dataset>,
    current: Current<&Dataset>,
    asked: &Asked,
) -> Result<PerformanceReport, PerformanceError> {
    let found = if !asked.class_scores.is_empty() {
        Found::Multiclass(multiclass::find(reference.0, current.0, asked)?)
    } else if asked.columns.score.is_some() {
        Found::Binary(binary(reference.0, current.0, &asked.columns, asked.windows)?)
    } else {
        Found::Regression(regression::find(reference.0, current.0, asked)?)
    };
    let (version, columns) = (crate::VERSION.to_owned(), asked.columns.clone());
    Ok(PerformanceReport { schema: SCHEMA, version, columns, found })
}

fn column<'a>(data: &'a Dataset, name: &str, is_current: bool) -> Result<&'a Column, PerformanceError> {
    data.column(name).ok_or_else(|| PerformanceError::NoColumn { name: name.to_owned(), is_current })
}

fn numbers(column: &Column) -> Result<&[f64], PerformanceError> {
    match &column.values {
        Values::Numbers(numbers) => Ok(numbers.as_slice()),
        _ => Err(PerformanceError::NotNumbers { name: column.name.clone() }),
    }
}

fn present(column: &Column) -> Result<&[f64], PerformanceError> {
    let numbers = numbers(column)?;
    match numbers.iter().position(|number| !number.is_finite()) {
        Some(row) => Err(PerformanceError::Missing { name: column.name.clone(), row }),
        None => Ok(numbers),
    }
}

/// One side of a model of two classes.
struct BinarySide<'a> {
    truths: Vec<Option<bool>>,
    said: Vec<bool>,
    scores: &'a [f64],
}

/// The rows of a window whose labels came.
struct Labelled {
    truths: Vec<bool>,
    said: Vec<bool>,
    scores: Vec<f64>,
}

impl<'a> BinarySide<'a> {
    fn read(
        data: &'a Dataset,
        columns: &Columns,
        score: &str,
        positive: &str,
        is_current: bool,
    ) -> Result<Self, PerformanceError> {
        let is_positive = |class: &Category| class.to_string() == positive;
        let scores = present(column(data, score, is_current)?)?;
        // Labels may not have come at all.
        let truths = match data.column(&columns.target) {
            Some(target) => target.categories().iter().map(|class| class.as_ref().map(is_positive)).collect(),
            None if is_current => vec![None; data.n_rows()],
            None => return Err(PerformanceError::NoColumn { name: columns.target.clone(), is_current }),
        };
        let said = match &columns.prediction {
            Some(name) => column(data, name, is_current)?
                .categories()
                .iter()
                .enumerate()
                .map(|(row, class)| {
                    let missing = || PerformanceError::Missing { name: name.clone(), row };
                    class.as_ref().map(is_positive).ok_or_else(missing)
                })
                .collect::<Result<_, _>>()?,
            None => scores.iter().map(|score| *score >= columns.threshold).collect(),
        };
        Ok(Self { truths, said, scores })
    }

    fn labelled(&self, rows: Range<usize>) -> Labelled {
        let mut found = Labelled { truths: Vec::new(), said: Vec::new(), scores: Vec::new() };
        for row in rows {
            if let Some(truth) = self.truths[row] {
                found.truths.push(truth);
                found.said.push(self.said[row]);
                found.scores.push(self.scores[row]);
            }
        }
        found
    }

    fn rows(&self, rows: Range<usize>) -> Rows<'_> {
        Rows { said: &self.said[rows.clone()], scores: &self.scores[rows] }
    }
}

impl Labelled {
    fn rows(&self) -> Rows<'_> {
        Rows { said: &self.said, scores: &self.scores }
    }

    fn performance(&self) -> BinaryPerformance {
        BinaryPerformance::of(&self.truths, &self.said, &self.scores)
    }
}

fn binary(
    reference: &Dataset,
    current: &Dataset,
    columns: &Columns,
    windows: Windows,
) -> Result<Binary, PerformanceError> {
    let score = columns.score.as_deref().ok_or(PerformanceError::NothingSaid)?;
    let positive = positive_class(column(reference, &columns.target, false)?, columns.positive.as_deref())?;
    let of_reference = BinarySide::read(reference, columns, score, &positive, false)?;
    let of_current = BinarySide::read(current, columns, score, &positive, true)?;

    // What is fitted is fitted to labelled rows.
    let labelled = of_reference.labelled(0..reference.n_rows());
    let fitting = windows.of(labelled.truths.len());
    let words = labelled.scores.iter().map(|score| score.to_bits());
    let seed = seed_of(words.chain(labelled.truths.iter().map(|truth| u64::from(*truth))));
    let estimator =
        Cbpe::fit(labelled.rows(), &labelled.truths, &fitting, seed).map_err(PerformanceError::NotFitted)?;

    let mut found = Vec::new();
    for (side, is_current) in [(&of_reference, false), (&of_current, true)] {
        for rows in windows.of(side.said.len()) {
            found.push(binary_window(side, rows, is_current, &estimator));
        }
    }
    let all_current = of_current.labelled(0..current.n_rows());
    let has_labels = !all_current.truths.is_empty();
    Ok(Binary {
        positive,
        reference: labelled.performance(),
        current: has_labels.then(|| all_current.performance()),
        is_calibrated: estimator.is_calibrated(),
        thresholds: estimator
            .metrics()
            .iter()
            .map(|fitted| Bounds {
                metric: fitted.metric,
                lower: fitted.lower_threshold,
                upper: fitted.upper_threshold,
            })
            .collect(),
        bands: bands(&found, &Metric::ALL),
        splits: if has_labels {
            splits(&estimator, (labelled.rows(), &labelled.truths), (all_current.rows(), &all_current.truths))
        } else {
            Vec::new()
        },
        windows: found,
    })
}

fn binary_window(side: &BinarySide<'_>, rows: Range<usize>, is_current: bool, estimator: &Cbpe) -> BinaryWindow {
    let labelled = side.labelled(rows.clone());
    let figures = labelled.performance().figures();
    let realised = |fitted: &super::estimated::Fitted| {
        let value = fitted.metric.realised(labelled.rows(), &labelled.truths);
        let figure = figures.iter().find(|(name, _)| *name == fitted.metric.name());
        let interval = value.and(figure.and_then(|(_, figure)| figure.interval()));
        let bounds = (fitted.lower_threshold, fitted.upper_threshold);
        Realised { metric: fitted.metric, value, interval, alert: value.is_some_and(|value| is_beyond(value, bounds)) }
    };
    BinaryWindow {
        place: Place {
            is_current,
            first_row: rows.start as u64,
            n_rows: rows.len() as u64,
            n_labelled: labelled.truths.len() as u64,
        },
        realised: (!labelled.truths.is_empty()).then(|| estimator.metrics().iter().map(realised).collect()),
        estimated: estimator.estimate(side.rows(rows)),
    }
}

fn positive_class(target: &Column, named: Option<&str>) -> Result<String, PerformanceError> {
    let mut known: Vec<Category> = target.categories().into_iter().flatten().collect();
    known.sort_unstable();
    known.dedup();
    if known.len() > 2 {
        return Err(PerformanceError::NotTwoClasses { found: known.len() });
    }
    match named {
        Some(name) => {
            let found = known.iter().map(Category::to_string).find(|known| known == name);
            found.ok_or_else(|| PerformanceError::UnknownClass { name: name.to_owned() })
        }
        None => known.last().map(Category::to_string).ok_or(PerformanceError::NotTwoClasses { found: 0 }),
    }
}

/// What became of the bands of current windows all of whose labels came.
fn bands(windows: &[BinaryWindow], metrics: &[Metric]) -> Vec<BandsOf> {
    let of_metric = |(place, &metric): (usize, &Metric)| {
        let pairs = windows.iter().filter(|window| window.place.is_complete()).filter_map(|window| {
            let (realised, estimated) = (window.realised.as_ref()?[place].value?, window.estimated[place]);
            Some((estimated.value?, estimated.sampling_error, realised))
        });
        BandsOf::of(metric, pairs)
    };
    metrics.iter().enumerate().filter_map(of_metric).collect()
}

impl<M> BandsOf<M> {
    /// What became of bands: each estimate, its sampling error and what came, window after window. `None` if nothing came.
    pub fn of(metric: M, windows: impl IntoIterator<Item = (f64, f64, f64)>) -> Option<Self> {
        let mut record = Record::default();
        windows.into_iter().for_each(|(estimate, error, realised)| record.add(estimate, error, realised));
        let (bands, lifetime) = (record.bands(), record.lifetime());
        (bands.n_windows > 0).then_some(Self { metric, bands, lifetime })
    }
}

impl Place {
    /// A current window all of whose labels came.
    const fn is_complete(&self) -> bool {
        self.is_current && self.n_labelled == self.n_rows
    }
}

/// Where the change of every metric comes from, between labelled rows of a reference and of now; those without a value are left out.
///
/// # Panics
/// When the slices of a side differ in length.
fn splits(
    estimator: &Cbpe,
    (reference, truths_before): (Rows<'_>, &[bool]),
    (current, truths_after): (Rows<'_>, &[bool]),
) -> Vec<Split> {
    let estimates = [reference, current].map(|rows| estimator.estimate(rows));
    changes(estimates, |metric| {
        Some((metric.realised(reference, truths_before)?, metric.realised(current, truths_after)?))
    })
}

/// Splits the change of every metric, by what was estimated of either side, in the same order, and by what came there; those without a value
/// are left out.
pub fn changes<M>([before, after]: [Vec<Estimated<M>>; 2], came: impl Fn(&M) -> Option<(f64, f64)>) -> Vec<Split<M>> {
    let estimates = before.into_iter().zip(after);
    let change = |(before, after): (Estimated<M>, Estimated<M>)| {
        let metric = before.metric;
        let (came_before, came_after) = came(&metric)?;
        let (total, inputs) = (came_after - came_before, after.value? - before.value?);
        let chance = 3.0 * libm::hypot(before.sampling_error, after.sampling_error);
        Some(Split { metric, total, inputs, relation: total - inputs, chance })
    };
    estimates.filter_map(change).collect()
}

fn is_beyond(value: f64, (lower, upper): (Option<f64>, Option<f64>)) -> bool {
    lower.is_some_and(|bound| value < bound) || upper.is_some_and(|bound| value > bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    fn columns(prediction: Option<&str>, score: Option<&str>) -> Columns {
        Columns {
            target: "y".to_owned(),
            prediction: prediction.map(str::to_owned),
            score: score.map(str::to_owned),
            positive: None,
            threshold: 0.5,
        }
    }

    /// Rows whose labels follow the score, all of it multiplied; every `gap`-th label is missing.
    fn table(seed: u64, n: usize, scale: f64, gap: usize) -> Dataset {
        let mut rng = Rng::new(seed);
        let scores: Vec<f64> = (0..n).map(|_| rng.uniform() * scale).collect();
        let truth = |(row, score): (usize, &f64)| {
            let truth = f64::from(u8::from(rng.uniform() < *score));
            if (row + 1).is_multiple_of(gap) { f64::NAN } else { truth }
        };
        let truths = scores.iter().enumerate().map(truth).collect();
        Dataset::new(vec![Column::numbers("y", truths), Column::fractions("score", scores)]).unwrap()
    }

    fn of(reference: &Dataset, current: &Dataset, columns: &Columns) -> Result<Found, PerformanceError> {
        let report = performance(Reference(reference), Current(current), columns, Some(1000))?;
        let text = serde_json::to_string(&report).unwrap();
        let again: PerformanceReport = serde_json::from_str(&text).unwrap();
        assert_eq!(again, report);
        Ok(report.found)
    }

    #[test]
    fn windows_know_what_share_of_their_labels_has_come() {
        let columns = columns(None, Some("score"));
        let (reference, current) = (table(1, 10_000, 1.0, usize::MAX), table(2, 2_500, 1.0, 5));
        let Found::Binary(found) = of(&reference, &current, &columns).unwrap() else { panic!("two classes") };
        let places: Vec<(u64, u64)> =
            found.windows[10..].iter().map(|window| (window.place.n_rows, window.place.n_labelled)).collect();
        assert_eq!(places, [(1000, 800), (1000, 800), (500, 400)]);
        // Bands are counted where all labels came only.
        assert!(found.bands.is_empty());
        let all = table(2, 2_500, 1.0, usize::MAX);
        let Found::Binary(found) = of(&reference, &all, &columns).unwrap() else { panic!("two classes") };
        assert!(found.bands.iter().all(|found| found.bands.n_windows == 3 && found.bands.n_held >= 2));
        // No label at all.
        let none = Dataset::new(vec![all.column("score").unwrap().clone()]).unwrap();
        let Found::Binary(found) = of(&reference, &none, &columns).unwrap() else { panic!("two classes") };
        assert!(found.current.is_none() && found.splits.is_empty() && found.windows[11].realised.is_none());
    }

    #[test]
    fn a_loss_by_the_inputs_is_told_from_one_by_the_relation() {
        let columns = columns(None, Some("score"));
        let reference = table(3, 10_000, 1.0, usize::MAX);
        let split = |current: &Dataset| {
            let Found::Binary(found) = of(&reference, current, &columns).unwrap() else { panic!("two classes") };
            *found.splits.iter().find(|split| split.metric == Metric::Accuracy).unwrap()
        };
        // Scores from 0 to 0.6: more rows lie near the threshold, and mean what they say.
        let by_inputs = split(&table(4, 10_000, 0.6, usize::MAX));
        assert!(by_inputs.inputs < -by_inputs.chance && by_inputs.relation.abs() < by_inputs.chance, "{by_inputs:?}");
        // The same scores, half of whose labels are drawn by a coin.
        let same = table(5, 10_000, 1.0, usize::MAX);
        let mut rng = Rng::new(6);
        let Values::Numbers(truths) = &same.column("y").unwrap().values else { panic!("numbers") };
        let coin = |&truth: &f64| if rng.uniform() < 0.5 { f64::from(u8::from(rng.uniform() < 0.5)) } else { truth };
        let truths = truths.as_slice().iter().map(coin).collect();
        let turned = Dataset::new(vec![Column::numbers("y", truths), same.column("score").unwrap().clone()]).unwrap();
        let by_relation = split(&turned);
        assert!(by_relation.relation < -3.0 * by_relation.chance, "{by_relation:?}");
        assert!(by_relation.inputs.abs() < by_relation.chance, "{by_relation:?}");
    }

    #[test]
    fn a_number_is_measured_by_its_errors() {
        let mut rng = Rng::new(8);
        let mut side = |noise: f64| {
            let truths: Vec<f64> = (0..3000).map(|_| 10.0 + rng.normal()).collect();
            let said = truths.iter().map(|truth| truth + noise * rng.normal()).collect();
            Dataset::new(vec![Column::fractions("y", truths), Column::fractions("p", said)]).unwrap()
        };
        let (reference, current) = (side(1.0), side(2.0));
        let Found::Regression(found) = of(&reference, &current, &columns(Some("p"), None)).unwrap() else {
            panic!("a number")
        };
        let alerts: Vec<bool> = found.windows.iter().map(|window| window.alert).collect();
        assert_eq!(alerts, [false, false, false, true, true, true]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let reference = table(1, 100, 1.0, usize::MAX);
        let error = |columns: &Columns| of(&reference, &reference, columns).unwrap_err().to_string();
        assert_eq!(error(&columns(None, Some("proba"))), "the reference table has no column \"proba\"");
        assert_eq!(error(&columns(None, None)), "name the column that holds the predictions, or the scores");
        let unknown = Columns { positive: Some("2".to_owned()), ..columns(None, Some("score")) };
        assert_eq!(error(&unknown), "the reference's target is never \"2\"");
        let many = Columns { target: "score".to_owned(), ..columns(None, Some("score")) };
        assert!(error(&many).contains("holds 100"));
    }
}
