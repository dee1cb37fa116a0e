//! A disk that fails: full, broken, or not ours to write.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tidemark_log::{AppendError, Cause, Disk, DiskFile, Durability, Log, OpenError, Options, RealDisk};

use crate::support::{Folder, HandClock, all, append, assert_are, entry, features, stream};

/// What the disk is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Create,
    Write,
    Sync,
    Rename,
    Other,
}

#[derive(Default)]
struct Plan {
    /// Calls that fail, as long as they are listed here, and with which error of the operating system.
    failing: Vec<Call>,
    errno: i32,
    /// The call that fails, counted from the next one.
    fails_in: Option<usize>,
    n_calls: usize,
    /// Files whose flush failed, and those that were flushed again afterwards.
    lost: Vec<PathBuf>,
    asked_again: Vec<PathBuf>,
}

/// The machine's file system, except where it is told to fail.
#[derive(Clone, Default)]
struct FaultyDisk(Arc<Mutex<Plan>>);

impl FaultyDisk {
    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.0.lock().unwrap()
    }

    fn call(&self, call: Call) -> io::Result<()> {
        let mut plan = self.plan();
        plan.n_calls += 1;
        let is_the_one = plan.fails_in == Some(0);
        plan.fails_in = plan.fails_in.and_then(|left| left.checked_sub(1));
        if is_the_one || plan.failing.contains(&call) {
            return Err(io::Error::from_raw_os_error(plan.errno));
        }
        Ok(())
    }

    fn options(&self, clock: &HandClock) -> Options {
        Options { disk: Arc::new(self.clone()), ..clock.options() }
    }
}

impl Disk for FaultyDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.call(Call::Create)?;
        // Files get other names, and others get theirs: told apart by when they were made.
        let name = path.join(self.plan().n_calls.to_string());
        Ok(Box::new(FaultyFile { disk: self.clone(), name, file: RealDisk.create(path)? }))
    }

    fn reopen(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.call(Call::Create)?;
        let name = path.join(self.plan().n_calls.to_string());
        Ok(Box::new(FaultyFile { disk: self.clone(), name, file: RealDisk.reopen(path)? }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Call::Rename)?;
        RealDisk.rename(from, to)
    }

    fn exchange(&self, a: &Path, b: &Path) -> io::Result<()> {
        self.call(Call::Rename)?;
        RealDisk.exchange(a, b)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Call::Other)?;
        RealDisk.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call(Call::Other)?;
        RealDisk.remove(path)
    }

    fn create_folders(&self, path: &Path) -> io::Result<()> {
        self.call(Call::Other)?;
        RealDisk.create_folders(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.call(Call::Sync)?;
        RealDisk.sync_folder(path)
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    name: PathBuf,
    file: Box<dyn DiskFile>,
}

impl DiskFile for FaultyFile {
    fn write_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if let Err(error) = self.disk.call(Call::Write) {
            // A write that fails may have written a part.
            self.file.write_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(error);
        }
        self.file.write_at(bytes, offset)
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.disk.plan().lost.contains(&self.name) {
            let name = self.name.clone();
            self.disk.plan().asked_again.push(name);
        }
        if let Err(error) = self.disk.call(Call::Sync) {
            self.disk.plan().lost.push(self.name.clone());
            return Err(error);
        }
        self.file.sync()
    }
}

const ENOSPC: i32 = 28;
const EIO: i32 = 5;
const EACCES: i32 = 13;

#[test]
fn nothing_is_acknowledged_while_the_disk_fails_and_all_is_well_after_it() {
    let causes = [(ENOSPC, Cause::DiskFull), (EIO, Cause::Other), (EACCES, Cause::Permission)];
    let kinds = [vec![Call::Write], vec![Call::Sync], vec![Call::Write, Call::Create], vec![Call::Sync, Call::Rename]];
    for (errno, cause) in causes {
        for failing in &kinds {
            let (folder, clock, disk) = (Folder::new(), HandClock::new(), FaultyDisk::default());
            let log = Log::open(folder.path(), disk.options(&clock)).unwrap();
            let stream = stream(&log);
            append(&log, &stream, 0..10);
            *disk.plan() = Plan { failing: failing.clone(), errno, ..Plan::default() };
            for n in 10..14 {
                let features = features(n);
                match log.append_blocking(&stream, &entry(n, &features)) {
                    Err(AppendError::Unwritable(failure)) => assert_eq!(failure.cause, cause, "{failure}"),
                    other => panic!("{other:?} while {failing:?} fail"),
                }
                assert_eq!(log.failure().map(|failure| failure.cause), Some(cause));
                assert!(matches!(log.flush_blocking(), Err(AppendError::Unwritable(_))));
            }
            assert_are(&all(log.reader()), 0..10, 1);
            disk.plan().failing.clear();
            // Names of records that were not written are free.
            append(&log, &stream, 10..20);
            assert_eq!(log.failure(), None);
            assert_eq!(disk.plan().asked_again, Vec::<PathBuf>::new(), "a file was trusted after its flush had failed");
            assert_are(&all(log.reader()), 0..20, 1);
            drop(log);
            let log = Log::open(folder.path(), clock.options()).unwrap();
            assert_are(&all(log.reader()), 0..20, 1);
        }
    }
}

/// Appends, seals and goes on; returns how many records were acknowledged before the first that was not.
fn run(folder: &Folder, clock: &HandClock, disk: &FaultyDisk) -> Result<Vec<u64>, OpenError> {
    // So small that the next file is made ahead once there are two records.
    let log = Log::open(folder.path(), Options { file_bytes: 600, ..disk.options(clock) })?;
    let mut acknowledged = Vec::new();
    let Ok(stream) = log.stream(crate::support::line(), "1", crate::support::layout()) else { return Ok(acknowledged) };
    for n in 0..6 {
        let features = features(n);
        if log.append_blocking(&stream, &entry(n, &features)).is_ok() {
            acknowledged.push(n);
        }
        if n % 3 == 1 {
            drop(log.tick());
        }
        if n % 3 == 2 {
            clock.advance(1);
            drop(log.seal());
        }
    }
    Ok(acknowledged)
}

#[test]
fn whichever_call_fails_each_acknowledged_record_is_there_once() {
    let clock = HandClock::new();
    let disk = FaultyDisk::default();
    run(&Folder::new(), &clock, &disk).unwrap();
    let n_calls = disk.plan().n_calls;
    assert!(n_calls > 40, "{n_calls}");
    for call in 0..n_calls {
        let (folder, disk) = (Folder::new(), FaultyDisk::default());
        *disk.plan() = Plan { fails_in: Some(call), errno: EIO, ..Plan::default() };
        let acknowledged = run(&folder, &clock, &disk).unwrap_or_default();
        assert_eq!(disk.plan().asked_again, Vec::<PathBuf>::new(), "call {call}");
        // Once more without faults: what failed can be sent again.
        let log = Log::open(folder.path(), clock.options()).unwrap_or_else(|error| panic!("call {call}: {error}"));
        let found: Vec<u64> =
            all(log.reader()).iter().map(|record| (record.time - crate::support::MIDNIGHT) as u64 / 10).collect();
        assert!(found.is_sorted() && found.windows(2).all(|pair| pair[0] < pair[1]), "call {call}: {found:?}");
        assert!(acknowledged.iter().all(|n| found.contains(n)), "call {call}: {acknowledged:?} of {found:?}");
        append(&log, &stream(&log), 0..6);
        log.seal().unwrap();
        let mut found: Vec<u64> =
            all(log.reader()).iter().map(|record| (record.time - crate::support::MIDNIGHT) as u64 / 10).collect();
        found.sort_unstable();
        assert_eq!(found, (0..6).collect::<Vec<_>>(), "call {call}");
    }
}

#[test]
fn what_was_acknowledged_without_waiting_is_written_once_there_is_space_again() {
    let (folder, clock, disk) = (Folder::new(), HandClock::new(), FaultyDisk::default());
    let durability = Durability::Async { flush_within: std::time::Duration::from_millis(5) };
    let log = Log::open(folder.path(), Options { durability, ..disk.options(&clock) }).unwrap();
    let stream = stream(&log);
    let send = |n: u64| {
        let features = features(n);
        log.append_blocking(&stream, &tidemark_log::Entry { is_fresh: true, ..entry(n, &features) })
    };
    let mut acknowledged: Vec<u64> = (0..50).filter(|n| send(*n).is_ok()).collect();
    *disk.plan() = Plan { failing: vec![Call::Write, Call::Create], errno: ENOSPC, ..Plan::default() };
    acknowledged.extend((50..100).filter(|n| send(*n).is_ok()));
    // Whoever waits learns that it is full, and from then on nothing is acknowledged.
    assert!(matches!(log.flush_blocking(), Err(AppendError::Unwritable(_))));
    assert!(matches!(send(100), Err(AppendError::Unwritable(_))));
    disk.plan().failing.clear();
    log.flush_blocking().unwrap();
    acknowledged.extend((101..150).filter(|n| send(*n).is_ok()));
    log.flush_blocking().unwrap();
    drop(log);
    let log = Log::open(folder.path(), clock.options()).unwrap();
    let found: Vec<u64> =
        all(log.reader()).iter().map(|record| (record.time - crate::support::MIDNIGHT) as u64 / 10).collect();
    let mut once = found.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), found.len(), "{found:?}");
    assert!(acknowledged.iter().all(|n| once.binary_search(n).is_ok()), "{acknowledged:?} of {found:?}");
    assert!(acknowledged.len() >= 99);
}

#[test]
fn a_full_disk_is_survived() {
    let folder = Folder::new();
    let mount = folder.path().join("small");
    std::fs::create_dir(&mount).unwrap();
    let mounted =
        std::process::Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(&mount).status();
    if !mounted.is_ok_and(|status| status.success()) {
        println!("skipped a_full_disk_is_survived: no file system can be mounted here");
        return;
    }
    let result = std::panic::catch_unwind(|| fill(&mount));
    let unmounted = std::process::Command::new("umount").arg(&mount).status();
    assert!(unmounted.is_ok_and(|status| status.success()));
    result.unwrap();
}

fn fill(mount: &Path) {
    let clock = HandClock::new();
    let ballast = mount.join("ballast");
    std::fs::write(&ballast, vec![1; 3 << 20]).unwrap();
    let log = Log::open(mount, clock.options()).unwrap();
    let stream = stream(&log);
    let mut n = 0;
    let failure = loop {
        let features = features(n);
        match log.append_blocking(&stream, &entry(n, &features)) {
            Ok(_) => n += 1,
            Err(AppendError::Unwritable(failure)) => break failure,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(failure.cause, Cause::DiskFull, "{failure}");
    assert!(n > 1000, "{n}");
    assert_are(&all(log.reader()), 0..n, 1);
    std::fs::remove_file(&ballast).unwrap();
    append(&log, &stream, n..n + 100);
    drop(log);
    let log = Log::open(mount, clock.options()).unwrap();
    assert_are(&all(log.reader()), 0..n + 100, 1);
}
