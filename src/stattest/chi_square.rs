//! Chi-square tests of counts per category.

use super::tails::chi_square_sf;
use super::{Current, NotTested, Reference};
use crate::num::Sum;

/// A chi-square statistic and its p-value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquare {
    /// The statistic; infinite when a category is expected not to occur, and does.
    pub statistic: f64,
    /// Degrees of freedom.
    pub df: u64,
    /// `P(statistic at least this)` if nothing changed.
    pub p_value: f64,
}

/// Whether the current counts fit the reference's shares, taken as exact.
///
/// ```text
/// X2 = sum of (c - e)^2 / e,  e = r * n_current / n_reference,  k - 1 degrees of freedom
/// ```
/// where `r` and `c` are the counts of a category and `k` is the number of categories on either side.
///
/// Inputs: equally long slices of counts. Score: a p-value; small speaks for drift. A category that is new gives p = 0.
/// Declines when a side is empty, and when there is one category only.
///
/// As the reference is taken as exact, unchanged data of equal size are flagged in 46% of cases at 0.05: use
/// [`homogeneity`] to find out whether something changed.
///
/// ```
/// use tidemark::stattest::{Current, Reference, chi_square};
/// // scipy 1.17: chisquare([30, 70], [40, 60])
/// let found = chi_square::goodness_of_fit(Reference(&[4, 6]), Current(&[30, 70])).unwrap();
/// assert!((found.statistic - 25.0 / 6.0).abs() < 1e-12);
/// assert!((found.p_value - 0.041226833337163815).abs() < 1e-12);
/// ```
///
/// Source: Pearson, Philosophical Magazine 50 (1900); agrees with Evidently 0.7, `_chi_stat_test`.
///
/// # Errors
/// A side is empty, or there is only one category.
pub fn goodness_of_fit(reference: Reference<&[u64]>, current: Current<&[u64]>) -> Result<ChiSquare, NotTested> {
    let (n, m) = totals(reference, current)?;
    let scale = m as f64 / n as f64;
    let terms = reference.0.iter().zip(current.0).map(|(&r, &c)| {
        let expected = r as f64 * scale;
        let difference = c as f64 - expected;
        if expected == 0.0 { f64::INFINITY } else { difference * difference / expected }
    });
    // An infinite term would turn the compensated sum into NaN.
    let statistic = if reference.0.contains(&0) { f64::INFINITY } else { terms.collect::<Sum>().value() };
    let df = reference.0.len() as u64 - 1;
    Ok(ChiSquare { statistic, df, p_value: chi_square_sf(statistic, df) })
}

/// Whether both sides' counts come from the same shares.
///
/// ```text
/// X2 = sum over both sides of (o - e)^2 / e,  e = (r + c) * n_side / (n_reference + n_current)
/// ```
/// with `k - 1` degrees of freedom, where `o` is `r` or `c`, the counts of a category.
///
/// Inputs: equally long slices of counts. Score: a p-value; small speaks for drift. Declines when a side is empty, and
/// when there is one category only. Categories that occur on neither side do not count.
///
/// ```
/// use tidemark::stattest::{Current, Reference, chi_square};
/// // scipy 1.17: chi2_contingency([[40, 60], [30, 70]], correction=False)
/// let found = chi_square::homogeneity(Reference(&[40, 60]), Current(&[30, 70])).unwrap();
/// assert!((found.p_value - 0.1382076669740215).abs() < 1e-12, "{}", found.p_value);
/// ```
///
/// Source: Pearson, Philosophical Magazine 50 (1900); agrees with `scipy.stats.chi2_contingency(correction=False)`.
///
/// # Errors
/// A side is empty, or there is only one category.
pub fn homogeneity(reference: Reference<&[u64]>, current: Current<&[u64]>) -> Result<ChiSquare, NotTested> {
    let (n, m) = totals(reference, current)?;
    let total = (n + m) as f64;
    let mut statistic = Sum::default();
    let mut df = 0;
    for (&r, &c) in reference.0.iter().zip(current.0).filter(|(r, c)| **r + **c > 0) {
        df += 1;
        for (observed, side) in [(r, n), (c, m)] {
            let expected = (r + c) as f64 * side as f64 / total;
            let difference = observed as f64 - expected;
            statistic.add(difference * difference / expected);
        }
    }
    let statistic = statistic.value();
    Ok(ChiSquare { statistic, df: df - 1, p_value: chi_square_sf(statistic, df - 1) })
}

/// Whether the current counts are those of the reference, by the likelihood ratio.
///
/// ```text
/// G = 2 * sum of c ln(c / r),  k - 1 degrees of freedom
/// ```
/// where `r` and `c` are the counts of a category on the two sides, which have to hold equally many values: the expected
/// counts are the reference's own.
///
/// Inputs: equally long slices of counts. Score: a p-value; small speaks for drift. A category that is new gives p = 0.
/// Declines when the sizes differ, when a side is empty, and when there is one category only.
///
/// ```
/// use tidemark::stattest::{Current, Reference, chi_square};
/// // scipy 1.17: power_divergence([30, 70], [40, 60], lambda_="log-likelihood").pvalue
/// let found = chi_square::likelihood_ratio(Reference(&[40, 60]), Current(&[30, 70])).unwrap();
/// assert!((found.p_value - 0.03766314102443838).abs() < 1e-12, "{}", found.p_value);
/// ```
///
/// Source: Wilks, Ann. Math. Stat. 9 (1938); agrees with Evidently 0.7, `_g_stat_test`, which raises where this declines.
///
/// # Errors
/// The sizes differ, a side is empty, or there is only one category.
pub fn likelihood_ratio(reference: Reference<&[u64]>, current: Current<&[u64]>) -> Result<ChiSquare, NotTested> {
    let (n, m) = totals(reference, current)?;
    if n != m {
        return Err(NotTested::UnequalSizes { n_reference: n, n_current: m });
    }
    let is_new = reference.0.iter().zip(current.0).any(|(r, c)| *r == 0 && *c > 0);
    let terms = reference.0.iter().zip(current.0).filter(|(_, c)| **c > 0);
    let terms = terms.map(|(&r, &c)| c as f64 * libm::log(c as f64 / r as f64));
    let statistic = if is_new { f64::INFINITY } else { 2.0 * terms.collect::<Sum>().value() };
    let df = reference.0.len() as u64 - 1;
    Ok(ChiSquare { statistic, df, p_value: chi_square_sf(statistic, df) })
}

fn totals(reference: Reference<&[u64]>, current: Current<&[u64]>) -> Result<(u64, u64), NotTested> {
    let (n, m) = (reference.0.iter().sum(), current.0.iter().sum());
    if n == 0 || m == 0 {
        return Err(NotTested::Empty { n_reference: n, n_current: m });
    }
    let occurring = reference.0.iter().zip(current.0).filter(|(r, c)| **r + **c > 0).count();
    if occurring < 2 { Err(NotTested::Constant) } else { Ok((n, m)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_category_leaves_no_doubt_to_goodness_of_fit() {
        let found = goodness_of_fit(Reference(&[10, 0]), Current(&[9, 1])).unwrap();
        assert_eq!((found.statistic, found.p_value), (f64::INFINITY, 0.0));
        assert!(homogeneity(Reference(&[10, 0]), Current(&[9, 1])).unwrap().p_value > 0.3);
    }

    #[test]
    fn equal_shares_have_p_one() {
        assert_eq!(goodness_of_fit(Reference(&[10, 30]), Current(&[1, 3])).unwrap().p_value, 1.0);
        assert_eq!(homogeneity(Reference(&[10, 30]), Current(&[1, 3])).unwrap().p_value, 1.0);
    }

    #[test]
    fn one_category_or_an_empty_side_is_not_tested() {
        assert_eq!(goodness_of_fit(Reference(&[5]), Current(&[7])), Err(NotTested::Constant));
        let empty = NotTested::Empty { n_reference: 2, n_current: 0 };
        assert_eq!(homogeneity(Reference(&[1, 1]), Current(&[0, 0])), Err(empty));
    }
}
