//! NannyML's drift methods for columns of categories.

use super::Method;
use super::continuous::shares_apart;
use crate::data::Category;
use crate::stattest::binning::align;
use crate::stattest::{Current, NotTested, Reference, chi_square};

/// The chi-square statistic alerts when its p-value is below this, whatever the thresholds say.
pub const CHI2_ALPHA: f64 = 0.05;

/// What a drift method keeps of a reference of categories, to hold chunks against.
///
/// ```text
/// jensen_shannon  sqrt((KL(r, m) + KL(c, m)) / 2), m = (r + c) / 2, KL(p, m) = sum of p log2(p / m)
/// hellinger       sqrt(sum of (sqrt(r) - sqrt(c))^2) / sqrt(2)
/// l_infinity      max of |r - c|
/// chi2            sum over both sides of (|o - e| - y)^2 / e
/// ```
/// where `r` and `c` are the shares of a category in reference and chunk, `o` its counts and `e` the counts that equal
/// shares would give. What the reference never showed is one category together for the first two, and stays apart for the
/// others. `y` is Yates' correction, half a count and at most `|o - e|`, where there are two categories, else 0.
///
/// Inputs: counts by category, ascending, none zero; missing values left out. Score: a distance, 0 to 1, or a statistic
/// from 0 on with its p-value. Declines when the reference is empty or the method is not for categories; an empty chunk
/// has no value. With one category on both sides together the statistic is 0 and its p-value 1.
///
/// ```
/// use tidemark::data::Category;
/// use tidemark::judge::nannyml::{CategoricalReference, Method};
/// use tidemark::stattest::{Current, Reference};
/// let counts = |yes, no| [(Category::Name("no".to_owned()), no), (Category::Name("yes".to_owned()), yes)];
/// let fitted = CategoricalReference::fit(Method::Chi2, Reference(&counts(40, 60))).unwrap();
/// // scipy 1.17: chi2_contingency([[60, 70], [40, 30]])
/// let found = fitted.measure(Current(&counts(30, 70))).unwrap();
/// assert!((found.value - 1.7802197802197806).abs() < 1e-12);
/// assert!((found.p_value.unwrap() - 0.18212234100949093).abs() < 1e-12);
/// ```
///
/// Source: Yates, "Contingency Tables Involving Small Numbers", J. Royal Stat. Soc. Suppl. 1 (1934), for the correction;
/// agrees with NannyML 0.13.1, `nannyml.drift.univariate.methods`.
#[derive(Debug, Clone)]
pub struct CategoricalReference {
    method: Method,
    counts: Vec<(Category, u64)>,
}

/// What a method found in a chunk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// The distance, or the statistic.
    pub value: f64,
    /// Its p-value, where it is a test's.
    pub p_value: Option<f64>,
}

impl CategoricalReference {
    /// Keeps the reference's counts.
    ///
    /// # Errors
    /// There is no value, or the method is not for categories.
    pub fn fit(method: Method, reference: Reference<&[(Category, u64)]>) -> Result<Self, NotTested> {
        if reference.0.is_empty() {
            return Err(NotTested::Empty { n_reference: 0, n_current: 0 });
        }
        match method {
            Method::KolmogorovSmirnov | Method::Wasserstein => {
                Err(NotTested::TypeNotCovered { column_type: crate::schema::ColumnType::Categorical })
            }
            _ => Ok(Self { method, counts: reference.0.to_vec() }),
        }
    }

    /// How far a chunk lies from the reference; `None` for a chunk without values.
    pub fn measure(&self, chunk: Current<&[(Category, u64)]>) -> Option<Distance> {
        let (_, reference, current) = align(Reference(&self.counts), chunk);
        let m: u64 = current.iter().sum();
        if m == 0 {
            return None;
        }
        let n: u64 = reference.iter().sum();
        let share = |count: u64, total: u64| count as f64 / total as f64;
        let value = match self.method {
            Method::Chi2 => return Some(contingency(&reference, &current)),
            Method::LInfinity => {
                let gaps = reference.iter().zip(&current).map(|(&r, &c)| (share(r, n) - share(c, m)).abs());
                gaps.fold(0.0, f64::max)
            }
            method => {
                let known = || reference.iter().zip(&current).filter(|(r, _)| **r > 0);
                let mut reference_shares: Vec<f64> = known().map(|(&r, _)| share(r, n)).collect();
                let mut shares: Vec<f64> = known().map(|(_, &c)| share(c, m)).collect();
                let unseen = m - known().map(|(_, &c)| c).sum::<u64>();
                if unseen > 0 {
                    reference_shares.push(0.0);
                    shares.push(share(unseen, m));
                }
                shares_apart(method, Reference(&reference_shares), Current(&shares))
            }
        };
        Some(Distance { value, p_value: None })
    }
}

/// Chi-square of a table of two rows, with Yates' correction where it has two columns; one column leaves nothing to differ in.
fn contingency(reference: &[u64], current: &[u64]) -> Distance {
    let found = chi_square::homogeneity_with_correction(Reference(reference), Current(current));
    let (value, p_value) = found.map_or((0.0, 1.0), |found| (found.statistic, found.p_value));
    Distance { value, p_value: Some(p_value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pairs: &[(&str, u64)]) -> Vec<(Category, u64)> {
        pairs.iter().map(|(name, count)| (Category::Name((*name).to_owned()), *count)).collect()
    }

    fn measure(method: Method, reference: &[(&str, u64)], chunk: &[(&str, u64)]) -> Distance {
        let fitted = CategoricalReference::fit(method, Reference(&counts(reference))).unwrap();
        fitted.measure(Current(&counts(chunk))).unwrap()
    }

    #[test]
    fn unseen_categories_are_pooled_by_distances_of_shares_only() {
        // nannyml 0.13.1: m = CategoricalJensenShannonDistance(chunker=DefaultChunker(), threshold=ConstantThreshold())
        // m._fit(pd.Series(list("aaabbbbb")))._calculate(pd.Series(list("aabxyy"))); the other methods alike
        let (reference, chunk) = ([("a", 3), ("b", 5)], [("a", 2), ("b", 1), ("x", 1), ("y", 2)]);
        for (method, expected) in [
            (Method::JensenShannon, 0.593_983_601_247_134_1),
            (Method::Hellinger, 0.568_944_634_584_750_1),
            (Method::LInfinity, 0.458_333_333_333_333_37),
            (Method::Chi2, 5.697_222_222_222_223),
        ] {
            let found = measure(method, &reference, &chunk).value;
            assert!((found - expected).abs() < 1e-12, "{}: {found}", method.name());
        }
    }

    #[test]
    fn one_category_on_both_sides_is_no_drift() {
        let found = measure(Method::Chi2, &[("a", 3)], &[("a", 5)]);
        assert_eq!(found, Distance { value: 0.0, p_value: Some(1.0) });
        assert_eq!(measure(Method::JensenShannon, &[("a", 3)], &[("a", 5)]).value, 0.0);
    }

    #[test]
    fn what_cannot_be_fitted_is_declined() {
        assert!(CategoricalReference::fit(Method::Chi2, Reference(&[])).is_err());
        assert!(CategoricalReference::fit(Method::Wasserstein, Reference(&counts(&[("a", 1)]))).is_err());
        let fitted = CategoricalReference::fit(Method::Chi2, Reference(&counts(&[("a", 1)]))).unwrap();
        assert_eq!(fitted.measure(Current(&[])), None);
    }
}
