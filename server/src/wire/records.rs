//! Predictions and labels that other services made, as they come in: JSON, NDJSON, CSV, an Arrow stream or Parquet.
//!
//! Every form is read into the same [`Incoming`] rows. A prediction row has the model's features by name and, beside them,
//! `id`, `prediction`, and perhaps `timestamp`, `score`, `version`, and of a model that declares its classes `scores.CLASS` for each of
//! them; in JSON the features may also lie in an object called `features`, and the scores in one called `scores`. A label row has `id` and `label`. A value that has the wrong type is an error with its row; all errors are found
//! before anything is taken.

use std::borrow::Cow;
use std::collections::HashMap;
use tidemark::data::{Dataset, Values, csv};

use super::error::{BodyError, FieldErrors};
use super::json::{Kind, Malformed, Reader};
use super::rows::check_count_of;
use crate::registry::manifest::{Declaration, DeclaredFeature, DeclaredTask};
use tidemark_log::Value;

/// The most rows that one request may bring.
pub const MAX_RECORDS: usize = 100_000;

/// The names of what is no feature.
const RESERVED: [&str; 5] = ["id", "prediction", "timestamp", "score", "version"];

/// Whether no feature can have this name.
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || scored_class(name).is_some()
}

/// The class whose scores stand under this name: `scores.CLASS`.
pub fn scored_class(name: &str) -> Option<&str> {
    name.strip_prefix("scores.").filter(|class| !class.is_empty())
}

/// One prediction that came in.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// What the sender calls it.
    pub id: Option<String>,
    /// When it was made, in milliseconds since 1970, where the sender says it.
    pub time: Option<i64>,
    /// The version that made it.
    pub version: Option<String>,
    /// What went in, in the order of the declaration.
    pub features: Vec<Value>,
    /// What came out.
    pub prediction: Said,
    /// The score beside it.
    pub score: Option<f64>,
    /// The score of every class that is declared, in their order; may be empty.
    pub scores: Vec<f64>,
}

/// What a model elsewhere said.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// The name of a class.
    Class(String),
    /// A number.
    Number(f64),
}

/// One label that came in.
#[derive(Debug, Clone, PartialEq)]
pub struct IncomingLabel {
    /// The prediction's name.
    pub id: String,
    /// The truth.
    pub value: Value,
}

/// A value of a row before anyone knows what it is for.
#[derive(Debug, Clone, PartialEq)]
enum Cell<'a> {
    Missing,
    Number(f64),
    /// A whole number as it is written: an id has more digits than a double.
    Whole(Cow<'a, str>),
    Boolean(bool),
    Text(Cow<'a, str>),
    /// An object or an array.
    Other(&'static str),
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One object, an array of objects, or an object with an array of them.
    Json,
    /// An object per line.
    Ndjson,
    /// A header and rows.
    Csv,
}

impl Form {
    /// The form that a media type stands for.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        Some(match media_type {
            "application/json" => Self::Json,
            "application/x-ndjson" | "application/jsonl" | "application/ndjson" => Self::Ndjson,
            "text/csv" | "application/csv" => Self::Csv,
            _ => return None,
        })
    }
}

/// Puts a row together from its fields.
trait RowBuilder {
    /// The row.
    type Row;

    /// Takes a field; the error is what is wrong with it.
    fn take(&mut self, name: &str, cell: Cell<'_>) -> Result<(), String>;

    /// The row, unless something of it is missing; what is, is named.
    fn finish(self, at: &str, errors: &mut FieldErrors) -> Option<Self::Row>;
}

/// Reads predictions.
///
/// # Errors
/// The body is not in its form, or rows in it are no predictions of this model; each is named with its row.
pub fn read_predictions(body: &[u8], form: Form, model: &Declaration) -> Result<Vec<Incoming>, BodyError> {
    let places = Places::of(model);
    read(body, form, "predictions", || PredictionRow::new(&places))
}

/// Predictions from a table.
///
/// # Errors
/// Rows are no predictions of this model; each is named, counted from 0.
pub fn predictions_of(data: &Dataset, model: &Declaration) -> Result<Vec<Incoming>, BodyError> {
    let places = Places::of(model);
    read_table(data, || PredictionRow::new(&places))
}

/// Reads labels.
///
/// # Errors
/// As [`read_predictions`].
pub fn read_labels(body: &[u8], form: Form) -> Result<Vec<IncomingLabel>, BodyError> {
    read(body, form, "labels", LabelRow::default)
}

/// Labels from a table.
///
/// # Errors
/// As [`predictions_of`].
pub fn labels_of(data: &Dataset) -> Result<Vec<IncomingLabel>, BodyError> {
    read_table(data, LabelRow::default)
}

fn read<B: RowBuilder>(body: &[u8], form: Form, list: &str, new: impl Fn() -> B) -> Result<Vec<B::Row>, BodyError> {
    match form {
        Form::Json => read_json(body, list, new),
        Form::Ndjson => read_lines(body, new),
        Form::Csv => {
            let malformed = |error| BodyError::Malformed { reason: format!("the body is not CSV: {error}") };
            read_table(&csv::read(body).map_err(malformed)?, new)
        }
    }
}

/// One object, an array of them, or an object that has such an array under the name `list`.
fn read_json<B: RowBuilder>(body: &[u8], list: &str, new: impl Fn() -> B) -> Result<Vec<B::Row>, BodyError> {
    let mut reader = Reader::new(body)?;
    let mut whole = reader.skip()?;
    reader.end()?;
    let (mut rows, mut errors) = (Vec::new(), FieldErrors::default());
    let mut at = String::new();
    if whole.kind()? == Kind::Object {
        match array_called(&whole, list)? {
            Some(inner) => {
                whole = inner;
                at = format!("/{list}");
            }
            None => {
                rows.extend(read_object(&mut whole, new(), "", &mut errors)?);
                return errors.into_result().map(|()| rows);
            }
        }
    }
    let mut n_rows = 0;
    whole.array(|reader| {
        let at = format!("{at}/{n_rows}");
        n_rows += 1;
        check_count_of(n_rows, MAX_RECORDS)?;
        if reader.kind()? == Kind::Object {
            rows.extend(read_object(reader, new(), &at, &mut errors)?);
        } else {
            errors.push_at(at, format!("expected an object, found {}", reader.kind()?.with_article()));
            reader.skip()?;
        }
        Ok::<_, BodyError>(())
    })?;
    errors.into_result().map(|()| rows)
}

/// The array that an object has under this name.
fn array_called<'a>(object: &Reader<'a>, name: &str) -> Result<Option<Reader<'a>>, Malformed> {
    let mut found = None;
    object.clone().object(|reader, field| {
        let mut value = reader.skip()?;
        if field == name && value.kind()? == Kind::Array {
            found = Some(value);
        }
        Ok::<_, Malformed>(())
    })?;
    Ok(found)
}

fn read_lines<B: RowBuilder>(body: &[u8], new: impl Fn() -> B) -> Result<Vec<B::Row>, BodyError> {
    let (mut rows, mut errors, mut n_rows) = (Vec::new(), FieldErrors::default(), 0);
    for (line, text) in body.split(|byte| *byte == b'\n').enumerate() {
        if text.trim_ascii().is_empty() {
            continue;
        }
        let at = format!("/{n_rows}");
        n_rows += 1;
        check_count_of(n_rows, MAX_RECORDS)?;
        let mut read_line = || {
            let mut reader = Reader::new(text)?;
            let row = read_object(&mut reader, new(), &at, &mut errors)?;
            reader.end().map(|()| row)
        };
        let broken = |error: Malformed| BodyError::Malformed { reason: format!("line {}: {error}", line + 1) };
        rows.extend(read_line().map_err(broken)?);
    }
    errors.into_result().map(|()| rows)
}

fn read_object<B: RowBuilder>(
    reader: &mut Reader<'_>,
    mut row: B,
    at: &str,
    errors: &mut FieldErrors,
) -> Result<Option<B::Row>, Malformed> {
    read_fields(reader, &mut row, at, errors)?;
    Ok(row.finish(at, errors))
}

fn read_fields<B: RowBuilder>(
    reader: &mut Reader<'_>,
    row: &mut B,
    at: &str,
    errors: &mut FieldErrors,
) -> Result<(), Malformed> {
    let (mut nested, mut scores) = (None, None);
    reader.object(|reader, name| {
        if let "features" | "scores" = &*name
            && reader.kind()? == Kind::Object
        {
            let place = if name == "features" { &mut nested } else { &mut scores };
            if place.replace(reader.skip()?).is_some() {
                errors.push(at, &name, "given twice");
            }
            return Ok(());
        }
        let cell = read_cell(reader)?;
        if let Err(detail) = row.take(&name, cell) {
            errors.push(at, &name, detail);
        }
        Ok::<_, Malformed>(())
    })?;
    for (object, within, prefix) in [(nested, "features", ""), (scores, "scores", "scores.")] {
        let Some(mut object) = object else { continue };
        object.object(|reader, name| {
            let cell = read_cell(reader)?;
            if let Err(detail) = row.take(&format!("{prefix}{name}"), cell) {
                errors.push(&format!("{at}/{within}"), &name, detail);
            }
            Ok::<_, Malformed>(())
        })?;
    }
    Ok(())
}

fn read_cell<'a>(reader: &mut Reader<'a>) -> Result<Cell<'a>, Malformed> {
    Ok(match reader.kind()? {
        Kind::Null => {
            reader.null()?;
            Cell::Missing
        }
        Kind::Boolean => Cell::Boolean(reader.boolean()?),
        Kind::String => Cell::Text(reader.string()?),
        Kind::Number => {
            let text = reader.number_text()?;
            if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
                Cell::Whole(Cow::Borrowed(text))
            } else {
                Cell::Number(fast_float2::parse(text).unwrap_or(f64::INFINITY))
            }
        }
        other => {
            reader.skip()?;
            Cell::Other(other.with_article())
        }
    })
}

fn read_table<B: RowBuilder>(data: &Dataset, new: impl Fn() -> B) -> Result<Vec<B::Row>, BodyError> {
    check_count_of(data.n_rows(), MAX_RECORDS)?;
    let mut columns: Vec<(&str, Cells<'_>)> =
        data.columns().iter().map(|column| (column.name.as_str(), cells_of(&column.values))).collect();
    let (mut rows, mut errors) = (Vec::with_capacity(data.n_rows()), FieldErrors::default());
    for place in 0..data.n_rows() {
        let (mut row, at) = (new(), format!("/{place}"));
        for (name, cells) in &mut columns {
            let cell = cells.next().expect("a column has a value for every row");
            if let Err(detail) = row.take(name, cell) {
                errors.push(&at, name, detail);
            }
        }
        rows.extend(row.finish(&at, &mut errors));
    }
    errors.into_result().map(|()| rows)
}

type Cells<'a> = Box<dyn Iterator<Item = Cell<'a>> + 'a>;

fn cells_of(values: &Values) -> Cells<'_> {
    let number = |value: &f64| if value.is_nan() { Cell::Missing } else { Cell::Number(*value) };
    match values {
        Values::Numbers(numbers) if numbers.is_integer() => {
            Box::new(numbers.as_slice().iter().map(|value| Cell::Whole(Cow::Owned(value.to_string()))))
        }
        Values::Numbers(numbers) => Box::new(numbers.as_slice().iter().map(number)),
        Values::Booleans(values) => Box::new(values.iter().map(|value| Cell::Boolean(*value))),
        Values::Strings(strings) => {
            Box::new(strings.iter().map(|text| text.map_or(Cell::Missing, |text| Cell::Text(Cow::Borrowed(text)))))
        }
    }
}

/// Where each feature stands in the declaration: a model may have thousands of them, and a request thousands of rows.
struct Places<'m> {
    model: &'m Declaration,
    by_name: HashMap<&'m str, usize>,
}

impl<'m> Places<'m> {
    fn of(model: &'m Declaration) -> Self {
        let place = |(place, feature): (usize, &'m DeclaredFeature)| (feature.name.as_str(), place);
        Self { model, by_name: model.features.iter().enumerate().map(place).collect() }
    }
}

/// A prediction in the making.
struct PredictionRow<'m> {
    places: &'m Places<'m>,
    /// The feature that comes next where the sender keeps to the declaration's order.
    next: usize,
    features: Vec<Option<Value>>,
    /// What [`RESERVED`] names, in its order: whether it was there.
    is_given: [bool; RESERVED.len()],
    id: Option<String>,
    time: Option<i64>,
    version: Option<String>,
    prediction: Option<Said>,
    score: Option<f64>,
    /// Of every declared class; empty until one comes.
    scores: Vec<Option<f64>>,
}

impl<'m> PredictionRow<'m> {
    fn new(places: &'m Places<'m>) -> Self {
        Self {
            places,
            next: 0,
            features: vec![None; places.model.features.len()],
            is_given: [false; RESERVED.len()],
            id: None,
            time: None,
            version: None,
            prediction: None,
            score: None,
            scores: Vec::new(),
        }
    }

    fn take_score(&mut self, class: &str, cell: Cell<'_>) -> Result<(), String> {
        let classes = &self.places.model.classes;
        let Some(place) = classes.iter().position(|known| known == class) else {
            return Err(format!("the model declares no class {class:?}; there are {classes:?}"));
        };
        self.scores.resize(classes.len(), None);
        if self.scores[place].is_some() {
            return Err("given twice".to_owned());
        }
        self.scores[place] = Some(number_of(cell)?.ok_or("a score is a number")?);
        Ok(())
    }

    fn place_of(&mut self, name: &str) -> Option<usize> {
        let is_next = self.places.model.features.get(self.next).is_some_and(|feature| feature.name == name);
        let place = if is_next { self.next } else { *self.places.by_name.get(name)? };
        self.next = place + 1;
        Some(place)
    }
}

impl RowBuilder for PredictionRow<'_> {
    type Row = Incoming;

    fn take(&mut self, name: &str, cell: Cell<'_>) -> Result<(), String> {
        if let Some(place) = self.place_of(name) {
            if self.features[place].is_some() {
                return Err("given twice".to_owned());
            }
            let value = feature_value(cell, self.places.model.features[place].is_number());
            // So that it is not called missing as well.
            self.features[place] = Some(value.clone().unwrap_or(Value::Missing));
            return value.map(|_| ());
        }
        if let Some(class) = scored_class(name) {
            return self.take_score(class, cell);
        }
        let Some(place) = RESERVED.iter().position(|reserved| *reserved == name) else {
            return Err("the model has no such feature".to_owned());
        };
        if std::mem::replace(&mut self.is_given[place], true) {
            return Err("given twice".to_owned());
        }
        match name {
            "id" => self.id = text_of(cell)?,
            "version" => self.version = text_of(cell)?,
            "timestamp" => self.time = time_of(cell)?,
            "score" => self.score = number_of(cell)?,
            _ => {
                self.prediction = match self.places.model.task {
                    DeclaredTask::Regression => number_of(cell)?.map(Said::Number),
                    DeclaredTask::Classification => text_of(cell)?.map(Said::Class),
                };
                if self.prediction.is_none() {
                    return Err("a prediction says something".to_owned());
                }
            }
        }
        Ok(())
    }

    fn finish(self, at: &str, errors: &mut FieldErrors) -> Option<Incoming> {
        let absent = self.places.model.features.iter().zip(&self.features).filter(|(_, value)| value.is_none());
        absent.for_each(|(feature, _)| errors.push(at, &feature.name, "missing"));
        if !self.is_given[1] {
            errors.push(at, "prediction", "missing");
        }
        let scores: Option<Vec<f64>> = self.scores.into_iter().collect();
        if scores.is_none() {
            errors.push(at, "scores", format!("expected one of each class: {:?}", self.places.model.classes));
        }
        Some(Incoming {
            id: self.id,
            time: self.time,
            version: self.version,
            features: self.features.into_iter().collect::<Option<_>>()?,
            prediction: self.prediction?,
            score: self.score,
            scores: scores?,
        })
    }
}

/// A label in the making.
#[derive(Default)]
struct LabelRow {
    id: Option<String>,
    value: Option<Value>,
    is_given: [bool; 2],
}

impl RowBuilder for LabelRow {
    type Row = IncomingLabel;

    fn take(&mut self, name: &str, cell: Cell<'_>) -> Result<(), String> {
        let place = match name {
            "id" => 0,
            "label" => 1,
            _ => return Err("a label has \"id\" and \"label\"".to_owned()),
        };
        if std::mem::replace(&mut self.is_given[place], true) {
            return Err("given twice".to_owned());
        }
        if place == 0 {
            self.id = text_of(cell)?;
            return if self.id.is_some() { Ok(()) } else { Err("an id says something".to_owned()) };
        }
        self.value = Some(match cell {
            Cell::Missing => Value::Missing,
            Cell::Boolean(truth) => Value::Text(truth.to_string().into()),
            Cell::Text(text) => Value::Text(text.into()),
            other => Value::Number(number_of(other)?.unwrap_or(f64::NAN)),
        });
        Ok(())
    }

    fn finish(self, at: &str, errors: &mut FieldErrors) -> Option<IncomingLabel> {
        for (is_given, name) in self.is_given.into_iter().zip(["id", "label"]) {
            if !is_given {
                errors.push(at, name, "missing");
            }
        }
        Some(IncomingLabel { id: self.id?, value: self.value? })
    }
}

fn feature_value(cell: Cell<'_>, is_number: bool) -> Result<Value, String> {
    Ok(match cell {
        Cell::Missing => Value::Missing,
        cell if is_number => number_of(cell)?.map_or(Value::Missing, Value::Number),
        cell => text_of(cell)?.map_or(Value::Missing, |text| Value::Text(text.into())),
    })
}

fn number_of(cell: Cell<'_>) -> Result<Option<f64>, String> {
    let number = match cell {
        Cell::Missing => return Ok(None),
        Cell::Number(number) => number,
        Cell::Whole(text) => fast_float2::parse(text.as_bytes()).unwrap_or(f64::INFINITY),
        Cell::Boolean(_) => return Err("expected a number, found a truth value".to_owned()),
        Cell::Text(_) => return Err("expected a number, found a string".to_owned()),
        Cell::Other(kind) => return Err(format!("expected a number, found {kind}")),
    };
    if number.is_finite() { Ok(Some(number)) } else { Err("the number is too large".to_owned()) }
}

fn text_of(cell: Cell<'_>) -> Result<Option<String>, String> {
    Ok(Some(match cell {
        Cell::Missing => return Ok(None),
        Cell::Text(text) | Cell::Whole(text) => text.into_owned(),
        Cell::Number(number) => number.to_string(),
        Cell::Boolean(truth) => truth.to_string(),
        Cell::Other(kind) => return Err(format!("expected a string, found {kind}")),
    }))
}

/// RFC 3339, or milliseconds since 1970.
fn time_of(cell: Cell<'_>) -> Result<Option<i64>, String> {
    match cell {
        Cell::Missing => Ok(None),
        Cell::Whole(text) => {
            let millis = text.parse::<i64>().ok().filter(|millis| jiff::Timestamp::from_millisecond(*millis).is_ok());
            millis.map(Some).ok_or_else(|| "no time lies so far away".to_owned())
        }
        Cell::Text(text) => {
            let time = text.parse::<jiff::Timestamp>();
            let time = time.map_err(|_unread| "expected a time like 2026-11-24T08:00:00Z".to_owned())?;
            Ok(Some(time.as_millisecond()))
        }
        _ => Err("expected a time like 2026-11-24T08:00:00Z, or milliseconds since 1970".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::manifest::DeclaredFeature;
    use tidemark::schema::ColumnType;

    fn model() -> Declaration {
        let feature = |name: &str, column_type| DeclaredFeature { name: name.to_owned(), column_type, numbers: None };
        Declaration {
            features: vec![feature("age", ColumnType::Numerical), feature("job", ColumnType::Categorical)],
            task: DeclaredTask::Classification,
            classes: Vec::new(),
            reference: None,
            target: None,
        }
    }

    fn row(id: &str, age: f64, job: &str) -> Incoming {
        Incoming {
            id: Some(id.to_owned()),
            time: Some(1_795_507_200_000),
            version: Some("7".to_owned()),
            features: vec![Value::Number(age), Value::Text(job.into())],
            prediction: Said::Class("1".to_owned()),
            score: Some(0.75),
            scores: Vec::new(),
        }
    }

    #[test]
    fn scores_of_all_declared_classes_come_with_a_row() {
        let model = Declaration { classes: ["cat", "dog", "fox"].map(str::to_owned).into(), ..model() };
        let read = |body: &str, form| read_predictions(body.as_bytes(), form, &model);
        let json = |scores: &str| format!(r#"[{{"age":31,"job":"x","prediction":"dog","scores":{scores}}}]"#);
        let found = read(&json(r#"{"fox":0.1,"cat":0.2,"dog":0.7}"#), Form::Json).unwrap();
        assert_eq!(found[0].scores, [0.2, 0.7, 0.1]);
        let csv = "age,job,prediction,scores.cat,scores.dog,scores.fox\n31,x,dog,0.2,0.7,0.1\n";
        assert_eq!(read(csv, Form::Csv).unwrap(), found);
        // All or none of them.
        assert!(read(r#"[{"age":31,"job":"x","prediction":"dog"}]"#, Form::Json).unwrap()[0].scores.is_empty());
        for (scores, said) in [
            (r#"{"cat":0.2,"dog":0.7}"#, "expected one of each class"),
            (r#"{"cat":0.2,"cow":0.7}"#, "no class \"cow\""),
            (r#"{"cat":0.2,"cat":0.7}"#, "given twice"),
            (r#"{"cat":null,"dog":0.7,"fox":0.1}"#, "a score is a number"),
            ("3", "no such feature"),
        ] {
            let error = read(&json(scores), Form::Json).unwrap_err();
            assert!(format!("{error:?}").contains(&said.replace('"', "\\\"")), "{scores}: {error:?}");
        }
    }

    #[test]
    fn every_form_holds_the_same_rows() {
        let first = r#"{"id":"a","age":31,"job":"x","prediction":1,"score":0.75,"version":7,"timestamp":"2026-11-24T08:00:00Z"}"#;
        let second = r#"{"id":"b","features":{"job":"y","age":32},"prediction":"1","score":0.75,"version":"7","timestamp":1795507200000}"#;
        let csv = "id,age,job,prediction,score,version,timestamp\na,31,x,1,0.75,7,2026-11-24T08:00:00Z\nb,32,y,1,0.75,7,2026-11-24T09:00:00+01:00\n";
        let expected = vec![row("a", 31.0, "x"), row("b", 32.0, "y")];
        for (form, body) in [
            (Form::Json, format!("[{first},{second}]")),
            (Form::Json, format!("{{\"predictions\":[{first},{second}]}}")),
            (Form::Ndjson, format!("{first}\n\n{second}\n")),
            (Form::Csv, csv.to_owned()),
        ] {
            assert_eq!(read_predictions(body.as_bytes(), form, &model()), Ok(expected.clone()), "{body}");
        }
        assert_eq!(read_predictions(first.as_bytes(), Form::Json, &model()), Ok(vec![row("a", 31.0, "x")]));
    }

    #[test]
    fn every_error_is_named_with_its_row() {
        let body = r#"[{"age":1,"job":"x","prediction":1},
            {"age":"1","job":2,"prediction":null},
            {"age":1e999,"job":["x"],"x":1,"prediction":1,"prediction":1},
            7,
            {"prediction":1,"timestamp":"yesterday","score":"high"}]"#;
        let Err(BodyError::Fields(errors)) = read_predictions(body.as_bytes(), Form::Json, &model()) else {
            panic!("there are errors")
        };
        let mut found: Vec<String> = errors.iter().map(|error| error.pointer.clone()).collect();
        found.sort();
        assert_eq!(
            found,
            [
                "/1/age",
                "/1/prediction",
                "/2/age",
                "/2/job",
                "/2/prediction",
                "/2/x",
                "/3",
                "/4/age",
                "/4/job",
                "/4/score",
                "/4/timestamp"
            ]
        );
    }

    #[test]
    fn a_broken_line_is_named() {
        let error = read_predictions(b"{\"age\":1,\"job\":\"x\",\"prediction\":1}\n{\"age\":", Form::Ndjson, &model());
        let error = error.unwrap_err();
        assert_eq!(error.status(), 400);
        assert!(error.sentence().starts_with("line 2: "), "{}", error.sentence());
        assert_eq!(read_predictions(b"3", Form::Json, &model()).unwrap_err().status(), 400);
        assert_eq!(read_predictions(b"a,b\n1\n", Form::Csv, &model()).unwrap_err().status(), 400);
    }

    #[test]
    fn labels_are_read_and_missing_parts_named() {
        let labels = read_labels(
            br#"{"labels":[{"id":"a","label":1},{"id":7,"label":"yes"},{"id":"c","label":null}]}"#,
            Form::Json,
        );
        let label = |id: &str, value| IncomingLabel { id: id.to_owned(), value };
        assert_eq!(
            labels,
            Ok(vec![label("a", Value::Number(1.0)), label("7", Value::Text("yes".into())), label("c", Value::Missing)])
        );
        assert_eq!(read_labels(b"id,label\na,1\nb,0\n", Form::Csv).unwrap().len(), 2);
        let error = read_labels(br#"[{"id":"a"},{"label":1},{"id":null,"label":1}]"#, Form::Json).unwrap_err();
        for words in ["/0/label: missing", "/1/id: missing", "/2/id: an id says something"] {
            assert!(error.sentence().contains(words), "{}", error.sentence());
        }
    }

    #[test]
    fn a_regression_says_numbers() {
        let model = Declaration { task: DeclaredTask::Regression, ..model() };
        let rows = read_predictions(br#"{"age":1,"job":null,"prediction":2.5}"#, Form::Json, &model).unwrap();
        assert_eq!((rows[0].prediction.clone(), rows[0].features[1].clone()), (Said::Number(2.5), Value::Missing));
        assert!(read_predictions(br#"{"age":1,"job":"x","prediction":"a"}"#, Form::Json, &model).is_err());
    }
}
