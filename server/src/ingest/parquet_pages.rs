//! Parquet's pages, each held against its own size before it is unpacked: the library makes room for as many values as a page says that
//! it holds, and one of a hundred bytes may say four thousand million.

use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::FileReader;
use std::sync::Arc;

/// A file whose pages are checked.
pub(super) struct CheckedFile(pub(super) Arc<dyn FileReader>);

impl RowGroups for CheckedFile {
    fn num_rows(&self) -> usize {
        RowGroups::num_rows(&self.0)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let chunks = self.0.column_chunks(column)?;
        let max_level = self.row_groups().next().map_or(0, |group| group.column(column).column_descr().max_def_level());
        Ok(Box::new(CheckedChunks { chunks, has_levels: max_level > 0 }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        self.0.row_groups()
    }

    fn metadata(&self) -> &ParquetMetaData {
        RowGroups::metadata(&self.0)
    }
}

struct CheckedChunks {
    chunks: Box<dyn PageIterator>,
    /// Whether values may be missing: levels then come before the values.
    has_levels: bool,
}

impl Iterator for CheckedChunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let checked = |pages| Box::new(CheckedPages { pages, has_levels: self.has_levels }) as Box<dyn PageReader>;
        Some(self.chunks.next()?.map(checked))
    }
}

impl PageIterator for CheckedChunks {}

struct CheckedPages {
    pages: Box<dyn PageReader>,
    has_levels: bool,
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        match page.as_ref().is_none_or(|page| can_hold(page, self.has_levels)) {
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
fn can_hold(page: &Page, has_levels: bool) -> bool {
    match page {
        // Its values are written out, no two in one byte.
        Page::DictionaryPage { buf, num_values, .. } => *num_values as usize <= buf.len(),
        Page::DataPage { buf, num_values, encoding, .. } => {
            let values = if has_levels { after_levels(buf) } else { Some(&buf[..]) };
            values.is_none_or(|values| delta_fits(values, *encoding, *num_values))
        }
        Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
            let levels = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
            buf.get(levels..).is_none_or(|values| delta_fits(values, *encoding, *num_values))
        }
    }
}

/// What follows the levels of a flat column. `None` where the page ends before that: its reader says so.
fn after_levels(page: &[u8]) -> Option<&[u8]> {
    let (length, rest) = page.split_first_chunk()?;
    rest.get(u32::from_le_bytes(*length) as usize..)
}

/// Lengths that are written as differences begin with their own number, which may not be larger than the page's.
fn delta_fits(values: &[u8], encoding: Encoding, num_values: u32) -> bool {
    if !matches!(encoding, Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY) {
        return true;
    }
    let mut rest = values;
    // Values in a block, parts of a block, values.
    let header = [(); 3].map(|()| varint(&mut rest));
    header[2].is_none_or(|n| n <= u64::from(num_values))
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
