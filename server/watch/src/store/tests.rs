//! The store's promises: every window once, all or nothing, nothing told twice, nothing forgotten.

use std::path::PathBuf;
use std::sync::LazyLock;
use tidemark::data::{Column, Dataset, Numbers, Values};
use tidemark::judge::Settings;
use tidemark::report::{DriftReport, Source, compare};
use tidemark::schema::{Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};

use super::*;
use crate::Millis;
use crate::monitor::{Condition, Monitor, Rule, Schedule, Window};
use crate::plan::{beginning, due};
use crate::rules::Performance;
use crate::span::Span;
use crate::values;

/// Where a test keeps its store: a file or a database that goes with it.
enum Place {
    File(PathBuf),
    Postgres(Db),
}

impl Place {
    fn file() -> Self {
        let token = crate::token::Token::fresh().unwrap();
        Self::File(std::env::temp_dir().join(format!("tidemark-watch-{}.db", token.as_str())))
    }

    fn postgres() -> Option<Self> {
        let address = tidemark_throwaway::shared()?.database().parse().unwrap();
        Some(Self::Postgres(Db::postgres(address)))
    }

    /// A store that may write without leading, so that several at a time meet in the database alone.
    fn open(&self) -> Store {
        match self {
            Self::File(path) => Store::open(path).unwrap(),
            Self::Postgres(db) => Store { role: Role::alone(), ..Store::on(db.clone()).unwrap() },
        }
    }

    /// One of several stores that share the database.
    fn replica(&self) -> Store {
        let db = match self {
            Self::File(path) => Db::sqlite(path).unwrap(),
            Self::Postgres(db) => db.clone(),
        };
        Store { role: Role::replica(), ..Store::on(db).unwrap() }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Self::File(path) = self {
            for end in ["", "-wal", "-shm"] {
                drop(std::fs::remove_file(format!("{}{end}", path.display())));
            }
        }
    }
}

/// Tests that hold on either database.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $name() { super::$name(&super::Place::file()); })*
        }
        mod on_postgres {
            $(#[test] fn $name() { if let Some(place) = super::Place::postgres() { super::$name(&place); } })*
        }
    };
}

on_both!(
    two_schedulers_make_every_window_once,
    a_run_that_was_interrupted_is_made_by_the_next_and_the_first_may_not_finish_it,
    a_run_that_takes_the_service_down_again_and_again_is_given_up,
    a_gap_and_idle_windows_take_one_line_each,
    a_failed_run_is_on_record_with_its_reason,
    alerts_begin_are_told_in_one_message_and_end,
    what_is_muted_acknowledged_or_told_lately_is_not_told,
    missing_traffic_is_an_alert,
    a_message_whose_sender_died_is_sent_again_under_the_same_id,
    a_token_opens_its_report_until_it_expires_or_is_taken_back,
    what_is_shared_outlives_retention,
    a_column_knows_since_when_it_is_drifted,
    a_monitor_that_is_removed_begins_anew,
    a_hundred_thousand_snapshots_are_listed_at_once,
    what_watching_found_survives_and_a_window_is_stored_once,
    the_lease_changes_hands_when_its_owner_dies_and_the_old_one_may_not_write,
    a_replica_that_resigns_is_followed_at_once,
);

fn report(shift: f64) -> DriftReport {
    let column = |shift: f64| {
        let values = (0..300).map(|nth| f64::from(nth * 7919 % 300) / 300.0 + shift).collect();
        Dataset::new(vec![Column { name: "Amount".to_owned(), values: Values::Numbers(Numbers::new(values, false)) }])
            .unwrap()
    };
    let (reference, current) = (column(0.0), column(shift));
    let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
    let source = |data| Source { label: "test", data, sha256: None };
    compare(Reference(source(&reference)), Current(source(&current)), &schema, &Settings::default())
}

static STABLE: LazyLock<DriftReport> = LazyLock::new(|| report(0.0));
static DRIFTED: LazyLock<DriftReport> = LazyLock::new(|| report(0.5));

const SECOND: Millis = 1000;

fn rule(name: &str, when: Condition) -> Rule {
    Rule {
        name: name.to_owned(),
        when,
        windows: 1,
        clear_after: 1,
        cooldown: None,
        severity: None,
        channels: vec!["ops".to_owned()],
    }
}

fn monitor() -> Monitor {
    Monitor {
        schedule: Schedule::Every(Span::of_seconds(1)),
        window: Window::Span(Span::of_seconds(1)),
        missed: crate::monitor::Missed::All,
        alerts: vec![rule("drift", Condition::Drifted), rule("traffic", Condition::MissingTraffic)],
        ..Monitor::new("m", "model")
    }
}

fn made(report: &DriftReport) -> Made {
    Made::Report(Bounds { first: 1, end: 301, from: 0, to: 1 }, Box::new(report.clone()), Performance::default())
}

fn plan(store: &Store, monitor: &Monitor, now: Millis) -> crate::plan::Plan {
    let plan = |last: Option<i64>| {
        let last = last.unwrap_or_else(|| beginning(monitor, now, 0));
        (last, due(monitor, last, now, 0))
    };
    store.plan(&monitor.name, now, plan).unwrap()
}

/// Plans and makes what is due at `now`.
fn tick(store: &Store, monitor: &Monitor, now: Millis, made: &Made) {
    plan(store, monitor, now);
    while let Some(claim) = store.claim(&monitor.name, "me", now, 60 * SECOND).unwrap() {
        store.finish(&claim, monitor, made, now).unwrap().unwrap();
    }
}

fn messages(store: &Store, now: Millis) -> Vec<Message> {
    std::iter::from_fn(|| {
        let waiting = store.next_message(now, SECOND).unwrap()?;
        store.sent(&waiting, &Sent::Taken, now).unwrap();
        Some(waiting.message)
    })
    .collect()
}

fn two_schedulers_make_every_window_once(place: &Place) {
    place.open();
    let monitor = monitor();
    let made = made(&STABLE);
    std::thread::scope(|scope| {
        for owner in ["one", "other", "third"] {
            let (monitor, made) = (&monitor, &made);
            scope.spawn(move || {
                let store = place.open();
                for now in 1..=60 {
                    plan(&store, monitor, now * SECOND);
                    while let Some(claim) = store.claim("m", owner, now * SECOND, 3600 * SECOND).unwrap() {
                        assert!(store.finish(&claim, monitor, made, now * SECOND).unwrap().is_some());
                    }
                }
            });
        }
    });
    let store = place.open();
    tick(&store, &monitor, 60 * SECOND, &made);
    let runs = store.runs("m", 1000).unwrap();
    let ends: Vec<i64> = runs.iter().rev().map(|run| run.last / SECOND).collect();
    assert_eq!(ends, (1..=60).collect::<Vec<_>>());
    assert!(runs.iter().all(|run| run.state == RunState::Done && run.attempt == 1));
    assert_eq!(store.latest(Cursor::Monitor("m"), None, 1000).unwrap().len(), 60);
}

fn a_run_that_was_interrupted_is_made_by_the_next_and_the_first_may_not_finish_it(place: &Place) {
    let (store, monitor) = (place.open(), monitor());
    plan(&store, &monitor, SECOND);
    let first = store.claim("m", "one", SECOND, 5 * SECOND).unwrap().unwrap();
    assert_eq!(store.claim("m", "other", 2 * SECOND, 5 * SECOND).unwrap(), None);
    let second = store.claim("m", "other", 7 * SECOND, 5 * SECOND).unwrap().unwrap();
    assert_eq!((first.run.id, second.run.attempt), (second.run.id, 2));
    assert_eq!(store.finish(&first, &monitor, &made(&STABLE), 8 * SECOND).unwrap(), None);
    assert!(store.latest(Cursor::Monitor("m"), None, 9).unwrap().is_empty());
    assert!(store.finish(&second, &monitor, &made(&STABLE), 8 * SECOND).unwrap().is_some());
    assert_eq!(store.finish(&second, &monitor, &made(&STABLE), 8 * SECOND).unwrap(), None);
}

fn a_run_that_takes_the_service_down_again_and_again_is_given_up(place: &Place) {
    let (store, monitor) = (place.open(), monitor());
    plan(&store, &monitor, SECOND);
    for attempt in 1..=3 {
        let claim = store.claim("m", "me", SECOND, 3600 * SECOND).unwrap().unwrap();
        assert_eq!(claim.run.attempt, attempt);
        assert_eq!(store.release_all().unwrap(), 1);
    }
    assert_eq!(store.claim("m", "me", SECOND, SECOND).unwrap(), None);
    let run = &store.runs("m", 1).unwrap()[0];
    assert_eq!(run.state, RunState::Failed);
    assert!(run.detail.as_deref().unwrap().contains("3 times"));
}

fn a_gap_and_idle_windows_take_one_line_each(place: &Place) {
    let (store, monitor) = (place.open(), Monitor { missed: crate::monitor::Missed::Latest, ..monitor() });
    tick(&store, &monitor, SECOND, &made(&STABLE));
    tick(&store, &monitor, 100 * SECOND, &made(&STABLE));
    for now in 101..=150 {
        tick(&store, &monitor, now * SECOND, &Made::TooFewRows(0));
    }
    tick(&store, &monitor, 151 * SECOND, &made(&STABLE));
    let runs = store.runs("m", 10).unwrap();
    let lines: Vec<(RunState, i64, i64, u64)> =
        runs.iter().rev().map(|run| (run.state, run.first / SECOND, run.last / SECOND, run.n)).collect();
    assert_eq!(
        lines,
        [
            (RunState::Done, 1, 1, 1),
            (RunState::Skipped, 2, 99, 98),
            (RunState::Done, 100, 100, 1),
            (RunState::Skipped, 101, 150, 50),
            (RunState::Done, 151, 151, 1)
        ]
    );
}

fn a_failed_run_is_on_record_with_its_reason(place: &Place) {
    let store = place.open();
    let monitor = Monitor { alerts: vec![rule("broken", Condition::Failed)], ..monitor() };
    tick(&store, &monitor, SECOND, &Made::Failed("the disk is gone".to_owned()));
    let run = &store.runs("m", 1).unwrap()[0];
    assert_eq!((run.state, run.detail.as_deref()), (RunState::Failed, Some("the disk is gone")));
    assert_eq!(store.alerts(None, 1).unwrap()[0].sentence, "The run failed: the disk is gone");
}

fn alerts_begin_are_told_in_one_message_and_end(place: &Place) {
    let store = place.open();
    let mut monitor = monitor();
    monitor.alerts.push(rule(
        "amount",
        Condition::Column(crate::monitor::ColumnVerdict {
            name: "Amount".to_owned(),
            verdict: tidemark::judge::Verdict::Drifted,
        }),
    ));
    tick(&store, &monitor, SECOND, &made(&STABLE));
    assert!(messages(&store, SECOND).is_empty());
    tick(&store, &monitor, 2 * SECOND, &made(&DRIFTED));
    tick(&store, &monitor, 3 * SECOND, &made(&DRIFTED));
    let told = messages(&store, 3 * SECOND);
    assert_eq!(told.len(), 1);
    let rules: Vec<(&str, bool)> = told[0].alerts.iter().map(|told| (told.rule.as_str(), told.is_over)).collect();
    assert_eq!(rules, [("drift", false), ("amount", false)]);
    tick(&store, &monitor, 4 * SECOND, &made(&STABLE));
    assert!(messages(&store, 4 * SECOND)[0].alerts.iter().all(|told| told.is_over));
    assert!(store.alerts(None, 9).unwrap().iter().all(|alert| alert.ended == Some(4 * SECOND)));
    assert_eq!(store.undelivered().unwrap(), (0, 0));
}

fn what_is_muted_acknowledged_or_told_lately_is_not_told(place: &Place) {
    let store = place.open();
    let mut monitor = monitor();
    monitor.alerts[0].cooldown = Some(Span::of_seconds(10));
    store.mute(&Mute { monitor: "m".to_owned(), rule: "drift".to_owned(), until: 3 * SECOND }).unwrap();
    tick(&store, &monitor, 2 * SECOND, &made(&DRIFTED));
    assert!(messages(&store, 2 * SECOND).is_empty());
    assert_eq!(store.alerts(None, 1).unwrap().len(), 1, "it is on record all the same");
    // The mute is over, and the alert goes on.
    tick(&store, &monitor, 3 * SECOND, &made(&DRIFTED));
    assert_eq!(messages(&store, 3 * SECOND).len(), 1);
    tick(&store, &monitor, 4 * SECOND, &made(&STABLE));
    assert_eq!(messages(&store, 4 * SECOND).len(), 1);
    // The next alert falls into the cooldown, and is told when that is over.
    for now in 5..13 {
        tick(&store, &monitor, now * SECOND, &made(&DRIFTED));
        assert!(messages(&store, now * SECOND).is_empty(), "{now}");
    }
    tick(&store, &monitor, 13 * SECOND, &made(&DRIFTED));
    assert_eq!(messages(&store, 13 * SECOND).len(), 1);
    tick(&store, &monitor, 14 * SECOND, &made(&STABLE));
    messages(&store, 14 * SECOND);
    // Whoever knows need not be told.
    store.mute(&Mute { monitor: "m".to_owned(), rule: String::new(), until: 31 * SECOND }).unwrap();
    tick(&store, &monitor, 30 * SECOND, &made(&DRIFTED));
    let id = store.alerts(None, 1).unwrap()[0].id;
    assert!(store.acknowledge(id, "ada", 30 * SECOND).unwrap());
    tick(&store, &monitor, 40 * SECOND, &made(&DRIFTED));
    assert!(messages(&store, 40 * SECOND).is_empty());
    assert!(!store.acknowledge(id + 1, "ada", 0).unwrap());
}

fn missing_traffic_is_an_alert(place: &Place) {
    let (store, monitor) = (place.open(), monitor());
    tick(&store, &monitor, SECOND, &Made::TooFewRows(3));
    let told = messages(&store, SECOND);
    assert_eq!(told[0].alerts[0].sentence, "The window has only 3 rows");
    tick(&store, &monitor, 2 * SECOND, &made(&STABLE));
    assert!(messages(&store, 2 * SECOND)[0].alerts[0].is_over);
}

fn a_message_whose_sender_died_is_sent_again_under_the_same_id(place: &Place) {
    let (store, monitor) = (place.open(), monitor());
    tick(&store, &monitor, SECOND, &made(&DRIFTED));
    let first = store.next_message(SECOND, 60 * SECOND).unwrap().unwrap();
    assert_eq!(store.next_message(60 * SECOND, 60 * SECOND).unwrap(), None);
    let second = store.next_message(61 * SECOND, 60 * SECOND).unwrap().unwrap();
    assert_eq!((first.message, second.attempts), (second.message.clone(), 2));
    store.sent(&second, &Sent::Later("busy".to_owned()), 61 * SECOND).unwrap();
    assert_eq!(store.next_message(62 * SECOND, SECOND).unwrap(), None, "it waits two seconds");
    let third = store.next_message(63 * SECOND, SECOND).unwrap().unwrap();
    store.sent(&third, &Sent::Never("gone".to_owned()), 63 * SECOND).unwrap();
    assert_eq!(store.undelivered().unwrap(), (0, 1));
}

fn a_token_opens_its_report_until_it_expires_or_is_taken_back(place: &Place) {
    let store = place.open();
    let head = store
        .insert("model", 5, Bounds { first: 1, end: 301, from: 0, to: 1 }, &STABLE, &Performance::default())
        .unwrap();
    let (token, share) = store.share_snapshot(head.id, "Look", 10, Some(100)).unwrap().unwrap();
    assert_eq!(store.open_share(token.as_str(), 99).unwrap().unwrap().report, *STABLE);
    for (token, now) in
        [(token.as_str(), 100), ("wrong", 10), ("", 10), (share.id.as_str(), 10), (":token", 10), ("%", 10)]
    {
        assert_eq!(store.open_share(token, now).unwrap(), None, "{token:?} at {now}");
    }
    assert_eq!(store.share_snapshot(head.id + 1, "Look", 10, None).unwrap(), None);
    let (other, other_share) = store.share_report(&DRIFTED, "Other", 11, None).unwrap();
    assert!(store.revoke_share(&share.id, 20).unwrap());
    assert!(!store.revoke_share(&share.id, 21).unwrap());
    assert_eq!(store.open_share(token.as_str(), 50).unwrap(), None);
    assert_eq!(store.open_share(other.as_str(), 50).unwrap().unwrap().report, *DRIFTED);
    let ids: Vec<String> = store.shares().unwrap().into_iter().map(|share| share.id).collect();
    assert_eq!(ids, [other_share.id, share.id]);
}

fn what_is_shared_outlives_retention(place: &Place) {
    let store = place.open();
    let window = Bounds { first: 1, end: 301, from: 0, to: 1 };
    let (kept, gone) = (
        store.insert("a", 5, window, &STABLE, &Performance::default()).unwrap(),
        store.insert("a", 6, window, &STABLE, &Performance::default()).unwrap(),
    );
    let late = store.insert("a", 50, window, &STABLE, &Performance::default()).unwrap();
    store.share_snapshot(kept.id, "", 10, None).unwrap().unwrap();
    assert_eq!(store.retain(50).unwrap(), 1);
    let ids: Vec<i64> = store.latest(Cursor::Model("a"), None, 9).unwrap().iter().map(|head| head.id).collect();
    assert_eq!(ids, [kept.id, late.id]);
    assert_eq!(store.snapshot(gone.id).unwrap(), None);
}

fn a_column_knows_since_when_it_is_drifted(place: &Place) {
    let (store, monitor) = (place.open(), monitor());
    let at = |to, report: &DriftReport| {
        Made::Report(Bounds { first: 1, end: 301, from: 0, to }, Box::new(report.clone()), Performance::default())
    };
    for (now, report) in [(1, &*STABLE), (2, &DRIFTED), (3, &STABLE), (4, &DRIFTED), (5, &DRIFTED)] {
        tick(&store, &monitor, now * SECOND, &at(now * SECOND, report));
    }
    assert_eq!(store.drifted_since("m").unwrap(), [("Amount".to_owned(), 4 * SECOND, 4)]);
    let timeline = store.timeline(Cursor::Monitor("m"), "Amount", 3).unwrap();
    let ids: Vec<i64> = timeline.iter().map(|(_, id, _)| *id).collect();
    assert_eq!(ids, [3, 4, 5]);
    assert!(timeline[0].2.effect.unwrap().abs() < timeline[1].2.effect.unwrap().abs());
}

fn a_monitor_that_is_removed_begins_anew(place: &Place) {
    let (store, monitor) = (place.open(), monitor());
    store.put_monitor(&monitor).unwrap();
    assert_eq!(store.monitors().unwrap(), std::slice::from_ref(&monitor));
    plan(&store, &monitor, SECOND);
    assert!(store.remove_monitor("m").unwrap());
    assert!(!store.remove_monitor("m").unwrap());
    assert_eq!(store.claim("m", "me", SECOND, SECOND).unwrap(), None);
    assert_eq!(plan(&store, &monitor, 9 * SECOND).due, [9 * SECOND]);
}

fn a_hundred_thousand_snapshots_are_listed_at_once(place: &Place) {
    let store = place.open();
    let head = store
        .insert("model", 1, Bounds { first: 1, end: 301, from: 0, to: 1 }, &STABLE, &Performance::default())
        .unwrap();
    let copies = "insert into snapshots
         with recursive n(i) as (select 2 union all select i + 1 from n where i < 100000)
         select i, model, 'm', i, first, \"end\", i, i, share_drifted, n_drifted, n_columns, data_drifted,
         predictions_drifted, sentence, points, report, performance, estimated from snapshots, n where id = ?1";
    store.db.execute(copies, values![head.id]).unwrap();
    let began = std::time::Instant::now();
    let latest = store.latest(Cursor::Model("model"), None, 60).unwrap();
    let page = store.latest(Cursor::Model("model"), Some(50_000), 60).unwrap();
    let timeline = store.timeline(Cursor::Monitor("m"), "Amount", 500).unwrap();
    let took = began.elapsed();
    assert_eq!((latest.len(), latest[59].id, page[59].id, timeline.len()), (60, 100_000, 49_999, 500));
    assert!(took.as_millis() < 100, "{took:?}");
}

#[test]
fn the_snapshots_of_0_1_are_taken_over() {
    let place = Place::file();
    let Place::File(path) = &place else { unreachable!("it is a file") };
    let old = rusqlite::Connection::open(path).unwrap();
    old.execute_batch(
        "create table snapshots (id integer primary key autoincrement, head text not null, report text not null) strict;",
    )
    .unwrap();
    let head = r#"{"id":"7","created":5,"window":{"first":1,"end":301,"from":2,"to":3},"share_drifted":0,"n_drifted":0,
        "n_columns":1,"data_drifted":false,"predictions_drifted":null,"sentence":"x"}"#;
    let report = serde_json::to_string(&*STABLE).unwrap();
    old.execute("insert into snapshots (id, head, report) values (7, ?1, ?2)", [head, report.as_str()]).unwrap();
    drop(old);
    for _ in 0..2 {
        let store = place.open();
        let heads = store.latest(Cursor::Model("whatever the default is"), None, 9).unwrap();
        assert_eq!((heads.len(), heads[0].id, heads[0].created, heads[0].window.to), (1, 7, 5, 3));
        assert_eq!(store.snapshot(7).unwrap().unwrap().report, *STABLE);
    }
}

fn what_watching_found_survives_and_a_window_is_stored_once(place: &Place) {
    let window = |first: u64, to: Millis| Bounds { first, end: first + 10, from: 0, to };
    let watched = |state: &str, windows: &[(u64, f64)], alarms: &[&str]| Watched {
        state: state.to_owned(),
        windows: windows.iter().map(|&(first, figure)| Figures { window: window(first, 5), figures: figure }).collect(),
        alarms: alarms.iter().map(|alarm| (5, "error".to_owned(), "ADWIN".to_owned(), (*alarm).to_owned())).collect(),
    };
    let store = place.open();
    assert_eq!(store.performance_state::<String>("m").unwrap(), None);
    store.save_performance("m", 0, &watched("first", &[(1, 0.5), (11, 0.6)], &["a"])).unwrap();
    store.save_performance("m", 0, &watched("second", &[(11, 0.7)], &["b"])).unwrap();
    store.save_performance("other", 0, &watched("third", &[(1, 0.1)], &[])).unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(store.performance_state::<String>("m").unwrap().as_deref(), Some("second"));
    let figures = |n| -> Vec<(u64, f64)> {
        let windows = store.performance_windows::<f64>("m", n).unwrap();
        windows.iter().map(|found| (found.window.first, found.figures)).collect()
    };
    assert_eq!(figures(10), [(1, 0.5), (11, 0.7)]);
    assert_eq!(figures(1), [(11, 0.7)]);
    assert_eq!(store.performance_alarms::<String>("m", 10).unwrap(), ["b", "a"]);
    assert_eq!(store.n_performance_alarms("m").unwrap(), [("error".to_owned(), "ADWIN".to_owned(), 2)]);
    store.retain(6).unwrap();
    assert!(store.performance_windows::<f64>("m", 10).unwrap().is_empty());
}

fn the_lease_changes_hands_when_its_owner_dies_and_the_old_one_may_not_write(place: &Place) {
    let (first, second, monitor) = (place.replica(), place.replica(), monitor());
    let nothing = |_: Option<i64>| (0, crate::plan::Plan::default());
    assert_eq!(first.plan("m", 0, nothing), Err(StoreError::NotLeading), "nobody leads yet");
    assert_eq!(first.lead_for("first", 300).unwrap(), Lead::Begun);
    assert_eq!(second.lead_for("second", 300).unwrap(), Lead::Others);
    assert_eq!((first.leads(), second.leads()), (true, false));
    assert_eq!(second.leader().unwrap(), Some(("first".to_owned(), true)));
    plan(&first, &monitor, SECOND);
    let claim = first.claim("m", "first", SECOND, 3600 * SECOND).unwrap().unwrap();
    assert_eq!(second.claim("m", "second", SECOND, SECOND), Err(StoreError::NotLeading));
    // The first is paused for longer than its lease holds.
    std::thread::sleep(std::time::Duration::from_millis(350));
    assert_eq!(second.lead_for("second", 60_000).unwrap(), Lead::Begun);
    assert!(first.leads(), "it does not know yet");
    assert_eq!(first.finish(&claim, &monitor, &made(&DRIFTED), SECOND), Err(StoreError::NotLeading));
    assert!(!first.leads());
    assert_eq!(first.retain(0), Err(StoreError::NotLeading));
    assert_eq!(first.next_message(SECOND, SECOND).unwrap(), None, "nothing was written");
    // The claim was let go with the lease, so that the window need not wait for it.
    let again = second.claim("m", "second", SECOND, SECOND).unwrap().unwrap();
    assert_eq!((again.run.id, again.run.attempt), (claim.run.id, 2));
    assert!(second.finish(&again, &monitor, &made(&DRIFTED), SECOND).unwrap().is_some());
    assert_eq!(first.lead_for("first", 300).unwrap(), Lead::Others);
    assert_eq!(first.next_message(SECOND, SECOND), Err(StoreError::NotLeading));
    assert_eq!(messages(&second, SECOND).len(), 1);
    assert_eq!(second.latest(Cursor::Monitor("m"), None, 9).unwrap().len(), 1);
}

fn a_replica_that_resigns_is_followed_at_once(place: &Place) {
    let (first, second) = (place.replica(), place.replica());
    assert_eq!(first.lead_as("first").unwrap(), Lead::Begun);
    assert_eq!(first.lead_as("first").unwrap(), Lead::Held);
    second.resign().unwrap();
    assert_eq!(second.lead_as("second").unwrap(), Lead::Others, "only the one that leads can resign");
    first.resign().unwrap();
    assert!(!first.leads());
    assert_eq!(second.lead_as("second").unwrap(), Lead::Begun);
    // What a person asks for needs no lease.
    first.insert("model", 5, Bounds { first: 1, end: 301, from: 0, to: 1 }, &STABLE, &Performance::default()).unwrap();
    second.put_monitor(&monitor()).unwrap();
    assert_eq!(first.monitors().unwrap(), [monitor()]);
}
