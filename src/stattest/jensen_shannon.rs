//! Jensen-Shannon distance between two sets of shares.

use super::{Current, Reference};
use crate::num::Sum;

/// How far two sets of shares lie from their middle.
///
/// ```text
/// JS = sqrt((KL(r, m) + KL(c, m)) / 2),  m = (r + c) / 2,  KL(p, m) = sum of p ln(p / m)
/// ```
/// where `r` and `c` are the shares of reference and current. It is the distance (with the root), not the divergence,
/// and the logarithm is natural.
///
/// Inputs: equally long slices, each summing to 1. Score: 0 (equal) to `sqrt(ln 2)` = 0.8326 (nothing in common).
///
/// ```
/// use tidemark::stattest::{Current, Reference, jensen_shannon};
/// // scipy 1.17: jensenshannon([1, 0], [0.5, 0.5])
/// let js = jensen_shannon::distance(Reference(&[1.0, 0.0]), Current(&[0.5, 0.5]));
/// assert!((js - 0.4645_0140_4022).abs() < 1e-12);
/// ```
///
/// Source: Lin, "Divergence Measures Based on the Shannon Entropy", IEEE Trans. Inf. Theory 37 (1991), and Endres and
/// Schindelin, IEEE Trans. Inf. Theory 49 (2003) for the root; agrees with `scipy.spatial.distance.jensenshannon`.
pub fn distance(reference: Reference<&[f64]>, current: Current<&[f64]>) -> f64 {
    let relative_entropy = |p: f64, m: f64| if p > 0.0 { p * libm::log(p / m) } else { 0.0 };
    let divergence: Sum = reference
        .0
        .iter()
        .zip(current.0)
        .map(|(&r, &c)| {
            let m = (r + c) / 2.0;
            relative_entropy(r, m) + relative_entropy(c, m)
        })
        .collect();
    // Rounding can leave equal shares a hair below zero.
    (divergence.value() / 2.0).max(0.0).sqrt()
}

/// [`distance`] with the logarithm to another base: 2 puts it between 0 and 1.
///
/// ```
/// use tidemark::stattest::{Current, Reference, jensen_shannon};
/// // scipy 1.17: jensenshannon([1, 0], [0, 1], base=2)
/// assert_eq!(jensen_shannon::distance_in_base(Reference(&[1.0, 0.0]), Current(&[0.0, 1.0]), 2.0), 1.0);
/// ```
///
/// Agrees with `scipy.spatial.distance.jensenshannon(base=base)` of scipy 1.17.
pub fn distance_in_base(reference: Reference<&[f64]>, current: Current<&[f64]>, base: f64) -> f64 {
    distance(reference, current) / libm::log(base).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_range_and_is_symmetric() {
        let (a, b) = ([0.2, 0.3, 0.5], [0.0, 0.9, 0.1]);
        assert_eq!(distance(Reference(&a), Current(&a)), 0.0);
        assert_eq!(distance(Reference(&a), Current(&b)), distance(Reference(&b), Current(&a)));
        let apart = distance(Reference(&[1.0, 0.0]), Current(&[0.0, 1.0]));
        assert!((apart - std::f64::consts::LN_2.sqrt()).abs() < 1e-15);
    }
}
