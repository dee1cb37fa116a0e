//! What is appended is there, once, in order, and after a restart.

use std::sync::Arc;
use tidemark_log::{AppendError, Appended, BadEntry, Features, Id, Kind, Log, OpenError, Outcome, Value};

use crate::support::{Folder, HandClock, all, append, assert_are, entry, features, line, stream};

#[test]
fn records_are_there_in_order_before_and_after_sealing_and_a_restart() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    let one = stream(&log);
    append(&log, &one, 0..40);
    assert_are(&all(log.reader()), 0..40, 1);
    log.seal().unwrap();
    assert_are(&all(log.reader()), 0..40, 1);
    append(&log, &one, 40..60);
    assert_are(&all(log.reader()), 0..60, 1);
    drop(log);
    let log = Log::open(folder.path(), clock.options()).unwrap();
    assert_eq!(log.recovery().n_records, 20);
    assert_are(&all(log.reader()), 0..60, 1);
    assert_eq!(stream(&log), one);
    append(&log, &one, 60..70);
    log.seal().unwrap();
    drop(log);
    let log = Log::open(folder.path(), clock.options()).unwrap();
    assert_eq!(log.recovery().n_records, 0);
    assert_are(&all(log.reader()), 0..70, 1);
    assert_eq!(log.reader().segments(&line()).len(), 2);
}

#[test]
fn a_day_is_a_folder() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    let stream = stream(&log);
    append(&log, &stream, 0..10);
    clock.advance(24 * 3600 * 1000);
    append(&log, &stream, 10..25);
    log.seal().unwrap();
    let segments = log.reader().segments(&line());
    let paths: Vec<String> = segments
        .iter()
        .map(|segment| segment.path.strip_prefix(folder.path()).unwrap().display().to_string())
        .collect();
    assert_eq!(
        paths,
        [
            "predictions/model=fraud/date=2026-11-24/part-1-11.parquet",
            "predictions/model=fraud/date=2026-11-25/part-11-26.parquet"
        ]
    );
    assert_are(&all(log.reader()), 0..25, 1);
}

#[test]
fn a_record_sent_again_is_there_once() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let mut log = Log::open(folder.path(), clock.options()).unwrap();
    for round in 0..4 {
        let stream = stream(&log);
        append(&log, &stream, 0..30);
        let again = features(7);
        let mut again = entry(7, &again);
        again.time += 1;
        again.request_id = Some("another request");
        let known = log.append_blocking(&stream, &again).unwrap();
        assert_eq!(known, Appended { position: Some(8), is_new: false }, "round {round}");
        again.outcome = Outcome::Class(1);
        let conflict = log.append_blocking(&stream, &again);
        assert_eq!(conflict, Err(AppendError::Conflict { id: again.id.clone(), position: 8 }), "round {round}");
        assert_are(&all(log.reader()), 0..30, 1);
        // The same from memory, from a segment, from both after a restart.
        match round {
            0 => log.seal().unwrap(),
            1 => {
                drop(log);
                log = Log::open(folder.path(), clock.options()).unwrap();
            }
            _ => {}
        }
    }
}

#[test]
fn a_batch_is_there_as_a_whole_or_not_at_all() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    let stream = stream(&log);
    append(&log, &stream, 0..5);
    log.seal().unwrap();
    append(&log, &stream, 5..10);
    let values: Vec<Vec<Value>> = (0..20).map(features).collect();
    let mut batch: Vec<_> = (0..20).map(|n| entry(n, &values[n as usize])).collect();
    batch[9].outcome = Outcome::Class(0);
    let conflict = AppendError::Conflict { id: batch[9].id.clone(), position: 10 };
    assert_eq!(log.append_all_blocking(&stream, &batch), Err(conflict));
    batch[9] = entry(9, &values[9]);
    batch[15].features = Features::Numbers(&[1.0, 2.0]);
    let short = AppendError::Entry(BadEntry::FeatureCount { expected: 3, found: 2 });
    assert_eq!(log.append_all_blocking(&stream, &batch), Err(short));
    batch[15] = entry(15, &values[15]);
    // A name twice in one batch: with other content it is refused, with the same it is one record.
    batch[12].id = batch[11].id.clone();
    assert!(matches!(log.append_all_blocking(&stream, &batch), Err(AppendError::Conflict { .. })));
    batch[12] = entry(12, &values[12]);
    batch.push(batch[18].clone());
    assert_are(&all(log.reader()), 0..10, 1);
    let appended = log.append_all_blocking(&stream, &batch).unwrap();
    let positions: Vec<u64> = appended.iter().filter_map(|appended| appended.position).collect();
    assert_eq!(positions, (1..=20).chain([19]).collect::<Vec<_>>());
    assert_eq!(appended.iter().filter(|appended| appended.is_new).count(), 10);
    assert_are(&all(log.reader()), 0..20, 1);
}

#[test]
fn what_does_not_fit_the_stream_is_refused_by_name() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    let stream = stream(&log);
    let refused = |features: Features<'_>, outcome: Outcome| {
        let values = features_of_one();
        let entry = tidemark_log::Entry { features, outcome, ..entry(1, &values) };
        match log.append_blocking(&stream, &entry) {
            Err(AppendError::Entry(error)) => Some(error),
            Ok(_) => None,
            other => panic!("{other:?}"),
        }
    };
    let text = [Value::Text("x".into()), Value::Missing, Value::Missing];
    let wrong = BadEntry::FeatureKind { name: "Amount".into(), expected: Kind::Number };
    assert_eq!(refused(Features::Values(&text), Outcome::Class(0)), Some(wrong));
    let wrong = BadEntry::FeatureKind { name: "country".into(), expected: Kind::Text };
    assert_eq!(refused(Features::Numbers(&[1.0, 2.0, 3.0]), Outcome::Class(0)), Some(wrong));
    assert_eq!(refused(Features::Numbers(&[1.0, 2.0, f64::NAN]), Outcome::Class(2)), Some(BadEntry::Outcome));
    assert_eq!(refused(Features::Numbers(&[1.0, 2.0, f64::NAN]), Outcome::Number(1.0)), Some(BadEntry::Outcome));
    assert_eq!(refused(Features::Numbers(&[1.0, 2.0, f64::NAN]), Outcome::Class(1)), None);
    let long = [Value::Missing, Value::Missing, Value::Text("x".repeat(2 << 20).into())];
    assert!(matches!(refused(Features::Values(&long), Outcome::Class(0)), Some(BadEntry::TooLong { .. })));
}

fn features_of_one() -> Vec<Value> {
    features(1)
}

#[test]
fn a_second_process_is_refused() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    let second = Log::open(folder.path(), clock.options()).map(|_| ());
    assert_eq!(second, Err(OpenError::Locked { path: folder.path().join("wal/lock") }));
    drop(log);
    assert!(Log::open(folder.path(), clock.options()).is_ok());
}

#[test]
fn many_callers_at_once_get_a_place_each() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Arc::new(Log::open(folder.path(), clock.options()).unwrap());
    let stream = stream(&log);
    std::thread::scope(|scope| {
        for caller in 0..8 {
            let (log, stream) = (&log, &stream);
            scope.spawn(move || append(log, stream, caller * 100..(caller + 1) * 100));
        }
    });
    let records = all(log.reader());
    let positions: Vec<u64> = records.iter().map(|record| record.position).collect();
    assert_eq!(positions, (1..=800).collect::<Vec<_>>());
    let ids: std::collections::BTreeSet<Id> = records.iter().map(|record| record.id.clone()).collect();
    assert_eq!(ids.len(), 800);
    // A caller's own records are in its order.
    for caller in 0..8 {
        let own = records.iter().filter(|record| {
            let n: u64 = record.id.to_string()["order ".len()..].parse().unwrap();
            n / 100 == caller
        });
        let own: Vec<_> = own.map(|record| record.time).collect();
        assert!(own.is_sorted());
    }
}

/// Runs a future on this thread, which sleeps while there is nothing to do.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(std::thread::current())).into();
    let mut context = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            std::task::Poll::Ready(result) => return result,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn who_may_not_wait_for_the_disk_learns_of_sealed_names_too() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    append(&log, &stream(&log), 0..30);
    log.seal().unwrap();
    drop(log);
    // No filter is in memory yet.
    let log = Log::open(folder.path(), clock.options()).unwrap();
    let stream = stream(&log);
    let all_features: Vec<_> = (0..40).map(features).collect();
    let entry = |n: usize| entry(n as u64, &all_features[n]);
    let known = |position| Appended { position: Some(position), is_new: false };
    assert_eq!(block_on(log.append(&stream, &entry(7))), Ok(known(8)));
    let mut other = entry(7);
    other.outcome = Outcome::Class(1);
    let conflict = AppendError::Conflict { id: other.id.clone(), position: 8 };
    assert_eq!(block_on(log.append(&stream, &other)), Err(conflict.clone()));
    assert_eq!(block_on(log.append_all(&stream, &[entry(30), other])), Err(conflict));
    let both = block_on(log.append_all(&stream, &[entry(29), entry(30)])).unwrap();
    assert_eq!(both, [known(30), Appended { position: Some(31), is_new: true }]);
    assert_are(&all(log.reader()), 0..31, 1);
}
