//! What a model says to rows that it was not trained on: kept to hold live predictions against, and measured.

use super::target::Truths;
use super::{PREDICTION, PROBABILITY};
use crate::data::Column;
use crate::forest::{Answers, Forest, Task};
use crate::performance::{BinaryPerformance, MulticlassPerformance, RegressionPerformance};
use crate::schema::{ColumnRole, ColumnSpec, ColumnType};

/// The columns that a model of this task answers with.
pub(super) fn specs(task: Task) -> Vec<ColumnSpec> {
    let spec = |name: &str, column_type| ColumnSpec {
        name: name.to_owned(),
        column_type,
        role: ColumnRole::Prediction,
        is_declared: true,
    };
    match task {
        Task::Classification => {
            vec![spec(PREDICTION, ColumnType::Categorical), spec(PROBABILITY, ColumnType::Numerical)]
        }
        Task::Regression => vec![spec(PREDICTION, ColumnType::Numerical)],
    }
}

/// The answers as columns, in the order of [`specs`].
pub(super) fn columns(forest: &Forest, answers: &Answers) -> Vec<Column> {
    match forest.task() {
        Task::Classification => {
            let classes = answers.classes.iter().map(|&class| f64::from(class)).collect();
            vec![Column::numbers(PREDICTION, classes), Column::fractions(PROBABILITY, probabilities(forest, answers))]
        }
        Task::Regression => vec![Column::fractions(PREDICTION, answers.scores.clone())],
    }
}

/// See [`super::Model::probability`].
pub(super) fn probability(forest: &Forest, class: usize, scores: &[f64]) -> f64 {
    if scores.len() > 2 && forest.task() == Task::Classification { scores[class] } else { scores[scores.len() - 1] }
}

/// [`probability`] of every answer.
pub(super) fn probabilities(forest: &Forest, answers: &Answers) -> Vec<f64> {
    let rows = answers.classes.iter().zip(answers.scores.chunks_exact(forest.n_scores()));
    rows.map(|(&class, scores)| probability(forest, class as usize, scores)).collect()
}

/// The figures of merit of the answers. Where scores are no probabilities, those that take them for some are left out.
pub(super) fn metrics(forest: &Forest, answers: &Answers, truths: &Truths) -> Vec<(String, f64)> {
    match truths {
        Truths::Numbers(numbers) => RegressionPerformance::of(numbers, &answers.scores).named(),
        Truths::Classes(classes) if forest.n_classes() == 2 => {
            let is_positive = |classes: &[u32]| -> Vec<bool> { classes.iter().map(|&class| class == 1).collect() };
            let (truths, said) = (is_positive(classes), is_positive(&answers.classes));
            BinaryPerformance::of(&truths, &said, &probabilities(forest, answers)).named()
        }
        Truths::Classes(classes) => {
            MulticlassPerformance::of(classes, &answers.classes, &answers.scores, forest.n_classes()).named()
        }
    }
}
