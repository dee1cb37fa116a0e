//! The result of a counting query, as CSV.

use std::fmt;
use tidemark::profile::counts::TableCounts;

use crate::gathering::Gathering;

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

/// What the sides are called in a result.
pub(crate) const SIDES: [&str; 2] = ["reference", "current"];

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
    let mut gathering = Gathering::default();
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = line.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
        if at == 0 && cells.first().is_some_and(|side| side.eq_ignore_ascii_case("side")) {
            continue;
        }
        gathering.take_line(at + 1, &cells)?;
    }
    gathering.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark::profile::counts::CountedValues;

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
}
