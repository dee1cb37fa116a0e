//! Parquet's pages, each held against its size and its file's rows before its values are decoded: the library makes room for as many
//! values as a page says that it holds, and one of a hundred bytes may say two thousand million.

use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::FileReader;
use std::sync::Arc;

// With its path, as this file is taken by its own.
#[path = "parquet_headers.rs"]
pub(super) mod headers;

/// A file of flat columns whose pages are checked.
pub(super) struct CheckedFile(pub(super) Arc<dyn FileReader>);

impl RowGroups for CheckedFile {
    fn num_rows(&self) -> usize {
        RowGroups::num_rows(&self.0)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let chunks = self.0.column_chunks(column)?;
        let schema = RowGroups::metadata(self).file_metadata().schema_descr();
        let limits = Limits { rows: self.num_rows(), has_levels: schema.column(column).max_def_level() > 0 };
        Ok(Box::new(CheckedChunks { chunks, limits }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        self.0.row_groups()
    }

    fn metadata(&self) -> &ParquetMetaData {
        RowGroups::metadata(&self.0)
    }
}

/// What the pages of a column are held against.
#[derive(Clone, Copy)]
struct Limits {
    /// Rows of the file: no page has more values.
    rows: usize,
    /// Whether values may be missing: levels then come before the values.
    has_levels: bool,
}

struct CheckedChunks {
    chunks: Box<dyn PageIterator>,
    limits: Limits,
}

impl Iterator for CheckedChunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let checked = |pages| Box::new(CheckedPages { pages, limits: self.limits }) as Box<dyn PageReader>;
        Some(self.chunks.next()?.map(checked))
    }
}

impl PageIterator for CheckedChunks {}

struct CheckedPages {
    pages: Box<dyn PageReader>,
    limits: Limits,
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        match page.as_ref().is_none_or(|page| can_hold(page, self.limits)) {
            true => Ok(page),
            false => Err(ParquetError::General("a page says that it holds more values than it can".to_owned())),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// Whether a page may hold as many values as it says.
fn can_hold(page: &Page, limits: Limits) -> bool {
    let n = page.num_values() as usize;
    let values = match page {
        // Its values are written out, each in a bit at least.
        Page::DictionaryPage { buf, .. } => return n <= 8 * buf.len(),
        Page::DataPage { buf, def_level_encoding, .. } if limits.has_levels => {
            after_levels(buf).filter(|_| *def_level_encoding == Encoding::RLE)
        }
        Page::DataPage { buf, .. } => Some(&buf[..]),
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            buf.get(*def_levels_byte_len as usize + *rep_levels_byte_len as usize..)
        }
    };
    n <= limits.rows
        && match page.encoding() {
            Encoding::DELTA_LENGTH_BYTE_ARRAY => values.and_then(|values| after_lengths(values, n)).is_some(),
            // Lengths of what values share with the one before, then of what they do not share.
            Encoding::DELTA_BYTE_ARRAY => {
                let shared = values.and_then(|values| after_lengths(values, n));
                shared.and_then(|rest| after_lengths(rest, n)).is_some()
            }
            _ => true,
        }
}

/// What follows the levels of a flat column.
fn after_levels(page: &[u8]) -> Option<&[u8]> {
    let (length, rest) = page.split_first_chunk()?;
    rest.get(u32::from_le_bytes(*length) as usize..)
}

/// What follows at most `most` lengths that are written as differences. `None` if there are more, or not as many bytes.
fn after_lengths(mut bytes: &[u8], most: usize) -> Option<&[u8]> {
    let block = usize::try_from(varint(&mut bytes)?).ok()?;
    let parts = usize::try_from(varint(&mut bytes)?).ok()?;
    let n = usize::try_from(varint(&mut bytes)?).ok().filter(|n| *n <= most)?;
    let _first = varint(&mut bytes)?;
    let in_part = block.checked_div(parts).filter(|in_part| *in_part > 0)?;
    let mut left = n.saturating_sub(1);
    while left > 0 {
        let _least = varint(&mut bytes)?;
        let widths = bytes.split_off(..parts)?;
        for width in widths {
            if left == 0 {
                break;
            }
            bytes.split_off(..in_part.checked_mul((*width).into())?.div_ceil(8))?;
            left = left.saturating_sub(in_part);
        }
    }
    Some(bytes)
}

/// A number in groups of seven bits, the lowest first; the bytes after it are left.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn a_page_holds_no_more_values_than_its_bytes_and_its_file_have_room_for() {
        let limits = Limits { rows: 100, has_levels: false };
        let dictionary = |num_values| Page::DictionaryPage {
            buf: Bytes::from_static(&[1]),
            num_values,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        assert!(can_hold(&dictionary(8), limits), "truth values");
        assert!(!can_hold(&dictionary(9), limits));
        let data = |num_values, encoding, buf: &'static [u8]| Page::DataPage {
            buf: Bytes::from_static(buf),
            num_values,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        assert!(can_hold(&data(100, Encoding::PLAIN, &[]), limits));
        assert!(!can_hold(&data(101, Encoding::PLAIN, &[]), limits));
        // Blocks of 128 in 4 parts; one length, then 101.
        let lengths = Encoding::DELTA_LENGTH_BYTE_ARRAY;
        assert!(can_hold(&data(1, lengths, &[0x80, 1, 4, 1, 0]), limits));
        assert!(!can_hold(&data(1, lengths, &[0x80, 1, 4, 101, 0, 0, 0, 0, 0, 0]), limits));
    }
}
