//! Hellinger distance between two sets of shares.

use super::{Current, Reference};
use crate::num::Sum;

/// How little two sets of shares overlap.
///
/// ```text
/// H = sqrt(1 - sum of sqrt(r c))
/// ```
/// where `r` and `c` are the shares of reference and current in a bin.
///
/// Inputs: equally long slices, each summing to 1. Score: 0 (equal) to 1 (nothing in common).
///
/// ```
/// use tidemark::stattest::{Current, Reference, hellinger};
/// assert_eq!(hellinger::distance(Reference(&[1.0, 0.0]), Current(&[0.0, 1.0])), 1.0);
/// assert_eq!(hellinger::distance(Reference(&[0.5, 0.5]), Current(&[0.5, 0.5])), 0.0);
/// ```
///
/// Source: Hellinger, J. Reine Angew. Math. 136 (1909); agrees with Evidently 0.7, `_hellinger_distance`.
pub fn distance(reference: Reference<&[f64]>, current: Current<&[f64]>) -> f64 {
    let overlap: Sum = reference.0.iter().zip(current.0).map(|(r, c)| (r * c).sqrt()).collect();
    (1.0 - overlap.value().clamp(0.0, 1.0)).sqrt()
}
