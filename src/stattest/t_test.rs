//! Student's t test of two samples.

use super::tails::{student_sf, student_two_sided};
use super::{Alternative, Current, NotTested, Reference};
use crate::profile::moments;

/// What is known about the spreads of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spread {
    /// They are equal: Student's test.
    Equal,
    /// They may differ: Welch's test.
    Unequal,
}

/// What the test found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    /// Difference of the means, reference minus current, in units of its standard error; may be infinite.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Small speaks for drift.
    pub p_value: f64,
}

/// Whether two samples have the same mean, if both come from normal distributions, of equal spread or not.
///
/// ```text
/// equal:    t as in [`test`], n + m - 2 degrees of freedom
/// unequal:  t = (mean_r - mean_c) / sqrt(v_r + v_c),  v = s^2 / n,
///           (v_r + v_c)^2 / (v_r^2 / (n - 1) + v_c^2 / (m - 1)) degrees of freedom
/// ```
/// where `s^2` is the variance divided by the count less one. [`Alternative::Less`] asks whether the reference's mean is the
/// smaller one.
///
/// Inputs: two slices of finite numbers, in any order. Score: a p-value; small speaks for drift. Declines when a side is
/// empty, when there are too few values for a spread (three in all; two on each side where the spreads may differ), and when both
/// sides are the same constant.
///
/// ```
/// use tidemark::stattest::t_test::{Spread, two_sample};
/// use tidemark::stattest::{Alternative, Current, Reference};
/// let (a, b) = ([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0]);
/// // scipy 1.17: ttest_ind([1, 2, 3, 4], [2, 4, 6], equal_var=False, alternative="less")
/// let found = two_sample(Reference(&a), Current(&b), Alternative::Less, Spread::Unequal).unwrap();
/// assert!((found.df - 3.234718826405868).abs() < 1e-12, "{found:?}");
/// assert!((found.p_value - 0.16691185003875053).abs() < 1e-12, "{found:?}");
/// ```
///
/// Source: Student, Biometrika 6 (1908); Welch, Biometrika 34 (1947); agrees with `scipy.stats.ttest_ind` of scipy 1.17.
///
/// # Errors
/// Too few values, no spread at all, or values too large to compute with.
pub fn two_sample(
    reference: Reference<&[f64]>,
    current: Current<&[f64]>,
    alternative: Alternative,
    spread: Spread,
) -> Result<TTest, NotTested> {
    let (a, b) = (reference.0, current.0);
    let (n, m) = (a.len() as f64, b.len() as f64);
    let (n_reference, n_current) = (a.len() as u64, b.len() as u64);
    if a.is_empty() || b.is_empty() {
        return Err(NotTested::Empty { n_reference, n_current });
    }
    if a.len() + b.len() < 3 || spread == Spread::Unequal && a.len().min(b.len()) < 2 {
        return Err(NotTested::TooFew { n_reference, n_current, needed: 2 });
    }
    let ((mean_a, std_a), (mean_b, std_b)) = (moments(a), moments(b));
    let (error, df) = match spread {
        Spread::Equal => {
            let df = n + m - 2.0;
            let pooled = (n * std_a * std_a + m * std_b * std_b) / df;
            ((pooled * (1.0 / n + 1.0 / m)).sqrt(), df)
        }
        Spread::Unequal => {
            let (v_a, v_b) = (std_a * std_a / (n - 1.0), std_b * std_b / (m - 1.0));
            (((v_a + v_b).sqrt()), welch_df(v_a, v_b, n, m))
        }
    };
    let t = (mean_a - mean_b) / error;
    if t.is_nan() {
        let is_lost = !(mean_a.is_finite() && mean_b.is_finite() && error.is_finite());
        return Err(if is_lost { NotTested::NotFinite } else { NotTested::Constant });
    }
    let p_value = match alternative {
        Alternative::TwoSided => student_two_sided(t, df),
        Alternative::Less => student_sf(-t, df),
        Alternative::Greater => student_sf(t, df),
    };
    Ok(TTest { t, df, p_value })
}

/// Welch and Satterthwaite's degrees of freedom; 1 where neither side spreads.
fn welch_df(v_a: f64, v_b: f64, n: f64, m: f64) -> f64 {
    // In units of the sum, which may be too small to be squared.
    let (share_a, share_b) = (v_a / (v_a + v_b), v_b / (v_a + v_b));
    let df = 1.0 / (share_a * share_a / (n - 1.0) + share_b * share_b / (m - 1.0));
    if df.is_nan() { 1.0 } else { df }
}

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
    Ok(two_sample(reference, current, Alternative::TwoSided, Spread::Equal)?.p_value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_alike_or_wholly_apart() {
        assert_eq!(test(Reference(&[1.0, 1.0]), Current(&[1.0, 1.0])), Err(NotTested::Constant));
        assert_eq!(test(Reference(&[1.0, 1.0]), Current(&[2.0, 2.0])), Ok(0.0));
        let too_few = NotTested::TooFew { n_reference: 1, n_current: 1, needed: 2 };
        assert_eq!(test(Reference(&[1.0]), Current(&[1.0])), Err(too_few));
    }

    #[test]
    fn one_side_is_the_other_turned_over() {
        let (a, b) = ([1.0, 2.0, 3.0, 9.0], [2.0, 4.0, 6.0]);
        for spread in [Spread::Equal, Spread::Unequal] {
            let p = |alternative| two_sample(Reference(&a), Current(&b), alternative, spread).unwrap().p_value;
            let back = two_sample(Reference(&b), Current(&a), Alternative::Greater, spread).unwrap().p_value;
            assert_eq!(p(Alternative::Less), back);
            assert!((p(Alternative::Less) + p(Alternative::Greater) - 1.0).abs() < 1e-15);
            assert_eq!(p(Alternative::TwoSided), 2.0 * p(Alternative::Less).min(p(Alternative::Greater)));
        }
    }

    #[test]
    fn units_whose_fourth_powers_overflow_do_not_count() {
        // scipy 1.17 gives df = 1 here, and p accordingly: it squares the variances.
        let (a, b) = ([1.0, 2.0, 3.0, 9.0], [2.0, 4.0, 6.0]);
        let run = |unit: f64| {
            let (a, b) = (a.map(|x| x * unit), b.map(|x| x * unit));
            two_sample(Reference(&a), Current(&b), Alternative::TwoSided, Spread::Unequal).unwrap()
        };
        let (one, huge) = (run(1.0), run(1e150));
        assert!((one.df - huge.df).abs() < 1e-9 && (one.p_value - huge.p_value).abs() < 1e-12, "{one:?} {huge:?}");
    }

    #[test]
    fn values_too_large_to_square_are_said_to_be() {
        let big = [f64::MAX, -f64::MAX, f64::MAX];
        assert_eq!(test(Reference(&big), Current(&big)), Err(NotTested::NotFinite));
    }
}
