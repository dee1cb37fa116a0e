//! Eigenvalues and eigenvectors of a symmetric matrix.

/// The decomposition of a symmetric matrix, largest eigenvalue first.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigen {
    /// The eigenvalues, descending.
    pub values: Vec<f64>,
    /// The eigenvectors in the order of the values, each of length 1, its largest component (in size) positive.
    pub vectors: Vec<Vec<f64>>,
}

/// Sweeps after which the off-diagonal is as small as it will get. Jacobi's method converges quadratically: matrices of
/// a hundred columns take six to ten.
const MAX_SWEEPS: usize = 60;

/// The eigenvalues and eigenvectors of a symmetric matrix `A`.
///
/// ```text
/// A v = λ v,   |v| = 1
/// ```
/// By Jacobi's method: each rotation of two axes makes one off-diagonal entry zero, and sweeps over all entries, always
/// in the same order, make all of them vanish. There is no choice of a start, so the same matrix gives the same digits
/// everywhere; and small eigenvalues of a positive matrix keep their relative precision, as they do not with methods
/// that go over a tridiagonal form.
///
/// Input: the `n * n` finite entries, row by row; only symmetric matrices make sense, and are not checked. Every
/// symmetric matrix has an answer, the empty one too. Cost: some ten times `n^3`.
///
/// ```
/// use tidemark::multivariate::eigen;
/// let found = eigen::symmetric(&[2.0, 1.0, 1.0, 2.0], 2);
/// assert!((found.values[0] - 3.0).abs() < 1e-15 && (found.values[1] - 1.0).abs() < 1e-15);
/// ```
///
/// Source: Jacobi, J. reine angew. Math. 30 (1846); Demmel and Veselić, "Jacobi's method is more accurate than QR",
/// SIAM J. Matrix Anal. Appl. 13 (1992); agrees with `numpy.linalg.eigh`.
///
/// # Panics
/// When there are not `n * n` entries.
pub fn symmetric(matrix: &[f64], n: usize) -> Eigen {
    assert_eq!(matrix.len(), n * n, "a square matrix has n * n entries");
    let mut a = matrix.to_vec();
    let mut vectors: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    let norm = a.iter().map(|entry| entry.abs()).fold(0.0, f64::max);
    for _ in 0..MAX_SWEEPS {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                let size = (a[p * n + p] * a[q * n + q]).abs().sqrt();
                // Below this an entry changes neither eigenvalue in its last digit.
                if a[p * n + q].abs() > f64::EPSILON * size.max(f64::EPSILON * norm) {
                    rotate(&mut a, &mut vectors, n, p, q);
                    rotated = true;
                }
            }
        }
        if !rotated {
            break;
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a[j * n + j].total_cmp(&a[i * n + i]));
    Eigen {
        values: order.iter().map(|&i| a[i * n + i]).collect(),
        vectors: order.iter().map(|&i| with_positive_peak(&vectors[i])).collect(),
    }
}

/// Turns the axes `p` and `q` so that their entry becomes zero.
fn rotate(a: &mut [f64], vectors: &mut [Vec<f64>], n: usize, p: usize, q: usize) {
    let entry = a[p * n + q];
    let theta = (a[q * n + q] - a[p * n + p]) / (2.0 * entry);
    // The smaller of the two angles, found without subtracting near-equal numbers. hypot does not overflow.
    let tangent = theta.signum() / (theta.abs() + libm::hypot(theta, 1.0));
    let cosine = 1.0 / libm::hypot(tangent, 1.0);
    let sine = tangent * cosine;
    a[p * n + p] -= tangent * entry;
    a[q * n + q] += tangent * entry;
    a[p * n + q] = 0.0;
    a[q * n + p] = 0.0;
    for k in (0..n).filter(|&k| k != p && k != q) {
        let (x, y) = (a[p * n + k], a[q * n + k]);
        let (x, y) = (cosine * x - sine * y, sine * x + cosine * y);
        (a[p * n + k], a[k * n + p]) = (x, x);
        (a[q * n + k], a[k * n + q]) = (y, y);
    }
    let (head, tail) = vectors.split_at_mut(q);
    for (x, y) in head[p].iter_mut().zip(&mut tail[0]) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
}

/// An eigenvector is as good with its sign turned; this settles which one it is.
fn with_positive_peak(vector: &[f64]) -> Vec<f64> {
    let peak = vector.iter().fold(0.0_f64, |peak, &value| if value.abs() > peak.abs() { value } else { peak });
    vector.iter().map(|value| if peak < 0.0 { -value } else { *value }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    fn close(found: &[f64], expected: &[f64], tolerance: f64) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= tolerance, "{found} for {expected}");
        }
    }

    #[test]
    fn values_and_vectors_are_numpys() {
        // numpy 2.4.6: numpy.linalg.eigh([[4,1,-2,.5],[1,3,0,1],[-2,0,5,-1],[.5,1,-1,2]]), reversed, peaks positive
        let a = [4.0, 1.0, -2.0, 0.5, 1.0, 3.0, 0.0, 1.0, -2.0, 0.0, 5.0, -1.0, 0.5, 1.0, -1.0, 2.0];
        let found = symmetric(&a, 4);
        close(&found.values, &EIGH_VALUES, 1e-14);
        for (vector, expected) in found.vectors.iter().zip(&EIGH_VECTORS) {
            close(vector, expected, 1e-14);
        }
    }

    const EIGH_VALUES: [f64; 4] = [6.9893415317566046, 3.6025744003397637, 2.360945426974544, 1.0471386409290875];
    const EIGH_VECTORS: [[f64; 4]; 4] = [
        [-0.6007604337415516, -0.21301882287181984, 0.7291685453272296, -0.24904440338690398],
        [0.22717960250456729, 0.793935388458327, 0.5049175736331959, 0.25122553810422615],
        [0.7174994986878305, -0.2348224610928722, 0.3287404039181097, -0.5674351310773383],
        [0.2695752192603053, -0.5187947492237326, 0.3245014994934473, 0.7435589997876069],
    ];

    /// The Hilbert matrix of order 8: eigenvalues from 1.7 to 1e-10.
    #[test]
    fn small_eigenvalues_keep_their_digits() {
        // Python, 50 decimal digits: 300 steps of the power method on the matrix and on its exact inverse (Fraction,
        // Decimal).
        let (largest, smallest) = (1.695_938_996_921_949_5, 1.111_538_966_372_442_4e-10);
        let hilbert: Vec<f64> = (0..64_u32).map(|i| 1.0 / f64::from(1 + i / 8 + i % 8)).collect();
        let values = symmetric(&hilbert, 8).values;
        assert!((values[0] / largest - 1.0).abs() < 1e-14, "{}", values[0]);
        // The entries are rounded to 1e-16 of 1, so that no method can know 1e-10 better than to some 1e-6.
        assert!((values[7] / smallest - 1.0).abs() < 1e-6, "{}", values[7]);
    }

    #[test]
    fn vectors_are_orthonormal_and_put_the_matrix_together_again() {
        let n = 30;
        let mut rng = Rng::new(5);
        let mut a = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let value = rng.normal();
                (a[i * n + j], a[j * n + i]) = (value, value);
            }
        }
        let found = symmetric(&a, n);
        assert!(found.values.is_sorted_by(|a, b| a >= b));
        for i in 0..n {
            for j in 0..n {
                let dot: f64 = (0..n).map(|k| found.vectors[i][k] * found.vectors[j][k]).sum();
                assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-13);
                let again: f64 = (0..n).map(|k| found.values[k] * found.vectors[k][i] * found.vectors[k][j]).sum();
                assert!((again - a[i * n + j]).abs() < 1e-12, "{again} for {}", a[i * n + j]);
            }
        }
        let trace: f64 = (0..n).map(|i| a[i * n + i]).sum();
        assert!((found.values.iter().sum::<f64>() - trace).abs() < 1e-12);
    }

    #[test]
    fn empty_zero_and_diagonal_matrices_have_an_answer() {
        assert_eq!(symmetric(&[], 0).values, [0.0; 0]);
        assert_eq!(symmetric(&[0.0; 4], 2).values, [0.0, 0.0]);
        assert_eq!(symmetric(&[1.0, 0.0, 0.0, 7.0], 2).values, [7.0, 1.0]);
        close(&symmetric(&[0.0, 1.0, 1.0, 0.0], 2).values, &[1.0, -1.0], 1e-15);
    }
}
