//! Seeded random numbers: the same seed gives the same numbers on every machine.
//!
//! The generator is xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS
//! 47(4), 2021), its state filled by SplitMix64 as its authors advise. It is fast and passes the usual test batteries;
//! it is not for secrets.

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Rng {
    state: [u64; 4],
}

/// Steps SplitMix64's counter and returns its next number (Steele, Lea and Flood, OOPSLA 2014).
///
/// Every counter value gives a well-mixed number, so it also turns a seed and an index into a new seed.
pub const fn split_mix(counter: &mut u64) -> u64 {
    *counter = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *counter;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The seed of the `index`-th of several streams that all hang on one `seed` but not on each other.
pub const fn derive_seed(seed: u64, index: u64) -> u64 {
    let mut counter = seed;
    let mut mixed = split_mix(&mut counter) ^ index;
    split_mix(&mut mixed)
}

/// The seed that hangs on these words and their order: what a random method takes when nobody gives it one, so that the
/// same data give the same answer. Below 2^53, which every reader of JSON keeps exactly.
pub(crate) fn seed_of(words: impl IntoIterator<Item = u64>) -> u64 {
    words.into_iter().fold(0, derive_seed) >> 11
}

impl Rng {
    /// The stream of this seed.
    pub const fn new(seed: u64) -> Self {
        let mut counter = seed;
        let a = split_mix(&mut counter);
        let b = split_mix(&mut counter);
        let c = split_mix(&mut counter);
        let d = split_mix(&mut counter);
        Self { state: [a, b, c, d] }
    }

    /// The next 64 random bits.
    pub const fn next(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number in [0, 1): one of the 2^53 multiples of 2^-53, each as likely.
    pub const fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A whole number below `n`, each as likely: Lemire's multiplication with rejection (ACM TOMACS 29(1), 2019).
    ///
    /// # Panics
    /// When `n` is 0.
    pub const fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "there is no whole number below 0");
        loop {
            let product = self.next() as u128 * n as u128;
            // The low half of the product falls below `2^64 mod n` exactly where a result would come up once too often. That
            // remainder is below n, so that the division is seldom needed.
            let low = product as u64;
            if low >= n || low >= n.wrapping_neg() % n {
                return (product >> 64) as u64;
            }
        }
    }

    /// A number from the normal distribution with mean 0 and standard deviation 1: Marsaglia's polar method (SIAM
    /// Review 6(3), 1964), exact up to rounding. Its second number is dropped, so that the stream has no hidden memory.
    pub fn normal(&mut self) -> f64 {
        loop {
            let x = 2.0 * self.uniform() - 1.0;
            let y = 2.0 * self.uniform() - 1.0;
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * libm::log(square) / square).sqrt();
            }
        }
    }

    /// `k` of the places `0..n`, ascending, every choice as likely (Knuth's algorithm S). All of them if `k >= n`.
    pub(crate) fn choose(&mut self, n: usize, k: usize) -> Vec<usize> {
        let mut chosen = Vec::with_capacity(k.min(n));
        for place in 0..n {
            if self.below((n - place) as u64) < k.saturating_sub(chosen.len()) as u64 {
                chosen.push(place);
            }
        }
        chosen
    }

    /// Puts `items` in random order, every order as likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_the_reference_implementation() {
        // xoshiro256plusplus.c (Blackman, Vigna) with s = {1, 2, 3, 4}.
        let mut rng = Rng { state: [1, 2, 3, 4] };
        let expected = [
            41_943_041,
            58_720_359,
            3_588_806_011_781_223,
            3_591_011_842_654_386,
            9_228_616_714_210_784_205,
            9_973_669_472_204_895_162,
        ];
        assert_eq!(expected.map(|_| rng.next()), expected);
        // splitmix64.c (Vigna) with x = 0.
        let mut counter = 0;
        let expected = [16_294_208_416_658_607_535, 7_960_286_522_194_355_700, 487_617_019_471_545_679];
        assert_eq!(expected.map(|_| split_mix(&mut counter)), expected);
    }

    #[test]
    fn whole_numbers_below_n_are_even() {
        let mut rng = Rng::new(7);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[rng.below(6) as usize] += 1;
        }
        // 10,000 each; five standard deviations are 456.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 456), "{counts:?}");
        assert_eq!(rng.below(1), 0);
        // Just above half the range a plain remainder would favour the lower half two to one.
        let n = (1 << 63) + 1;
        let low = (0..10_000).filter(|_| rng.below(n) < n / 2).count();
        assert!(low.abs_diff(5_000) < 250, "{low}");
    }

    #[test]
    fn normals_have_the_moments_of_the_normal_distribution() {
        let mut rng = Rng::new(11);
        let values: Vec<f64> = (0..200_000).map(|_| rng.normal()).collect();
        let moment = |power: i32| values.iter().map(|value| value.powi(power)).sum::<f64>() / values.len() as f64;
        // Five standard errors: 1/sqrt(n), sqrt(2/n), sqrt(96/n).
        assert!(moment(1).abs() < 0.011, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.016, "{}", moment(2));
        assert!((moment(4) - 3.0).abs() < 0.11, "{}", moment(4));
    }

    #[test]
    fn a_shuffle_keeps_every_item_and_moves_them_all_over() {
        let mut rng = Rng::new(3);
        let mut first_places = [0_u32; 4];
        for _ in 0..8_000 {
            let mut items = [0, 1, 2, 3];
            rng.shuffle(&mut items);
            first_places[items[0]] += 1;
            items.sort_unstable();
            assert_eq!(items, [0, 1, 2, 3]);
        }
        assert!(first_places.iter().all(|count| count.abs_diff(2_000) < 200), "{first_places:?}");
    }

    #[test]
    fn a_choice_is_ascending_and_takes_every_place_as_often() {
        let mut rng = Rng::new(5);
        let mut counts = [0_u32; 10];
        for _ in 0..10_000 {
            let chosen = rng.choose(10, 3);
            assert!(chosen.len() == 3 && chosen.is_sorted_by(|a, b| a < b), "{chosen:?}");
            for place in chosen {
                counts[place] += 1;
            }
        }
        // 3,000 each; five standard deviations are 229.
        assert!(counts.iter().all(|count| count.abs_diff(3_000) < 229), "{counts:?}");
        assert_eq!((rng.choose(3, 5), rng.choose(3, 0)), (vec![0, 1, 2], vec![]));
    }

    #[test]
    fn a_seed_hangs_on_every_word_and_their_order() {
        let seeds = [seed_of([1, 2]), seed_of([2, 1]), seed_of([1]), seed_of([1, 2, 0]), seed_of([])];
        let distinct: std::collections::BTreeSet<u64> = seeds.into_iter().collect();
        assert_eq!(distinct.len(), seeds.len());
        assert!(distinct.iter().all(|seed| *seed < 1 << 53));
    }

    #[test]
    fn derived_seeds_differ_by_seed_and_by_index() {
        let seeds = [derive_seed(1, 0), derive_seed(1, 1), derive_seed(2, 0), derive_seed(2, 1), derive_seed(0, 0)];
        let distinct: std::collections::BTreeSet<u64> = seeds.into_iter().collect();
        assert_eq!(distinct.len(), seeds.len());
    }
}
