//! Energy distance between two samples.

use super::steps::gaps;
use super::{Current, Reference};
use crate::num::Sum;

/// How far apart two samples are, by the squared gap of their distribution functions.
///
/// ```text
/// E = sqrt(2 * integral of (F - G)^2)
/// ```
/// where `F` and `G` are the distribution functions of reference and current.
///
/// Inputs: two ascending, non-empty slices of finite numbers. Score: at least 0, in the square root of the values' unit:
/// the same data in cents have ten times the score they have in whole money, and a fixed threshold means another thing.
///
/// ```
/// use tidemark::stattest::{Current, Reference, energy};
/// // scipy 1.17: energy_distance([0], [2])
/// assert_eq!(energy::distance(Reference(&[0.0]), Current(&[2.0])), 2.0);
/// ```
///
/// Source: Székely and Rizzo, J. Statistical Planning and Inference 143 (2013); agrees with
/// `scipy.stats.energy_distance` and Evidently 0.7, `ed`.
pub fn distance(reference: Reference<&[f64]>, current: Current<&[f64]>) -> f64 {
    let mut squares = Sum::default();
    gaps(reference.0, current.0, |gap, width| squares.add(gap * gap * width));
    (2.0 * squares.value()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_on_itself_symmetric_and_scaling_with_the_root_of_the_unit() {
        let (a, b) = ([1.0, 2.0, 2.0], [0.0, 5.0]);
        assert_eq!(distance(Reference(&a), Current(&a)), 0.0);
        let there = distance(Reference(&a), Current(&b));
        assert_eq!(there, distance(Reference(&b), Current(&a)));
        let (cents_a, cents_b) = (a.map(|x| x * 100.0), b.map(|x| x * 100.0));
        let cents = distance(Reference(&cents_a), Current(&cents_b));
        assert!((cents - 10.0 * there).abs() < 1e-12);
    }
}
