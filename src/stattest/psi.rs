//! Population stability index.

use super::{Current, Reference};
use crate::num::Sum;

/// An empty bin counts as this share, where every other share of its side is larger.
pub const EMPTY_SHARE: f64 = 0.0001;
/// Where a side has a share at most [`EMPTY_SHARE`], its empty bins count as that share divided by this.
pub const EMPTY_DIVISOR: f64 = 1e6;

/// How far shares moved, weighted by the logarithm of how much each changed.
///
/// ```text
/// PSI = sum of (r - c) * ln(r / c)
/// ```
/// where `r` and `c` are the shares of reference and current in a bin. Empty bins are filled, each side for itself, by
/// [`EMPTY_SHARE`] or the smallest share of the side over [`EMPTY_DIVISOR`]; the shares are not normalised again.
///
/// Inputs: equally long slices, each summing to 1. Score: 0 (equal) upwards; by custom 0.1 is a moderate and 0.25 a
/// large change. The value for disjoint bins depends on the filling.
///
/// ```
/// use tidemark::stattest::{Current, Reference, psi};
/// let psi = psi::index(Reference(&[0.5, 0.5]), Current(&[0.4, 0.6]));
/// assert!((psi - 0.1 * 1.5_f64.ln()).abs() < 1e-15);
/// ```
///
/// Source: Lewis, "An Introduction to Credit Scoring" (1994); agrees with Evidently 0.7, `_psi` with
/// `get_binned_data(feel_zeroes=True)`.
pub fn index(reference: Reference<&[f64]>, current: Current<&[f64]>) -> f64 {
    let (reference, current) = (fill_empty(reference.0), fill_empty(current.0));
    let terms = reference.iter().zip(&current).map(|(r, c)| (r - c) * libm::log(r / c));
    terms.collect::<Sum>().value()
}

pub(super) fn fill_empty(shares: &[f64]) -> Vec<f64> {
    let smallest = shares.iter().copied().filter(|share| *share > 0.0).fold(f64::INFINITY, f64::min);
    let filling = if smallest <= EMPTY_SHARE { smallest / EMPTY_DIVISOR } else { EMPTY_SHARE };
    shares.iter().map(|&share| if share > 0.0 { share } else { filling }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_on_itself_and_a_new_category_counts() {
        assert_eq!(index(Reference(&[0.2, 0.8]), Current(&[0.2, 0.8])), 0.0);
        assert!(index(Reference(&[1.0, 0.0]), Current(&[0.9, 0.1])) > 0.5);
    }

    #[test]
    fn a_tiny_share_makes_the_filling_tinier() {
        assert_eq!(fill_empty(&[0.9999, 0.0001, 0.0])[2], 1e-10);
        assert_eq!(fill_empty(&[0.9998, 0.0002, 0.0])[2], 1e-4);
    }
}
