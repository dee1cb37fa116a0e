//! Predictions as columns: the model's features by their names, and what the log adds, whose names begin with `_`.

use arrow_array::builder::{Float64Builder, Int32Builder, ListBuilder, StringBuilder};
use arrow_array::{
    Array, ArrayRef, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::sync::Arc;

use super::Segment;
use super::columns::{CLASS, Columns, ID, POSITION, RECEIVED, Row, Stored, signed, typed};
use crate::error::ReadError;
use crate::id::Id;
use crate::record::{Answer, Millis, Origin, Outcome, Record, Value};
use crate::rows::RowsBuilder;
use crate::state::{self, HotRow, Streams};
use crate::stream::{Answers, Kind, Stream};

const TIME: &str = "_time";
const VERSION: &str = "_version";
const STREAM: &str = "_stream";
const ORIGIN: &str = "_origin";
/// What the model said: a number if all its versions here answer with numbers, else the class by its name.
const PREDICTION: &str = "_prediction";
const SCORES: &str = "_scores";
const VIOLATIONS: &str = "_violations";
const REQUEST: &str = "_request_id";

/// A column for a feature.
struct FeatureColumn {
    /// The column's name.
    column: String,
    /// The feature's name.
    feature: String,
    kind: Kind,
}

pub(crate) struct RecordColumns {
    schema: SchemaRef,
    features: Vec<FeatureColumn>,
    numeric_answers: bool,
}

/// The name of a feature's column. Names that begin with `_` are the log's own, and `model`, `version` and `date` come from
/// the folders; a feature of such a name gets `feature.` before it.
fn column_name(feature: &str) -> String {
    let is_folder = ["model", "version", "date"].iter().any(|name| name.eq_ignore_ascii_case(feature));
    let is_taken = feature.starts_with('_') || feature.starts_with("feature.") || is_folder || feature.is_empty();
    if is_taken { format!("feature.{feature}") } else { feature.to_owned() }
}

fn feature_columns(streams: &[Arc<Stream>]) -> Vec<FeatureColumn> {
    let mut columns: Vec<FeatureColumn> = Vec::new();
    for feature in streams.iter().flat_map(|stream| &stream.layout().features) {
        match columns.iter_mut().find(|column| column.feature == feature.name) {
            // A number can be written as a text, and read back as what its stream says it is.
            Some(column) if feature.kind == Kind::Text => column.kind = Kind::Text,
            Some(_) => {}
            None => columns.push(FeatureColumn {
                column: column_name(&feature.name),
                feature: feature.name.clone(),
                kind: feature.kind,
            }),
        }
    }
    columns
}

impl Stored for Record {
    fn from_hot(row: &HotRow, position: u64, streams: &Streams) -> Result<Self, ReadError> {
        state::decode(row, position, streams)
    }

    fn from_batch(batch: &RecordBatch, segment: &Segment) -> Option<Vec<Self>> {
        Reader::new(batch, segment)?.rows(batch.num_rows())
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn time(&self) -> Millis {
        self.time
    }
}

impl Stored for Answer {
    fn from_hot(row: &HotRow, position: u64, streams: &Streams) -> Result<Self, ReadError> {
        state::decode_answer(row, position, streams)
    }

    fn from_batch(batch: &RecordBatch, segment: &Segment) -> Option<Vec<Self>> {
        Record::from_batch(batch, segment).map(|rows| rows.into_iter().map(Self::from).collect())
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn time(&self) -> Millis {
        self.time
    }
}

impl Row for Record {
    type Columns = RecordColumns;

    fn received(&self) -> Millis {
        self.received
    }

    fn columns(streams: &[Arc<Stream>]) -> RecordColumns {
        let features = feature_columns(streams);
        let numeric_answers = streams.iter().all(|stream| stream.layout().answers == Answers::Numbers);
        let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
        let list = |name: &str, of: DataType| {
            let item = Field::new("item", of, true);
            Field::new(name, DataType::List(Arc::new(item)), false)
        };
        let prediction = if numeric_answers { DataType::Float64 } else { DataType::Utf8 };
        let mut fields = vec![
            Field::new(POSITION, DataType::Int64, false),
            Field::new(ID, DataType::Utf8, false),
            Field::new(TIME, time.clone(), false),
            Field::new(RECEIVED, time, false),
            Field::new(VERSION, DataType::Utf8, false),
            Field::new(STREAM, DataType::Int32, false),
            Field::new(ORIGIN, DataType::Utf8, false),
            Field::new(PREDICTION, prediction, true),
            Field::new(CLASS, DataType::Int32, true),
            list(SCORES, DataType::Float64),
            list(VIOLATIONS, DataType::Int32),
            Field::new(REQUEST, DataType::Utf8, true),
        ];
        fields.extend(features.iter().map(|column| {
            let of = match column.kind {
                Kind::Number => DataType::Float64,
                Kind::Text => DataType::Utf8,
            };
            Field::new(&column.column, of, true)
        }));
        RecordColumns { schema: Arc::new(Schema::new(fields)), features, numeric_answers }
    }

    fn gather(rows: Vec<Self>, into: &mut RowsBuilder) {
        rows.into_iter().for_each(|row| into.push(row));
    }
}

impl Columns<Record> for RecordColumns {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn batch(&self, rows: &[Record]) -> RecordBatch {
        let times = |time: fn(&Record) -> Millis| {
            let times: TimestampMillisecondArray = rows.iter().map(|row| Some(time(row))).collect();
            Arc::new(times.with_timezone("UTC"))
        };
        let texts = |text: fn(&Record) -> &str| Arc::new(StringArray::from_iter_values(rows.iter().map(text)));
        let stream = |row: &Record| i32::try_from(row.stream.number()).expect("fewer than 2^31 streams");
        let mut ids = StringBuilder::with_capacity(rows.len(), 36 * rows.len());
        rows.iter().for_each(|row| row.id.with_text(|text| ids.append_value(text)));
        let mut scores = ListBuilder::new(Float64Builder::new());
        let mut violations = ListBuilder::new(Int32Builder::new());
        for row in rows {
            scores.append_value(row.scores.iter().map(|score| Some(*score)));
            violations.append_value(row.violations.iter().map(|violation| Some(i32::from(*violation))));
        }
        let class = |row: &Record| match row.outcome {
            Outcome::Class(class) => i32::try_from(class).ok(),
            _ => None,
        };
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| signed(row.position)))),
            Arc::new(ids.finish()),
            times(|row| row.time),
            times(|row| row.received),
            texts(|row| row.stream.version()),
            Arc::new(Int32Array::from_iter_values(rows.iter().map(stream))),
            texts(|row| row.origin.name()),
            self.predictions(rows),
            Arc::new(rows.iter().map(class).collect::<Int32Array>()),
            Arc::new(scores.finish()),
            Arc::new(violations.finish()),
            Arc::new(rows.iter().map(|row| row.request_id.as_deref()).collect::<StringArray>()),
        ];
        columns.extend(self.features.iter().map(|column| feature_array(column, rows)));
        RecordBatch::try_new(self.schema(), columns).expect("the columns are those of the schema, a value per row each")
    }
}

impl RecordColumns {
    fn predictions(&self, rows: &[Record]) -> ArrayRef {
        if self.numeric_answers {
            let number = |row: &Record| match row.outcome {
                Outcome::Number(number) => Some(number),
                _ => None,
            };
            return Arc::new(rows.iter().map(number).collect::<Float64Array>());
        }
        let mut texts = StringBuilder::new();
        for row in rows {
            match (&row.outcome, &row.stream.layout().answers) {
                (Outcome::Class(class), Answers::Classes(classes)) => {
                    texts.append_option(classes.get(*class as usize));
                }
                (Outcome::Class(_), _) => texts.append_null(),
                (Outcome::Label(label), _) => texts.append_value(label),
                (Outcome::Number(number), _) => texts.append_value(number.to_string()),
            }
        }
        Arc::new(texts.finish())
    }
}

/// Where a feature stands among a stream's features, looked up once for rows of one stream.
struct PlaceIn<'a> {
    feature: &'a str,
    stream: Option<(u32, Option<usize>)>,
}

impl PlaceIn<'_> {
    fn value<'r>(&mut self, row: &'r Record) -> &'r Value {
        let number = row.stream.number();
        let place = match self.stream {
            Some((known, place)) if known == number => place,
            _ => {
                let mut features = row.stream.layout().features.iter();
                let place = features.position(|feature| feature.name == self.feature);
                self.stream = Some((number, place));
                place
            }
        };
        place.map_or(&Value::Missing, |place| &row.features[place])
    }
}

fn feature_array(column: &FeatureColumn, rows: &[Record]) -> ArrayRef {
    let mut place = PlaceIn { feature: &column.feature, stream: None };
    match column.kind {
        Kind::Number => {
            let mut numbers = Float64Builder::with_capacity(rows.len());
            for row in rows {
                match place.value(row) {
                    Value::Number(number) => numbers.append_value(*number),
                    _ => numbers.append_null(),
                }
            }
            Arc::new(numbers.finish())
        }
        Kind::Text => {
            let mut texts = StringBuilder::new();
            for row in rows {
                match place.value(row) {
                    Value::Text(text) => texts.append_value(text),
                    Value::Number(number) => texts.append_value(number.to_string()),
                    Value::Missing => texts.append_null(),
                }
            }
            Arc::new(texts.finish())
        }
    }
}

/// Numbers or texts of a batch.
enum Cells<'a> {
    Numbers(&'a Float64Array),
    Texts(&'a StringArray),
}

impl<'a> Cells<'a> {
    fn of(batch: &'a RecordBatch, name: &str) -> Option<Self> {
        typed(batch, name).map(Cells::Numbers).or_else(|| typed(batch, name).map(Cells::Texts))
    }

    /// The value in a row, as its stream says it is.
    fn value(&self, row: usize, kind: Kind) -> Option<Value> {
        match (self, kind) {
            (Self::Numbers(numbers), _) if numbers.is_null(row) => Some(Value::Missing),
            (Self::Texts(texts), _) if texts.is_null(row) => Some(Value::Missing),
            (Self::Numbers(numbers), Kind::Number) => Some(Value::Number(numbers.value(row))),
            (Self::Texts(texts), Kind::Number) => texts.value(row).parse().ok().map(Value::Number),
            (Self::Texts(texts), Kind::Text) => Some(Value::Text(texts.value(row).into())),
            (Self::Numbers(_), Kind::Text) => None,
        }
    }
}

/// A stream and where its features stand in a batch.
struct StreamCells<'a> {
    stream: Arc<Stream>,
    features: Vec<(Cells<'a>, Kind)>,
}

/// The columns of a batch.
struct Reader<'a> {
    batch: &'a RecordBatch,
    segment: &'a Segment,
    positions: &'a Int64Array,
    ids: &'a StringArray,
    times: &'a TimestampMillisecondArray,
    received: &'a TimestampMillisecondArray,
    streams: &'a Int32Array,
    origins: &'a StringArray,
    predictions: Cells<'a>,
    classes: &'a Int32Array,
    scores: &'a ListArray,
    violations: &'a ListArray,
    requests: &'a StringArray,
}

impl<'a> Reader<'a> {
    fn new(batch: &'a RecordBatch, segment: &'a Segment) -> Option<Self> {
        Some(Self {
            batch,
            segment,
            positions: typed(batch, POSITION)?,
            ids: typed(batch, ID)?,
            times: typed(batch, TIME)?,
            received: typed(batch, RECEIVED)?,
            streams: typed(batch, STREAM)?,
            origins: typed(batch, ORIGIN)?,
            predictions: Cells::of(batch, PREDICTION)?,
            classes: typed(batch, CLASS)?,
            scores: typed(batch, SCORES)?,
            violations: typed(batch, VIOLATIONS)?,
            requests: typed(batch, REQUEST)?,
        })
    }

    fn rows(&self, n_rows: usize) -> Option<Vec<Record>> {
        let mut known: Vec<StreamCells<'_>> = Vec::new();
        (0..n_rows)
            .map(|row| {
                let number = u32::try_from(self.streams.value(row)).ok()?;
                let place = match known.iter().position(|cells| cells.stream.number() == number) {
                    Some(place) => place,
                    None => {
                        known.push(self.cells_of(number)?);
                        known.len() - 1
                    }
                };
                self.row(row, &known[place])
            })
            .collect()
    }

    fn cells_of(&self, number: u32) -> Option<StreamCells<'a>> {
        let stream = self.segment.stream(number)?;
        let cells = |name: &str| Cells::of(self.batch, &column_name(name));
        let features = stream.layout().features.iter();
        let features = features.map(|feature| Some((cells(&feature.name)?, feature.kind))).collect::<Option<_>>()?;
        Some(StreamCells { stream: Arc::clone(stream), features })
    }

    fn row(&self, row: usize, cells: &StreamCells<'_>) -> Option<Record> {
        let scores = self.scores.value(row);
        let scores: &Float64Array = scores.as_any().downcast_ref()?;
        let violations = self.violations.value(row);
        let violations: &Int32Array = violations.as_any().downcast_ref()?;
        Some(Record {
            position: self.positions.value(row).try_into().ok()?,
            received: self.received.value(row),
            stream: Arc::clone(&cells.stream),
            id: Id::given(self.ids.value(row)).ok()?,
            time: self.times.value(row),
            origin: Origin::of_name(self.origins.value(row))?,
            features: cells.features.iter().map(|(cells, kind)| cells.value(row, *kind)).collect::<Option<_>>()?,
            outcome: self.outcome(row, &cells.stream.layout().answers)?,
            scores: scores.values().to_vec(),
            violations: violations.values().iter().map(|code| u16::try_from(*code).ok()).collect::<Option<_>>()?,
            request_id: self.requests.is_valid(row).then(|| self.requests.value(row).into()),
        })
    }

    fn outcome(&self, row: usize, answers: &Answers) -> Option<Outcome> {
        match answers {
            Answers::Classes(_) => {
                let class = self.classes.is_valid(row).then(|| self.classes.value(row))?;
                Some(Outcome::Class(class.try_into().ok()?))
            }
            Answers::Names | Answers::Scored(_) => match self.predictions.value(row, Kind::Text)? {
                Value::Text(label) => Some(Outcome::Label(label)),
                _ => None,
            },
            Answers::Numbers => match self.predictions.value(row, Kind::Number)? {
                Value::Number(number) => Some(Outcome::Number(number)),
                _ => Some(Outcome::Number(f64::NAN)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_feature_takes_the_name_of_another_column() {
        let names = ["Amount", "_id", "feature._id", "feature.x", "x", "Date", "model", ""];
        let columns: std::collections::BTreeSet<String> = names.iter().map(|name| column_name(name)).collect();
        assert_eq!(columns.len(), names.len());
        assert_eq!(column_name("Amount"), "Amount");
        assert_eq!(column_name("_id"), "feature._id");
        assert_eq!(column_name("Date"), "feature.Date");
    }
}
