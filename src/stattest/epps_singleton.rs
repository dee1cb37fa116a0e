//! Epps-Singleton test of two samples.

use super::tails::chi_square_sf;
use super::{Current, NotTested, Reference, TestStatistic};
use crate::num::Sum;
use crate::profile::quantile;

/// The characteristic functions are compared at these points, in units of half the pooled interquartile range.
const POINTS: [f64; 2] = [0.4, 0.8];
/// Cosine and sine at each point.
const N: usize = 2 * POINTS.len();

/// An eigenvalue below this share of the largest counts as zero (numpy's `pinv`).
const PINV_CUTOFF: f64 = 1e-15;

/// Below this size of the larger sample the statistic is corrected.
const SMALL: usize = 25;

/// Whether two samples come from one distribution, by their empirical characteristic functions.
///
/// ```text
/// W = N d' S^-1 d,  d = mean of g(x) - mean of g(y),  S = N/n cov g(x) + N/m cov g(y)
/// ```
/// where `g(x)` holds the cosines and sines of `x` at [0.4, 0.8] over half the pooled interquartile range, and `N = n + m`. `W`
/// is chi-square with as many degrees of freedom as `S` has rank, four as a rule. With fewer than 25 values on both sides `W`
/// is multiplied by `1 / (1 + N^-0.45 + 10.1 (n^-1.7 + m^-1.7))`.
///
/// Inputs: two ascending slices of finite numbers. Score: a p-value; small speaks for drift. Declines when a side has fewer
/// than five values, and when the middle half of all values is one value.
///
/// Source: Epps and Singleton, J. Stat. Computation and Simulation 26 (1986), and Goerg and Kaiser, Stata Journal 9 (2009);
/// agrees with `scipy.stats.epps_singleton_2samp`.
///
/// # Errors
/// A side has fewer than five values, or there is no spread in the middle.
pub fn test(reference: Reference<&[f64]>, current: Current<&[f64]>) -> Result<f64, NotTested> {
    Ok(two_sample(reference, current)?.p_value)
}

/// [`test`] with its statistic `W`. Declines as it does.
///
/// ```
/// use tidemark::stattest::{Current, Reference, epps_singleton};
/// // scipy 1.17: epps_singleton_2samp([1, 2, 3, 4, 5, 6], [2, 4, 6, 8, 10, 12, 14]).statistic
/// let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0]);
/// let found = epps_singleton::two_sample(Reference(&a), Current(&b)).unwrap();
/// assert!((found.statistic - 3.9563724648358543).abs() < 1e-9, "{found:?}");
/// ```
///
/// # Errors
/// A side has fewer than five values, or there is no spread in the middle.
pub fn two_sample(reference: Reference<&[f64]>, current: Current<&[f64]>) -> Result<TestStatistic, NotTested> {
    let (a, b) = (reference.0, current.0);
    if a.len() < 5 || b.len() < 5 {
        return Err(NotTested::TooFew { n_reference: a.len() as u64, n_current: b.len() as u64, needed: 5 });
    }
    let mut pooled = [a, b].concat();
    pooled.sort_unstable_by(f64::total_cmp);
    let quartile = |q| quantile(&pooled, q).expect("ten values at least");
    let unit = (quartile(0.75) - quartile(0.25)) / 2.0;
    if unit == 0.0 {
        return Err(NotTested::Constant);
    }
    if !unit.is_finite() {
        return Err(NotTested::NotFinite);
    }
    let (n, m) = (a.len() as f64, b.len() as f64);
    let total = n + m;
    let ((mean_a, cov_a), (mean_b, cov_b)) = (moments(a, unit), moments(b, unit));
    let covariance =
        std::array::from_fn(|i| std::array::from_fn(|j| total / n * cov_a[i][j] + total / m * cov_b[i][j]));
    let difference: [f64; N] = std::array::from_fn(|i| mean_a[i] - mean_b[i]);
    let (form, rank) = inverse_form(covariance, difference);
    let mut w = total * form;
    if a.len().max(b.len()) < SMALL {
        w /= 1.0 + libm::pow(total, -0.45) + 10.1 * (libm::pow(n, -1.7) + libm::pow(m, -1.7));
    }
    if rank == 0 || !w.is_finite() {
        return Err(NotTested::NotFinite);
    }
    Ok(TestStatistic { statistic: w, p_value: chi_square_sf(w, rank) })
}

/// Means and covariances (divided by n) of the cosines and sines.
fn moments(values: &[f64], unit: f64) -> ([f64; N], [[f64; N]; N]) {
    let waves = |value: f64| -> [f64; N] {
        let [t, u] = POINTS.map(|point| point / unit * value);
        [libm::cos(t), libm::cos(u), libm::sin(t), libm::sin(u)]
    };
    let n = values.len() as f64;
    let mut sums = [Sum::default(); N];
    for value in values {
        for (sum, wave) in sums.iter_mut().zip(waves(*value)) {
            sum.add(wave);
        }
    }
    let mean = sums.map(|sum| sum.value() / n);
    let mut products = [[Sum::default(); N]; N];
    for value in values {
        let wave = waves(*value);
        for i in 0..N {
            for j in 0..N {
                products[i][j].add((wave[i] - mean[i]) * (wave[j] - mean[j]));
            }
        }
    }
    (mean, products.map(|row| row.map(|sum| sum.value() / n)))
}

/// `d' S^+ d` and the rank of `S`, by Jacobi's rotations of a symmetric matrix.
fn inverse_form(mut s: [[f64; N]; N], mut d: [f64; N]) -> (f64, u64) {
    for _ in 0..50 {
        let off: f64 = (0..N).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| s[i][j] * s[i][j]).sum();
        if off == 0.0 {
            break;
        }
        for p in 0..N {
            for q in p + 1..N {
                rotate(&mut s, &mut d, p, q);
            }
        }
    }
    let largest = (0..N).map(|i| s[i][i].abs()).fold(0.0, f64::max);
    let kept = (0..N).filter(|&i| s[i][i].abs() > PINV_CUTOFF * largest);
    kept.fold((0.0, 0), |(form, rank), i| (form + d[i] * d[i] / s[i][i], rank + 1))
}

/// Turns the axes `p` and `q` so that `s[p][q]` vanishes, and `d` with them.
fn rotate(s: &mut [[f64; N]; N], d: &mut [f64; N], p: usize, q: usize) {
    if s[p][q] == 0.0 {
        return;
    }
    let theta = (s[q][q] - s[p][p]) / (2.0 * s[p][q]);
    let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let c = 1.0 / (t * t + 1.0).sqrt();
    let sine = t * c;
    let turned = |(x, y): (f64, f64)| (c * x - sine * y, sine * x + c * y);
    for row in s.iter_mut() {
        (row[p], row[q]) = turned((row[p], row[q]));
    }
    let (row_p, row_q) = (s[p], s[q]);
    for (k, pair) in row_p.into_iter().zip(row_q).enumerate() {
        (s[p][k], s[q][k]) = turned(pair);
    }
    (d[p], d[q]) = turned((d[p], d[q]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_is_alike_and_a_scale_is_seen() {
        let a: Vec<f64> = (0..200).map(|i| f64::from(i % 50)).collect();
        let mut a = a;
        a.sort_unstable_by(f64::total_cmp);
        let wide: Vec<f64> = a.iter().map(|x| (x - 25.0) * 3.0).collect();
        assert!(test(Reference(&a), Current(&a)).unwrap() > 0.999);
        assert!(test(Reference(&a), Current(&wide)).unwrap() < 1e-6);
    }

    #[test]
    fn no_spread_in_the_middle_is_not_tested() {
        assert_eq!(test(Reference(&[1.0; 9]), Current(&[1.0; 9])), Err(NotTested::Constant));
    }
}
