//! `golden-metrics/1`: scikit-learn's figures of merit.
//!
//! Where a figure has no value, the answer here is the one that scikit-learn then gives.

use serde_json::{Value, json};

use super::GoldenError;
use super::numbers::{numbers, written};
use crate::performance::multiclass::{self, Average, one_against_one_area, one_against_rest, one_against_rest_area};
use crate::performance::regression::Errors;
use crate::performance::reliability::{Binning, Reliability, reliability};
use crate::performance::{BinaryPerformance, Confusion, Figure, MulticlassPerformance, Ranking, RegressionPerformance};

/// One answer per question, in their order.
pub(super) fn answer(case: &Value) -> Result<Value, GoldenError> {
    let questions = case["results"].as_array().ok_or(GoldenError::Malformed { key: "results", expected: "a list" })?;
    let answers: Result<Vec<Value>, GoldenError> = match case["task"].as_str().unwrap_or_default() {
        "binary" => {
            let rows = Binary::read(case)?;
            questions.iter().map(|question| rows.answer(question)).collect()
        }
        "multiclass" => {
            let rows = Multiclass::read(case)?;
            questions.iter().map(|question| rows.answer(question)).collect()
        }
        "regression" => {
            let (truths, predictions) = (numbers(case, "y_true")?, numbers(case, "y_pred")?);
            check_length(predictions.len(), truths.len())?;
            questions.iter().map(|question| of_numbers(&truths, &predictions, question)).collect()
        }
        task => return Err(GoldenError::Unknown(format!("task {task}"))),
    };
    answers.map(|answers| json!(answers))
}

fn check_length(found: usize, expected: usize) -> Result<(), GoldenError> {
    if found == expected {
        Ok(())
    } else {
        Err(GoldenError::Malformed { key: "y_pred", expected: "as long as y_true" })
    }
}

fn metric(question: &Value) -> &str {
    question["metric"].as_str().unwrap_or_default()
}

fn unknown(question: &Value) -> GoldenError {
    GoldenError::Unknown(format!("metric {} {}", metric(question), question["params"]))
}

fn or(figure: Figure, otherwise: f64) -> Value {
    written(figure.value().unwrap_or(otherwise))
}

fn list(values: impl IntoIterator<Item = f64>) -> Value {
    values.into_iter().map(written).collect()
}

struct Binary {
    truths: Vec<bool>,
    scores: Vec<f64>,
    found: BinaryPerformance,
}

impl Binary {
    fn read(case: &Value) -> Result<Self, GoldenError> {
        let is_positive = |key| Ok(numbers(case, key)?.into_iter().map(|class| class == 1.0).collect::<Vec<bool>>());
        let (truths, said, scores) = (is_positive("y_true")?, is_positive("y_pred")?, numbers(case, "y_score")?);
        check_length(said.len(), truths.len())?;
        check_length(scores.len(), truths.len())?;
        let found = BinaryPerformance::of(&truths, &said, &scores);
        Ok(Self { truths, scores, found })
    }

    fn answer(&self, question: &Value) -> Result<Value, GoldenError> {
        let (found, parameters) = (&self.found, &question["params"]);
        let zero_division = parameters["zero_division"].as_f64().unwrap_or(0.0);
        Ok(match metric(question) {
            "accuracy" => or(found.accuracy, f64::NAN),
            "balanced_accuracy" => {
                let recalls = [found.recall.value(), found.specificity.value()];
                let known: Vec<f64> = recalls.into_iter().flatten().collect();
                written(known.iter().sum::<f64>() / known.len() as f64)
            }
            "precision" => or(found.precision, zero_division),
            "recall" => or(found.recall, zero_division),
            "specificity" => or(found.specificity, zero_division),
            "f1" => or(found.f1, zero_division),
            "fbeta" => {
                let beta = parameters["beta"].as_f64().ok_or_else(|| unknown(question))?;
                written(found.confusion.f_beta(beta).unwrap_or(zero_division))
            }
            "matthews_corrcoef" => written(found.confusion.matthews_correlation().unwrap_or(0.0)),
            "cohen_kappa" => written(found.confusion.cohen_kappa().unwrap_or(f64::NAN)),
            "confusion_matrix" => json!(found.confusion.matrix()),
            "roc_auc" => or(found.roc_auc, f64::NAN),
            "average_precision" => or(found.average_precision, 0.0),
            "log_loss" => or(found.log_loss, f64::NAN),
            "brier" => or(found.brier, f64::NAN),
            "ece" => {
                let diagram = self.reliability(parameters["bins"].as_u64(), Binning::Uniform, question)?;
                json!({"ece": written(diagram.ece), "mce": written(diagram.mce)})
            }
            "calibration_curve" => {
                let binning = match parameters["strategy"].as_str() {
                    Some("uniform") => Binning::Uniform,
                    Some("quantile") => Binning::Quantile,
                    _ => return Err(unknown(question)),
                };
                let bins = self.reliability(parameters["n_bins"].as_u64(), binning, question)?.bins;
                let came = bins.iter().map(|bin| bin.share_positive.value().expect("a bin holds rows"));
                json!({"prob_true": list(came), "prob_pred": list(bins.iter().map(|bin| bin.mean_probability))})
            }
            "roc_curve" => roc_curve(&Ranking::of(&self.truths, &self.scores)),
            "pr_curve" => pr_curve(&Ranking::of(&self.truths, &self.scores)),
            _ => return Err(unknown(question)),
        })
    }

    fn reliability(&self, bins: Option<u64>, binning: Binning, question: &Value) -> Result<Reliability, GoldenError> {
        let bins = usize::try_from(bins.unwrap_or(0)).unwrap_or(0);
        reliability(&self.truths, &self.scores, bins, binning).ok_or_else(|| unknown(question))
    }
}

/// `roc_curve`: without the points at which neither rate turns.
fn roc_curve(ranking: &Ranking) -> Value {
    let points: Vec<_> = ranking.thresholds().collect();
    let turns = |at: usize| {
        let hits = |i: usize| points[i].confusion.true_positive;
        let alarms = |i: usize| points[i].confusion.false_positive;
        at <= 1
            || at == points.len() - 1
            || hits(at) - hits(at - 1) != hits(at + 1) - hits(at)
            || alarms(at) - alarms(at - 1) != alarms(at + 1) - alarms(at)
    };
    let kept: Vec<_> = (0..points.len()).filter(|&at| turns(at)).map(|at| &points[at]).collect();
    let rate = |part: u64, whole: u64| part as f64 / whole as f64;
    let alarms = kept.iter().map(|at| rate(at.confusion.false_positive, at.confusion.n_negative()));
    let hits = kept.iter().map(|at| rate(at.confusion.true_positive, at.confusion.n_positive()));
    let thresholds = kept.iter().map(|at| at.threshold.unwrap_or(f64::INFINITY));
    json!({"fpr": list(alarms), "tpr": list(hits), "thresholds": list(thresholds)})
}

/// `precision_recall_curve`: by rising threshold, and at its end the point at which nothing is called positive.
fn pr_curve(ranking: &Ranking) -> Value {
    let points: Vec<_> = ranking.thresholds().collect();
    let rising = || points.iter().rev();
    let precision = |at: &Confusion| at.precision().value().unwrap_or(1.0);
    let recall = |at: &Confusion| at.recall().value().unwrap_or(if at.n_called() > 0 { 1.0 } else { 0.0 });
    json!({
        "precision": list(rising().map(|at| precision(&at.confusion))),
        "recall": list(rising().map(|at| recall(&at.confusion))),
        "thresholds": list(rising().filter_map(|at| at.threshold)),
    })
}

struct Multiclass {
    truths: Vec<u32>,
    scores: Vec<f64>,
    n_classes: usize,
    found: MulticlassPerformance,
}

impl Multiclass {
    fn read(case: &Value) -> Result<Self, GoldenError> {
        let labels = numbers(case, "labels")?;
        let classes = |key| {
            let place = |label| labels.iter().position(|known| *known == label).map(|place| place as u32);
            let places: Option<Vec<u32>> = numbers(case, key)?.into_iter().map(place).collect();
            places.ok_or(GoldenError::Malformed { key, expected: "labels" })
        };
        let (truths, said) = (classes("y_true")?, classes("y_pred")?);
        let rows = case["y_proba"].as_array().ok_or(GoldenError::Malformed { key: "y_proba", expected: "rows" })?;
        let mut scores = Vec::with_capacity(rows.len() * labels.len());
        for row in rows {
            scores.extend(numbers(&json!({"row": row}), "row")?);
        }
        check_length(said.len(), truths.len())?;
        check_length(scores.len(), truths.len() * labels.len())?;
        let found = MulticlassPerformance::of(&truths, &said, &scores, labels.len());
        Ok(Self { truths, scores, n_classes: labels.len(), found })
    }

    fn answer(&self, question: &Value) -> Result<Value, GoldenError> {
        let (found, parameters) = (&self.found, &question["params"]);
        Ok(match metric(question) {
            "accuracy" => or(found.accuracy, f64::NAN),
            "balanced_accuracy" => written(found.balanced_accuracy.unwrap_or(f64::NAN)),
            "confusion_matrix" => json!(found.confusion),
            "matthews_corrcoef" => written(multiclass::matthews_correlation(&found.confusion).unwrap_or(0.0)),
            "cohen_kappa" => written(multiclass::cohen_kappa(&found.confusion).unwrap_or(f64::NAN)),
            "log_loss" => or(found.log_loss, f64::NAN),
            "precision" => self.averaged(Confusion::precision, question)?,
            "recall" => self.averaged(Confusion::recall, question)?,
            "f1" => self.averaged(Confusion::f1, question)?,
            "roc_auc" => {
                let average = match parameters["average"].as_str() {
                    Some("macro") => Average::Macro,
                    Some("weighted") => Average::Weighted,
                    _ => return Err(unknown(question)),
                };
                let area = match parameters["multi_class"].as_str() {
                    Some("ovr") => one_against_rest_area,
                    Some("ovo") => one_against_one_area,
                    _ => return Err(unknown(question)),
                };
                written(area(&self.truths, &self.scores, self.n_classes, average).unwrap_or(f64::NAN))
            }
            _ => return Err(unknown(question)),
        })
    }

    fn averaged(&self, figure: fn(&Confusion) -> Figure, question: &Value) -> Result<Value, GoldenError> {
        let classes: Vec<Confusion> =
            (0..self.n_classes).map(|class| one_against_rest(&self.found.confusion, class)).collect();
        let of_class = |class: &Confusion| figure(class).value().unwrap_or(0.0);
        let n = self.truths.len() as f64;
        Ok(match question["params"]["average"].as_str() {
            Some("per class") => list(classes.iter().map(of_class)),
            Some("macro") => written(classes.iter().map(of_class).sum::<f64>() / classes.len() as f64),
            Some("weighted") => {
                written(classes.iter().map(|class| class.n_positive() as f64 * of_class(class)).sum::<f64>() / n)
            }
            // All classes' hits over all rows, whichever way one looks.
            Some("micro") => or(self.found.accuracy, 0.0),
            _ => return Err(unknown(question)),
        })
    }
}

fn of_numbers(truths: &[f64], predictions: &[f64], question: &Value) -> Result<Value, GoldenError> {
    let found = RegressionPerformance::of(truths, predictions);
    let errors = Errors::of(truths, predictions);
    // Of a target that does not vary all is explained or nothing.
    let constant = if found.max_error == Some(0.0) { 1.0 } else { 0.0 };
    let metric = metric(question);
    Ok(match metric {
        "mae" => or(found.mae, f64::INFINITY),
        "mse" => or(found.mse, f64::INFINITY),
        "rmse" => or(found.rmse, f64::INFINITY),
        "mape" => or(Figure::mean(&errors.relative()), f64::INFINITY),
        "msle" => or(found.msle, f64::NAN),
        "rmsle" => or(found.rmsle, f64::NAN),
        "median_ae" => written(found.median_absolute_error.unwrap_or(f64::NAN)),
        "max_error" => written(found.max_error.unwrap_or(f64::NAN)),
        "mean_error" => or(found.mean_error, f64::NAN),
        // Squares that overflow cancel each other out to NaN here.
        "error_std" => written(errors.std().map_or(f64::NAN, |std| if std.is_nan() { f64::INFINITY } else { std })),
        "r2" => match found.r2 {
            _ if truths.len() < 2 => written(f64::NAN),
            Figure::Undefined { reason: crate::performance::Undefined::ConstantTruth } => written(constant),
            r2 => or(r2, f64::NAN),
        },
        "explained_variance" => {
            // Errors that are all the same leave nothing unexplained.
            let all = match errors.std() {
                None => 1.0,
                Some(std) if std.is_nan() => f64::NAN,
                Some(std) => {
                    if std == 0.0 {
                        1.0
                    } else {
                        0.0
                    }
                }
            };
            written(errors.explained_variance().unwrap_or(all))
        }
        _ => {
            let q = metric.strip_prefix("pinball_").and_then(|q| q.parse().ok()).ok_or_else(|| unknown(question))?;
            written(errors.pinball(q))
        }
    })
}
