//! SIGKILL during runs, deliveries and retention: no window lost or made twice, no snapshot half written, no alert lost.
//!
//! The parent starts a child that plans, makes, sends and deletes as fast as it can, kills it at a random moment, and starts the
//! next one on the same file; it also receives the messages, which makes a history that the child cannot touch. 20 kills, or
//! as many as `TIDEMARK_KILLS` says.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tidemark::data::{Column, Dataset};
use tidemark::judge::Settings;
use tidemark::random::Rng;
use tidemark::report::{DriftReport, Source, compare};
use tidemark::schema::{Schema, SchemaOverrides};
use tidemark::stattest::{Current, Reference};
use tidemark_watch::Millis;
use tidemark_watch::config::Config;
use tidemark_watch::deliver::Sender;
use tidemark_watch::plan::{AT_ONCE, Plan};
use tidemark_watch::rules::Performance;
use tidemark_watch::store::{Bounds, Cursor, Made, RunState, Store};

/// A window ends every so many milliseconds.
const EVERY: Millis = 10;
/// What ended longer ago is deleted.
const KEPT: Millis = 3000;

fn report(shift: f64) -> DriftReport {
    let data = |shift: f64| {
        let values = (0..300).map(|nth| f64::from(nth * 7919 % 300) / 300.0 + shift).collect();
        Dataset::new(vec![Column::fractions("Amount", values)]).unwrap()
    };
    let (reference, current) = (data(0.0), data(shift));
    let schema = Schema::infer(&reference, &SchemaOverrides::default()).unwrap();
    let source = |data| Source { label: "test", data, sha256: None };
    compare(Reference(source(&reference)), Current(source(&current)), &schema, &Settings::default())
}

fn now() -> Millis {
    Millis::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// Two windows that drifted, two that did not, and so on: every second window begins or ends an alert.
fn is_drifted(end: Millis) -> bool {
    end / EVERY % 4 < 2
}

fn config(port: u16) -> Config {
    let toml = format!(
        r#"
        [[channel]]
        name = "ops"
        webhook = {{ url = "http://127.0.0.1:{port}/" }}
        allow_private = true

        [[monitor]]
        name = "m"
        model = "model"
        window = {{ span = "1s" }}
        schedule = {{ every = "1s" }}
        missed = "all"
        alert = [{{ name = "drift", when = "drifted", channels = ["ops"] }}]
        "#
    );
    Config::from_toml(&toml).unwrap()
}

/// One round: everything that is due is planned, made and sent. Windows come faster than a schedule may have them, so the plan is
/// made here.
fn round(store: &Store, config: &Config, reports: &[DriftReport; 2], until: Option<Millis>) {
    let monitor = &config.monitors[0];
    let planned_until = until.unwrap_or_else(now);
    let plan = |last: Option<Millis>| {
        let last = last.unwrap_or(planned_until / EVERY * EVERY - EVERY);
        let due = (1..).map(|nth| last + nth * EVERY).take_while(|end| *end <= planned_until).take(AT_ONCE);
        (last, Plan { gap: None, due: due.collect() })
    };
    store.plan("m", now(), plan).unwrap();
    let began = Instant::now();
    while let Some(claim) = store.claim("m", "child", now(), 60_000).unwrap() {
        let report = &reports[usize::from(is_drifted(claim.run.last))];
        let made = Made::Report(
            Bounds { first: 1, end: 301, from: 0, to: claim.run.last },
            Box::new(report.clone()),
            Performance::default(),
        );
        assert!(store.finish(&claim, monitor, &made, now()).unwrap().is_some(), "nobody else is at work");
        if until.is_none() && began.elapsed() > Duration::from_millis(50) {
            break;
        }
    }
    let sender = Sender::new(config.channels.clone(), None);
    while sender.send_next(store, now).unwrap() {
        if until.is_none() && began.elapsed() > Duration::from_millis(100) {
            break;
        }
    }
}

/// What the parent starts. As a test of its own it does nothing.
#[test]
fn child() {
    let (Ok(path), Ok(port)) = (std::env::var("TIDEMARK_KILL_STORE"), std::env::var("TIDEMARK_KILL_PORT")) else {
        return;
    };
    let store = Store::open(Path::new(&path)).unwrap();
    store.release_all().unwrap();
    let (config, reports) = (config(port.parse().unwrap()), [report(0.0), report(0.5)]);
    for _ in 0..10_000 {
        round(&store, &config, &reports, None);
        store.retain(now() - KEPT).unwrap();
    }
}

/// Which windows' messages came, and how often.
type Told = Arc<Mutex<BTreeMap<Millis, u32>>>;

fn receive(mut stream: TcpStream, told: &Told) -> std::io::Result<()> {
    let (mut asked, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let n = stream.read(&mut buffer)?;
        asked.extend_from_slice(&buffer[..n]);
        let text = String::from_utf8_lossy(&asked);
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length = header("content-length: ").and_then(|length| length.parse::<usize>().ok());
        if let Some(((_, body), length)) = text.split_once("\r\n\r\n").zip(length)
            && body.len() >= length
        {
            let id = header("webhook-id: ").expect("a message has an id");
            let end = id.split('-').nth(1).and_then(|end| end.parse().ok()).expect("the id says which window");
            *told.lock().unwrap().entry(end).or_default() += 1;
            return stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
        }
        if n == 0 {
            return Ok(());
        }
    }
}

#[test]
fn nothing_is_lost_or_done_twice_whenever_the_process_dies() {
    let kills: u64 = std::env::var("TIDEMARK_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(20);
    let path = std::env::temp_dir().join(format!("tidemark-kill-{}-{}.db", std::process::id(), now()));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = Told::default();
    let receiver = Arc::clone(&told);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Who is killed in the middle of a message leaves half of it.
            drop(receive(stream, &receiver));
        }
    });
    let mut rng = Rng::new(Rng::new(kills).next() ^ now().unsigned_abs());
    for _ in 0..kills {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child"])
            .env("TIDEMARK_KILL_STORE", &path)
            .env("TIDEMARK_KILL_PORT", port.to_string())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(60 + rng.below(240)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // What is still open is brought to its end.
    let store = Store::open(&path).unwrap();
    store.release_all().unwrap();
    let (config, reports, until) = (config(port), [report(0.0), report(0.5)], now());
    let deadline = Instant::now() + Duration::from_secs(180);
    loop {
        round(&store, &config, &reports, Some(until));
        let is_made = store
            .runs("m", 1)
            .unwrap()
            .first()
            .is_some_and(|run| run.last == until / EVERY * EVERY && run.state == RunState::Done);
        if is_made && store.undelivered().unwrap().0 == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "{:?}", store.undelivered());
        // A message that a killed child was sending is kept from others for a while.
        std::thread::sleep(Duration::from_millis(200));
    }
    let runs = store.runs("m", 1_000_000).unwrap();
    assert!(runs.windows(2).all(|pair| pair[0].last == pair[1].last + EVERY), "windows follow each other");
    assert!(runs.iter().all(|run| run.state == RunState::Done), "and every one was made");
    let heads = store.latest(Cursor::Monitor("m"), None, 1_000_000).unwrap();
    assert!(heads.windows(2).all(|pair| pair[1].window.to == pair[0].window.to + EVERY), "one snapshot each");
    for head in heads.iter().step_by(heads.len() / 50 + 1) {
        let report = store.snapshot(head.id).unwrap().expect("it was listed").report;
        assert_eq!(report, reports[usize::from(is_drifted(head.window.to))]);
    }
    // The messages tell of every window in which an alert began or ended, from the first alert to the last.
    let told = told.lock().unwrap();
    let (first, last) = (*told.keys().next().unwrap(), *told.keys().next_back().unwrap());
    // Nobody looked before the first window, so that an alert may also begin with the second of two that drifted.
    assert!(is_drifted(first), "the first message tells of a beginning");
    let expected: Vec<Millis> = (0..=(last - first) / EVERY)
        .map(|nth| first + nth * EVERY)
        .filter(|end| *end == first || is_drifted(*end) != is_drifted(end - EVERY))
        .collect();
    assert_eq!(told.keys().copied().collect::<Vec<_>>(), expected, "no alert is lost");
    assert!(until - last < 3 * EVERY, "{last} {until}");
    let repeated = told.values().filter(|n| **n > 1).count();
    println!("{kills} kills: {} runs kept, {} messages, {repeated} of them more than once", runs.len(), told.len());
    for end in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{}{end}", path.display())));
    }
}
