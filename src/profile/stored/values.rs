//! Ascending whole numbers in few bytes: as differences, equal ones as a count.

use super::reader::Reader;
use super::writer::Writer;
use super::{StoredError, invalid};

/// Writes ascending keys.
///
/// ```text
/// how many | the zeros at the end of every difference | the first | per run: its length less one where it is not 1, the difference to the next
/// ```
/// A run longer than one begins with a difference of 0, which no other has.
pub(super) fn write(to: &mut Writer, ascending: impl Iterator<Item = u64> + Clone) {
    let n = ascending.clone().count() as u64;
    to.count(n);
    let Some(first) = ascending.clone().next() else { return };
    let differences = || ascending.clone().zip(ascending.clone().skip(1)).map(|(before, after)| after - before);
    let zeros = differences().fold(0, |bits, difference| bits | difference).trailing_zeros().min(63);
    to.byte(zeros as u8);
    to.bytes(&first.to_le_bytes());
    let mut repeats = 0;
    let end_run = |to: &mut Writer, repeats: &mut u64| {
        if *repeats > 0 {
            to.count(0);
            to.count(*repeats);
            *repeats = 0;
        }
    };
    for difference in differences() {
        if difference == 0 {
            repeats += 1;
        } else {
            end_run(to, &mut repeats);
            to.count(difference >> zeros);
        }
    }
    end_run(to, &mut repeats);
}

/// Reads them again.
pub(super) fn read(from: &mut Reader<'_>) -> Result<Vec<u64>, StoredError> {
    let n = from.count()?;
    let n = from.make_room(n)?;
    if n == 0 {
        return Ok(Vec::new());
    }
    let zeros = u32::from(from.byte()?);
    if zeros > 63 {
        return Err(invalid("a shift beyond 64 bits"));
    }
    let first = from.bytes(8)?;
    let mut key = u64::from_le_bytes(first.try_into().expect("eight bytes were taken"));
    let mut keys = Vec::with_capacity(n);
    keys.push(key);
    while keys.len() < n {
        match from.count()? {
            0 => {
                let repeats = from.count_up_to((n - keys.len()) as u64, "more values than were announced")?;
                if repeats == 0 {
                    return Err(invalid("a run of nothing"));
                }
                keys.resize(keys.len() + repeats as usize, key);
            }
            difference => {
                let step = difference << zeros;
                let next = key.checked_add(step).filter(|_| step >> zeros == difference);
                key = next.ok_or(invalid("a value beyond 64 bits"))?;
                keys.push(key);
            }
        }
    }
    Ok(keys)
}
