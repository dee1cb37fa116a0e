//! Incomplete gamma and beta functions.
//!
//! Our own, although crates have them: every elementary function here comes from `libm`, so that a browser and a server give
//! the same bytes, and the leading factors are taken by Loader's saddle point, so that far tails and large parameters keep
//! their digits.

use std::f64::consts::PI;

/// `ln(n!) - ln(sqrt(2 pi n) (n/e)^n)` for any `n > 0`, whole or not.
pub(super) fn stirling_error(n: f64) -> f64 {
    if n <= 15.0 {
        return libm::lgamma(n + 1.0) - (n + 0.5) * libm::log(n) + n - 0.5 * libm::log(2.0 * PI);
    }
    let nn = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / (1188.0 * nn)) / nn) / nn) / nn) / n
}

/// `ln Gamma(x)`, for `x > 0`.
pub(crate) fn log_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// `x ln(x/m) + m - x`, without cancellation where `x` is close to `m`.
///
/// Source: Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000).
pub(super) fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() < 0.1 * (x + m) {
        let v = (x - m) / (x + m);
        let mut sum = (x - m) * v;
        let mut power = 2.0 * x * v;
        for k in 1..1000 {
            power *= v * v;
            let next = sum + power / f64::from(2 * k + 1);
            if next == sum {
                break;
            }
            sum = next;
        }
        return sum;
    }
    x * libm::log(x / m) + m - x
}

/// `Gamma(n + 1) / (Gamma(j + 1) Gamma(n - j + 1)) p^j q^(n - j)`: for whole numbers the probability of `j` out of `n`.
/// `p` and `q` are both given because one of them may be too small to be had from the other.
pub(super) fn binomial_density(j: f64, rest: f64, p: f64, q: f64) -> f64 {
    binomial_factor(j, rest).sqrt() * libm::exp(binomial_exponent(j, rest, p, q))
}

/// The logarithm of [`binomial_density`], which may be too small for a number.
pub(super) fn ln_binomial_density(j: f64, rest: f64, p: f64, q: f64) -> f64 {
    0.5 * libm::log(binomial_factor(j, rest)) + binomial_exponent(j, rest, p, q)
}

fn binomial_factor(j: f64, rest: f64) -> f64 {
    (j + rest) / (2.0 * PI * j * rest)
}

fn binomial_exponent(j: f64, rest: f64, p: f64, q: f64) -> f64 {
    let n = j + rest;
    stirling_error(n) - stirling_error(j) - stirling_error(rest) - deviance(j, n * p) - deviance(rest, n * q)
}

/// The probability of `j` successes and `rest` failures, whole numbers from 0 on, where `p + q = 1`.
pub(super) fn binomial_probability(j: f64, rest: f64, p: f64, q: f64) -> f64 {
    // ln p, from q where that is the smaller one and so the one with more digits.
    let log = |p: f64, q: f64| if q < 0.5 { libm::log1p(-q) } else { libm::log(p) };
    if j == 0.0 {
        return if rest == 0.0 { 1.0 } else { libm::exp(rest * log(q, p)) };
    }
    if rest == 0.0 {
        return libm::exp(j * log(p, q));
    }
    binomial_density(j, rest, p, q)
}

/// A continued fraction ends when a step changes it by less than this share.
const PRECISION: f64 = 1e-16;
/// Steps after which it ends all the same. Large parameters take about the square root of their size.
const MAX_STEPS: u32 = 1_000_000;
/// Stands for a zero that something is to be divided by (Lentz's method).
const TINY: f64 = 1e-300;

/// The upper regularized incomplete gamma function `Q(a, x)`, for `a > 0` and `x > 0`.
pub(super) fn gamma_q(a: f64, x: f64) -> f64 {
    incomplete_gamma(a, x).1
}

/// The lower regularized incomplete gamma function `P(a, x)`, for `a > 0` and `x > 0`.
pub(super) fn gamma_p(a: f64, x: f64) -> f64 {
    incomplete_gamma(a, x).0
}

/// `P(a, x)` and `Q(a, x)`, the smaller of them by itself and the larger as the rest from 1.
///
/// Source: DLMF 8.11.4 (series) and 8.9.2 (continued fraction).
fn incomplete_gamma(a: f64, x: f64) -> (f64, f64) {
    // x^a e^-x / Gamma(a + 1)
    let factor = libm::exp(-deviance(a, x) - stirling_error(a)) / (2.0 * PI * a).sqrt();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0, 1.0);
        for k in 1..MAX_STEPS {
            term *= x / (a + f64::from(k));
            sum += term;
            if term < sum * PRECISION {
                break;
            }
        }
        let p = (factor * sum).clamp(0.0, 1.0);
        return (p, 1.0 - p);
    }
    let q = (factor * a * gamma_fraction(a, x)).clamp(0.0, 1.0);
    (1.0 - q, q)
}

/// `ln Q(a, x)`, which may be too small for a number itself.
pub(super) fn ln_gamma_q(a: f64, x: f64) -> f64 {
    if x < a + 1.0 {
        return libm::log(gamma_q(a, x));
    }
    let ln_factor = -deviance(a, x) - stirling_error(a) - 0.5 * libm::log(2.0 * PI * a);
    ln_factor + libm::log(a * gamma_fraction(a, x))
}

/// The continued fraction of `Q(a, x)` for `x >= a + 1`, without its leading factor.
fn gamma_fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for k in 1..MAX_STEPS {
        let k = f64::from(k);
        let numerator = -k * (k - a);
        b += 2.0;
        d = not_zero(numerator * d + b).recip();
        c = not_zero(b + numerator / c);
        let step = d * c;
        fraction *= step;
        if (step - 1.0).abs() < PRECISION {
            break;
        }
    }
    fraction
}

/// The regularized incomplete beta function `I_x(a, b)`, for positive `a` and `b`. `y` is `1 - x`.
///
/// Source: DiDonato and Morris, "Algorithm 708", ACM TOMS 18 (1992), eq. 9 (continued fraction).
pub(crate) fn beta_i(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if y <= 0.0 {
        return 1.0;
    }
    // The fraction converges fast on this side of the mean only.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_lower(b, a, y, x);
    }
    beta_lower(a, b, x, y)
}

/// `ln I_x(a, b)`, which may be too small for a number itself.
pub(super) fn ln_beta_i(a: f64, b: f64, x: f64, y: f64) -> f64 {
    if x <= 0.0 || y <= 0.0 || x > (a + 1.0) / (a + b + 2.0) {
        return libm::log(beta_i(a, b, x, y));
    }
    ln_binomial_density(a, b, x, y) + libm::log(a * b / (a + b) / beta_fraction(a, b, x, y))
}

/// `I_x(a, b)` below the mean.
fn beta_lower(a: f64, b: f64, x: f64, y: f64) -> f64 {
    // x^a y^b / B(a, b)
    let factor = binomial_density(a, b, x, y) * a * b / (a + b);
    (factor / beta_fraction(a, b, x, y)).clamp(0.0, 1.0)
}

/// What `x^a y^b / B(a, b)` is divided by for `I_x(a, b)` below the mean.
///
/// The fraction is taken two steps at a time, and `1 - x` enters as `y`: with large parameters nothing cancels.
fn beta_fraction(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let denominator = |k: f64| {
        k + k * (b - k) * x / (a + 2.0 * k - 1.0)
            + (a + k) * (a * y - b * x + 1.0 + k * (1.0 + y)) / (a + 2.0 * k + 1.0)
    };
    let mut fraction = a * (a * y - b * x + 1.0) / (a + 1.0);
    let (mut c, mut d) = (fraction, 0.0);
    for k in 1..MAX_STEPS {
        let k = f64::from(k);
        let middle = a + 2.0 * k - 1.0;
        let numerator = (a + k - 1.0) / middle * ((a + b + k - 1.0) / middle) * k * (b - k) * x * x;
        let next = denominator(k);
        d = not_zero(next + numerator * d).recip();
        c = not_zero(next + numerator / c);
        let step = c * d;
        fraction *= step;
        if (step - 1.0).abs() < PRECISION {
            break;
        }
    }
    fraction
}

/// The `x` with `I_x(a, b) = p`, by halving the interval until it holds no further number.
pub(super) fn beta_inverse(a: f64, b: f64, p: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    // From 1 down to the smallest number that a share of counts can be takes fewer halvings.
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if beta_i(a, b, middle, 1.0 - middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    low + (high - low) / 2.0
}

fn not_zero(x: f64) -> f64 {
    if x.abs() < TINY { TINY } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::function::{beta, gamma};

    /// A share of `expected`, or an absolute error for what is next to nothing.
    fn assert_close(found: f64, expected: f64, what: &str) {
        assert!((found - expected).abs() <= 2e-12 * expected.abs() + 1e-290, "{what}: {found:e} is not {expected:e}");
    }

    #[test]
    fn gamma_agrees_with_statrs() {
        for a in [0.5, 1.0, 1.5, 4.0, 10.5, 100.0, 1234.5] {
            for factor in [0.01, 0.5, 0.9, 1.0, 1.1, 2.0, 5.0] {
                let x = a * factor;
                let (found, expected) = (gamma_q(a, x), gamma::gamma_ur(a, x));
                // statrs loses digits with large parameters, and so do we not.
                if expected > 1e-200 && a < 1000.0 {
                    assert_close(found, expected, &format!("Q({a}, {x})"));
                }
            }
        }
    }

    #[test]
    fn beta_agrees_with_statrs_and_its_inverse() {
        for (a, b) in [(0.5, 0.5), (1.0, 3.0), (3.0, 8.0), (20.0, 0.5), (38.0, 20.0), (150.0, 400.0)] {
            for x in [1e-6, 0.01, 0.2, 0.5, 0.8, 0.999] {
                let found = beta_i(a, b, x, 1.0 - x);
                let expected = beta::beta_reg(a, b, x);
                assert!((found - expected).abs() <= 1e-11 * expected, "I_{x}({a}, {b}): {found:e}, {expected:e}");
            }
            for p in [0.025, 0.5, 0.975] {
                let x = beta_inverse(a, b, p);
                assert!((beta_i(a, b, x, 1.0 - x) - p).abs() < 1e-12, "{a} {b} {p}");
            }
        }
    }
}
