//! A log that replicas share: each of them reads what all have written, and any of them may go at any time.

use std::path::Path;
use tidemark_log::{
    AppendError, Appended, Durability, Id, Label, Line, Log, OpenError, Options, Outcome, Policy, Retention, SharedBy,
    Value,
};
use tidemark_throwaway::Server;

use crate::support::{Folder, HandClock, MIDNIGHT, all, append, assert_are, entry, features, layout, line, stream};

mod outage;
mod processes;
mod sealing;

pub fn by(database: &str, replica: &str) -> SharedBy {
    SharedBy { address: database.parse().expect("an address"), replica: replica.to_owned() }
}

pub fn open(folder: &Path, database: &str, replica: &str, options: Options) -> Log {
    Log::open_shared(folder, &by(database, replica), options).expect("a replica opens the log")
}

/// A database and a folder that replicas share.
pub struct Place {
    pub database: String,
    pub folder: Folder,
    pub clock: HandClock,
}

impl Place {
    /// `None` where there is no PostgreSQL, which is said.
    pub fn new() -> Option<Self> {
        let server = tidemark_throwaway::shared()?;
        Some(Self::on(server))
    }

    pub fn on(server: &Server) -> Self {
        Self { database: server.database(), folder: Folder::new(), clock: HandClock::new() }
    }

    pub fn open(&self, replica: &str) -> Log {
        open(self.folder.path(), &self.database, replica, self.clock.options())
    }
}

#[test]
fn what_one_replica_was_answered_the_other_reads() {
    let Some(place) = Place::new() else { return };
    let (a, b) = (place.open("a"), place.open("b"));
    let (on_a, on_b) = (stream(&a), stream(&b));
    assert_eq!(on_a, on_b, "one stream, whoever makes it known");
    for n in 0..40 {
        let (log, on) = if n % 3 == 0 { (&a, &on_a) } else { (&b, &on_b) };
        append(log, on, n..n + 1);
        let other = if n % 3 == 0 { &b } else { &a };
        assert_eq!(other.reader().end(&line()), n + 2, "right after the answer");
        assert_are(&all(other.reader()), 0..n + 1, 1);
    }
    drop(a);
    let a = place.open("a");
    assert_eq!(a.recovery().n_records, 40);
    assert_are(&all(a.reader()), 0..40, 1);
    assert_eq!(a.reader().latest(&line(), 5).unwrap().len(), 5);
    assert_eq!(a.reader().lines(), [line()]);
}

#[test]
fn an_id_is_one_record_whoever_gets_it() {
    let Some(place) = Place::new() else { return };
    let (a, b) = (place.open("a"), place.open("b"));
    let (on_a, on_b) = (stream(&a), stream(&b));
    append(&a, &on_a, 0..30);
    for round in 0..4 {
        append(&b, &on_b, 0..30);
        let values = features(7);
        let mut again = entry(7, &values);
        again.time += 1;
        let known = b.append_blocking(&on_b, &again).unwrap();
        assert_eq!(known, Appended { position: Some(8), is_new: false }, "round {round}");
        again.outcome = Outcome::Class(1);
        let conflict = Err(AppendError::Conflict { id: again.id.clone(), position: 8 });
        assert_eq!(b.append_blocking(&on_b, &again), conflict, "round {round}");
        let batch: Vec<Vec<Value>> = (25..35).map(features).collect();
        let batch: Vec<_> = (25..35).map(|n| entry(n, &batch[n as usize - 25])).collect();
        let appended = b.append_all_blocking(&on_b, &batch).unwrap();
        assert_eq!(appended.iter().filter(|appended| appended.is_new).count(), if round == 0 { 5 } else { 0 });
        assert_are(&all(b.reader()), 0..35, 1);
        // From memory; from segments that the other made; from segments that b read when they were made; from large ones.
        match round {
            0 => a.seal().unwrap(),
            1 => {
                append(&a, &on_a, 0..35);
                assert_eq!(a.reader().segments(&line()).len(), 1);
            }
            _ => {
                append(&b, &on_b, 0..35);
                b.seal().unwrap();
            }
        }
    }
}

#[test]
fn replicas_that_write_at_once_leave_no_holes() {
    let Some(place) = Place::new() else { return };
    let logs = [place.open("a"), place.open("b"), place.open("c")];
    let streams = logs.each_ref().map(stream);
    let labels = logs.each_ref().map(|log| log.label_stream("fraud").unwrap());
    // Every record is sent to two of the three.
    std::thread::scope(|scope| {
        for sender in 0..6 {
            let (log, stream, labels) = (&logs[sender % 3], &streams[sender % 3], &labels[sender % 3]);
            let half = (sender + sender / 3) % 3;
            scope.spawn(move || {
                for n in 0..100 {
                    let n = 100 * half as u64 + n;
                    let values = features(n);
                    log.append_blocking(stream, &entry(n, &values)).expect("a record is appended");
                    if sender < 3 && n.is_multiple_of(10) {
                        let id = Id::given(&format!("order {n}")).expect("a name");
                        let label = Label { id, value: Value::Number(n as f64) };
                        log.add_labels_blocking(labels, &[label]).expect("a label is appended");
                    }
                }
            });
        }
    });
    let records = logs.each_ref().map(|log| all(log.reader()));
    assert_eq!(records[0], records[1]);
    assert_eq!(records[0], records[2]);
    let positions: Vec<u64> = records[0].iter().map(|record| record.position).collect();
    assert_eq!(positions, (1..=300).collect::<Vec<_>>());
    let ids: std::collections::BTreeSet<_> = records[0].iter().map(|record| record.id.clone()).collect();
    assert_eq!(ids.len(), 300);
    let ids: Vec<Id> = ids.into_iter().collect();
    for log in &logs {
        assert_eq!(log.reader().end(&Line::labels("fraud")), 31);
        assert_eq!(log.reader().labels_of("fraud", &ids).unwrap().len(), 30);
    }
}

#[test]
fn streams_of_several_versions_and_lines_are_known_to_all() {
    let Some(place) = Place::new() else { return };
    let (a, b) = (place.open("a"), place.open("b"));
    let one = stream(&a);
    let two = b.stream(line(), "2", layout()).unwrap();
    let shadow = a.stream(Line::Shadow { model: "fraud".into(), version: "3".into() }, "3", layout()).unwrap();
    assert_eq!(a.stream(line(), "2", layout()).unwrap(), two);
    assert_eq!(b.stream(line(), "1", layout()).unwrap(), one);
    append(&a, &one, 0..3);
    append(&b, &two, 3..5);
    append(&a, &shadow, 0..4);
    for log in [&a, &b] {
        assert_eq!(log.reader().end(&line()), 6);
        assert_eq!(log.reader().end(shadow.line()), 5);
        assert_eq!(log.reader().streams().len(), 3);
    }
    b.seal().unwrap();
    drop((a, b));
    let c = place.open("c");
    assert_eq!(c.reader().streams().len(), 3);
    assert_eq!(c.recovery().n_records, 0);
    assert_eq!(stream(&c), one);
    append(&c, &two, 3..5);
    let versions: Vec<_> = all(c.reader()).iter().map(|record| record.stream.version().to_owned()).collect();
    assert_eq!(versions, ["1", "1", "1", "2", "2"]);
}

#[test]
fn what_nobody_waits_for_is_there_once_it_is_flushed() {
    let Some(place) = Place::new() else { return };
    let flush_within = std::time::Duration::from_millis(10);
    let options = Options { durability: Durability::Async { flush_within }, ..place.clock.options() };
    let a = open(place.folder.path(), &place.database, "a", options);
    let b = place.open("b");
    let on = stream(&a);
    for n in 0..200 {
        let values = features(n);
        let entry = tidemark_log::Entry { id: Id::fresh(MIDNIGHT), is_fresh: true, ..entry(n, &values) };
        assert_eq!(a.append_blocking(&on, &entry).unwrap(), Appended { position: None, is_new: true });
    }
    a.flush_blocking().unwrap();
    assert_eq!(b.reader().end(&line()), 201);
}

#[test]
fn a_folder_of_another_log_is_refused() {
    let Some(place) = Place::new() else { return };
    drop(place.open("a"));
    let other = Folder::new();
    drop(Log::open(other.path(), Options::default()).unwrap());
    let refused = Log::open_shared(other.path(), &by(&place.database, "b"), Options::default());
    assert!(matches!(refused, Err(OpenError::OtherLog { .. })), "a log of one process");
    let elsewhere = Place::new().expect("there was a server before");
    drop(elsewhere.open("a"));
    let refused = Log::open_shared(place.folder.path(), &by(&elsewhere.database, "b"), Options::default());
    assert!(matches!(refused, Err(OpenError::OtherLog { .. })), "the segments of another database's log");
    let refused = Log::open(place.folder.path(), Options::default());
    assert!(matches!(refused, Err(OpenError::OtherLog { .. })), "a process alone in a folder that replicas share");
}

#[test]
fn a_database_that_is_not_there_is_said_without_the_password() {
    let folder = Folder::new();
    let nowhere = format!("host={} user=tide password=hunter2 dbname=x", folder.path().display());
    let Err(error) = Log::open_shared(folder.path(), &by(&nowhere, "a"), Options::default()) else {
        panic!("there is no server");
    };
    assert!(matches!(error, OpenError::Write(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

/// Predictions of a model, whatever is done with them, come out of any replica as they went in.
#[test]
fn whatever_replicas_do_the_same_records_are_read() {
    let Some(_) = tidemark_throwaway::shared() else { return };
    for seed in 0..4 {
        let place = Place::new().expect("there was a server before");
        let mut random = tidemark::random::Rng::new(seed);
        let mut logs: Vec<Log> = ["a", "b"].map(|name| place.open(name)).into();
        let (mut next, mut first) = (0, 0);
        for _ in 0..60 {
            let at = (random.next() % 2) as usize;
            match random.next() % 12 {
                0..=4 => {
                    let n = 1 + random.next() % 40;
                    append(&logs[at], &stream(&logs[at]), next..next + n);
                    next += n;
                }
                5 | 6 => logs[at].seal().unwrap(),
                7 => place.clock.advance((random.next() % 10) as i64 * 3_600_000),
                8 => drop(logs[at].compact(40_000).unwrap()),
                9 => {
                    let max_age = Some(8 * 3_600_000);
                    logs[at].retain(Retention { max_age, max_bytes: None }).unwrap();
                    first = logs[at].reader().positions(&line()).start - 1;
                }
                10 => {
                    let now = MIDNIGHT;
                    logs[at].maintain(now, &Policy::default()).unwrap();
                }
                _ => logs[at] = place.open("again"),
            }
            let read = (random.next() % 2) as usize;
            assert_eq!(logs[read].reader().end(&line()), next + 1);
            assert_are(&all(logs[read].reader()), first..next, first + 1);
            if next > 0 {
                // Whatever was sent before is known by its name, if it is still there.
                let n = first + random.next() % (next - first).max(1);
                if n < next {
                    append(&logs[at], &stream(&logs[at]), n..n + 1);
                    assert_eq!(logs[at].reader().end(&line()), next + 1, "record {n} is not taken twice");
                }
            }
        }
    }
}
