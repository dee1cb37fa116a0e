//! Lines of counts, in whatever order they come, as one side's counts.

use std::collections::BTreeMap;
use tidemark::profile::counts::{ColumnCounts, CountedValues, TableCounts};

use crate::counts_file::{CountsError, SIDES, Sides};
use crate::kind::Kind;
use crate::sql::SqlColumn;
use crate::value;

/// Both tables in the making: takes a line at a time and keeps of it what the counts need, so that a result is never held as text.
#[derive(Default)]
pub struct Gathering {
    sides: [Side; 2],
    lines: usize,
}

impl Gathering {
    /// Of tables whose columns are known beforehand, so that no value has to wait for the line that tells its kind.
    pub fn of(sides: [&[SqlColumn]; 2]) -> Self {
        let columns = |columns: &[SqlColumn]| {
            columns.iter().map(|column| (column.kind, column.name.clone())).enumerate().collect()
        };
        let side = |known| Side { columns: columns(known), ..Side::default() };
        Self { sides: sides.map(side), lines: 0 }
    }

    /// Takes the next line: side, place, what, value, n.
    ///
    /// # Errors
    /// It is no such line, or contradicts one before.
    pub fn take(&mut self, cells: &[&str]) -> Result<(), CountsError> {
        self.take_line(self.lines + 1, cells)
    }

    /// As [`take`](Self::take), of the line with this number.
    pub(crate) fn take_line(&mut self, line: usize, cells: &[&str]) -> Result<(), CountsError> {
        self.lines = line;
        let failure = |problem| CountsError::Line { line, problem };
        let &[side, place, what, value, n] = cells else {
            return Err(failure("there are not five cells: side, place, what, value, n"));
        };
        let side =
            SIDES.iter().position(|name| *name == side).ok_or(failure("the side is not reference or current"))?;
        let place: usize = place.parse().or(Err(failure("the place is no number")))?;
        let n: u64 = n.parse().or(Err(failure("the count is no number")))?;
        self.sides[side].take(line, place, what, value, n)
    }

    /// Adds what a statement about other columns gave.
    pub(crate) fn add(&mut self, part: Self) {
        self.lines += part.lines;
        for (side, part) in self.sides.iter_mut().zip(part.sides) {
            side.add(part);
        }
    }

    /// The rows of both tables, as far as lines have told them.
    pub(crate) fn rows(&self) -> u64 {
        self.sides.iter().filter_map(|side| side.rows).sum()
    }

    /// Both tables' counts.
    ///
    /// # Errors
    /// They are not whole: the result was cut off, or the tables changed while they were counted.
    pub fn finish(self) -> Result<Sides, CountsError> {
        let [reference, current] = self.sides;
        Ok(Sides { reference: reference.finish(SIDES[0])?, current: current.finish(SIDES[1])? })
    }
}

#[derive(Default)]
struct Side {
    rows: Option<u64>,
    empty_rows: u64,
    columns: BTreeMap<usize, (Kind, String)>,
    missing: BTreeMap<usize, u64>,
    values: BTreeMap<usize, Counts>,
    /// Lines of values of columns whose kind is still to come: their number, the value, the count.
    waiting: BTreeMap<usize, Vec<(usize, String, u64)>>,
}

/// The values of one column so far.
enum Counts {
    Numbers(Vec<(f64, u64)>),
    Texts(Vec<(String, u64)>),
}

impl Counts {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Integer | Kind::Float | Kind::Decimal => Self::Numbers(Vec::new()),
            _ => Self::Texts(Vec::new()),
        }
    }

    fn push(&mut self, kind: Kind, line: usize, value: &str, n: u64) -> Result<(), CountsError> {
        let failure = |problem| CountsError::Line { line, problem };
        match self {
            Self::Numbers(counts) => counts.push((value::number(value).ok_or(failure("the value is no number"))?, n)),
            Self::Texts(counts) => {
                let (text, problem) = match kind {
                    Kind::Boolean => (value::truth(value), "the value is no truth value"),
                    Kind::Date => (value::day(value), "the value is no day"),
                    Kind::Timestamp | Kind::LocalTimestamp => (value::moment(value), "the value is no moment"),
                    _ => (value::text(value), "the text is not UTF-8 in hex"),
                };
                counts.push((text.ok_or(failure(problem))?, n));
            }
        }
        Ok(())
    }

    fn total(&self) -> u64 {
        match self {
            Self::Numbers(counts) => counts.iter().map(|(_, n)| n).sum(),
            Self::Texts(counts) => counts.iter().map(|(_, n)| n).sum(),
        }
    }
}

impl Side {
    fn take(&mut self, line: usize, place: usize, what: &str, value: &str, n: u64) -> Result<(), CountsError> {
        let failure = |problem| CountsError::Line { line, problem };
        match what {
            "rows" if value != "1" => return Err(failure("another version of the format; this one reads 1")),
            "rows" => self.rows = Some(self.rows.unwrap_or(0) + n),
            "empty_rows" => self.empty_rows += n,
            "column" => {
                let (kind, name) = value.split_once(':').ok_or(failure("a column without a kind"))?;
                let kind = Kind::from_name(kind).ok_or(failure("an unknown kind of column"))?;
                let column = (kind, value::text(name).ok_or(failure("a name that is not UTF-8 in hex"))?);
                if self.columns.get(&place).is_some_and(|before| *before != column) {
                    return Err(failure("another column has this place"));
                }
                self.columns.insert(place, column);
                for (line, value, n) in self.waiting.remove(&place).unwrap_or_default() {
                    self.push(line, place, kind, &value, n)?;
                }
            }
            "missing" => *self.missing.entry(place).or_default() += n,
            "value" => match self.columns.get(&place) {
                Some(&(kind, _)) => self.push(line, place, kind, value, n)?,
                None => self.waiting.entry(place).or_default().push((line, value.to_owned(), n)),
            },
            _ => return Err(failure("what the line tells is unknown")),
        }
        Ok(())
    }

    fn add(&mut self, part: Self) {
        self.rows = self.rows.or(part.rows);
        self.empty_rows += part.empty_rows;
        self.columns.extend(part.columns);
        self.missing.extend(part.missing);
        self.values.extend(part.values);
        self.waiting.extend(part.waiting);
    }

    fn push(&mut self, line: usize, place: usize, kind: Kind, value: &str, n: u64) -> Result<(), CountsError> {
        self.values.entry(place).or_insert_with(|| Counts::new(kind)).push(kind, line, value, n)
    }

    fn finish(mut self, side: &'static str) -> Result<TableCounts, CountsError> {
        let failure = |problem| CountsError::Side { side, problem };
        let rows = self.rows.ok_or(failure("no line tells how many rows there are"))?;
        if let Some((line, ..)) = self.waiting.values().flatten().next() {
            return Err(CountsError::Line { line: *line, problem: "no column has this place" });
        }
        let mut columns: Vec<ColumnCounts> = Vec::new();
        for (place, (kind, name)) in self.columns {
            if columns.iter().any(|column| column.name == name) {
                return Err(failure("two columns have one name"));
            }
            let counts = self.values.remove(&place).unwrap_or_else(|| Counts::new(kind));
            let missing = self.missing.get(&place).copied().unwrap_or(0);
            let counted = counts.total() + missing;
            if counted != rows {
                return Err(CountsError::Rows { side, column: name, found: counted, expected: rows });
            }
            let values = match counts {
                Counts::Numbers(counts) => CountedValues::Numbers { counts, is_integer: kind == Kind::Integer },
                Counts::Texts(counts) => CountedValues::Texts { counts },
            };
            columns.push(ColumnCounts { name, missing, values });
        }
        Ok(TableCounts { rows, empty_rows: self.empty_rows, columns })
    }
}
