//! Numbers below a bound, packed into as many bits as that takes.

use super::StoredError;
use super::reader::Reader;
use super::writer::Writer;

/// Bits that hold every number below `bound`.
const fn width(bound: u64) -> u32 {
    64 - bound.saturating_sub(1).leading_zeros()
}

/// Writes numbers below `bound`, which is less than 2^56.
pub(super) fn write(to: &mut Writer, bound: u64, numbers: impl Iterator<Item = u64>) {
    let width = width(bound);
    let (mut waiting, mut n_waiting) = (0_u64, 0);
    for number in numbers {
        waiting |= number << n_waiting;
        n_waiting += width;
        while n_waiting >= 8 {
            to.byte(waiting as u8);
            waiting >>= 8;
            n_waiting -= 8;
        }
    }
    if n_waiting > 0 {
        to.byte(waiting as u8);
    }
}

/// Reads `n` numbers. They have as many bits as those below `bound`, and may be as large or larger.
pub(super) fn read(from: &mut Reader<'_>, bound: u64, n: usize) -> Result<Vec<u64>, StoredError> {
    let width = width(bound);
    let (mut waiting, mut n_waiting) = (0_u64, 0);
    let mut numbers = Vec::with_capacity(n);
    for _ in 0..n {
        while n_waiting < width {
            waiting |= u64::from(from.byte()?) << n_waiting;
            n_waiting += 8;
        }
        numbers.push(waiting & ((1 << width) - 1));
        waiting >>= width;
        n_waiting -= width;
    }
    Ok(numbers)
}
