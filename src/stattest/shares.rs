//! Total variation distance between two sets of shares: how much of one has to move to make the other.

use super::{Current, Reference};
use crate::num::Sum;

/// The share of the population that would have to move to turn one set of shares into the other.
///
/// ```text
/// TV = 1/2 * sum of |r - c|
/// ```
/// where `r` and `c` are the shares of reference and current in a bin or category.
///
/// Inputs: equally long slices, each summing to 1. Score: 0 (equal) to 1 (nothing in common).
///
/// ```
/// use tidemark::stattest::{Current, Reference, shares};
/// assert_eq!(shares::total_variation(Reference(&[0.5, 0.5]), Current(&[0.25, 0.75])), 0.25);
/// assert_eq!(shares::total_variation(Reference(&[1.0, 0.0]), Current(&[0.0, 1.0])), 1.0);
/// ```
///
/// Source: Levin, Peres and Wilmer, "Markov Chains and Mixing Times" (2009), proposition 4.2.
pub fn total_variation(reference: Reference<&[f64]>, current: Current<&[f64]>) -> f64 {
    let gaps: Sum = reference.0.iter().zip(current.0).map(|(r, c)| (r - c).abs()).collect();
    (gaps.value() / 2.0).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_on_itself_and_symmetric() {
        let (a, b) = ([0.2, 0.3, 0.5], [0.1, 0.1, 0.8]);
        assert_eq!(total_variation(Reference(&a), Current(&a)), 0.0);
        assert_eq!(total_variation(Reference(&a), Current(&b)), total_variation(Reference(&b), Current(&a)));
        assert!((total_variation(Reference(&a), Current(&b)) - 0.3).abs() < 1e-15);
    }
}
