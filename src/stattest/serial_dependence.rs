//! How much neighbouring rows tell about each other: how many rows in order are worth one that was drawn by itself.

mod dependence;
mod variogram;

pub use dependence::Dependence;
pub use variogram::Variogram;

/// Rows that are looked at, at most: the first half and the last half of them. More would cost more than they add.
pub const MAX_ROWS: usize = 16_384;

/// Dependence is looked for over at most this many times the square root of the rows. A change of level somewhere among the
/// rows, which is what a comparison is after, then passes for dependence in two blocks out of many and costs little
/// power; over longer distances the two could not be told apart.
const REACH: f64 = 2.0;
/// The variance of block means is taken from at least this many blocks.
const MIN_BLOCKS: usize = 8;
/// The blocks are long enough once doubling them raises the variance of their means by less than this factor.
const PLATEAU: f64 = 1.25;
/// Standard deviations by which blocks have to vary more than independent rows would let them. Rows in random order
/// pass this in about one column of ten thousand.
const SIGNIFICANT: f64 = 4.0;
/// Below this time, correcting for it would change no verdict.
const MIN_TIME: f64 = 1.1;

/// The integrated autocorrelation time of a column's ranks: about how many neighbouring rows are worth one independent row.
///
/// ```text
/// tau = 1 + 2 * sum over lags k >= 1 of rho(k)  =  lim b * AVAR(b) / variance
/// AVAR(b) = E (A(i + b) - A(i))^2 / 2,  A(i) = mean of s(i), ..., s(i + b - 1)
/// ```
/// `rho(k)` is the autocorrelation at lag `k` of the scores `s`, which say in which quarter of the column a value lies: the
/// sum of the signs of its distances from the three quartiles. `AVAR`, Allan's variance, takes the differences of
/// neighbouring block means; unlike sums of autocorrelations it does not take a trend or a jump between two levels for dependence.
/// The length `b` of the blocks doubles until `b * AVAR(b)` grows no more; the two last values are extrapolated to endless
/// blocks (`2 T(b) - T(b/2)`, which removes the bias of order `1/b`). Where longer blocks vary less again, as those of a
/// cycle do, the least value counts.
///
/// Inputs: the values in row order, and the same values without missing and infinite ones in ascending order. Missing and
/// infinite values are passed over; ties are welcome. The first and last [`MAX_ROWS`]` / 2` rows are looked at, and distances
/// up to twice the square root of their number.
///
/// The answer is at least 1.1, and `None` where the rows show no dependence: rows in random order (up to about one column
/// in a thousand), fewer than 24 values, or one value only.
///
/// ```
/// use tidemark::stattest::serial_dependence;
/// // A level that stays for ten rows at a time.
/// let level = |i: u32| (i.wrapping_mul(2_654_435_761) >> 11 ^ i).wrapping_mul(2_246_822_519) >> 8;
/// let rows: Vec<f64> = (0..2000).map(|row| f64::from(level(row / 10))).collect();
/// let mut sorted = rows.clone();
/// sorted.sort_by(f64::total_cmp);
/// let time = serial_dependence::autocorrelation_time(&rows, &sorted).unwrap();
/// assert!((6.0..14.0).contains(&time), "{time}");
/// ```
///
/// Sources: Allan, "Statistics of Atomic Frequency Standards", Proc. IEEE 54 (1966); the edges of chance by Riley,
/// "Handbook of Frequency Stability Analysis", NIST SP 1065 (2008), table 5; the extrapolation by Vats and Flegal, "Lugsail
/// Lag Windows", Biometrika 109 (2022). For long series of AR(1) with coefficient `r` and the values themselves as scores it is
/// `(1 + r) / (1 - r)`.
pub fn autocorrelation_time(rows: &[f64], sorted: &[f64]) -> Option<f64> {
    let (first, last) = ends(rows);
    of_stretches(first, last, sorted)
}

/// The rows that are looked at: all of them, or the first and the last.
fn ends(rows: &[f64]) -> (&[f64], &[f64]) {
    let half = MAX_ROWS / 2;
    match rows.len() {
        0..=MAX_ROWS => (rows, &[]),
        n => (&rows[..half], &rows[n - half..]),
    }
}

/// [`autocorrelation_time`] by the rows that are looked at: the first ones, and the last ones where not all are.
fn of_stretches(first: &[f64], last: &[f64], sorted: &[f64]) -> Option<f64> {
    if sorted.is_empty() || sorted[0] == sorted[sorted.len() - 1] {
        return None;
    }
    let quartiles = quartiles(sorted);
    let (first, last) = (scores(first, quartiles), scores(last, quartiles));
    let n = first.len() + last.len();
    let variance = variance(&first, &last)?;
    let stretches = [prefix_sums(&first), prefix_sums(&last)];

    let longest = (REACH * (n as f64).sqrt()) as usize;
    let mut blocks: Vec<Block> = Vec::new();
    let mut length = 1;
    while length <= longest && length * MIN_BLOCKS <= first.len() {
        blocks.push(Block { length, spread: spread(&stretches, length) });
        length *= 2;
    }
    let single = blocks.first()?.spread;
    if !blocks.iter().skip(1).any(|block| block.stands_out(single, n)) {
        return None;
    }
    let time = plateau(&blocks)? / variance;
    // Never fewer than two independent rows on a side.
    (time >= MIN_TIME).then(|| time.min(n as f64 / 2.0))
}

/// Blocks of one length, and `length * AVAR(length)`: equal for all lengths when rows are independent.
struct Block {
    length: usize,
    spread: f64,
}

impl Block {
    /// Whether the blocks vary more than chance lets them when rows are independent. Their spread is then about
    /// chi-square with `3 n / (2 length)` degrees of freedom, and its cube root normal (Wilson and Hilferty, 1931).
    fn stands_out(&self, single: f64, n: usize) -> bool {
        let freedom = 1.5 * n as f64 / self.length as f64;
        let part = 2.0 / (9.0 * freedom);
        // The comparison with single rows has its own error, about that of n / 2 degrees of freedom.
        let deviation = (part + 4.0 / (9.0 * n as f64)).sqrt();
        libm::cbrt(self.spread / single) > 1.0 - part + SIGNIFICANT * deviation
    }
}

/// Where the spread stops growing, extrapolated to endless blocks; the least of what longer blocks have.
fn plateau(blocks: &[Block]) -> Option<f64> {
    let grows = |pair: &&[Block]| pair[1].spread > PLATEAU * pair[0].spread;
    let top = (blocks.windows(2).take_while(grows).count() + 1).min(blocks.len() - 1);
    let extrapolated = 2.0 * blocks[top].spread - blocks.get(top.checked_sub(1)?)?.spread;
    Some(blocks[top + 1..].iter().map(|block| block.spread).fold(extrapolated, f64::min))
}

/// The quartiles of ascending values, of which there is one at least.
fn quartiles(sorted: &[f64]) -> [f64; 3] {
    [1, 2, 3].map(|quarter| sorted[(sorted.len() - 1) * quarter / 4])
}

/// How many quartiles a value lies above, minus how many it lies below: -3 to 3.
fn scores(rows: &[f64], quartiles: [f64; 3]) -> Vec<i32> {
    let [first, second, third] = quartiles;
    let side = |value: f64, quartile: f64| i32::from(value > quartile) - i32::from(value < quartile);
    let score = |value: f64| side(value, first) + side(value, second) + side(value, third);
    // Without a question asked of every value, several are scored at a time.
    if rows.iter().all(|value| value.is_finite()) {
        return rows.iter().map(|&value| score(value)).collect();
    }
    rows.iter().filter(|value| value.is_finite()).map(|&value| score(value)).collect()
}

/// `None` if all scores are one.
fn variance(first: &[i32], last: &[i32]) -> Option<f64> {
    let n = (first.len() + last.len()) as f64;
    let sum: i64 = first.iter().chain(last).map(|&score| i64::from(score)).sum();
    let squares: i64 = first.iter().chain(last).map(|&score| i64::from(score * score)).sum();
    let mean = sum as f64 / n;
    Some(squares as f64 / n - mean * mean).filter(|variance| *variance > 0.0)
}

/// Sums that begin anew when they leave 16 bits. Their differences do, too, and those of neighbouring blocks are small.
fn prefix_sums(scores: &[i32]) -> Vec<i16> {
    let mut sum = 0_i16;
    let sums = scores.iter().map(|&score| {
        sum = sum.wrapping_add(score as i16);
        sum
    });
    std::iter::once(0).chain(sums).collect()
}

/// Neighbouring blocks start this share of their length apart, or at every row: closer ones say nothing more.
const STARTS_PER_BLOCK: usize = 8;

/// `length * AVAR(length)` over neighbouring blocks. Whole numbers throughout, so that the order of the sum does not matter.
fn spread(stretches: &[Vec<i16>; 2], length: usize) -> f64 {
    /// A block of 256 scores differs from the next by at most 1536. An i32 holds the sum of so many squares.
    const AT_ONCE: usize = 512;
    let square = |before: i16, middle: i16, after: i16| {
        let difference = i32::from(after.wrapping_sub(middle).wrapping_sub(middle.wrapping_sub(before)));
        difference * difference
    };
    let (mut squares, mut count) = (0_i64, 0_usize);
    for sums in stretches.iter().filter(|sums| sums.len() > 2 * length) {
        let n = sums.len() - 2 * length;
        let (before, middle, after) = (&sums[..n], &sums[length..][..n], &sums[2 * length..]);
        let stride = length / STARTS_PER_BLOCK;
        if stride <= 1 {
            let parts = before.chunks(AT_ONCE).zip(middle.chunks(AT_ONCE)).zip(after.chunks(AT_ONCE));
            let sums = parts.map(|((before, middle), after)| {
                let rows = before.iter().zip(middle).zip(after);
                i64::from(rows.map(|((before, middle), after)| square(*before, *middle, *after)).sum::<i32>())
            });
            squares += sums.sum::<i64>();
            count += n;
        } else {
            let rows = (0..n).step_by(stride);
            squares += rows.map(|row| i64::from(square(before[row], middle[row], after[row]))).sum::<i64>();
            count += n.div_ceil(stride);
        }
    }
    squares as f64 / (2.0 * length as f64 * count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn sums_beyond_16_bits_leave_the_spread_as_it_is() {
        let mut rng = Rng::new(4);
        // A trend takes the sums as far as they go; random scores differ as much as they may.
        let rising: Vec<i32> = (0..8192).map(|row| if row < 6000 { 3 } else { -3 }).collect();
        let random: Vec<i32> = (0..8192).map(|_| rng.below(7) as i32 - 3).collect();
        let sum = |scores: &[i32]| scores.iter().map(|score| f64::from(*score)).sum::<f64>();
        for length in [1, 2, 8, 16, 64, 256] {
            let (mut squares, mut count) = (0.0, 0);
            for scores in [&rising, &random] {
                for start in (0..=scores.len() - 2 * length).step_by((length / STARTS_PER_BLOCK).max(1)) {
                    let (block, next) = scores[start..start + 2 * length].split_at(length);
                    squares += (sum(next) - sum(block)).powi(2);
                    count += 1;
                }
            }
            let expected = squares / (2.0 * length as f64 * f64::from(count));
            assert_eq!(spread(&[prefix_sums(&rising), prefix_sums(&random)], length), expected, "{length}");
        }
    }

    fn time(rows: &[f64]) -> Option<f64> {
        let mut sorted: Vec<f64> = rows.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        autocorrelation_time(rows, &sorted)
    }

    pub(super) fn autoregressive(rng: &mut Rng, n: usize, coefficient: f64) -> Vec<f64> {
        let mut level = rng.normal();
        let noise = (1.0 - coefficient * coefficient).sqrt();
        let mut next = || {
            level = coefficient * level + noise * rng.normal();
            level
        };
        (0..n).map(|_| next()).collect()
    }

    #[test]
    fn rows_in_random_order_show_none() {
        let mut rng = Rng::new(1);
        let mut n_found = 0;
        for round in 0..3000 {
            let n = [24, 50, 200, 500, 2000][round % 5];
            let rows: Vec<f64> = (0..n)
                .map(|_| match round % 3 {
                    0 => rng.normal(),
                    // A heavy tail; and nineteen zeros in twenty.
                    1 => libm::exp(3.0 * rng.normal()),
                    _ => f64::from(rng.uniform() > 0.95) * rng.uniform(),
                })
                .collect();
            n_found += usize::from(time(&rows).is_some());
        }
        assert!(n_found <= 6, "{n_found} of 3000");
    }

    #[test]
    fn the_time_of_autoregressive_rows_is_found() {
        let mut rng = Rng::new(2);
        // Of ranks: 1 + 2 * sum of 6/pi * asin(r^k / 2), by hand for r = 0.7: 5.5; scores of quarters see a little less.
        for (coefficient, low, high) in [(0.5, 2.2, 3.2), (0.7, 4.0, 6.2), (0.9, 13.0, 21.0)] {
            let times: Vec<f64> =
                (0..20).map(|_| time(&autoregressive(&mut rng, 10_000, coefficient)).expect("dependence")).collect();
            let mean = times.iter().sum::<f64>() / times.len() as f64;
            assert!(low < mean && mean < high, "{coefficient}: {mean}");
        }
    }

    #[test]
    fn a_jump_a_trend_or_a_cycle_costs_less_than_half_of_the_rows() {
        let mut rng = Rng::new(3);
        let jump: Vec<f64> = (0..1000).map(|row| rng.normal() + f64::from(row >= 500) * 2.0).collect();
        let trend: Vec<f64> = (0..1000).map(f64::from).collect();
        let cycle: Vec<f64> = (0..500).map(|row| f64::from(row * 37 % 500)).collect();
        for rows in [jump, trend, cycle] {
            let time = time(&rows).unwrap_or(1.0);
            // Sums of autocorrelations would say 250 for the trend, and 100 for the jump.
            assert!(time < 2.0, "{time}");
        }
    }

    #[test]
    fn missing_values_are_passed_over_and_too_little_is_nothing() {
        let mut rows: Vec<f64> = (0..400).map(|row| f64::from((row / 20 * 7919) % 1000)).collect();
        let whole = time(&rows);
        assert!(whole.is_some_and(|time| time > 5.0), "{whole:?}");
        rows.insert(37, f64::NAN);
        rows.insert(100, f64::INFINITY);
        assert_eq!(time(&rows), whole);
        assert_eq!(time(&rows[..20]), None);
        assert_eq!(time(&[]), None);
        assert_eq!(time(&[1.0; 100]), None);
    }

    #[test]
    fn long_columns_are_looked_at_from_both_ends() {
        let mut rng = Rng::new(4);
        let mut rows = autoregressive(&mut rng, MAX_ROWS, 0.8);
        // What lies between plays no part.
        let middle = vec![0.0; 50_000];
        let ends = time(&rows).expect("dependence");
        rows.splice(MAX_ROWS / 2..MAX_ROWS / 2, middle);
        assert!(time(&rows).is_some_and(|time| (time / ends - 1.0).abs() < 0.5));
    }
}
