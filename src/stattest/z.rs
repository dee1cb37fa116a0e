//! Z test of two proportions.

use super::tails::normal_sf;
use super::{Current, NotTested, Reference};

/// Whether a value is equally frequent on both sides, by the normal approximation.
///
/// ```text
/// z = (p_r - p_c) / sqrt(p (1 - p) (1/n + 1/m)),  p = (k_r + k_c) / (n + m)
/// ```
/// where `k` of `n` (reference) and of `m` (current) rows have the value. The p-value is two-sided.
///
/// Inputs: (rows with the value, rows) of each side. Score: a p-value; small speaks for drift. When the value occurs
/// always or never on both sides nothing can have changed, and p = 1. Declines when a side is empty.
///
/// ```
/// use tidemark::stattest::{Current, Reference, z};
/// let p = z::test(Reference((50, 100)), Current((65, 100))).unwrap();
/// // scipy 1.17: 2 * norm.sf(0.15 / sqrt(0.575 * 0.425 * 2 / 100))
/// assert!((p - 0.03190525523659651).abs() < 1e-12, "{p}");
/// ```
///
/// Source: Fleiss, "Statistical Methods for Rates and Proportions" (1981); agrees with Evidently 0.7, `_z_stat_test`.
///
/// # Errors
/// A side is empty.
pub fn test(reference: Reference<(u64, u64)>, current: Current<(u64, u64)>) -> Result<f64, NotTested> {
    let ((k_r, n), (k_c, m)) = (reference.0, current.0);
    if n == 0 || m == 0 {
        return Err(NotTested::Empty { n_reference: n, n_current: m });
    }
    let k = k_r + k_c;
    if k == 0 || k == n + m {
        return Ok(1.0);
    }
    let (n, m) = (n as f64, m as f64);
    let pooled = k as f64 / (n + m);
    let error = (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m)).sqrt();
    let z = (k_r as f64 / n - k_c as f64 / m) / error;
    Ok((2.0 * normal_sf(z.abs())).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_does_not_matter() {
        let up = test(Reference((10, 100)), Current((20, 100))).unwrap();
        let down = test(Reference((20, 100)), Current((10, 100))).unwrap();
        assert_eq!(up, down);
        assert!(up < 0.05);
    }

    #[test]
    fn always_or_never_on_both_sides_has_p_one() {
        assert_eq!(test(Reference((0, 9)), Current((0, 4))), Ok(1.0));
        assert_eq!(test(Reference((9, 9)), Current((4, 4))), Ok(1.0));
    }
}
