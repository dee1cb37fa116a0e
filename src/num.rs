//! Sums that do not lose digits, and a little number theory.

/// A running sum with compensation: the error does not grow with the number of terms.
///
/// What each addition rounds away is worked out exactly and without a jump, whichever term is the larger (Knuth, The Art
/// of Computer Programming 2, 4.2.2, theorem B), and added up beside.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    sum: f64,
    compensation: f64,
}

impl Sum {
    /// Adds one term.
    #[inline]
    pub fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        let of_term = sum - self.sum;
        self.compensation += (self.sum - (sum - of_term)) + (term - of_term);
        self.sum = sum;
    }

    /// Whether a term is no further from zero than the terms so far add up to.
    #[inline]
    pub(crate) const fn outweighs(&self, term: f64) -> bool {
        term.abs() <= self.sum.abs()
    }

    /// [`add`](Self::add) of a term that the sum [outweighs](Self::outweighs): to the same bits, by half the work (Dekker,
    /// Numerische Mathematik 18 (1971)).
    #[inline]
    pub(crate) fn add_lighter(&mut self, term: f64) {
        let sum = self.sum + term;
        self.compensation += term - (sum - self.sum);
        self.sum = sum;
    }

    /// The sum so far.
    pub const fn value(self) -> f64 {
        self.sum + self.compensation
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<T: IntoIterator<Item = f64>>(terms: T) -> Self {
        let mut sum = Self::default();
        for term in terms {
            sum.add(term);
        }
        sum
    }
}

/// The sum of `term(value)` over all values: eight running sums side by side, as [`Sum`] each, which a processor adds at
/// once.
#[inline]
pub(crate) fn sum_of(values: &[f64], term: impl Fn(f64) -> f64) -> f64 {
    let (mut sums, mut compensations) = ([0.0; 8], [0.0; 8]);
    let (eights, rest) = values.as_chunks::<8>();
    for eight in eights {
        for lane in 0..8 {
            let term = term(eight[lane]);
            let sum = sums[lane] + term;
            let of_term = sum - sums[lane];
            compensations[lane] += (sums[lane] - (sum - of_term)) + (term - of_term);
            sums[lane] = sum;
        }
    }
    let rest = rest.iter().map(|&value| term(value));
    sums.into_iter().chain(compensations).chain(rest).collect::<Sum>().value()
}

/// The sum in the order in which numpy adds: blocks of at most 128 terms, each in eight running sums, put together by
/// halves. For results that are held against numpy's by `<` and `>`, where a last digit decides.
pub(crate) fn pairwise_sum(terms: &[f64]) -> f64 {
    /// Terms that are added in one run.
    const BLOCK: usize = 128;
    /// Running sums of a block.
    const LANES: usize = 8;
    let n = terms.len();
    if n < LANES {
        return terms.iter().fold(0.0, |sum, term| sum + term);
    }
    if n > BLOCK {
        let half = n / 2 - n / 2 % LANES;
        return pairwise_sum(&terms[..half]) + pairwise_sum(&terms[half..]);
    }
    let mut lanes = [0.0; LANES];
    lanes.copy_from_slice(&terms[..LANES]);
    let mut rows = terms[LANES..].chunks_exact(LANES);
    for row in rows.by_ref() {
        for (lane, term) in lanes.iter_mut().zip(row) {
            *lane += term;
        }
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    rows.remainder().iter().fold(sum, |sum, term| sum + term)
}

/// The greatest common divisor.
pub(crate) const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_survive_large_ones() {
        let sum: Sum = [1e100, 1.0, -1e100].into_iter().collect();
        assert_eq!(sum.value(), 1.0);
        let values: Vec<f64> = [1e100, 1.0, -1e100].into_iter().cycle().take(3000).collect();
        assert_eq!(sum_of(&values, |value| 2.0 * value), 2000.0);
    }

    #[test]
    fn lighter_terms_are_added_to_the_same_bits() {
        let mut rng = crate::random::Rng::new(2);
        let (mut by_any, mut by_lighter) = (Sum::default(), Sum::default());
        for sum in [&mut by_any, &mut by_lighter] {
            sum.add(100.0);
        }
        for _ in 0..10_000 {
            let term = rng.normal() * rng.uniform();
            assert!(by_lighter.outweighs(term) || !by_any.outweighs(term));
            by_any.add(term);
            if by_lighter.outweighs(term) {
                by_lighter.add_lighter(term);
            } else {
                by_lighter.add(term);
            }
            assert_eq!(
                (by_any.sum.to_bits(), by_any.compensation.to_bits()),
                (by_lighter.sum.to_bits(), by_lighter.compensation.to_bits())
            );
        }
    }

    #[test]
    fn pairwise_sums_equal_numpys_to_the_last_bit() {
        // numpy 2.4: [float(np.sum(1 / np.sqrt(np.arange(1., n + 1)))) for n in (7, 10, 130, 300, 2000)]
        let inverse_roots = |n: u32| (1..=n).map(|i| 1.0 / f64::from(i).sqrt()).collect::<Vec<_>>();
        let found = [7, 10, 130, 300, 2000].map(|n| pairwise_sum(&inverse_roots(n)));
        let expected = [
            4.017_883_409_349_221_5,
            5.020_997_899_292_666_5,
            21.386_978_783_408_53,
            33.209_521_137_279_27,
            87.993_544_465_222_02,
        ];
        assert_eq!(found, expected);
    }
}
