//! Records side by side, as columns: what a comparison is made of.

use std::sync::Arc;
use tidemark::data::{Column, Dataset, StringsBuilder, Values};

use crate::id::Id;
use crate::record::{Millis, Outcome, Record, Value};
use crate::stream::{Kind, Stream};

/// Records as columns, in the order of their positions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// Where each record stands.
    pub positions: Vec<u64>,
    /// What each record is called.
    pub ids: Vec<Id>,
    /// When each prediction was made.
    pub times: Vec<Millis>,
    /// The version that made it, and what its values mean.
    pub streams: Vec<Arc<Stream>>,
    /// What it said.
    pub outcomes: Vec<Outcome>,
    /// Probabilities or other scores.
    pub scores: Vec<Vec<f64>>,
    /// A column for every feature that one of the streams has, in the order in which they came up. A feature that is text
    /// in one stream and a number in another is a column of texts.
    pub features: Dataset,
}

impl Rows {
    /// Rows.
    pub const fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is no row.
    pub const fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }
}

/// Collects [`Rows`] record by record.
#[derive(Default)]
pub struct RowsBuilder {
    rows: Rows,
    columns: Vec<(String, Filling)>,
    /// For every stream seen, the column of each of its features.
    places: Vec<(Arc<Stream>, Vec<usize>)>,
}

/// A column in the making.
enum Filling {
    Numbers(Vec<f64>),
    Strings(StringsBuilder),
}

impl Filling {
    fn missing(kind: Kind, n: usize, capacity: usize) -> Self {
        match kind {
            Kind::Number => {
                let mut numbers = Vec::with_capacity(capacity.max(n));
                numbers.resize(n, f64::NAN);
                Self::Numbers(numbers)
            }
            Kind::Text => Self::texts_of(std::iter::repeat_n(f64::NAN, n)),
        }
    }

    fn texts_of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut strings = StringsBuilder::default();
        for number in numbers {
            strings.push((!number.is_nan()).then(|| number.to_string()).as_deref());
        }
        Self::Strings(strings)
    }

    fn push(&mut self, value: &Value) {
        match (self, value) {
            (Self::Numbers(numbers), Value::Number(number)) => numbers.push(*number),
            (Self::Numbers(numbers), _) => numbers.push(f64::NAN),
            (Self::Strings(strings), Value::Number(number)) => strings.push(Some(&number.to_string())),
            (Self::Strings(strings), Value::Text(text)) => strings.push(Some(text)),
            (Self::Strings(strings), Value::Missing) => strings.push(None),
        }
    }

    fn len(&self, n_strings: usize) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Strings(_) => n_strings,
        }
    }
}

impl RowsBuilder {
    /// One with room for so many rows.
    pub fn with_capacity(n_rows: usize) -> Self {
        let rows = Rows {
            positions: Vec::with_capacity(n_rows),
            ids: Vec::with_capacity(n_rows),
            times: Vec::with_capacity(n_rows),
            streams: Vec::with_capacity(n_rows),
            outcomes: Vec::with_capacity(n_rows),
            scores: Vec::with_capacity(n_rows),
            features: Dataset::default(),
        };
        Self { rows, ..Self::default() }
    }

    /// Adds a record below the others.
    pub fn push(&mut self, record: Record) {
        let places = self.places_of(&record.stream);
        let n_before = self.rows.len();
        let mut values = record.features.iter();
        for &place in &self.places[places].1 {
            let value = values.next().unwrap_or(&Value::Missing);
            self.columns[place].1.push(value);
        }
        // Columns that this stream does not have.
        if self.places[places].1.len() < self.columns.len() {
            let has = &self.places[places].1;
            for (place, (_, values)) in self.columns.iter_mut().enumerate() {
                if !has.contains(&place) {
                    values.push(&Value::Missing);
                }
            }
        }
        debug_assert!(self.columns.iter().all(|(_, values)| values.len(n_before + 1) == n_before + 1));
        self.rows.positions.push(record.position);
        self.rows.ids.push(record.id);
        self.rows.times.push(record.time);
        self.rows.streams.push(record.stream);
        self.rows.outcomes.push(record.outcome);
        self.rows.scores.push(record.scores);
    }

    /// The place in `places` of a stream, whose columns are made if they are new.
    fn places_of(&mut self, stream: &Arc<Stream>) -> usize {
        if let Some(place) = self.places.iter().position(|(known, _)| known.number() == stream.number()) {
            return place;
        }
        let (n_rows, capacity) = (self.rows.len(), self.rows.positions.capacity());
        let columns = stream.layout().features.iter().map(|feature| {
            let known = self.columns.iter().position(|(name, _)| *name == feature.name);
            let place = known.unwrap_or_else(|| {
                self.columns.push((feature.name.clone(), Filling::missing(feature.kind, n_rows, capacity)));
                self.columns.len() - 1
            });
            let values = &mut self.columns[place].1;
            if let (Filling::Numbers(numbers), Kind::Text) = (&mut *values, feature.kind) {
                *values = Filling::texts_of(std::mem::take(numbers));
            }
            place
        });
        let columns = columns.collect();
        self.places.push((Arc::clone(stream), columns));
        self.places.len() - 1
    }

    /// The rows.
    pub fn finish(self) -> Rows {
        let column = |(name, values)| match values {
            Filling::Numbers(numbers) => Column::numbers(name, numbers),
            Filling::Strings(strings) => Column { name, values: Values::Strings(strings.finish()) },
        };
        let features = Dataset::new(self.columns.into_iter().map(column).collect());
        let features = features.expect("names differ, and every record adds a value to every column");
        Rows { features, ..self.rows }
    }
}
