//! One column being read: numbers or truth values as long as every cell is one, strings from then on.

use super::cell::{decode, is_missing, parse_boolean, parse_number};
use super::number::Number;
use crate::data::Values;
use crate::data::column::{Numbers, StringsBuilder};

/// What a column has been so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing present yet.
    Unknown,
    Integers,
    Fractions,
    Booleans,
    Strings,
    /// Strings, of which the first were taken for something else: their text is gone and has to be read again.
    Garbled,
    /// Not wanted.
    Skipped,
}

impl Kind {
    /// What a column is whose upper part is this and whose lower part is `below`.
    const fn and(self, below: Self) -> Self {
        use Kind::{Booleans, Fractions, Garbled, Integers, Skipped, Strings, Unknown};
        match (self, below) {
            (Garbled, _) => Garbled,
            (Skipped, _) => Skipped,
            (Unknown, other) | (other, Unknown) => other,
            (Integers, Integers) => Integers,
            (Integers | Fractions, Integers | Fractions) => Fractions,
            (Booleans, Booleans) => Booleans,
            (Strings, Strings) => Strings,
            // Among them what can't be: a column that was wanted above and was not below.
            _ => Garbled,
        }
    }
}

/// Collects the cells of one column, or of some rows of it.
#[derive(Debug)]
pub(super) struct ColumnReader {
    kind: Kind,
    has_missing: bool,
    /// Numbers; truth values as 1 and 0; NaN for what is missing.
    numbers: Vec<f64>,
    strings: StringsBuilder,
}

impl ColumnReader {
    /// A column of which nothing is known.
    pub(super) fn new() -> Self {
        Self::of(Kind::Unknown)
    }

    fn of(kind: Kind) -> Self {
        Self { kind, has_missing: false, numbers: Vec::new(), strings: StringsBuilder::default() }
    }

    /// Empties a reader, whose memory is used again, for further rows of the column that begins with `above`.
    pub(super) fn restart_below(&mut self, above: &Self) {
        self.kind = match above.kind {
            Kind::Strings => Kind::Strings,
            Kind::Garbled | Kind::Skipped => Kind::Skipped,
            _ => Kind::Unknown,
        };
        self.has_missing = false;
        self.numbers.clear();
        self.strings = StringsBuilder::default();
    }

    /// A reader that takes what this column's text is, if it was lost, and nothing otherwise.
    pub(super) fn for_lost_text(&self) -> Self {
        Self::of(if self.is_garbled() { Kind::Strings } else { Kind::Skipped })
    }

    /// Whether the column has to be read again.
    pub(super) const fn is_garbled(&self) -> bool {
        matches!(self.kind, Kind::Garbled)
    }

    /// Whether plain numbers may be handed to [`ColumnReader::push_number`].
    #[inline]
    pub(super) const fn takes_numbers(&self) -> bool {
        matches!(self.kind, Kind::Unknown | Kind::Integers | Kind::Fractions)
    }

    /// Appends a plain number.
    #[inline]
    pub(super) fn push_number(&mut self, number: Number) {
        self.numbers.push(number.value);
        match self.kind {
            Kind::Fractions => {}
            Kind::Integers if number.is_integer => {}
            Kind::Unknown if number.is_integer => self.kind = Kind::Integers,
            _ => self.kind = Kind::Fractions,
        }
    }

    /// Appends a cell.
    pub(super) fn push(&mut self, cell: &[u8]) {
        match self.kind {
            Kind::Garbled | Kind::Skipped => {}
            Kind::Strings => self.strings.push((!is_missing(cell)).then(|| decode(cell)).as_deref()),
            _ if is_missing(cell) => {
                self.has_missing = true;
                self.numbers.push(f64::NAN);
                self.forget_booleans_beside_missing();
            }
            _ => self.push_present(cell),
        }
    }

    fn push_present(&mut self, cell: &[u8]) {
        if let Some(number) = parse_number(cell).filter(|_| self.takes_numbers()) {
            return self.push_number(number);
        }
        match parse_boolean(cell) {
            Some(value) if matches!(self.kind, Kind::Unknown | Kind::Booleans) => {
                self.kind = Kind::Booleans;
                self.numbers.push(f64::from(u8::from(value)));
                self.forget_booleans_beside_missing();
            }
            _ if self.kind == Kind::Unknown => {
                self.kind = Kind::Strings;
                for _ in 0..self.numbers.len() {
                    self.strings.push(None);
                }
                self.numbers = Vec::new();
                self.strings.push(Some(&decode(cell)));
            }
            _ => self.become_garbled(),
        }
    }

    /// Truth values with missing ones among them are strings, as in pandas.
    fn forget_booleans_beside_missing(&mut self) {
        if self.kind == Kind::Booleans && self.has_missing {
            self.become_garbled();
        }
    }

    fn become_garbled(&mut self) {
        *self = Self::of(Kind::Garbled);
    }

    /// Forgets all rows but the first `rows`.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.numbers.truncate(rows);
        self.strings.truncate(rows);
    }

    /// Appends the rows below, and leaves `below` without them.
    pub(super) fn append(&mut self, below: &mut Self) {
        // Rows without a value have neither text nor numbers to lose.
        if self.kind == Kind::Unknown && below.kind == Kind::Strings {
            (0..self.numbers.len()).for_each(|_| self.strings.push(None));
            self.numbers = Vec::new();
        } else if self.kind == Kind::Strings && below.kind == Kind::Unknown {
            (0..below.numbers.len()).for_each(|_| below.strings.push(None));
            below.numbers.clear();
        }
        self.kind = self.kind.and(below.kind);
        self.has_missing |= below.has_missing;
        if self.kind == Kind::Garbled {
            return self.become_garbled();
        }
        self.numbers.append(&mut below.numbers);
        self.strings.append(std::mem::take(&mut below.strings));
        self.forget_booleans_beside_missing();
    }

    /// The column's values.
    pub(super) fn finish(mut self) -> Values {
        self.numbers.shrink_to_fit();
        match self.kind {
            Kind::Booleans => Values::Booleans(self.numbers.iter().map(|&value| value == 1.0).collect()),
            Kind::Integers => Values::Numbers(Numbers::new(self.numbers, !self.has_missing)),
            Kind::Strings => Values::Strings(self.strings.finish()),
            _ => Values::Numbers(Numbers::new(self.numbers, false)),
        }
    }
}
