//! Maximum mean discrepancy of two sets of embeddings.

use super::mean_distance::sizes;
use super::{BOOTSTRAPS, Embedding, Scored, check, seed};
use crate::num::Sum;
use crate::profile::quantile;
use crate::random::{Rng, derive_seed};
use crate::stattest::{Current, NotTested, Reference, kernel};

/// At most this many rows of a side are compared; from a larger side so many are drawn.
pub const MAX_ROWS: usize = 2000;

/// At most this many rows of a side go into the median distance.
const MAX_ROWS_OF_MEDIAN: usize = 1000;

/// How far apart two sets of embeddings are by the means of all functions of a Gaussian kernel at once.
///
/// ```text
/// MMD2 = sum K(x, x') / (n (n - 1)) + sum K(y, y') / (m (m - 1)) - 2 sum K(x, y) / (n m)
/// K(a, b) = exp(-|a - b|^2 / s^2),  s = median of |x - y|
/// score = max(MMD2, 0)
/// ```
/// where `x` are `n` reference and `y` are `m` current rows; the median is over up to 1000 rows of each side. With
/// `quantile`, MMD2 is held against that of [`BOOTSTRAPS`] pairs of samples drawn from the reference with replacement,
/// whose kernel has the reference's own median distance.
///
/// Inputs: rows of finite numbers, of one width. Score: 0 upwards; large speaks for drift. Of a side larger than
/// [`MAX_ROWS`] so many rows are drawn, seeded. Declines when a side has fewer than two rows, and when the median
/// distance is 0.
///
/// ```
/// use tidemark::data::Column;
/// use tidemark::stattest::embedding::{Embedding, mmd::score};
/// use tidemark::stattest::{Current, Reference};
/// let side = |shift: f64| {
///     let column = Column::fractions("x", (0..50).map(|i| f64::from(i * 7 % 50) + shift).collect());
///     Embedding::of(&[&column]).unwrap()
/// };
/// let (near, far) = (side(1.0), side(40.0));
/// let score = |current| score(Reference(&side(0.0)), Current(current), None).unwrap().score;
/// assert!(score(&near) == 0.0 && score(&far) > 0.3);
/// ```
///
/// Source: Gretton et al., "A Kernel Two-Sample Test", J. Machine Learning Research 13 (2012), equation 3; agrees with
/// Evidently 0.7, `MMDDriftMethod`.
///
/// # Errors
/// A side has fewer than two rows, or the median distance is 0 or not finite.
pub fn score(
    reference: Reference<&Embedding>,
    current: Current<&Embedding>,
    quantile_of_random: Option<f64>,
) -> Result<Scored, NotTested> {
    check(reference, current, 2)?;
    let seed = seed(reference.0, current.0);
    let mut rng = Rng::new(seed);
    let mut draw = |side: &Embedding, most: usize| side.choose(&rng.choose(side.n(), most));
    let (x, y) = (draw(reference.0, MAX_ROWS), draw(current.0, MAX_ROWS));
    let width = median_distance(&draw(&x, MAX_ROWS_OF_MEDIAN), &draw(&y, MAX_ROWS_OF_MEDIAN))?;
    let score = statistic(&x, &y, 1.0 / (width * width));
    if !score.is_finite() {
        return Err(NotTested::NotFinite);
    }
    let random_quantile = match quantile_of_random {
        Some(q) => Some(bootstrap(&x, y.n(), q, derive_seed(seed, 1))?),
        None => None,
    };
    let is_drawn = x.n() < reference.0.n() || y.n() < current.0.n() || x.n().max(y.n()) > MAX_ROWS_OF_MEDIAN;
    let seed = (is_drawn || random_quantile.is_some()).then_some(seed);
    Ok(Scored { score: score.max(0.0), random_quantile, seed, n: (x.n() as u64, y.n() as u64) })
}

fn square(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

fn median_distance(x: &Embedding, y: &Embedding) -> Result<f64, NotTested> {
    let mut distances: Vec<f64> = x.rows().flat_map(|a| y.rows().map(|b| square(a, b).sqrt())).collect();
    let n = distances.len();
    let (below, upper, _) = distances.select_nth_unstable_by(n / 2, f64::total_cmp);
    let median = if n % 2 == 1 {
        *upper
    } else {
        let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (lower + *upper) / 2.0
    };
    // A distance of 0 between half of the pairs leaves the kernel without a width.
    if median > 0.0 && median.is_finite() { Ok(median) } else { Err(NotTested::NotFinite) }
}

fn statistic(x: &Embedding, y: &Embedding, gamma: f64) -> f64 {
    let entry = |a: &[f64], b: &[f64]| libm::exp(-gamma * square(a, b));
    let within = |side: &Embedding| -> f64 {
        let n = side.n();
        let pairs = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        let sum = pairs.map(|(i, j)| entry(side.row(i), side.row(j))).collect::<Sum>().value();
        2.0 * sum / (n as f64 * (n as f64 - 1.0))
    };
    let between = x.rows().flat_map(|a| y.rows().map(move |b| entry(a, b))).collect::<Sum>().value();
    within(x) + within(y) - 2.0 * between / (x.n() as f64 * y.n() as f64)
}

/// The quantile of the statistic between two samples of `x`.
fn bootstrap(x: &Embedding, n_current: usize, q: f64, seed: u64) -> Result<f64, NotTested> {
    let n = x.n();
    // Fewer than two rows have no pair.
    let samples = sizes(n, n_current).map(|size| size.max(2));
    let mut rng = Rng::new(seed);
    let width = {
        let drawn = x.choose(&rng.choose(n, MAX_ROWS_OF_MEDIAN));
        median_distance(&drawn, &drawn)?
    };
    let gamma = 1.0 / (width * width);
    // How often each row is in the first sample, in the second, and in both together.
    let mut weights = vec![0.0; n * 3 * BOOTSTRAPS];
    for bootstrap in 0..BOOTSTRAPS {
        for (which, size) in samples.into_iter().enumerate() {
            for _ in 0..size {
                let row = rng.below(n as u64) as usize;
                let at = row * 3 * BOOTSTRAPS + 3 * bootstrap;
                weights[at + which] += 1.0;
                weights[at + 2] += 1.0;
            }
        }
    }
    let sums = kernel::sums(n, &weights, |i, j| libm::exp(-gamma * square(x.row(i), x.row(j))));
    let [first, second] = samples.map(|size| size as f64);
    let statistic = |bootstrap: usize| {
        // The kernel of a row with itself, drawn twice, is 1.
        let weights_of = |row: usize| &weights[row * 3 * BOOTSTRAPS + 3 * bootstrap..][..3];
        let itself = |a: usize, b: usize| (0..n).map(|row| weights_of(row)[a] * weights_of(row)[b]).sum::<f64>();
        let [form_first, form_second, form_both] = [0, 1, 2].map(|which| sums.forms[3 * bootstrap + which]);
        let between = (form_both - form_first - form_second) / 2.0 + itself(0, 1);
        (form_first + itself(0, 0) - first) / (first * (first - 1.0))
            + (form_second + itself(1, 1) - second) / (second * (second - 1.0))
            - 2.0 * between / (first * second)
    };
    let mut statistics: Vec<f64> = (0..BOOTSTRAPS).map(statistic).collect();
    statistics.sort_unstable_by(f64::total_cmp);
    quantile(&statistics, q).ok_or(NotTested::NotFinite)
}
