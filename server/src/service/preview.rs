//! What a monitor would have found in the past: its latest windows, compared and held against its rules, and nothing stored.

use std::time::{Duration, Instant};
use tidemark::render::format;
use tidemark_app::watching::{Preview, PreviewWindow, RunEnd};
use tidemark_watch::monitor::{Monitor, Schedule, Window};
use tidemark_watch::plan::{End, latest};
use tidemark_watch::rules::{Came, RuleState, Step, find};
use tidemark_watch::store::{Made, Run, RunState};

use super::Service;
use super::slot::Slot;
use super::watching::MonitorError;

/// Windows of a preview.
const WINDOWS: usize = 60;
/// No further window is begun after this time.
const LONGEST: Duration = Duration::from_secs(3);

impl Service {
    /// Compares the latest windows that a monitor would have looked at, the latest first, for as long as somebody may wait.
    ///
    /// Which rows were the latest at a time that has passed, nobody can say any more: windows of rows that are due by time are
    /// laid one after the other.
    ///
    /// # Errors
    /// A setting makes no sense here, or the store cannot be read.
    pub(super) fn preview(&self, monitor: &Monitor) -> Result<Preview, MonitorError> {
        monitor.check()?;
        self.check_monitor(monitor)?;
        // A name that no monitor can have, so that nothing of a real one is touched.
        let mut trial = Monitor { name: format!("preview of {}", monitor.name), ..monitor.clone() };
        if let (Window::Rows(rows), Schedule::Every(_) | Schedule::Cron(_)) = (trial.window, &trial.schedule) {
            trial.schedule = Schedule::Rows(rows);
        }
        let slot = self.catalog().slot(&trial.model).cloned();
        let mut made = slot.map(|slot| self.past(&slot, &trial)).unwrap_or_default();
        self.forget(&trial.name);
        made.reverse();
        Ok(held_against_rules(&trial, &made))
    }

    /// What came of the latest windows, the latest first.
    fn past(&self, slot: &Slot, trial: &Monitor) -> Vec<(End, Made)> {
        let (reader, line) = (self.log.reader(), slot.line());
        let positions = reader.positions(&line);
        let since = match &trial.schedule {
            Schedule::Rows(_) => 0,
            Schedule::Every(_) | Schedule::Cron(_) => {
                let first = reader.rows(&line, positions.start..positions.end.min(positions.start + 1));
                let Some(first) = first.ok().and_then(|rows| rows.times.first().copied()) else { return Vec::new() };
                first
            }
        };
        let ends = latest(trial, since, self.now(), positions.end.saturating_sub(1), WINDOWS);
        let began = Instant::now();
        let within_time = ends.into_iter().rev().take_while(|_| began.elapsed() < LONGEST);
        within_time.map(|end| (end, self.make(slot, trial, &run_of(trial, end)))).collect()
    }
}

fn run_of(trial: &Monitor, end: End) -> Run {
    Run {
        id: 0,
        monitor: trial.name.clone(),
        first: end,
        last: end,
        n: 1,
        state: RunState::Running,
        attempt: 1,
        started: None,
        finished: None,
        detail: None,
        snapshot: None,
    }
}

/// The end of a window, as pages show it.
pub(super) const fn end_of(schedule: &Schedule, end: End) -> RunEnd {
    match schedule {
        Schedule::Rows(_) => RunEnd::Row(end),
        Schedule::Every(_) | Schedule::Cron(_) => RunEnd::Time(end),
    }
}

fn held_against_rules(trial: &Monitor, made: &[(End, Made)]) -> Preview {
    let mut states = vec![RuleState::default(); trial.alerts.len()];
    let mut rules: Vec<(String, u64)> = trial.alerts.iter().map(|rule| (rule.name.clone(), 0)).collect();
    let mut windows = Vec::with_capacity(made.len());
    for (end, made) in made {
        let (came, found) = match made {
            Made::Report(_, report, performance) => {
                let found = (report.data.share_drifted, report.is_drifted());
                (Came::Report(report, performance), Ok(found))
            }
            Made::TooFewRows(rows) => (
                Came::TooFewRows(*rows),
                Err(format!("{} of at least {}", format::plural(*rows, "row"), trial.min_rows)),
            ),
            Made::NoReference(reason) => (Came::NoReference, Err(reason.clone())),
            Made::Failed(reason) => (Came::Failed(reason), Err(reason.clone())),
        };
        let mut begun = Vec::new();
        for ((rule, state), (name, n)) in trial.alerts.iter().zip(&mut states).zip(&mut rules) {
            match state.step(rule, &find(&rule.when, came)) {
                Step::Begins => {
                    state.alert = Some(0);
                    *n += 1;
                    begun.push(name.clone());
                }
                Step::Ends => state.alert = None,
                Step::Nothing | Step::GoesOn => {}
            }
        }
        windows.push(PreviewWindow { end: end_of(&trial.schedule, *end), found, begun });
    }
    let n_compared = windows.iter().filter(|window| window.found.is_ok()).count() as u64;
    let n_drifted = windows.iter().filter(|window| matches!(window.found, Ok((_, true)))).count() as u64;
    let n_alerts: u64 = rules.iter().map(|(_, n)| n).sum();
    let sentence = match (windows.len() as u64, n_compared) {
        (0, _) => "The log holds no whole window yet.".to_owned(),
        (n, 0) => format!("None of the latest {} could be compared.", format::plural(n, "window")),
        (_, n) => {
            let alerts = match (trial.alerts.len(), n_alerts) {
                (0, _) => "there is no alert rule yet".to_owned(),
                (_, 0) => "no alert would have begun".to_owned(),
                (_, n) => format!("{} would have begun", format::plural(n, "alert")),
            };
            format!("Of the latest {} {n_drifted} drifted; {alerts}.", format::plural(n, "window"))
        }
    };
    Preview { windows, rules, share_threshold: trial.settings.drift_share(), sentence }
}
