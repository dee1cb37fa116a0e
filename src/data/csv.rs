//! CSV to typed columns, plain or gzipped, and back.
//!
//! A column's kind comes from its text, by pandas' rules, so that both judges see what their users expect: numbers
//! where every value present is one (whole numbers only if none is missing), truth values where every value is
//! `true` or `false`, strings otherwise. Separators `,` `;` tab and `|` are told apart by the header line.

use std::fmt;
use std::io::{self, Read, Seek};

use super::{Dataset, DatasetError};
use crate::parallel;
use source::Source;
use table::TableReader;

mod cell;
mod number;
mod reader;
mod rows;
mod source;
mod table;
mod write;

pub use cell::MISSING;
pub use write::write;

/// A gzipped file may unpack to this many bytes: enough for ten million rows of a hundred numbers, and too few to
/// fill a machine's memory with a bomb of a few megabytes.
pub const MAX_UNPACKED_BYTES: u64 = 4 << 30;

/// Bytes of a file that are made into columns before the next are asked for.
const BLOCK_BYTES: usize = 4 << 20;

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

/// Why a file could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// The bytes did not come.
    Io(io::Error),
    /// They came and are no table.
    Csv(CsvError),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Csv(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        // What is wrong with gzip shows while bytes are read.
        error.downcast().map_or_else(Self::Io, Self::Csv)
    }
}

impl From<CsvError> for ReadError {
    fn from(error: CsvError) -> Self {
        Self::Csv(error)
    }
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Its rows.
    pub data: Dataset,
    /// SHA-256 of its bytes, packed or not, in lower-case hex.
    pub sha256: String,
}

/// The first bytes of a gzipped file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Reads a whole file that lies in memory: a header line, then one row per line. Gzip is known by its first bytes.
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
    if bytes.starts_with(&GZIP) {
        return read_plain(&gunzip(bytes)?);
    }
    read_plain(bytes)
}

fn read_plain(bytes: &[u8]) -> Result<Dataset, CsvError> {
    let mut table = TableReader::begin(bytes, true)?.ok_or(CsvError::Empty)?;
    loop {
        let mut at = table.header_bytes();
        while at < bytes.len() {
            let end = bytes.len().min(at + BLOCK_BYTES);
            // A row that is longer than a block is taken with everything behind it.
            let whole = memchr::memrchr(b'\n', &bytes[at..end]).map_or(bytes.len(), |last| at + last + 1);
            let whole = if end == bytes.len() { end } else { whole };
            let taken = table.feed(&bytes[at..whole], whole == bytes.len())?;
            at += if taken == 0 { table.feed(&bytes[at..], true)? } else { taken };
        }
        match table.finish()? {
            Ok(data) => return Ok(data),
            Err(again) => table = again,
        }
    }
}

/// How far the reading of a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadProgress {
    /// Bytes of the file, packed or not, that were read since its start.
    pub bytes: u64,
    /// Rows among them.
    pub rows: u64,
    /// Whether the file is being read once more, for the text of columns whose first cells looked like numbers.
    pub is_again: bool,
}

/// Reads a whole file as it comes, so that no more of it lies in memory than two blocks, and while one block is made into
/// columns the next is read. What a column is may show late; then the file is read once more from the start.
///
/// # Errors
/// The bytes can't be read, or see [`read`].
pub fn read_from(source: impl Read + Seek + Send) -> Result<Dataset, ReadError> {
    read_source(source, false, &mut |_| {}).map(|reading| reading.data)
}

/// [`read_from`], with the file's digest.
///
/// # Errors
/// The same.
pub fn read_hashed(source: impl Read + Seek + Send) -> Result<Reading, ReadError> {
    read_source(source, true, &mut |_| {})
}

/// [`read_hashed`], telling after every block how far it has come. With `sha256` the digest is known, and not taken.
///
/// # Errors
/// The same.
pub fn read_watched(
    source: impl Read + Seek + Send,
    sha256: Option<String>,
    on_progress: &mut dyn FnMut(ReadProgress),
) -> Result<Reading, ReadError> {
    let Reading { data, sha256: taken } = read_source(source, sha256.is_none(), on_progress)?;
    Ok(Reading { data, sha256: sha256.unwrap_or(taken) })
}

/// The digest of everything that `source` has from its start, in lower-case hex; it is left at its start.
///
/// # Errors
/// The bytes can't be read.
pub fn sha256_of(source: impl Read + Seek) -> io::Result<String> {
    let (_, sha256) = Source::hashed(source).restart()?;
    Ok(sha256.unwrap_or_default())
}

/// Reads the first rows of a file, as many as lie whole in its first `bytes` (unpacked).
///
/// # Errors
/// The bytes can't be read, or see [`read`]. A header that is longer than `bytes` is none.
pub fn read_head(source: impl Read + Seek, bytes: usize) -> Result<Dataset, ReadError> {
    let mut head = Vec::new();
    Source::open(source, false)?.take(bytes as u64).read_to_end(&mut head)?;
    if head.len() < bytes {
        return Ok(read_plain(&head)?);
    }
    let whole = memchr::memrchr(b'\n', &head).map_or(0, |last| last + 1);
    let mut table = TableReader::begin(&head[..whole], false)?.ok_or(CsvError::Empty)?;
    loop {
        table.feed(&head[table.header_bytes()..whole], false)?;
        match table.finish()? {
            Ok(data) => return Ok(data),
            Err(again) => table = again,
        }
    }
}

/// `sha256` of the result is empty if it was not to be taken.
fn read_source(
    source: impl Read + Seek + Send,
    hashed: bool,
    on_progress: &mut dyn FnMut(ReadProgress),
) -> Result<Reading, ReadError> {
    let mut source = Source::open(source, hashed)?;
    let mut block = Vec::new();
    let mut is_last = fill(&mut source, &mut block)?;
    let mut table = loop {
        if let Some(table) = TableReader::begin(&block, is_last)? {
            break table;
        }
        is_last = fill(&mut source, &mut block)?;
    };
    let mut sha256 = None;
    loop {
        while block.len() < table.header_bytes() && !is_last {
            is_last = fill(&mut source, &mut block)?;
        }
        block.drain(..table.header_bytes());
        let is_again = sha256.is_some();
        feed_all(&mut source, &mut table, block, is_last, &mut |bytes, rows| {
            on_progress(ReadProgress { bytes, rows, is_again })
        })?;
        let (restarted, taken) = source.restart()?;
        let sha256 = sha256.get_or_insert_with(|| taken.unwrap_or_default());
        match table.finish()? {
            Ok(data) => return Ok(Reading { data, sha256: std::mem::take(sha256) }),
            Err(again) => table = again,
        }
        source = restarted;
        block = Vec::new();
        is_last = fill(&mut source, &mut block)?;
    }
}

/// Feeds `block`, which begins at the start of a row, and everything that comes after it. `on_progress` hears bytes and rows.
fn feed_all(
    source: &mut Source<impl Read + Seek + Send>,
    table: &mut TableReader,
    mut block: Vec<u8>,
    mut is_last: bool,
    on_progress: &mut dyn FnMut(u64, u64),
) -> Result<(), ReadError> {
    let mut next = Vec::new();
    loop {
        let whole = if is_last { block.len() } else { memchr::memrchr(b'\n', &block).map_or(0, |last| last + 1) };
        next.clear();
        next.extend_from_slice(&block[whole..]);
        let read_on = || if is_last { Ok(true) } else { fill(source, &mut next) };
        let (taken, next_is_last) = parallel::join(|| table.feed(&block[..whole], is_last), read_on);
        let taken = taken?;
        on_progress(source.bytes_read(), table.rows() as u64);
        if is_last {
            return Ok(());
        }
        // What was not whole after all goes before the rest.
        if taken < whole {
            next.splice(..0, block[taken..whole].iter().copied());
        }
        is_last = next_is_last?;
        std::mem::swap(&mut block, &mut next);
    }
}

/// Appends up to a block of bytes; whether that was the last.
fn fill(source: &mut impl Read, block: &mut Vec<u8>) -> io::Result<bool> {
    let before = block.len();
    source.by_ref().take(BLOCK_BYTES as u64).read_to_end(block)?;
    Ok(block.len() - before < BLOCK_BYTES)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Values;
    use crate::random::Rng;
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
        let cut = &packed[..packed.len() - 4];
        assert!(matches!(read(cut), Err(CsvError::Gzip { .. })));
        assert!(matches!(read_from(io::Cursor::new(cut)), Err(ReadError::Csv(CsvError::Gzip { .. }))));
    }

    #[test]
    fn a_gzipped_file_is_unpacked_as_it_comes_and_hashed_as_it_lies() {
        let mut text = "n,late\n".to_owned();
        while text.len() < 2 * BLOCK_BYTES + 1000 {
            // Its text shows late, so that the file is read twice.
            let late = if text.len() > BLOCK_BYTES { "x" } else { "7" };
            text += &format!("{},{late}\n", text.len());
        }
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).unwrap();
        let packed = packer.finish().unwrap();
        let mut heard = Vec::new();
        let reading = read_watched(io::Cursor::new(&packed), None, &mut |progress| heard.push(progress)).unwrap();
        assert!(reading.data == read(text.as_bytes()).unwrap());
        assert_eq!(reading.sha256, crate::data::sha256_hex(&packed));
        let last = ReadProgress { bytes: packed.len() as u64, rows: reading.data.n_rows() as u64, is_again: false };
        let (first_time, again) = heard.split_at(heard.len() / 2);
        assert_eq!(first_time.last(), Some(&last));
        assert_eq!(again.last(), Some(&ReadProgress { is_again: true, ..last }));
        assert!(heard.len() >= 6 && first_time.is_sorted_by_key(|progress| progress.rows), "{heard:?}");
    }

    #[test]
    fn a_digest_that_is_known_is_not_taken_again() {
        let known = read_watched(io::Cursor::new(b"a\n1\n"), Some("abc".to_owned()), &mut |_| {}).unwrap();
        assert_eq!(known.sha256, "abc");
    }

    #[test]
    fn the_head_of_a_file_is_its_first_whole_rows() {
        let text = "a,b\n1,x\n2,\"y\nz\"\n3,w\n";
        let rows = |bytes| read_head(io::Cursor::new(text), bytes).unwrap().n_rows();
        // Up to the line end within quotes, past it, and all.
        assert_eq!([11, 18, 100].map(rows), [1, 2, 3]);
        assert!(matches!(read_head(io::Cursor::new(text), 2), Err(ReadError::Csv(CsvError::Empty))));
    }

    #[test]
    fn a_file_that_comes_in_blocks_is_the_table_that_lies_in_memory() {
        let mut random = Rng::new(3);
        let mut text = "whole,late,quoted,truth,none,name\n".to_owned();
        while text.len() < 2 * BLOCK_BYTES + 1000 {
            let n = random.below(1000);
            // Lines within quotes, a text below millions of bytes of numbers, a truth value that goes missing.
            let late = if text.len() > BLOCK_BYTES && n == 0 { "x".to_owned() } else { format!("{n}.50") };
            let truth = if text.len() > BLOCK_BYTES && n == 1 { "" } else { "True" };
            text += &format!("{n},{late},\"{n}\n,\"\"{n}\n\",{truth},,n{}\n", n % 7);
        }
        let data = read(text.as_bytes()).unwrap();
        let Reading { data: streamed, sha256 } = read_hashed(io::Cursor::new(text.as_bytes())).unwrap();
        assert_eq!(sha256, crate::data::sha256_hex(text.as_bytes()));
        let without_none =
            |data: &Dataset| data.columns().iter().filter(|c| c.name != "none").cloned().collect::<Vec<_>>();
        assert!(without_none(&data) == without_none(&streamed), "both are the same table; NaN never equals itself");
        let mut rows = ::csv::Reader::from_reader(text.as_bytes());
        let expected: Vec<String> = rows.records().map(|row| row.unwrap()[1].to_owned()).collect();
        let Values::Strings(late) = &data.columns()[1].values else { panic!("strings") };
        assert!(late.iter().eq(expected.iter().map(|text| Some(text.as_str()))), "the text is as it was written");
        assert!(matches!(data.columns()[3].values, Values::Strings(_)), "truth values of which one is missing");
        assert!(matches!(data.columns()[4].values, Values::Numbers(_)), "nothing at all counts as numbers");
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
