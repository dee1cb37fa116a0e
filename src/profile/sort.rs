//! Sorting numbers: to about their place in two or three passes, then the few neighbours that those do not tell apart.

/// Bits of one pass: what its buckets are being filled with stays in the cache next to the innermost.
const BITS: u32 = 11;
const BUCKETS: usize = 1 << BITS;
/// From this size on the passes are worth their tables.
const MIN_LENGTH: usize = 512;
/// More values than this do not have places of their own in two passes, however evenly they lie.
const MAX_EVEN_LENGTH: usize = BUCKETS * BUCKETS;

/// The finite ones among `values`, ascending; zero is always positive.
///
/// A radix sort, least digit first. A value's place is how far it lies between smallest and largest, which two passes tell
/// well enough unless a few values lie very far out. Where they do, it is the 33 leading bits in which smallest and largest
/// differ: three passes, which bring nearly all values to their place whatever their scale.
pub(super) fn finite_sorted(values: &[f64]) -> Vec<f64> {
    let Range { low, high, n_finite } = Range::of(values);
    if n_finite < values.len() {
        return finite_sorted(&values.iter().copied().filter(|value| value.is_finite()).collect::<Vec<_>>());
    }
    if values.len() < MIN_LENGTH || values.len() >= u32::MAX as usize || values.is_sorted() {
        let mut values: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
        values.sort_unstable_by(f64::total_cmp);
        return values;
    }
    evenly(values, low, high).unwrap_or_else(|| by_leading_bits(values, low, high))
}

/// What a first look at the values tells.
struct Range {
    low: f64,
    high: f64,
    n_finite: usize,
}

impl Range {
    /// Four values at a time, without a jump. What is infinite only makes the range too wide, and is counted.
    fn of(values: &[f64]) -> Self {
        let (mut lows, mut highs, mut counts) = ([f64::INFINITY; 4], [f64::NEG_INFINITY; 4], [0; 4]);
        let (fours, rest) = values.as_chunks::<4>();
        let mut look = |lane: usize, value: f64| {
            lows[lane] = if value < lows[lane] { value } else { lows[lane] };
            highs[lane] = if value > highs[lane] { value } else { highs[lane] };
            counts[lane] += u64::from(value.is_finite());
        };
        for four in fours {
            for (lane, &value) in four.iter().enumerate() {
                look(lane, value);
            }
        }
        rest.iter().for_each(|&value| look(0, value));
        Self {
            low: lows.into_iter().fold(f64::INFINITY, f64::min),
            high: highs.into_iter().fold(f64::NEG_INFINITY, f64::max),
            n_finite: counts.into_iter().sum::<u64>() as usize,
        }
    }
}

/// By places at equal distances from `low` to `high`. `None` if too many values have the same.
fn evenly(values: &[f64], low: f64, high: f64) -> Option<Vec<f64>> {
    /// Added to a number below it, its last bits are that number's whole part.
    const WHOLE: f64 = (1_u64 << 52) as f64;
    let scale = (MAX_EVEN_LENGTH - 1) as f64 / (high - low);
    // Neither an endless range nor a range of nothing has places.
    if values.len() > MAX_EVEN_LENGTH || !scale.is_normal() {
        return None;
    }
    // Every step rounds, and rounding keeps the order.
    let mut sorted = by_places::<2>(values, |value| ((value - low) * scale + WHOLE).to_bits());
    mend(&mut sorted).then_some(sorted)
}

fn by_leading_bits(values: &[f64], low: f64, high: f64) -> Vec<f64> {
    const PASSES: usize = 3;
    let low = to_key(low + 0.0);
    let shift = (64 - (to_key(high + 0.0) - low).leading_zeros()).saturating_sub(BITS * PASSES as u32);
    let mut sorted = by_places::<PASSES>(values, |value| (to_key(value + 0.0) - low) >> shift);
    // Values that share all leading bits are in the order in which they came.
    if shift > 0 && !mend(&mut sorted) {
        sorted.sort_unstable_by(f64::total_cmp);
    }
    sorted
}

/// The values in the order of the last `PASSES` digits of their places.
fn by_places<const PASSES: usize>(values: &[f64], place: impl Fn(f64) -> u64) -> Vec<f64> {
    let digit = |value: f64, pass: usize| (place(value) >> (BITS * pass as u32)) as usize % BUCKETS;
    let mut ends = [[0_u32; BUCKETS]; PASSES];
    for &value in values {
        for (pass, ends) in ends.iter_mut().enumerate() {
            ends[digit(value, pass)] += 1;
        }
    }
    let n = values.len();
    let (mut from, mut to) = (vec![0.0; n], vec![0.0; n]);
    for (pass, places) in ends.iter_mut().enumerate() {
        // A pass in which all values are alike moves nothing. The first one is made in any case: it copies the values.
        if pass > 0 && places.contains(&(n as u32)) {
            continue;
        }
        let mut next = 0;
        for bucket in places.iter_mut() {
            next += std::mem::replace(bucket, next);
        }
        if pass > 0 {
            std::mem::swap(&mut from, &mut to);
        }
        for &value in if pass == 0 { values } else { &from } {
            let next = &mut places[digit(value, pass)];
            // Adding zero turns -0 into 0.
            to[*next as usize] = value + 0.0;
            *next += 1;
        }
    }
    to
}

/// Moves the few values that are out of order to their place. Gives up, and says so, when they are not few: an outlier has
/// stretched the range so far that the places tell little apart.
fn mend(values: &mut [f64]) -> bool {
    let mut moves = 0;
    let Some(&(mut largest)) = values.first() else { return true };
    for i in 1..values.len() {
        let value = values[i];
        if value >= largest {
            largest = value;
            continue;
        }
        let mut j = i;
        while j > 0 && values[j - 1] > value {
            values[j] = values[j - 1];
            j -= 1;
        }
        values[j] = value;
        moves += i - j;
        if moves > values.len() {
            return false;
        }
    }
    true
}

/// A whole number that orders as the number does: the sign bit is turned, and below zero all others too.
pub(super) const fn to_key(value: f64) -> u64 {
    let bits = value.to_bits();
    bits ^ ((bits.cast_signed() >> 63).cast_unsigned() | 1 << 63)
}

/// The number that such a whole number stands for.
pub(super) const fn of_key(key: u64) -> f64 {
    f64::from_bits(key ^ ((!key.cast_signed() >> 63).cast_unsigned() | 1 << 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    fn assert_sorts(name: &str, values: Vec<f64>) {
        let mut expected: Vec<f64> = values.iter().filter(|value| value.is_finite()).map(|value| value + 0.0).collect();
        expected.sort_by(f64::total_cmp);
        let found = finite_sorted(&values);
        assert!(found.iter().map(|value| value.to_bits()).eq(expected.iter().map(|value| value.to_bits())), "{name}");
    }

    #[test]
    fn the_order_is_that_of_the_numbers_whatever_they_are() {
        let mut random = Rng::new(5);
        for n in [0, 1, 2, MIN_LENGTH - 1, MIN_LENGTH, 5000, 100_000] {
            let mut draw = |name: &str, f: &mut dyn FnMut(&mut Rng) -> f64| {
                assert_sorts(&format!("{name} {n}"), (0..n).map(|_| f(&mut random)).collect());
            };
            draw("normal", &mut Rng::normal);
            draw("any bits", &mut |random| f64::from_bits(random.next()));
            draw("few", &mut |random| random.below(3) as f64 - 1.0);
            draw("constant", &mut |_| 7.0);
            draw("zeros of both signs", &mut |random| [0.0, -0.0, 1.0, -1.0][random.below(4) as usize]);
            draw("some missing", &mut |random| if random.below(9) == 0 { f64::NAN } else { random.normal() });
            draw("some endless", &mut |random| if random.below(99) == 0 { f64::INFINITY } else { random.normal() });
            draw("heavy tail", &mut |random| libm::exp(6.0 * random.normal()));
            draw("huge", &mut |random| (random.uniform() - 0.5) * f64::MAX);
            let mut row = 0.0;
            draw("ascending", &mut |_| {
                row += 0.5;
                row
            });
            draw("clock", &mut |random| 1.7e9 + random.uniform());
            draw("beside an outlier", &mut |random| if random.below(2000) == 0 { -1e300 } else { random.normal() });
            draw("tiny", &mut |random| random.uniform() * f64::MIN_POSITIVE);
        }
    }
}
