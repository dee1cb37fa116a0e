//! Tails of the distributions that the tests refer to. All of them hold their relative precision far out: a
//! p-value of 1e-300 is not 0.

use super::special::{beta_i, beta_inverse, gamma_p, gamma_q, ln_beta_i, ln_gamma_q};
use std::f64::consts::{PI, SQRT_2};

/// `P(Z > z)` of the standard normal distribution.
///
/// ```
/// // scipy 1.17: norm.sf(10)
/// let p = tidemark::stattest::tails::normal_sf(10.0);
/// assert!((p / 7.619853024160593e-24 - 1.0).abs() < 1e-13);
/// ```
pub fn normal_sf(z: f64) -> f64 {
    0.5 * libm::erfc(z / SQRT_2)
}

/// `P(Z <= z)` of the standard normal distribution.
///
/// ```
/// // scipy 1.17: norm.cdf(-8)
/// let p = tidemark::stattest::tails::normal_cdf(-8.0);
/// assert!((p / 6.22096057427174e-16 - 1.0).abs() < 1e-13);
/// ```
pub fn normal_cdf(z: f64) -> f64 {
    normal_sf(-z)
}

/// The `z` with `P(Z <= z) = p` of the standard normal distribution: infinite at 0 and 1, NaN outside.
///
/// By Newton's method, in the middle on the distance from one half, in the tails on the logarithm of the tail: both keep the
/// relative precision of `z` and end after a few steps.
///
/// ```
/// // scipy 1.17: norm.ppf(1e-100)
/// let z = tidemark::stattest::tails::normal_quantile(1e-100);
/// assert!((z / -21.273453560965322 - 1.0).abs() < 1e-14);
/// ```
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() || !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    let from_middle = p - 0.5;
    if from_middle.abs() < 0.25 {
        return middle_quantile(from_middle);
    }
    if from_middle < 0.0 { -upper_quantile(p) } else { upper_quantile(1.0 - p) }
}

/// The `z` with `P(0 < Z <= z) = share`, for shares up to a quarter either way.
fn middle_quantile(share: f64) -> f64 {
    let mut z = share * (2.0 * PI).sqrt();
    for _ in 0..MAX_NEWTON_STEPS {
        let density = libm::exp(-z * z / 2.0) / (2.0 * PI).sqrt();
        let step = (libm::erf(z / SQRT_2) / 2.0 - share) / density;
        z -= step;
        if step.abs() <= f64::EPSILON * z.abs() {
            break;
        }
    }
    z
}

/// The `z` with `P(Z > z) = tail`, for tails up to a quarter.
fn upper_quantile(tail: f64) -> f64 {
    if tail == 0.0 {
        return f64::INFINITY;
    }
    // The tail is about exp(-z^2 / 2); its logarithm is concave, so that Newton's steps approach from one side.
    let mut z = (-2.0 * libm::log(2.0 * tail)).sqrt();
    for _ in 0..MAX_NEWTON_STEPS {
        let found = normal_sf(z);
        let hazard = libm::exp(-z * z / 2.0) / (2.0 * PI).sqrt() / found;
        let step = libm::log(found / tail) / hazard;
        if !step.is_finite() {
            break;
        }
        z += step;
        if step.abs() <= f64::EPSILON * z {
            break;
        }
    }
    z
}

/// Newton's steps double the digits: seven are enough, the others are for rounding.
const MAX_NEWTON_STEPS: u32 = 30;

/// `P(X <= x)` of the chi-square distribution with `df` degrees of freedom, `df >= 1`.
///
/// ```
/// // scipy 1.17: chi2.cdf(1e-6, 5)
/// let p = tidemark::stattest::tails::chi_square_cdf(1e-6, 5);
/// assert!((p / 5.319228505627678e-17 - 1.0).abs() < 1e-12, "{p:e}");
/// ```
pub fn chi_square_cdf(x: f64, df: u64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x == f64::INFINITY {
        return 1.0;
    }
    gamma_p(df as f64 / 2.0, x / 2.0)
}

/// `ln P(Z > z)` of the standard normal distribution, for any `z`: beyond 38 the probability is too small for a number.
///
/// ```
/// // mpmath 1.4.1, 50 digits: log(erfc(50 / sqrt(2)) / 2)
/// let ln_p = tidemark::stattest::tails::ln_normal_sf(50.0);
/// assert!((ln_p / -1254.8313611394199013 - 1.0).abs() < 1e-14, "{ln_p}");
/// ```
pub fn ln_normal_sf(z: f64) -> f64 {
    if z < 30.0 { libm::log(normal_sf(z)) } else { ln_gamma_q(0.5, 0.5 * z * z) - std::f64::consts::LN_2 }
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

/// `ln P(X > x)` of the chi-square distribution with `df` degrees of freedom, where [`chi_square_sf`] is too small for a
/// number.
///
/// ```
/// // mpmath 1.4.1, 50 digits: log(gammainc(2.5, 2500, regularized=True))
/// let ln_p = tidemark::stattest::tails::ln_chi_square_sf(5000.0, 5);
/// assert!((ln_p / -2488.5480139142124486 - 1.0).abs() < 1e-14, "{ln_p}");
/// ```
pub fn ln_chi_square_sf(x: f64, df: u64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x == f64::INFINITY {
        return f64::NEG_INFINITY;
    }
    ln_gamma_q(df as f64 / 2.0, x / 2.0)
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

/// The 97.5% point of Student's distribution with `df >= 1` degrees of freedom, by halving the interval.
pub(crate) fn student_95(df: f64) -> f64 {
    // 12.706 with one degree of freedom.
    let (mut low, mut high) = (1.9, 13.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if student_two_sided(middle, df) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

/// `P(T > t)` of Student's distribution with `df` degrees of freedom, whole or not.
///
/// ```
/// // scipy 1.17: t.sf(-1.5, 8)
/// let p = tidemark::stattest::tails::student_sf(-1.5, 8.0);
/// assert!((p - 0.9139983540240444).abs() < 1e-14);
/// ```
pub fn student_sf(t: f64, df: f64) -> f64 {
    let tail = student_two_sided(t, df) / 2.0;
    if t > 0.0 { tail } else { 1.0 - tail }
}

/// `P(F > f)` of Fisher's distribution of a ratio of variances, with `df1` degrees of freedom above and `df2` below.
///
/// ```
/// // scipy 1.17: f.sf(4, 3, 20)
/// let p = tidemark::stattest::tails::f_sf(4.0, 3.0, 20.0);
/// assert!((p - 0.022076999662362404).abs() < 1e-14, "{p}");
/// ```
pub fn f_sf(f: f64, df1: f64, df2: f64) -> f64 {
    if f <= 0.0 {
        return 1.0;
    }
    if f == f64::INFINITY {
        return 0.0;
    }
    let whole = df2 + df1 * f;
    beta_i(df2 / 2.0, df1 / 2.0, df2 / whole, df1 * f / whole)
}

/// `P(F <= f)` of the same.
///
/// ```
/// // scipy 1.17: f.cdf(0.001, 3, 20)
/// let p = tidemark::stattest::tails::f_cdf(0.001, 3.0, 20.0);
/// assert!((p / 4.527037955337391e-05 - 1.0).abs() < 1e-12, "{p:e}");
/// ```
pub fn f_cdf(f: f64, df1: f64, df2: f64) -> f64 {
    if f <= 0.0 {
        return 0.0;
    }
    if f == f64::INFINITY {
        return 1.0;
    }
    let whole = df2 + df1 * f;
    beta_i(df1 / 2.0, df2 / 2.0, df1 * f / whole, df2 / whole)
}

/// `P(X >= k)` of the binomial distribution of `n` trials with success probability `p`.
///
/// ```
/// // scipy 1.17: binom.sf(7, 10, 0.3)
/// let p = tidemark::stattest::tails::binomial_at_least(8, 10, 0.3);
/// assert!((p / 0.0015903863999999995 - 1.0).abs() < 1e-13);
/// ```
pub fn binomial_at_least(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 {
        1.0
    } else if k > n {
        0.0
    } else {
        beta_i(k as f64, (n - k + 1) as f64, p, 1.0 - p)
    }
}

/// `ln P(X >= k)` of the same, where the probability is too small for a number.
///
/// ```
/// // Added up in whole fractions, the logarithm to 50 digits.
/// let ln_p = tidemark::stattest::tails::ln_binomial_at_least(800, 1000, 0.1);
/// assert!((ln_p / -1366.1665868002821 - 1.0).abs() < 1e-13, "{ln_p}");
/// ```
pub fn ln_binomial_at_least(k: u64, n: u64, p: f64) -> f64 {
    if k == 0 {
        0.0
    } else if k > n {
        f64::NEG_INFINITY
    } else {
        ln_beta_i(k as f64, (n - k + 1) as f64, p, 1.0 - p)
    }
}

/// `P(X <= k)` of the same.
///
/// ```
/// // scipy 1.17: binom.cdf(2, 10, 0.6)
/// let p = tidemark::stattest::tails::binomial_at_most(2, 10, 0.6);
/// assert!((p / 0.012294553600000006 - 1.0).abs() < 1e-13);
/// ```
pub fn binomial_at_most(k: u64, n: u64, p: f64) -> f64 {
    binomial_at_least(n - k.min(n), n, 1.0 - p)
}

/// The interval that holds a share of `k` of `n` with at least `1 - alpha` certainty, whatever the share is.
///
/// ```
/// // scipy 1.17: binomtest(3, 20).proportion_ci(method="exact")
/// let (low, high) = tidemark::stattest::tails::clopper_pearson(3, 20, 0.05);
/// assert!((low - 0.03207093718554477).abs() < 1e-12 && (high - 0.37892682654529564).abs() < 1e-12);
/// ```
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

    #[test]
    fn logarithms_agree_with_the_tails_and_go_on_below_them() {
        for z in [-3.0, 0.0, 2.0, 29.9, 30.1, 35.0] {
            let (ln_p, p) = (ln_normal_sf(z), normal_sf(z));
            assert!((ln_p - libm::log(p)).abs() < 1e-12, "{z}");
        }
        for x in [0.1, 4.0, 60.0, 1200.0] {
            assert!((ln_chi_square_sf(x, 7) - libm::log(chi_square_sf(x, 7))).abs() < 1e-12, "{x}");
        }
        // mpmath 1.4.1, 50 digits: log(gammainc(25, 1500, regularized=True)), log(betainc(3000, 3001, 0, 0.01, regularized=True))
        assert!((ln_chi_square_sf(3000.0, 50) / -1_379.251_321_727_186_5 - 1.0).abs() < 1e-14);
        assert!((ln_binomial_at_least(3000, 6000, 0.01) / -9_691.343_923_656_613 - 1.0).abs() < 1e-13);
        assert!((ln_binomial_at_least(3, 10, 0.3) - libm::log(binomial_at_least(3, 10, 0.3))).abs() < 1e-14);
        assert_eq!(ln_binomial_at_least(0, 10, 0.3), 0.0);
    }
}
