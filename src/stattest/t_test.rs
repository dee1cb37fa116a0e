//! Student's t test of two samples.

use super::tails::student_two_sided;
use super::{Current, NotTested, Reference};
use crate::profile::moments;

/// Whether two samples have the same mean, if both come from normal distributions of equal spread.
///
/// ```text
/// t = (mean_r - mean_c) / sqrt(s2 (1/n + 1/m)),  s2 = (n var_r + m var_c) / (n + m - 2),  n + m - 2 degrees of freedom
/// ```
/// where `var` is the variance divided by the count.
///
/// Inputs: two slices of finite numbers, in any order. Score: a two-sided p-value; small speaks for drift. Declines when
/// there are fewer than three values in all, and when both sides are the same constant.
///
/// ```
/// use tidemark::stattest::{Current, Reference, t_test};
/// // scipy 1.17: ttest_ind([1, 2, 3, 4], [2, 4, 6]).pvalue
/// let p = t_test::test(Reference(&[1.0, 2.0, 3.0, 4.0]), Current(&[2.0, 4.0, 6.0])).unwrap();
/// assert!((p - 0.2775605199635173).abs() < 1e-12, "{p}");
/// ```
///
/// Source: Student, Biometrika 6 (1908); agrees with `scipy.stats.ttest_ind`.
///
/// # Errors
/// Too few values, or no spread at all.
pub fn test(reference: Reference<&[f64]>, current: Current<&[f64]>) -> Result<f64, NotTested> {
    let (a, b) = (reference.0, current.0);
    let (n, m) = (a.len() as f64, b.len() as f64);
    if a.is_empty() || b.is_empty() {
        return Err(NotTested::Empty { n_reference: a.len() as u64, n_current: b.len() as u64 });
    }
    let df = n + m - 2.0;
    let ((mean_a, std_a), (mean_b, std_b)) = (moments(a), moments(b));
    let pooled = (n * std_a * std_a + m * std_b * std_b) / df;
    let t = (mean_a - mean_b) / (pooled * (1.0 / n + 1.0 / m)).sqrt();
    // 0/0: nothing to compare the difference of the means with.
    if t.is_nan() { Err(NotTested::Constant) } else { Ok(student_two_sided(t, df)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_alike_or_wholly_apart() {
        assert_eq!(test(Reference(&[1.0, 1.0]), Current(&[1.0, 1.0])), Err(NotTested::Constant));
        assert_eq!(test(Reference(&[1.0, 1.0]), Current(&[2.0, 2.0])), Ok(0.0));
        assert_eq!(test(Reference(&[1.0]), Current(&[1.0])), Err(NotTested::Constant));
    }
}
