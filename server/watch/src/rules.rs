//! When an alert begins and ends: what a run says about each rule, and how often it has to say so.

use serde::{Deserialize, Serialize};
use tidemark::render::format;
use tidemark::report::{ColumnReport, DriftReport};
use tidemark::stattest::{Score, Tested};

use crate::Millis;
use crate::monitor::{ColumnEffect, ColumnScore, ColumnVerdict, Condition, Rule, Severity};
use crate::span::Span;

/// What came of a run, as rules see it.
#[derive(Debug, Clone, Copy)]
pub enum Came<'a> {
    /// A report.
    Report(&'a DriftReport),
    /// Too few rows: so many.
    TooFewRows(u64),
    /// Nothing to hold the window against.
    NoReference,
    /// Nothing, for this reason.
    Failed(&'a str),
}

/// What a rule finds in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is so, in a sentence, and how bad that is.
    Met(String, Severity),
    /// It is not so.
    NotMet,
    /// The run does not say.
    Unknown,
}

/// Looks for a condition in a run.
pub fn find(condition: &Condition, came: Came<'_>) -> Finding {
    let report = match (condition, came) {
        (Condition::Failed, Came::Failed(reason)) => {
            return Finding::Met(format!("The run failed: {reason}"), Severity::Warning);
        }
        (Condition::Failed, _) | (Condition::MissingTraffic, Came::Report(_)) => return Finding::NotMet,
        (Condition::MissingTraffic, Came::TooFewRows(rows)) => {
            let rows = if rows == 0 { "no row".to_owned() } else { format!("only {} rows", format::count(rows)) };
            return Finding::Met(format!("The window has {rows}"), Severity::Critical);
        }
        (_, Came::Report(report)) => report,
        (_, Came::TooFewRows(_) | Came::NoReference | Came::Failed(_)) => return Finding::Unknown,
    };
    let (is_met, what) = match condition {
        Condition::Drifted => (report.is_drifted(), report.sentence.clone()),
        Condition::PredictionsDrifted => {
            let is_drifted = report.predictions.as_ref().is_some_and(|group| group.drifted);
            (is_drifted, "The predictions drifted".to_owned())
        }
        Condition::Share(share) => {
            let found = report.data.share_drifted;
            (found >= *share, format!("{} of the columns drifted", format::share(found)))
        }
        Condition::Column(ColumnVerdict { name, verdict }) => match report.column(name) {
            Some(column) => (report.verdict(column) <= *verdict, said_of(report, column)),
            None => return Finding::Unknown,
        },
        Condition::Effect(ColumnEffect { name, at_least }) => {
            match report.column(name).and_then(ColumnReport::effect) {
                Some(effect) => (effect.abs() >= *at_least, format!("{name}: the effect is {effect:.3}")),
                None => return Finding::Unknown,
            }
        }
        Condition::Score(ColumnScore { name, beyond }) => match report.column(name).map(|column| &column.evidently) {
            Some(Tested::Tested(outcome)) => {
                let is_beyond = match outcome.score {
                    Score::PValue(p) => p <= *beyond,
                    Score::Distance(distance) => distance >= *beyond,
                };
                (is_beyond, format!("{name}: {} {}", outcome.method.display_name(), format::score(&outcome.score)))
            }
            _ => return Finding::Unknown,
        },
        Condition::MissingTraffic | Condition::Failed => return Finding::Unknown,
    };
    if is_met { Finding::Met(what, severity(report)) } else { Finding::NotMet }
}

fn said_of(report: &DriftReport, column: &ColumnReport) -> String {
    format!("{}: {}", column.name, report.verdict(column).label().to_lowercase())
}

/// Drift of the predictions, or of twice the share that counts as drift, is worth a look now; any other drift as a whole
/// one today. Effects that are too small to matter are no drift to begin with.
fn severity(report: &DriftReport) -> Severity {
    let predictions = report.predictions.as_ref().is_some_and(|group| group.drifted);
    if predictions || (report.data.drifted && report.data.share_drifted >= 2.0 * report.data.share_threshold) {
        Severity::Critical
    } else if report.is_drifted() {
        Severity::Warning
    } else {
        Severity::Info
    }
}

/// How far a rule has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleState {
    /// Windows one after the other in which it was met.
    pub met: u32,
    /// Windows one after the other in which it was not.
    pub not_met: u32,
    /// The alert that goes on.
    pub alert: Option<i64>,
    /// When the last message about it was written.
    pub told: Option<Millis>,
    /// Whether the alert that goes on was told about.
    pub is_told: bool,
}

/// What a run changes about a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// An alert begins.
    Begins,
    /// The alert goes on.
    GoesOn,
    /// The alert is over.
    Ends,
}

impl RuleState {
    /// Counts what a run says. The caller keeps the alert's id in the state.
    pub const fn step(&mut self, rule: &Rule, finding: &Finding) -> Step {
        match finding {
            Finding::Unknown => return Step::Nothing,
            Finding::Met(..) => {
                self.met = self.met.saturating_add(1);
                self.not_met = 0;
            }
            Finding::NotMet => {
                self.not_met = self.not_met.saturating_add(1);
                self.met = 0;
            }
        }
        match self.alert {
            None if self.met >= rule.windows => Step::Begins,
            Some(_) if self.not_met >= rule.clear_after => Step::Ends,
            Some(_) if self.met > 0 => Step::GoesOn,
            _ => Step::Nothing,
        }
    }

    /// Whether a message may be written now.
    pub fn may_tell(&self, cooldown: Option<Span>, now: Millis) -> bool {
        match (self.told, cooldown) {
            (Some(told), Some(cooldown)) => now - told >= cooldown.millis(),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(windows: u32, clear_after: u32) -> Rule {
        Rule {
            name: "r".to_owned(),
            when: Condition::Drifted,
            windows,
            clear_after,
            cooldown: None,
            severity: None,
            channels: Vec::new(),
        }
    }

    fn steps(rule: &Rule, findings: &str) -> Vec<Step> {
        let mut state = RuleState::default();
        let mut steps = Vec::new();
        for finding in findings.chars() {
            let finding = match finding {
                '!' => Finding::Met(String::new(), Severity::Info),
                '?' => Finding::Unknown,
                _ => Finding::NotMet,
            };
            let step = state.step(rule, &finding);
            match step {
                Step::Begins => state.alert = Some(1),
                Step::Ends => state.alert = None,
                Step::Nothing | Step::GoesOn => {}
            }
            steps.push(step);
        }
        steps
    }

    #[test]
    fn an_alert_takes_as_many_windows_as_its_rule_says() {
        use Step::{Begins, Ends, GoesOn, Nothing};
        assert_eq!(steps(&rule(1, 1), ".!!.!"), [Nothing, Begins, GoesOn, Ends, Begins]);
        assert_eq!(steps(&rule(3, 1), "!!.!!!!"), [Nothing, Nothing, Nothing, Nothing, Nothing, Begins, GoesOn]);
        assert_eq!(steps(&rule(1, 2), "!.!..."), [Begins, Nothing, GoesOn, Nothing, Ends, Nothing]);
    }

    #[test]
    fn a_run_that_does_not_say_changes_nothing() {
        use Step::{Begins, Nothing};
        assert_eq!(steps(&rule(2, 1), "!?!?"), [Nothing, Nothing, Begins, Nothing]);
    }

    #[test]
    fn missing_traffic_is_known_by_windows_with_too_few_rows_only() {
        let find = |came| find(&Condition::MissingTraffic, came);
        assert_eq!(find(Came::TooFewRows(0)), Finding::Met("The window has no row".to_owned(), Severity::Critical));
        assert_eq!(find(Came::Failed("disk")), Finding::Unknown);
    }

    #[test]
    fn the_cooldown_counts_from_the_last_message() {
        let cooldown = Some(Span::of_seconds(60));
        let state = RuleState { told: Some(1000), ..RuleState::default() };
        assert!(RuleState::default().may_tell(cooldown, 0));
        assert!(!state.may_tell(cooldown, 60_999));
        assert!(state.may_tell(cooldown, 61_000));
        assert!(state.may_tell(None, 1001));
    }
}
