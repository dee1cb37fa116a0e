//! Cutting CSV text into rows and cells, by the rules of RFC 4180 and what is common beyond it.
//!
//! A cell that begins with a quote ends at the next lone quote; two quotes inside stand for one, and what follows the
//! closing quote up to the separator still belongs to the cell. Elsewhere a quote is a letter. Lines end with `\n`,
//! `\r` or both, and empty ones are skipped. All of this is as in the `csv` crate, which the tests hold it against.

use super::number::{self, Number};

/// Where cells go.
pub(super) trait Cells {
    /// Whether column `place` takes numbers, so that a cell which is one need not be cut out first.
    fn takes_numbers(&self, place: usize) -> bool;
    /// A cell of column `place` that is a plain number.
    fn number(&mut self, place: usize, number: Number);
    /// Any other cell of column `place`, without its quotes.
    fn text(&mut self, place: usize, cell: &[u8]);
}

/// How far a walk came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Walked {
    /// Bytes up to the end of the last whole row.
    pub bytes: usize,
    /// Whole rows.
    pub rows: usize,
    /// Lines up to there, empty ones and those within quotes included.
    pub lines: u64,
}

/// A row with more or fewer cells than the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnequalRow {
    /// Lines of the text before this row.
    pub lines_before: u64,
    /// Cells in this row.
    pub found: usize,
}

/// What follows a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Cell,
    Row,
    Text,
}

/// Hands every cell to `cells`, row by row. `text` begins at the start of a row. Unless it `is_last`, it ends with `\n`;
/// if that one lies within quotes, the last row is not whole: then its first cells were handed over, and the walk ends before it.
pub(super) fn walk(
    text: &[u8],
    delimiter: u8,
    n_columns: usize,
    is_last: bool,
    cells: &mut impl Cells,
) -> Result<Walked, UnequalRow> {
    let mut walker = Walker { text, delimiter, at: 0, lines: 0, is_last, unquoted: Vec::new() };
    let mut rows = 0;
    loop {
        walker.skip_empty_lines();
        let walked = Walked { bytes: walker.at, rows, lines: walker.lines };
        if walker.at == text.len() {
            return Ok(walked);
        }
        let mut n_cells = 0;
        let end = loop {
            let end = if n_cells < n_columns { walker.cell(n_cells, cells) } else { walker.cell(0, &mut Nowhere) };
            n_cells += 1;
            if end != Some(End::Cell) {
                break end;
            }
        };
        if end.is_none() {
            return Ok(walked);
        }
        if n_cells != n_columns {
            return Err(UnequalRow { lines_before: walked.lines, found: n_cells });
        }
        rows += 1;
    }
}

/// The cells of the first row that is not empty, and the bytes and lines up to its end. `None` if there is no row, or it is not
/// whole.
pub(super) fn first(text: &[u8], delimiter: u8, is_last: bool) -> Option<(Vec<Vec<u8>>, Walked)> {
    struct Collected(Vec<Vec<u8>>);
    impl Cells for Collected {
        fn takes_numbers(&self, _place: usize) -> bool {
            false
        }
        fn number(&mut self, _place: usize, _number: Number) {}
        fn text(&mut self, _place: usize, cell: &[u8]) {
            self.0.push(cell.to_vec());
        }
    }
    let mut walker = Walker { text, delimiter, at: 0, lines: 0, is_last, unquoted: Vec::new() };
    walker.skip_empty_lines();
    if walker.at == text.len() {
        return None;
    }
    let mut cells = Collected(Vec::new());
    while walker.cell(0, &mut cells)? == End::Cell {}
    Some((cells.0, Walked { bytes: walker.at, rows: 1, lines: walker.lines }))
}

/// Cells beyond the last column.
struct Nowhere;

impl Cells for Nowhere {
    fn takes_numbers(&self, _place: usize) -> bool {
        false
    }
    fn number(&mut self, _place: usize, _number: Number) {}
    fn text(&mut self, _place: usize, _cell: &[u8]) {}
}

struct Walker<'a> {
    text: &'a [u8],
    delimiter: u8,
    at: usize,
    lines: u64,
    is_last: bool,
    /// The text of a quoted cell that has quotes inside.
    unquoted: Vec<u8>,
}

impl Walker<'_> {
    fn skip_empty_lines(&mut self) {
        while let Some(&byte) = self.text.get(self.at)
            && (byte == b'\n' || byte == b'\r')
        {
            self.at += 1;
            self.lines += u64::from(byte == b'\n');
        }
    }

    /// Hands one cell over; `None` if the text ends within it and is not the last.
    #[inline]
    fn cell(&mut self, place: usize, cells: &mut impl Cells) -> Option<End> {
        if cells.takes_numbers(place)
            && let Some((number, length)) = number::at_start(&self.text[self.at..])
        {
            let after = self.text.get(self.at + length).copied();
            if after == Some(self.delimiter) {
                cells.number(place, number);
                self.at += length + 1;
                return Some(End::Cell);
            }
            if matches!(after, Some(b'\n' | b'\r')) || (after.is_none() && self.is_last) {
                cells.number(place, number);
                self.at += length;
                return Some(self.end());
            }
        }
        if self.text.get(self.at) == Some(&b'"') {
            return self.quoted(place, cells);
        }
        let cell = self.unquoted_length();
        cells.text(place, &self.text[self.at..self.at + cell]);
        self.at += cell;
        Some(self.end())
    }

    /// Bytes up to the next separator or line end.
    fn unquoted_length(&self) -> usize {
        let rest = &self.text[self.at..];
        let is_end = |byte: &u8| *byte == self.delimiter || *byte == b'\n' || *byte == b'\r';
        rest.iter().position(is_end).unwrap_or(rest.len())
    }

    /// Steps over what ends a cell. A line end of two bytes leaves its second to [`Walker::skip_empty_lines`].
    fn end(&mut self) -> End {
        match self.text.get(self.at) {
            None => End::Text,
            Some(&byte) => {
                self.at += 1;
                self.lines += u64::from(byte == b'\n');
                if byte == self.delimiter { End::Cell } else { End::Row }
            }
        }
    }

    fn quoted(&mut self, place: usize, cells: &mut impl Cells) -> Option<End> {
        let begin = self.at + 1;
        let Some(length) = memchr::memchr(b'"', &self.text[begin..]) else {
            return self.unfinished(place, begin, cells);
        };
        let close = begin + length;
        let after = self.text.get(close + 1).copied();
        // All but a few quoted cells end here.
        if after.is_none_or(|byte| byte == self.delimiter || byte == b'\n' || byte == b'\r') {
            let cell = &self.text[begin..close];
            cells.text(place, cell);
            self.lines += memchr::memchr_iter(b'\n', cell).count() as u64;
            self.at = close + 1;
            return Some(self.end());
        }
        let mut cell = std::mem::take(&mut self.unquoted);
        cell.clear();
        let mut from = begin;
        let end = loop {
            let Some(length) = memchr::memchr(b'"', &self.text[from..]) else {
                self.at = self.text.len();
                cell.extend_from_slice(&self.text[from..]);
                break self.is_last.then_some(End::Text);
            };
            let close = from + length;
            cell.extend_from_slice(&self.text[from..close]);
            if self.text.get(close + 1) == Some(&b'"') {
                cell.push(b'"');
                from = close + 2;
                continue;
            }
            self.at = close + 1;
            let rest = self.unquoted_length();
            cell.extend_from_slice(&self.text[self.at..self.at + rest]);
            self.at += rest;
            break Some(End::Cell);
        };
        if end == Some(End::Text) || end == Some(End::Cell) {
            self.lines += memchr::memchr_iter(b'\n', &cell).count() as u64;
            cells.text(place, &cell);
        }
        self.unquoted = cell;
        end.map(|end| if end == End::Cell { self.end() } else { end })
    }

    /// A quoted cell that the text does not close.
    fn unfinished(&mut self, place: usize, begin: usize, cells: &mut impl Cells) -> Option<End> {
        if !self.is_last {
            return None;
        }
        cells.text(place, &self.text[begin..]);
        self.at = self.text.len();
        Some(End::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Rng;

    #[derive(Default)]
    struct Table(Vec<Vec<u8>>);

    impl Cells for Table {
        fn takes_numbers(&self, place: usize) -> bool {
            place == 1
        }
        fn number(&mut self, _place: usize, number: Number) {
            self.0.push(number.value.to_string().into_bytes());
        }
        fn text(&mut self, _place: usize, cell: &[u8]) {
            self.0.push(cell.to_vec());
        }
    }

    /// All cells in order, or the line and length of the row that is wrong.
    type Cut = Result<Vec<Vec<u8>>, (u64, usize)>;

    fn ours(text: &[u8]) -> Cut {
        let Some((mut cells, header)) = first(text, b',', true) else { return Ok(Vec::new()) };
        let mut rest = Table::default();
        match walk(&text[header.bytes..], b',', cells.len(), true, &mut rest) {
            Ok(_) => {
                cells.extend(rest.0);
                Ok(cells)
            }
            Err(UnequalRow { lines_before, found }) => Err((header.lines + lines_before + 1, found)),
        }
    }

    fn of_the_csv_crate(text: &[u8]) -> Cut {
        let mut cells = Vec::new();
        for row in csv::ReaderBuilder::new().has_headers(false).from_reader(text).byte_records() {
            match row {
                Ok(row) => cells.extend(row.iter().map(<[u8]>::to_vec)),
                Err(error) => match error.kind() {
                    csv::ErrorKind::UnequalLengths { pos: Some(pos), len, .. } => {
                        return Err((pos.line(), usize::try_from(*len).unwrap()));
                    }
                    other => panic!("{other:?}"),
                },
            }
        }
        Ok(cells)
    }

    #[test]
    fn rows_and_cells_are_those_of_the_csv_crate() {
        let mut random = Rng::new(7);
        let mut unequal = 0;
        for _ in 0..100_000 {
            // Short texts of the letters that matter, with a digit that reads back as it is written.
            let text: Vec<u8> =
                (0..random.below(24)).map(|_| b"\"\"\n\n\r,,,1xN-"[random.below(12) as usize]).collect();
            let expected = of_the_csv_crate(&text);
            unequal += u32::from(expected.is_err());
            match (ours(&text), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(&text)),
                (Err((_, found)), Err((_, expected))) => {
                    assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(&text))
                }
                (found, expected) => panic!("{found:?}, not {expected:?}: {:?}", String::from_utf8_lossy(&text)),
            }
        }
        assert!(unequal > 1000);
    }
}
