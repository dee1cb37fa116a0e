//! The distribution of Kolmogorov's statistic: how large the gap between a sample of `n` and its own distribution
//! tends to be.
//!
//! The choice of formula by region follows Simard and L'Ecuyer, "Computing the Two-Sided Kolmogorov-Smirnov
//! Distribution", J. Stat. Software 39(11) (2011), as does `scipy.stats.kstwo`.

use std::f64::consts::{LN_2, PI};

use super::special::ln_binomial_density;

/// `P(D_n > x)` for the two-sided statistic `D_n` of a sample of `n`.
///
/// Relative error about 1e-12 where the tail is computed directly (`n x^2 >= 2.2`), absolute error about 1e-12 below.
///
/// ```
/// // scipy 1.17: kstwo.sf(0.2, 50)
/// let p = tidemark::stattest::kolmogorov::sf(50, 0.2);
/// assert!((p - 0.03143877776953241).abs() < 1e-13, "{p}");
/// ```
pub fn sf(n: u64, x: f64) -> f64 {
    let n_f = n as f64;
    let t = n_f * x;
    if n == 0 || x <= 0.0 || t <= 0.5 {
        return 1.0;
    }
    if x >= 1.0 {
        return 0.0;
    }
    if is_one_sided(n, x) {
        return libm::exp(ln_sf(n, x));
    }
    let cdf =
        if n <= 140 || (n <= 100_000 && n_f * x * x.sqrt() <= 1.4) { durbin_cdf(n, x) } else { pelz_good_cdf(n_f, x) };
    (1.0 - cdf).clamp(0.0, 1.0)
}

/// `P(K > x)` for Kolmogorov's limit `K` of `sqrt(n) D_n`.
///
/// ```text
/// P(K > x) = 2 * sum over k >= 1 of (-1)^(k-1) exp(-2 k^2 x^2)
/// ```
/// and, where that converges slowly, `1 - sqrt(2 pi)/x * sum over k >= 1 of exp(-(2k-1)^2 pi^2 / (8 x^2))`.
///
/// ```
/// // scipy 1.17: kstwobign.sf(1.36)
/// let p = tidemark::stattest::kolmogorov::limit_sf(1.36);
/// assert!((p - 0.049485876755377876).abs() < 1e-15, "{p}");
/// ```
///
/// Source: Kolmogorov, Giornale dell'Istituto Italiano degli Attuari 4 (1933); Smirnov, Ann. Math. Stat. 19 (1948).
pub fn limit_sf(x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    // Five terms of either series leave less than 1e-17 at the seam.
    if x < 0.8 {
        let terms = (1..=5).map(|k| f64::from(2 * k - 1)).map(|odd| libm::exp(-odd * odd * PI * PI / (8.0 * x * x)));
        return 1.0 - (2.0 * PI).sqrt() / x * terms.sum::<f64>();
    }
    let term = |k: f64| libm::exp(-2.0 * k * k * x * x);
    2.0 * (term(1.0) - term(2.0) + term(3.0) - term(4.0) + term(5.0))
}

/// `ln P(D_n > x)`: [`sf`] where its value is too small for a number.
///
/// Relative error of the probability about 1e-12, however small it is. Minus infinity for `x >= 1`.
///
/// ```
/// // mpmath 1.4.1, 50 digits: log(2 * sum over j of x C(n,j) (x + j/n)^(j-1) (1-x-j/n)^(n-j)) with n = 71202, x = 0.1
/// let ln_p = tidemark::stattest::kolmogorov::ln_sf(71_202, 0.1);
/// assert!((ln_p / -1426.5907920247409304 - 1.0).abs() < 1e-13, "{ln_p}");
/// ```
pub fn ln_sf(n: u64, x: f64) -> f64 {
    if is_one_sided(n, x) { (LN_2 + smirnov_ln_sf(n, x)).min(0.0) } else { libm::log(sf(n, x)) }
}

/// A large gap on one side leaves no room for one on the other: then the two-sided tail is twice the one-sided one.
fn is_one_sided(n: u64, x: f64) -> bool {
    let nxx = n as f64 * x * x;
    n > 0 && x < 1.0 && n as f64 * x > 0.5 && (x >= 0.5 || nxx > if n <= 140 { 4.0 } else { 2.2 })
}

/// Terms smaller than the largest by this factor are left out; all of them together are less than a rounding.
const NEGLIGIBLE: f64 = -50.0;
/// So many terms per standard deviation of the summands' bell curve; fewer would do.
const TERMS_PER_DEVIATION: f64 = 12.0;

/// `ln P(D_n^+ > x)` for the one-sided statistic, for `0 < x < 1`.
///
/// ```text
/// P = x * sum over j = 0 ..= n (1 - x) of C(n, j) (x + j/n)^(j-1) (1 - x - j/n)^(n-j)
/// ```
/// Each term is a binomial probability of `j` out of `n` at `p = x + j/n`, times `x / p`, which keeps full precision for
/// any `n` (Birnbaum and Tingey, Ann. Math. Stat. 22 (1951), eq. 3.0).
///
/// The terms make a bell curve around `j = n t`, where `t` minimises the divergence of `x + t` from `t`, which is convex.
/// The sum walks from there to both sides until nothing is added, and in strides where the bell is wide: for a smooth
/// curve that vanishes at both ends the trapezoid rule is exact to the last digit.
fn smirnov_ln_sf(n: u64, x: f64) -> f64 {
    let n_f = n as f64;
    let ln_first = n_f * libm::log1p(-x);
    let last = n_f * (1.0 - x);
    let ln_term = |j: f64| {
        let (p, q) = (x + j / n_f, (n_f - j) / n_f - x);
        (j >= 1.0 && q > 0.0 && j < n_f).then(|| ln_binomial_density(j, n_f - j, p, q) + libm::log(x / p))
    };
    let t = likeliest_share(x);
    let curvature = x * x / (t * (t + x) * (t + x)) + x * x / ((1.0 - t) * (1.0 - t - x) * (1.0 - t - x));
    let stride = ((n_f / curvature).sqrt() / TERMS_PER_DEVIATION).floor().max(1.0);
    let middle = (n_f * t).round().clamp(1.0, last.floor().max(1.0));
    let Some(ln_largest) = ln_term(middle) else { return ln_first };
    let mut sum = 1.0;
    for direction in [-stride, stride] {
        let mut j = middle + direction;
        while let Some(ln_term) = ln_term(j).filter(|ln_term| ln_term - ln_largest > NEGLIGIBLE) {
            sum += libm::exp(ln_term - ln_largest);
            j += direction;
        }
    }
    let ln_sum = ln_largest + libm::log(sum * stride);
    // The term of j = 0, which the strides do not meet.
    let (large, small) = if ln_sum > ln_first { (ln_sum, ln_first) } else { (ln_first, ln_sum) };
    large + libm::log1p(libm::exp(small - large))
}

/// The `t` between 0 and `1 - x` at which a share of `t` is least unlikely where one of `x + t` is expected, by halving.
fn likeliest_share(x: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0 - x);
    for _ in 0..60 {
        let t = 0.5 * (low + high);
        let slope =
            libm::log(t / (t + x)) - t / (t + x) - libm::log((1.0 - t) / (1.0 - t - x)) + (1.0 - t) / (1.0 - t - x);
        if slope < 0.0 {
            low = t;
        } else {
            high = t;
        }
    }
    0.5 * (low + high)
}

/// `P(D_n <= x)` by Durbin's matrix: exact up to rounding, cubic in `n x`.
///
/// Source: Marsaglia, Tsang and Wang, "Evaluating Kolmogorov's Distribution", J. Stat. Software 8(18) (2003).
fn durbin_cdf(n: u64, x: f64) -> f64 {
    let n_f = n as f64;
    let k = (n_f * x).ceil() as usize;
    let h = k as f64 - n_f * x;
    let size = 2 * k - 1;
    let mut step = vec![0.0; size * size];
    for i in 0..size {
        for j in 0..size {
            step[i * size + j] = if i + 1 >= j { 1.0 } else { 0.0 };
        }
    }
    let mut power = 1.0;
    for i in 0..size {
        power *= h;
        step[i * size] -= power;
        step[(size - 1) * size + (size - 1 - i)] -= power;
    }
    if 2.0 * h - 1.0 > 0.0 {
        step[(size - 1) * size] += libm::pow(2.0 * h - 1.0, size as f64);
    }
    for i in 0..size {
        for j in 0..size {
            for g in 1..(i + 2).saturating_sub(j) {
                step[i * size + j] /= g as f64;
            }
        }
    }
    let (matrix, mut exponent) = matrix_power(&step, size, n);
    let mut value = matrix[(k - 1) * size + k - 1];
    for i in 1..=n {
        value *= i as f64 / n_f;
        if value < 1e-140 {
            value *= 1e140;
            exponent -= 140;
        }
    }
    value * libm::exp10(f64::from(exponent))
}

/// `matrix^n` as (mantissas, power of ten).
fn matrix_power(matrix: &[f64], size: usize, n: u64) -> (Vec<f64>, i32) {
    if n == 1 {
        return (matrix.to_vec(), 0);
    }
    let (half, half_exponent) = matrix_power(matrix, size, n / 2);
    let mut result = multiply(&half, &half, size);
    let mut exponent = 2 * half_exponent;
    if n % 2 == 1 {
        result = multiply(&result, matrix, size);
    }
    if result[(size / 2) * size + size / 2] > 1e140 {
        for entry in &mut result {
            *entry *= 1e-140;
        }
        exponent += 140;
    }
    (result, exponent)
}

fn multiply(a: &[f64], b: &[f64], size: usize) -> Vec<f64> {
    let mut product = vec![0.0; size * size];
    for i in 0..size {
        for k in 0..size {
            let factor = a[i * size + k];
            for j in 0..size {
                product[i * size + j] += factor * b[k * size + j];
            }
        }
    }
    product
}

/// `P(D_n <= x)` by Pelz and Good's expansion in powers of `1/sqrt(n)`; for large `n` and moderate `z = x sqrt(n)`.
///
/// Source: Pelz and Good, J. Royal Stat. Soc. B 38 (1976), eqs. 5 to 8, in the form of Simard and L'Ecuyer, eq. 13.
fn pelz_good_cdf(n: f64, x: f64) -> f64 {
    let root = n.sqrt();
    let z = root * x;
    let (z2, z3, z4, z6) = (z * z, z * z * z, z * z * z * z, z * z * z * z * z * z);
    let (z7, z8, z10) = (z6 * z, z6 * z2, z6 * z4);
    let (pi2, pi4, pi6) = (PI * PI, PI * PI * PI * PI, PI * PI * PI * PI * PI * PI);
    let (mut k0, mut k1, mut k2, mut k3) = (0.0, 0.0, 0.0, 0.0);
    // The terms fall like exp(-k^2 pi^2 / (2 z^2)), and z stays below 1.5 here: twenty are more than enough.
    for k in 0..20 {
        let m = f64::from(k) + 0.5;
        let m2 = m * m;
        let weight = libm::exp(-pi2 * m2 / (2.0 * z2));
        k0 += weight;
        k1 += (pi2 * m2 - z2) * weight;
        k2 += (6.0 * z6 + 2.0 * z4 + pi2 * (2.0 * z4 - 5.0 * z2) * m2 + pi4 * (1.0 - 2.0 * z2) * m2 * m2) * weight;
        k3 += (pi6 * m2 * m2 * m2 * (5.0 - 30.0 * z2)
            + pi4 * m2 * m2 * (-60.0 * z2 + 212.0 * z4)
            + pi2 * m2 * (135.0 * z4 - 96.0 * z6)
            - 30.0 * z6
            - 90.0 * z8)
            * weight;
    }
    let (mut k2_whole, mut k3_whole) = (0.0, 0.0);
    for k in 1..20 {
        let m2 = f64::from(k * k);
        let weight = libm::exp(-pi2 * m2 / (2.0 * z2));
        k2_whole += pi2 * m2 * weight;
        k3_whole += (3.0 * pi2 * m2 * z2 - pi4 * m2 * m2) * weight;
    }
    // The sums run over negative k too, hence the factors of two; the last one stands as scipy has it, without.
    let half = (PI / 2.0).sqrt();
    let k0 = (2.0 * PI).sqrt() / z * k0;
    let k1 = half / (6.0 * z4) * 2.0 * k1;
    let k2 = half / (72.0 * z7) * 2.0 * k2 - half / (36.0 * z3) * 2.0 * k2_whole;
    let k3 = half / (6480.0 * z10) * 2.0 * k3 + half / (108.0 * z6) * k3_whole;
    k0 + k1 / root + k2 / n + k3 / (n * root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance * expected, "{found} is not {expected}");
    }

    #[test]
    fn certain_at_the_ends() {
        assert_eq!(sf(10, 0.0), 1.0);
        assert_eq!(sf(10, 0.05), 1.0);
        assert_eq!(sf(10, 1.0), 0.0);
    }

    #[test]
    fn falls_without_a_step_between_the_regions() {
        for n in [5, 140, 141, 1000, 100_001] {
            let mut previous = 1.0;
            for i in 1..400 {
                let p = sf(n, f64::from(i) / 400.0);
                assert!(p <= previous + 1e-12, "n {n}: {p} after {previous}");
                previous = p;
            }
        }
    }
    #[test]
    fn equals_scipy_in_every_region() {
        // scipy 1.17: kstwo.sf(x, n)
        for (n, x, expected) in [
            (3, 0.4, 0.5946666666666665),
            (10, 0.3, 0.27053557479999946),
            (50, 0.2, 0.03143877776953241),
            (100, 0.05, 0.9532159710635725),
            (140, 0.16, 0.0013440163244194184),
            (141, 0.05, 0.854845693009663),
            (1000, 0.02, 0.8108971656895577),
            (1000, 0.045, 0.03378304014546085),
            (1000, 0.1, 3.703687096817711e-09),
            (20000, 0.004, 0.9048968240702959),
            (71202, 0.004, 0.20411914187502478),
            (71202, 0.01, 1.2986416639382726e-06),
            (200000, 0.002, 0.39995085369038097),
            (200000, 0.0035, 0.014858338517072333),
            (1000, 0.5, 1.064517291557782e-231),
        ] {
            assert_close(sf(n, x), expected, 1e-10);
        }
    }

    #[test]
    fn logarithms_of_tails_equal_fifty_digits() {
        // mpmath 1.4.1, mp.dps = 50: log(2 * ((1-x)^n + sum(x * C(n,j) * (x+j/n)^(j-1) * (1-x-j/n)^(n-j)))), x as a double
        for (n, x, expected) in [
            (10, 0.6, -7.473_094_816_363_167),
            (150, 0.3, -27.037_876_126_961_935),
            (1000, 0.5, -531.834_635_032_574_4),
            (1000, 0.9, -2_301.505_280_801_811_7),
            (5000, 0.0213, -3.858_210_364_944_220_6),
            (20_000, 0.9999, -184_206.114_292_345_3),
            (71_202, 0.00557, -3.728_652_714_402_002_6),
            (71_202, 0.02, -56.286_674_372_470_18),
            (71_202, 0.1, -1_426.590_792_024_741),
            (71_202, 0.3, -13_085.298_944_531_42),
        ] {
            let found = ln_sf(n, x);
            // The relative error of the probability is the absolute one of its logarithm, which a double bounds below.
            let tolerance = 1e-12 + 4.0 * f64::EPSILON * f64::abs(expected);
            assert!((found - expected).abs() <= tolerance, "ln_sf({n}, {x}) is {found}, not {expected}");
        }
        assert_eq!(ln_sf(10, 1.0), f64::NEG_INFINITY);
        assert_eq!(ln_sf(10, 0.0), 0.0);
    }
}
