//! A p-value that does not run out of numbers.

use std::f64::consts::LN_10;

/// Below this a p-value is given by its logarithm too: a double has no smaller number with all its digits.
const FAR_TAIL: f64 = 1e-300;

/// A p-value, with its logarithm where it is too small for a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Significance {
    /// The p-value, 0 where it is too small.
    pub p_value: f64,
    /// Its decimal logarithm, below 1e-300.
    pub log10_p: Option<f64>,
}

impl Significance {
    /// A p-value that is known to be no smaller than what a number holds.
    pub const fn of(p_value: f64) -> Self {
        Self { p_value, log10_p: None }
    }

    /// A p-value whose natural logarithm is worked out only where it is needed. A certainty (minus infinity) has none.
    pub fn or_ln(p_value: f64, ln_p: impl FnOnce() -> f64) -> Self {
        let log10_p = if p_value < FAR_TAIL { Some(ln_p() / LN_10).filter(|log10| log10.is_finite()) } else { None };
        Self { p_value, log10_p }
    }

    /// Less significant of the two.
    pub fn weaker(self, other: Self) -> Self {
        if self.is_stronger_than(&other) { other } else { self }
    }

    /// The same after `factor` tests of which this one is the best (Bonferroni).
    pub fn times(self, factor: f64) -> Self {
        Self {
            p_value: (self.p_value * factor).min(1.0),
            log10_p: self.log10_p.map(|log10_p| log10_p + libm::log(factor) / LN_10),
        }
    }

    pub fn is_stronger_than(&self, other: &Self) -> bool {
        let log10 = |found: &Self| found.log10_p.unwrap_or(f64::INFINITY);
        (self.p_value, log10(self)) < (other.p_value, log10(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithm_stands_only_where_a_number_does_not_reach() {
        assert_eq!(Significance::or_ln(0.2, || unreachable!("not needed")).log10_p, None);
        let far = Significance::or_ln(0.0, || -1000.0 * LN_10);
        assert!(far.log10_p.is_some_and(|log10_p| (log10_p + 1000.0).abs() < 1e-9), "{far:?}");
        assert_eq!(Significance::or_ln(0.0, || f64::NEG_INFINITY).log10_p, None);
    }

    #[test]
    fn the_smaller_one_is_stronger_below_the_numbers_too() {
        let [far, farther] = [-400.0, -500.0].map(|log10_p| Significance { p_value: 0.0, log10_p: Some(log10_p) });
        assert!(farther.is_stronger_than(&far) && !far.is_stronger_than(&farther));
        assert_eq!(far.weaker(farther), far);
        assert_eq!(Significance::of(0.1).weaker(far), Significance::of(0.1));
        assert_eq!(Significance::of(0.4).times(3.0).p_value, 1.0);
        assert!((far.times(10.0).log10_p.unwrap() + 399.0).abs() < 1e-12);
    }
}
