//! Files that are cut off, or whose bits have changed.

use std::path::{Path, PathBuf};
use tidemark_log::{Log, ReadError, Reader};

use crate::support::{Folder, HandClock, all, append, assert_are, stream};

/// A log of ten records in one file, each in a group of its own, as a crash leaves it; the file and its bytes.
fn ten_records(folder: &Folder) -> (PathBuf, Vec<u8>) {
    let log = Log::open(folder.path(), HandClock::new().options()).unwrap();
    append(&log, &stream(&log), 0..10);
    // While the log is open, the folder holds what a crash would leave.
    let path = only_file(folder.path());
    let mut bytes = std::fs::read(&path).unwrap();
    drop(log);
    // Of the zeros that were written ahead a few are as good as many.
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1 + 64);
    std::fs::write(&path, &bytes).unwrap();
    (path, bytes)
}

fn only_file(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder.join("wal")).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "wal")).collect();
    assert_eq!(files.len(), 1);
    files.into_iter().next().unwrap()
}

/// Where the last group begins and where it ends.
fn last_group(bytes: &[u8]) -> (usize, usize) {
    let mark = b"\xf1TMGRP\r\n";
    let last = bytes.windows(mark.len()).rposition(|window| window == mark).expect("there are groups");
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    // Length, checksum and kind stand before the mark.
    (last - 9, end)
}

#[test]
fn a_torn_last_write_takes_nothing_with_it() {
    let folder = Folder::new();
    let (path, bytes) = ten_records(&folder);
    let (begin, end) = last_group(&bytes);
    assert!(end - begin > 100);
    for cut in begin..end {
        // The file ends there, or the rest was not written over the zeros that were there before.
        let mut zeroed = bytes.clone();
        zeroed[cut..].fill(0);
        for torn in [&bytes[..cut], &zeroed] {
            std::fs::write(&path, torn).unwrap();
            let reader = Reader::open(folder.path()).unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
            assert_are(&all(&reader), 0..9, 1);
        }
    }
    // The log goes on behind what is left.
    std::fs::write(&path, &bytes[..end - 1]).unwrap();
    let log = Log::open(folder.path(), HandClock::new().options()).unwrap();
    assert!(log.recovery().torn_bytes > 0);
    append(&log, &stream(&log), 9..12);
    assert_are(&all(log.reader()), 0..12, 1);
    drop(log);
    let log = Log::open(folder.path(), HandClock::new().options()).unwrap();
    assert_are(&all(log.reader()), 0..12, 1);
}

#[test]
fn a_bit_that_changed_before_the_last_write_is_named() {
    let folder = Folder::new();
    let (path, bytes) = ten_records(&folder);
    let (last, end) = last_group(&bytes);
    for at in 0..last {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&path, &flipped).unwrap();
        match Reader::open(folder.path()) {
            Err(ReadError::Damaged(damage)) => {
                assert_eq!(damage.path, path);
                assert!(damage.offset.is_some_and(|offset| offset as usize <= at), "{damage} for a bit at {at}");
            }
            other => panic!("a bit at {at} of {last} went unnoticed: {:?}", other.map(|reader| all(&reader).len())),
        }
    }
    // In the last group nobody can tell a changed bit from a torn write, but nothing wrong is read.
    for at in last..end {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&path, &flipped).unwrap();
        assert_are(&all(&Reader::open(folder.path()).unwrap()), 0..9, 1);
    }
}

#[test]
fn a_missing_file_is_a_hole_and_not_an_end() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    for round in 0..3 {
        let log = Log::open(folder.path(), clock.options()).unwrap();
        append(&log, &stream(&log), 10 * round..10 * (round + 1));
    }
    let files = |folder: &Folder| {
        let files = std::fs::read_dir(folder.path().join("wal")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|name| name == "wal")).collect();
        files.sort();
        files
    };
    let files = files(&folder);
    assert_eq!(files.len(), 3);
    let hidden = folder.path().join("hidden");
    std::fs::rename(&files[1], &hidden).unwrap();
    assert!(matches!(Reader::open(folder.path()), Err(ReadError::Damaged(_))));
    std::fs::rename(&hidden, &files[1]).unwrap();
    assert_are(&all(&Reader::open(folder.path()).unwrap()), 0..30, 1);
}

#[test]
fn a_segment_that_changed_is_not_read() {
    let folder = Folder::new();
    let log = Log::open(folder.path(), HandClock::new().options()).unwrap();
    append(&log, &stream(&log), 0..50);
    log.seal().unwrap();
    let path = log.reader().segments(&crate::support::line())[0].path.clone();
    drop(log);
    let bytes = std::fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 300 + 1) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&path, &flipped).unwrap();
        let read = Reader::open(folder.path()).and_then(|reader| {
            let line = crate::support::line();
            reader.records(&line, reader.positions(&line)).collect::<Result<Vec<_>, _>>()
        });
        match read {
            Err(ReadError::Damaged(damage)) => assert_eq!(damage.path, path),
            other => panic!("a bit at {at} went unnoticed: {other:?}"),
        }
    }
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert!(matches!(Reader::open(folder.path()), Err(ReadError::Damaged(_))));
}

#[test]
fn a_first_file_that_was_sealed_and_not_deleted_is_known_as_such() {
    // The line begins in this file, so no header says where. Its records were counted on behind the segments: a kill
    // between the rename of a segment and the deletion of the file left a log that could not be opened.
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    append(&log, &stream(&log), 0..20);
    let first = only_file(folder.path());
    let bytes = std::fs::read(&first).unwrap();
    log.seal().unwrap();
    assert!(!first.exists());
    append(&log, &stream(&log), 20..30);
    drop(log);
    std::fs::write(&first, bytes).unwrap();
    assert_are(&all(&Reader::open(folder.path()).unwrap()), 0..30, 1);
    let log = Log::open(folder.path(), clock.options()).unwrap();
    assert!(!first.exists(), "what is sealed is deleted");
    append(&log, &stream(&log), 30..40);
    assert_are(&all(log.reader()), 0..40, 1);
}

#[test]
fn a_folder_without_a_log_is_no_empty_log() {
    let folder = Folder::new();
    for path in [folder.path().to_owned(), folder.path().join("nowhere")] {
        let no_log = ReadError::NoLog { folder: path.clone() };
        assert_eq!(tidemark_log::verify(&path).unwrap_err(), no_log);
        assert_eq!(Reader::open(&path).unwrap_err(), no_log);
    }
    drop(Log::open(folder.path(), HandClock::new().options()).unwrap());
    assert_eq!(tidemark_log::verify(folder.path()).unwrap().problems, []);
}
