//! What a Parquet file says of itself, gone through before the library reads it: its footer and the headers of its pages, in Thrift's compact
//! protocol. The library takes booleans in a list for values of no bytes, and goes through two thousand million of them one by one where
//! a list says that it has as many. No part of the format holds such a list, or a map.

use parquet::file::metadata::ParquetMetaData;

use super::varint;

/// How deep structures may lie in each other; the format's own go to six.
const DEEPEST: usize = 16;

/// Whether the footer may be read. True where there is none: its reader says so.
pub(in super::super) fn footer_is_sound(file: &[u8]) -> bool {
    let Some((rest, end)) = file.split_last_chunk::<8>() else { return true };
    let length = u32::from_le_bytes([end[0], end[1], end[2], end[3]]) as usize;
    let Some(mut footer) = rest.len().checked_sub(length).and_then(|at| rest.get(at..)) else { return true };
    end[4..] != *b"PAR1" || structure(&mut footer, DEEPEST).is_some()
}

/// Whether the headers of all pages may be read. Columns lie beside each other: all of them together are no longer than the file.
///
/// # Panics
/// A column begins or ends before the file does: the library panics then.
pub(in super::super) fn pages_are_sound(file: &[u8], about: &ParquetMetaData) -> bool {
    let mut left = file.len();
    about.row_groups().iter().flat_map(|group| group.columns()).all(|column| {
        let (start, length) = column.byte_range();
        let (Ok(start), Ok(length)) = (usize::try_from(start), usize::try_from(length)) else { return false };
        let Some(rest) = left.checked_sub(length) else { return false };
        left = rest;
        let chunk = start.checked_add(length).and_then(|end| file.get(start..end));
        chunk.is_some_and(|chunk| pages(chunk).is_some())
    })
}

/// Goes from page to page.
fn pages(mut bytes: &[u8]) -> Option<()> {
    const COMPRESSED_SIZE: i64 = 3;
    while !bytes.is_empty() {
        let size = number_in(&mut bytes, COMPRESSED_SIZE, DEEPEST)??;
        bytes.split_off(..usize::try_from(size).ok()?)?;
    }
    Some(())
}

/// Goes through a structure.
fn structure(bytes: &mut &[u8], depth: usize) -> Option<()> {
    // No field has this number.
    number_in(bytes, i64::MIN, depth).map(drop)
}

/// Goes through a structure for one of its numbers: `Some(None)` where it does not hold it.
fn number_in(bytes: &mut &[u8], wanted: i64, depth: usize) -> Option<Option<i64>> {
    let (mut id, mut found) = (0_i64, None);
    loop {
        let head = *bytes.split_off_first()?;
        let kind = head & 0x0f;
        if kind == 0 {
            return Some(found);
        }
        id = match head >> 4 {
            0 => zigzag(varint(bytes)?),
            step => id.checked_add(step.into())?,
        };
        if id == wanted && matches!(kind, 4..=6) {
            found = Some(zigzag(varint(bytes)?));
        } else {
            value(bytes, kind, depth.checked_sub(1)?)?;
        }
    }
}

/// Goes through a value, by the number that Thrift gives its kind.
fn value(bytes: &mut &[u8], kind: u8, depth: usize) -> Option<()> {
    match kind {
        // Of a field: the kind is the value.
        1 | 2 => {}
        3 => drop(bytes.split_off_first()?),
        4..=6 => drop(varint(bytes)?),
        7 => drop(bytes.split_off(..8)?),
        8 => {
            let length = usize::try_from(varint(bytes)?).ok()?;
            bytes.split_off(..length)?;
        }
        9 | 10 => {
            let head = *bytes.split_off_first()?;
            let kind = head & 0x0f;
            let n = if head >> 4 == 15 { varint(bytes)? } else { u64::from(head >> 4) };
            if matches!(kind, 1 | 2) {
                return None;
            }
            // Each takes a byte at least, so they end with the bytes.
            for _ in 0..n {
                value(bytes, kind, depth.checked_sub(1)?)?;
            }
        }
        12 => structure(bytes, depth)?,
        13 => drop(bytes.split_off(..16)?),
        _ => return None,
    }
    Some(())
}

fn zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
