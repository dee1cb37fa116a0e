//! What a Parquet file says of itself, gone through before the library reads it: its footer and the headers of its pages, in Thrift's compact
//! protocol. The library takes booleans in a list for values of no bytes, and goes through two thousand million of them one by one where
//! a list says that it has as many. No part of the format holds such a list, or a map. It also makes room for as many columns as a group says
//! that it has, gigabytes of it, and takes a place on the stack for every group that lies in another.

use parquet::file::metadata::ParquetMetaData;

use super::varint;

/// How deep structures may lie in each other, and columns in each other's groups; the format's own structures go to six, and of columns
/// those that lie in groups are refused later.
const DEEPEST: usize = 16;

/// The number that Thrift gives to lists.
const LIST: u8 = 9;

/// The number that it gives to structures.
const STRUCTURE: u8 = 12;

/// Whether the footer may be read. True where there is none: its reader says so.
pub(in super::super) fn footer_is_sound(file: &[u8]) -> bool {
    let Some((rest, end)) = file.split_last_chunk::<8>() else { return true };
    let length = u32::from_le_bytes([end[0], end[1], end[2], end[3]]) as usize;
    let Some(mut about) = rest.len().checked_sub(length).and_then(|at| rest.get(at..)) else { return true };
    end[4..] != *b"PAR1" || footer(&mut about).is_some()
}

/// Goes through a footer. The library reads its fields as what they have to be, whatever they say that they are.
fn footer(bytes: &mut &[u8]) -> Option<()> {
    const SCHEMA: i16 = 2;
    fields(bytes, DEEPEST, |id, kind, bytes| {
        let is_what_it_has_to_be = match id {
            1 => kind == 5,
            3 => kind == 6,
            6 => kind == 8,
            SCHEMA | 4 | 5 | 7 => kind == LIST,
            _ => true,
        };
        if !is_what_it_has_to_be {
            return None;
        }
        if id == SCHEMA {
            schema(bytes)?;
        }
        Some(id == SCHEMA)
    })
}

/// Goes through the list of columns and groups, each before those that lie in it. The library makes room for as many as a group
/// says that it has, and goes into groups by calling itself.
fn schema(bytes: &mut &[u8]) -> Option<()> {
    const NUMBER_OF_CHILDREN: i16 = 5;
    let (kind, n) = list(bytes)?;
    // Of each group that is not over, those that are still to come.
    let mut to_come: Vec<u64> = Vec::new();
    for behind in (0..n).rev() {
        let children = if kind == STRUCTURE { number_in(bytes, NUMBER_OF_CHILDREN, DEEPEST)? } else { return None };
        // The library takes it for a number of 32 bits.
        let children = u64::try_from(children.unwrap_or(0) as i32).ok()?;
        if let Some(left) = to_come.last_mut() {
            *left -= 1;
        }
        to_come.push(children);
        while to_come.pop_if(|left| *left == 0).is_some() {}
        if children > behind || to_come.len() > DEEPEST {
            return None;
        }
    }
    Some(())
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
    const COMPRESSED_SIZE: i16 = 3;
    while !bytes.is_empty() {
        let size = number_in(&mut bytes, COMPRESSED_SIZE, DEEPEST)??;
        bytes.split_off(..usize::try_from(size).ok()?)?;
    }
    Some(())
}

/// Goes through a structure.
fn structure(bytes: &mut &[u8], depth: usize) -> Option<()> {
    fields(bytes, depth, |_, _, _| Some(false))
}

/// Goes through a structure for one of its numbers: `Some(None)` where it does not hold it.
fn number_in(bytes: &mut &[u8], wanted: i16, depth: usize) -> Option<Option<i64>> {
    let mut found = None;
    fields(bytes, depth, |id, kind, bytes| {
        if id != wanted {
            return Some(false);
        }
        found = Some(zigzag(if matches!(kind, 4..=6) { varint(bytes)? } else { return None }));
        Some(true)
    })?;
    Some(found)
}

/// Goes through the fields of a structure. `take` may go through one itself, and says whether it did.
fn fields(bytes: &mut &[u8], depth: usize, mut take: impl FnMut(i16, u8, &mut &[u8]) -> Option<bool>) -> Option<()> {
    let mut id = 0_i16;
    loop {
        let head = *bytes.split_off_first()?;
        let kind = head & 0x0f;
        if kind == 0 {
            return Some(());
        }
        id = match head >> 4 {
            // The library takes it for a number of 16 bits.
            0 => zigzag(varint(bytes)?) as i16,
            step => id.checked_add(step.into())?,
        };
        if !take(id, kind, bytes)? {
            value(bytes, kind, depth.checked_sub(1)?)?;
        }
    }
}

/// What a list begins with: the kind of its values, and how many there are.
fn list(bytes: &mut &[u8]) -> Option<(u8, u64)> {
    let head = *bytes.split_off_first()?;
    let n = if head >> 4 == 15 { varint(bytes)? } else { u64::from(head >> 4) };
    Some((head & 0x0f, n))
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
        LIST | 10 => {
            let (kind, n) = list(bytes)?;
            if matches!(kind, 1 | 2) {
                return None;
            }
            // Each takes a byte at least, so they end with the bytes.
            for _ in 0..n {
                value(bytes, kind, depth.checked_sub(1)?)?;
            }
        }
        STRUCTURE => structure(bytes, depth)?,
        13 => drop(bytes.split_off(..16)?),
        _ => return None,
    }
    Some(())
}

fn zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that is nothing but a footer, with this list of columns and groups by how many lie in each.
    fn file(children: &[u8]) -> Vec<u8> {
        let mut footer = vec![0x29, 0xfc];
        let mut n = children.len();
        while n >= 0x80 {
            footer.push(n as u8 | 0x80);
            n >>= 7;
        }
        footer.push(n as u8);
        for n in children {
            footer.extend([0x48, 1, b'a', 0x15, n << 1, 0]);
        }
        finished(footer)
    }

    fn finished(mut footer: Vec<u8>) -> Vec<u8> {
        footer.push(0);
        let length = (footer.len() as u32).to_le_bytes();
        footer.extend(length);
        footer.extend(b"PAR1");
        footer
    }

    #[test]
    fn groups_are_held_to_what_there_is() {
        assert!(footer_is_sound(&file(&[2, 0, 0])));
        assert!(footer_is_sound(&file(&[1, 1, 1, 0])), "the type of its columns is for others to refuse");
        assert!(!footer_is_sound(&file(&[3, 0, 0])), "more than there are");
        assert!(!footer_is_sound(&file(&[63])));
        assert!(!footer_is_sound(&file(&[[1].repeat(200_000), vec![0]].concat())), "each in the one before");
    }

    #[test]
    fn what_the_library_would_read_otherwise_is_refused() {
        // The schema, said to be a text: the library takes what it holds for a list.
        assert!(!footer_is_sound(&finished(vec![0x28, 3, 0x1c, 0x15, 0])));
        // A number of a field that is two once it has been cut to 16 bits.
        let mut long = file(&[63]);
        long.splice(0..1, [0x09, 0x84, 0x80, 0x08]);
        let (length, end) = (long.len() - 8, long.len() - 4);
        long[length..end].copy_from_slice(&(length as u32).to_le_bytes());
        assert!(!footer_is_sound(&long));
    }
}
