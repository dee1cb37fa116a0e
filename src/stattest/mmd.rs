//! Maximum mean discrepancy of two samples of numbers, with a permutation test.

use super::{Current, NotTested, Permuted, Reference, kernel};
use crate::num::Sum;
use crate::random::{Rng, seed_of};

/// How often the values are dealt out anew to the two sides.
pub const PERMUTATIONS: usize = 100;

/// At most this many values of a side are compared; from a larger side so many are drawn. Every pair is looked at, so time
/// grows with the square: about half a second at two full sides.
pub const MAX_ROWS: usize = 2000;

/// Statistics that differ by less are equal: the kernel is at most 1, and sums of it round at about 1e-15.
const ROUNDING: f64 = 1e-12;

/// How far apart two samples are by the means of all functions of a Gaussian kernel at once, and how often chance alone
/// takes them as far.
///
/// ```text
/// MMD2 = sum K(x, x') / (n (n - 1)) + sum K(y, y') / (m (m - 1)) - 2 sum K(x, y) / (n m)
/// K(a, b) = exp(-(a - b)^2 / (2 s^2)),  2 s^2 = median of (x - x')^2 over all pairs, each x with itself too
/// p = share of permutations with an MMD2 at least this
/// ```
/// where `x` are `n` reference and `y` are `m` current values; a value does not pair with itself but for the median. Where
/// the median is 0, `2 s^2 = 1`. Squares are expanded (`y^2 - 2xy + x^2`), as Evidently has them.
///
/// Inputs: two ascending slices of finite numbers. Score: a p-value, a multiple of 1 / [`PERMUTATIONS`]; small speaks for
/// drift. The seed is taken from the values. Of a side larger than [`MAX_ROWS`] so many values are drawn; the result's
/// numbers of values say so. Memory is of the order of [`PERMUTATIONS`] times the values. Declines when a side has fewer
/// than two values, and when squares overflow.
///
/// ```
/// use tidemark::stattest::{Current, Reference, mmd};
/// let (x, y) = ([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 2.0, 30.0]);
/// // Evidently 0.7.23: mmd_pval(np.array([[0.], [1], [2], [3]]), np.array([[0.], [1], [2], [30]]))[1]
/// let found = mmd::permutation_test(Reference(&x), Current(&y)).unwrap();
/// assert!((found.statistic + 0.296_063_852_819_687_4).abs() < 1e-12, "{}", found.statistic);
/// ```
///
/// Source: Gretton et al., "A Kernel Two-Sample Test", J. Machine Learning Research 13 (2012), equation 3; agrees with
/// Evidently 0.7, `empirical_mmd`, which does not seed its permutations.
///
/// # Errors
/// A side has fewer than two values, or squares overflow.
pub fn permutation_test(reference: Reference<&[f64]>, current: Current<&[f64]>) -> Result<Permuted, NotTested> {
    let sizes = [reference.0.len() as u64, current.0.len() as u64];
    if sizes.iter().any(|size| *size < 2) {
        return Err(NotTested::TooFew { n_reference: sizes[0], n_current: sizes[1], needed: 2 });
    }
    let bits = reference.0.iter().chain(current.0).map(|value| value.to_bits());
    let seed = seed_of(sizes.into_iter().chain(bits));
    let mut rng = Rng::new(seed);
    let mut values = draw(&mut rng, reference.0);
    let n = values.len();
    values.extend(draw(&mut rng, current.0));
    let m = values.len() - n;
    let gamma = 1.0 / width(&values[..n]);
    let entry = |square: f64| libm::exp(-gamma * square);
    let kernel = |i: usize, j: usize| {
        // Expanded squares round differently either way round. Between the sides only one of them is used.
        let (there, back) = (square(values[i], values[j]), square(values[j], values[i]));
        if there == back || (i < n && j >= n) { entry(there) } else { (entry(there) + entry(back)) / 2.0 }
    };
    let sides = dealt_out(&mut rng, n, values.len());
    let sums = kernel::sums(values.len(), &sides, kernel);
    let statistics = statistics(n, &sides, &sums);
    let (statistic, permuted) = (statistics[0], &statistics[1..]);
    if !statistic.is_finite() {
        return Err(NotTested::NotFinite);
    }
    let as_far = permuted.iter().filter(|value| **value >= statistic - ROUNDING).count();
    let p_value = as_far as f64 / PERMUTATIONS as f64;
    Ok(Permuted { statistic, p_value, seed, n_reference: n as u64, n_current: m as u64 })
}

fn draw(rng: &mut Rng, values: &[f64]) -> Vec<f64> {
    rng.choose(values.len(), MAX_ROWS).into_iter().map(|place| values[place]).collect()
}

fn square(x: f64, y: f64) -> f64 {
    (y * y - 2.0 * (x * y)) + x * x
}

/// `2 s^2`: the median of all squared distances of the reference, "nearest" as numpy has it.
fn width(reference: &[f64]) -> f64 {
    let n = reference.len();
    let mut squares: Vec<f64> = Vec::with_capacity(n * n);
    for &x in reference {
        squares.extend(reference.iter().map(|&y| square(x, y)));
    }
    let place = ((squares.len() - 1) as f64 * 0.5).round_ties_even() as usize;
    let (_, median, _) = squares.select_nth_unstable_by(place, f64::total_cmp);
    // As it is there: the root of half of it, squared again and doubled.
    let sigma = (0.5 * *median).sqrt();
    let sigma = if sigma == 0.0 { 0.5_f64.sqrt() } else { sigma };
    2.0 * (sigma * sigma)
}

/// The data as they are, and the permutations.
const DEALS: usize = PERMUTATIONS + 1;

/// For each place and deal 1 if the place falls to the reference's side, else 0. The first deal leaves all as it is.
fn dealt_out(rng: &mut Rng, n: usize, total: usize) -> Vec<f64> {
    let mut sides = vec![0.0; total * DEALS];
    for deal in 0..DEALS {
        let places = if deal == 0 { (0..n).collect() } else { rng.choose(total, n) };
        for place in places {
            sides[place * DEALS + deal] = 1.0;
        }
    }
    sides
}

/// The statistic of each deal.
fn statistics(n: usize, sides: &[f64], sums: &kernel::KernelSums) -> Vec<f64> {
    let m = sums.rows.len() - n;
    let all = sums.rows.iter().copied().collect::<Sum>().value();
    let pairs = |n: usize| n as f64 * (n as f64 - 1.0);
    let statistic = |(deal, &within_x): (usize, &f64)| {
        let rows = sums.rows.iter().zip(sides.chunks_exact(DEALS));
        let from_x = rows.map(|(row, side)| row * side[deal]).collect::<Sum>().value();
        let between = from_x - within_x;
        let within_y = all - within_x - 2.0 * between;
        within_x / pairs(n) + within_y / pairs(m) - 2.0 * between / (n as f64 * m as f64)
    };
    sums.forms.iter().enumerate().map(statistic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(reference: &[f64], current: &[f64]) -> Permuted {
        permutation_test(Reference(reference), Current(current)).unwrap()
    }

    fn normals(rng: &mut Rng, n: usize, mean: f64) -> Vec<f64> {
        let mut values: Vec<f64> = (0..n).map(|_| mean + rng.normal()).collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    }

    #[test]
    fn constants_and_identical_samples_are_no_drift() {
        assert_eq!((test(&[3.0; 5], &[3.0; 4]).statistic, test(&[3.0; 5], &[3.0; 4]).p_value), (0.0, 1.0));
        let values: Vec<f64> = (0..40).map(f64::from).collect();
        assert_eq!(test(&values, &values).p_value, 1.0);
        assert_eq!(test(&[3.0; 50], &[4.0; 40]).p_value, 0.0);
    }

    #[test]
    fn unchanged_data_are_called_changed_as_often_as_the_threshold_says() {
        // 300 pairs at 0.1: 30, five standard deviations are 26.
        let mut rng = Rng::new(4);
        let mut flagged = 0_usize;
        for _ in 0..300 {
            let (x, y) = (normals(&mut rng, 30, 0.0), normals(&mut rng, 20, 0.0));
            flagged += usize::from(test(&x, &y).p_value < 0.1);
        }
        assert!(flagged.abs_diff(30) < 26, "{flagged}");
    }

    #[test]
    fn a_large_side_is_drawn_from_and_a_shift_is_still_seen() {
        let mut rng = Rng::new(9);
        let (x, y) = (normals(&mut rng, MAX_ROWS + 500, 0.0), normals(&mut rng, 300, 0.5));
        let found = test(&x, &y);
        assert_eq!((found.n_reference, found.n_current, found.p_value), (MAX_ROWS as u64, 300, 0.0));
        assert_eq!(found, test(&x, &y), "the same data give the same answer");
    }

    #[test]
    fn one_value_or_an_overflow_is_not_tested() {
        let too_few = NotTested::TooFew { n_reference: 1, n_current: 2, needed: 2 };
        assert_eq!(permutation_test(Reference(&[1.0]), Current(&[1.0, 2.0])), Err(too_few));
        let overflow = permutation_test(Reference(&[0.0, 1e200]), Current(&[1e200, 2e200]));
        assert_eq!(overflow, Err(NotTested::NotFinite));
    }
}
