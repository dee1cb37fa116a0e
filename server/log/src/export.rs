//! Records for other programs: as lines of JSON, as CSV, as Parquet, and as requests that can be sent again.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tidemark::data::datetime::Timestamp;

use crate::error::ReadError;
use crate::read::Reader;
use crate::record::{Millis, Outcome, Record, Value};
use crate::segment::{self, SealError};
use crate::stream::{Answers, Line, Stream};

/// What records are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An object per line.
    Ndjson,
    /// Comma-separated values with a header. A text that a spreadsheet would take for a formula gets an apostrophe before it.
    Csv,
    /// Parquet, with the columns that the log's own segments have.
    Parquet,
}

/// Writes the predictions of a line made within `times` (all of them for `None`), in the order of their positions, and
/// returns how many they were. However many they are, few thousand of them are in memory at once.
///
/// # Errors
/// The log cannot be read, or `out` fails.
pub fn export(
    reader: &Reader,
    line: &Line,
    times: Option<Range<Millis>>,
    format: Format,
    out: &mut dyn Write,
) -> io::Result<u64> {
    let streams: Vec<Arc<Stream>> = reader.streams().into_iter().filter(|stream| stream.line() == line).collect();
    let n_records = AtomicU64::new(0);
    let chunks = chunks(reader, line, times).inspect(|chunk| {
        n_records.fetch_add(chunk.as_ref().map_or(0, Vec::len) as u64, Ordering::Relaxed);
    });
    match format {
        Format::Ndjson => {
            for chunk in chunks {
                let mut text = String::new();
                chunk.map_err(io::Error::other)?.iter().for_each(|record| put_object(&mut text, record));
                out.write_all(text.as_bytes())?;
            }
        }
        Format::Csv => {
            let names = feature_names(&streams);
            out.write_all(csv_header(&names).as_bytes())?;
            for chunk in chunks {
                let mut text = String::new();
                chunk.map_err(io::Error::other)?.iter().for_each(|record| put_csv(&mut text, record, &names));
                out.write_all(text.as_bytes())?;
            }
        }
        Format::Parquet => {
            export_parquet(line, &streams, chunks, out)?;
        }
    }
    out.flush()?;
    Ok(n_records.into_inner())
}

/// The writer of Parquet has to be able to move to another thread, which `out` may not: what it writes comes back here by a
/// channel that holds few pieces.
fn export_parquet(
    line: &Line,
    streams: &[Arc<Stream>],
    chunks: impl Iterator<Item = Result<Vec<Record>, ReadError>> + Send,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (pieces, arriving) = std::sync::mpsc::sync_channel(4);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let out = io::BufWriter::with_capacity(1 << 16, Pieces(pieces));
            segment::write_table(out, line, streams, chunks, Path::new("export"))
        });
        // A reader that goes away closes the channel, and that ends the writer.
        let written = arriving.into_iter().try_for_each(|piece: Vec<u8>| out.write_all(&piece));
        let made = writer.join().map_err(|_panicked| io::Error::other("writing Parquet failed"))?;
        written?;
        made.map_err(|error| match error {
            SealError::Read(error) => io::Error::other(error),
            SealError::Write(failure) => io::Error::other(failure),
        })
    })
}

/// Sends on what is written.
struct Pieces(std::sync::mpsc::SyncSender<Vec<u8>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(|_gone| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what went into the model, as it is sent to `POST /predict`: an object of the features per line, without those
/// that were missing. Returns how many they were.
///
/// # Errors
/// The log cannot be read, or `out` fails.
pub fn replay(reader: &Reader, line: &Line, times: Option<Range<Millis>>, out: &mut dyn Write) -> io::Result<u64> {
    let mut n_records = 0;
    for chunk in chunks(reader, line, times) {
        let chunk = chunk.map_err(io::Error::other)?;
        let mut text = String::new();
        for record in &chunk {
            put_features(&mut text, record);
            text.push('\n');
        }
        out.write_all(text.as_bytes())?;
        n_records += chunk.len() as u64;
    }
    out.flush()?;
    Ok(n_records)
}

fn chunks(
    reader: &Reader,
    line: &Line,
    times: Option<Range<Millis>>,
) -> impl Iterator<Item = Result<Vec<Record>, ReadError>> + Send {
    match times {
        Some(times) => reader.records_between(line, times),
        None => reader.records(line, reader.positions(line)),
    }
}

/// Every feature that one of the streams has, in the order in which they came up.
fn feature_names(streams: &[Arc<Stream>]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for feature in streams.iter().flat_map(|stream| &stream.layout().features) {
        if !names.contains(&feature.name.as_str()) {
            names.push(&feature.name);
        }
    }
    names
}

/// RFC 3339, in UTC.
fn time(millis: Millis) -> String {
    Timestamp::from_micros(millis.saturating_mul(1000)).map_or_else(|| millis.to_string(), |moment| moment.to_string())
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

/// JSON has no number that is not finite.
fn number(number: f64) -> String {
    if number.is_finite() {
        serde_json::to_string(&number).expect("a finite number is JSON")
    } else {
        "null".to_owned()
    }
}

/// The class by its name, or the number.
fn answer(record: &Record) -> Option<Value> {
    match (&record.outcome, &record.stream.layout().answers) {
        (Outcome::Class(class), Answers::Classes(classes)) => {
            classes.get(*class as usize).map(|class| Value::Text(class.as_str().into()))
        }
        (Outcome::Class(_), _) => None,
        (Outcome::Label(label), _) => Some(Value::Text(label.clone())),
        (Outcome::Number(number), _) => Some(Value::Number(*number)),
    }
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a string does not fail");
}

fn put_features(text: &mut String, record: &Record) {
    text.push('{');
    let mut separator = "";
    for (feature, value) in record.stream.layout().features.iter().zip(&record.features) {
        let value = match value {
            Value::Number(value) => number(*value),
            Value::Text(value) => json(value),
            Value::Missing => continue,
        };
        put(text, format_args!("{separator}{}:{value}", json(&feature.name)));
        separator = ",";
    }
    text.push('}');
}

fn put_object(text: &mut String, record: &Record) {
    let prediction = match answer(record) {
        Some(Value::Number(value)) => number(value),
        Some(Value::Text(value)) => json(&value),
        _ => "null".to_owned(),
    };
    let scores: Vec<String> = record.scores.iter().map(|score| number(*score)).collect();
    let violations: Vec<String> = record.violations.iter().map(u16::to_string).collect();
    put(
        text,
        format_args!(
            "{{\"position\":{},\"id\":{},\"time\":\"{}\",\"received\":\"{}\",\"version\":{},\"origin\":\"{}\",\
             \"prediction\":{prediction},\"scores\":[{}],\"violations\":[{}],\"request_id\":{},\"features\":",
            record.position,
            record.id.with_text(json),
            time(record.time),
            time(record.received),
            json(record.stream.version()),
            record.origin.name(),
            scores.join(","),
            violations.join(","),
            record.request_id.as_deref().map_or_else(|| "null".to_owned(), json),
        ),
    );
    put_features(text, record);
    text.push_str("}\n");
}

fn csv_header(names: &[&str]) -> String {
    let mut text =
        "_position,_id,_time,_received,_version,_origin,_prediction,_scores,_violations,_request_id".to_owned();
    for name in names {
        text.push(',');
        put_cell(&mut text, name);
    }
    text.push('\n');
    text
}

fn put_csv(text: &mut String, record: &Record, names: &[&str]) {
    let scores: Vec<String> = record.scores.iter().map(f64::to_string).collect();
    let violations: Vec<String> = record.violations.iter().map(u16::to_string).collect();
    put(text, format_args!("{},", record.position));
    record.id.with_text(|id| put_cell(text, id));
    put(text, format_args!(",{},{},", time(record.time), time(record.received)));
    put_cell(text, record.stream.version());
    put(text, format_args!(",{},", record.origin.name()));
    put_value(text, &answer(record).unwrap_or(Value::Missing));
    put(text, format_args!(",{},{},", scores.join(" "), violations.join(" ")));
    put_cell(text, record.request_id.as_deref().unwrap_or_default());
    let features = &record.stream.layout().features;
    for name in names {
        text.push(',');
        let place = features.iter().position(|feature| feature.name == *name);
        put_value(text, place.map_or(&Value::Missing, |place| &record.features[place]));
    }
    text.push('\n');
}

fn put_value(text: &mut String, value: &Value) {
    match value {
        Value::Number(value) => put(text, format_args!("{value}")),
        Value::Text(value) => put_cell(text, value),
        Value::Missing => {}
    }
}

/// A text, quoted where it has to be, and marked as a text where a spreadsheet would compute it (OWASP, "CSV Injection").
fn put_cell(text: &mut String, cell: &str) {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mark = if is_formula { "'" } else { "" };
    if cell.contains([',', '"', '\n', '\r']) {
        put(text, format_args!("\"{mark}{}\"", cell.replace('"', "\"\"")));
    } else {
        put(text, format_args!("{mark}{cell}"));
    }
}
