//! Tails of the distributions that the tests refer to. All of them hold their relative precision far out: a
//! p-value of 1e-300 is not 0.

use super::special::{beta_i, beta_inverse, gamma_q};

/// `P(Z > z)` of the standard normal distribution.
///
/// ```
/// // scipy 1.17: norm.sf(10)
/// let p = tidemark::stattest::tails::normal_sf(10.0);
/// assert!((p / 7.619853024160593e-24 - 1.0).abs() < 1e-13);
/// ```
pub fn normal_sf(z: f64) -> f64 {
    0.5 * libm::erfc(z / std::f64::consts::SQRT_2)
}

/// `P(X > x)` of the chi-square distribution with `df` degrees of freedom, `df >= 1`.
///
/// ```
/// // scipy 1.17: chi2.sf(100, 5)
/// let p = tidemark::stattest::tails::chi_square_sf(100.0, 5);
/// assert!((p / 5.285148360943219e-20 - 1.0).abs() < 1e-12);
/// ```
pub fn chi_square_sf(x: f64, df: u64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    if x == f64::INFINITY {
        return 0.0;
    }
    gamma_q(df as f64 / 2.0, x / 2.0)
}

/// `P(|T| > |t|)` of Student's distribution with `df` degrees of freedom, whole or not.
///
/// ```
/// // scipy 1.17: 2 * t.sf(3, 7)
/// let p = tidemark::stattest::tails::student_two_sided(3.0, 7.0);
/// assert!((p - 0.019942126131992522).abs() < 1e-14);
/// ```
pub fn student_two_sided(t: f64, df: f64) -> f64 {
    let square = t * t;
    if square == f64::INFINITY {
        return 0.0;
    }
    beta_i(df / 2.0, 0.5, df / (df + square), square / (df + square))
}

/// `P(X >= k)` of the binomial distribution of `n` trials with success probability `p`.
pub fn binomial_at_least(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 {
        1.0
    } else if k > n {
        0.0
    } else {
        beta_i(k as f64, (n - k + 1) as f64, p, 1.0 - p)
    }
}

/// `P(X <= k)` of the same.
pub fn binomial_at_most(k: u64, n: u64, p: f64) -> f64 {
    binomial_at_least(n - k.min(n), n, 1.0 - p)
}

/// The interval that holds a share of `k` of `n` with at least `1 - alpha` certainty, whatever the share is.
///
/// Source: Clopper and Pearson, Biometrika 26 (1934).
pub fn clopper_pearson(k: u64, n: u64, alpha: f64) -> (f64, f64) {
    let (k_f, rest) = (k as f64, (n - k) as f64);
    let low = if k == 0 { 0.0 } else { beta_inverse(k_f, rest + 1.0, alpha / 2.0) };
    let high = if k == n { 1.0 } else { beta_inverse(k_f + 1.0, rest, 1.0 - alpha / 2.0) };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binomial_tails_meet() {
        // scipy 1.17: binom.sf(2, 10, 0.3), binom.cdf(2, 10, 0.3)
        assert!((binomial_at_least(3, 10, 0.3) - 0.617_217_213_6).abs() < 1e-9);
        assert!((binomial_at_most(2, 10, 0.3) - 0.382_782_786_4).abs() < 1e-9);
        assert_eq!(binomial_at_most(10, 10, 0.3), 1.0);
        assert_eq!(binomial_at_least(11, 10, 0.3), 0.0);
    }

    #[test]
    fn clopper_pearson_equals_scipy() {
        // scipy 1.17: binomtest(3, 10).proportion_ci(0.95)
        let (low, high) = clopper_pearson(3, 10, 0.05);
        assert!((low - 0.066_739_511_2).abs() < 1e-8, "{low}");
        assert!((high - 0.652_452_850_1).abs() < 1e-8, "{high}");
        assert_eq!(clopper_pearson(0, 10, 0.05).0, 0.0);
        assert_eq!(clopper_pearson(10, 10, 0.05).1, 1.0);
    }
}
