//! How a model did on rows of the log: by the labels that have come to them, and by what its scores let expect.

mod bench;
mod deploys;
mod detectors;
mod estimator;
mod follow;
mod known;
mod mistakes;
mod page;

use std::collections::BTreeSet;
use tidemark::performance::estimated::Estimated;
use tidemark::performance::{BinaryPerformance, MulticlassPerformance, RegressionPerformance, Summary};
use tidemark_log::{Answers, Outcome, ReadError, Reader, Rows, Value};

use estimator::Word;
pub(super) use follow::Follower;
pub(super) use known::{Known, Reference};

/// A row whose truth is known: its place in the rows, and the truth.
type Labelled = (usize, Value);

/// The figures of these rows of the log; `None` where no label has come to any of them. What is labelled by a class that the
/// model does not know, or with something that is no number where numbers are predicted, is not counted as labelled.
///
/// Of two classes the positive one is the later one, in the model's order or else in that of their names.
pub(super) fn of(reader: &Reader, model: &str, rows: &Rows) -> Result<Option<Summary>, ReadError> {
    let mut labels = reader.labels_of(model, &rows.ids)?;
    let known = rows.ids.iter().enumerate();
    let known: Vec<Labelled> = known.filter_map(|(row, id)| Some((row, labels.remove(id)?.label.value))).collect();
    let Some((first, _)) = known.first() else { return Ok(None) };
    let n_rows = rows.len() as u64;
    Ok(match &rows.streams[*first].layout().answers {
        Answers::Numbers => of_numbers(rows, &known, n_rows),
        Answers::Classes(classes) | Answers::Scored(classes) => of_classes(rows, &known, n_rows, classes, true),
        Answers::Names => {
            let said = known.iter().filter_map(|(row, _)| name_of(&rows.outcomes[*row], &[]));
            let names: BTreeSet<String> = said.chain(known.iter().filter_map(|(_, truth)| text_of(truth))).collect();
            let names: Vec<String> = names.into_iter().collect();
            of_classes(rows, &known, n_rows, &names, names.len() == 2)
        }
    })
}

fn of_numbers(rows: &Rows, known: &[Labelled], n_rows: u64) -> Option<Summary> {
    let pair = |(row, truth): &Labelled| match (truth, &rows.outcomes[*row]) {
        (Value::Number(truth), Outcome::Number(said)) => Some((*truth, *said)),
        _ => None,
    };
    let (truths, said): (Vec<f64>, Vec<f64>) = known.iter().filter_map(pair).unzip();
    (!truths.is_empty()).then(|| Summary::of_regression(n_rows, &RegressionPerformance::of(&truths, &said)))
}

/// `are_scored` says whether the scores stand in the order of `classes`.
fn of_classes(rows: &Rows, known: &[Labelled], n_rows: u64, classes: &[String], are_scored: bool) -> Option<Summary> {
    let place = |name: String| classes.iter().position(|class| *class == name);
    let pairs = known.iter().filter_map(|(row, truth)| {
        let said = place(name_of(&rows.outcomes[*row], classes)?)?;
        Some((*row, place(text_of(truth)?)?, said))
    });
    let pairs: Vec<(usize, usize, usize)> = pairs.collect();
    if pairs.is_empty() {
        return None;
    }
    if classes.len() <= 2 {
        let truths: Vec<bool> = pairs.iter().map(|(_, truth, _)| *truth == 1).collect();
        let said: Vec<bool> = pairs.iter().map(|(.., said)| *said == 1).collect();
        let score = |&(row, _, said): &(usize, usize, usize)| {
            rows.scores[row].last().copied().unwrap_or(if said == 1 { 1.0 } else { 0.0 })
        };
        let scores: Vec<f64> = pairs.iter().map(score).collect();
        return Some(Summary::of_binary(n_rows, &BinaryPerformance::of(&truths, &said, &scores)));
    }
    let n = classes.len();
    let index = |place: usize| u32::try_from(place).expect("a model has fewer than 2^32 classes");
    let truths: Vec<u32> = pairs.iter().map(|(_, truth, _)| index(*truth)).collect();
    let said: Vec<u32> = pairs.iter().map(|(.., said)| index(*said)).collect();
    let is_scored = are_scored && pairs.iter().all(|(row, ..)| rows.scores[*row].len() == n);
    if !is_scored {
        return Some(of_unscored_classes(n_rows, &truths, &said, n));
    }
    let scores: Vec<f64> = pairs.iter().flat_map(|(row, ..)| rows.scores[*row].iter().copied()).collect();
    Some(Summary::of_multiclass(n_rows, &MulticlassPerformance::of(&truths, &said, &scores, n)))
}

/// The figures that need no scores, of `n_classes` classes.
fn of_unscored_classes(n_rows: u64, truths: &[u32], said: &[u32], n_classes: usize) -> Summary {
    // All of its trust in the class that was said.
    let trust =
        |said: &u32| (0..n_classes).map(|class| if class == *said as usize { 1.0 } else { 0.0 }).collect::<Vec<_>>();
    let scores: Vec<f64> = said.iter().flat_map(trust).collect();
    let mut summary = Summary::of_multiclass(n_rows, &MulticlassPerformance::of(truths, said, &scores, n_classes));
    summary.figures.retain(|named| !matches!(named.name.as_str(), "log_loss" | "roc_auc"));
    summary
}

/// What the scores of these rows let expect; `None` where a row has no score, or nothing calibrates it.
pub(super) fn estimate(rows: &Rows, reference: &Reference, window_rows: u64) -> Option<Vec<Estimated<String>>> {
    let estimator = reference.estimator(window_rows).ok()?;
    let classes = &reference.known.classes;
    let said: Vec<f64> = (rows.outcomes.iter().zip(&rows.streams))
        .map(|(outcome, stream)| {
            let name = match (outcome, &stream.layout().answers) {
                (Outcome::Number(number), _) => return *number,
                (_, Answers::Classes(classes)) => name_of(outcome, classes),
                _ => name_of(outcome, &[]),
            };
            let place = name.and_then(|name| classes.iter().position(|class| *class == name));
            place.map_or(f64::NAN, |place| place as f64)
        })
        .collect();
    let losses = if estimator.needs_features() { estimator.losses(&rows.features, &said) } else { Vec::new() };
    let words = said.iter().zip(&rows.scores).enumerate().map(|(row, (&said, scores))| Word {
        said,
        score: scores.last().copied().unwrap_or(f64::NAN),
        more: losses.get(row).map_or(scores.as_slice(), AsRef::as_ref),
    });
    // Of two classes the later one is the positive one.
    Some(estimator.estimate(&estimator.said(words, Some(1.0))?))
}

/// The class that was said, by its name.
fn name_of(outcome: &Outcome, classes: &[String]) -> Option<String> {
    match outcome {
        Outcome::Class(class) => classes.get(*class as usize).cloned(),
        Outcome::Label(name) => Some(name.to_string()),
        Outcome::Number(_) => None,
    }
}

/// A truth as the name of a class.
fn text_of(truth: &Value) -> Option<String> {
    match truth {
        Value::Text(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Missing => None,
    }
}
