//! How far the mean embedding moved.

use serde::{Deserialize, Serialize};

use super::{BOOTSTRAPS, Embedding, Scored, check, seed};
use crate::num::Sum;
use crate::profile::quantile;
use crate::random::Rng;
use crate::stattest::{Current, NotTested, Reference};

/// How the distance of two points is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "EmbeddingMetric"))]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The root of the sum of squared differences.
    #[default]
    Euclidean,
    /// 1 minus the cosine of the angle between the points, seen from the origin.
    Cosine,
    /// The sum of the sizes of the differences.
    Cityblock,
    /// The largest difference.
    Chebyshev,
}

/// The distance between the mean embeddings of both sides.
///
/// ```text
/// score = d(mean of the reference's rows, mean of the current rows)
/// ```
/// With `quantile`, the score is held against the distances between [`BOOTSTRAPS`] pairs of samples that are drawn from the
/// reference with replacement, `n^2 / (n + m)` and `n m / (n + m)` rows large.
///
/// Inputs: rows of finite numbers, of one width. Score: 0 upwards (cosine: 0 to 2), in the values' unit but for cosine;
/// large speaks for drift. Declines when a side is empty, and when a mean lies in the origin, where there is no angle.
///
/// ```
/// use tidemark::data::Column;
/// use tidemark::stattest::embedding::{Embedding, mean_distance::{Metric, score}};
/// use tidemark::stattest::{Current, Reference};
/// let side = |x: f64, y: f64| {
///     let columns = [Column::fractions("x", vec![x, x]), Column::fractions("y", vec![y, y + 2.0])];
///     Embedding::of(&columns.each_ref()).unwrap()
/// };
/// let found = score(Reference(&side(0.0, 0.0)), Current(&side(3.0, 4.0)), Metric::Euclidean, None).unwrap();
/// assert_eq!(found.score, 5.0);
/// ```
///
/// Source: Evidently 0.7, `DistanceDriftMethod`, with scipy's distances of these names.
///
/// # Errors
/// A side is empty, or a mean has no direction.
pub fn score(
    reference: Reference<&Embedding>,
    current: Current<&Embedding>,
    metric: Metric,
    quantile_of_random: Option<f64>,
) -> Result<Scored, NotTested> {
    check(reference, current, 1)?;
    let (reference, current) = (reference.0, current.0);
    let score = distance(&mean(reference.rows(), reference), &mean(current.rows(), current), metric);
    if !score.is_finite() {
        return Err(NotTested::NotFinite);
    }
    let seed = quantile_of_random.map(|_| seed(reference, current));
    let random_quantile = quantile_of_random.and_then(|q| bootstrap(reference, current.n(), metric, q, seed?));
    Ok(Scored { score, random_quantile, seed, n: (reference.n() as u64, current.n() as u64) })
}

fn bootstrap(reference: &Embedding, n_current: usize, metric: Metric, q: f64, seed: u64) -> Option<f64> {
    let n = reference.n();
    let [first, second] = sizes(n, n_current);
    let mut rng = Rng::new(seed);
    let mut sample = |size: usize| {
        let rows: Vec<&[f64]> = (0..size).map(|_| reference.row(rng.below(n as u64) as usize)).collect();
        mean(rows.into_iter(), reference)
    };
    let mut distances: Vec<f64> =
        (0..BOOTSTRAPS).map(|_| distance(&sample(first), &sample(second), metric)).filter(|d| d.is_finite()).collect();
    distances.sort_unstable_by(f64::total_cmp);
    quantile(&distances, q)
}

/// The sizes of the samples that a reference of `n` rows stands in with for both sides: in their proportion, `n` together.
pub(super) fn sizes(n: usize, m: usize) -> [usize; 2] {
    [n, m].map(|side| (n as u128 * side as u128 / (n + m) as u128).max(1) as usize)
}

fn mean<'a>(rows: impl ExactSizeIterator<Item = &'a [f64]>, of: &Embedding) -> Vec<f64> {
    let n = rows.len() as f64;
    let mut sums = vec![Sum::default(); of.width()];
    for row in rows {
        for (sum, value) in sums.iter_mut().zip(row) {
            sum.add(*value);
        }
    }
    sums.into_iter().map(|sum| sum.value() / n).collect()
}

fn distance(a: &[f64], b: &[f64], metric: Metric) -> f64 {
    let pairs = || a.iter().zip(b);
    let sum = |terms: &mut dyn Iterator<Item = f64>| terms.collect::<Sum>().value();
    match metric {
        Metric::Euclidean => sum(&mut pairs().map(|(x, y)| (x - y) * (x - y))).sqrt(),
        Metric::Cityblock => sum(&mut pairs().map(|(x, y)| (x - y).abs())),
        Metric::Chebyshev => pairs().map(|(x, y)| (x - y).abs()).fold(0.0, f64::max),
        Metric::Cosine => {
            let product = sum(&mut pairs().map(|(x, y)| x * y));
            let squares = sum(&mut a.iter().map(|x| x * x)) * sum(&mut b.iter().map(|y| y * y));
            1.0 - product / squares.sqrt()
        }
    }
}
