//! Two weeks in the life of a model that has good days and nights: when is it quiet, when are there alerts?
//!
//! 2,000 predictions an hour with times of their own come in from a model that is served elsewhere. Its inputs follow the hour of
//! the day and the weekday. The first week is the past that monitors look back at; in the second
//!
//! - for three hours of Tuesday nothing comes (a gap),
//! - on Wednesday at 12:00 a new version is deployed, whose scores are on another scale,
//! - from Thursday 00:00 on `sudden` has another unit, for a day,
//! - from Friday 00:00 on `slow` creeps away, a little every hour.
//!
//! The clock is handed in, so the fortnight takes as long as its sums.

use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::atomic::Ordering;
use tidemark::random::Rng;
use tidemark_watch::store::{Alert, Cursor, RunState};

use crate::support::{Instance, off_the_runtime};

const HOUR: i64 = 3_600_000;
/// Monday 2026-11-02, 00:00 UTC.
const MONDAY: i64 = 1_793_577_600_000;
const PER_HOUR: u64 = 2000;
/// Hours after the first Monday.
const WEEK: i64 = 168;
const GAP: std::ops::Range<i64> = WEEK + 24 + 10..WEEK + 24 + 13;
const DEPLOY: i64 = WEEK + 48 + 12;
const SUDDEN: std::ops::Range<i64> = WEEK + 72..WEEK + 96;
const SLOW: i64 = WEEK + 96;

/// The predictions of an hour, as NDJSON.
fn hour(rng: &mut Rng, hour: i64) -> String {
    // Amounts are larger by day and at the weekend; the share of channel `app` is larger in the evening.
    let of_day = (hour % 24) as f64 / 24.0 * std::f64::consts::TAU;
    let is_weekend = (hour / 24) % 7 >= 5;
    let amount = 50.0 - 20.0 * of_day.cos() + if is_weekend { 15.0 } else { 0.0 };
    let app = 0.4 - 0.2 * of_day.sin();
    let mut lines = String::new();
    for row in 0..PER_HOUR {
        let at = MONDAY + hour * HOUR + (row as i64) * HOUR / (PER_HOUR as i64);
        let sudden = rng.normal() + if SUDDEN.contains(&hour) { 1.0 } else { 0.0 };
        let slow = rng.normal() + if hour >= SLOW { 0.02 * (hour - SLOW) as f64 } else { 0.0 };
        let version = if hour >= DEPLOY { "2" } else { "1" };
        let score = 0.3 + 0.05 * rng.normal() + if hour >= DEPLOY { 0.2 } else { 0.0 };
        let line = json!({
            "timestamp": tidemark_server::clock::rfc3339(at), "version": version,
            "amount": amount + 10.0 * rng.normal(), "channel": if rng.uniform() < app { "app" } else { "web" },
            "sudden": sudden, "slow": slow,
            "prediction": if score > 0.3 { "1" } else { "0" }, "score": score.clamp(0.0, 1.0),
        });
        writeln!(lines, "{line}").unwrap();
    }
    lines
}

/// A reference of a whole day, Monday's, as CSV.
fn reference(rng: &mut Rng) -> String {
    let mut csv = "amount,channel,sudden,slow,prediction,score\n".to_owned();
    for nth in 0..24 {
        for line in hour(rng, nth).lines().step_by(4) {
            let row: Value = serde_json::from_str(line).unwrap();
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let cells = ["amount", "channel", "sudden", "slow", "prediction", "score"].map(|name| &row[name]);
            writeln!(csv, "{}", cells.map(text).join(",")).unwrap();
        }
    }
    csv
}

const SET_UP: &str = r#"
    [[monitor]]
    name = "fixed"
    model = "shop"
    window = { span = "1h" }
    schedule = { every = "1h" }
    columns = ["amount", "channel", "sudden", "slow"]
    alert = [{ name = "drift", when = "drifted" }]

    [[monitor]]
    name = "seasonal"
    model = "shop"
    window = { span = "1h" }
    schedule = { every = "1h" }
    reference = { same_hours = { weeks = 1 } }
    columns = ["amount", "channel", "sudden", "slow"]
    alert = [
        { name = "drift", when = "drifted", windows = 2, clear_after = 2 },
        { name = "traffic", when = "missing_traffic" },
    ]

    [[monitor]]
    name = "scores"
    model = "shop"
    window = { span = "1h" }
    schedule = { every = "1h" }
    reference = { after_deploy = 2000 }
    columns = ["score", "prediction"]
    alert = [{ name = "predictions", when = "predictions_drifted" }]
"#;

/// The hours, counted from the first Monday, in which alerts of a rule began.
fn began(alerts: &[Alert], monitor: &str, rule: &str) -> Vec<i64> {
    let of_rule = alerts.iter().filter(|alert| alert.monitor == monitor && alert.rule == rule);
    let mut hours: Vec<i64> = of_rule.map(|alert| (alert.began - MONDAY) / HOUR).collect();
    hours.sort_unstable();
    hours
}

#[tokio::test]
async fn a_model_with_good_days_and_nights_is_quiet_until_something_happens() {
    let mut rng = Rng::new(47);
    let instance = Instance::watching(SET_UP, MONDAY);
    let sent =
        instance.send_as("POST", "/api/v1/models/shop/reference", "text/csv", reference(&mut rng).into_bytes()).await;
    assert!(sent.status.is_success(), "{}", sent.text);
    let clock = instance.clock.as_ref().unwrap();
    for nth in 0..2 * WEEK {
        clock.0.store(MONDAY + (nth + 1) * HOUR, Ordering::SeqCst);
        if !GAP.contains(&nth) {
            let lines = hour(&mut rng, nth).into_bytes();
            let sent = instance.send_as("POST", "/api/v1/models/shop/predictions", "application/x-ndjson", lines).await;
            assert!(sent.status.is_success(), "{}", sent.text);
        }
        off_the_runtime(|| {
            instance.service.log.seal().unwrap();
            instance.service.tick().unwrap();
        });
    }
    let store = &instance.service.store;
    // Every window once, whatever came of it.
    for monitor in ["fixed", "seasonal", "scores"] {
        let n: u64 = store.runs(monitor, 1000).unwrap().iter().map(|run| run.n).sum();
        assert_eq!(n, 2 * WEEK as u64, "{monitor}");
        let failed = store.runs(monitor, 1000).unwrap().into_iter().find(|run| run.state == RunState::Failed);
        assert_eq!(failed, None, "{monitor}");
    }
    let alerts = store.alerts(None, 1000).unwrap();
    let second_week = |hours: &[i64]| hours.iter().copied().filter(|hour| *hour >= WEEK).collect::<Vec<i64>>();
    let seasonal = second_week(&began(&alerts, "seasonal", "drift"));
    // Quiet hours of the second week in which a monitor's window counts as drifted.
    let is_quiet = |hour: i64| hour >= WEEK && !SUDDEN.contains(&hour) && hour < SLOW && !GAP.contains(&hour);
    let n_false = |monitor| {
        let heads = store.latest(Cursor::Monitor(monitor), None, 1000).unwrap();
        let quiet = heads.iter().filter(|head| is_quiet((head.window.from - MONDAY) / HOUR));
        quiet.filter(|head| head.data_drifted).count()
    };
    let n_quiet = (WEEK..2 * WEEK).filter(|hour| is_quiet(*hour)).count();
    let (fixed, looking_back) = (n_false("fixed"), n_false("seasonal"));
    println!(
        "of {n_quiet} quiet hours the fixed reference takes {fixed} for drift, the same hours of last week {looking_back}"
    );
    println!("alerts of the seasonal monitor begin in the hours {seasonal:?}");
    assert!(fixed > n_quiet / 2, "{fixed}");
    assert!(looking_back <= 1, "{looking_back}");
    // The sudden change is told after the second window that has it, the slow one when it is large enough to matter.
    assert_eq!(seasonal[0], SUDDEN.start + 2, "{seasonal:?}");
    assert!(seasonal.iter().any(|hour| (SLOW + 3..SLOW + 40).contains(hour)), "{seasonal:?}");
    assert_eq!(seasonal.len(), 2, "two things happened: {seasonal:?}");
    // Nothing came for three hours of the second Tuesday, and in the hours before the first window.
    assert_eq!(second_week(&began(&alerts, "seasonal", "traffic")), [GAP.start + 1]);
    // The scores' reference begins anew with the deploy, so that the other scale is no drift.
    assert_eq!(began(&alerts, "scores", "predictions"), [0; 0]);
}
