//! Rows of a file becoming columns.

use super::CsvError;
use super::cell::decode;
use super::number::Number;
use super::reader::ColumnReader;
use super::rows::{self, Cells, UnequalRow, Walked};
use crate::data::{Column, Dataset};
use crate::parallel;

/// Text that one thread makes into columns in one go: so little that it stays in the cache.
const PIECE_BYTES: usize = 256 << 10;
/// The first piece is smaller, and read before all others: it shows what the columns are.
const FIRST_PIECE_BYTES: usize = 16 << 10;

/// A table that is being read, block by block.
#[derive(Debug)]
pub(super) struct TableReader {
    delimiter: u8,
    names: Vec<String>,
    columns: Vec<ColumnReader>,
    /// Bytes up to the end of the header, and lines up to what was read last.
    header: Walked,
    lines: u64,
    rows: usize,
    /// Readers that were used for a piece and can be used again: asking for memory anew would cost more than reading.
    spare: Vec<Vec<ColumnReader>>,
    /// Columns of an earlier reading whose text was kept. Then only the lost text is read this time.
    kept: Option<Vec<ColumnReader>>,
}

impl TableReader {
    /// Reads the header at the start of a file. `None` when it is not whole and `text` is not the last.
    pub(super) fn begin(text: &[u8], is_last: bool) -> Result<Option<Self>, CsvError> {
        let mark = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let delimiter = sniff_delimiter(&text[mark..]);
        let Some((cells, mut header)) = rows::first(&text[mark..], delimiter, is_last) else {
            return if is_last { Err(CsvError::Empty) } else { Ok(None) };
        };
        header.bytes += mark;
        let name = |(i, cell): (usize, &Vec<u8>)| {
            if cell.is_empty() { format!("Unnamed: {i}") } else { decode(cell).into_owned() }
        };
        let names: Vec<String> = cells.iter().enumerate().map(name).collect();
        let columns = names.iter().map(|_| ColumnReader::new()).collect();
        Ok(Some(Self {
            delimiter,
            names,
            columns,
            header,
            lines: header.lines,
            rows: 0,
            spare: Vec::new(),
            kept: None,
        }))
    }

    /// Where the rows begin.
    pub(super) const fn header_bytes(&self) -> usize {
        self.header.bytes
    }

    /// Rows that were taken in.
    pub(super) const fn rows(&self) -> usize {
        self.rows
    }

    /// Takes in whole rows and says how many bytes they were. `text` begins at the start of a row and, unless it
    /// `is_last`, ends with a line end. Fewer bytes than given are taken only if that line end lies within quotes.
    pub(super) fn feed(&mut self, text: &[u8], is_last: bool) -> Result<usize, CsvError> {
        let mut taken = 0;
        if self.rows == 0 {
            let end = line_end(text, FIRST_PIECE_BYTES);
            taken = self.feed_pieces(&text[..end], is_last && end == text.len())?;
        }
        if taken < text.len() {
            taken += self.feed_pieces(&text[taken..], is_last)?;
        }
        Ok(taken)
    }

    fn feed_pieces(&mut self, text: &[u8], is_last: bool) -> Result<usize, CsvError> {
        let mut begins = vec![0];
        while let Some(&begin) = begins.last()
            && text.len() - begin > PIECE_BYTES
        {
            begins.push(begin + line_end(&text[begin..], PIECE_BYTES));
        }
        let ends = begins.iter().skip(1).copied().chain([text.len()]);
        let pieces: Vec<&[u8]> = begins.iter().zip(ends).map(|(&begin, end)| &text[begin..end]).collect();
        let last = pieces.len() - 1;
        let work: Vec<_> = pieces.iter().enumerate().map(|(i, piece)| (i, *piece, self.readers())).collect();
        let parts = parallel::map_owned(work, |(i, piece, readers)| self.part(piece, readers, is_last && i == last));
        let mut taken = 0;
        let mut whole = Vec::with_capacity(parts.len());
        for (part, piece) in parts.into_iter().zip(pieces) {
            let walked = self.accept(part, &mut whole)?;
            taken += walked.bytes;
            if walked.bytes < piece.len() {
                // A line end within quotes was taken for the end of a row, so the pieces below began in the middle of one.
                self.append(whole);
                let readers = self.readers();
                let rest = self.part(&text[taken..], readers, is_last);
                let mut whole = Vec::new();
                taken += self.accept(rest, &mut whole)?.bytes;
                self.append(whole);
                return Ok(taken);
            }
        }
        self.append(whole);
        Ok(taken)
    }

    /// Empty readers for rows below those that were read.
    fn readers(&mut self) -> Vec<ColumnReader> {
        let new = || self.columns.iter().map(|_| ColumnReader::new()).collect();
        let mut readers: Vec<ColumnReader> = self.spare.pop().unwrap_or_else(new);
        readers.iter_mut().zip(&self.columns).for_each(|(reader, column)| reader.restart_below(column));
        readers
    }

    /// Reads some rows into columns of their own.
    fn part(&self, text: &[u8], readers: Vec<ColumnReader>, is_last: bool) -> Part {
        let mut readers = Readers(readers);
        let walked = rows::walk(text, self.delimiter, self.names.len(), is_last, &mut readers);
        Part { columns: readers.0, walked }
    }

    /// Keeps the whole rows of a part, the next below those before.
    fn accept(&mut self, mut part: Part, whole: &mut Vec<Vec<ColumnReader>>) -> Result<Walked, CsvError> {
        let unequal = |UnequalRow { lines_before, found }| CsvError::UnequalRow {
            line: self.lines + lines_before + 1,
            expected: self.names.len() as u64,
            found: found as u64,
        };
        let walked = part.walked.map_err(unequal)?;
        part.columns.iter_mut().for_each(|column| column.truncate(walked.rows));
        whole.push(part.columns);
        self.lines += walked.lines;
        self.rows += walked.rows;
        Ok(walked)
    }

    fn append(&mut self, parts: Vec<Vec<ColumnReader>>) {
        let n_parts = parts.len();
        let mut below: Vec<Vec<ColumnReader>> = self.columns.iter().map(|_| Vec::with_capacity(parts.len())).collect();
        for part in parts {
            for (column, reader) in below.iter_mut().zip(part) {
                column.push(reader);
            }
        }
        let columns = std::mem::take(&mut self.columns).into_iter().zip(below).collect();
        let appended = parallel::map_owned(columns, |(mut column, mut below): (ColumnReader, Vec<ColumnReader>)| {
            below.iter_mut().for_each(|below| column.append(below));
            (column, below)
        });
        let first_spare = self.spare.len();
        self.spare.resize_with(first_spare + n_parts, Vec::new);
        for (column, used) in appended {
            self.columns.push(column);
            self.spare[first_spare..].iter_mut().zip(used).for_each(|(spare, reader)| spare.push(reader));
        }
    }

    /// The table, or, if the text of a column was lost, a reader that has to be fed all rows once more.
    pub(super) fn finish(self) -> Result<Result<Dataset, Self>, CsvError> {
        let Some(kept) = self.kept else {
            if self.columns.iter().any(ColumnReader::is_garbled) {
                let columns = self.columns.iter().map(ColumnReader::for_lost_text).collect();
                let (lines, rows) = (self.header.lines, 0);
                return Ok(Err(Self { columns, lines, rows, kept: Some(self.columns), ..self }));
            }
            return dataset(self.names, self.columns).map(Ok);
        };
        let columns = kept.into_iter().zip(self.columns);
        let columns = columns.map(|(kept, lost)| if kept.is_garbled() { lost } else { kept }).collect();
        dataset(self.names, columns).map(Ok)
    }
}

fn dataset(names: Vec<String>, columns: Vec<ColumnReader>) -> Result<Dataset, CsvError> {
    let columns = names.into_iter().zip(columns).map(|(name, column)| Column { name, values: column.finish() });
    Dataset::new(columns.collect()).map_err(CsvError::Header)
}

/// Some rows as columns.
struct Part {
    columns: Vec<ColumnReader>,
    walked: Result<Walked, UnequalRow>,
}

/// The columns that the cells go to.
struct Readers(Vec<ColumnReader>);

impl Cells for Readers {
    #[inline]
    fn takes_numbers(&self, place: usize) -> bool {
        self.0[place].takes_numbers()
    }

    #[inline]
    fn number(&mut self, place: usize, number: Number) {
        self.0[place].push_number(number);
    }

    #[inline]
    fn text(&mut self, place: usize, cell: &[u8]) {
        self.0[place].push(cell);
    }
}

/// The end of the line that holds byte `at`, or of the text.
fn line_end(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(text.len(), |length| at + length + 1)
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The separator that occurs most often in the header line, outside quotes; a comma if none does.
fn sniff_delimiter(bytes: &[u8]) -> u8 {
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    let mut quoted = false;
    for &byte in bytes {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            _ => {
                for (delimiter, count) in &mut counts {
                    *count += u32::from(byte == *delimiter);
                }
            }
        }
    }
    // The first of equals wins, hence the reversal.
    counts.iter().rev().max_by_key(|(_, count)| *count).map_or(b',', |(delimiter, _)| *delimiter)
}
