//! Numbers at the start of a text, read without looking for their end first.

/// A plain decimal number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number {
    /// The double next to it.
    pub value: f64,
    /// Whether it is written without a point.
    pub is_integer: bool,
}

/// Whole numbers up to here are doubles.
const MAX_EXACT: u64 = 1 << 53;
/// Powers of ten that are doubles.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];
/// So many digits before the point are read one by one: most numbers have fewer, and a column's have about as many each, so that
/// a processor foretells where the point stands and reads on before it knows.
const FEW_DIGITS: usize = 3;
/// Digits that fit into 64 bits whatever they are.
const MAX_DIGITS: usize = 19;

/// The number that `text` begins with, and its length in bytes: a sign, digits, perhaps a point and more digits.
/// `None` if it begins otherwise. What follows is the caller's to look at: `1e5` begins with a 1.
///
/// Up to 2^53 the digits, and up to 10^22 the power of ten, are doubles, so that one division rounds once and correctly
/// (Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990). The rest is left to `fast_float2`.
#[inline]
pub(super) fn at_start(text: &[u8]) -> Option<(Number, usize)> {
    let is_negative = text.first() == Some(&b'-');
    let begin = usize::from(is_negative);
    let (mut digits, mut whole_end) = (0_u64, begin);
    while whole_end < begin + FEW_DIGITS
        && let Some(digit) = digit_at(text, whole_end)
    {
        digits = digits * 10 + digit;
        whole_end += 1;
    }
    if whole_end == begin + FEW_DIGITS {
        whole_end = take_digits(text, whole_end, &mut digits);
    }
    let is_integer = text.get(whole_end) != Some(&b'.');
    let (end, n_fraction) = if is_integer {
        (whole_end, 0)
    } else {
        let end = take_digits(text, whole_end + 1, &mut digits);
        (end, end - whole_end - 1)
    };
    let n_digits = whole_end - begin + n_fraction;
    if n_digits == 0 {
        return None;
    }
    let value = if n_digits <= MAX_DIGITS && digits <= MAX_EXACT {
        let value = digits as f64 / POWERS[n_fraction];
        if is_negative { -value } else { value }
    } else {
        fast_float2::parse(&text[..end]).ok()?
    };
    Some((Number { value, is_integer }, end))
}

/// Appends the digits from `at` on to `number`, which may wrap around, and returns where they end.
#[inline]
fn take_digits(text: &[u8], mut at: usize, number: &mut u64) -> usize {
    while let Some(eight) = text.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes) {
        let n = leading_digits(eight);
        if n < 8 {
            if n > 0 {
                // Zeros are put before the digits, so that they are eight.
                let padded = eight << (64 - 8 * n) | ZEROS >> (8 * n);
                *number = number.wrapping_mul(TENS[n]).wrapping_add(eight_digits(padded));
            }
            return at + n;
        }
        *number = number.wrapping_mul(100_000_000).wrapping_add(eight_digits(eight));
        at += 8;
    }
    while let Some(digit) = digit_at(text, at) {
        *number = number.wrapping_mul(10).wrapping_add(digit);
        at += 1;
    }
    at
}

#[inline]
fn digit_at(text: &[u8], at: usize) -> Option<u64> {
    text.get(at).map(|byte| u64::from(byte.wrapping_sub(b'0'))).filter(|digit| *digit < 10)
}

/// Eight times the letter 0.
const ZEROS: u64 = 0x3030_3030_3030_3030;
const TENS: [u64; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];

/// How many digits the eight bytes begin with, the first in the lowest. A byte above 9 gets its highest bit set by the addition;
/// what that carries on changes only bytes behind it.
const fn leading_digits(bytes: u64) -> usize {
    let values = bytes ^ ZEROS;
    let others = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    (others.trailing_zeros() / 8) as usize
}

/// The number that eight digits make, the first in the lowest byte: neighbours are joined to pairs, pairs to fours, fours to
/// eight, all at once.
const fn eight_digits(bytes: u64) -> u64 {
    let digits = bytes - ZEROS;
    let pairs = (digits * 10) + (digits >> 8);
    const MASK: u64 = 0x0000_00ff_0000_00ff;
    let high = (pairs & MASK).wrapping_mul(0x000f_4240_0000_0064);
    let low = ((pairs >> 16) & MASK).wrapping_mul(0x0000_2710_0000_0001);
    high.wrapping_add(low) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[test]
    fn what_is_no_plain_number_is_left_alone() {
        for text in ["", "-", ".", "-.", "x", "nan", "+1", " 1"] {
            assert_eq!(at_start(text.as_bytes()), None, "{text:?}");
        }
        let one = Number { value: 1.0, is_integer: true };
        assert_eq!(at_start(b"1e5"), Some((one, 1)), "the caller sees the e");
        assert_eq!(at_start(b"1.,"), Some((Number { is_integer: false, ..one }, 2)));
        assert_eq!(at_start(b".5").map(|(number, _)| number.value), Some(0.5));
        assert!(at_start(b"-0,").is_some_and(|(number, _)| number.value.is_sign_negative()));
    }

    #[test]
    fn every_number_is_the_double_next_to_it() {
        let mut random = Rng::new(1);
        for _ in 0..50_000 {
            let n_whole = random.below(22);
            let n_fraction = random.below(24);
            let mut digits = |n: u64| (0..n).map(|_| char::from(b'0' + random.below(10) as u8)).collect::<String>();
            let text = format!("{}.{}", digits(n_whole), digits(n_fraction));
            let expected = text.parse::<f64>().ok();
            // What follows is no part of it, whatever it is.
            for after in ["", ",", "\n-1.5,7", "\u{ff}12345678", "/:;<12345678"] {
                let found = at_start(format!("{text}{after}").as_bytes());
                assert_eq!(found.map(|(number, _)| number.value), expected, "{text}{after}");
                assert!(found.is_none_or(|(_, length)| length == text.len()), "{text}{after}");
            }
        }
    }
}
