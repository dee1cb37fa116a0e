//! Wasserstein distance between two samples.

use super::steps::gaps;
use super::{Current, Reference};
use crate::num::Sum;
use crate::profile::moments;

/// How much work it takes to turn one distribution into the other: mass times the distance it moves.
///
/// ```text
/// W = sum over neighbours x < y of the pooled values of |F(x) - G(x)| * (y - x)
/// ```
/// where `F` and `G` are the distribution functions of reference and current.
///
/// Inputs: two ascending, non-empty slices of finite numbers; ties are welcome. Score: at least 0, in the unit of the
/// values; 0 for equal distributions.
///
/// ```
/// use tidemark::stattest::{Current, Reference, wasserstein};
/// // scipy 1.17: wasserstein_distance([0, 1, 3], [5, 6, 8])
/// assert_eq!(wasserstein::distance(Reference(&[0.0, 1.0, 3.0]), Current(&[5.0, 6.0, 8.0])), 5.0);
/// ```
///
/// Source: Ramdas, García Trillos and Cuturi, "On Wasserstein Two-Sample Testing", Entropy 19 (2017), eq. 5 with
/// p = 1; agrees with `scipy.stats.wasserstein_distance` of scipy 1.17.
pub fn distance(reference: Reference<&[f64]>, current: Current<&[f64]>) -> f64 {
    let mut work = Sum::default();
    gaps(reference.0, current.0, |gap, width| work.add(gap * width));
    work.value()
}

/// The divisor is never smaller than this, so that a constant reference gives a finite score.
pub const MIN_STD: f64 = 0.001;

/// [`distance`] in units of the reference's standard deviation (divided by n, and at least [`MIN_STD`]).
///
/// ```
/// use tidemark::stattest::{Current, Reference, wasserstein};
/// // scipy 1.17, numpy 2.4: wasserstein_distance([0, 1, 3], [5, 6, 8]) / np.std([0, 1, 3])
/// let normed = wasserstein::normed(Reference(&[0.0, 1.0, 3.0]), Current(&[5.0, 6.0, 8.0]));
/// assert!((normed - 4.0089186286863665).abs() < 1e-12);
/// ```
///
/// Agrees with Evidently 0.7, `_wasserstein_distance_norm`. One far outlier in the reference swells the divisor and can
/// hide a shift: that is Evidently's rule, kept for its judge alone.
pub fn normed(reference: Reference<&[f64]>, current: Current<&[f64]>) -> f64 {
    normed_by(distance(reference, current), moments(reference.0).1)
}

/// The same from the distance and the reference's standard deviation.
pub(crate) const fn normed_by(distance: f64, std: f64) -> f64 {
    distance / std.max(MIN_STD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_on_itself_and_symmetric() {
        let (a, b) = ([1.0, 1.0, 2.0, 7.0], [0.0, 2.0, 3.0]);
        assert_eq!(distance(Reference(&a), Current(&a)), 0.0);
        assert_eq!(distance(Reference(&a), Current(&b)), distance(Reference(&b), Current(&a)));
    }

    #[test]
    fn unequal_sizes_and_ties_equal_scipy() {
        // scipy 1.17: wasserstein_distance([1, 1, 2, 7], [0, 2, 3])
        let found = distance(Reference(&[1.0, 1.0, 2.0, 7.0]), Current(&[0.0, 2.0, 3.0]));
        assert!((found - 1.583_333_333_333_333_5).abs() < 1e-15, "{found}");
    }

    #[test]
    fn a_constant_reference_is_divided_by_the_floor() {
        assert_eq!(normed(Reference(&[1.0, 1.0]), Current(&[2.0])), 1000.0);
    }
}
