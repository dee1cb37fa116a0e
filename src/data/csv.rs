//! CSV to typed columns, plain or gzipped, and back.
//!
//! A column's kind comes from its text, by pandas' rules, so that both judges see what their users expect: numbers
//! where every value present is one (whole numbers only if none is missing), truth values where every value is
//! `true` or `false`, strings otherwise. Separators `,` `;` tab and `|` are told apart by the header line.

use std::fmt;
use std::io::Read;

use super::column::{Numbers, StringsBuilder};
use super::{Column, Dataset, DatasetError, Values};

mod write;

pub use write::write;

/// Texts that stand for a missing value: pandas' `na_values`.
pub const MISSING: [&str; 19] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// A gzipped file may unpack to this many bytes: enough for ten million rows of a hundred numbers, and too few to
/// fill a machine's memory with a bomb of a few megabytes.
pub const MAX_UNPACKED_BYTES: u64 = 4 << 30;

/// Why a CSV file could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CsvError {
    /// There is not even a header line.
    Empty,
    /// A row has more or fewer cells than the header.
    UnequalRow {
        /// Line in the file, from 1.
        line: u64,
        /// Cells in the header.
        expected: u64,
        /// Cells in this row.
        found: u64,
    },
    /// The gzip wrapping is broken.
    Gzip {
        /// What the decoder said.
        reason: String,
    },
    /// A gzipped file unpacks to more than [`MAX_UNPACKED_BYTES`].
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The header names a column twice.
    Header(DatasetError),
}

impl fmt::Display for CsvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "there is no header line"),
            Self::UnequalRow { line, expected, found } => {
                write!(f, "line {line} has {found} cells where the header has {expected}")
            }
            Self::Gzip { reason } => write!(f, "the gzip file is broken: {reason}"),
            Self::TooLarge { limit } => write!(f, "the file unpacks to more than {limit} bytes"),
            Self::Header(error) => write!(f, "header: {error}"),
        }
    }
}

impl std::error::Error for CsvError {}

/// Reads a whole file: a header line, then one row per line. Gzip is known by its first bytes.
///
/// # Errors
/// The file has no header, a header that repeats a name, a row of another length, or broken gzip.
///
/// ```
/// let data = tidemark::data::csv::read(b"age,city\n31,Oslo\n,Rome\n").unwrap();
/// assert_eq!(data.n_rows(), 2);
/// assert_eq!(data.columns()[1].name, "city");
/// ```
pub fn read(bytes: &[u8]) -> Result<Dataset, CsvError> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return read_plain(&gunzip(bytes)?);
    }
    read_plain(bytes)
}

fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, CsvError> {
    let mut unpacked = Vec::new();
    // One byte more than allowed tells "just fits" from "too large".
    flate2::read::MultiGzDecoder::new(bytes)
        .take(MAX_UNPACKED_BYTES + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| CsvError::Gzip { reason: error.to_string() })?;
    if unpacked.len() as u64 > MAX_UNPACKED_BYTES {
        return Err(CsvError::TooLarge { limit: MAX_UNPACKED_BYTES });
    }
    Ok(unpacked)
}

fn read_plain(bytes: &[u8]) -> Result<Dataset, CsvError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let delimiter = sniff_delimiter(bytes);
    let names = header(bytes, delimiter)?;
    let mut columns: Vec<ColumnReader> = names.iter().map(|_| ColumnReader::default()).collect();
    each_row(bytes, delimiter, |row| {
        for (column, cell) in columns.iter_mut().zip(row) {
            column.read(cell);
        }
    })?;

    // What turned out to be text is read once more as such. Most files have few such columns, and no column is kept
    // in memory twice.
    let mut texts: Vec<Option<StringsBuilder>> =
        columns.iter().map(|column| column.kind.is_none().then(StringsBuilder::default)).collect();
    if texts.iter().any(Option::is_some) {
        each_row(bytes, delimiter, |row| {
            for (text, cell) in texts.iter_mut().zip(row) {
                if let Some(text) = text {
                    text.push((!is_missing(cell)).then(|| decode(cell)).as_deref());
                }
            }
        })?;
    }
    let columns = names.into_iter().zip(columns).zip(texts).map(|((name, column), text)| Column {
        name,
        values: text.map_or_else(|| column.finish(), |text| Values::Strings(text.finish())),
    });
    Dataset::new(columns.collect()).map_err(CsvError::Header)
}

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

fn reader(bytes: &[u8], delimiter: u8) -> ::csv::Reader<&[u8]> {
    ::csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes)
}

fn header(bytes: &[u8], delimiter: u8) -> Result<Vec<String>, CsvError> {
    let mut reader = reader(bytes, delimiter);
    let header = reader.byte_headers().map_err(|error| row_error(&error))?;
    if header.is_empty() {
        return Err(CsvError::Empty);
    }
    let name = |(i, cell): (usize, &[u8])| if cell.is_empty() { format!("Unnamed: {i}") } else { decode(cell) };
    Ok(header.iter().enumerate().map(name).collect())
}

fn each_row(bytes: &[u8], delimiter: u8, mut visit: impl FnMut(&::csv::ByteRecord)) -> Result<(), CsvError> {
    let mut reader = reader(bytes, delimiter);
    let mut row = ::csv::ByteRecord::new();
    while reader.read_byte_record(&mut row).map_err(|error| row_error(&error))? {
        visit(&row);
    }
    Ok(())
}

fn row_error(error: &::csv::Error) -> CsvError {
    match error.kind() {
        ::csv::ErrorKind::UnequalLengths { pos, expected_len, len } => CsvError::UnequalRow {
            line: pos.as_ref().map_or(0, ::csv::Position::line),
            expected: *expected_len,
            found: *len,
        },
        // Reading bytes from memory can fail in no other way.
        _ => CsvError::Empty,
    }
}

fn is_missing(cell: &[u8]) -> bool {
    // The longest spelling has eight letters.
    cell.is_empty() || (cell.len() <= 8 && MISSING.iter().any(|text| text.as_bytes() == cell))
}

/// UTF-8, or else Latin-1, in which every byte is a letter.
fn decode(cell: &[u8]) -> String {
    std::str::from_utf8(cell).map_or_else(|_| cell.iter().map(|&byte| byte as char).collect(), str::to_owned)
}

/// What a column has been so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing present yet.
    Unknown,
    Integers,
    Fractions,
    Booleans,
}

/// Collects a column's numbers or truth values until a cell is neither.
#[derive(Debug)]
struct ColumnReader {
    /// `None` once the column is known to be text.
    kind: Option<Kind>,
    numbers: Vec<f64>,
    has_missing: bool,
}

impl Default for ColumnReader {
    fn default() -> Self {
        Self { kind: Some(Kind::Unknown), numbers: Vec::new(), has_missing: false }
    }
}

impl ColumnReader {
    fn read(&mut self, cell: &[u8]) {
        let Some(kind) = self.kind else { return };
        if is_missing(cell) {
            self.has_missing = true;
            if kind == Kind::Booleans {
                self.become_text();
            } else {
                self.numbers.push(f64::NAN);
            }
            return;
        }
        let read = match parse_number(cell) {
            Some((value, is_integer)) => {
                let cell_kind = if is_integer { Kind::Integers } else { Kind::Fractions };
                Some((cell_kind, value))
            }
            None => parse_boolean(cell).map(|value| (Kind::Booleans, f64::from(u8::from(value)))),
        };
        self.kind = read.and_then(|(cell_kind, value)| {
            self.numbers.push(value);
            match (kind, cell_kind) {
                (Kind::Unknown, cell_kind) => Some(cell_kind),
                (a, b) if a == b => Some(a),
                (Kind::Booleans, _) | (_, Kind::Booleans) => None,
                _ => Some(Kind::Fractions),
            }
        });
        if self.kind.is_none() || (self.kind == Some(Kind::Booleans) && self.has_missing) {
            self.become_text();
        }
    }

    fn become_text(&mut self) {
        self.kind = None;
        self.numbers = Vec::new();
    }

    fn finish(self) -> Values {
        match self.kind {
            Some(Kind::Booleans) => Values::Booleans(self.numbers.iter().map(|&value| value == 1.0).collect()),
            Some(Kind::Integers) => Values::Numbers(Numbers::new(self.numbers, !self.has_missing)),
            _ => Values::Numbers(Numbers::new(self.numbers, false)),
        }
    }
}

/// The number in a cell, and whether it is written as a whole one.
fn parse_number(cell: &[u8]) -> Option<(f64, bool)> {
    let cell = cell.trim_ascii();
    let digits = cell.strip_prefix(b"-").or_else(|| cell.strip_prefix(b"+")).unwrap_or(cell);
    let value = fast_float2::parse::<f64, _>(cell).ok()?;
    Some((value, digits.iter().all(u8::is_ascii_digit)))
}

fn parse_boolean(cell: &[u8]) -> Option<bool> {
    match cell {
        b"True" | b"TRUE" | b"true" => Some(true),
        b"False" | b"FALSE" | b"false" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn column(text: &str, name: &str) -> Values {
        read(text.as_bytes()).unwrap().column(name).unwrap().values.clone()
    }

    fn numbers(text: &str, name: &str) -> (Vec<f64>, bool) {
        let Values::Numbers(numbers) = column(text, name) else { panic!("{name} should be numbers") };
        (numbers.as_slice().to_vec(), numbers.is_integer())
    }

    #[test]
    fn kinds_follow_pandas() {
        // pandas 2.3: pd.read_csv(io.StringIO(text)).dtypes
        assert_eq!(numbers("a\n1\n-2\n+3\n", "a"), (vec![1.0, -2.0, 3.0], true));
        assert_eq!(numbers("a\n1\n2.0\n", "a"), (vec![1.0, 2.0], false));
        assert!(!numbers("a,b\n1,x\n,x\n", "a").1, "whole numbers with a missing one are float64");
        assert_eq!(column("a\nTrue\nfalse\n", "a"), Values::Booleans(vec![true, false]));
        assert!(matches!(column("a,b\nTrue,x\n,x\n", "a"), Values::Strings(_)), "truth values with a missing one");
        assert!(matches!(column("a\n1\n \n", "a"), Values::Strings(_)), "a blank is no missing value");
        assert!(matches!(column("a\n1\nTrue\n", "a"), Values::Strings(_)));
        assert_eq!(numbers("a\n\"1e+05\"\ninf\n", "a"), (vec![1e5, f64::INFINITY], false));
    }

    #[test]
    fn text_columns_keep_the_text_of_their_first_rows() {
        let Values::Strings(strings) = column("a\n1.50\nNA\nx\n", "a") else { panic!("strings") };
        assert_eq!(strings.iter().collect::<Vec<_>>(), [Some("1.50"), None, Some("x")]);
    }

    #[test]
    fn separators_are_told_apart_outside_quotes() {
        for (separator, text) in [(';', "\"a,b\";c\n1;2\n"), ('\t', "a\tc\n1\t2\n"), ('|', "a|c\n1|2\n")] {
            let data = read(text.as_bytes()).unwrap();
            assert_eq!(data.columns().len(), 2, "{separator:?}");
            assert_eq!(data.columns()[1].name, "c");
        }
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(b"a\n1\n").unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(read(&packed).unwrap().n_rows(), 1);
        assert!(matches!(read(&packed[..packed.len() - 4]), Err(CsvError::Gzip { .. })));
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(read(b""), Err(CsvError::Empty));
        assert_eq!(read(b"a,b\n1,2\n3\n"), Err(CsvError::UnequalRow { line: 3, expected: 2, found: 1 }));
        let duplicate = DatasetError::DuplicateName { name: "a".to_owned() };
        assert_eq!(read(b"a,a\n1,2\n"), Err(CsvError::Header(duplicate)));
    }

    #[test]
    fn odd_files_have_a_defined_result() {
        assert_eq!(read(b"a,b\n").unwrap().n_rows(), 0);
        assert_eq!(read(b"\xef\xbb\xbfa\r\n1\r\n").unwrap().columns()[0].name, "a");
        let Values::Strings(latin) = column_bytes(b"a\n\xe9t\xe9\n") else { panic!("strings") };
        assert_eq!(latin.iter().next(), Some(Some("\u{e9}t\u{e9}")));
    }

    fn column_bytes(bytes: &[u8]) -> Values {
        read(bytes).unwrap().columns()[0].values.clone()
    }
}
