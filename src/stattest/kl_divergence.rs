//! Kullback-Leibler divergence between two sets of shares.

use super::{Current, Reference};
use crate::num::Sum;
use crate::stattest::psi::fill_empty;

/// How surprising the reference's shares are to someone who expects the current ones.
///
/// ```text
/// KL = sum of r ln(r / c)
/// ```
/// where `r` and `c` are the shares of reference and current in a bin. Empty bins are filled as for
/// [`psi`](super::psi::index), and both sides are then scaled to sum to 1 again.
///
/// Inputs: equally long slices, each summing to 1. Score: 0 (equal) upwards; not symmetric. The value for a bin that is
/// empty on the current side depends on the filling.
///
/// ```
/// use tidemark::stattest::{Current, Reference, kl_divergence};
/// // scipy 1.17: entropy([0.5, 0.5], [0.4, 0.6])
/// let kl = kl_divergence::divergence(Reference(&[0.5, 0.5]), Current(&[0.4, 0.6]));
/// assert!((kl - 0.020410997260127586).abs() < 1e-15);
/// ```
///
/// Source: Kullback and Leibler, Ann. Math. Stat. 22 (1951); agrees with Evidently 0.7, `_kl_div`.
pub fn divergence(reference: Reference<&[f64]>, current: Current<&[f64]>) -> f64 {
    let (reference, current) = (fill_empty(reference.0), fill_empty(current.0));
    let total = |shares: &[f64]| shares.iter().copied().collect::<Sum>().value();
    let (r_total, c_total) = (total(&reference), total(&current));
    let terms = reference.iter().zip(&current).map(|(r, c)| {
        let (r, c) = (r / r_total, c / c_total);
        r * libm::log(r / c)
    });
    terms.collect::<Sum>().value()
}

/// The relative entropy of two sets of shares as they are, no bin filled.
///
/// ```text
/// KL = sum of r ln(r / c)
/// ```
/// where `r` and `c` are the shares of reference and current in a bin; a bin that the reference has empty adds nothing.
///
/// Inputs: equally long slices, each summing to 1. Score: 0 (equal) upwards, infinite when the current side lacks something that
/// the reference has; not symmetric.
///
/// ```
/// use tidemark::stattest::{Current, Reference, kl_divergence};
/// // scipy 1.17: entropy([0.5, 0.5, 0], [0.4, 0.5, 0.1])
/// let kl = kl_divergence::relative_entropy(Reference(&[0.5, 0.5, 0.0]), Current(&[0.4, 0.5, 0.1]));
/// assert!((kl - 0.11157177565710485).abs() < 1e-15);
/// assert_eq!(kl_divergence::relative_entropy(Reference(&[0.5, 0.5]), Current(&[1.0, 0.0])), f64::INFINITY);
/// ```
///
/// Source: Kullback and Leibler, Ann. Math. Stat. 22 (1951); agrees with `scipy.stats.entropy(r, c)` of scipy 1.17.
pub fn relative_entropy(reference: Reference<&[f64]>, current: Current<&[f64]>) -> f64 {
    let present = || reference.0.iter().zip(current.0).filter(|(r, _)| **r > 0.0);
    // An infinite term would turn the compensated sum into NaN.
    if present().any(|(_, c)| *c == 0.0) {
        return f64::INFINITY;
    }
    let terms: Sum = present().map(|(r, c)| r * libm::log(r / c)).collect();
    // Rounding can leave equal shares a hair below zero.
    terms.value().max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_on_itself_and_sides_matter() {
        assert_eq!(divergence(Reference(&[0.2, 0.8]), Current(&[0.2, 0.8])), 0.0);
        let there = divergence(Reference(&[0.2, 0.8]), Current(&[0.5, 0.5]));
        let back = divergence(Reference(&[0.5, 0.5]), Current(&[0.2, 0.8]));
        assert!(there > 0.0 && (there - back).abs() > 0.01);
    }
}
