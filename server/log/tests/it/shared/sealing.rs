//! Segments are made by one replica at a time, and whoever dies at it leaves nothing that another could not go on with.

use std::path::{Path, PathBuf};
use tidemark_log::{Id, Label, Line, Policy, Retention, Value, verify};

use super::Place;
use crate::support::{all, append, assert_are, line, stream};

/// All files of segments, by their names.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.join("predictions"), folder.join("labels")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            }
            found.push(entry.file_name().into_string().expect("names are texts"));
        }
    }
    found.retain(|name| !name.starts_with("date=") && !name.starts_with("model="));
    found.sort();
    found
}

fn rows_of(table: &str, place: &Place) -> i64 {
    let address = place.database.parse().expect("an address");
    let mut client = tidemark_postgres::connect(&address).expect("a connection");
    client.query_one(&format!("select count(*) from {table}"), &[]).expect("a count").get(0)
}

fn execute(sql: &str, place: &Place) {
    let address = place.database.parse().expect("an address");
    tidemark_postgres::connect(&address).expect("a connection").batch_execute(sql).expect("a statement");
}

#[test]
fn segments_take_the_place_of_groups_for_all_replicas() {
    let Some(place) = Place::new() else { return };
    let (a, b) = (place.open("a"), place.open("b"));
    append(&a, &stream(&a), 0..20);
    place.clock.advance(24 * 3_600_000);
    append(&b, &stream(&b), 20..50);
    let labels = b.label_stream("fraud").unwrap();
    b.add_labels_blocking(&labels, &[Label { id: Id::given("order 3").unwrap(), value: Value::Number(1.0) }]).unwrap();
    assert!(rows_of("log_groups", &place) >= 50);
    b.seal().unwrap();
    assert_eq!(rows_of("log_groups", &place), 0);
    for log in [&a, &b] {
        assert_are(&all(log.reader()), 0..50, 1);
        assert_eq!(log.reader().segments(&line()).len(), 2, "one for each day");
        assert_eq!(log.reader().segments(&Line::labels("fraud")).len(), 1);
    }
    append(&a, &stream(&a), 50..60);
    a.seal().unwrap();
    assert_eq!(b.reader().segments(&line()).len(), 3);
    // The folder alone holds all of it, as programs that read Parquet see it.
    let verified = verify(place.folder.path()).unwrap();
    assert_eq!((verified.n_sealed, verified.problems), (61, Vec::new()));
}

#[test]
fn what_is_due_is_sealed_by_whoever_looks_first() {
    let Some(place) = Place::new() else { return };
    let (a, b) = (place.open("a"), place.open("b"));
    append(&a, &stream(&a), 0..20);
    b.tick().unwrap();
    assert_eq!(b.reader().segments(&line()).len(), 0, "too young");
    place.clock.advance(3_600_000);
    b.tick().unwrap();
    assert_eq!(a.reader().segments(&line()).len(), 1);
    a.tick().unwrap();
    assert_eq!(a.reader().segments(&line()).len(), 1);
    // The names of what the other one sealed are found.
    append(&a, &stream(&a), 0..20);
    assert_are(&all(a.reader()), 0..20, 1);
}

#[test]
fn large_segments_take_the_place_of_small_ones_and_old_ones_go() {
    let Some(place) = Place::new() else { return };
    let (a, b) = (place.open("a"), place.open("b"));
    for round in 0..6 {
        append(&a, &stream(&a), 10 * round..10 * (round + 1));
        b.seal().unwrap();
    }
    // Begun before the small ones go, and read after.
    let mut begun = a.reader().records(&line(), 1..61);
    assert_eq!(a.reader().segments(&line()).len(), 6);
    assert_eq!(b.compact(1 << 20).unwrap(), 6);
    let read: Vec<_> = begun.by_ref().flat_map(|chunk| chunk.expect("what took their place is read")).collect();
    assert_are(&read, 0..60, 1);
    assert_eq!(files(place.folder.path()), [".part-1-61.crc32c", "part-1-61.parquet"]);
    assert_eq!(a.reader().segments(&line()).len(), 1);
    append(&a, &stream(&a), 0..70);
    place.clock.advance(3_600_000);
    let policy = Policy { retention: Retention { max_age: Some(1), max_bytes: None }, ..Policy::default() };
    let now = crate::support::MIDNIGHT + 3_600_000;
    assert_eq!(a.maintain(now, &policy).unwrap().n_retired, 2);
    for log in [&a, &b] {
        assert_eq!(log.reader().positions(&line()), 71..71);
    }
    drop((a, b));
    let c = place.open("c");
    append(&c, &stream(&c), 70..75);
    assert_are(&all(c.reader()), 70..75, 71);
}

/// As if the holder of the lease had died: it is not given back, and its time is over.
fn die_holding(place: &Place) {
    execute("update log_leases set owner = 'dead', until = clock_timestamp() - interval '1 second'", place);
}

#[test]
fn a_segment_that_nobody_came_to_name_is_taken_over() {
    let Some(place) = Place::new() else { return };
    let (a, b) = (place.open("a"), place.open("b"));
    append(&a, &stream(&a), 0..30);
    // The transaction that would name the segment fails, and the holder does no more.
    execute(
        "create function fail() returns trigger language plpgsql as $$ begin raise 'the holder dies here'; end $$;
         create trigger dies before insert on log_segments for each row execute function fail()",
        &place,
    );
    assert!(a.seal().is_err());
    drop(a);
    execute("drop trigger dies on log_segments", &place);
    die_holding(&place);
    assert_eq!(files(place.folder.path()), [".part-1-31.crc32c", "part-1-31.parquet"]);
    let made = modified(place.folder.path());
    assert_eq!(b.reader().segments(&line()).len(), 0);
    assert_are(&all(b.reader()), 0..30, 1);
    append(&b, &stream(&b), 30..40);
    b.seal().unwrap();
    let names: Vec<PathBuf> = b.reader().segments(&line()).iter().map(|segment| segment.path.clone()).collect();
    assert_eq!(names.len(), 2, "the dead one's, and what came after");
    assert_eq!(modified(place.folder.path()), made, "it is taken as it lies there");
    assert_are(&all(b.reader()), 0..40, 1);
    assert_eq!(verify(place.folder.path()).unwrap().problems, []);
}

fn modified(folder: &Path) -> std::time::SystemTime {
    let path = folder.join("predictions/model=fraud/date=2026-11-24/part-1-31.parquet");
    path.metadata().and_then(|metadata| metadata.modified()).expect("the segment is there")
}

#[test]
fn what_a_dead_holder_left_behind_is_cleared_away() {
    let Some(place) = Place::new() else { return };
    let a = place.open("a");
    for round in 0..3 {
        append(&a, &stream(&a), 10 * round..10 * (round + 1));
        a.seal().unwrap();
    }
    let day = place.folder.path().join("predictions/model=fraud/date=2026-11-24");
    // It put segments together and did not come to say so; it was writing; it had said so and did not come to delete.
    std::fs::copy(day.join("part-1-11.parquet"), day.join("part-1-21.parquet")).unwrap();
    std::fs::copy(day.join(".part-1-11.crc32c"), day.join(".part-1-21.crc32c")).unwrap();
    std::fs::write(day.join(".half.new"), "half").unwrap();
    std::fs::write(day.join(".part-5-6.crc32c"), "beside nothing").unwrap();
    die_holding(&place);
    let b = place.open("b");
    append(&b, &stream(&b), 30..35);
    b.seal().unwrap();
    let expected: Vec<String> = ["1-11", "11-21", "21-31", "31-36"]
        .iter()
        .flat_map(|name| [format!(".part-{name}.crc32c"), format!("part-{name}.parquet")])
        .collect();
    let mut expected = expected;
    expected.sort();
    assert_eq!(files(place.folder.path()), expected);
    assert_are(&all(a.reader()), 0..35, 1);
}

#[test]
fn who_lost_the_lease_says_nothing_any_more() {
    let Some(place) = Place::new() else { return };
    let a = place.open("a");
    append(&a, &stream(&a), 0..30);
    // While a makes the segment, another takes the lease: a's next word is refused.
    execute(
        "create function lose() returns trigger language plpgsql as $$ begin
             update log_leases set token = token + 1, owner = 'other', until = clock_timestamp() + interval '1 minute';
             return new; end $$;
         create trigger loses after update of plan on log_sealed for each row when (new.plan is not null) execute function lose()",
        &place,
    );
    let error = a.seal().unwrap_err().to_string();
    assert!(error.contains("another replica has taken the lease"), "{error}");
    assert_eq!(rows_of("log_segments", &place), 0);
    assert!(rows_of("log_groups", &place) >= 30, "no group is deleted");
    assert_are(&all(a.reader()), 0..30, 1);
    // Nobody waits for the other in the background.
    place.clock.advance(3_600_000);
    a.tick().unwrap();
    execute("drop trigger loses on log_sealed", &place);
    die_holding(&place);
    a.seal().unwrap();
    assert_eq!(rows_of("log_groups", &place), 0);
    assert_are(&all(a.reader()), 0..30, 1);
}

#[test]
fn a_replica_that_was_away_comes_back_after_all_was_sealed() {
    let Some(place) = Place::new() else { return };
    let (a, b) = (place.open("a"), place.open("b"));
    append(&a, &stream(&a), 0..10);
    assert_are(&all(b.reader()), 0..10, 1);
    // b's connections are cut, and it learns of nothing until it asks again.
    append(&a, &stream(&a), 10..40);
    a.seal().unwrap();
    append(&a, &stream(&a), 40..50);
    execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like '%of b' and pid <> pg_backend_pid()",
        &place,
    );
    append(&b, &stream(&b), 0..60);
    assert_are(&all(b.reader()), 0..60, 1);
    assert_are(&all(a.reader()), 0..60, 1);
}
