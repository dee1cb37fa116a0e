//! Sorting numbers: by the leading bits of their range in three passes, then the few neighbours that those bits do not
//! tell apart.

/// Bits of one pass: more buckets than this no longer stay in the innermost cache.
const BITS: u32 = 10;
const BUCKETS: usize = 1 << BITS;
/// Passes over the values.
const PASSES: u32 = 3;
/// From this size on the passes are worth their tables.
const MIN_LENGTH: usize = 512;

/// Finite numbers, ascending.
///
/// A radix sort, least digit first, over the 30 leading bits in which smallest and largest differ: that is enough to
/// bring nearly all of a column's values to their place, whatever their scale.
pub(super) fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    let n = values.len();
    if n < MIN_LENGTH || n >= u32::MAX as usize {
        values.sort_unstable_by(f64::total_cmp);
        return values;
    }
    // Both ways the memory stays the same.
    let keys: Vec<u64> = values.into_iter().map(to_key).collect();
    sort(keys).into_iter().map(of_key).collect()
}

fn sort(keys: Vec<u64>) -> Vec<u64> {
    let (low, high) = keys.iter().fold((u64::MAX, 0), |(low, high), &key| (low.min(key), high.max(key)));
    if low == high {
        return keys;
    }
    let n = keys.len();
    let shift = (64 - (high - low).leading_zeros()).saturating_sub(BITS * PASSES);
    let digit = |key: u64, pass: u32| ((key - low) >> (shift + BITS * pass)) as usize % BUCKETS;

    let mut ends = vec![[0_u32; BUCKETS]; PASSES as usize];
    for &key in &keys {
        for (pass, ends) in (0..PASSES).zip(&mut ends) {
            ends[digit(key, pass)] += 1;
        }
    }
    let (mut from, mut to) = (keys, vec![0; n]);
    for (pass, places) in (0..PASSES).zip(&mut ends) {
        // A pass in which all values are alike moves nothing.
        if places.contains(&(n as u32)) {
            continue;
        }
        let mut place = 0;
        for bucket in places.iter_mut() {
            place += std::mem::replace(bucket, place);
        }
        for &key in &from {
            let place = &mut places[digit(key, pass)];
            to[*place as usize] = key;
            *place += 1;
        }
        std::mem::swap(&mut from, &mut to);
    }
    // Keys that share all leading bits are in the order in which they came.
    if shift > 0 && !mend(&mut from) {
        from.sort_unstable();
    }
    from
}

/// Moves the few keys that are out of order to their place. Gives up, and says so, when they are not few: an outlier has stretched
/// the range so far that the leading bits tell little apart.
fn mend(keys: &mut [u64]) -> bool {
    let mut moves = 0;
    for i in 1..keys.len() {
        let key = keys[i];
        let mut j = i;
        while j > 0 && keys[j - 1] > key {
            keys[j] = keys[j - 1];
            j -= 1;
        }
        keys[j] = key;
        moves += i - j;
        if moves > keys.len() {
            return false;
        }
    }
    true
}

/// A whole number that orders as the number does: the sign bit is turned, and below zero all others too.
const fn to_key(value: f64) -> u64 {
    let bits = value.to_bits();
    bits ^ ((bits.cast_signed() >> 63).cast_unsigned() | 1 << 63)
}

const fn of_key(key: u64) -> f64 {
    f64::from_bits(key ^ ((!key.cast_signed() >> 63).cast_unsigned() | 1 << 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    fn assert_sorts(name: &str, values: Vec<f64>) {
        let mut expected = values.clone();
        expected.sort_by(f64::total_cmp);
        let found = sorted(values);
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
            draw("any bits", &mut |random| {
                Some(f64::from_bits(random.next())).filter(|x| x.is_finite()).unwrap_or(0.0)
            });
            draw("few", &mut |random| random.below(3) as f64 - 1.0);
            draw("constant", &mut |_| 7.0);
            draw("clock", &mut |random| 1.7e9 + random.uniform());
            draw("beside an outlier", &mut |random| if random.below(2000) == 0 { -1e300 } else { random.normal() });
            draw("tiny", &mut |random| random.uniform() * f64::MIN_POSITIVE);
        }
    }
}
