//! Which windows of a monitor are due. Arithmetic on what is handed in: no clock, no store.

use crate::Millis;
use crate::monitor::{Invalid, Missed, Monitor, Schedule, Window};

/// The end of a window: a time for schedules of time (the window ends just before it), the position of its last row for
/// schedules of rows.
pub type End = i64;

/// Windows that are planned at once; the rest comes with the next tick.
pub const AT_ONCE: usize = 1000;

/// What a tick found for one monitor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Windows that are left out: the first and the last end, and how many.
    pub gap: Option<Gap>,
    /// Windows to be made, the oldest first.
    pub due: Vec<End>,
}

/// Windows that nobody looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The end of the first.
    pub first: End,
    /// The end of the last.
    pub last: End,
    /// How many.
    pub n: u64,
}

/// Where the planning of a new monitor begins: the latest window that has ended is its first.
pub fn beginning(monitor: &Monitor, now: Millis, n_rows: u64) -> End {
    match &monitor.schedule {
        Schedule::Every(span) => floor(now - delay(monitor), span.millis()) - span.millis(),
        Schedule::Cron(_) => now - delay(monitor),
        Schedule::Rows(rows) => floor(signed(n_rows), signed(*rows)) - signed(*rows),
    }
}

/// What became due after the window that ended at `last`. A clock that was set back makes nothing due until it has passed
/// `last` again.
pub fn due(monitor: &Monitor, last: End, now: Millis, n_rows: u64) -> Plan {
    let until = now - delay(monitor);
    let (ends, n) = match &monitor.schedule {
        Schedule::Every(span) => multiples(last, until, span.millis()),
        Schedule::Rows(rows) => multiples(last, signed(n_rows), signed(*rows)),
        Schedule::Cron(text) => cron_ends(text, last, until),
    };
    // Which rows were the latest at a time that has passed, nobody can say any more.
    let repeats = monitor.missed == Missed::All
        && !matches!((&monitor.schedule, monitor.window), (Schedule::Every(_) | Schedule::Cron(_), Window::Rows(_)));
    match ends.as_slice() {
        [] => Plan::default(),
        _ if repeats => Plan { gap: None, due: ends.into_iter().take(AT_ONCE).collect() },
        [only] => Plan { gap: None, due: vec![*only] },
        [first, .., latest] => {
            let before = ends[ends.len() - 2];
            Plan { gap: Some(Gap { first: *first, last: before, n: n - 1 }), due: vec![*latest] }
        }
    }
}

/// The latest `n` ends of windows after `since` that have come by now, oldest first.
pub fn latest(monitor: &Monitor, since: End, now: Millis, n_rows: u64, n: usize) -> Vec<End> {
    let until = now - delay(monitor);
    let back = |until: End, step: i64| {
        let ends = (0..).map(move |nth| floor(until, step) - nth * step);
        ends.take_while(|end| *end > since).take(n).collect()
    };
    let mut ends: Vec<End> = match &monitor.schedule {
        Schedule::Every(span) => back(until, span.millis()),
        Schedule::Rows(rows) => back(signed(n_rows), signed(*rows)),
        Schedule::Cron(text) => cron_ends(text, since, until).0.into_iter().rev().take(n).collect(),
    };
    ends.reverse();
    ends
}

/// Multiples of `step` in (`last`, `until`], and how many there are. Of very many only the first and the last ones are
/// listed.
fn multiples(last: End, until: End, step: i64) -> (Vec<End>, u64) {
    let (first, latest) = (floor(last, step) + step, floor(until, step));
    if first > latest {
        return (Vec::new(), 0);
    }
    let n = (latest - first) / step + 1;
    let ends = (0..n).filter(|nth| *nth < signed(AT_ONCE as u64) || n - nth <= 2).map(|nth| first + nth * step);
    (if n > MANY { listed(first, latest, step, n) } else { ends.collect() }, n.unsigned_abs())
}

const MANY: i64 = 100_000;

fn listed(first: End, latest: End, step: i64, n: i64) -> Vec<End> {
    let head = (0..signed(AT_ONCE as u64).min(n - 2)).map(|nth| first + nth * step);
    head.chain([latest - step, latest]).collect()
}

/// The times of a cron expression in (`last`, `until`], and how many there are.
fn cron_ends(text: &str, last: End, until: End) -> (Vec<End>, u64) {
    let times = cron(text).ok().zip(jiff::Timestamp::from_millisecond(last).ok());
    let Some((times, start)) = times else { return (Vec::new(), 0) };
    let times = times.iter_after(start).into_iter().flatten().map_while(Result::ok);
    let ends: Vec<End> = times
        .map(|time| time.timestamp().as_millisecond())
        .take_while(|time| *time <= until)
        .take(MANY as usize)
        .collect();
    let n = ends.len() as u64;
    (ends, n)
}

/// Reads a cron expression of five fields, with a time zone behind them or in UTC.
///
/// # Errors
/// It is none.
pub fn cron(text: &str) -> Result<cronexpr::Crontab, Invalid> {
    let with_zone = if text.split_whitespace().count() == 5 { format!("{text} UTC") } else { text.to_owned() };
    cronexpr::parse_crontab(&with_zone).map_err(|error| Invalid::new("schedule.cron", error.to_string()))
}

fn delay(monitor: &Monitor) -> Millis {
    monitor.delay.map_or(0, crate::span::Span::millis)
}

const fn floor(value: i64, step: i64) -> i64 {
    value.div_euclid(step) * step
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn every(seconds: u32, window: Window, missed: Missed) -> Monitor {
        let schedule = Schedule::Every(Span::of_seconds(seconds));
        Monitor { schedule, window, missed, ..Monitor::new("m", "model") }
    }

    const HOUR: Window = Window::Span(Span::of_seconds(3600));

    #[test]
    fn a_tick_makes_the_windows_that_ended_since_the_last_one_due() {
        let monitor = every(10, HOUR, Missed::All);
        assert_eq!(due(&monitor, 100_000, 109_999, 0).due, [0; 0]);
        assert_eq!(due(&monitor, 100_000, 110_000, 0).due, [110_000]);
        assert_eq!(due(&monitor, 100_000, 135_000, 0).due, [110_000, 120_000, 130_000]);
    }

    #[test]
    fn of_missed_windows_the_latest_is_made_and_the_gap_is_known() {
        let monitor = every(10, HOUR, Missed::Latest);
        let gap = Some(Gap { first: 110_000, last: 120_000, n: 2 });
        assert_eq!(due(&monitor, 100_000, 135_000, 0), Plan { gap, due: vec![130_000] });
    }

    #[test]
    fn latest_rows_cannot_be_made_up_for() {
        let monitor = every(10, Window::Rows(500), Missed::All);
        assert_eq!(due(&monitor, 100_000, 135_000, 0).due, [130_000]);
    }

    #[test]
    fn a_clock_set_back_makes_nothing_due_twice() {
        let monitor = every(10, HOUR, Missed::All);
        assert_eq!(due(&monitor, 200_000, 135_000, 0), Plan::default());
        assert_eq!(due(&monitor, 200_000, 210_000, 0).due, [210_000]);
    }

    #[test]
    fn the_latest_windows_of_the_past_are_known() {
        let hourly = every(10, HOUR, Missed::Latest);
        assert_eq!(latest(&hourly, 100_000, 135_000, 0, 2), [120_000, 130_000]);
        assert_eq!(latest(&hourly, 120_000, 135_000, 0, 9), [130_000]);
        let rows = Monitor { schedule: Schedule::Rows(500), ..Monitor::new("m", "model") };
        assert_eq!(latest(&rows, 0, 0, 1999, 9), [500, 1000, 1500]);
        let daily = Monitor { schedule: Schedule::Cron("0 0 * * *".to_owned()), ..Monitor::new("m", "model") };
        assert_eq!(latest(&daily, 0, 4 * 86_400_000, 0, 2), [3 * 86_400_000, 4 * 86_400_000]);
    }

    #[test]
    fn late_predictions_are_waited_for() {
        let monitor = Monitor { delay: Some(Span::of_seconds(5)), ..every(10, HOUR, Missed::All) };
        assert_eq!(due(&monitor, 100_000, 114_999, 0).due, [0; 0]);
        assert_eq!(due(&monitor, 100_000, 115_000, 0).due, [110_000]);
    }

    #[test]
    fn rows_make_windows_due_whatever_the_time() {
        let schedule = Schedule::Rows(500);
        let monitor = Monitor { schedule, missed: Missed::All, ..Monitor::new("m", "model") };
        assert_eq!(due(&monitor, 1000, 0, 1499).due, [0; 0]);
        assert_eq!(due(&monitor, 1000, 0, 2001).due, [1500, 2000]);
        assert_eq!(beginning(&monitor, 0, 2001), 1500);
    }

    #[test]
    fn ten_thousand_missed_ticks_are_one_gap() {
        let monitor = every(1, HOUR, Missed::Latest);
        for n in [10_000, 1_000_000] {
            let plan = due(&monitor, 0, n * 1000, 0);
            let gap = Gap { first: 1000, last: (n - 1) * 1000, n: n.unsigned_abs() - 1 };
            assert_eq!(plan, Plan { gap: Some(gap), due: vec![n * 1000] });
        }
    }

    #[test]
    fn many_missed_windows_are_made_in_several_ticks_without_one_left_out() {
        let monitor = every(1, HOUR, Missed::All);
        let (mut last, mut made) = (0, 0);
        loop {
            let plan = due(&monitor, last, 2_500_000, 0);
            let Some(end) = plan.due.last() else { break };
            assert_eq!(plan.due[0], last + 1000);
            made += plan.due.len();
            last = *end;
        }
        assert_eq!((made, last), (2500, 2_500_000));
    }

    #[test]
    fn cron_goes_by_the_clock_on_the_wall() {
        let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        // On 2026-03-29 clocks in Berlin go from 02:00 to 03:00.
        let schedule = Schedule::Cron("0 6 * * * Europe/Berlin".to_owned());
        let monitor = Monitor { schedule, window: HOUR, missed: Missed::All, ..Monitor::new("m", "model") };
        let plan = due(&monitor, at("2026-03-28T00:00:00Z"), at("2026-03-30T00:00:00Z"), 0);
        assert_eq!(plan.due, [at("2026-03-28T05:00:00Z"), at("2026-03-29T04:00:00Z")]);
        assert!(cron("every day").is_err());
        assert!(cron("*/5 * * * *").is_ok());
    }
}
