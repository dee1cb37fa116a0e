//! Whether a linear classifier can tell two sets of embeddings apart.

use super::{BOOTSTRAPS, Embedding, Scored, check, seed};
use crate::performance::ranking::roc_auc;
use crate::random::{Rng, derive_seed};
use crate::stattest::linear_classifier::{LinearClassifier, Loss, Penalty, SparseRows, Training};
use crate::stattest::{Current, NotTested, Reference, random_auc};

/// Evidently's settings: logistic regression with an L2 penalty.
const TRAINING: Training =
    Training { loss: Loss::Log, penalty: Penalty::L2, alpha: 1e-4, max_epochs: 1000, intercept_rate: 1.0 };

/// How well logistic regression tells current embeddings from those of the reference.
///
/// ```text
/// score = P(decision(reference row) > decision(current row)) + P(equal) / 2
/// ```
/// over the rows of a random half, after training on the other half by stochastic gradient descent.
///
/// Inputs: rows of finite numbers, of one width, as they are: the classifier does not scale them. Score: the area under
/// the curve, 0 to 1; large speaks for drift, 0.5 is guessing. With `quantile`, it is held against those of
/// [`BOOTSTRAPS`] classifiers that guess. Declines when a half lacks a side.
///
/// ```
/// use tidemark::data::Column;
/// use tidemark::stattest::embedding::{Embedding, classifier::score};
/// use tidemark::stattest::{Current, Reference};
/// let side = |shift: f64| {
///     let column = Column::fractions("x", (0..100).map(|i| f64::from(i * 37 % 100) / 100.0 + shift).collect());
///     Embedding::of(&[&column]).unwrap()
/// };
/// let found = score(Reference(&side(0.0)), Current(&side(0.8)), Some(0.95)).unwrap();
/// assert!(found.score > 0.9 && found.random_quantile.unwrap() < 0.7);
/// ```
///
/// Source: Lopez-Paz and Oquab, "Revisiting Classifier Two-Sample Tests", ICLR 2017; Evidently 0.7, `ModelDriftMethod`,
/// whose split and training are drawn by another generator: the score agrees up to the chance in that.
///
/// # Errors
/// A side is empty, a half lacks a side, or training left the finite numbers.
pub fn score(
    reference: Reference<&Embedding>,
    current: Current<&Embedding>,
    quantile_of_random: Option<f64>,
) -> Result<Scored, NotTested> {
    check(reference, current, 1)?;
    let (reference, current) = (reference.0, current.0);
    let seed = seed(reference, current);
    let mut rng = Rng::new(seed);
    let mut rows = SparseRows::default();
    for row in reference.rows().chain(current.rows()) {
        rows.push((0..).zip(row.iter().copied()));
    }
    let n_rows = u32::try_from(reference.n() + current.n()).expect("fewer than 2^32 rows");
    let mut samples: Vec<(u32, bool)> = (0..n_rows).map(|row| (row, (row as usize) < reference.n())).collect();
    rng.shuffle(&mut samples);
    let (judged, trained_on) = samples.split_at(samples.len().div_ceil(2));
    let has_both = |samples: &[(u32, bool)]| samples.iter().any(|(_, is)| *is) && samples.iter().any(|(_, is)| !is);
    if !has_both(judged) || !has_both(trained_on) {
        return Err(NotTested::OneSidedSplit);
    }
    let classifier = LinearClassifier::train(&rows, reference.width(), trained_on, &TRAINING, &mut rng)?;
    let truths: Vec<bool> = judged.iter().map(|(_, is_reference)| *is_reference).collect();
    let probabilities: Vec<f64> = judged.iter().map(|(row, _)| classifier.probability(&rows, *row as usize)).collect();
    let score = roc_auc(&truths, &probabilities).ok_or(NotTested::OneSidedSplit)?;
    let n_reference = truths.iter().filter(|is_reference| **is_reference).count() as u64;
    let n_current = truths.len() as u64 - n_reference;
    let random_quantile = quantile_of_random.map(|q| {
        let mut rng = Rng::new(derive_seed(seed, 1));
        random_auc::quantile_of_random(&mut rng, n_reference, n_current, BOOTSTRAPS, q)
    });
    let n = (reference.n() as u64, current.n() as u64);
    Ok(Scored { score, random_quantile, seed: Some(seed), n })
}
