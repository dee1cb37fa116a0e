//! A folder, a clock and records to try the log with.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tidemark_log::{
    Answers, Entry, Feature, Features, Id, Kind, Layout, Line, Log, Millis, Options, Origin, Outcome, Record, Stream,
    Value,
};

/// 2026-11-24T00:00:00Z: `date -u -d 2026-11-24 +%s`.
pub const MIDNIGHT: Millis = 1_795_478_400_000;

/// A folder that goes with the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("tidemark-log-test-{}", Id::fresh(MIDNIGHT)));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        Self(folder)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A clock that stands still until it is set.
#[derive(Clone)]
pub struct HandClock(Arc<AtomicI64>);

impl HandClock {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(MIDNIGHT)))
    }

    pub fn advance(&self, millis: Millis) {
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    pub fn options(&self) -> Options {
        let clock = Arc::clone(&self.0);
        let clock = Arc::new(move || clock.load(Ordering::SeqCst));
        Options { clock, seals_by_itself: false, ..Options::default() }
    }
}

pub fn line() -> Line {
    Line::predictions("fraud")
}

/// Two numbers and a text; answers with one of two classes.
pub fn layout() -> Layout {
    let feature = |name: &str, kind| Feature { name: name.to_owned(), kind };
    Layout {
        features: vec![feature("Amount", Kind::Number), feature("V1", Kind::Number), feature("country", Kind::Text)],
        answers: Answers::Classes(vec!["good".to_owned(), "fraud".to_owned()]),
    }
}

pub fn stream(log: &Log) -> Arc<Stream> {
    log.stream(line(), "1", layout()).expect("a stream")
}

/// The features of the n-th record, some of them missing.
pub fn features(n: u64) -> Vec<Value> {
    let amount = if n % 7 == 3 { Value::Missing } else { Value::Number(n as f64 / 8.0) };
    let country = if n % 5 == 2 { Value::Missing } else { Value::Text(format!("country {}", n % 11).into()) };
    vec![amount, Value::Number(-(n as f64)), country]
}

/// The n-th record, under a name that a client gave it.
pub fn entry(n: u64, features: &[Value]) -> Entry<'_> {
    Entry {
        id: Id::given(&format!("order {n}")).expect("a name"),
        is_fresh: false,
        time: MIDNIGHT + 10 * n as Millis,
        origin: Origin::Ingested,
        features: Features::Values(features),
        outcome: Outcome::Class((n.is_multiple_of(3)).into()),
        scores: if n.is_multiple_of(2) { &[0.25, 0.75] } else { &[] },
        violations: if n.is_multiple_of(4) { &[1, 513] } else { &[] },
        request_id: (n.is_multiple_of(6)).then_some("request 17"),
    }
}

/// Appends these records one by one.
pub fn append(log: &Log, stream: &Arc<Stream>, range: std::ops::Range<u64>) {
    for n in range {
        log.append_blocking(stream, &entry(n, &features(n))).expect("a record is appended");
    }
}

/// All records of the line.
pub fn all(reader: &tidemark_log::Reader) -> Vec<Record> {
    let line = line();
    reader.records(&line, reader.positions(&line)).flat_map(|chunk| chunk.expect("the log can be read")).collect()
}

/// That these are the records of this range, whole and in order, from this position on.
pub fn assert_are(records: &[Record], range: std::ops::Range<u64>, first: u64) {
    assert_eq!(records.len() as u64, range.end - range.start);
    for ((n, position), record) in range.zip(first..).zip(records) {
        let features = features(n);
        assert_eq!(record.position, position);
        let entry = entry(n, &features);
        assert_eq!(record.as_entry(), entry);
        assert_eq!(record.stream.version(), "1");
    }
}
