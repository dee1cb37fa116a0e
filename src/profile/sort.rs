//! Sorting numbers: to about their place in two or three passes, then the few neighbours that those do not tell apart.

use std::borrow::Cow;

/// Bits of one pass: what its buckets are being filled with stays in the cache next to the innermost.
const BITS: u32 = 11;
const BUCKETS: usize = 1 << BITS;
/// From this size on the passes are worth their tables.
const MIN_LENGTH: usize = 512;
/// More values than this do not have places of their own in two passes, however evenly they lie.
const MAX_EVEN_LENGTH: usize = BUCKETS * BUCKETS;
/// Values that are looked at to learn where most values lie.
const SAMPLE: usize = 512;
/// One in so many of the sample on each end is left out. The places reach from the least to the largest of the others, and an eighth
/// of that way beyond.
const TAIL: usize = 128;
/// Of the values no larger share than one in so many may lie beyond, where they are sorted by themselves.
const MAX_BEYOND: usize = 16;

/// Memory that one sort leaves to the next. To ask for a new piece, and to have it cleared, would take a tenth of the time.
#[derive(Debug, Default)]
pub(crate) struct Buffers(Vec<Vec<f64>>);

impl Buffers {
    /// So many numbers of no meaning.
    fn take(&mut self, n: usize) -> Vec<f64> {
        let mut buffer = self.0.pop().filter(|buffer| buffer.capacity() >= n).unwrap_or_else(|| vec![0.0; n]);
        buffer.resize(n, 0.0);
        buffer
    }

    /// Leaves memory that is needed no more.
    pub fn give(&mut self, buffer: Vec<f64>) {
        self.0.push(buffer);
    }
}

/// The finite ones among `values`, ascending; zero is always positive.
///
/// A radix sort, least digit first. A value's place is how far it lies between two ends, which two passes tell well enough unless
/// values crowd far more in some places than in others. Where they do, it is the 33 leading bits in which smallest and largest differ:
/// three passes, which bring nearly all values to their place whatever their scale.
pub(super) fn finite_sorted(values: &[f64], buffers: &mut Buffers) -> Vec<f64> {
    if values.len() < MIN_LENGTH || values.len() >= u32::MAX as usize || values.is_sorted() {
        let mut sorted = buffers.take(0);
        sorted.extend(values.iter().filter(|value| value.is_finite()).map(|value| value + 0.0));
        sorted.sort_unstable_by(f64::total_cmp);
        return sorted;
    }
    if let Some(sorted) = evenly(values, buffers) {
        return sorted;
    }
    let Range { low, high, n_finite } = Range::of(values);
    if n_finite < values.len() {
        let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        return finite_sorted(&finite, buffers);
    }
    by_leading_bits(Cow::Borrowed(values), low, high, buffers)
}

/// [`finite_sorted`] of values that are needed no more. Where they are many, no more memory is taken than their own and as much again.
pub(super) fn finite_sorted_of(values: Vec<f64>, buffers: &mut Buffers) -> Vec<f64> {
    if values.len() <= MAX_EVEN_LENGTH || values.len() >= u32::MAX as usize {
        let sorted = finite_sorted(&values, buffers);
        buffers.give(values);
        return sorted;
    }
    within_their_memory(values, buffers)
}

fn within_their_memory(mut values: Vec<f64>, buffers: &mut Buffers) -> Vec<f64> {
    values.retain(|value| value.is_finite());
    if values.is_empty() {
        return values;
    }
    let Range { low, high, .. } = Range::of(&values);
    by_leading_bits(Cow::Owned(values), low, high, buffers)
}

/// By places at equal distances between the ends of what a sample shows. The few values beyond have the first or the last place, as
/// have those that are not finite; both are put in order by themselves. `None` if there are many, or too many values have the same place.
fn evenly(values: &[f64], buffers: &mut Buffers) -> Option<Vec<f64>> {
    let places = Places::of(values)?;
    let [mut first, mut last] = [[0_u32; BUCKETS]; 2];
    for &value in values {
        let place = places.of_value(value);
        first[place % BUCKETS] += 1;
        last[(place >> BITS) % BUCKETS] += 1;
    }
    let (n, head, tail) = (values.len(), last[0] as usize, last[BUCKETS - 1] as usize);
    let (mut half_sorted, mut sorted) = (buffers.take(n), buffers.take(n));
    deal(values, &mut half_sorted, &mut first, |value| places.of_value(value));
    deal(&half_sorted, &mut sorted, &mut last, |value| places.of_value(value) >> BITS);
    buffers.give(half_sorted);
    let (start, end) = (finite_to_end(&mut sorted[..head]), n - tail + finite_to_start(&mut sorted[n - tail..]));
    let beyond = (head - start) + (end - (n - tail));
    if beyond > n / MAX_BEYOND || !mend(&mut sorted[head..n - tail]) {
        buffers.give(sorted);
        return None;
    }
    sorted[start..head].sort_unstable_by(f64::total_cmp);
    sorted[n - tail..end].sort_unstable_by(f64::total_cmp);
    sorted.truncate(end);
    sorted.drain(..start);
    Some(sorted)
}

/// Places at equal distances.
#[derive(Debug, Clone, Copy)]
struct Places {
    low: f64,
    scale: f64,
}

impl Places {
    const LAST: f64 = (MAX_EVEN_LENGTH - 1) as f64;

    /// Places for most of the values; `None` where a sample does not tell where they lie, or they are too many.
    fn of(values: &[f64]) -> Option<Self> {
        let sample = values.iter().copied().step_by((values.len() / SAMPLE).max(1));
        let mut sample: Vec<f64> = sample.filter(|value| value.is_finite()).collect();
        sample.sort_unstable_by(f64::total_cmp);
        let beyond = sample.len() / TAIL;
        let (low, high) = (*sample.get(beyond)?, *sample.get(sample.len() - 1 - beyond)?);
        let margin = (high - low) / 8.0;
        let low = low - margin;
        let scale = Self::LAST / (high + margin - low);
        // Neither an endless range nor a range of nothing has places.
        (values.len() <= MAX_EVEN_LENGTH && scale.is_normal()).then_some(Self { low, scale })
    }

    /// The place, 0 to [`LAST`](Self::LAST), in the last bits. Every step rounds, and rounding keeps the order.
    #[inline]
    fn of_value(self, value: f64) -> usize {
        /// Added to a number below it, its last bits are that number's whole part.
        const WHOLE: f64 = (1_u64 << 52) as f64;
        let place = (value - self.low) * self.scale;
        // Written like this each is one instruction, and no number has the first place.
        let place = if place > 0.0 { place } else { 0.0 };
        let place = if place < Self::LAST { place } else { Self::LAST };
        (place + WHOLE).to_bits() as usize
    }
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

/// By the leading bits of what is finite, from `low` to `high`.
fn by_leading_bits(values: Cow<'_, [f64]>, low: f64, high: f64, buffers: &mut Buffers) -> Vec<f64> {
    const PASSES: usize = 3;
    let low = to_key(low + 0.0);
    let shift = (64 - (to_key(high + 0.0) - low).leading_zeros()).saturating_sub(BITS * PASSES as u32);
    let place = |value: f64, pass: usize| (((to_key(value + 0.0) - low) >> shift) >> (BITS * pass as u32)) as usize;
    let mut counts = [[0_u32; BUCKETS]; PASSES];
    for &value in &*values {
        for (pass, counts) in counts.iter_mut().enumerate() {
            counts[place(value, pass) % BUCKETS] += 1;
        }
    }
    let n = values.len();
    let mut sorted = buffers.take(n);
    let [first, others @ ..] = &mut counts;
    // A pass in which all values are alike moves nothing. The first one is made in any case: it copies the values.
    deal(&values, &mut sorted, first, |value| place(value, 0));
    let mut from = match values {
        Cow::Borrowed(_) => buffers.take(n),
        Cow::Owned(values) => values,
    };
    for (counts, pass) in others.iter_mut().zip(1..) {
        if !counts.contains(&(n as u32)) {
            std::mem::swap(&mut from, &mut sorted);
            deal(&from, &mut sorted, counts, |value| place(value, pass));
        }
    }
    buffers.give(from);
    // Values that share all leading bits are in the order in which they came.
    if shift > 0 && !mend(&mut sorted) {
        sorted.sort_unstable_by(f64::total_cmp);
    }
    sorted
}

/// Deals values out to their buckets, each bucket's in the order in which they come. `counts` says how many each will hold.
fn deal(from: &[f64], to: &mut [f64], counts: &mut [u32; BUCKETS], place: impl Fn(f64) -> usize) {
    let mut next = 0;
    for bucket in counts.iter_mut() {
        next += std::mem::replace(bucket, next);
    }
    for &value in from {
        let next = &mut counts[place(value) % BUCKETS];
        // Adding zero turns -0 into 0.
        to[*next as usize] = value + 0.0;
        *next += 1;
    }
}

/// Moves the finite values to the end, and says where they begin.
fn finite_to_end(values: &mut [f64]) -> usize {
    let mut start = values.len();
    for at in (0..values.len()).rev() {
        if values[at].is_finite() {
            start -= 1;
            values[start] = values[at];
        }
    }
    start
}

/// Moves the finite values to the start, and says how many there are.
fn finite_to_start(values: &mut [f64]) -> usize {
    let mut end = 0;
    for at in 0..values.len() {
        if values[at].is_finite() {
            values[end] = values[at];
            end += 1;
        }
    }
    end
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

    #[test]
    fn memory_of_another_sort_changes_nothing() {
        let mut random = Rng::new(6);
        let mut buffers = Buffers::default();
        for n in [3000, 100, 5000, 0, 700, 5000, 4999] {
            let values: Vec<f64> = (0..n).map(|_| random.normal()).collect();
            let mut expected = values.clone();
            expected.sort_by(f64::total_cmp);
            let found = finite_sorted(&values, &mut buffers);
            assert_eq!(found, expected);
            buffers.give(found);
        }
    }

    fn assert_sorts(name: &str, values: Vec<f64>) {
        let mut expected: Vec<f64> = values.iter().filter(|value| value.is_finite()).map(|value| value + 0.0).collect();
        expected.sort_by(f64::total_cmp);
        let found =
            [finite_sorted(&values, &mut Buffers::default()), within_their_memory(values, &mut Buffers::default())];
        for found in found {
            let (found, expected) = (found.iter().map(|value| value.to_bits()), expected.iter());
            assert!(found.eq(expected.map(|value| value.to_bits())), "{name}");
        }
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
            draw("most missing", &mut |random| if random.below(9) > 0 { -f64::NAN } else { random.normal() });
            draw("none there", &mut |_| f64::NAN);
            draw("some endless", &mut |random| if random.below(99) == 0 { f64::INFINITY } else { random.normal() });
            draw("heavy tail", &mut |random| libm::exp(6.0 * random.normal()));
            draw("huge", &mut |random| (random.uniform() - 0.5) * f64::MAX);
            let mut row = 0.0;
            draw("ascending", &mut |_| {
                row += 0.5;
                row
            });
            draw("two far peaks", &mut |random| random.normal() + 1e6 * random.below(2) as f64);
            draw("endless both ways", &mut |random| match random.below(9) {
                0 => f64::INFINITY,
                1 => f64::NEG_INFINITY,
                2 => f64::NAN,
                _ => random.normal(),
            });
            draw("clock", &mut |random| 1.7e9 + random.uniform());
            draw("beside an outlier", &mut |random| if random.below(2000) == 0 { -1e300 } else { random.normal() });
            draw("tiny", &mut |random| random.uniform() * f64::MIN_POSITIVE);
        }
    }
}
