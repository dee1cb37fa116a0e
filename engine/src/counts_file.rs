//! The result of a counting query, as CSV.

use std::collections::BTreeMap;
use std::fmt;
use tidemark::profile::counts::{ColumnCounts, CountedValues, TableCounts};

use crate::kind::Kind;

/// Both tables' counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Sides {
    /// Of the reference.
    pub reference: TableCounts,
    /// Of the current table.
    pub current: TableCounts,
}

/// Why a file does not hold the counts of two tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CountsError {
    /// A line that is none of such a file.
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// A side says nothing of its rows, or something twice that differs.
    Side {
        /// `reference` or `current`.
        side: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// A column's counts don't add up to the rows: the file was cut off, or the table changed while it was counted.
    Rows {
        /// `reference` or `current`.
        side: &'static str,
        /// The column.
        column: String,
        /// What its counts add up to.
        found: u64,
        /// Rows of the table.
        expected: u64,
    },
}

impl fmt::Display for CountsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { line, problem } => write!(f, "line {line}: {problem}"),
            Self::Side { side, problem } => write!(f, "the {side}: {problem}"),
            Self::Rows { side, column, found, expected } => write!(
                f,
                "the {side}'s column {column:?} has {found} counted values, its table {expected} rows: the file was cut off, or \
                 the table changed while it was counted"
            ),
        }
    }
}

impl std::error::Error for CountsError {}

const SIDES: [&str; 2] = ["reference", "current"];

/// Reads the result of [`count_sql`](crate::count_sql): lines of `side,place,what,value,n`, with or without a header and double quotes,
/// in any order. Lines that say the same of one value are added up.
///
/// | what | value | n |
/// |---|---|---|
/// | `rows` | `1`, the version of this format | rows of the side |
/// | `empty_rows` | | rows without any value |
/// | `column` | kind, `:` and the name in hex | 0 |
/// | `missing` | | NULLs of the column at `place` |
/// | `value` | a number, or `x` and 16 hex digits of its bits; `true`, `false`; a text in hex; microseconds, or days, since 1970 | rows that have it |
///
/// # Errors
/// It is no such file, or not whole.
pub fn read(text: &str) -> Result<Sides, CountsError> {
    let mut sides = [Gathered::default(), Gathered::default()];
    for (at, line) in text.lines().enumerate() {
        let line_number = at + 1;
        let failure = |problem| CountsError::Line { line: line_number, problem };
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
        let [side, place, what, value, n] = cells[..] else {
            return Err(failure("there are not five cells: side, place, what, value, n"));
        };
        if at == 0 && side.eq_ignore_ascii_case("side") {
            continue;
        }
        let side =
            SIDES.iter().position(|name| *name == side).ok_or(failure("the side is not reference or current"))?;
        let place: usize = place.parse().or(Err(failure("the place is no number")))?;
        let n: u64 = n.parse().or(Err(failure("the count is no number")))?;
        sides[side].take(line_number, place, what, value, n)?;
    }
    let [reference, current] = sides;
    Ok(Sides { reference: reference.finish(SIDES[0])?, current: current.finish(SIDES[1])? })
}

/// A line of a value: its number, the value, the count.
type Line<'a> = (usize, &'a str, u64);

#[derive(Default)]
struct Gathered<'a> {
    rows: Option<u64>,
    empty_rows: u64,
    columns: BTreeMap<usize, (Kind, String)>,
    missing: BTreeMap<usize, u64>,
    values: BTreeMap<usize, Vec<Line<'a>>>,
}

impl<'a> Gathered<'a> {
    fn take(&mut self, line: usize, place: usize, what: &str, value: &'a str, n: u64) -> Result<(), CountsError> {
        let failure = |problem| CountsError::Line { line, problem };
        match what {
            "rows" if value != "1" => return Err(failure("another version of the format; this one reads 1")),
            "rows" => self.rows = Some(self.rows.unwrap_or(0) + n),
            "empty_rows" => self.empty_rows += n,
            "column" => {
                let (kind, name) = value.split_once(':').ok_or(failure("a column without a kind"))?;
                let kind = Kind::from_name(kind).ok_or(failure("an unknown kind of column"))?;
                let column = (kind, text(name).ok_or(failure("a name that is not UTF-8 in hex"))?);
                if self.columns.insert(place, column.clone()).is_some_and(|before| before != column) {
                    return Err(failure("another column has this place"));
                }
            }
            "missing" => *self.missing.entry(place).or_default() += n,
            "value" => self.values.entry(place).or_default().push((line, value, n)),
            _ => return Err(failure("what the line tells is unknown")),
        }
        Ok(())
    }

    fn finish(mut self, side: &'static str) -> Result<TableCounts, CountsError> {
        let failure = |problem| CountsError::Side { side, problem };
        let rows = self.rows.ok_or(failure("no line tells how many rows there are"))?;
        if let Some((line, ..)) =
            self.values.iter().find(|(place, _)| !self.columns.contains_key(place)).and_then(|(_, lines)| lines.first())
        {
            return Err(CountsError::Line { line: *line, problem: "no column has this place" });
        }
        let mut columns: Vec<ColumnCounts> = Vec::new();
        for (place, (kind, name)) in self.columns {
            if columns.iter().any(|column| column.name == name) {
                return Err(failure("two columns have one name"));
            }
            let lines = self.values.remove(&place).unwrap_or_default();
            let missing = self.missing.get(&place).copied().unwrap_or(0);
            let column = ColumnCounts { name, missing, values: values(kind, &lines)? };
            let counted: u64 = lines.iter().map(|(.., n)| n).sum::<u64>() + missing;
            if counted != rows {
                return Err(CountsError::Rows { side, column: column.name, found: counted, expected: rows });
            }
            columns.push(column);
        }
        Ok(TableCounts { rows, empty_rows: self.empty_rows, columns })
    }
}

fn values(kind: Kind, lines: &[Line<'_>]) -> Result<CountedValues, CountsError> {
    fn all<T>(
        lines: &[Line<'_>],
        problem: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<(T, u64)>, CountsError> {
        let read = |&(line, value, n): &Line<'_>| Ok((read(value).ok_or(CountsError::Line { line, problem })?, n));
        lines.iter().map(read).collect()
    }
    Ok(match kind {
        Kind::Integer | Kind::Float | Kind::Decimal => CountedValues::Numbers {
            counts: all(lines, "the value is no number", number)?,
            is_integer: kind == Kind::Integer,
        },
        Kind::Boolean => CountedValues::Texts { counts: all(lines, "the value is no truth value", truth)? },
        Kind::Text => CountedValues::Texts { counts: all(lines, "the text is not UTF-8 in hex", text)? },
        Kind::Timestamp | Kind::LocalTimestamp => {
            CountedValues::Texts { counts: all(lines, "the value is no moment", moment)? }
        }
        Kind::Date => CountedValues::Texts { counts: all(lines, "the value is no day", day)? },
    })
}

fn number(value: &str) -> Option<f64> {
    match value.strip_prefix('x') {
        Some(bits) if bits.len() == 16 => u64::from_str_radix(bits, 16).ok().map(f64::from_bits),
        Some(_) => None,
        None => value.parse().ok(),
    }
}

fn truth(value: &str) -> Option<String> {
    ["true", "false"].contains(&value).then(|| value.to_owned())
}

fn text(hex: &str) -> Option<String> {
    if !hex.len().is_multiple_of(2) || !hex.bytes().all(|sign| sign.is_ascii_hexdigit()) {
        return None;
    }
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok());
    String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()
}

/// As the reader of Parquet writes it. PostgreSQL's infinite moments stay what they are: no moments.
fn moment(value: &str) -> Option<String> {
    if let Some(infinite) = infinite(value) {
        return Some(infinite);
    }
    Some(jiff::Timestamp::from_microsecond(value.parse().ok()?).ok()?.to_string())
}

fn day(value: &str) -> Option<String> {
    if let Some(infinite) = infinite(value) {
        return Some(infinite);
    }
    let days: i64 = value.parse().ok()?;
    let moment = jiff::Timestamp::from_second(days.checked_mul(86_400)?).ok()?;
    Some(moment.to_string().split_once('T')?.0.to_owned())
}

fn infinite(value: &str) -> Option<String> {
    ["Infinity", "-Infinity"].contains(&value).then(|| value.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "side,place,what,value,n\nreference,0,rows,1,4\n\"reference\",\"0\",\"value\",\"x3ff8000000000000\",\"2\"\n\
        reference,0,column,float:78,0\nreference,0,missing,,1\nreference,0,value,NaN,1\nreference,0,empty_rows,,2\n\
        current,0,rows,1,2\ncurrent,0,empty_rows,,0\ncurrent,0,column,text:c3a9,0\ncurrent,0,value,,1\ncurrent,0,value,c3A9,1\n";

    #[test]
    fn lines_in_any_order_are_two_tables() {
        let sides = read(FILE).unwrap();
        assert_eq!((sides.reference.rows, sides.reference.empty_rows), (4, 2));
        let column = &sides.reference.columns[0];
        assert_eq!((column.name.as_str(), column.missing, column.rows()), ("x", 1, 4));
        let column = &sides.current.columns[0];
        let texts = vec![(String::new(), 1), ("é".to_owned(), 1)];
        assert_eq!((column.name.as_str(), &column.values), ("é", &CountedValues::Texts { counts: texts }));
    }

    #[test]
    fn what_is_cut_off_or_changed_is_no_table() {
        let without = |part: &str| read(&FILE.lines().filter(|line| *line != part).collect::<Vec<_>>().join("\n"));
        assert!(matches!(without("reference,0,missing,,1"), Err(CountsError::Rows { found: 3, expected: 4, .. })));
        assert!(matches!(without("current,0,rows,1,2"), Err(CountsError::Side { side: "current", .. })));
        assert!(matches!(without("reference,0,column,float:78,0"), Err(CountsError::Line { line: 3, .. })));
        let with = |line: &str| read(&format!("{FILE}{line}\n"));
        assert!(with("current,0,value,zz,1").is_err() && with("current,0,value,ff,1").is_err(), "no hex, no UTF-8");
        assert!(with("nobody,0,rows,1,1").is_err() && with("current,0,rows,2,1").is_err() && with("x").is_err());
    }

    #[test]
    fn moments_and_days_are_written_as_from_parquet() {
        assert_eq!(moment("1709280000500000").as_deref(), Some("2024-03-01T08:00:00.5Z"));
        assert_eq!(moment("-1").as_deref(), Some("1969-12-31T23:59:59.999999Z"));
        assert_eq!(day("19783").as_deref(), Some("2024-03-01"));
        assert_eq!(day("-1").as_deref(), Some("1969-12-31"));
        assert_eq!((moment("soon"), day("1.5"), moment("Infinity").as_deref()), (None, None, Some("infinity")));
    }
}
