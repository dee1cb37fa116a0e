//! How the numbers in the leaves become an answer.
//!
//! The operators `TreeEnsembleClassifier`, `TreeEnsembleRegressor` and `TreeEnsemble` of ONNX (ai.onnx.ml 1 to 5) define
//! these steps; where their text leaves a choice, what onnxruntime 1.32 does is meant.

use serde::{Deserialize, Serialize};

/// What a forest answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// A class, and a score for each class: its probability, unless whoever made the forest left it raw.
    Classification,
    /// One number, or several.
    Regression,
}

impl Task {
    /// The task's name, as it is stored and typed on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Classification => "classification",
            Self::Regression => "regression",
        }
    }
}

/// The numbers a forest computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// A row's values are rounded to 32 bits before they are compared, and sums are made in 32 bits, tree by tree: what
    /// onnxruntime does with a model that takes `float`.
    Single,
    /// 64 bits throughout.
    Double,
}

/// What is made of the trees' numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Their mean.
    Average,
    /// Their sum.
    Sum,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

/// What is done to the aggregated numbers last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// Nothing.
    None,
    /// 1 / (1 + exp(-x)), each by itself.
    Logistic,
    /// exp(x) over the sum of all exp(x).
    Softmax,
    /// The same over those that are not 0 (within 1e-7); those stay near 0.
    SoftmaxZero,
    /// The normal quantile of x, by Winitzki's approximation of the error function, as onnxruntime has it.
    Probit,
    /// exp(x), each by itself: the answer of models for counts and amounts (Poisson, gamma, Tweedie).
    Exp,
}

/// How the class is found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// The class with the largest number before the transformation, the first of them when several have it.
    Largest,
    /// Of two classes the last one when its number, before the transformation, is above this; else the first.
    LastAbove(f64),
}

/// How the numbers in the leaves become an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// What the answer is.
    pub task: Task,
    /// What it is computed with.
    pub precision: Precision,
    /// What is made of the trees' numbers.
    pub aggregate: Aggregate,
    /// Added after aggregating: one per number in a leaf, or none.
    pub base: Vec<f64>,
    /// What is done last.
    pub transform: Transform,
    /// How the class is found. Without meaning for a regression.
    pub decision: Decision,
}

impl Scoring {
    /// Leaves hold the shares of the classes, and the forest averages them.
    pub const fn class_shares() -> Self {
        Self {
            task: Task::Classification,
            precision: Precision::Double,
            aggregate: Aggregate::Average,
            base: Vec::new(),
            transform: Transform::None,
            decision: Decision::Largest,
        }
    }

    /// Leaves hold a number, and the forest averages them.
    pub fn mean() -> Self {
        Self { task: Task::Regression, ..Self::class_shares() }
    }

    /// Numbers that [`Scoring::finish`] makes of `n_outputs` numbers per leaf: with one number per leaf and two classes,
    /// the first class gets what the second leaves.
    pub const fn n_scores(&self, n_outputs: usize) -> usize {
        match self.task {
            Task::Classification if n_outputs == 1 => 2,
            _ => n_outputs,
        }
    }

    /// Turns aggregated numbers, the base included, into scores, and returns the class (0 for a regression).
    ///
    /// The `n_outputs` numbers lie at the end of `scores`, which has room for [`Scoring::n_scores`].
    pub(super) fn finish(&self, n_outputs: usize, scores: &mut [f64]) -> usize {
        let last = scores.len() - 1;
        if self.task == Task::Regression {
            self.transform.apply(scores);
            return 0;
        }
        let class = match self.decision {
            Decision::Largest => first_largest(scores),
            Decision::LastAbove(threshold) => usize::from(scores[last] > threshold),
        };
        if n_outputs == 1 {
            // Where a half decides and nothing is done to it, the number is a share of the second class.
            let is_share = self.decision == Decision::LastAbove(0.5) && self.transform == Transform::None;
            scores[0] = if is_share { 1.0 - scores[1] } else { -scores[1] };
        }
        self.transform.apply(scores);
        class
    }
}

impl Default for Scoring {
    fn default() -> Self {
        Self::class_shares()
    }
}

fn first_largest(numbers: &[f64]) -> usize {
    let mut best = 0;
    for (place, &number) in numbers.iter().enumerate() {
        if number > numbers[best] {
            best = place;
        }
    }
    best
}

impl Transform {
    fn apply(self, numbers: &mut [f64]) {
        match self {
            Self::None => {}
            Self::Logistic => numbers.iter_mut().for_each(|x| *x = logistic(*x)),
            Self::Probit => numbers.iter_mut().for_each(|x| *x = probit(*x)),
            Self::Exp => numbers.iter_mut().for_each(|x| *x = libm::exp(*x)),
            Self::Softmax => softmax(numbers, |_| false),
            Self::SoftmaxZero => softmax(numbers, |x| x.abs() <= 1e-7),
        }
    }
}

fn logistic(x: f64) -> f64 {
    let y = 1.0 / (1.0 + libm::exp(-x.abs()));
    if x < 0.0 { 1.0 - y } else { y }
}

/// sqrt(2) erf⁻¹(2x - 1). Winitzki, "A handy approximation for the error function and its inverse" (2008), a = 0.147.
fn probit(x: f64) -> f64 {
    const A: f64 = 0.147;
    let y = 2.0 * x - 1.0;
    let log = libm::log((1.0 - y) * (1.0 + y));
    let half = 2.0 / (std::f64::consts::PI * A) + 0.5 * log;
    let erf_inverse = libm::sqrt(libm::sqrt(half * half - log / A) - half);
    std::f64::consts::SQRT_2 * if y < 0.0 { -erf_inverse } else { erf_inverse }
}

/// Numbers that are `left_out` are no part of the sum and become themselves times exp(-largest), over the sum.
fn softmax(numbers: &mut [f64], left_out: impl Fn(f64) -> bool) {
    let largest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for x in &mut *numbers {
        if left_out(*x) {
            *x *= libm::exp(-largest);
        } else {
            *x = libm::exp(*x - largest);
            sum += *x;
        }
    }
    numbers.iter_mut().for_each(|x| *x /= sum);
}
