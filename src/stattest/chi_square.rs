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

/// Whether both sides of a table of two by two come from the same shares, with Yates' correction for continuity.
///
/// ```text
/// X2 = sum over both sides of (|o - e| - min(1/2, |o - e|))^2 / e
/// ```
/// with the letters of [`homogeneity`]. With more than two categories nothing is corrected, and this is [`homogeneity`].
///
/// Inputs, score and when it declines: as there.
///
/// ```
/// use tidemark::stattest::{Current, Reference, chi_square};
/// // scipy 1.17: chi2_contingency([[40, 60], [30, 70]])
/// let found = chi_square::homogeneity_with_correction(Reference(&[40, 60]), Current(&[30, 70])).unwrap();
/// assert!((found.p_value - 0.18212234100949087).abs() < 1e-12, "{}", found.p_value);
/// ```
///
/// Source: Yates, Supplement to the J. Royal Stat. Soc. 1 (1934); agrees with `scipy.stats.chi2_contingency`.
///
/// # Errors
/// A side is empty, or there is only one category.
pub fn homogeneity_with_correction(
    reference: Reference<&[u64]>,
    current: Current<&[u64]>,
) -> Result<ChiSquare, NotTested> {
    let plain = homogeneity(reference, current)?;
    if plain.df != 1 {
        return Ok(plain);
    }
    let (n, m) = totals(reference, current)?;
    let total = (n + m) as f64;
    let mut statistic = Sum::default();
    for (&r, &c) in reference.0.iter().zip(current.0).filter(|(r, c)| **r + **c > 0) {
        for (observed, side) in [(r, n), (c, m)] {
            let expected = (r + c) as f64 * side as f64 / total;
            let distance = (observed as f64 - expected).abs();
            let corrected = distance - distance.min(0.5);
            statistic.add(corrected * corrected / expected);
        }
    }
    let statistic = statistic.value();
    Ok(ChiSquare { statistic, df: 1, p_value: chi_square_sf(statistic, 1) })
}

/// Which statistic of Cressie and Read's family to take, by its exponent `lambda`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Divergence {
    /// Pearson's, `lambda = 1`.
    Pearson,
    /// The likelihood ratio, `lambda = 0`.
    LogLikelihood,
    /// Freeman and Tukey's, `lambda = -1/2`.
    FreemanTukey,
    /// The likelihood ratio with the sides changed, `lambda = -1`.
    ModifiedLogLikelihood,
    /// Neyman's, `lambda = -2`.
    Neyman,
    /// Cressie and Read's own choice, `lambda = 2/3`.
    CressieRead,
}

impl Divergence {
    /// Every statistic of the family that has a name.
    pub const ALL: [Self; 6] = [
        Self::Pearson,
        Self::LogLikelihood,
        Self::FreemanTukey,
        Self::ModifiedLogLikelihood,
        Self::Neyman,
        Self::CressieRead,
    ];

    /// scipy's name for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pearson => "pearson",
            Self::LogLikelihood => "log-likelihood",
            Self::FreemanTukey => "freeman-tukey",
            Self::ModifiedLogLikelihood => "mod-log-likelihood",
            Self::Neyman => "neyman",
            Self::CressieRead => "cressie-read",
        }
    }

    /// The statistic of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|divergence| divergence.name() == name)
    }

    /// What a category adds, with `o` observed and `e` expected. The sums of both are equal, so a multiple of `o - e` may be added to
    /// each term: with it none is negative, and none is `0/0`.
    fn term(self, o: f64, e: f64) -> f64 {
        let difference = o - e;
        // o ln(o / e), which is 0 for o = 0.
        let x_log_x = |o: f64, e: f64| if o == 0.0 { 0.0 } else { o * libm::log(o / e) };
        match self {
            Self::Pearson => difference * difference / e,
            Self::LogLikelihood => 2.0 * (x_log_x(o, e) - difference),
            Self::FreemanTukey => {
                let root = difference / (o.sqrt() + e.sqrt());
                4.0 * root * root
            }
            Self::ModifiedLogLikelihood => 2.0 * (x_log_x(e, o) + difference),
            Self::Neyman => difference * difference / o,
            Self::CressieRead => {
                let power = libm::cbrt((o / e) * (o / e));
                1.8 * (o * (power - 1.0) - 2.0 / 3.0 * difference)
            }
        }
    }
}

/// Whether the current counts fit the reference's shares, taken as exact, by any statistic of Cressie and Read's family.
///
/// ```text
/// 2 / (lambda (lambda + 1)) * sum of o ((o / e)^lambda - 1),  e = r * n_current / n_reference,  k - 1 degrees of freedom
/// ```
/// where `r` and `o` are the counts of a category in reference and current data, and `k` is the number of categories. The limits for
/// `lambda` 0 and -1 are likelihood ratios.
///
/// Inputs: equally long slices of counts. Score: a p-value; small speaks for drift. A new category makes the statistic infinite
/// where `lambda > -1/2`, a vanished one where `lambda < -1/2`, and p is 0 then. Declines when a side is empty, and when there is
/// one category only.
///
/// ```
/// use tidemark::stattest::chi_square::{Divergence, power_divergence};
/// use tidemark::stattest::{Current, Reference};
/// // scipy 1.17: power_divergence([30, 70], [40, 60], lambda_="cressie-read")
/// let found = power_divergence(Reference(&[4, 6]), Current(&[30, 70]), Divergence::CressieRead).unwrap();
/// assert!((found.statistic - 4.213412844247955).abs() < 1e-12, "{found:?}");
/// ```
///
/// Source: Cressie and Read, "Multinomial Goodness-of-Fit Tests", J. Royal Stat. Soc. B 46 (1984); agrees with
/// `scipy.stats.power_divergence` of scipy 1.17, which gives NaN where a vanished category makes 0/0.
///
/// # Errors
/// A side is empty, or there is only one category.
pub fn power_divergence(
    reference: Reference<&[u64]>,
    current: Current<&[u64]>,
    divergence: Divergence,
) -> Result<ChiSquare, NotTested> {
    let (n, m) = totals(reference, current)?;
    let scale = m as f64 / n as f64;
    let occurring = || reference.0.iter().zip(current.0).filter(|(r, c)| **r + **c > 0);
    let terms = || occurring().map(|(&r, &c)| divergence.term(c as f64, r as f64 * scale));
    // An infinite term would turn the compensated sum into NaN; Cressie and Read's is infinity less infinity.
    let is_infinite = terms().any(|term| !term.is_finite());
    let statistic = if is_infinite { f64::INFINITY } else { terms().collect::<Sum>().value().max(0.0) };
    let df = occurring().count() as u64 - 1;
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
    fn every_divergence_is_zero_on_itself_and_close_to_pearsons_nearby() {
        for divergence in Divergence::ALL {
            assert_eq!(Divergence::from_name(divergence.name()), Some(divergence));
            let run = |c: &[u64]| power_divergence(Reference(&[2000, 3000, 5000]), Current(c), divergence).unwrap();
            assert!(run(&[400, 600, 1000]).statistic < 1e-12, "{divergence:?}");
            // Pearson: 100 / 400 + 100 / 600 = 0.41667
            let near = run(&[410, 590, 1000]);
            assert!((near.statistic / 0.416_666_7 - 1.0).abs() < 0.03 && near.df == 2, "{divergence:?} {near:?}");
        }
    }

    #[test]
    fn new_and_vanished_categories_leave_no_doubt_to_some_divergences() {
        let statistic = |r: &[u64], c: &[u64], divergence| {
            power_divergence(Reference(r), Current(c), divergence).unwrap().statistic
        };
        for divergence in Divergence::ALL {
            let is_new = statistic(&[9, 0], &[8, 1], divergence).is_infinite();
            let is_gone = statistic(&[8, 1], &[9, 0], divergence).is_infinite();
            use Divergence::{CressieRead, LogLikelihood, ModifiedLogLikelihood, Neyman, Pearson};
            assert_eq!(is_new, [Pearson, LogLikelihood, CressieRead].contains(&divergence), "{divergence:?}");
            assert_eq!(is_gone, [ModifiedLogLikelihood, Neyman].contains(&divergence), "{divergence:?}");
        }
    }

    #[test]
    fn one_category_or_an_empty_side_is_not_tested() {
        assert_eq!(goodness_of_fit(Reference(&[5]), Current(&[7])), Err(NotTested::Constant));
        let empty = NotTested::Empty { n_reference: 2, n_current: 0 };
        assert_eq!(homogeneity(Reference(&[1, 1]), Current(&[0, 0])), Err(empty));
    }
}
