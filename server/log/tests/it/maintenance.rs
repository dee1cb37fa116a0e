//! Sealing, compaction, retention and restarts change where records are, and not what is read.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use tidemark::random::Rng;
use tidemark_log::{
    Id, Kind, Label, LabelRecord, Line, Log, Maintained, Outcome, Policy, Reader, Retention, Value, verify,
};

use crate::support::{Folder, HandClock, all, append, assert_are, layout, line, stream};

const HOUR: i64 = 3_600_000;

#[test]
fn whatever_is_done_to_the_log_the_same_records_are_read() {
    let mut n_deleted = 0;
    for seed in 0..8 {
        let mut random = Rng::new(seed);
        let (folder, clock) = (Folder::new(), HandClock::new());
        let mut log = Log::open(folder.path(), clock.options()).unwrap();
        let (mut next, mut first) = (0, 0);
        for _ in 0..60 {
            match random.next() % 10 {
                0..=3 => {
                    let n = 1 + random.next() % 40;
                    append(&log, &stream(&log), next..next + n);
                    next += n;
                }
                4 | 5 => log.seal().unwrap(),
                6 => clock.advance((random.next() % 10) as i64 * HOUR),
                7 => drop(log.compact(40_000).unwrap()),
                8 => {
                    let max_age = Some(8 * HOUR);
                    log.retain(Retention { max_age, max_bytes: None }).unwrap();
                    first = log.reader().positions(&line()).start - 1;
                }
                _ => {
                    drop(log);
                    log = Log::open(folder.path(), clock.options()).unwrap();
                }
            }
            assert_eq!(log.reader().end(&line()), next + 1);
            assert_are(&all(log.reader()), first..next, first + 1);
            assert_are(&all(&Reader::open(folder.path()).unwrap()), first..next, first + 1);
        }
        n_deleted += first;
        let verified = verify(folder.path()).unwrap();
        assert_eq!(verified.problems, []);
        assert_eq!(verified.n_sealed + verified.n_unsealed, next - first);
        assert_queries(&mut random, log.reader(), first..next);
    }
    assert!(n_deleted > 0, "retention was tried");
}

/// Ranges of positions and times, the latest rows and the share of positives are those of the records.
fn assert_queries(random: &mut Rng, reader: &Reader, there: std::ops::Range<u64>) {
    let records = all(reader);
    for _ in 0..20 {
        let from = 1 + random.next() % (there.end + 1);
        let to = from + random.next() % (there.end + 1);
        let found: Vec<_> = reader.records(&line(), from..to).flat_map(Result::unwrap).collect();
        let expected: Vec<_> = records.iter().filter(|record| (from..to).contains(&record.position)).cloned().collect();
        assert_eq!(found, expected);
        let rows = reader.rows(&line(), from..to).unwrap();
        assert_eq!(rows.positions, expected.iter().map(|record| record.position).collect::<Vec<_>>());
        let times = crate::support::MIDNIGHT + 10 * from as i64..crate::support::MIDNIGHT + 10 * to as i64;
        let found: Vec<_> = reader.records_between(&line(), times.clone()).flat_map(Result::unwrap).collect();
        let expected: Vec<_> = records.iter().filter(|record| times.contains(&record.time)).cloned().collect();
        assert_eq!(found, expected);
        let n = 1 + random.next() % (there.end + 1);
        let latest: Vec<_> = records.iter().rev().take(n as usize).collect();
        let n_positive = latest.iter().filter(|record| record.outcome != Outcome::Class(0)).count();
        let share = (!latest.is_empty()).then(|| n_positive as f64 / latest.len() as f64);
        assert_eq!(reader.share_positive(&line(), n).unwrap(), share);
        assert_eq!(reader.latest(&line(), n).unwrap().len(), latest.len());
    }
}

#[test]
fn small_segments_become_a_large_one_in_the_same_folder() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    for round in 0..6 {
        append(&log, &stream(&log), 10 * round..10 * (round + 1));
        log.seal().unwrap();
        if round == 3 {
            clock.advance(24 * HOUR);
        }
    }
    assert_eq!(log.compact(1).unwrap(), 0, "none is small enough");
    assert_eq!(log.compact(1 << 20).unwrap(), 4);
    assert_eq!(log.compact(1 << 20).unwrap(), 2);
    assert_eq!(log.compact(1 << 20).unwrap(), 0);
    let names = |folder: &std::path::Path| {
        let mut names: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let day = folder.path().join("predictions/model=fraud/date=2026-11-24");
    assert_eq!(names(&day), [".part-1-41.crc32c", "part-1-41.parquet"]);
    assert_eq!(names(day.parent().unwrap()), ["date=2026-11-24", "date=2026-11-25"]);
    assert_are(&all(log.reader()), 0..60, 1);
    // Names are found in the large one, too.
    append(&log, &stream(&log), 0..60);
    assert_are(&all(log.reader()), 0..60, 1);
}

#[test]
fn one_round_after_another_keeps_the_log_in_shape() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    let now = crate::support::MIDNIGHT;
    let retention = Retention { max_age: Some(5 * HOUR), max_bytes: None };
    let policy = Policy { retention, ..Policy::default() };
    append(&log, &stream(&log), 0..10);
    assert_eq!(log.maintain(now, &policy).unwrap(), Maintained::default());
    assert_eq!(log.reader().segments(&line()).len(), 0, "too few and too young for a segment");
    clock.advance(HOUR);
    assert_eq!(log.maintain(now + HOUR, &policy).unwrap(), Maintained::default());
    assert_eq!(log.reader().segments(&line()).len(), 1, "old enough");
    append(&log, &stream(&log), 10..20);
    clock.advance(HOUR);
    assert_eq!(log.maintain(now + 2 * HOUR, &policy).unwrap(), Maintained { n_retired: 0, n_compacted: 2 });
    assert_eq!(log.reader().segments(&line()).len(), 1);
    assert_are(&all(log.reader()), 0..20, 1);
    // The segment's last record came in an hour after the first.
    assert_eq!(log.maintain(now + 6 * HOUR, &policy).unwrap(), Maintained::default());
    assert_eq!(log.maintain(now + 6 * HOUR + 1, &policy).unwrap(), Maintained { n_retired: 1, n_compacted: 0 });
    assert_eq!(log.reader().positions(&line()), 21..21);
}

#[test]
fn a_large_segment_is_not_written_again_for_every_small_one() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    append(&log, &stream(&log), 0..5000);
    log.seal().unwrap();
    append(&log, &stream(&log), 5000..5010);
    log.seal().unwrap();
    assert_eq!(log.compact(1 << 30).unwrap(), 0, "the large one stays as it is");
    append(&log, &stream(&log), 5010..5020);
    log.seal().unwrap();
    assert_eq!(log.compact(1 << 30).unwrap(), 2, "the small ones go together");
    assert_are(&all(log.reader()), 0..5020, 1);
}

#[test]
fn the_oldest_segments_go_by_age_and_by_size() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    for round in 0..5 {
        append(&log, &stream(&log), 10 * round..10 * (round + 1));
        log.seal().unwrap();
        clock.advance(HOUR);
    }
    let retention = |max_age, max_bytes| Retention { max_age, max_bytes };
    assert_eq!(log.retain(retention(Some(5 * HOUR), None)).unwrap(), 0);
    assert_eq!(log.retain(retention(Some(4 * HOUR), None)).unwrap(), 1);
    assert_are(&all(log.reader()), 10..50, 11);
    let bytes: u64 = log.reader().segments(&line()).iter().map(|segment| segment.bytes).sum();
    assert_eq!(log.retain(retention(None, Some(bytes))).unwrap(), 0);
    assert_eq!(log.retain(retention(None, Some(bytes - 1))).unwrap(), 1);
    assert_are(&all(log.reader()), 20..50, 21);
    // All of them; positions go on where they were, also after a restart and in a log without its write-ahead log.
    assert_eq!(log.retain(retention(None, Some(0))).unwrap(), 3);
    assert_eq!(log.reader().positions(&line()), 51..51);
    drop(log);
    std::fs::remove_dir_all(folder.path().join("wal")).unwrap();
    let log = Log::open(folder.path(), clock.options()).unwrap();
    append(&log, &stream(&log), 50..55);
    assert_are(&all(log.reader()), 50..55, 51);
    drop(log);
    assert_are(&all(&Reader::open(folder.path()).unwrap()), 50..55, 51);
}

#[test]
fn a_feature_may_change_from_a_number_to_a_text_between_versions() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    append(&log, &stream(&log), 0..5);
    let mut later = layout();
    later.features[1].kind = Kind::Text;
    later.features.swap(0, 2);
    let later = log.stream(line(), "2", later).unwrap();
    let values = [Value::Text("x".into()), Value::Text("0.10".into()), Value::Number(7.25)];
    let mut entry = crate::support::entry(100, &values);
    entry.outcome = Outcome::Class(1);
    log.append_blocking(&later, &entry).unwrap();
    let hot = all(log.reader());
    log.seal().unwrap();
    assert_eq!(all(log.reader()), hot);
    let rows = log.reader().latest(&line(), 2).unwrap();
    let column = rows.features.column("V1").unwrap();
    assert_eq!(column.values, tidemark::data::Column::strings("V1", [Some("-4"), Some("0.10")]).values);
    drop(log);
    assert_eq!(all(&Reader::open(folder.path()).unwrap()), hot);
}

#[test]
fn the_last_label_wins_and_the_others_are_kept() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    let labels = log.label_stream("fraud").unwrap();
    let label = |name: &str, value| Label { id: Id::given(name).unwrap(), value };
    let text = |text: &str| Value::Text(text.into());
    log.add_labels_blocking(&labels, &[label("a", text("good")), label("b", Value::Number(1.5))]).unwrap();
    log.seal().unwrap();
    clock.advance(HOUR);
    log.add_labels_blocking(&labels, &[label("a", text("fraud")), label("late", Value::Missing)]).unwrap();
    let ids = ["a", "b", "c"].map(|name| Id::given(name).unwrap());
    let found = log.reader().labels_of("fraud", &ids).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[&ids[0]].label.value, text("fraud"));
    assert_eq!(found[&ids[1]].label.value, Value::Number(1.5));
    let history: Vec<LabelRecord> =
        log.reader().labels("fraud", log.reader().positions(&Line::labels("fraud"))).flat_map(Result::unwrap).collect();
    let of_a: Vec<_> =
        history.iter().filter(|record| record.label.id == ids[0]).map(|record| &record.label.value).collect();
    assert_eq!(of_a, [&text("good"), &text("fraud")]);
    assert_eq!(history[2].received - history[0].received, HOUR);
}

#[test]
fn a_shadow_version_has_positions_of_its_own() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    let answered = stream(&log);
    let shadow_line = Line::Shadow { model: "fraud".into(), version: "2".into() };
    let shadow = log.stream(shadow_line.clone(), "2", layout()).unwrap();
    for n in 0..10 {
        // The same name for both: a label belongs to both.
        append(&log, &answered, n..n + 1);
        append(&log, &shadow, n..n + 1);
    }
    log.seal().unwrap();
    assert_are(&all(log.reader()), 0..10, 1);
    assert_eq!(log.reader().positions(&shadow_line), 1..11);
    assert!(folder.path().join("shadow/model=fraud/version=2/date=2026-11-24/part-1-11.parquet").is_file());
}

/// Says how many rows there are in each part.
struct RowCounts;

impl tidemark_log::Profiler for RowCounts {
    fn wants(&self, line: &Line) -> bool {
        *line == crate::support::line()
    }

    fn profile(&self, line: &Line, rows: tidemark_log::Rows) -> Option<Vec<u8>> {
        Some(format!("{line}: {}", rows.len()).into_bytes())
    }

    fn merge(&self, line: &Line, parts: &[Vec<u8>]) -> Option<Vec<u8>> {
        let counts = parts.iter().map(|part| String::from_utf8_lossy(part).rsplit_once(' ').unwrap().1.to_owned());
        Some(format!("{line}: {}", counts.collect::<Vec<_>>().join(" ")).into_bytes())
    }
}

#[test]
fn a_profile_lies_beside_every_segment() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let log = Log::open(folder.path(), clock.options()).unwrap();
    log.profile_with(Arc::new(RowCounts));
    for round in 0..3 {
        append(&log, &stream(&log), 10 * round..10 * (round + 1));
        log.seal().unwrap();
    }
    let profile = |positions: std::ops::Range<u64>, rows: &str| {
        let bytes = format!("predictions of fraud: {rows}").into_bytes();
        tidemark_log::SegmentProfile { positions, bytes }
    };
    let profiles = log.reader().profiles(&line(), 5..31).unwrap();
    assert_eq!(profiles, [profile(11..21, "10"), profile(21..31, "10")]);
    log.compact(1 << 20).unwrap();
    // From the profiles of the parts, and not from the rows once more.
    assert_eq!(log.reader().profiles(&line(), 1..31).unwrap(), [profile(1..31, "10 10 10")]);
    drop(log);
    // What lies beside a segment that a crash left without its name goes when the log is opened.
    let day = folder.path().join("predictions/model=fraud/date=2026-11-24");
    let orphan = day.join(".part-31-41.profile");
    std::fs::write(&orphan, "").unwrap();
    let log = Log::open(folder.path(), clock.options()).unwrap();
    assert!(!orphan.exists() && day.join(".part-1-31.profile").exists());
    assert_eq!(log.reader().profiles(&line(), 1..31).unwrap(), [profile(1..31, "10 10 10")]);
}

#[test]
fn a_busy_log_makes_its_next_file_ahead_and_loses_nothing_by_it() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let options = tidemark_log::Options { file_bytes: 32_768, ..clock.options() };
    let spare = folder.path().join("wal/spare.new");
    let log = Log::open(folder.path(), options.clone()).unwrap();
    let mut n = 0;
    // Until it is there, or is not any more.
    let mut append_until = |is_there: bool| {
        let first = n;
        while spare.exists() != is_there {
            append(&log, &stream(&log), n..n + 1);
            n += 1;
            if is_there {
                log.tick().unwrap();
            }
        }
        n - first
    };
    let inode = |path: &Path| std::fs::metadata(path).unwrap().ino();
    let used = inode(&folder.path().join("wal/000000000001.wal"));
    let n_to_half = append_until(true);
    assert!(n_to_half > 50, "a log that sees little has none: {n_to_half}");
    let n_to_full = n_to_half + append_until(false);
    assert!(n_to_full.abs_diff(2 * n_to_half) < 10, "it became the next file once this one was full: {n_to_full}");
    // Sealed, the first file is the spare one, and holds nothing of what it held.
    assert_eq!(append_until(true), 1);
    assert_eq!(inode(&spare), used);
    assert!(std::fs::read(&spare).unwrap().iter().all(|byte| *byte == 0));
    append_until(false);
    assert_eq!(inode(&folder.path().join("wal/000000000003.wal")), used);
    append_until(true);
    assert_are(&all(log.reader()), 0..n, 1);
    // Whoever reads the folder beside it passes over what holds nothing.
    assert_are(&all(&Reader::open(folder.path()).unwrap()), 0..n, 1);
    drop(log);
    assert!(!spare.exists(), "its space is given back");
    std::fs::write(&spare, [0; 100]).unwrap();
    let log = Log::open(folder.path(), options).unwrap();
    assert!(!spare.exists(), "what a crash left is cleared away");
    assert_are(&all(log.reader()), 0..n, 1);
    assert_eq!(verify(folder.path()).unwrap().problems, []);
}

#[test]
fn a_sealed_file_that_a_crash_left_is_deleted_and_does_not_hold_up_opening() {
    let (folder, clock) = (Folder::new(), HandClock::new());
    let options = tidemark_log::Options { file_bytes: 32_768, ..clock.options() };
    let in_wal = |name: &str| folder.path().join("wal").join(name);
    let (first, second, kept) = (in_wal("000000000001.wal"), in_wal("000000000002.wal"), folder.path().join("kept"));
    let log = Log::open(folder.path(), options.clone()).unwrap();
    let mut n = 0;
    while !second.exists() {
        append(&log, &stream(&log), n..n + 1);
        n += 1;
    }
    // Once this one is written, the full file has been handed over.
    append(&log, &stream(&log), n..n + 1);
    n += 1;
    std::fs::copy(&first, &kept).unwrap();
    let file = std::fs::metadata(&first).unwrap().ino();
    log.tick().unwrap();
    assert_eq!(std::fs::metadata(in_wal("spare.new")).unwrap().ino(), file, "the full file is used again");
    assert!(!first.exists());
    drop(log);
    std::fs::rename(&kept, &first).unwrap();
    let log = Log::open(folder.path(), options).unwrap();
    assert!(!first.exists() && !in_wal("spare.new").exists());
    assert_are(&all(log.reader()), 0..n, 1);
}
