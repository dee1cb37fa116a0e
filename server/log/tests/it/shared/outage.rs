//! A database that goes away, and connections that break at the worst moment.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tidemark_log::{AppendError, Durability, Entry, Id, Log, Options};
use tidemark_throwaway::Server;

use super::{Place, open};
use crate::crash::assert_all_there;
use crate::support::{Folder, MIDNIGHT, all, entry, features, line, stream};

#[test]
fn a_database_that_stops_and_starts_again_takes_nothing_with_it() {
    let Some(mut server) = Server::start(true) else { return };
    let place = Place::on(&server);
    let options = || Options { file_bytes: 40_000, ..Options::default() };
    let logs = ["a", "b"].map(|name| open(place.folder.path(), &place.database, name, options()));
    let streams = logs.each_ref().map(stream);
    let (is_over, n_errors, next) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let acknowledged: Mutex<BTreeMap<u64, u64>> = Mutex::default();
    let longest = Mutex::new(Duration::ZERO);
    std::thread::scope(|scope| {
        for caller in 0..6 {
            let (log, stream) = (&logs[caller % 2], &streams[caller % 2]);
            let (is_over, n_errors, next, acknowledged, longest) =
                (&is_over, &n_errors, &next, &acknowledged, &longest);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let values = features(n);
                    let position = loop {
                        let began = Instant::now();
                        match log.append_blocking(stream, &entry(n, &values)) {
                            Ok(appended) => break appended.position.expect("a committed record has a position"),
                            // It is sent again under its name until it is acknowledged.
                            Err(AppendError::Unwritable(_)) => n_errors.fetch_add(1, Ordering::Relaxed),
                            Err(error) => panic!("{error}"),
                        };
                        let mut longest = longest.lock().expect("nobody panics with it");
                        *longest = longest.max(began.elapsed());
                    };
                    acknowledged.lock().expect("nobody panics with it").insert(n, position);
                }
            });
        }
        let _ends = End(&is_over);
        let n_acknowledged = || acknowledged.lock().expect("nobody panics with it").len();
        for round in 0..3 {
            let (before, until) = (n_acknowledged(), Instant::now() + Duration::from_secs(60));
            while n_acknowledged() < before + 40 && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(5));
            }
            server.stop();
            // Longer than a replica is patient.
            std::thread::sleep(Duration::from_millis(if round == 1 { 4500 } else { 300 }));
            if round == 1 {
                assert!(logs.iter().all(|log| log.failure().is_some()), "it is said that nothing can be written");
                let began = Instant::now();
                assert!(logs[0].reader().end(&line()) > 1, "what is known can be read");
                assert!(began.elapsed() < Duration::from_secs(2), "and nobody waits for it: {:?}", began.elapsed());
            }
            server.resume();
        }
        let (before, until) = (n_acknowledged(), Instant::now() + Duration::from_secs(60));
        while n_acknowledged() < before + 40 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
    });
    let acknowledged = acknowledged.into_inner().expect("nobody panicked with it");
    let (n_errors, longest) = (n_errors.into_inner(), longest.into_inner().expect("nobody panicked with it"));
    assert!(n_errors > 0, "while the database was away callers were told so");
    assert!(longest < Duration::from_secs(10), "a caller waited {longest:?} for that");
    assert!(logs.iter().all(|log| log.failure().is_none()), "all is well again");
    let records = logs.each_ref().map(|log| all(log.reader()));
    for records in &records {
        assert_all_there(records, &acknowledged);
    }
    drop(logs);
    let log = open(place.folder.path(), &place.database, "last", options());
    assert_all_there(&all(log.reader()), &acknowledged);
    println!("3 stops, {} records acknowledged, {n_errors} errors, the longest after {longest:?}", acknowledged.len());
}

/// Ends what runs beside, also when a check has failed.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Passes connections on to PostgreSQL, and breaks them where it is told to.
struct Between {
    folder: Folder,
    cuts: Arc<Cuts>,
}

#[derive(Default)]
struct Cuts {
    /// The next thing that PostgreSQL says does not arrive.
    answer: AtomicBool,
    /// The next thing that is said to PostgreSQL does not arrive.
    question: AtomicBool,
}

const SOCKET: &str = ".s.PGSQL.5432";

impl Between {
    fn new(server: &Server) -> Self {
        let (folder, cuts) = (Folder::new(), Arc::new(Cuts::default()));
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("a socket");
        let (behind, shared) = (server.folder().join(SOCKET), Arc::clone(&cuts));
        // It goes with the test's process.
        std::thread::spawn(move || listener.incoming().flatten().for_each(|client| pass_on(client, &behind, &shared)));
        Self { folder, cuts }
    }

    fn address(&self, database: &str) -> String {
        let (_, rest) = database.split_once(' ').expect("the host comes first");
        format!("host={} {rest}", self.folder.path().display())
    }
}

fn pass_on(client: UnixStream, behind: &Path, cuts: &Arc<Cuts>) {
    let Ok(server) = UnixStream::connect(behind) else { return };
    for is_answer in [true, false] {
        let (from, to) = if is_answer { (&server, &client) } else { (&client, &server) };
        let ends = [from, to].map(|end| end.try_clone().expect("a socket"));
        let cuts = Arc::clone(cuts);
        std::thread::spawn(move || {
            let [mut from, mut to] = ends;
            let cut = if is_answer { &cuts.answer } else { &cuts.question };
            let mut bytes = [0; 1 << 16];
            while let Ok(n @ 1..) = from.read(&mut bytes) {
                if cut.swap(false, Ordering::Relaxed) || to.write_all(&bytes[..n]).is_err() {
                    break;
                }
            }
            let _gone = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
        });
    }
}

/// The n-th record under a name that nobody had before: sent twice it would be there twice.
fn append_fresh(log: &Log, on: &Arc<tidemark_log::Stream>, n: u64) -> (Id, Option<u64>) {
    let (values, id) = (features(n), Id::fresh(MIDNIGHT));
    let entry = Entry { id: id.clone(), is_fresh: true, ..entry(n, &values) };
    (id, log.append_blocking(on, &entry).expect("a record is appended, though connections break").position)
}

#[test]
fn a_connection_that_breaks_in_the_middle_of_a_commit_writes_nothing_twice() {
    let Some(server) = tidemark_throwaway::shared() else { return };
    for contended in [false, true] {
        let place = Place::on(server);
        let between = Between::new(server);
        let address = between.address(&place.database);
        let a = open(place.folder.path(), &address, "a", place.clock.options());
        let b = open(place.folder.path(), &place.database, "b", place.clock.options());
        let streams = [stream(&a), stream(&b)];
        let (is_over, n_through) = (AtomicBool::new(false), AtomicU64::new(0));
        let answered: Mutex<Vec<(Id, u64)>> = Mutex::default();
        std::thread::scope(|scope| {
            for caller in 0..4_u64 {
                let is_direct = contended && caller % 2 == 1;
                let (log, on) = if is_direct { (&b, &streams[1]) } else { (&a, &streams[0]) };
                let (is_over, answered, n_through) = (&is_over, &answered, &n_through);
                scope.spawn(move || {
                    for n in 0.. {
                        if is_over.load(Ordering::Relaxed) {
                            break;
                        }
                        let (id, position) = append_fresh(log, on, n);
                        let position = position.expect("a committed record has a position");
                        answered.lock().expect("nobody panics with it").push((id, position));
                        n_through.fetch_add(u64::from(!is_direct), Ordering::Relaxed);
                    }
                });
            }
            let _ends = End(&is_over);
            for cut in 0..30 {
                // Not before something has come through since the last: connections take their time on a busy machine.
                let (before, until) = (n_through.load(Ordering::Relaxed), Instant::now() + Duration::from_secs(60));
                while n_through.load(Ordering::Relaxed) < before + 4 && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(2));
                }
                let which = if cut % 3 == 2 { &between.cuts.question } else { &between.cuts.answer };
                which.store(true, Ordering::Relaxed);
                while which.load(Ordering::Relaxed) && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(2));
                }
            }
        });
        let answered = answered.into_inner().expect("nobody panicked with it");
        for log in [&a, &b] {
            let records = all(log.reader());
            assert_eq!(records.len(), answered.len(), "each once, contended: {contended}");
            for (id, position) in &answered {
                assert_eq!(records[*position as usize - 1].id, *id, "where it was said to be");
            }
        }
    }
}

#[test]
fn what_was_acknowledged_without_waiting_is_written_once_though_connections_break() {
    let Some(server) = tidemark_throwaway::shared() else { return };
    let place = Place::on(server);
    let between = Between::new(server);
    let flush_within = Duration::from_millis(10);
    let options = Options { durability: Durability::Async { flush_within }, ..place.clock.options() };
    let a = open(place.folder.path(), &between.address(&place.database), "a", options);
    let b = place.open("b");
    let on = stream(&a);
    let mut ids = Vec::new();
    for cut in 0..20 {
        for n in 0..100 {
            ids.push(append_fresh(&a, &on, n).0);
        }
        std::thread::sleep(Duration::from_millis(20));
        let which = if cut % 2 == 0 { &between.cuts.question } else { &between.cuts.answer };
        which.store(true, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(120));
    }
    a.flush_blocking().expect("the connection is back");
    let mut found: Vec<Id> = all(b.reader()).into_iter().map(|record| record.id).collect();
    assert_eq!(found.len(), ids.len());
    found.sort();
    ids.sort();
    assert_eq!(found, ids);
}

/// The folder that replicas share goes away and comes back.
#[test]
fn segments_that_cannot_be_seen_yet_are_read_from_memory() {
    let Some(place) = Place::new() else { return };
    // b has the same database, and a folder that lags behind.
    let (a, late) = (place.open("a"), Folder::new());
    std::fs::copy(place.folder.path().join(".tidemark-log"), late.path().join(".tidemark-log")).expect("a copy");
    let b = open(late.path(), &place.database, "b", place.clock.options());
    crate::support::append(&a, &stream(&a), 0..30);
    assert_eq!(b.reader().end(&line()), 31);
    a.seal().expect("a segment is made");
    crate::support::append(&a, &stream(&a), 30..40);
    crate::support::assert_are(&all(b.reader()), 0..40, 1);
    assert_eq!(b.reader().segments(&line()).len(), 0, "it cannot be seen");
    copy(&place.folder.path().join("predictions"), &late.path().join("predictions"));
    crate::support::assert_are(&all(b.reader()), 0..40, 1);
    assert_eq!(b.reader().segments(&line()).len(), 1);
}

fn copy(from: &Path, to: &PathBuf) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("a copy");
        }
    }
}
